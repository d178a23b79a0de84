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
//! | `outbox` | what a realm has sent to processes, and its bound |
//! | `answer` | the answers to what a realm asks of its owner |
//! | `grants` | what a realm may do |
//! | `lineage` | which calls the ops of handlers run for |
//! | `request` | ops whose steps are those of an API |
//! | `reply` | the one message that each op ends with |
//! | `cover` | which lines of a realm's scripts have run |
//! | `disassembly` | `%QuickBEAM.Bytecode{}` |
//! | `dom` | what a document is asked, and its nodes as terms |
//! | `error` | `%QuickBEAM.JSError{}`, at original positions |
//! | `toolchain` | the functions of `QuickBEAM.Native` about TypeScript, bundling and minifying |
//!
//! What must never happen: work on a scheduler that takes longer than a millisecond; an atom made from a guest's string; a
//! term of the guest's making read by `binary_to_term`; a caller left without a reply.

#![expect(
    unsafe_code,
    reason = "facts of the NIF interface and a setting of the C library that no binding offers; each block says why it holds"
)]

mod answer;
mod atoms;
mod calendar;
mod cover;
mod decode;
mod disassembly;
mod dom;
mod encode;
mod entries;
mod env_pool;
mod error;
mod grants;
mod host;
mod host_term;
mod lineage;
mod op;
mod outbox;
mod post;
mod realm;
mod rendezvous;
mod reply;
mod request;
mod toolchain;

rustler::init!("Elixir.QuickBEAM.Native", load = load);

fn load(_env: rustler::Env<'_>, _info: rustler::Term<'_>) -> bool {
    keep_freed_memory();
    true
}

/// Lets the C library keep freed memory of up to 16 MB a heap for the next use. By default it returns large blocks to
/// the system at once, and taking a megabyte back costs some 250 page faults: more than converting it. The VM's own
/// allocators are not affected.
#[cfg(target_env = "gnu")]
fn keep_freed_memory() {
    // SAFETY: sets two thresholds of malloc; values out of its range are ignored.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 8 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
    }
}

#[cfg(not(target_env = "gnu"))]
fn keep_freed_memory() {}
