defmodule QuickBEAM.Beam.Services do
  @moduledoc false
  # What the library's own JavaScript asks of the process that owns its realm, under names that no
  # script can give. Each request is answered once, as a handler's call is. The functions here run in
  # the owner process, so they must be quick; what is not runs in a task.
  #
  # - `QuickBEAM.Beam.Processes`  monitors, links, names, children
  # - `QuickBEAM.Beam.Family`     how many children there may be
  # - `QuickBEAM.Beam.Scripts`    scripts that workers import
  # - `QuickBEAM.Beam.Cluster`    other nodes
  # - `QuickBEAM.Beam.Broadcast`  messages to channels of other nodes
  # - `QuickBEAM.Beam.Storage`    items of `localStorage` and `sessionStorage`
  # - `QuickBEAM.Beam.System`     figures of the VM
  #
  # The realm's natives have checked arguments and grants; a request of another shape is a bug.

  alias QuickBEAM.{Native, Owner, Telemetry}
  alias QuickBEAM.Beam.{Broadcast, Child, Cluster, Processes, Scripts, Storage, System}
  alias QuickBEAM.Owner.Handler

  # How many tasks of a kind run at a time; more of them wait.
  @limits %{import: 1, rpc: 100, storage: 1}

  defstruct processes: %Processes{}, storage: %Storage{}, tasks: %{}

  @type t :: %__MODULE__{
          processes: Processes.t(),
          storage: Storage.t(),
          tasks: %{atom() => {non_neg_integer(), :queue.queue(task())}}
        }
  @type task :: {Native.call_id(), String.t(), (() -> term())}
  @type failure :: %{
          required(:name) => String.t(),
          required(:message) => String.t(),
          optional(:stack) => String.t() | nil,
          optional(:cause) => {:ok, term()}
        }

  @doc "Serves one request."
  @spec call(Owner.t(), Native.call_id(), String.t(), list()) :: Owner.t()
  def call(owner, id, name, args) do
    case observed(name, args, id, owner) do
      {:ok, _value} = result -> answer(owner, id, result)
      {:error, _failure} = result -> answer(owner, id, result)
      {:ok, value, processes} -> owner |> put(processes) |> answer(id, {:ok, value})
      {:error, failure, processes} -> owner |> put(processes) |> answer(id, {:error, failure})
      {:later, processes} -> put(owner, processes)
      {:running, running} -> %{owner | running: running}
      {:cut, cut, result} -> answer(%{owner | cut: cut}, id, result)
      {:storage, storage, result} -> owner |> put_storage(storage) |> stored(id, result)
      {:task, kind, fun} -> queue(owner, kind, {id, name, fun})
    end
  end

  # What runs in a task is a span of that.
  defp observed(name, args, id, owner) do
    if Telemetry.enabled?() do
      span = Telemetry.begin(:service, %{runtime: owner.name, service: name})

      case serve_if_running(name, args, id, owner) do
        {:task, kind, fun} ->
          {:task, kind, fn -> finished(fun, span) end}

        result when elem(result, 0) == :error ->
          Telemetry.finish(span, {:error, elem(result, 1)})
          result

        result ->
          Telemetry.finish(span, :ok)
          result
      end
    else
      serve_if_running(name, args, id, owner)
    end
  end

  # A realm may outlive the application, under a supervisor of somebody else.
  defp serve_if_running(name, args, id, owner) do
    serve(name, args, id, owner)
  catch
    kind, reason ->
      if Enum.all?([QuickBEAM.Registry, Cluster, Broadcast], &Process.whereis/1) do
        :erlang.raise(kind, reason, __STACKTRACE__)
      else
        message = "the application :quickbeam, which serves #{name}, does not run"
        {:error, %{name: "Error", message: message}}
      end
  end

  defp finished(fun, span) do
    result = attempt(fun)
    Telemetry.finish(span, result)
    result
  end

  defp serve("hash", [data, nil], _id, _owner), do: {:ok, :erlang.phash2(data)}
  defp serve("hash", [data, range], _id, _owner), do: {:ok, :erlang.phash2(data, range)}

  defp serve("semver.satisfies", [version, requirement], _id, _owner),
    do: {:ok, System.satisfies?(version, requirement)}

  defp serve("semver.order", [a, b], _id, _owner), do: {:ok, System.order(a, b)}
  defp serve("which", [program], _id, _owner), do: {:ok, System.which(program)}
  defp serve("system_info", [], _id, _owner), do: {:ok, System.info()}
  defp serve("process_info", [], _id, _owner), do: {:ok, System.process_info()}

  defp serve("monitor", [ref, pid], id, owner),
    do: Processes.monitor(processes(owner), ref, pid, id)

  defp serve("monitored", [], _id, _owner), do: Processes.monitored()

  defp serve("demonitor", [ref], _id, owner),
    do: Processes.demonitor(processes(owner), ref, owner)

  # `pid` is to get a message, and the realm has sent much.
  defp serve("mailboxes", [pid], _id, owner) do
    lengths =
      for {pid, last} <- Native.realm_addressees(owner.handle, pid),
          do: {pid, last, Processes.waiting(pid)}

    Native.realm_mailboxes(owner.handle, lengths)
    {:ok, nil}
  end

  defp serve("link", [pid], _id, owner), do: Processes.link(processes(owner), pid)
  defp serve("unlink", [pid], _id, owner), do: Processes.unlink(processes(owner), pid)
  defp serve("register", [name], _id, owner), do: Processes.register(processes(owner), name)
  defp serve("unregister", [name], _id, owner), do: Processes.unregister(processes(owner), name)
  defp serve("whereis", [name], _id, _owner), do: {:ok, Processes.whereis(name)}

  defp serve("spawn", [script, options, source, mime], _id, owner) do
    blob = if source, do: {source, mime}
    Processes.spawn(processes(owner), script, blob, options, owner)
  end

  # The next batch of a handler's stream; the handler's process answers. One that has ended had told so, unless it died.
  defp serve("stream.next", [pid], id, owner) do
    case owner.running do
      %{^pid => work} when elem(work, 0) in [:call, :stream] ->
        send(pid, {:quickbeam_stream, :next, id})
        {:running, Map.put(owner.running, pid, {:stream, id, elem(work, 2)})}

      _died ->
        {:cut, List.keydelete(owner.cut, pid, 0), cut_off(List.keyfind(owner.cut, pid, 0))}
    end
  end

  defp serve("stream.close", [pid], _id, owner) do
    if Map.has_key?(owner.running, pid), do: send(pid, {:quickbeam_stream, :close})
    {:cut, List.keydelete(owner.cut, pid, 0), {:ok, nil}}
  end

  defp serve("nodes", [], _id, _owner), do: {:ok, Cluster.nodes()}

  defp serve("rpc", [node, runtime, function, args], _id, _owner),
    do: {:task, :rpc, fn -> Cluster.rpc(node, runtime, function, args) end}

  defp serve("broadcast", [name, bytes], _id, _owner),
    do: {:ok, Broadcast.post(name, bytes) && nil}

  defp serve("storage.bucket", [], _id, owner),
    do: {:ok, Storage.bucket(owner.options.storage)}

  defp serve("storage." <> operation, [area | args], _id, owner) do
    {area, storage} = Storage.area(owner.services.storage, area, owner.options.storage)
    {:storage, storage, store(operation, args, area)}
  catch
    :exit, reason -> failure("UnknownError", "the storage cannot be used: #{inspect(reason)}")
  end

  defp serve("worker.start", [url, name, token, listener, type, source, mime], _id, owner) do
    worker = %{name: name, type: type, token: token, listener: listener, parent: self()}
    blob = if source, do: {source, mime}
    start = fn -> Child.start_worker(url, blob, worker, owner) end
    Processes.add_child(processes(owner), {:worker, token}, start, owner)
  end

  defp serve("worker.import", [url, source, mime], _id, owner) do
    worker = self()
    blob = if source, do: {source, mime}
    {:task, :import, fn -> Scripts.import(url, blob, owner.options, worker) end}
  end

  # Answered when the worker of that token has ended.
  defp serve("worker.end", [token], id, owner),
    do: {:later, Processes.await_end(processes(owner), token, id)}

  defp serve("worker.stop", [pid], _id, owner), do: Processes.stop_child(processes(owner), pid)

  defp serve("worker.close", [], _id, _owner) do
    send(self(), {:quickbeam, :stop})
    {:ok, nil}
  end

  defp cut_off({_pid, failure}), do: {:error, failure}

  defp cut_off(nil),
    do: failure("ExitError", "the handler of this stream exited before its end")

  defp store("get", [key], area), do: {:ok, Storage.get(area, key)}
  defp store("keys", [], area), do: {:ok, Storage.keys(area)}
  defp store("set", [key, value], area), do: {:change, area, {:set, key, value}}
  defp store("remove", [key], area), do: {:change, area, {:remove, key}}
  defp store("clear", [], area), do: {:change, area, :clear}

  # A private area changes here; a shared one by its server, which may have to wait for a disk.
  defp stored(owner, id, {:change, {:own, _table} = area, change}),
    do: answer(owner, id, changed(Storage.change(area, change)))

  defp stored(owner, id, {:change, area, change}),
    do: queue(owner, :storage, {id, "storage", fn -> changed(Storage.change(area, change)) end})

  defp stored(owner, id, result), do: answer(owner, id, result)

  defp changed(:ok), do: {:ok, nil}
  defp changed(error), do: error

  @doc "A monitored process is no more. `:unknown` if the monitor is not one of the realm's."
  @spec down(Owner.t(), reference(), term()) :: {:ok, Owner.t()} | :unknown
  def down(owner, monitor, reason) do
    with {:ok, id, processes} <- Processes.down(processes(owner), monitor) do
      {:ok, owner |> put(processes) |> answer(id, {:ok, [reason]})}
    end
  end

  @doc "A linked process is no more: whether that ends the owner, too."
  @spec exited(Owner.t(), pid(), term()) :: {:ends | :survives, Owner.t()}
  def exited(owner, pid, reason) do
    {fate, processes} = Processes.exited(processes(owner), pid, reason, owner)
    {fate, put(owner, processes)}
  end

  @doc "Takes back what the realm had, as it is replaced by a fresh one."
  @spec reset(Owner.t()) :: Owner.t()
  def reset(owner) do
    Processes.clear(processes(owner))
    %{owner | services: %{owner.services | processes: %Processes{}}}
  end

  @doc "Forgets what realms have stored that is nobody else's."
  @spec forget(Owner.t()) :: Owner.t()
  def forget(owner), do: put_storage(owner, Storage.forget(owner.services.storage))

  @doc "The owner stops, and its children with it."
  @spec stop(Owner.t()) :: :ok
  def stop(owner), do: Processes.stop(processes(owner))

  @doc "A task has ended, so the next of its kind may run; `reason` answers for one that could not."
  @spec task_ended(Owner.t(), atom(), Native.call_id(), String.t(), term()) :: Owner.t()
  def task_ended(owner, kind, id, name, reason) do
    unless reason == :normal do
      message = "Beam's #{name} failed: #{Exception.format_exit(reason)}"
      Native.resolve(owner.handle, id, {:error, %{name: "Error", message: message}})
    end

    {running, queue} = Map.fetch!(owner.services.tasks, kind)

    case :queue.out(queue) do
      {{:value, task}, queue} -> owner |> put_tasks(kind, running - 1, queue) |> run(kind, task)
      {:empty, queue} -> put_tasks(owner, kind, running - 1, queue)
    end
  end

  @doc "A failure, as `Native.resolve/3` takes it."
  @spec failure(String.t(), String.t()) :: {:error, failure()}
  def failure(name, message), do: {:error, %{name: name, message: message}}

  defp queue(owner, kind, task) do
    {running, queue} = Map.get(owner.services.tasks, kind, {0, :queue.new()})

    if running < Map.fetch!(@limits, kind),
      do: owner |> put_tasks(kind, running, queue) |> run(kind, task),
      else: put_tasks(owner, kind, running, :queue.in(task, queue))
  end

  defp run(owner, kind, {id, name, fun}) do
    %{handle: handle} = owner
    pid = spawn_link(fn -> Native.resolve(handle, id, attempt(fun)) end)
    {running, queue} = Map.fetch!(owner.services.tasks, kind)
    owner = put_tasks(owner, kind, running + 1, queue)
    %{owner | running: Map.put(owner.running, pid, {:service, kind, id, name})}
  end

  defp attempt(fun) do
    fun.()
  rescue
    exception -> {:error, Handler.raised(exception, [], false)}
  end

  defp answer(owner, id, result) do
    Native.resolve(owner.handle, id, result)
    owner
  end

  defp processes(owner), do: owner.services.processes
  defp put(owner, processes), do: %{owner | services: %{owner.services | processes: processes}}

  defp put_storage(owner, storage),
    do: %{owner | services: %{owner.services | storage: storage}}

  defp put_tasks(owner, kind, running, queue) do
    tasks = Map.put(owner.services.tasks, kind, {running, queue})
    %{owner | services: %{owner.services | tasks: tasks}}
  end
end
