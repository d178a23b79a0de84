defmodule QuickBEAM.Soak.World do
  @moduledoc """
  The pools and contexts of a round under a supervisor, which replaces what chaos kills.
  """

  use Supervisor

  alias QuickBEAM.{Context, ContextPool}
  alias QuickBEAM.Soak.Operations

  @pools [alone: [contexts_per_isolate: 1], sharing: [contexts_per_isolate: 16]]

  # Chaos kills some dozens a second, and a pool takes all its contexts along.
  @restarts [max_restarts: 1_000_000, max_seconds: 1]

  @doc "Starts pools, and `count` contexts that `pick/1` and `fetch/2` find in `table`."
  @spec start(:ets.table(), pos_integer()) :: pid()
  def start(table, count) do
    caller = self()

    # The reason that a supervisor is ended with must not reach the caller.
    spawn(fn ->
      {:ok, world} = Supervisor.start_link(__MODULE__, {table, count})
      send(caller, {:started, world})
      Process.flag(:trap_exit, true)

      receive do
        {:EXIT, ^world, _reason} -> :ok
      end
    end)

    receive do
      {:started, world} -> world
    after
      120_000 -> raise "the contexts were not started within two minutes"
    end
  end

  @doc "Ends everything, as an application that stops does."
  @spec stop(pid()) :: :ok
  def stop(world), do: Supervisor.stop(world, :shutdown, 30_000)

  @doc "A context of the table, if chaos has left one there."
  @spec pick(:ets.table(), pos_integer()) :: pid() | nil
  def pick(table, count) do
    case :ets.lookup(table, :rand.uniform(count)) do
      [{_n, context}] -> context
      [] -> nil
    end
  end

  @doc "The pools."
  @spec pools() :: [pid()]
  def pools, do: for({name, _options} <- @pools, pid = Process.whereis(name(name)), do: pid)

  @impl true
  def init({table, count}) do
    pools =
      for {name, options} <- @pools,
          do: {ContextPool, [name: name(name), id: name, size: 2] ++ options}

    contexts = for n <- 1..count, do: %{id: n, start: {__MODULE__, :start_context, [table, n]}}

    contexts = %{
      id: :contexts,
      type: :supervisor,
      start: {Supervisor, :start_link, [contexts, [strategy: :one_for_one] ++ @restarts]}
    }

    Supervisor.init(pools ++ [contexts], [strategy: :one_for_one] ++ @restarts)
  end

  @doc false
  def start_context(table, n) do
    {pool, _options} = Enum.at(@pools, rem(n, length(@pools)))

    with {:ok, context} <- Context.start_link([pool: name(pool)] ++ Operations.options()) do
      Operations.set_up(context)
      :ets.insert(table, {n, context})
      {:ok, context}
    end
  catch
    # Chaos was quicker.
    :exit, _reason -> {:error, :killed}
  end

  defp name(pool), do: Module.concat(__MODULE__, pool)
end
