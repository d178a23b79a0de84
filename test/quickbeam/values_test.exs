defmodule QuickBEAM.ValuesTest do
  use QuickBEAM.Test.PlacementCase, async: true

  alias QuickBEAM.JSError
  alias QuickBEAM.Test.Terms

  setup_all do
    {:ok, rt} = start(memory_limit: 512 * 1024 * 1024)
    {:ok, _} = QuickBEAM.eval(rt, "function id(x) { return x }; null")
    %{rt: rt}
  end

  # Terms, each with an expression that is true of the JavaScript value `v` that it becomes.
  @to_javascript [
    {0, "Object.is(v, 0)"},
    {-1, "v === -1"},
    {2_147_483_648, "v === 2147483648"},
    {9_007_199_254_740_991, "v === Number.MAX_SAFE_INTEGER"},
    {9_007_199_254_740_993, "v === 9007199254740993n"},
    {-9_007_199_254_740_993, "v === -9007199254740993n"},
    {10 ** 30, "v === 10n ** 30n"},
    {-(2 ** 64), "v === -(2n ** 64n)"},
    {1.5, "v === 1.5"},
    {2.0, "v === 2 && Number.isInteger(v)"},
    {-0.0, "Object.is(v, -0)"},
    {:Infinity, "v === Infinity"},
    {:"-Infinity", "v === -Infinity"},
    {:NaN, "Number.isNaN(v)"},
    {"", "v === ''"},
    {"héllo 😀 \0", "v === 'h\\u00e9llo \\ud83d\\ude00 \\0' && v.length === 10"},
    {<<255, 0>>, "v instanceof Uint8Array && v.length === 2 && v[0] === 255"},
    {{:bytes, "abc"}, "v instanceof Uint8Array && v.join() === '97,98,99'"},
    {{:bytes, ""}, "v instanceof Uint8Array && v.length === 0"},
    {true, "v === true"},
    {false, "v === false"},
    {nil, "v === null"},
    {:foo, "typeof v === 'symbol' && v.description === 'foo'"},
    {:"ü x", "v.description === '\\u00fc x'"},
    {[], "Array.isArray(v) && v.length === 0"},
    {[1, [2]], "Array.isArray(v) && v[0] === 1 && v[1][0] === 2"},
    {{1, "a", {}}, "Array.isArray(v) && v.length === 3 && v[2].length === 0"},
    {[a: 1, b: 2], "v.length === 2 && v[0][0].description === 'a' && v[1][1] === 2"},
    {[97, 98], "v.length === 2 && v[0] === 97"},
    {%{}, "Object.getPrototypeOf(v) === Object.prototype && Object.keys(v).length === 0"},
    {%{"a" => 1, :b => 2, 3 => 4, 1.5 => 5},
     "v.a === 1 && v.b === 2 && v[3] === 4 && v['1.5'] === 5"},
    {%{"__proto__" => 1},
     "Object.hasOwn(v, '__proto__') && Object.getPrototypeOf(v) === Object.prototype"},
    {%{nested: %{list: [%{x: 1}]}}, "v.nested.list[0].x === 1"},
    {~U[2024-02-29 12:00:00.123456Z],
     "v instanceof Date && v.toISOString() === '2024-02-29T12:00:00.123Z'"},
    {~U[1969-12-31 23:59:59.500Z], "v.getTime() === -500"},
    {~N[2024-02-29 12:00:00], "v instanceof Date && v.getTime() === Date.UTC(2024, 1, 29, 12)"},
    {~D[2024-02-29], "v instanceof Date && v.getTime() === Date.UTC(2024, 1, 29)"},
    {MapSet.new([1, "a"]), "v instanceof Set && v.size === 2 && v.has(1) && v.has('a')"},
    {%URI{host: "x", port: 80},
     "v.host === 'x' && v.port === 80 && v.scheme === null && !('__struct__' in v)"}
  ]

  test "BEAM to JavaScript", %{rt: rt} do
    for {term, expression} <- @to_javascript do
      assert {expression, QuickBEAM.eval(rt, expression, vars: %{v: term})} ==
               {expression, {:ok, true}}

      # Arguments, globals and results of handlers take the same way.
      {:ok, _} = QuickBEAM.eval(rt, "globalThis.check = v => Boolean(#{expression}); null")
      assert {expression, QuickBEAM.call(rt, "check", [term])} == {expression, {:ok, true}}
    end
  end

  test "rows are the same objects however they come", %{rt: rt} do
    {:ok, _} =
      QuickBEAM.eval(rt, """
      function inspectRows(rows) {
        rows[9].extra = 1;
        delete rows[10].b;
        return rows.map(row => [Object.keys(row), Object.values(row), Object.getPrototypeOf(row) === Object.prototype]);
      }
      null
      """)

    odd = %{
      12 => %{a: 1, b: nil, c: 3},
      13 => %{"a" => 1, "b" => 2, "d" => 3},
      14 => 5,
      15 => ~D[2026-11-21],
      16 => %{"a" => 1, :a => 2, "b" => 3}
    }

    for odd <- [%{} | Enum.map(odd, fn {at, row} -> %{at => row} end)] do
      rows = for id <- 0..20, do: odd[id] || %{"a" => id, "b" => "text #{id}", "c" => [id]}
      {:ok, at_once} = QuickBEAM.call(rt, "inspectRows", [rows])
      # Too few maps in a row to be known as rows.
      script = "inspectRows(rows.flat())"
      {:ok, apart} = QuickBEAM.eval(rt, script, vars: %{rows: Enum.chunk_every(rows, 3)})
      assert at_once == apart
      assert [["a", "b", "c", "extra"], [9, "text 9", [9], 1], true] = Enum.at(at_once, 9)
      assert [["a", "c"], [10, [10]], true] = Enum.at(at_once, 10)
    end
  end

  test "opaque terms are objects that come back as themselves", %{rt: rt} do
    port = Port.open({:spawn, "cat"}, [])

    for term <- [self(), make_ref(), port, &String.length/1, fn -> self() end] do
      assert QuickBEAM.eval(rt, "[typeof v, v]", vars: %{v: term}) == {:ok, ["object", term]}
      assert QuickBEAM.call(rt, "id", [%{x: [term]}]) == {:ok, %{"x" => [term]}}
    end

    Port.close(port)
  end

  test "JavaScript cannot make an opaque term, nor take one apart", %{rt: rt} do
    assert {:ok, keys} = QuickBEAM.eval(rt, "Reflect.ownKeys(v).map(String)", vars: %{v: self()})

    assert keys == []

    # Neither its class nor a copy of its properties makes another object a pid.
    for expression <- [
          "Object.create(v)",
          "Object.assign({}, v)",
          "({...v})",
          "Object.create(Object.getPrototypeOf(v))",
          "new Proxy(v, {})",
          "Object.setPrototypeOf({}, Object.getPrototypeOf(v))"
        ] do
      result = QuickBEAM.eval(rt, "(#{expression})", vars: %{v: self()})
      refute match?({:ok, pid} when is_pid(pid), result), expression
    end
  end

  @to_beam [
    {"0", 0},
    {"1.0", 1},
    {"-0", 0},
    {"1.5", 1.5},
    {"2 ** 53", 2 ** 53},
    {"1e21", 10 ** 21},
    {"-(2 ** 63)", -(2 ** 63)},
    {"2 ** 1023", 2 ** 1023},
    {"-Number.MAX_VALUE", -(2 ** 1024 - 2 ** 971)},
    {"5e-324", 5.0e-324},
    {"NaN", :NaN},
    {"Infinity", :Infinity},
    {"-Infinity", :"-Infinity"},
    {"10n ** 30n", 10 ** 30},
    {"-1n", -1},
    {"0n", 0},
    {"'h\\u00e9llo \\ud83d\\ude00 \\0'", "héllo 😀 \0"},
    {"'\\ud800'", "\uFFFD"},
    {"'a\\udc00\\ud800b'", "a\uFFFD\uFFFDb"},
    {"true", true},
    {"false", false},
    {"null", nil},
    {"undefined", nil},
    {"Symbol('ok')", :ok},
    {"Symbol('surely not an atom')", "surely not an atom"},
    {"[1, [2], ,'x']", [1, [2], nil, "x"]},
    {"new Set([1, 'a', [2]])", [1, "a", [2]]},
    {"new Map([['a', 1], ['b', new Map([['c', 2]])]])", %{"a" => 1, "b" => %{"c" => 2}}},
    {"({a: 1, 2: {b: null}})", %{"a" => 1, "2" => %{"b" => nil}}},
    {"({get a() { return 7 }})", %{"a" => 7}},
    {"({a: 1, toJSON() { return 2 }}).a", 1},
    {"Object.create({inherited: 1}, {own: {value: 1, enumerable: true}, hidden: {value: 2}})",
     %{"own" => 1}},
    {"({[Symbol('s')]: 1, a: 2})", %{"a" => 2}},
    {"JSON.parse('{\"__proto__\": 1}')", %{"__proto__" => 1}},
    {"new Date(0)", ~U[1970-01-01 00:00:00.000Z]},
    {"new Date(-500)", ~U[1969-12-31 23:59:59.500Z]},
    {"new Uint8Array([1, 2, 255])", <<1, 2, 255>>},
    {"new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", <<2, 3>>},
    {"new Uint16Array([1, 2]).buffer", <<1, 0, 2, 0>>},
    {"new Float64Array(1)", <<0::64>>},
    {"new ArrayBuffer(3)", <<0, 0, 0>>},
    {"const a = []; a.push(a, 1); a", [nil, 1]},
    {"const o = {x: 1}; o.self = o; o.list = [o]; o",
     %{"x" => 1, "self" => nil, "list" => [nil]}},
    {"const shared = {}; [shared, shared]", [%{}, %{}]},
    {"Promise.resolve(3)", 3},
    {"(async () => [await 1])()", [1]}
  ]

  test "JavaScript to BEAM", %{rt: rt} do
    for {expression, term} <- @to_beam do
      # An `eval` of its own, so that the `const`s of the rows do not meet.
      result = QuickBEAM.eval(rt, "eval(source)", vars: %{source: expression})
      assert {expression, result} === {expression, {:ok, term}}
    end
  end

  test "an error as a value is a map", %{rt: rt} do
    assert {:ok, %{"name" => "TypeError", "message" => "no", "stack" => stack}} =
             QuickBEAM.eval(rt, "new TypeError('no')")

    assert is_binary(stack)

    assert {:ok, [%{"name" => "DataError", "message" => "m"}, %{"name" => "AbortError"} = abort]} =
             QuickBEAM.eval(
               rt,
               "[new DOMException('m', 'DataError'), AbortSignal.abort().reason]"
             )

    assert Map.keys(abort) == ["message", "name", "stack"]
  end

  # What a hostile guest may return: an error or a value, and the runtime goes on.
  @hostile %{
    "a throwing getter" => {"({a: 1, get b() { throw new RangeError('b') }})", "RangeError"},
    "a throwing Proxy" =>
      {"new Proxy({}, {ownKeys() { throw new TypeError('keys') }})", "TypeError"},
    "a revoked Proxy" =>
      {"(() => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy })()", "TypeError"},
    "an endless getter" => {"({get a() { return this.a }})", :any},
    "a getter that makes ever more" =>
      {"(() => { const f = () => ({get x() { return f() }}); return f() })()", :any},
    "a Proxy with endless depth" =>
      {"(() => { const h = {get: () => new Proxy({}, h), ownKeys: () => ['a'], " <>
         "getOwnPropertyDescriptor: () => ({configurable: true, enumerable: true, value: 1})}; " <>
         "return new Proxy({}, h) })()", :any},
    "100,000 levels of arrays" =>
      {"(() => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a })()", :any},
    "100,000 levels of objects" =>
      {"(() => { let a = {}; for (let i = 0; i < 100000; i++) a = {a}; return a })()", :any},
    "an array of four billion holes" => {"new Array(4294967295)", :any},
    "an array with one far element" =>
      {"(() => { const a = []; a[4294967294] = 1; return a })()", :any},
    "an array-like Proxy with a huge length" =>
      {"new Proxy([], {get: (t, k) => k === 'length' ? 2 ** 53 - 1 : 1})", :any},
    "a getter that shrinks its array" =>
      {"(() => { const a = [1, 2, 3]; Object.defineProperty(a, 0, {get() { a.length = 1; return 0 }}); return a })()",
       :any},
    "a getter that deletes its neighbour" =>
      {"({get a() { delete this.b; return 1 }, b: 2})", :any},
    "a Set that grows while it is read" =>
      {"(() => { const s = new Set(); s.add({get x() { s.add({}); return 1 }}); return s })()",
       :any},
    "a detached buffer" =>
      {"(() => { const b = new ArrayBuffer(8); const v = new Uint8Array(b); structuredClone(b, {transfer: [b]}); return v })()",
       :any},
    "an invalid date" => {"new Date(NaN)", :any},
    "the first and last dates" => {"[new Date(-8.64e15), new Date(8.64e15)]", :any},
    "a number of 10,000 digits" => {"10n ** 10000n", :any},
    "a Symbol without description" => {"Symbol()", :any},
    "a Symbol too long for an atom" => {"Symbol('x'.repeat(1000))", :any},
    "a function" => {"() => 1", :any},
    "a class" => {"(class A { static x = 1 })", :any},
    "the global object" => {"globalThis", :any},
    "a generator" => {"(function* () { yield 1 })()", :any},
    "a WeakMap" => {"new WeakMap()", :any},
    "a Map with objects as keys" => {"new Map([[{}, 1], [1, 2], [NaN, 3]])", :any},
    "an object that pretends to be a promise" =>
      {"({then(ok) { ok({then(ok) { ok(1) }}) }})", :any},
    "a promise of itself" =>
      {"(() => { let p; p = new Promise(r => setTimeout(() => r(p), 0)); return p })()",
       "TypeError"},
    "thrown nothing" => {"(() => { throw undefined })()", :error},
    "thrown cycle" =>
      {"(() => { const e = new Error('x'); e.cause = e; e.self = e; throw e })()", "Error"},
    "thrown object with a throwing message" =>
      {"(() => { throw {get message() { throw 1 }, get name() { throw 2 }} })()", :error},
    "thrown error with a strange name and stack" =>
      {"(() => { const e = new Error('x'); e.name = {}; e.stack = 7; e.message = null; throw e })()",
       :error},
    "thrown Proxy" => {"(() => { throw new Proxy({}, {get() { throw 1 }}) })()", :error},
    "thrown Symbol" => {"(() => { throw Symbol('s') })()", :error}
  }

  for title <- Map.keys(@hostile) do
    test "from JavaScript: #{title}", %{rt: rt} do
      {code, expected} = Map.fetch!(@hostile, unquote(title))

      case QuickBEAM.eval(rt, code, timeout: 20_000) do
        {:ok, _value} ->
          assert expected == :any

        {:error, %JSError{name: name} = error} ->
          assert is_binary(error.message) and is_binary(name) and is_list(error.frames)
          assert expected in [:any, :error, name]
      end

      assert_usable(rt)
    end
  end

  test "to JavaScript: deep, wide and odd terms", %{rt: rt} do
    deep = fn wrap -> Enum.reduce(1..100_000, 0, fn _, inner -> wrap.(inner) end) end

    terms = %{
      "100,000 levels of lists" => deep.(&[&1]),
      "100,000 levels of tuples" => deep.(&{&1}),
      "100,000 levels of maps" => deep.(&%{"a" => &1}),
      "an improper list" => [1, 2 | 3],
      "a bitstring" => <<1::3>>,
      "a bitstring in a map" => %{"a" => [<<5::11>>]},
      "a map with a tuple as key" => %{{1, 2} => 3},
      "a map with a binary key that is no text" => %{<<255>> => 1},
      "keys that meet" => %{"1" => :a, 1 => :b, :"1" => :c},
      "a far date" => ~D[9999-12-31],
      "a struct of DateTime that is broken" => %{__struct__: DateTime, year: "x"},
      "a struct of MapSet that is broken" => %{__struct__: MapSet, map: :nope},
      "a struct whose name is no module" => %{__struct__: "text"},
      "bytes that are none" => {:bytes, :nope},
      "bytes of a bitstring" => {:bytes, <<1::1>>},
      "an integer of 10,000 digits" => 10 ** 10_000,
      "an integer of 100,000 digits" => -(10 ** 100_000),
      "the number that is least" => -1.7976931348623157e308
    }

    for {title, term} <- terms do
      case QuickBEAM.call(rt, "id", [term], timeout: 20_000) do
        {:ok, _value} -> :ok
        {:error, %JSError{message: message}} -> assert message != "", title
      end

      assert_usable(rt)
    end
  end

  test "dates with fields that no date has are refused", %{rt: rt} do
    now = ~U[2024-02-29 12:00:00.123456Z]

    broken = [
      %{now | year: "x"},
      %{now | month: 13},
      %{now | day: 30},
      %{now | hour: 24},
      %{now | minute: -1},
      %{now | second: 2 ** 62},
      %{now | microsecond: 5},
      %{now | microsecond: {1_000_000, 6}},
      %{now | utc_offset: nil},
      %{now | calendar: MyCalendar},
      %{~D[2023-02-28] | day: 29},
      %{~N[2024-02-29 12:00:00] | hour: nil},
      %{__struct__: Date, year: 2024}
    ]

    for date <- broken do
      assert {:error, %JSError{name: "TypeError", message: message}} =
               QuickBEAM.call(rt, "id", [date])

      assert message =~ ~r/^a (Elixir\.)?(DateTime|NaiveDateTime|Date) with fields that no date/
    end

    assert QuickBEAM.call(rt, "id", [now]) == {:ok, ~U[2024-02-29 12:00:00.123Z]}
    assert {:ok, last} = QuickBEAM.eval(rt, "new Date(8.64e15)")
    assert {last, QuickBEAM.call(rt, "id", [last])} == {last, {:ok, last}}
  end

  test "huge integers keep each digit", %{rt: rt} do
    for integer <- [10 ** 10_000, -(10 ** 10_000) + 1, 2 ** 4096 - 1, -(2 ** 64)] do
      assert QuickBEAM.call(rt, "id", [integer]) == {:ok, integer}
    end
  end

  test "wide values", %{rt: rt} do
    list = Enum.to_list(1..1_000_000)
    assert QuickBEAM.call(rt, "id", [list]) == {:ok, list}
    map = Map.new(1..5_000, &{Integer.to_string(&1), &1})
    assert QuickBEAM.call(rt, "id", [map]) == {:ok, map}
    bytes = :binary.copy(<<255>>, 10_000_000)
    assert QuickBEAM.call(rt, "id", [bytes]) == {:ok, bytes}
    text = String.duplicate("é😀x", 500_000)
    assert QuickBEAM.call(rt, "id", [text]) == {:ok, text}
  end

  test "what one value becomes is bounded, though a script may share its parts" do
    rt = start_runtime(memory_limit: 16_000_000)

    for code <- [
          "const o = {}; for (let i = 0; i < 50000; i++) o[i] = i; Array(1000).fill(o)",
          "const s = 'x'.repeat(1e6); Array(1000).fill(s)",
          "const a = Array(1e5).fill(0); Array(1000).fill(a)",
          "let x = []; for (let i = 0; i < 60; i++) x = [x, x]; x"
        ] do
      assert {:error, %JSError{name: "RangeError"}} = QuickBEAM.eval(rt, "{ #{code} }")
      assert_usable(rt)
    end
  end

  test "bytes are copies: neither side sees the other's changes", %{rt: rt} do
    bytes = :binary.copy(<<1>>, 200_000)

    code =
      "function change(x) { const y = x.slice(); x.fill(2); globalThis.kept = x; return y }; null"

    {:ok, _} = QuickBEAM.eval(rt, code)
    assert QuickBEAM.call(rt, "change", [{:bytes, bytes}]) == {:ok, bytes}
    assert {:ok, <<2, _::binary>> = kept} = QuickBEAM.eval(rt, "kept")
    {:ok, _} = QuickBEAM.eval(rt, "kept.fill(3); null")
    assert :binary.first(kept) == 2 and :binary.first(bytes) == 1
  end

  test "atoms are never made of JavaScript's strings", %{rt: rt} do
    before = :erlang.system_info(:atom_count)

    {:ok, list} =
      QuickBEAM.eval(
        rt,
        "Array.from({length: 1000}, (_, i) => [Symbol('fresh ' + i), {['key ' + i]: 1}])"
      )

    assert length(list) == 1000 and hd(list) == ["fresh 0", %{"key 0" => 1}]
    assert :erlang.system_info(:atom_count) - before < 100
  end

  test "limits that the caller set cut a value" do
    rt = start_runtime(max_convert_depth: 3)
    assert QuickBEAM.eval(rt, "[1, [2, [3, [4, [5]]]]]") == {:ok, [1, [2, [3, nil]]]}
    assert {:ok, %{"a" => 1}} = QuickBEAM.eval(rt, "({a: 1})")

    rt = start_runtime(max_convert_nodes: 10)
    assert {:ok, list} = QuickBEAM.eval(rt, "Array.from({length: 100}, (_, i) => i)")
    assert Enum.take(list, 5) == [0, 1, 2, 3, 4]
    assert Enum.count(list, & &1) <= 10
  end

  test "property: terms come back from JavaScript as they went", %{rt: rt} do
    for _ <- 1..1_000 do
      {term, returned} = Terms.round_trip(:rand.uniform(5) - 1)
      assert {term, QuickBEAM.call(rt, "id", [term])} === {term, {:ok, returned}}
    end
  end

  test "property: expressions become their terms", %{rt: rt} do
    for _ <- 1..500 do
      {expression, term} = Terms.expression(:rand.uniform(5) - 1)
      assert {expression, QuickBEAM.eval(rt, "(#{expression})")} === {expression, {:ok, term}}
    end
  end
end
