defmodule QuickBEAM.Test.FakeTelemetry do
  @moduledoc """
  Stands in for the optional library `:telemetry`: a module of that name whose `execute/3` sends the
  event to the processes that have subscribed.
  """

  @doc "Puts the module in place, as if the library were there."
  @spec install(pid()) :: true
  def install(subscriber) do
    :persistent_term.put(__MODULE__, subscriber)

    body =
      quote do
        def execute(event, measurements, metadata) do
          send(:persistent_term.get(unquote(__MODULE__)), {event, measurements, metadata})
          :ok
        end
      end

    Module.create(:telemetry, body, Macro.Env.location(__ENV__))
    true = QuickBEAM.Telemetry.detect()
  end

  @doc "Takes it away again."
  @spec uninstall() :: false
  def uninstall do
    :code.delete(:telemetry)
    :code.purge(:telemetry)
    :persistent_term.erase(__MODULE__)
    false = QuickBEAM.Telemetry.detect()
  end
end
