//! The executor against a plain-Rust host. No test depends on the clock: an executor with a slice of zero preempts at
//! every poll, and what happens in which order is told by handshakes over channels.

mod calls;
mod deadlines;
mod events;
mod kills;
mod memory;
mod modules;
mod panics;
mod preemption;
mod resets;
mod stack;
mod stealing;
mod stress;
mod stuck;
mod support;
