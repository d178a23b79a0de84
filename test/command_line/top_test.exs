defmodule QuickBEAM.CommandLine.TopTest do
  # Not async: it shows what a whole VM holds.
  use ExUnit.Case

  import ExUnit.CaptureIO

  alias QuickBEAM.CommandLine.Top
  alias Mix.Tasks.Quickbeam.Top, as: Task

  @options %{interval: 1, iterations: 2, sort: :memory, rows: 2, terminal?: false}

  defp entry(memory, reductions, name \\ nil, pool \\ nil) do
    pid = :erlang.list_to_pid('<0.#{memory}.0>')
    %{owner: pid, pool: pool, name: name, memory: memory * 1_000_000, reductions: reductions}
  end

  defp look(at, entries), do: %{at: at, node: :there@host, entries: entries}

  test "those that take most, and what they did since" do
    before = look(0, [entry(1, 10), entry(2, 0), entry(3, 100)])
    now = look(500, [entry(1, 1_000_010), entry(2, 50, :b, self()), entry(3, 100, {:global, 1})])

    check = fn options, before, expected ->
      text = IO.iodata_to_binary(Top.screen(now, before, Map.merge(@options, options)))
      assert text == expected
    end

    head = "there@host: 2 runtimes, 1 contexts, 6.0 MB, "
    columns = "    memory  reductions/s  kind     process           name\n"

    check.(%{}, before, """
    #{head}2,000,100 reductions/s

    #{columns}    3.0 MB             0  runtime  #PID<0.3.0>       {:global, 1}
        2.0 MB           100  context  #PID<0.2.0>       :b

    """)

    check.(%{sort: :reductions, rows: 1}, before, """
    #{head}2,000,100 reductions/s

    #{columns}    1.0 MB     2,000,000  runtime  #PID<0.1.0>

    """)

    check.(%{rows: 1}, nil, """
    #{head}0 reductions/s

    #{columns}    3.0 MB             0  runtime  #PID<0.3.0>       {:global, 1}

    """)
  end

  test "it ends after so many looks, or when told to" do
    fetch = fn -> look(System.monotonic_time(:millisecond), [entry(1, 1)]) end
    looks = &(length(String.split(&1, "there@host")) - 1)
    assert looks.(capture_io("", fn -> Top.run(@options, fetch) end)) == 2
    endless = %{@options | iterations: :infinity}
    assert looks.(capture_io("x\nq\n", fn -> Top.run(endless, fetch) end)) >= 1
  end

  test "the task shows the runtimes and contexts of its VM" do
    name = QuickBEAM.CommandLine.TopTest.Shown
    start_supervised!({QuickBEAM, name: name})
    {:ok, _} = QuickBEAM.eval(name, "globalThis.a = new Uint8Array(5e7).fill(1); null")
    shown = capture_io("", fn -> Task.run(["--iterations", "1", "--rows", "1000"]) end)
    assert shown =~ ~r/5\d\.\d MB +0  runtime  #PID<[\d.]+> +#{inspect(name)}\n/
    assert shown =~ "#{node()}: "
  end

  test "wrong options say so" do
    for {args, message} <- [
          {["--sort", "age"], ~r/--sort is memory or reductions/},
          {["--rows", "0"], ~r/--rows must be a positive number/},
          {["--rows", "x"], ~r/--rows/},
          {["there"], ~r/takes options only, got: there/}
        ],
        do: assert_raise(Mix.Error, message, fn -> Task.run(args) end)
  end
end
