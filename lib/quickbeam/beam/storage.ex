defmodule QuickBEAM.Beam.Storage do
  @moduledoc false
  # The items of `localStorage` and `sessionStorage`, in ETS tables.
  #
  # An area is private to its owner, in a table that the owner's process holds, unless the option `:storage` names one
  # that is shared: `QuickBEAM.Beam.StorageServer` holds the table of that one, and
  # is the only one that writes to it. Reads are lookups in either case.

  alias QuickBEAM.Beam.{Services, StorageServer}

  @quota 5 * 1024 * 1024
  # What an item takes beside its text, so that empty ones are not for free.
  @overhead 64
  @bytes :bytes

  defstruct [:local, :session]

  @type area :: {:own, :ets.table()} | {:shared, pid(), :ets.table()}
  @type t :: %__MODULE__{local: area() | nil, session: area() | nil}
  @type name :: nil | atom() | String.t() | {:file, Path.t()}
  @type change :: {:set, String.t(), String.t()} | {:remove, String.t()} | :clear

  @doc "The area that a script calls `local` or `session`; made when it is first asked for."
  @spec area(t(), String.t(), name()) :: {area(), t()}
  def area(%{session: nil} = storage, "session", _name) do
    area = {:own, new()}
    {area, %{storage | session: area}}
  end

  def area(storage, "session", _name), do: {storage.session, storage}

  def area(%{local: nil} = storage, "local", nil) do
    area = {:own, new()}
    {area, %{storage | local: area}}
  end

  def area(storage, "local", nil), do: {storage.local, storage}

  def area(storage, "local", name) do
    case storage.local do
      {:shared, server, _table} = area ->
        if Process.alive?(server), do: {area, storage}, else: open(storage, name)

      nil ->
        open(storage, name)
    end
  end

  defp open(storage, name) do
    {server, table} = StorageServer.open(name)
    area = {:shared, server, table}
    {area, %{storage | local: area}}
  end

  @doc "Drops the areas that are private."
  @spec forget(t()) :: t()
  def forget(storage) do
    for {:own, table} <- [storage.local, storage.session], do: :ets.delete(table)
    %__MODULE__{}
  end

  @doc "What names a storage that runtimes share; nil if it is private."
  @spec bucket(name()) :: String.t() | nil
  def bucket(nil), do: nil
  def bucket(name), do: name |> StorageServer.absolute() |> inspect()

  @doc "A table without items."
  @spec new() :: :ets.table()
  def new do
    table = :ets.new(__MODULE__, [:ordered_set, :protected, read_concurrency: true])
    :ets.insert(table, {@bytes, 0})
    table
  end

  @doc "The value of an item, or nil."
  @spec get(area(), String.t()) :: String.t() | nil
  def get(area, key) do
    case :ets.lookup(table(area), {:item, key}) do
      [{_key, value}] -> value
      [] -> nil
    end
  end

  @doc "The keys, sorted."
  @spec keys(area()) :: [String.t()]
  def keys(area), do: :ets.select(table(area), [{{{:item, :"$1"}, :_}, [], [:"$1"]}])

  @doc "Changes an area; in a process that may write to it, or by its server."
  @spec change(area(), change()) :: :ok | {:error, Services.failure() | term()}
  def change({:own, table}, change), do: apply_change(table, change)
  def change({:shared, server, _table}, change), do: StorageServer.change(server, change)

  @doc "Whether a table takes a change; if so, what is different after it: bytes."
  @spec check(:ets.table(), change()) :: {:ok, integer()} | {:error, Services.failure()}
  def check(table, {:set, key, value}) do
    before = size(table, key)
    after_it = byte_size(key) + byte_size(value) + @overhead
    total = used(table) + after_it - before

    if total <= @quota,
      do: {:ok, after_it - before},
      else:
        Services.failure(
          "QuotaExceededError",
          "the area takes #{@quota} bytes; this would make it #{total}"
        )
  end

  def check(table, {:remove, key}), do: {:ok, -size(table, key)}
  def check(table, :clear), do: {:ok, -used(table)}

  @doc "Carries a change out, if there is room for it."
  @spec apply_change(:ets.table(), change()) :: :ok | {:error, Services.failure()}
  def apply_change(table, change) do
    with {:ok, difference} <- check(table, change) do
      carry_out(table, change)
      :ets.update_counter(table, @bytes, difference)
      :ok
    end
  end

  @doc "The bytes that the items of a table take."
  @spec used(:ets.table()) :: non_neg_integer()
  def used(table), do: :ets.lookup_element(table, @bytes, 2)

  defp carry_out(table, {:set, key, value}), do: :ets.insert(table, {{:item, key}, value})
  defp carry_out(table, {:remove, key}), do: :ets.delete(table, {:item, key})
  defp carry_out(table, :clear), do: :ets.match_delete(table, {{:item, :_}, :_})

  defp size(table, key) do
    case :ets.lookup(table, {:item, key}) do
      [{_key, value}] -> byte_size(key) + byte_size(value) + @overhead
      [] -> 0
    end
  end

  defp table({:own, table}), do: table
  defp table({:shared, _server, table}), do: table
end
