defmodule QuickBEAM.Options.Request do
  @moduledoc false
  # The options of single requests. They are on the hot path: one pass over the list, and none for `[]`.

  alias QuickBEAM.Options.Check

  @doc "The timeout (nil: the realm's), the file name and the variables of an eval."
  @spec eval(keyword()) :: {timeout() | nil, String.t() | nil, map() | nil}
  def eval([]), do: {nil, nil, nil}
  def eval(options), do: eval(options, nil, nil, nil)

  defp eval([{:timeout, timeout} | rest], _timeout, filename, vars),
    do: eval(rest, timeout!(timeout), filename, vars)

  defp eval([{:filename, filename} | rest], timeout, _filename, vars),
    do: eval(rest, timeout, filename!(filename), vars)

  defp eval([{:vars, vars} | rest], timeout, filename, _vars),
    do: eval(rest, timeout, filename, vars!(vars))

  defp eval([], timeout, filename, vars), do: {timeout, filename, vars}
  defp eval(other, _, _, _), do: unknown!(other, ":timeout, :vars and :filename")

  @doc "The timeout of a request that has no other option; nil: the realm's."
  @spec timeout(keyword()) :: timeout() | nil
  def timeout([]), do: nil
  def timeout(options), do: timeout(options, nil)

  defp timeout([{:timeout, timeout} | rest], _timeout), do: timeout(rest, timeout!(timeout))
  defp timeout([], timeout), do: timeout
  defp timeout(other, _timeout), do: unknown!(other, ":timeout")

  @doc "Whether the option `:user_only` is true."
  @spec user_only(keyword()) :: boolean()
  def user_only([]), do: false
  def user_only(user_only: value) when is_boolean(value), do: value
  def user_only(user_only: other), do: wrong!(:user_only, Check.must("be true or false", other))

  def user_only(other),
    do: unknown!(Enum.reject(other, &match?({:user_only, _}, &1)), ":user_only")

  defp timeout!(timeout) do
    case Check.run(:timeout, timeout) do
      {:ok, timeout} -> timeout
      error -> wrong!(:timeout, error)
    end
  end

  defp filename!(nil), do: nil

  defp filename!(filename) do
    case Check.run(:path, filename) do
      {:ok, filename} -> filename
      error -> wrong!(:filename, error)
    end
  end

  defp vars!(nil), do: nil

  defp vars!(vars) when is_map(vars) and not is_struct(vars) do
    for {key, term} <- vars, into: %{} do
      with {:ok, name} <- Check.name(key),
           true <- identifier?(name) do
        {name, term}
      else
        _ -> wrong!(:vars, Check.must("have JavaScript identifiers as names", key))
      end
    end
  end

  defp vars!(other), do: wrong!(:vars, Check.must("be a map from names to terms", other))

  defp identifier?(name) do
    name =~ ~r/\A[\p{L}\p{Nl}_$][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$\x{200c}\x{200d}]*\z/u
  end

  defp wrong!(option, {:error, problem}),
    do: raise(ArgumentError, "option #{inspect(option)} #{problem}")

  defp unknown!([{key, _value} | _rest], known),
    do: raise(ArgumentError, "unknown option #{inspect(key)}; there is #{known}")

  defp unknown!(other, _known),
    do: raise(ArgumentError, "options must be a keyword list, got: #{inspect(other)}")
end
