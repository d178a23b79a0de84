defmodule QuickBEAM.Bench.Processes do
  @moduledoc "What do messages between JavaScript and processes cost, and streams, channels and workers?"

  alias QuickBEAM.Bench.{Figure, Measure}

  @messages 100_000
  @receivers 100

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "Beam.send to a process, per message",
        unit: :us,
        measure: fn -> samples(&to_process/1) end,
        baseline: sent(),
        target: 2
      },
      %Figure{
        name: "message to onMessage, per message of 100,000",
        unit: :us,
        measure: fn -> samples(&from_process/1) end,
        baseline: sent(),
        target: 2
      },
      %Figure{
        name: "stream of a handler, 100,000 items, per item",
        unit: :us,
        measure: fn -> samples(&stream/1) end,
        baseline: sent(),
        # 300,000 items a second.
        target: 3.33
      },
      %Figure{
        name: "BroadcastChannel: one message to 100 runtimes, all seen",
        unit: :ms,
        measure: fn -> broadcast() end,
        baseline:
          {"send to 100 processes and hear from all", fn -> Measure.repeat(&hear_from_all/0) end},
        target: 0.6
      },
      %Figure{
        name: "Worker start to its first message",
        unit: :ms,
        measure: fn -> worker() end,
        baseline: {"start a GenServer", fn -> Measure.repeat(&start_agent/0) end},
        target: 0.6
      }
    ]
  end

  defp samples(measure) do
    {:ok, runtime} = QuickBEAM.start(handlers: %{"items" => fn [n] -> Stream.map(1..n, & &1) end})
    samples = Measure.each(fn -> measure.(runtime) / @messages end, 5)
    QuickBEAM.stop(runtime)
    samples
  end

  defp to_process(runtime) do
    sink = spawn(fn -> Process.sleep(:infinity) end)
    code = "for (let i = 0; i < #{@messages}; i++) Beam.send(sink, i)"
    {took, {:ok, _}} = Measure.time(fn -> QuickBEAM.eval(runtime, code, vars: %{sink: sink}) end)
    Process.exit(sink, :kill)
    took
  end

  defp from_process(runtime) do
    code = """
    { let seen = 0, off;
      globalThis.done = new Promise(resolve => {
        off = Beam.onMessage(() => { if (++seen === #{@messages}) { off(); resolve(seen) } });
      }); }
    null
    """

    {:ok, _} = QuickBEAM.eval(runtime, code)

    {took, {:ok, @messages}} =
      Measure.time(fn ->
        for i <- 1..@messages, do: send(runtime, i)
        await_done(runtime)
      end)

    took
  end

  # While the inbox is full, requests are refused.
  defp await_done(runtime) do
    with {:error, %{name: "BusyError"}} <- QuickBEAM.eval(runtime, "await done"),
         do: await_done(runtime)
  end

  defp stream(runtime) do
    code =
      "{ let n = 0; for await (const item of await Beam.call('items', #{@messages})) n++; n }"

    {took, {:ok, @messages}} = Measure.time(fn -> QuickBEAM.eval(runtime, code) end)
    took
  end

  defp broadcast do
    name = "bench-#{System.unique_integer([:positive])}"
    vars = [vars: %{name: name, bench: self()}]

    [first | others] =
      for _ <- 0..@receivers do
        {:ok, runtime} = QuickBEAM.start()

        {:ok, _} =
          QuickBEAM.eval(runtime, "globalThis.channel = new BroadcastChannel(name); 1", vars)

        runtime
      end

    listen = "{ const to = bench; channel.onmessage = () => Beam.send(to, 'seen') } 1"
    for runtime <- others, do: {:ok, _} = QuickBEAM.eval(runtime, listen, vars)

    samples =
      Measure.each(
        fn ->
          {took, _} =
            Measure.time(fn ->
              QuickBEAM.eval(first, "channel.postMessage({ price: 42 })")
              hear(@receivers)
            end)

          took
        end,
        20
      )

    for runtime <- [first | others], do: QuickBEAM.stop(runtime)
    samples
  end

  defp worker do
    {:ok, runtime} = QuickBEAM.start()

    code = """
    await new Promise(resolve => {
      const worker = new Worker("data:text/javascript,postMessage(1)");
      worker.onmessage = () => { resolve(); worker.terminate() };
    })
    """

    samples =
      Measure.each(
        fn ->
          {took, {:ok, nil}} = Measure.time(fn -> QuickBEAM.eval(runtime, code) end)
          took
        end,
        20
      )

    QuickBEAM.stop(runtime)
    samples
  end

  defp sent do
    {"send between processes",
     fn ->
       Measure.repeat(fn ->
         send(self(), :message)
         receive(do: (:message -> :ok))
       end)
     end}
  end

  defp hear(0), do: :ok
  defp hear(n), do: receive(do: ("seen" -> hear(n - 1)))

  defp hear_from_all do
    bench = self()

    pids =
      for _ <- 1..@receivers,
          do: spawn(fn -> receive(do: (:message -> send(bench, "seen"))) end)

    for pid <- pids, do: send(pid, :message)
    hear(@receivers)
  end

  defp start_agent do
    {:ok, pid} = Agent.start_link(fn -> 1 end)
    1 = Agent.get(pid, & &1)
    Agent.stop(pid)
  end
end
