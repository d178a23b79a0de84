defmodule QuickBEAM.LifecycleTest do
  use QuickBEAM.Test.PlacementCase, async: true

  alias QuickBEAM.JSError
  alias QuickBEAM.Test.PlacementCase

  # What a runtime can be at when its end comes. Each first says that it is there.
  @states %{
    "looping" => "Beam.callSync('reached'); for (;;) {}",
    "in a costly builtin" => "Beam.callSync('reached'); 'a'.repeat(1e7).match(/(a*)*b/)",
    "awaiting what never comes" => "Beam.callSync('reached'); await new Promise(() => {})",
    "awaiting a timer" => "Beam.callSync('reached'); await new Promise(r => setTimeout(r, 1e9))",
    "awaiting a handler" => "await Beam.call('stuck')",
    "in callSync" => "Beam.callSync('stuck')",
    "nested" => "Beam.callSync('nested', \"Beam.callSync('reached'); for (;;) {}\")",
    "nested in callSync" => "Beam.callSync('nested', \"Beam.callSync('stuck')\")",
    "looping in a timer" =>
      "setTimeout(() => { Beam.callSync('reached'); for (;;) {} }, 0); await new Promise(() => {})",
    "looping in a job" =>
      "Promise.resolve().then(() => { Beam.callSync('reached'); for (;;) {} }); await new Promise(() => {})",
    "sleeping" => "Beam.callSync('reached'); Beam.sleepSync(1e9)"
  }

  @awaiting ["awaiting what never comes", "awaiting a timer", "awaiting a handler"]

  defp runtime do
    name = {:global, make_ref()}
    nested = fn [code] -> QuickBEAM.eval(name, code) |> elem(1) end
    handlers = %{"reached" => reached(), "stuck" => stuck(), "nested" => nested}
    start_runtime(name: name, handlers: handlers)
  end

  # A callback that nobody waits for has no deadline.
  defp stays_busy?(state), do: state == "looping in a timer"

  defp await_state do
    assert_receive message when elem(message, 0) in [:reached, :stuck], 10_000
  end

  for state <- Map.keys(@states) do
    test "stop while #{state}" do
      rt = runtime()
      request = request(fn -> QuickBEAM.eval(rt, @states[unquote(state)]) end)
      await_state()
      waiting = request(fn -> QuickBEAM.eval(rt, "await new Promise(() => {})") end)
      assert QuickBEAM.stop(rt) == :ok
      refute Process.alive?(rt)
      assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)

      # It may have come before or after the stop.
      assert match?({:error, %JSError{name: "InterruptedError"}}, waiting = await_result(waiting)) or
               match?({:exit, {:noproc, _}}, waiting)

      assert {:noproc, _} = catch_exit(QuickBEAM.eval(rt, "1"))
    end

    test "kill while #{state}" do
      rt = runtime()
      request = request(fn -> QuickBEAM.eval(rt, @states[unquote(state)]) end)
      await_state()
      Process.exit(rt, :kill)
      assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)
      assert_down(rt)
    end

    test "a timeout while #{state} leaves the runtime usable" do
      rt = runtime()
      request = request(fn -> QuickBEAM.eval(rt, @states[unquote(state)], timeout: 100) end)
      assert {:error, %JSError{name: "TimeoutError", message: message}} = await_result(request)
      assert message =~ "100"
      unless stays_busy?(unquote(state)), do: assert_usable(rt)
    end

    test "the death of the caller while #{state} leaves the runtime usable" do
      rt = runtime()
      request = request(fn -> QuickBEAM.eval(rt, @states[unquote(state)]) end)
      await_state()
      Process.exit(request, :kill)
      unless stays_busy?(unquote(state)), do: assert_usable(rt)
    end
  end

  for state <- @awaiting do
    test "reset while #{state}" do
      rt = runtime()
      {:ok, _} = QuickBEAM.eval(rt, "globalThis.before = 1")
      request = request(fn -> QuickBEAM.eval(rt, @states[unquote(state)]) end)
      await_state()
      assert QuickBEAM.reset(rt) == :ok
      assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)
      assert QuickBEAM.eval(rt, "typeof before") == {:ok, "undefined"}
    end
  end

  @tag :tmp_dir
  test "a reset whose script never ends is interrupted with its runtime", %{tmp_dir: dir} do
    path = Path.join(dir, "main.js")
    # The start runs it to its end, the reset does not.
    File.write!(path, "if (Beam.callSync('starts')) Beam.callSync('stuck')")

    for finish <- [&QuickBEAM.stop/1, &Process.exit(&1, :kill), &Process.exit(&1, :boom)] do
      counter = :counters.new(1, [])

      starts = fn [] ->
        :counters.add(counter, 1, 1)
        :counters.get(counter, 1) > 1
      end

      rt = start_runtime(script: path, handlers: %{"starts" => starts, "stuck" => stuck()})
      request = request(fn -> QuickBEAM.reset(rt) end)
      assert_receive {:stuck, _handler}
      finish.(rt)
      assert {:error, %JSError{name: "InterruptedError"} = error} = await_result(request)
      assert error.message == "the reset was interrupted: the runtime was stopped"
    end
  end

  @tag :tmp_dir
  test "stop while starting", %{tmp_dir: dir} do
    path = Path.join(dir, "main.js")

    for {code, index} <- Enum.with_index(Map.values(@states)) do
      File.write!(path, code)
      name = {:global, {__MODULE__, index}}
      nested = fn [code] -> QuickBEAM.eval(name, code) |> elem(1) end
      handlers = %{"reached" => reached(), "stuck" => stuck(), "nested" => nested}

      request = request(fn -> start(name: name, script: path, handlers: handlers) end)
      await_state()
      assert QuickBEAM.stop(name) == :ok
      assert {code, {:error, :normal}} == {code, await_result(request)}
      assert GenServer.whereis(name) == nil
    end
  end

  test "a timeout of 0 is one" do
    rt = start_runtime()
    assert {:error, %{name: "TimeoutError"}} = QuickBEAM.eval(rt, "for (;;) {}", timeout: 0)
    assert_usable(rt)
  end

  test "requests of a runtime that awaits are run meanwhile" do
    rt = start_runtime()
    code = "await new Promise(resolve => { globalThis.go = resolve })"
    waiting = request(fn -> QuickBEAM.eval(rt, code) end)
    # The first request may not have come to its `go` yet.
    assert {:ok, _} = QuickBEAM.eval(rt, "while (!globalThis.go) await null; go('went'); null")
    assert await_result(waiting) == {:ok, "went"}
  end

  test "each of many requests gets exactly one reply, whatever comes of the runtime" do
    rt = start_runtime(handlers: %{"stuck" => stuck(), "echo" => fn [x] -> x end})

    codes = [
      "1",
      "await Beam.call('echo', 2)",
      "Beam.callSync('echo', 3)",
      "await new Promise(r => setTimeout(r, 3))",
      "throw new Error('x')",
      "await new Promise(() => {})",
      "await Beam.call('stuck')"
    ]

    requests =
      for i <- 1..200 do
        timeout = Enum.random([:infinity, 1, 5, 20])
        code = Enum.at(codes, rem(i, length(codes)))
        request(fn -> QuickBEAM.eval(rt, code, timeout: timeout) end)
      end

    {killed, others} = requests |> Enum.shuffle() |> Enum.split(20)
    for request <- killed, do: Process.exit(request, :kill)
    assert_usable(rt)
    QuickBEAM.stop(rt)

    for request <- others do
      assert elem(await_result(request), 0) in [:ok, :error, :exit]
      refute_received {^request, _, _}
    end
  end

  test "what linked processes do to a runtime is what they do to any process" do
    test = self()
    rt = start_runtime()

    for {reason, alive?} <- [normal: true, crash: false] do
      other =
        spawn(fn ->
          Process.link(rt)
          send(test, :linked)
          receive do: (:exit -> exit(reason))
        end)

      assert_receive :linked
      monitor = Process.monitor(rt)
      send(other, :exit)
      assert_down(other)

      if alive?,
        do: assert_usable(rt),
        else: assert_receive({:DOWN, ^monitor, :process, ^rt, ^reason})
    end
  end

  test "a runtime ends with the process that started it" do
    test = self()
    placement = PlacementCase.current()

    starter =
      spawn(fn ->
        {:ok, rt} = PlacementCase.inherit(placement, &start/0)
        send(test, {:started, rt})
        receive do: (:exit -> exit(:shutdown))
      end)

    assert_receive {:started, rt}
    monitor = Process.monitor(rt)
    send(starter, :exit)
    assert_receive {:DOWN, ^monitor, :process, ^rt, :shutdown}
  end

  test "a supervisor restarts a runtime that was killed" do
    test = self()
    name = {:global, make_ref()}
    handlers = %{"up" => fn [] -> send(test, :up) && nil end}
    start_supervised!(child(name: name, handlers: handlers, define: %{"n" => 1}))
    rt = GenServer.whereis(name)
    {:ok, _} = QuickBEAM.eval(name, "n = 2")
    Process.exit(rt, :kill)
    assert_down(rt)
    assert eventually(fn -> QuickBEAM.eval(name, "n") end) == {:ok, 1}
  end

  @tag :tmp_dir
  test "supervisors of every kind start a runtime again, with its script", %{tmp_dir: dir} do
    write_files(dir, %{"main.ts" => "globalThis.n = 1 as number"})
    spec = Supervisor.child_spec(child(script: Path.join(dir, "main.ts")), [])
    name = :"partitions#{System.unique_integer([:positive])}"
    options = [strategy: :one_for_one]

    {:ok, static} = Supervisor.start_link([spec], options)
    {:ok, dynamic} = DynamicSupervisor.start_link(options)
    {:ok, _} = DynamicSupervisor.start_child(dynamic, spec)

    {:ok, partitions} =
      PartitionSupervisor.start_link(child_spec: spec, name: name, partitions: 2)

    for supervisor <- [static, dynamic, partitions] do
      pids = fn ->
        for {_, pid, _, _} <- Supervisor.which_children(supervisor), is_pid(pid), do: pid
      end

      before = pids.()

      for rt <- before do
        assert QuickBEAM.eval(rt, "n++") == {:ok, 1}
        Process.exit(rt, :kill)
        assert_down(rt)
      end

      later = Enum.find(Stream.repeatedly(pids), &(length(&1 -- before) == length(before)))
      for rt <- later, do: assert(QuickBEAM.eval(rt, "n") == {:ok, 1})
      Supervisor.stop(supervisor)
    end
  end

  test "requests of another node go the way of its own, and follow their caller" do
    rt = start_runtime()
    assert serve(rt, self(), {:eval, "1 + 1", nil, nil}) == {:ok, 2}
    assert QuickBEAM.Owner.Request.serve(:nobody, :local, [self(), :info, nil]) == :noproc
    assert QuickBEAM.Owner.Request.serve(rt, :send_message, [1]) == :ok

    caller = spawn(fn -> Process.sleep(:infinity) end)

    request =
      request(fn -> serve(rt, caller, {:eval, "await new Promise(() => {})", nil, nil}) end)

    Process.exit(caller, :kill)
    assert await_result(request) == :noproc
    assert_usable(rt)
  end

  defp serve(rt, caller, op),
    do: QuickBEAM.Owner.Request.serve(rt, :local, [caller, op, :infinity])

  defp eventually(fun) do
    fun.()
  catch
    :exit, {:noproc, _} ->
      :erlang.yield()
      eventually(fun)
  end
end
