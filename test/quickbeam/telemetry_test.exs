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
    assert stop.duration == stop.monotonic_time - start.monotonic_time
    assert at_stop == Map.merge(at_start, outcome)
  end
end
