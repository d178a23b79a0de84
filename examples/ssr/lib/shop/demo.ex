defmodule Shop.Demo do
  @moduledoc """
  Renders pages from many callers at once while one runtime is killed, and counts what was lost.
  """

  alias Shop.{Catalogue, Renderer}

  @doc """
  Renders `pages` pages from `callers` concurrent processes; half way through,
  kills the runtime `victim`.

  Returns a map of counts, the duration in seconds, and the sorted latencies in microseconds.
  """
  def run(pages, callers, victim) do
    before = pids()
    routes = routes()
    start = System.monotonic_time()

    results =
      1..callers
      |> Task.async_stream(
        fn caller ->
          for number <- caller..pages//callers, do: page(number, pages, routes, victim)
        end,
        max_concurrency: callers,
        timeout: :infinity
      )
      |> Enum.flat_map(fn {:ok, results} -> results end)

    seconds = (System.monotonic_time() - start) / System.convert_time_unit(1, :second, :native)
    good = for {:ok, _latency, _retries} = result <- results, do: result

    %{
      pages: length(good),
      lost: pages - length(good),
      errors: for({:lost, reason} <- results, uniq: true, do: reason),
      retries: good |> Enum.map(&elem(&1, 2)) |> Enum.sum(),
      restarts: restarts(before),
      seconds: seconds,
      latencies: good |> Enum.map(&elem(&1, 1)) |> Enum.sort()
    }
  end

  @doc "The value that `percent` of a sorted, non-empty list do not exceed."
  def percentile(sorted, percent),
    do: Enum.at(sorted, max(ceil(length(sorted) * percent / 100) - 1, 0))

  @doc "Every route of the shop with a text that its page must show."
  def routes do
    categories =
      for category <- Catalogue.categories(), number <- 1..Catalogue.pages(category) do
        {%{page: "category", category: category, number: number},
         "#{category}, page #{number} of "}
      end

    products =
      for product <- Catalogue.all(),
          do: {%{page: "product", sku: product["sku"]}, "<h2>#{escape(product["name"])}</h2>"}

    List.to_tuple(categories ++ products)
  end

  defp page(number, pages, routes, victim) do
    if number == div(pages, 2), do: kill(victim)

    {route, expected} = elem(routes, rem(number, tuple_size(routes)))
    start = System.monotonic_time()

    case Renderer.render(route) do
      {:ok, html, retries} ->
        latency = System.monotonic_time() - start
        microseconds = System.convert_time_unit(latency, :native, :microsecond)

        if whole?(html, expected),
          do: {:ok, microseconds, retries},
          else: {:lost, {:wrong, route}}

      {:error, reason} ->
        {:lost, reason}
    end
  end

  defp kill(victim) do
    case Process.whereis(victim) do
      nil -> :ok
      pid -> Process.exit(pid, :kill)
    end
  end

  # A page cut short, or of another route, counts as lost.
  defp whole?(html, expected), do: html =~ expected and String.ends_with?(html, "</html>")

  defp restarts(before) do
    # The supervisor answers only when it has restarted whatever died.
    Supervisor.which_children(Renderer)
    Enum.count(pids(), fn {name, pid} -> is_pid(pid) and before[name] != pid end)
  end

  defp pids, do: Map.new(Renderer.runtimes(), &{&1, Process.whereis(&1)})

  defp escape(text) do
    text |> String.replace("&", "&amp;") |> String.replace("<", "&lt;")
  end
end
