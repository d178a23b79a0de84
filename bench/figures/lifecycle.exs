# How long until a runtime has run its first line, and how long until it is gone?
alias QuickBEAM.Bench.{Echo, Figure, Measure}

started = fn options ->
  Measure.each(
    fn ->
      {took, runtime} =
        Measure.time(fn ->
          {:ok, runtime} = QuickBEAM.start(options)
          {:ok, 2} = QuickBEAM.eval(runtime, "1+1")
          runtime
        end)

      QuickBEAM.stop(runtime)
      took
    end,
    60
  )
end

echo_started = fn ->
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
    60
  )
end

stopped = fn start, stop ->
  Measure.each(
    fn ->
      {:ok, server} = start.()
      {took, :ok} = Measure.time(fn -> stop.(server) end)
      took
    end,
    60
  )
end

[
  %Figure{
    name: "start a default runtime to its first eval",
    unit: :ms,
    measure: fn -> started.([]) end,
    baseline: {"GenServer start to first call", echo_started},
    target: 0.4
  },
  %Figure{
    name: "start with apis: false to its first eval",
    unit: :ms,
    measure: fn -> started.(apis: false) end,
    baseline: {"GenServer start to first call", echo_started},
    target: 0.3
  },
  %Figure{
    name: "stop",
    unit: :ms,
    measure: fn -> stopped.(&QuickBEAM.start/0, &QuickBEAM.stop/1) end,
    baseline: {"GenServer.stop", fn -> stopped.(&Echo.start_link/0, &GenServer.stop/1) end},
    target: 0.1
  }
]
