defmodule QuickBEAM.Soak.Client do
  @moduledoc """
  A process that runs ops on the contexts of a round until it is told to end, and judges what each ends with.

  Every op runs in the client itself, so that killing a client is killing a caller in the middle of an op.
  """

  alias QuickBEAM.Soak.{Expectation, Operations, World}

  @doc """
  Starts a client of the `count` contexts of a table. It counts endings as expected (1) and disturbed (2) and sends
  its findings to `round`.
  """
  @spec start(pid(), :ets.table(), pos_integer(), :counters.counters_ref(), integer()) :: pid()
  def start(round, contexts, count, counters, seed) do
    spawn(fn ->
      :rand.seed(:exsss, seed)
      loop(round, contexts, count, counters)
    end)
  end

  defp loop(round, contexts, count, counters) do
    {name, run, right?} = Operations.random()
    context = World.pick(contexts, count)
    Process.put(:op, {name, context})
    ending = run(run, context)

    case Expectation.judge(ending, right?) do
      :expected -> :counters.add(counters, 1, 1)
      :disturbed -> :counters.add(counters, 2, 1)
      :wrong -> send(round, {:finding, "#{name} ended with #{inspect(ending, limit: 20)}"})
    end

    receive do
      {:stop, ^round} -> send(round, {:stopped, self(), leftovers()})
    after
      0 -> loop(round, contexts, count, counters)
    end
  end

  defp run(_run, nil), do: {:exit, {:noproc, :no_context}}

  defp run(run, context) do
    run.(context)
  catch
    kind, reason -> {kind, reason}
  end

  # An op that got a second reply would leave it here.
  defp leftovers do
    {:messages, messages} = Process.info(self(), :messages)
    messages
  end
end
