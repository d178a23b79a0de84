defmodule Shop.Renderer do
  @moduledoc """
  Four JavaScript runtimes under one supervisor, and a `render/1` that survives the loss of one.

  Each runtime runs `assets/shop.tsx` at start. One that dies is restarted by the supervisor;
  whoever was waiting for it gets an error, and `render/1` asks the next runtime.
  """

  use Supervisor

  alias Shop.Catalogue

  @runtimes [:shop_renderer_1, :shop_renderer_2, :shop_renderer_3, :shop_renderer_4]
  @attempts 8
  @timeout 5_000

  @doc "Starts the runtimes and their supervisor."
  def start_link(_options), do: Supervisor.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "The names of the runtimes."
  def runtimes, do: @runtimes

  @doc """
  Renders a route to HTML.

  Returns `{:ok, html, retries}`, where `retries` counts the runtimes that died meanwhile, or
  `{:error, reason}` if the page itself fails or every attempt met a dead runtime.
  """
  def render(route) do
    turn = {__MODULE__, :turn} |> :persistent_term.get() |> :atomics.add_get(1, 1)
    render(route, turn, 0)
  end

  defp render(_route, _turn, @attempts), do: {:error, :no_runtime}

  defp render(route, turn, retries) do
    runtime = Enum.at(@runtimes, rem(turn, length(@runtimes)))

    case ask(runtime, route) do
      {:ok, html} -> {:ok, html, retries}
      :died -> render(route, turn + 1, retries + 1)
      {:error, error} -> {:error, error}
    end
  end

  # A runtime that dies ends the calls that it was working on with an InterruptedError; until its
  # supervisor has restarted it, its name is not registered.
  defp ask(runtime, route) do
    case QuickBEAM.call(runtime, "renderPage", [route], timeout: @timeout) do
      {:ok, html} -> {:ok, html}
      {:error, %QuickBEAM.JSError{name: "InterruptedError"}} -> :died
      {:error, error} -> {:error, error}
    end
  catch
    :exit, _reason -> :died
  end

  @impl true
  def init(nil) do
    :persistent_term.put({__MODULE__, :turn}, :atomics.new(1, signed: false))
    script = Path.join([__DIR__, "..", "..", "assets", "shop.tsx"]) |> Path.expand()

    handlers = %{
      "categories" => fn [] -> Catalogue.categories() end,
      "category" => fn [category, number] -> Catalogue.category_page(category, number) end,
      "product" => fn [sku] -> Catalogue.product_page(sku) end
    }

    runtimes =
      for name <- @runtimes, do: {QuickBEAM, name: name, script: script, handlers: handlers}

    Supervisor.init(runtimes, strategy: :one_for_one)
  end
end
