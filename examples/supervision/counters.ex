defmodule Counters do
  @moduledoc "Counters in JavaScript, one runtime a partition."

  @doc "Starts them under a supervisor of their own."
  def start_link(partitions) do
    counter =
      {QuickBEAM,
       script: Path.join(__DIR__, "counter.ts"),
       define: %{start: 0},
       memory_limit: 16 * 1024 * 1024,
       timeout: 5_000}

    PartitionSupervisor.start_link(
      child_spec: counter,
      name: __MODULE__,
      partitions: partitions,
      max_restarts: 100
    )
  end

  @doc "Counts in the partition of `key`."
  def increment(key, by \\ 1), do: QuickBEAM.call(counter(key), "increment", [by])

  @doc "Ends the runtime of `key` in the worst way that a script can."
  def explode(key), do: QuickBEAM.call(counter(key), "explode")

  @doc "Kills the runtime of `key` from outside."
  def kill(key), do: key |> counter() |> GenServer.whereis() |> Process.exit(:kill)

  @doc "The runtime of `key`, under whatever pid it has now."
  def counter(key), do: {:via, PartitionSupervisor, {__MODULE__, key}}
end
