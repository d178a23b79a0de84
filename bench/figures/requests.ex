defmodule QuickBEAM.Bench.Requests do
  @moduledoc """
  What does a request cost, from the caller to JavaScript and back, with small and with large values?
  """

  alias QuickBEAM.Bench.{Echo, Figure, Measure}

  @setup "function noop() {} function identity(value) { return value }"

  @doc "The figures."
  def figures, do: round_trips() ++ values()

  defp round_trips do
    [
      %Figure{
        name: "eval 1+1",
        unit: :us,
        measure: measure(fn runtime -> {:ok, 2} = QuickBEAM.eval(runtime, "1+1") end),
        baseline: echo(2),
        # The engine alone needs 1.5 µs.
        target: fn echo -> min(7, 2.5 * echo + 1.5) end
      },
      %Figure{
        name: "eval of a script never seen before",
        unit: :us,
        measure:
          measure(fn runtime ->
            {:ok, _} = QuickBEAM.eval(runtime, "1+#{System.unique_integer([:positive])}")
          end),
        baseline: echo(2),
        target: 7
      },
      %Figure{
        name: "call noop()",
        unit: :us,
        measure: measure(fn runtime -> {:ok, nil} = QuickBEAM.call(runtime, "noop") end),
        baseline: echo(nil),
        target: 5
      },
      %Figure{
        name: "call with a small map there and back",
        unit: :us,
        measure: identity(small()),
        baseline: echo(small()),
        target: 8
      }
    ]
  end

  defp values do
    ascii = String.duplicate("a", 1_000_000)
    non_ascii = String.duplicate("ä€", 200_000)

    [
      %Figure{
        name: "call identity, 100 users of 4 fields",
        unit: :us,
        measure: identity(users()),
        baseline: external(users()),
        target: 150
      },
      %Figure{
        name: "call identity, 5,000 rows",
        unit: :ms,
        measure: identity(rows()),
        baseline: external(rows()),
        target: 10
      },
      %Figure{
        name: "call identity, 1 MB ASCII string",
        unit: :ms,
        measure: identity(ascii),
        baseline: copy(ascii),
        target: 0.2
      },
      %Figure{
        name: "call identity, 1 MB non-ASCII string",
        unit: :ms,
        measure: identity(non_ascii),
        baseline: copy(non_ascii),
        target: 1
      }
    ]
  end

  defp measure(fun) do
    fn ->
      {:ok, runtime} = QuickBEAM.start()
      QuickBEAM.eval(runtime, @setup)
      samples = Measure.repeat(fn -> fun.(runtime) end)
      QuickBEAM.stop(runtime)
      samples
    end
  end

  # The same value must come back, else the figure says nothing; only the first one is compared, off
  # the clock.
  defp identity(value) do
    fn ->
      {:ok, runtime} = QuickBEAM.start()
      QuickBEAM.eval(runtime, @setup)
      {:ok, ^value} = QuickBEAM.call(runtime, "identity", [value])
      samples = Measure.repeat(fn -> {:ok, _} = QuickBEAM.call(runtime, "identity", [value]) end)
      QuickBEAM.stop(runtime)
      samples
    end
  end

  defp echo(term) do
    {"GenServer.call echo",
     fn ->
       {:ok, server} = Echo.start_link()
       samples = Measure.repeat(fn -> Echo.call(server, term) end)
       GenServer.stop(server)
       samples
     end}
  end

  defp external(term) do
    {"term_to_binary and back",
     fn -> Measure.repeat(fn -> :erlang.binary_to_term(:erlang.term_to_binary(term)) end) end}
  end

  defp copy(binary),
    do: {":binary.copy", fn -> Measure.repeat(fn -> :binary.copy(binary) end) end}

  defp small, do: %{"id" => 7, "name" => "Ada", "tags" => ["a", "b"], "active" => true}

  # No float here is integral: such a number comes back as an integer.
  defp users do
    for id <- 1..100 do
      %{
        "id" => id,
        "name" => "User #{id}",
        "email" => "user#{id}@example.com",
        "score" => id + 0.5
      }
    end
  end

  # 1.2 MB as external term.
  defp rows do
    for id <- 1..5_000 do
      %{
        "id" => id,
        "sku" => "SKU-#{id}",
        "name" => "Product number #{id}",
        "price" => id + 0.25,
        "stock" => rem(id * 31, 400),
        "category" => "category #{rem(id, 12)}",
        "description" =>
          "A product that is described in one sentence of some length, number #{id}.",
        "active" => rem(id, 3) == 0
      }
    end
  end
end
