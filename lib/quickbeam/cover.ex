defmodule QuickBEAM.Cover do
  @moduledoc """
  Which lines of JavaScript and TypeScript a test run has reached.

  In `mix.exs`:

      def project do
        [
          # ...
          test_coverage: [tool: QuickBEAM.Cover]
        ]
      end

  Then `mix test --cover` counts the lines of every script that a runtime, a context or a worker is started with meanwhile, of
  what is bundled with it from outside of `node_modules`, of files that workers import by `importScripts`, of modules given to
  `QuickBEAM.load_module/3`, and of code given to `QuickBEAM.eval/3` and `QuickBEAM.eval_ts/3` with a `:filename`. At the end it prints a table,
  writes `cover/lcov.info` for editors and services that read [LCOV](https://github.com/linux-test-project/lcov), and then lets Mix
  report the coverage of Elixir as ever.

  Code that is evaluated without a `:filename` is part of the test, as a rule, and has no file whose lines a report could show: it is
  not counted. What it calls is.

  Options, beside those of Mix's own tool in `:test_coverage`:

    * `:js` - a keyword list:
      * `:output` - the LCOV file; default `"lcov.info"` in the option `:output` of Mix's tool, which is `"cover"`; `nil` for none
      * `:ignore` - paths and regular expressions of files to leave out
      * `:threshold` - the percentage of lines below which the run fails with status 3; default: none
      * `:elixir` - `false` leaves out Mix's own report

  By hand, in a script or a console:

      QuickBEAM.Cover.start()
      # start runtimes with scripts, and use them
      IO.puts(QuickBEAM.Cover.text(QuickBEAM.Cover.lines()))
      QuickBEAM.Cover.stop()

  A runtime that is started while it is off runs its script as it is, at no cost. Counting takes about a tenth of a microsecond for
  each statement.
  """

  alias QuickBEAM.Owner.Census

  @key {__MODULE__, :started}

  @typedoc "How often each line has run, by file."
  @type lines :: %{Path.t() => %{pos_integer() => non_neg_integer()}}

  @doc """
  From now on, runtimes that are started count the lines of their scripts, unless they are given `cover: false`. What was counted
  before is forgotten.
  """
  @spec start() :: :ok
  def start do
    Census.forget_lines()
    :persistent_term.put(@key, true)
  end

  @doc "From now on, runtimes that are started count nothing, unless they are given `cover: true`."
  @spec stop() :: :ok
  def stop do
    :persistent_term.put(@key, false)
  end

  @doc "Whether runtimes that are started count lines."
  @spec started?() :: boolean()
  def started?, do: :persistent_term.get(@key, false)

  @doc """
  What all runtimes of this node have counted since `start/0`, those that are gone included. Files below the current directory are
  named relative to it.

      iex> is_map(QuickBEAM.Cover.lines())
      true
  """
  @spec lines() :: lines()
  def lines do
    for {file, lines} <- Census.lines(), reduce: %{} do
      all -> Map.update(all, Path.relative_to_cwd(file), lines, &sum(&1, lines))
    end
  end

  defp sum(some, others), do: Map.merge(some, others, fn _line, a, b -> a + b end)

  @doc """
  The lines in the format of LCOV tracefiles.

      iex> QuickBEAM.Cover.lcov(%{"a.ts" => %{1 => 2, 3 => 0}})
      "TN:\\nSF:a.ts\\nDA:1,2\\nDA:3,0\\nLF:2\\nLH:1\\nend_of_record\\n"
  """
  @spec lcov(lines()) :: String.t()
  def lcov(lines) do
    Enum.map_join(Enum.sort(lines), fn {file, lines} ->
      data = Enum.map_join(Enum.sort(lines), fn {line, hits} -> "DA:#{line},#{hits}\n" end)
      {hit, found} = counts(lines)
      "TN:\nSF:#{file}\n#{data}LF:#{found}\nLH:#{hit}\nend_of_record\n"
    end)
  end

  @doc """
  The lines as a table: each file's percentage, and which of its lines have not run.

      iex> IO.puts(QuickBEAM.Cover.text(%{"a.ts" => %{1 => 2, 3 => 0, 4 => 0, 5 => 1}}))
      :ok
      iex> QuickBEAM.Cover.text(%{"a.ts" => %{1 => 2, 3 => 0, 4 => 0, 5 => 1}})
      "Percentage | File  (lines that have not run)\\n-----------|--------------------------\\n    50.00% | a.ts  (3-4)\\n-----------|--------------------------\\n    50.00% | Total\\n"
  """
  @spec text(lines()) :: String.t()
  def text(lines) do
    rule = "-----------|--------------------------\n"

    rows =
      for {file, lines} <- Enum.sort(lines), do: row(percentage(lines), file <> missed(lines))

    head = "Percentage | File  (lines that have not run)\n"
    IO.iodata_to_binary([head, rule, rows, rule, row(total(lines), "Total")])
  end

  @doc """
  The percentage of the lines that have run; 100.0 if there are none.

      iex> QuickBEAM.Cover.total(%{"a.ts" => %{1 => 2, 3 => 0}, "b.ts" => %{1 => 1, 2 => 7}})
      75.0
  """
  @spec total(lines()) :: float()
  def total(lines) do
    counts = for {_file, lines} <- lines, do: counts(lines)

    {hit, found} =
      Enum.reduce(counts, {0, 0}, fn {h, f}, {hit, found} -> {hit + h, found + f} end)

    percent(hit, found)
  end

  defp row(percentage, text),
    do: [
      String.pad_leading(:erlang.float_to_binary(percentage, decimals: 2), 9),
      "% | ",
      text,
      "\n"
    ]

  defp percentage(lines) do
    {hit, found} = counts(lines)
    percent(hit, found)
  end

  defp percent(_hit, 0), do: 100.0
  defp percent(hit, found), do: 100 * hit / found

  defp counts(lines), do: {Enum.count(lines, fn {_line, hits} -> hits > 0 end), map_size(lines)}

  # Runs of lines among those that could have run.
  defp missed(lines) do
    ranges =
      lines
      |> Enum.sort()
      |> Enum.chunk_by(fn {_line, hits} -> hits > 0 end)
      |> Enum.reject(fn [{_line, hits} | _] -> hits > 0 end)
      |> Enum.map(fn chunk -> {elem(hd(chunk), 0), elem(List.last(chunk), 0)} end)

    case ranges do
      [] -> ""
      ranges -> "  (" <> Enum.map_join(ranges, ", ", &range/1) <> ")"
    end
  end

  defp range({line, line}), do: "#{line}"
  defp range({first, last}), do: "#{first}-#{last}"

  @doc """
  What Mix calls as a coverage tool; returns the function that reports.
  """
  @spec start(Path.t(), keyword()) :: (() -> term())
  def start(compile_path, options) do
    # The tests may be those of a project that starts no application.
    {:ok, _} = Application.ensure_all_started(:quickbeam)
    {js, options} = Keyword.pop(options, :js, [])
    start()
    elixir = if Keyword.get(js, :elixir, true), do: elixir(compile_path, options)

    fn ->
      covered? = report(js, Keyword.get(options, :output, "cover"))
      if elixir, do: elixir.()
      unless covered?, do: System.at_exit(fn _status -> exit({:shutdown, 3}) end)
    end
  end

  defp elixir(compile_path, options) do
    # Not a tool that another project would call; but it is the one that this one stands in for.
    apply(Mix.Tasks.Test.Coverage, :start, [compile_path, Keyword.delete(options, :tool)])
  end

  # Whether enough lines have run.
  defp report(js, directory) do
    lines =
      lines() |> Map.reject(fn {file, _lines} -> ignored?(file, Keyword.get(js, :ignore, [])) end)

    total = total(lines)
    threshold = Keyword.get(js, :threshold, 0)
    IO.puts(["\nCoverage of JavaScript:\n\n", text(lines)])

    with output when is_binary(output) <-
           Keyword.get(js, :output, Path.join(directory, "lcov.info")) do
      File.mkdir_p!(Path.dirname(output))
      File.write!(output, lcov(lines))
    end

    if total < threshold,
      do: IO.puts("Coverage of JavaScript is below the threshold of #{threshold}%")

    total >= threshold
  end

  defp ignored?(file, patterns) do
    Enum.any?(patterns, fn
      %Regex{} = regex ->
        Regex.match?(regex, file)

      path ->
        Path.relative_to_cwd(path) == file or
          String.starts_with?(file, Path.relative_to_cwd(path) <> "/")
    end)
  end
end
