defmodule QuickBEAM.Owner.Callback do
  @moduledoc false
  # The forms of a handler in the option `:handlers`:
  #
  # - `fn args -> ... end` and `fn args, meta -> ... end`
  # - `{module, function}`, one of these two by its arity
  # - `{handler, timeout: milliseconds}`, with any of the above
  #
  # `meta` tells about the call: `%{caller: pid, runtime: name, handler: name, sync?: boolean}`.

  @type meta :: %{caller: pid(), runtime: term(), handler: String.t(), sync?: boolean()}
  @type form :: (list() -> term()) | (list(), meta() -> term()) | {module(), atom()}
  @type t :: form() | {form(), timeout: timeout()}

  @doc "Whether a term is a handler."
  @spec valid?(term()) :: boolean()
  def valid?({handler, [timeout: ms]}) when is_integer(ms) and ms >= 0, do: form?(handler)
  def valid?({handler, [timeout: :infinity]}), do: form?(handler)
  def valid?(handler), do: form?(handler)

  @doc "Whether a term is a handler with a timeout that is none."
  @spec wrong_timeout?(term()) :: boolean()
  def wrong_timeout?({handler, [timeout: _timeout]} = callback),
    do: form?(handler) and not valid?(callback)

  def wrong_timeout?(_other), do: false

  @doc "How long a handler may take."
  @spec timeout(t()) :: timeout()
  def timeout({_handler, [timeout: timeout]}), do: timeout
  def timeout(_handler), do: :infinity

  @doc "Runs a handler."
  @spec run(t(), list(), meta()) :: term()
  def run({handler, [timeout: _timeout]}, args, meta), do: run(handler, args, meta)
  def run(handler, args, _meta) when is_function(handler, 1), do: handler.(args)
  def run(handler, args, meta) when is_function(handler, 2), do: handler.(args, meta)

  def run({module, function}, args, meta) do
    if function_exported?(module, function, 1),
      do: apply(module, function, [args]),
      else: apply(module, function, [args, meta])
  end

  defp form?(handler) when is_function(handler, 1) or is_function(handler, 2), do: true

  defp form?({module, function}) when is_atom(module) and is_atom(function) do
    Code.ensure_loaded?(module) and
      (function_exported?(module, function, 1) or function_exported?(module, function, 2))
  end

  defp form?(_other), do: false
end
