defmodule QuickBEAM.Bench.Report do
  @moduledoc "Prints results a line each, and writes them with the machine and the date to a file."

  @columns [
    {"figure", 44, :left},
    {"median", 10, :right},
    {"spread", 8, :right},
    {"unit", 5, :left},
    {"baseline of this run", 38, :left},
    {"target", 10, :right},
    {"", 6, :left}
  ]

  @doc "The line of column names."
  @spec header() :: String.t()
  def header, do: line(Enum.map(@columns, &elem(&1, 0)))

  @doc "The line of a result."
  @spec row(QuickBEAM.Bench.Figure.result()) :: String.t()
  def row(result), do: result |> cells() |> line()

  @doc "Writes `results` to `path` as Markdown."
  @spec write([QuickBEAM.Bench.Figure.result()], Path.t()) :: :ok
  def write(results, path) do
    names = @columns |> Enum.map(&elem(&1, 0)) |> List.replace_at(-1, "verdict")
    rows = [names, Enum.map(names, fn _ -> "---" end) | Enum.map(results, &cells/1)]
    table = Enum.map_join(rows, "\n", &"| #{Enum.join(&1, " | ")} |")

    File.write!(path, """
    # Benchmark results

    Written by `make bench RECORD=1` on #{Date.utc_today()}.

    #{Enum.map_join(machine(), "\n", fn {what, value} -> "- #{what}: #{value}" end)}

    Every figure is the median of several runs after a warm-up; the spread is half the distance between the
    quartiles, in percent of the median. Each baseline was measured in the same run.

    #{table}
    """)
  end

  defp cells(result) do
    {name, baseline} = result.baseline

    [
      result.name,
      number(result.median),
      "±#{number(result.spread)}%",
      result.unit,
      "#{number(baseline)} #{name}",
      number(result.target),
      if(result.ok?, do: "ok", else: "misses")
    ]
  end

  defp line(cells) do
    cells
    |> Enum.zip(@columns)
    |> Enum.map_join("  ", fn
      {cell, {_, width, :left}} -> String.pad_trailing(cell, width)
      {cell, {_, width, :right}} -> String.pad_leading(cell, width)
    end)
    |> String.trim_trailing()
  end

  # Three digits tell apart what the spread of a run lets one tell apart.
  defp number(value) when value >= 100, do: value |> round() |> Integer.to_string()
  defp number(value) when value >= 10, do: :erlang.float_to_binary(value, decimals: 1)
  defp number(value) when value >= 0.1, do: :erlang.float_to_binary(value / 1, decimals: 2)
  defp number(value), do: :erlang.float_to_binary(value / 1, decimals: 4)

  defp machine do
    versions = QuickBEAM.Native.version()

    [
      processor: "#{processor()}, #{System.schedulers_online()} cores",
      system: to_string(:erlang.system_info(:system_architecture)),
      "Elixir": "#{System.version()} on Erlang/OTP #{System.otp_release()}",
      QuickBEAM: "#{versions.quickbeam}, #{System.get_env("QUICKBEAM_PROFILE", "release")} build",
      "QuickJS-NG": versions.quickjs
    ]
  end

  defp processor do
    with {:ok, text} <- File.read("/proc/cpuinfo"),
         [_, name] <- Regex.run(~r/^model name\s*:\s*(.+)$/m, text) do
      name
    else
      _ -> "unknown"
    end
  end
end
