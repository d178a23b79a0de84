defmodule QuickBEAM.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    QuickBEAM.Telemetry.detect()

    # Names that JavaScript registers, on this node and for the others.
    children = [
      {Registry, keys: :unique, name: QuickBEAM.Registry},
      QuickBEAM.Beam.Cluster,
      QuickBEAM.Beam.Broadcast,
      QuickBEAM.Beam.StorageServer.supervisor()
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: QuickBEAM.Supervisor)
  end
end
