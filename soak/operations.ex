defmodule QuickBEAM.Soak.Operations do
  @moduledoc """
  The ops of a soak: each is a function of a context that runs it, and what it must end with.
  """

  alias QuickBEAM.{Context, JSError}

  @memory_limit 8 * 1_048_576

  @script """
  let bumps = 0
  let heard = 0
  function bump() { return ++bumps }
  function identity(value) { return value }
  Beam.onMessage(() => { heard++ })
  """

  @typedoc "What an op is called in a report, how it is run, and whether its ending is right."
  @type operation :: {atom(), (pid() -> term()), (term() -> boolean())}

  @doc "The options of every context."
  @spec options() :: keyword()
  def options do
    [
      memory_limit: @memory_limit,
      max_reductions: 50_000_000,
      handlers: %{
        "echo" => fn [value] -> value end,
        "raise" => fn [] -> raise "soak" end,
        "exit" => fn [] -> exit(:soak) end,
        "slow" => fn [ms] -> Process.sleep(ms) && ms end,
        "again" => fn [context, n] -> reenter(context, n) end
      }
    ]
  end

  @doc "Brings a context to its first state."
  @spec set_up(pid()) :: term()
  def set_up(context), do: Context.eval(context, @script)

  @doc "One op, chosen by the process' random numbers: many cheap ones, some that hit a limit."
  @spec random() :: operation()
  def random do
    case :rand.uniform(100) do
      n when n <= 20 -> sum()
      n when n <= 40 -> identity()
      n when n <= 50 -> bump()
      n when n <= 58 -> call_sync()
      n when n <= 68 -> await_call()
      n when n <= 76 -> timer()
      n when n <= 80 -> message()
      n when n <= 83 -> nested()
      n when n <= 86 -> failing_handler()
      n when n <= 90 -> throwing()
      n when n <= 92 -> recursion()
      n when n <= 94 -> endless()
      n when n <= 95 -> rejection()
      n when n <= 96 -> hog()
      n when n <= 98 -> slow()
      _rest -> reset()
    end
  end

  defp sum do
    {a, b} = {:rand.uniform(1_000), :rand.uniform(1_000)}
    {:sum, &Context.eval(&1, "#{a} + #{b}"), &(&1 == {:ok, a + b})}
  end

  defp identity do
    value = term(3)
    {:identity, &Context.call(&1, "identity", [value]), &(&1 == {:ok, value} or unset?(&1))}
  end

  defp bump do
    right? = &(match?({:ok, n} when is_integer(n) and n > 0, &1) or unset?(&1))
    {:bump, &Context.call(&1, "bump"), right?}
  end

  defp call_sync do
    n = :rand.uniform(1_000)
    {:call_sync, &Context.eval(&1, "Beam.callSync('echo', #{n}) + 1"), answers({:ok, n + 1})}
  end

  defp await_call do
    n = :rand.uniform(20)

    code =
      "(await Promise.all(Array.from({ length: #{n} }, (_, i) => Beam.call('echo', i)))).length"

    {:await_call, &Context.eval(&1, code), answers({:ok, n})}
  end

  defp timer do
    n = :rand.uniform(20)
    code = "await new Promise((resolve) => setTimeout(resolve, #{n}, #{n}))"
    {:timer, &Context.eval(&1, code), &(&1 == {:ok, n})}
  end

  defp message, do: {:message, &Context.send_message(&1, %{"soak" => 1}), &(&1 == :ok)}

  defp nested do
    n = :rand.uniform(5)

    run = fn context ->
      Context.eval(context, "Beam.callSync('again', context, #{n})", vars: %{context: context})
    end

    # An inner eval that is disturbed fails the handler's match.
    {:nested, run, &(answers({:ok, n}).(&1) or failed?(&1, "MatchError"))}
  end

  defp failing_handler do
    name = Enum.random(~w(raise exit))
    {:failing_handler, &Context.eval(&1, "await Beam.call('#{name}')"), &failed?(&1, nil)}
  end

  defp throwing,
    do: {:throwing, &Context.eval(&1, "throw new TypeError('soak')"), &failed?(&1, "TypeError")}

  defp recursion do
    code = "function deep(n) { return deep(n + 1) + 1 }; deep(0)"
    {:recursion, &Context.eval(&1, code), &failed?(&1, "RangeError")}
  end

  defp endless do
    code = Enum.random(["for (;;) {}", "await new Promise(() => {})", "for (;;) await 1"])
    {:endless, &Context.eval(&1, code, timeout: 10), &failed?(&1, "TimeoutError")}
  end

  # Nobody handles it; the log says so.
  defp rejection,
    do: {:rejection, &Context.eval(&1, "Promise.reject(new Error('soak')); 1"), &(&1 == {:ok, 1})}

  defp hog do
    code = "const hog = []; for (;;) hog.push(new Array(1000).fill(1.5))"
    {:hog, &Context.eval(&1, "{ #{code} }"), &failed?(&1, "OutOfMemoryError")}
  end

  defp slow do
    n = :rand.uniform(30)
    {:slow, &Context.eval(&1, "Beam.callSync('slow', #{n})"), answers({:ok, n})}
  end

  defp reset do
    run = fn context ->
      with :ok <- Context.reset(context), do: set_up(context)
    end

    {:reset, run, &(match?({:ok, _}, &1) or redeclared?(&1))}
  end

  # A handler of this op may be killed by chaos, which JavaScript sees as an error of the call.
  defp answers(expected), do: &(&1 == expected or handler_killed?(&1))

  defp handler_killed?({:error, %JSError{message: message}}),
    do: message =~ ~r/exited: (killed|shutdown)/

  defp handler_killed?(_ending), do: false

  # Between a reset and the script that follows it.
  defp unset?({:error, %JSError{message: message}}), do: message =~ ~r/not defined|no function/
  defp unset?(_ending), do: false

  # Two clients have reset the same context, and both set it up.
  defp redeclared?({:error, %JSError{name: "SyntaxError"}}), do: true
  defp redeclared?(_ending), do: false

  defp failed?({:error, %JSError{name: name}}, expected), do: expected in [nil, name]
  defp failed?(_ending, _expected), do: false

  defp reenter(context, 1) do
    {:ok, 1} = Context.eval(context, "1")
    1
  end

  defp reenter(context, n) do
    code = "Beam.callSync('again', context, #{n - 1}) + 1"
    {:ok, result} = Context.eval(context, code, vars: %{context: context})
    result
  end

  # Terms that come back as they went.
  defp term(0), do: Enum.random([nil, true, 7, 1.5, "text", "ä€😀", 1_000_000_007])

  defp term(depth) do
    case :rand.uniform(4) do
      1 -> for _ <- 1..:rand.uniform(5), do: term(depth - 1)
      2 -> for n <- 1..:rand.uniform(5), into: %{}, do: {"key#{n}", term(depth - 1)}
      _rest -> term(0)
    end
  end
end
