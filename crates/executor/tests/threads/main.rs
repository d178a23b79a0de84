//! The tests of `tests/executor`, with isolates that move between threads: each realm has a companion that is busy on one of them.
//! Left out are those about the order on one thread.

const CONTEXTS_PER_ISOLATE: usize = 1;
const MIN_THREADS: usize = 3;

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
#[path = "../executor/memory.rs"]
mod memory;
#[path = "../executor/modules.rs"]
mod modules;
#[path = "../executor/panics.rs"]
mod panics;
#[path = "../executor/resets.rs"]
mod resets;
#[path = "../executor/rests.rs"]
mod rests;
#[path = "../executor/scripts.rs"]
mod scripts;
#[path = "../executor/stack.rs"]
mod stack;
#[path = "../executor/stealing.rs"]
mod stealing;
#[path = "../executor/stress.rs"]
mod stress;
#[path = "../executor/support.rs"]
mod support;
