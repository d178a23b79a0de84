defmodule QuickBEAM.CommandLine.Terminal do
  @moduledoc false
  # Gives a function a terminal with line editing and history, as the Erlang shell has them. Mix
  # starts the VM without a shell, therefore one is started here, with the function in the place of
  # its evaluator. Without a terminal (a pipe, a file) the function just runs.

  @doc """
  Runs `fun` to its end; it is told whether there is a terminal. If so, it runs in a process whose group
  leader edits lines.
  """
  @spec run((boolean() -> term())) :: :ok
  def run(fun) do
    if terminal?(), do: in_shell(fn -> fun.(true) end), else: in_bytes(fn -> fun.(false) end)
    :ok
  end

  # Until OTP 25, input that is not valid UTF-8 would be lost as a whole, with what is right in it. Later ones read such bytes as Latin-1.
  defp in_bytes(fun) do
    before = :io.getopts(:standard_io)[:encoding]
    encoding = if System.otp_release() >= "26", do: :unicode, else: :latin1
    :io.setopts(:standard_io, encoding: encoding)

    try do
      fun.()
    after
      :io.setopts(:standard_io, encoding: before)
    end
  end

  @doc "Prints a line, whatever the encoding of the device."
  @spec puts(IO.chardata()) :: :ok
  def puts(text) do
    if bytes?(), do: IO.binwrite([IO.chardata_to_string(text), ?\n]), else: IO.puts(text)
  end

  defp bytes?, do: :io.getopts(:standard_io)[:encoding] == :latin1

  @doc """
  A line of input with its line break, without one at the end of the input; or `:eof`. One that is not UTF-8 comes as `{:invalid, line}`, with
  an underscore for each byte that is not ASCII.

  Only lines that are read this way come back with the arrow keys; `IO.gets/1` reads past the history.
  """
  @spec line(String.t()) :: String.t() | {:invalid, String.t()} | :eof | {:error, term()}
  def line(prompt) do
    request = {:get_until, :unicode, prompt, __MODULE__, :take_line, []}

    with line when is_binary(line) <- :io.request(:standard_io, request) do
      line = if bytes?(), do: :unicode.characters_to_binary(line, :utf8, :latin1), else: line

      if String.valid?(line),
        do: line,
        else: {:invalid, Regex.replace(~r/[\x80-\xff]/, line, "_")}
    end
  end

  @doc false
  def take_line([], :eof), do: {:done, :eof, []}
  def take_line(taken, :eof), do: {:done, to_line(taken), []}

  def take_line(taken, chars) do
    case Enum.split_while(chars, &(&1 != ?\n)) do
      {line, [?\n | rest]} -> {:done, to_line([taken, line, ?\n]), rest}
      {part, []} -> {:more, [taken, part]}
    end
  end

  defp to_line(chars), do: IO.chardata_to_string(chars)

  @doc "Whether standard input and output are a terminal that knows escape sequences."
  @spec terminal?() :: boolean()
  def terminal? do
    tty?(:stdin, 0) and tty?(:stdout, 1) and System.get_env("TERM", "dumb") not in ["", "dumb"]
  end

  # Before OTP 26 the VM cannot be asked.
  defp tty?(stream, descriptor) do
    if Code.ensure_loaded?(:prim_tty) and function_exported?(:prim_tty, :isatty, 1) do
      apply(:prim_tty, :isatty, [stream]) == true
    else
      case File.read_link("/proc/self/fd/#{descriptor}") do
        {:ok, path} -> path =~ ~r"^/dev/(pts/|tty)"
        {:error, _reason} -> false
      end
    end
  end

  defp in_shell(fun) do
    keep_history()
    me = self()
    ref = make_ref()
    start = {__MODULE__, :start, [fn -> send(me, {ref, fun.()}) end]}

    if System.otp_release() >= "26" do
      :ok = apply(:shell, :start_interactive, [start])
    else
      # Until OTP 25 two processes would read standard input: the plain one must go first.
      :ok = :supervisor.terminate_child(:kernel_sup, :user)
      apply(:user_drv, :start, [[:"tty_sl -c -e", start]])
    end

    receive do
      {^ref, _result} -> :ok
    end
  end

  @doc false
  def start(fun) do
    spawn(fn ->
      :io.setopts(binary: true, encoding: :unicode)
      fun.()
      # The driver would announce the end of its shell before Mix ends the VM.
      Process.sleep(:infinity)
    end)
  end

  defp keep_history do
    Application.put_env(:kernel, :shell_history, :enabled)
    path = :filename.basedir(:user_cache, "quickbeam-history")
    Application.put_env(:kernel, :shell_history_path, to_charlist(path))
  end
end
