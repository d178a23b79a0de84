defmodule QuickBEAM.Owner.Explain do
  @moduledoc false
  # What the engine's errors leave out, found by a look at the code: that a script is no module, and where a module
  # imports what is not there.

  alias QuickBEAM.{JSError, Native}

  @import_in_script "an import declaration is for modules: in a script, use await import(...)"
  @export_in_script "an export declaration is for modules, which load_module takes"

  @doc "The result of a script."
  @spec script(result, String.t()) :: result when result: QuickBEAM.result()
  def script({:error, %JSError{name: "SyntaxError", message: message} = error} = result, code) do
    cond do
      message == "unsupported keyword: export" ->
        {:error, %{error | message: @export_in_script}}

      String.starts_with?(message, "Unexpected ") and after_import?(error, code) ->
        {:error, %{error | message: @import_in_script}}

      true ->
        result
    end
  end

  def script(result, _code), do: result

  defp after_import?(%{line: line, column: column}, code)
       when is_integer(line) and is_integer(column) do
    text = code |> String.split("\n") |> Enum.at(line - 1, "")
    {before, rest} = String.split_at(text, column - 1)
    # A source map leads to the beginning of the declaration.
    before =~ ~r/(^|[;}\s])import\s*$/ or rest =~ ~r/^import\b/
  end

  defp after_import?(_error, _code), do: false

  @doc "The result of a module of that name."
  @spec module(result, String.t(), String.t()) :: result
        when result: :ok | {:error, JSError.t()}
  def module({:error, %JSError{filename: nil, message: message} = error}, name, code) do
    with {module, export} <- missing(message, name),
         {line, column} <- Native.toolchain_import_place(code, name, module, export) do
      stack = "    at #{name}:#{line}:#{column}\n"
      frame = %{function: nil, filename: name, line: line, column: column}
      place = %{filename: name, line: line, column: column, stack: stack, frames: [frame]}
      {:error, Map.merge(error, place)}
    else
      nil -> {:error, error}
    end
  end

  def module(result, _name, _code), do: result

  # A module that was given anew has a number behind its name.
  @missing_export ~r/export '(.*)' in module '(.*?)(?:\?\d+)?'/s

  defp missing(message, name) do
    from = "' imported from '#{name}'"

    with "Cannot find module '" <> rest <- message,
         true <- String.ends_with?(rest, from) do
      {binary_part(rest, 0, byte_size(rest) - byte_size(from)), nil}
    else
      _another ->
        case Regex.run(@missing_export, message) do
          [_all, export, module] -> {module, export}
          nil -> nil
        end
    end
  end
end
