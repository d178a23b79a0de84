defmodule QuickBEAM.Owner.Console do
  @moduledoc false
  # What a realm prints, and the errors that nothing in it caught, on their way to Logger.

  alias QuickBEAM.JSError

  require Logger

  @type output :: %{
          level: :debug | :info | :warning | :error,
          text: String.t(),
          method: String.t(),
          file: String.t() | nil,
          line: pos_integer() | nil
        }

  @doc "Gives `output` to the `console` function of the owner `name`, or to Logger if it is nil."
  @spec print(output(), (output() -> term()) | nil, term()) :: :ok
  def print(output, nil, name) do
    metadata = [runtime: name, console: output.method] ++ location(output.file, output.line)
    Logger.log(output.level, fn -> output.text end, metadata)
  end

  def print(output, console, name) do
    console.(output)
    :ok
  rescue
    exception ->
      text = Exception.format(:error, exception, __STACKTRACE__)
      Logger.error(fn -> "the :console function of a runtime failed: #{text}" end, runtime: name)
  catch
    kind, reason ->
      text = Exception.format(kind, reason, __STACKTRACE__)
      Logger.error(fn -> "the :console function of a runtime failed: #{text}" end, runtime: name)
  end

  @doc "Logs an exception or rejection that nothing caught."
  @spec uncaught(:exception | :rejection, JSError.t(), term()) :: :ok
  def uncaught(kind, error, name) do
    metadata = [runtime: name, crash_reason: {error, []}] ++ location(error.filename, error.line)
    Logger.error(fn -> [title(kind), Exception.message(error), stack(error.stack)] end, metadata)
  end

  @doc "Logs that messages were lost because they came faster than they could be logged."
  @spec dropped(pos_integer(), term()) :: :ok
  def dropped(count, name) do
    text = "messages of the console and uncaught errors came too fast: #{count} were dropped"
    Logger.warning(fn -> text end, runtime: name)
  end

  @doc "Logs that messages sent to the owner process are dropped, and how many so far."
  @spec inbox_full(pos_integer(), term()) :: :ok
  def inbox_full(count, name) do
    text = "the inbox is full: messages sent to it are dropped, #{count} so far"
    Logger.warning(fn -> text end, runtime: name)
  end

  @doc "Logs how many messages the full inbox took from the runtime."
  @spec refused(pos_integer(), term()) :: :ok
  def refused(count, name) do
    text = "the inbox was full: #{count} messages were dropped"
    Logger.warning(fn -> text end, runtime: name)
  end

  defp title(:exception), do: "Uncaught "
  defp title(:rejection), do: "Uncaught (in promise) "

  defp stack(stack) when stack in [nil, ""], do: []
  defp stack(stack), do: ["\n", String.trim_trailing(stack)]

  defp location(nil, _line), do: []
  defp location(file, line), do: [file: file, line: line || 0]
end
