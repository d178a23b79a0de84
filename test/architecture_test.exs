defmodule QuickBEAM.ArchitectureTest do
  @moduledoc """
  The arrows of ARCHITECTURE.md point one way: what each crate may depend on, what each crate may
  know, and which Elixir modules may call the NIF.
  """

  use ExUnit.Case, async: true

  # A crate with what it may depend on, of the crates of this workspace.
  @crates %{
    "quickjs-sys" => [],
    "engine" => [],
    "dom" => [],
    "toolchain" => [],
    "wasm" => [],
    "net" => [],
    "executor" => ["engine"],
    "nif" => [
      "engine",
      "executor",
      "dom",
      "toolchain",
      "wasm",
      "net",
      "apis",
      "apis-browser",
      "api-beam",
      "api-broadcast-channel",
      "api-dom",
      "api-grants",
      "api-worker"
    ]
  }

  # Beside other APIs, which each one declares.
  @apis ["engine", "executor", "dom", "toolchain", "wasm", "net"]

  # An outside crate with the crates of this workspace that may know it.
  @outside %{
    "rustler" => ["nif"],
    "rquickjs" => ["engine"],
    "corosensei" => ["executor"],
    "oxc" => ["toolchain"],
    "rolldown" => ["toolchain"],
    "wasmtime" => ["wasm"],
    "tokio" => ["net", "toolchain"]
  }

  # The owner and pool modules, and the toolchain, which has no owner.
  @callers_of_nif [QuickBEAM.Owner, QuickBEAM.Beam, QuickBEAM.ContextPool, QuickBEAM.JS]

  test "the crates depend on each other in one direction" do
    for {crate, dependencies} <- manifests("crates") do
      assert Map.has_key?(@crates, crate), "crates/#{crate} has no place in the architecture"

      assert own(dependencies) -- @crates[crate] == [],
             "crates/#{crate} depends on what it may not know"
    end
  end

  test "APIs stand on the engine, on the executor, and on each other" do
    for {api, dependencies} <- manifests("apis") do
      others = Enum.reject(own(dependencies), &String.starts_with?(&1, "api-"))
      assert others -- @apis == [], "apis/#{api} depends on what it may not know"
    end
  end

  test "outside crates are known only where they belong" do
    for {crate, dependencies} <- manifests("{crates,apis}"),
        {name, places} <- @outside,
        name in dependencies do
      assert crate in places, "#{crate} depends on #{name}; only #{inspect(places)} may"
    end
  end

  test "only the modules that own realms call the NIF" do
    {:ok, modules} = :application.get_key(:quickbeam, :modules)

    callers =
      for module <- modules,
          {:ok, {_, [imports: imports]}} <- [:beam_lib.chunks(:code.which(module), [:imports])],
          List.keymember?(imports, QuickBEAM.Native, 0),
          do: module

    for caller <- callers do
      assert Enum.any?(@callers_of_nif, &within?(caller, &1)), "#{inspect(caller)} calls the NIF"
    end
  end

  test "the crates and the library have one version" do
    [_, version] = Regex.run(~r/^version = "(.+)"$/m, File.read!("Cargo.toml"))
    assert version == to_string(Application.spec(:quickbeam, :vsn))
  end

  defp within?(module, parent),
    do: module == parent or String.starts_with?(inspect(module), inspect(parent) <> ".")

  defp own(dependencies), do: for("quickbeam-" <> name <- dependencies, do: name)

  # Dependencies of the tests are no arrows: only `[dependencies]` is read.
  defp manifests(directory) do
    for path <- Path.wildcard("#{directory}/*/Cargo.toml") do
      section =
        case Regex.run(~r/^\[dependencies\]\n(.*?)(?=^\[|\z)/ms, File.read!(path)) do
          [_, section] -> section
          nil -> ""
        end

      {path |> Path.dirname() |> Path.basename(),
       Regex.scan(~r/^([a-z0-9_-]+)/m, section) |> Enum.map(&List.last/1)}
    end
  end
end
