//! A turn: what one run of an isolate does.

use crate::fiber::TurnEnd;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Thrown};
use std::time::{Duration, Instant};

/// Jobs run in one go before the turn looks at its deadlines.
const JOBS_PER_CHECK: u32 = 256;

/// An endless chain of jobs gives way after this long.
const JOBS_GIVE_WAY: Duration = Duration::from_millis(10);

/// What makes jobs that go on for long give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Nothing: an op waits for its reply, the rest of the jobs run after it.
    Limited,
    /// An op that waits.
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
            let now = Instant::now();
            self.expire(now);
            self.run_timers(ctx, now);
            let delivered = self.deliver_message(ctx);
            let next = if self.mail.is_empty() { None } else { self.mail.inbox().pop() };
            let executed = next.is_some();
            if let Some(envelope) = next {
                self.execute(ctx, envelope);
            }
            self.checkpoint(ctx);
            self.report_rejections(ctx);
            let wake = self.wake_at();
            let is_done = !executed && !delivered && !ctx.has_jobs() && self.is_idle() && !self.is_over(ctx);
            if is_done && !self.timers.borrow().are_due(now) && wake.is_none_or(|wake| wake > now) {
                return Stretch::End(TurnEnd::Idle(wake));
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
            self.callback(ctx, "job", || {
                self.run_jobs(ctx, Patience::UntilAsked);
                Ok(())
            });
        }
    }

    fn is_idle(&self) -> bool {
        self.mail.is_empty()
    }

    /// When the next timer or deadline is due.
    fn wake_at(&self) -> Option<Instant> {
        let timer = self.timers.borrow().next_due();
        [timer, self.next_due()].into_iter().flatten().min()
    }

    /// Runs jobs until none waits, the open frame is to end, or they have kept ops waiting for long.
    pub(crate) fn run_jobs(&self, ctx: Ctx<'_>, patience: Patience) {
        let started = Instant::now();
        let mut until_check = JOBS_PER_CHECK;
        while let Some(result) = ctx.run_job() {
            if let Err(Thrown) = result {
                let error = ctx.take_exception();
                if self.must_end(ctx) {
                    return;
                }
                crate::realm::report_exception(ctx, &error);
            }
            until_check -= 1;
            if until_check == 0 {
                until_check = JOBS_PER_CHECK;
                let now = Instant::now();
                let is_asked = patience == Patience::Limited || !self.is_idle();
                if self.judge(now).is_some() || (is_asked && now - started > JOBS_GIVE_WAY) {
                    return;
                }
                self.breathe();
            }
        }
    }
}
