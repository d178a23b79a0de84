defmodule QuickBEAM.ShutdownTest do
  # Not async: it counts what a whole VM holds.
  use ExUnit.Case

  import QuickBEAM.Test.Helpers

  alias QuickBEAM.{Context, ContextPool}

  @contexts 1_000

  # What contexts are at when their supervisor stops.
  @codes {
    "1",
    "for (;;) {}",
    "Beam.callSync('stuck')",
    "await Beam.call('stuck')",
    "setInterval(() => { for (let i = 0; i < 1e6; i++); }, 1); null",
    "await new Promise(() => {})"
  }

  test "a supervisor with a thousand busy contexts stops, and nothing is left" do
    before = {length(Process.list()), length(QuickBEAM.Owner.Census.owners())}
    {:ok, supervisor} = DynamicSupervisor.start_link(strategy: :one_for_one)
    {:ok, pool} = DynamicSupervisor.start_child(supervisor, {ContextPool, size: 2})
    child = {Context, pool: pool, handlers: %{"stuck" => stuck()}}

    requests =
      for n <- 1..@contexts do
        {:ok, context} = DynamicSupervisor.start_child(supervisor, child)
        code = elem(@codes, if(rem(n, 50) == 0, do: 1, else: rem(n, 6)))
        request(fn -> QuickBEAM.eval(context, code) end)
      end

    # Those are suspended for certain.
    for n <- 1..@contexts,
        rem(n, 6) in [2, 3] and rem(n, 50) != 0,
        do: assert_receive({:stuck, _})

    Process.unlink(supervisor)
    Supervisor.stop(supervisor, :shutdown)
    for request <- requests, do: await_result(request)

    assert eventually(
             fn -> {length(Process.list()), length(QuickBEAM.Owner.Census.owners())} end,
             before
           )
  end

  # Memory and processes are given back in their own time.
  defp eventually(fun, expected, tries \\ 100_000) do
    cond do
      fun.() == expected -> true
      tries == 0 -> flunk("#{inspect(fun.())} is left, of #{inspect(expected)}")
      true -> :erlang.yield() && eventually(fun, expected, tries - 1)
    end
  end
end

defmodule QuickBEAM.SystemStopTest do
  use ExUnit.Case, async: true

  # A VM of its own, as `System.stop/0` ends it.
  @script """
  {:ok, _} = Application.ensure_all_started(:quickbeam)
  {:ok, runtime} = QuickBEAM.start()
  {:ok, 1} = QuickBEAM.eval(runtime, "1")
  Logger.configure(level: :warning)
  :ok = Application.stop(:quickbeam)
  names = "try { Beam.register('it'); Beam.whereis('it') !== null } catch (error) { error.message }"
  {:ok, "the application :quickbeam" <> _} = QuickBEAM.eval(runtime, names)
  {:ok, _} = Application.ensure_all_started(:quickbeam)
  {:ok, true} = QuickBEAM.eval(runtime, names)
  QuickBEAM.stop(runtime)

  {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 2)
  {:ok, uses} = QuickBEAM.Pool.start_link(size: 2)
  {:ok, 2} = QuickBEAM.Pool.run(uses, &QuickBEAM.eval(&1, "2"))
  test = self()
  stuck = fn _ -> send(test, :stuck) && Process.sleep(:infinity) end

  for n <- 1..300 do
    options = [handlers: %{"stuck" => stuck}]

    {:ok, runtime} =
      if rem(n, 10) == 0,
        do: QuickBEAM.start(options),
        else: QuickBEAM.Context.start_link([pool: pool] ++ options)

    code = Enum.at(["Beam.callSync('stuck')", "await Beam.call('stuck')", "Beam.call('stuck'); for (;;) {}"], rem(n, 3))
    spawn(fn -> QuickBEAM.eval(runtime, code) end)
  end

  for _ <- 1..300, do: receive(do: (:stuck -> :ok))
  IO.write("stopping")
  System.stop(0)
  Process.sleep(:infinity)
  """

  test "a VM stops with everything running, prints nothing, and its application may restart" do
    ebin = Path.join(Application.app_dir(:quickbeam), "ebin")
    options = [stderr_to_stdout: true]
    {output, status} = System.cmd("elixir", ["-pa", ebin, "-e", @script], options)
    assert {output, status} == {"stopping", 0}
  end
end
