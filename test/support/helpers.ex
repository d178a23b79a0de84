defmodule QuickBEAM.Test.Helpers do
  @moduledoc "What several test modules share."

  import ExUnit.Assertions
  import ExUnit.Callbacks

  alias QuickBEAM.Test.PlacementCase

  @doc "Starts a runtime, or the context of the placement that is tested, that ends with the test."
  @spec start_runtime(keyword()) :: pid()
  def start_runtime(options \\ []),
    do: start_supervised!(child(options), id: make_ref(), restart: :temporary)

  @doc "Starts a runtime, or the context of the placement that is tested."
  @spec start(keyword()) :: GenServer.on_start()
  def start(options \\ []) do
    %{start: {module, function, args}} = Supervisor.child_spec(child(options), [])
    apply(module, function, args)
  end

  @doc "The child of a supervisor that is a runtime, or the context of the placement that is tested."
  @spec child(keyword()) :: {module(), keyword()}
  def child(options) do
    case PlacementCase.current_pool() do
      nil -> {QuickBEAM, options}
      pool -> {QuickBEAM.Context, [pool: pool] ++ options}
    end
  end

  @doc "Asserts that `rt` still does its work."
  @spec assert_usable(GenServer.server()) :: true
  def assert_usable(rt), do: assert(QuickBEAM.eval(rt, "6 * 7") == {:ok, 42})

  @doc """
  Runs `fun` in a process of its own, which sends the test `{pid, result, rest}`: what `fun` returned or
  how it exited, and all other messages that the process has got. Returns its pid.
  """
  @spec request((... -> term())) :: pid()
  def request(fun) do
    test = self()
    placement = PlacementCase.current()

    spawn(fn ->
      result =
        try do
          PlacementCase.inherit(placement, fun)
        catch
          kind, reason -> {kind, reason}
        end

      {:messages, rest} = Process.info(self(), :messages)
      send(test, {self(), result, rest})
    end)
  end

  @doc "The result of a `request/1`, after it got exactly one reply."
  @spec await_result(pid()) :: term()
  def await_result(pid) do
    assert_receive {^pid, result, rest}, 10_000
    assert rest == []
    result
  end

  @doc "A handler that tells the test that it was called, with its arguments, and returns nil."
  @spec reached() :: (list() -> nil)
  def reached do
    test = self()

    fn args ->
      send(test, {:reached, args})
      nil
    end
  end

  @doc "A handler that tells the test that it was called, and never returns."
  @spec stuck() :: (list() -> no_return())
  def stuck do
    test = self()

    fn _args ->
      send(test, {:stuck, self()})
      Process.sleep(:infinity)
    end
  end

  @doc "Waits until `pid` is no more."
  @spec assert_down(pid()) :: term()
  def assert_down(pid) do
    monitor = Process.monitor(pid)
    assert_receive {:DOWN, ^monitor, :process, ^pid, reason}, 10_000
    reason
  end

  @doc "Writes `files` (names to contents) into a temporary directory of the test, and returns its path."
  @spec write_files(Path.t(), %{String.t() => iodata()}) :: Path.t()
  def write_files(directory, files) do
    for {name, content} <- files do
      path = Path.join(directory, name)
      File.mkdir_p!(Path.dirname(path))
      File.write!(path, content)
    end

    directory
  end
end
