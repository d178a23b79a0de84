defmodule QuickBEAM.Bench.Lifecycle do
  @moduledoc "How long until a runtime has run its first line, and how long until it is gone?"

  alias QuickBEAM.Bench.{Echo, Figure, Measure}

  @samples 30

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "start a default runtime to its first eval",
        unit: :ms,
        measure: fn -> Measure.each(fn -> start_runtime([]) end, @samples) end,
        baseline: echo_start(),
        target: 0.4
      },
      %Figure{
        name: "start with apis: false to its first eval",
        unit: :ms,
        measure: fn -> Measure.each(fn -> start_runtime(apis: false) end, @samples) end,
        baseline: echo_start(),
        target: 0.3
      },
      %Figure{
        name: "stop",
        unit: :ms,
        measure: fn ->
          Measure.each(fn -> stop(&QuickBEAM.start/0, &QuickBEAM.stop/1) end, @samples)
        end,
        baseline:
          {"GenServer.stop",
           fn -> Measure.each(fn -> stop(&Echo.start_link/0, &GenServer.stop/1) end, @samples) end},
        target: 0.1
      }
    ]
  end

  defp echo_start,
    do: {"GenServer start to first call", fn -> Measure.each(&start_echo/0, @samples) end}

  defp start_runtime(options) do
    {took, runtime} =
      Measure.time(fn ->
        {:ok, runtime} = QuickBEAM.start(options)
        {:ok, 2} = QuickBEAM.eval(runtime, "1+1")
        runtime
      end)

    QuickBEAM.stop(runtime)
    took
  end

  defp start_echo do
    {took, echo} =
      Measure.time(fn ->
        {:ok, echo} = Echo.start_link()
        2 = Echo.call(echo, 2)
        echo
      end)

    GenServer.stop(echo)
    took
  end

  defp stop(start, stop) do
    {:ok, server} = start.()
    {took, :ok} = Measure.time(fn -> stop.(server) end)
    took
  end
end
