defmodule QuickBEAM.Beam.Family do
  @moduledoc false
  # The runtimes that descend from one which no script has started, the *root*: its children, theirs, and so on. Each has a
  # thread, or a heap, so it is their sum that is bounded.
  #
  # Who starts a child counts it. The root, which all of them end with, watches it and counts it out: the starter may be killed.

  alias QuickBEAM.Beam.Services

  @most 1_000

  @type t :: {root :: pid(), count :: :atomics.atomics_ref()}

  @doc "A family of which the calling process, an owner, is the root."
  @spec new() :: t()
  def new, do: {self(), :atomics.new(1, [])}

  @doc "The process that all of them end with."
  @spec root(t()) :: pid()
  def root({root, _count}), do: root

  @doc "Starts one more by `start`, if the family may have it."
  @spec add(t(), (() -> {:ok, pid()} | {:error, Services.failure()})) ::
          {:ok, pid()} | {:error, Services.failure()}
  def add({root, count}, start) do
    with true <- :atomics.add_get(count, 1, 1) <= @most,
         {:ok, pid} <- start.() do
      send(root, {:quickbeam, :descendant, pid})
      {:ok, pid}
    else
      refused ->
        :atomics.sub(count, 1, 1)
        if refused, do: refused, else: too_many()
    end
  end

  defp too_many do
    message = "a runtime has at most #{@most} children, those of its children included"
    Services.failure("RangeError", message)
  end

  @doc "The root hears of the end of `pid` by `{:quickbeam, monitor, :process, pid, reason}`."
  @spec watch(pid()) :: reference()
  def watch(pid), do: :erlang.monitor(:process, pid, tag: :quickbeam)

  @doc "One that was watched has ended."
  @spec left(t()) :: :ok
  def left({_root, count}), do: :atomics.sub(count, 1, 1)
end
