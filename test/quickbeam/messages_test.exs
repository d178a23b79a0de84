defmodule QuickBEAM.MessagesTest do
  use QuickBEAM.Test.PlacementCase, async: true

  import ExUnit.CaptureLog

  alias QuickBEAM.Owner.Mailbox

  test "messages reach every callback, in order" do
    rt = start_runtime()

    {:ok, _} =
      QuickBEAM.eval(rt, """
      const a = [], b = [];
      const off = Beam.onMessage(m => a.push(m));
      Beam.onMessage(m => b.push(m));
      null
      """)

    for n <- 1..100, do: assert(QuickBEAM.send_message(rt, n) == :ok)
    assert QuickBEAM.eval(rt, "[a.length, a]") == {:ok, [100, Enum.to_list(1..100)]}
    {:ok, _} = QuickBEAM.eval(rt, "off(); null")
    :ok = QuickBEAM.send_message(rt, :last)
    assert QuickBEAM.eval(rt, "[a.length, b.length, b.at(-1)]") == {:ok, [100, 101, :last]}
  end

  test "messages before the first callback are kept for it" do
    rt = start_runtime()
    :ok = QuickBEAM.send_message(rt, %{n: 1})
    :ok = QuickBEAM.send_message(rt, [2])
    {:ok, _} = QuickBEAM.eval(rt, "const seen = []; Beam.onMessage(m => seen.push(m)); null")
    # Requests and messages take turns.
    code = "while (seen.length < 2) await new Promise(done => setTimeout(done)); seen"
    assert QuickBEAM.eval(rt, code) == {:ok, [%{"n" => 1}, [2]]}
  end

  test "a callback that throws is logged and harms no other" do
    test = self()
    rt = start_runtime(handlers: %{"seen" => fn [m] -> send(test, {:seen, m}) && nil end})

    {:ok, _} =
      QuickBEAM.eval(rt, """
      Beam.onMessage(() => { throw new Error('callback') });
      Beam.onMessage(m => { Beam.call('seen', m) });
      null
      """)

    :ok = QuickBEAM.send_message(rt, 1)
    assert_receive {:seen, 1}
    assert_usable(rt)
  end

  test "a runtime gets what processes and other runtimes send to its pid" do
    test = self()
    rt = start_runtime(handlers: %{"seen" => fn [m] -> send(test, {:seen, m}) end})
    {:ok, _} = QuickBEAM.eval(rt, "Beam.onMessage(m => { Beam.call('seen', m) }); null")

    {:ok, _} = QuickBEAM.eval(rt, "Beam.send(Beam.self(), 'me')")
    assert_receive {:seen, "me"}

    {:ok, _} = QuickBEAM.eval(start_runtime(), "Beam.send(pid, ['you'])", vars: %{pid: rt})
    assert_receive {:seen, ["you"]}

    for message <- [:plain, %{a: 1}, {self(), 1}, {:quickbeam, :unknown}, 5],
        do: send(rt, message)

    for seen <- [:plain, %{"a" => 1}, [self(), 1], 5], do: assert_receive({:seen, ^seen})
    refute_received {:seen, _other}
  end

  test "Beam.send and Beam.self" do
    rt = start_runtime()
    assert QuickBEAM.eval(rt, "Beam.self()") == {:ok, rt}
    {:ok, _} = QuickBEAM.eval(rt, "Beam.send(pid, {from: Beam.self()})", vars: %{pid: self()})
    assert_receive %{"from" => ^rt}

    dead = spawn(fn -> :ok end)
    assert_down(dead)
    assert {:ok, _} = QuickBEAM.eval(rt, "Beam.send(pid, 1)", vars: %{pid: dead})

    for not_pid <- ["1", "'<0.1.0>'", "null", "{}", "Object.create(Beam.self())"] do
      assert {:error, %{name: "TypeError"}} = QuickBEAM.eval(rt, "Beam.send(#{not_pid}, 1)")
    end
  end

  test "a burst to the pid comes in order, and none is lost" do
    rt = start_runtime()

    code = """
    globalThis.next = 0;
    globalThis.wrong = 0;
    globalThis.done = new Promise(resolve => Beam.onMessage(n => {
      if (n !== next) wrong++;
      next++;
      if (n === 149999) resolve();
    }));
    null
    """

    {:ok, nil} = QuickBEAM.eval(rt, code)
    # More than the inbox holds, while nothing is taken from it.
    request = request(fn -> QuickBEAM.eval(rt, "Beam.sleepSync(300); 1") end)
    for n <- 0..149_999, do: send(rt, n)
    assert await_result(request) == {:ok, 1}
    assert eval_patiently(rt, "await done; [next, wrong]") == {:ok, [150_000, 0]}
  end

  test "messages that nobody takes are logged by their powers of ten" do
    logged =
      capture_log(fn ->
        rt = start_runtime()
        code = "for (let n = 0; n < 10_060; n++) Beam.send(Beam.self(), n); 1"
        assert QuickBEAM.eval(rt, code) == {:ok, 1}
        :sys.get_state(rt)
        assert eval_patiently(rt, "1") == {:ok, 1}
        :sys.get_state(rt)
      end)

    assert length(String.split(logged, "this one was not taken")) == 2
    assert [_, _] = Regex.scan(~r/not taken/, logged)
    assert logged =~ "; 10 were not taken"
  end

  test "what the owner drops is logged by its powers of ten" do
    logged =
      capture_log(fn ->
        full = %Mailbox{count: 1_000_000}
        dropped = Enum.reduce(1..12_000, full, &Mailbox.deliver(&2, &1, :flooded))
        assert dropped == %{full | dropped: 12_000}
      end)

    counts = Regex.scan(~r/dropped, (\d+) so far/, logged, capture: :all_but_first)
    assert counts == [["1"], ["10"], ["100"], ["1000"], ["10000"]]
  end

  # While the inbox is full, requests are refused.
  defp eval_patiently(rt, code) do
    case QuickBEAM.eval(rt, code) do
      {:error, %{name: "BusyError"}} -> eval_patiently(rt, code)
      result -> result
    end
  end

  test "a burst from one runtime to another" do
    [one, other] = [start_runtime(), start_runtime()]

    code = """
    globalThis.seen = [];
    globalThis.done = new Promise(resolve => Beam.onMessage(n => { seen.push(n); if (n === 99999) resolve() }));
    null
    """

    {:ok, nil} = QuickBEAM.eval(other, code)
    code = "for (let n = 0; n < 100000; n++) Beam.send(other, n)"
    {:ok, _} = QuickBEAM.eval(one, code, vars: %{other: other})

    assert eval_patiently(
             other,
             "await done; seen.every((n, i) => n === i) && seen.length"
           ) == {:ok, 100_000}
  end

  test "a flood of a process is refused" do
    rt = start_runtime()
    sink = spawn(fn -> Process.sleep(:infinity) end)

    code =
      "{ let n = 0; try { for (;;) { Beam.send(sink, null); n++ } } catch (e) { [e.name, n] } }"

    assert {:ok, ["BusyError", sent]} = QuickBEAM.eval(rt, code, vars: %{sink: sink})
    assert sent in 499_000..600_000
    Process.exit(sink, :kill)
  end

  test "messages that wait take no more than memory_limit" do
    for {size, range} <- [{1_000, 9_000..12_000}, {100_000, 150..165}, {3_000_000, 5..6}],
        receiver <- [:itself, :other] do
      rt = start_runtime(memory_limit: 16_000_000)
      sink = spawn(fn -> Process.sleep(:infinity) end)
      to = if receiver == :itself, do: rt, else: sink

      code = """
      {
        let n = 0;
        const text = 'x'.repeat(size);
        try { for (; n <= most; n++) Beam.send(to, text) } catch (e) { [e.name, e.message, n] }
      }
      """

      vars = %{to: to, size: size, most: range.last}

      assert {:ok, ["BusyError", message, sent]} =
               QuickBEAM.eval(rt, code, vars: vars, timeout: 20_000)

      assert message =~ "memory_limit: 16000000 bytes"
      assert sent in range

      # Who has taken all before gets more.
      {:ok, _} = QuickBEAM.eval(rt, "Beam.send(to, 'still')", vars: %{to: self()})
      assert_receive "still"
      Process.exit(sink, :kill)
      QuickBEAM.stop(rt)
    end
  end

  test "many processes that have been sent nothing get no large messages past the limit" do
    rt = start_runtime(memory_limit: 16_000_000)
    sinks = for _ <- 1..30, do: spawn(fn -> Process.sleep(:infinity) end)

    code = """
    {
      const text = 'x'.repeat(6e6), sent = [0, 0];
      for (const [index, data] of [[0, text], [1, 'small']]) {
        for (const sink of sinks.slice(index * 15, index * 15 + 15)) {
          try { Beam.send(sink, data); sent[index]++ }
          catch (e) { if (e.name !== 'BusyError' || !e.message.includes('6000000 bytes')) throw e }
        }
      }
      sent
    }
    """

    assert {:ok, [2, 15]} = QuickBEAM.eval(rt, code, vars: %{sinks: sinks}, timeout: 20_000)
    for sink <- sinks, do: Process.exit(sink, :kill)
  end

  test "what children have sent counts with the rest, also when they have ended" do
    rt = start_runtime(memory_limit: 16_000_000)
    sink = spawn(fn -> Process.sleep(:infinity) end)

    script = """
    let sent = 0;
    try { for (; sent < 200; sent++) Beam.send(sink, 'x'.repeat(100000)) }
    catch (e) { if (e.name !== 'BusyError') throw e }
    Beam.send(test, { sent });
    """

    vars = %{script: script, define: %{sink: sink, test: self()}}

    sent =
      for _ <- 1..3 do
        {:ok, child} = QuickBEAM.eval(rt, "Beam.spawn(script, { define })", vars: vars)
        assert_receive %{"sent" => sent}, 10_000
        QuickBEAM.stop(child)
        sent
      end

    assert [first, 0, 0] = sent
    assert first in 150..165

    assert {:error, %{name: "BusyError"}} =
             QuickBEAM.eval(rt, "Beam.send(to, 'x'.repeat(100000))", vars: %{to: sink})

    Process.exit(sink, :kill)
  end

  test "messages that are taken do not count" do
    test = self()
    rt = start_runtime(memory_limit: 16_000_000)
    other = start_runtime(handlers: %{"done" => fn [n] -> send(test, {:done, n}) && nil end})

    {:ok, _} =
      QuickBEAM.eval(other, """
      let n = 0;
      Beam.onMessage(m => { if (m === 'end') Beam.call('done', n); else n++ });
      null
      """)

    {:ok, _} = QuickBEAM.eval(rt, "let n = 0; Beam.onMessage(() => { n++ }); null")

    # Three times what may wait.
    code = """
    {
      const text = 'x'.repeat(10000);
      const send = async message => {
        for (;;) try { return Beam.send(to, message) } catch (e) {
          if (e.name !== 'BusyError') throw e;
          await new Promise(done => setTimeout(done, 1));
        }
      };
      for (let i = 0; i < 4800; i++) await send(text);
      await send('end');
    }
    """

    for to <- [other, spawn_link(&take_all/0), rt],
        do: assert({:ok, _} = QuickBEAM.eval(rt, code, vars: %{to: to}, timeout: 30_000))

    assert_receive {:done, 4800}, 5_000
    code = "while (n < 4801) await new Promise(done => setTimeout(done, 1)); n"
    assert QuickBEAM.eval(rt, code, timeout: 10_000) == {:ok, 4801}
  end

  defp take_all do
    receive do
      _any -> take_all()
    end
  end

  test "a flood is refused, not kept without bound" do
    rt = start_runtime(handlers: %{"stuck" => stuck()})
    request = request(fn -> QuickBEAM.eval(rt, "Beam.callSync('stuck')") end)
    assert_receive {:stuck, _handler}

    assert {:error, %{name: "BusyError"}} =
             Enum.find_value(1..10_000_000, fn n ->
               with :ok <- QuickBEAM.send_message(rt, n), do: nil
             end)

    QuickBEAM.stop(rt)
    assert {:error, %{name: "InterruptedError"}} = await_result(request)
  end
end
