defmodule QuickBEAM.Options.Server do
  @moduledoc false
  # What stands for a process of the library. A process of another kind would not answer, so it is not asked.

  @doc "The process, or its name on another node; nil if there is none. `what` is what an `ArgumentError` calls it."
  @spec whereis!(term(), String.t()) :: pid() | {atom(), node()} | nil
  def whereis!({name, node}, _what) when is_atom(name) and is_atom(node) and name != :global,
    do: GenServer.whereis({name, node})

  def whereis!({:global, _term} = name, _what), do: GenServer.whereis(name)

  def whereis!({:via, module, _term} = name, _what) when is_atom(module),
    do: GenServer.whereis(name)

  def whereis!(server, _what) when is_pid(server) or is_atom(server),
    do: GenServer.whereis(server)

  def whereis!(other, what),
    do: raise(ArgumentError, "#{what} must be a pid or the name of one, got: #{inspect(other)}")

  @doc "Whether a process of this node is a GenServer of one of `modules`, from before its `init/1` on."
  @spec kind(pid(), [module()]) :: :same | :other | :dead
  def kind(pid, modules) do
    with {:dictionary, dictionary} <- Process.info(pid, :dictionary),
         {:"$initial_call", {module, :init, 1}} <-
           List.keyfind(dictionary, :"$initial_call", 0) do
      if module in modules, do: :same, else: :other
    else
      nil -> if Process.alive?(pid), do: :other, else: :dead
      _another -> :other
    end
  end
end
