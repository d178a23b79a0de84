defmodule QuickBEAM.Context do
  @moduledoc """
  A runtime on the threads of a pool: cheap enough for one per connection.

      {:ok, _pool} = QuickBEAM.ContextPool.start_link(name: MyApp.JSPool)

      # In a LiveView, a Channel, any process:
      {:ok, context} = QuickBEAM.Context.start_link(pool: MyApp.JSPool, handlers: handlers)
      {:ok, html} = QuickBEAM.Context.call(context, "render", [assigns])

  A context is what `QuickBEAM.start/1` gives, at another place: it takes the same options, its process takes the
  same requests, and the functions here are those of `QuickBEAM`, whose documentation says what they do. Either
  module may be used with either kind.

  A context is linked to the process that starts it, and ends with it. It stops with
  `{:quickbeam_dead, %QuickBEAM.JSError{}}` when its heap cannot go on, and with
  `{:shutdown, {:pool_down, reason}}` when its pool has stopped.
  """

  alias QuickBEAM.{Bytecode, ContextPool, JSError, Owner}
  alias QuickBEAM.Options.Check

  @typedoc "A context: its pid or the name that it was started with."
  @type context :: GenServer.server()

  @doc """
  Starts a context linked to the caller.

  The option `:pool` is required: the pid or name of a `QuickBEAM.ContextPool` of this node. All others
  are those of `QuickBEAM.start/1`, and so are the results; and if there is no such pool,
  `{:error, {:no_pool, pool}}`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool, define: %{"n" => 1})
      iex> QuickBEAM.Context.eval(context, "n + 1")
      {:ok, 2}

      iex> QuickBEAM.Context.start_link(pool: :nobody)
      {:error, {:no_pool, :nobody}}

      iex> QuickBEAM.Context.start_link(apis: false)
      ** (ArgumentError) option :pool must be given: the pid or name of a QuickBEAM.ContextPool
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(options) do
    {pool, options} = pop_pool!(options)

    case ContextPool.executor(pool) do
      {pid, executor} -> Owner.Server.start_link(options, {:pool, pid, executor})
      nil -> {:error, {:no_pool, pool}}
    end
  end

  @doc """
  The child spec of a context, for `{QuickBEAM.Context, options}`. Its id is `:id`, else `:name`, else
  `QuickBEAM.Context`.

      iex> QuickBEAM.Context.child_spec(pool: :js, name: :renderer).id
      :renderer
  """
  @spec child_spec(keyword()) :: Supervisor.child_spec()
  def child_spec(options), do: Check.child_spec(__MODULE__, options)

  @doc """
  The memory of the context's heap: `{:ok, figures}`, a map of bytes and counts.

  Beside the figures of `QuickBEAM.memory_usage/1` it has `:context_malloc_size`, the bytes that this
  context itself holds: with `contexts_per_isolate: 1` its heap, else its part of the heap that it shares. Of a shared heap
  there are the figures of that part alone.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:ok, %{context_malloc_size: bytes}} = QuickBEAM.Context.memory_usage(context)
      iex> is_integer(bytes)
      true
  """
  @spec memory_usage(context()) :: {:ok, %{atom() => integer()}} | {:error, JSError.t()}
  def memory_usage(context) do
    args = [context]

    with {:ok, figures} <- Owner.Request.run(context, :memory_usage, nil, :memory_usage, args),
         do: {:ok, Map.put_new(figures, :context_malloc_size, figures.malloc_size)}
  end

  @doc """
  See `QuickBEAM.eval/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.eval(context, "[1, 2].length")
      {:ok, 2}
  """
  @spec eval(context(), String.t(), keyword()) :: QuickBEAM.result()
  defdelegate eval(context, code, options \\ []), to: QuickBEAM

  @doc """
  See `QuickBEAM.eval_ts/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.eval_ts(context, "(1 as number) + 1")
      {:ok, 2}
  """
  @spec eval_ts(context(), String.t(), keyword()) :: QuickBEAM.result()
  defdelegate eval_ts(context, code, options \\ []), to: QuickBEAM

  @doc """
  See `QuickBEAM.call/4`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.call(context, "Math.max", [1, 5])
      {:ok, 5}
  """
  @spec call(context(), String.t() | atom(), [term()], keyword()) :: QuickBEAM.result()
  defdelegate call(context, function, args \\ [], options \\ []), to: QuickBEAM

  @doc """
  See `QuickBEAM.load_module/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.load_module(context, "one", "export default 1")
      :ok
  """
  @spec load_module(context(), String.t(), String.t()) :: :ok | {:error, JSError.t()}
  defdelegate load_module(context, name, code), to: QuickBEAM

  @doc """
  See `QuickBEAM.compile/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:ok, bytecode} = QuickBEAM.Context.compile(context, "6 * 7")
      iex> QuickBEAM.Context.load_bytecode(context, bytecode)
      {:ok, 42}
  """
  @spec compile(context(), String.t()) :: {:ok, binary()} | {:error, JSError.t()}
  defdelegate compile(context, code), to: QuickBEAM

  @doc """
  See `QuickBEAM.load_bytecode/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:error, error} = QuickBEAM.Context.load_bytecode(context, "")
      iex> is_binary(error.message)
      true
  """
  @spec load_bytecode(context(), binary()) :: QuickBEAM.result()
  defdelegate load_bytecode(context, bytecode), to: QuickBEAM

  @doc """
  See `QuickBEAM.disasm/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:ok, bytecode} = QuickBEAM.Context.disasm(context, "1 + 1")
      iex> bytecode.opcodes != []
      true
  """
  @spec disasm(context(), String.t()) :: {:ok, Bytecode.t()} | {:error, JSError.t()}
  defdelegate disasm(context, code), to: QuickBEAM

  @doc """
  See `QuickBEAM.reset/1`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.reset(context)
      :ok
  """
  @spec reset(context()) :: :ok | {:error, JSError.t()}
  defdelegate reset(context), to: QuickBEAM

  @doc """
  See `QuickBEAM.stop/1`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.stop(context)
      :ok
  """
  @spec stop(context()) :: :ok
  defdelegate stop(context), to: QuickBEAM

  @doc """
  See `QuickBEAM.stream/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> context |> QuickBEAM.Context.stream("[1, 2, 3]") |> Enum.sum()
      6
  """
  @spec stream(context(), String.t(), keyword()) :: Enumerable.t()
  defdelegate stream(context, code, options \\ []), to: QuickBEAM

  @doc """
  See `QuickBEAM.send_message/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.send_message(context, %{price: 42})
      :ok
  """
  @spec send_message(context(), term()) :: :ok | {:error, JSError.t()}
  defdelegate send_message(context, message), to: QuickBEAM

  @doc """
  See `QuickBEAM.globals/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.globals(context, user_only: true)
      {:ok, []}
  """
  @spec globals(context(), keyword()) :: {:ok, [String.t()]} | {:error, JSError.t()}
  defdelegate globals(context, options \\ []), to: QuickBEAM

  @doc """
  The first element of the document that a CSS selector matches. See `QuickBEAM.dom_find/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.dom_find(context, "body")
      {:ok, {"body", [], []}}
  """
  @spec dom_find(context(), String.t()) ::
          {:ok, QuickBEAM.dom_element() | nil} | {:error, JSError.t()}
  defdelegate dom_find(context, selector), to: QuickBEAM

  @doc """
  All elements of the document that a CSS selector matches. See `QuickBEAM.dom_find_all/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.dom_find_all(context, "p")
      {:ok, []}
  """
  @spec dom_find_all(context(), String.t()) ::
          {:ok, [QuickBEAM.dom_element()]} | {:error, JSError.t()}
  defdelegate dom_find_all(context, selector), to: QuickBEAM

  @doc """
  The text of the first element that a CSS selector matches. See `QuickBEAM.dom_text/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.dom_text(context, "body")
      {:ok, ""}
  """
  @spec dom_text(context(), String.t()) :: {:ok, String.t() | nil} | {:error, JSError.t()}
  defdelegate dom_text(context, selector), to: QuickBEAM

  @doc """
  An attribute of the first element that a CSS selector matches. See `QuickBEAM.dom_attr/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.dom_attr(context, "body", "class")
      {:ok, nil}
  """
  @spec dom_attr(context(), String.t(), String.t()) ::
          {:ok, String.t() | nil} | {:error, JSError.t()}
  defdelegate dom_attr(context, selector, name), to: QuickBEAM

  @doc """
  The markup of the whole document. See `QuickBEAM.dom_html/1`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.dom_html(context)
      {:ok, "<html><head></head><body></body></html>"}
  """
  @spec dom_html(context()) :: {:ok, String.t()} | {:error, JSError.t()}
  defdelegate dom_html(context), to: QuickBEAM

  @doc """
  See `QuickBEAM.get_global/2`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.get_global(context, "nothing")
      {:ok, nil}
  """
  @spec get_global(context(), String.t() | atom()) :: QuickBEAM.result()
  defdelegate get_global(context, name), to: QuickBEAM

  @doc """
  See `QuickBEAM.set_global/3`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.set_global(context, "n", 1)
      :ok
  """
  @spec set_global(context(), String.t() | atom(), term()) :: :ok | {:error, JSError.t()}
  defdelegate set_global(context, name, term), to: QuickBEAM

  @doc """
  See `QuickBEAM.info/1`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.info(context).timers
      0
  """
  @spec info(context()) :: map()
  defdelegate info(context), to: QuickBEAM

  @doc """
  See `QuickBEAM.heap/1`. Of an isolate that contexts share, only this context's objects are counted.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> {:ok, %{"Function" => %{count: count}}} = QuickBEAM.Context.heap(context)
      iex> count > 0
      true
  """
  @spec heap(context()) ::
          {:ok, %{String.t() => %{count: pos_integer(), bytes: non_neg_integer()}}}
          | {:error, JSError.t()}
  defdelegate heap(context), to: QuickBEAM

  @doc """
  See `QuickBEAM.coverage/1`.

      iex> {:ok, pool} = QuickBEAM.ContextPool.start_link(size: 1)
      iex> {:ok, context} = QuickBEAM.Context.start_link(pool: pool)
      iex> QuickBEAM.Context.coverage(context)
      {:ok, %{}}
  """
  @spec coverage(context()) ::
          {:ok, %{Path.t() => %{pos_integer() => non_neg_integer()}}}
  defdelegate coverage(context), to: QuickBEAM

  defp pop_pool!(options) do
    Check.keyword!(options)

    case Keyword.pop(options, :pool) do
      {nil, _options} ->
        problem = "option :pool must be given: the pid or name of a QuickBEAM.ContextPool"
        raise ArgumentError, problem

      found ->
        found
    end
  end
end
