defmodule QuickBEAM.ContextTest do
  use ExUnit.Case, async: true

  import QuickBEAM.Test.Helpers

  alias QuickBEAM.{Context, ContextPool, JSError}

  defp pool(options \\ []), do: start_supervised!({ContextPool, options}, id: make_ref())

  test "a context has every function of a runtime" do
    creation = [start: 0, start: 1, child_spec: 1, disasm: 1]
    requests = QuickBEAM.__info__(:functions) -- creation
    assert requests -- Context.__info__(:functions) == []
  end

  test "child specs" do
    assert %{id: Context, start: {Context, :start_link, [[pool: :p]]}} =
             Supervisor.child_spec({Context, pool: :p}, [])

    assert %{id: :a} = Context.child_spec(name: :a)
    assert %{id: 1} = Context.child_spec(name: :a, id: 1)
    assert %{id: ContextPool} = ContextPool.child_spec([])
    assert %{id: :a} = ContextPool.child_spec(name: :a)
  end

  test "options that are wrong raise" do
    for {fun, message} <- [
          {fn -> ContextPool.start_link(size: 0) end, ~r/option :size must be an integer from 1/},
          {fn -> ContextPool.start_link(size: 1.5) end, ~r/option :size must be an integer/},
          {fn -> ContextPool.start_link(sise: 1) end, ~r/unknown option :sise; the options are/},
          {fn -> ContextPool.start_link(contexts_per_isolate: -1) end,
           ~r/option :contexts_per_isolate must be an integer from 1 to 64, got: -1/},
          {fn -> ContextPool.start_link(:pool) end, ~r/options must be a keyword list/},
          {fn -> Context.start_link([]) end, ~r/option :pool must be given/},
          {fn -> Context.start_link(:pool) end, ~r/options must be a keyword list/},
          {fn -> Context.start_link(pool: 5) end,
           ~r/option :pool must be a pid or the name of one, got: 5/},
          {fn -> Context.start_link(pool: pool(), nmae: 1) end, ~r/unknown option :nmae/}
        ],
        do: assert_raise(ArgumentError, message, fun)
  end

  test "names of pools" do
    for name <- [__MODULE__.Local, {:global, {__MODULE__, :pool}}] do
      pid = pool(name: name, size: 1)
      assert ContextPool.start_link(name: name) == {:error, {:already_started, pid}}
      {:ok, context} = Context.start_link(pool: name)
      assert_usable(context)
    end

    dead = spawn(fn -> :ok end)
    assert_down(dead)

    for nobody <- [
          :nobody,
          dead,
          self(),
          :code_server,
          {:global, :nobody},
          {:nobody, :there@nowhere}
        ] do
      assert Context.start_link(pool: nobody) == {:error, {:no_pool, nobody}}
    end
  end

  test "contexts share no globals, and a loop in one stops no other" do
    pool = pool(size: 1)
    contexts = for n <- 1..20, do: context(pool, define: %{"n" => n})
    [looping | others] = contexts
    request = request(fn -> Context.eval(looping, "for (;;) {}") end)

    for {context, n} <- Enum.zip(others, 2..20) do
      {:ok, _} = Context.eval(context, "Array.prototype.n = globalThis.own = n; null")
      assert Context.eval(context, "[own, [].n]") == {:ok, [n, n]}
    end

    Context.stop(looping)
    assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)
  end

  # Every object that can be reached from the globals: through properties, accessors and prototypes.
  @reachable """
  function reachable(visit) {
    const seen = new Set(), todo = [globalThis];
    const add = v => { if (Object(v) === v && !seen.has(v)) { seen.add(v); todo.push(v) } };
    while (todo.length > 0) {
      const object = todo.pop();
      add(Object.getPrototypeOf(object));
      for (const key of Reflect.ownKeys(object)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(object, key);
        add(value); add(get); add(set);
        // Other getters want an object of their class.
        if (get && object === globalThis) add(object[key]);
      }
    }
    let visited = 0;
    for (const object of seen) if (visit(object)) visited++;
    return visited;
  }
  """

  test "what one context does to builtins is not seen by another one of the same isolate" do
    pool = pool(size: 1, contexts_per_isolate: 16)
    [polluted, other, fresh] = for _ <- 1..3, do: context(pool)
    for context <- [polluted, other], do: {:ok, _} = Context.eval(context, @reachable)
    assert ContextPool.info(pool).isolates == 1

    # The first walk makes what is made lazily.
    {:ok, _} = Context.eval(polluted, "reachable(() => true)")

    assert {:ok, count} =
             Context.eval(
               polluted,
               # An item of a Storage is hidden by a property of its prototype.
               "reachable(o => !(o instanceof Storage) && Reflect.set(o, 'mine', 1, o) && Object.hasOwn(o, 'mine'))"
             )

    assert count > 500
    found = "reachable(o => Object.hasOwn(o, 'mine'))"
    assert Context.eval(polluted, found) == {:ok, count}
    assert Context.eval(other, found) == {:ok, 0}
    {:ok, _} = Context.eval(fresh, @reachable)
    assert Context.eval(fresh, found) == {:ok, 0}

    # Nor what is taken away, nor the shared registry of symbols, caches or regular expressions.
    {:ok, _} =
      Context.eval(polluted, """
      const { ownKeys } = Reflect, global = globalThis, array = Array.prototype;
      for (const key of ownKeys(global)) delete global[key];
      for (const key of ownKeys(array)) delete array[key];
      'gone'
      """)

    code =
      "[[3, 1, 2].map(x => x * 2).sort(), JSON.stringify({a: [1]}), 'abc'.replace(/b/g, 'x'), await 1]"

    expected = {:ok, [[2, 4, 6], ~s({"a":[1]}), "axc", 1]}
    for context <- [other, fresh], do: assert(Context.eval(context, code) == expected)
  end

  test "a context of a shared isolate ends alone, and so does what it takes too much for" do
    pool = pool(size: 1, contexts_per_isolate: 2)
    limits = [memory_limit: 16_000_000]
    [stopped, left, other] = for _ <- 1..3, do: context(pool, limits)
    {:ok, _} = Context.eval(other, "globalThis.kept = 1")
    assert ContextPool.info(pool).isolates == 2
    Context.stop(stopped)
    until_contexts(pool, 2, left)

    # It takes the place that has become free.
    greedy = context(pool, limits)
    assert_usable(greedy)
    assert ContextPool.info(pool).isolates == 2

    for code <- [
          "JSON.parse('[' + ('[' + '{},'.repeat(999) + '{}],').repeat(2000) + '1]')",
          "Function(...Array(60).fill('/*' + 'x'.repeat(2e6) + '*/'))",
          "eval('class A {' + 'static {};'.repeat(1e6) + '}')",
          "for (let a = [];;) a.push({})"
        ] do
      assert {:error, %JSError{name: "OutOfMemoryError"}} = Context.eval(greedy, code)
      for context <- [greedy, left], do: assert_usable(context)
    end

    assert Context.eval(other, "kept") == {:ok, 1}
  end

  test "a builtin that would take years ends with its timeout, and the neighbours of its heap do not wait" do
    pool = pool(size: 1, contexts_per_isolate: 2)
    test = self()
    handlers = %{"begun" => fn _ -> send(test, :begun) && true end}
    [stuck, left] = for _ <- 1..2, do: context(pool, handlers: handlers)

    for code <- [
          "'a'.repeat(1e7).indexOf('a'.repeat(5e6) + 'b')",
          "'a'.repeat(1e7).split('a'.repeat(5e6) + 'b')",
          "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)",
          "Array.prototype.keys.call({ length: 2 ** 53 - 1 }).drop(Infinity).next()",
          "eval('class A {' + Array.from({ length: 6e4 }, (_, i) => `#a${i};`).join('') + '}')"
        ] do
      request =
        Task.async(fn ->
          Context.eval(stuck, "{ Beam.callSync('begun'); #{code} }", timeout: 1_000)
        end)

      assert_receive :begun
      for _ <- 1..10, do: assert(Context.eval(left, "1 + 1", timeout: 500) == {:ok, 2})
      assert {:error, %JSError{name: "TimeoutError"}} = Task.await(request)
      assert_usable(stuck)
    end
  end

  test "what a tree and a response may hold follows from the context's own limit" do
    {:ok, server} = :gen_tcp.listen(0, [:binary, active: false, ip: {127, 0, 0, 1}])
    {:ok, port} = :inet.port(server)

    spawn_link(fn ->
      {:ok, socket} = :gen_tcp.accept(server)
      {:ok, _} = :gen_tcp.recv(socket, 0)
      :gen_tcp.send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n")
      for _ <- 1..40, do: :gen_tcp.send(socket, :binary.copy("x", 1_000_000))
    end)

    pool = pool(size: 1, contexts_per_isolate: 16)
    context = context(pool, memory_limit: 8_000_000, apis: [:browser])
    markup = "document.createElement('div').innerHTML = '<b>x</b>'.repeat(1e5)"

    assert {:ok, message} =
             Context.eval(context, "try { #{markup} } catch (error) { error.message }")

    assert message =~ "the tree would hold more"

    fetching = "await (await fetch('http://127.0.0.1:#{port}/')).arrayBuffer()"
    assert {:error, %JSError{message: message}} = Context.eval(context, fetching)
    assert message =~ "8000000 bytes"
    assert_usable(context)
  end

  test "memory" do
    context = context(pool())
    {:ok, before} = Context.memory_usage(context)
    {:ok, _} = Context.eval(context, "globalThis.kept = new Uint8Array(1e6).fill(1); null")
    {:ok, later} = Context.memory_usage(context)
    assert later.context_malloc_size - before.context_malloc_size >= 1_000_000
    assert {:noproc, _} = catch_exit(Context.memory_usage(:nobody))
  end

  test "memory of contexts that share a heap is told of each alone" do
    pool = pool(size: 1, contexts_per_isolate: 16)
    [large, small] = for _ <- 1..2, do: context(pool)
    code = "{ const kept = Array.from({ length: 100000 }, (_, i) => ({ i })); kept.length }"
    assert Context.eval(large, code) == {:ok, 100_000}
    assert Context.eval(small, "1") == {:ok, 1}
    {:ok, large} = Context.memory_usage(large)
    {:ok, small} = Context.memory_usage(small)
    assert large.malloc_peak >= large.obj_size and large.malloc_peak > 8_000_000
    assert small.malloc_peak in small.malloc_size..1_000_000
    assert small.obj_count < 10_000

    for figures <- [large, small],
        name <- [:malloc_count, :memory_used_size, :atom_count],
        do: refute(Map.has_key?(figures, name))

    {:ok, alone} = Context.memory_usage(context(pool()))
    assert %{malloc_count: _, memory_used_size: _, atom_count: _, malloc_peak: _} = alone
  end

  test "what a pool does can be seen, whatever its contexts do" do
    pool = pool(size: 1)
    [looping | others] = for _ <- 1..3, do: context(pool, handlers: %{"reached" => reached()})
    request = request(fn -> Context.eval(looping, "Beam.callSync('reached'); for (;;) {}") end)
    assert_receive {:reached, []}
    info = until_preempted(pool, others)
    assert %{size: 1, contexts_per_isolate: 1, contexts: 3, isolates: 3} = info
    assert [queued] = info.run_queues
    assert queued >= 0 and info.threads >= 1 and info.memory > 0
    assert info.reductions >= 1
    %{contexts: contexts} = QuickBEAM.Telemetry.measure()
    assert contexts >= 3
    Context.stop(looping)
    await_result(request)
    assert ContextPool.info(pool).contexts == 2

    for other <- [:nobody, self(), looping, start_supervised!({Agent, fn -> 1 end})] do
      assert {:noproc, {ContextPool, :info, [^other]}} = catch_exit(ContextPool.info(other))
    end
  end

  test "a pool takes its contexts with it, whatever they do" do
    for stop <- [&Process.exit(&1, :kill), &GenServer.stop/1] do
      {:ok, pool} = ContextPool.start_link(size: 2)
      Process.unlink(pool)
      handlers = %{"stuck" => stuck(), "reached" => reached()}
      contexts = for _ <- 1..4, do: context(pool, handlers: handlers)

      codes = [
        "Beam.callSync('reached'); for (;;) {}",
        "Beam.callSync('stuck')",
        "await Beam.call('stuck')",
        "Beam.callSync('reached'); await new Promise(() => {})"
      ]

      requests =
        for {context, code} <- Enum.zip(contexts, codes) do
          request = request(fn -> Context.eval(context, code) end)
          assert_receive message when elem(message, 0) in [:reached, :stuck]
          request
        end

      monitors = Enum.map(contexts, &Process.monitor/1)
      stop.(pool)

      for monitor <- monitors do
        assert_receive {:DOWN, ^monitor, :process, _, {:shutdown, {:pool_down, _}}}
      end

      for request <- requests do
        assert {:error, %JSError{name: "InterruptedError"}} = await_result(request)
      end
    end
  end

  @tag :tmp_dir
  test "a pool that dies ends a context that still starts", %{tmp_dir: dir} do
    write_files(dir, %{"main.js" => "await Beam.call('stuck')"})
    {:ok, pool} = ContextPool.start_link(size: 1)
    Process.unlink(pool)
    options = [script: Path.join(dir, "main.js"), handlers: %{"stuck" => stuck()}, pool: pool]
    starting = request(fn -> Context.start_link(options) end)
    assert_receive {:stuck, _pid}
    Process.exit(pool, :kill)
    assert {:error, {:shutdown, {:pool_down, :killed}}} = await_result(starting)
  end

  test "contexts under supervisors come back, with their pool" do
    children = [
      {ContextPool, name: __MODULE__.Restarted, size: 1},
      {Context, pool: __MODULE__.Restarted, name: __MODULE__.Child, define: %{"n" => 1}}
    ]

    start_supervised!(%{
      id: make_ref(),
      start: {Supervisor, :start_link, [children, [strategy: :rest_for_one]]},
      type: :supervisor
    })

    for name <- [__MODULE__.Child, __MODULE__.Restarted] do
      {:ok, 2} = Context.eval(__MODULE__.Child, "n += 1")
      pid = Process.whereis(name)
      context = Process.whereis(__MODULE__.Child)
      monitor = Process.monitor(context)
      Process.exit(pid, :kill)
      assert_receive {:DOWN, ^monitor, :process, ^context, _reason}
      assert eventually(fn -> Context.eval(__MODULE__.Child, "n") end) == {:ok, 1}
    end
  end

  test "a context ends with the process that started it" do
    pool = pool(size: 1)
    test = self()

    starter =
      spawn(fn ->
        {:ok, context} = Context.start_link(pool: pool)
        send(test, {:started, context})
        receive do: (:exit -> exit({:shutdown, :closed}))
      end)

    assert_receive {:started, context}
    monitor = Process.monitor(context)
    send(starter, :exit)
    assert_receive {:DOWN, ^monitor, :process, ^context, {:shutdown, :closed}}
  end

  defp context(pool, options \\ []),
    do: start_supervised!({Context, [pool: pool] ++ options}, id: make_ref(), restart: :temporary)

  # A loop that looks stuck, on a busy machine, gives its thread up in the other way.
  # A context that was stopped gives its place back a moment later.
  defp until_contexts(pool, count, other) do
    assert_usable(other)
    if ContextPool.info(pool).contexts != count, do: until_contexts(pool, count, other)
  end

  defp until_preempted(pool, contexts) do
    for context <- contexts, do: assert_usable(context)
    info = ContextPool.info(pool)
    if info.preemptions + info.hand_offs > 0, do: info, else: until_preempted(pool, contexts)
  end

  defp eventually(fun) do
    fun.()
  catch
    :exit, {:noproc, _} ->
      :erlang.yield()
      eventually(fun)
  end
end
