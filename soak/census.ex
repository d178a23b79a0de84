defmodule QuickBEAM.Soak.Census do
  @moduledoc """
  What the VM holds, counted: processes, ports, the library's ETS tables and rows, realms, file descriptors, threads and resident memory.
  """

  @kinds [:processes, :ports, :ets_tables, :ets_rows, :realms, :descriptors, :threads]

  @memory_slack 0.1

  @type t :: %{atom() => number()}

  @doc "A census that none exceeds."
  @spec anything() :: %{atom() => :infinity}
  def anything, do: Map.new(@kinds, &{&1, :infinity})

  @doc "Counts."
  @spec take() :: t()
  def take do
    for pid <- Process.list(), do: :erlang.garbage_collect(pid)

    %{
      processes: length(Process.list()),
      ports: length(Port.list()),
      ets_tables: length(own_tables()),
      ets_rows: Enum.sum(Enum.map(own_tables(), &rows/1)),
      realms: 0,
      descriptors: entries("/proc/self/fd"),
      threads: entries("/proc/self/task"),
      resident: resident(),
      vm: :erlang.memory(:total)
    }
  end

  @doc """
  Counts again and again until nothing exceeds `before`, for at most `seconds`. What still does then is left behind;
  it is named, and the last count given.
  """
  @spec settle(t(), pos_integer()) :: {[String.t()], t()}
  def settle(before, seconds) do
    deadline = System.monotonic_time(:millisecond) + seconds * 1_000
    settle_until(before, deadline)
  end

  defp settle_until(before, deadline) do
    now = take()

    left =
      for kind <- @kinds,
          now[kind] > before[kind],
          do: "#{now[kind] - before[kind]} #{kind} left behind"

    if left == [] or System.monotonic_time(:millisecond) > deadline do
      {left, now}
    else
      Process.sleep(50)
      settle_until(before, deadline)
    end
  end

  @doc """
  The least resident memory of the next `seconds`. The library gives what freed contexts held back to the system as soon as
  nothing runs.
  """
  @spec at_rest(pos_integer()) :: non_neg_integer()
  def at_rest(seconds) do
    least_until(System.monotonic_time(:millisecond) + seconds * 1_000, resident())
  end

  defp least_until(deadline, least) do
    if System.monotonic_time(:millisecond) > deadline do
      least
    else
      Process.sleep(50)
      least_until(deadline, min(least, resident()))
    end
  end

  @doc "Whether `resident` memory has grown beyond `highest`, the most of the warm-up."
  @spec check_memory(number(), number()) :: :ok | {:error, [String.t()]}
  def check_memory(resident, highest) do
    if resident <= highest * (1 + @memory_slack),
      do: :ok,
      else: {:error, ["resident memory grew from #{mb(highest)} to #{mb(resident)}"]}
  end

  @doc "Bytes as megabytes."
  @spec mb(number()) :: String.t()
  def mb(bytes), do: "#{Float.round(bytes / 1_048_576, 1)} MB"

  # Others, such as the code server's, grow as modules are first used.
  defp own_tables do
    for table <- :ets.all(),
        owner = :ets.info(table, :owner),
        is_pid(owner) and :application.get_application(owner) == {:ok, :quickbeam},
        do: table
  end

  defp rows(table) do
    case :ets.info(table, :size) do
      rows when is_integer(rows) -> rows
      :undefined -> 0
    end
  end

  defp entries(directory) do
    case File.ls(directory) do
      {:ok, entries} -> length(entries)
      {:error, _not_linux} -> 0
    end
  end

  defp resident do
    with {:ok, statm} <- File.read("/proc/self/statm"),
         [_size, resident | _rest] <- String.split(statm) do
      String.to_integer(resident) * 4_096
    else
      _not_linux -> 0
    end
  end
end
