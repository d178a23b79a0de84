defmodule QuickBEAM.HandlersTest do
  use QuickBEAM.Test.PlacementCase, async: true

  alias QuickBEAM.JSError

  defmodule CustomError do
    defexception [:message]
  end

  # Both ways to call a handler: as an expression that is its result.
  @ways ["await Beam.call", "Beam.callSync"]

  test "arguments and results" do
    rt = start_runtime(handlers: %{"echo" => & &1, "none" => fn [] -> nil end})

    for way <- @ways do
      assert QuickBEAM.eval(rt, "#{way}('echo', 1, 'a', {x: [null]}, undefined)") ==
               {:ok, [1, "a", %{"x" => [nil]}, nil]}

      assert QuickBEAM.eval(rt, "#{way}('none')") == {:ok, nil}
      assert QuickBEAM.eval(rt, "(#{way}('echo', x => x)).length") == {:ok, 1}
    end

    assert QuickBEAM.eval(rt, "Beam.call('echo') instanceof Promise") == {:ok, true}
  end

  # {handler, name of the error that JavaScript gets, a part of its message}
  @failures [
    {"raise", "ArgumentError", "wrong"},
    {"custom", "QuickBEAM.HandlersTest.CustomError", "mine"},
    {"latin1", "QuickBEAM.HandlersTest.CustomError", "caf\uFFFD!"},
    {"erlang", "ArithmeticError", "bad argument"},
    {"clause", "FunctionClauseError", "no function clause"},
    {"throw", "ThrowError", ~s(handler "throw" threw :ball)},
    {"exit", "ExitError", ~s(handler "exit" exited: :gone)},
    {"normal", "ExitError", ~s(handler "normal" exited: normal)},
    {"killed", "ExitError", ~s(handler "killed" exited: killed)},
    {"linked", "ExitError", ~s(handler "linked" exited: :from_link)}
  ]

  def failing do
    %{
      "raise" => fn _ -> raise ArgumentError, "wrong" end,
      "custom" => fn _ -> raise CustomError, "mine" end,
      "latin1" => fn _ -> raise CustomError, "caf\xE9!" end,
      "erlang" => fn [] -> 1 / Process.get(:zero, 0) end,
      "clause" => fn [:never] -> nil end,
      "throw" => fn _ -> throw(:ball) end,
      "exit" => fn _ -> exit(:gone) end,
      "normal" => fn _ -> exit(:normal) end,
      "killed" => fn _ -> Process.exit(self(), :kill) end,
      "linked" => fn _ ->
        spawn_link(fn -> exit(:from_link) end)
        Process.sleep(:infinity)
      end
    }
  end

  test "a handler that fails is an error in JavaScript, and the runtime goes on" do
    rt = start_runtime(handlers: failing())

    for {handler, name, message} <- @failures, way <- @ways do
      code = """
      try { #{way}('#{handler}'); 'no error' }
      catch (e) { [e instanceof Error, e.name, e.message] }
      """

      assert {:ok, [true, ^name, text]} = QuickBEAM.eval(rt, code)
      assert text =~ message
      assert {:error, %JSError{name: ^name}} = QuickBEAM.eval(rt, "#{way}('#{handler}')")
      assert_usable(rt)
    end
  end

  test "what an argument's getter throws is what the call throws" do
    rt = start_runtime(handlers: %{"f" => fn _ -> flunk("called") end})

    code = """
    const error = new RangeError("mine");
    const argument = { get x() { throw error } };
    const calls = [() => Beam.callSync("f", argument), () => Beam.call("f", argument), () => Beam.send(Beam.self(), argument)];
    calls.map(call => { try { call() } catch (thrown) { return thrown === error } })
    """

    assert QuickBEAM.eval(rt, code) == {:ok, [true, true, true]}
    assert_usable(rt)
  end

  test "an unknown name throws at once and is named" do
    rt = start_runtime(handlers: %{"known" => & &1})

    for code <- ["Beam.call('unknown'); 1", "Beam.callSync('unknown')", "Beam.call('toString')"] do
      assert {:error, %JSError{message: message}} = QuickBEAM.eval(rt, code)
      assert message =~ ~r/unknown|toString/
    end

    for name <- ["", "1", "null", "{}", "Symbol()"] do
      assert {:error, %JSError{}} = QuickBEAM.eval(rt, "Beam.call(#{name})")
      assert {:error, %JSError{}} = QuickBEAM.eval(rt, "Beam.callSync(#{name})")
    end

    assert_usable(rt)
  end

  test "many calls at a time" do
    rt = start_runtime(handlers: %{"double" => fn [n] -> n * 2 end})

    assert {:ok, results} =
             QuickBEAM.eval(
               rt,
               "await Promise.all(Array.from({length: 1000}, (_, i) => Beam.call('double', i)))"
             )

    assert results == Enum.map(0..999, &(&1 * 2))

    assert QuickBEAM.eval(
             rt,
             "let s = 0; for (let i = 0; i < 500; i++) s += Beam.callSync('double', i); s"
           ) ==
             {:ok, 249_500}
  end

  test "more calls than handlers may run at a time" do
    rt = start_runtime(handlers: %{"same" => fn [n] -> n end})
    code = "await Promise.all(Array.from({length: 30000}, (_, i) => Beam.call('same', i)))"
    assert QuickBEAM.eval(rt, code) == {:ok, Enum.to_list(0..29_999)}
  end

  test "arguments of open calls are bounded, though they are outside of the heap" do
    rt = start_runtime(memory_limit: 16_000_000, handlers: %{"stuck" => stuck()})

    code = """
    const text = 'x'.repeat(1e6);
    for (let i = 0; i < 1000; i++) Beam.call('stuck', text);
    """

    assert {:error, %JSError{name: "RangeError", message: message}} = QuickBEAM.eval(rt, code)
    assert message =~ "memory_limit"
    # What is answered is given back.
    rt = start_runtime(memory_limit: 16_000_000, handlers: %{"ok" => fn _ -> 1 end})
    code = "for (let i = 0; i < 100; i++) await Beam.call('ok', 'x'.repeat(1e6)); 1"
    assert QuickBEAM.eval(rt, code) == {:ok, 1}
  end

  test "handlers run beside each other, and while JavaScript goes on" do
    test = self()

    rendezvous = fn [n] ->
      send(test, {:arrived, n, self()})
      receive do: (:go -> n)
    end

    rt = start_runtime(handlers: %{"meet" => rendezvous})
    code = "await Promise.all([Beam.call('meet', 1), Beam.call('meet', 2)])"
    request = request(fn -> QuickBEAM.eval(rt, code) end)
    assert_receive {:arrived, 1, first}
    assert_receive {:arrived, 2, second}
    assert_usable(rt)
    send(second, :go)
    send(first, :go)
    assert await_result(request) == {:ok, [1, 2]}
  end

  test "a handler that never returns does not hold the runtime beyond the timeout" do
    rt = start_runtime(handlers: %{"stuck" => stuck()})

    for way <- @ways do
      assert {:error, %JSError{name: "TimeoutError", message: message}} =
               QuickBEAM.eval(rt, "#{way}('stuck')", timeout: 50)

      assert message =~ "50"
      assert_usable(rt)
    end
  end

  test "a late result is ignored" do
    test = self()

    late = fn [n] ->
      send(test, {:called, self()})
      receive do: (:go -> n)
    end

    rt = start_runtime(handlers: %{"late" => late})

    for {way, ending} <- [{"await Beam.call", :normal}, {"Beam.callSync", :killed}] do
      request = request(fn -> QuickBEAM.eval(rt, "#{way}('late', 1)") end)
      assert_receive {:called, handler}
      monitor = Process.monitor(handler)
      Process.exit(request, :kill)
      # The call that it answers ends with its caller.
      assert_usable(rt)
      if ending == :normal, do: send(handler, :go)
      assert_receive {:DOWN, ^monitor, :process, ^handler, ^ending}
      assert_usable(rt)
    end
  end

  describe "re-entry" do
    setup do
      name = {:global, make_ref()}

      again = fn
        [0] -> 0
        [n] -> QuickBEAM.call(name, "count", [n - 1], timeout: 10_000) |> elem(1)
      end

      handlers = %{
        "again" => again,
        "eval" => fn [code] -> reply(QuickBEAM.eval(name, code)) end,
        "task" => fn [code] ->
          Task.await(Task.async(fn -> reply(QuickBEAM.eval(name, code)) end))
        end,
        "tasks" => fn [code] ->
          task = fn -> Task.await(Task.async(fn -> reply(QuickBEAM.eval(name, code)) end)) end
          Task.await(Task.async(task))
        end,
        "message" => fn [term] -> Atom.to_string(QuickBEAM.send_message(name, term)) end,
        "global" => fn [key, term] ->
          :ok = QuickBEAM.set_global(name, key, term)
          reply(QuickBEAM.get_global(name, key))
        end
      }

      %{rt: start_runtime(name: name, handlers: handlers)}
    end

    defp reply({:ok, value}), do: value
    defp reply({:error, error}), do: raise(error)

    test "a handler may ask its own runtime, itself or in a task", %{rt: rt} do
      {:ok, _} = QuickBEAM.eval(rt, "var x = 1; const twice = n => n * 2")

      for handler <- ["eval", "task", "tasks"], way <- @ways do
        code = "x = 5; const r = #{way}('#{handler}', 'x += 1; twice(x)'); [r, x]"
        assert {code, QuickBEAM.eval(rt, "{ #{code} }")} == {code, {:ok, [12, 6]}}
      end

      for way <- @ways do
        assert QuickBEAM.eval(rt, "#{way}('global', 'g', [1])") == {:ok, [1]}
        assert QuickBEAM.eval(rt, "#{way}('eval', 'await null; 3')") == {:ok, 3}
        assert QuickBEAM.eval(rt, "#{way}('message', 1)") == {:ok, "ok"}
      end
    end

    test "errors of the nested request reach the outer one", %{rt: rt} do
      for way <- @ways do
        assert {:ok, "QuickBEAM.JSError"} =
                 QuickBEAM.eval(rt, "try { #{way}('eval', 'null.x') } catch (e) { e.name }")
      end
    end

    test "many levels", %{rt: rt} do
      {:ok, _} = QuickBEAM.eval(rt, "function count(n) { return 1 + Beam.callSync('again', n) }")
      assert QuickBEAM.call(rt, "count", [0]) == {:ok, 1}
      assert QuickBEAM.call(rt, "count", [5]) == {:ok, 6}
    end

    test "without an end it is an error", %{rt: rt} do
      {:ok, _} =
        QuickBEAM.eval(rt, "globalThis.more = () => Beam.callSync('eval', 'more()'); null")

      assert {:error, %JSError{}} = QuickBEAM.call(rt, "more", [], timeout: 10_000)
      assert_usable(rt)
    end
  end

  test "a handler may ask another runtime" do
    other = start_runtime(handlers: %{"add" => fn [a, b] -> a + b end})
    ask = fn [code] -> QuickBEAM.eval(other, code) |> elem(1) end
    rt = start_runtime(handlers: %{"ask" => ask})

    for way <- @ways do
      assert QuickBEAM.eval(rt, ~s|#{way}('ask', "#{way}('add', 1, 2)")|) == {:ok, 3}
    end
  end

  test "handlers know their callers" do
    test = self()
    callers = fn [] -> send(test, {:callers, Process.get(:"$callers")}) && nil end
    {:ok, rt} = start(handlers: %{"callers" => callers})
    {:ok, nil} = QuickBEAM.eval(rt, "await Beam.call('callers')")
    assert_receive {:callers, [^rt, ^test | _]}
  end

  test "handlers die with their runtime" do
    for {finish, index} <- Enum.with_index([&QuickBEAM.stop/1, &Process.exit(&1, :kill)]) do
      rt = start_runtime(id: index, handlers: %{"stuck" => stuck()})
      request = request(fn -> QuickBEAM.eval(rt, "await Beam.call('stuck')") end)
      assert_receive {:stuck, handler}
      monitor = Process.monitor(handler)
      # It has answered, so it is monitored; the kill could overtake the request.
      assert Process.alive?(handler)
      finish.(rt)
      assert_receive {:DOWN, ^monitor, :process, ^handler, :killed}
      assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)
    end
  end

  test "a handler may reset its own runtime, which ends what waits for the handler" do
    name = {:global, make_ref()}
    test = self()

    reset = fn [] ->
      send(test, {:reset, Task.await(Task.async(fn -> QuickBEAM.reset(name) end))})
      nil
    end

    rt = start_runtime(name: name, handlers: %{"reset" => reset})

    for way <- @ways do
      assert {:error, %JSError{name: "InterruptedError"}} = QuickBEAM.eval(rt, "#{way}('reset')")
      assert_receive {:reset, :ok}
      assert_usable(rt)
    end
  end

  test "a request that comes back through another runtime runs nested" do
    {a, b} = {{:global, make_ref()}, {:global, make_ref()}}

    for {way, index} <- Enum.with_index(@ways) do
      start_runtime(
        id: {:a, index},
        name: a,
        handlers: %{"b" => fn [] -> elem(QuickBEAM.eval(b, "#{way}('a')"), 1) end}
      )

      start_runtime(
        id: {:b, index},
        name: b,
        handlers: %{"a" => fn [] -> elem(QuickBEAM.eval(a, "state + 1"), 1) end}
      )

      assert QuickBEAM.eval(a, "globalThis.state = 1; Beam.callSync('b')") == {:ok, 2}
      for runtime <- [a, b], do: QuickBEAM.stop(runtime)
    end
  end

  test "a handler is ended when nobody waits for its call any more" do
    rt = start_runtime(handlers: %{"stuck" => stuck()})
    request = request(fn -> QuickBEAM.eval(rt, "Beam.callSync('stuck')", timeout: 500) end)
    assert_receive {:stuck, handler}
    monitor = Process.monitor(handler)
    assert_receive {:DOWN, ^monitor, :process, ^handler, :killed}
    assert {:error, %JSError{name: "TimeoutError"}} = await_result(request)

    # The promise of a call outlives the eval that made it, and ends with its realm.
    code = "globalThis.call = Beam.call('stuck'); await call"
    assert {:error, %JSError{name: "TimeoutError"}} = QuickBEAM.eval(rt, code, timeout: 500)
    assert_receive {:stuck, handler}
    monitor = Process.monitor(handler)
    assert Process.alive?(handler)
    assert QuickBEAM.reset(rt) == :ok
    assert_receive {:DOWN, ^monitor, :process, ^handler, :killed}
    assert_usable(rt)
  end

  test "a reset forgets the calls that wait for their handlers" do
    rt = start_runtime(handlers: %{"stuck" => stuck(), "echo" => fn [x] -> x end})
    code = "for (let i = 0; i < 20000; i++) Beam.call('stuck'); null"
    assert QuickBEAM.eval(rt, code) == {:ok, nil}
    assert_receive {:stuck, _}
    assert QuickBEAM.reset(rt) == :ok
    assert QuickBEAM.eval(rt, "await Beam.call('echo', 1)") == {:ok, 1}
    assert QuickBEAM.info(rt).pending_calls == 0
  end

  test "a handler may stop its own runtime" do
    name = {:global, make_ref()}
    handlers = %{"stop" => fn [] -> QuickBEAM.stop(name) end}

    for way <- @ways do
      rt = start_runtime(name: name, handlers: handlers)

      assert {:error, %JSError{name: "InterruptedError"}} = QuickBEAM.eval(rt, "#{way}('stop')")

      assert_down(rt)
    end
  end
end
