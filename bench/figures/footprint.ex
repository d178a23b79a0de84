defmodule QuickBEAM.Bench.Footprint do
  @moduledoc """
  What do the APIs cost a context that uses none of them, and one that uses all? Does memory come back when contexts go?
  """

  alias QuickBEAM.Bench.{Figure, Measure}
  alias QuickBEAM.{Context, ContextPool}

  @contexts 1_000
  @at_a_time 50
  @cycles 100_000

  @touch_all "for (const name of Object.getOwnPropertyNames(globalThis)) globalThis[name]; 2"

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "resident memory of a default context, its APIs untouched",
        unit: :kb,
        measure: fn -> per_context([], "1+1") end,
        baseline: {"a bare context", fn -> per_context([apis: false], "1+1") end},
        rounds: 1,
        target: &(&1 + 10)
      },
      %Figure{
        name: "resident memory of a context, every global touched once",
        unit: :kb,
        measure: fn -> per_context([], @touch_all) end,
        baseline: {"a bare context", fn -> per_context([apis: false], "1+1") end},
        rounds: 1,
        target: 350
      },
      %Figure{
        name: "resident memory after 100,000 contexts came and went",
        unit: :mb,
        measure: fn -> [Measure.in_new_vm(__MODULE__, :resident_after, [@cycles])] end,
        baseline:
          {"after 2,000", fn -> [Measure.in_new_vm(__MODULE__, :resident_after, [2_000])] end},
        rounds: 1,
        target: &(&1 * 1.05)
      }
    ]
  end

  defp per_context(options, code),
    do: [Measure.in_new_vm(__MODULE__, :resident_per_context, [options, code])]

  @doc "Kilobytes that one of many contexts takes, after it has run `code`, which is 2."
  def resident_per_context(options, code) do
    {:ok, pool} = ContextPool.start_link(size: 2)
    start(pool, options, code, 50)
    :erlang.garbage_collect()
    before = Measure.resident_kb()
    start(pool, options, code, @contexts)
    (Measure.resident_kb() - before) / @contexts
  end

  @doc "Kilobytes of the whole VM after so many contexts, a few at a time on each of two threads."
  def resident_after(count) do
    {:ok, pool} = ContextPool.start_link(size: 2)

    1..2
    |> Enum.map(fn _thread ->
      Task.async(fn ->
        for _ <- 1..div(count, 2 * @at_a_time),
            do: pool |> start([], "1+1", @at_a_time) |> Enum.each(&Context.stop/1)
      end)
    end)
    |> Task.await_many(:infinity)

    :erlang.garbage_collect()
    Measure.resident_kb()
  end

  defp start(pool, options, code, count) do
    for _ <- 1..count do
      {:ok, context} = Context.start_link([pool: pool] ++ options)
      {:ok, 2} = Context.eval(context, code)
      context
    end
  end
end
