defmodule QuickBEAM.Native.CargoTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.Native.Cargo

  test "a failure of cargo becomes one message that begins with what to do" do
    for {lines, hint, shown, hidden} <- [
          {["   Compiling x v1.0.0", "warning: unused", "error[E0583]: file not found"],
           "Run `cargo build", "E0583", "warning"},
          {[
             "error: rustc 1.70.0 is not supported by the following package:",
             "  x@1 requires rustc 1.95"
           ], "needs Rust 1.95", "rustc 1.70.0", "Compiling"},
          {["error: linker `cc` not found"], "C and C++ compiler", "linker", "Compiling"},
          {["error: failed to download from `https://crates`"], "network", "failed to download",
           "Compiling"},
          {["cargo was killed"], "Run `cargo build", "cargo was killed", "Compiling"},
          {[], "Run `cargo build", "status 101", "Compiling"}
        ] do
      message = Cargo.failure(101, lines)
      assert message =~ hint
      assert message =~ shown
      refute message =~ hidden
    end
  end

  test "a long failure is cut" do
    lines = for n <- 1..10_000, do: "error: number #{n}"
    assert Cargo.failure(101, lines) |> String.split("\n") |> length() < 100
  end
end
