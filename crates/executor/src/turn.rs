//! A turn: what one run of an isolate does.

use crate::fiber::TurnEnd;
use crate::frame::JOB;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Thrown};
use std::time::{Duration, Instant};

/// Jobs run in one go before the turn looks at its deadlines.
const JOBS_PER_CHECK: u32 = 256;

/// What keeps others of the same realm waiting gives way after this long.
pub(crate) const GIVE_WAY: Duration = Duration::from_millis(10);

/// What makes jobs that go on for long give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Nothing: an op waits for its reply, the rest of the jobs run after it.
    Limited,
    /// An op that waits, a message or a timer.
    UntilAsked,
}

/// How a stretch of a turn ends.
pub(crate) enum Stretch {
    End(TurnEnd),
    /// The realm is to be replaced.
    Reset,
}

impl RealmState {
    /// Works until there is nothing to do. Runs on a fiber, inside the realm.
    pub(crate) fn turn(&self, ctx: Ctx<'_>) -> Stretch {
        loop {
            if self.is_dead(ctx) {
                return Stretch::End(TurnEnd::Dead);
            }
            if self.mail.is_resetting() {
                return Stretch::Reset;
            }
            self.take_answers(ctx);
            // What an answer sets going must not wait behind the next op, which may run for long.
            self.checkpoint(ctx);
            if self.timers.borrow().has_next() || self.next_due().is_some() {
                let now = Instant::now();
                let expired = self.expire(now);
                if ctx.has_jobs() {
                    self.guard.jobs.set_overdue_of(&expired.parked);
                }
                self.run_timers(ctx, now);
            }
            self.search_orphans(ctx);
            self.deliver_message(ctx);
            let next = if self.mail.is_empty() { None } else { self.mail.inbox().pop() };
            if let Some(envelope) = next {
                self.execute(ctx, envelope);
            }
            self.checkpoint(ctx);
            self.report_rejections(ctx);
            if !ctx.has_jobs() && !self.is_over(ctx) && !self.parked.borrow().has_orphans() {
                // Most turns end here; a clock is read only where there is something to compare it with.
                let wake = self.wake_at();
                let now = if wake.is_some() { Instant::now() } else { self.started };
                if !self.has_other_work(now) && wake.is_none_or(|wake| wake > now) {
                    return Stretch::End(TurnEnd::Idle(wake));
                }
            }
            self.breathe();
        }
    }

    /// Whether nothing more must run in this realm.
    pub(crate) fn is_over(&self, ctx: Ctx<'_>) -> bool {
        self.mail.is_resetting() || self.is_dead(ctx)
    }

    /// Whether the isolate must not run any more.
    fn is_dead(&self, ctx: Ctx<'_>) -> bool {
        self.mail.is_killed() || self.fatal.borrow().is_some() || ctx.is_broken().is_some()
    }

    /// Runs the jobs that wait, in a frame of their own.
    pub(crate) fn checkpoint(&self, ctx: Ctx<'_>) {
        if ctx.has_jobs() && !self.is_over(ctx) {
            self.callback(ctx, JOB, self.guard.jobs.owner(), || {
                self.run_jobs(ctx, Patience::UntilAsked);
                Ok(())
            });
        }
    }

    fn is_idle(&self) -> bool {
        self.mail.is_empty()
    }

    /// Whether there is something beside jobs to do now.
    fn has_other_work(&self, now: Instant) -> bool {
        !self.is_idle() || self.timers.borrow().are_due(now) || self.messages.borrow().are_due()
    }

    /// When the next timer or deadline is due, or ops that wait in vain are to be looked for.
    fn wake_at(&self) -> Option<Instant> {
        let (timer, search) = (self.timers.borrow().next_due(), self.parked.borrow().next_search());
        [timer, search, self.next_due()].into_iter().flatten().min()
    }

    /// Runs jobs until none waits, the open frame is to end, or they have kept ops waiting for long.
    pub(crate) fn run_jobs(&self, ctx: Ctx<'_>, patience: Patience) {
        let mut started = None;
        let mut until_check = JOBS_PER_CHECK;
        while let Some(result) = ctx.run_job() {
            if let Err(Thrown) = result {
                let error = ctx.take_exception();
                if self.must_end(ctx) {
                    return self.guard.end_between_jobs(ctx.has_jobs());
                }
                crate::realm::report_exception(ctx, &error);
            }
            until_check -= 1;
            if until_check == 0 {
                until_check = JOBS_PER_CHECK;
                let now = Instant::now();
                let started = *started.get_or_insert(now);
                let is_asked = patience == Patience::Limited || self.has_other_work(now);
                if self.judge(now).is_some() {
                    return self.guard.end_between_jobs(ctx.has_jobs());
                }
                if is_asked && now - started > GIVE_WAY {
                    return;
                }
                self.breathe();
            }
        }
        self.guard.note_no_jobs();
    }
}
