defmodule QuickBEAM.Beam.System do
  @moduledoc false
  # Figures of the VM and of an owner's process, versions, programs.

  @doc "Figures of the VM, by the names that `:erlang.system_info/1` and `:erlang.memory/0` have."
  @spec info() :: map()
  def info do
    counts =
      for key <- [
            :schedulers,
            :schedulers_online,
            :process_count,
            :process_limit,
            :atom_count,
            :atom_limit,
            :port_count,
            :port_limit,
            :ets_count
          ],
          into: %{},
          do: {key, :erlang.system_info(key)}

    {uptime, _since_last} = :erlang.statistics(:wall_clock)

    Map.merge(counts, %{
      otp_release: List.to_string(:erlang.system_info(:otp_release)),
      elixir_version: System.version(),
      node: Atom.to_string(node()),
      uptime: uptime,
      memory: Map.new(:erlang.memory())
    })
  end

  @doc "Figures of the calling process."
  @spec process_info() :: map()
  def process_info do
    keys = [:memory, :message_queue_len, :reductions, :heap_size, :stack_size, :total_heap_size]
    self() |> Process.info(keys) |> Map.new() |> Map.put(:pid, self())
  end

  @doc "The path of a program, or nil."
  @spec which(String.t()) :: String.t() | nil
  def which(program) do
    if program == "" or String.contains?(program, <<0>>),
      do: nil,
      else: System.find_executable(program)
  end

  @doc "Whether `version` satisfies `requirement`; false for what is no version or no requirement."
  @spec satisfies?(String.t(), String.t()) :: boolean()
  def satisfies?(version, requirement) do
    with {:ok, version} <- Version.parse(version),
         {:ok, requirement} <- Version.parse_requirement(requirement) do
      Version.match?(version, requirement)
    else
      :error -> false
    end
  end

  @doc "-1, 0 or 1 as `a` is before, equal to or after `b`; nil if one of them is no version."
  @spec order(String.t(), String.t()) :: -1 | 0 | 1 | nil
  def order(a, b) do
    with {:ok, a} <- Version.parse(a),
         {:ok, b} <- Version.parse(b) do
      case Version.compare(a, b) do
        :lt -> -1
        :eq -> 0
        :gt -> 1
      end
    else
      :error -> nil
    end
  end
end
