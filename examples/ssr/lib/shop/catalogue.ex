defmodule Shop.Catalogue do
  @moduledoc """
  The products, read from `priv/products.csv` at start.

  Whoever asks reads them from an ETS table, without a process in between.
  """

  use GenServer

  @page_size 12
  @columns ~w(sku name category price_cents stock rating description)

  @doc "Starts the owner of the table."
  def start_link(_options), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "Every product, by SKU."
  def all, do: :ets.lookup_element(__MODULE__, :all, 2)

  @doc "The categories, in the order of the file."
  def categories, do: :ets.lookup_element(__MODULE__, :categories, 2)

  @doc "How many pages the category has."
  def pages(category), do: ceil(length(of(category)) / @page_size)

  @doc "The props of page `number` (from 1) of a category."
  def category_page(category, number) do
    products = category |> of() |> Enum.slice((number - 1) * @page_size, @page_size)
    %{category: category, number: number, pages: pages(category), products: products}
  end

  @doc "The props of a product's page; raises `KeyError` for an SKU that there is not."
  def product_page(sku) do
    product =
      case :ets.lookup(__MODULE__, {:sku, sku}) do
        [{_key, product}] -> product
        [] -> raise KeyError, key: sku, term: __MODULE__
      end

    others = product["category"] |> of() |> Enum.reject(&(&1["sku"] == sku))
    near = Enum.sort_by(others, &abs(&1["price_cents"] - product["price_cents"]))
    %{product: product, similar: Enum.take(near, 4)}
  end

  defp of(category) do
    case :ets.lookup(__MODULE__, {:category, category}) do
      [{_key, products}] -> products
      [] -> raise KeyError, key: category, term: __MODULE__
    end
  end

  @impl true
  def init(nil) do
    :ets.new(__MODULE__, [:named_table, read_concurrency: true])
    products = :shop |> Application.app_dir("priv/products.csv") |> File.read!() |> parse()
    categories = products |> Enum.map(& &1["category"]) |> Enum.uniq()

    :ets.insert(__MODULE__, all: products, categories: categories)
    :ets.insert(__MODULE__, for(p <- products, do: {{:sku, p["sku"]}, p}))

    for {category, of_it} <- Enum.group_by(products, & &1["category"]),
        do: :ets.insert(__MODULE__, {{:category, category}, of_it})

    {:ok, nil}
  end

  @doc """
  Reads CSV text as RFC 4180 has it, without line breaks inside fields.
  """
  def parse(text) do
    [header | rows] = String.split(text, ["\r\n", "\n"], trim: true)
    @columns = fields(header)
    Enum.map(rows, fn row -> @columns |> Enum.zip(fields(row)) |> Map.new(&typed/1) end)
  end

  defp fields(row) do
    ~r/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/
    |> Regex.scan(row, capture: :all_but_first)
    |> Enum.map(fn
      [quoted] -> String.replace(quoted, ~s(""), ~s("))
      [_none, plain] -> plain
    end)
  end

  defp typed({column, text}) when column in ~w(price_cents stock),
    do: {column, String.to_integer(text)}

  defp typed({"rating", text}), do: {"rating", String.to_float(text)}
  defp typed(pair), do: pair
end
