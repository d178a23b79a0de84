defmodule QuickBEAM.BeamTest do
  @moduledoc "The members of `Beam` that Elixir computes."

  use QuickBEAM.Test.PlacementCase

  # {script, its value}
  @values [
    {"Beam.hash('abc')", :erlang.phash2("abc")},
    {"Beam.hash({a: [1, 2.5, null]})", :erlang.phash2(%{"a" => [1, 2.5, nil]})},
    {"Beam.hash('abc', 1000)", :erlang.phash2("abc", 1000)},
    {"Beam.hash(7, 2 ** 32)", :erlang.phash2(7, 4_294_967_296)},
    {"Beam.hash(2n ** 70n)", :erlang.phash2(Integer.pow(2, 70))},
    {"Beam.semver.satisfies('1.5.0', '~> 1.2')", true},
    {"Beam.semver.satisfies('2.0.0', '~> 1.2')", false},
    {"Beam.semver.satisfies('2.0.0-rc.1', '>= 1.0.0 and < 2.0.0')", true},
    {"Beam.semver.satisfies('nonsense', '> 1.0.0')", false},
    {"Beam.semver.satisfies('1.0.0', 'nonsense')", false},
    {"Beam.semver.order('1.0.0', '1.0.1')", -1},
    {"Beam.semver.order('1.0.0', '1.0.0')", 0},
    {"Beam.semver.order('1.0.0', '1.0.0-rc.1')", 1},
    {"Beam.semver.order('1.0', '1.0.0')", nil},
    {"Beam.which('sh')", System.find_executable("sh")},
    {"Beam.which('no such program')", nil},
    {"Beam.which('')", nil},
    {"Beam.which('a\\0b')", nil},
    {"Beam.makeRef() === Beam.makeRef()", false},
    {"Beam.systemInfo().otp_release", to_string(:erlang.system_info(:otp_release))},
    {"Beam.systemInfo().memory.total > 0", true},
    {"Beam.processInfo().memory > 0", true},
    {"Beam.nodes()", []},
    {"Beam.whereis('nobody')", nil}
  ]

  test "processes, references, ports and functions are compared by what they stand for, and shown" do
    rt = start_runtime()
    port = Port.open({:spawn, "cat"}, [])
    same = "Beam.deepEquals(a, b) && Beam.deepEquals([{ a }], [{ a: b }]) && Beam.inspect(a)"

    for {term, other} <- [
          {self(), rt},
          {make_ref(), make_ref()},
          {port, self()},
          {&String.length/1, &String.upcase/1}
        ] do
      {:ok, text} = QuickBEAM.eval(rt, same, vars: %{a: term, b: term})
      assert text == if(is_function(term), do: "#Function", else: inspect(term))
      vars = [vars: %{a: term, b: other}]
      assert QuickBEAM.eval(rt, "Beam.deepEquals(a, b)", vars) == {:ok, false}
      assert QuickBEAM.eval(rt, "Beam.inspect([a])", vars) == {:ok, "[ #{text} ]"}
    end

    own = "Beam.deepEquals(Beam.self(), Beam.self()) && Beam.inspect(Beam.self())"
    assert QuickBEAM.eval(rt, own) == {:ok, inspect(rt)}
    labelled = "Beam.inspect(Object.assign(Beam.self(), { label: 1 }))"
    assert QuickBEAM.eval(rt, labelled) == {:ok, "#{inspect(rt)} { label: 1 }"}
  end

  test "values" do
    rt = start_runtime()

    for {code, value} <- @values,
        do: assert({code, QuickBEAM.eval(rt, code)} == {code, {:ok, value}})
  end

  # {script, name of its error, a part of the message}
  @errors [
    {"Beam.hash()", "TypeError", "1 argument required"},
    {"Beam.hash(1, 0)", "RangeError", "range"},
    {"Beam.hash(1, 2 ** 33)", "RangeError", "range"},
    {"Beam.hash(1, 1.5)", "RangeError", "range"},
    {"Beam.semver.order('1')", "TypeError", "2 arguments required"},
    {"Beam.password.hash(5)", "TypeError", "not a string"},
    {"Beam.password.hash('x', {iterations: 0})", "RangeError", "iterations"},
    {"Beam.password.hash('x', {iterations: 1e9})", "RangeError", "iterations"},
    {"Beam.password.hash('x'.repeat(5000))", "RangeError", "longer than"},
    {"Beam.monitor(1, () => {})", "TypeError", "needs a pid"},
    {"Beam.monitor(Beam.self())", "TypeError", "2 arguments required"},
    {"Beam.monitor(Beam.self(), 5)", "TypeError", "callback"},
    {"Beam.link({})", "TypeError", "needs a pid"},
    {"Beam.link(Beam.makeRef())", "TypeError", "needs a pid"},
    {"Beam.send('x', 1)", "TypeError", "needs a pid"},
    {"Beam.register('')", "RangeError", "bytes"},
    {"Beam.register('x'.repeat(256))", "RangeError", "bytes"},
    {"Beam.spawn('1', {what: 1})", "TypeError", "no option \"what\""},
    {"Beam.spawn('1', 5)", "TypeError", "not an object"},
    {"Beam.spawn('1', {define: 5})", "TypeError", "define is not an object"},
    {"Beam.spawn('data:text/javascript')", "SyntaxError", "holds no script"},
    {"Beam.spawn('blob:nothing')", "NotFoundError", "nothing at blob:nothing"},
    {"Beam.spawn('1', {allow: ['everything']})", "TypeError", "everything"},
    {"await Beam.rpc('nowhere@nohost', 'a', 'b')", "NotFoundError", "nowhere@nohost"}
  ]

  test "errors" do
    rt = start_runtime()

    for {code, name, part} <- @errors do
      assert {:error, %QuickBEAM.JSError{name: ^name, message: message}} =
               QuickBEAM.eval(rt, code)

      assert message =~ part
    end

    assert_usable(rt)
  end

  test "passwords" do
    rt = start_runtime()
    {:ok, hash} = QuickBEAM.eval(rt, "await Beam.password.hash('hunter2', {iterations: 1000})")
    assert ["", "pbkdf2-sha256", "i=1000,l=32", salt, derived] = String.split(hash, "$")
    salt = Base.decode64!(salt, padding: false)
    expected = :crypto.pbkdf2_hmac(:sha256, "hunter2", salt, 1000, 32)
    assert Base.decode64!(derived, padding: false) == expected

    verify = fn password, hash ->
      QuickBEAM.eval(rt, "await Beam.password.verify(p, h)", vars: %{p: password, h: hash})
    end

    assert verify.("hunter2", hash) == {:ok, true}
    assert verify.("hunter3", hash) == {:ok, false}

    for wrong <- ["", "$", "$pbkdf2-sha256$i=0,l=32$AAAA$AAAA", String.replace(hash, "$", "")],
        do: assert(verify.("hunter2", wrong) == {:ok, false})

    # As many as a thread of a scheduler would need seconds for.
    long = "$pbkdf2-sha256$i=2000000,l=32$AAAA$" <> String.duplicate("A", 43)
    assert verify.("hunter2", long) == {:ok, false}

    code = """
    const hashes = await Promise.all(['a', 'b', 'c'].map(p => Beam.password.hash(p, {iterations: 10})));
    const right = await Promise.all(hashes.map((hash, i) => Beam.password.verify('abc'[i], hash)));
    [new Set(hashes).size, right]
    """

    assert QuickBEAM.eval(rt, code) == {:ok, [3, [true, true, true]]}
  end

  test "grants are told" do
    assert {:ok, grants} = QuickBEAM.eval(start_runtime(), "Beam.grants()")
    assert map_size(grants) == 10 and Enum.all?(grants, &match?({_, true}, &1))
    allow = [:processes, {:handlers, ["a", "b"]}]
    rt = start_runtime(allow: allow)
    expected = %{"processes" => true, "handlers" => ["a", "b"]}
    assert QuickBEAM.eval(rt, "Beam.grants()") == {:ok, expected}
    assert QuickBEAM.eval(start_runtime(sandbox: true), "Beam.grants()") == {:ok, %{}}
  end
end
