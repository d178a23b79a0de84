defmodule QuickBEAM.Runtime do
  @moduledoc """
  The process that owns a runtime: one realm in an isolate on a thread of its own.

  `QuickBEAM` is the interface; this module is what a supervisor starts. Requests do not pass
  through this process: it only runs handlers, takes what the console prints, and resets the realm.
  When it ends, for whatever reason, the realm is gone too, with everything that runs in it.

  It stops with the reason `{:quickbeam_dead, %QuickBEAM.JSError{}}` when the isolate cannot go on,
  so that its supervisor starts a fresh one.
  """

  alias QuickBEAM.Owner

  @doc """
  Starts a runtime linked to the caller. The options are those of `QuickBEAM.start/1`.

      iex> {:ok, rt} = QuickBEAM.Runtime.start_link(apis: false)
      iex> QuickBEAM.eval(rt, "6 * 7")
      {:ok, 42}
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(options \\ []), do: Owner.Server.start_link(options, :dedicated)
end
