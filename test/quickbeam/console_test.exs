defmodule QuickBEAM.ConsoleTest do
  # Logger's output is everybody's.
  use QuickBEAM.Test.PlacementCase, async: false

  import ExUnit.CaptureLog

  test "methods have levels" do
    test = self()
    rt = start_runtime(console: &send(test, {:console, &1}))

    for {method, level} <- [
          debug: :debug,
          log: :info,
          info: :info,
          warn: :warning,
          error: :error,
          trace: :debug
        ] do
      {:ok, _} = QuickBEAM.eval(rt, "console.#{method}('text', 1, [2])", filename: "app.js")
      method = Atom.to_string(method)

      assert_receive {:console,
                      %{level: ^level, method: ^method, text: text, file: "app.js"} = output}

      assert text =~ "text 1 [ 2 ]" and is_integer(output.line)
    end
  end

  test "values are formatted, whatever they are" do
    test = self()
    rt = start_runtime(console: &send(test, {:console, &1.text}))

    for {arguments, text} <- [
          {"'%s is %d', 'x', 42", "x is 42"},
          {"{a: 1, b: {c: [1, 'x']}}", "{ a: 1, b: { c: [ 1, 'x' ] } }"},
          {"null, undefined, true", "null undefined true"},
          {"", ""},
          {"new Map([['k', 1]])", "Map(1) { 'k' => 1 }"}
        ] do
      {:ok, _} = QuickBEAM.eval(rt, "console.log(#{arguments})")
      assert_receive {:console, ^text}
    end

    for hostile <- [
          "{get a() { throw 1 }}",
          "new Proxy({}, {get() { throw 1 }, ownKeys() { throw 2 }})",
          "(() => { const o = {}; o.o = o; return o })()",
          "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a })()",
          "'\\ud800'",
          "'x'.repeat(1e6)",
          "Symbol('s')",
          "Object.create(null)"
        ] do
      assert {:ok, _} = QuickBEAM.eval(rt, "console.log(#{hostile})")
      assert_receive {:console, text}
      assert String.valid?(text)
    end
  end

  test "without a function the console goes to Logger" do
    rt = start_runtime(name: __MODULE__.Named)

    log =
      capture_log([format: "[$level] $message $metadata\n", metadata: :all], fn ->
        {:ok, _} = QuickBEAM.eval(rt, "console.warn('careful')", filename: "warn.js")
        drain(rt)
      end)

    assert log =~ "careful" and log =~ "[warn"
    assert log =~ "console=warn" and log =~ "runtime=QuickBEAM.ConsoleTest.Named"
    assert log =~ "file=warn.js" and log =~ "mfa=QuickBEAM.Owner.Console"
  end

  test "Logger's metadata has the runtime, the script and the line" do
    rt = start_runtime(name: {:global, {__MODULE__, make_ref()}})
    name = QuickBEAM.Test.LoggerMetadata.runtime(rt)

    code = """

    console.error('here');
    setTimeout(function later() { throw new TypeError('there') }, 0);
    Promise.reject(new RangeError('elsewhere'));
    1
    """

    events =
      QuickBEAM.Test.LoggerMetadata.capture(name, fn ->
        {:ok, 1} = QuickBEAM.eval(rt, code, filename: "app.js")
        {:ok, _} = QuickBEAM.eval(rt, "await new Promise(r => setTimeout(r, 5))")
        drain(rt)
      end)

    for {text, level, line} <- [
          {"here", :error, 2},
          {"there", :error, 3},
          {"elsewhere", :error, 4}
        ] do
      assert {^level, %{file: "app.js", line: ^line, runtime: ^name}} =
               Enum.find_value(events, fn {message, level, metadata} ->
                 if message =~ text, do: {level, metadata}
               end),
             text

      assert level == :error
    end
  end

  test "a console function that fails does not harm the runtime" do
    for fun <- [fn _ -> raise "oops" end, fn _ -> throw(:oops) end, fn _ -> exit(:oops) end] do
      rt = start_runtime(console: fun)

      log =
        capture_log(fn ->
          {:ok, _} = QuickBEAM.eval(rt, "console.log(1)")
          drain(rt)
        end)

      assert log =~ ":console function of a runtime failed" and log =~ "oops"
      assert_usable(rt)
    end
  end

  test "errors that nothing catches are logged with their stack" do
    for {code, title} <- [
          {"setTimeout(function tick() { throw new TypeError('lost') }, 0)",
           "Uncaught TypeError: lost"},
          {"(async function tick() { throw new TypeError('lost') })(); 1",
           "Uncaught (in promise) TypeError: lost"},
          {"queueMicrotask(function tick() { throw new TypeError('lost') })", "TypeError: lost"},
          {"Beam.onMessage(function tick() { throw new TypeError('lost') })",
           "Uncaught TypeError: lost"},
          {"reportError(new TypeError('lost')); function tick() {}", "TypeError: lost"},
          {"setTimeout(() => { throw 'lost' }, 0)", "Uncaught"}
        ] do
      rt = start_runtime()

      log =
        capture_log(fn ->
          {:ok, _} = QuickBEAM.eval(rt, code, filename: "lost.js")
          QuickBEAM.send_message(rt, 1)
          {:ok, _} = QuickBEAM.eval(rt, "await new Promise(resolve => setTimeout(resolve, 5))")
          drain(rt)
        end)

      assert log =~ title
      assert log =~ "[error]" and log =~ "lost"
      if code =~ "throw new", do: assert(log =~ "tick" and log =~ "lost.js:1")
      assert_usable(rt)
    end
  end

  test "output is held back from an owner that does not keep up, and that is told" do
    test = self()

    slow = fn output ->
      send(test, {:printed, output.text})
      receive do: (:go_on -> :ok)
    end

    rt = start_runtime(console: slow)
    code = "const line = 'x'.repeat(1e6); for (let i = 0; i < 100; i++) console.log(line); 100"
    assert QuickBEAM.eval(rt, code) == {:ok, 100}

    log =
      capture_log(fn ->
        for _ <- 1..100, do: send(rt, :go_on)
        drain(rt)
      end)

    {:messages, printed} = Process.info(self(), :messages)
    lines = Enum.count(printed, &match?({:printed, _}, &1))
    assert lines in 5..50
    assert log =~ "#{100 - lines} were dropped"
  end

  test "a rejection that is handled later in the same turn is not logged" do
    rt = start_runtime()

    log =
      capture_log(fn ->
        {:ok, _} = QuickBEAM.eval(rt, "const p = Promise.reject(1); p.catch(() => {}); 1")
        drain(rt)
      end)

    refute log =~ "Uncaught"
  end

  # What the realm has sent its owner is handled before a call that comes later.
  defp drain(rt), do: :sys.get_state(rt)
end
