defmodule QuickBEAM.Pool do
  @moduledoc """
  Prepared runtimes for short work: each use gets a runtime in the state that `:init` left it in, whatever
  the uses before it did.

      children = [
        {QuickBEAM.Pool,
         name: MyApp.Renderers,
         size: 4,
         script: "assets/server.tsx",
         init: fn runtime -> {:ok, _} = QuickBEAM.call(runtime, "warmUp") end}
      ]

      QuickBEAM.Pool.run(MyApp.Renderers, fn runtime ->
        QuickBEAM.call(runtime, "render", [assigns])
      end)

  `run/3` lends a runtime to the caller, one at a time. Given back, it is reset, its private `localStorage` and
  `sessionStorage` included, and `:init` runs again, off the path of any caller. A caller that dies gives its runtime back; a runtime that dies, or cannot be reset, is
  replaced. If preparing one fails, or it ends before it was used, that is logged, and tried again after 0.1 s to 5 s,
  the longer the more often that happens.

  Options, beside those of `QuickBEAM.start/1`:

  | option | meaning | default |
  |---|---|---|
  | `:size` | runtimes, 1 to 10,000 | 10 |
  | `:name` | registers the pool under a `t:GenServer.name/0` | none |
  | `:id` | id of the child spec, before `:name` | `QuickBEAM.Pool` |
  | `:init` | function that gets each fresh runtime; what it does is the state that uses start from | none |
  | `:lazy` | `true` starts runtimes when they are first needed, not with the pool | `false` |
  | `:max_uses` | uses after which a runtime is replaced instead of reset | none |
  | `:max_queue` | callers that may wait at once, at least 0 | 1,000 |
  | `:pool` | a `QuickBEAM.ContextPool` that runs the runtimes; without one each has a thread of its own | none |

  With `:telemetry`, each `run/3` emits `[:quickbeam, :pool, :queue]` when it has its runtime, or none: the
  measurement `:duration` is the time that it waited, in native units; the metadata are `:pool` and
  `result: :ok` or `result: :error`.
  """

  alias QuickBEAM.{JSError, Options, Telemetry}
  alias QuickBEAM.Options.Check
  alias QuickBEAM.Pool.Server

  @typedoc "A pool: its pid or the name that it was started with."
  @type pool :: GenServer.server()

  @checks [
    size: {:integer, 1..10_000},
    name: :name,
    id: :any,
    init: :init,
    lazy: :boolean,
    max_uses: :count,
    max_queue: {:integer, 0..1_000_000},
    pool: :any
  ]

  @doc """
  Starts a pool linked to the caller.

  Unless it is lazy, it returns when every runtime is prepared: `{:ok, pid}`, or the error that starting one or
  its `:init` ended with. Raises an `ArgumentError` that names an option that is wrong.

      iex> {:ok, pool} = QuickBEAM.Pool.start_link(size: 1, define: %{"n" => 1})
      iex> QuickBEAM.Pool.run(pool, &QuickBEAM.eval(&1, "n += 1"))
      {:ok, 2}
      iex> QuickBEAM.Pool.run(pool, &QuickBEAM.eval(&1, "n += 1"))
      {:ok, 2}

      iex> QuickBEAM.Pool.start_link(size: 0)
      ** (ArgumentError) option :size must be an integer from 1 to 10000, got: 0
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(options \\ []) do
    Check.keyword!(options)
    {own, runtime} = Keyword.split(options, Keyword.keys(@checks))
    own = Check.all!(own, @checks)
    Options.validate!(runtime, Keyword.keys(@checks))
    Server.start_link(own, runtime)
  end

  @doc """
  The child spec of a pool. Its id is `:id`, else `:name`, else `QuickBEAM.Pool`.

      iex> QuickBEAM.Pool.child_spec(name: :renderers).id
      :renderers
  """
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(options), do: Check.child_spec(__MODULE__, options)

  @doc """
  Runs `fun` with a runtime of the pool, in the calling process; returns what it returns.

  `timeout` is the time in milliseconds that the caller is ready to wait for a runtime, or `:infinity`; how long
  `fun` may take is up to the timeouts of its requests. If no runtime became free in time, or `:max_queue` callers
  wait already, nothing is run and the result is `{:error, %QuickBEAM.JSError{name: "BusyError"}}`. Callers
  are served in the order of their arrival. Exits with `{:noproc, _}` if there is no such pool.

  The runtime is the caller's until `fun` returns, raises or exits; it must not be used afterwards.

      iex> {:ok, pool} = QuickBEAM.Pool.start_link(size: 1, lazy: true)
      iex> QuickBEAM.Pool.run(pool, &QuickBEAM.eval(&1, "6 * 7"))
      {:ok, 42}
      iex> {:error, error} =
      ...>   QuickBEAM.Pool.run(pool, fn _runtime -> QuickBEAM.Pool.run(pool, &QuickBEAM.info/1, 10) end)
      iex> error.name
      "BusyError"
  """
  @spec run(pool(), (pid() -> result), timeout()) :: result | {:error, JSError.t()}
        when result: term()
  def run(pool, fun, timeout \\ 5_000) do
    unless is_function(fun, 1) do
      problem = "a pool runs functions of one argument, the runtime; got: #{inspect(fun)}"
      raise ArgumentError, problem
    end

    case checkout(pool, timeout!(timeout)) do
      {:ok, server, use, runtime} ->
        try do
          fun.(runtime)
        after
          Server.checkin(server, use)
        end

      {:error, error} ->
        {:error, error}
    end
  end

  @doc """
  What the runtimes of the pool are at, as counts: `:size`, `:ready`, `:busy` (lent out), `:preparing`, and
  `:waiting`, the callers that wait for one.

      iex> {:ok, pool} = QuickBEAM.Pool.start_link(size: 2)
      iex> QuickBEAM.Pool.info(pool)
      %{size: 2, ready: 2, busy: 0, preparing: 0, waiting: 0}
  """
  @spec info(pool()) :: %{atom() => non_neg_integer()}
  def info(pool), do: GenServer.call(server!(pool, :info), :info, :infinity)

  defp checkout(pool, timeout) do
    if Telemetry.enabled?(),
      do: measured_checkout(pool, timeout),
      else: Server.checkout(server!(pool, :run), timeout)
  end

  defp measured_checkout(pool, timeout) do
    started = System.monotonic_time()
    taken = Server.checkout(server!(pool, :run), timeout)
    duration = System.monotonic_time() - started
    result = if elem(taken, 0) == :ok, do: :ok, else: :error
    Telemetry.event([:pool, :queue], %{duration: duration}, %{pool: pool, result: result})
    taken
  end

  # A process of another kind would not answer, or not survive the question.
  defp server!(pool, function) do
    case Options.Server.whereis!(pool, "a pool") do
      pid when is_pid(pid) and node(pid) == node() ->
        if Options.Server.kind(pid, [Server]) == :other, do: no_pool!(pool, function), else: pid

      nil ->
        no_pool!(pool, function)

      remote ->
        remote
    end
  end

  defp no_pool!(pool, function), do: exit({:noproc, {__MODULE__, function, [pool]}})

  defp timeout!(timeout) do
    case Check.run(:timeout, timeout) do
      {:ok, timeout} -> timeout
      {:error, problem} -> raise ArgumentError, "the timeout #{problem}"
    end
  end
end
