defmodule QuickBEAM.Bench.Measure do
  @moduledoc """
  How long does one run of a function take, and how far do runs lie apart?

  Every function here returns a list of samples in microseconds.
  """

  @samples 15
  @sample_us 8_000
  @warm_up_us 100_000
  @most_runs 1_000_000

  @doc """
  Runs `fun` over and over, after a warm-up, in batches that take about 8 ms each; one sample is the
  mean of one batch.
  """
  @spec repeat((... -> term())) :: [float()]
  def repeat(fun) do
    runs = calibrate(fun)
    for _ <- 1..@samples, do: batch(fun, runs) / runs
  end

  @doc """
  Runs `fun` `samples` times after two warm-ups; `fun` returns the microseconds that it took, so that
  it can prepare and clean up off the clock.
  """
  @spec each((... -> number()), pos_integer()) :: [number()]
  def each(fun, samples) do
    fun.()
    fun.()
    for _ <- 1..samples, do: fun.()
  end

  @doc "The microseconds that `fun` takes, and what it returns."
  @spec time((... -> result)) :: {float(), result} when result: term()
  def time(fun) do
    start = System.monotonic_time(:nanosecond)
    result = fun.()
    {(System.monotonic_time(:nanosecond) - start) / 1_000, result}
  end

  @doc "The median of a non-empty list."
  @spec median([number()]) :: float()
  def median(samples), do: quantile(Enum.sort(samples), 0.5)

  @doc "The mean of a non-empty list."
  @spec mean([number()]) :: float()
  def mean(samples), do: Enum.sum(samples) / length(samples)

  @doc "The value that `share` of the samples do not exceed."
  @spec percentile([number()], float()) :: float()
  def percentile(samples, share), do: quantile(Enum.sort(samples), share)

  @doc "Kilobytes of memory that this process of the system has resident."
  @spec resident_kb() :: non_neg_integer()
  def resident_kb do
    case File.read("/proc/self/smaps_rollup") do
      {:ok, text} ->
        [_, kb] = Regex.run(~r/^Rss:\s+(\d+) kB/m, text)
        String.to_integer(kb)

      {:error, reason} ->
        raise "the resident size cannot be read here: #{:file.format_error(reason)}"
    end
  end

  @doc """
  What `module.function(...args)`, a number, is in a new VM, whose memory nothing else has used.
  """
  @spec in_new_vm(module(), atom(), list()) :: number()
  def in_new_vm(module, function, args) do
    call = "IO.write(inspect(apply(#{inspect(module)}, #{inspect(function)}, #{inspect(args)})))"
    code = "{:ok, _} = Application.ensure_all_started(:quickbeam); #{call}"
    ebin = Path.join(Application.app_dir(:quickbeam), "ebin")
    required = Enum.flat_map(__ENV__.file |> Path.dirname() |> files(), &["-r", &1])

    case System.cmd("elixir", ["-pa", ebin] ++ required ++ ["-e", code]) do
      {output, 0} -> output |> Code.string_to_quoted!()
      {output, status} -> raise "a measurement ended with status #{status}: #{output}"
    end
  end

  @doc "The files of the benchmark in `directory`, in the order in which they are compiled."
  @spec files(Path.t()) :: [Path.t()]
  def files(directory) do
    named =
      Enum.map(
        ~w(measure.ex figure.ex report.ex echo.ex javascript.ex),
        &Path.join(directory, &1)
      )

    named ++ Path.wildcard(Path.join(directory, "figures/*.ex"))
  end

  @doc "Half the distance between the quartiles, in percent of the median."
  @spec spread([number()]) :: float()
  def spread(samples) do
    sorted = Enum.sort(samples)
    half = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2
    100 * half / max(quantile(sorted, 0.5), 1.0e-9)
  end

  defp quantile(sorted, share) do
    place = (length(sorted) - 1) * share
    low = Enum.at(sorted, floor(place))
    high = Enum.at(sorted, ceil(place))
    low + (high - low) * (place - floor(place))
  end

  defp calibrate(fun), do: calibrate(fun, 1, System.monotonic_time(:microsecond))

  # Doubling the batch until the warm-up is over also warms caches up in batches of the final size.
  defp calibrate(fun, runs, start) do
    took = batch(fun, runs)
    warm? = System.monotonic_time(:microsecond) - start > @warm_up_us

    cond do
      warm? and took >= @sample_us / 2 -> max(1, round(runs * @sample_us / took))
      runs >= @most_runs -> runs
      took >= @sample_us -> calibrate(fun, runs, start)
      true -> calibrate(fun, runs * 2, start)
    end
  end

  defp batch(fun, runs) do
    {took, :ok} = time(fn -> loop(fun, runs) end)
    took
  end

  defp loop(_fun, 0), do: :ok

  defp loop(fun, runs) do
    fun.()
    loop(fun, runs - 1)
  end
end
