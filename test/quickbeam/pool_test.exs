defmodule QuickBEAM.PoolTest do
  use QuickBEAM.Test.PlacementCase, async: true

  import ExUnit.CaptureLog

  alias QuickBEAM.{JSError, Pool}
  alias QuickBEAM.Test.PlacementCase

  defp placed(options), do: [pool: PlacementCase.current_pool()] ++ options

  defp pool(options), do: start_supervised!({Pool, placed(options)}, id: make_ref())

  test "each use starts from the state after init" do
    init = fn rt -> {:ok, _} = QuickBEAM.eval(rt, "globalThis.uses = n; null") end
    pool = pool(size: 1, define: %{"n" => 5}, init: init)

    for _ <- 1..3 do
      assert Pool.run(pool, &QuickBEAM.eval(&1, "let own = 1; Math.x = 1; uses += 1")) == {:ok, 6}
    end

    assert Pool.run(pool, &QuickBEAM.eval(&1, "typeof Math.x")) == {:ok, "undefined"}
  end

  test "nothing that a use has stored is there in the next" do
    init = fn rt -> {:ok, _} = QuickBEAM.eval(rt, "localStorage.state = 'init'") end
    pool = pool(size: 1, init: init)

    code = """
    const seen = [localStorage.state, localStorage.secret ?? null, sessionStorage.secret ?? null];
    localStorage.secret = sessionStorage.secret = localStorage.state = 'mine';
    seen
    """

    for _ <- 1..3,
        do: assert(Pool.run(pool, &QuickBEAM.eval(&1, code)) == {:ok, ["init", nil, nil]})
  end

  test "a pool that is stopped, in whatever way, takes its runtimes along" do
    for stop <- [
          &GenServer.stop/1,
          &GenServer.stop(&1, :shutdown),
          &Process.exit(&1, :kill)
        ] do
      {:ok, pool} = Pool.start_link(placed(size: 2))
      Process.unlink(pool)
      runtime = Pool.run(pool, & &1)
      stop.(pool)
      assert_down(runtime)
    end
  end

  test "what fun does is what run does" do
    pool = pool(size: 1)
    assert Pool.run(pool, fn _rt -> :anything end) == :anything
    assert_raise RuntimeError, "oops", fn -> Pool.run(pool, fn _rt -> raise "oops" end) end
    assert catch_throw(Pool.run(pool, fn _rt -> throw(:ball) end)) == :ball
    assert catch_exit(Pool.run(pool, fn _rt -> exit(:gone) end)) == :gone
    assert Pool.run(pool, &QuickBEAM.eval(&1, "1")) == {:ok, 1}
    assert_raise ArgumentError, ~r/functions of one argument/, fn -> Pool.run(pool, & &1.(&2)) end
    assert_raise ArgumentError, ~r/the timeout must be/, fn -> Pool.run(pool, & &1, -1) end
    assert {:noproc, _} = catch_exit(Pool.run(:nobody, & &1))
    assert {:noproc, _} = catch_exit(Pool.info(:nobody))
  end

  test "a process that is no pool is told at once, and lives on" do
    {:ok, runtime} = QuickBEAM.start()

    for other <- [runtime, self(), start_supervised!({Agent, fn -> 1 end})],
        ask <- [&Pool.run(&1, fn rt -> rt end, :infinity), &Pool.info/1] do
      assert {:noproc, {Pool, _function, [^other]}} = catch_exit(ask.(other))
      assert Process.alive?(other)
    end
  end

  test "options that are wrong raise" do
    for {options, message} <- [
          {[size: 0], ~r/option :size must be an integer from 1 to 10000/},
          {[sise: 1], ~r/unknown option :sise; the options are :size, .*:script/},
          {[init: &Enum.map/2], ~r/option :init must be a function of one argument/},
          {[lazy: 1], ~r/option :lazy must be true or false/},
          {[max_uses: 0], ~r/option :max_uses must be a positive integer or nil/},
          {[max_queue: -1], ~r/option :max_queue must be an integer from 0/},
          {[memory_limit: 1], ~r/option :memory_limit must be/},
          {:options, ~r/options must be a keyword list/}
        ],
        do: assert_raise(ArgumentError, message, fn -> Pool.start_link(options) end)
  end

  @tag :tmp_dir
  test "what keeps a runtime from being prepared is the result of the start", %{tmp_dir: dir} do
    write_files(dir, %{"main.js" => "null.x"})
    missing = Path.join(dir, "none.js")

    assert Pool.start_link(placed(script: missing)) ==
             {:error, {:script_not_found, missing, :enoent}}

    assert {:error, %JSError{name: "TypeError"}} =
             Pool.start_link(placed(script: Path.join(dir, "main.js")))

    init = fn _rt -> raise "no init" end
    assert {:error, {%RuntimeError{message: "no init"}, _}} = Pool.start_link(placed(init: init))
  end

  test "callers wait in the order of their arrival" do
    pool = pool(size: 1)
    test = self()

    first =
      request(fn ->
        Pool.run(pool, fn _rt ->
          send(test, :taken)
          receive do: (:go_on -> :first)
        end)
      end)

    assert_receive :taken

    others =
      for n <- 1..3 do
        other = request(fn -> Pool.run(pool, fn _rt -> send(test, {:served, n}) end) end)
        await_waiting(pool, n)
        other
      end

    send(first, :go_on)
    assert await_result(first) == :first
    for other <- others, do: await_result(other)
    served = for _ <- 1..3, do: receive(do: ({:served, n} -> n))
    assert served == [1, 2, 3]
  end

  test "who waits too long, or behind too many, is refused" do
    pool = pool(size: 1, max_queue: 1)
    test = self()

    holder =
      request(fn ->
        Pool.run(pool, fn _rt ->
          send(test, :taken)
          receive do: (:go_on -> :ok)
        end)
      end)

    assert_receive :taken
    assert {:error, %JSError{name: "BusyError", message: message}} = Pool.run(pool, & &1, 20)
    assert message =~ "20 ms"
    waiting = request(fn -> Pool.run(pool, fn _rt -> :served end, :infinity) end)
    await_waiting(pool, 1)
    assert {:error, %JSError{name: "BusyError", message: message}} = Pool.run(pool, & &1)
    assert message =~ "1 callers wait"
    send(holder, :go_on)
    assert await_result(waiting) == :served
    assert %{waiting: 0, size: 1} = Pool.info(pool)
  end

  test "a caller that dies gives its runtime back, and its place in the queue up" do
    pool = pool(size: 1)
    test = self()

    holder =
      spawn(fn ->
        Pool.run(pool, fn rt ->
          {:ok, _} = QuickBEAM.eval(rt, "globalThis.mine = 1")
          send(test, :taken)
          QuickBEAM.eval(rt, "for (;;) {}")
        end)
      end)

    assert_receive :taken
    waiting = spawn(fn -> Pool.run(pool, & &1, :infinity) end)
    await_waiting(pool, 1)
    Process.exit(waiting, :kill)
    assert_down(waiting)
    Process.exit(holder, :kill)
    assert Pool.run(pool, &QuickBEAM.eval(&1, "typeof mine")) == {:ok, "undefined"}
  end

  test "a runtime that dies is replaced, whether it is used or not" do
    pool = pool(size: 1)

    for stop <- [&Process.exit(&1, :kill), &QuickBEAM.stop/1] do
      rt =
        Pool.run(pool, fn rt ->
          stop.(rt)
          assert_down(rt)
          assert {:noproc, _} = catch_exit(QuickBEAM.eval(rt, "1"))
          rt
        end)

      assert Pool.run(pool, &(&1 != rt and QuickBEAM.eval(&1, "2"))) == {:ok, 2}
      rt = Pool.run(pool, & &1)
      await_ready(pool, 1)
      stop.(rt)
      assert_down(rt)
      assert Pool.run(pool, &(&1 != rt and QuickBEAM.eval(&1, "3"))) == {:ok, 3}
    end
  end

  test "what a use left running is no more" do
    pool = pool(size: 1, handlers: %{"reached" => reached()})

    Pool.run(pool, fn rt ->
      QuickBEAM.eval(rt, "setInterval(() => Beam.callSync('reached'), 1); null")
      assert_receive {:reached, []}
    end)

    assert Pool.run(pool, &QuickBEAM.info/1).timers == 0
  end

  test "a runtime is replaced after so many uses" do
    pool = pool(size: 1, max_uses: 2)
    [a, b, c, d, e] = for _ <- 1..5, do: Pool.run(pool, & &1)
    assert a == b and c == d and length(Enum.uniq([a, c, e])) == 3
  end

  test "a lazy pool starts what is needed" do
    pool = pool(size: 3, lazy: true)
    assert %{size: 3, ready: 0, busy: 0, preparing: 0} = Pool.info(pool)
    assert Pool.run(pool, fn _ -> Pool.info(pool) end).busy == 1
    assert Pool.run(pool, fn _ -> Pool.run(pool, fn _ -> Pool.info(pool) end) end).busy == 2
    await_ready(pool, 2)
    assert Pool.run(pool, fn _ -> Pool.info(pool) end).preparing == 0
  end

  test "a failing init is tried again" do
    counter = start_supervised!({Agent, fn -> 0 end})

    init = fn _rt ->
      if Agent.get_and_update(counter, &{&1, &1 + 1}) < 2, do: exit(:not_yet)
    end

    logged =
      capture_log(fn ->
        pool = pool(size: 1, lazy: true, init: init)
        assert Pool.run(pool, &QuickBEAM.eval(&1, "1"), :infinity) == {:ok, 1}
      end)

    assert logged =~ ~r"a runtime of the pool #PID<.*> could not be prepared"
    assert logged =~ "not_yet"
  end

  test "a runtime that init stops is not lent, and is the error of the start" do
    Process.flag(:trap_exit, true)
    assert Pool.start_link(placed(size: 1, init: &QuickBEAM.stop/1)) == {:error, :normal}
  end

  test "a runtime that ends before it was used is told, and replaced after a while" do
    test = self()

    logged =
      capture_log(fn ->
        pool = pool(size: 1, init: &send(test, {:prepared, &1}))

        for _ <- 1..2 do
          assert_receive {:prepared, rt}
          await_ready(pool, 1)
          Process.exit(rt, :kill)
          assert_down(rt)
          await_ready(pool, 1)
        end

        assert Pool.run(pool, &QuickBEAM.eval(&1, "1")) == {:ok, 1}
      end)

    assert logged =~ ~r"a runtime of the pool #PID<.*> ended before it was used: killed"
  end

  test "a pool that stops takes its runtimes with it" do
    {:ok, pool} = Pool.start_link(placed(size: 2))
    Process.unlink(pool)
    runtimes = Pool.run(pool, fn a -> Pool.run(pool, fn b -> [a, b] end) end)
    monitors = Enum.map(runtimes, &Process.monitor/1)
    GenServer.stop(pool, :shutdown)
    for monitor <- monitors, do: assert_receive({:DOWN, ^monitor, :process, _, _})
  end

  test "every caller of many gets a runtime of its own, or a refusal" do
    pool = pool(size: 3, max_queue: 50)

    requests =
      for n <- 1..100 do
        request(fn ->
          Pool.run(pool, fn rt ->
            {:ok, nil} = QuickBEAM.eval(rt, "if (globalThis.owner) throw 1; owner = #{n}; null")
            if rem(n, 7) == 0, do: Process.exit(rt, :kill)
            if rem(n, 11) == 0, do: Process.exit(self(), :kill)
            if rem(n, 7) == 0, do: n, else: elem(QuickBEAM.eval(rt, "owner"), 1)
          end)
        end)
      end

    for {request, n} <- Enum.with_index(requests, 1), rem(n, 11) != 0 do
      case await_result(request) do
        {:error, %JSError{name: "BusyError"}} -> :ok
        result -> assert result == n
      end
    end

    await_ready(pool, 3)
    assert %{busy: 0, waiting: 0, ready: 3} = Pool.info(pool)
  end

  defp await_waiting(pool, count), do: await_info(pool, :waiting, count)
  defp await_ready(pool, count), do: await_info(pool, :ready, count)

  defp await_info(pool, key, count) do
    unless Map.fetch!(Pool.info(pool), key) == count do
      :erlang.yield()
      await_info(pool, key, count)
    end
  end
end
