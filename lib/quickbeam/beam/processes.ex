defmodule QuickBEAM.Beam.Processes do
  @moduledoc false
  # Monitors, links, names and children of one realm. The functions run in the process that owns it,
  # which is who monitors, links and registers in the eyes of the VM.
  #
  # The owner is linked to every child and learns of its end by the exit signal of that link alone, which may come after a
  # monitor or a link could find the child dead already. So whoever asks about a child is told by this module, and
  # the reasons of the children that ended last are kept for those who ask too late.
  #
  # What must never happen: a guest that unlinks what it has not linked (its supervisor, its running
  # handlers); an atom made for a name; a child that outlives the owner.

  alias QuickBEAM.{Native, Owner, Telemetry}
  alias QuickBEAM.Beam.{Child, Cluster, Family, Services}

  @registry QuickBEAM.Registry

  # What one realm may hold at a time.
  @max_monitors 100_000
  @max_links 10_000
  @max_names 1_000
  @max_name_bytes 255
  # Reasons of children that have ended.
  @max_ended 100

  defstruct monitors: %{},
            calls: %{},
            links: %{},
            names: %{},
            children: %{},
            ends: %{},
            ended: %{},
            ended_order: :queue.new()

  @type t :: %__MODULE__{
          monitors: %{reference() => (vm :: reference()) | (child :: pid())},
          calls: %{reference() => {reference(), Native.call_id()}},
          links: %{pid() => true},
          names: %{String.t() => true},
          children: %{pid() => child()},
          ends: %{(token :: integer()) => Native.call_id()},
          ended: %{pid() => reason :: term()},
          ended_order: :queue.queue(pid())
        }
  @typedoc "A child, with the references under which the realm monitors it."
  @type child :: %{
          kind: kind(),
          span: Telemetry.open() | nil,
          watched: %{reference() => Native.call_id()}
        }
  @typedoc "What a child is; a worker has the token by which its end is awaited."
  @type kind :: :spawn | {:worker, token :: integer()}
  @type change ::
          {:ok, term()}
          | {:ok, term(), t()}
          | {:later, t()}
          | {:error, Services.failure()}
          | {:error, Services.failure(), t()}

  @doc "Monitors `pid` under the realm's `ref`; the call `id` is answered when it is down."
  @spec monitor(t(), reference(), pid(), Native.call_id()) :: change()
  def monitor(processes, ref, pid, id) do
    case processes do
      %{ended: %{^pid => reason}} ->
        {:ok, [reason]}

      %{monitors: monitors} when map_size(monitors) >= @max_monitors ->
        too_many("monitors", @max_monitors)

      %{children: %{^pid => _child}} ->
        processes = put_in(processes.children[pid].watched[ref], id)
        {:later, %{processes | monitors: Map.put(processes.monitors, ref, pid)}}

      processes ->
        monitor = Process.monitor(pid)
        monitors = Map.put(processes.monitors, ref, monitor)
        calls = Map.put(processes.calls, monitor, {ref, id})
        {:later, %{processes | monitors: monitors, calls: calls}}
    end
  end

  @doc "Sees to it that the monitors are there, whoever hears that they are."
  @spec monitored() :: {:ok, nil}
  def monitored do
    signal()
    {:ok, nil}
  end

  # The VM holds the signal of a monitor or a link back until the process sends another one, or gives way. Answers of
  # native code do not count; what they set going would overtake the signal.
  defp signal, do: :erlang.yield()

  @doc "Takes a monitor back; its call is answered with nil. Other references are ignored."
  @spec demonitor(t(), term(), Owner.t()) :: change()
  def demonitor(processes, ref, owner) do
    case Map.pop(processes.monitors, ref) do
      {nil, _monitors} ->
        {:ok, nil}

      {monitored, monitors} ->
        {id, processes} = forget(%{processes | monitors: monitors}, ref, monitored)
        Native.resolve(owner.handle, id, {:ok, nil})
        {:ok, nil, processes}
    end
  end

  defp forget(processes, ref, child) when is_pid(child),
    do: pop_in(processes.children[child].watched[ref])

  defp forget(processes, _ref, monitor) do
    Process.demonitor(monitor, [:flush])
    {{_ref, id}, calls} = Map.pop!(processes.calls, monitor)
    {id, %{processes | calls: calls}}
  end

  @doc "The call that `monitor`, which has fired, belongs to."
  @spec down(t(), reference()) :: {:ok, Native.call_id(), t()} | :unknown
  def down(processes, monitor) do
    case Map.pop(processes.calls, monitor) do
      {nil, _calls} ->
        :unknown

      {{ref, id}, calls} ->
        {:ok, id, %{processes | monitors: Map.delete(processes.monitors, ref), calls: calls}}
    end
  end

  @doc "Links the owner with `pid`; one that is dead already ends the owner with `:noproc`, or with the child's own reason."
  @spec link(t(), pid()) :: change()
  def link(processes, pid) do
    case processes do
      _processes when pid == self() ->
        {:ok, true}

      %{ended: %{^pid => reason}} ->
        send(self(), {:EXIT, pid, reason})
        {:ok, true}

      %{links: links} when map_size(links) < @max_links ->
        unless Map.has_key?(processes.children, pid), do: Process.link(pid)
        signal()
        {:ok, true, %{processes | links: Map.put(links, pid, true)}}

      _processes ->
        too_many("links", @max_links)
    end
  end

  @doc "Takes a link of the realm back. Other links of the owner are not the realm's to cut."
  @spec unlink(t(), pid()) :: change()
  def unlink(processes, pid) do
    case Map.pop(processes.links, pid) do
      {nil, _links} ->
        {:ok, true}

      {true, links} ->
        # A child stays linked: it must not outlive the owner.
        unless Map.has_key?(processes.children, pid), do: unlink_now(pid)
        {:ok, true, %{processes | links: links}}
    end
  end

  @doc """
  A process has ended to which the owner was linked: whether that ends the owner, as it does without a trap, or not, as it
  is a child that the realm has not linked.
  """
  @spec exited(t(), pid(), term(), Owner.t()) :: {:ends | :survives, t()}
  def exited(processes, pid, reason, owner) do
    {child, children} = Map.pop(processes.children, pid)
    {linked?, links} = Map.pop(processes.links, pid, false)
    processes = %{processes | children: children, links: links}
    processes = if child, do: child_ended(processes, pid, child, reason, owner), else: processes

    if reason == :normal or (child && not linked?),
      do: {:survives, processes},
      else: {:ends, processes}
  end

  defp child_ended(processes, pid, child, reason, owner) do
    finish(child.span, reason)
    for {_ref, id} <- child.watched, do: Native.resolve(owner.handle, id, {:ok, [reason]})
    monitors = Map.drop(processes.monitors, Map.keys(child.watched))

    %{processes | monitors: monitors}
    |> ended(child.kind, {:ok, [reason]}, owner)
    |> remember(pid, reason)
  end

  defp remember(processes, pid, reason) do
    ended = Map.put(processes.ended, pid, reason)
    order = :queue.in(pid, processes.ended_order)

    if map_size(ended) > @max_ended do
      {{:value, oldest}, order} = :queue.out(order)
      %{processes | ended: Map.delete(ended, oldest), ended_order: order}
    else
      %{processes | ended: ended, ended_order: order}
    end
  end

  @doc "Registers the owner under `name`."
  @spec register(t(), String.t()) :: change()
  def register(processes, name) do
    cond do
      Map.has_key?(processes.names, name) ->
        {:ok, true}

      name == "" or byte_size(name) > @max_name_bytes ->
        Services.failure("RangeError", "Beam.register: a name has 1 to #{@max_name_bytes} bytes")

      map_size(processes.names) >= @max_names ->
        too_many("names", @max_names)

      true ->
        claim(processes, name)
    end
  end

  defp claim(processes, name) do
    case Registry.register(@registry, name, nil) do
      {:ok, _registry} ->
        Cluster.publish(name)
        {:ok, true, %{processes | names: Map.put(processes.names, name, true)}}

      # The option `:name` of this very process.
      {:error, {:already_registered, pid}} when pid == self() ->
        {:ok, true}

      {:error, {:already_registered, _pid}} ->
        message = "Beam.register: the name #{inspect(name)} is taken"
        Services.failure("InvalidStateError", message)
    end
  end

  @doc "Gives a name back that the realm has registered; whether it had."
  @spec unregister(t(), String.t()) :: change()
  def unregister(processes, name) do
    case Map.pop(processes.names, name) do
      {nil, _names} ->
        {:ok, false}

      {true, names} ->
        release(name)
        {:ok, true, %{processes | names: names}}
    end
  end

  @doc "The process of that name: of this node, else of another one; nil if there is none."
  @spec whereis(String.t()) :: pid() | nil
  def whereis(name) do
    case Registry.lookup(@registry, name) do
      [{pid, _value}] -> pid
      [] -> Cluster.whereis(name)
    end
  end

  @doc "How many messages wait for a process of this node."
  @spec waiting(pid()) :: non_neg_integer()
  def waiting(pid) do
    case Process.info(pid, :message_queue_len) do
      {:message_queue_len, length} -> length
      nil -> 0
    end
  end

  @doc "Starts a child of the realm."
  @spec spawn(t(), String.t(), {String.t(), String.t()} | nil, map() | nil, Owner.t()) :: change()
  def spawn(processes, script, blob, options, owner) do
    start = fn -> Child.start(script, blob, options || %{}, owner) end
    add_child(processes, :spawn, start, owner)
  end

  @doc "Adds the child that `start` starts, if the realm's family may have one more."
  @spec add_child(
          t(),
          kind(),
          (() -> {:ok, pid()} | {:error, Services.failure()}),
          Owner.t()
        ) :: change()
  def add_child(processes, kind, start, owner) do
    case Family.add(owner.family, start) do
      {:ok, pid} ->
        child = %{kind: kind, span: span(kind, pid, owner), watched: %{}}
        {:ok, pid, put_in(processes.children[pid], child)}

      {:error, failure} ->
        {:error, failure, ended(processes, kind, {:ok, nil}, owner)}
    end
  end

  @doc "The call `id` is answered when the worker of that token has ended."
  @spec await_end(t(), integer(), Native.call_id()) :: t()
  def await_end(processes, token, id),
    do: %{processes | ends: Map.put(processes.ends, token, id)}

  defp ended(processes, {:worker, token}, answer, owner) do
    {id, ends} = Map.pop(processes.ends, token)
    if id, do: Native.resolve(owner.handle, id, answer)
    %{processes | ends: ends}
  end

  defp ended(processes, :spawn, _answer, _owner), do: processes

  defp span(kind, pid, owner) do
    if Telemetry.enabled?() do
      kind = if kind == :spawn, do: :spawn, else: :worker
      Telemetry.begin(:worker, %{runtime: owner.name, worker: pid, kind: kind})
    end
  end

  defp finish(nil, _reason), do: :ok
  defp finish(span, reason), do: Telemetry.finish(span, :ok, %{reason: reason})

  @doc "Ends a child; other processes are not the realm's to end."
  @spec stop_child(t(), pid()) :: change()
  def stop_child(processes, pid) do
    if Map.has_key?(processes.children, pid), do: Process.exit(pid, :kill)
    {:ok, nil}
  end

  @doc "The owner stops; its links end the children."
  @spec stop(t()) :: :ok
  def stop(processes) do
    for {_pid, %{span: span}} <- processes.children, do: finish(span, :shutdown)
    :ok
  end

  @doc "Ends all of it."
  @spec clear(t()) :: :ok
  def clear(processes) do
    for {monitor, _call} <- processes.calls, do: Process.demonitor(monitor, [:flush])
    for {pid, true} <- processes.links, do: unlink_now(pid)
    for {name, true} <- processes.names, do: release(name)

    for {pid, %{span: span}} <- processes.children do
      unlink_now(pid)
      Process.exit(pid, :kill)
      finish(span, :killed)
    end

    :ok
  end

  defp release(name) do
    Registry.unregister(@registry, name)
    Cluster.withdraw(name)
  end

  defp unlink_now(pid) do
    Process.unlink(pid)

    receive do
      {:EXIT, ^pid, _reason} -> :ok
    after
      0 -> :ok
    end
  end

  defp too_many(what, most),
    do: Services.failure("RangeError", "a runtime has at most #{most} #{what}")
end
