//! Reading compiled scripts: which functions, variables, constants and instructions they hold.
//!
//! What is read is the engine's own serialised form. Every read is checked against the end of the input, so damaged
//! bytecode is refused and never followed.

mod opcodes;
mod reader;

use crate::bytecode;
use crate::ctx::{Ctx, EvalOptions};
use crate::error::Result;

/// A compiled function.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disassembly {
    /// The function's name; `<eval>` for a script, empty for a function without one.
    pub name: String,
    /// The file it was compiled from.
    pub filename: String,
    /// Line of its definition, from 1.
    pub line: u32,
    /// Column of its definition, from 1.
    pub column: u32,
    /// Names of its parameters; empty for those that are patterns.
    pub args: Vec<String>,
    /// Names of its local variables.
    pub vars: Vec<String>,
    /// Names of the outer variables that it uses.
    pub captures: Vec<String>,
    /// Values that its operand stack may hold.
    pub stack_size: u32,
    /// What it is: `strict`, `async`, `generator`, `constructor`, `derived_constructor`, `method` …
    pub flags: Vec<&'static str>,
    /// Its instructions, in order.
    pub opcodes: Vec<Opcode>,
    /// Its constants.
    pub constants: Vec<Constant>,
    /// The functions defined inside it.
    pub functions: Vec<Disassembly>,
}

/// An instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Opcode {
    /// Where it starts, in bytes.
    pub offset: u32,
    /// The engine's name for it.
    pub name: &'static str,
    /// What it works on; targets of jumps are offsets.
    pub operands: Vec<Operand>,
}

/// A part of an instruction.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A number, an index or an offset.
    Integer(i64),
    /// The name of a property or variable.
    Name(String),
}

/// A constant of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `null`.
    Null,
    /// `undefined`.
    Undefined,
    /// A boolean.
    Boolean(bool),
    /// A number held as an integer.
    Integer(i32),
    /// Any other number.
    Float(f64),
    /// A string, with U+FFFD for unpaired surrogates; compiled regular expressions are strings too.
    String(String),
    /// A BigInt, as hexadecimal digits.
    BigInt {
        /// Whether it is below zero.
        negative: bool,
        /// The digits of its magnitude.
        digits: String,
    },
    /// The parts of a template literal.
    Template(Vec<Constant>),
    /// An index into [`Disassembly::functions`].
    Function(usize),
}

/// Whether `pc` stands behind an instruction that is a direct `eval`, or might be one.
///
/// SAFETY: code of a function of the engine; what precedes it belongs to the function, too.
pub(crate) unsafe fn is_eval(pc: *const u8) -> bool {
    ["eval", "apply_eval"].into_iter().any(|name| {
        let Some((code, length)) = opcodes::find(name) else { return true };
        // SAFETY: by contract.
        unsafe { pc.sub(length).read() == code }
    })
}

impl<'a> Ctx<'a> {
    /// Compiles a script, without running it, and reads what came of it.
    ///
    /// ```
    /// use quickbeam_engine::{EvalOptions, Isolate, IsolateOptions};
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     let script = ctx.disassemble("function add(a, b) { return a + b }", &EvalOptions::default()).unwrap();
    ///     let names: Vec<_> = script.functions[0].opcodes.iter().map(|opcode| opcode.name).collect();
    ///     assert_eq!(names, ["get_arg0", "get_arg1", "add", "return"]);
    /// });
    /// ```
    ///
    /// # Errors
    /// Throws `SyntaxError`s.
    pub fn disassemble(self, source: &str, options: &EvalOptions<'_>) -> Result<Disassembly> {
        let sealed = self.compile(source, options)?;
        self.disassemble_bytecode(&sealed)
    }

    /// Reads what [`Ctx::compile`] made.
    ///
    /// # Errors
    /// Throws a `TypeError` that says why the bytecode was refused.
    pub fn disassemble_bytecode(self, sealed: &[u8]) -> Result<Disassembly> {
        let read = bytecode::open(sealed).and_then(|(payload, _)| reader::read(self, payload));
        read.map_err(|error| self.throw_type(&error.to_string()))
    }
}
