defmodule QuickBEAM.TelemetryTest do
  # The spans of all runtimes are switched on here.
  use ExUnit.Case, async: false

  alias QuickBEAM.Test.FakeTelemetry

  test "without the library there are no spans" do
    refute QuickBEAM.Telemetry.detect()
    refute QuickBEAM.Telemetry.enabled?()
  end

  describe "with the library" do
    setup do
      FakeTelemetry.install(self())
      on_exit(&FakeTelemetry.uninstall/0)
    end

    test "start, eval, call and stop are spans" do
      {:ok, rt} = QuickBEAM.start(name: __MODULE__.Runtime)
      assert_span(:start, %{name: __MODULE__.Runtime, pool: nil}, %{result: :ok})

      {:ok, 2} = QuickBEAM.eval(rt, "1 + 1", filename: "sum.js")
      assert_span(:eval, %{runtime: rt, filename: "sum.js"}, %{result: :ok})

      {:ok, 3} = QuickBEAM.call(rt, "Math.max", [1, 3])
      assert_span(:call, %{runtime: rt, function: "Math.max"}, %{result: :ok})

      :ok = QuickBEAM.stop(rt)
      assert_span(:stop, %{runtime: rt}, %{result: :ok})
      refute_received {[:quickbeam | _], _, _}
    end

    test "everything that is asked of a runtime is a span of its name" do
      {:ok, rt} = QuickBEAM.start()

      for {name, args} <- [
            load_module: ["m", "export default 1"],
            compile: ["1"],
            globals: [],
            get_global: ["x"],
            set_global: ["x", 1],
            dom_find: ["body"],
            dom_html: [],
            info: [],
            memory_usage: [],
            heap: [],
            send_message: [1],
            reset: []
          ] do
        apply(QuickBEAM, name, [rt | args])
        assert_span(name, %{runtime: rt}, %{result: :ok})
      end

      [1, 2] = rt |> QuickBEAM.stream("[1, 2]") |> Enum.to_list()
    end

    test "handlers, services and workers are spans" do
      handlers = %{"double" => fn [n] -> n * 2 end, "fail" => fn [] -> raise "no" end}
      {:ok, rt} = QuickBEAM.start(handlers: handlers, name: __MODULE__.Spans)
      name = __MODULE__.Spans

      {:ok, 4} = QuickBEAM.eval(rt, "Beam.callSync('double', 2)")
      assert_span(:handler, %{runtime: name, handler: "double", sync?: true}, %{result: :ok})

      {:error, _} = QuickBEAM.eval(rt, "await Beam.call('fail')")
      assert_receive {[:quickbeam, :handler, :start], _, %{handler: "fail", sync?: false}}

      assert_receive {[:quickbeam, :handler, :exception], %{duration: _},
                      %{kind: :error, reason: %RuntimeError{}, handler: "fail"}}

      {:ok, nil} = QuickBEAM.eval(rt, "Beam.whereis('nobody')")
      assert_span(:service, %{runtime: name, service: "whereis"}, %{result: :ok})

      {:ok, _} = QuickBEAM.eval(rt, "await Beam.rpc('nowhere@nohost', 'a', 'b').catch(() => 1)")
      assert_receive {[:quickbeam, :service, :start], _, %{service: "rpc"}}

      assert_receive {[:quickbeam, :service, :stop], _,
                      %{service: "rpc", result: :error, error: %{name: "NotFoundError"}}}

      {:error, _} = QuickBEAM.eval(rt, "new Worker('blob:none')")
      assert_receive {[:quickbeam, :service, :start], _, %{service: "worker.start"}}

      assert_receive {[:quickbeam, :service, :stop], _,
                      %{service: "worker.start", result: :error, error: %{name: "NotFoundError"}}}

      code =
        "await new Promise(r => { const w = new Worker('data:text/javascript,postMessage(1);setTimeout(close,5)'); w.onmessage = r }); 1"

      {:ok, 1} = QuickBEAM.eval(rt, code)

      assert_receive {[:quickbeam, :worker, :start], _,
                      %{runtime: ^name, worker: worker, kind: :worker}}

      assert_receive {[:quickbeam, :worker, :stop], %{duration: _},
                      %{worker: ^worker, reason: :normal, result: :ok}},
                     5_000
    end

    test "handlers that are killed end their spans, once" do
      test = self()

      stuck = fn _ ->
        send(test, {:stuck, self()})
        Process.sleep(:infinity)
      end

      stream = fn [] ->
        send(test, {:stuck, self()})
        Stream.repeatedly(fn -> 1 end)
      end

      late = {fn [] -> Process.sleep(:infinity) end, timeout: 200}
      handlers = %{"stuck" => stuck, "late" => late, "stream" => stream}
      {:ok, rt} = QuickBEAM.start(handlers: handlers, name: __MODULE__.Killed)

      ended = fn name, reason ->
        assert_receive {[:quickbeam, :handler, :start], _, %{handler: ^name} = start}

        assert_receive {[:quickbeam, :handler, :exception], %{duration: _},
                        %{handler: ^name, kind: :exit, reason: ^reason, stacktrace: []} = ended}

        assert start.telemetry_span_context == ended.telemetry_span_context
      end

      {:ok, nil} = QuickBEAM.eval(rt, "Beam.call('stuck').catch(() => {}); null")
      assert_receive {:stuck, handler}
      Process.exit(handler, :kill)
      ended.("stuck", :killed)

      {:error, %{name: "TimeoutError"}} = QuickBEAM.eval(rt, "await Beam.call('late')")
      ended.("late", :timeout)

      # The span of a stream ends with the function that returns it.
      {:ok, 1} = QuickBEAM.eval(rt, "(await (await Beam.call('stream')).next()).value")
      assert_receive {[:quickbeam, :handler, :stop], _, %{handler: "stream"}}
      assert_receive {:stuck, stream}
      Process.exit(stream, :kill)

      {:ok, nil} = QuickBEAM.eval(rt, "Beam.call('stuck').catch(() => {}); null")
      assert_receive {:stuck, _handler}
      :ok = QuickBEAM.stop(rt)
      ended.("stuck", :killed)
      refute_received {[:quickbeam, :handler, :exception], _, _}
    end

    test "connections are spans, without what is secret in their URLs" do
      {:ok, rt} = QuickBEAM.start()
      {:ok, listener} = :gen_tcp.listen(0, [:binary, active: false, reuseaddr: true])
      {:ok, port} = :inet.port(listener)

      server =
        spawn_link(fn ->
          {:ok, socket} = :gen_tcp.accept(listener)
          {:ok, _request} = :gen_tcp.recv(socket, 0)
          :gen_tcp.send(socket, "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
          receive do: (:stop -> :ok)
        end)

      url = "http://127.0.0.1:#{port}/path?token=secret"
      place = "http://127.0.0.1:#{port}/path"
      {:ok, 404} = QuickBEAM.eval(rt, "(await fetch(url)).status", vars: %{url: url})
      assert_span(:fetch, %{runtime: rt, url: place}, %{result: :ok, code: 404})
      :gen_tcp.close(listener)
      send(server, :stop)

      {:error, _} = QuickBEAM.eval(rt, "await fetch('http://127.0.0.1:1/')")
      assert_receive {[:quickbeam, :fetch, :start], _, %{url: "http://127.0.0.1:1/"}}
      assert_receive {[:quickbeam, :fetch, :stop], _, %{result: :error, error: error, code: nil}}
      assert is_binary(error)

      {:ok, _} =
        QuickBEAM.eval(
          rt,
          "await new Promise(r => { new WebSocket('ws://127.0.0.1:1/x').onclose = r }); 1"
        )

      assert_receive {[:quickbeam, :websocket, :start], _, %{url: "ws://127.0.0.1:1/x"}}
      assert_receive {[:quickbeam, :websocket, :stop], _, %{result: :error}}
    end

    test "an error of JavaScript ends a span with the error" do
      {:ok, rt} = QuickBEAM.start()
      assert_receive {[:quickbeam, :start, :stop], _, _}
      {:error, error} = QuickBEAM.eval(rt, "throw new Error('x')")
      assert_span(:eval, %{runtime: rt}, %{result: :error, error: error})
    end

    test "a use of a pool tells how long it waited" do
      {:ok, pool} = QuickBEAM.Pool.start_link(size: 1, lazy: true)
      {:ok, 1} = QuickBEAM.Pool.run(pool, &QuickBEAM.eval(&1, "1"))
      assert_receive {[:quickbeam, :pool, :queue], %{duration: duration}, metadata}
      assert is_integer(duration)
      assert metadata == %{pool: pool, result: :ok}

      busy = fn _runtime -> QuickBEAM.Pool.run(pool, & &1, 0) end
      assert {:error, %{name: "BusyError"}} = QuickBEAM.Pool.run(pool, busy)
      assert_receive {[:quickbeam, :pool, :queue], _, %{result: :ok}}
      assert_receive {[:quickbeam, :pool, :queue], _, %{result: :error}}
    end

    test "an exit ends a span with an exception" do
      catch_exit(QuickBEAM.eval(:nobody, "1"))
      assert_receive {[:quickbeam, :eval, :start], _, _}
      assert_receive {[:quickbeam, :eval, :exception], %{duration: _}, metadata}
      assert %{kind: :exit, reason: {:noproc, _}, stacktrace: [_ | _]} = metadata

      assert_raise ArgumentError, fn -> QuickBEAM.start(nope: 1) end
      assert_receive {[:quickbeam, :start, :exception], _, %{kind: :error}}
    end
  end

  defp assert_span(name, metadata, outcome) do
    assert_receive {[:quickbeam, ^name, :start], start, at_start}
    assert is_integer(start.system_time) and is_integer(start.monotonic_time)
    assert Map.take(at_start, Map.keys(metadata)) == metadata
    assert_receive {[:quickbeam, ^name, :stop], stop, at_stop}
    assert is_integer(stop.duration) and stop.monotonic_time >= start.monotonic_time
    assert at_stop == Map.merge(at_start, outcome)
  end
end
