defmodule QuickBEAM.HandlerFormsTest do
  @moduledoc "The forms of handlers, their limits, how they fail, and the streams that they return."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError

  defmodule Shop do
    def price([sku]), do: "price of #{sku}"
    def caller([], meta), do: [meta.caller, meta.handler, meta.sync?]
  end

  @ways ["await Beam.call", "Beam.callSync"]

  test "functions, with what is known of the call, and functions of modules" do
    handlers = %{
      "args" => fn args -> args end,
      "meta" => fn args, meta -> [args, meta.caller, meta.handler] end,
      "price" => {Shop, :price},
      "caller" => {Shop, :caller},
      "quick" => {fn [n] -> n end, timeout: 5_000},
      "endless" => {{Shop, :price}, timeout: :infinity}
    }

    rt = start_runtime(handlers: handlers)

    for way <- @ways do
      assert QuickBEAM.eval(rt, "#{way}('args', 1, 2)") == {:ok, [1, 2]}
      assert QuickBEAM.eval(rt, "#{way}('meta', 1)") == {:ok, [[1], rt, "meta"]}
      assert QuickBEAM.eval(rt, "#{way}('price', 'KI')") == {:ok, "price of KI"}
      sync? = way == "Beam.callSync"
      assert QuickBEAM.eval(rt, "#{way}('caller')") == {:ok, [rt, "caller", sync?]}
      assert QuickBEAM.eval(rt, "#{way}('quick', 7)") == {:ok, 7}
      assert QuickBEAM.eval(rt, "#{way}('endless', 8)") == {:ok, "price of 8"}
    end

    for wrong <- [
          fn -> 1 end,
          {Shop, :nothing},
          {NoSuchModule, :price},
          {fn [] -> 1 end, timeout: -1},
          {fn [] -> 1 end, []},
          "text"
        ] do
      assert_raise ArgumentError, ~r/:handlers must have a (function|:timeout)/, fn ->
        QuickBEAM.start(handlers: %{"h" => wrong})
      end
    end
  end

  # {handler, name, a part of the message, the cause}
  @failures [
    {"raise", "ArgumentError", "wrong", %{"message" => "wrong"}},
    {"throw", "ThrowError", "threw {:ball, 1}", [:ball, 1]},
    {"exit", "ExitError", "exited", [:shutdown, "why"]},
    {"killed", "ExitError", "killed", :killed},
    {"slow", "TimeoutError", "20 ms", %{"handler" => "slow", "timeout" => 20}},
    {"odd", "ThrowError", "threw", "[1|2]"},
    {"unknown", "UnknownHandlerError", "'unknown'", %{"handler" => "unknown"}}
  ]

  test "each failure is an error of its own, with its cause" do
    handlers = %{
      "raise" => fn _ -> raise ArgumentError, "wrong" end,
      "throw" => fn _ -> throw({:ball, 1}) end,
      "exit" => fn _ -> exit({:shutdown, "why"}) end,
      "killed" => fn _ -> Process.exit(self(), :kill) end,
      "slow" => {fn _ -> Process.sleep(:infinity) end, timeout: 20},
      "odd" => fn _ -> throw([1 | 2]) end
    }

    rt = start_runtime(handlers: handlers)

    for {handler, name, part, cause} <- @failures, way <- @ways do
      code =
        "try { #{way}('#{handler}') } catch (e) { [e instanceof Error, e.name, e.message, e.cause ?? null] }"

      assert {:ok, [true, ^name, message, got]} = QuickBEAM.eval(rt, code)
      assert message =~ part
      assert got == cause
      assert_usable(rt)
    end
  end

  test "a result that JavaScript cannot hold is an error" do
    results = [[1 | 2], <<1::1>>, %{{1} => 2}, %{a: [<<1::3>>]}]
    rt = start_runtime(handlers: %{"get" => fn [n] -> Enum.at(results, n) end})

    for n <- 0..3, way <- @ways do
      assert {:error, %JSError{name: "TypeError"}} = QuickBEAM.eval(rt, "#{way}('get', #{n})")
      assert_usable(rt)
    end
  end

  test "a guest that is not trusted sees no more of an exception than its message" do
    rt =
      start_runtime(
        handlers: %{"raise" => fn _ -> raise KeyError, key: :secret end},
        allow: [:handlers]
      )

    code =
      "try { await Beam.call('raise') } catch (e) { [typeof e.cause, e.stack.includes('.exs')] }"

    assert QuickBEAM.eval(rt, code) == {:ok, ["string", false]}
  end

  test "no more handlers run at a time than max_handlers says" do
    test = self()

    handler = fn [n] ->
      send(test, {:started, n, self()})
      receive do: (:go -> n)
    end

    rt = start_runtime(handlers: %{"h" => handler}, max_handlers: 2)

    request =
      request(fn ->
        QuickBEAM.eval(rt, "await Promise.all([1, 2, 3].map(n => Beam.call('h', n)))")
      end)

    assert_receive {:started, 1, first}
    assert_receive {:started, 2, second}
    assert_usable(rt)
    refute_received {:started, 3, _}
    send(first, :go)
    assert_receive {:started, 3, third}
    for pid <- [second, third], do: send(pid, :go)
    assert await_result(request) == {:ok, [1, 2, 3]}
  end

  describe "streams" do
    @collect "const all = []; for await (const item of await Beam.call('stream')) all.push(item); all"

    test "are async iterators" do
      for stream <- [
            Stream.map(1..10_000, & &1),
            Stream.resource(
              fn -> 1 end,
              &if(&1 > 5000, do: {:halt, &1}, else: {[&1], &1 + 1}),
              & &1
            ),
            Stream.take(Stream.iterate(1, &(&1 + 1)), 3),
            Stream.take([1, 2, 3], 0),
            File.stream!(__ENV__.file)
          ] do
        rt = start_runtime(handlers: %{"stream" => fn [] -> stream end})
        assert QuickBEAM.eval(rt, @collect) == {:ok, Enum.to_list(stream)}

        code =
          "for await (const item of Beam.callSync('stream')) { var first = item; break } first ?? null"

        assert QuickBEAM.eval(rt, code) == {:ok, Enum.at(stream, 0)}
      end
    end

    test "are no lists, maps, sets and ranges" do
      for {value, expected} <- [
            {[1], [1]},
            {%{a: 1}, %{"a" => 1}},
            {MapSet.new([1]), [1]},
            {1..2, %{"first" => 1, "last" => 2, "step" => 1}}
          ] do
        rt = start_runtime(handlers: %{"get" => fn [] -> value end})
        assert QuickBEAM.eval(rt, "await Beam.call('get')") == {:ok, expected}
      end
    end

    test "make no more than is asked for, and are closed when nobody asks" do
      test = self()

      stream =
        Stream.resource(
          fn -> 0 end,
          fn n -> {[n], n + 1} end,
          fn n -> send(test, {:closed, n}) end
        )

      rt = start_runtime(handlers: %{"stream" => fn [] -> stream end})

      for leave <- ["break", "return", "throw 1", "it.return()"] do
        code = """
        globalThis.it = await Beam.call('stream');
        try {
          await (async () => { let n = 0; for await (const item of it) if (++n == 5) { #{leave} } })();
        } catch {}
        JSON.stringify(await it.next())
        """

        assert QuickBEAM.eval(rt, code) == {:ok, "{\"done\":true}"}
        assert_receive {:closed, made}
        assert made < 10_000
      end

      # Dropped, not closed.
      {:ok, _} = QuickBEAM.eval(rt, "it = await Beam.call('stream'); (await it.next()).value")
      {:ok, _} = QuickBEAM.eval(rt, "it = null; await Beam.sleep(0); 1")
      assert_receive {:closed, _made}
    end

    test "that fail give what came before, then the error" do
      stream = Stream.map(1..10, fn n -> if n == 4, do: raise(ArgumentError, "four"), else: n end)
      rt = start_runtime(handlers: %{"stream" => fn [] -> stream end})

      code = """
      const all = [];
      const it = await Beam.call('stream');
      try { for await (const item of it) all.push(item) } catch (e) { all.push(e.name, e.message) }
      all.push((await it.next()).done);
      all
      """

      assert QuickBEAM.eval(rt, code) == {:ok, [1, 2, 3, "ArgumentError", "four", true]}

      dying = Stream.map([1], fn _ -> Process.exit(self(), :kill) end)
      rt = start_runtime(handlers: %{"stream" => fn [] -> dying end})
      assert {:error, %JSError{name: "ExitError"}} = QuickBEAM.eval(rt, @collect)
      assert_usable(rt)
    end

    test "whose process dies between two batches do not look complete" do
      test = self()
      handler = fn [] -> send(test, {:handler, self()}) && Stream.repeatedly(fn -> 1 end) end
      rt = start_runtime(handlers: %{"stream" => handler, "slow" => {handler, timeout: 20}})
      rest = "try { for await (const item of it); 'complete' } catch (e) { [e.name, e.cause] }"

      for read <- ["", "await it.next();"],
          {name, reason, error} <- [
            {"stream", :kill, ["ExitError", :killed]},
            {"stream", :db_down, ["ExitError", :db_down]},
            {"slow", nil, ["TimeoutError", %{"handler" => "slow", "timeout" => 20}]}
          ] do
        {:ok, 1} = QuickBEAM.eval(rt, "globalThis.it = await Beam.call('#{name}'); #{read} 1")
        assert_receive {:handler, handler}
        if reason, do: Process.exit(handler, reason)
        assert_down(handler)
        assert QuickBEAM.eval(rt, rest) == {:ok, error}
        assert QuickBEAM.eval(rt, "(await it.next()).done") == {:ok, true}
      end
    end

    test "answer requests in order, also when they come at once" do
      rt = start_runtime(handlers: %{"stream" => fn [] -> Stream.map(1..100, & &1) end})

      code = """
      const it = await Beam.call('stream');
      const results = await Promise.all(Array.from({length: 102}, () => it.next()));
      [results.slice(0, 100).map(r => r.value), results.slice(100).map(r => r.done)]
      """

      assert QuickBEAM.eval(rt, code) == {:ok, [Enum.to_list(1..100), [true, true]]}
    end

    test "end with their runtime" do
      test = self()

      stream =
        Stream.repeatedly(fn ->
          send(test, {:producer, self()})
          1
        end)

      rt = start_runtime(handlers: %{"stream" => fn [] -> stream end})

      {:ok, 1} =
        QuickBEAM.eval(rt, "globalThis.it = await Beam.call('stream'); (await it.next()).value")

      assert_receive {:producer, producer}
      monitor = Process.monitor(producer)
      QuickBEAM.stop(rt)
      assert_receive {:DOWN, ^monitor, :process, ^producer, _reason}
    end
  end
end
