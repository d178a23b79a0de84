defmodule QuickBEAM.Owner.Stream do
  @moduledoc false
  # A handler's result that JavaScript takes item by item. The process of the handler stays, and makes
  # items only when it is asked: by `{:quickbeam_stream, :next, id}`, for a batch that answers the call
  # `id`, or by `{:quickbeam_stream, :close}`, which ends it.
  #
  # A batch is what comes within a millisecond, of a size that doubles as long as JavaScript asks for more.
  # An item costs a reply of its own only while a stream is slower than that.

  alias QuickBEAM.Native
  alias QuickBEAM.Owner.Handler

  @first 16
  @most 2048
  # Bytes are not known before an item is converted; large items shall not come by the thousand.
  @patience_us 1000

  @items :"$quickbeam_items"

  @doc """
  Whether a handler's result is a stream: an enumerable that has no counterpart among JavaScript's values, so neither a
  list nor a map, a `MapSet` or a `Range`.
  """
  @spec stream?(term()) :: boolean()
  def stream?(%Stream{}), do: true
  def stream?(%module{}) when module in [MapSet, Range, Date.Range], do: false
  def stream?(%_module{} = struct), do: Enumerable.impl_for(struct) != nil
  def stream?(fun), do: is_function(fun, 2)

  @doc "Serves the stream until it ends; the calling process is the handler's."
  @spec serve(Enumerable.t(), Handler.call()) :: :ok
  def serve(stream, call) do
    reducer = fn item, {count, limit, deadline} ->
      Process.put(@items, [item | Process.get(@items)])
      acc = {count + 1, limit, deadline}

      if count + 1 >= limit or now() >= deadline,
        do: {:suspend, acc},
        else: {:cont, acc}
    end

    wait(&Enumerable.reduce(stream, &1, reducer), @first, call)
  end

  defp wait(continue, limit, call) do
    receive do
      {:quickbeam_stream, :next, id} -> batch(continue, limit, id, call)
      {:quickbeam_stream, :close} -> close(continue)
    end
  end

  defp batch(continue, limit, id, call) do
    Process.put(@items, [])

    case attempt(fn -> continue.({:cont, {0, limit, now() + @patience_us}}) end, call) do
      {:ok, {:suspended, _acc, continue}} ->
        answer(call, id, taken(), false)
        wait(continue, min(limit * 2, @most), call)

      {:ok, _done_or_halted} ->
        answer(call, id, taken(), true)

      {:error, failure} ->
        fail(taken(), id, failure, call)
    end
  end

  # The items before the failure are not lost: it answers the request after them.
  defp fail([], id, failure, call), do: Native.resolve(call.handle, id, {:error, failure})

  defp fail(items, id, failure, call) do
    answer(call, id, items, false)

    receive do
      {:quickbeam_stream, :next, id} -> fail([], id, failure, call)
      {:quickbeam_stream, :close} -> :ok
    end
  end

  # Lets a stream that holds something, such as a file, give it back.
  defp close(continue) do
    continue.({:halt, {0, 0, 0}})
    :ok
  end

  defp attempt(fun, call) do
    {:ok, fun.()}
  rescue
    exception -> {:error, Handler.raised(exception, __STACKTRACE__, call.trusted?)}
  catch
    :throw, value -> {:error, Handler.thrown(call.name, value)}
    :exit, reason -> {:error, Handler.exited(call.name, reason)}
  end

  defp answer(call, id, items, done?), do: Native.resolve(call.handle, id, {:ok, [items, done?]})
  defp taken, do: @items |> Process.get() |> Enum.reverse()
  defp now, do: System.monotonic_time(:microsecond)
end
