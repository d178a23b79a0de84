defmodule QuickBEAM.JS.Error do
  @moduledoc """
  An error in a source, as `QuickBEAM.JS` reports it.

  | field | meaning |
  |---|---|
  | `:message` | what is wrong |
  | `:file` | the file as it was named, or `nil` if the error is in no file |
  | `:line`, `:column` | where, from 1, or `nil`; columns count UTF-16 code units |
  | `:code_frame` | the line with those around it, numbered, and a caret under the column, or `nil` |

      iex> {:error, [error]} = QuickBEAM.JS.transform("let n: = 1", "n.ts")
      iex> Exception.message(error)
      "n.ts:1:8: Unexpected token\\n\\n> 1 | let n: = 1\\n    |        ^"
  """

  @type t :: %__MODULE__{
          message: String.t(),
          file: String.t() | nil,
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          code_frame: String.t() | nil
        }

  defexception [:file, :line, :column, :code_frame, message: ""]

  @doc "File, position, message and code frame."
  @impl true
  @spec message(t()) :: String.t()
  def message(%__MODULE__{message: message, code_frame: nil} = error),
    do: place(error) <> message

  def message(%__MODULE__{message: message, code_frame: frame} = error),
    do: place(error) <> message <> "\n\n" <> frame

  defp place(%{file: nil}), do: ""
  defp place(%{file: file, line: nil}), do: "#{file}: "
  defp place(%{file: file, line: line, column: column}), do: "#{file}:#{line}:#{column}: "
end
