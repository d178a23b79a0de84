defmodule QuickBEAM.Owner.Handler do
  @moduledoc false
  # One run of a handler: a process linked to the owner, which traps exits. It gives JavaScript the
  # handler's result itself; only if it dies before that does the owner answer in its place. When
  # the owner dies, so do its handlers.
  #
  # A handler of `Beam.callSync` may ask its own realm for something while the realm is suspended
  # in that very call. Such a request has to name the call as its parent, to run nested instead of
  # waiting for it. The handler's process has the call in its dictionary; tasks that it starts find
  # it through `$callers`. A handler names its call to other realms too: what they call in turn may
  # come back to its own.

  alias QuickBEAM.{Native, Telemetry}
  alias QuickBEAM.Owner.{Callback, Stream}

  @call :"$quickbeam_call"

  @type failure :: %{
          required(:name) => String.t(),
          required(:message) => String.t(),
          optional(:stack) => String.t() | nil,
          optional(:cause) => {:ok, term()}
        }
  @type call :: %{
          owner: pid(),
          handle: Native.handle(),
          id: Native.call_id(),
          name: String.t(),
          sync?: boolean(),
          runtime: term(),
          trusted?: boolean(),
          callers: [pid()],
          span: Telemetry.open() | nil
        }

  @doc "The errors that handlers which fail become, as a Markdown table."
  @spec failures() :: String.t()
  def failures do
    """
    | it | `name` | `cause` |
    |---|---|---|
    | raises | the exception's module | its fields; for a runtime that is restricted by `:allow`, its message |
    | throws | `"ThrowError"` | what was thrown |
    | exits, or is killed | `"ExitError"` | the reason |
    | takes too long | `"TimeoutError"` | its name and timeout |
    | returns what JavaScript cannot hold | `"TypeError"` | |
    | is not there | `"UnknownHandlerError"` | `{ handler }` |
    """
  end

  @doc "Starts `handler` with `args` in a process of its own, to answer `call`."
  @spec start(call(), Callback.t(), list()) :: pid()
  def start(call, handler, args) do
    :erlang.spawn_opt(__MODULE__, :run, [call, handler, args], [:link])
  end

  @doc false
  def run(%{handle: handle, id: id} = call, handler, args) do
    Process.put(:"$callers", [call.owner | call.callers])
    put_parent({call.owner, id, call.sync?})

    meta = %{caller: call.owner, runtime: call.runtime, handler: call.name, sync?: call.sync?}

    result =
      try do
        {:ok, observed(call.span, fn -> Callback.run(handler, args, meta) end)}
      rescue
        exception -> {:error, raised(exception, __STACKTRACE__, call.trusted?)}
      catch
        :throw, value -> {:error, thrown(call.name, value)}
        :exit, reason -> {:error, exited(call.name, reason)}
      end

    with {:ok, value} <- result, true <- Stream.stream?(value) do
      send(call.owner, {:quickbeam, :stream, self()})
      Native.resolve(handle, id, {:stream, self()})
      Stream.serve(value, call)
    else
      _value_or_failure -> Native.resolve(handle, id, result)
    end
  end

  defp observed(nil, fun), do: fun.()
  defp observed(span, fun), do: Telemetry.run(span, fun)

  @doc "What JavaScript is told about the handler `name` that ended with the exit `reason`."
  @spec exited(String.t(), term()) :: failure()
  def exited(name, reason) do
    message = "handler #{inspect(name)} exited: #{Exception.format_exit(reason)}"
    %{name: "ExitError", message: message, cause: {:ok, reason}}
  end

  @doc "What JavaScript is told about the handler `name` that threw `value`."
  @spec thrown(String.t(), term()) :: failure()
  def thrown(name, value) do
    message = "handler #{inspect(name)} threw #{inspect(value)}"
    %{name: "ThrowError", message: message, cause: {:ok, value}}
  end

  @doc "What JavaScript is told about the handler `name` that took longer than its timeout."
  @spec timed_out(String.t(), timeout()) :: failure()
  def timed_out(name, timeout) do
    message = "handler #{inspect(name)} took longer than #{timeout} ms"
    %{name: "TimeoutError", message: message, cause: {:ok, %{handler: name, timeout: timeout}}}
  end

  @doc "What JavaScript is told about the handler `name` that the realm may not call."

  @spec not_allowed(String.t()) :: failure()
  def not_allowed(name) do
    message = "handler #{inspect(name)} needs the grant {:handlers, [#{inspect(name)}]}"
    %{name: "NotAllowedError", message: message, stack: nil}
  end

  @doc "From now on the requests of the calling process have that parent."
  @spec put_parent(Native.parent() | nil) :: term()
  def put_parent(parent), do: if(parent, do: Process.put(@call, parent))

  @doc "The call that the calling process answers, itself or, if it is one to `owner`, as a task."
  @spec parent(pid()) :: Native.parent() | nil
  def parent(owner) do
    with nil <- Process.get(@call),
         callers when callers != nil <- Process.get(:"$callers") do
      if owner in callers, do: inherited(owner, callers)
    end
  end

  # The owner follows its handler among the callers, so only the processes before it can be one.
  defp inherited(owner, callers) do
    callers
    |> Enum.take_while(&(&1 != owner))
    |> Enum.find_value(fn caller ->
      with true <- is_pid(caller) and node(caller) == node(),
           {:dictionary, dictionary} <- Process.info(caller, :dictionary),
           {@call, {^owner, _id, _sync?} = parent} <- List.keyfind(dictionary, @call, 0) do
        parent
      else
        _ -> nil
      end
    end)
  end

  @doc """
  What JavaScript is told about an exception. The host's stack names its files, and the exception may hold anything of
  the host's: neither is for a guest that is not trusted.
  """
  @spec raised(Exception.t(), Exception.stacktrace(), boolean()) :: failure()
  def raised(exception, stacktrace, trusted?) do
    message = utf8(Exception.message(exception))
    failure = %{name: inspect(exception.__struct__), message: message}

    if trusted? do
      fields = exception |> Map.from_struct() |> Map.delete(:__exception__)
      stack = Exception.format_stacktrace(stacktrace)
      Map.merge(failure, %{stack: stack, cause: {:ok, fields}})
    else
      Map.put(failure, :cause, {:ok, message})
    end
  end

  # What a file or a socket said may be in an exception's message; JavaScript's strings are Unicode.
  defp utf8(text) do
    if String.valid?(text),
      do: text,
      else:
        text
        |> String.chunk(:valid)
        |> Enum.map_join(&if String.valid?(&1), do: &1, else: "\uFFFD")
  end
end
