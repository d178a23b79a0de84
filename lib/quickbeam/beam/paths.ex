defmodule QuickBEAM.Beam.Paths do
  @moduledoc false
  # Whether a grant of paths covers a path. Both are compared with every symbolic link resolved, so that
  # neither `..` nor a link leads out of what is granted.

  @max_links 40

  @doc "Whether `grants` cover `path` by `{grant, paths}`: one of them, or something below."
  @spec granted?(:all | list(), :read | :write, Path.t()) :: boolean()
  def granted?(:all, _grant, _path), do: true

  def granted?(grants, grant, path) do
    with {:ok, real} <- real(path) do
      Enum.any?(grants, fn
        {^grant, roots} -> Enum.any?(roots, &below?(real, &1))
        _other -> false
      end)
    else
      :error -> false
    end
  end

  @doc "The absolute path without `.`, `..` and symbolic links; parts that do not exist are kept."
  @spec real(Path.t()) :: {:ok, Path.t()} | :error
  def real(path) do
    if String.contains?(path, <<0>>),
      do: :error,
      else: path |> Path.absname() |> Path.split() |> resolve("", @max_links)
  end

  defp resolve([], done, _links), do: {:ok, done}
  defp resolve(["." | rest], done, links), do: resolve(rest, done, links)
  defp resolve([".." | rest], done, links), do: resolve(rest, Path.dirname(done), links)
  defp resolve(["/" | rest], _done, links), do: resolve(rest, "/", links)

  defp resolve([part | rest], done, links) do
    path = Path.join(done, part)

    case File.read_link(path) do
      {:ok, _target} when links == 0 -> :error
      {:ok, target} -> resolve(Path.split(target) ++ rest, done, links - 1)
      {:error, _no_link} -> resolve(rest, path, links)
    end
  end

  defp below?(real, root) do
    case real(root) do
      {:ok, ^real} -> true
      {:ok, root} -> String.starts_with?(real, String.trim_trailing(root, "/") <> "/")
      :error -> false
    end
  end
end
