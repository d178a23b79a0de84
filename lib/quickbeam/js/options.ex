defmodule QuickBEAM.JS.Options do
  @moduledoc false
  # The options of `QuickBEAM.JS`, declared once: `validate!/2` checks them and makes the map that the
  # library below expects, `docs/1` writes the lists of the public documentation.

  # key: {check, default, documentation}
  @sourcemap [sourcemap: {:boolean, false, "`true` returns `%{code: code, map: map}` too"}]

  @generate [
    jsx:
      {{:one_of, [:automatic, :classic]}, :automatic,
       "`:automatic` calls `jsx` from the import source's `jsx-runtime`, `:classic` calls the factory"},
    import_source: {:string, nil, "package of the automatic runtime; default: `\"react\"`"},
    jsx_factory: {:string, nil, "classic factory; default: `\"React.createElement\"`"},
    jsx_fragment: {:string, nil, "classic fragment; default: `\"React.Fragment\"`"},
    target:
      {:string, nil,
       "oldest language version or engines to generate code for, such as `\"es2020\"` or `\"chrome90,node16\"`; by default syntax stays as it is"},
    minify: {:boolean, false, "`true` minifies"}
  ]

  @bundle [
    format:
      {{:one_of, [:iife, :esm, :auto]}, :iife,
       "`:iife` for a classic script, `:esm` for a module with the entry's exports, `:auto` for a script unless only a module will do (top-level await, external imports, `import.meta`)"},
    external:
      {:strings, [],
       "specifiers left as imports; one that ends in `*` stands for all that begin so, such as `\"node:*\"`"},
    define:
      {:defines, %{},
       "`%{expression => code}`: code put in place of an expression; `\"process.env.NODE_ENV\"` is `\"\\\"production\\\"\"` unless given"},
    conditions:
      {:strings, [],
       "conditions of `exports` and `imports` in `package.json`, besides `import` or `require` and `default`; default: `[\"browser\", \"production\"]`"}
  ]

  @entry [
    entry:
      {:string, nil, "name of the file to start from; by default all files run, in their order"}
  ]

  @schemas %{
    transform: @generate ++ @sourcemap,
    minify:
      [mangle: {:boolean, true, "`false` keeps the names of local variables"}] ++ @sourcemap,
    bundle: @entry ++ @bundle ++ @generate ++ @sourcemap,
    bundle_file: @bundle ++ @generate ++ @sourcemap
  }

  @type operation :: :transform | :minify | :bundle | :bundle_file

  @doc "The options of an operation as a Markdown list."
  @spec docs(operation()) :: String.t()
  def docs(operation) do
    Enum.map_join(schema(operation), "\n", fn {key, {check, default, doc}} ->
      "  * `:#{key}` - #{doc}#{default(check, default)}"
    end)
  end

  @doc "Checks `options`; raises an `ArgumentError` that names the first wrong one."
  @spec validate!(operation(), keyword()) :: map()
  def validate!(operation, options) do
    unless Keyword.keyword?(options) do
      raise ArgumentError, "options must be a keyword list, got: #{inspect(options)}"
    end

    schema = schema(operation)

    for {key, _value} <- options, not Keyword.has_key?(schema, key) do
      known = Enum.map_join(Keyword.keys(schema), ", ", &inspect/1)
      raise ArgumentError, "unknown option #{inspect(key)}; the options are #{known}"
    end

    # Only scripts of a runtime are covered.
    for {key, {check, default, _doc}} <- schema, into: %{cover: false} do
      value = Keyword.get(options, key, default)

      unless value == default or valid?(check, value) do
        raise ArgumentError,
              "option #{inspect(key)} must be #{must(check)}, got: #{inspect(value)}"
      end

      {key, native(check, value)}
    end
  end

  defp schema(operation), do: Map.fetch!(@schemas, operation)

  defp default(:boolean, default), do: "; default: `#{default}`"
  defp default({:one_of, _}, default), do: "; default: `#{inspect(default)}`"
  defp default(_check, _default), do: ""

  defp valid?(:boolean, value), do: is_boolean(value)
  defp valid?(:string, value), do: text?(value)
  defp valid?(:strings, value), do: list?(value) and Enum.all?(value, &text?/1)
  defp valid?({:one_of, values}, value), do: value in values

  defp valid?(:defines, value) when is_map(value) and not is_struct(value),
    do: Enum.all?(value, fn {name, code} -> text?(name) and text?(code) end)

  defp valid?(:defines, _value), do: false

  defp text?(value), do: is_binary(value) and String.valid?(value)
  defp list?(value), do: is_list(value) and not List.improper?(value)

  defp must(:boolean), do: "true or false"
  defp must(:string), do: "a string"
  defp must(:strings), do: "a list of strings"
  defp must(:defines), do: "a map of strings"
  defp must({:one_of, values}), do: "one of #{Enum.map_join(values, ", ", &inspect/1)}"

  defp native(:defines, value), do: Map.to_list(value)
  defp native(_check, value), do: value
end
