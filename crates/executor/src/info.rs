//! What can be known of an executor and its realms from outside.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// What an executor does now, and has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorInfo {
    /// OS threads, the stuck and the spare ones included.
    pub threads: usize,
    /// Each of its processors.
    pub processors: Vec<ProcessorInfo>,
}

/// What one processor does now, and has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessorInfo {
    /// Realms in the isolates that ran here last.
    pub realms: usize,
    /// Isolates that ran here last.
    pub isolates: usize,
    /// Isolates that wait for their turn.
    pub queued: usize,
    /// Turns that gave way to others at the end of their slice.
    pub preemptions: u64,
    /// Turns that lost the processor to another thread, being stuck.
    pub hand_offs: u64,
    /// Isolates taken from other processors.
    pub steals: u64,
    /// CPU time for which a turn has gone on at most when another was to have the processor; zero where the system does not tell.
    pub longest_hold: Duration,
}

/// What a realm holds, and has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RealmUsage {
    /// Bytes of its heap, as of the end of the last op or callback.
    pub memory: usize,
    /// Interpreter steps, resets included, as of the last poll.
    pub reductions: u64,
}

/// Where a realm's thread writes its usage down for others to read.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    memory: AtomicUsize,
    reductions: AtomicU64,
}

impl Meter {
    pub(crate) fn set_memory(&self, bytes: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    /// Called by the one thread that runs the realm.
    pub(crate) fn charge(&self, steps: u64) {
        self.reductions.store(self.reductions.load(Ordering::Relaxed) + steps, Ordering::Relaxed);
    }

    pub(crate) fn usage(&self) -> RealmUsage {
        RealmUsage { memory: self.memory.load(Ordering::Relaxed), reductions: self.reductions.load(Ordering::Relaxed) }
    }
}
