defmodule QuickBEAM.Bench.Echo do
  @moduledoc "A GenServer that answers with what it was asked: the cheapest round trip that OTP has."

  use GenServer

  @doc "Starts an echo."
  def start_link(_options \\ []), do: GenServer.start_link(__MODULE__, nil)

  @doc "A round trip."
  def call(server, term), do: GenServer.call(server, term)

  @impl true
  def init(nil), do: {:ok, nil}

  @impl true
  def handle_call(term, _from, state), do: {:reply, term, state}
end
