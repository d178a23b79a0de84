//! The executor against a plain-Rust host. No test depends on the clock: an executor with a slice of zero preempts at
//! every poll, and what happens in which order is told by handshakes over channels.

/// Each realm has an isolate of its own; `tests/shared` runs the same tests where they share.
const CONTEXTS_PER_ISOLATE: usize = 1;

/// Isolates share as few threads as a test says; `tests/threads` runs the same tests where they move between several.
const MIN_THREADS: usize = 1;

mod calls;
mod deadlines;
mod efforts;
mod events;
mod kills;
mod memory;
mod modules;
mod panics;
mod preemption;
mod relief;
mod resets;
mod rests;
mod scripts;
mod stack;
mod stealing;
mod stress;
mod stuck;
mod support;
