defmodule QuickBEAM.Owner.Named do
  @moduledoc false
  # Code to which a request gives a name: where a realm counts lines, it counts those of such code, too.

  alias QuickBEAM.{JS, Native}

  @doc "What the realm of `server` runs for JavaScript of that name."
  @spec javascript(GenServer.server(), String.t(), String.t()) :: String.t()
  def javascript(server, code, name) do
    with owner when is_pid(owner) <- covering(server),
         {:ok, {counting, covered}} <- JS.count_lines(code, name) do
      Native.realm_script(owner, name, nil, [covered])
      counting
    else
      # What is wrong with it, the engine says when it runs it.
      _as_it_is -> code
    end
  end

  @doc "The JavaScript that the realm of `server` runs for TypeScript of that name, which is counted if the name was given."
  @spec typescript(GenServer.server(), String.t(), String.t(), given? :: boolean()) ::
          {:ok, String.t(), map :: String.t()} | {:error, [JS.Error.t(), ...]}
  def typescript(server, code, name, given?) do
    owner = if given?, do: covering(server)

    with {:ok, %{code: code, map: map, covered: covered}} <-
           JS.script_source(code, name, owner != nil) do
      if owner, do: Native.realm_script(owner, name, nil, covered)
      {:ok, code, map}
    end
  end

  # The owner, if its realm is on this node and counts.
  defp covering(server) do
    with owner when is_pid(owner) and node(owner) == node() <- GenServer.whereis(server),
         true <- Native.realm_covers(owner),
         do: owner,
         else: (_other -> nil)
  end
end
