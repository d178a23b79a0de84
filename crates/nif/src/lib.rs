//! The NIF: QuickBEAM inside the Erlang VM.
//!
//! # Map
//!
//! | module | is |
//! |---|---|
//! | `realm` | the functions of `QuickBEAM.Native` about realms; the table of realms by owner |
//! | `op` | reading ops from terms |
//! | `decode`, `encode` | terms to JS values and back, without a tree between |
//! | `host` | what a realm asks of its owner, as messages |
//! | `reply` | the one message that each op ends with |
//! | `disassembly` | `%QuickBEAM.Bytecode{}` |
//! | `error` | `%QuickBEAM.JSError{}`, at original positions |
//! | `toolchain` | the functions of `QuickBEAM.Native` about TypeScript, bundling and minifying |
//!
//! What must never happen: work on a scheduler that takes longer than a millisecond; an atom made from a guest's string; a
//! term of the guest's making read by `binary_to_term`; a caller left without a reply.

#![expect(
    unsafe_code,
    reason = "two facts of the NIF interface that the binding does not offer; each block says why it holds"
)]

mod atoms;
mod calendar;
mod decode;
mod disassembly;
mod encode;
mod error;
mod host;
mod host_term;
mod op;
mod realm;
mod reply;
mod toolchain;

rustler::init!("Elixir.QuickBEAM.Native");
