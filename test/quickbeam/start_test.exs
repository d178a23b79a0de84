defmodule QuickBEAM.StartTest do
  use QuickBEAM.Test.PlacementCase, async: true

  alias QuickBEAM.JSError

  test "child specs" do
    assert %{id: QuickBEAM.Runtime, start: {QuickBEAM.Runtime, :start_link, [[]]}} =
             QuickBEAM.child_spec([])

    assert %{id: :a} = QuickBEAM.child_spec(name: :a)
    assert %{id: 1} = QuickBEAM.child_spec(name: :a, id: 1)
    assert %{id: 1} = Supervisor.child_spec({QuickBEAM, id: 1}, [])
  end

  test "names of every kind" do
    start_supervised!({Registry, keys: :unique, name: __MODULE__.Registry})

    for name <- [
          __MODULE__.Local,
          {:global, {__MODULE__, 1}},
          {:via, Registry, {__MODULE__.Registry, "one"}}
        ] do
      rt = start_runtime(name: name)
      assert QuickBEAM.eval(name, "1") == {:ok, 1}
      assert QuickBEAM.eval({__MODULE__.Local, node()}, "1") == {:ok, 1}
      assert start(name: name) == {:error, {:already_started, rt}}
      assert QuickBEAM.send_message(name, 1) == :ok
      assert QuickBEAM.reset(name) == :ok
    end

    for name <- [{:global, {__MODULE__, 1}}, {:via, Registry, {__MODULE__.Registry, "one"}}] do
      assert QuickBEAM.stop(name) == :ok
      assert GenServer.whereis(name) == nil
    end
  end

  test "a name that is no process's exits as a call of a GenServer does" do
    dead = spawn(fn -> :ok end)
    assert_down(dead)

    for {server, function, args} <- [
          {:nobody, :eval, ["1", []]},
          {dead, :eval, ["1", []]},
          {{:global, :nobody}, :eval, ["1", [timeout: 1]]},
          {{:nobody, node()}, :call, ["f", [], []]},
          {self(), :call, ["f", [1], []]},
          {:nobody, :load_module, ["m", ""]},
          {:nobody, :compile, [""]},
          {:nobody, :load_bytecode, [""]},
          {:nobody, :send_message, [1]},
          {dead, :send_message, [1]},
          {:nobody, :globals, [[]]},
          {:nobody, :get_global, ["x"]},
          {:nobody, :set_global, ["x", 1]},
          {:nobody, :info, []},
          {:nobody, :memory_usage, []},
          {:nobody, :stop, []},
          {:nobody, :reset, []},
          {dead, :reset, []},
          {self(), :stop, []},
          {self(), :reset, []},
          {:code_server, :stop, []},
          {:code_server, :reset, []}
        ] do
      args = [server | args]

      assert catch_exit(apply(QuickBEAM, function, args)) ==
               {:noproc, {QuickBEAM, function, args}}
    end

    refute_received _nothing
    assert QuickBEAM.stop(dead) == :ok

    for function <- [:stop, :reset, :info], server <- ["name", 5, {:a, "b"}, {:via, 1, 2}] do
      assert_raise ArgumentError, ~r/a runtime must be a pid or the name of one, got: /, fn ->
        apply(QuickBEAM, function, [server])
      end
    end
  end

  test "an unknown option raises in the caller" do
    assert_raise ArgumentError, ~r/unknown option :nmae/, fn -> start(nmae: :x) end
  end

  @tag :tmp_dir
  test "modules run in strict mode, and what JSON holds is no prototype", %{tmp_dir: dir} do
    write_files(dir, %{
      "alone.js" => "export {}; globalThis.out = (function () { return this === undefined })()",
      "main.js" =>
        "import './part.js'; globalThis.out = (() => { try { free = 1 } catch (e) { return e.name } })()",
      "part.js" => "export {}",
      "json.cjs" =>
        "const d = require('./d.json'); globalThis.out = [d.isAdmin ?? null, Object.keys(d)]",
      "d.json" => ~s({"__proto__": {"isAdmin": true}})
    })

    for {file, expected} <- [
          {"alone.js", true},
          {"main.js", "ReferenceError"},
          {"json.cjs", [nil, ["__proto__"]]}
        ] do
      rt = start_runtime(script: Path.join(dir, file))
      assert {file, QuickBEAM.eval(rt, "out")} == {file, {:ok, expected}}
    end
  end

  test "a define that cannot be is named" do
    date = %{~U[2020-01-01 00:00:00Z] | month: 99}
    assert {:error, %JSError{message: message}} = start(define: %{"fine" => 1, "wrong" => date})
    assert message =~ ~s(define "wrong": )
  end

  test "defines are globals of every kind of term" do
    rt = start_runtime(define: %{"user" => %{name: "Ada"}, :list => [1], "nothing" => nil})
    assert QuickBEAM.eval(rt, "[user.name, list, nothing]") == {:ok, ["Ada", [1], nil]}
    assert QuickBEAM.globals(rt, user_only: true) == {:ok, ["list", "nothing", "user"]}
  end

  @tag :tmp_dir
  test "a script runs before the start returns, with the defines and its imports", %{tmp_dir: dir} do
    write_files(dir, %{
      "main.ts" => """
      import { area } from "./geometry";
      import data from "./data.json";
      const size: number = side * data.scale;
      (globalThis as any).result = area(size);
      """,
      "geometry.ts" => "export const area = (n: number): number => n * n",
      "data.json" => ~s({"scale": 2})
    })

    rt = start_runtime(script: Path.join(dir, "main.ts"), define: %{"side" => 3})
    assert QuickBEAM.get_global(rt, "result") == {:ok, 36}
  end

  @tag :tmp_dir
  test "a module knows its URL", %{tmp_dir: dir} do
    write_files(dir, %{"ünï %.mjs" => "globalThis.url = import.meta.url"})
    path = Path.join(dir, "ünï %.mjs")

    for script <- [path, Path.relative_to_cwd(path)] do
      rt = start_runtime(script: script)
      assert {:ok, "file:///" <> _ = url} = QuickBEAM.get_global(rt, "url")
      assert url |> URI.parse() |> Map.fetch!(:path) |> URI.decode() == Path.expand(path)
      assert {:ok, ^url} = QuickBEAM.eval(rt, "new URL('.', url) + encodeURI('ünï %.mjs')")
    end
  end

  @tag :tmp_dir
  test "top-level functions of a script without imports can be called", %{tmp_dir: dir} do
    write_files(dir, %{"main.tsx" => "function twice(n: number) { return n * 2 }"})
    rt = start_runtime(script: Path.join(dir, "main.tsx"))
    assert QuickBEAM.call(rt, "twice", [4]) == {:ok, 8}
  end

  @tag :tmp_dir
  test "a script may await, and call handlers, of both kinds", %{tmp_dir: dir} do
    write_files(dir, %{
      "main.js" => """
      globalThis.a = await Beam.call("add", 1, 2);
      globalThis.b = Beam.callSync("add", a, 4);
      await new Promise(resolve => setTimeout(resolve, 1));
      globalThis.done = true;
      """
    })

    options = [script: Path.join(dir, "main.js"), handlers: %{"add" => fn [a, b] -> a + b end}]
    rt = start_runtime(options)
    assert QuickBEAM.eval(rt, "[a, b, done]") == {:ok, [3, 7, true]}
  end

  @tag :tmp_dir
  test "start errors do not take the caller with them", %{tmp_dir: dir} do
    write_files(dir, %{
      "throws.js" => "const a = 1;\nnull.x;\n",
      "rejects.js" => "await Promise.reject(new RangeError('late'))",
      "syntax.ts" => "const a: = 1",
      "imports.js" => "import './missing.js'"
    })

    path = &Path.join(dir, &1)

    assert start(script: path.("no.js")) ==
             {:error, {:script_not_found, path.("no.js"), :enoent}}

    assert start(script: dir) == {:error, {:script_not_found, dir, :eisdir}}
    {_, 0} = System.cmd("mkfifo", [path.("pipe.js")])
    assert {:error, %JSError{message: message}} = start(script: path.("pipe.js"))
    assert message =~ "is not a regular file"

    assert {:error, %JSError{name: "TypeError", line: 2, filename: filename}} =
             start(script: path.("throws.js"))

    assert filename =~ "throws.js"
    assert {:error, %JSError{name: "RangeError"}} = start(script: path.("rejects.js"))

    assert {:error, %JSError{name: "SyntaxError", line: 1}} = start(script: path.("syntax.ts"))

    assert {:error, %JSError{message: message}} = start(script: path.("imports.js"))
    assert message =~ "missing.js"

    write_files(dir, %{"endless.js" => "for (;;) {}"})

    assert {:error, %JSError{name: "TimeoutError"}} =
             start(script: path.("endless.js"), timeout: 50)

    refute_received {:EXIT, _, _}
  end

  test "reset gives back the state of a fresh start" do
    rt = start_runtime(define: %{"n" => 1, "box" => %{value: 1}})
    {:ok, fresh} = QuickBEAM.globals(rt)

    damage = [
      "n = 2; box.value = 2; globalThis.leak = 1; let lexical = 1; var v = 1; class K {}",
      "Array.prototype.map = null; Object.prototype.polluted = true; Math.max = () => 7",
      "delete globalThis.JSON; globalThis.Promise = undefined; Object.freeze(globalThis)",
      "Beam.onMessage(() => { throw 1 }); setInterval(() => { leak++ }, 1); null"
    ]

    for code <- damage, do: QuickBEAM.eval(rt, code)
    :ok = QuickBEAM.load_module(rt, "mod", "export default 1")
    assert QuickBEAM.reset(rt) == :ok

    assert QuickBEAM.globals(rt) == {:ok, fresh}

    assert QuickBEAM.eval(rt, """
           [n, box.value, typeof leak, typeof lexical, typeof v, typeof K, [1].map(x => x),
            typeof ({}).polluted, Math.max(1, 2), typeof JSON, Object.isFrozen(globalThis)]
           """) ==
             {:ok,
              [1, 1] ++
                List.duplicate("undefined", 4) ++ [[1], "undefined", 2, "object", false]}

    assert {:error, _} = QuickBEAM.eval(rt, "await import('mod')")
    assert QuickBEAM.eval(rt, "let lexical = 2; lexical") == {:ok, 2}
  end

  @tag :tmp_dir
  test "reset runs the script of the start again", %{tmp_dir: dir} do
    path = Path.join(dir, "main.js")
    File.write!(path, "globalThis.count = Beam.callSync('next')")
    counter = start_supervised!({Agent, fn -> 0 end})
    next = fn [] -> Agent.get_and_update(counter, &{&1, &1 + 1}) end
    rt = start_runtime(script: path, handlers: %{"next" => next})
    assert QuickBEAM.get_global(rt, "count") == {:ok, 0}
    File.write!(path, "throw new Error('changed since')")
    assert QuickBEAM.reset(rt) == :ok
    assert QuickBEAM.get_global(rt, "count") == {:ok, 1}
  end

  @tag :tmp_dir
  test "resets at once, also while the script of one never ends, all get the last one's answer",
       %{tmp_dir: dir} do
    path = Path.join(dir, "main.js")
    File.write!(path, "globalThis.run = Beam.callSync('next'); if (run === 1) for (;;) {}")
    counter = start_supervised!({Agent, fn -> 0 end})
    test = self()

    next = fn [] ->
      run = Agent.get_and_update(counter, &{&1, &1 + 1})
      send(test, {:run, run})
      run
    end

    rt = start_runtime(script: path, handlers: %{"next" => next})
    assert_receive {:run, 0}
    stuck = request(fn -> QuickBEAM.reset(rt) end)
    assert_receive {:run, 1}
    others = for _ <- 1..10, do: request(fn -> QuickBEAM.reset(rt) end)
    for reset <- [stuck | others], do: assert(await_result(reset) == :ok)
    assert {:ok, run} = QuickBEAM.get_global(rt, "run")
    assert run >= 2
  end

  test "a bare engine has the globals that are always there" do
    rt = start_runtime(apis: false)

    names = ~w(Beam setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate
               queueMicrotask console TextEncoder TextDecoder atob btoa structuredClone performance
               crypto globalThis self reportError)

    for name <- names do
      assert {name, QuickBEAM.eval(rt, "typeof #{name} !== 'undefined'")} == {name, {:ok, true}}
    end

    assert {:ok, 16} = QuickBEAM.eval(rt, "crypto.getRandomValues(new Uint8Array(16)).length")
    assert {:ok, true} = QuickBEAM.eval(rt, "performance.now() >= 0")
  end

  test "limits end in errors that name them, and the runtime goes on" do
    rt = start_runtime(memory_limit: 8_000_000)

    assert {:error, error} =
             QuickBEAM.eval(rt, "const a = []; for (;;) a.push('x'.repeat(1e5) + a.length)")

    assert error.message =~ "8000000" or error.message =~ "memory"
    assert_usable(rt)

    rt = start_runtime(max_stack_size: 100_000)
    assert {:error, error} = QuickBEAM.eval(rt, "function f() { return 1 + f() } f()")
    assert error.message =~ "stack"
    assert_usable(rt)

    rt = start_runtime(max_reductions: 1_000_000)
    assert {:error, %{name: "InterruptedError"} = error} = QuickBEAM.eval(rt, "for (;;) {}")
    assert error.message =~ "1000000" or error.message =~ "1,000,000"
    assert_usable(rt)
    code = "compression.compress(new Uint8Array(20_000_000)).length"
    assert {:error, %{name: "InterruptedError"}} = QuickBEAM.eval(rt, code)
    assert_usable(rt)
    # The budget is one op's, not the runtime's.
    for _ <- 1..50,
        do: assert({:ok, _} = QuickBEAM.eval(rt, "for (let i = 0; i < 50000; i++) {}"))
  end

  test "a budget is for all that an eval does until it is answered" do
    handlers = %{"answer" => fn _ -> 1 end}
    rt = start_runtime(max_reductions: 1_000_000, handlers: handlers)

    for wait <- [
          "await new Promise((done) => setTimeout(done, 0))",
          "await Beam.call('answer')",
          "await crypto.subtle.digest('SHA-256', new Uint8Array(9))",
          "await fetch('data:text/plain,hello').then((response) => response.text())",
          "await new Promise((done) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(1) })",
          "await new Promise((done) => AbortSignal.timeout(1).addEventListener('abort', done))",
          "await new Response(new Blob(['x'])).text()",
          "await navigator.locks.request('job', async () => {})"
        ] do
      code =
        "for (let i = 0; i < 50; i++) { #{wait}; globalThis.laps = i; for (let j = 0; j < 200000; j++); }"

      assert {^wait, {:error, %{name: "InterruptedError"} = error}} =
               {wait, QuickBEAM.eval(rt, code)}

      assert error.message == "the eval used up max_reductions: 1000000 steps"
      assert {:ok, laps} = QuickBEAM.eval(rt, "laps")
      assert laps < 5
    end

    # What goes on after the answer has a budget for each callback.
    assert {:ok, 1} =
             QuickBEAM.eval(rt, """
             globalThis.laps = 0;
             const id = setInterval(() => {
               for (let j = 0; j < 200000; j++);
               if (++laps === 20) clearInterval(id);
             }, 0);
             1
             """)

    assert {:ok, 20} =
             QuickBEAM.eval(
               rt,
               "while (laps < 20) await new Promise((done) => setTimeout(done, 1)); laps"
             )
  end

  test "an eval that waits and times out ends nothing of another one" do
    test = self()

    answer = fn [name] ->
      send(test, {name, self()})
      receive(do: (:answer -> name))
    end

    rt = start_runtime(handlers: %{"answer" => answer})

    code = "await Beam.call('answer', 'go'); Beam.callSync('answer', 'hold')"
    other = request(fn -> QuickBEAM.eval(rt, code) end)
    assert_receive {"go", go}, 5_000
    code = "await Beam.call('answer', 'never')"
    waiting = request(fn -> QuickBEAM.eval(rt, code, timeout: 200) end)
    assert_receive {"never", _never}, 5_000
    send(go, :answer)
    assert_receive {"hold", hold}, 5_000
    assert {:error, %{name: "TimeoutError"}} = await_result(waiting)
    send(hold, :answer)
    assert await_result(other) == {:ok, "hold"}
  end

  test "what waits for a callback that used up its budget is told, and locks are free again" do
    rt = start_runtime(max_reductions: 100_000)

    for code <- [
          "await navigator.locks.request('job', () => { for (;;) {} })",
          "await navigator.locks.request('job', { mode: 'shared' }, async () => { await null; for (;;) {} })",
          "await navigator.locks.request('job', { ifAvailable: true }, () => { for (;;) {} })",
          "await new Promise((done) => AbortSignal.timeout(1).addEventListener('abort', () => { while (globalThis) {} done() }))",
          """
          await new ReadableStream({ async pull(c) { await Beam.sleep(1); c.enqueue(1) } })
            .pipeTo(new WritableStream({ write() { while (globalThis) {} } }))
          """
        ] do
      assert {^code, {:error, %{name: "InterruptedError"}}} = {code, QuickBEAM.eval(rt, code)}
      assert QuickBEAM.eval(rt, "(await navigator.locks.query()).held.length") == {:ok, 0}
    end
  end

  test "a sandbox has limits, and no grants" do
    rt = start_runtime(sandbox: true, timeout: 100, handlers: %{"h" => fn _ -> 1 end})
    assert {:error, %{name: "TimeoutError"}} = QuickBEAM.eval(rt, "for (;;) {}")
    assert {:error, %{name: "TimeoutError"}} = QuickBEAM.eval(rt, "await new Promise(() => {})")
    rt = start_runtime(sandbox: true, timeout: 60_000, handlers: %{"h" => fn _ -> 1 end})

    assert {:error, %{name: "NotAllowedError", message: message}} =
             QuickBEAM.eval(rt, "await Beam.call('h')")

    assert message =~ ~s({:handlers, ["h"]})
    assert {:error, %{name: "NotAllowedError"}} = QuickBEAM.eval(rt, "Beam.callSync('h')")
    assert_usable(rt)
  end

  test "grants name the handlers that may be called" do
    handlers = %{"yes" => fn _ -> 1 end, "no" => fn _ -> 1 end}
    rt = start_runtime(handlers: handlers, allow: [{:handlers, ["yes"]}])
    assert QuickBEAM.eval(rt, "await Beam.call('yes')") == {:ok, 1}
    assert {:error, %{name: "NotAllowedError"}} = QuickBEAM.eval(rt, "await Beam.call('no')")
  end

  test "messages need the grant of processes" do
    code = "Beam.send(pid, 'hello')"
    rt = start_runtime()
    assert {:ok, _} = QuickBEAM.eval(rt, code, vars: %{pid: self()})
    assert_receive "hello"

    rt = start_runtime(allow: [:handlers])

    assert {:error, %{name: "NotAllowedError", message: message}} =
             QuickBEAM.eval(rt, code, vars: %{pid: self()})

    assert message =~ "processes"
    refute_received "hello"
  end
end
