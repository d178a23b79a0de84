defmodule QuickBEAM.Soak.Log do
  @moduledoc """
  A log handler that keeps the lines nobody expects.

  Ops of a soak make errors on purpose, and those that end in a log line say `soak` in it; owners that are ended for want of
  memory leave a report with `quickbeam_dead`.
  """

  @table __MODULE__
  @most 50

  @doc "Takes all log output of the VM from here on."
  @spec install() :: :ok
  def install do
    :ets.new(@table, [:named_table, :public, :ordered_set])
    Logger.configure(level: :info)
    for id <- :logger.get_handler_ids(), do: :logger.remove_handler(id)
    Logger.remove_backend(:console)
    :ok = :logger.add_handler(__MODULE__, __MODULE__, %{})
  end

  @doc "The unexpected lines since the last call."
  @spec take() :: [String.t()]
  def take do
    lines = for {_key, line} <- :ets.tab2list(@table), do: line
    :ets.delete_all_objects(@table)
    lines
  end

  @doc false
  # The soak's own supervisor tells what chaos killed and that it was replaced.
  def log(%{msg: {:report, %{label: {:supervisor, _what}}}}, _config), do: :ok

  def log(event, _config) do
    line = event |> text() |> String.slice(0, 2_000)

    if not expected?(line) and :ets.info(@table, :size) < @most,
      do: :ets.insert(@table, {System.unique_integer([:monotonic]), line})
  end

  # An endless chain of jobs outlives the op that began it, until the next op or its budget ends it.
  @endless ~r/^Uncaught InterruptedError: the [a-z ]+ (was interrupted|used up max_reductions)/

  defp expected?(line), do: line =~ "soak" or line =~ "quickbeam_dead" or line =~ @endless

  defp text(%{msg: {:string, text}}), do: IO.chardata_to_string(text)
  defp text(%{msg: {:report, report}}), do: inspect(report, limit: 100, printable_limit: 2_000)

  defp text(%{msg: {format, args}}),
    do: IO.chardata_to_string(:io_lib.format(format, args))
end
