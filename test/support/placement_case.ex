defmodule QuickBEAM.Test.PlacementCase do
  @moduledoc """
  One corpus for every placement of a realm: each `test` of a module that uses this case runs once with
  runtimes, once with contexts of a pool, and once with contexts that share isolates.

  Tests start their runtimes by `QuickBEAM.Test.Helpers`, which follows the placement of the test.
  """

  use ExUnit.CaseTemplate

  @pools %{
    pooled: [size: 2],
    shared: [size: 2, contexts_per_isolate: 16]
  }

  @doc "The placements that tests run under."
  @spec placements() :: [atom()]
  def placements, do: [:dedicated | Map.keys(@pools)]

  @doc "Starts the pools of the placements, linked to the caller."
  @spec start_pools() :: :ok
  def start_pools do
    for {placement, options} <- @pools do
      {:ok, _pid} = QuickBEAM.ContextPool.start_link([name: pool(placement)] ++ options)
    end

    :ok
  end

  @doc "The pool of the placement of the calling process, or nil."
  @spec current_pool() :: atom()
  def current_pool do
    case Process.get(__MODULE__, :dedicated) do
      :dedicated -> nil
      placement -> pool(placement)
    end
  end

  @doc "Runs `fun` in the placement that `placement` names, as a process that a test has started does."
  @spec inherit(atom(), (... -> result)) :: result when result: term()
  def inherit(placement, fun) do
    Process.put(__MODULE__, placement)
    fun.()
  end

  @doc "The placement of the calling process."
  @spec current() :: atom()
  def current, do: Process.get(__MODULE__, :dedicated)

  defp pool(placement), do: Module.concat(__MODULE__, placement)

  using do
    quote do
      import ExUnit.Case, except: [test: 2, test: 3]
      import QuickBEAM.Test.PlacementCase, only: [test: 2, test: 3]
      import QuickBEAM.Test.Helpers
    end
  end

  setup context do
    Process.put(__MODULE__, Map.get(context, :placement, :dedicated))
    :ok
  end

  @doc "Defines a test for each placement; tags given before it are those of each."
  defmacro test(message, context \\ quote(do: _), contents) do
    quote do
      tags = Module.get_attribute(__MODULE__, :tag)

      for placement <- QuickBEAM.Test.PlacementCase.placements() do
        for tag <- Enum.reverse(tags), do: Module.put_attribute(__MODULE__, :tag, tag)
        Module.put_attribute(__MODULE__, :tag, placement: placement)

        ExUnit.Case.test(
          "#{unquote(message)} (#{placement})",
          unquote(context),
          unquote(contents)
        )
      end
    end
  end
end
