defmodule QuickBEAM.CommandLine.RunTest do
  # Not async: standard error and Logger's filters are the VM's.
  use ExUnit.Case

  import ExUnit.CaptureIO

  @moduletag :tmp_dir

  # Runs `source` as a file of this name; returns status, standard output, standard error.
  defp run(dir, name, source, args \\ [], options \\ []) do
    file = Path.join(dir, name)
    File.write!(file, source)
    task(options ++ [file | args])
  end

  defp task(args) do
    me = self()

    output =
      capture_io(fn ->
        errors =
          capture_io(:stderr, fn ->
            status =
              try do
                Mix.Tasks.Quickbeam.Run.run(args)
                0
              catch
                :exit, {:shutdown, status} -> status
              end

            send(me, {:status, status})
          end)

        send(me, {:errors, errors})
      end)

    assert_received {:status, status}
    assert_received {:errors, errors}
    {status, output, errors}
  end

  test "arguments, output, and a good end", %{tmp_dir: dir} do
    source = "console.log(scriptArgs.join('+') as string); console.error('bad')"
    assert run(dir, "a.ts", source, ["x", "--y"]) == {0, "x+--y\n", "bad\n"}
  end

  test "it ends when nothing is left to wait for", %{tmp_dir: dir} do
    source = """
    setTimeout(() => { console.log(1); setTimeout(() => console.log(2), 5) }, 5);
    """

    assert run(dir, "a.js", source) == {0, "1\n2\n", ""}
  end

  test "errors that nothing caught end with status 1 and their place", %{tmp_dir: dir} do
    for {name, source, place} <- [
          {"a.js", "let a;\nnull.x", "a.js:2:"},
          {"b.ts", "type T = string;\n\nthrow new Error('boom' as T)", "b.ts:3:"},
          {"c.js", "let 1", "c.js:1:"},
          {"d.js", "setTimeout(() => {\n  undefined.x }, 1)", "d.js:2:"},
          {"e.js", "Promise.reject(new Error('boom'))", "e.js:1:"},
          # The last callback of all, long after the start.
          {"f.js", "setTimeout(() => setTimeout(() => { undefined.x }, 9), 9)", "f.js:1:"}
        ] do
      {status, _output, errors} = run(dir, name, source)
      assert {name, status} == {name, 1}
      assert errors =~ place
      assert errors =~ "Error"
    end
  end

  test "a file that is not there" do
    {status, "", errors} = task(["no/such/file.js"])
    assert status == 1
    assert errors =~ "no/such/file.js: no such file"
  end

  test "wrong options say so", %{tmp_dir: dir} do
    for {options, part} <- [
          {["--apis", "nothing"], "--apis nothing is unknown"},
          {["--unknown"], "--unknown"},
          {["--memory-limit", "much"], "--memory-limit"},
          {["--memory-limit", "1"], "option :memory_limit must be .*, got: 1"}
        ] do
      assert_raise Mix.Error, ~r/#{part}/, fn -> run(dir, "a.js", "1", [], options) end
    end

    assert_raise Mix.Error, ~r/needs a file/, fn -> task([]) end
  end
end
