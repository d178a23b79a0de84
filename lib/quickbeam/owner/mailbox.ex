defmodule QuickBEAM.Owner.Mailbox do
  @moduledoc false
  # Messages that processes send to an owner's pid, on their way into the realm's inbox.
  #
  # A sender cannot be told that the inbox is full. So what does not fit is held here, in order, and goes on as
  # JavaScript takes what is before it; a flood beyond a bound is dropped and logged: the first message, the
  # tenth, the hundredth, and so on, and how many it was once all that is held has gone on.

  alias QuickBEAM.Native
  alias QuickBEAM.Owner.Console

  @most 1_000_000
  @flush_ms 2

  defstruct held: :queue.new(), count: 0, dropped: 0

  @type t :: %__MODULE__{
          held: :queue.queue(term()),
          count: non_neg_integer(),
          dropped: non_neg_integer()
        }

  @doc "Passes a message on, after those that are held; the calling process is the owner `name`."
  @spec deliver(t(), term(), term()) :: t()
  def deliver(%{count: 0} = mailbox, message, _name) do
    case Native.send_message(self(), message) do
      :busy -> mailbox |> hold(message) |> wait()
      _sent -> mailbox
    end
  end

  def deliver(%{count: count} = mailbox, message, _name) when count < @most,
    do: hold(mailbox, message)

  def deliver(mailbox, _message, name) do
    dropped = mailbox.dropped + 1
    if power_of_ten?(dropped), do: Console.inbox_full(dropped, name)
    %{mailbox | dropped: dropped}
  end

  defp power_of_ten?(1), do: true
  defp power_of_ten?(count), do: rem(count, 10) == 0 and power_of_ten?(div(count, 10))

  @doc "Passes on what is held, as far as the inbox takes it."
  @spec flush(t(), term()) :: t()
  def flush(%{count: 0} = mailbox, _name), do: mailbox

  def flush(mailbox, name) do
    {{:value, message}, held} = :queue.out(mailbox.held)

    case Native.send_message(self(), message) do
      :busy ->
        wait(mailbox)

      _sent ->
        mailbox |> put(held, mailbox.count - 1) |> told(name) |> flush(name)
    end
  end

  @doc "One that holds nothing, in place of the owner's."
  @spec clear() :: t()
  def clear, do: put(%__MODULE__{}, :queue.new(), 0)

  defp told(%{count: 0, dropped: dropped} = mailbox, name) when dropped > 0 do
    Console.refused(dropped, name)
    %{mailbox | dropped: 0}
  end

  defp told(mailbox, _name), do: mailbox

  defp hold(mailbox, message),
    do: put(mailbox, :queue.in(message, mailbox.held), mailbox.count + 1)

  # Realms that send messages are told how many wait.
  defp put(mailbox, held, count) do
    Native.realm_holds(self(), count)
    %{mailbox | held: held, count: count}
  end

  defp wait(mailbox) do
    Process.send_after(self(), {:quickbeam, :flush}, @flush_ms)
    mailbox
  end
end
