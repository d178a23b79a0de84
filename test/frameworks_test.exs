defmodule QuickBEAM.FrameworksTest do
  @moduledoc """
  Frameworks and libraries from npm do in a runtime what their documentation shows.

  Each file of `test/frameworks/src` is bundled with the packages that it imports. It defines `run`, and as
  `expected` what that returns; the same as in Node.js.
  """

  use ExUnit.Case, async: true

  @root Path.expand("frameworks", __DIR__)

  # Solid has no renderers to strings for browsers.
  @options %{"solid.js" => [conditions: ["worker", "production"]]}

  setup_all do
    if not File.dir?(Path.join(@root, "node_modules")),
      do: raise("the packages are missing: run `make test`, or `npm ci` in #{@root}")

    :ok
  end

  for file <- File.ls!(Path.join(@root, "src")) do
    test file do
      path = Path.join([@root, "src", unquote(file)])
      {:ok, code} = QuickBEAM.JS.bundle_file(path, Map.get(@options, unquote(file), []))
      runtime = start_supervised!(QuickBEAM)
      assert {:ok, _} = QuickBEAM.eval(runtime, code <> "\nnull", filename: path)
      assert_expected(runtime)
    end
  end

  test "a file is the script of a runtime" do
    script = Path.join([@root, "src", "react.jsx"])
    runtime = start_supervised!({QuickBEAM, script: script})
    assert_expected(runtime)
  end

  defp assert_expected(runtime) do
    assert {:ok, result} = QuickBEAM.call(runtime, "run", [])
    assert QuickBEAM.get_global(runtime, "expected") == {:ok, result}
  end
end
