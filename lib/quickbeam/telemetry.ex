defmodule QuickBEAM.Telemetry do
  @moduledoc """
  Spans for `:telemetry`, emitted when that library is there.

  QuickBEAM does not depend on `:telemetry`; whether it can be loaded is looked up once, when the
  application starts. Without it, a span costs one read of a persistent term.

  | span | metadata |
  |---|---|
  | `[:quickbeam, :start]` | `:name`, and `:pool`, which is the pid of a context's pool or nil |
  | `[:quickbeam, :eval]` | `:runtime`, `:filename` |
  | `[:quickbeam, :call]` | `:runtime`, `:function` |
  | `[:quickbeam, function]` | `:runtime`; for `stop`, `reset`, `send_message` and every other function of `QuickBEAM` that asks a runtime for something |
  | `[:quickbeam, :handler]` | `:runtime`, `:handler`, `:sync?`; one run of a handler. One that is killed, by its timeout for example, has no end |
  | `[:quickbeam, :service]` | `:runtime`, `:service`; what `Beam`, storage, workers and others ask of the runtime's process. Those that are answered later, such as monitors, end at once |
  | `[:quickbeam, :worker]` | `:runtime`, which has started it, `:worker`, its pid, and `:kind`, `:worker` or `:spawn`; from start to end. The end has `:reason` |
  | `[:quickbeam, :fetch]` | `:runtime`, `:url` without credentials, query and fragment; until the head of the response is there. The end has `:code`, the status |
  | `[:quickbeam, :websocket]` | the same; from the attempt to connect until it is closed. The end has `:code`, the code of the close, or nil |

  A connection of an `EventSource` is a `:fetch`.

  | event | |
  |---|---|
  | `[:quickbeam, :vm]` | see `measure/0` |
  | `[:quickbeam, :pool, :queue]` | see `QuickBEAM.Pool` |

  Each span is three events, as in `:telemetry.span/3`: `:start` with the measurements
  `:system_time` and `:monotonic_time`, then `:stop` or `:exception` with `:duration` and
  `:monotonic_time`, all in native time units. At `:stop` the metadata has `result: :ok`,
  or `result: :error` and the `:error`: a JavaScript error ends a span like any other result. `:exception` means that the caller
  exited (no such runtime) or that an option was wrong; its metadata has `:kind`, `:reason` and
  `:stacktrace`. All events of a span share `:telemetry_span_context`.

      :telemetry.attach("slow evals", [:quickbeam, :eval, :stop], fn _event, measurements, metadata, _config ->
        if measurements.duration > System.convert_time_unit(100, :millisecond, :native),
          do: Logger.warning("slow: \#{inspect(metadata.runtime)}")
      end, nil)
  """

  alias QuickBEAM.Owner.Census

  @key {__MODULE__, :enabled}

  @doc """
  Measures all runtimes and contexts of the node, without disturbing them, for `:telemetry_poller`:

      {:telemetry_poller, measurements: [{QuickBEAM.Telemetry, :measure, []}], period: 10_000}

  Emits `[:quickbeam, :vm]` with the measurements `:runtimes` and `:contexts` (how many there are), `:memory`
  (bytes of their heaps) and `:reductions` (interpreter steps so far), and returns them. Without
  `:telemetry` it only returns them. Takes some microseconds for each runtime and context.

      iex> {:ok, _runtime} = QuickBEAM.start()
      iex> %{runtimes: runtimes, memory: memory} = QuickBEAM.Telemetry.measure()
      iex> runtimes >= 1 and memory > 0
      true
  """
  @spec measure() :: %{atom() => non_neg_integer()}
  def measure do
    totals = Census.totals(Census.all())
    if enabled?(), do: event([:vm], totals, %{})
    totals
  end

  @doc false
  # Looks whether `:telemetry` can be loaded, and remembers the answer.
  @spec detect() :: boolean()
  def detect do
    enabled = Code.ensure_loaded?(:telemetry) and function_exported?(:telemetry, :execute, 3)
    # The native library need not be loaded for the answer that it starts with.
    if enabled != enabled?(), do: Census.observe(enabled)
    :persistent_term.put(@key, enabled)
    enabled
  end

  @doc false
  @spec enabled?() :: boolean()
  def enabled?, do: :persistent_term.get(@key, false)

  @doc false
  # Runs `fun` inside the span `[:quickbeam, name]`. The caller has asked `enabled?/0`, so that
  # neither the closure nor the metadata is made in vain.
  @spec span(atom(), map(), (... -> result)) :: result when result: term()
  def span(name, metadata, fun) do
    started = System.monotonic_time()
    metadata = Map.put(metadata, :telemetry_span_context, make_ref())
    time = %{system_time: System.system_time(), monotonic_time: started}
    execute(name, :start, time, metadata)

    try do
      fun.()
    catch
      kind, reason ->
        failure = %{kind: kind, reason: reason, stacktrace: __STACKTRACE__}
        execute(name, :exception, elapsed(started), Map.merge(metadata, failure))
        :erlang.raise(kind, reason, __STACKTRACE__)
    else
      result ->
        execute(name, :stop, elapsed(started), Map.merge(metadata, outcome(result)))
        result
    end
  end

  @typedoc false
  @opaque open :: {atom(), map(), integer()}

  @doc false
  # Begins a span that `finish/3` ends, elsewhere in the same process. The caller has asked `enabled?/0`.
  @spec begin(atom(), map()) :: open()
  def begin(name, metadata) do
    started = System.monotonic_time()
    metadata = Map.put(metadata, :telemetry_span_context, make_ref())
    execute(name, :start, %{system_time: System.system_time(), monotonic_time: started}, metadata)
    {name, metadata, started}
  end

  @doc false
  # Ends a span, whose result is `:ok` or `{:error, error}`. `measured` is its duration, if that is known better.
  @spec finish(open(), term(), map(), integer() | nil) :: :ok
  def finish({name, metadata, started}, result, extra \\ %{}, measured \\ nil) do
    time = elapsed(started)
    time = if measured, do: %{time | duration: measured}, else: time

    if enabled?(),
      do: execute(name, :stop, time, metadata |> Map.merge(extra) |> Map.merge(outcome(result)))

    :ok
  end

  @doc false
  # Emits the single event `[:quickbeam | name]`. The caller has asked `enabled?/0`.
  @spec event([atom()], map(), map()) :: :ok
  def event(name, measurements, metadata),
    # The module is optional, so the compiler must not see a call to it.
    do: apply(:telemetry, :execute, [[:quickbeam | name], measurements, metadata])

  defp outcome({:error, error}), do: %{result: :error, error: error}
  defp outcome(_result), do: %{result: :ok}

  defp elapsed(started) do
    now = System.monotonic_time()
    %{duration: now - started, monotonic_time: now}
  end

  defp execute(name, event, measurements, metadata) do
    event([name, event], measurements, metadata)
  end
end
