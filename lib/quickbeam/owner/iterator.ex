defmodule QuickBEAM.Owner.Iterator do
  @moduledoc false
  # An iterator of a realm as an Elixir stream: opened when the stream is run, read in batches, and closed when its consumer
  # has enough.

  alias QuickBEAM.Owner.Request

  @first 16
  @most 2048

  @doc "The stream of what the script's value iterates over."
  @spec stream(Request.server(), String.t(), {timeout() | nil, String.t() | nil, map() | nil}) ::
          Enumerable.t()
  def stream(server, code, {timeout, filename, vars}) do
    ask = fn op -> unwrap!(Request.run(server, op, timeout, :stream, [server, code])) end

    Stream.resource(
      fn -> {ask.({:stream_open, code, filename, vars}), @first, false} end,
      fn
        {_id, _count, true} = state ->
          {:halt, state}

        {id, count, false} ->
          [items, done?] = ask.({:stream_read, id, count})
          {items, {id, min(count * 2, @most), done?}}
      end,
      fn
        {_id, _count, true} -> :ok
        {id, _count, false} -> close(server, {:stream_close, id}, timeout)
      end
    )
  end

  # What a failed stream leaves behind needs no closing, and a runtime that is gone has nothing to close.
  defp close(server, op, timeout) do
    Request.run(server, op, timeout, :stream, [server])
  catch
    :exit, _reason -> :ok
  end

  defp unwrap!({:ok, value}), do: value
  defp unwrap!({:error, error}), do: raise(error)
end
