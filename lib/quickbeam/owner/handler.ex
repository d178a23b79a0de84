defmodule QuickBEAM.Owner.Handler do
  @moduledoc false
  # One run of a handler: a process linked to the owner, which traps exits. It gives JavaScript the
  # handler's result itself; only if it dies before that does the owner answer in its place. When
  # the owner dies, so do its handlers.
  #
  # A handler of `Beam.callSync` may ask its own realm for something while the realm is suspended
  # in that very call. Such a request has to name the call as its parent, to run nested instead of
  # waiting for it. The handler's process has the call in its dictionary; tasks that it starts find
  # it through `$callers`.

  alias QuickBEAM.Native

  @call :"$quickbeam_call"

  @type failure :: %{name: String.t(), message: String.t(), stack: String.t() | nil}
  @type call :: %{
          owner: pid(),
          handle: Native.handle(),
          id: Native.call_id(),
          name: String.t(),
          sync?: boolean(),
          trusted?: boolean(),
          callers: [pid()]
        }

  @doc "Starts `fun` with `args` in a process of its own, to answer `call`."
  @spec start(call(), (list() -> term()), list()) :: pid()
  def start(call, fun, args) do
    :erlang.spawn_opt(__MODULE__, :run, [call, fun, args], [:link])
  end

  @doc false
  def run(%{handle: handle, id: id} = call, fun, args) do
    Process.put(:"$callers", [call.owner | call.callers])
    if call.sync?, do: put_parent(call.owner, id)

    result =
      try do
        {:ok, fun.(args)}
      rescue
        exception -> {:error, raised(exception, call.trusted? && __STACKTRACE__)}
      catch
        :throw, value -> {:error, failure("handler #{quoted(call)} threw #{inspect(value)}")}
        :exit, reason -> {:error, exited(call.name, reason)}
      end

    Native.resolve(handle, id, result)
  end

  @doc "What JavaScript is told about the handler `name` that ended with the exit `reason`."
  @spec exited(String.t(), term()) :: failure()
  def exited(name, reason) do
    failure("handler #{inspect(name)} exited: #{Exception.format_exit(reason)}")
  end

  @doc "What JavaScript is told about the handler `name` that the realm may not call."
  @spec not_allowed(String.t()) :: failure()
  def not_allowed(name) do
    message = "handler #{inspect(name)} needs the grant {:handlers, [#{inspect(name)}]}"
    %{name: "NotAllowedError", message: message, stack: nil}
  end

  @doc "From now on the requests of the calling process to `owner` have the parent `id`."
  @spec put_parent(pid(), Native.call_id() | nil) :: term()
  def put_parent(owner, id), do: if(id, do: Process.put(@call, {owner, id}))

  @doc "The call to `owner` that the calling process answers, itself or as a task, if any."
  @spec parent(pid()) :: Native.call_id() | nil
  def parent(owner) do
    case Process.get(@call) do
      {^owner, id} ->
        id

      _other ->
        case Process.get(:"$callers") do
          nil -> nil
          callers -> if owner in callers, do: inherited(owner, callers)
        end
    end
  end

  # The owner follows its handler among the callers, so only the processes before it can be one.
  defp inherited(owner, callers) do
    callers
    |> Enum.take_while(&(&1 != owner))
    |> Enum.find_value(fn caller ->
      with true <- is_pid(caller) and node(caller) == node(),
           {:dictionary, dictionary} <- Process.info(caller, :dictionary),
           {@call, {^owner, id}} <- List.keyfind(dictionary, @call, 0) do
        id
      else
        _ -> nil
      end
    end)
  end

  @doc "What JavaScript is told about an exception. The host's stack names its files, which is nothing for a restricted guest."
  @spec raised(Exception.t(), Exception.stacktrace() | nil | false) :: failure()
  def raised(exception, stacktrace) do
    %{
      name: inspect(exception.__struct__),
      message: utf8(Exception.message(exception)),
      stack: if(stacktrace, do: Exception.format_stacktrace(stacktrace))
    }
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

  defp failure(message), do: %{name: "Error", message: message, stack: nil}
  defp quoted(call), do: inspect(call.name)
end
