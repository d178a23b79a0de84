defmodule QuickBEAM.Bench.Contexts do
  @moduledoc """
  What do thousands of contexts on two threads cost, and does one that is busy disturb the others?
  """

  alias QuickBEAM.Bench.{Echo, Figure, Measure}
  alias QuickBEAM.{Context, ContextPool}

  @threads 2
  @many 10_000
  @others 1_000

  @doc "The figures."
  def figures, do: memory() ++ lifecycle() ++ fairness() ++ throughput()

  # Memory

  defp memory do
    for {what, options, per_isolate, megabytes} <- [
          {"default", [], 1, 2_000},
          {"default", [], 16, 900},
          {"bare", [apis: false], 16, 640},
          {"bare", [apis: false], 64, 570}
        ] do
      %Figure{
        name: "10,000 contexts, #{what}, #{per_isolate} per isolate",
        unit: :mb,
        measure: fn ->
          [Measure.in_new_vm(__MODULE__, :resident_contexts, [options, per_isolate])]
        end,
        baseline:
          {"10,000 idle GenServers",
           fn -> [Measure.in_new_vm(__MODULE__, :resident_echoes, [])] end},
        rounds: 1,
        target: megabytes
      }
    end
  end

  @doc "Kilobytes that many contexts take, each having run its first line."
  def resident_contexts(options, per_isolate) do
    pool = start_pool(@threads, contexts_per_isolate: per_isolate)

    resident(fn ->
      {:ok, context} = Context.start_link([pool: pool] ++ options)
      {:ok, 2} = Context.eval(context, "1+1")
    end)
  end

  @doc "Kilobytes that as many GenServers take."
  def resident_echoes do
    resident(fn ->
      {:ok, echo} = Echo.start_link()
      2 = Echo.call(echo, 2)
    end)
  end

  defp resident(start) do
    for _ <- 1..100, do: start.()
    :erlang.garbage_collect()
    before = Measure.resident_kb()
    for _ <- 1..@many, do: start.()
    Measure.resident_kb() - before
  end

  # Creation and destruction

  defp lifecycle do
    [
      %Figure{
        name: "start a default context to its first eval",
        unit: :us,
        measure: fn -> started([]) end,
        baseline: {"a bare context", fn -> started(apis: false) end},
        rounds: 8,
        target: &min(250, 1.15 * &1)
      },
      %Figure{
        name: "start a bare context to its first eval",
        unit: :us,
        measure: fn -> started(apis: false) end,
        baseline: echo_start(),
        target: 200
      },
      %Figure{
        name: "stop of a context, until its memory is free",
        unit: :us,
        measure: &stopped/0,
        baseline: {"GenServer.stop", fn -> Measure.each(&stop_echo/0, 30) end},
        target: 60
      },
      %Figure{
        name: "System.stop/0, 2,000 contexts in loops and calls",
        unit: :ms,
        measure: fn -> [vm_stopped(2_000)] end,
        # Of which Erlang's own kernel application waits a second for its process `user`.
        baseline: {"a VM without contexts", fn -> [vm_stopped(0)] end},
        target: &(&1 + 1_000)
      }
    ]
  end

  defp vm_stopped(contexts) do
    asked = Measure.in_new_vm(__MODULE__, :stop_vm, [contexts])
    System.os_time(:microsecond) - asked
  end

  @doc "Writes the time and stops the VM: one context of a hundred in a loop, the others in calls that are never answered."
  def stop_vm(count) do
    {:ok, pool} = ContextPool.start_link(size: @threads)
    test = self()
    stuck = fn [] -> send(test, :stuck) && Process.sleep(:infinity) end

    for n <- 1..count//1 do
      {:ok, context} = Context.start_link(pool: pool, handlers: %{"stuck" => stuck})

      code =
        if rem(n, 100) == 0,
          do: "Beam.call('stuck'); for (;;) {}",
          else: "await Beam.call('stuck')"

      spawn(fn -> Context.eval(context, code) end)
    end

    for _ <- 1..count//1, do: receive(do: (:stuck -> :ok))
    IO.write(System.os_time(:microsecond))
    System.stop(0)
    Process.sleep(:infinity)
  end

  defp started(options) do
    with_pool(@threads, [], fn pool ->
      {samples, contexts} =
        Enum.unzip(
          for _ <- 1..200 do
            Measure.time(fn ->
              {:ok, context} = Context.start_link([pool: pool] ++ options)
              {:ok, 2} = Context.eval(context, "1+1")
              context
            end)
          end
        )

      Enum.each(contexts, &Context.stop/1)
      # The first ones warm the threads up.
      Enum.drop(samples, 20)
    end)
  end

  # A thread frees what was stopped in order, so a context that comes after is made after.
  defp stopped do
    with_pool(1, [], fn pool ->
      Measure.each(
        fn ->
          contexts = start_contexts(pool, 500)

          {took, last} =
            Measure.time(fn ->
              Enum.each(contexts, &Context.stop/1)
              [last] = start_contexts(pool, 1)
              last
            end)

          Context.stop(last)
          took / 500
        end,
        5
      )
    end)
  end

  defp echo_start do
    {"GenServer start to first call",
     fn ->
       Measure.each(
         fn ->
           {took, echo} =
             Measure.time(fn ->
               {:ok, echo} = Echo.start_link()
               2 = Echo.call(echo, 2)
               echo
             end)

           GenServer.stop(echo)
           took
         end,
         30
       )
     end}
  end

  defp stop_echo do
    {:ok, echo} = Echo.start_link()
    {took, :ok} = Measure.time(fn -> GenServer.stop(echo) end)
    took
  end

  # Fairness

  defp fairness do
    [
      %Figure{
        name: "p99 eval, 1,000 contexts, a loop per thread",
        unit: :ms,
        measure: fn -> beside_loops(&Measure.percentile(&1, 0.99)) end,
        baseline: {"without loops", fn -> undisturbed(&Measure.percentile(&1, 0.99)) end},
        target: 5
      },
      %Figure{
        name: "mean eval, 1,000 contexts, a loop per thread",
        unit: :us,
        measure: fn -> beside_loops(&Measure.mean/1) end,
        baseline: {"without loops", fn -> undisturbed(&Measure.mean/1) end},
        # 45 % of the throughput.
        target: &(&1 / 0.45)
      },
      %Figure{
        name: "1,000 contexts in callSync, 50 ms each, all",
        unit: :ms,
        measure: &sync_calls/0,
        baseline: {"1,000 processes that sleep 50 ms", &sleeping/0},
        target: 500
      },
      %Figure{
        name: "longest eval beside the GC of 200 MB",
        unit: :ms,
        measure: &beside_gc/0,
        baseline: {"without", fn -> neighbour_evals(nil) end},
        rounds: 1,
        # Two slices more than what the system itself takes from a thread now and then.
        target: &(&1 + 2)
      },
      %Figure{
        name: "longest hold of a thread by it, CPU time",
        unit: :ms,
        measure: fn -> [longest_hold(&collecting/1)] end,
        baseline: {"by a loop", fn -> [longest_hold(&looping/1)] end},
        rounds: 3,
        # Two slices, without what the system gives to others meanwhile.
        target: 2
      }
    ]
  end

  defp undisturbed(figure) do
    with_pool(@threads, [], fn pool ->
      contexts = start_contexts(pool, @others)
      for _ <- 1..3, do: figure.(evals(contexts))
    end)
  end

  defp beside_loops(figure) do
    with_pool(@threads, [], fn pool ->
      looping = start_contexts(pool, @threads)
      contexts = start_contexts(pool, @others)
      loops = for context <- looping, do: spawn(fn -> Context.eval(context, "for (;;) {}") end)
      samples = for _ <- 1..3, do: figure.(evals(contexts))
      for loop <- loops, do: Process.exit(loop, :kill)
      samples
    end)
  end

  # Latencies of short evals, by a few clients that go through all contexts.
  defp evals(contexts) do
    contexts
    |> Enum.chunk_every(div(length(contexts), 4))
    |> Enum.map(fn contexts ->
      Task.async(fn ->
        for _ <- 1..3, context <- contexts do
          {took, {:ok, 2}} = Measure.time(fn -> Context.eval(context, "1+1") end)
          took
        end
      end)
    end)
    |> Enum.flat_map(&Task.await(&1, :infinity))
  end

  defp sync_calls do
    slow = fn [] -> Process.sleep(50) end

    with_pool(@threads, [], fn pool ->
      contexts = start_contexts(pool, @others, handlers: %{"slow" => slow})

      Measure.each(
        fn ->
          at_once(contexts, fn context ->
            {:ok, _} = Context.eval(context, "Beam.callSync('slow')")
          end)
        end,
        3
      )
    end)
  end

  defp sleeping,
    do: Measure.each(fn -> at_once(1..@others, fn _ -> Process.sleep(50) end) end, 3)

  defp at_once(items, fun) do
    {took, _} =
      Measure.time(fn ->
        items |> Enum.map(&Task.async(fn -> fun.(&1) end)) |> Task.await_many(:infinity)
      end)

    took
  end

  @live """
  globalThis.live = [];
  for (let i = 0; i < 1.2e6; i++) live.push({ i, next: live[i - 1] });
  // Cycles, which only a collection finds.
  globalThis.churn = () => { for (let i = 0; i < 2e6; i++) { const object = { i }; object.self = object; } };
  null
  """

  defp beside_gc, do: neighbour_evals(&collecting/1)

  # Keeps the pool's thread busy, much of the time with a collection; gives back what ends that.
  defp collecting(pool) do
    {:ok, holder} = Context.start_link(pool: pool, memory_limit: 1_000_000_000)
    {:ok, _} = Context.eval(holder, @live)

    collector =
      spawn_link(fn -> for _ <- Stream.cycle([1]), do: Context.call(holder, "churn") end)

    fn ->
      Process.unlink(collector) && Process.exit(collector, :kill) && Context.stop(holder)
    end
  end

  defp looping(pool) do
    {:ok, context} = Context.start_link(pool: pool)
    loop = spawn_link(fn -> Context.eval(context, "for (;;) {}", timeout: :infinity) end)
    fn -> Process.unlink(loop) && Process.exit(loop, :kill) && Context.stop(context) end
  end

  # For how long a context went on at most while an eval of its neighbour waited.
  defp longest_hold(disturb) do
    with_pool(1, [], fn pool ->
      [context] = start_contexts(pool, 1)
      stop = disturb.(pool)
      longest(context, System.monotonic_time(:millisecond) + 4_000, 0)
      stop.()
      ContextPool.info(pool).longest_hold
    end)
  end

  # The longest of the evals of a second, eleven times over, since the system and the machine interrupt now and then, too. One call of
  # `churn`, with its collections, takes less than a second.
  defp neighbour_evals(disturb) do
    with_pool(1, [], fn pool ->
      [context] = start_contexts(pool, 1)
      stop = if disturb, do: disturb.(pool), else: fn -> :ok end

      samples =
        for _ <- 1..11 do
          until = System.monotonic_time(:millisecond) + 1_000
          longest(context, until, 0)
        end

      stop.()
      samples
    end)
  end

  defp longest(context, until, most) do
    {took, {:ok, 2}} = Measure.time(fn -> Context.eval(context, "1+1") end)

    if System.monotonic_time(:millisecond) < until,
      do: longest(context, until, max(took, most)),
      else: max(took, most)
  end

  # Throughput

  @work "function work() { let x = 0; for (let i = 0; i < 5000; i++) x = (x * 31 + i) | 0; return x }"

  defp throughput do
    [
      %Figure{
        name: "short call over 1,000 contexts, 2 threads",
        unit: :us,
        measure: fn -> per_call(2) end,
        baseline: {"1 thread", fn -> per_call(1) end},
        target: &(&1 / 1.8)
      }
    ]
  end

  defp per_call(threads) do
    with_pool(threads, [], fn pool ->
      contexts = start_contexts(pool, @others)
      for context <- contexts, do: {:ok, _} = Context.eval(context, @work)

      Measure.each(
        fn ->
          {took, _} =
            Measure.time(fn ->
              contexts
              |> Enum.chunk_every(div(@others, 8))
              |> Enum.map(fn contexts ->
                Task.async(fn ->
                  for context <- contexts, do: {:ok, _} = Context.call(context, "work")
                end)
              end)
              |> Task.await_many(:infinity)
            end)

          took / @others
        end,
        5
      )
    end)
  end

  defp start_pool(threads, options) do
    {:ok, pool} = ContextPool.start_link([size: threads] ++ options)
    pool
  end

  # The contexts of the pool end with it.
  defp with_pool(threads, options, fun) do
    me = self()

    {pid, monitor} =
      spawn_monitor(fn -> send(me, {self(), fun.(start_pool(threads, options))}) end)

    receive do
      {^pid, result} ->
        Process.demonitor(monitor, [:flush])
        result

      {:DOWN, ^monitor, :process, ^pid, reason} ->
        raise "a measurement failed: #{Exception.format_exit(reason)}"
    end
  end

  defp start_contexts(pool, count, options \\ []) do
    for _ <- 1..count do
      {:ok, context} = Context.start_link([pool: pool] ++ options)
      {:ok, 2} = Context.eval(context, "1+1")
      context
    end
  end
end
