defmodule QuickBEAM.Owner do
  @moduledoc false
  # What every process that owns a realm does, whatever its placement: it creates the realm, runs
  # the handlers that JavaScript calls, takes what the console prints, and takes the realm with it
  # when it ends.
  #
  # - `QuickBEAM.Owner.Server`   the GenServer around it
  # - `QuickBEAM.Owner.Request`  requests of any process, which do not pass through the owner
  # - `QuickBEAM.Owner.Handler`  one run of a handler, in a process linked to the owner
  # - `QuickBEAM.Owner.Setup`    the globals and the script of a fresh start, and of a reset
  # - `QuickBEAM.Owner.Mailbox`  messages for the realm, when its inbox is full
  # - `QuickBEAM.Owner.Console`  the way to Logger
  #
  # The owner never waits: not for the realm, not for a handler. Only its start does, for the script,
  # and goes on serving the script's calls meanwhile. It traps exits, so that it learns of a
  # handler's death by the link that also makes handlers die with it.

  alias QuickBEAM.{JSError, Native, Options, Telemetry}
  alias QuickBEAM.Beam.{Family, Services}
  alias QuickBEAM.Options.Grants
  alias QuickBEAM.Owner.{Callback, Census, Console, Handler, Mailbox, Setup}

  # Crash reports show the state; what handlers close over and what is defined is nothing for a log.
  @derive {Inspect, only: [:name]}
  defstruct [
    :handle,
    :options,
    :name,
    :parent,
    :callers,
    :pool_monitor,
    :placement,
    :family,
    renews?: false,
    services: %Services{},
    setup: [],
    mailbox: %Mailbox{},
    running: %{},
    spans: %{},
    waiting: :queue.new(),
    cut: []
  ]

  @type t :: %__MODULE__{
          handle: Native.handle(),
          options: Options.t(),
          name: term(),
          parent: pid() | nil,
          callers: [pid()],
          pool_monitor: reference() | nil,
          placement: placement(),
          family: Family.t(),
          renews?: boolean(),
          services: Services.t(),
          setup: [Setup.step()],
          mailbox: Mailbox.t(),
          running: %{pid() => work()},
          spans: %{(connection :: integer()) => Telemetry.open(), pid() => Telemetry.open()},
          waiting: :queue.queue({Handler.call(), list()}),
          cut: [{pid(), Handler.failure()}]
        }

  # How many streams that died are remembered with the reason.
  @max_cut 100

  @typedoc "What a process that the owner has started is for."
  @type work ::
          {:call, Native.call_id(), String.t()}
          | {:stream, Native.call_id(), String.t()}
          | :timed_out
          | {:service, atom(), Native.call_id(), String.t()}
          | {:reset, [{GenServer.from(), by :: Native.parent() | nil}]}

  @typedoc "Where a realm runs: on a thread of its own, or on the threads of a context pool."
  @type placement :: :dedicated | {:pool, pid(), Native.executor()}

  @doc "The context pool of a placement, or nil."
  @spec pool(placement()) :: pid() | nil
  def pool(:dedicated), do: nil
  def pool({:pool, pool, _executor}), do: pool

  @doc """
  Makes the calling process the owner of a new realm and brings it to its state of a fresh start.

  On an error the process must end; it is no longer linked to its parent then, which gets the error
  as the result of the start instead of an exit signal. It is of the family of the realm whose script has started it, if one has.
  """
  @spec start(Options.t(), placement(), Family.t() | nil) :: {:ok, t()} | {:error, term()}
  def start(options, placement, family \\ nil) do
    Process.flag(:trap_exit, true)

    # A burst of messages waits here; collections of the owner's own small heap must not walk through it.
    Process.flag(:message_queue_data, :off_heap)
    {parent, callers} = ancestry()

    with {:ok, setup} <- Setup.steps(options),
         owner = create(options, placement, setup, parent, callers, family || Family.new()),
         {:ok, owner} <- set_up(owner) do
      {:ok, owner}
    else
      {:error, reason} ->
        if parent, do: Process.unlink(parent)
        {:error, reason}
    end
  end

  @doc "Handles a message to the owner process."
  @spec handle_info(term(), t()) :: {:noreply, t()} | {:stop, term(), t()}
  def handle_info({:quickbeam, :call, id, name, args, sync?}, owner) do
    case Map.get(owner.options.handlers, name) do
      nil ->
        refuse(owner, id, %{name: "Error", message: "no handler #{inspect(name)}", stack: nil})

      _fun ->
        if Grants.allowed?(owner.options.allow, :handlers, name),
          do: {:noreply, call(owner, id, name, args, sync?)},
          else: refuse(owner, id, Handler.not_allowed(name))
    end
  end

  def handle_info({:quickbeam, :service, id, name, args, _sync?}, owner),
    do: {:noreply, Services.call(owner, id, name, args)}

  def handle_info({:quickbeam, :handler_timeout, pid, timeout}, owner) do
    case owner.running do
      %{^pid => {kind, id, name}} when kind in [:call, :stream] ->
        Process.exit(pid, :kill)
        failure = Handler.timed_out(name, timeout)
        Native.resolve(owner.handle, id, {:error, failure})
        owner = if kind == :stream, do: cut(owner, pid, failure), else: owner
        {:noreply, %{owner | running: Map.put(owner.running, pid, :timed_out)}}

      _ended ->
        {:noreply, owner}
    end
  end

  # A stream that has been asked for its items already has the id of that request.
  def handle_info({:quickbeam, :stream, pid}, owner) do
    case owner.running do
      %{^pid => {:call, id, name}} ->
        {:noreply, %{owner | running: Map.put(owner.running, pid, {:stream, id, name})}}

      _asked_or_ended ->
        {:noreply, owner}
    end
  end

  def handle_info({:quickbeam, :cancelled, id}, owner) do
    kill(owner, &match?({:call, ^id, _name}, &1))
    {:noreply, owner}
  end

  # The owner answers itself: a caller that has heard of its death gets no reply after that.
  def handle_info({:quickbeam, :reset_done, pid, result}, owner) do
    case owner.running do
      %{^pid => {:reset, requests}} ->
        for {from, _parent} <- requests, do: GenServer.reply(from, result)
        {:noreply, %{owner | running: Map.put(owner.running, pid, {:reset, []})}}

      _overtaken ->
        {:noreply, owner}
    end
  end

  # What the old realm has asked for since the reset was requested goes with it, too.
  def handle_info({:quickbeam, :was_reset}, owner) do
    owner = Services.reset(owner)
    owner = if owner.renews?, do: Services.forget(owner), else: owner
    kill(owner, &match?({kind, _id, _name} when kind in [:call, :stream], &1))

    for {call, _args} <- :queue.to_list(owner.waiting),
        do: Native.resolve(owner.handle, call.id, {:error, Handler.exited(call.name, :killed)})

    {:noreply, %{owner | waiting: :queue.new(), cut: []}}
  end

  def handle_info({:quickbeam, :console, level, text, details}, owner) do
    output = Map.merge(details, %{level: level, text: text})
    Console.print(output, owner.options.console, owner.name)
    output_taken(owner, text)
  end

  # What a worker does not catch is its parent's to look after.
  def handle_info(
        {:quickbeam, :uncaught, _kind, error},
        %{options: %{script: {:worker, worker, _script}}} = owner
      ) do
    send(worker.parent, {:quickbeam, :worker_error, worker.listener, error})
    output_taken(owner, error.message)
  end

  def handle_info({:quickbeam, :uncaught, kind, error}, owner) do
    Console.uncaught(kind, error, owner.name)
    output_taken(owner, error.message)
  end

  def handle_info({:quickbeam, :worker_error, listener, error}, owner) do
    fields = Map.take(error, [:name, :message, :filename, :line, :column])

    if Native.event(owner.handle, listener, fields) == :busy,
      do: Console.uncaught(:exception, error, owner.name)

    {:noreply, owner}
  end

  # A realm's thread cannot send to another node; only a process can.
  def handle_info({:quickbeam, :send, pid, message}, owner) do
    send(pid, message)
    {:noreply, owner}
  end

  def handle_info({:quickbeam, :span, id, name, url}, owner) do
    metadata = %{runtime: owner.name, url: url}
    spans = Map.put(owner.spans, id, Telemetry.begin(span_name(name), metadata))
    output_taken(%{owner | spans: spans}, url)
  end

  def handle_info({:quickbeam, :span_end, id, took, result}, owner) do
    {span, spans} = Map.pop(owner.spans, id)
    took = System.convert_time_unit(took, :nanosecond, :native)

    case {span, result} do
      {nil, _result} -> :ok
      {span, {:ok, code}} -> Telemetry.finish(span, :ok, %{code: code}, took)
      {span, {:error, error}} -> Telemetry.finish(span, {:error, error}, %{code: nil}, took)
    end

    {:noreply, %{owner | spans: spans}}
  end

  def handle_info({:quickbeam, :start_failed, message}, owner) do
    {:stop, {:quickbeam_dead, %JSError{name: "InternalError", message: message}}, owner}
  end

  def handle_info({:quickbeam, :dead, error}, owner),
    do: {:stop, {:quickbeam_dead, error}, owner}

  def handle_info({:quickbeam, :descendant, pid}, owner) do
    Family.watch(pid)
    {:noreply, owner}
  end

  def handle_info({:quickbeam, monitor, :process, _descendant, _reason}, owner)
      when is_reference(monitor) do
    Family.left(owner.family)
    {:noreply, owner}
  end

  def handle_info({:quickbeam, :flush}, owner),
    do: {:noreply, %{owner | mailbox: Mailbox.flush(owner.mailbox, owner.name)}}

  def handle_info({:quickbeam, :stop}, owner), do: {:stop, :normal, owner}

  def handle_info({:EXIT, pid, reason}, owner) do
    case Map.pop(owner.running, pid) do
      {nil, _running} ->
        other_exit(pid, reason, owner)

      {work, running} ->
        owner = end_span(%{owner | running: running}, pid, work, reason)
        {:noreply, next(ended(work, pid, reason, owner))}
    end
  end

  # The threads of a context go with its pool. That ends thousands at once, which no log needs a line each for.
  def handle_info({:DOWN, monitor, :process, _pool, reason}, %{pool_monitor: monitor} = owner),
    do: {:stop, {:shutdown, {:pool_down, reason}}, owner}

  def handle_info({:DOWN, monitor, :process, _pid, reason} = message, owner) do
    case Services.down(owner, monitor, reason) do
      {:ok, owner} -> {:noreply, owner}
      :unknown -> {:noreply, deliver(owner, message)}
    end
  end

  def handle_info(message, owner) when elem(message, 0) == :quickbeam, do: {:noreply, owner}

  # What any process sends to a runtime, `Beam.send` of another runtime included, is a message for it.
  def handle_info(message, owner), do: {:noreply, deliver(owner, message)}

  @doc """
  Resets the realm and sets it up again; answers `from` when that is done. `parent` is the call that
  `from` answers, if any.

  A reset that has not finished yet, its script may never end, is answered by the one that comes after it.
  """
  @spec reset(t(), GenServer.from(), Native.parent() | nil) :: t()
  def reset(owner, from, parent) do
    realm = self()
    owner = %{Services.reset(owner) | mailbox: Mailbox.clear()}
    {earlier, owner} = take_resets(owner)
    requests = [{from, parent} | earlier]
    steps = [:reset | owner.setup]

    pid =
      spawn_link(fn ->
        Handler.put_parent(parent)
        send(realm, {:quickbeam, :reset_done, self(), Setup.run(steps, realm)})
      end)

    %{owner | running: Map.put(owner.running, pid, {:reset, requests})}
  end

  @doc "As `reset/3`; from now on resets leave nothing of the realm's own storage either, as its next user is another one."
  @spec renew(t(), GenServer.from()) :: t()
  def renew(owner, from), do: reset(%{owner | renews?: true}, from, nil)

  defp take_resets(owner) do
    case Enum.find(owner.running, &match?({_pid, {:reset, _requests}}, &1)) do
      {pid, {:reset, requests}} ->
        Process.unlink(pid)
        Process.exit(pid, :kill)

        receive do
          {:EXIT, ^pid, _reason} -> :ok
        after
          0 -> :ok
        end

        {requests, %{owner | running: Map.delete(owner.running, pid)}}

      nil ->
        {[], owner}
    end
  end

  @doc "Ends the realm and everything that runs for it."
  @spec stop(t()) :: :ok
  def stop(owner) do
    Native.realm_stop(owner.handle)
    # A normal exit of the owner would leave its handlers alive.
    for {pid, _work} <- owner.running, do: Process.exit(pid, :kill)
    for {key, span} <- owner.spans, do: stop_span(key, span)
    Services.stop(owner)
  end

  # The span of a handler that has returned, or failed, has ended already.
  defp end_span(%{spans: spans} = owner, _pid, _work, _reason) when map_size(spans) == 0,
    do: owner

  defp end_span(owner, pid, work, reason) do
    {span, spans} = Map.pop(owner.spans, pid)
    if span, do: Telemetry.killed(span, if(work == :timed_out, do: :timeout, else: reason))
    %{owner | spans: spans}
  end

  defp stop_span(handler, span) when is_pid(handler), do: Telemetry.killed(span, :killed)

  defp stop_span(_connection, span),
    do: Telemetry.finish(span, {:error, "the runtime was stopped"}, %{code: nil})

  defp span_name("fetch"), do: :fetch
  defp span_name("websocket"), do: :websocket

  # Starting

  defp create(options, placement, setup, parent, callers, family) do
    Census.register(options.name, pool(placement))
    {executor, monitor} = place(placement)
    own = %{executor: executor, open: setup == [], root: Family.root(family)}
    handle = Native.realm_start(Map.merge(realm_options(options), own))
    Native.realm_handlers(handle, Map.keys(options.handlers))

    %__MODULE__{
      handle: handle,
      options: options,
      name: options.name || self(),
      parent: parent,
      callers: callers,
      pool_monitor: monitor,
      placement: placement,
      family: family,
      setup: setup
    }
  end

  # Without an executor, the realm gets one of one thread.
  defp place(:dedicated), do: {nil, nil}
  defp place({:pool, pool, executor}), do: {executor, Process.monitor(pool)}

  defp realm_options(options) do
    options
    |> Map.take([
      :memory_limit,
      :max_stack_size,
      :max_reductions,
      :max_convert_depth,
      :max_convert_nodes,
      :apis,
      :allow,
      :fetch,
      :timeout
    ])
  end

  defp set_up(%{setup: []} = owner), do: {:ok, owner}

  defp set_up(%{setup: steps} = owner) do
    case self() |> Setup.send_to(steps) |> await(owner) do
      {:ok, owner} ->
        Native.realm_open(owner.handle)
        {:ok, owner}

      {:error, reason, owner} ->
        stop(owner)
        {:error, reason}
    end
  end

  defp failed(step, error, owner) do
    failure = Setup.error(step, error)
    Tuple.insert_at(failure, tuple_size(failure), owner)
  end

  # The start waits for the script, and serves the script's calls meanwhile.
  defp await([], owner), do: {:ok, owner}

  defp await([{step, {:error, error}} | _steps], owner),
    do: failed(step, error, owner)

  defp await([{step, {:ok, ref}} | rest] = steps, owner) do
    receive do
      {^ref, {:error, error}} ->
        failed(step, error, owner)

      {^ref, _done} ->
        await(rest, owner)

      message when elem(message, 0) in [:quickbeam, :EXIT, :DOWN] ->
        case handle_info(message, owner) do
          {:noreply, owner} -> await(steps, owner)
          {:stop, reason, owner} -> {:error, reason, owner}
        end
    end
  end

  # The process that started this one, and those that a handler counts as its callers.
  defp ancestry do
    pids =
      for ancestor <- Process.get(:"$ancestors", []),
          pid = if(is_pid(ancestor), do: ancestor, else: Process.whereis(ancestor)),
          do: pid

    {List.first(pids), pids}
  end

  # The realm holds output back when the owner does not keep up.
  defp output_taken(owner, text) do
    dropped = Native.realm_output_taken(owner.handle, byte_size(text))
    if dropped > 0, do: Console.dropped(dropped, owner.name)
    {:noreply, owner}
  end

  defp deliver(owner, message),
    do: %{owner | mailbox: Mailbox.deliver(owner.mailbox, message, owner.name)}

  # Handlers

  defp call(owner, id, name, args, sync?) do
    call = %{
      owner: self(),
      handle: owner.handle,
      id: id,
      name: name,
      sync?: sync?,
      runtime: owner.name,
      trusted?: owner.options.allow == :all,
      callers: owner.callers,
      span: nil
    }

    # A suspended realm may be what the running handlers wait for, so its call must not wait for them.
    if sync? or map_size(owner.running) < owner.options.max_handlers,
      do: run(owner, call, args),
      else: %{owner | waiting: :queue.in({call, args}, owner.waiting)}
  end

  defp run(owner, call, args) do
    handler = Map.fetch!(owner.options.handlers, call.name)
    call = %{call | span: handler_span(call)}
    pid = Handler.start(call, handler, args)

    with timeout when is_integer(timeout) <- Callback.timeout(handler),
         do: Process.send_after(self(), {:quickbeam, :handler_timeout, pid, timeout}, timeout)

    running = Map.put(owner.running, pid, {:call, call.id, call.name})
    spans = if call.span, do: Map.put(owner.spans, pid, call.span), else: owner.spans
    %{owner | running: running, spans: spans}
  end

  defp handler_span(call) do
    if Telemetry.enabled?() do
      metadata = %{runtime: call.runtime, handler: call.name, sync?: call.sync?}
      Telemetry.prepare(:handler, metadata)
    end
  end

  # Ends handlers whose answers nobody waits for. One that asks for the reset which ends its own call goes on: it
  # waits for the reset.
  defp kill(owner, gone?) do
    resetting =
      for {_pid, {:reset, requests}} <- owner.running,
          {_from, {_owner, id, _sync?}} <- requests,
          do: id

    for {pid, work} <- owner.running,
        gone?.(work),
        elem(work, 1) not in resetting,
        do: Process.exit(pid, :kill)
  end

  defp next(owner) do
    case :queue.out(owner.waiting) do
      {{:value, {call, args}}, waiting} -> run(%{owner | waiting: waiting}, call, args)
      {:empty, _waiting} -> owner
    end
  end

  defp refuse(owner, id, failure) do
    Native.resolve(owner.handle, id, {:error, failure})
    {:noreply, owner}
  end

  defp ended({:service, kind, id, name}, _pid, reason, owner),
    do: Services.task_ended(owner, kind, id, name, reason)

  # A handler that ends normally has given its result; a second one is ignored by the realm.
  defp ended(_work, _pid, :normal, owner), do: owner
  defp ended(:timed_out, _pid, _reason, owner), do: owner

  defp ended({kind, id, name}, pid, reason, owner) when kind in [:call, :stream] do
    failure = Handler.exited(name, reason)
    Native.resolve(owner.handle, id, {:error, failure})
    if kind == :stream, do: cut(owner, pid, failure), else: owner
  end

  defp ended({:reset, requests}, _pid, reason, owner) do
    message = "the reset failed: #{Exception.format_exit(reason)}"
    error = {:error, %JSError{name: "InternalError", message: message}}
    for {from, _parent} <- requests, do: GenServer.reply(from, error)
    owner
  end

  # Between two batches nobody is told of a stream's end: whoever asks for the next batch is.
  defp cut(owner, pid, failure),
    do: %{owner | cut: Enum.take([{pid, failure} | owner.cut], @max_cut)}

  # Processes other than its own work are linked to the owner as if it did not trap exits.
  defp other_exit(parent, reason, %{parent: parent} = owner), do: {:stop, reason, owner}

  defp other_exit(pid, reason, owner) do
    case Services.exited(owner, pid, reason) do
      {:survives, owner} -> {:noreply, owner}
      {:ends, owner} -> {:stop, reason, owner}
    end
  end
end
