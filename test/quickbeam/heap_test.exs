defmodule QuickBEAM.HeapTest do
  @moduledoc "The objects of a heap by constructor."

  use QuickBEAM.Test.PlacementCase

  defp count(rt, constructor) do
    {:ok, heap} = QuickBEAM.heap(rt)
    Map.get(heap, constructor, %{count: 0, bytes: 0}).count
  end

  test "a leak is found by its constructor, whatever holds it" do
    rt = start_runtime()

    code = """
    class Leak { payload = new Uint8Array(1000) }
    const hold = (() => { const held = []; return (n) => { while (n-- > 0) held.push(new Leak()) } })();
    globalThis.pending = []; function wait() { const own = new Leak(); return new Promise(go => pending.push(go)).then(() => own) }
    1
    """

    {:ok, 1} = QuickBEAM.eval(rt, code)
    assert count(rt, "Leak") == 0
    {:ok, _} = QuickBEAM.eval(rt, "hold(500); for (let n = 0; n < 500; n++) new Leak(); 1")
    assert count(rt, "Leak") == 500
    {:ok, _} = QuickBEAM.eval(rt, "setTimeout(o => o, 1e6, new Leak()); wait(); 1")
    assert count(rt, "Leak") == 502
    {:ok, heap} = QuickBEAM.heap(rt)
    assert heap["ArrayBuffer"].bytes >= 502_000
    :ok = QuickBEAM.reset(rt)
    assert count(rt, "Leak") == 0
    assert_usable(rt)
  end

  test "limits of conversions do not cut it, and pollution does not change it" do
    rt = start_runtime(max_convert_depth: 1, max_convert_nodes: 1)

    code = """
    Object.prototype.toJSON = Array.prototype.toJSON = () => 'gone';
    Object.defineProperty(Object.prototype, 'constructor', { get() { throw new Error('never') } });
    1
    """

    {:ok, _} = QuickBEAM.eval(rt, code)
    assert {:ok, heap} = QuickBEAM.heap(rt)
    assert heap["Function"].count > 100
    assert %{count: 1, bytes: bytes} = heap["global"] || %{count: 1, bytes: 1}
    assert bytes > 0
  end

  test "a heap of many objects is summed up in the time that is given" do
    rt = start_runtime(timeout: 1)

    {:ok, _} =
      QuickBEAM.eval(
        rt,
        "globalThis.many = []; for (let n = 0; n < 3e5; n++) many.push({ n }); 1",
        timeout: 60_000
      )

    assert {:error, %QuickBEAM.JSError{name: "TimeoutError"}} = QuickBEAM.heap(rt)
    assert {:ok, 300_000} = QuickBEAM.eval(rt, "many.length", timeout: 60_000)
  end
end
