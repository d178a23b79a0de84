//! What a realm's handle, its thread and its code share.

use crate::home::Home;
use crate::host::CallId;
use crate::inbox::{Envelope, Inbox, Resets};
use crate::info::Meter;
use crate::lineage::RealmId;
use crate::op::{Answer, Op, SubmitError};
use crate::task::Task;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

pub(crate) struct Mail {
    pub(crate) id: RealmId,
    inbox: Mutex<Inbox>,
    /// The inbox's length as of its last use, so that an empty one is seen without its lock.
    waiting: AtomicUsize,
    killed: AtomicBool,
    resetting: AtomicBool,
    /// Ids go on over resets, so that a late answer cannot reach a call of the next realm.
    last_call: AtomicU64,
    pub(crate) meter: Meter,
    pub(crate) home: Arc<Home>,
    /// What runs when something is posted, and which seat of it.
    task: Weak<Task>,
    pub(crate) seat: usize,
}

impl Mail {
    pub(crate) fn new(home: Arc<Home>, task: Weak<Task>, seat: usize) -> Mail {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        Mail {
            id: RealmId(LAST_ID.fetch_add(1, Ordering::Relaxed) + 1),
            inbox: Mutex::new(Inbox::new(home.shared.options.inbox_capacity)),
            waiting: AtomicUsize::new(0),
            killed: AtomicBool::new(false),
            resetting: AtomicBool::new(false),
            last_call: AtomicU64::new(0),
            meter: Meter::default(),
            home,
            task,
            seat,
        }
    }

    /// Puts an op into the inbox; the task is to be woken then.
    pub(crate) fn push(&self, envelope: Envelope) -> Result<(), SubmitError> {
        let mut inbox = self.inbox();
        let is_reset = matches!(envelope.op, Op::Reset);
        if let Err(refused) = if is_reset { inbox.admit_reset() } else { inbox.admit() } {
            drop(inbox);
            return Err(refused);
        }
        if is_reset {
            inbox.push_reset(envelope.reply);
            self.resetting.store(true, Ordering::Release);
            drop(inbox);
            self.home.pacer.poke();
        } else {
            inbox.push(envelope);
        }
        Ok(())
    }

    pub(crate) fn post(&self, envelope: Envelope) -> Result<(), SubmitError> {
        self.push(envelope)?;
        self.wake();
        Ok(())
    }

    pub(crate) fn resolve(&self, id: CallId, answer: Answer) {
        let pushed = self.inbox().push_answer(id, answer);
        if pushed.is_ok() {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(task) = self.task.upgrade() {
            task.wake(self.seat);
        }
    }

    pub(crate) fn inbox(&self) -> InboxGuard<'_> {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        InboxGuard { inbox, waiting: &self.waiting }
    }

    /// Whether nothing waits in the inbox. What is posted at the same time wakes the task afterwards.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting() == 0
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    pub(crate) fn set_killed(&self) {
        self.killed.store(true, Ordering::Release);
    }

    /// Whether what runs must make way for a reset.
    pub(crate) fn is_resetting(&self) -> bool {
        self.resetting.load(Ordering::Acquire)
    }

    pub(crate) fn take_resets(&self) -> Resets {
        let mut inbox = self.inbox();
        self.resetting.store(false, Ordering::Release);
        inbox.take_resets()
    }

    pub(crate) fn next_call_id(&self) -> CallId {
        self.last_call.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// An inbox while it is used.
pub(crate) struct InboxGuard<'m> {
    inbox: MutexGuard<'m, Inbox>,
    waiting: &'m AtomicUsize,
}

impl Deref for InboxGuard<'_> {
    type Target = Inbox;

    fn deref(&self) -> &Inbox {
        &self.inbox
    }
}

impl DerefMut for InboxGuard<'_> {
    fn deref_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }
}

impl Drop for InboxGuard<'_> {
    fn drop(&mut self) {
        self.waiting.store(self.inbox.len(), Ordering::Release);
    }
}
