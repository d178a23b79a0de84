defmodule Shop.Application do
  @moduledoc "The shop's supervision tree: the catalogue, and four supervised JavaScript runtimes."

  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([Shop.Catalogue, Shop.Renderer],
      strategy: :one_for_one,
      name: Shop.Supervisor
    )
  end
end
