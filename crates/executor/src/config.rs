//! What an executor and a realm are made with.

use crate::api::Api;
use crate::grants::Grants;
use crate::host::Host;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// How an executor schedules.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// OS threads that run isolates at the same time, at least 1. Default 1.
    pub threads: usize,
    /// How long a turn may take while another isolate is runnable. Zero preempts at every poll.
    /// Default 1 ms.
    pub slice: Duration,
    /// Ops and messages that one inbox holds before it answers busy. Default 65,536.
    pub inbox_capacity: usize,
    /// Realms that share an isolate, 1 to 64. Default 1.
    ///
    /// Sharing saves memory. Its price: the realms of an isolate take turns, a long builtin of one holds up the others (also
    /// when its realm is killed: it is waited for), one heap is collected for all of them, and one that breaks the
    /// heap (a builtin that runs far past the memory limit, a panic in native code) takes the others down with it. Realms that share an isolate have the same memory limit and stack size.
    pub contexts_per_isolate: usize,
}

impl Default for ExecutorOptions {
    fn default() -> Self {
        ExecutorOptions { threads: 1, slice: Duration::from_millis(1), inbox_capacity: 65_536, contexts_per_isolate: 1 }
    }
}

/// What a realm may use and who answers it.
#[derive(Clone)]
pub struct RealmConfig {
    /// Answers calls, takes logs and errors.
    pub host: Arc<dyn Host>,
    /// APIs to install, in order.
    pub apis: Vec<&'static dyn Api>,
    /// Bytes of heap.
    pub memory_limit: usize,
    /// Bytes of stack for scripts.
    pub max_stack_size: usize,
    /// Interpreter steps of one op, with all that it does until it is answered, and of each callback that belongs to none.
    pub max_reductions: Option<u64>,
    /// How long a callback (timer, message, job) may take; ops bring timeouts of their own.
    pub callback_timeout: Option<Duration>,
    /// What it may do.
    pub grants: Arc<Grants>,
    /// What its APIs are set up with, one value of each type; see [`setting`](crate::setting).
    pub settings: Vec<Arc<dyn Any + Send + Sync>>,
}

impl RealmConfig {
    /// 256 MB of heap, 8 MB of stack, no budget, no timeout, no APIs, every grant.
    pub fn new(host: Arc<dyn Host>) -> RealmConfig {
        RealmConfig {
            host,
            apis: Vec::new(),
            memory_limit: 256 << 20,
            max_stack_size: 8 << 20,
            max_reductions: None,
            callback_timeout: None,
            grants: Arc::new(Grants::all()),
            settings: Vec::new(),
        }
    }
}
