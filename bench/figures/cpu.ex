defmodule QuickBEAM.Bench.CPU do
  @moduledoc "Does JavaScript run as fast in a runtime, preemption on, as in the bare engine?"

  alias QuickBEAM.Bench.{Figure, Measure}

  # A few runs at a time, in turns: the machine's speed changes within seconds.
  @runs 4
  @workloads Path.expand("../workloads", __DIR__)

  # Equal, but for what two runs of the same program differ by.
  @tolerance 1.03

  @doc "The figures."
  def figures do
    for {name, file} <- [
          {"fib(27)", "fib.js"},
          {"sort 100k numbers", "sort.js"},
          {"regex over 140 KB", "regex.js"},
          {"Map, 200k updates", "map.js"},
          {"string concat, 300k", "concat.js"}
        ],
        path = Path.join(@workloads, file) do
      %Figure{
        name: "CPU: #{name}",
        unit: :ms,
        measure: fn -> in_runtime(path) end,
        baseline: {"bare engine", fn -> bare(path) end},
        rounds: 15,
        target: &(&1 * @tolerance)
      }
    end
  end

  # Both engines look at the clock around `run()` itself: what a request costs is another question.
  @timed "function timed() { const start = performance.now(); run(); return performance.now() - start }"

  defp in_runtime(path) do
    {:ok, runtime} = QuickBEAM.start()
    {:ok, _} = QuickBEAM.eval(runtime, File.read!(path), filename: path)
    {:ok, _} = QuickBEAM.eval(runtime, @timed)
    samples = Measure.each(fn -> run(runtime) end, @runs)
    QuickBEAM.stop(runtime)
    samples
  end

  defp run(runtime) do
    {:ok, milliseconds} = QuickBEAM.call(runtime, "timed")
    milliseconds * 1_000
  end

  defp bare(path) do
    profile = System.get_env("QUICKBEAM_PROFILE", "release")
    program = ["--quiet", "--package", "quickbeam-bench-qjs", "--profile", profile]

    case System.cmd("cargo", ["run" | program] ++ ["--", path, Integer.to_string(@runs)]) do
      {output, 0} ->
        for nanoseconds <- String.split(output), do: String.to_integer(nanoseconds) / 1_000

      {_output, status} ->
        raise "the bare engine ended with status #{status} on #{path}"
    end
  end
end
