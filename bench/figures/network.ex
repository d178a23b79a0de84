defmodule QuickBEAM.Bench.Network do
  @moduledoc """
  What does `fetch` cost on loopback? The server answers without looking at what it is asked, so that
  the client is what is measured; the baseline is a bare socket that asks the same server.
  """

  alias QuickBEAM.Bench.{Figure, Measure}

  @json ~s({"id":7,"name":"Ada","tags":["a","b"],"active":true})
  @requests 500
  @concurrent 50

  @setup """
  let sink;
  async function sequential(url, n) { for (let i = 0; i < n; i++) sink = await (await fetch(url)).json() }
  async function concurrent(url, n, each) {
    await Promise.all(Array.from({ length: each }, () => sequential(url, n / each)));
  }
  async function bytes(url, n) {
    for (let i = 0; i < n; i++) sink = (await (await fetch(url)).arrayBuffer()).byteLength;
    return sink;
  }
  """

  @doc "The figures."
  def figures do
    large = String.duplicate("a", 1_000_000)

    [
      figure("fetch and json, one after another", :us, @json, "sequential", [@requests], 120),
      figure(
        "fetch and json, 50 at once, each",
        :us,
        @json,
        "concurrent",
        [@requests, @concurrent],
        60
      ),
      figure("fetch of 1 MB", :ms, large, "bytes", [20], 1.5)
    ]
  end

  defp figure(name, unit, body, function, [times | _] = arguments, target) do
    %Figure{
      name: name,
      unit: unit,
      measure: fn -> fetches(body, function, times, arguments) end,
      baseline: {"bare socket", fn -> bare(body) end},
      target: target
    }
  end

  defp fetches(body, function, times, arguments) do
    {port, server} = start(body)
    {:ok, runtime} = QuickBEAM.start()
    {:ok, _} = QuickBEAM.eval(runtime, @setup)
    arguments = ["http://127.0.0.1:#{port}/" | arguments]

    samples =
      Measure.each(
        fn ->
          {took, {:ok, _}} = Measure.time(fn -> QuickBEAM.call(runtime, function, arguments) end)
          took / times
        end,
        9
      )

    QuickBEAM.stop(runtime)
    Process.exit(server, :kill)
    samples
  end

  defp bare(body) do
    {port, server} = start(body)

    {:ok, socket} =
      :gen_tcp.connect({127, 0, 0, 1}, port, [:binary, active: false, nodelay: true])

    size = byte_size(response(body))

    samples =
      Measure.repeat(fn ->
        :ok = :gen_tcp.send(socket, "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        {:ok, _} = :gen_tcp.recv(socket, size)
      end)

    Process.exit(server, :kill)
    samples
  end

  defp start(body) do
    bench = self()

    server =
      spawn(fn ->
        options = [
          :binary,
          active: false,
          nodelay: true,
          backlog: 128,
          reuseaddr: true,
          ip: {127, 0, 0, 1}
        ]

        {:ok, listener} = :gen_tcp.listen(0, options)
        {:ok, port} = :inet.port(listener)
        send(bench, {self(), port})
        accept(listener, response(body))
      end)

    receive do
      {^server, port} -> {port, server}
    end
  end

  defp accept(listener, response) do
    {:ok, socket} = :gen_tcp.accept(listener)
    connection = spawn_link(fn -> receive(do: (:go -> serve(socket, response))) end)
    :ok = :gen_tcp.controlling_process(socket, connection)
    send(connection, :go)
    accept(listener, response)
  end

  # A request of `fetch` without a body arrives in one piece on loopback.
  defp serve(socket, response) do
    with {:ok, _request} <- :gen_tcp.recv(socket, 0),
         :ok <- :gen_tcp.send(socket, response) do
      serve(socket, response)
    end
  end

  defp response(body) do
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: #{byte_size(body)}\r\n\r\n" <>
      body
  end
end
