# Does JavaScript run as fast in a runtime, preemption on, as in the bare engine?
alias QuickBEAM.Bench.{Figure, Measure}

runs = 15
workloads = Path.expand("../workloads", __DIR__)

bare = fn path ->
  fn ->
    profile = System.get_env("QUICKBEAM_PROFILE", "release")

    args =
      ["run", "--quiet", "--package", "quickbeam-bench-qjs", "--profile", profile] ++
        ["--", path, Integer.to_string(runs)]

    case System.cmd("cargo", args) do
      {output, 0} ->
        for nanoseconds <- String.split(output), do: String.to_integer(nanoseconds) / 1_000

      {_output, status} ->
        raise "the bare engine ended with status #{status} on #{path}"
    end
  end
end

in_runtime = fn path ->
  fn ->
    {:ok, runtime} = QuickBEAM.start()
    {:ok, _} = QuickBEAM.eval(runtime, File.read!(path), filename: path)

    run = fn ->
      {took, {:ok, _}} = Measure.time(fn -> QuickBEAM.call(runtime, "run") end)
      took
    end

    samples = Measure.each(run, runs)
    QuickBEAM.stop(runtime)
    samples
  end
end

# Equal, but for what two runs of the same program differ by.
equal = fn baseline -> baseline * 1.03 end

for {name, file} <- [
      {"fib(27)", "fib.js"},
      {"sort 100k numbers", "sort.js"},
      {"regex over 146 KB", "regex.js"},
      {"Map, 200k updates", "map.js"},
      {"string concat, 300k", "concat.js"}
    ],
    path = Path.join(workloads, file) do
  %Figure{
    name: "CPU: #{name}",
    unit: :ms,
    measure: in_runtime.(path),
    baseline: {"bare engine", bare.(path)},
    target: equal
  }
end
