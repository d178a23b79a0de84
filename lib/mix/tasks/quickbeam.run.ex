defmodule Mix.Tasks.Quickbeam.Run do
  @shortdoc "Runs a JavaScript or TypeScript file"
  @moduledoc """
  Runs a JavaScript, TypeScript, JSX or TSX file, with its imports, in a runtime.

      mix quickbeam.run [options] FILE [args]

  The arguments after the file are the array `scriptArgs` of its globals. What the console prints
  goes to standard output, warnings and errors to standard error.

  The task ends when the script has run to its end and no timer and no `Beam.call` is left. Its status
  is 0, or 1 if the file cannot be read or compiled, or if nothing caught an error; the error is
  shown as `FILE:LINE:COLUMN`, its message, and its stack.

  Options:

    * `--apis NAMES` - the APIs that the runtime has, separated by commas, as for `QuickBEAM.start/1`;
      `none` is a bare engine. Default: `browser`
    * `--memory-limit BYTES` - heap that the script may take. Default: 256 MB
    * `--sandbox` - grants nothing, and sets the limits of a sandbox

  ## Examples

      $ echo 'console.log(`hello, ${scriptArgs[0]}`)' > hello.ts
      $ mix quickbeam.run hello.ts world
      hello, world
  """

  use Mix.Task

  alias QuickBEAM.{CommandLine, JSError}

  @impl true
  def run(args) do
    {options, rest} = CommandLine.parse!("quickbeam.run", args)

    case rest do
      [file | args] -> run_file(file, args, options)
      [] -> Mix.raise("quickbeam.run needs a file: mix quickbeam.run [options] FILE [args]")
    end
  end

  defp run_file(file, args, options) do
    Mix.Task.run("app.config")
    {:ok, _} = Application.ensure_all_started(:quickbeam)
    Process.flag(:trap_exit, true)
    own = [script: file, define: %{"scriptArgs" => args}, console: &CommandLine.print/1]
    me = self()
    errors = make_ref()
    take = &send(me, {errors, &1})
    CommandLine.with_uncaught(take, fn -> start(own ++ options, errors) end)
  end

  defp start(options, errors) do
    case QuickBEAM.start(options) do
      {:ok, runtime} ->
        outcome = until_idle(runtime, errors)
        # The runtime prints what is left before it stops, and reports what was thrown last.
        QuickBEAM.stop(runtime)
        finish(with :ok <- outcome, do: last_error(errors))

      {:error, {:script_not_found, path, posix}} ->
        fail("cannot read #{path}: #{:file.format_error(posix)}")

      {:error, %JSError{} = error} ->
        finish({:error, error})

      {:error, reason} ->
        fail("the runtime did not start: #{Exception.format_exit(reason)}")
    end
  end

  # A realm tells when asked what it still waits for, but not when it ends to wait.
  @poll_ms 5

  defp until_idle(runtime, errors) do
    receive do
      {^errors, error} -> {:error, error}
      {:EXIT, ^runtime, {:quickbeam_dead, error}} -> {:error, error}
      {:EXIT, ^runtime, reason} -> {:exit, reason}
    after
      @poll_ms -> if idle?(runtime), do: :ok, else: until_idle(runtime, errors)
    end
  end

  defp idle?(runtime) do
    %{timers: timers, pending_calls: calls} = QuickBEAM.info(runtime)
    timers + calls == 0
  rescue
    # The exit of a dead runtime tells more than the answer it gave.
    JSError -> false
  catch
    :exit, _reason -> false
  end

  # The owner may get to the error of the last callback only after the realm said that it is idle.
  defp last_error(errors) do
    receive do
      {^errors, error} -> {:error, error}
    after
      0 -> :ok
    end
  end

  defp finish(:ok), do: :ok

  defp finish({:error, error}) do
    IO.puts(:stderr, CommandLine.format(error))
    exit({:shutdown, 1})
  end

  defp finish({:exit, reason}), do: fail("the runtime died: #{Exception.format_exit(reason)}")

  defp fail(message) do
    IO.puts(:stderr, "mix quickbeam.run: #{message}")
    exit({:shutdown, 1})
  end
end
