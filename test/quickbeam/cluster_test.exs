defmodule QuickBEAM.ClusterTest do
  @moduledoc "Three nodes: names, calls and channels across them, a node that dies, a partition that heals."

  use ExUnit.Case, async: false

  @moduletag timeout: 120_000
  @moduletag :capture_log

  setup do
    {_, 0} = System.cmd("epmd", ["-daemon"])
    cookie = "cookie#{System.unique_integer([:positive])}" |> String.to_charlist()
    %{nodes: for(_ <- 1..3, do: start_node(cookie))}
  end

  # The nodes are reached by their standard streams, so that the VM of the tests stays alone.
  defp start_node(cookie) do
    paths = for path <- :code.get_path(), arg <- [~c"-pa", path], do: arg

    {:ok, peer, node} =
      :peer.start_link(%{
        name: :peer.random_name(),
        host: ~c"127.0.0.1",
        longnames: true,
        connection: :standard_io,
        wait_boot: 60_000,
        args:
          [~c"-setcookie", cookie, ~c"-kernel", ~c"prevent_overlapping_partitions", ~c"false"] ++
            paths
      })

    {:ok, _} = :peer.call(peer, Application, :ensure_all_started, [:quickbeam])
    spec = {QuickBEAM, name: :js, handlers: %{}}
    {:ok, _} = :peer.call(peer, Supervisor, :start_child, [:kernel_safe_sup, spec])
    %{peer: peer, node: node, name: Atom.to_string(node)}
  end

  defp eval(node, code, vars \\ %{}) do
    options = [vars: vars, timeout: 30_000]
    :peer.call(node.peer, QuickBEAM, :eval, [:js, code, options], 60_000)
  end

  defp connect(a, b), do: assert(:peer.call(a.peer, :net_kernel, :connect_node, [b.node]))

  # Kills a process of that name, and waits for the one that its supervisor starts in its place.
  defp crash(node, name) do
    pid = :peer.call(node.peer, Process, :whereis, [name])
    true = :peer.call(node.peer, Process, :exit, [pid, :kill])
    await_other(node, name, pid)
  end

  defp await_other(node, name, pid) do
    if :peer.call(node.peer, Process, :whereis, [name]) in [nil, pid],
      do: await_other(node, name, pid),
      else: :peer.call(node.peer, :sys, :get_state, [name])
  end

  # Waits in JavaScript until an expression is true.
  defp await(node, condition, vars \\ %{}),
    do: assert(eval(node, "while (!(#{condition})) await Beam.sleep(5); 1", vars) == {:ok, 1})

  test "runtimes of several nodes", %{nodes: [a, b, c]} do
    for {one, other} <- [{a, b}, {a, c}, {b, c}], do: connect(one, other)
    assert {:ok, names} = eval(a, "Beam.nodes()")
    assert Enum.sort(names) == Enum.sort([b.name, c.name])

    # Calls.
    for node <- [b, c],
        do:
          {:ok, _} =
            eval(
              node,
              "globalThis.add = (a, b) => a + b; globalThis.fail = () => { throw new RangeError('far') }; 1"
            )

    assert eval(a, "await Beam.rpc(node, 'js', 'add', 1, 2)", %{node: b.name}) == {:ok, 3}

    code = "try { await Beam.rpc(node, runtime, fn) } catch (e) { e.name }"

    for {node, runtime, function, name} <- [
          {b.name, "js", "fail", "RangeError"},
          {b.name, "js", "nothing", "ReferenceError"},
          {b.name, "no_such_runtime_#{System.unique_integer([:positive])}", "add",
           "NotFoundError"},
          {b.name, "kernel_sup", "add", "NotFoundError"},
          {"nowhere@127.0.0.1", "js", "add", "NotFoundError"}
        ] do
      vars = %{node: node, runtime: runtime, fn: function}
      assert {vars, eval(a, code, vars)} == {vars, {:ok, name}}
    end

    # Names.
    {:ok, true} =
      eval(b, "globalThis.got = []; Beam.onMessage(m => got.push(m)); Beam.register('counter')")

    await(a, "Beam.whereis('counter') !== null")
    {:ok, _} = eval(a, "Beam.send(Beam.whereis('counter'), { from: 'a' }); 1")
    await(b, "got.length === 1")
    assert eval(b, "got") == {:ok, [%{"from" => "a"}]}
    assert eval(a, "await Beam.rpc(node, 'counter', 'add', 2, 3)", %{node: b.name}) == {:ok, 5}

    # Channels.
    for node <- [a, b, c] do
      code =
        "globalThis.seen = []; globalThis.channel = new BroadcastChannel('all'); channel.onmessage = e => seen.push(e.data); null"

      {:ok, nil} = eval(node, code)
    end

    {:ok, _} = eval(a, "for (let n = 0; n < 100; n++) channel.postMessage({ n }); 1")

    for node <- [b, c] do
      await(node, "seen.length === 100")
      assert eval(node, "seen.every(({ n }, index) => n === index)") == {:ok, true}
    end

    assert eval(a, "seen.length") == {:ok, 0}

    # Blobs and files go along, keys do not.
    code = """
    channel.onmessageerror = e => seen.push(e.type);
    null
    """

    for node <- [b, c], do: {:ok, nil} = eval(node, code)

    code = """
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
    const blob = new Blob(['café', new Uint8Array(100_000)], { type: 'text/plain' });
    channel.postMessage({ blob, again: [blob], file: new File(['abc'], 'näme.txt', { lastModified: 5 }) });
    channel.postMessage({ key });
    channel.postMessage('last');
    1
    """

    {:ok, 1} = eval(a, code)

    for node <- [b, c] do
      await(node, "seen.at(-1) === 'last'")

      code = """
      const [{ blob, again, file }, error] = seen.slice(-3);
      [blob instanceof Blob, blob.type, blob.size, await blob.slice(0, 5).text(), blob === again[0], file instanceof File, file.name, file.lastModified,
        await file.text(), error]
      """

      assert eval(node, "{ #{code} }") ==
               {:ok,
                [
                  true,
                  "text/plain",
                  100_005,
                  "café",
                  true,
                  true,
                  "näme.txt",
                  5,
                  "abc",
                  "messageerror"
                ]}
    end

    # A node that dies in the middle.
    {:ok, true} = eval(c, "Beam.register('doomed')")
    await(a, "Beam.whereis('doomed') !== null")

    code =
      "globalThis.down = new Promise(resolve => Beam.monitor(Beam.whereis('doomed'), resolve)); null"

    {:ok, nil} = eval(a, code)
    :peer.stop(c.peer)
    assert eval(a, "String(await down)") == {:ok, "Symbol(noconnection)"}
    await(a, "Beam.whereis('doomed') === null && Beam.nodes().length === 1")

    assert eval(a, "try { await Beam.rpc(node, 'js', 'add', 1, 2) } catch (e) { e.name }", %{
             node: c.name
           }) ==
             {:ok, "NotFoundError"}

    {:ok, _} = eval(a, "channel.postMessage('still there')")
    await(b, "seen.at(-1) === 'still there'")

    # A partition that heals.
    true = :peer.call(a.peer, :erlang, :disconnect_node, [b.node])
    await(a, "Beam.nodes().length === 0 && Beam.whereis('counter') === null")
    {:ok, _} = eval(a, "channel.postMessage('lost'); 1")
    # What carries the messages has crashed meanwhile, and the group that it was in.
    for name <- [QuickBEAM.Beam.Broadcast, QuickBEAM.Cluster], do: crash(a, name)
    crash(b, QuickBEAM.Beam.Broadcast)
    connect(a, b)
    await(a, "Beam.whereis('counter') !== null")
    {:ok, _} = eval(a, "channel.postMessage('found'); 1")
    await(b, "seen.at(-1) === 'found'")
    assert eval(b, "seen.includes('lost')") == {:ok, false}
  end
end
