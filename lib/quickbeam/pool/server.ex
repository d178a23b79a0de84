defmodule QuickBEAM.Pool.Server do
  @moduledoc false
  # Who has which runtime of a pool, and who waits for one. It does nothing that takes time: runtimes are
  # prepared by their keepers (`QuickBEAM.Pool.Keeper`), and used by the callers.
  #
  # A caller is known by the monitor that watches it, from its request until its use is over. A keeper is `ready`,
  # lent to a caller, or else preparing. Every keeper that ends is replaced: at once if its runtime has been used since it was
  # prepared, else after a delay that grows while that goes on.

  use GenServer

  alias QuickBEAM.JSError
  alias QuickBEAM.Pool.Keeper

  require Logger

  @first_delay_ms 100
  @last_delay_ms 5_000
  # Failures further apart than that have nothing to do with each other.
  @quiet_ms 10_000

  defstruct [
    :name,
    :spec,
    :size,
    :max_queue,
    # Keepers that are alive: whether the runtime of each is `:used`, or `:unused` since it was prepared.
    keepers: %{},
    # Keepers with their runtimes, the one that was used last at the front.
    ready: [],
    # Uses and the keeper of each; nil if that has died meanwhile.
    busy: %{},
    # Callers that wait, in the order of their arrival, and where each stands.
    waiting: :gb_trees.empty(),
    places: %{},
    next_place: 0,
    # Keepers that will be started; when one failed last, the delay since then, and when that may grow.
    delayed: 0,
    failure: nil
  ]

  @type use :: reference()

  @spec start_link(keyword(), keyword()) :: GenServer.on_start()
  def start_link(options, runtime_options) do
    server_options = if options[:name], do: [name: options[:name]], else: []
    GenServer.start_link(__MODULE__, {options, runtime_options}, server_options)
  end

  @doc "A runtime for the calling process, which gives it back with `checkin/2`."
  @spec checkout(GenServer.server(), timeout()) ::
          {:ok, pid(), use(), pid()} | {:error, JSError.t()}
  def checkout(server, timeout), do: GenServer.call(server, {:checkout, timeout}, :infinity)

  @spec checkin(pid(), use()) :: :ok
  def checkin(server, use), do: GenServer.cast(server, {:checkin, use})

  @impl true
  def init({options, runtime_options}) do
    Process.flag(:trap_exit, true)

    spec = %{
      runtime: runtime_options,
      pool: options[:pool],
      init: options[:init],
      max_uses: options[:max_uses]
    }

    max_queue = Keyword.get(options, :max_queue) || 1_000
    name = options[:name] || self()
    size = options[:size] || 10
    state = %__MODULE__{name: name, spec: spec, size: size, max_queue: max_queue}

    if options[:lazy], do: {:ok, state}, else: prepare_all(state)
  end

  defp prepare_all(state) do
    state = Enum.reduce(1..state.size, state, fn _, state -> start_keeper(state) end)
    await_ready(state, state.size)
  end

  defp await_ready(state, 0), do: {:ok, state}

  defp await_ready(state, count) do
    receive do
      {:ready, keeper, runtime} ->
        await_ready(became_ready(state, keeper, runtime), count - 1)

      {:EXIT, _keeper_or_parent, reason} ->
        # The parent gets the error as the result of the start, and no exit signal.
        with [parent | _] when is_pid(parent) <- Process.get(:"$ancestors"),
             do: Process.unlink(parent)

        terminate(reason, state)
        {:stop, start_error(reason)}
    end
  end

  defp start_error({:shutdown, {why, reason}}) when why in [:start_failed, :ended], do: reason
  defp start_error(reason), do: reason

  @impl true
  def handle_call({:checkout, timeout}, {pid, _tag} = from, state) do
    monitor = Process.monitor(pid)

    case alive(state.ready) do
      [{keeper, runtime} | ready] ->
        {:reply, {:ok, self(), monitor, runtime}, lend(%{state | ready: ready}, monitor, keeper)}

      [] ->
        {:noreply, enqueue(%{state | ready: []}, monitor, from, timeout)}
    end
  end

  def handle_call(:info, _from, state) do
    ready = length(state.ready)
    lent = Enum.count(state.busy, fn {_use, keeper} -> keeper != nil end)

    {:reply,
     %{
       size: state.size,
       ready: ready,
       busy: map_size(state.busy),
       preparing: map_size(state.keepers) - ready - lent + state.delayed,
       waiting: map_size(state.places)
     }, state}
  end

  @impl true
  def handle_cast({:checkin, use}, state) do
    Process.demonitor(use, [:flush])
    {:noreply, use_over(state, use)}
  end

  @impl true
  def handle_info({:ready, keeper, runtime}, state),
    do: {:noreply, became_ready(state, keeper, runtime)}

  def handle_info({:DOWN, monitor, :process, _pid, _reason}, state) do
    case state.places do
      %{^monitor => place} -> {:noreply, leave(state, monitor, place)}
      _not_waiting -> {:noreply, use_over(state, monitor)}
    end
  end

  def handle_info({:deadline, monitor, timeout}, state) do
    case state.places do
      %{^monitor => place} ->
        {_monitor, from, _timer} = :gb_trees.get(place, state.waiting)
        refuse(from, "no runtime of the pool became free within #{timeout} ms")
        Process.demonitor(monitor, [:flush])
        {:noreply, leave(state, monitor, place)}

      _served_meanwhile ->
        {:noreply, state}
    end
  end

  def handle_info(:start_keeper, state),
    do: {:noreply, start_keeper(%{state | delayed: state.delayed - 1})}

  def handle_info({:EXIT, pid, reason}, state) do
    case Map.pop(state.keepers, pid) do
      {nil, _keepers} when reason == :normal ->
        {:noreply, state}

      {nil, _keepers} ->
        {:stop, reason, state}

      {use, keepers} ->
        state = forget(%{state | keepers: keepers}, pid)

        if use == :used and not match?({:shutdown, {:start_failed, _}}, reason),
          do: {:noreply, start_keeper(state)},
          else: {:noreply, failed(state, reason)}
    end
  end

  def handle_info(_message, state), do: {:noreply, state}

  # A normal exit would leave the keepers alive, and their runtimes with them.
  @impl true
  def terminate(_reason, state),
    do: Enum.each(state.keepers, fn {keeper, _} -> Process.exit(keeper, :shutdown) end)

  # Callers

  # The death of a runtime is known here only when its keeper has died of it.
  defp alive([{_keeper, runtime} | ready] = all),
    do: if(Process.alive?(runtime), do: all, else: alive(ready))

  defp alive([]), do: []

  defp enqueue(state, monitor, from, timeout) do
    if map_size(state.places) < state.max_queue do
      timer =
        if timeout != :infinity,
          do: Process.send_after(self(), {:deadline, monitor, timeout}, min(timeout, 0xFFFF_FFFF))

      place = state.next_place

      grow(%{
        state
        | waiting: :gb_trees.insert(place, {monitor, from, timer}, state.waiting),
          places: Map.put(state.places, monitor, place),
          next_place: place + 1
      })
    else
      Process.demonitor(monitor, [:flush])
      refuse(from, "#{state.max_queue} callers wait for a runtime of the pool already")
      state
    end
  end

  # A lazy pool grows with demand: what is being prepared already will serve as many callers.
  defp grow(%{keepers: keepers, delayed: delayed} = state) do
    alive = map_size(keepers) + delayed
    lent = map_size(state.busy)

    if alive < state.size and alive - lent < map_size(state.places),
      do: start_keeper(state),
      else: state
  end

  defp leave(state, monitor, place) do
    {{_monitor, _from, timer}, waiting} = :gb_trees.take(place, state.waiting)
    if timer, do: Process.cancel_timer(timer)
    %{state | waiting: waiting, places: Map.delete(state.places, monitor)}
  end

  defp use_over(state, use) do
    case Map.pop(state.busy, use) do
      {nil, busy} ->
        %{state | busy: busy}

      {keeper, busy} ->
        Keeper.used(keeper)
        %{state | busy: busy}
    end
  end

  defp refuse(from, message),
    do: GenServer.reply(from, {:error, %JSError{name: "BusyError", message: message}})

  # Keepers

  defp start_keeper(state),
    do: %{state | keepers: Map.put(state.keepers, Keeper.start_link(state.spec), :unused)}

  defp became_ready(state, keeper, runtime) do
    state = %{state | keepers: %{state.keepers | keeper => :unused}}

    cond do
      # Its keeper is about to end, too.
      not Process.alive?(runtime) ->
        state

      :gb_trees.is_empty(state.waiting) ->
        %{state | ready: [{keeper, runtime} | state.ready]}

      true ->
        {place, {monitor, from, _timer}} = :gb_trees.smallest(state.waiting)
        GenServer.reply(from, {:ok, self(), monitor, runtime})
        state |> leave(monitor, place) |> lend(monitor, keeper)
    end
  end

  defp lend(state, use, keeper) do
    keepers = %{state.keepers | keeper => :used}
    %{state | keepers: keepers, busy: Map.put(state.busy, use, keeper)}
  end

  # A keeper that died as its runtime did: whoever has the runtime learns of it by using it.
  defp forget(state, keeper) do
    ready = List.keydelete(state.ready, keeper, 0)
    busy = Map.new(state.busy, fn {use, of} -> {use, if(of != keeper, do: of)} end)
    %{state | ready: ready, busy: busy}
  end

  defp failed(state, reason) do
    text = Exception.format_exit(start_error(reason))
    Logger.error("a runtime of the pool #{inspect(state.name)} #{what_failed(reason)}: #{text}")
    failure = failure(state.failure, System.monotonic_time(:millisecond))
    Process.send_after(self(), :start_keeper, failure.delay_ms)
    %{state | delayed: state.delayed + 1, failure: failure}
  end

  defp what_failed({:shutdown, {:start_failed, _reason}}), do: "could not be prepared"
  defp what_failed(_reason), do: "ended before it was used"

  # Those that fail together wait for the same time.
  defp failure(%{at: at, grows_at: grows_at} = last, now)
       when now - at < @quiet_ms and now < grows_at,
       do: %{last | at: now}

  defp failure(%{at: at, delay_ms: delay_ms}, now) when now - at < @quiet_ms,
    do: delay(min(delay_ms * 2, @last_delay_ms), now)

  defp failure(_long_ago, now), do: delay(@first_delay_ms, now)

  defp delay(delay_ms, now), do: %{at: now, delay_ms: delay_ms, grows_at: now + delay_ms}
end
