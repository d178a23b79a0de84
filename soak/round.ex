defmodule QuickBEAM.Soak.Round do
  @moduledoc """
  Rounds of a soak: each starts pools and contexts, lets clients and chaos loose on them, stops everything, and counts
  what is left.
  """

  alias QuickBEAM.Soak.{Census, Chaos, Client, Log, World}

  @clients 32
  @seconds 8
  @settle_seconds 10
  @rest_seconds 3

  # The allocators of the VM and of the C library need that many to have seen every size.
  @warm_up_rounds 4

  # Pages that are partly used cannot be given back, so that single rounds differ; what leaks is there after each of so many.
  @memory_rounds 3

  @doc "Runs rounds for about that many seconds, and at least seven."
  @spec run_all(number(), pos_integer(), integer()) :: :ok | {:error, [String.t()]}
  def run_all(seconds, contexts, seed) do
    Log.install()
    deadline = System.monotonic_time(:second) + seconds
    # What the library starts once and keeps is there from the first use on.
    {:ok, _counts, _census} = run(Census.anything(), 10, 1_000, seed)
    soak = %{before: Census.take(), contexts: contexts, seed: seed, deadline: deadline}
    loop(1, [], soak)
  end

  # `resident` is the memory after each round so far, the latest first.
  defp loop(number, resident, soak) do
    seed = soak.seed + number

    with {:ok, counts, census} <- run(soak.before, soak.contexts, @seconds * 1_000, seed),
         resident = [census.resident | resident],
         :ok <- check_memory(number, resident) do
      IO.puts(
        "round #{number}: #{counts.expected} ops as expected, #{counts.disturbed} disturbed, " <>
          "#{Census.mb(census.resident)} resident after it, #{Census.mb(census.vm)} in use by the VM"
      )

      over? = enough?(number) and System.monotonic_time(:second) >= soak.deadline
      if over?, do: :ok, else: loop(number + 1, resident, soak)
    end
  end

  defp check_memory(number, resident) do
    if enough?(number) do
      lowest = resident |> Enum.take(@memory_rounds) |> Enum.min()
      Census.check_memory(lowest, resident |> Enum.take(-@warm_up_rounds) |> Enum.max())
    else
      :ok
    end
  end

  defp enough?(number), do: number >= @warm_up_rounds + @memory_rounds

  defp run(before, count, ms, seed) do
    contexts = :ets.new(:contexts, [:public, :set, read_concurrency: true])
    clients = :ets.new(:clients, [:public, :set])
    counters = :counters.new(2, [])
    world = World.start(contexts, count)
    start = fn n -> Client.start(self(), contexts, count, counters, seed * 100_000 + n) end
    for n <- 1..@clients, do: add(clients, start.(n))

    chaos = Chaos.start(fn -> victims(contexts, count, clients) end, seed)
    findings = work(System.monotonic_time(:millisecond) + ms, clients, start, @clients + 1, [])
    send(chaos, :stop)
    await_down(chaos)

    leftovers = stop_clients(clients)
    World.stop(world)
    for table <- [contexts, clients], do: :ets.delete(table)
    counts = %{expected: :counters.get(counters, 1), disturbed: :counters.get(counters, 2)}
    stuck = if counts.expected == 0, do: ["no op ended as expected"], else: []
    judge(findings ++ leftovers ++ stuck, before, counts)
  end

  defp judge(findings, before, counts) do
    {left, census} = Census.settle(before, @settle_seconds)
    lines = for line <- Log.take(), do: "unexpected log line: #{line}"

    case findings ++ left ++ lines do
      [] -> {:ok, counts, %{census | resident: Census.at_rest(@rest_seconds)}}
      problems -> {:error, Enum.take(problems, 20)}
    end
  end

  defp victims(contexts, count, clients) do
    owners = List.wrap(World.pick(contexts, count))

    %{
      owners: owners,
      callers: for({pid} <- :ets.tab2list(clients), do: pid),
      handlers: Enum.flat_map(owners, &handlers/1),
      pools: World.pools()
    }
  end

  # Handlers are linked to the owner of their context.
  defp handlers(owner) do
    case Process.info(owner, [:links, :dictionary]) do
      [links: links, dictionary: dictionary] ->
        ancestors = Keyword.get(dictionary, :"$ancestors", [])
        for pid <- links, is_pid(pid), pid not in ancestors, do: pid

      nil ->
        []
    end
  end

  defp add(clients, client) do
    Process.monitor(client)
    :ets.insert(clients, {client})
  end

  # Clients that chaos has killed are replaced until the time is up.
  defp work(deadline, clients, start, next, findings) do
    receive do
      {:finding, finding} ->
        work(deadline, clients, start, next, [finding | findings])

      {:DOWN, _monitor, :process, client, _reason} ->
        :ets.delete(clients, client)
        add(clients, start.(next))
        work(deadline, clients, start, next + 1, findings)
    after
      max(0, deadline - System.monotonic_time(:millisecond)) -> Enum.reverse(findings)
    end
  end

  defp stop_clients(clients) do
    pids = for {client} <- :ets.tab2list(clients), do: client
    for client <- pids, do: send(client, {:stop, self()})
    problems = Enum.flat_map(pids, &stopped/1)
    drain()
    problems
  end

  defp stopped(client) do
    receive do
      {:stopped, ^client, []} ->
        []

      {:stopped, ^client, messages} ->
        ["a client was left with #{inspect(messages, limit: 5)}"]

      {:DOWN, _monitor, :process, ^client, reason} when reason != :normal ->
        []
    after
      30_000 ->
        ["an op got no reply within 30 s: #{inspect(stuck(client))}"]
    end
  end

  # What the client waits for, and what its context does meanwhile.
  defp stuck(client) do
    with {:dictionary, dictionary} <- Process.info(client, :dictionary),
         {name, context} <- dictionary[:op] do
      {name, Process.info(context, [:message_queue_len, :links]), info(context)}
    end
  end

  defp info(context) do
    QuickBEAM.eval(context, "1", timeout: 1_000)
  catch
    :exit, reason -> reason
  end

  defp await_down(pid) do
    monitor = Process.monitor(pid)

    receive do
      {:DOWN, ^monitor, :process, ^pid, _reason} -> :ok
    end
  end

  defp drain do
    receive do
      {:DOWN, _monitor, :process, _client, _reason} -> drain()
      {:finding, _too_late} -> drain()
    after
      0 -> :ok
    end
  end
end
