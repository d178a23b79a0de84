//! Where an isolate is at home, and what reaches it there.

use crate::executor::Shared;
use crate::processor::Processor;
use quickbeam_engine::{Abandoner, Pacer};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What an isolate's task and its realms share.
pub(crate) struct Home {
    pub(crate) shared: Arc<Shared>,
    /// The processor that ran the task last, and in whose queue it goes.
    processor: AtomicUsize,
    /// For how long the task has run, as its processor's queue counts. Written by the thread that runs it.
    runtime: AtomicU64,
    /// The seats that have something to do.
    pub(crate) ready: AtomicU64,
    /// Those of them that were woken since their last turn; the turn of the others was cut short.
    pub(crate) fresh: AtomicU64,
    /// Whether the turn that runs computes and does not answer when it is asked to poll.
    deaf: AtomicBool,
    /// Whether the isolate is to go, with all that runs in it.
    doomed: AtomicBool,
    /// Ends the isolate in the middle of a builtin.
    abandoner: Mutex<Option<Abandoner>>,
    /// Asks the isolate to poll, whichever realm of it runs, and names its turns.
    pub(crate) pacer: Arc<Pacer>,
}

impl Home {
    pub(crate) fn new(shared: Arc<Shared>, processor: usize) -> Home {
        Home {
            shared,
            processor: AtomicUsize::new(processor),
            runtime: AtomicU64::new(0),
            ready: AtomicU64::new(0),
            fresh: AtomicU64::new(0),
            deaf: AtomicBool::new(false),
            doomed: AtomicBool::new(false),
            abandoner: Mutex::default(),
            pacer: Arc::default(),
        }
    }

    pub(crate) fn index(&self) -> usize {
        self.processor.load(Ordering::Relaxed)
    }

    pub(crate) fn move_to(&self, processor: usize) {
        self.processor.store(processor, Ordering::Relaxed);
    }

    pub(crate) fn runtime(&self) -> u64 {
        self.runtime.load(Ordering::Relaxed)
    }

    pub(crate) fn set_runtime(&self, runtime: u64) {
        self.runtime.store(runtime, Ordering::Relaxed);
    }

    /// The isolate was made, or made anew.
    pub(crate) fn set_abandoner(&self, abandoner: Abandoner) {
        *self.abandoner.lock().unwrap_or_else(PoisonError::into_inner) = Some(abandoner);
    }

    /// All realms of the isolate are to end. What runs polls soon; a builtin that does not is abandoned.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::SeqCst);
        if self.deaf.load(Ordering::SeqCst) {
            self.abandon();
        }
    }

    /// A turn starts.
    pub(crate) fn turn_starts(&self) {
        if self.deaf.load(Ordering::Relaxed) {
            self.deaf.store(false, Ordering::SeqCst);
        }
    }

    /// Called by the ticker.
    pub(crate) fn turn_is_deaf(&self) {
        self.deaf.store(true, Ordering::SeqCst);
        if self.doomed.load(Ordering::SeqCst) {
            self.abandon();
        }
    }

    fn abandon(&self) {
        if let Some(abandoner) = &*self.abandoner.lock().unwrap_or_else(PoisonError::into_inner) {
            abandoner.abandon();
        }
    }

    /// Of a running turn, the processor that it runs on.
    pub(crate) fn processor(&self) -> &Processor {
        &self.shared.processors[self.index()]
    }

    /// The turn that runs now polls.
    pub(crate) fn polled(&self, now: Instant) {
        let processor = self.processor();
        if !processor.is_lost_to(self) {
            processor.hear(now);
        }
    }

    /// Whether the turn of the seat, which runs now, must pause: its thread has lost the processor, or others wait, for the processor
    /// or for the isolate, and it has had its share.
    pub(crate) fn must_yield(&self, seat: usize) -> bool {
        let processor = self.processor();
        let others = self.ready.load(Ordering::Relaxed) & !(1 << seat);
        processor.is_lost_to(self)
            || ((others != 0 || processor.is_wanted()) && processor.is_used_up(self.shared.options.slice))
    }
}
