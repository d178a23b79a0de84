defmodule QuickBEAM.Native.Precompiled do
  @moduledoc """
  Finds a precompiled native library for this machine, and trusts it only if its SHA-256 is in the repository.

  Mix needs this before the project is compiled, therefore it is a script that `mix.exs` requires.
  Nothing is ever downloaded: the library lies in `priv/native/precompiled` (where a published
  package has it) or in the directory that `QUICKBEAM_PRECOMPILED_DIR` names.
  """

  @nif_version "2.16"

  @doc """
  Looks for `file` in `dirs`, and checks it against `checksums`, a map from file name to lower-case
  SHA-256.

  Returns `{:ok, path}`, `:none` if no directory has the file, or `{:error, message}` if a file was
  found that the checksums do not vouch for.
  """
  @spec find(String.t(), [Path.t()], %{String.t() => String.t()}) ::
          {:ok, Path.t()} | :none | {:error, String.t()}
  def find(file, dirs, checksums) do
    case dirs |> Enum.map(&Path.join(&1, file)) |> Enum.find(&File.regular?/1) do
      nil -> :none
      path -> verify(path, checksums[file])
    end
  end

  defp verify(path, nil) do
    {:error,
     "#{path} is not used: priv/native/checksums.txt has no SHA-256 for #{Path.basename(path)}"}
  end

  defp verify(path, expected) do
    case path |> File.read!() |> sha256() do
      ^expected ->
        {:ok, path}

      actual ->
        {:error,
         "#{path} is not used: its SHA-256 is #{actual}, " <>
           "but priv/native/checksums.txt says #{expected}"}
    end
  end

  @doc "Reads `sha256sum` lines (`#` starts a comment) into a map from file name to SHA-256."
  @spec checksums(String.t()) :: %{String.t() => String.t()}
  def checksums(text) do
    for line <- String.split(text, "\n"),
        [sum, file] <- [String.split(line)],
        String.match?(sum, ~r/\A[0-9a-fA-F]{64}\z/),
        into: %{},
        do: {String.trim_leading(file, "*"), String.downcase(sum)}
  end

  @doc """
  The file name of the library of `version` for `architecture`, as
  `:erlang.system_info(:system_architecture)` names it; `:none` for one that no release is built for.
  """
  @spec file_name(String.t(), String.t()) :: {:ok, String.t()} | :none
  def file_name(version, architecture) do
    with {:ok, triple} <- triple(architecture) do
      {:ok, "quickbeam_nif-v#{version}-nif-#{@nif_version}-#{triple}.so"}
    end
  end

  @doc "The Rust target triple of an Erlang system architecture."
  @spec triple(String.t()) :: {:ok, String.t()} | :none
  def triple(architecture) do
    with [cpu | rest] <- String.split(architecture, "-"),
         {:ok, cpu} <- cpu(cpu),
         {:ok, system} <- system(Enum.join(rest, "-")) do
      {:ok, "#{cpu}-#{system}"}
    else
      _ -> :none
    end
  end

  defp cpu(cpu) when cpu in ["x86_64", "amd64"], do: {:ok, "x86_64"}
  defp cpu(cpu) when cpu in ["aarch64", "arm64"], do: {:ok, "aarch64"}
  defp cpu(_other), do: :none

  defp system(rest) do
    cond do
      rest =~ "linux-musl" -> {:ok, "unknown-linux-musl"}
      rest =~ "linux-gnu" -> {:ok, "unknown-linux-gnu"}
      rest =~ "apple-darwin" -> {:ok, "apple-darwin"}
      true -> :none
    end
  end

  @doc "The lower-case SHA-256 of a binary."
  @spec sha256(binary()) :: String.t()
  def sha256(binary), do: :crypto.hash(:sha256, binary) |> Base.encode16(case: :lower)
end
