defmodule QuickBEAM.GrantsTest do
  @moduledoc "What a realm without grants can reach: nothing beyond computation."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.{JSError, Native}

  @moduletag :capture_log

  # A call of each API that needs a grant.
  @calls %{
    "Beam.call" => "Beam.call('h')",
    "Beam.callSync" => "Beam.callSync('h')",
    "Beam.send" => "Beam.send(Beam.self(), 1)",
    "Beam.monitor" => "Beam.monitor(Beam.self(), () => {})",
    "Beam.demonitor" => "Beam.demonitor(Beam.makeRef())",
    "Beam.link" => "Beam.link(Beam.self())",
    "Beam.unlink" => "Beam.unlink(Beam.self())",
    "Beam.register" => "Beam.register('n')",
    "Beam.unregister" => "Beam.unregister('n')",
    "Beam.whereis" => "Beam.whereis('n')",
    "Beam.spawn" => "Beam.spawn('1')",
    "Beam.nodes" => "Beam.nodes()",
    "Beam.rpc" => "Beam.rpc('n', 'r', 'f')",
    "Beam.which" => "Beam.which('sh')",
    "BroadcastChannel" => "new BroadcastChannel('c')",
    "Worker" => "new Worker('data:text/javascript,1')",
    "fetch" => "await fetch('http://127.0.0.1:1/')",
    "WebSocket" => "new WebSocket('ws://127.0.0.1:1/')",
    "EventSource" => "new EventSource('http://127.0.0.1:1/')"
  }

  # What the owner may be asked by a realm without grants: computation, and its own storage.
  @pure ~w(hash semver.satisfies semver.order system_info process_info storage.get storage.set storage.remove storage.clear storage.keys)

  test "every API of the table throws without its grant, and works up to its own checks with it" do
    bare = start_runtime(allow: [], handlers: %{"h" => fn _ -> 1 end})

    for {api, grant} <- Native.requirements() do
      call = Map.get(@calls, api) || flunk("no call of #{api} in this test")

      assert {:error, %JSError{name: "NotAllowedError", message: message}} =
               QuickBEAM.eval(bare, call)

      assert message =~ api and message =~ ":#{grant}"

      # Named once more through every other way to the same function.
      assert {:error, %JSError{name: "NotAllowedError"}} =
               QuickBEAM.eval(bare, "await (async () => #{call})()")

      rt =
        start_runtime(allow: [String.to_existing_atom(grant)], handlers: %{"h" => fn _ -> 1 end})

      with {:error, error} <- QuickBEAM.eval(rt, call),
           do: refute(error.name == "NotAllowedError" and error.message =~ api)
    end
  end

  test "no function that can be reached does anything outside of the realm" do
    rt = start_runtime(allow: [], handlers: %{"h" => fn _ -> 1 end}, memory_limit: 128_000_000)
    :erlang.trace(rt, true, [:receive])

    code = """
    const seen = new Set();
    const functions = [];
    const SKIP = new Set(['sleepSync', 'sleep', 'hashPassword', 'verifyPassword', 'hash', 'verify', 'wait', 'waitAsync']);
    (function walk(object, path, depth) {
      if ((typeof object !== 'object' && typeof object !== 'function') || object === null || seen.has(object) || depth > 6) return;
      seen.add(object);
      if (typeof object === 'function') functions.push([path, object]);
      for (const key of Reflect.ownKeys(object)) {
        let value;
        try { value = object[key] } catch { continue }
        walk(value, path + '.' + String(key), depth + 1);
      }
      walk(Object.getPrototypeOf(object), path + '.__proto__', depth + 1);
    })(globalThis, 'globalThis', 0);
    const pid = Beam.self();
    let calls = 0;
    for (const [path, f] of functions) {
      if (SKIP.has(f.name)) continue;
      for (const args of [[], ['h'], [pid, 1], [pid, () => {}], ['/etc/passwd'], ['http://127.0.0.1:1/']]) {
        try { const r = f(...args); if (r instanceof Promise) r.catch(() => {}); } catch {}
        try { const r = new f(...args); if (r instanceof Promise) r.catch(() => {}); } catch {}
        calls++;
      }
    }
    await null;
    [functions.length, calls]
    """

    assert {:ok, [functions, calls]} = QuickBEAM.eval(rt, code, timeout: 60_000)
    assert functions > 500 and calls > 3000
    :erlang.trace(rt, false, [:receive])

    for message <- received(rt, []) do
      case message do
        {:quickbeam, :service, _id, name, _args, _sync?} ->
          assert name in @pure

        {:quickbeam, kind, _, _, _} when kind in [:console] ->
          :ok

        {:quickbeam, :uncaught, _kind, _error} ->
          :ok

        message when elem(message, 0) == :quickbeam ->
          flunk("it reached its owner: #{inspect(message)}")

        # What the owner itself has asked of the VM's own processes.
        _other ->
          :ok
      end
    end
  end

  defp received(rt, messages) do
    receive do
      {:trace, ^rt, :receive, message} -> received(rt, [message | messages])
    after
      0 -> messages
    end
  end

  test "nothing that a script makes is taken for a pid, a reference or a port" do
    rt = start_runtime()

    code = """
    const forged = [
      {}, [], 'pid', 1, null, () => {}, Symbol(), new Proxy(Beam.self(), {}), Object.create(Beam.self()),
      Object.assign(Object.create(Object.getPrototypeOf(Beam.self())), Beam.self()), Beam.makeRef(), new MessageChannel().port1,
    ];
    forged.map(value => {
      const names = [];
      for (const f of [() => Beam.send(value, 1), () => Beam.monitor(value, () => {}), () => Beam.link(value), () => Beam.unlink(value)])
        try { f(); names.push('taken') } catch (e) { names.push(e.name) }
      try { MessagePort.prototype.postMessage.call(value, 1); names.push('taken') } catch (e) { names.push(e.name) }
      return names;
    })
    """

    {:ok, results} = QuickBEAM.eval(rt, code)
    {port, others} = List.pop_at(results, -1)
    for names <- others, do: assert(names == List.duplicate("TypeError", 5))
    assert port == List.duplicate("TypeError", 4) ++ ["taken"]
  end

  test "a realm cannot exhaust atoms, processes and tables" do
    rt = start_runtime(sandbox: true)
    {:ok, _} = QuickBEAM.eval(rt, "1")
    before = {:erlang.system_info(:process_count), :erlang.system_info(:port_count)}
    atoms = :erlang.system_info(:atom_count)

    code = """
    for (let n = 0; n < 2000; n++) { localStorage['key' + n] = Symbol('atom' + n).description; Beam.hash({ ['k' + n]: Symbol.for('s' + n) }) }
    for (let n = 0; n < 500; n++) Beam.password.hash('x', { iterations: 1 }).catch(() => {});
    1
    """

    assert {:ok, 1} = QuickBEAM.eval(rt, code, timeout: 60_000)
    assert :erlang.system_info(:atom_count) - atoms < 200
    {processes, ports} = before
    assert :erlang.system_info(:process_count) - processes < 50
    assert :erlang.system_info(:port_count) - ports < 20
  end
end
