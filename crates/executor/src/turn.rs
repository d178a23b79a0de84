//! A turn: what one run of an isolate does.

use crate::fiber::TurnEnd;
use crate::frame::{Frame, JOB};
use crate::host::Uncaught;
use crate::realm::RealmState;
use crate::rest::Rest;
use quickbeam_engine::{Ctx, NextJob, Thrown};
use std::time::{Duration, Instant};

/// Jobs run in one go before the turn looks at its deadlines.
const JOBS_PER_CHECK: u32 = 256;

/// What keeps others of the same realm waiting gives way after this long.
pub(crate) const GIVE_WAY: Duration = Duration::from_millis(10);

/// What makes jobs that go on for long give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Nothing: an op waits for its reply, the rest of the jobs run after it.
    Limited,
    /// An op that waits, a message or a timer.
    UntilAsked,
}

/// Jobs that run one after another, in one frame or several.
struct Spell {
    patience: Patience,
    until_check: u32,
    /// As of the first check.
    started: Option<Instant>,
    /// The rest of the jobs run later.
    is_over: bool,
}

impl Spell {
    fn new(patience: Patience) -> Spell {
        Spell { patience, until_check: JOBS_PER_CHECK, started: None, is_over: false }
    }

    /// Another job has run. The time, if something is to be looked at.
    fn check(&mut self) -> Option<Instant> {
        self.until_check -= 1;
        (self.until_check == 0).then(|| {
            self.until_check = JOBS_PER_CHECK;
            let now = Instant::now();
            self.started.get_or_insert(now);
            now
        })
    }

    fn is_long(&self, now: Instant) -> bool {
        self.started.is_some_and(|started| now - started > GIVE_WAY)
    }

    fn end(&mut self) {
        self.is_over = true;
    }
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
                self.expire(now);
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

    /// Runs the jobs that wait, those of each op in frames of its own.
    pub(crate) fn checkpoint(&self, ctx: Ctx<'_>) {
        let mut spell = Spell::new(Patience::UntilAsked);
        while !spell.is_over
            && let Some(job) = ctx.next_job()
            && !self.is_over(ctx)
        {
            let rests = &self.guard.rests;
            let rest = if rests.is_empty() { None } else { rests.of(job) };
            if let Some(rest) = rest.filter(Rest::is_over) {
                self.drop_rest(ctx, rest.reason);
                self.pass(&mut spell);
                continue;
            }
            let op = job.continuation;
            let frame = Frame::job(op, self.config.callback_timeout, self.effort_of(op), rest);
            // Each job of a rest has a frame, which tells how long it has taken.
            let most = if rest.is_some() { 1 } else { usize::MAX };
            self.in_frame(ctx, frame, || {
                let is_cut = self.run_own_jobs(ctx, &mut spell, most);
                if let Some(reason) = self.guard.ending().filter(|reason| is_cut && !reason.is_final()) {
                    self.host.uncaught(Uncaught::Exception(reason.report(JOB)));
                }
            });
        }
        if !ctx.has_jobs() {
            self.guard.rests.clear();
        }
    }

    fn is_idle(&self) -> bool {
        self.mail.is_empty()
    }

    /// Whether there is something beside jobs to do now.
    fn has_other_work(&self, now: Instant) -> bool {
        let are_orphans_due = || {
            let lot = self.parked.borrow();
            lot.has_orphans() || lot.next_search().is_some_and(|at| at <= now)
        };
        !self.is_idle() || self.timers.borrow().are_due(now) || self.messages.borrow().are_due() || are_orphans_due()
    }

    /// When the next timer or deadline is due, or ops that wait in vain are to be looked for.
    fn wake_at(&self) -> Option<Instant> {
        let (timer, search) = (self.timers.borrow().next_due(), self.parked.borrow().next_search());
        [timer, search, self.next_due()].into_iter().flatten().min()
    }

    /// Runs the next jobs as far as they belong to the open frame.
    pub(crate) fn run_jobs(&self, ctx: Ctx<'_>) {
        self.run_own_jobs(ctx, &mut Spell::new(Patience::Limited), usize::MAX);
    }

    /// Runs jobs, that many at most, until the next is another op's or none waits, the open frame is to end, or they have kept others waiting for long. Tells whether
    /// one was ended.
    fn run_own_jobs(&self, ctx: Ctx<'_>, spell: &mut Spell, most: usize) -> bool {
        let is_own = |job: NextJob| self.guard.owns(job.continuation);
        for _ in 0..most {
            if !ctx.next_job().is_some_and(is_own) {
                break;
            }
            self.guard.stride();
            if let Some(Err(Thrown)) = ctx.run_job() {
                let error = ctx.take_exception();
                if self.must_end(ctx) {
                    spell.end();
                    return true;
                }
                crate::realm::report_exception(ctx, &error);
            }
            if !self.pass(spell) {
                // It ends between two jobs, so that the next is what goes on in this frame.
                let is_cut = self.guard.is_last_to_end() && ctx.next_job().is_some_and(is_own);
                if is_cut {
                    ctx.drop_job();
                }
                spell.end();
                return is_cut;
            }
            if spell.is_over {
                return false;
            }
        }
        false
    }

    /// Another job is done. False if the open frame is to end.
    fn pass(&self, spell: &mut Spell) -> bool {
        let Some(now) = spell.check() else { return true };
        if self.judge(now).is_some() {
            return false;
        }
        if spell.is_long(now) && (spell.patience == Patience::Limited || self.has_other_work(now)) {
            spell.end();
        } else {
            self.breathe();
        }
        true
    }
}
