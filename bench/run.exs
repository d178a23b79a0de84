# `make bench`: measures every figure and holds it against its target. Environment:
#
#   ONLY=pattern   only the figures whose names match the regular expression, upper or lower case
#   CHECK=1        status 1 if one of them misses its target
#   RECORD=1       writes bench/RESULTS.md (of all figures, therefore without ONLY)
#
# Everything that is measured is compiled: what a script itself runs is interpreted.
Code.require_file("measure.ex", __DIR__)
for file <- QuickBEAM.Bench.Measure.files(__DIR__), do: Code.require_file(file)

alias QuickBEAM.Bench.{
  Contexts,
  CPU,
  Documents,
  Figure,
  Footprint,
  Handlers,
  Lifecycle,
  Memory,
  Network,
  Pools,
  Processes,
  Report,
  Requests,
  Web
}

set? = fn name -> System.get_env(name, "") not in ["", "0"] end
only = System.get_env("ONLY", "")

pattern =
  case Regex.compile(only, "iu") do
    {:ok, pattern} ->
      pattern

    {:error, {reason, at}} ->
      Mix.raise("ONLY=#{only} is no regular expression: #{reason} at #{at}")
  end

if set?.("RECORD") and only != "",
  do: Mix.raise("RECORD=1 writes all figures; it cannot go with ONLY")

figures =
  for suite <- [
        Lifecycle,
        Requests,
        Handlers,
        Memory,
        Footprint,
        Contexts,
        Pools,
        Processes,
        Web,
        Documents,
        Network,
        CPU
      ],
      figure <- suite.figures(),
      figure.name =~ pattern,
      do: figure

if figures == [], do: Mix.raise("ONLY=#{only} matches no figure")

IO.puts(Report.header())

results =
  for figure <- figures do
    result = Figure.run(figure)
    IO.puts(Report.row(result))
    result
  end

missed = Enum.reject(results, & &1.ok?)
IO.puts("\n#{length(results) - length(missed)} of #{length(results)} targets reached")

if set?.("RECORD"), do: Report.write(results, Path.join(__DIR__, "RESULTS.md"))
if set?.("CHECK") and missed != [], do: System.halt(1)
