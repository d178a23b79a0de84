defmodule QuickBEAM.Test.Terms do
  @moduledoc """
  Generators for property tests of the bridge: terms with what they are after a round trip through
  JavaScript, and JavaScript expressions with the term that they become.

  A generator takes a size, the number of levels that are left, and draws from `:rand`, which ExUnit
  seeds for each test; so `mix test --seed` repeats a failure.
  """

  @keys [
          "a",
          "b",
          "key with spaces",
          "",
          "0",
          "17",
          "length",
          "constructor",
          "toString",
          "é",
          "😀"
        ] ++
          ["__proto__", "hasOwnProperty", "then", "\u2028", "x\0y"]

  @doc "A term, and the term that comes back when JavaScript returns it unchanged."
  @spec round_trip(non_neg_integer()) :: {term(), term()}
  def round_trip(0), do: scalar()

  def round_trip(size) do
    case :rand.uniform(10) do
      n when n <= 3 ->
        scalar()

      n when n <= 5 ->
        unzip(many(size), & &1)

      6 ->
        unzip(many(size), &List.to_tuple/1)

      7 ->
        map(size, & &1)

      8 ->
        map(size, &atom_keys/1)

      9 ->
        set = MapSet.new(many(size), &elem(&1, 0))
        {set, returned(set)}

      10 ->
        unzip(rows(size), & &1)
    end
  end

  @doc "A JavaScript expression, and the term that its value becomes."
  @spec expression(non_neg_integer()) :: {String.t(), term()}
  def expression(0), do: literal()

  def expression(size) do
    case :rand.uniform(7) do
      n when n <= 2 ->
        literal()

      3 ->
        {sources, terms} = expressions(size)
        {"[#{Enum.join(sources, ", ")}]", terms}

      4 ->
        {sources, terms} = expressions(size)
        {"(function () { return arguments })(#{Enum.join(sources, ", ")})", indexed(terms)}

      5 ->
        {entries, map} = properties(size)
        {"({#{Enum.join(entries, ", ")}})", map}

      6 ->
        {entries, map} = properties(size)
        {"new Map(Object.entries({#{Enum.join(entries, ", ")}}))", map}

      7 ->
        {source, term} = expression(size - 1)
        {"(() => { const x = #{source}; return {get x() { return x }} })()", %{"x" => term}}
    end
  end

  # Terms

  defp scalar do
    case :rand.uniform(13) do
      1 -> same(:rand.uniform(2000) - 1000)
      2 -> same(Enum.random([0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 1 - 2 ** 53]))
      3 -> same(Enum.random([-1, 1]) * (2 ** (53 + :rand.uniform(200)) + :rand.uniform(1000)))
      4 -> same(:rand.normal() + 0.123456789)
      5 -> same(Enum.random([:Infinity, :"-Infinity", :NaN, true, false, nil]))
      6 -> same(Enum.random([:ok, :error, :"an atom", Enum, :ünï]))
      7 -> same(text())
      8 -> same(<<255, :rand.uniform(255)>>)
      9 -> fn_bytes(:rand.bytes(:rand.uniform(40)))
      10 -> same(Enum.random([self(), make_ref(), &String.length/1]))
      11 -> integral(Enum.random([-1, 1]) * :rand.uniform(1_000_000))
      12 -> same(DateTime.from_unix!(:rand.uniform(4_000_000_000_000), :millisecond))
      13 -> same([])
    end
  end

  defp same(term), do: {term, term}
  defp fn_bytes(bytes), do: {{:bytes, bytes}, bytes}
  defp integral(number), do: {number * 1.0, number}

  defp text do
    characters = [?a..?z, 0..127, 0x80..0x7FF, 0x800..0xD7FF, 0xE000..0xFFFF, 0x10000..0x10FFFF]
    for _ <- many_times(12), into: "", do: <<Enum.random(Enum.random(characters))::utf8>>
  end

  defp many(size), do: for(_ <- many_times(5), do: round_trip(size - 1))
  defp many_times(most), do: List.duplicate(nil, :rand.uniform(most + 1) - 1)

  defp unzip(pairs, shape) do
    {terms, returned} = Enum.unzip(pairs)
    {shape.(terms), returned}
  end

  defp map(size, shape) do
    entries = for key <- keys(), do: {key, round_trip(size - 1)}
    sent = Map.new(entries, fn {key, {term, _}} -> {key, term} end)
    {shape.(sent), Map.new(entries, fn {key, {_, returned}} -> {key, returned} end)}
  end

  # Maps with the same keys, but for the odd one, as most lists of maps are.
  defp rows(size) do
    {keys, shape} = {keys(), Enum.random([& &1, &atom_keys/1])}

    for _ <- many_times(30) do
      case :rand.uniform(20) do
        1 -> round_trip(size - 1)
        2 -> map(size, shape)
        _ -> of_scalars(keys, shape)
      end
    end
  end

  defp of_scalars(keys, shape) do
    {sent, returned} = Enum.unzip(for key <- keys, {a, b} = scalar(), do: {{key, a}, {key, b}})
    {shape.(Map.new(sent)), Map.new(returned)}
  end

  defp atom_keys(map), do: Map.new(map, fn {key, value} -> {String.to_atom(key), value} end)

  defp keys, do: Enum.take_random(@keys, :rand.uniform(6) - 1)

  # The members of a set are found by what they are, so this says again what each comes back as.
  defp returned({:bytes, bytes}), do: bytes
  defp returned(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> returned()
  defp returned(list) when is_list(list), do: Enum.map(list, &returned/1)
  defp returned(%DateTime{} = time), do: time

  # 1 and 1.0 are two members of a MapSet, but one of a Set.
  defp returned(%MapSet{} = set) do
    set
    |> Enum.map(&returned/1)
    |> Enum.uniq_by(&if(is_number(&1), do: &1, else: make_ref()))
  end

  defp returned(map) when is_map(map),
    do: Map.new(map, fn {key, value} -> {to_string(key), returned(value)} end)

  defp returned(number) when is_float(number) and trunc(number) == number, do: trunc(number)
  defp returned(other), do: other

  # Expressions

  defp literal do
    case :rand.uniform(10) do
      1 -> number(:rand.uniform(2000) - 1000)
      2 -> number(Enum.random([0.5, -1.25, 1.0e-7, 2 ** 53 - 1]))
      3 -> big(2 ** :rand.uniform(300))
      4 -> quoted(text())
      5 -> Enum.random([{"null", nil}, {"undefined", nil}, {"true", true}, {"false", false}])
      6 -> Enum.random([{"NaN", :NaN}, {"1 / 0", :Infinity}, {"-1 / 0", :"-Infinity"}])
      7 -> Enum.random([{"Symbol('ok')", :ok}, {"Symbol('no atom!')", "no atom!"}])
      8 -> Enum.random([{"'\\ud800'", "\uFFFD"}, {"'a\\udc00b'", "a\uFFFDb"}])
      9 -> bytes(:rand.bytes(:rand.uniform(9) - 1))
      10 -> date(:rand.uniform(4_000_000_000_000))
    end
  end

  defp number(number), do: {"#{number}", number}
  defp big(integer), do: {"#{integer}n", integer}

  defp quoted(text) do
    units = for <<unit::16 <- :unicode.characters_to_binary(text, :utf8, :utf16)>>, do: unit
    {"String.fromCharCode(#{Enum.join(units, ", ")})", text}
  end

  defp bytes(bytes) do
    list = bytes |> :binary.bin_to_list() |> Enum.join(", ")
    view = Enum.random(["Uint8Array.of(#{list})", "Uint8Array.of(#{list}).buffer"])
    {view, bytes}
  end

  defp date(ms), do: {"new Date(#{ms})", DateTime.from_unix!(ms, :millisecond)}

  defp expressions(size),
    do: Enum.unzip(for _ <- many_times(5), do: expression(size - 1))

  defp properties(size) do
    entries = for key <- keys(), do: {key, expression(size - 1)}

    sources = for {key, {source, _}} <- entries, do: "[#{elem(quoted(key), 0)}]: #{source}"

    {sources, Map.new(entries, fn {key, {_, term}} -> {key, term} end)}
  end

  defp indexed(terms) do
    for {term, index} <- Enum.with_index(terms), into: %{}, do: {Integer.to_string(index), term}
  end
end
