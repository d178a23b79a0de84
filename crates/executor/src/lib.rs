//! Runs isolates on threads.
//!
//! # Map
//!
//! | type | is | owned by |
//! |---|---|---|
//! | [`Executor`] | a set of workers | whoever made it, and every realm on it |
//! | `Worker` | one OS thread with a run queue, a timer heap and a pool of stacks | its executor |
//! | `Task` | one isolate with its inbox and scheduling state | its [`RealmHandle`], and the queue it stands in |
//! | `Vm` | the isolate and its realm, alive between two resets | its task |
//! | `RealmState` | timers, pending calls, parked replies, message callbacks | its realm |
//! | `Guard` | the interrupt: slices, deadlines, budgets, kills | its realm's state |
//! | [`Op`] | one request, with the [`Reply`] that takes its outcome | the inbox, then the turn |
//!
//! A turn is a coroutine on a guard-paged stack. It ends when there is nothing to do; it is suspended when its slice is
//! used up and another task waits, or when JavaScript waits for the host in `callSync`.
//!
//! What must never happen: two threads inside one task; a suspended fiber resumed by another thread
//! than the one that suspended it; an op with no outcome or with two; a lock held while JavaScript runs; JavaScript
//! outside a frame of its realm's `Guard`, where no limit could end it; a panic of the host's code past its realm.
//!
//! This crate knows no BEAM and no Web API.

#![expect(
    unsafe_code,
    reason = "switching stacks and sharing a task between its handle and its worker; each block says why it holds"
)]

mod api;
mod call;
mod config;
mod event;
mod execute;
mod fiber;
mod grants;
mod guard;
mod host;
mod inbox;
mod message;
mod module;
mod op;
mod park;
mod realm;
mod task;
mod ticker;
mod timer;
mod turn;
mod worker;

pub use api::Api;
pub use call::{call_host, call_host_sync, call_service, call_service_sync, sleep_sync};
pub use config::{ExecutorOptions, RealmConfig};
pub use event::{ListenerId, RealmSender, listen, unlisten};
pub use grants::{Grant, Grants, Reach, grants, require};
pub use host::{CallId, Host, Input, Level, LogLine, Outcome, Reply, Uncaught};
pub use message::{off_message, on_message};
pub use op::{Answer, HostError, Op, SubmitError, SubmitOptions};
pub use realm::{host, log, now_since_start, report_exception, set_uncaught_hook, take_report};
pub use task::RealmHandle;
pub use timer::{clear_timer, enqueue_immediate, set_timer};
pub use worker::Executor;
