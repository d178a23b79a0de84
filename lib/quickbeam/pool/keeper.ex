defmodule QuickBEAM.Pool.Keeper do
  @moduledoc false
  # The process that keeps one runtime of a pool ready: starts it, runs `:init`, and resets it after each
  # use. What takes time or may fail happens here, never in the pool's server.
  #
  # A keeper, its runtime and the server are linked, and the keeper does not trap exits: whatever goes wrong
  # with it or its runtime ends both, and the server starts another keeper.

  alias QuickBEAM.{Context, JSError, Runtime}

  # A runtime that cannot be reset by then has something in it that only its end will stop.
  @reset_ms 5_000

  @type spec :: %{
          runtime: keyword(),
          pool: QuickBEAM.ContextPool.pool() | nil,
          init: (pid() -> term()) | nil,
          max_uses: pos_integer() | nil
        }

  @doc "Starts a keeper; it sends the calling process `{:ready, keeper, runtime}` before each use."
  @spec start_link(spec()) :: pid()
  def start_link(spec), do: spawn_link(__MODULE__, :run, [self(), spec])

  @doc "Tells a keeper that the use of its runtime is over."
  @spec used(pid()) :: :used
  def used(keeper), do: send(keeper, :used)

  @doc false
  def run(server, spec) do
    case start_runtime(spec) do
      {:ok, runtime} ->
        Process.monitor(runtime)
        ready(server, spec, runtime, 0)

      {:error, reason} ->
        exit({:shutdown, {:start_failed, reason}})
    end
  end

  defp start_runtime(%{pool: nil, runtime: options}), do: Runtime.start_link(options)

  defp start_runtime(%{pool: pool, runtime: options}),
    do: Context.start_link([pool: pool] ++ options)

  defp ready(server, spec, runtime, uses) do
    if spec.init, do: init(spec.init, runtime)
    unless Process.alive?(runtime), do: ended(runtime)
    send(server, {:ready, self(), runtime})
    keep(server, spec, runtime, uses)
  end

  # The server tells what went wrong; a crash report beside would say it again.
  defp init(fun, runtime) do
    fun.(runtime)
  rescue
    exception -> exit({:shutdown, {:start_failed, {exception, __STACKTRACE__}}})
  catch
    :throw, value -> exit({:shutdown, {:start_failed, {{:nocatch, value}, __STACKTRACE__}}})
    :exit, reason -> exit({:shutdown, {:start_failed, reason}})
  end

  # What `:init` left in the mailbox is dropped here.
  defp keep(server, spec, runtime, uses) do
    receive do
      :used -> used(server, spec, runtime, uses + 1)
      {:DOWN, _monitor, :process, ^runtime, reason} -> exit({:shutdown, {:ended, reason}})
      _other -> keep(server, spec, runtime, uses)
    end
  end

  # A runtime that ends abnormally takes its keeper along.
  @spec ended(pid()) :: no_return()
  defp ended(runtime) do
    receive do
      {:DOWN, _monitor, :process, ^runtime, reason} -> exit({:shutdown, {:ended, reason}})
    end
  end

  defp used(server, spec, runtime, uses) do
    if uses != spec.max_uses and reset(runtime) == :ok do
      ready(server, spec, runtime, uses)
    else
      QuickBEAM.stop(runtime)
      exit(:normal)
    end
  end

  @spec reset(pid()) :: :ok | {:error, JSError.t()} | :stuck
  defp reset(runtime) do
    GenServer.call(runtime, :renew, @reset_ms)
  catch
    :exit, _reason -> :stuck
  end
end
