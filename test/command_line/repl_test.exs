defmodule QuickBEAM.CommandLine.ReplTest do
  # Not async: Logger's filters are the VM's.
  use ExUnit.Case

  import ExUnit.CaptureIO

  alias QuickBEAM.CommandLine.Repl

  @moduletag :tmp_dir

  defp check(input, expected) do
    output = capture_io(input, fn -> Repl.run([], false) end)
    assert {input, String.replace(output, ~r/\e\[\d+m/, "")} == {input, expected}
  end

  test "values are shown, and the last one is `_`" do
    check("1 + 1\n_ * 2\n'text'\n", "2\n4\n'text'\n")
    check("let o = { a: 1 }; o.f = () => 1; o\n", "{ a: 1, f: [Function (anonymous)] }\n")
    check("await Promise.resolve(7)\nlet x = 1\nundefined\n", "7\nundefined\nundefined\n")
    check("console.log('first'), 2", "first\n2\n")
  end

  test "input goes on until it is complete" do
    check("function f() {\n  return 3\n}\nf()\n", "undefined\n3\n")
    check("`a\nb`\n", "'a\\nb'\n")
    check("(1 +\n.break\n2\n", "2\n")
  end

  test "a line that is not valid UTF-8 is told, and its statement does not run; or it is read as Latin-1" do
    input = ~S|1\n"é"\n"\377"\n(1 +\n"\377"\n)\n[n\377 => 1,\n2].length\n3\n|
    command = "printf '#{input}' | mix quickbeam.repl --apis none"
    {output, 0} = System.cmd("sh", ["-c", command], env: [{"MIX_ENV", "test"}])
    lines = String.split(output, "\n", trim: true)

    if System.otp_release() < "26" do
      assert ["1", "'é'", alone, within, first, "3"] = Enum.take(lines, -6)
      for error <- [alone, within, first], do: assert(error =~ "the line is not valid UTF-8")
    else
      assert ["1", "'é'", "'ÿ'", "'1ÿ'", "2", "3"] = Enum.take(lines, -6)
    end
  end

  test "commands", %{tmp_dir: dir} do
    file = Path.join(dir, "a.ts")
    File.write!(file, "var loaded: number = 8")
    check(".load #{file}\nloaded\n", "8\n")
    check(".load no/such/file.js\n", "cannot read no/such/file.js: no such file or directory\n")
    check("var a = 1\n.reset\ntypeof a\n", "undefined\n'undefined'\n")
    check("1\n.exit\n2\n", "1\n")
    assert capture_io(".help\n", fn -> Repl.run([], false) end) =~ ".load FILE"
  end

  test "errors are shown, and the prompt goes on" do
    for input <- ["null.x", "let 1", "throw new TypeError('t')", "a.b"] do
      output = capture_io(input <> "\n'next'\n", fn -> Repl.run([], false) end)
      assert output =~ ~r/Uncaught \w*Error.*'next'/s, input
    end
  end
end
