Code.require_file("counters.ex", __DIR__)
{:ok, _supervisor} = Counters.start_link(4)

counts = fn ->
  Enum.map_join(0..3, "  ", fn key -> "#{key}: #{elem(Counters.increment(key), 1)}" end)
end

for _ <- 1..9, key <- 0..3, do: {:ok, _} = Counters.increment(key)
IO.puts("counted     #{counts.()}")

{:error, error} = Counters.explode(2)

IO.puts(
  "exploded    #{error.name} in counter 2, which lives on: the limit ended the script alone"
)

IO.puts("counted     #{counts.()}")

# Kills a counter, and does something before it looks whether it is gone.
kill = fn key, meanwhile ->
  monitor = key |> Counters.counter() |> GenServer.whereis() |> Process.monitor()
  Counters.kill(key)
  result = meanwhile.()
  receive(do: ({:DOWN, ^monitor, :process, _pid, :killed} -> result))
end

others = kill.(2, fn -> for key <- [0, 1, 3], do: elem(Counters.increment(key), 1) end)
IO.puts("killed      counter 2; meanwhile the others count #{Enum.join(others, ", ")}")

# A request finds the runtime as soon as its script has run again.
again = fn again ->
  try do
    Counters.increment(2)
  catch
    :exit, _reason -> again.(again)
  end
end

{:ok, count} = again.(again)

IO.puts(
  "restarted   counter 2 is a new process with its script, and counts from the start: #{count}"
)
