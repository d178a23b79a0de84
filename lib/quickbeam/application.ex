defmodule QuickBEAM.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    QuickBEAM.Telemetry.detect()

    # Names that JavaScript registers, on this node and for the others. Each needs those before it only.
    children = [
      {Registry, keys: :unique, name: QuickBEAM.Registry},
      QuickBEAM.Beam.StorageServer.supervisor(),
      QuickBEAM.Beam.Cluster,
      QuickBEAM.Beam.Broadcast
    ]

    Supervisor.start_link(children, strategy: :rest_for_one, name: QuickBEAM.Supervisor)
  end
end
