defmodule Mix.Tasks.Quickbeam.Top do
  @shortdoc "Shows which runtimes and contexts take most memory and time"
  @moduledoc """
  Shows the runtimes and contexts of a node that take most, as a table that is renewed until `q` and Enter
  are typed.

      mix quickbeam.top --node shop@host --cookie secret

  Without `--node` it shows the node that it runs in; that is of use from a shell of the application:

      iex> Mix.Task.rerun("quickbeam.top", ["--iterations", "1"])

  The columns are the bytes of the JavaScript heap, interpreter steps a second since the look before, whether
  it is a runtime or a context, the process that owns it, and its name.

  Options:

    * `--node NAME` - the node to look at; it must have QuickBEAM. Default: this one
    * `--cookie COOKIE` - the cookie of that node. Default: the one in `~/.erlang.cookie`
    * `--sort COLUMN` - `memory` or `reductions`. Default: `memory`
    * `--rows NUMBER` - rows to show. Default: 20
    * `--interval MS` - milliseconds between two looks. Default: 2000
    * `--iterations NUMBER` - looks after which it ends. Default: none
  """

  use Mix.Task

  alias QuickBEAM.CommandLine.{Terminal, Top}

  @switches [
    node: :string,
    cookie: :string,
    sort: :string,
    rows: :integer,
    interval: :integer,
    iterations: :integer
  ]

  @impl true
  def run(args) do
    given = parse!(args)
    fetch = fetch!(given[:node], given[:cookie])

    options = %{
      interval: positive!(given, :interval, 2_000),
      iterations: positive!(given, :iterations, :infinity),
      sort: sort!(given[:sort]),
      rows: positive!(given, :rows, 20),
      terminal?: Terminal.terminal?()
    }

    Top.run(options, fetch)
  end

  defp parse!(args) do
    case OptionParser.parse!(args, strict: @switches) do
      {given, []} ->
        given

      {_given, rest} ->
        Mix.raise("quickbeam.top takes options only, got: #{Enum.join(rest, " ")}")
    end
  rescue
    error in OptionParser.ParseError -> Mix.raise("quickbeam.top: #{Exception.message(error)}")
  end

  defp positive!(given, key, default) do
    case Keyword.get(given, key, default) do
      number when is_integer(number) and number <= 0 ->
        Mix.raise("quickbeam.top: --#{key} must be a positive number")

      value ->
        value
    end
  end

  defp sort!(sort) when sort in [nil, "memory"], do: :memory
  defp sort!("reductions"), do: :reductions
  defp sort!(_other), do: Mix.raise("quickbeam.top: --sort is memory or reductions")

  defp fetch!(nil, _cookie) do
    Mix.Task.run("app.config")
    {:ok, _} = Application.ensure_all_started(:quickbeam)
    &Top.look/0
  end

  defp fetch!(name, cookie) do
    node = String.to_atom(name)
    join!(node)
    if cookie, do: Node.set_cookie(node, String.to_atom(cookie))
    unless Node.connect(node) == true, do: Mix.raise("quickbeam.top: cannot connect to #{name}")

    fn ->
      try do
        :erpc.call(node, Top, :look, [], 10_000)
      catch
        _kind, reason -> Mix.raise("quickbeam.top: #{name} does not answer: #{inspect(reason)}")
      end
    end
  end

  defp join!(node) do
    unless Node.alive?() do
      names = if Atom.to_string(node) =~ ~r/@.+\./, do: :longnames, else: :shortnames
      own = String.to_atom("quickbeam_top_#{System.pid()}")

      case :net_kernel.start([own, names]) do
        {:ok, _pid} ->
          :ok

        {:error, reason} ->
          Mix.raise("quickbeam.top: distribution cannot be started: #{inspect(reason)}")
      end
    end
  end
end
