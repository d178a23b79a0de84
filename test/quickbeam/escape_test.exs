defmodule QuickBEAM.EscapeTest do
  @moduledoc "Grants of paths and hosts, and what a child may, cannot be escaped; nothing of the node's can be exhausted."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError

  @moduletag :capture_log

  describe "paths" do
    @describetag :tmp_dir

    setup %{tmp_dir: dir} do
      write_files(dir, %{
        "open/ok.js" => "postMessage('ok')",
        "open/deep/ok.js" => "postMessage('ok')",
        "secret/no.js" => "postMessage('secret')",
        "open-not/no.js" => "postMessage('secret')",
        "no.js" => "postMessage('secret')"
      })

      File.ln_s!(Path.join(dir, "secret"), Path.join(dir, "open/link"))
      File.ln_s!("../no.js", Path.join(dir, "open/link.js"))
      File.ln_s!("loop.js", Path.join(dir, "open/loop.js"))
      File.ln_s!(Path.join(dir, "open/deep"), Path.join(dir, "in"))
      %{open: Path.join(dir, "open")}
    end

    @hear "await new Promise((resolve) => { const w = new Worker(url); w.onmessage = (e) => resolve(e.data); w.onerror = (e) => { e.preventDefault(); resolve(e.message) } })"

    test "that are granted are read, by whatever name", %{open: open, tmp_dir: dir} do
      rt = start_runtime(allow: [:spawn, {:read, [open]}])

      for url <- [
            "#{open}/ok.js",
            "#{open}/deep/../ok.js",
            "#{open}/./deep//ok.js",
            "file://#{open}/ok.js",
            "file://#{open}/d%65ep/ok.js",
            "#{dir}/in/ok.js",
            "#{dir}/secret/../open/ok.js"
          ] do
        assert {url, QuickBEAM.eval(rt, @hear, vars: %{url: url}, timeout: 10_000)} ==
                 {url, {:ok, "ok"}}
      end
    end

    test "that are not are refused, by whatever name", %{open: open, tmp_dir: dir} do
      rt = start_runtime(allow: [:spawn, {:read, [open]}])

      for path <- [
            "#{dir}/no.js",
            "#{open}/../no.js",
            "#{open}/../secret/no.js",
            "#{open}/deep/../../no.js",
            "#{open}/link/no.js",
            "#{open}/link/../no.js",
            "#{open}/link.js",
            "#{open}/loop.js",
            "#{open}-not/no.js",
            "#{String.upcase(open)}/ok.js",
            "file://#{open}/%2e%2e/no.js",
            "file://#{open}/..%2fno.js",
            "file://#{open}/%2E%2E%2Fno.js",
            "file:///proc/self/root#{dir}/no.js",
            "/proc/self/cwd/mix.js",
            "#{open}/ok.js\0/../../no.js",
            "no.js",
            "../../../../../../../../etc/passwd.js"
          ],
          code <- ["new Worker(url)", "Beam.spawn(url)"] do
        assert {^path, {:error, %JSError{name: "NotAllowedError", message: message}}} =
                 {path, QuickBEAM.eval(rt, code, vars: %{url: path})}

        assert message =~ "grant"
      end

      assert_usable(rt)
    end
  end

  describe "hosts" do
    defp serve(reply) do
      {:ok, listener} = :gen_tcp.listen(0, [:binary, active: false, reuseaddr: true])
      {:ok, port} = :inet.port(listener)
      test = self()
      spawn_link(fn -> accept(listener, reply, test, port) end)
      port
    end

    defp accept(listener, reply, test, port) do
      {:ok, socket} = :gen_tcp.accept(listener)

      with {:ok, request} <- :gen_tcp.recv(socket, 0, 5_000) do
        send(test, {:reached, port, request})
        :gen_tcp.send(socket, reply)
      end

      :gen_tcp.close(socket)
      accept(listener, reply, test, port)
    end

    @ok "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"

    defp fetch(rt, url) do
      code =
        "(async () => { try { return await (await fetch(url)).text() } catch (e) { return [e.name, e.message] } })()"

      {:ok, result} = QuickBEAM.eval(rt, code, vars: %{url: url}, timeout: 10_000)
      result
    end

    test "that are granted are reached, by whatever name" do
      port = serve(@ok)
      rt = start_runtime(allow: [{:net, ["127.0.0.1:#{port}"]}])

      for url <- [
            "http://127.0.0.1:#{port}/",
            "HTTP://127.0.0.1:#{port}/",
            "http://0x7f.1:#{port}/",
            "http://2130706433:#{port}/",
            "http://%31%32%37.0.0.1:#{port}/"
          ],
          do: assert({url, fetch(rt, url)} == {url, "ok"})
    end

    test "that are not are refused, by whatever name, before anything is sent" do
      [open, closed] = [serve(@ok), serve(@ok)]
      rt = start_runtime(allow: [{:net, ["127.0.0.1:#{open}", "api.example.com"]}])

      for host <- [
            "127.0.0.1:#{closed}",
            "localhost:#{closed}",
            "localhost:#{open}",
            "LOCALHOST:#{open}",
            "127.1:#{closed}",
            "127.0.0.2:#{open}",
            "0.0.0.0:#{open}",
            "[::1]:#{open}",
            "[::ffff:127.0.0.1]:#{open}",
            "[::ffff:7f00:1]:#{closed}",
            "[0:0:0:0:0:0:0:1]:#{closed}",
            "127.0.0.1:#{open}@127.0.0.1:#{closed}",
            "api.example.com@127.0.0.1:#{closed}",
            "127.0.0.1%2eexample.com:#{open}",
            "127.0.0.1.:#{closed}",
            "api.example.com.evil.test"
          ] do
        for {scheme, make} <- [
              {"http", "await fetch(url)"},
              {"ws", "new WebSocket(url)"},
              {"http", "new EventSource(url)"}
            ] do
          url = "#{scheme}://#{host}/"

          assert {url, {:error, %JSError{name: name}}} =
                   {url, QuickBEAM.eval(rt, make, vars: %{url: url}, timeout: 10_000)}

          assert {url, name} in [
                   {url, "NotAllowedError"},
                   {url, "TypeError"},
                   {url, "SyntaxError"}
                 ]
        end
      end

      refute_received {:reached, _port, _request}
      assert_usable(rt)
    end

    test "that a redirect leads to are checked, too" do
      closed = serve(@ok)

      for target <- [
            "http://127.0.0.1:#{closed}/",
            "//localhost:#{closed}/",
            "http://[::1]:#{closed}/",
            "http://0x7f000001:#{closed}/",
            "http://%31%32%37.0.0.1:#{closed}/"
          ] do
        open =
          serve(
            "HTTP/1.1 302 Found\r\nlocation: #{target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
          )

        rt = start_runtime(allow: [{:net, ["127.0.0.1:#{open}"]}])
        assert [name, _message] = fetch(rt, "http://127.0.0.1:#{open}/")
        assert {target, name} in [{target, "NotAllowedError"}, {target, "TypeError"}]
        assert_receive {:reached, ^open, _request}
      end

      refute_received {:reached, ^closed, _request}
    end
  end

  test "no child and no child of a child gains a grant" do
    rt =
      start_runtime(
        allow: [
          :spawn,
          :processes,
          {:handlers, ["a"]},
          {:net, ["example.com"]},
          {:read, ["/tmp"]}
        ],
        handlers: %{"a" => fn [] -> 1 end, "b" => fn [] -> 2 end},
        timeout: 20_000
      )

    child = """
    const report = (pid) => Beam.send(pid, Beam.grants());
    if (typeof depth === 'undefined' || depth > 0)
      Beam.spawn(source, { allow: wanted, define: { source, wanted, target, depth: (globalThis.depth ?? 3) - 1 } });
    report(target);
    """

    code = """
    const grants = [];
    const done = new Promise(resolve => { Beam.onMessage(g => { grants.push(g); if (grants.length === 4) resolve() }) });
    const target = Beam.self();
    Beam.spawn(source, { allow: wanted, define: { source, wanted, target, depth: 3 } });
    await done;
    grants
    """

    wanted = %{
      spawn: true,
      processes: true,
      handlers: true,
      net: ["example.com", "evil.test", "127.0.0.1"],
      read: ["/", "/tmp", "/etc"],
      write: ["/"],
      env: true,
      run: true,
      cluster: true,
      addons: true
    }

    assert {:ok, all} = QuickBEAM.eval(rt, code, vars: %{source: child, wanted: wanted})

    for grants <- all do
      assert grants == %{
               "spawn" => true,
               "processes" => true,
               "handlers" => ["a"],
               "net" => ["example.com"],
               "read" => ["/tmp"]
             }
    end
  end

  test "nothing that a script makes is taken for a key, a blob, a port or a handle" do
    rt = start_runtime(handlers: %{"echo" => fn [x] -> x end})

    code = """
    const [real] = await Promise.all([crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign'])]);
    const forge = (value) => [{}, Object.create(value), Object.create(Object.getPrototypeOf(value)), new Proxy(value, {}), () => {}];
    const error = async (f) => { try { await f(); return 'taken' } catch (e) { return e.name } };
    const names = [];
    for (const key of forge(real)) names.push(await error(() => crypto.subtle.sign('HMAC', key, new Uint8Array(1))));
    for (const blob of forge(new Blob(['x']))) names.push(await error(() => URL.createObjectURL(blob)), await error(() => Blob.prototype.text.call(blob)));
    for (const port of forge(new MessageChannel().port1)) names.push(await error(() => MessagePort.prototype.postMessage.call(port, 1)),
      await error(() => new MessageChannel().port1.postMessage(1, [port])));
    for (const signal of forge(new AbortController().signal)) names.push(await error(() => navigator.locks.request('x', { signal }, () => 1)));
    for (const stream of forge(new ReadableStream())) names.push(await error(() => ReadableStream.prototype.getReader.call(stream)));
    [...new Set(names)].sort()
    """

    assert QuickBEAM.eval(rt, code) == {:ok, ["DataCloneError", "TypeError"]}

    # A host object of one runtime is a plain copy in another, and a term only where it came from the host.
    assert {:ok, %{}} = QuickBEAM.eval(rt, "Beam.callSync('echo', Object.create(Beam.self()))")
    assert QuickBEAM.eval(rt, "Beam.callSync('echo', Beam.self())") == {:ok, rt}
  end

  test "a sandboxed realm exhausts neither descriptors nor tables nor threads of the node" do
    rt = start_runtime(sandbox: true, handlers: %{"h" => fn _ -> 1 end})

    {:ok, _} =
      QuickBEAM.eval(rt, "localStorage.length + sessionStorage.length; typeof navigator.locks")

    counts = fn -> %{fds: fds(), tables: length(:ets.all()), threads: threads()} end
    before = counts.()

    code = """
    const tries = [
      () => new WebSocket('ws://127.0.0.1:1'), () => new EventSource('http://127.0.0.1:1'), () => new BroadcastChannel('x'),
      () => new Worker('data:text/javascript,1'), () => Beam.spawn('1'), () => fetch('http://127.0.0.1:1').catch(() => {}),
      () => new MessageChannel(), () => URL.createObjectURL(new Blob(['x'])), () => navigator.locks.request('x', () => new Promise(() => {})).catch(() => {}),
      () => { localStorage['k' + Math.random()] = 'v' }, () => { sessionStorage['k' + Math.random()] = 'v' }, () => Beam.call('h').catch(() => {}),
      () => setTimeout(() => {}, 1e6), () => Beam.password.verify('x', 'y').catch(() => {}),
    ];
    let n = 0;
    for (let round = 0; round < 300; round++) for (const f of tries) try { f(); n++ } catch { n++ }
    n
    """

    assert {:ok, 4200} = QuickBEAM.eval(rt, code, timeout: 60_000)
    later = counts.()
    assert later.fds - before.fds < 40
    assert later.tables - before.tables < 20
    assert later.threads - before.threads < 20
  end

  # Other tests run beside this one; what a realm could take without bound is in the thousands.
  defp fds, do: entries("/proc/self/fd")
  defp threads, do: entries("/proc/self/task")

  # Other systems than Linux do not tell.
  defp entries(directory) do
    case File.ls(directory) do
      {:ok, names} -> length(names)
      {:error, _reason} -> 0
    end
  end
end
