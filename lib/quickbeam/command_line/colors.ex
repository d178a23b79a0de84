defmodule QuickBEAM.CommandLine.Colors do
  @moduledoc false
  # Colours a value as `console.dir` shows it, with the colours of Node.js.

  @tokens ~r/
    (?<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|Symbol\([^)]*\))
    |(?<special>\[(?:Async|Generator|AsyncGenerator)*Function[^\]]*\]|\[class\s[^\]]*\]|\[(?:Getter|Setter|Getter\/Setter)\]|<ref\s\*\d+>|\[Circular\s\*\d+\])
    |(?<date>\b\d{4}-\d\d-\d\dT[\d:.]+Z)
    |(?<number>(?<![\w$])-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?n?|Infinity|NaN)\b|\b(?:true|false)\b(?!:))
    |(?<undefined>\bundefined\b(?!:))
    |(?<null>\bnull\b(?!:))
  /xu

  @colors %{
    "string" => :green,
    "special" => :cyan,
    "date" => :magenta,
    "number" => :yellow,
    "undefined" => :light_black,
    "null" => :bright
  }

  @doc "The text with escape sequences, or as it is if `colors?` is false."
  @spec paint(String.t(), boolean()) :: String.t()
  def paint(text, false), do: text

  def paint(text, true) do
    Regex.replace(@tokens, text, fn token ->
      [{kind, _}] = @tokens |> Regex.named_captures(token) |> Enum.reject(&(elem(&1, 1) == ""))
      [@colors[kind], token] |> IO.ANSI.format(true) |> IO.chardata_to_string()
    end)
  end
end
