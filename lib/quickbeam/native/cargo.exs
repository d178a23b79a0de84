defmodule QuickBEAM.Native.Cargo do
  @moduledoc """
  Runs cargo for the Mix compiler: one progress line while it works, one readable error if it fails.

  Mix needs this before the project is compiled, therefore it is a script that `mix.exs` requires.
  """

  @lines_of_error 60
  @width_of_error 400
  @longest_line 1_048_576

  @doc """
  Builds package `quickbeam-nif` of the workspace `root` with `profile`.

  Returns `{:ok, path}` of the built library, or `{:error, message}`.
  """
  @spec build(Path.t(), String.t()) :: {:ok, Path.t()} | {:error, String.t()}
  def build(root, profile) do
    case System.find_executable("cargo") do
      nil -> {:error, no_cargo()}
      cargo -> run(cargo, root, profile)
    end
  end

  defp run(cargo, root, profile) do
    args =
      ["build", "--package", "quickbeam-nif", "--profile", profile] ++
        ["--message-format", "json-render-diagnostics"]

    # A port has no terminal, and cargo counts its steps only when told to.
    env = [{~c"CARGO_TERM_PROGRESS_WHEN", ~c"always"}, {~c"CARGO_TERM_PROGRESS_WIDTH", ~c"100"}]

    port =
      Port.open({:spawn_executable, cargo}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        :hide,
        args: args,
        cd: root,
        env: env
      ])

    progress = %{shown: -1, ansi?: IO.ANSI.enabled?()}
    collect(port, "", %{library: nil, messages: [], progress: progress})
  end

  defp collect(port, rest, state) do
    receive do
      {^port, {:data, data}} ->
        {lines, rest} = split(rest <> data)
        collect(port, rest, Enum.reduce(lines, state, &line/2))

      {^port, {:exit_status, status}} ->
        finish(status, line(rest, state))
    end
  end

  # Cargo ends a progress line with a carriage return and every other line with a newline.
  defp split(data) do
    {lines, [rest]} = data |> String.split(["\n", "\r"]) |> Enum.split(-1)
    if byte_size(rest) > @longest_line, do: {[rest | lines], ""}, else: {lines, rest}
  end

  defp line("{" <> _ = json, state) do
    # The only package of this name makes the only file that the compiler needs.
    case Regex.run(~r/"name":"quickbeam_nif".*"filenames":\["((?:[^"\\]|\\.)+)"/, json) do
      [_, path] -> %{state | library: path}
      nil -> state
    end
  end

  defp line(line, state) do
    text = Regex.replace(~r/\e\[[0-9;]*[A-Za-z]/, line, "")

    cond do
      step = Regex.run(~r/^\s*Building .*?(\d+)\/(\d+)/, text) ->
        [done, all] = step |> tl() |> Enum.map(&String.to_integer/1)
        %{state | progress: show(state.progress, done, all)}

      text =~ "Blocking waiting for file lock" ->
        IO.puts(:stderr, "==> quickbeam: waiting for another cargo to end")
        state

      String.trim(text) == "" ->
        state

      true ->
        update_in(state.messages, &[text | &1])
    end
  end

  defp show(%{ansi?: true} = progress, done, all) do
    IO.write(:stderr, "\r\e[K==> quickbeam: building the native library #{done}/#{all}")
    %{progress | shown: done}
  end

  defp show(progress, done, all) do
    step = div(done * 20, max(all, 1))

    if step > progress.shown do
      IO.puts(:stderr, "==> quickbeam: building the native library #{done}/#{all}")
      %{progress | shown: step}
    else
      progress
    end
  end

  defp finish(status, state) do
    if state.progress.ansi? and state.progress.shown >= 0, do: IO.write(:stderr, "\r\e[K")

    case {status, state.library} do
      {0, path} when is_binary(path) -> {:ok, path}
      {0, nil} -> {:error, "cargo ended well, but named no quickbeam_nif library"}
      {status, _} -> {:error, failure(status, Enum.reverse(state.messages))}
    end
  end

  @doc "The message for a cargo that ended with `status` after printing `lines`."
  @spec failure(non_neg_integer(), [String.t()]) :: String.t()
  def failure(status, lines) do
    text = Enum.join(lines, "\n")

    hint =
      cond do
        text =~ ~r/requires rustc|is not supported by the following package/ ->
          "QuickBEAM needs Rust 1.95 or newer (`rustup update stable`)."

        text =~
            ~r/linker `?\w+`? not found|failed to find tool|is `?(cc|c\+\+|clang)`? .*installed/ ->
          "A C and C++ compiler is missing (`script/setup` installs it on Debian and Ubuntu)."

        text =~ ~r/failed to (download|get|fetch)|Could not resolve host|network failure/ ->
          "Cargo could not fetch the crates that it needs; is the network there?"

        true ->
          "Run `cargo build --package quickbeam-nif` for the whole output."
      end

    "cargo build ended with status #{status}. #{hint}\n\n" <> Enum.join(errors(lines), "\n")
  end

  # From the first error on: what cargo printed before it is progress and warnings. A line that is
  # cut is the command line of a compiler.
  defp errors(lines) do
    lines =
      Enum.reject(lines, &String.match?(&1, ~r/^\s*(Compiling|Downloaded|Updating|Locking) /))

    shown =
      case Enum.drop_while(lines, &(not String.match?(&1, ~r/^error/))) do
        [] -> Enum.take(lines, -@lines_of_error)
        errors -> Enum.take(errors, @lines_of_error)
      end

    Enum.map(shown, fn line ->
      if String.length(line) > @width_of_error,
        do: String.slice(line, 0, @width_of_error) <> " ...",
        else: line
    end)
  end

  defp no_cargo do
    "there is no precompiled library for this machine, and `cargo` was not found. " <>
      "Install Rust 1.95 or newer from https://rustup.rs, then compile again."
  end
end
