# Every public module, function, macro and callback must be documented, and what the documentation refers to
# must exist. Ends with status 1 and a line per fault.
#
# A module with `@moduledoc false`, or a function with `@doc false`, is not public.
defmodule QuickBEAM.CheckDocs do
  def run do
    Application.load(:quickbeam)
    {:ok, modules} = :application.get_key(:quickbeam, :modules)
    public = for module <- Enum.sort(modules), not implementation?(module), do: module
    docs = for module <- public, docs = public_docs(module), do: {module, docs}
    known = docs |> Enum.flat_map(&references/1) |> MapSet.new()

    case Enum.flat_map(docs, fn entry -> undocumented(entry) ++ dangling(entry, known) end) do
      [] ->
        IO.puts("documentation of #{length(docs)} public modules: complete")

      faults ->
        Enum.each(faults, &IO.puts(:stderr, &1))
        System.halt(1)
    end
  end

  # The protocol says what its implementations do.
  defp implementation?(module),
    do: Code.ensure_loaded?(module) and function_exported?(module, :__impl__, 1)

  defp public_docs(module) do
    case Code.fetch_docs(module) do
      {:docs_v1, _, :elixir, _, :hidden, _, _} -> nil
      {:docs_v1, _, :elixir, _, moduledoc, _, entries} -> {moduledoc, entries}
      {:error, reason} -> raise "no documentation chunk in #{inspect(module)}: #{inspect(reason)}"
    end
  end

  defp undocumented({module, {moduledoc, entries}}) do
    missing = if moduledoc == :none, do: ["#{inspect(module)} has no @moduledoc"], else: []

    # What a `use` or a `@behaviour` brings in says nothing of its own.
    missing ++
      for {{kind, name, arity}, _, _, :none, _} <- entries,
          kind in [:function, :macro, :callback, :macrocallback],
          not callback?(module, name, arity) and not generated?(name),
          do: "#{inspect(module)}.#{name}/#{arity} has no @doc"
  end

  defp generated?(name), do: String.starts_with?(Atom.to_string(name), "__")

  defp callback?(module, name, arity) do
    behaviours =
      module.module_info(:attributes) |> Keyword.get_values(:behaviour) |> List.flatten()

    # `use GenServer` and `defexception` make these for the module.
    made = [child_spec: 1, exception: 1, message: 1]

    {name, arity} in made or
      Enum.any?(behaviours, fn behaviour ->
        Code.ensure_loaded?(behaviour) and
          function_exported?(behaviour, :behaviour_info, 1) and
          {name, arity} in behaviour.behaviour_info(:callbacks)
      end)
  end

  defp references({module, {_moduledoc, entries}}) do
    name = inspect(module)

    own =
      for {{_kind, function, arity}, _, _, _, _} <- entries, do: "#{name}.#{function}/#{arity}"

    [name | own]
  end

  defp dangling({module, {moduledoc, entries}}, known) do
    for text <- texts([{:module, moduledoc} | Enum.map(entries, &{elem(&1, 0), elem(&1, 3)})]),
        [_, reference] <-
          Regex.scan(~r/`(QuickBEAM(?:\.[A-Z]\w*)*(?:\.[a-z_]\w*[?!]?\/\d+)?)`/, text),
        reference not in known,
        do: "#{inspect(module)}: `#{reference}` does not exist, or is not public"
  end

  defp texts(docs), do: for({_of, %{"en" => text}} <- docs, do: text)
end

QuickBEAM.CheckDocs.run()
