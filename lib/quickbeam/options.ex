defmodule QuickBEAM.Options do
  @moduledoc false
  # The options of an owner, declared once: `validate!/1` checks them against `@options`, and
  # `docs/0` writes the table of the public documentation from it.

  alias QuickBEAM.Options.{Check, Fetch, Grants}

  # key: {check, default, documentation of the default, documentation}
  @options [
    name: {:name, nil, "none", "registers the runtime under a `t:GenServer.name/0`"},
    id: {:any, nil, "none", "id of the child spec, before `:name`"},
    handlers:
      {:handlers, %{}, "`%{}`",
       "`%{name => handler}`: what `Beam.call(name, ...args)` runs, see \"Handlers\""},
    max_handlers:
      {:positive, 10_000, "10,000",
       "handlers that may run at a time; further calls wait, those of `Beam.callSync` aside"},
    script:
      {:path, nil, "none",
       "JavaScript, TypeScript or JSX file that is run at start, bundled with its imports"},
    apis:
      {:apis, [:browser], "`[:browser]`",
       "`:browser`, `:node`, one of #{Enum.map_join(Check.api_groups(), ", ", &"`#{inspect(&1)}`")}, " <>
         "a list of them, or `false` for a bare engine"},
    define:
      {:define, %{}, "`%{}`", "`%{name => term}`: globals that are set before the script runs"},
    memory_limit:
      {:heap, 256 * 1024 * 1024, "256 MB",
       "bytes that the JavaScript heap may take, at least 256 KB. A builtin under way may pass it by a quarter, at least 8 MB, before it fails"},
    max_stack_size:
      {:stack, 8 * 1024 * 1024, "8 MB", "bytes that JavaScript's stack may take, 64 KB to 1 GB"},
    max_reductions:
      {:count, nil, "none",
       "interpreter steps that one eval or call may take, with all that it does after an `await` and in its callbacks until it is answered; " <>
         "as many for each callback that no eval or call waits for"},
    max_convert_depth:
      {:depth, nil, "1,000",
       "levels of a JavaScript value that become a term. What lies deeper becomes `nil` if this option is set, and is an error otherwise"},
    max_convert_nodes:
      {:count, nil, "unlimited",
       "values, counted at every level, that one JavaScript value may become; those beyond become `nil`"},
    timeout:
      {:timeout, :infinity, "`:infinity`",
       "milliseconds: the `:timeout` of an eval or call that has none of its own, and of each timer, message or other callback"},
    console:
      {:console, nil, "none",
       "function that gets what the console prints, instead of Logger: a map with `:level`, `:text`, `:method`, `:file` and `:line`. It runs in the runtime's process, so it should be quick"},
    storage:
      {:storage, nil, "private",
       "where `localStorage` is: a name shares it with the runtimes of this node that give the same, " <>
         "`{:file, path}` keeps it in a file, which is for one VM at a time. What is written there is on the disk when `setItem` returns; " <>
         "if the file is damaged, what it holds from there on is kept in a file beside it, and the log says so"},
    cover:
      {:boolean, false, "`false`, or `true` under `mix test --cover`, see `QuickBEAM.Cover`",
       "whether lines of the script and of the workers' scripts that run are counted, for `QuickBEAM.coverage/1`"},
    fetch:
      {:fetch, nil, "`[]`",
       "how `fetch`, WebSocket and EventSource connect: `[timeout: ms, connect_timeout: ms, max_response: bytes, cacerts: ders, proxy: url]`, " <>
         "see \"Network\""},
    allow: {:grants, :all, "`:all`", "grants: `:all`, or a list of those below"},
    sandbox:
      {:boolean, false, "`false`",
       "`true` is short for `allow: []`, `memory_limit: 64 MB`, `max_stack_size: 512 KB` and `timeout: 1000`, each of which may still be given"}
  ]

  @sandbox [
    allow: [],
    memory_limit: 64 * 1024 * 1024,
    max_stack_size: 512 * 1024,
    timeout: 1_000
  ]

  defstruct for({key, {_check, default, _, _}} <- @options, do: {key, default})

  @type t :: %__MODULE__{}

  @doc "The options as a Markdown table."
  @spec docs() :: String.t()
  def docs do
    rows =
      for {key, {_, _, default, doc}} <- @options, do: "| `:#{key}` | #{doc} | #{default} |\n"

    "| option | meaning | default |\n|---|---|---|\n#{rows}"
  end

  @doc """
  Checks `options`; raises an `ArgumentError` that names the first wrong one. `others` are options that the caller has taken out
  of them.
  """
  @spec validate!(keyword(), [atom()]) :: t()
  def validate!(options, others \\ []) do
    Check.keyword!(options)

    for {key, _} <- options, not Keyword.has_key?(@options, key), do: unknown!(key, others)

    checked = for {key, value} <- options, do: {key, check!(key, value)}
    sandbox = if Keyword.get(checked, :sandbox), do: @sandbox, else: []
    options = struct!(__MODULE__, Keyword.merge(sandbox, checked))

    if Keyword.has_key?(checked, :cover),
      do: options,
      else: %{options | cover: QuickBEAM.Cover.started?()}
  end

  defp check!(key, value) do
    {check, _, _, _} = Keyword.fetch!(@options, key)

    case run(check, value) do
      {:ok, checked} -> checked
      {:error, problem} -> raise ArgumentError, "option #{inspect(key)} #{problem}"
    end
  end

  defp run(:grants, value), do: Grants.check(value)
  defp run(:fetch, value), do: Fetch.check(value)
  defp run(check, value), do: Check.run(check, value)

  @doc "The names of the options, as an error lists them."
  @spec names() :: String.t()
  def names, do: list(Keyword.keys(@options))

  defp list(keys), do: Enum.map_join(keys, ", ", &inspect/1)

  defp unknown!(key, others) do
    all = list(Enum.uniq(others ++ Keyword.keys(@options)))
    raise ArgumentError, "unknown option #{inspect(key)}; the options are #{all}"
  end
end
