defmodule QuickBEAM.Native do
  @moduledoc false
  # The stubs of the NIF library. Only the owner modules and `QuickBEAM.JS` call them; each returns
  # within a millisecond or runs on a dirty scheduler.

  # The library is loaded when it is first needed, not by the compiler.
  @compile {:autoload, false}
  @on_load :load

  alias QuickBEAM.Native.Loader

  @type handle :: reference()
  @type call_id :: term()

  @doc false
  def load do
    :erlang.load_nif(Loader.path(), 0)
  end

  # Owners

  @spec realm_start(map()) :: handle()
  def realm_start(_options), do: not_loaded()

  @spec realm_stop(handle()) :: :ok
  def realm_stop(_handle), do: not_loaded()

  @spec realm_handlers(handle(), [String.t()]) :: :ok
  def realm_handlers(_handle, _names), do: not_loaded()

  @spec resolve(handle(), call_id(), {:ok, term()} | {:error, map()}) :: :ok
  def resolve(_handle, _call_id, _result), do: not_loaded()

  # Ops

  @spec submit(pid(), reference(), tuple() | atom(), timeout() | nil, call_id() | nil) ::
          :ok | :noproc | :busy | {:badop, String.t()}
  def submit(_owner, _ref, _op, _timeout, _parent), do: not_loaded()

  @spec send_message(pid(), term()) :: :ok | :noproc | :busy
  def send_message(_owner, _message), do: not_loaded()

  # Functions without a realm

  @spec executor_start(pos_integer()) :: reference()
  def executor_start(_threads), do: not_loaded()

  @spec version() :: %{quickbeam: String.t(), quickjs: String.t()}
  def version, do: not_loaded()

  defp not_loaded, do: :erlang.nif_error(:nif_not_loaded)
end
