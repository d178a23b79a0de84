defmodule Mix.Tasks.Compile.QuickbeamNif do
  @shortdoc "Puts QuickBEAM's native library in place"
  @moduledoc """
  Puts the native library to `priv/native/quickbeam_nif.so`: a precompiled one whose checksum is in
  `priv/native/checksums.txt`, else one that cargo builds from the Rust sources.

  It does nothing while the Rust sources, the manifests and the settings below are what they were.
  The library is replaced by a rename, so that a VM that runs with the old one is not disturbed.

  Environment:

    * `QUICKBEAM_PROFILE` - cargo profile: `release` (default), or `quick`, which builds faster
    * `QUICKBEAM_PRECOMPILED_DIR` - a directory that may hold a precompiled library
    * `QUICKBEAM_BUILD` - `1` builds with cargo even if there is a precompiled library

  Mix needs this before the project is compiled, therefore it is a script that `mix.exs` requires.
  """

  use Mix.Task.Compiler

  alias QuickBEAM.Native.{Cargo, Precompiled}

  @profiles ~w(release quick dev)
  @library "priv/native/quickbeam_nif.so"
  @stamp "priv/native/quickbeam_nif.stamp"

  @impl true
  def run(_args) do
    root = File.cwd!()
    settings = settings()

    if current?(root, settings) do
      {:noop, []}
    else
      before = sources(root)
      install(root, library(root, settings))
      # Sources edited while cargo ran must count as changed, hence the state from before it.
      write_stamp(root, settings, before)
      {:ok, []}
    end
  end

  @impl true
  def manifests, do: [@stamp]

  @impl true
  def clean do
    Enum.each([@library, @stamp], &File.rm/1)
  end

  defp settings do
    profile = System.get_env("QUICKBEAM_PROFILE", "release")

    unless profile in @profiles do
      Mix.raise(
        "QUICKBEAM_PROFILE is #{inspect(profile)}, but must be one of #{Enum.join(@profiles, ", ")}"
      )
    end

    dir = System.get_env("QUICKBEAM_PRECOMPILED_DIR")
    build? = System.get_env("QUICKBEAM_BUILD") in ["1", "true"]
    %{profile: profile, precompiled_dir: dir, build?: build?}
  end

  defp library(root, %{build?: true} = settings), do: cargo(root, settings)

  defp library(root, settings) do
    version = Mix.Project.config()[:version]
    architecture = to_string(:erlang.system_info(:system_architecture))
    own = Path.join(root, "priv/native/precompiled")
    dirs = Enum.reject([settings.precompiled_dir, own], &is_nil/1)
    checksums = root |> Path.join("priv/native/checksums.txt") |> File.read!()

    with {:ok, file} <- Precompiled.file_name(version, architecture),
         {:ok, path} <- Precompiled.find(file, dirs, Precompiled.checksums(checksums)) do
      Mix.shell().info("==> quickbeam: using the precompiled #{path}")
      path
    else
      :none -> cargo(root, settings)
      {:error, message} -> Mix.raise("QuickBEAM: " <> message)
    end
  end

  defp cargo(root, settings) do
    case Cargo.build(root, settings.profile) do
      {:ok, path} -> path
      {:error, message} -> Mix.raise("QuickBEAM's native library could not be built: " <> message)
    end
  end

  defp install(root, built) do
    target = Path.join(root, @library)
    temporary = "#{target}.#{System.pid()}"
    File.mkdir_p!(Path.dirname(target))
    File.cp!(built, temporary)
    File.rename!(temporary, target)
  end

  defp current?(root, settings) do
    case File.read(Path.join(root, @stamp)) do
      {:ok, stamp} -> stamp == stamp(root, settings, sources(root))
      {:error, _} -> false
    end
  end

  defp write_stamp(root, settings, sources) do
    File.write!(Path.join(root, @stamp), stamp(root, settings, sources))
  end

  defp stamp(root, settings, sources) do
    library = root |> Path.join(@library) |> File.stat(time: :posix) |> identity()
    {settings, library, sources} |> :erlang.term_to_binary() |> Precompiled.sha256()
  end

  # JavaScript glue is part of the library too, hence every file but the Elixir ones.
  defp sources(root) do
    files =
      Path.wildcard(Path.join(root, "{crates,apis}/**/*"))
      |> Enum.reject(&(Path.extname(&1) in [".ex", ".exs", ".md"] or &1 =~ "/node_modules/"))

    manifests = ~w(Cargo.toml Cargo.lock .cargo/config.toml priv/native/checksums.txt)

    for path <- Enum.map(manifests, &Path.join(root, &1)) ++ files,
        {:ok, %{type: :regular}} = stat <- [File.stat(path, time: :posix)],
        do: {path, identity(stat)}
  end

  defp identity({:ok, stat}), do: {stat.size, stat.mtime}
  defp identity({:error, reason}), do: reason
end
