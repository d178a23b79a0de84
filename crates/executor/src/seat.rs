//! Seats: realms in their isolates.
//!
//! A seat holds what one realm is between its creation and its end, over resets: its inbox, its fiber if a turn of it is
//! suspended, and its *occupant*, the engine's realm with the state beside it. The thread that runs the seat's task may use it
//! while no fiber of it runs; the fiber uses the occupant.

use crate::config::RealmConfig;
use crate::fiber::{Fiber, HEADROOM, Pause, Suspender, TurnEnd};
use crate::guard::Reason;
use crate::host::{Outcome, Reply};
use crate::inbox::Resets;
use crate::mail::Mail;
use crate::realm::send;
use crate::task::Task;
use crate::turn::Stretch;
use crate::vm::Occupant;
use quickbeam_engine::ErrorReport;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::time::Instant;

pub(crate) struct Seat {
    pub(crate) mail: Arc<Mail>,
    pub(crate) config: Arc<RealmConfig>,
    run: UnsafeCell<Run>,
    occupant: UnsafeCell<Option<Occupant>>,
}

/// What the thread needs for the next turn of a seat.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) fiber: Option<Fiber>,
    /// The alarm that was set last and may still be: at which processor, for when. One that rings earlier than needed is kept.
    pub(crate) alarm: Option<(usize, Instant)>,
    /// Why the turn found that the realm must end.
    death: Option<ErrorReport>,
}

// SAFETY: `run` and `occupant` are touched only by the one thread that runs the seat's task, and by whoever drops the seat.
unsafe impl Sync for Seat {}
// SAFETY: see above: the occupant with all counts of its state, and the fiber on which others of them are, change threads together.
unsafe impl Send for Seat {}

impl Seat {
    pub(crate) fn new(mail: Arc<Mail>, config: Arc<RealmConfig>) -> Seat {
        Seat { mail, config, run: UnsafeCell::default(), occupant: UnsafeCell::new(None) }
    }

    pub(crate) fn stack_size(&self) -> usize {
        (self.config.max_stack_size + HEADROOM).next_multiple_of(4096)
    }

    /// SAFETY: the caller runs the task, and holds no other reference from here.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the scheduling state, as the contract says")]
    pub(crate) unsafe fn run_mut(&self) -> &mut Run {
        // SAFETY: by contract.
        unsafe { &mut *self.run.get() }
    }

    /// SAFETY: the caller runs the task, on the seat's fiber or while that does not run, and holds no other reference from
    /// here.
    #[expect(clippy::mut_from_ref, reason = "as for `run_mut`")]
    unsafe fn occupant_mut(&self) -> &mut Option<Occupant> {
        // SAFETY: by contract.
        unsafe { &mut *self.occupant.get() }
    }

    /// The body of a fiber: turns, and resets between them.
    ///
    /// SAFETY: runs on the seat's fiber, resumed by the thread that runs the task, which is the seat's.
    pub(crate) unsafe fn turn(&self, task: &Task, suspender: &Suspender) -> TurnEnd {
        // SAFETY: by contract; the thread does not touch the occupant while the fiber is live.
        let occupant = unsafe { self.occupant_mut() };
        loop {
            if occupant.is_none() {
                if self.mail.is_killed() {
                    return TurnEnd::Dead;
                }
                // SAFETY: by contract.
                match unsafe { task.vm(&self.config) }.and_then(|vm| vm.occupy(&self.mail, &self.config)) {
                    Ok(fresh) => *occupant = Some(fresh),
                    Err(report) => return self.give_up(report),
                }
            }
            // SAFETY: by contract.
            let vm = unsafe { task.present_vm() };
            let (Some(Occupant { realm, state }), Some(vm)) = (occupant.as_ref(), vm) else {
                return TurnEnd::Dead;
            };
            state.guard.set_stack(suspender, &vm.isolate);
            let stretch = vm.isolate.enter(realm, |ctx| state.turn(ctx));
            state.guard.set_stack(ptr::null(), ptr::null());
            match stretch {
                Stretch::End(end) => return end,
                Stretch::Reset => {
                    if let Err(report) = self.reset(task, occupant) {
                        return self.give_up(report);
                    }
                    if self.mail.home.must_yield(self.mail.seat) {
                        suspender.suspend(Pause::Preempted);
                    }
                }
            }
        }
    }

    /// Replaces the realm by a fresh one; called on the fiber, outside the isolate.
    fn reset(&self, task: &Task, occupant: &mut Option<Occupant>) -> Result<(), ErrorReport> {
        let Some(old) = occupant.take() else {
            return Ok(());
        };
        let Resets { cancelled, replies } = self.mail.take_resets();
        for envelope in cancelled {
            if let Some(reply) = envelope.reply {
                old.state.deliver(reply, Outcome::Failed(Reason::Reset.report(envelope.op.noun())));
            }
        }
        old.state.end_parked(|what| Reason::Reset.report(what));
        self.config.host.was_reset();
        // SAFETY: runs on the seat's fiber, outside the isolate, and the occupant is taken.
        let fresh = unsafe { task.replace(&self.mail, &self.config, old) };
        let replies = replies.into_iter().flatten();
        match fresh {
            Ok(fresh) => {
                let state = &occupant.insert(fresh).state;
                replies.for_each(|reply| state.deliver(reply, Outcome::Done));
                Ok(())
            }
            Err(report) => {
                replies.for_each(|reply| {
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

    /// Why the realm of this seat must go although nobody stopped it.
    ///
    /// SAFETY: the caller runs the task, and the seat's fiber is gone.
    pub(crate) unsafe fn death(&self) -> Option<ErrorReport> {
        // SAFETY: by contract.
        let (run, occupant) = unsafe { (self.run_mut(), self.occupant_mut()) };
        run.death.take().or_else(|| occupant.as_ref().and_then(|occupant| occupant.state.fatal.take()))
    }

    /// Ends the seat for good: every op gets its outcome. Gives back the occupant, to be freed.
    ///
    /// SAFETY: the caller runs the task, and the seat's fiber is gone.
    pub(crate) unsafe fn end(&self, cause: Option<&ErrorReport>) -> Option<Occupant> {
        let fail = |reply: Option<Box<dyn Reply>>, what: &str| {
            let report = cause.cloned().unwrap_or_else(|| Reason::Killed.report(what));
            reply.is_none_or(|reply| send(reply, Outcome::Failed(report)))
        };
        self.mail.set_killed();
        let (Resets { cancelled, replies }, answers) = self.mail.inbox().close();
        for envelope in cancelled {
            fail(envelope.reply, envelope.op.noun());
        }
        for reply in replies {
            fail(reply, "reset");
        }
        // SAFETY: by contract.
        let occupant = unsafe { self.occupant_mut() }.take();
        if let Some(Occupant { state, .. }) = &occupant {
            for (what, reply) in state.guard.abandon() {
                fail(Some(reply), what);
            }
            state.end_parked(|what| cause.cloned().unwrap_or_else(|| Reason::Killed.report(what)));
        }
        // What is the host's may panic.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(answers)));
        if let Some(cause) = cause {
            let _ = catch_unwind(AssertUnwindSafe(|| self.config.host.died(cause.clone())));
        }
        occupant
    }
}
