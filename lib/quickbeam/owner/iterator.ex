defmodule QuickBEAM.Owner.Iterator do
  @moduledoc false
  # An iterator of a realm as an Elixir stream: opened when the stream is run, read in batches, and closed when its consumer
  # has enough. A consumer that is killed closes nothing, so a process of its own, the *keeper*, opens the iterator and closes it
  # in its stead.

  alias QuickBEAM.Owner.{Handler, Request}

  @first 16
  @most 2048

  @doc "The stream of what the script's value iterates over."
  @spec stream(Request.server(), String.t(), {timeout() | nil, String.t() | nil, map() | nil}) ::
          Enumerable.t()
  def stream(server, code, {timeout, filename, vars}) do
    run = fn op -> Request.run(server, op, timeout, :stream, [server, code]) end
    open = {:stream_open, code, filename, vars}

    Stream.resource(
      fn -> {open(fn -> run.(open) end, run, Request.parent(server)), @first, false} end,
      fn
        {_iterator, _count, true} = state ->
          {:halt, state}

        {{id, _keeper} = iterator, count, false} ->
          [items, done?] = unwrap!(run.({:stream_read, id, count}))
          {items, {iterator, min(count * 2, @most), done?}}
      end,
      fn {{id, keeper}, _count, done?} ->
        unless done?, do: close(run, id)
        send(keeper, :over)
      end
    )
  end

  defp open(open, run, parent) do
    consumer = self()
    {keeper, monitor} = spawn_monitor(fn -> keep(consumer, open, run, parent) end)

    receive do
      {^keeper, result} ->
        Process.demonitor(monitor, [:flush])
        {unwrap!(result), keeper}

      {:DOWN, ^monitor, :process, ^keeper, {:shutdown, reason}} ->
        exit(reason)

      {:DOWN, ^monitor, :process, ^keeper, reason} ->
        exit(reason)
    end
  end

  # What is opened for a handler runs for the handler's call. The exit of a request is the consumer's.
  defp keep(consumer, open, run, parent) do
    monitor = Process.monitor(consumer)
    Handler.put_parent(parent)

    try do
      open.()
    catch
      :exit, reason -> exit({:shutdown, reason})
    else
      result ->
        send(consumer, {self(), result})
        with {:ok, id} <- result, do: await_end(monitor, run, id)
    end
  end

  defp await_end(monitor, run, id) do
    receive do
      :over -> :ok
      {:DOWN, ^monitor, :process, _consumer, _reason} -> close(run, id)
    end
  end

  # What a failed stream leaves behind needs no closing, and a runtime that is gone has nothing to close.
  defp close(run, id) do
    run.({:stream_close, id})
  catch
    :exit, _reason -> :ok
  end

  defp unwrap!({:ok, value}), do: value
  defp unwrap!({:error, error}), do: raise(error)
end
