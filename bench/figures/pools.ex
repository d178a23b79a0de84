defmodule QuickBEAM.Bench.Pools do
  @moduledoc "What does a prepared runtime cost its user, beside the request itself?"

  alias QuickBEAM.Bench.{Figure, Measure}
  alias QuickBEAM.Pool

  @size 4

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "Pool.run of call noop(), a runtime ready",
        unit: :us,
        measure: &run/0,
        baseline: {"call noop()", &call/0},
        target: &(&1 * 2)
      }
    ]
  end

  # Both are one request after a pause, as a pool meets them.
  defp run do
    {:ok, pool} = Pool.start_link(size: @size, init: &QuickBEAM.eval(&1, "function noop() {}"))

    samples =
      Measure.each(
        fn ->
          until_ready(pool)

          {took, {:ok, nil}} = Measure.time(fn -> Pool.run(pool, &QuickBEAM.call(&1, "noop")) end)

          took
        end,
        300
      )

    GenServer.stop(pool)
    samples
  end

  defp call do
    {:ok, runtime} = QuickBEAM.start()
    {:ok, _} = QuickBEAM.eval(runtime, "function noop() {}")

    samples =
      Measure.each(
        fn ->
          Process.sleep(1)
          {took, {:ok, nil}} = Measure.time(fn -> QuickBEAM.call(runtime, "noop") end)
          took
        end,
        300
      )

    QuickBEAM.stop(runtime)
    samples
  end

  defp until_ready(pool) do
    Process.sleep(1)
    if Pool.info(pool).ready < @size, do: until_ready(pool)
  end
end
