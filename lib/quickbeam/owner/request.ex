defmodule QuickBEAM.Owner.Request do
  @moduledoc false
  # How any process asks a realm for something. A request goes from the caller straight into the
  # realm's inbox and its reply straight back: the owner process only lends its pid as the address.
  #
  # This is the hot path. The timeout is counted by the executor, which owes exactly one reply to
  # each op, whatever becomes of the realm; so the caller waits without a timeout of its own.

  alias QuickBEAM.{JSError, Native, Telemetry}
  alias QuickBEAM.Options.Server
  alias QuickBEAM.Owner.Handler

  @type server :: GenServer.server()
  @type op :: atom() | tuple()
  @type reply :: :ok | {:ok, term()} | {:error, JSError.t()}

  @doc """
  Sends `op` to the realm of `server` and waits for its reply.

  With the timeout `nil` the realm's own applies. Exits like `GenServer.call/3` if there is no such
  process; `function` and `args` are what the exit reason names.
  """
  @spec run(server(), op(), timeout() | nil, atom(), list()) :: reply()
  def run(server, op, timeout, function, args) when is_pid(server) and node(server) == node() do
    case local(server, op, timeout) do
      :noproc -> exit({:noproc, {QuickBEAM, function, args}})
      reply -> reply
    end
  end

  def run(server, op, timeout, function, args) do
    case locate!(server, function, args) do
      pid when is_pid(pid) and node(pid) == node() ->
        run(pid, op, timeout, function, args)

      remote ->
        case remote(remote, :local, [self(), op, timeout], function, args) do
          :noproc -> exit({:noproc, {QuickBEAM, function, args}})
          reply -> reply
        end
    end
  end

  @doc "`run/5` within a span of telemetry, if somebody listens."
  @spec ask(server(), op(), timeout() | nil, atom(), list(), map()) :: reply()
  def ask(server, op, timeout, function, args, metadata \\ %{}) do
    if Telemetry.enabled?() do
      metadata = Map.put(metadata, :runtime, server)
      Telemetry.span(function, metadata, fn -> run(server, op, timeout, function, args) end)
    else
      run(server, op, timeout, function, args)
    end
  end

  @doc "Runs `fun` within a span of telemetry, if somebody listens."
  @spec observed(atom(), server(), (() -> result)) :: result when result: term()
  def observed(function, server, fun) do
    if Telemetry.enabled?(),
      do: Telemetry.span(function, %{runtime: server}, fun),
      else: fun.()
  end

  @doc "Sends `op` to the realm of `owner`, a process of this node; its reply comes as `{ref, reply}`."
  @spec send_op(pid(), op()) :: {:ok, reference()} | :noproc | {:error, JSError.t()}
  def send_op(owner, op) do
    ref = make_ref()

    with :ok <- submit(owner, ref, op, nil, Handler.parent(owner)), do: {:ok, ref}
  end

  @doc "Puts `message` into the inbox of `server`'s realm, without waiting."
  @spec send_message(server(), term()) :: :ok | {:error, JSError.t()}
  def send_message(server, message) do
    args = [server, message]

    result =
      case locate!(server, :send_message, args) do
        pid when is_pid(pid) and node(pid) == node() -> Native.send_message(pid, message)
        remote -> remote(remote, :send_message, [message], :send_message, args)
      end

    case result do
      :ok -> :ok
      :busy -> {:error, busy()}
      :noproc -> exit({:noproc, {QuickBEAM, :send_message, args}})
    end
  end

  @doc "What the native function tells about the realm of `server`, without asking the realm; nil if there is none."
  @spec native(server(), atom(), atom()) :: term()
  def native(server, native, function) do
    args = [server]

    case locate!(server, function, args) do
      pid when is_pid(pid) and node(pid) == node() -> apply(Native, native, [pid])
      remote -> remote(remote, :native, [native], function, args)
    end
  end

  @doc "Ends the owner `server`; returns when it has ended."
  @spec stop(server()) :: :ok
  def stop(server) do
    case owner!(server, :stop, [server]) do
      :dead ->
        :ok

      owner ->
        monitor = Process.monitor(owner)
        send(owner, {:quickbeam, :stop})

        receive do
          {:DOWN, ^monitor, :process, _owner, _reason} -> :ok
        end
    end
  end

  @doc "Asks the owner `server` for a reset; exits, or is interrupted when the owner ends, as the other requests are."
  @spec reset(server()) :: :ok | {:error, JSError.t()}
  def reset(server) do
    case owner!(server, :reset, [server]) do
      :dead ->
        exit({:noproc, {QuickBEAM, :reset, [server]}})

      owner ->
        GenServer.call(owner, {:reset, parent(owner)}, :infinity)
    end
  catch
    :exit, {reason, {GenServer, :call, _args}} -> reset_ended(reason, server)
  end

  defp reset_ended(reason, server)
       when reason in [:noproc, :calling_self] or elem(reason, 0) == :nodedown,
       do: exit({reason, {QuickBEAM, :reset, [server]}})

  defp reset_ended({:quickbeam_dead, error}, _server), do: {:error, error}

  defp reset_ended(_reason, _server) do
    message = "the reset was interrupted: the runtime was stopped"
    {:error, %JSError{name: "InterruptedError", message: message}}
  end

  @doc "The call that the calling process answers, if any, for a request to `server`."
  @spec parent(server()) :: Native.parent() | nil
  def parent(server) do
    case GenServer.whereis(server) do
      pid when is_pid(pid) and node(pid) == node() -> Handler.parent(pid)
      _other -> nil
    end
  end

  @doc "The process, or the name on another node, that `server` stands for; exits if there is none."
  @spec locate!(server(), atom(), list()) :: pid() | {atom(), node()}
  def locate!(server, function, args) do
    Server.whereis!(server, "a runtime") || exit({:noproc, {QuickBEAM, function, args}})
  end

  @doc """
  What is to be asked itself, not its realm: the owner process, or its name on another node; `:dead` if it is no more. Exits if
  it is a process of another kind, which would not answer.
  """
  @spec owner!(server(), atom(), list()) :: pid() | {atom(), node()} | :dead
  def owner!(server, function, args) do
    case locate!(server, function, args) do
      pid when is_pid(pid) and node(pid) == node() -> owner_process!(pid, function, args)
      remote -> remote
    end
  end

  defp owner_process!(pid, function, args) do
    case Server.kind(pid, [QuickBEAM.Owner.Server, QuickBEAM.Beam.Child]) do
      :same -> pid
      :dead -> :dead
      :other -> exit({:noproc, {QuickBEAM, function, args}})
    end
  end

  @compile {:inline, local: 3, submit: 5, taken: 1}
  defp local(pid, op, timeout) do
    ref = make_ref()

    case Native.request(pid, ref, op, timeout, Handler.parent(pid)) do
      {^ref, reply} ->
        reply

      :ok ->
        receive do
          {^ref, reply} -> reply
        end

      not_taken ->
        taken(not_taken)
    end
  end

  defp submit(pid, ref, op, timeout, parent) do
    taken(Native.submit(pid, ref, op, timeout, parent))
  end

  defp taken(:busy), do: {:error, busy()}
  # What cannot even be handed over, such as code that is not UTF-8.
  defp taken({:badop, message}), do: {:error, %JSError{name: "TypeError", message: message}}
  defp taken(taken_or_noproc), do: taken_or_noproc

  # On another node

  defp remote(server, function, args, called, call_args) do
    node = if is_pid(server), do: node(server), else: elem(server, 1)

    try do
      :erpc.call(node, __MODULE__, :serve, [server, function, args], :infinity)
    catch
      :error, {:erpc, reason} -> exit({{:nodedown, node, reason}, {QuickBEAM, called, call_args}})
    end
  end

  @doc false
  # The part of a remote request that runs on the realm's node.
  def serve(server, function, args) do
    case {GenServer.whereis(server), function, args} do
      {nil, _function, _args} -> :noproc
      {pid, :send_message, [message]} -> Native.send_message(pid, message)
      {pid, :native, [native]} -> apply(Native, native, [pid])
      {pid, :local, [caller, op, timeout]} -> serve_local(pid, caller, op, timeout)
    end
  end

  # The op is cancelled by the death of the process that submitted it, so that one follows the caller.
  defp serve_local(pid, caller, op, timeout) do
    monitor = Process.monitor(caller)
    ref = make_ref()

    with :ok <- submit(pid, ref, op, timeout, nil) do
      receive do
        {^ref, reply} -> reply
        {:DOWN, ^monitor, :process, _pid, _reason} -> :noproc
      end
    end
  end

  defp busy do
    %JSError{name: "BusyError", message: "the runtime's inbox is full; nothing was run"}
  end
end
