defmodule QuickBEAM.NetworkTest do
  @moduledoc "The option `fetch`, with servers that the tests start."

  use ExUnit.Case, async: true

  import QuickBEAM.Test.Helpers

  @socket [:binary, active: false, reuseaddr: true, ip: {127, 0, 0, 1}]

  # A server that gives each connection to `serve`; its port.
  defp listen(serve, transport \\ :gen_tcp, options \\ []) do
    {:ok, listener} = transport.listen(0, @socket ++ options)
    {:ok, port} = if transport == :ssl, do: port_of(listener), else: :inet.port(listener)
    start_supervised!({Task, fn -> accept(listener, transport, serve) end}, id: make_ref())
    port
  end

  defp port_of(listener) do
    with {:ok, {_address, port}} <- :ssl.sockname(listener), do: {:ok, port}
  end

  defp accept(listener, :gen_tcp, serve) do
    {:ok, socket} = :gen_tcp.accept(listener)
    serve.(socket)
    accept(listener, :gen_tcp, serve)
  end

  defp accept(listener, :ssl, serve) do
    {:ok, socket} = :ssl.transport_accept(listener)
    with {:ok, socket} <- :ssl.handshake(socket), do: serve.(socket)
    accept(listener, :ssl, serve)
  end

  defp answer(body) do
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: #{byte_size(body)}\r\n\r\n#{body}"
  end

  # What the script gets from `url`, as text, or the name of the error.
  defp fetch(url, options) do
    code = "await fetch(url).then(r => r.text()).catch(e => e.name)"
    rt = start_runtime(fetch: options)
    assert {:ok, text} = QuickBEAM.eval(rt, code, vars: %{url: url})
    text
  end

  defp replying(body) do
    fn socket ->
      {:ok, _request} = :gen_tcp.recv(socket, 0)
      :gen_tcp.send(socket, answer(body))
      :gen_tcp.close(socket)
    end
  end

  # It takes connections and says nothing until they are closed.
  defp silent, do: fn socket -> :gen_tcp.recv(socket, 0) && :gen_tcp.recv(socket, 0) end

  test "without options" do
    assert fetch("http://127.0.0.1:#{listen(replying("hello"))}/", []) == "hello"
  end

  test "an exchange may take no longer than its timeout" do
    url = "http://127.0.0.1:#{listen(silent())}/"
    assert fetch(url, timeout: 20) == "TimeoutError"
  end

  test "connecting may take no longer than its timeout, TLS included" do
    url = "https://127.0.0.1:#{listen(silent())}/"
    assert fetch(url, connect_timeout: 20) == "TimeoutError"
  end

  test "a response may not be larger than its limit" do
    url = "http://127.0.0.1:#{listen(replying(String.duplicate("a", 1_000)))}/"
    assert fetch(url, max_response: 1_000) =~ "aaa"
    url = "http://127.0.0.1:#{listen(replying(String.duplicate("a", 1_001)))}/"
    assert fetch(url, max_response: 1_000) == "TypeError"
  end

  test "a proxy is asked for every URL" do
    test = self()

    proxy =
      listen(fn socket ->
        {:ok, request} = :gen_tcp.recv(socket, 0)
        send(test, {:asked, request})
        :gen_tcp.send(socket, answer("by proxy"))
        :gen_tcp.close(socket)
      end)

    options = [proxy: "http://me:secret@127.0.0.1:#{proxy}"]
    assert fetch("http://nowhere.invalid/x", options) == "by proxy"
    assert_receive {:asked, "GET http://nowhere.invalid/x HTTP/1.1\r\n" <> head}

    assert String.downcase(head) =~
             "proxy-authorization: basic " <> String.downcase(Base.encode64("me:secret"))

    assert fetch("https://nowhere.invalid/x", options) == "TypeError"
    assert_receive {:asked, "CONNECT nowhere.invalid:443 HTTP/1.1\r\n" <> _}
  end

  test "certificates of an authority of one's own" do
    {:ok, _} = Application.ensure_all_started(:ssl)
    key = {:rsa, 2048, 65_537}
    # The subject's alternative names.
    localhost = {:Extension, {2, 5, 29, 17}, false, [dNSName: ~c"localhost"]}

    chain = %{
      root: [key: key, digest: :sha256],
      intermediates: [],
      peer: [key: key, digest: :sha256, extensions: [localhost]]
    }

    %{server_config: server, client_config: client} =
      :public_key.pkix_test_data(%{server_chain: chain, client_chain: chain})

    serve = fn socket ->
      {:ok, _request} = :ssl.recv(socket, 0)
      :ssl.send(socket, answer("secret"))
      :ssl.close(socket)
    end

    port = listen(serve, :ssl, Keyword.take(server, [:cert, :key]) ++ [log_level: :none])
    url = "https://localhost:#{port}/"
    assert fetch(url, []) == "TypeError"
    assert fetch(url, cacerts: client[:cacerts]) == "secret"
  end

  test "wrong options are named" do
    for {options, message} <- [
          {[timeot: 1], "unknown option :timeot"},
          {[timeout: -1], ":timeout must be"},
          {[max_response: 0], ":max_response must be"},
          {[cacerts: [1]], ":cacerts must be a list of certificates in DER"},
          {[proxy: "ftp://x"], ":proxy must be false or an http: URL"},
          {:none, "must be a keyword list"}
        ] do
      assert_raise ArgumentError, ~r/#{message}/, fn -> start(fetch: options) end
    end
  end
end
