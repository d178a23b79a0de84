# How much memory does an idle runtime hold: its heap, its thread, its process, all that is resident?
alias QuickBEAM.Bench.{Echo, Figure}

count = 100

resident_kb = fn ->
  case File.read("/proc/self/smaps_rollup") do
    {:ok, text} ->
      [_, kb] = Regex.run(~r/^Rss:\s+(\d+) kB/m, text)
      String.to_integer(kb)

    {:error, reason} ->
      raise "the resident size cannot be read here: #{:file.format_error(reason)}"
  end
end

# The first batch warms allocators up; it is kept alive, so that the next one gets fresh memory.
each_of = fn start, stop ->
  fn ->
    batch = fn ->
      :erlang.garbage_collect()
      before = resident_kb.()
      servers = for _ <- 1..count, do: start.()
      {(resident_kb.() - before) / count, servers}
    end

    {_warm_up, first} = batch.()
    batches = for _ <- 1..3, do: batch.()
    Enum.each(first, stop)
    for {_kb, servers} <- batches, server <- servers, do: stop.(server)
    for {kb, _servers} <- batches, do: kb
  end
end

start_runtime = fn ->
  {:ok, runtime} = QuickBEAM.start()
  {:ok, 2} = QuickBEAM.eval(runtime, "1+1")
  runtime
end

start_echo = fn ->
  {:ok, echo} = Echo.start_link()
  2 = Echo.call(echo, 2)
  echo
end

[
  %Figure{
    name: "resident memory of an idle default runtime",
    unit: :kb,
    measure: each_of.(start_runtime, &QuickBEAM.stop/1),
    baseline: {"idle GenServer", each_of.(start_echo, &GenServer.stop/1)},
    target: 250
  }
]
