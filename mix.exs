Code.require_file("lib/quickbeam/native/precompiled.exs", __DIR__)
Code.require_file("lib/quickbeam/native/cargo.exs", __DIR__)
Code.require_file("lib/mix/tasks/compile.quickbeam_nif.exs", __DIR__)

defmodule QuickBEAM.MixProject do
  use Mix.Project

  @version "0.1.0"

  def project do
    [
      app: :quickbeam,
      version: @version,
      description: "JavaScript and WebAssembly inside the Erlang VM",
      elixir: "~> 1.14",
      elixirc_paths: elixirc_paths(Mix.env()),
      compilers: [:quickbeam_nif | Mix.compilers()],
      start_permanent: Mix.env() == :prod,
      package: package(),
      deps: []
    ]
  end

  def application do
    [mod: {QuickBEAM.Application, []}, extra_applications: extra_applications(Mix.env())]
  end

  # The tests serve TLS.
  defp extra_applications(:test), do: [:ssl | extra_applications(:prod)]
  defp extra_applications(_env), do: [:logger, :crypto]

  # An API that OTP backs keeps its Elixir part beside its Rust and JavaScript parts.
  defp elixirc_paths(:test), do: ["test/support" | elixirc_paths(:prod)]
  defp elixirc_paths(_env), do: ["lib" | Path.wildcard("apis/*/lib")]

  defp package do
    [
      licenses: ["MIT"],
      files: ~w(.cargo apis crates lib priv/native/checksums.txt priv/native/precompiled
                Cargo.lock Cargo.toml CHANGELOG.md LICENSE README.md mix.exs)
    ]
  end
end
