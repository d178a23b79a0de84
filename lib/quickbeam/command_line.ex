defmodule QuickBEAM.CommandLine do
  @moduledoc false
  # What `mix quickbeam.run` and `mix quickbeam.repl` share: options, the console on a terminal, and
  # errors that nothing caught.

  alias QuickBEAM.{JSError, Options}
  alias QuickBEAM.Options.Check

  @switches [apis: :string, memory_limit: :integer, sandbox: :boolean]

  @doc "Splits arguments into options of `QuickBEAM.start/1` and the rest; raises a `Mix.Error`."
  @spec parse!(String.t(), [String.t()]) :: {keyword(), [String.t()]}
  def parse!(task, args) do
    {options, rest} = OptionParser.parse_head!(args, strict: @switches)
    options = Enum.map(options, &option(task, &1))
    Options.validate!(options)
    {options, rest}
  rescue
    error in [OptionParser.ParseError, ArgumentError] ->
      Mix.raise("#{task}: #{Exception.message(error)}")
  end

  defp option(_task, {:apis, "none"}), do: {:apis, false}

  defp option(task, {:apis, names}) do
    groups = [:browser, :node | Check.api_groups()]
    known = Map.new(groups, &{Atom.to_string(&1), &1})

    apis =
      for name <- String.split(names, ",", trim: true) do
        Map.get(known, name) ||
          Mix.raise(
            "#{task}: --apis #{name} is unknown; there are none, #{Enum.join(groups, ", ")}"
          )
      end

    {:apis, apis}
  end

  defp option(_task, option), do: option

  @doc "Prints a line of the console as Node.js does: warnings and errors go to standard error."
  @spec print(%{level: atom(), text: String.t()}) :: :ok
  def print(%{level: level, text: text}) when level in [:warning, :error],
    do: IO.puts(:stderr, text)

  def print(%{text: text}), do: IO.puts(text)

  @doc """
  Runs `fun`; meanwhile each error that nothing in a runtime caught is given to `take` instead of
  being logged. `take` runs in the process of the runtime.
  """
  @spec with_uncaught((JSError.t() -> term()), (... -> result)) :: result when result: term()
  def with_uncaught(take, fun) do
    :ok = :logger.add_primary_filter(:quickbeam_uncaught, {&__MODULE__.filter/2, take})

    try do
      fun.()
    after
      :logger.remove_primary_filter(:quickbeam_uncaught)
    end
  end

  @doc false
  def filter(%{meta: %{crash_reason: {%JSError{} = error, _stack}}}, take) do
    take.(error)
    :stop
  end

  def filter(_event, _take), do: :ignore

  @doc "An error as a command line shows it: where it was thrown, what it says, and its stack."
  @spec format(JSError.t()) :: String.t()
  def format(error) do
    ["Uncaught #{Exception.message(error)}", String.trim_trailing(error.stack || "")]
    |> then(&if error.filename, do: [place(error) | &1], else: &1)
    |> Enum.reject(&(&1 == ""))
    |> Enum.join("\n")
  end

  defp place(error) do
    [error.filename, error.line, error.column] |> Enum.reject(&is_nil/1) |> Enum.join(":")
  end
end
