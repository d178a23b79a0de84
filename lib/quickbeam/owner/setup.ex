defmodule QuickBEAM.Owner.Setup do
  @moduledoc false
  # What makes a bare realm the one that the options describe: its globals, then its script. A start
  # and a reset run the same steps; the script is read and bundled once, by the start.

  alias QuickBEAM.{JS, JSError, Native, Options}
  alias QuickBEAM.Owner.Request

  @type step :: Request.op()

  @doc """
  The script that a worker imports while it runs, as the realm of `owner` is to run it.

  What is a module is given as it is: no script imports or exports, as the engine says.
  """
  @spec imported({:javascript | :text | :source, String.t(), String.t()}, pid(), boolean()) ::
          {:ok, String.t()} | {:error, JSError.t()}
  def imported({kind, source, name}, owner, cover?) do
    if kind == :javascript and not String.contains?(source, ["import", "export"]) do
      {:ok, source}
    else
      case JS.script_source(source, name, cover? and kind == :source) do
        {:ok, %{kind: :module}} ->
          {:ok, source}

        {:ok, %{code: code, map: map, covered: covered}} ->
          Native.realm_script(owner, name, map, covered)
          {:ok, code}

        {:error, errors} ->
          {:error, syntax_error(errors)}
      end
    end
  end

  @doc "The ops that set up a realm with these options."
  @spec steps(Options.t()) ::
          {:ok, [step()]}
          | {:error, {:script_not_found, Path.t(), File.posix()} | JSError.t()}
  def steps(%Options{define: define, script: script, cover: cover?}) do
    globals = for {name, term} <- define, do: {:set_global, name, term}

    cover = if cover?, do: [{:cover, []}], else: []

    with {:ok, steps} <- script(script, cover?) do
      url = url(script)
      {:ok, cover ++ globals ++ Enum.map(steps, &with_url(&1, url))}
    end
  end

  @doc """
  Sends `steps` to the realm of `owner`, all before any reply, so that nobody else's requests come
  between them. A step that was taken has the reference of its reply.
  """
  @spec send_to(pid(), [step()]) :: [{step(), {:ok, reference()} | {:error, JSError.t()}}]
  def send_to(owner, steps) do
    for step <- steps do
      with :noproc <- Request.send_op(owner, step) do
        error = %JSError{name: "InterruptedError", message: "the runtime was stopped"}
        {step, {:error, error}}
      else
        sent -> {step, sent}
      end
    end
  end

  @doc "The error of a step. A term that does not cross tells nothing of where it was."
  @spec error(step(), JSError.t()) :: {:error, JSError.t()}
  def error({:set_global, name, _term}, error),
    do: {:error, %{error | message: "define #{inspect(name)}: #{error.message}"}}

  def error(_step, error), do: {:error, error}

  @doc "Runs `steps` in the realm of `owner`; the first error."
  @spec run([step()], pid()) :: :ok | {:error, JSError.t()}
  def run(steps, owner) do
    owner
    |> send_to(steps)
    |> Enum.map(fn
      {step, {:ok, ref}} -> {step, receive(do: ({^ref, reply} -> reply))}
      {step, error} -> {step, error}
    end)
    |> Enum.find_value(:ok, fn
      {step, {:error, error}} -> error(step, error)
      _done -> nil
    end)
  end

  @doc "The first of several diagnostics of the toolchain, as JavaScript's own compiler reports them."
  @spec syntax_error([JS.Error.t(), ...]) :: JSError.t()
  def syntax_error([error | _more]) do
    frame = if error.code_frame, do: "\n" <> error.code_frame, else: ""

    %JSError{
      name: "SyntaxError",
      message: error.message <> frame,
      filename: error.file,
      line: error.line,
      column: error.column
    }
  end

  defp script(nil, _cover?), do: {:ok, []}

  # A worker's scope first; its messages last, as the script sets up who takes them.
  defp script({:worker, %{name: name, type: type, token: token}, script}, cover?) do
    with {:ok, steps} <- script(script, cover?) do
      steps = if type == "module", do: Enum.map(steps, &module/1), else: steps
      {:ok, [{:become_worker, token, name, type == "module"} | steps] ++ [:start_worker]}
    end
  end

  # JavaScript that neither imports nor exports runs as it is.
  defp script({:javascript, source, name}, _cover?) do
    if String.contains?(source, ["import", "export"]),
      do: script({:text, source, name}, false),
      else: {:ok, [{:eval, source, name, nil}]}
  end

  # The text of no file is covered nowhere.
  defp script({:text, source, name}, _cover?), do: script({:source, source, name}, false)

  defp script({:source, source, name}, cover?) do
    with {:ok, script} <- JS.script_source(source, name, cover?) do
      {:ok, script_steps(script, name)}
    else
      {:error, errors} -> {:error, syntax_error(errors)}
    end
  end

  defp script(path, cover?) do
    with :ok <- readable(path),
         {:ok, script} <- JS.script_file(path, cover?) do
      {:ok, script_steps(script, path)}
    else
      {:error, errors} when is_list(errors) -> {:error, syntax_error(errors)}
      {:error, posix} when is_atom(posix) -> {:error, {:script_not_found, path, posix}}
    end
  end

  defp script_steps(%{code: code, map: map, kind: kind, covered: covered}, name) do
    cover = if covered == [], do: [], else: [{:cover, covered}]
    [{:source_map, name, map} | cover] ++ [program(kind, code, name)]
  end

  # A script without imports and exports is a module if it is said to be one.
  defp module({:eval, code, path, nil}), do: {:eval_module, code, path}
  defp module(step), do: step

  defp program(:script, code, path), do: {:eval, code, path, nil}
  defp program(:module, code, path), do: {:eval_module, code, path}

  # What `import.meta.url` is.
  defp with_url({:eval_module, code, path}, url), do: {:eval_module, code, path, url}
  defp with_url(step, _url), do: step

  defp url({:worker, _worker, script}), do: url(script)
  defp url({:source, _source, path}), do: file_url(path)
  defp url({_kind, _source, name}), do: name
  defp url(path), do: path && file_url(path)

  defp file_url(path) do
    literal? = &(URI.char_unreserved?(&1) or &1 in ~c"/!$&'()*+,;=:@")
    "file://" <> URI.encode(Path.expand(path), literal?)
  end

  # The bundler's own message for an unreadable entry names no reason. A pipe, which it refuses, would not open.
  defp readable(path) do
    case File.stat(path) do
      {:ok, %{type: type}} when type in [:device, :other] -> :ok
      _file -> with {:ok, file} <- File.open(path, [:read]), do: File.close(file)
    end
  end
end
