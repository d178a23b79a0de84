defmodule QuickBEAM.Soak.Expectation do
  @moduledoc """
  What may an op end with?

  A client knows what its op must give. What chaos does meanwhile (a killed context, pool or handler, a reset by another
  client) adds endings of its own, and each of them is named here; anything else is a finding.
  """

  alias QuickBEAM.JSError

  @typedoc "How an op ended: its result, or how the request exited."
  @type ending :: term()

  @doc "Whether the op ended as it should, as others may have made it end, or wrongly."
  @spec judge(ending(), (term() -> boolean())) :: :expected | :disturbed | :wrong
  def judge(ending, expected?) do
    cond do
      expected?.(ending) -> :expected
      disturbed?(ending) -> :disturbed
      true -> :wrong
    end
  end

  # The context was killed, with its owner or its pool, or ended for want of memory.
  defp disturbed?({:exit, {:noproc, _call}}), do: true
  defp disturbed?({:exit, {reason, _call}}) when reason in [:killed, :normal, :shutdown], do: true
  defp disturbed?({:exit, {{:shutdown, _why}, _call}}), do: true
  defp disturbed?({:exit, {{:quickbeam_dead, %JSError{}}, _call}}), do: true

  # Another client reset it, used up its memory, or timed out while this op's code ran.
  defp disturbed?({:error, %JSError{name: name}})
       when name in ["InterruptedError", "OutOfMemoryError", "BusyError"],
       do: true

  # The process that sets it up again was killed.
  defp disturbed?({:error, %JSError{name: "InternalError", message: message}}),
    do: message =~ ~r/^the reset failed: (killed|shutdown)/

  defp disturbed?(_ending), do: false
end
