defmodule QuickBEAM.CommandLine.Repl do
  @moduledoc false
  # The loop of `mix quickbeam.repl`: reads until the input is complete, runs it, shows its value.
  #
  # The value never leaves JavaScript: `console.dir` shows it, in one order with everything else that
  # is printed.

  alias QuickBEAM.{CommandLine, JSError}
  alias QuickBEAM.CommandLine.{Colors, Source, Terminal}

  @show "__quickbeam_show"
  @file_name "<repl>"

  @help """
  .help       lists the commands
  .break      drops an incomplete input
  .load FILE  runs a JavaScript or TypeScript file
  .reset      gives the runtime fresh globals
  .exit       ends the prompt, as the end of the input does
  Ctrl-C twice ends it at once, whatever runs.\
  """

  @doc """
  Runs the prompt on the group leader until its input ends. Without a terminal there is nobody to
  prompt: only what the input prints is printed.
  """
  @spec run(keyword(), boolean()) :: :ok
  def run(options, terminal?) do
    Process.flag(:trap_exit, true)
    # Two devices would not keep the order of what is printed to both.
    options = [console: &print(&1, IO.ANSI.enabled?())] ++ options

    CommandLine.with_uncaught(&print_error/1, fn ->
      state = start(%{options: options, runtime: nil, terminal?: terminal?, runs?: true})
      if terminal?, do: Terminal.puts("QuickBEAM #{version()}. Type .help for the commands.")
      loop(state, "")
    end)
  end

  defp print(%{method: "dir", text: text}, colors?),
    do: Terminal.puts(Colors.paint(text, colors?))

  defp print(%{text: text}, _colors?), do: Terminal.puts(text)

  defp start(state) do
    case QuickBEAM.start(state.options) do
      {:ok, runtime} -> define_show(%{state | runtime: runtime})
      {:error, reason} -> Mix.raise("the runtime did not start: #{inspect(reason)}")
    end
  end

  defp define_show(state) do
    code = """
    Object.defineProperty(globalThis, "#{@show}", {
      value(value) { globalThis._ = value; console.dir(value); },
    });
    """

    {:ok, _} = QuickBEAM.eval(state.runtime, code, filename: @file_name)
    state
  end

  defp loop(state, input) do
    case Terminal.line(prompt(state, input)) do
      line when is_binary(line) -> line(state, input, line)
      {:invalid, line} -> invalid(state, input, line)
      _end_or_error -> finish(state, input)
    end
  end

  # The rest of its statement must not run alone: so that the end is found, the line is read.
  defp invalid(state, input, line) do
    message = "the line is not valid UTF-8, so its statement does not run"
    print_error(%JSError{name: "SyntaxError", message: message})
    code(%{state | runs?: false}, input <> line)
  end

  defp prompt(%{terminal?: false}, _input), do: ""
  defp prompt(_state, ""), do: "> "
  defp prompt(_state, _incomplete), do: "... "

  defp version, do: Application.spec(:quickbeam, :vsn)

  defp finish(state, input) do
    # The input of a pipe may end without a line break.
    state = if String.trim(input) == "", do: state, else: evaluate(state, input)
    QuickBEAM.stop(state.runtime)
    :ok
  end

  defp line(state, input, line) do
    case String.split(line, ~r/\s+/, trim: true) do
      ["." <> _ = command | arguments] -> command(state, input, line, command, arguments)
      [] when input == "" -> loop(state, "")
      _words -> code(state, input <> line)
    end
  end

  defp command(state, _input, _line, ".break", []), do: loop(%{state | runs?: true}, "")
  defp command(state, _input, _line, ".exit", []), do: finish(state, "")

  defp command(state, "", _line, ".help", []) do
    Terminal.puts(@help)
    loop(state, "")
  end

  defp command(state, "", _line, ".reset", []) do
    case QuickBEAM.reset(state.runtime) do
      :ok -> define_show(state)
      {:error, error} -> print_error(error)
    end

    loop(state, "")
  end

  defp command(state, "", _line, ".load", [file]) do
    case File.read(file) do
      {:ok, code} ->
        result = QuickBEAM.eval_ts(state.runtime, code, filename: file)
        state |> settled(result) |> loop("")

      {:error, posix} ->
        Terminal.puts("cannot read #{file}: #{:file.format_error(posix)}")
        loop(state, "")
    end
  end

  # A number or a chained call may begin with a dot too.
  defp command(state, input, line, _word, _arguments), do: code(state, input <> line)

  defp code(state, input) do
    case Source.read(String.trim_trailing(input), @show) do
      :incomplete -> loop(state, input)
      _complete_or_wrong -> state |> evaluate(input) |> loop("")
    end
  end

  defp evaluate(%{runs?: false} = state, _input), do: %{state | runs?: true}

  defp evaluate(state, input) do
    code = String.trim_trailing(input)

    result =
      case Source.read(code, @show) do
        {:expression, program} ->
          QuickBEAM.eval(state.runtime, program, filename: @file_name)

        _statements_or_wrong ->
          with {:ok, _} <- QuickBEAM.eval(state.runtime, code, filename: @file_name),
               do: QuickBEAM.call(state.runtime, @show, [])
      end

    settled(state, result)
  catch
    :exit, _reason -> settled(state, :died)
  end

  # Everything that was printed before the result is shown before the next prompt.
  defp settled(state, result) do
    synchronize(state.runtime)
    with {:error, error} <- result, do: print_error(error)
    alive(state)
  end

  defp synchronize(runtime) do
    :sys.get_state(runtime)
  catch
    :exit, _reason -> :died
  end

  defp alive(%{runtime: runtime} = state) do
    receive do
      {:EXIT, ^runtime, _reason} ->
        Terminal.puts("The runtime died; here is a fresh one.")
        start(state)
    after
      0 -> state
    end
  end

  defp print_error(%JSError{} = error) do
    text = CommandLine.format(%{error | filename: nil})
    Terminal.puts(IO.ANSI.format([:red, text]))
  end
end
