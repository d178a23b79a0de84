defmodule QuickBEAM.Bench.Figure do
  @moduledoc """
  One figure: what is measured, what it is held against, and what it should reach.

    * `name` - what `make bench ONLY=pattern` matches
    * `unit` - `:us`, `:ms`, `:kb` or `:mb`
    * `measure` - returns samples, in microseconds or kilobytes
    * `baseline` - `{name, fun}`; `fun` returns samples of something comparable, in the same run
    * `rounds` - how often baseline and figure take turns. A machine is not equally fast all the
      time, so both should meet the same one. Default 3
    * `target` - what the median may be at most, in `unit`, or a function from the median of the
      baseline, in `unit`, to that
  """

  alias QuickBEAM.Bench.Measure

  @enforce_keys [:name, :unit, :measure, :baseline, :target]
  defstruct @enforce_keys ++ [rounds: 3]

  @type t :: %__MODULE__{
          name: String.t(),
          unit: :us | :ms | :kb | :mb,
          measure: (... -> [number()]),
          baseline: {String.t(), (... -> [number()])},
          rounds: pos_integer(),
          target: number() | (float() -> number())
        }

  @type result :: %{
          name: String.t(),
          unit: String.t(),
          median: float(),
          spread: float(),
          baseline: {String.t(), float()},
          target: float(),
          ok?: boolean()
        }

  @doc "Measures the baseline and the figure in turns."
  @spec run(t()) :: result()
  def run(figure) do
    {baseline_name, baseline} = figure.baseline
    rounds = for _ <- 1..figure.rounds, do: {alone(baseline), alone(figure.measure)}
    {baseline, samples} = Enum.unzip(rounds)
    samples = Enum.concat(samples)
    baseline = in_unit(Measure.median(Enum.concat(baseline)), figure.unit)
    median = in_unit(Measure.median(samples), figure.unit)
    target = target(figure.target, baseline)

    %{
      name: figure.name,
      unit: %{us: "µs", ms: "ms", kb: "KB", mb: "MB"}[figure.unit],
      median: median,
      spread: Measure.spread(samples),
      baseline: {baseline_name, baseline},
      target: target,
      ok?: median <= target
    }
  end

  # In a process of its own, whose heap holds nothing of the figures before.
  defp alone(measure), do: measure |> Task.async() |> Task.await(:infinity)

  defp in_unit(microseconds, :ms), do: microseconds / 1_000
  defp in_unit(kilobytes, :mb), do: kilobytes / 1_000
  defp in_unit(value, _unit), do: value / 1

  defp target(target, baseline) when is_function(target), do: target.(baseline) / 1
  defp target(target, _baseline), do: target / 1
end
