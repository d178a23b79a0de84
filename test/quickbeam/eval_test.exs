defmodule QuickBEAM.EvalTest do
  use QuickBEAM.Test.PlacementCase, async: true

  alias QuickBEAM.{Bytecode, JSError}

  setup do
    %{rt: start_runtime()}
  end

  test "values of scripts", %{rt: rt} do
    for {code, value} <- [
          {"", nil},
          {"// nothing", nil},
          {"1; 2", 2},
          {"var a = 1", nil},
          {"if (true) 3", 3},
          {"({a: 1})", %{"a" => 1}},
          {"await 1", 1},
          {"const x = await Promise.resolve(2); x * 2", 4},
          {"Promise.resolve(Promise.resolve(5))", 5},
          {"(async () => 6)()", 6},
          {"new Promise(resolve => setTimeout(() => resolve(7), 1))", 7},
          {"for await (const n of [1, 2]) n", 2},
          {"this === globalThis", true},
          {"'use strict'; (function () { return this })() === undefined", true},
          {"#!/usr/bin/env node\n8", 8}
        ] do
      assert {code, QuickBEAM.eval(rt, code)} == {code, {:ok, value}}
    end
  end

  test "declarations of one eval are visible to the next", %{rt: rt} do
    {:ok, _} =
      QuickBEAM.eval(
        rt,
        "let l = 1; const c = 2; class K { static x = 3 } function f() { return 4 }"
      )

    assert QuickBEAM.eval(rt, "l++; [l, c, K.x, f()]") == {:ok, [2, 2, 3, 4]}

    {:ok, _} = QuickBEAM.eval(rt, "const later = await Promise.resolve(5); let more = later + 1")
    assert QuickBEAM.eval(rt, "[later, more]") == {:ok, [5, 6]}
    assert QuickBEAM.call(rt, "f") == {:ok, 4}
    assert {:error, %{name: "SyntaxError"}} = QuickBEAM.eval(rt, "let l = 2")
    assert {:error, %{name: "TypeError"}} = QuickBEAM.eval(rt, "c = 3")
    assert QuickBEAM.eval(rt, "l") == {:ok, 2}
  end

  test "errors say where", %{rt: rt} do
    code =
      "function outer() {\n  inner();\n}\nfunction inner() {\n  throw new RangeError('deep');\n}\nouter()"

    assert {:error, %JSError{} = error} = QuickBEAM.eval(rt, code, filename: "app.js")
    assert {error.name, error.message} == {"RangeError", "deep"}
    assert {error.filename, error.line} == {"app.js", 5}
    assert [%{function: "inner", line: 5}, %{function: "outer", line: 2} | _] = error.frames

    assert Enum.all?(
             error.frames,
             &(Enum.sort(Map.keys(&1)) == [:column, :filename, :function, :line])
           )

    assert error.stack =~ "inner" and error.stack =~ "app.js:5"
    assert Exception.message(error) == "RangeError: deep"

    assert {:error, %JSError{name: "SyntaxError", line: 2, filename: "bad.js"}} =
             QuickBEAM.eval(rt, "let a;\nlet = ;", filename: "bad.js")
  end

  test "errors of builtins are where the script called them", %{rt: rt} do
    for call <- ["new URL('nope')", "new Headers([['a b', 'c']])", "JSON.parse('{')", "atob('*')"] do
      code = "function ask() {\n  return #{call}\n}\nask()"
      assert {:error, error} = QuickBEAM.eval(rt, code, filename: "ask.js")
      assert {error.filename, error.line} == {"ask.js", 2}, call
    end
  end

  test "what may be thrown", %{rt: rt} do
    for {code, name, message} <- [
          {"throw new Error('m')", "Error", "m"},
          {"throw new TypeError()", "TypeError", ""},
          {"class Mine extends Error { name = 'Mine' }; throw new Mine('x')", "Mine", "x"},
          {"throw 'text'", "Error", "text"},
          {"throw 7", "Error", "7"},
          {"throw null", "Error", "null"},
          {"await Promise.reject(new Error('late'))", "Error", "late"},
          {"undefinedName", "ReferenceError", "undefinedName is not defined"}
        ] do
      assert {:error, error} = QuickBEAM.eval(rt, code)
      assert {code, error.name, error.message} == {code, name, message}
    end
  end

  test "causes", %{rt: rt} do
    code = "throw new Error('outer', {cause: new TypeError('inner', {cause: 'text'})})"
    assert {:error, %JSError{cause: %JSError{} = cause}} = QuickBEAM.eval(rt, code)
    assert {cause.name, cause.message} == {"TypeError", "inner"}
    assert %JSError{message: "text", cause: nil} = cause.cause
  end

  test "vars shadow globals and leave them as they are", %{rt: rt} do
    {:ok, _} =
      QuickBEAM.eval(rt, "var g = 'global'; let l = 'lexical'; function f() { return g }")

    vars = %{"g" => 1, "l" => 2, "Math" => 3, "fresh" => 4, "undefined_" => nil}

    assert QuickBEAM.eval(rt, "[g, l, Math, fresh, undefined_, f()]", vars: vars) ==
             {:ok, [1, 2, 3, 4, nil, "global"]}

    assert {:ok, _} = QuickBEAM.eval(rt, "g = 'changed'; l = 'changed'; Math = 1", vars: vars)

    assert QuickBEAM.eval(rt, "[g, l, typeof Math, typeof fresh]") ==
             {:ok, ["global", "lexical", "object", "undefined"]}

    assert QuickBEAM.eval(rt, "await null; [g, fresh]", vars: vars) == {:ok, [1, 4]}
    assert {:error, _} = QuickBEAM.eval(rt, "g = 2; throw new Error(fresh)", vars: vars)
    assert QuickBEAM.eval(rt, "[g, typeof fresh]") == {:ok, ["global", "undefined"]}
    assert QuickBEAM.globals(rt, user_only: true) == {:ok, ["f", "g", "l"]}

    for {code, line} <- [{"null.x", 1}, {"\nfresh;\nnull.x", 3}, {"const = 1", 1}] do
      assert {:error, %{line: ^line, filename: "v.js"}} =
               QuickBEAM.eval(rt, code, vars: vars, filename: "v.js")
    end

    # A closure keeps its variables after the eval.
    {:ok, _} = QuickBEAM.eval(rt, "globalThis.get = () => fresh; null", vars: vars)
    assert QuickBEAM.call(rt, "get") == {:ok, 4}
  end

  test "declarations of an eval with vars are visible to the next", %{rt: rt} do
    code = """
    let a = n; const b = a + 1, [c] = [n * 2]; class D { m() { return n } }
    function e() { return n } async function f() { return n } function* g() { yield n }
    var h = n; [a, b, c]
    """

    assert QuickBEAM.eval(rt, code, vars: %{n: 5}) == {:ok, [5, 6, 10]}
    code = "a += 1; [a, b, c, new D().m(), e(), await f(), [...g()], h, typeof n]"
    assert QuickBEAM.eval(rt, code) == {:ok, [6, 6, 10, 5, 5, 5, [5], 5, "undefined"]}
    assert {:error, %{name: "TypeError"}} = QuickBEAM.eval(rt, "b = 1")
    assert QuickBEAM.call(rt, "f") == {:ok, 5}
    assert QuickBEAM.get_global(rt, "a") == {:ok, 6}

    # Declared again, also by one that awaits; and what fails declares nothing but names.
    for code <- [
          "const a = n",
          "const a = await n",
          "let a = n; null.x",
          "class a { static n = n }"
        ] do
      QuickBEAM.eval(rt, code, vars: %{n: 7})
      expected = if code =~ "class", do: {:ok, "function"}, else: {:ok, "number"}
      assert {code, QuickBEAM.eval(rt, "typeof a")} == {code, expected}
    end

    for code <- ["let = 3 +", "let a, a", "const a"] do
      assert {:error, %{name: "SyntaxError"}} = QuickBEAM.eval(rt, code, vars: %{n: 1})
    end

    {:ok, names} = QuickBEAM.globals(rt)
    assert Enum.filter(names, &(&1 =~ "quickbeam")) == []
  end

  test "evals with vars do not mix with each other", %{rt: rt} do
    code = "await new Promise(resolve => setTimeout(resolve, n % 3)); n"

    results =
      1..20
      |> Enum.map(&Task.async(fn -> QuickBEAM.eval(rt, code, vars: %{n: &1}) end))
      |> Task.await_many()

    assert results == Enum.map(1..20, &{:ok, &1})
  end

  test "calls", %{rt: rt} do
    {:ok, _} =
      QuickBEAM.eval(rt, """
      function count() { return arguments.length }
      const lexical = (a, b) => a + b;
      globalThis.ns = {deep: {value: 5, method(n) { return this.value + n }}};
      async function later(x) { await null; return x }
      function fail() { throw new RangeError('no') }
      """)

    for {path, args, result} <- [
          {"count", [], 0},
          {"count", [nil, nil], 2},
          {"lexical", [1, 2], 3},
          {"ns.deep.method", [1], 6},
          {"globalThis.ns.deep.method", [2], 7},
          {"Math.max", [1, 9, 3], 9},
          {:later, [%{a: 1}], %{"a" => 1}}
        ] do
      assert {path, QuickBEAM.call(rt, path, args)} == {path, {:ok, result}}
    end

    assert {:error, %{name: "RangeError", message: "no"}} = QuickBEAM.call(rt, "fail")

    for path <- [
          "nothing",
          "ns.nothing",
          "ns.nothing.there",
          "ns.deep.value",
          ".",
          "a b",
          "count()"
        ] do
      assert {:error, %JSError{message: message}} = QuickBEAM.call(rt, path)
      assert message != ""
    end
  end

  test "wrong arguments are errors of the caller", %{rt: rt} do
    assert_raise ArgumentError, fn -> QuickBEAM.eval(rt, "1", timeuot: 1) end
    assert_raise ArgumentError, fn -> QuickBEAM.call(rt, "f", [], vars: %{}) end
    assert_raise ArgumentError, fn -> QuickBEAM.get_global(rt, nil) end
    assert {:error, %JSError{}} = QuickBEAM.eval(rt, <<"'", 255, "'">>)
    assert_usable(rt)
  end

  test "modules", %{rt: rt} do
    assert QuickBEAM.load_module(rt, "a", "export let n = 1; export const add = m => n += m") ==
             :ok

    assert QuickBEAM.load_module(rt, "b", "import { add, n } from 'a'; add(2); export { n }") ==
             :ok

    assert QuickBEAM.eval(rt, "(await import('b')).n") == {:ok, 3}
    assert QuickBEAM.eval(rt, "(await import('a')).n") == {:ok, 3}

    assert {:error, %{name: "SyntaxError"}} = QuickBEAM.load_module(rt, "c", "export {")
    assert {:error, %JSError{message: message}} = QuickBEAM.eval(rt, "await import('nowhere')")
    assert message =~ "nowhere"

    assert {:error, %{name: "TypeError", message: "here", line: 2, filename: "throws"}} =
             QuickBEAM.load_module(rt, "throws", "\nthrow new TypeError('here')")
  end

  test "a script that is meant for a module says so", %{rt: rt} do
    for {eval, options} <- [{&QuickBEAM.eval/3, []}, {&QuickBEAM.eval_ts/3, []}],
        {code, line, message} <- [
          {"import a from 'a'; a", 1, ~r/import declaration is for modules/},
          {"1;\nimport {b} from 'a'; b", 2, ~r/import declaration is for modules/},
          {"import 'a'", 1, ~r/import declaration is for modules/},
          {"export const a = 1; a", 1, ~r/export declaration is for modules/},
          {"let important b", nil, ~r/^((?!modules).)*$/s}
        ] do
      assert {:error, %{name: "SyntaxError"} = error} = eval.(rt, code, options)
      assert error.message =~ message
      if line, do: assert(error.line == line)
    end
  end

  test "a module that imports what is not there says where", %{rt: rt} do
    :ok = QuickBEAM.load_module(rt, "lib/dep.js", "export const a = 1")

    for {code, message, place} <- [
          {"\n\n import 'gone'", "Cannot find module 'gone' imported from 'lib/m'", {3, 9}},
          {"export * from './gone.js'", "Cannot find module './gone.js'", {1, 15}},
          {"'é😀'; import { a, b as c } from './dep.js'", "Could not find export 'b'", {1, 20}},
          {"export { z } from 'lib/dep.js'", "'z' in module 'lib/dep.js'", {1, 10}},
          {"import dep from './dep.js'", "export 'default'", {1, 8}}
        ] do
      assert {:error, error} = QuickBEAM.load_module(rt, "lib/m", code)
      assert error.message =~ message
      assert {error.filename, error.line, error.column} == Tuple.insert_at(place, 0, "lib/m")
      assert [%{filename: "lib/m"}] = error.frames
      assert error.stack =~ "at lib/m:#{error.line}:"
    end
  end

  test "bytecode", %{rt: rt} do
    assert {:ok, bytecode} = QuickBEAM.compile(rt, "globalThis.ran = (globalThis.ran ?? 0) + 1")
    assert QuickBEAM.eval(rt, "typeof ran") == {:ok, "undefined"}
    assert QuickBEAM.load_bytecode(rt, bytecode) == {:ok, 1}
    assert QuickBEAM.load_bytecode(rt, bytecode) == {:ok, 2}
    assert QuickBEAM.load_bytecode(start_runtime(), bytecode) == {:ok, 1}

    assert {:ok, awaiting} = QuickBEAM.compile(rt, "await Promise.resolve(9)")
    assert QuickBEAM.load_bytecode(rt, awaiting) == {:ok, 9}
    assert {:error, %{name: "SyntaxError"}} = QuickBEAM.compile(rt, "let a = ;")
  end

  test "damaged bytecode is an error and never runs", %{rt: rt} do
    {:ok, bytecode} = QuickBEAM.compile(rt, "globalThis.ran = [1, 'text', x => x + 1]; null")
    size = byte_size(bytecode)

    damaged =
      for at <- Enum.take_random(0..(size - 1), 100) do
        <<before::binary-size(at), byte, rest::binary>> = bytecode
        <<before::binary, Bitwise.bxor(byte, :rand.uniform(255)), rest::binary>>
      end

    cut = for at <- [0, 1, 5, div(size, 2), size - 1], do: binary_part(bytecode, 0, at)

    for bytes <- damaged ++ cut ++ [bytecode <> "x", :rand.bytes(200)] do
      assert {:error, %JSError{message: message}} = QuickBEAM.load_bytecode(rt, bytes)
      assert message != ""
      assert {:error, %JSError{}} = QuickBEAM.disasm(bytes)
    end

    assert QuickBEAM.eval(rt, "typeof ran") == {:ok, "undefined"}
  end

  test "disassembly", %{rt: rt} do
    code = "async function add(a, b) { const sum = a + b; return sum }"
    assert {:ok, %Bytecode{functions: [add]} = script} = QuickBEAM.disasm(rt, code)
    assert {add.name, add.args, "sum" in add.vars, add.line} == {"add", ["a", "b"], true, 1}

    assert Enum.all?(add.opcodes, fn {offset, _name, args} ->
             is_integer(offset) and is_list(args)
           end)

    assert Enum.sort(add.opcodes) == add.opcodes

    {:ok, bytecode} = QuickBEAM.compile(rt, code)
    assert {:ok, %Bytecode{functions: [%{name: "add"}]}} = QuickBEAM.disasm(bytecode)
    assert length(script.opcodes) > 0
  end

  test "globals", %{rt: rt} do
    assert QuickBEAM.globals(rt, user_only: true) == {:ok, []}
    assert QuickBEAM.set_global(rt, "x", %{a: [1]}) == :ok
    assert QuickBEAM.set_global(rt, :y, nil) == :ok
    assert QuickBEAM.get_global(rt, "x") == {:ok, %{"a" => [1]}}
    assert QuickBEAM.get_global(rt, :y) == {:ok, nil}
    assert QuickBEAM.get_global(rt, "nothing") == {:ok, nil}

    {:ok, _} =
      QuickBEAM.eval(
        rt,
        "const c = 7; Object.defineProperty(globalThis, 'g', {get() { throw new Error('g') }})"
      )

    assert QuickBEAM.get_global(rt, "c") == {:ok, 7}
    assert {:error, %{message: "g"}} = QuickBEAM.get_global(rt, "g")
    assert QuickBEAM.globals(rt, user_only: true) == {:ok, ["c", "g", "x", "y"]}
    {:ok, all} = QuickBEAM.globals(rt)
    assert all == Enum.sort(all) and "Array" in all and "x" in all
    assert QuickBEAM.set_global(rt, "Math", 1) == :ok
    assert QuickBEAM.eval(rt, "Math") == {:ok, 1}
    assert QuickBEAM.get_global(rt, "this") == {:ok, nil}
  end

  test "globals that scripts declare", %{rt: rt} do
    {:ok, _} = QuickBEAM.eval(rt, "let n = 1; const c = [1]")

    assert QuickBEAM.set_global(rt, "n", %{a: 2}) == :ok
    assert QuickBEAM.eval(rt, "[n.a, 'n' in globalThis]") == {:ok, [2, false]}
    assert QuickBEAM.get_global(rt, "n") == {:ok, %{"a" => 2}}
    assert {:error, %{name: "TypeError", message: message}} = QuickBEAM.set_global(rt, "c", 2)
    assert message =~ "'c' is read-only"
    assert QuickBEAM.get_global(rt, "c") == {:ok, [1]}
    assert QuickBEAM.call(rt, "c.at", [0]) == {:ok, 1}

    # What a script puts on the global object is meant for others.
    {:ok, _} = QuickBEAM.eval(rt, "const log = ['a']; globalThis.log = () => log; 0")
    assert QuickBEAM.call(rt, "log") == {:ok, ["a"]}
    assert QuickBEAM.set_global(rt, "log", 1) == :ok
    assert QuickBEAM.get_global(rt, "log") == {:ok, 1}

    {:error, _} = QuickBEAM.eval(rt, "throw 1; let never = 1")

    for request <- [&QuickBEAM.get_global/2, &QuickBEAM.call/2, &QuickBEAM.set_global(&1, &2, 1)],
        do: assert({:error, %{name: "ReferenceError"}} = request.(rt, "never"))
  end

  test "TypeScript", %{rt: rt} do
    code = """
    interface User { name: string }
    enum Color { Red, Green }
    const user: User = { name: "Ada" };
    [user.name, Color.Green, (await Promise.resolve(3)) as number]
    """

    assert QuickBEAM.eval_ts(rt, code) == {:ok, ["Ada", 1, 3]}
    assert QuickBEAM.eval_ts(rt, "user.name satisfies string") == {:ok, "Ada"}
    assert QuickBEAM.eval_ts(rt, "(n as number) + 1", vars: %{n: 1}) == {:ok, 2}

    late =
      "interface A {\n  x: number;\n}\n\nfunction fail(a: A): never {\n  throw new Error('at ' + a.x);\n}\nfail({x: 1})"

    assert {:error, error} = QuickBEAM.eval_ts(rt, late, filename: "late.ts")
    assert {error.filename, error.line} == {"late.ts", 6}
    assert [%{function: "fail", line: 6}, %{line: 8} | _] = error.frames

    assert {:error, %{name: "SyntaxError", line: 2, filename: "bad.ts"}} =
             QuickBEAM.eval_ts(rt, "let a = 1;\nlet b: = 2;", filename: "bad.ts")

    assert {:error, %{name: "TimeoutError"}} = QuickBEAM.eval_ts(rt, "for (;;) {}", timeout: 20)

    jsx =
      "/** @jsx h */ const h = (tag, _, ...children) => [tag, ...children]; <b>{1 as number}</b>"

    assert QuickBEAM.eval_ts(rt, jsx, filename: "a.tsx") == {:ok, ["b", 1]}
    assert {:error, error} = QuickBEAM.eval_ts(rt, "\n<b/>", filename: "b.tsx")
    assert {error.message, error.line} == {"React is not defined", 2}
  end

  test "arguments of the wrong type raise", %{rt: rt} do
    refused = [
      {fn -> QuickBEAM.eval(rt, :code) end, ~r/code must be a binary, got: :code/},
      {fn -> QuickBEAM.eval_ts(rt, [:code]) end, ~r/code must be a binary, got: \[:code\]/},
      {fn -> QuickBEAM.call(rt, "f", :args) end, ~r/arguments must be a proper list, got: :args/},
      {fn -> QuickBEAM.call(rt, "f", [1 | 2]) end, ~r/arguments must be a proper list/},
      {fn -> QuickBEAM.call(rt, "") end, ~r/a name must be a non-empty string or an atom/},
      {fn -> QuickBEAM.call(rt, nil) end, ~r/a name must be a non-empty string or an atom/},
      {fn -> QuickBEAM.get_global(rt, "") end, ~r/a name must be a non-empty string or an atom/},
      {fn -> QuickBEAM.set_global(rt, 1, 1) end, ~r/a name must be .*, got: 1/},
      {fn -> QuickBEAM.load_module(rt, :m, "") end, ~r/a module's name must be .*, got: :m/},
      {fn -> QuickBEAM.load_module(rt, "", "") end,
       ~r/a module's name must be a non-empty string/},
      {fn -> QuickBEAM.load_module(rt, "a\0b", "") end,
       ~r/without NUL, got: <<97, 0, 98>>|"a\\0b"/},
      {fn -> QuickBEAM.load_module(rt, "m", nil) end, ~r/code must be a binary, got: nil/},
      {fn -> QuickBEAM.compile(rt, 1) end, ~r/code must be a binary, got: 1/},
      {fn -> QuickBEAM.load_bytecode(rt, []) end, ~r/bytecode must be a binary, got: \[\]/},
      {fn -> QuickBEAM.disasm(rt, :code) end, ~r/code must be a binary, got: :code/},
      {fn -> QuickBEAM.disasm(:bytes) end, ~r/bytecode must be a binary, got: :bytes/}
    ]

    for {request, message} <- refused, do: assert_raise(ArgumentError, message, request)
    assert_usable(rt)
  end

  test "figures", %{rt: rt} do
    usage = QuickBEAM.memory_usage(rt)
    assert Enum.all?(usage, fn {key, figure} -> is_atom(key) and is_integer(figure) end)
    {:ok, _} = QuickBEAM.eval(rt, "globalThis.kept = new Uint8Array(1e6).fill(1); null")
    after_use = QuickBEAM.memory_usage(rt)
    assert Enum.any?(usage, fn {key, figure} -> after_use[key] - figure >= 1_000_000 end)
    assert %{} = QuickBEAM.info(rt)
  end
end
