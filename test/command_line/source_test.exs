defmodule QuickBEAM.CommandLine.SourceTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.CommandLine.Source

  defp check(cases) do
    for {code, expected} <- cases,
        do: assert({code, Source.read(code, "show")} == {code, expected})
  end

  test "an expression is shown" do
    check([
      {"1 + 1", {:expression, "show((1 + 1\n))"}},
      {"{a: 1}", {:expression, "show(({a: 1}\n))"}},
      {"await 1", {:expression, "show((await 1\n))"}},
      {"a // why", {:expression, "show((a // why\n))"}},
      {"1,\n2", {:expression, "show((1,\n2\n))"}}
    ])
  end

  test "of several statements the last expression is shown" do
    check([
      {"let a = 1; a + 1", {:expression, "let a = 1;show((a + 1\n))"}},
      {"a;", {:expression, "show((a\n))"}},
      {"let a = 1\na", {:expression, "let a = 1\nshow((a\n))"}},
      {"if (a) { b() } c", {:expression, "if (a) { b() }show((c\n))"}},
      {"f(';'); g()", {:expression, "f(';');show((g()\n))"}}
    ])
  end

  test "statements without a value" do
    check([
      {"let a = 1", :statements},
      {"function f() {}", :statements},
      {"class A {}", :statements},
      {"async function f() { return 1; }", :statements},
      {"for (const x of xs) { f(x); }", :statements},
      {"let a = 1 // one; two", :statements},
      # The second line is an argument list of the first.
      {"let a = b\n(1)", :statements}
    ])
  end

  test "input that more lines may complete" do
    for code <- [
          "function f() {",
          "[1,\n2,",
          "`text",
          "`${",
          "let t = `é𝄞 ${a} `; u = `",
          "/* comment",
          "a +",
          "if (a) {\n  b",
          "x => {",
          "const x =",
          "try { }"
        ],
        do: check([{code, :incomplete}])
  end

  test "input that is wrong however it goes on" do
    for code <- ["}", "'text", "a b", "let 1 = 2\nlet b", "f(]\n)"], do: check([{code, :invalid}])
  end
end
