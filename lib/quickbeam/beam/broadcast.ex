defmodule QuickBEAM.Beam.Broadcast do
  @moduledoc false
  # Carries the messages of `BroadcastChannel` between nodes: one process on each, all in one group of the `:pg`
  # scope. On a node, channels reach each other without it.
  #
  # A message is bytes, which the receiving realm reads with suspicion; no term of another node is looked into.

  use GenServer

  require Logger

  alias QuickBEAM.Native

  @scope QuickBEAM.Cluster
  @group :broadcast

  @doc "Sends a message to the channels of that name on all other nodes."
  @spec post(String.t(), binary()) :: :ok
  def post(name, bytes) do
    for pid <- :pg.get_members(@scope, @group), node(pid) != node() do
      send(pid, {:broadcast, name, bytes})
    end

    if Node.list(:connected) == [], do: send(__MODULE__, :alone)
    :ok
  end

  @doc false
  def start_link(_options), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @impl true
  def init(nil) do
    # What was said before a crash may be true no more.
    Native.broadcast_afar(true)
    :ok = :pg.join(@scope, @group, self())
    :ok = :net_kernel.monitor_nodes(true, node_type: :all)
    {:ok, nil}
  end

  @impl true
  def handle_info({:broadcast, name, bytes}, state) when is_binary(name) and is_binary(bytes) do
    # No channel has a name that is no text.
    case if(String.valid?(name), do: Native.broadcast(name, bytes), else: 0) do
      0 ->
        :ok

      busy ->
        text =
          "a message of another node did not reach #{busy} broadcast channels: they do not keep up"

        Logger.warning(fn -> text end)
    end

    {:noreply, state}
  end

  # While this node is alone, channels need not ask. Only here is it said whether it is, so that what is said last is true.
  def handle_info(:alone, state) do
    if Node.list(:connected) == [] do
      Native.broadcast_afar(false)
      {:noreply, :alone}
    else
      {:noreply, state}
    end
  end

  def handle_info({:nodeup, _node, _info}, :alone) do
    Native.broadcast_afar(true)
    {:noreply, nil}
  end

  def handle_info(_message, state), do: {:noreply, state}
end
