defmodule QuickBEAM.WorkerTest do
  @moduledoc "Workers, and what they share with their parents: messages, blobs, locks."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError
  alias QuickBEAM.Owner.Census

  @moduletag :capture_log

  defp worker(source), do: "data:text/javascript;base64," <> Base.encode64(source)

  # Runs `code` with a worker `w` of `source`.
  defp with_worker(rt, source, code) do
    code = "{ const w = new Worker(url, { name: 'one' }); #{code} }"
    QuickBEAM.eval(rt, code, vars: %{url: worker(source)}, timeout: 10_000)
  end

  test "messages both ways, in order" do
    rt = start_runtime()

    code = """
    const seen = [];
    const done = new Promise(resolve => { w.onmessage = e => { seen.push(e.data); if (seen.length === 200) resolve() } });
    for (let n = 0; n < 200; n++) w.postMessage(n);
    await done;
    w.terminate();
    seen
    """

    source = "onmessage = (event) => postMessage(event.data * 2)"
    assert with_worker(rt, source, code) == {:ok, Enum.map(0..199, &(&1 * 2))}
  end

  test "a worker knows its name, and its scope" do
    rt = start_runtime()
    code = "(await new Promise(resolve => { w.onmessage = resolve })).data"

    source = """
    addEventListener('message', () => {});
    postMessage([name, self === globalThis, typeof close, typeof importScripts, onmessage, typeof Worker])
    """

    assert with_worker(rt, source, code) ==
             {:ok, ["one", true, "function", "function", nil, "function"]}
  end

  describe "importScripts" do
    @caught "const caught = f => { try { return f() } catch (e) { return [e.name, e instanceof DOMException, e.message] } };"
    @hear "(await new Promise((resolve, reject) => { w.onmessage = resolve; w.onerror = reject })).data"

    defp imported(rt, url, type \\ "classic") do
      code = "{ const w = new Worker(url, { type }); #{@hear} }"
      QuickBEAM.eval(rt, code, vars: %{url: url, type: type}, timeout: 10_000)
    end

    @tag :tmp_dir
    test "runs files beside the worker's own, one after the other, before it returns", %{
      tmp_dir: dir
    } do
      write_files(dir, %{
        "main.js" => """
        const seen = [importScripts()];
        importScripts('lib/one.js', './lib/two.ts');
        seen.push(one, two(20), typeof helper, this.shared);
        postMessage(seen);
        """,
        "lib/one.js" => "const one = 1; var shared = []; function helper() {} shared.push('one')",
        "lib/two.ts" =>
          "const two = (n: number): number => n + one; shared.push('two'); importScripts('lib/three.js')",
        "lib/three.js" => "shared.push('three'); const later = async () => await 1"
      })

      for rt <- [start_runtime(), start_runtime(allow: [:spawn, {:read, [dir]}])] do
        assert {:ok, [nil, 1, 21, "function", ["one", "two", "three"]]} ==
                 imported(rt, Path.join(dir, "main.js"))
      end
    end

    @tag :tmp_dir
    test "takes absolute paths and URLs of every kind", %{tmp_dir: dir} do
      write_files(dir, %{"a b.js" => "var a = 'file'", "c.js" => "var c = 'path'"})

      source = """
      const blob = URL.createObjectURL(new Blob(['const n: string = "blob"; var b = n'], { type: 'text/typescript' }));
      importScripts(#{inspect("file://" <> URI.encode(Path.join(dir, "a b.js")))}, #{inspect(Path.join(dir, "c.js"))}, blob,
        'data:text/javascript,var d = "data"', 'data:;base64,dmFyIGUgPSAiYmFzZSI=', 'data:text/typescript,var f: string = "typed"');
      postMessage([a, b, c, d, e, f]);
      """

      assert imported(start_runtime(), worker(source)) ==
               {:ok, ["file", "blob", "path", "data", "base", "typed"]}
    end

    test "takes blob: URLs of the parent and of its other workers" do
      rt = start_runtime()

      code = """
      const url = text => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const hear = w => new Promise((resolve, reject) => { w.onmessage = e => resolve(e.data); w.onerror = reject });
      const before = url('var a = "before"');
      const maker = new Worker(url('postMessage(URL.createObjectURL(new Blob(["var c = `sibling`"])))'));
      const sibling = await hear(maker);
      const w = new Worker(url(`onmessage = async ({ data }) => {
        importScripts(...data);
        const text = await (await fetch(data[0])).text();
        const error = url => { try { importScripts(url) } catch (e) { return e.name } };
        postMessage([a, b, c, text, error(data[0] + '1')]);
        onmessage = ({ data }) => postMessage(error(data));
      }`));
      const after = url('var b = "after"');
      w.postMessage([before, after + '#part', sibling]);
      const seen = [await hear(w)];
      URL.revokeObjectURL(before);
      w.postMessage(before);
      seen.push(await hear(w));
      seen
      """

      assert QuickBEAM.eval(rt, code, timeout: 10_000) ==
               {:ok,
                [
                  ["before", "after", "sibling", ~s(var a = "before"), "NetworkError"],
                  "NetworkError"
                ]}

      # What a runtime's workers share is none of another's.
      {:ok, url} = QuickBEAM.eval(rt, "url('1')")
      source = "try { importScripts(#{inspect(url)}) } catch (e) { postMessage(e.name) }"
      assert imported(start_runtime(), worker(source)) == {:ok, "NetworkError"}
    end

    test "finds no blob: URL that another of the same runtime has revoked" do
      rt = start_runtime()

      code = """
      const url = text => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
      const hear = w => new Promise((resolve, reject) => { w.onmessage = e => resolve(e.data); w.onerror = reject });
      const found = u => fetch(u).then(r => r.text(), e => e.name);
      const w = new Worker(url(`
        const mine = URL.createObjectURL(new Blob(['worker']));
        postMessage(mine);
        onmessage = async ({ data }) => {
          if (data.revoke) URL.revokeObjectURL(data.revoke);
          postMessage(await fetch(data.url ?? mine).then(r => r.text(), e => e.name));
        }`));
      const theirs = await hear(w);
      const [mine, other] = [url('mine'), url('other')];
      const ask = question => (w.postMessage(question), hear(w));
      const seen = [await ask({ url: mine }), await ask({ url: mine, revoke: mine + '#part' }), await found(mine)];
      seen.push(await ask({ url: mine, revoke: mine }), await found(mine), await found(other));
      URL.revokeObjectURL(theirs);
      seen.push(await found(theirs), await ask({}));
      globalThis.other = other;
      seen
      """

      assert QuickBEAM.eval(rt, code, timeout: 10_000) ==
               {:ok, ~w(mine mine mine TypeError TypeError other TypeError TypeError)}

      {:ok, other} = QuickBEAM.eval(rt, "other")
      stranger = start_runtime()
      source = "URL.revokeObjectURL(#{inspect(other)}); postMessage('revoked')"
      assert imported(stranger, worker(source)) == {:ok, "revoked"}
      assert QuickBEAM.eval(rt, "found(other)") == {:ok, "other"}
    end

    @tag :tmp_dir
    test "fails as the standard says, and the worker goes on", %{tmp_dir: dir} do
      write_files(dir, %{
        "module.js" => "export const a = 1",
        "throws.js" => "\nthrow new RangeError('mine')",
        "wrong.js" => "let = 1 +"
      })

      source = """
      #{@caught}
      const dir = #{inspect(dir)};
      const at = 'throws.js:2';
      postMessage(['relative.js', dir + '/none.js', 'blob:null/none', 'data:none', 'http://localhost/a.js', dir + '/module.js', dir + '/wrong.js',
        { toString() { throw new EvalError('text') } }]
        .map(url => caught(() => importScripts(url)).slice(0, 2))
        .concat([caught(() => importScripts('data:,var before = 1', dir + '/throws.js', 'data:,var after = 1'))[2], typeof before, typeof after]));
      """

      assert imported(start_runtime(), worker(source)) ==
               {:ok,
                [
                  ["SyntaxError", true],
                  ["NetworkError", true],
                  ["NetworkError", true],
                  ["NetworkError", true],
                  ["NetworkError", true],
                  ["SyntaxError", false],
                  ["SyntaxError", false],
                  ["EvalError", false],
                  "mine",
                  "number",
                  "undefined"
                ]}

      source = "#{@caught} postMessage(caught(() => importScripts('data:,1')).slice(0, 2))"
      assert imported(start_runtime(), worker(source), "module") == {:ok, ["TypeError", false]}
    end

    @tag :tmp_dir
    test "needs the same grants as the worker's own script", %{tmp_dir: dir} do
      write_files(dir, %{
        "in/main.js" =>
          "#{@caught} postMessage(caught(() => importScripts('../secret.js'))?.[0] ?? secret)",
        "secret.js" => "var secret = 1"
      })

      rt = start_runtime(allow: [:spawn, {:read, [Path.join(dir, "in")]}])
      assert imported(rt, Path.join(dir, "in/main.js")) == {:ok, "NotAllowedError"}
      assert imported(start_runtime(), Path.join(dir, "in/main.js")) == {:ok, 1}

      rt = start_runtime(allow: [:spawn])
      source = "importScripts('data:,var n = 3'); postMessage(n)"
      assert imported(rt, worker(source)) == {:ok, 3}
    end
  end

  test "buffers and ports are transferred" do
    rt = start_runtime()

    source = """
    onmessage = ({ data: { buffer, port } }) => {
      port.postMessage(buffer.byteLength);
      port.onmessage = ({ data }) => port.postMessage(data + '!');
    }
    """

    code = """
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(7);
    w.postMessage({ buffer, port: port2 }, [buffer, port2]);
    const got = [buffer.detached];
    await new Promise(resolve => {
      port1.onmessage = ({ data }) => { got.push(data); if (got.length === 3) resolve(); else port1.postMessage('hi') };
    });
    got
    """

    assert with_worker(rt, source, code) == {:ok, [true, 7, "hi!"]}
  end

  test "errors reach onerror of the parent" do
    rt = start_runtime()

    error =
      "await new Promise(resolve => { w.onerror = e => { e.preventDefault(); resolve([e.type, e.message, e.lineno]) } })"

    for {source, message} <- [
          {"throw new TypeError('start')", "Uncaught TypeError: start"},
          {"let = ;", "SyntaxError"},
          {"setTimeout(() => { throw new RangeError('later') }, 1)",
           "Uncaught RangeError: later"},
          {"onmessage = () => { throw new Error('on message') }", "Uncaught Error: on message"}
        ] do
      assert {:ok, ["error", text, line]} = with_worker(rt, source, "w.postMessage(1); #{error}")
      assert text =~ message
      assert line == 1
      assert_usable(rt)
    end

    assert {:ok, ["error", text, 0]} =
             QuickBEAM.eval(rt, "{ const w = new Worker('/no/such/file.js'); #{error} }")

    assert text =~ "/no/such/file.js"
  end

  test "terminate ends a worker at once, close after what runs" do
    rt = start_runtime()

    code =
      "await new Promise(resolve => { w.onmessage = resolve }); w.terminate(); w.terminate(); w.postMessage(1); 1"

    assert with_worker(rt, "postMessage(1); for (;;) {}", code) == {:ok, 1}

    code = """
    const seen = [];
    w.onmessage = ({ data }) => seen.push(data);
    while (!seen.includes('closing')) await Beam.sleep(1);
    seen
    """

    assert with_worker(rt, "postMessage('a'); close(); close(); postMessage('closing')", code) ==
             {:ok, ["a", "closing"]}
  end

  test "a worker reads blobs at once" do
    rt = start_runtime()
    code = "(await new Promise(resolve => { w.onmessage = resolve })).data"

    source = """
    const reader = new FileReaderSync();
    const blob = new Blob(['h\u00e9'], { type: 'text/plain' });
    const wrong = (blob) => { try { reader.readAsText(blob) } catch (e) { return e.name } };
    postMessage([
      reader.readAsText(blob), reader.readAsText(blob, 'latin1'), reader.readAsBinaryString(blob), reader.readAsDataURL(blob),
      reader.readAsArrayBuffer(blob).byteLength, wrong('x'), wrong(Object.create(Blob.prototype))
    ])
    """

    assert with_worker(rt, source, code) ==
             {:ok,
              ["h\u00e9", "h\u00c3\u00a9", "h\u00c3\u00a9", "data:text/plain;base64,aMOp"] ++
                [3, "TypeError", "TypeError"]}

    assert QuickBEAM.eval(rt, "typeof FileReaderSync") == {:ok, "undefined"}
  end

  test "a worker that closes hears nothing more, and its channels say nothing" do
    rt = start_runtime()

    source = """
    const { port1, port2 } = new MessageChannel();
    const channel = new BroadcastChannel(name);
    port2.onmessage = channel.onmessage = () => postMessage('heard');
    channel.postMessage('before');
    close();
    port1.postMessage(1);
    channel.postMessage('after');
    new BroadcastChannel(name).postMessage('after');
    postMessage('last');
    """

    code = """
    const seen = [];
    const channel = new BroadcastChannel('one');
    channel.onmessage = ({ data }) => { seen.push(data); channel.postMessage('back') };
    const w = new Worker(url, { name: 'one' });
    w.onmessage = ({ data }) => seen.push(data);
    while (!seen.includes('last')) await Beam.sleep(1);
    await Beam.sleep(1);
    channel.close();
    seen.sort()
    """

    assert QuickBEAM.eval(rt, "{ #{code} }", vars: %{url: worker(source)}, timeout: 10_000) ==
             {:ok, ["before", "last"]}
  end

  test "workers run where their parent does, and end with it" do
    rt = start_runtime()
    code = "await new Promise(resolve => { w.onmessage = e => resolve(1) })"
    url = worker("addEventListener('message', ({ data }) => postMessage(data)); postMessage(0)")
    {:links, before} = Process.info(rt, :links)
    {:ok, 1} = QuickBEAM.eval(rt, "globalThis.w = new Worker(url); #{code}", vars: %{url: url})
    {:links, links} = Process.info(rt, :links)
    assert [child] = for(pid <- links -- before, is_pid(pid), do: pid)
    pools = Map.new(Census.all(), &{&1.owner, &1.pool})
    pool = QuickBEAM.Test.PlacementCase.current_pool()
    assert {pools[child], pools[rt]} == {pool && Process.whereis(pool), pools[child]}
    monitor = Process.monitor(child)
    Process.exit(rt, :kill)
    assert_receive {:DOWN, ^monitor, :process, ^child, _reason}, 5_000
  end

  test "a worker needs the grant, and gets no more than its parent has" do
    rt = start_runtime(allow: [])

    for code <- ["new Worker(url)", "new BroadcastChannel('x')", "Beam.spawn('1')"] do
      assert {:error, %JSError{name: "NotAllowedError", message: message}} =
               QuickBEAM.eval(rt, code, vars: %{url: worker("1")})

      assert message =~ "needs the grant"
    end

    rt =
      start_runtime(
        allow: [:spawn, {:handlers, ["a"]}],
        handlers: %{"a" => fn [] -> 1 end, "b" => fn [] -> 2 end}
      )

    source = """
    const results = [];
    for (const f of [() => Beam.callSync('a'), () => Beam.callSync('b'), () => Beam.nodes(), () => Beam.send(Beam.self(), 1)])
      try { results.push(f()) } catch (e) { results.push(e.name) }
    postMessage([results, Beam.grants()])
    """

    code = "(await new Promise(resolve => { w.onmessage = resolve })).data"

    assert with_worker(rt, source, code) ==
             {:ok,
              [
                [1, "NotAllowedError", "NotAllowedError", "NotAllowedError"],
                %{"spawn" => true, "handlers" => ["a"]}
              ]}

    assert {:error, %JSError{name: "NotAllowedError"}} =
             QuickBEAM.eval(rt, "new Worker('/etc/passwd.js')")
  end

  @tag :tmp_dir
  test "workers from files, of both types", %{tmp_dir: dir} do
    write_files(dir, %{
      "classic.js" => "var a = 1; postMessage(typeof globalThis.a)",
      "module.ts" => "import { n } from './n'; postMessage(n as number)",
      "n.ts" => "export const n: number = 5"
    })

    rt = start_runtime()

    for {file, type, expected} <- [
          {"classic.js", "classic", "number"},
          {"classic.js", "module", "undefined"},
          {"module.ts", "module", 5}
        ] do
      code =
        "(await new Promise(resolve => { new Worker(url, { type }).onmessage = resolve })).data"

      vars = %{url: Path.join(dir, file), type: type}
      assert QuickBEAM.eval(rt, code, vars: vars, timeout: 10_000) == {:ok, expected}
    end
  end

  test "workers from blob: URLs, of both types" do
    rt = start_runtime()

    hear =
      "(await new Promise((resolve, reject) => { w.onmessage = resolve; w.onerror = reject })).data"

    for {source, type, expected} <- [
          {"var a = 1; postMessage([typeof globalThis.a, this === globalThis])", "classic",
           ["number", true]},
          {"var a = 1; postMessage([typeof globalThis.a, this === undefined])", "module",
           ["undefined", true]},
          {"postMessage(await Promise.resolve('caf\u00e9'))", "module", "caf\u00e9"},
          {"export const n = 2; postMessage([n, import.meta.url.startsWith('blob:')])", "module",
           [2, true]},
          {"const n: number = 1; postMessage(n)", "typescript", 1}
        ] do
      code = """
      const mime = type === 'typescript' ? 'text/typescript' : 'text/javascript';
      const url = URL.createObjectURL(new Blob(['\ufeff', source], { type: mime }));
      const w = new Worker(url, { type: type === 'typescript' ? 'classic' : type });
      URL.revokeObjectURL(url);
      #{hear}
      """

      vars = %{source: source, type: type}
      assert QuickBEAM.eval(rt, "{ #{code} }", vars: vars, timeout: 10_000) == {:ok, expected}
    end

    for code <- [
          "new Worker('blob:null/00000000-0000-4000-8000-000000000000')",
          "const url = URL.createObjectURL(new Blob(['1'])); URL.revokeObjectURL(url); new Worker(url)"
        ] do
      assert {:error, %JSError{name: "NotFoundError"}} = QuickBEAM.eval(rt, "{ #{code} }")
    end

    # Another runtime's URL is none here.
    {:ok, url} = QuickBEAM.eval(rt, "URL.createObjectURL(new Blob(['postMessage(1)']))")

    assert {:error, %JSError{name: "NotFoundError"}} =
             QuickBEAM.eval(start_runtime(), "new Worker(url)", vars: %{url: url})

    error =
      "await new Promise(resolve => { w.onerror = e => { e.preventDefault(); resolve([e.message, e.filename === url, e.lineno]) } })"

    assert QuickBEAM.eval(
             rt,
             "{ const url = URL.createObjectURL(new Blob(['\\n\\nthrow new RangeError(1)'])); const w = new Worker(url); #{error} }"
           ) ==
             {:ok, ["Uncaught RangeError: 1", true, 3]}
  end

  test "blobs, files and keys are sent to workers and through ports" do
    rt = start_runtime()

    source = """
    onmessage = async ({ data: { blob, file, key, text, port } }) => {
      const results = [blob instanceof Blob, blob.type, await blob.text(), file instanceof File, file.name, file.lastModified, file.size,
        text === 'a\\ud800'];
      let exported = 'exported';
      try { await crypto.subtle.exportKey('raw', key) } catch (e) { exported = e.name }
      const mac = await crypto.subtle.sign('HMAC', key, new Uint8Array([1, 2]));
      port.postMessage({ results: [...results, key instanceof CryptoKey, key.extractable, exported], mac, back: new File([blob, '!'], 'back') });
    }
    """

    code = """
    const { port1, port2 } = new MessageChannel();
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    const blob = new Blob(['xxhello'], { type: 'text/plain' }).slice(2, 7, 'text/x');
    const file = new File(['abc'], 'n.txt', { lastModified: 5 });
    const heard = new Promise(resolve => { port1.onmessage = resolve });
    w.postMessage({ blob, file, key, text: 'a\\ud800', port: port2 }, [port2]);
    const { data: { results, mac, back } } = await heard;
    [...results, await crypto.subtle.verify('HMAC', key, mac, new Uint8Array([1, 2])), back.name, await back.text()]
    """

    assert with_worker(rt, source, code) ==
             {:ok,
              [true, "text/x", "hello", true, "n.txt", 5, 3, true, true, false] ++
                ["InvalidAccessError", true, "back", "hello!"]}

    for forged <- [
          "Object.create(Blob.prototype)",
          "Object.create(File.prototype)",
          "Object.create(CryptoKey.prototype)"
        ] do
      code =
        "try { new MessageChannel().port1.postMessage(#{forged}) } catch (e) { e instanceof TypeError || e.name }"

      assert QuickBEAM.eval(rt, code) == {:ok, true}
    end
  end

  describe "locks" do
    @lock """
    addEventListener('message', async ({ data }) => {
      if (data === 'query') return postMessage((await navigator.locks.query()).held.map(l => l.name));
      navigator.locks.request(data, () => { postMessage('held'); return new Promise(() => {}) }).catch(e => postMessage(e.name));
    });
    """

    @hear "const next = () => new Promise(resolve => { w.onmessage = e => resolve(e.data) });"

    test "are shared by a runtime and its workers, and go with them" do
      rt = start_runtime()

      code = """
      #{@hear}
      w.postMessage('a');
      const seen = [await next()];
      seen.push(await navigator.locks.request('a', { ifAvailable: true }, lock => lock));
      const waits = navigator.locks.request('a', lock => lock.name);
      const query = await navigator.locks.query();
      seen.push(query.held.length, query.pending.length, query.held[0].clientId !== query.pending[0].clientId);
      w.terminate();
      seen.push(await waits);
      seen
      """

      assert with_worker(rt, @lock, code) == {:ok, ["held", nil, 1, 1, true, "a"]}
    end

    test "can be stolen from another realm" do
      rt = start_runtime()

      code = """
      #{@hear}
      w.postMessage('b');
      const seen = [await next()];
      const told = next();
      seen.push(await navigator.locks.request('b', { steal: true }, lock => lock.name), await told);
      w.postMessage('query');
      seen.push(await next());
      w.terminate();
      seen
      """

      assert with_worker(rt, @lock, code) == {:ok, ["held", "b", "AbortError", []]}
    end

    test "of runtimes are their own, unless they share storage" do
      name = "locks-#{System.unique_integer([:positive])}"

      take =
        "await new Promise(held => { navigator.locks.request('c', () => { held(1); return new Promise(() => {}) }) })"

      try_it = "await navigator.locks.request('c', { ifAvailable: true }, lock => lock !== null)"
      [a, b] = [start_runtime(), start_runtime()]
      {:ok, 1} = QuickBEAM.eval(a, take)
      assert QuickBEAM.eval(b, try_it) == {:ok, true}

      [a, b] = [start_runtime(storage: name), start_runtime(storage: name)]
      {:ok, 1} = QuickBEAM.eval(a, take)
      assert QuickBEAM.eval(b, try_it) == {:ok, false}

      {:ok, nil} =
        QuickBEAM.eval(
          b,
          "globalThis.waits = navigator.locks.request('c', () => 'granted'); null"
        )

      :ok = QuickBEAM.reset(a)
      assert QuickBEAM.eval(b, "await waits", timeout: 10_000) == {:ok, "granted"}
    end
  end
end
