defmodule QuickBEAM.ExamplesTest do
  @moduledoc "The examples that are scripts run to their end and show what they say."

  use ExUnit.Case, async: false

  import ExUnit.CaptureIO

  @moduletag :capture_log

  defp run(example) do
    root = Path.expand("../examples/#{example}", __DIR__)
    # Compiled, as `mix run` does it.
    capture_io(fn -> Code.compile_file(Path.join(root, "demo.exs")) end)
  end

  test "supervision" do
    output = run("supervision")
    assert output =~ "counted     0: 10  1: 10  2: 10  3: 10"
    assert output =~ "OutOfMemoryError in counter 2"
    assert output =~ "counted     0: 11  1: 11  2: 11  3: 11"
    assert output =~ "the others count 12, 12, 12"
    assert output =~ "counts from the start: 1"
  end

  test "chat room" do
    output = run("chat_room")
    assert output =~ "Joe joins; here are Ada, Grace, Joe"
    assert output =~ "Joe hears Ada: hello"
    assert output =~ "refused: Nobody is not in this room"
    refute output =~ "Joe hears Ada: Joe has left"
    assert output =~ "the next one remembers 3 messages"
  end
end
