# What does a call from JavaScript to an Elixir handler cost?
alias QuickBEAM.Bench.{Figure, Measure}

calls = 1_000

setup = """
function sync(n) { let x; for (let i = 0; i < n; i++) x = Beam.callSync("echo", i); return x }
async function sequential(n) { let x; for (let i = 0; i < n; i++) x = await Beam.call("echo", i); return x }
async function all(n) {
  const xs = await Promise.all(Array.from({ length: n }, (_, i) => Beam.call("echo", i)));
  return xs[n - 1];
}
"""

per_call = fn function ->
  fn ->
    {:ok, runtime} = QuickBEAM.start(handlers: %{"echo" => fn [value] -> value end})
    QuickBEAM.eval(runtime, setup)

    run = fn ->
      {took, {:ok, 999}} = Measure.time(fn -> QuickBEAM.call(runtime, function, [calls]) end)
      took / calls
    end

    samples = Measure.each(run, 30)
    QuickBEAM.stop(runtime)
    samples
  end
end

# The handler runs in a process of its own, therefore so does the baseline.
spawned =
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

[
  %Figure{
    name: "callSync from a JavaScript loop",
    unit: :us,
    measure: per_call.("sync"),
    baseline: spawned,
    target: 10
  },
  %Figure{
    name: "await Beam.call one after another",
    unit: :us,
    measure: per_call.("sequential"),
    baseline: spawned,
    target: 15
  },
  %Figure{
    name: "Beam.call, 1,000 in Promise.all, per call",
    unit: :us,
    measure: per_call.("all"),
    baseline: spawned,
    target: 8
  }
]
