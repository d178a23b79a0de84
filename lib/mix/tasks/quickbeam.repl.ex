defmodule Mix.Tasks.Quickbeam.Repl do
  @shortdoc "Starts a JavaScript prompt"
  @moduledoc """
  Starts a prompt that runs JavaScript in a runtime.

      mix quickbeam.repl [options]

  Results are shown as Node.js shows them, and the last one is `_`. `await` works at the top level. Input
  goes on in the next line until it is complete. On a terminal, lines can be edited, and earlier ones come back
  with the arrow keys, also those of earlier sessions. As in IEx, Ctrl-C opens Erlang's break menu, where `c` goes on and `a` ends
  the prompt.

  | command | what it does |
  |---|---|
  | `.help` | lists the commands |
  | `.break` | drops an incomplete input |
  | `.load FILE` | runs a JavaScript or TypeScript file |
  | `.reset` | gives the runtime fresh globals |
  | `.exit` | ends the prompt, as the end of the input does |

  Options:

    * `--apis NAMES` - the APIs that the runtime has, separated by commas, as for `QuickBEAM.start/1`;
      `none` is a bare engine. Default: `browser`
    * `--memory-limit BYTES` - heap that the runtime may take. Default: 256 MB
    * `--sandbox` - grants nothing, and sets the limits of a sandbox
  """

  use Mix.Task

  alias QuickBEAM.CommandLine
  alias QuickBEAM.CommandLine.{Repl, Terminal}

  @impl true
  def run(args) do
    {options, rest} = CommandLine.parse!("quickbeam.repl", args)

    if rest != [],
      do: Mix.raise("quickbeam.repl takes options only, got: #{Enum.join(rest, " ")}")

    Mix.Task.run("app.config")
    {:ok, _} = Application.ensure_all_started(:quickbeam)
    Terminal.run(fn terminal? -> Repl.run(options, terminal?) end)
  end
end
