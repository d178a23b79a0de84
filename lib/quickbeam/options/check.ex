defmodule QuickBEAM.Options.Check do
  @moduledoc false
  # The shapes that option values must have. A check returns `{:ok, value}`, the value brought to
  # its one internal form, or `{:error, problem}`, a text that goes on after "option :name".

  alias QuickBEAM.Owner.Callback

  @api_groups ~w(fetch websocket worker channel eventsource intl url crypto compression buffer dom
                 console storage locks beam)a
  @max 0x7FFF_FFFF_FFFF_FFFF
  # An empty realm takes some 170 KB.
  @min_heap 256 * 1024
  # Native code keeps 32 KB to itself, so with less no list could cross.
  @min_stack 64 * 1024
  @max_stack 1024 * 1024 * 1024

  @doc "The granular groups that `:apis` takes beside `:browser` and `:node`."
  @spec api_groups() :: [atom()]
  def api_groups, do: @api_groups

  @doc "Raises an `ArgumentError` unless `options` is a keyword list."
  @spec keyword!(term()) :: :ok
  def keyword!(options) do
    if Keyword.keyword?(options),
      do: :ok,
      else: raise(ArgumentError, "options must be a keyword list, got: #{inspect(options)}")
  end

  @doc "The child spec of what `module.start_link(options)` starts."
  @spec child_spec(module(), keyword()) :: Supervisor.child_spec()
  def child_spec(module, options) do
    keyword!(options)
    id = options[:id] || options[:name] || module
    %{id: id, start: {module, :start_link, [options]}}
  end

  @type check :: atom() | {:integer, Range.t()}

  @doc """
  Checks a keyword list of options against `checks`; raises an `ArgumentError` that names the first
  wrong one.
  """
  @spec all!(keyword(), [{atom(), check()}]) :: keyword()
  def all!(options, checks) do
    keyword!(options)

    for {key, value} <- options do
      with {:ok, check} <- Keyword.fetch(checks, key),
           {:ok, checked} <- run(check, value) do
        {key, checked}
      else
        :error ->
          raise ArgumentError, "unknown option #{inspect(key)}; the options are #{names(checks)}"

        {:error, problem} ->
          raise ArgumentError, "option #{inspect(key)} #{problem}"
      end
    end
  end

  defp names(checks), do: Enum.map_join(checks, ", ", fn {key, _check} -> inspect(key) end)

  @spec run(check(), term()) :: {:ok, term()} | {:error, String.t()}
  def run({:integer, _range}, nil), do: {:ok, nil}

  def run({:integer, first..last//_}, value) when is_integer(value) do
    if value in first..last,
      do: {:ok, value},
      else: must("be an integer from #{first} to #{last}", value)
  end

  def run({:integer, first..last//_}, other),
    do: must("be an integer from #{first} to #{last}", other)

  def run(:any, value), do: {:ok, value}

  def run(:name, nil), do: {:ok, nil}

  # A process cannot be registered under these.
  def run(:name, name) when name in [true, false, :undefined],
    do: must("be an atom that a process may be registered under", name)

  def run(:name, name) when is_atom(name), do: {:ok, name}
  def run(:name, {:global, _term} = name), do: {:ok, name}
  def run(:name, {:via, module, _term} = name) when is_atom(module), do: {:ok, name}
  def run(:name, other), do: must("be an atom, {:global, term} or {:via, module, term}", other)

  def run(:boolean, value) when is_boolean(value), do: {:ok, value}
  def run(:boolean, other), do: must("be true or false", other)

  def run(:heap, bytes), do: integer(bytes, @min_heap, @max, "number of bytes")
  def run(:stack, bytes), do: integer(bytes, @min_stack, @max_stack, "number of bytes")

  def run(count, nil) when count in [:count, :depth], do: {:ok, nil}
  def run(:positive, count), do: integer(count, 1, @max, "positive integer")
  def run(:count, count), do: integer(count, 1, @max, "positive integer or nil")
  def run(:depth, depth), do: integer(depth, 1, 0xFFFF_FFFF, "positive integer or nil")

  def run(:timeout, :infinity), do: {:ok, :infinity}
  def run(:timeout, ms) when is_integer(ms) and ms in 0..@max, do: {:ok, ms}

  def run(:timeout, ms) when is_integer(ms) and ms > @max,
    do: must("be a number of milliseconds of at most #{@max} or :infinity", ms)

  def run(:timeout, other), do: must("be a number of milliseconds or :infinity", other)

  def run(:console, nil), do: {:ok, nil}
  def run(:console, fun) when is_function(fun, 1), do: {:ok, fun}
  def run(:console, other), do: must("be a function of one argument", other)

  def run(:init, nil), do: {:ok, nil}
  def run(:init, fun) when is_function(fun, 1), do: {:ok, fun}
  def run(:init, other), do: must("be a function of one argument, the runtime", other)

  def run(:path, nil), do: {:ok, nil}

  def run(:path, path) when is_binary(path) do
    if path != "" and not String.contains?(path, <<0>>),
      do: {:ok, path},
      else: must("be the path of a file", path)
  end

  def run(:path, other), do: must("be the path of a file, as a string", other)

  def run(:storage, nil), do: {:ok, nil}
  def run(:storage, name) when is_atom(name) and not is_boolean(name), do: {:ok, name}
  def run(:storage, name) when is_binary(name) and name != "", do: {:ok, name}

  def run(:storage, {:file, path}) when is_binary(path) do
    with {:ok, path} <- run(:path, path), do: {:ok, {:file, path}}
  end

  def run(:storage, other), do: must("be a name or {:file, path}", other)

  def run(:cacerts, certificates) when is_list(certificates) do
    # What :public_key.cacerts_get/0 returns is taken, too.
    certificates =
      Enum.map(certificates, fn
        {:cert, der, _decoded} -> der
        der -> der
      end)

    case reject(certificates, &is_binary/1) do
      :none -> {:ok, certificates}
      {:some, other} -> must("be a list of certificates in DER", other)
    end
  end

  def run(:cacerts, other), do: must("be a list of certificates in DER", other)

  def run(:proxy, false), do: {:ok, false}

  def run(:proxy, url) when is_binary(url) do
    case URI.parse(url) do
      %URI{scheme: "http", host: host} when host not in [nil, ""] -> {:ok, url}
      _ -> must("be false or an http: URL", url)
    end
  end

  def run(:proxy, other), do: must("be false or an http: URL", other)

  def run(:apis, false), do: {:ok, []}
  def run(:apis, api) when is_atom(api), do: run(:apis, [api])

  def run(:apis, apis) when is_list(apis) do
    case reject(apis, &(&1 in [:browser, :node | @api_groups])) do
      :none -> {:ok, Enum.uniq(apis)}
      {:some, api} -> {:error, "has no API group #{inspect(api)}; the groups are #{groups()}"}
      :improper -> must("be a list", apis)
    end
  end

  def run(:apis, other), do: must("be false, an API group or a list of them", other)

  def run(:handlers, handlers) when is_map(handlers) and not is_struct(handlers) do
    names(handlers, fn
      handler ->
        cond do
          Callback.valid?(handler) ->
            :ok

          Callback.wrong_timeout?(handler) ->
            {:error, "a :timeout that is a number of milliseconds or :infinity", handler}

          true ->
            {:error, "a function that takes the list of arguments", handler}
        end
    end)
  end

  def run(:handlers, other), do: must("be a map from names to functions", other)

  def run(:define, define) when is_map(define) and not is_struct(define),
    do: names(define, fn _term -> :ok end)

  def run(:define, other), do: must("be a map from names to terms", other)

  @doc "Whether `name` can be the name of a global or a handler; the name as a string."
  @spec name(term()) :: {:ok, String.t()} | :error
  def name(name) when is_atom(name) and name not in [nil, true, false],
    do: {:ok, Atom.to_string(name)}

  def name(name) when is_binary(name) and name != "",
    do: if(String.valid?(name), do: {:ok, name}, else: :error)

  def name(_other), do: :error

  @doc "The error of a value that must `requirement`."
  @spec must(String.t(), term()) :: {:error, String.t()}
  def must(requirement, value), do: {:error, "must #{requirement}, got: #{inspect(value)}"}

  @doc "The first element of `list` that `good?` is false for."
  @spec reject(list(), (term() -> boolean())) :: :none | {:some, term()} | :improper
  def reject([], _good?), do: :none

  def reject([head | tail], good?),
    do: if(good?.(head), do: reject(tail, good?), else: {:some, head})

  def reject(_tail, _good?), do: :improper

  defp integer(value, min, max, _what) when is_integer(value) and value >= min and value <= max,
    do: {:ok, value}

  defp integer(value, min, max, what) do
    range =
      cond do
        is_integer(value) and value > max -> " of at most #{max}"
        min == 1 -> ""
        max == @max -> " of at least #{min}"
        true -> " from #{min} to #{max}"
      end

    must("be a #{what}#{range}", value)
  end

  defp names(map, check) do
    Enum.reduce_while(map, {:ok, %{}}, fn {key, value}, {:ok, checked} ->
      with {:name, {:ok, name}} <- {:name, name(key)},
           {:twice, false} <- {:twice, is_map_key(checked, name)},
           :ok <- check.(value) do
        {:cont, {:ok, Map.put(checked, name, value)}}
      else
        {:name, :error} -> {:halt, must("have non-empty strings or atoms as names", key)}
        {:twice, true} -> {:halt, {:error, "has the name #{inspect(key)} twice"}}
        {:error, what, value} -> {:halt, must("have #{what} for #{inspect(key)}", value)}
      end
    end)
  end

  defp groups, do: Enum.map_join([:browser, :node | @api_groups], ", ", &inspect/1)
end
