defmodule QuickBEAM.Native.PrecompiledTest do
  use ExUnit.Case, async: true

  alias QuickBEAM.Native.Precompiled

  @moduletag :tmp_dir

  test "triples of Erlang's system architectures" do
    for {architecture, expected} <- [
          {"x86_64-pc-linux-gnu", {:ok, "x86_64-unknown-linux-gnu"}},
          {"x86_64-unknown-linux-gnu", {:ok, "x86_64-unknown-linux-gnu"}},
          {"aarch64-unknown-linux-gnu", {:ok, "aarch64-unknown-linux-gnu"}},
          {"x86_64-alpine-linux-musl", {:ok, "x86_64-unknown-linux-musl"}},
          {"aarch64-apple-darwin23.1.0", {:ok, "aarch64-apple-darwin"}},
          {"win32", :none},
          {"riscv64-unknown-linux-gnu", :none},
          {"x86_64-unknown-freebsd14.0", :none},
          {"", :none}
        ] do
      assert Precompiled.triple(architecture) == expected, architecture
    end
  end

  test "a library is trusted only if its checksum is listed", %{tmp_dir: dir} do
    File.write!(Path.join(dir, "lib.so"), "machine code")
    good = Precompiled.sha256("machine code")
    bad = Precompiled.sha256("other code")

    for {file, checksums, expected} <- [
          {"lib.so", %{"lib.so" => good}, {:ok, Path.join(dir, "lib.so")}},
          {"lib.so", %{"lib.so" => bad}, {:error, bad}},
          {"lib.so", %{"other.so" => good}, {:error, "has no SHA-256 for lib.so"}},
          {"other.so", %{"other.so" => good}, :none}
        ] do
      case {Precompiled.find(file, ["/no/such/directory", dir], checksums), expected} do
        {{:error, message}, {:error, part}} -> assert message =~ part
        {found, expected} -> assert found == expected
      end
    end
  end

  test "checksums are read as sha256sum prints them" do
    sum = String.duplicate("0f", 32)

    text = """
    # comment
    #{sum}  a.so
    #{String.upcase(sum)} *b.so

    too-short  c.so
    #{sum}
    """

    assert Precompiled.checksums(text) == %{"a.so" => sum, "b.so" => sum}
  end
end
