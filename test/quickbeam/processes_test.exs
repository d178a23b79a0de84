defmodule QuickBEAM.ProcessesTest do
  @moduledoc "Monitors, links, names and children of JavaScript."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError

  @moduletag :capture_log

  defp idle, do: spawn(fn -> Process.sleep(:infinity) end)
  defp unique, do: "name-#{System.unique_integer([:positive])}"

  describe "monitors" do
    # The exit of a process, and the reason that JavaScript gets.
    @reasons [
      {:kill, "Symbol(killed)"},
      {:boom, "Symbol(boom)"},
      {"text", "text"},
      {{:shutdown, 5}, "Symbol(shutdown),5"}
    ]

    test "tell the reason, once" do
      rt = start_runtime()

      for {reason, shown} <- @reasons do
        pid = idle()

        code = """
        globalThis.seen = [];
        globalThis.down = new Promise(resolve => {
          globalThis.ref = Beam.monitor(pid, reason => { seen.push([reason].flat().map(String).join()); resolve() });
        });
        Beam.monitor(pid, () => {});
        null
        """

        {:ok, nil} = QuickBEAM.eval(rt, code, vars: %{pid: pid})
        Process.exit(pid, reason)
        assert QuickBEAM.eval(rt, "await down; seen") == {:ok, [shown]}
      end
    end

    test "of a process that is dead" do
      rt = start_runtime()
      pid = idle()
      Process.exit(pid, :kill)
      assert_down(pid)
      code = "await new Promise(resolve => Beam.monitor(pid, resolve)).then(String)"
      assert QuickBEAM.eval(rt, code, vars: %{pid: pid}) == {:ok, "Symbol(noproc)"}
    end

    test "that are taken back tell nothing" do
      rt = start_runtime()
      pid = idle()

      code = """
      globalThis.seen = [];
      const ref = Beam.monitor(pid, () => seen.push('no'));
      Beam.demonitor(ref);
      Beam.demonitor(ref);
      Beam.demonitor({});
      globalThis.down = new Promise(resolve => Beam.monitor(pid, resolve));
      null
      """

      {:ok, nil} = QuickBEAM.eval(rt, code, vars: %{pid: pid})
      Process.exit(pid, :kill)
      assert QuickBEAM.eval(rt, "await down; seen") == {:ok, []}
    end

    test "with a callback that throws, and a reason that JavaScript cannot hold" do
      rt = start_runtime()
      pid = idle()

      code = """
      Beam.monitor(pid, () => { throw new Error('mine') });
      globalThis.down = new Promise(resolve => Beam.monitor(pid, resolve));
      null
      """

      {:ok, nil} = QuickBEAM.eval(rt, code, vars: %{pid: pid})
      Process.exit(pid, [:improper | :list])
      assert QuickBEAM.eval(rt, "(await down) instanceof Error") == {:ok, true}
      assert_usable(rt)
    end
  end

  describe "links" do
    test "end the runtime with the process" do
      for {reason, expected} <- [boom: :boom, kill: :killed] do
        rt = start_runtime()
        pid = idle()
        {:ok, true} = QuickBEAM.eval(rt, "Beam.link(pid)", vars: %{pid: pid})
        monitor = Process.monitor(rt)
        # The VM may hold a monitor back until the next signal to the same process.
        assert Process.alive?(rt)
        Process.exit(pid, reason)
        assert_receive {:DOWN, ^monitor, :process, ^rt, ^expected}
      end
    end

    test "to a dead process end the runtime, a normal exit does not" do
      rt = start_runtime()
      pid = spawn(fn -> receive do: (:go -> :ok) end)
      {:ok, true} = QuickBEAM.eval(rt, "Beam.link(pid)", vars: %{pid: pid})
      send(pid, :go)
      assert_down(pid)
      assert_usable(rt)
      monitor = Process.monitor(rt)
      QuickBEAM.eval(rt, "Beam.link(pid)", vars: %{pid: pid})
      assert_receive {:DOWN, ^monitor, :process, ^rt, :noproc}
    end

    test "can be taken back, but only those of JavaScript" do
      rt = start_runtime()
      pid = idle()
      code = "Beam.link(pid) && Beam.unlink(pid) && Beam.unlink(pid)"
      {:ok, true} = QuickBEAM.eval(rt, code, vars: %{pid: pid})
      Process.exit(pid, :boom)
      assert_down(pid)
      assert_usable(rt)

      {:links, before} = Process.info(rt, :links)

      for link <- before,
          is_pid(link),
          do: QuickBEAM.eval(rt, "Beam.unlink(pid)", vars: %{pid: link})

      assert Process.info(rt, :links) == {:links, before}
    end
  end

  describe "names" do
    test "are found, taken, given back, and go with the runtime" do
      [a, b] = [start_runtime(), start_runtime()]
      name = unique()
      vars = [vars: %{name: name}]
      assert QuickBEAM.eval(a, "Beam.register(name)", vars) == {:ok, true}
      assert QuickBEAM.eval(a, "Beam.register(name)", vars) == {:ok, true}
      assert QuickBEAM.eval(b, "Beam.whereis(name)", vars) == {:ok, a}

      assert {:error, %JSError{name: "InvalidStateError", message: message}} =
               QuickBEAM.eval(b, "Beam.register(name)", vars)

      assert message =~ name
      assert QuickBEAM.eval(b, "Beam.unregister(name)", vars) == {:ok, false}
      via = {:via, Registry, {QuickBEAM.Registry, name}}
      assert QuickBEAM.eval(via, "6 * 7") == {:ok, 42}
      assert QuickBEAM.eval(a, "Beam.unregister(name)", vars) == {:ok, true}
      assert QuickBEAM.eval(b, "Beam.whereis(name)", vars) == {:ok, nil}
      assert QuickBEAM.eval(b, "Beam.register(name)", vars) == {:ok, true}
      QuickBEAM.stop(b)
      assert_down(b)
      # The registry learns of it by a message of its own.
      :sys.get_state(QuickBEAM.Registry.PIDPartition0)
      assert QuickBEAM.eval(a, "Beam.register(name)", vars) == {:ok, true}
    end

    test "make no atoms, and are bounded" do
      rt = start_runtime()
      unique = unique()
      {:ok, true} = QuickBEAM.eval(rt, "Beam.register(name + '!')", vars: %{name: unique})
      assert_raise ArgumentError, fn -> String.to_existing_atom(unique <> "!") end

      code = "for (let i = 0; i < 2000; i++) Beam.register(name + i)"

      assert {:error, %JSError{name: "RangeError"}} =
               QuickBEAM.eval(rt, code, vars: %{name: unique})

      assert_usable(rt)
    end

    test "that are taken while a reset is under way go with it" do
      rt = start_runtime()
      vars = [vars: %{name: unique()}]
      # The owner gets the reset first, then what the old realm asks for.
      :sys.suspend(rt)
      reset = request(fn -> QuickBEAM.reset(rt) end)
      await_messages(rt, 1)
      register = request(fn -> QuickBEAM.eval(rt, "Beam.register(name)", vars) end)
      await_messages(rt, 2)
      :sys.resume(rt)
      assert await_result(reset) == :ok
      await_result(register)
      assert QuickBEAM.eval(rt, "Beam.whereis(name)", vars) == {:ok, nil}
    end

    defp await_messages(pid, count) do
      case Process.info(pid, :message_queue_len) do
        {:message_queue_len, ^count} -> :ok
        _fewer -> :erlang.yield() && await_messages(pid, count)
      end
    end

    test "go with a reset" do
      rt = start_runtime()
      vars = [vars: %{name: unique()}]
      {:ok, true} = QuickBEAM.eval(rt, "Beam.register(name)", vars)
      :ok = QuickBEAM.reset(rt)
      assert QuickBEAM.eval(rt, "Beam.whereis(name)", vars) == {:ok, nil}
    end
  end

  describe "children" do
    test "run their script and take messages" do
      rt = start_runtime()

      code = """
      globalThis.answer = new Promise(resolve => Beam.onMessage(resolve));
      const child = Beam.spawn(`
        Beam.onMessage(({ from, n }) => Beam.send(from, n * 2));
      `);
      Beam.send(child, { from: Beam.self(), n: 21 });
      await answer
      """

      assert QuickBEAM.eval(rt, code) == {:ok, 42}
    end

    test "are TypeScript, modules and files, too" do
      rt = start_runtime()

      for script <- [
            "const n: number = 1; Beam.send(parent, n)",
            "export const n = 1; Beam.send(Beam.whereis('x') ?? parent, n)"
          ] do
        code = """
        await new Promise(resolve => {
          Beam.onMessage(resolve);
          Beam.spawn(script, { define: { parent: Beam.self() } });
        })
        """

        assert QuickBEAM.eval(rt, code, vars: %{script: script}) == {:ok, 1}
      end
    end

    test "may be at data: and blob: URLs" do
      rt = start_runtime()

      code = """
      const start = (url) => new Promise(resolve => {
        const off = Beam.onMessage((message) => { off(); resolve(message) });
        Beam.spawn(url, { define: { parent: Beam.self() } });
      });
      const typed = new Blob(["const n: number = 3; Beam.send(parent, n)"], { type: "text/typescript" });
      [
        await start("data:text/javascript,Beam.send(parent,%201)"),
        await start("data:text/javascript;base64," + btoa("Beam.send(parent, 2)")),
        await start(URL.createObjectURL(typed)),
        await start("data: Beam.send(parent, 4)"),
        await start("data:text/TypeScript,const n: number = 5; Beam.send(parent, n)"),
        await start("data:application/typescript;base64," + btoa("const n = <T,>(x: T) => x; Beam.send(parent, n(6))")),
      ]
      """

      assert QuickBEAM.eval(rt, code) == {:ok, [1, 2, 3, 4, 5, 6]}
    end

    @tag :tmp_dir
    test "may be files", %{tmp_dir: dir} do
      files = %{
        "child.ts" => "import { n } from './n'; Beam.send(parent, n as number)",
        "n.ts" => "export const n: number = 7",
        "alone.js" => "Beam.send(parent, 8)"
      }

      write_files(dir, files)

      code =
        "await new Promise(resolve => { Beam.onMessage(resolve); Beam.spawn(path, { define: { parent: Beam.self() } }) })"

      rt = start_runtime()

      for {path, value} <- [
            {Path.join(dir, "child.ts"), 7},
            {"file://" <> Path.join(dir, "alone.js"), 8}
          ],
          do: assert(QuickBEAM.eval(rt, code, vars: %{path: path}) == {:ok, value})

      rt = start_runtime(allow: [:spawn, :processes, {:read, [dir]}])
      path = Path.join(dir, "alone.js")
      assert QuickBEAM.eval(rt, code, vars: %{path: path}) == {:ok, 8}
      File.ln_s!("/etc/hostname", Path.join(dir, "link.js"))
      File.write!(Path.join([dir, "..", "outside.js"]), "1")

      for outside <- [
            "/etc/passwd.js",
            dir <> "/../outside.js",
            dir <> "/link.js",
            dir <> "x/a.js"
          ] do
        assert {:error, %JSError{name: "NotAllowedError"}} =
                 QuickBEAM.eval(rt, code, vars: %{path: outside})
      end
    end

    test "end with their starter, whatever ends it" do
      for finish <- [&QuickBEAM.stop/1, &Process.exit(&1, :kill), &Process.exit(&1, :boom)] do
        rt = start_runtime()
        {:ok, child} = QuickBEAM.eval(rt, "Beam.spawn('for (;;) {}')")
        {:ok, other} = QuickBEAM.eval(rt, "Beam.spawn('await new Promise(() => {})')")
        monitors = for pid <- [child, other], do: Process.monitor(pid)
        finish.(rt)
        for monitor <- monitors, do: assert_receive({:DOWN, ^monitor, :process, _, _}, 5000)
      end
    end

    test "that fail tell their monitors, and take nobody along unless they are linked" do
      test = self()

      gate = fn [] ->
        send(test, {:gate, self()})
        receive(do: (:go -> nil))
      end

      rt = start_runtime(handlers: %{"gate" => gate, "monitored" => reached()})

      code = """
      const child = Beam.spawn("await Beam.call('gate'); throw new TypeError('mine')");
      const ended = new Promise(resolve => Beam.monitor(child, resolve));
      Beam.callSync('monitored');
      const reason = await ended;
      [String(reason[0]), reason[1].name, reason[1].message]
      """

      request = request(fn -> QuickBEAM.eval(rt, code) end)
      assert_receive {:gate, gate}, 5000
      assert_receive {:reached, []}, 5000
      send(gate, :go)

      assert await_result(request) == {:ok, ["Symbol(quickbeam_dead)", "TypeError", "mine"]}
      assert_usable(rt)

      monitor = Process.monitor(rt)
      code = "Beam.link(Beam.spawn('await Beam.sleep(20); throw 1')); await Beam.sleep(5000)"
      request(fn -> QuickBEAM.eval(rt, code) end)
      assert_receive {:DOWN, ^monitor, :process, ^rt, {:quickbeam_dead, _error}}, 5000
    end

    # The starter waits in a handler until the child is dead.
    test "that have ended already tell why, to monitors and to links" do
      for {script, reason} <- [
            {"throw new TypeError('early')", ["Symbol(quickbeam_dead)", "early"]},
            {"1; Beam.callSync('end', Beam.self())", ["Symbol(killed)", nil]}
          ] do
        gone = fn [pid] ->
          assert_down(pid)
          nil
        end

        handlers = %{"gone" => gone, "end" => fn [pid] -> Process.exit(pid, :kill) end}
        rt = start_runtime(handlers: handlers)

        code = """
        const child = Beam.spawn(script);
        Beam.callSync('gone', child);
        const down = () => new Promise(resolve => Beam.monitor(child, resolve));
        const reasons = [await down(), await down()].map(reason => [reason].flat());
        reasons.map(([kind, error]) => [String(kind), error?.message])
        """

        assert QuickBEAM.eval(rt, "{ #{code} }", vars: %{script: script}) ==
                 {:ok, [reason, reason]}

        monitor = Process.monitor(rt)
        code = "const child = Beam.spawn(script); Beam.callSync('gone', child); Beam.link(child)"
        QuickBEAM.eval(rt, "{ #{code} }", vars: %{script: script})
        assert_receive {:DOWN, ^monitor, :process, ^rt, ended}
        assert ended == :killed or match?({:quickbeam_dead, %{message: "early"}}, ended)
      end
    end

    test "that end well leave room for others" do
      stop = fn [pid] ->
        spawn(fn -> QuickBEAM.stop(pid) end)
        nil
      end

      rt = start_runtime(handlers: %{"stop" => stop})

      # More than a runtime may have at a time.
      code = """
      const seen = new Set();
      for (let n = 0; n < 1100; n++) {
        const child = Beam.spawn("Beam.call('stop', Beam.self())");
        Beam.link(child);
        Beam.demonitor(Beam.monitor(child, () => {}));
        seen.add(String(await new Promise(resolve => Beam.monitor(child, resolve))));
      }
      [...seen]
      """

      assert QuickBEAM.eval(rt, "{ #{code} }") == {:ok, ["Symbol(normal)"]}
    end

    test "are bounded with their own children" do
      # The last five of a thousand.
      rt = start_runtime(allow: [:spawn, :handlers], handlers: %{"reached" => reached()})
      {^rt, count} = :sys.get_state(rt).family
      :atomics.put(count, 1, 995)

      script = """
      const start = () => {
        try { return new Worker('data:text/javascript,' + '1') && 'started' }
        catch (e) { return [e.name, e.message] }
      };
      """

      worker = script <> "Beam.call('reached', start(), start(), start(), Beam.self())"
      message = "a runtime has at most 1000 children, those of its children included"
      code = "Beam.spawn(worker)"
      vars = [vars: %{worker: worker}]

      for _ <- 1..2 do
        {:ok, child} = QuickBEAM.eval(rt, code, vars)
        assert_receive {:reached, ["started", "started", "started", ^child]}, 10_000
        assert :atomics.get(count, 1) == 999
        # A starter that is killed gives back what it had.
        Process.exit(child, :kill)
        await(fn -> :atomics.get(count, 1) == 995 end)
      end

      :atomics.put(count, 1, 998)
      {:ok, child} = QuickBEAM.eval(rt, code, vars)
      refused = ["RangeError", message]
      assert_receive {:reached, ["started", ^refused, ^refused, ^child]}, 10_000
      assert {:error, %JSError{name: "RangeError"}} = QuickBEAM.eval(rt, code, vars)
      :ok = QuickBEAM.reset(rt)
      await(fn -> :atomics.get(count, 1) == 998 end)
    end

    test "hold at most the grants of their starter" do
      report = "Beam.send(parent, Beam.grants())"

      ask = fn allow, options ->
        rt = start_runtime(allow: allow)

        code = """
        await new Promise(resolve => {
          Beam.onMessage(resolve);
          Beam.spawn(report, { define: { parent: Beam.self() }, ...options });
        })
        """

        QuickBEAM.eval(rt, code, vars: %{report: report, options: options})
      end

      base = [:spawn, :processes, {:handlers, ["a", "b"]}]
      all = %{"spawn" => true, "processes" => true, "handlers" => ["a", "b"]}
      assert ask.(base, %{}) == {:ok, all}
      assert ask.(base, %{allow: ["processes"]}) == {:ok, %{"processes" => true}}
      assert ask.(base, %{allow: ["processes", "net", "run"]}) == {:ok, %{"processes" => true}}

      assert ask.(base, %{allow: %{processes: true, handlers: ["b", "c"]}}) ==
               {:ok, %{"processes" => true, "handlers" => ["b"]}}

      assert ask.(base, %{allow: %{processes: true, handlers: true}}) ==
               {:ok, %{"processes" => true, "handlers" => ["a", "b"]}}

      assert ask.(:all, %{allow: %{processes: true, handlers: ["c"]}}) ==
               {:ok, %{"processes" => true, "handlers" => ["c"]}}
    end
  end

  # What processes that have ended held is given back in its own time.
  defp await(fun, tries \\ 100_000) do
    cond do
      fun.() -> true
      tries == 0 -> flunk("never came")
      true -> :erlang.yield() && await(fun, tries - 1)
    end
  end
end
