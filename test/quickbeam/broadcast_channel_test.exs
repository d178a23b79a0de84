defmodule QuickBEAM.BroadcastChannelTest do
  @moduledoc "Channels between the runtimes of a node; `cluster_test.exs` has those between nodes."

  use QuickBEAM.Test.PlacementCase

  @moduletag :capture_log

  test "reach every runtime" do
    runtimes = for _ <- 1..5, do: start_runtime()
    name = "channel-#{System.unique_integer([:positive])}"

    for rt <- runtimes do
      code = """
      globalThis.channel = new BroadcastChannel(name);
      globalThis.seen = [];
      globalThis.done = new Promise(resolve => {
        channel.onmessage = ({ data }) => { seen.push(data.n); if (data.n === 9) resolve() };
      });
      null
      """

      {:ok, nil} = QuickBEAM.eval(rt, code, vars: %{name: name})
    end

    [first | others] = runtimes

    {:ok, _} = QuickBEAM.eval(first, "for (let n = 0; n < 10; n++) channel.postMessage({ n }); 1")

    for rt <- others,
        do: assert(QuickBEAM.eval(rt, "await done; seen") == {:ok, Enum.to_list(0..9)})

    assert QuickBEAM.eval(first, "seen") == {:ok, []}
  end

  test "take bytes of other nodes with suspicion" do
    rt = start_runtime()
    name = "channel-#{System.unique_integer([:positive])}"

    code = """
    globalThis.seen = [];
    globalThis.channel = new BroadcastChannel(name);
    channel.onmessageerror = e => seen.push(e.type);
    channel.onmessage = e => seen.push(e.data);
    null
    """

    {:ok, nil} = QuickBEAM.eval(rt, code, vars: %{name: name})

    for bytes <- [
          <<>>,
          <<200>>,
          <<6, 200, 1>>,
          <<19, 5>>,
          <<8, 255, 255, 255, 127>>,
          <<18, 1, 65>>,
          <<4, 1, 0, 0, 0, 0>>,
          :binary.copy(<<9, 6, 1, ?a>>, 100_000)
        ] do
      send(QuickBEAM.Beam.Broadcast, {:broadcast, name, bytes})
    end

    broadcast = Process.whereis(QuickBEAM.Beam.Broadcast)

    for odd <- [
          {:broadcast, <<255>>, <<4, 7, 0, 0, 0>>},
          {:broadcast, :name, 1},
          {:broadcast, name, <<1::1>>},
          :odd
        ],
        do: send(broadcast, odd)

    send(broadcast, {:broadcast, name, <<4, 7, 0, 0, 0>>})
    :sys.get_state(broadcast)

    assert {:ok, seen} = QuickBEAM.eval(rt, "while (!seen.includes(7)) await Beam.sleep(1); seen")

    assert seen == List.duplicate("messageerror", 8) ++ [7]
  end
end
