defmodule QuickBEAM.CoverToolTest do
  @moduledoc "`mix test --cover` in a project of its own."

  use ExUnit.Case, async: false

  import QuickBEAM.Test.Helpers

  @moduletag :tmp_dir
  @moduletag timeout: 120_000

  @mix """
  defmodule Sample.MixProject do
    use Mix.Project

    def project do
      [
        app: :sample,
        version: "0.1.0",
        # QuickBEAM is no dependency here, but on the path.
        prune_code_paths: false,
        test_coverage: [tool: QuickBEAM.Cover, summary: [threshold: 0], js: [threshold: 60]]
      ]
    end
  end
  """

  @script """
  export {};
  const used = (n: number) => n + 1;
  const unused = () => {
    return 1;
  };
  Object.assign(globalThis, { used, unused });
  """

  @test """
  defmodule SampleTest do
    use ExUnit.Case
    test "used" do
      {:ok, rt} = QuickBEAM.start(script: "assets/app.ts")
      assert QuickBEAM.call(rt, "used", [1]) == {:ok, 2}
      assert Sample.hello() == :world
      QuickBEAM.stop(rt)
    end
  end
  """

  defp run(dir) do
    paths = Enum.flat_map(:code.get_path(), &["-pa", to_string(&1)])
    env = [{"MIX_ENV", "test"}, {"LC_ALL", "C.UTF-8"}, {"ERL_FLAGS", Enum.join(paths, " ")}]
    System.cmd("mix", ["test", "--cover"], cd: dir, env: env, stderr_to_stdout: true)
  end

  test "prints a table, writes LCOV, reports Elixir, and keeps a threshold", %{tmp_dir: dir} do
    write_files(dir, %{
      "mix.exs" => @mix,
      "lib/sample.ex" => "defmodule Sample do\n  def hello, do: :world\nend\n",
      "assets/app.ts" => @script,
      "test/test_helper.exs" => "ExUnit.start()\n",
      "test/sample_test.exs" => @test
    })

    {output, status} = run(dir)
    assert {status, output} == {0, output}
    assert output =~ "75.00% | assets/app.ts  (4)"
    assert output =~ "100.00% | Sample"

    assert File.read!(Path.join(dir, "cover/lcov.info")) ==
             "TN:\nSF:assets/app.ts\nDA:2,1\nDA:3,1\nDA:4,0\nDA:6,1\nLF:4\nLH:3\nend_of_record\n"

    write_files(dir, %{"mix.exs" => String.replace(@mix, "threshold: 60", "threshold: 90")})
    {output, status} = run(dir)
    assert {status, output} == {3, output}
    assert output =~ "below the threshold of 90%"
  end
end
