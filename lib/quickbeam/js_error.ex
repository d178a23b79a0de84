defmodule QuickBEAM.JSError do
  @moduledoc """
  An error thrown by JavaScript, or by a limit that JavaScript ran into.

  | field | meaning |
  |---|---|
  | `:name` | the error's `name`, such as `"TypeError"` |
  | `:message` | its `message`; for a thrown value that is no error, the value as a string, a plain object as JSON |
  | `:stack` | the stack as text, one frame a line, or `nil` |
  | `:filename`, `:line`, `:column` | where it was thrown, counted from 1, or `nil`; for what a builtin throws, where the script called it |
  | `:frames` | the stack as maps with `:function`, `:filename`, `:line` and `:column`, innermost first |
  | `:cause` | the error's `cause` as a `QuickBEAM.JSError`, or `nil` |

  Names that QuickBEAM itself gives:

  | name | when |
  |---|---|
  | `"TimeoutError"` | the `:timeout` of an eval or call has passed |
  | `"InterruptedError"` | the reductions are used up, or the runtime was stopped or reset meanwhile |
  | `"OutOfMemoryError"` | `:memory_limit` is reached |
  | `"BusyError"` | the runtime's inbox is full; nothing was run |
  | `"NotAllowedError"` | the realm does not hold the grant that the message names |

  Except for a stop, the runtime stays usable after each of them; only memory that is held for good, or that the compiler was not to be
  refused, ends it, and the message says so.

      iex> error = %QuickBEAM.JSError{name: "TypeError", message: "not a function"}
      iex> Exception.message(error)
      "TypeError: not a function"
  """

  @type frame :: %{
          function: String.t() | nil,
          filename: String.t() | nil,
          line: pos_integer() | nil,
          column: pos_integer() | nil
        }

  @type t :: %__MODULE__{
          message: String.t(),
          name: String.t(),
          stack: String.t() | nil,
          filename: String.t() | nil,
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          frames: [frame()],
          cause: t() | nil
        }

  defexception message: "",
               name: "Error",
               stack: nil,
               filename: nil,
               line: nil,
               column: nil,
               frames: [],
               cause: nil

  @doc "The error as JavaScript's `String(error)` shows it."
  @impl true
  @spec message(t()) :: String.t()
  def message(%__MODULE__{name: name, message: ""}), do: name
  def message(%__MODULE__{name: name, message: message}), do: "#{name}: #{message}"
end
