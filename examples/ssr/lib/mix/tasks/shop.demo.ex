defmodule Mix.Tasks.Shop.Demo do
  @shortdoc "Renders 1,000 pages while one of four runtimes is killed"
  @moduledoc """
  Writes one rendered page to `page.html`, then renders 1,000 pages from 16 callers while one of the
  four supervised runtimes is killed, and prints what happened.

  Ends with status 0 if every page was rendered and the killed runtime was restarted, else with 1.
  """

  use Mix.Task

  @pages 1_000
  @callers 16
  @victim :shop_renderer_2
  @file_name "page.html"

  @impl true
  def run(_args) do
    Mix.Task.run("app.start")
    write_one_page()
    result = Shop.Demo.run(@pages, @callers, @victim)
    report(result)

    cond do
      result.lost > 0 -> Mix.raise("#{result.lost} pages were lost: #{inspect(result.errors)}")
      result.restarts == 0 -> Mix.raise("#{@victim} was killed, but not restarted")
      true -> :ok
    end
  end

  defp write_one_page do
    {:ok, html, _retries} = Shop.Renderer.render(%{page: "product", sku: "KI-1001"})
    File.write!(@file_name, html)
    Mix.shell().info("#{Path.expand(@file_name)} (#{byte_size(html)} bytes) begins with:\n")

    html
    |> String.replace("><", ">\n<")
    |> String.split("\n", trim: true)
    |> Enum.take(18)
    |> Enum.each(&Mix.shell().info("    " <> String.slice(&1, 0, 100)))
  end

  defp report(result) do
    Mix.shell().info("""

    pages             #{result.pages}, from #{@callers} callers
    pages per second  #{round(result.pages / result.seconds)}
    p50 / p99         #{milliseconds(result.latencies, 50)} / #{milliseconds(result.latencies, 99)} ms
    restarts          #{result.restarts} (#{@victim} was killed after half of the pages)
    retries           #{result.retries} (callers that met the dead runtime and asked another one)
    lost              #{result.lost}\
    """)
  end

  defp milliseconds([], _percent), do: "-"

  defp milliseconds(latencies, percent),
    do: Float.round(Shop.Demo.percentile(latencies, percent) / 1_000, 2)
end
