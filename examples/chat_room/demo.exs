Code.require_file("chat_room.ex", __DIR__)

directory = Path.join(System.tmp_dir!(), "chat_room_#{System.pid()}")
{:ok, _supervisor} = ChatRoom.start_link(directory)
parent = self()

# A member prints what it hears, and tells that it has.
member = fn who ->
  spawn(fn ->
    {:ok, members} = ChatRoom.join("lobby", who)
    IO.puts("#{who} joins; here are #{Enum.join(members, ", ")}")
    send(parent, {:joined, who})

    Stream.repeatedly(fn ->
      receive do
        %{"who" => speaker, "text" => text} ->
          IO.puts("  #{who} hears #{speaker}: #{text}")
          send(parent, :heard)

        :leave ->
          exit(:normal)
      end
    end)
    |> Stream.run()
  end)
end

hear = fn count -> for _ <- 1..count, do: receive(do: (:heard -> :ok)) end

pids =
  for who <- ["Ada", "Grace", "Joe"] do
    pid = member.(who)
    receive(do: ({:joined, ^who} -> pid))
  end

{:ok, 1} = ChatRoom.say("lobby", "Ada", "hello")
hear.(3)
{:ok, 2} = ChatRoom.say("lobby", "Grace", "how do you do")
hear.(3)

{:error, error} = ChatRoom.say("lobby", "Nobody", "psst")
IO.puts("refused: #{error.message}")

[_, _, joe] = pids
send(joe, :leave)
monitor = Process.monitor(joe)
receive(do: ({:DOWN, ^monitor, :process, _, _} -> :ok))
{:ok, _} = ChatRoom.say("lobby", "Ada", "Joe has left")
hear.(2)

room = ChatRoom.room("lobby")
monitor = Process.monitor(room)
Process.exit(room, :kill)
receive(do: ({:DOWN, ^monitor, :process, _, _} -> :ok))
{:ok, history} = ChatRoom.history("lobby")
IO.puts("the room was killed; the next one remembers #{length(history)} messages:")
for %{"who" => who, "text" => text} <- history, do: IO.puts("  #{who}: #{text}")

File.rm_rf!(directory)
