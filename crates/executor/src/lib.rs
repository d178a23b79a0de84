//! Runs isolates on threads.
//!
//! # Map
//!
//! | type | is | owned by |
//! |---|---|---|
//! | [`Executor`] | a set of processors and the threads that hold them | whoever made it, and every realm on it |
//! | `Processor` | a run queue, the alarms of its tasks, and which turn runs | its executor; held by one thread |
//! | `RunQueue` | who runs next: fair queueing by virtual time | its processor |
//! | `Holder` | an OS thread with its processor and a pool of stacks | itself |
//! | `Spare` | an OS thread without one | itself |
//! | `Retired` | an OS thread whose executor is over | itself |
//! | `Task` | one isolate with its scheduling state | the [`RealmHandle`]s of its realms, and the queue it stands in |
//! | `Home` | where its queue is, and what reaches it from outside | its task and its realms |
//! | `Seat` | one realm from its creation to its end, and its fiber | its task |
//! | `Mail` | a realm's inbox, and what else it is told from outside | its seat, its handle and its state |
//! | `Vm` | the isolate; replaced by a reset of a realm that is alone in it | its task |
//! | `Occupant` | the engine's realm and its state, from one reset to the next | its seat |
//! | `RealmState` | timers, pending calls, parked replies, message callbacks | its realm |
//! | `Effort` | an op with what it has set going: its budget | the op's frame or place among the parked, and whatever it has set going |
//! | `Guard` | the interrupt: slices, deadlines, budgets, kills | its realm's state |
//! | [`Op`] | one request, with the [`Reply`] that takes its outcome | the inbox, then the turn |
//!
//! A turn is a coroutine on a guard-paged stack. It ends when there is nothing to do; it is suspended when its slice is
//! used up and another task waits, or when JavaScript waits for the host in `callSync`. Another thread may resume it. A turn that
//! neither ends nor polls costs its thread the processor, so that the tasks behind it go on with another thread.
//! Realms may share an isolate: then one of their fibers runs, and any number of them are suspended.
//!
//! What must never happen: two threads inside one task, or with one processor; a lock, a thread-local's address or a thread's id
//! held across a suspension; an op with no outcome or with two; a lock held while JavaScript runs; JavaScript
//! outside a frame of its realm's `Guard`, where no limit could end it; a panic of the host's code past its realm.
//!
//! This crate knows no BEAM and no Web API.

#![expect(
    unsafe_code,
    reason = "switching stacks and sharing a task between its handle and the threads that run it; each block says why it holds"
)]

mod alarm;
mod api;
mod call;
mod clock;
mod config;
mod cpu;
mod effort;
mod event;
mod execute;
mod executor;
mod fiber;
mod frame;
mod grants;
mod guard;
mod handle;
mod home;
mod host;
mod inbox;
mod info;
mod lineage;
mod mail;
mod message;
mod module;
mod nursery;
mod op;
mod park;
mod processor;
mod queue;
mod realm;
mod rest;
mod retired;
mod scripts;
mod seat;
mod sleep;
mod span;
mod spare;
mod spread;
mod task;
mod tether;
mod thread;
mod ticker;
mod timer;
mod trim;
mod turn;
mod vacancy;
mod vars;
mod vm;

pub use api::{Api, setting};
pub use call::{call_host, call_host_sync, call_service, call_service_sync, sleep_sync};
pub use config::{ExecutorOptions, RealmConfig};
pub use event::{ListenerId, Notice, RealmSender, listen, unlisten};
pub use execute::{eval_script, run_script};
pub use executor::Executor;
pub use grants::{Grant, Grants, Reach, grants, require};
pub use handle::RealmHandle;
pub use host::{CallId, Host, Input, Level, LogLine, Outcome, Reply, Uncaught};
pub use info::{ExecutorInfo, ProcessorInfo, RealmUsage};
pub use lineage::{Lineage, RealmId, lineage};
pub use message::{off_message, on_message};
pub use op::{Answer, HostError, Op, SubmitError, SubmitOptions};
pub use realm::{host, log, now_since_start, report_exception, set_uncaught_hook, take_report};
pub use span::{Span, SpanEnd};
pub use tether::{renew_tether, tether};
pub use timer::{clear_timer, enqueue_immediate, set_timer};
