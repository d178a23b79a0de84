# `make soak`: does the library keep every promise for as long as it runs? Environment:
#
#   MINUTES=10      how long; whole rounds of about ten seconds each
#   CONTEXTS=2000   contexts alive at once
#   SEED=integer    makes the clients' choices again; the schedule of the VM stays its own
#
# Ends with status 1 at the first round that leaves anything behind or gives a reply that no op of its kind may have.
for file <-
      ~w(expectation.ex log.ex operations.ex world.ex client.ex chaos.ex census.ex round.ex),
    do: Code.require_file(file, __DIR__)

number = fn name, default ->
  case Float.parse(System.get_env(name, "#{default}")) do
    {number, ""} when number > 0 -> number
    _other -> Mix.raise("#{name} must be a number above 0")
  end
end

minutes = number.("MINUTES", 10)
contexts = trunc(number.("CONTEXTS", 2_000))
seed = trunc(number.("SEED", :rand.uniform(1_000_000)))

IO.puts("soak: #{minutes} minutes, #{contexts} contexts, SEED=#{seed}")

case QuickBEAM.Soak.Round.run_all(minutes * 60, contexts, seed) do
  :ok ->
    IO.puts("soak: nothing lost, nothing left behind")

  {:error, problems} ->
    IO.puts(:stderr, ["soak: failed (SEED=#{seed})" | Enum.map(problems, &["\n  - ", &1])])
    System.halt(1)
end
