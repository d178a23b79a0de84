//! The handle to a realm.

use crate::executor::Executor;
use crate::host::{CallId, Reply};
use crate::inbox::{Due, Envelope};
use crate::info::RealmUsage;
use crate::lineage::RealmId;
use crate::mail::Mail;
use crate::op::{Answer, Op, SubmitError, SubmitOptions};
use crate::task::Task;
use std::sync::Arc;
use std::time::Instant;

/// The owner's side of a realm on an [`Executor`]. Dropping it kills the realm.
pub struct RealmHandle {
    task: Arc<Task>,
    mail: Arc<Mail>,
    /// Keeps the threads until the last realm is gone.
    _executor: Arc<Executor>,
}

impl RealmHandle {
    pub(crate) fn new(executor: Arc<Executor>, task: Arc<Task>, mail: Arc<Mail>) -> RealmHandle {
        task.wake(mail.seat);
        RealmHandle { task, mail, _executor: executor }
    }

    /// What tells this realm from others.
    pub fn id(&self) -> RealmId {
        self.mail.id
    }

    /// What the realm holds and has used, without asking it.
    pub fn usage(&self) -> RealmUsage {
        self.mail.meter.usage()
    }

    /// Ops, messages and answers in its inbox, as of the last time that it was used.
    pub fn waiting(&self) -> usize {
        self.mail.waiting()
    }

    /// Whether a thread is awake that has nothing else to do: an op submitted now starts at once.
    pub fn is_attended(&self) -> bool {
        self.mail.home.processor().is_free_for(&self.mail.home)
    }

    /// Posts an op; its reply gets exactly one outcome.
    ///
    /// # Errors
    /// If the op was not taken; the reply is dropped then.
    pub fn submit(&self, op: Op, reply: Box<dyn Reply>, options: SubmitOptions) -> Result<(), SubmitError> {
        let due = options.timeout.and_then(|timeout| Some(Due { at: Instant::now().checked_add(timeout)?, timeout }));
        let parent = if options.lineage.is_empty() { None } else { options.lineage.call_of(self.id()) };
        self.post(Envelope { op, reply: Some(reply), due, parent, lineage: options.lineage })
    }

    /// Posts an op that nobody waits for.
    ///
    /// # Errors
    /// If the op was not taken.
    pub fn cast(&self, op: Op) -> Result<(), SubmitError> {
        self.post(Envelope::cast(op))
    }

    fn post(&self, envelope: Envelope) -> Result<(), SubmitError> {
        self.mail.push(envelope)?;
        self.task.wake(self.mail.seat);
        Ok(())
    }

    /// Answers a call that the realm made; answers to calls that are gone are dropped.
    pub fn resolve(&self, id: CallId, answer: Answer) {
        self.mail.resolve(id, answer);
    }

    /// Ends the realm, whatever it is doing. Returns at once.
    pub fn kill(&self) {
        self.mail.set_killed();
        self.mail.home.pacer.poke();
        if self.task.is_private() {
            self.mail.home.doom();
        }
        self.task.wake(self.mail.seat);
    }
}

impl Drop for RealmHandle {
    fn drop(&mut self) {
        self.kill();
    }
}
