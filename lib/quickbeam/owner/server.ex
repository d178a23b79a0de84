defmodule QuickBEAM.Owner.Server do
  @moduledoc false
  # The process around `QuickBEAM.Owner`, the same for runtimes and contexts: `QuickBEAM.Runtime` and
  # `QuickBEAM.Context` differ in the placement that they start it with, and in nothing else.

  use GenServer

  alias QuickBEAM.{Options, Owner, Telemetry}

  @doc "Starts an owner linked to the caller; raises an `ArgumentError` if the options are wrong."
  @spec start_link(keyword(), Owner.placement()) :: GenServer.on_start()
  def start_link(options, placement) do
    if Telemetry.enabled?() do
      metadata = %{name: options[:name], pool: Owner.pool(placement)}
      Telemetry.span(:start, metadata, fn -> do_start_link(options, placement) end)
    else
      do_start_link(options, placement)
    end
  end

  defp do_start_link(options, placement) do
    options = Options.validate!(options)
    server_options = if options.name, do: [name: options.name], else: []
    GenServer.start_link(__MODULE__, {options, placement}, server_options)
  end

  @impl true
  def init({options, placement}) do
    case Owner.start(options, placement) do
      {:ok, owner} -> {:ok, owner}
      {:error, reason} -> {:stop, reason}
    end
  end

  @impl true
  def handle_call({:reset, parent}, from, owner),
    do: {:noreply, Owner.reset(owner, from, parent)}

  def handle_call(:renew, from, owner), do: {:noreply, Owner.renew(owner, from)}

  @impl true
  def handle_info(message, owner), do: Owner.handle_info(message, owner)

  @impl true
  def terminate(_reason, owner), do: Owner.stop(owner)
end
