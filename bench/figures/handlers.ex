defmodule QuickBEAM.Bench.Handlers do
  @moduledoc "What does a call from JavaScript to an Elixir handler cost?"

  alias QuickBEAM.Bench.{Figure, Measure}

  @calls 1_000
  @samples 15

  @setup """
  function sync(n) { let x; for (let i = 0; i < n; i++) x = Beam.callSync("echo", i); return x }
  async function sequential(n) { let x; for (let i = 0; i < n; i++) x = await Beam.call("echo", i); return x }
  async function all(n) {
    const xs = await Promise.all(Array.from({ length: n }, (_, i) => Beam.call("echo", i)));
    return xs[n - 1];
  }
  """

  @doc "The figures."
  def figures do
    [
      %Figure{
        name: "callSync from a JavaScript loop",
        unit: :us,
        measure: fn -> per_call("sync") end,
        baseline: spawned(),
        target: 10
      },
      %Figure{
        name: "await Beam.call one after another",
        unit: :us,
        measure: fn -> per_call("sequential") end,
        baseline: spawned(),
        target: 15
      },
      %Figure{
        name: "Beam.call, 1,000 in Promise.all, per call",
        unit: :us,
        measure: fn -> per_call("all") end,
        baseline: spawned(),
        target: 8
      }
    ]
  end

  defp per_call(function) do
    {:ok, runtime} = QuickBEAM.start(handlers: %{"echo" => fn [value] -> value end})
    QuickBEAM.eval(runtime, @setup)
    samples = Measure.each(fn -> run(runtime, function) end, @samples)
    QuickBEAM.stop(runtime)
    samples
  end

  defp run(runtime, function) do
    last = @calls - 1
    {took, {:ok, ^last}} = Measure.time(fn -> QuickBEAM.call(runtime, function, [@calls]) end)
    took / @calls
  end

  # A handler runs in a process of its own, therefore so does the baseline.
  defp spawned do
    {"spawn a process and hear from it",
     fn ->
       Measure.repeat(fn ->
         me = self()
         pid = spawn(fn -> send(me, {self(), :done}) end)

         receive do
           {^pid, :done} -> :ok
         end
       end)
     end}
  end
end
