//! The tests of `tests/executor`, with realms that share isolates: each has a companion in its own that is busy with itself.
//! Left out are those about what realms share: a heap, a thread that is stuck, a panic.

const CONTEXTS_PER_ISOLATE: usize = 4;
const MIN_THREADS: usize = 1;

#[path = "../executor/calls.rs"]
mod calls;
#[path = "../executor/deadlines.rs"]
mod deadlines;
#[path = "../executor/efforts.rs"]
mod efforts;
#[path = "../executor/events.rs"]
mod events;
#[path = "../executor/kills.rs"]
mod kills;
#[path = "../executor/modules.rs"]
mod modules;
#[path = "../executor/preemption.rs"]
mod preemption;
#[path = "../executor/resets.rs"]
mod resets;
#[path = "../executor/rests.rs"]
mod rests;
#[path = "../executor/scripts.rs"]
mod scripts;
#[path = "../executor/stack.rs"]
mod stack;
#[path = "../executor/stress.rs"]
mod stress;
#[path = "../executor/support.rs"]
mod support;

mod mates;
