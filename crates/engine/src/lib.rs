//! The JavaScript engine of QuickBEAM: quickjs-ng behind a small safe interface.
//!
//! # Map
//!
//! | type | is | owned by |
//! |---|---|---|
//! | [`Isolate`] | one `JSRuntime` with its own [heap](Heap) | the embedder |
//! | [`Realm`] | one `JSContext`: a set of globals; any number in an isolate | its isolate |
//! | [`Ctx`] | permission to use a realm now, on this thread | nobody: it is a borrow |
//! | [`Value`] | a counted reference to a JS value | the scope that holds the `Ctx` |
//! | [`Persistent`] | a value kept between turns | the embedder, until taken back or its realm is freed |
//! | [`StackState`] | what a suspended stack left in its isolate | the embedder, until put back |
//!
//! What must never happen: two threads inside one isolate; a [`Value`] that outlives its [`Ctx`];
//! a panic that crosses from Rust into the engine's C frames (every entry catches them and marks the
//! isolate [broken](Isolate::is_broken)); guest bytes given to the bytecode reader.
//!
//! This crate knows no threads, no BEAM and no Web API.
//!
//! ```
//! use quickbeam_engine::{EvalOptions, Isolate, IsolateOptions};
//!
//! let isolate = Isolate::new(IsolateOptions::default()).unwrap();
//! let realm = isolate.new_realm().unwrap();
//! isolate.enter(&realm, |ctx| {
//!     let value = ctx.eval("6 * 7", &EvalOptions::default()).unwrap();
//!     assert_eq!(value.as_int(), Some(42));
//! });
//! ```

#![expect(
    unsafe_code,
    reason = "this crate is where the engine's C interface is made safe; each block says why it holds"
)]

mod account;
mod buffer;
mod builtins;
mod bytecode;
mod class;
mod collect;
mod constructor;
mod ctx;
mod deferred;
mod dense;
mod descriptor;
mod disasm;
mod disposal;
mod encode;
mod error;
mod exotic;
mod function;
mod globals;
mod glue;
mod heap;
mod host_object;
mod instances;
mod interrupt;
mod intrinsics;
mod isolate;
mod jobs;
mod layout;
mod lazy;
mod list;
mod method;
mod module;
mod native;
mod object;
mod persistent;
mod pins;
mod preview;
mod primordials;
mod promise;
mod realm;
mod reveal;
mod room;
mod shape;
mod shortage;
mod stack;
mod stencil;
mod text;
mod trace;
mod value;

pub use account::RealmMemory;
pub use builtins::Extend;
pub use bytecode::{BytecodeError, PreparedScript, Script, engine_version};
pub use ctx::{Ctx, EvalOptions};
pub use deferred::Deferred;
pub use dense::{Dense, Elements};
pub use disasm::{Constant, Disassembly, Opcode, Operand};
pub use encode::{EncodeError, EncodeLimits, Sink, encode};
pub use error::{ErrorReport, Frame, Result, Thrown};
pub use exotic::Exotic;
pub use function::{Args, NativeFn};
pub use glue::Glue;
pub use heap::{Abandoner, Faults, Heap, HeapStats};
pub use host_object::HostRef;
pub use instances::Instances;
pub use interrupt::{Interrupt, Pacer, Verdict};
pub use isolate::{Isolate, IsolateError, IsolateOptions};
pub use jobs::{JobNumber, NextJob};
pub use lazy::LazyGlobal;
pub use module::{ModuleKind, ModuleLoader, ModuleSource};
pub use object::{Attributes, PropertyKey};
pub use persistent::Persistent;
pub use preview::Preview;
pub use promise::{PromiseState, Rejection, Settler};
pub use realm::{Realm, RealmEnd};
pub use shape::{Known, Look, Mould, Recurring};
pub use stack::StackState;
pub use stencil::Stencil;
pub use text::Utf16;
pub use trace::Trace;
pub use value::{TypedArrayKind, Value};
