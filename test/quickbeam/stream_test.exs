defmodule QuickBEAM.StreamTest do
  @moduledoc "Iterators of JavaScript as Elixir streams."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError

  test "iterables of every kind" do
    rt = start_runtime()

    for {code, items} <- [
          {"[1, 'a', null]", [1, "a", nil]},
          {"new Set([1, 2])", [1, 2]},
          {"[]", []},
          {"(function* () { for (let n = 0; n < 5000; n++) yield n })()", Enum.to_list(0..4999)},
          {"(async function* () { for (let n = 0; n < 5000; n++) yield n })()",
           Enum.to_list(0..4999)},
          {"(async function* () { yield 1; await Beam.sleep(5); yield 2 })()", [1, 2]},
          {"await Promise.resolve([7])", [7]},
          {"Promise.resolve([8])", [8]},
          {"[Promise.resolve(9)]", [9]}
        ] do
      stream = QuickBEAM.stream(rt, code)
      assert Enum.to_list(stream) == items
      assert Enum.to_list(stream) == items, "each run is a new one"
      assert Enum.take(stream, 1) == Enum.take(items, 1)
    end
  end

  test "variables are in scope for the script, and for what it has made" do
    rt = start_runtime()
    vars = [vars: %{xs: [1, 2, 3], by: 10}]
    code = "const scale = (x) => x * by; (function* () { for (const x of xs) yield scale(x) })()"
    assert rt |> QuickBEAM.stream(code, vars) |> Enum.to_list() == [10, 20, 30]
    code = "(async function* () { yield await Promise.resolve(by) })()"
    assert rt |> QuickBEAM.stream("await 0; " <> code, vars) |> Enum.to_list() == [10]
    assert QuickBEAM.eval(rt, "[typeof by, typeof xs]") == {:ok, ["undefined", "undefined"]}

    assert_raise ArgumentError, ~r/:vars/, fn ->
      QuickBEAM.stream(rt, "[]", vars: %{"a b" => 1})
    end

    assert_raise ArgumentError, ~r/unknown option :nope/, fn ->
      QuickBEAM.stream(rt, "[]", nope: 1)
    end
  end

  test "items are not held back for those that are not there" do
    rt = start_runtime()

    code = """
    (async function* () { yield 1; yield 2; await new Promise(go => { globalThis.go = go }); yield 3 })()
    """

    taken =
      rt
      |> QuickBEAM.stream(code)
      |> Enum.reduce([], fn item, seen ->
        if item == 2, do: {:ok, _} = QuickBEAM.eval(rt, "go(); 1")
        [item | seen]
      end)

    assert taken == [3, 2, 1]
  end

  test "a reset ends what is being read, and what is opened then is something else" do
    rt = start_runtime()
    stream = QuickBEAM.stream(rt, "(function* () { for (let n = 0; ; n++) yield n })()")
    later = QuickBEAM.stream(rt, "['other']")

    error =
      assert_raise JSError, fn ->
        Enum.each(stream, fn item ->
          if item == 0 do
            :ok = QuickBEAM.reset(rt)
            assert Enum.to_list(later) == ["other"]
          end
        end)
      end

    assert error.name == "InterruptedError"
    assert error.message =~ "the runtime was reset"
    assert Enum.to_list(later) == ["other"]
  end

  test "a consumer that has enough closes the iterator" do
    rt = start_runtime()

    code = """
    globalThis.closed = 0;
    (function* () { try { for (let n = 0; ; n++) yield n } finally { closed++ } })()
    """

    assert rt |> QuickBEAM.stream(code) |> Enum.take(3) == [0, 1, 2]
    assert QuickBEAM.eval(rt, "closed") == {:ok, 1}
  end

  test "a consumer that is killed closes the iterator, too" do
    test = self()
    rt = start_runtime(handlers: %{"closed" => reached()})

    code = """
    (function* () {
      try { for (let n = 0; ; n++) yield n } finally { Beam.call('closed') }
    })()
    """

    consumer =
      spawn(fn ->
        rt |> QuickBEAM.stream(code) |> Enum.each(&(&1 == 0 && send(test, :first)))
      end)

    assert_receive :first
    Process.exit(consumer, :kill)
    assert_receive {:reached, []}
    assert_usable(rt)

    assert {:noproc, _} = catch_exit(QuickBEAM.stream(:nobody, code) |> Enum.take(1))
  end

  test "errors are raised, after the items before them" do
    rt = start_runtime()
    me = self()
    code = "(function* () { yield 1; yield 2; throw new RangeError('three') })()"

    assert_raise JSError, ~r/three/, fn ->
      rt |> QuickBEAM.stream(code) |> Enum.each(&send(me, {:item, &1}))
    end

    assert_received {:item, 1}
    assert_received {:item, 2}

    for {code, message} <- [
          {"5", ~r/not iterable/},
          {"null", ~r/not iterable/},
          {"'text'", ~r/not iterable/},
          {"throw new Error('mine')", ~r/mine/},
          {"let = ", ~r/SyntaxError/}
        ] do
      assert_raise JSError, message, fn -> rt |> QuickBEAM.stream(code) |> Enum.to_list() end
    end

    assert_raise JSError, ~r/TimeoutError/, fn ->
      rt |> QuickBEAM.stream("(function* () { for (;;) {} })()", timeout: 50) |> Enum.to_list()
    end

    assert_usable(rt)
  end
end
