defmodule QuickBEAM.CommandLine.TerminalTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureIO

  alias QuickBEAM.CommandLine.Terminal

  defp lines do
    case Terminal.line("") do
      :eof -> []
      line -> [line | lines()]
    end
  end

  test "lines are read one by one, however they arrive" do
    for input <- ["", "a\n", "a\nbé b\n\nlast", "\n\n", "𝄞"] do
      expected = Regex.scan(~r/[^\n]*\n|[^\n]+$/u, input) |> List.flatten()
      capture_io(input, fn -> assert lines() == expected end)
    end
  end
end
