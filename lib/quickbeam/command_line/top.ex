defmodule QuickBEAM.CommandLine.Top do
  @moduledoc false
  # The view of `mix quickbeam.top`: looks at the realms of a node every so often, and shows those that take
  # most, with what they did since the look before.

  alias QuickBEAM.Owner.Census

  @type options :: %{
          interval: pos_integer(),
          iterations: pos_integer() | :infinity,
          sort: :memory | :reductions,
          rows: pos_integer(),
          terminal?: boolean()
        }

  @type look :: %{at: integer(), node: node(), entries: [Census.entry()]}

  @doc "Shows what `fetch` returns until the input says `q`, or so many times."
  @spec run(options(), (... -> look())) :: :ok
  def run(options, fetch) do
    me = self()
    reader = spawn_link(fn -> read(me) end)
    loop(options, fetch, reader, nil, 1)
  end

  @doc "What `run/2` shows, of this node."
  @spec look() :: look()
  def look, do: %{at: System.monotonic_time(:millisecond), node: node(), entries: Census.all()}

  # The end of the input is no wish to stop: without a terminal there is none.
  defp read(me) do
    case IO.gets("") do
      line when is_binary(line) ->
        if String.trim(line) == "q", do: send(me, {self(), :quit}), else: read(me)

      _end_or_error ->
        :ok
    end
  end

  defp loop(options, fetch, reader, before, count) do
    look = fetch.()
    IO.write(screen(look, before, options))

    if count == options.iterations do
      stop(reader)
    else
      receive do
        {^reader, :quit} -> :ok
      after
        options.interval -> loop(options, fetch, reader, look, count + 1)
      end
    end
  end

  defp stop(reader) do
    Process.unlink(reader)
    Process.exit(reader, :kill)
    :ok
  end

  @doc "The text of one look, given the one before it."
  @spec screen(look(), look() | nil, options()) :: iodata()
  def screen(look, before, options) do
    rates = rates(look, before)
    totals = Census.totals(look.entries)
    all_rates = rates |> Map.values() |> Enum.sum()

    rows =
      look.entries
      |> Enum.map(&{&1, Map.get(rates, &1.owner, 0)})
      |> Enum.sort_by(&order(&1, options.sort), :desc)
      |> Enum.take(options.rows)

    [
      if(options.terminal?, do: IO.ANSI.home() <> IO.ANSI.clear(), else: ""),
      "#{look.node}: #{totals.runtimes} runtimes, #{totals.contexts} contexts, ",
      "#{bytes(totals.memory)}, #{count(all_rates)} reductions/s\n\n",
      line(["memory", "reductions/s", "kind", "process", "name"]),
      Enum.map(rows, fn {entry, rate} -> row(entry, rate) end),
      if(options.terminal?, do: "\nq and Enter ends\n", else: "\n")
    ]
  end

  defp order({entry, _rate}, :memory), do: entry.memory
  defp order({_entry, rate}, :reductions), do: rate

  # Reductions a second of each owner, since the look before.
  defp rates(_look, nil), do: %{}

  defp rates(look, before) do
    past = Map.new(before.entries, &{&1.owner, &1.reductions})
    elapsed = max(look.at - before.at, 1)

    Map.new(look.entries, fn %{owner: owner, reductions: now} ->
      {owner, div(max(now - Map.get(past, owner, 0), 0) * 1000, elapsed)}
    end)
  end

  defp row(entry, rate) do
    kind = if entry.pool, do: "context", else: "runtime"
    name = if entry.name, do: inspect(entry.name), else: ""
    line([bytes(entry.memory), count(rate), kind, inspect(entry.owner), name])
  end

  defp line([memory, rate, kind, process, name]) do
    text = [
      String.pad_leading(memory, 10),
      String.pad_leading(rate, 14),
      "  ",
      String.pad_trailing(kind, 9),
      String.pad_trailing(process, 18),
      name
    ]

    [text |> IO.iodata_to_binary() |> String.trim_trailing(), "\n"]
  end

  defp bytes(bytes) when bytes < 1_000_000, do: "#{Float.round(bytes / 1_000, 1)} KB"
  defp bytes(bytes), do: "#{Float.round(bytes / 1_000_000, 1)} MB"

  defp count(number) do
    number
    |> Integer.to_string()
    |> String.replace(~r/\B(?=(\d{3})+$)/, ",")
  end
end
