defmodule QuickBEAM.StorageTest do
  @moduledoc "`localStorage` and `sessionStorage`: of a runtime, shared, in a file."

  use QuickBEAM.Test.PlacementCase

  alias QuickBEAM.JSError

  @moduletag :capture_log

  @cases [
    {"localStorage.setItem('a', 1); [localStorage.getItem('a'), localStorage.a, localStorage['a'], localStorage.length]",
     ["1", "1", "1", 1]},
    {"localStorage.x = { toString: () => 'text' }; localStorage.x", "text"},
    {"localStorage.b = 2; localStorage.a = 1; [Object.keys(localStorage), localStorage.key(0), localStorage.key(5)]",
     [["a", "b"], "a", nil]},
    {"localStorage.a = 1; delete localStorage.a; [localStorage.getItem('a'), 'a' in localStorage, localStorage.a === undefined]",
     [nil, false, true]},
    {"localStorage.a = 1; sessionStorage.a = 2; localStorage.clear(); [localStorage.length, sessionStorage.a]",
     [0, "2"]},
    {"localStorage.setItem('getItem', 'x'); [typeof localStorage.getItem, localStorage.getItem('getItem')]",
     ["function", "x"]},
    {"[localStorage instanceof Storage, String(localStorage), localStorage === localStorage]",
     [true, "[object Storage]", true]},
    {"localStorage.setItem('caf\u00e9', '\u{1F600}'); localStorage['caf\u00e9']", "\u{1F600}"},
    {"localStorage.a = 1; JSON.stringify(localStorage)", "{\"a\":\"1\"}"},
    {"Object.getOwnPropertyDescriptor(localStorage, 'no') === undefined", true},
    {"try { new Storage() } catch (e) { e.message }", "Illegal constructor"},
    {"try { localStorage.setItem('big', 'x'.repeat(6e6)) } catch (e) { [e.name, e instanceof QuotaExceededError, localStorage.length] }",
     ["QuotaExceededError", true, 0]},
    {"try { for (let n = 0; ; n++) sessionStorage['k'.repeat(1000) + n] = '' } catch (e) { e.name }",
     "QuotaExceededError"}
  ]

  test "items" do
    for {code, expected} <- @cases do
      assert {code, QuickBEAM.eval(start_runtime(), code)} == {code, {:ok, expected}}
    end
  end

  test "is private, and lives through a reset" do
    [a, b] = [start_runtime(), start_runtime()]
    {:ok, _} = QuickBEAM.eval(a, "localStorage.k = 'v'")
    :ok = QuickBEAM.reset(a)
    assert QuickBEAM.eval(a, "localStorage.k") == {:ok, "v"}
    assert QuickBEAM.eval(b, "localStorage.k ?? null") == {:ok, nil}
  end

  test "is shared by name" do
    name = "storage-#{System.unique_integer([:positive])}"
    [a, b] = [start_runtime(storage: name), start_runtime(storage: name)]
    {:ok, _} = QuickBEAM.eval(a, "localStorage.k = 'v'; sessionStorage.k = 's'")
    assert QuickBEAM.eval(b, "[localStorage.k, sessionStorage.k ?? null]") == {:ok, ["v", nil]}
    {:ok, _} = QuickBEAM.eval(b, "localStorage.clear()")
    assert QuickBEAM.eval(a, "localStorage.length") == {:ok, 0}
  end

  @tag :tmp_dir
  test "in a file survives, whatever a crash has left at its end", %{tmp_dir: dir} do
    path = Path.join(dir, "deep/store")

    {:ok, _} =
      QuickBEAM.eval(start_runtime(storage: {:file, path}), """
      localStorage.a = 'one'; localStorage.b = 'two'; localStorage.a = 'three'; delete localStorage.b; localStorage.c = ''
      """)

    whole = File.read!(path)

    for content <- [
          whole,
          whole <> <<0, 0>>,
          whole <> <<5::32, 1::32, "sabcd">>,
          whole <> :binary.copy(<<255>>, 100)
        ] do
      stop_server(path)
      File.write!(path, content)
      rt = start_runtime(storage: {:file, path})

      assert QuickBEAM.eval(rt, "[localStorage.a, localStorage.b ?? null, localStorage.c]") ==
               {:ok, ["three", nil, ""]}

      {:ok, _} = QuickBEAM.eval(rt, "localStorage.d = 1; delete localStorage.d")
    end

    # Every change that was acknowledged is there, wherever the file ends.
    for size <- 8..byte_size(whole)//7 do
      stop_server(path)
      File.write!(path, binary_part(whole, 0, size))
      rt = start_runtime(storage: {:file, path})
      assert {:ok, value} = QuickBEAM.eval(rt, "localStorage.a ?? null")
      assert value in [nil, "one", "three"]
    end

    stop_server(path)
    File.write!(path, "something else")
    rt = start_runtime(storage: {:file, path})
    assert {:error, %JSError{name: "UnknownError"}} = QuickBEAM.eval(rt, "localStorage.a")
    assert File.read!(path) == "something else"
    assert_usable(rt)
  end

  @tag :tmp_dir
  test "in a file is one, whichever links lead there", %{tmp_dir: dir} do
    File.mkdir!(Path.join(dir, "a"))
    File.ln_s!("a", Path.join(dir, "b"))
    File.ln_s!("a/store", Path.join(dir, "link"))
    paths = for path <- ["a/store", "b/store", "link", "b/../a/store"], do: Path.join(dir, path)
    runtimes = for path <- paths, do: start_runtime(storage: {:file, path})

    for round <- 1..3,
        {rt, at} <- Enum.with_index(runtimes),
        do: {:ok, _} = QuickBEAM.eval(rt, "localStorage['#{round} #{at}'] = 1")

    keys = for round <- 1..3, at <- 0..3, do: "#{round} #{at}"
    for rt <- runtimes, do: assert(QuickBEAM.eval(rt, "Object.keys(localStorage)") == {:ok, keys})
    stop_server(hd(paths))
    rt = start_runtime(storage: {:file, List.last(paths)})
    assert QuickBEAM.eval(rt, "Object.keys(localStorage)") == {:ok, keys}
    assert File.read_link!(Path.join(dir, "link")) == "a/store"
  end

  @tag :tmp_dir
  test "leaves files that are something else alone, however short", %{tmp_dir: dir} do
    for content <- ["hello", "QBSTORE2", "QBX"] do
      path = Path.join(dir, content)
      File.write!(path, content)
      rt = start_runtime(storage: {:file, path})
      assert {:error, error} = QuickBEAM.eval(rt, "localStorage.a = 1")
      assert error.message =~ "not_a_storage_file"
      assert File.read!(path) == content
    end

    for content <- ["", "QBST"] do
      path = Path.join(dir, "half-made" <> content)
      File.write!(path, content)

      assert {:ok, 1} =
               QuickBEAM.eval(start_runtime(storage: {:file, path}), "localStorage.a = 1")
    end
  end

  @tag :tmp_dir
  test "a file that is damaged before good records is told of, and they are kept", %{tmp_dir: dir} do
    path = Path.join(dir, "store")
    rt = start_runtime(storage: {:file, path})

    {:ok, _} =
      QuickBEAM.eval(rt, "for (let n = 0; n < 5; n++) localStorage['key' + n] = 'value'; 1")

    whole = File.read!(path)
    record = div(byte_size(whole) - 8, 5)

    # In the length, in the checksum, and in the text of the second record.
    for at <- [0, 3, 4, 20] do
      stop_server(path)
      <<before::binary-size(8 + record), rest::binary>> = whole
      <<same::binary-size(at), byte, others::binary>> = rest
      damaged = <<same::binary, Bitwise.bxor(byte, 255), others::binary>>
      File.write!(path, before <> damaged)

      log =
        ExUnit.CaptureLog.capture_log(fn ->
          rt = start_runtime(storage: {:file, path})
          assert QuickBEAM.eval(rt, "Object.keys(localStorage)") == {:ok, ["key0"]}
        end)

      assert log =~ "the storage file #{path} is damaged at byte #{8 + record}"
      assert [kept] = Path.wildcard(path <> ".damaged-*")
      assert File.read!(kept) == damaged
      File.rm!(kept)
    end
  end

  @tag :tmp_dir
  test "a file does not grow without end", %{tmp_dir: dir} do
    path = Path.join(dir, "store")
    rt = start_runtime(storage: {:file, path})

    {:ok, _} =
      QuickBEAM.eval(rt, "for (let n = 0; n < 40; n++) localStorage.a = 'x'.repeat(1e5) + n; 1")

    assert File.stat!(path).size < 2_000_000
    stop_server(path)

    assert QuickBEAM.eval(start_runtime(storage: {:file, path}), "localStorage.a.slice(-2)") ==
             {:ok, "39"}
  end

  defp stop_server(path) do
    name = QuickBEAM.Beam.StorageServer.absolute({:file, path})
    [{pid, _}] = Registry.lookup(QuickBEAM.Registry, {:storage, name})
    Process.exit(pid, :kill)
    assert_down(pid)
    # The registry learns of it by a message of its own.
    :sys.get_state(QuickBEAM.Registry.PIDPartition0)
  end
end
