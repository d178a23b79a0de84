defmodule QuickBEAM.Test.LoggerMetadata do
  @moduledoc "Log events of one runtime as Logger's handlers get them, with their metadata."

  @doc "The name that a runtime has in metadata."
  @spec runtime(pid()) :: term()
  def runtime(pid), do: :sys.get_state(pid).name

  @doc "What the runtime of that name logs while `fun` runs: messages, levels and metadata."
  @spec capture(term(), (... -> term())) :: [{String.t(), :logger.level(), map()}]
  def capture(name, fun) do
    id = :"metadata_#{System.unique_integer([:positive])}"
    config = %{config: %{test: self(), name: name, ref: ref = make_ref()}, level: :all}
    :ok = :logger.add_handler(id, __MODULE__, Map.put(config, :ref, ref))

    try do
      fun.()
    after
      :logger.remove_handler(id)
    end

    collect(ref, [])
  end

  @doc false
  def log(%{level: level, msg: msg, meta: meta}, %{config: config}) do
    if meta[:runtime] == config.name,
      do: send(config.test, {config.ref, text(msg), level, meta})
  end

  defp text({:string, text}), do: IO.chardata_to_string(text)
  defp text({:report, report}), do: inspect(report)
  defp text({format, args}), do: format |> :io_lib.format(args) |> IO.chardata_to_string()

  defp collect(ref, events) do
    receive do
      {^ref, text, level, metadata} -> collect(ref, [{text, level, metadata} | events])
    after
      0 -> Enum.reverse(events)
    end
  end
end
