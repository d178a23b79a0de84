defmodule QuickBEAM.JSTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.JS

  doctest QuickBEAM.JS
  doctest QuickBEAM.JS.Error

  describe "options" do
    test "that are unknown or wrong are named" do
      check = fn message, fun -> assert_raise ArgumentError, message, fun end

      check.(~r/unknown option :colour; the options are :jsx,/, fn ->
        JS.transform("1", "a.ts", colour: 1)
      end)

      check.(~r/unknown option :entry/, fn -> JS.bundle_file("a.ts", entry: "a.ts") end)
      check.(~r/unknown option :jsx/, fn -> JS.minify("1", "a.js", jsx: :classic) end)

      check.(~r/option :sourcemap must be true or false, got: 1/, fn ->
        JS.bundle([], sourcemap: 1)
      end)

      check.(~r/option :jsx must be one of :automatic, :classic, got: :vue/, fn ->
        JS.transform("1", "a.ts", jsx: :vue)
      end)

      check.(~r/option :external must be a list of strings, got: \["a" \| "b"\]/, fn ->
        JS.bundle([], external: ["a" | "b"])
      end)

      check.(~r/option :define must be a map of strings/, fn ->
        JS.bundle([], define: %{a: 1})
      end)

      check.(~r/options must be a keyword list/, fn -> JS.transform("1", "a.ts", [:minify]) end)
      check.(~r/a file must be \{name, source\}/, fn -> JS.bundle(["a.ts"]) end)
      check.(~r/must be valid UTF-8/, fn -> JS.transform("1", <<255>>) end)
      check.(~r/a source must be a string, got: 1/, fn -> JS.transform(1) end)
      check.(~r/a source must be a string, got: nil/, fn -> JS.minify(nil) end)
      check.(~r/a source must be a string, got: 1/, fn -> JS.imports(1) end)
      check.(~r/a source must be a string, got: 1/, fn -> JS.valid?(1) end)
      check.(~r/a file name must be a string, got: 1/, fn -> JS.transform("1", 1) end)
      check.(~r/a file name must be a string, got: :a/, fn -> JS.imports("1", :a) end)
      check.(~r/files must be a list, got: 1/, fn -> JS.bundle(1) end)

      for path <- [1, nil, "", []],
          do: check.(~r/path of a file must be a string/, fn -> JS.bundle_file(path) end)
    end
  end

  test "a bang raises the first error with its place" do
    assert_raise JS.Error, ~r/\Aa.ts:2:1: .*\n\n  1 \| 1\n> 2 \| \}/s, fn ->
      JS.transform!("1\n}", "a.ts")
    end

    assert_raise JS.Error, fn -> JS.minify!("(") end
    assert_raise JS.Error, fn -> JS.bundle!([{"a.ts", "("}]) end
    assert_raise JS.Error, fn -> JS.imports!("(") end
  end

  test "sources that are no UTF-8 are errors" do
    message = "not valid UTF-8 at byte 1"
    assert {:error, [%JS.Error{message: ^message, file: "a.ts"}]} = JS.transform("a\xff", "a.ts")
    assert {:error, [%JS.Error{message: ^message}]} = JS.minify("a\xff")
    assert {:error, [%JS.Error{message: ^message}]} = JS.bundle([{"a.ts", "a\xff"}])
    assert {:error, [%JS.Error{message: ^message}]} = JS.imports("a\xff")
    refute JS.valid?("a\xff")
  end

  test "nesting that would overflow a stack is an error" do
    for {open, close, file} <- [
          {"(", ")", "a.js"},
          {"[", "]", "a.ts"},
          {"<a>", "</a>", "a.tsx"},
          {"{", "}", "a.js"}
        ] do
      source = String.duplicate(open, 100_000) <> "1" <> String.duplicate(close, 100_000)
      assert {:error, [%JS.Error{} | _]} = JS.transform(source, file)
      assert {:error, [%JS.Error{} | _]} = JS.bundle([{file, source}])
      refute JS.valid?(source, file)
    end
  end

  test "a bundle held in memory reads nothing from disk" do
    for specifier <- ["/etc/hostname", "../../../../../etc/hostname", "./js_test.exs"] do
      assert {:error, [%JS.Error{message: message}]} =
               JS.bundle([{"a.js", "import x from '#{specifier}'; x"}])

      assert message =~ "not among the files"
    end
  end

  describe "a file with its packages" do
    setup do
      root = Path.join(System.tmp_dir!(), "quickbeam_js_#{System.unique_integer([:positive])}")
      on_exit(fn -> File.rm_rf!(root) end)

      write = fn path, content ->
        path = Path.join(root, path)
        File.mkdir_p!(Path.dirname(path))
        File.write!(path, content)
        path
      end

      write.(
        "node_modules/esm/package.json",
        ~s({"name": "esm", "exports": {"import": "./m.mjs"}})
      )

      write.("node_modules/esm/m.mjs", "export const esm = 'esm'")
      write.("node_modules/cjs/index.js", "exports.cjs = require('./data.json').value")
      write.("node_modules/cjs/data.json", ~s({"value": "cjs"}))
      {:ok, root: root, write: write}
    end

    test "becomes one script", %{write: write} do
      path =
        write.("app.ts", """
        import { esm } from 'esm'
        import { cjs } from 'cjs'
        globalThis.both = (): string => esm + cjs + process.env.NODE_ENV
        """)

      assert {:ok, code} = JS.bundle_file(path, define: %{"process.env.NODE_ENV" => ~s("test")})
      refute code =~ ~r/\b(import|export)\b|: string|process\.env/
      assert {:ok, %{code: _, map: map}} = JS.bundle_file(path, sourcemap: true)
      assert map =~ path
    end

    test "that declares and imports nothing stays a script of its own", %{write: write} do
      path = write.("plain.ts", "function render(n: number) { return n + 1 }")
      assert {:ok, %{kind: :script, code: code, map: map}} = JS.script_file(path, false)
      assert code == "function render(n) {\n\treturn n + 1;\n}\n"
      assert is_binary(map)
    end

    test "that awaits at its top level becomes a module", %{write: write} do
      path = write.("await.ts", "import { esm } from 'esm'\nglobalThis.v = await esm")
      assert {:ok, %{kind: :module}} = JS.script_file(path, false)
      assert {:error, [%JS.Error{message: message, line: 2, column: 16}]} = JS.bundle_file(path)
      assert message =~ "Top-level await"
    end

    test "that lacks a package is an error at the import", %{write: write} do
      path = write.("lost.ts", "\nimport x from 'lost'\nx()")

      assert {:error, [%JS.Error{file: ^path, line: 2, column: 15, code_frame: frame} = error]} =
               JS.bundle_file(path)

      assert error.message == "Could not resolve 'lost' in #{path}"
      assert frame =~ "> 2 | import x from 'lost'"
    end
  end
end
