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
  | `[:quickbeam, :handler]` | `:runtime`, `:handler`, `:sync?`; one run of a handler. One that is killed ends with `:exception`, of the kind `:exit`; the reason is `:timeout` if its timeout did it |
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
  exited (no such runtime), that an option was wrong or that a handler failed; its metadata has `:kind`, `:reason` and
  `:stacktrace`. All events of a span share `:telemetry_span_context`. Spans of handlers, workers and connections
  that are open when their runtime stops end then; only a runtime that is killed leaves them open.

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
  (bytes of their heaps, as of the last turn of each) and `:reductions` (interpreter steps so far), and returns them. Without
  `:telemetry` it only returns them. Takes some microseconds for each runtime and context.

      iex> {:ok, runtime} = QuickBEAM.start()
      iex> {:ok, 2} = QuickBEAM.eval(runtime, "1 + 1")
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
  def span(name, metadata, fun), do: name |> new(metadata) |> run(fun)

  @doc false
  # A span for `run/2` in another process, which `killed/2` ends if that process is killed. The caller has asked `enabled?/0`.
  @spec prepare(atom(), map()) :: open()
  def prepare(name, metadata), do: %{new(name, metadata) | state: :atomics.new(1, [])}

  @doc false
  # Runs `fun` inside the span.
  @spec run(open(), (... -> result)) :: result when result: term()
  def run(span, fun) do
    start(span)

    try do
      fun.()
    catch
      kind, reason ->
        close(span, fn -> failed(span, kind, reason, __STACKTRACE__) end)
        :erlang.raise(kind, reason, __STACKTRACE__)
    else
      result ->
        close(span, fn -> stopped(span, result, %{}, nil) end)
        result
    end
  end

  @doc false
  # Ends a span that `run/2` has begun and not ended, as its process is no more.
  @spec killed(open(), term()) :: :ok
  def killed(span, reason), do: close(span, fn -> failed(span, :exit, reason, []) end)

  @typedoc false
  @opaque open :: %{
            name: atom(),
            metadata: map(),
            started: integer(),
            state: :atomics.atomics_ref() | nil
          }

  @doc false
  # Begins a span that `finish/3` ends, elsewhere in the same process. The caller has asked `enabled?/0`.
  @spec begin(atom(), map()) :: open()
  def begin(name, metadata), do: name |> new(metadata) |> start()

  @doc false
  # Ends a span, whose result is `:ok` or `{:error, error}`. `measured` is its duration, if that is known better.
  @spec finish(open(), term(), map(), integer() | nil) :: :ok
  def finish(span, result, extra \\ %{}, measured \\ nil),
    do: close(span, fn -> stopped(span, result, extra, measured) end)

  defp new(name, metadata) do
    metadata = Map.put(metadata, :telemetry_span_context, make_ref())
    %{name: name, metadata: metadata, started: System.monotonic_time(), state: nil}
  end

  defp start(span) do
    if span.state, do: :atomics.put(span.state, 1, 1)
    time = %{system_time: System.system_time(), monotonic_time: span.started}
    execute(span.name, :start, time, span.metadata)
    span
  end

  # Of two processes that end a span, the first one does.
  defp close(span, emit) do
    open? = span.state == nil or :atomics.exchange(span.state, 1, 0) == 1
    if open? and enabled?(), do: emit.()
    :ok
  end

  defp stopped(span, result, extra, measured) do
    time = elapsed(span.started)
    time = if measured, do: %{time | duration: measured}, else: time
    metadata = span.metadata |> Map.merge(extra) |> Map.merge(outcome(result))
    execute(span.name, :stop, time, metadata)
  end

  defp failed(span, kind, reason, stacktrace) do
    failure = %{kind: kind, reason: reason, stacktrace: stacktrace}
    execute(span.name, :exception, elapsed(span.started), Map.merge(span.metadata, failure))
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
