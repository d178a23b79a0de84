defmodule QuickBEAM.Beam.Cluster do
  @moduledoc false
  # Other nodes: their names, calls of runtimes there, and names of runtimes across nodes.
  #
  # A node that scripts name is looked up among those that are connected; no atom is made of a name.
  # Names are published in a `:pg` scope, so that a node that goes takes its names along, and
  # a partition that heals brings them back.

  alias QuickBEAM.JSError
  alias QuickBEAM.Beam.Services

  @scope QuickBEAM.Cluster

  @doc "The child spec of the `:pg` scope."
  @spec child_spec(term()) :: Supervisor.child_spec()
  def child_spec(_options), do: %{id: @scope, start: {:pg, :start_link, [@scope]}}

  @doc "The names of the nodes that this one is connected to."
  @spec nodes() :: [String.t()]
  def nodes, do: Enum.map(Node.list(), &Atom.to_string/1)

  @doc "Makes the calling process known under `name` to all nodes."
  @spec publish(String.t()) :: :ok
  def publish(name), do: :pg.join(@scope, {:name, name}, self())

  @doc "Undoes `publish/1`."
  @spec withdraw(String.t()) :: :ok
  def withdraw(name) do
    :pg.leave(@scope, {:name, name}, self())
    :ok
  end

  @doc "A process of another node that is known under `name`; the same one on every node that sees it."
  @spec whereis(String.t()) :: pid() | nil
  def whereis(name) do
    @scope
    |> :pg.get_members({:name, name})
    |> Enum.reject(&(node(&1) == node()))
    |> Enum.min_by(&node/1, fn -> nil end)
  end

  @doc "Calls `function` of the runtime that is named `runtime` on `node`."
  @spec rpc(String.t(), String.t(), String.t(), list()) ::
          {:ok, term()} | {:error, Services.failure()}
  def rpc(node, runtime, function, args) do
    case Enum.find([node() | Node.list()], &(Atom.to_string(&1) == node)) do
      nil -> Services.failure("NotFoundError", "Beam.rpc: there is no node #{inspect(node)}")
      found -> remote(found, runtime, function, args)
    end
  end

  defp remote(node, runtime, function, args) do
    case :erpc.call(node, __MODULE__, :serve, [runtime, function, args]) do
      {:error, %JSError{name: name, message: message}} -> Services.failure(name, message)
      {:ok, value} -> {:ok, value}
    end
  catch
    :error, {:erpc, reason} ->
      Services.failure("NetworkError", "Beam.rpc: #{node} cannot be reached: #{inspect(reason)}")

    # A node with another version of the library.
    _kind, reason ->
      Services.failure("Error", "Beam.rpc: #{node} failed: #{inspect(reason)}")
  end

  @doc false
  # The part that runs on the runtime's node.
  @spec serve(String.t(), String.t(), list()) :: {:ok, term()} | {:error, JSError.t()}
  def serve(runtime, function, args) do
    case local(runtime) do
      nil -> {:error, not_found(runtime)}
      pid -> QuickBEAM.call(pid, function, args)
    end
  catch
    :exit, _reason -> {:error, not_found(runtime)}
  end

  # A name of the registry, else the atom that a runtime was started with.
  defp local(name) do
    case Registry.lookup(QuickBEAM.Registry, name) do
      [{pid, _value}] -> pid
      [] -> name |> String.to_existing_atom() |> Process.whereis()
    end
  rescue
    ArgumentError -> nil
  end

  defp not_found(runtime) do
    message = "Beam.rpc: there is no runtime #{inspect(runtime)} on #{node()}"
    %JSError{name: "NotFoundError", message: message}
  end
end
