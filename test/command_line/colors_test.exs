defmodule QuickBEAM.CommandLine.ColorsTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.CommandLine.Colors

  # What stands in `<...>` is coloured.
  defp check(expected) do
    plain = String.replace(expected, ["‹", "›"], "")
    painted = Colors.paint(plain, true)
    assert Regex.replace(~r/\e\[\d+m(.*?)\e\[0m/su, painted, "‹\\1›") == expected
    assert Colors.paint(plain, false) == plain
  end

  test "values are coloured, names are not" do
    for expected <- [
          "‹1›",
          "{ a: [ ‹1.5›, ‹-2e+21›, ‹10n› ], b1: ‹true› }",
          "{ f: ‹[Function: f]›, c: ‹[class A extends B]› }",
          "[ ‹'it is 1'›, ‹\"it's\"›, ‹'a\\'b'›, ‹null›, ‹undefined› ]",
          "{ null: ‹1›, undefined: ‹NaN›, true: ‹false› }",
          "‹2026-11-21T10:00:00.000Z›",
          "‹Symbol(a 1)›",
          "‹<ref *1>› { self: ‹[Circular *1]› }",
          "Map(‹1›) { ‹1› => ‹2› }",
          "Uncaught",
          ""
        ],
        do: check(expected)
  end
end
