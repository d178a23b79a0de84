defmodule QuickBEAM.Options.Grants do
  @moduledoc false
  # Grants: the capabilities that a realm holds. What is not granted throws a `NotAllowedError`.

  import QuickBEAM.Options.Check, only: [must: 2, reject: 2]

  @type grant :: atom() | {atom(), [String.t()]}
  @type t :: :all | [grant()]

  # grant: {may stand alone, what its list holds or nil, documentation}
  @grants [
    net: {true, "`\"host:port\"`", "the network"},
    read: {false, "paths", "reading files"},
    write: {false, "paths", "writing files"},
    env: {true, "names", "environment variables"},
    run: {true, "programs", "subprocesses"},
    spawn: {true, nil, "workers and runtimes; a child holds at most its parent's grants"},
    processes: {true, nil, "`Beam.send`, monitors, links, names"},
    cluster: {true, nil, "nodes and remote calls"},
    addons: {true, nil, "native addons"},
    handlers: {true, "names", "`Beam.call` and `Beam.callSync`"}
  ]

  @doc "The grants as a Markdown table."
  @spec docs() :: String.t()
  def docs do
    rows =
      for {name, {alone?, list, doc}} <- @grants do
        forms = [if(alone?, do: "`:#{name}`"), if(list, do: "`{:#{name}, [...]}`, #{list}")]
        "| #{forms |> Enum.reject(&is_nil/1) |> Enum.join(" or ")} | #{doc} |\n"
      end

    "| grant | allows |\n|---|---|\n#{rows}"
  end

  @doc "Checks the value of the option `:allow`."
  @spec check(term()) :: {:ok, t()} | {:error, String.t()}
  def check(:all), do: {:ok, :all}

  def check(grants) when is_list(grants) do
    case reject(grants, &grant?/1) do
      :none -> {:ok, Enum.uniq(grants)}
      {:some, grant} -> {:error, "has no grant #{inspect(grant)}; the grants are #{names()}"}
      :improper -> must("be :all or a list of grants", grants)
    end
  end

  def check(other), do: must("be :all or a list of grants", other)

  @doc "Whether `grants` allow `subject`, such as the handler `\"add\"` of the grant `:handlers`."
  @spec allowed?(t(), atom(), String.t()) :: boolean()
  def allowed?(:all, _grant, _subject), do: true

  def allowed?(grants, grant, subject) do
    Enum.any?(grants, fn
      ^grant -> true
      {^grant, subjects} -> subject in subjects
      _other -> false
    end)
  end

  @doc """
  What JavaScript asks for a child, cut to what its starter holds: an object of grants as `Beam.grants()` has them,
  `true` or a list of subjects by name, or a list of names.
  """
  @spec narrow(t(), term()) :: {:ok, t()} | {:error, String.t()}
  def narrow(held, wanted) when is_list(wanted) do
    if Enum.all?(wanted, &is_binary/1),
      do: narrow(held, Map.new(wanted, &{&1, true})),
      else: {:error, "allow is not an object of grants or a list of their names"}
  end

  def narrow(held, wanted) when is_map(wanted) do
    Enum.reduce_while(wanted, {:ok, []}, fn {name, subjects}, {:ok, grants} ->
      with {grant, _shape} <-
             Enum.find(@grants, fn {grant, _} -> Atom.to_string(grant) == name end),
           true <- subjects == true or (is_list(subjects) and Enum.all?(subjects, &is_binary/1)) do
        {:cont, {:ok, cut(held, grant, subjects) ++ grants}}
      else
        _wrong -> {:halt, {:error, "allow has no grant #{inspect(name)} of that shape"}}
      end
    end)
  end

  def narrow(_held, _wanted),
    do: {:error, "allow is not an object of grants or a list of their names"}

  defp cut(:all, grant, true), do: [grant]
  defp cut(:all, grant, subjects), do: [{grant, subjects}]

  defp cut(held, grant, wanted) do
    if grant in held do
      cut(:all, grant, wanted)
    else
      for {^grant, subjects} <- held,
          both = if(wanted == true, do: subjects, else: Enum.filter(subjects, &(&1 in wanted))),
          both != [],
          do: {grant, both}
    end
  end

  defp grant?(grant) when is_atom(grant), do: match?({true, _, _}, @grants[grant])

  defp grant?({grant, subjects}) when is_atom(grant) and is_list(subjects) do
    case @grants[grant] do
      {_, list, _} when list != nil -> reject(subjects, &is_binary/1) == :none
      _ -> false
    end
  end

  defp grant?(_other), do: false

  defp names, do: Enum.map_join(@grants, ", ", fn {name, _} -> inspect(name) end)
end
