defmodule QuickBEAM.Beam.StorageServer do
  @moduledoc false
  # Holds the table of a storage area that runtimes share by name, or that a file keeps.
  #
  # A file is a log of changes, each with its length and checksum: a change is appended and synced to the disk before it is
  # acknowledged, so that a crash at any moment loses nothing that was. What a crash has left half-written
  # at the end fails its checksum and is cut off at the next start. When the log has grown to more than twice what it holds,
  # it is written anew beside itself and renamed. The directory is synced, too, before anything is acknowledged that a new file holds.
  #
  # Damage with good records after it is no crash's doing: those are kept in a file beside it, and the log says so.

  use GenServer, restart: :temporary

  alias QuickBEAM.Beam.{Paths, Storage}

  require Logger

  @supervisor QuickBEAM.Beam.StorageSupervisor
  @registry QuickBEAM.Registry
  @magic "QBSTORE1"
  @room 1024 * 1024
  # Bytes that are summed up at most in search of good records after damage.
  @search 64 * 1024 * 1024

  @doc "The child spec of the supervisor of all servers."
  @spec supervisor() :: Supervisor.child_spec()
  def supervisor,
    do: %{
      id: @supervisor,
      type: :supervisor,
      start: {DynamicSupervisor, :start_link, [[name: @supervisor, strategy: :one_for_one]]}
    }

  @doc "The server of the area `name`, started if there is none, and its table. Exits if a file cannot be used."
  @spec open(Storage.name()) :: {pid(), :ets.table()}
  def open(name) do
    key = {:storage, absolute(name)}
    via = {:via, Registry, {@registry, key}}

    pid =
      with [] <- Registry.lookup(@registry, key),
           {:ok, pid} <-
             DynamicSupervisor.start_child(@supervisor, {__MODULE__, {absolute(name), via}}) do
        pid
      else
        [{pid, _value}] -> pid
        {:error, {:already_started, pid}} -> pid
        {:error, reason} -> exit(reason)
      end

    {pid, GenServer.call(pid, :table)}
  end

  @doc "Changes the area; acknowledged once it is on the disk, if a file keeps it."
  @spec change(pid(), Storage.change()) :: :ok | {:error, term()}
  def change(server, change), do: GenServer.call(server, {:change, change}, :infinity)

  @doc "The one form of a name: that of a file is its absolute path without links, so that one server writes to it."
  @spec absolute(Storage.name()) :: Storage.name()
  def absolute({:file, path}) do
    path = Path.expand(path)

    case Paths.real(path) do
      {:ok, real} -> {:file, real}
      :error -> {:file, path}
    end
  end

  def absolute(name), do: name

  @doc false
  def start_link({name, via}), do: GenServer.start_link(__MODULE__, name, name: via)

  @impl true
  def init({:file, path}) do
    table = Storage.new()

    with :ok <- File.mkdir_p(Path.dirname(path)),
         {:ok, size} <- load(path, table),
         {:ok, file} <- open_at(path, size) do
      {:ok, %{table: table, file: file, path: path, size: size}}
    else
      {:error, reason} -> {:stop, {:storage, path, reason}}
    end
  end

  def init(_name), do: {:ok, %{table: Storage.new(), file: nil}}

  @impl true
  def handle_call(:table, _from, state), do: {:reply, state.table, state}

  def handle_call({:change, change}, _from, %{file: nil} = state),
    do: {:reply, Storage.apply_change(state.table, change), state}

  def handle_call({:change, change}, _from, state) do
    with {:ok, _bytes} <- Storage.check(state.table, change),
         record = record(change),
         :ok <- :file.write(state.file, record),
         :ok <- :file.datasync(state.file) do
      :ok = Storage.apply_change(state.table, change)
      {:reply, :ok, compact(%{state | size: state.size + IO.iodata_length(record)})}
    else
      {:error, %{name: _}} = failure ->
        {:reply, failure, state}

      # What is on the disk now is not known: the next to open the area reads it anew.
      {:error, reason} ->
        {:stop, {:shutdown, {:storage, state.path, reason}}, unwritten(state.path, reason), state}
    end
  end

  @impl true
  def handle_info(_message, state), do: {:noreply, state}

  defp unwritten(path, reason) do
    message = "#{path} cannot be written: #{:file.format_error(reason)}"
    {:error, %{name: "UnknownError", message: message}}
  end

  # Reading

  # The bytes of the file that are good: what follows was never acknowledged.
  defp load(path, table) do
    case File.read(path) do
      {:ok, @magic <> records} -> replay_all(path, records, table)
      {:ok, other} -> if half_made?(other), do: create(path), else: {:error, :not_a_storage_file}
      {:error, :enoent} -> create(path)
      {:error, reason} -> {:error, reason}
    end
  end

  defp half_made?(content), do: String.starts_with?(@magic, content)

  defp replay_all(path, records, table) do
    good = replay(records, table, 0)
    size = byte_size(@magic) + good
    rest = binary_part(records, good, byte_size(records) - good)

    with :ok <- if(record_in?(rest, @search), do: keep(path, size, rest), else: :ok) do
      {:ok, size}
    end
  end

  # Whether a good record begins anywhere after the first byte. What looks like the start of one costs a checksum, and content
  # may look so at every byte: once `budget` bytes are summed up, the answer is yes.
  defp record_in?(<<_byte, rest::binary>>, budget) do
    case rest do
      <<size::32, crc::32, payload::binary-size(size), _more::binary>> when size > 0 ->
        cond do
          parse(payload) == :error -> record_in?(rest, budget)
          budget < size or :erlang.crc32(payload) == crc -> true
          true -> record_in?(rest, budget - size)
        end

      _no_record ->
        record_in?(rest, budget)
    end
  end

  defp record_in?(<<>>, _budget), do: false

  defp keep(path, offset, rest) do
    beside = "#{path}.damaged-#{System.os_time(:millisecond)}"

    with :ok <- File.write(beside, rest, [:sync]) do
      Logger.error(
        "the storage file #{path} is damaged at byte #{offset}: " <>
          "what it holds before that is used, the rest is kept in #{beside}"
      )
    end
  end

  defp create(path) do
    with :ok <- File.write(path, @magic, [:sync]) do
      sync_directory(path)
      {:ok, byte_size(@magic)}
    end
  end

  defp replay(<<size::32, crc::32, payload::binary-size(size), rest::binary>>, table, done) do
    with ^crc <- :erlang.crc32(payload),
         {:ok, change} <- parse(payload),
         :ok <- Storage.apply_change(table, change) do
      replay(rest, table, done + 8 + size)
    else
      _damaged -> done
    end
  end

  defp replay(_half_a_record, _table, done), do: done

  defp parse(<<?s, size::32, key::binary-size(size), value::binary>>),
    do: {:ok, {:set, key, value}}

  defp parse(<<?r, key::binary>>), do: {:ok, {:remove, key}}
  defp parse(<<?c>>), do: {:ok, :clear}
  defp parse(_other), do: :error

  # Writing

  defp open_at(path, size) do
    with {:ok, file} <- :file.open(path, [:read, :write, :raw, :binary]),
         {:ok, ^size} <- :file.position(file, size),
         :ok <- :file.truncate(file) do
      {:ok, file}
    end
  end

  defp record(change) do
    payload = payload(change)
    [<<byte_size(payload)::32, :erlang.crc32(payload)::32>>, payload]
  end

  defp payload({:set, key, value}), do: <<?s, byte_size(key)::32, key::binary, value::binary>>
  defp payload({:remove, key}), do: <<?r, key::binary>>
  defp payload(:clear), do: <<?c>>

  defp compact(state) do
    if state.size > 2 * Storage.used(state.table) + @room, do: rewrite(state), else: state
  end

  # If that fails, the log goes on as it is.
  defp rewrite(%{table: table, path: path} = state) do
    area = {:own, table}
    records = for key <- Storage.keys(area), do: record({:set, key, Storage.get(area, key)})
    content = [@magic | records]
    size = IO.iodata_length(content)
    beside = path <> ".new"

    with :ok <- File.write(beside, content, [:sync]),
         {:ok, file} <- open_at(beside, size),
         :ok <- File.rename(beside, path) do
      sync_directory(path)
      :file.close(state.file)
      %{state | file: file, size: size}
    else
      {:error, _reason} ->
        File.rm(beside)
        state
    end
  end

  # What was renamed or made is there after a loss of power. Not every file system can do so.
  defp sync_directory(path) do
    with {:ok, directory} <- :file.open(Path.dirname(path), [:read, :raw, :directory]) do
      :file.sync(directory)
      :file.close(directory)
    end
  end
end
