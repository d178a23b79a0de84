defmodule QuickBEAM.Soak.Chaos do
  @moduledoc """
  Kills what may die at any moment: owners of contexts, callers in the middle of an op, handlers, whole pools.
  """

  @pause_ms 20

  @doc "Starts killing. Whom, `victims` says anew each time: a map of kinds to pids."
  @spec start((... -> %{atom() => [pid()]}), integer()) :: pid()
  def start(victims, seed) do
    spawn_link(fn ->
      :rand.seed(:exsss, seed)
      loop(victims)
    end)
  end

  defp loop(victims) do
    receive do
      :stop -> :ok
    after
      @pause_ms ->
        strike(victims.())
        loop(victims)
    end
  end

  defp strike(victims) do
    kind =
      case :rand.uniform(1_000) do
        n when n <= 500 -> :owners
        n when n <= 850 -> :callers
        n when n <= 998 -> :handlers
        _rest -> :pools
      end

    case Map.get(victims, kind, []) do
      [] -> :ok
      pids -> pids |> Enum.random() |> Process.exit(Enum.random([:kill, :kill, :shutdown]))
    end
  end
end
