defmodule QuickBEAM.Bytecode do
  @moduledoc """
  A disassembled function, as `QuickBEAM.disasm/1` and `QuickBEAM.disasm/2` return it.

  | field | meaning |
  |---|---|
  | `:name` | the function's name; `"<eval>"` for a script |
  | `:filename`, `:line`, `:column` | where it is defined, or `nil` |
  | `:args`, `:vars` | names of its arguments and local variables |
  | `:stack_size` | values that its operand stack may hold |
  | `:flags` | what it is: such as `:strict`, `:async`, `:generator`, `:arrow` |
  | `:opcodes` | `{offset, name, operands}` in order; the offset is in bytes |
  | `:constants` | the constant pool; a function stands in it as its index in `:functions` |
  | `:functions` | the functions defined inside, as `QuickBEAM.Bytecode` |

  Opcodes are those of the engine that runs; they change between its versions.
  """

  @type opcode :: {offset :: non_neg_integer(), name :: atom() | String.t(), operands :: list()}

  @type t :: %__MODULE__{
          name: String.t() | nil,
          filename: String.t() | nil,
          line: pos_integer() | nil,
          column: pos_integer() | nil,
          args: [String.t()],
          vars: [String.t()],
          stack_size: non_neg_integer(),
          flags: [atom()],
          opcodes: [opcode()],
          constants: list(),
          functions: [t()]
        }

  defstruct name: nil,
            filename: nil,
            line: nil,
            column: nil,
            args: [],
            vars: [],
            stack_size: 0,
            flags: [],
            opcodes: [],
            constants: [],
            functions: []
end
