defmodule QuickBEAM.Bench.JavaScript do
  @moduledoc "How long does a JavaScript function take, without the call to it?"

  alias QuickBEAM.Bench.Measure

  @samples 9

  @doc """
  Runs `setup` in a new runtime and then `function`, which is given `times` and does its work that
  often; a sample is the microseconds of one.
  """
  @spec samples(String.t(), String.t(), pos_integer()) :: [float()]
  def samples(setup, function, times) do
    {:ok, runtime} = QuickBEAM.start()
    {:ok, _} = QuickBEAM.eval(runtime, setup <> "\nnull")
    samples = Measure.each(fn -> run(runtime, function, times) end, @samples)
    QuickBEAM.stop(runtime)
    samples
  end

  defp run(runtime, function, times) do
    {took, {:ok, _}} = Measure.time(fn -> QuickBEAM.call(runtime, function, [times]) end)
    took / times
  end
end
