defmodule ChatRoom do
  @moduledoc "Chat rooms, each a JavaScript runtime that starts when it is first used."

  @registry ChatRoom.Registry
  @rooms ChatRoom.Rooms

  @doc "Starts the registry and the supervisor of the rooms. `directory` is where their histories are kept."
  def start_link(directory) do
    children = [
      {Registry, keys: :unique, name: @registry, meta: [directory: directory]},
      {DynamicSupervisor, name: @rooms, max_restarts: 100}
    ]

    Supervisor.start_link(children, strategy: :one_for_all, name: __MODULE__)
  end

  @doc "The calling process joins a room and gets what is said in it, as messages; who is there."
  def join(room, who), do: call(room, "join", [who, self()])

  @doc "Says something to everybody in a room."
  def say(room, who, text), do: call(room, "say", [who, text])

  @doc "Who is in a room."
  def members(room), do: call(room, "members", [])

  @doc "What was said in a room."
  def history(room), do: call(room, "history", [])

  @doc "The process of a room; started if there is none."
  def room(room) do
    case Registry.lookup(@registry, room) do
      [{pid, _value}] -> pid
      [] -> start(room)
    end
  end

  defp call(room, function, args) do
    QuickBEAM.call(room(room), function, args)
  catch
    # It ended between the lookup and the call, or it is just starting.
    :exit, {:noproc, _call} -> call(room, function, args)
  end

  defp start(room) do
    {:ok, directory} = Registry.meta(@registry, :directory)
    file = Path.join(directory, Base.url_encode64(room, padding: false))

    spec =
      {QuickBEAM,
       name: {:via, Registry, {@registry, room}},
       script: Path.join(__DIR__, "room.ts"),
       define: %{room: room},
       storage: {:file, file},
       allow: [:processes, :cluster],
       memory_limit: 16 * 1024 * 1024}

    case DynamicSupervisor.start_child(@rooms, spec) do
      {:ok, pid} -> pid
      {:error, {:already_started, pid}} -> pid
    end
  end
end
