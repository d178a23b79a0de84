defmodule QuickBEAM.Options.Arguments do
  @moduledoc false
  # The arguments of requests, beside their options: what is wrong raises an `ArgumentError` in the caller.

  alias QuickBEAM.Options.Check

  @doc "Any binary: what is not UTF-8 is the caller's to hear of from where it is read."
  @spec text!(term(), String.t()) :: binary()
  def text!(text, _what) when is_binary(text), do: text

  def text!(other, what),
    do: raise(ArgumentError, "#{what} must be a binary, got: #{inspect(other)}")

  @doc "The arguments of a call."
  @spec list!(term()) :: list()
  def list!(args) when length(args) >= 0, do: args

  def list!(other),
    do: raise(ArgumentError, "arguments must be a proper list, got: #{inspect(other)}")

  @doc "The name of a global, as a string."
  @spec name!(term()) :: String.t()
  def name!(name) when is_binary(name) and name != "", do: name

  def name!(name) do
    case Check.name(name) do
      {:ok, name} ->
        name

      :error ->
        raise ArgumentError, "a name must be a non-empty string or an atom, got: #{inspect(name)}"
    end
  end

  @doc "The name of a module, which the engine ends at its first NUL."
  @spec module_name!(term()) :: String.t()
  def module_name!(name) do
    if is_binary(name) and name != "" and :binary.match(name, <<0>>) == :nomatch do
      name
    else
      problem = "a module's name must be a non-empty string without NUL, got: #{inspect(name)}"
      raise ArgumentError, problem
    end
  end
end
