defmodule QuickBEAM.CommandLine.Source do
  @moduledoc false
  # What a line typed at the prompt is: complete, to be continued, or wrong; and how it is run so that
  # the value of its last expression stays in JavaScript, where it can be shown as Node.js shows it.

  alias QuickBEAM.JS

  # A module may await at its top level, a script may be sloppy; the parser takes `.js` as either.
  @file_name "repl.js"

  @doc """
  Tells what `code` is:

    * `{:expression, program}` - runs `code`, and ends with a call of the function that `show` names,
      given the last value
    * `:statements` - it ends with no value
    * `:incomplete` - more lines may make it valid
    * `:invalid` - it is wrong as it stands; the engine says how
  """
  @spec read(String.t(), String.t()) ::
          {:expression, String.t()} | :statements | :incomplete | :invalid
  def read(code, show) do
    cond do
      not declaration?(code) and valid?(wrap("", code, show)) ->
        {:expression, wrap("", code, show)}

      valid?(code) ->
        with_last_value(code, show)

      true ->
        error(code)
    end
  end

  # `(function f() {})` is a value, but whoever types it without parentheses declares `f`.
  defp declaration?(code), do: code =~ ~r/^\s*(async\s+function|function|class)\b/

  # The line break ends a comment that the expression may end with.
  defp wrap(before, expression, show), do: "#{before}#{show}((#{expression}\n))"

  # Of the places that may begin the last statement, the first one with whole statements before it
  # and one expression behind it. A long paste has its last expression near its end.
  @places 100

  defp with_last_value(code, show) do
    splits =
      for [{at, 1}] <- ~r/[;\n}]/ |> Regex.scan(code, return: :index) |> Enum.take(-@places),
          do: {binary_part(code, 0, at + 1), binary_part(code, at + 1, byte_size(code) - at - 1)}

    Enum.find_value([{"", code} | splits], :statements, fn {before, last} ->
      last = last |> String.trim() |> String.trim_trailing(";")
      program = wrap(before, last, show)

      if last != "" and not declaration?(last) and not continues?(before, last) and
           valid?(before) and valid?(program),
         do: {:expression, program}
    end)
  end

  # Without a semicolon before it, such a line belongs to the statement before it.
  defp continues?(before, last) do
    before != "" and not String.ends_with?(before, ";") and
      last =~ ~r/^([(\[`+\-*\/%.,?:=<>&|^]|in\b|instanceof\b)/
  end

  defp valid?(code), do: JS.valid?(code, @file_name)

  # An error at the very end is one that more input may mend; so is a token that has not ended.
  defp error(code) do
    case JS.transform(code, @file_name, []) do
      {:error, [error | _]} -> if unfinished?(error, code), do: :incomplete, else: :invalid
      {:ok, _} -> :invalid
    end
  end

  defp unfinished?(error, code) do
    lines = String.split(code, "\n")
    at_end? = error.line == length(lines) and error.column == utf16(List.last(lines)) + 1
    at_end? or error.message =~ "Unterminated multiline comment" or template?(error, lines)
  end

  # A string in quotes cannot go on in the next line, a template can.
  defp template?(%{message: "Unterminated string" <> _, line: line, column: column}, lines)
       when is_integer(line) and is_integer(column) do
    before = lines |> Enum.at(line - 1, "") |> String.split("`")
    before |> Enum.scan(&(&2 <> "`" <> &1)) |> Enum.any?(&(utf16(&1) == column - 1))
  end

  defp template?(_error, _lines), do: false

  # The parser counts columns in UTF-16 code units.
  defp utf16(text),
    do: div(byte_size(:unicode.characters_to_binary(text, :utf8, {:utf16, :big})), 2)
end
