defmodule QuickBEAM.Owner.Census do
  @moduledoc false
  # Which realms there are on this node, where they run, and what they hold and have used. No realm is asked
  # and no owner: a busy one would not answer.

  alias QuickBEAM.Native

  @key :"$quickbeam"

  @type entry :: %{
          owner: pid(),
          pool: pid() | nil,
          name: term() | nil,
          memory: non_neg_integer(),
          reductions: non_neg_integer()
        }

  @doc "Tells who looks at the calling process, an owner, what it is."
  @spec register(name :: term() | nil, pool :: pid() | nil) :: term()
  def register(name, pool), do: Process.put(@key, {name, pool})

  @doc "The owners of all realms."
  @spec owners() :: [pid()]
  def owners, do: Native.realm_owners()

  @doc "All realms, in no order. Those that are born or die meanwhile may be missing."
  @spec all() :: [entry()]
  def all do
    for owner <- owners(),
        usage = Native.realm_usage(owner),
        {:dictionary, dictionary} <- [Process.info(owner, :dictionary)] do
      {name, pool} = List.keyfind(dictionary, @key, 0, {@key, {nil, nil}}) |> elem(1)
      %{owner: owner, pool: pool, name: name, memory: usage.memory, reductions: usage.reductions}
    end
  end

  @doc "How often each line of the covered files of all realms has run, those that are gone included."
  @spec lines() :: Native.lines()
  def lines, do: Native.coverage()

  @doc "Forgets what was counted so far."
  @spec forget_lines() :: :ok
  def forget_lines, do: Native.coverage_reset()

  @doc "Whether owners are told of their realms' connections."
  @spec observe(boolean()) :: :ok
  def observe(observed?), do: Native.observe(observed?)

  @doc "`entries` as totals."
  @spec totals([entry()]) :: %{
          runtimes: non_neg_integer(),
          contexts: non_neg_integer(),
          memory: non_neg_integer(),
          reductions: non_neg_integer()
        }
  def totals(entries) do
    zero = %{runtimes: 0, contexts: 0, memory: 0, reductions: 0}

    Enum.reduce(entries, zero, fn entry, totals ->
      kind = if entry.pool, do: :contexts, else: :runtimes

      %{
        totals
        | kind => Map.fetch!(totals, kind) + 1,
          memory: totals.memory + entry.memory,
          reductions: totals.reductions + entry.reductions
      }
    end)
  end
end
