defmodule QuickBEAM.ContextPool do
  @moduledoc """
  Threads that run any number of contexts (`QuickBEAM.Context`).

      children = [
        {QuickBEAM.ContextPool, name: MyApp.JSPool, size: 4}
      ]

      {:ok, context} = QuickBEAM.Context.start_link(pool: MyApp.JSPool)

  Contexts take turns on the threads of their pool as processes do on the schedulers of the VM: one that is
  busy is interrupted after about a millisecond while others could run, and idle threads take work from
  busy ones. A context that waits, for a handler or for a promise, takes no thread.

  Options:

  | option | meaning | default |
  |---|---|---|
  | `:name` | registers the pool under a `t:GenServer.name/0` | none |
  | `:id` | id of the child spec, before `:name` | `QuickBEAM.ContextPool` |
  | `:size` | threads, 1 to 1,024 | the schedulers that are online |
  | `:contexts_per_isolate` | contexts that share one JavaScript heap, 1 to 64 | 1 |

  With `contexts_per_isolate: 1` every context has a heap of its own, which nothing in another one can touch.
  With more, a context takes a third of the memory, and contexts are still separate to the scripts in them:
  globals, prototypes, modules, limits, timers and handlers are each context's own. But what breaks a heap,
  a fault of the engine or a machine without memory, takes the contexts that share it along, and each of them tells so by its exit reason.

  A pool that stops takes its contexts with it: they exit with `{:shutdown, {:pool_down, reason}}`.
  """

  use GenServer

  alias QuickBEAM.Native
  alias QuickBEAM.Options.{Check, Server}
  alias QuickBEAM.Owner.Census

  @typedoc "A pool: its pid or the name that it was started with."
  @type pool :: GenServer.server()

  @most 1024

  @doc """
  Starts a pool linked to the caller. The options are those above; a wrong one raises an `ArgumentError`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 2)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.eval(context, "6 * 7")
      {:ok, 42}

      iex> QuickBEAM.ContextPool.start_link(size: 0)
      ** (ArgumentError) option :size must be an integer from 1 to 1024, got: 0
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(options \\ []) do
    checks = [
      name: :name,
      id: :any,
      size: {:integer, 1..@most},
      contexts_per_isolate: {:integer, 1..64}
    ]

    options = Check.all!(options, checks)
    server_options = if options[:name], do: [name: options[:name]], else: []
    size = options[:size] || min(System.schedulers_online(), @most)
    GenServer.start_link(__MODULE__, {size, options[:contexts_per_isolate] || 1}, server_options)
  end

  @doc """
  The child spec of a pool. Its id is `:id`, else `:name`, else `QuickBEAM.ContextPool`.

      iex> QuickBEAM.ContextPool.child_spec(name: :js, size: 2).id
      :js
  """
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(options), do: Check.child_spec(__MODULE__, options)

  @doc """
  What the pool does now, and has done so far, as a map:

  | key | meaning |
  |---|---|
  | `:size`, `:contexts_per_isolate` | as it was started |
  | `:threads` | threads of the system: one for each of `:size`, and those that builtins which take long keep busy |
  | `:contexts`, `:isolates` | how many there are |
  | `:run_queues` | isolates that wait for each thread, a list |
  | `:preemptions` | how often a context gave way to another one at the end of its slice |
  | `:hand_offs` | how often the work of a thread was given to another, the thread being stuck in a builtin |
  | `:steals` | how often an idle thread took a context from a busy one |
  | `:longest_hold` | for how many microseconds of CPU time a context went on at most when another was to have its thread |
  | `:memory` | bytes of the JavaScript heaps of all contexts |
  | `:reductions` | interpreter steps of those contexts so far |

  No context is asked, so those that are busy are no trouble; but it takes some microseconds for each. Exits with
  `{:noproc, _}` if there is no such pool.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 2)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:ok, 2} = QuickBEAM.Context.eval(context, "1 + 1")
      iex> %{size: 2, contexts: 1, memory: memory} = QuickBEAM.ContextPool.info(pool)
      iex> memory > 0
      true
  """
  @spec info(pool()) :: %{atom() => non_neg_integer() | [non_neg_integer()]}
  def info(pool) do
    state = pool |> locate!() |> GenServer.call(:info, :infinity)
    %{threads: threads, processors: processors} = state.executor
    sum = fn key -> processors |> Enum.map(&Map.fetch!(&1, key)) |> Enum.sum() end

    %{
      size: length(processors),
      contexts_per_isolate: state.contexts_per_isolate,
      threads: threads,
      contexts: state.totals.contexts,
      isolates: sum.(:isolates),
      run_queues: Enum.map(processors, & &1.queued),
      preemptions: sum.(:preemptions),
      hand_offs: sum.(:hand_offs),
      steals: sum.(:steals),
      longest_hold: processors |> Enum.map(& &1.longest_hold) |> Enum.max(),
      memory: state.totals.memory,
      reductions: state.totals.reductions
    }
  end

  defp locate!(pool) do
    case Server.whereis!(pool, "a pool") do
      pid when is_pid(pid) and node(pid) == node() ->
        if Server.kind(pid, [__MODULE__]) == :same, do: pid, else: no_pool!(pool)

      nil ->
        no_pool!(pool)

      remote ->
        remote
    end
  end

  defp no_pool!(pool), do: exit({:noproc, {__MODULE__, :info, [pool]}})

  @doc false
  # The pool's process and its threads, or nil if there is no such pool on this node.
  @spec executor(pool()) :: {pid(), Native.executor()} | nil
  def executor(pool) do
    with pid when is_pid(pid) and node(pid) == node() <- Server.whereis!(pool, "option :pool"),
         :same <- Server.kind(pid, [__MODULE__]) do
      {pid, GenServer.call(pid, :executor, :infinity)}
    else
      _none -> nil
    end
  catch
    :exit, _reason -> nil
  end

  @impl true
  def init({size, contexts_per_isolate}) do
    executor = Native.executor_start(size, contexts_per_isolate)
    {:ok, %{executor: executor, contexts_per_isolate: contexts_per_isolate}}
  rescue
    error in ErlangError -> {:stop, {:no_threads, error.original}}
  end

  @impl true
  def handle_call(:executor, _from, state), do: {:reply, state.executor, state}

  # Contexts that start meanwhile need the pool, so the many are counted elsewhere.
  def handle_call(:info, from, %{executor: executor} = state) do
    pool = self()

    spawn_link(fn ->
      totals = Census.all() |> Enum.filter(&(&1.pool == pool)) |> Census.totals()
      info = %{executor: Native.executor_info(executor), totals: totals}
      send(pool, {:counted, from, info})
    end)

    {:noreply, state}
  end

  # The pool answers itself: a caller that has heard of its death gets no reply after that.
  @impl true
  def handle_info({:counted, from, info}, state) do
    GenServer.reply(from, Map.put(info, :contexts_per_isolate, state.contexts_per_isolate))
    {:noreply, state}
  end

  def handle_info(_message, state), do: {:noreply, state}
end
