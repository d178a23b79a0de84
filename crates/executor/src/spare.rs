//! Spare threads: those that hold no processor.
//!
//! A thread becomes spare when it comes back from a turn during which its processor was taken away. It waits for
//! another one to take over, and ends after some time in vain.

use crate::executor::Shared;
use crate::thread;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A spare thread ends after this long.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct Spares {
    waiting: Mutex<Vec<Arc<Spare>>>,
    /// All threads of the executor, those with a processor included.
    threads: AtomicUsize,
    most: usize,
}

/// One waiting thread.
#[derive(Default)]
pub(crate) struct Spare {
    processor: Mutex<Option<usize>>,
    given: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spares {
    pub(crate) fn new(processors: usize) -> Spares {
        Spares { waiting: Mutex::default(), threads: AtomicUsize::new(0), most: processors + 4 * processors + 16 }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads.load(Ordering::Relaxed)
    }

    pub(crate) fn thread_started(&self) {
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn thread_ended(&self) {
        self.threads.fetch_sub(1, Ordering::Relaxed);
    }

    /// A thread to give a processor to: one that waits, or a new one. None if there are as many as there may be.
    pub(crate) fn take(&self, shared: &Arc<Shared>) -> Option<Arc<Spare>> {
        if let Some(spare) = lock(&self.waiting).pop() {
            return Some(spare);
        }
        if self.threads() >= self.most {
            return None;
        }
        let spare = Arc::new(Spare::default());
        thread::start_spare(shared, spare.clone()).ok()?;
        Some(spare)
    }

    /// Waits on the calling thread for a processor to hold; none if the thread is to end.
    pub(crate) fn wait(&self, shared: &Shared) -> Option<usize> {
        let spare = Arc::new(Spare::default());
        lock(&self.waiting).push(spare.clone());
        spare.wait(shared)
    }

    fn withdraw(&self, spare: &Spare) -> bool {
        let mut waiting = lock(&self.waiting);
        let index = waiting.iter().position(|other| std::ptr::eq(&**other, spare));
        index.map(|index| waiting.swap_remove(index)).is_some()
    }

    pub(crate) fn wake_all(&self) {
        for spare in lock(&self.waiting).iter() {
            // Taken, so that the thread cannot be between its look at the executor and its sleep.
            let _processor = lock(&spare.processor);
            spare.given.notify_one();
        }
    }
}

impl Spare {
    pub(crate) fn take_over(&self, processor: usize) {
        *lock(&self.processor) = Some(processor);
        self.given.notify_one();
    }

    pub(crate) fn wait(&self, shared: &Shared) -> Option<usize> {
        loop {
            let is_left = |processor: &mut Option<usize>| processor.is_none() && !shared.is_over();
            let waited = self.given.wait_timeout_while(lock(&self.processor), PATIENCE, is_left);
            let processor = waited.unwrap_or_else(PoisonError::into_inner).0.take();
            // Not listed any more, it is about to be given one.
            if processor.is_some() || shared.spares.withdraw(self) {
                return processor;
            }
        }
    }
}
