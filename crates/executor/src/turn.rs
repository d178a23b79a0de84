//! A turn: what one run of an isolate does.

use crate::fiber::TurnEnd;
use crate::guard::Frame;
use crate::host::Reply;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Thrown};
use std::time::{Duration, Instant};

/// Jobs run in one go before the turn looks at its deadlines.
const JOBS_PER_CHECK: u32 = 256;

/// An endless chain of jobs gives way to waiting ops after this long.
const JOBS_GIVE_WAY: Duration = Duration::from_millis(10);

/// How a stretch of a turn ends.
pub(crate) enum Stretch {
    End(TurnEnd),
    /// The realm is to be replaced; then the reply is due.
    Reset(Option<Box<dyn Reply>>),
}

impl RealmState {
    /// Works until there is nothing to do. Runs on a fiber, inside the realm.
    pub(crate) fn turn(&self, ctx: Ctx<'_>) -> Stretch {
        loop {
            if self.mail.is_killed() || ctx.is_broken().is_some() {
                return Stretch::End(TurnEnd::Dead);
            }
            self.take_answers(ctx);
            let now = Instant::now();
            self.expire(now);
            self.run_timers(ctx, now);
            let delivered = self.deliver_message(ctx);
            let next = self.mail.inbox().pop();
            let executed = next.is_some();
            if let Some(envelope) = next {
                self.execute(ctx, envelope);
            }
            self.checkpoint(ctx);
            self.report_rejections(ctx);
            if let Some(reply) = self.reset.take() {
                return Stretch::Reset(reply);
            }
            let wake = self.wake_at();
            if !executed && !delivered && !ctx.has_jobs() && wake.is_none_or(|wake| wake > now) && self.is_idle() {
                return Stretch::End(TurnEnd::Idle(wake));
            }
            self.breathe(now);
        }
    }

    /// Runs the jobs that wait.
    pub(crate) fn checkpoint(&self, ctx: Ctx<'_>) {
        if ctx.has_jobs() {
            self.callback(ctx, Frame::callback("job"), || {
                self.run_jobs(ctx);
                Ok(())
            });
        }
    }

    fn is_idle(&self) -> bool {
        self.mail.inbox().len() == 0
    }

    /// When the next timer or deadline is due.
    fn wake_at(&self) -> Option<Instant> {
        let timer = self.timers.borrow_mut().next_due();
        [timer, self.next_due()].into_iter().flatten().min()
    }

    /// Runs jobs until none waits, the open frame is to end, or they have kept ops waiting for long.
    pub(crate) fn run_jobs(&self, ctx: Ctx<'_>) {
        let started = Instant::now();
        let mut until_check = JOBS_PER_CHECK;
        while let Some(result) = ctx.run_job() {
            if let Err(Thrown) = result {
                let error = ctx.take_exception();
                if self.guard.ending().is_some() {
                    return;
                }
                crate::realm::report_exception(ctx, &error);
            }
            until_check -= 1;
            if until_check == 0 {
                until_check = JOBS_PER_CHECK;
                let now = Instant::now();
                if self.judge(now).is_some() || (now - started > JOBS_GIVE_WAY && !self.is_idle()) {
                    return;
                }
                self.breathe(now);
            }
        }
    }
}
