//! Requests to a realm.

use crate::event::{ListenerId, Notice};
use crate::host::Input;
use crate::lineage::Lineage;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One request to a realm, and what its [`Reply`](crate::Reply) gets.
pub enum Op {
    /// Evaluate a script in the global scope; a value. A promise is awaited.
    Eval {
        /// The script.
        source: String,
        /// Name in stack traces.
        filename: Option<String>,
        /// An object whose properties are in scope for this script only.
        vars: Option<Box<dyn Input>>,
    },
    /// Evaluate a module; done once its top-level awaits are.
    EvalModule {
        /// The module's text.
        source: String,
        /// Name in stack traces.
        filename: String,
        /// Its `import.meta.url`; `None`: the name.
        url: Option<String>,
    },
    /// Call the function at a dotted path from the globals; a value. A promise is awaited.
    Call {
        /// Such as `render` or `app.render`.
        path: String,
        /// An array of arguments.
        args: Box<dyn Input>,
    },
    /// Register and evaluate a module that others can import by `name`; done.
    LoadModule {
        /// What to import it by.
        name: String,
        /// The module's text.
        source: String,
    },
    /// Compile a script; bytes.
    Compile {
        /// The script.
        source: String,
        /// Name in stack traces.
        filename: Option<String>,
    },
    /// Compile a script and take it apart; a disassembly.
    Disassemble(String),
    /// Take compiled bytes apart; a disassembly.
    DisassembleBytecode(Arc<[u8]>),
    /// Run compiled bytes; a value.
    RunBytecode(Arc<[u8]>),
    /// Read a global; a value, `undefined` if there is none.
    GetGlobal(String),
    /// Assign a global; done.
    SetGlobal {
        /// Its name.
        name: String,
        /// Its value.
        value: Box<dyn Input>,
    },
    /// Names on the global object; names.
    Globals {
        /// Leave out those that a fresh realm has.
        user_only: bool,
    },
    /// Deliver a message to the callbacks of `Beam.onMessage`; done.
    Message(Box<dyn Input>),
    /// Call the [listener](crate::listen) of that id; done, whether it still listens or not.
    Event {
        /// Whom.
        listener: ListenerId,
        /// With what.
        event: Box<dyn Notice>,
    },
    /// Make a value by the embedder's own steps; a value. A promise is awaited.
    Make(Box<dyn Input>),
    /// Replace the realm by a fresh one; done.
    Reset,
    /// Memory figures; figures.
    MemoryUsage,
    /// What the realm is doing; figures.
    Info,
}

impl Op {
    /// The word for error messages.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Op::Eval { .. } => "eval",
            Op::EvalModule { .. } => "module",
            Op::Call { .. } => "call",
            Op::LoadModule { .. } => "load_module",
            Op::Compile { .. } => "compile",
            Op::Disassemble(_) | Op::DisassembleBytecode(_) => "disasm",
            Op::RunBytecode(_) => "load_bytecode",
            Op::GetGlobal(_) => "get_global",
            Op::SetGlobal { .. } => "set_global",
            Op::Globals { .. } => "globals",
            Op::Message(_) => "message",
            Op::Event { .. } => "event",
            Op::Make(_) => "request",
            Op::Reset => "reset",
            Op::MemoryUsage => "memory_usage",
            Op::Info => "info",
        }
    }
}

/// How an op is submitted.
#[derive(Debug, Clone, Default)]
pub struct SubmitOptions {
    /// Ends the op with a `TimeoutError` this long after submission.
    pub timeout: Option<Duration>,
    /// The calls whose handlers submit this op: while one of them suspends the realm's fiber, the op runs nested on it.
    pub lineage: Lineage,
}

/// Why an op was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitError {
    /// The inbox is full.
    Busy,
    /// The realm is gone.
    Closed,
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubmitError::Busy => "the realm's inbox is full",
            SubmitError::Closed => "the realm is gone",
        })
    }
}

impl std::error::Error for SubmitError {}

/// What a host call failed with; becomes an `Error` with that `name` and `message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError {
    /// Such as an exception's module name.
    pub name: String,
    /// What went wrong.
    pub message: String,
    /// The host's own stack trace, if any.
    pub stack: Option<String>,
}

/// The host's answer to a call.
pub type Answer = Result<Box<dyn Input>, HostError>;
