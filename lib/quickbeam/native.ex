defmodule QuickBEAM.Native do
  @moduledoc false
  # The stubs of the NIF library. Only the owner modules and `QuickBEAM.JS` call them; each returns
  # within a millisecond or runs on a dirty scheduler.

  # The library is loaded when it is first needed, not by the compiler.
  @compile {:autoload, false}
  @on_load :load

  alias QuickBEAM.Native.Loader

  @type handle :: reference()
  @type executor :: reference()
  @type call_id :: term()
  # The call that a process answers: of which realm's owner, and whether the realm is suspended in it.
  @type parent :: {owner :: pid(), call_id(), sync? :: boolean()}

  @doc false
  def load do
    :erlang.load_nif(Loader.path(), 0)
  end

  # Owners

  @spec realm_start(map()) :: handle()
  def realm_start(_options), do: not_loaded()

  @spec realm_open(handle()) :: :ok
  def realm_open(_handle), do: not_loaded()

  @spec realm_stop(handle()) :: :ok
  def realm_stop(_handle), do: not_loaded()

  @spec realm_handlers(handle(), [String.t()]) :: :ok
  def realm_handlers(_handle, _names), do: not_loaded()

  @spec realm_output_taken(handle(), non_neg_integer()) :: non_neg_integer()
  def realm_output_taken(_handle, _text_bytes), do: not_loaded()

  # The processes that the realm has sent messages to and that are to be looked at, `to` among them, each with the number of the
  # last message.
  @spec realm_addressees(handle(), to :: pid()) :: [{pid(), last :: non_neg_integer()}]
  def realm_addressees(_handle, _to), do: not_loaded()

  # How many messages wait in the mailboxes of these processes.
  @spec realm_mailboxes(handle(), [
          {pid(), last :: non_neg_integer(), length :: non_neg_integer()}
        ]) ::
          :ok
  def realm_mailboxes(_handle, _lengths), do: not_loaded()

  # How many messages an owner holds for its realm.
  @spec realm_holds(pid(), non_neg_integer()) :: :ok | :noproc
  def realm_holds(_owner, _messages), do: not_loaded()

  @spec resolve(handle(), call_id(), {:ok, term()} | {:error, map()}) :: :ok
  def resolve(_handle, _call_id, _result), do: not_loaded()

  @spec realm_owners() :: [pid()]
  def realm_owners, do: not_loaded()

  # An event for a listener that one of the realm's APIs has registered.
  @spec event(handle(), non_neg_integer(), term()) :: :ok | :busy | :noproc
  def event(_handle, _listener, _value), do: not_loaded()

  @type usage :: %{memory: non_neg_integer(), reductions: non_neg_integer()}

  @spec realm_usage(pid()) :: usage() | nil
  def realm_usage(_owner), do: not_loaded()

  @type processor :: %{
          realms: non_neg_integer(),
          isolates: non_neg_integer(),
          queued: non_neg_integer(),
          preemptions: non_neg_integer(),
          hand_offs: non_neg_integer(),
          steals: non_neg_integer(),
          longest_hold: non_neg_integer()
        }

  @spec executor_info(executor()) :: %{threads: pos_integer(), processors: [processor()]}
  def executor_info(_executor), do: not_loaded()

  # Ops

  @spec submit(pid(), reference(), tuple() | atom(), timeout() | nil, parent() | nil) ::
          :ok | :noproc | :busy | {:badop, String.t()}
  def submit(_owner, _ref, _op, _timeout, _parent), do: not_loaded()

  # As `submit/5`, for a process that only waits for the reply: the message, if it would have come at once.
  @spec request(pid(), reference(), tuple() | atom(), timeout() | nil, parent() | nil) ::
          {reference(), term()} | :ok | :noproc | :busy | {:badop, String.t()}
  def request(_owner, _ref, _op, _timeout, _parent), do: not_loaded()

  @spec send_message(pid(), term()) :: :ok | :noproc | :busy
  def send_message(_owner, _message), do: not_loaded()

  @type lines :: %{String.t() => %{pos_integer() => non_neg_integer()}}

  # Whether a realm counts lines.
  @spec realm_covers(pid()) :: boolean()
  def realm_covers(_owner), do: not_loaded()

  @type covered :: %{id: integer(), name: String.t(), lines: [pos_integer()]}

  # Tells a realm of a script that is about to run: its source map, and the lines that it counts.
  @spec realm_script(pid(), String.t(), String.t() | nil, [covered()]) :: :ok
  def realm_script(_owner, _name, _map, _covered), do: not_loaded()

  # How often each line of each covered file of a realm has run; nil if there is no such realm.
  @spec realm_coverage(pid()) :: lines() | nil
  def realm_coverage(_owner), do: not_loaded()

  # Functions without a realm

  # The lines of all realms, those that are gone included.
  @spec coverage() :: lines()
  def coverage, do: not_loaded()

  @spec coverage_reset() :: :ok
  def coverage_reset, do: not_loaded()

  @spec executor_start(threads :: pos_integer(), contexts_per_isolate :: 1..64) :: executor()
  def executor_start(_threads, _contexts_per_isolate), do: not_loaded()

  # The APIs that need a grant, with its name.
  @spec requirements() :: [{String.t(), String.t()}]
  def requirements, do: not_loaded()

  # Whether owners are told of connections, as `{:quickbeam, :span, …}` and `{:quickbeam, :span_end, …}`.
  @spec observe(boolean()) :: :ok
  def observe(_observed), do: not_loaded()

  # Delivers a message of another node to the broadcast channels of that name; how many did not keep up.
  @spec broadcast(String.t(), binary()) :: non_neg_integer()
  def broadcast(_name, _bytes), do: not_loaded()

  # Whether there are other nodes, so that channels ask their owners to reach them.
  @spec broadcast_afar(boolean()) :: :ok
  def broadcast_afar(_afar), do: not_loaded()

  @spec version() :: %{quickbeam: String.t(), quickjs: String.t()}
  def version, do: not_loaded()

  # The toolchain: errors are maps with the fields of `QuickBEAM.JS.Error`

  @type generated ::
          {:ok,
           %{
             code: String.t(),
             map: String.t() | nil,
             kind: :script | :module,
             covered: [covered()]
           }}
          | {:error, [map()]}

  @spec toolchain_transform(binary(), map()) :: generated()
  def toolchain_transform(_source, _options), do: not_loaded()

  @spec toolchain_count_lines(binary(), String.t()) ::
          {:ok, {String.t(), covered()}} | {:error, [map()]}
  def toolchain_count_lines(_source, _filename), do: not_loaded()

  @spec toolchain_minify(binary(), map()) :: generated()
  def toolchain_minify(_source, _options), do: not_loaded()

  @spec toolchain_bundle([{String.t(), binary()}], map()) :: generated()
  def toolchain_bundle(_files, _options), do: not_loaded()

  @spec toolchain_bundle_file(String.t(), map()) :: generated()
  def toolchain_bundle_file(_path, _options), do: not_loaded()

  @spec toolchain_script_file(String.t(), map()) :: generated()
  def toolchain_script_file(_path, _options), do: not_loaded()

  @spec toolchain_imports(binary(), String.t()) :: {:ok, [String.t()]} | {:error, [map()]}
  def toolchain_imports(_source, _filename), do: not_loaded()

  @spec toolchain_import_place(binary(), String.t(), module :: String.t(), String.t() | nil) ::
          {pos_integer(), pos_integer()} | nil
  def toolchain_import_place(_source, _filename, _module, _export), do: not_loaded()

  @spec toolchain_valid(binary(), String.t()) :: boolean()
  def toolchain_valid(_source, _filename), do: not_loaded()

  defp not_loaded, do: :erlang.nif_error(:nif_not_loaded)
end
