//! Ops that wait for a promise.

use crate::call::IdHasher;
use crate::effort::{Claim, OpId, Share};
use crate::execute::Then;
use crate::frame::Frame;
use crate::guard::Reason;
use crate::host::{CallId, Outcome, Reply, Uncaught};
use crate::inbox::Due;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, ErrorReport, PromiseState, Result, Thrown, Value};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

/// An op whose promise is pending.
pub(crate) struct Parked {
    what: &'static str,
    reply: Option<Box<dyn Reply>>,
    due: Option<Due>,
    parent: Option<CallId>,
    then: Then,
    claim: Claim,
    /// What waits for its promise.
    wait: u64,
    /// Why a frame was ended while it waited: what would have settled its promise may have gone with that.
    loss: Option<Reason>,
}

impl Parked {
    fn is_abandoned(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| reply.is_abandoned())
    }
}

/// When to look whether the promises of bereaved ops, and what tethers are for, are lost meanwhile. Each look collects the garbage of the realm.
#[derive(Clone, Copy)]
struct Search {
    at: Instant,
    interval: Duration,
}

impl Search {
    const FIRST: Duration = Duration::from_millis(10);

    /// What is not lost after so long stays as it is; a collection that comes for other reasons tells still.
    const LONGEST: Duration = Duration::from_secs(60);

    /// So many times longer than a look takes are the intervals at least.
    const REST: u32 = 20;

    /// The first look, not before `rested_at`.
    fn new(now: Instant, rested_at: Option<Instant>) -> Search {
        let interval = rested_at.map_or(Search::FIRST, |at| at.saturating_duration_since(now).max(Search::FIRST));
        Search { at: now + interval, interval }
    }

    /// The next look.
    fn next(self, now: Instant, rested_at: Instant) -> Option<Search> {
        let interval = (self.interval * 2).max(rested_at.saturating_duration_since(now));
        (interval <= Search::LONGEST).then(|| Search { at: now + interval, interval })
    }
}

#[derive(Default)]
pub(crate) struct ParkingLot {
    ops: HashMap<OpId, Parked, BuildHasherDefault<IdHasher>>,
    /// When the garbage may be collected again for those that wait in vain.
    rested_at: Option<Instant>,
    /// How many of them the handlers of each call wait for.
    parents: HashMap<CallId, usize>,
    /// Ops whose promise was lost with a frame that was ended.
    orphans: Vec<Parked>,
    search: Option<Search>,
    last_wait: u64,
    next_due: Option<Instant>,
    /// Ops whose callers are gone are looked for when this many are parked.
    sweep_at: usize,
}

impl ParkingLot {
    const MIN_SWEEP: usize = 64;

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next_due
    }

    /// When to look for orphans next.
    pub(crate) fn next_search(&self) -> Option<Instant> {
        self.search.map(|search| search.at)
    }

    pub(crate) fn has_orphans(&self) -> bool {
        !self.orphans.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether the handler of one of these calls waits for a parked op.
    pub(crate) fn holds_child_of(&self, calls: &[CallId]) -> bool {
        !self.parents.is_empty() && calls.iter().any(|call| self.parents.contains_key(call))
    }

    /// Takes those whose callers are gone, if it is time to look for such.
    fn sweep(&mut self) -> Vec<Parked> {
        if self.ops.len() < self.sweep_at.max(Self::MIN_SWEEP) {
            return Vec::new();
        }
        let swept = self.remove_where(Parked::is_abandoned);
        self.sweep_at = self.ops.len() * 2;
        swept
    }

    fn insert(&mut self, mut parked: Parked) -> Wait {
        if let Some(due) = parked.due {
            self.next_due = Some(self.next_due.map_or(due.at, |next| next.min(due.at)));
        }
        if let Some(parent) = parked.parent {
            *self.parents.entry(parent).or_default() += 1;
        }
        self.last_wait += 1;
        parked.wait = self.last_wait;
        let op = parked.claim.effort().id();
        self.ops.insert(op, parked);
        Wait { state: Weak::new(), op, number: self.last_wait }
    }

    /// The op for which that waits.
    fn of(&self, wait: &Wait) -> Option<&Parked> {
        self.ops.get(&wait.op).filter(|parked| parked.wait == wait.number)
    }

    fn take(&mut self, wait: &Wait) -> Option<Parked> {
        self.of(wait)?;
        self.remove(wait.op)
    }

    fn remove(&mut self, op: OpId) -> Option<Parked> {
        let parked = self.ops.remove(&op)?;
        if let Some(parent) = parked.parent
            && let Some(count) = self.parents.get_mut(&parent)
        {
            *count -= 1;
            if *count == 0 {
                self.parents.remove(&parent);
            }
        }
        Some(parked)
    }

    fn remove_where(&mut self, is_gone: impl Fn(&Parked) -> bool) -> Vec<Parked> {
        let ids: Vec<OpId> = self.ops.iter().filter(|(_, parked)| is_gone(parked)).map(|(id, _)| *id).collect();
        ids.iter().filter_map(|id| self.remove(*id)).collect()
    }

    fn take_expired(&mut self, now: Instant) -> Vec<Parked> {
        if self.next_due.is_none_or(|next| next > now) {
            return Vec::new();
        }
        let expired = self.remove_where(|parked| parked.due.is_some_and(|due| due.at <= now));
        self.next_due = self.ops.values().filter_map(|parked| Some(parked.due?.at)).min();
        expired
    }

    fn drain(&mut self) -> Vec<Parked> {
        self.next_due = None;
        self.parents.clear();
        self.ops.drain().map(|(_, parked)| parked).chain(self.orphans.drain(..)).collect()
    }
}

/// What the reactions of a promise hold; dropped with them.
struct Wait {
    state: Weak<RealmState>,
    op: OpId,
    /// An op may wait for one promise after another.
    number: u64,
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(state) = self.state.upgrade() {
            state.orphan(self);
        }
    }
}

impl RealmState {
    /// Ends parked ops that are past their time, and tells which.
    pub(crate) fn expire_parked(&self, now: Instant) -> Vec<OpId> {
        let expired = self.parked.borrow_mut().take_expired(now);
        let end = |Parked { what, reply, due, claim, .. }: Parked| {
            if let (Some(reply), Some(due)) = (reply, due) {
                self.deliver(reply, Outcome::Failed(Reason::Timeout(due.timeout).report(what)));
            }
            self.guard.end_op(claim.effort().id(), Reason::OpTimedOut);
            claim.effort().id()
        };
        expired.into_iter().map(end).collect()
    }

    /// Ends a parked op if nobody waits for it any more; whether that is so.
    pub(crate) fn end_if_abandoned(&self, op: OpId) -> bool {
        let is_abandoned = self.parked.borrow().ops.get(&op).is_some_and(Parked::is_abandoned);
        if is_abandoned {
            let gone = self.parked.borrow_mut().remove(op);
            drop(gone);
            self.guard.end_op(op, Reason::CallerGone);
        }
        is_abandoned
    }

    /// The effort of an op that is not answered yet.
    pub(crate) fn effort_of(&self, op: OpId) -> Share {
        let of_parked = || self.parked.borrow().ops.get(&op).map(|parked| parked.claim.effort().clone());
        self.guard.open_effort(op).or_else(of_parked).filter(|effort| effort.is_open())
    }

    /// Ends an op, if it is parked; whether it is.
    pub(crate) fn fail_parked(&self, op: OpId, reason: Reason) -> bool {
        let parked = self.parked.borrow_mut().remove(op);
        let Some(Parked { what, reply, .. }) = parked else { return false };
        if let Some(reply) = reply {
            self.deliver(reply, Outcome::Failed(reason.report(what)));
        }
        true
    }

    /// Ends all parked ops.
    pub(crate) fn end_parked(&self, report: impl Fn(&'static str) -> ErrorReport) {
        for parked in self.parked.borrow_mut().drain() {
            if let Some(reply) = parked.reply {
                self.deliver(reply, Outcome::Failed(report(parked.what)));
            }
        }
    }

    /// Ends the op of the innermost frame with its result, or parks it if that is a pending promise.
    pub(crate) fn conclude<'a>(
        &self,
        ctx: Ctx<'a>,
        mut then: Then,
        mut settled: std::result::Result<Value<'a>, Value<'a>>,
    ) {
        loop {
            let value = match settled {
                Ok(value) => value,
                Err(reason) => {
                    let report = self.describe(ctx, &reason);
                    return self.answer(Outcome::Failed(report));
                }
            };
            match value.promise_state() {
                Some(PromiseState::Pending) => return self.park(ctx, &value, then),
                Some(PromiseState::Fulfilled(inner)) => settled = Ok(inner),
                Some(PromiseState::Rejected(reason)) => {
                    value.mark_handled();
                    settled = Err(reason);
                }
                None => match then {
                    Then::Unwrap => {
                        then = Then::Value;
                        settled = value.get("value").map_err(|_| ctx.take_exception());
                    }
                    Then::Value => return self.answer(Outcome::Value(ctx, &value)),
                    Then::Done => return self.answer(Outcome::Done),
                },
            }
        }
    }

    /// Lets the op of the innermost frame wait until the promise settles.
    fn park<'a>(&self, ctx: Ctx<'a>, promise: &Value<'a>, then: Then) {
        if self.must_end(ctx)
            && let Some(report) = self.ending_report()
        {
            return self.answer(Outcome::Failed(report));
        }
        let Some((what, due, parent)) = self.guard.innermost() else {
            return;
        };
        let Some(claim) = self.guard.take_claim() else {
            return;
        };
        let reply = self.guard.take_reply();
        let swept = self.parked.borrow_mut().sweep();
        for gone in swept {
            self.guard.end_op(gone.claim.effort().id(), Reason::CallerGone);
        }
        let loss = self.guard.loss();
        let parked = Parked { what, reply, due, parent, then, claim, wait: 0, loss };
        let wait = {
            let mut lot = self.parked.borrow_mut();
            if loss.is_some() && lot.search.is_none() {
                lot.search = Some(Search::new(Instant::now(), lot.rested_at));
            }
            lot.insert(parked)
        };
        let op = wait.op;
        let waits = RealmState::of(ctx).and_then(|state| {
            let wait = ctx.host_object(Rc::new(Wait { state: Rc::downgrade(&state), ..wait }), None)?;
            promise.on_settled(
                &wait,
                |ctx, wait, args| unpark(ctx, wait, Ok(args.get(0))),
                |ctx, wait, args| unpark(ctx, wait, Err(args.get(0))),
            )
        });
        if let Err(Thrown) = waits {
            let report = self.take_report(ctx);
            let parked = self.parked.borrow_mut().remove(op);
            if let Some(reply) = parked.and_then(|parked| parked.reply) {
                self.deliver(reply, Outcome::Failed(report));
            }
        }
    }

    /// The reactions of a parked op's promise are gone. That may just be how the script is written, and the op may
    /// have a deadline; but if code was ended from outside, the code that would have settled the promise went with it.
    fn orphan(&self, wait: &Wait) {
        let is_mourning = self.is_mourning.get() || self.guard.ending().is_some();
        if let Ok(mut lot) = self.parked.try_borrow_mut()
            && lot.of(wait).is_some_and(|parked| is_mourning || parked.loss.is_some())
            && let Some(parked) = lot.remove(wait.op)
        {
            lot.orphans.push(parked);
        }
    }

    /// Ends the ops that waited for a frame which was ended, and remembers that for the others: a job that still runs, or an object
    /// that is still there, may be all that holds their promise.
    pub(crate) fn fail_orphans(&self, ctx: Ctx<'_>, reason: Reason) {
        if reason.is_final() {
            return;
        }
        if self.note_loss(reason) {
            self.collect_for_orphans(ctx);
        }
        self.tell_orphans();
    }

    /// Collects the garbage, and tells when it may be collected again.
    fn collect_for_orphans(&self, ctx: Ctx<'_>) -> Instant {
        let start = Instant::now();
        ctx.collect_garbage();
        let now = Instant::now();
        let rested_at = now + (now - start) * Search::REST;
        self.parked.borrow_mut().rested_at = Some(rested_at);
        rested_at
    }

    /// Remembers that code was ended for which ops may wait, and that they are to be looked for: whether now.
    fn note_loss(&self, reason: Reason) -> bool {
        let reason = match reason {
            Reason::Budget(_) | Reason::Memory(_) => reason,
            _ => Reason::InTheWay,
        };
        let mut lot = self.parked.borrow_mut();
        let ParkingLot { ops, orphans, .. } = &mut *lot;
        for parked in ops.values_mut().chain(orphans) {
            parked.loss = Some(reason);
        }
        self.guard.note_loss(reason);
        let is_bereft = lot.len() > 0 || self.guard.tethers.are_there();
        let now = Instant::now();
        lot.search = is_bereft.then(|| Search::new(now, lot.rested_at));
        is_bereft && lot.rested_at.is_none_or(|at| at <= now)
    }

    /// Frees the next job, which is the rest of an op that has taken its steps.
    pub(crate) fn drop_rest(&self, ctx: Ctx<'_>, reason: Reason) {
        self.guard.tidy();
        self.guard.tethers.note_ending();
        let was_mourning = self.is_mourning.replace(true);
        ctx.drop_job();
        self.is_mourning.set(was_mourning);
        self.note_loss(reason);
    }

    /// Answers the ops that wait in vain.
    fn tell_orphans(&self) {
        if !self.parked.borrow().has_orphans() {
            return;
        }
        let orphans = std::mem::take(&mut self.parked.borrow_mut().orphans);
        for Parked { what, reply, loss, .. } in orphans {
            if let Some(reply) = reply {
                self.deliver(reply, Outcome::Failed(loss.unwrap_or(Reason::InTheWay).report(what)));
            }
        }
    }

    /// Answers the ops that wait in vain, having looked for them if it is time to.
    pub(crate) fn search_orphans(&self, ctx: Ctx<'_>) {
        let search = self.parked.borrow().search;
        if let Some(search) = search {
            self.search(ctx, search);
        }
        self.tell_orphans();
    }

    /// Whether what goes may have been lost with a frame that was ended.
    pub(crate) fn is_searching(&self) -> bool {
        self.parked.try_borrow().is_ok_and(|lot| lot.search.is_some())
    }

    fn search(&self, ctx: Ctx<'_>, search: Search) {
        if Instant::now() < search.at {
            return;
        }
        let rested_at = self.collect_for_orphans(ctx);
        let mut lot = self.parked.borrow_mut();
        let is_bereaved = lot.ops.values().any(|parked| parked.loss.is_some()) || self.guard.tethers.are_there();
        lot.search = if is_bereaved { search.next(Instant::now(), rested_at) } else { None };
    }

    /// Gives the op of the innermost frame its outcome; if the frame is to end, that is the outcome.
    pub(crate) fn answer(&self, outcome: Outcome<'_, '_>) {
        let outcome = self.ending_report().map_or(outcome, Outcome::Failed);
        let Some(reply) = self.guard.take_reply() else {
            if let Outcome::Failed(report) = outcome {
                self.host.uncaught(Uncaught::Exception(report));
            }
            return;
        };
        // Encoding an object may run getters, and those may use up the heap.
        let may_run_code = matches!(&outcome, Outcome::Value(_, value) if value.is_object());
        if may_run_code {
            self.guard.keep_spare(reply.spare());
        }
        self.deliver(reply, outcome);
        if may_run_code {
            self.guard.keep_spare(None);
        }
    }
}

fn unpark<'a>(ctx: Ctx<'a>, wait: &Value<'a>, settled: std::result::Result<Value<'a>, Value<'a>>) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    let parked = wait.host::<Wait>().and_then(|wait| state.parked.borrow_mut().take(&wait));
    if let Some(Parked { what, reply, due, parent, then, claim, .. }) = parked {
        let frame = Frame::op(what, reply, due, parent).resumed(claim);
        state.in_frame(ctx, frame, || state.conclude(ctx, then, settled));
    }
    Ok(ctx.undefined())
}
