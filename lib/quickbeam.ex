defmodule QuickBEAM do
  alias QuickBEAM.Options.Fetch
  alias QuickBEAM.Owner.Handler

  @moduledoc """
  JavaScript runtimes that live in the Erlang VM as processes do: each has its own heap and mailbox,
  is preempted, can be killed at any moment without harm to its neighbours, and is supervised.

      iex> {:ok, rt} = QuickBEAM.start(handlers: %{"double" => fn [n] -> n * 2 end})
      iex> QuickBEAM.eval(rt, "await Beam.call('double', 21)")
      {:ok, 42}

  Under a supervisor:

      children = [
        {QuickBEAM, name: :renderer, script: "assets/server.tsx"}
      ]

      {:ok, html} = QuickBEAM.call(:renderer, "render", [%{path: "/"}], timeout: 500)

  ## Requests

  Any process may send requests to a runtime, by its pid or any other `t:GenServer.server/0`. They are
  run in the order of their arrival; one that awaits a promise lets the next ones run meanwhile. Each
  ends in exactly one reply. When the process that made a request dies, the request is cancelled.

  A function that needs the runtime exits as `GenServer.call/3` does if there is no such process:
  with `{:noproc, {QuickBEAM, function, args}}`. That is so too while a runtime that has a name starts, until
  its script has run. A runtime that is stopped or killed meanwhile
  answers its open requests with an `"InterruptedError"`. All errors of JavaScript and of its limits are
  `{:error, %QuickBEAM.JSError{}}`; a wrong argument or option raises an `ArgumentError`.

  ## Values

  Terms and JavaScript values become each other without JSON between them:

  | BEAM to JavaScript | JavaScript to BEAM |
  |---|---|
  | integer: number; beyond ±2^53 BigInt | integral number: integer; other number: float; BigInt: integer |
  | float: number; `:Infinity`, `:"-Infinity"`, `:NaN`: the numbers | the three numbers: the three atoms |
  | UTF-8 binary: string; other binary and `{:bytes, binary}`: `Uint8Array` | string: binary, lone surrogates U+FFFD |
  | `true`, `false`, `nil` | booleans; `null` and `undefined`: `nil` |
  | other atom: Symbol | Symbol: the existing atom of its description, else the description |
  | list, tuple: Array | Array and Set: list |
  | map with binaries, atoms or numbers as keys: Object | Object: map with string keys; Map with string keys: map |
  | `DateTime`, `NaiveDateTime`, `Date`: Date; `MapSet`: Set; other structs: Object | Date: `DateTime`; Error: map with name, message and stack |
  | pid, reference, port, function: opaque host object | the same term |
  | | typed arrays, ArrayBuffer: binary |

  A cycle becomes `nil` where it closes.

  ## Handlers

  `Beam.call(name, ...args)` and `Beam.callSync(name, ...args)` run the handler of that name in a process of its own, linked to
  the runtime's. A handler is one of

    * `fn args -> ... end` - gets the list of arguments
    * `fn args, meta -> ... end` - gets `%{caller: pid, runtime: name, handler: name, sync?: boolean}`, too
    * `{module, function}` - a public function of one of these arities
    * `{handler, timeout: milliseconds}` - any of these, ended when it takes longer

  What it returns is the value in JavaScript; a `Stream`, a function of two arguments that is enumerable, or a struct such as
  `File.Stream` becomes an async iterator: items are made as JavaScript asks for them, and the stream is closed when nobody
  will. A timeout counts until the stream ends, and a stream whose process dies ends with an error, too. A handler that fails
  is an `Error` with a `cause`:

  #{Handler.failures()}
  ## Processes

  JavaScript sends messages, monitors, links and names processes by `Beam`. Names that it registers are in
  a registry of the library, so Elixir reaches `Beam.register("cart")` as

      QuickBEAM.call({:via, Registry, {QuickBEAM.Registry, "cart"}}, "total")

  and JavaScript of other nodes by `Beam.whereis("cart")`. A child that `Beam.spawn` or `new Worker` starts has the options
  of its starter and at most its grants, runs on the same pool, and ends with it. A runtime has at most 1,000 children, those
  of its children included; one more is a `RangeError`.

  A mailbox has no bound of its own, so senders have one: what a runtime has sent by `Beam.send` and processes have not taken yet, messages
  on their way into a runtime included, takes about its `memory_limit` at most, together with what its children have sent. Past that `Beam.send` throws a `"BusyError"`, but to a process that
  has taken all before; and to one with half a million messages in its mailbox, whoever sent them. A message to a process of another node
  counts until it has left this one.

  ## Network

  The option `:fetch` says how `fetch`, `WebSocket` and `EventSource` connect:

  #{Fetch.docs()}
  Requests of JavaScript have timeouts of their own by `AbortSignal.timeout(ms)`.

  ## Telemetry

  See `QuickBEAM.Telemetry`.
  """

  alias QuickBEAM.{Bytecode, JSError, Options, Runtime}
  alias QuickBEAM.Options.{Grants, Request}
  alias QuickBEAM.Owner
  import QuickBEAM.Options.Arguments
  import QuickBEAM.Owner.Request, only: [ask: 5, ask: 6, observed: 3]

  @typedoc "A runtime: its pid or the name that it was started with."
  @type runtime :: GenServer.server()

  @typedoc "An element: its name, its attributes, its children."
  @type dom_element ::
          {String.t(), [{String.t(), String.t()}],
           [dom_element() | String.t() | {:comment, String.t()}]}

  @typedoc "What a request returns whose value matters."
  @type result :: {:ok, term()} | {:error, JSError.t()}

  @doc """
  Starts a runtime and links it to the caller.

  #{Options.docs()}
  The realm holds the grants that `:allow` lists; what is not granted throws a `NotAllowedError`:

  #{Grants.docs()}
  Returns when the script, if there is one, has run to its end, with its top-level `await`s:

    * `{:ok, pid}`
    * `{:error, {:already_started, pid}}` - the name is taken
    * `{:error, {:script_not_found, path, posix}}` - the script cannot be read
    * `{:error, %QuickBEAM.JSError{}}` - the script does not compile, or it threw

  Raises an `ArgumentError` that names an unknown option, or one whose value is wrong.

      iex> {:ok, rt} = QuickBEAM.start(define: %{"greeting" => "hello"}, memory_limit: 32_000_000)
      iex> QuickBEAM.eval(rt, "greeting.toUpperCase()")
      {:ok, "HELLO"}

      iex> QuickBEAM.start(script: "no/such/file.js")
      {:error, {:script_not_found, "no/such/file.js", :enoent}}

      iex> QuickBEAM.start(memroy_limit: 1)
      ** (ArgumentError) unknown option :memroy_limit; the options are #{Options.names()}
  """
  @spec start(keyword()) :: GenServer.on_start()
  def start(options \\ []), do: Runtime.start_link(options)

  @doc """
  The child spec of a runtime, for `{QuickBEAM, options}` in a supervisor's children.

      iex> QuickBEAM.child_spec(name: :renderer)
      %{id: :renderer, start: {QuickBEAM.Runtime, :start_link, [[name: :renderer]]}}
  """
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(options), do: Options.Check.child_spec(Runtime, options)

  @doc """
  Stops a runtime at once, in whatever state it is. Its open requests end with an `"InterruptedError"`.

  Stopping a process that is no more is `:ok`; a name that nothing is registered under exits with `:noproc`.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.stop(rt)
      :ok
  """
  @spec stop(runtime()) :: :ok
  def stop(runtime), do: observed(:stop, runtime, fn -> Owner.Request.stop(runtime) end)

  @doc """
  Runs a script and returns the value of its last statement.

  `await` may be used at the top level, and a promise is awaited. `let`, `const`, `class` and functions
  of one eval are visible to the next.

  Options:

    * `:timeout` - milliseconds from now on, or `:infinity`; default: the option `:timeout` of the runtime
    * `:vars` - map of names to terms, bound for this eval only, and for the functions that it makes; they shadow
      globals of the same name. A script that begins with `'use strict'` throws a `SyntaxError` if it declares one of them
      by `var`, or if one is named `eval` or `arguments`
    * `:filename` - shown in stacks, and where the lines of the code are counted, see `coverage/1`; default `"<eval>"`, whose lines
      are not

  ## Examples

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "const xs = [3, 1, 2]; xs.sort()")
      {:ok, [1, 2, 3]}
      iex> QuickBEAM.eval(rt, "xs.map(x => x * factor)", vars: %{factor: 10})
      {:ok, [10, 20, 30]}
      iex> {:error, error} = QuickBEAM.eval(rt, "null.x")
      iex> error.name
      "TypeError"
      iex> {:error, error} = QuickBEAM.eval(rt, "for (;;) {}", timeout: 20)
      iex> error.name
      "TimeoutError"
  """
  @spec eval(runtime(), String.t(), keyword()) :: result()
  def eval(runtime, code, options \\ []) do
    code = text!(code, "code")
    {timeout, filename, vars} = Request.eval(options)

    named = if filename, do: Owner.Named.javascript(runtime, code, filename), else: code
    op = {:eval, named, filename, vars}
    metadata = %{filename: filename}
    result = ask(runtime, op, timeout, :eval, [runtime, code, options], metadata)
    Owner.Explain.script(result, code)
  end

  @doc """
  Runs TypeScript, otherwise like `eval/3`. Types are removed, not checked.

  The name given as `:filename` decides what is understood: `.ts` (the default is `"eval.ts"`) or `.tsx`. JSX calls
  `React.createElement`, or what a comment such as `/** @jsx h */` names: a script imports nothing.
  Errors are shown at their place in the TypeScript source.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval_ts(rt, "const n: number = 20; (n as any) + 1")
      {:ok, 21}
      iex> {:error, error} = QuickBEAM.eval_ts(rt, "let = : number")
      iex> error.name
      "SyntaxError"
  """
  @spec eval_ts(runtime(), String.t(), keyword()) :: result()
  def eval_ts(runtime, code, options \\ []) do
    code = text!(code, "code")
    {timeout, given, vars} = Request.eval(options)
    filename = given || "eval.ts"
    args = [runtime, code, options]

    with {:ok, javascript, map} <- Owner.Named.typescript(runtime, code, filename, given != nil),
         :ok <- Owner.Request.run(runtime, {:source_map, filename, map}, nil, :eval_ts, args) do
      op = {:eval, javascript, filename, vars}
      result = ask(runtime, op, timeout, :eval, args, %{filename: filename})
      Owner.Explain.script(result, code)
    else
      {:error, %JSError{} = error} -> {:error, error}
      {:error, errors} when is_list(errors) -> {:error, Owner.Setup.syntax_error(errors)}
    end
  end

  @doc """
  Calls a function of the global object with terms as its arguments. A promise is awaited.

  A dotted path reaches nested functions; `this` is the object that the last name is looked up in.

  Options:

    * `:timeout` - milliseconds from now on, or `:infinity`; default: the option `:timeout` of the runtime

  ## Examples

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.call(rt, "Math.max", [1, 5, 3])
      {:ok, 5}
      iex> {:error, error} = QuickBEAM.call(rt, "Math.nothing")
      iex> error.name
      "TypeError"
  """
  @spec call(runtime(), String.t() | atom(), [term()], keyword()) :: result()
  def call(runtime, function, args \\ [], options \\ []) do
    timeout = Request.timeout(options)
    function = name!(function)
    args = list!(args)

    op = {:call, function, args}
    metadata = %{function: function}
    ask(runtime, op, timeout, :call, [runtime, function, args, options], metadata)
  end

  @doc """
  Compiles and runs an ES module, so that later code can `import` it by `name`.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.load_module(rt, "geometry", "export const area = (w, h) => w * h")
      :ok
      iex> QuickBEAM.eval(rt, "const { area } = await import('geometry'); area(2, 3)")
      {:ok, 6}
  """
  @spec load_module(runtime(), String.t(), String.t()) :: :ok | {:error, JSError.t()}
  def load_module(runtime, name, code) do
    module = module_name!(name)
    op = {:load_module, module, Owner.Named.javascript(runtime, text!(code, "code"), module)}
    result = ask(runtime, op, nil, :load_module, [runtime, name, code])
    Owner.Explain.module(result, module, code)
  end

  @doc """
  Compiles a script to bytecode without running it, for `load_bytecode/2`.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> {:ok, bytecode} = QuickBEAM.compile(rt, "6 * 7")
      iex> QuickBEAM.load_bytecode(rt, bytecode)
      {:ok, 42}
  """
  @spec compile(runtime(), String.t()) :: {:ok, binary()} | {:error, JSError.t()}
  def compile(runtime, code),
    do: ask(runtime, {:compile, text!(code, "code"), nil}, nil, :compile, [runtime, code])

  @doc """
  Runs bytecode made by `compile/2`, and returns what the script returns.

  Bytecode of another version of the engine, or damaged, is an error and is never executed. Bytecode
  made by strangers must not be loaded: the checks find accidents, not attacks.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> {:error, error} = QuickBEAM.load_bytecode(rt, "not bytecode")
      iex> is_binary(error.message)
      true
  """
  @spec load_bytecode(runtime(), binary()) :: result()
  def load_bytecode(runtime, bytecode) do
    op = {:load_bytecode, text!(bytecode, "bytecode")}
    ask(runtime, op, nil, :load_bytecode, [runtime, bytecode])
  end

  @doc """
  Disassembles bytecode made by `compile/2`, without a runtime.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> {:ok, bytecode} = QuickBEAM.compile(rt, "function add(a, b) { return a + b }")
      iex> {:ok, %QuickBEAM.Bytecode{functions: [add]}} = QuickBEAM.disasm(bytecode)
      iex> {add.name, add.args}
      {"add", ["a", "b"]}
  """
  @spec disasm(binary()) :: {:ok, Bytecode.t()} | {:error, JSError.t()}
  def disasm(bytecode) do
    bytecode = text!(bytecode, "bytecode")
    {:ok, runtime} = Runtime.start_link(apis: false)

    try do
      ask(runtime, {:disasm_bytecode, bytecode}, nil, :disasm, [bytecode])
    after
      stop(runtime)
    end
  end

  @doc """
  Compiles a script and disassembles it.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> {:ok, %QuickBEAM.Bytecode{opcodes: opcodes}} = QuickBEAM.disasm(rt, "1 + 1")
      iex> opcodes != []
      true
  """
  @spec disasm(runtime(), String.t()) :: {:ok, Bytecode.t()} | {:error, JSError.t()}
  def disasm(runtime, code),
    do: ask(runtime, {:disasm_code, text!(code, "code")}, nil, :disasm, [runtime, code])

  @doc """
  Gives the runtime a fresh realm: as it was after its start, with its `:define`s, its script run again.

  It waits for nothing: whatever runs, awaits or waits for its turn then ends with an `"InterruptedError"`, also if it
  is the call that a resetting handler answers. Handlers whose calls are gone are ended, but for the one that resets.

      iex> {:ok, rt} = QuickBEAM.start(define: %{"n" => 1})
      iex> QuickBEAM.eval(rt, "n = 2; globalThis.leak = true")
      iex> QuickBEAM.reset(rt)
      :ok
      iex> QuickBEAM.eval(rt, "[n, typeof leak]")
      {:ok, [1, "undefined"]}
  """
  @spec reset(runtime()) :: :ok | {:error, JSError.t()}
  def reset(runtime) do
    observed(:reset, runtime, fn -> Owner.Request.reset(runtime) end)
  end

  @doc """
  The items of a script's value, an iterable or async iterable such as a generator, as a `Stream`.

  Nothing runs before the stream does; each run opens the iterable anew. Items are fetched in batches of what is there,
  up to 2,048, so the iterator may be ahead of the consumer by that many. A consumer that has enough closes it, as
  `break` does in JavaScript. What the script or the iterator throws is raised as a `QuickBEAM.JSError`.

  Options:

    * `:timeout` - milliseconds for each batch, or `:infinity`; default: the option `:timeout` of the runtime
    * `:vars` - map of names to terms, bound for this script only, as for `eval/3`
    * `:filename` - shown in stacks; default `"<eval>"`

  ## Examples

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "function* count() { for (let n = 0; ; n++) yield n }")
      iex> rt |> QuickBEAM.stream("count()") |> Stream.map(&(&1 * &1)) |> Enum.take(4)
      [0, 1, 4, 9]
      iex> rt |> QuickBEAM.stream("names.map(n => n.length)", vars: %{names: ["ab", "c"]}) |> Enum.to_list()
      [2, 1]
  """
  @spec stream(runtime(), String.t(), keyword()) :: Enumerable.t()
  def stream(runtime, code, options \\ []) do
    Owner.Iterator.stream(runtime, text!(code, "code"), Request.eval(options))
  end

  @doc """
  Sends a message to the runtime, for the callbacks of `Beam.onMessage`, and does not wait for them.

  Messages that arrive before the first callback is registered are kept for it: at most 10,000, and as long as the runtime
  uses no more than half of its `memory_limit`; what is beyond that is dropped, and logged as a `"BusyError"`: the first, the tenth, the hundredth, and so on. A full inbox is
  the result `"BusyError"`. What is sent to the runtime's pid, with `send/2` or by `Beam.send` of another runtime,
  reaches the callbacks too; as nobody can be told then, the runtime's process holds what does not fit, in order,
  and logs what it drops beyond a million messages: the first, the tenth, and so on, and how many it was in the end.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "const seen = []; Beam.onMessage(m => seen.push(m)); null")
      iex> QuickBEAM.send_message(rt, %{price: 42})
      :ok
      iex> QuickBEAM.eval(rt, "seen")
      {:ok, [%{"price" => 42}]}
  """
  @spec send_message(runtime(), term()) :: :ok | {:error, JSError.t()}
  def send_message(runtime, message),
    do: observed(:send_message, runtime, fn -> Owner.Request.send_message(runtime, message) end)

  @doc """
  The names of the globals, sorted: the properties of the global object, and what scripts have declared by `let`, `const` and
  `class`. With `user_only: true` only those that code, `:define` or `set_global/3` have added.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "let a = 1; var b = 2; globalThis.c = 3")
      iex> QuickBEAM.globals(rt, user_only: true)
      {:ok, ["a", "b", "c"]}
      iex> {:ok, names} = QuickBEAM.globals(rt)
      iex> "Math" in names
      true
  """
  @spec globals(runtime(), keyword()) :: {:ok, [String.t()]} | {:error, JSError.t()}
  def globals(runtime, options \\ []) do
    op = {:globals, Request.user_only(options)}
    ask(runtime, op, nil, :globals, [runtime, options])
  end

  @doc """
  The value of a global: a property of the global object, else what a script has declared by `let`, `const` or `class`; `nil` if there
  is none of this name.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "var user = {name: 'Ada'}")
      iex> QuickBEAM.get_global(rt, "user")
      {:ok, %{"name" => "Ada"}}
  """
  @spec get_global(runtime(), String.t() | atom()) :: result()
  def get_global(runtime, name),
    do: ask(runtime, {:get_global, name!(name)}, nil, :get_global, [runtime, name])

  @doc """
  The first element of the document that a CSS selector matches, as `{tag, attributes, children}`: texts are binaries,
  comments are `{:comment, text}`. `nil` if there is none. No JavaScript runs.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "document.body.innerHTML = '<p class=a>Hello <b>world</b></p>'; 0")
      iex> QuickBEAM.dom_find(rt, "p.a")
      {:ok, {"p", [{"class", "a"}], ["Hello ", {"b", [], ["world"]}]}}
      iex> QuickBEAM.dom_find(rt, "table")
      {:ok, nil}

  What is no selector is an error of the name `"SyntaxError"`.
  """
  @spec dom_find(runtime(), String.t()) :: {:ok, dom_element() | nil} | {:error, JSError.t()}
  def dom_find(runtime, selector) do
    op = {:dom_find, text!(selector, "selector")}
    ask(runtime, op, nil, :dom_find, [runtime, selector])
  end

  @doc """
  All elements of the document that a CSS selector matches, in tree order; see `dom_find/2`.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "document.body.innerHTML = '<i>1</i><i>2</i>'; 0")
      iex> QuickBEAM.dom_find_all(rt, "i")
      {:ok, [{"i", [], ["1"]}, {"i", [], ["2"]}]}
  """
  @spec dom_find_all(runtime(), String.t()) :: {:ok, [dom_element()]} | {:error, JSError.t()}
  def dom_find_all(runtime, selector) do
    op = {:dom_find_all, text!(selector, "selector")}
    ask(runtime, op, nil, :dom_find_all, [runtime, selector])
  end

  @doc """
  The text of the first element that a CSS selector matches, `nil` if there is none.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "document.body.innerHTML = '<p>Hello <b>world</b></p>'; 0")
      iex> QuickBEAM.dom_text(rt, "p")
      {:ok, "Hello world"}
  """
  @spec dom_text(runtime(), String.t()) :: {:ok, String.t() | nil} | {:error, JSError.t()}
  def dom_text(runtime, selector) do
    op = {:dom_text, text!(selector, "selector")}
    ask(runtime, op, nil, :dom_text, [runtime, selector])
  end

  @doc """
  An attribute of the first element that a CSS selector matches, `nil` if there is no such element or attribute.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "document.body.innerHTML = '<a href=/x>x</a>'; 0")
      iex> QuickBEAM.dom_attr(rt, "a", "href")
      {:ok, "/x"}
  """
  @spec dom_attr(runtime(), String.t(), String.t()) ::
          {:ok, String.t() | nil} | {:error, JSError.t()}
  def dom_attr(runtime, selector, name) do
    op = {:dom_attr, text!(selector, "selector"), text!(name, "attribute name")}
    ask(runtime, op, nil, :dom_attr, [runtime, selector, name])
  end

  @doc """
  The markup of the whole document. No JavaScript runs.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.dom_html(rt)
      {:ok, "<html><head></head><body></body></html>"}
  """
  @spec dom_html(runtime()) :: {:ok, String.t()} | {:error, JSError.t()}
  def dom_html(runtime), do: ask(runtime, :dom_html, nil, :dom_html, [runtime])

  @doc """
  Sets a global to a term: the one that `get_global/2` finds, else a new property of the global object. A `const` is a `TypeError`.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.set_global(rt, "config", %{retries: 3})
      :ok
      iex> QuickBEAM.eval(rt, "config.retries")
      {:ok, 3}
  """
  @spec set_global(runtime(), String.t() | atom(), term()) :: :ok | {:error, JSError.t()}
  def set_global(runtime, name, term) do
    op = {:set_global, name!(name), term}
    ask(runtime, op, nil, :set_global, [runtime, name, term])
  end

  @doc """
  What the runtime is and does, as a map. Raises a `QuickBEAM.JSError` if it cannot tell.

      iex> {:ok, rt} = QuickBEAM.start()
      iex> is_map(QuickBEAM.info(rt))
      true
  """
  @spec info(runtime()) :: map()
  def info(runtime), do: runtime |> ask(:info, nil, :info, [runtime]) |> unwrap!()

  @doc """
  The memory of the runtime's heap, as a map of figures in bytes and counts. Raises a
  `QuickBEAM.JSError` if it cannot tell.

  For a context that shares its heap (`contexts_per_isolate`), each figure is of what the context itself holds. The engine knows
  `:malloc_count`, `:memory_used_size`, `:atom_count`, `:atom_size` and `:shape_count` of the whole heap only, so they are missing then.

      iex> {:ok, rt} = QuickBEAM.start(memory_limit: 32_000_000)
      iex> usage = QuickBEAM.memory_usage(rt)
      iex> Enum.all?(usage, fn {key, figure} -> is_atom(key) and is_integer(figure) end)
      true
  """
  @spec memory_usage(runtime()) :: %{atom() => integer()}
  def memory_usage(runtime),
    do: runtime |> ask(:memory_usage, nil, :memory_usage, [runtime]) |> unwrap!()

  @doc """
  How many objects of each constructor the heap holds, and how many bytes they take, for finding leaks: by the name of the
  constructor, `%{count: count, bytes: bytes}`.

  Garbage is collected first, so what is counted is reachable from somewhere: a global, a closure, a `Map`, a timer. An object's
  bytes are its own, with its properties, elements, entries and buffer; what these refer to counts where it belongs. Strings are
  in `memory_usage/1`. No code of the script runs. A million objects take about a third of a second; the option `:timeout` of
  the runtime ends it with an error.

  Two summaries tell what has grown:

      iex> {:ok, rt} = QuickBEAM.start()
      iex> QuickBEAM.eval(rt, "class Session { user = 'Ada' }; const sessions = new Map(); 0")
      iex> {:ok, before} = QuickBEAM.heap(rt)
      iex> QuickBEAM.eval(rt, "for (let n = 0; n < 1000; n++) sessions.set(n, new Session()); 0")
      iex> {:ok, later} = QuickBEAM.heap(rt)
      iex> later["Session"].count - Map.get(before, "Session", %{count: 0}).count
      1000
      iex> later |> Enum.sort_by(fn {_, %{bytes: bytes}} -> -bytes end) |> Enum.take(5) |> Enum.any?(&match?({"Session", _}, &1))
      true
  """
  @spec heap(runtime()) ::
          {:ok, %{String.t() => %{count: pos_integer(), bytes: non_neg_integer()}}}
          | {:error, JSError.t()}
  def heap(runtime), do: ask(runtime, :heap, nil, :heap, [runtime])

  @doc """
  How often each line of the runtime's scripts has run since its start, resets included: by file, then by line.

  Counted are the lines on which a statement or the body of an arrow function begins, in the script and in what is bundled with it,
  packages in `node_modules` aside; in modules of `load_module/3`, and in what `eval/3` and `eval_ts/3` are given with a `:filename`; not
  in code without one, which no report could show.
  TypeScript by the lines of its source. Workers and other children have counts of their own.

  It is empty without the option `cover: true`. `QuickBEAM.Cover` collects the lines of all runtimes of a test run.

      iex> path = Path.join(System.tmp_dir!(), "coverage_doctest.ts")
      iex> File.write!(path, "function sign(n: number) {\\n  if (n < 0)\\n    return -1;\\n  return 1;\\n}")
      iex> {:ok, rt} = QuickBEAM.start(script: path, cover: true)
      iex> for n <- 1..3, do: QuickBEAM.call(rt, "sign", [n])
      iex> {:ok, coverage} = QuickBEAM.coverage(rt)
      iex> coverage[path]
      %{2 => 3, 3 => 0, 4 => 3}
  """
  @spec coverage(runtime()) ::
          {:ok, %{Path.t() => %{pos_integer() => non_neg_integer()}}}
  def coverage(runtime) do
    case Owner.Request.native(runtime, :realm_coverage, :coverage) do
      nil -> exit({:noproc, {QuickBEAM, :coverage, [runtime]}})
      lines -> {:ok, lines}
    end
  end

  defp unwrap!({:ok, value}), do: value
  defp unwrap!({:error, error}), do: raise(error)
end
