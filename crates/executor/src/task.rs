//! Tasks: isolates as the scheduler sees them.
//!
//! A task is *idle*, *queued* at its home processor, or *running*; posting to a running task makes it run again. Whichever
//! thread moves it from queued to running has it exclusively until it moves on.

use crate::config::RealmConfig;
use crate::executor::Shared;
use crate::fiber::{Fiber, HEADROOM, Pause, Suspender, TurnEnd};
use crate::guard::{Reason, internal_bug};
use crate::host::{Outcome, Reply};
use crate::inbox::Resets;
use crate::mail::Mail;
use crate::realm::send;
use crate::turn::Stretch;
use crate::vm::Vm;
use quickbeam_engine::ErrorReport;
use std::cell::UnsafeCell;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const RUNNING_AGAIN: u8 = 3;

/// One isolate and its place in the schedule.
pub(crate) struct Task {
    pub(crate) mail: Arc<Mail>,
    config: Arc<RealmConfig>,
    schedule: AtomicU8,
    /// Used by the thread that runs the task.
    run: UnsafeCell<Run>,
    /// Used by the turn on the fiber, and by that thread while no fiber is live.
    vm: UnsafeCell<Option<Vm>>,
}

#[derive(Default)]
struct Run {
    fiber: Option<Fiber>,
    /// The alarm that was set last and may still be: at which processor, for when. One that rings earlier than needed is kept.
    alarm: Option<(usize, Instant)>,
    /// Why the turn found that the task must end.
    death: Option<ErrorReport>,
}

// SAFETY: `run` and `vm` are touched only by the one thread that has moved the task to running (see the module
// documentation), and after all handles are gone, by whoever drops it.
unsafe impl Sync for Task {}
// SAFETY: see above: `vm` with all counts of its state, and the fiber on which others of them are, change threads together.
unsafe impl Send for Task {}

impl Task {
    pub(crate) fn new(shared: Arc<Shared>, home: usize, config: RealmConfig) -> Arc<Task> {
        Arc::new_cyclic(|task| Task {
            mail: Arc::new(Mail::new(shared, home, task.clone())),
            config: Arc::new(config),
            schedule: AtomicU8::new(IDLE),
            run: UnsafeCell::default(),
            vm: UnsafeCell::new(None),
        })
    }

    /// Makes the task run (again) soon.
    pub(crate) fn wake(self: &Arc<Self>) {
        let was = self.schedule.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| match now {
            IDLE => Some(QUEUED),
            RUNNING => Some(RUNNING_AGAIN),
            _ => None,
        });
        if was == Ok(IDLE) {
            self.mail.shared.enqueue(self.clone());
        }
    }

    /// Called by the thread that took the task from a queue.
    pub(crate) fn start(&self) {
        self.schedule.store(RUNNING, Ordering::Release);
    }

    /// Called by the thread that is done with the task for now; `again` if it is runnable.
    pub(crate) fn finish(self: &Arc<Self>, again: bool) {
        let next = if again { QUEUED } else { IDLE };
        let done = self.schedule.compare_exchange(RUNNING, next, Ordering::AcqRel, Ordering::Acquire);
        if again || done.is_err() {
            self.schedule.store(QUEUED, Ordering::Release);
            self.mail.shared.enqueue(self.clone());
        }
    }

    pub(crate) fn stack_size(&self) -> usize {
        (self.config.max_stack_size + HEADROOM).next_multiple_of(4096)
    }

    /// SAFETY: the caller runs the task.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the scheduling state, as the contract says")]
    unsafe fn run_mut(&self) -> &mut Run {
        // SAFETY: by contract.
        unsafe { &mut *self.run.get() }
    }

    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn take_fiber(&self) -> Option<Fiber> {
        // SAFETY: by contract.
        unsafe { self.run_mut().fiber.take() }
    }

    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn keep_fiber(&self, fiber: Fiber) {
        // SAFETY: by contract.
        unsafe { self.run_mut().fiber = Some(fiber) }
    }

    /// Leaves the task idle until something is posted or `due`.
    ///
    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn rest(self: &Arc<Self>, due: Option<Instant>) {
        if let Some(due) = due {
            // SAFETY: by contract.
            let alarm = unsafe { &mut self.run_mut().alarm };
            let processors = &self.mail.shared.processors;
            let is_set = alarm.is_some_and(|(home, at)| at <= due && processors[home].has_alarm(at, self));
            if !is_set {
                if let Some((home, at)) = *alarm {
                    processors[home].drop_alarm(at, self);
                }
                let home = self.mail.home();
                *alarm = Some((home, due));
                processors[home].set_alarm(due, self);
            }
        }
        self.finish(false);
    }

    /// The body of a fiber: turns, and resets between them.
    ///
    /// SAFETY: runs on a fiber that is resumed by the thread that runs the task.
    pub(crate) unsafe fn turn(&self, suspender: &Suspender) -> TurnEnd {
        // SAFETY: by contract; the thread does not touch `vm` while a fiber is live.
        let slot = unsafe { &mut *self.vm.get() };
        loop {
            if slot.is_none() {
                if self.mail.is_killed() {
                    return TurnEnd::Dead;
                }
                match Vm::new(&self.mail, &self.config) {
                    Ok(vm) => *slot = Some(vm),
                    Err(report) => return self.give_up(report),
                }
            }
            let Some(vm) = slot.as_ref() else { return TurnEnd::Dead };
            vm.state.guard.set_suspender(suspender);
            let stretch = vm.isolate.enter(&vm.realm, |ctx| vm.state.turn(ctx));
            vm.state.guard.set_suspender(ptr::null());
            match stretch {
                Stretch::End(end) => return end,
                Stretch::Reset => {
                    if let Err(report) = self.reset(slot) {
                        return self.give_up(report);
                    }
                    if self.mail.has_lost_processor() || (self.mail.others_wait() && self.mail.slice_is_over()) {
                        suspender.suspend(Pause::Preempted);
                    }
                }
            }
        }
    }

    /// Replaces the isolate by a fresh one. Called on the fiber, outside the isolate.
    fn reset(&self, slot: &mut Option<Vm>) -> Result<(), ErrorReport> {
        let Some(old) = slot.as_ref() else { return Ok(()) };
        let Resets { cancelled, replies } = self.mail.take_resets();
        for envelope in cancelled {
            if let Some(reply) = envelope.reply {
                old.state.deliver(reply, Outcome::Failed(Reason::Reset.report(envelope.op.noun())));
            }
        }
        old.state.end_parked(|what| Reason::Reset.report(what));
        self.config.host.was_reset();
        match Vm::new(&self.mail, &self.config) {
            Ok(fresh) => {
                let old = slot.replace(fresh);
                // SAFETY: the only live fiber is this one, outside the old isolate.
                old.into_iter().for_each(|old| unsafe { old.free() });
                if let Some(vm) = slot.as_ref() {
                    replies.into_iter().flatten().for_each(|reply| vm.state.deliver(reply, Outcome::Done));
                }
                Ok(())
            }
            Err(report) => {
                replies.into_iter().flatten().for_each(|reply| {
                    send(reply, Outcome::Failed(report.clone()));
                });
                Err(report)
            }
        }
    }

    fn give_up(&self, report: ErrorReport) -> TurnEnd {
        // SAFETY: called by the turn; the thread does not touch `run` while the fiber runs.
        unsafe { self.run_mut().death = Some(report) };
        TurnEnd::Dead
    }

    /// Ends the task for good: every op gets its outcome, everything is freed.
    ///
    /// SAFETY: the caller runs the task, and no fiber of it is live.
    pub(crate) unsafe fn destroy(self: &Arc<Self>, cause: Option<ErrorReport>) {
        // SAFETY: by contract.
        let (run, slot) = unsafe { (self.run_mut(), &mut *self.vm.get()) };
        if let Some((home, at)) = run.alarm.take() {
            self.mail.shared.processors[home].drop_alarm(at, self);
        }
        let broken = slot.as_ref().and_then(|vm| vm.state.fatal.take().or(vm.isolate.is_broken().map(broken_error)));
        let cause = run.death.take().or(cause).or(broken);
        let fail = |reply: Option<Box<dyn Reply>>, what: &str| {
            let report = cause.clone().unwrap_or_else(|| Reason::Killed.report(what));
            reply.is_none_or(|reply| send(reply, Outcome::Failed(report)))
        };
        self.mail.set_killed();
        let (queued, resets, answers) = self.mail.inbox().close();
        for envelope in queued {
            fail(envelope.reply, envelope.op.noun());
        }
        for reply in resets {
            fail(reply, "reset");
        }
        if let Some(vm) = slot.take() {
            for (what, reply) in vm.state.guard.abandon() {
                fail(Some(reply), what);
            }
            vm.state.end_parked(|what| cause.clone().unwrap_or_else(|| Reason::Killed.report(what)));
            // SAFETY: by contract.
            unsafe { vm.free() };
        }
        if let Some(cause) = cause {
            self.config.host.died(cause);
        }
        drop(answers);
    }
}

fn broken_error(what: String) -> ErrorReport {
    if what.contains("memory was exhausted") {
        return ErrorReport::new("OutOfMemoryError", format!("{what}; the runtime had to be ended"));
    }
    internal_bug(&what)
}
