defmodule QuickBEAM.Bench.Memory do
  @moduledoc """
  How much memory does an idle runtime hold: its heap, its thread, its process, all that is resident?
  """

  alias QuickBEAM.Bench.{Echo, Figure, Measure}

  @count 100
  @batches 5

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "resident memory of an idle default runtime",
        unit: :kb,
        measure: fn -> per_server(&start_runtime/0, &QuickBEAM.stop/1) end,
        baseline: {"idle GenServer", fn -> per_server(&start_echo/0, &GenServer.stop/1) end},
        # What one round frees, the next one would get again.
        rounds: 1,
        target: 250
      }
    ]
  end

  # The first batch warms allocators up. All batches are kept alive, so that each gets fresh memory.
  defp per_server(start, stop) do
    [_warm_up | batches] = all = for _ <- 0..@batches, do: batch(start)
    for {_kb, servers} <- all, server <- servers, do: stop.(server)
    for {kb, _servers} <- batches, do: kb
  end

  defp batch(start) do
    :erlang.garbage_collect()
    before = Measure.resident_kb()
    servers = for _ <- 1..@count, do: start.()
    {(Measure.resident_kb() - before) / @count, servers}
  end

  defp start_runtime do
    {:ok, runtime} = QuickBEAM.start()
    {:ok, 2} = QuickBEAM.eval(runtime, "1+1")
    runtime
  end

  defp start_echo do
    {:ok, echo} = Echo.start_link()
    2 = Echo.call(echo, 2)
    echo
  end
end
