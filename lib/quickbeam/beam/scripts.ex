defmodule QuickBEAM.Beam.Scripts do
  @moduledoc false
  # The scripts that JavaScript names: of runtimes and workers that it starts, and those that a worker imports.
  #
  # A path is read with the grants of the realm that names it. What is at a `blob:` URL is that realm's, and given along.

  alias QuickBEAM.Beam.{Paths, Services}
  alias QuickBEAM.JSError
  alias QuickBEAM.Options
  alias QuickBEAM.Owner.Setup

  @extensions ~w(.js .mjs .cjs .jsx .ts .mts .cts .tsx)

  @type text :: {:text | :javascript | :source, String.t(), name :: String.t()}
  @type blob :: {String.t(), type :: String.t()}
  @type found :: {:ok, Path.t() | text()} | {:error, Services.failure()}

  @doc """
  What `Beam.spawn` starts: what is at a `data:` or `blob:` URL; the file at a path, bundled with its imports for a starter that may do
  everything; else the text itself.
  """
  @spec of_child(String.t(), blob() | nil, :all | list()) :: found()
  def of_child(script, blob, allow) do
    cond do
      blob -> {:ok, text(script, blob)}
      script =~ ~r/\A(blob|data):\S/ -> of_url(script, "Beam.spawn", "spawn")
      path = path(script) -> file(path, allow)
      true -> {:ok, {:text, script, "spawn.ts"}}
    end
  end

  @doc "What a worker of that URL starts with."
  @spec of_worker(String.t(), blob() | nil, :all | list()) :: found()
  def of_worker(url, {_source, _type} = blob, _allow), do: {:ok, text(url, blob)}

  def of_worker("data:" <> _rest = url, nil, _allow), do: of_url(url, "Worker", "worker")
  def of_worker("blob:" <> _rest = url, nil, _allow), do: of_url(url, "Worker", "worker")
  def of_worker(url, nil, allow), do: file(path(url) || url, allow)

  defp of_url("data:" <> rest, api, name) do
    case data(rest) do
      {:ok, text} -> {:ok, data_text(name, text)}
      :error -> Services.failure("SyntaxError", "#{api}: this data: URL holds no script")
    end
  end

  defp of_url(url, api, _name),
    do: Services.failure("NotFoundError", "#{api}: there is nothing at #{url}")

  @doc """
  The script that a worker with these options imports: `[code, name]`, with which the realm of `owner` is to go on; or
  `[nil, name, message]` of the `DOMException` that the standard asks for.

  What is at no absolute URL is looked for beside the worker's own script.
  """
  @spec import(String.t(), blob() | nil, Options.t(), pid()) ::
          {:ok, [String.t() | nil]} | {:error, Services.failure()}
  def import(url, blob, options, owner) do
    with {:ok, {_kind, source, name} = text} <- imported(url, blob, options),
         {:valid, true} <- {:valid, String.valid?(source)},
         {:ok, code} <- Setup.imported(text, owner, options.cover) do
      {:ok, [code, name]}
    else
      {:valid, false} -> exception("NetworkError", "the script at #{url} is not valid UTF-8")
      {:exception, name, why} -> exception(name, why)
      {:error, %JSError{} = error} -> Services.failure(error.name, error.message)
      {:error, failure} -> {:error, failure}
    end
  end

  defp exception(name, why), do: {:ok, [nil, name, "importScripts: #{why}"]}

  defp imported(url, {_source, _type} = blob, _options), do: {:ok, text(url, blob)}

  defp imported("data:" <> rest, nil, _options) do
    case data(rest) do
      {:ok, text} -> {:ok, data_text("data", text)}
      :error -> {:exception, "NetworkError", "this data: URL holds no script"}
    end
  end

  defp imported(url, nil, options) do
    with {:ok, path} <- import_path(url, options.script) do
      case granted(path, options.allow) do
        {:error, %{name: "NotFoundError", message: why}} -> {:exception, "NetworkError", why}
        found -> found
      end
    end
  end

  defp import_path(url, {:worker, _worker, script}) do
    scheme? = url =~ ~r/\A[a-z][a-z0-9+.-]*:/i

    cond do
      path = scheme? && path(url) ->
        {:ok, path}

      scheme? ->
        {:exception, "NetworkError", "there is no script at #{url}"}

      Path.type(url) == :absolute ->
        {:ok, url}

      directory = directory(script) ->
        {:ok, Path.join(directory, url)}

      true ->
        {:exception, "SyntaxError", "#{inspect(url)} is relative to nothing"}
    end
  end

  defp directory({:source, _source, path}), do: Path.dirname(path)
  defp directory({_kind, _source, _name}), do: nil
  defp directory(path), do: Path.dirname(path)

  defp text(url, {source, type}) do
    if typescript?(type), do: {:text, source, url}, else: {:javascript, source, url}
  end

  # The extension tells the language.
  defp data_text(name, {source, type}) do
    if typescript?(type),
      do: {:text, source, name <> ".ts"},
      else: {:javascript, source, name <> ".js"}
  end

  defp typescript?(type), do: String.downcase(type) =~ "typescript"

  defp data(rest) do
    with [type, data] <- String.split(rest, ",", parts: 2),
         {:ok, source} <- decoded(type, data) do
      {:ok, {source, type}}
    else
      _no_comma_or_wrong -> :error
    end
  end

  defp decoded(type, data) do
    if String.ends_with?(type, ";base64") do
      data |> URI.decode() |> Base.decode64(ignore: :whitespace, padding: false)
    else
      source = URI.decode(data)
      if String.valid?(source), do: {:ok, source}, else: :error
    end
  end

  defp file(path, :all), do: {:ok, path}
  defp file(path, allow), do: granted(path, allow)

  defp granted(path, allow) do
    with {:granted, true} <- {:granted, Paths.granted?(allow, :read, path)},
         {:ok, %{type: :regular}} <- File.stat(path),
         {:ok, source} <- File.read(path) do
      {:ok, {:source, source, path}}
    else
      {:granted, false} ->
        message = "the script #{inspect(path)} needs the grant {:read, [#{inspect(path)}]}"
        Services.failure("NotAllowedError", message)

      # Reading a pipe or a device may never end.
      {:ok, _other} ->
        message = "the script #{inspect(path)} cannot be read: it is not a regular file"
        Services.failure("NotFoundError", message)

      {:error, reason} ->
        message = "the script #{inspect(path)} cannot be read: #{:file.format_error(reason)}"
        Services.failure("NotFoundError", message)
    end
  end

  defp path("file:" <> _rest = url) do
    with %URI{path: path, host: host} when host in [nil, ""] and is_binary(path) <-
           URI.parse(url),
         do: URI.decode(path),
         else: (_other -> nil)
  end

  defp path(script) do
    if Path.extname(script) in @extensions and not (script =~ ~r/\s/), do: script
  end
end
