defmodule QuickBEAM.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    QuickBEAM.Telemetry.detect()
    Supervisor.start_link([], strategy: :one_for_one, name: QuickBEAM.Supervisor)
  end
end
