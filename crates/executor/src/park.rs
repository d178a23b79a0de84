//! Ops that wait for a promise.

use crate::execute::Then;
use crate::guard::Reason;
use crate::host::{Outcome, Reply};
use crate::inbox::Due;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, ErrorReport, PromiseState, Result, Value};
use std::collections::HashMap;
use std::time::Instant;

/// An op whose promise is pending.
pub(crate) struct Parked {
    pub(crate) what: &'static str,
    pub(crate) reply: Option<Box<dyn Reply>>,
    pub(crate) due: Option<Due>,
    pub(crate) then: Then,
}

#[derive(Default)]
pub(crate) struct ParkingLot {
    ops: HashMap<u32, Parked>,
    last_id: u32,
    next_due: Option<Instant>,
    /// Ops whose callers are gone are looked for when this many are parked.
    sweep_at: usize,
}

impl ParkingLot {
    const MIN_SWEEP: usize = 64;

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next_due
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len()
    }

    fn insert(&mut self, parked: Parked) -> u32 {
        if self.ops.len() >= self.sweep_at.max(Self::MIN_SWEEP) {
            self.ops.retain(|_, parked| parked.reply.as_ref().is_some_and(|reply| !reply.is_abandoned()));
            self.sweep_at = self.ops.len() * 2;
        }
        if let Some(due) = parked.due {
            self.next_due = Some(self.next_due.map_or(due.at, |next| next.min(due.at)));
        }
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if !self.ops.contains_key(&self.last_id) {
                break;
            }
        }
        self.ops.insert(self.last_id, parked);
        self.last_id
    }

    fn take_expired(&mut self, now: Instant) -> Vec<Parked> {
        if self.next_due.is_none_or(|next| next > now) {
            return Vec::new();
        }
        let is_expired = |parked: &Parked| parked.due.is_some_and(|due| due.at <= now);
        let ids: Vec<u32> = self.ops.iter().filter(|(_, parked)| is_expired(parked)).map(|(id, _)| *id).collect();
        let expired = ids.iter().filter_map(|id| self.ops.remove(id)).collect();
        self.next_due = self.ops.values().filter_map(|parked| Some(parked.due?.at)).min();
        expired
    }

    pub(crate) fn drain(&mut self) -> Vec<Parked> {
        self.next_due = None;
        self.ops.drain().map(|(_, parked)| parked).collect()
    }
}

impl RealmState {
    /// Lets `parked` wait until the promise settles.
    ///
    /// # Errors
    /// The op, if memory is too short to wait; the exception is pending.
    pub(crate) fn park<'a>(
        &self,
        ctx: Ctx<'a>,
        promise: &Value<'a>,
        parked: Parked,
    ) -> std::result::Result<(), Parked> {
        let id = self.parked.borrow_mut().insert(parked);
        let bound = ctx.number(f64::from(id));
        let waits = promise.on_settled(
            &bound,
            |ctx, id, args| unpark(ctx, id, Ok(args.get(0))),
            |ctx, id, args| unpark(ctx, id, Err(args.get(0))),
        );
        match waits {
            Ok(()) => Ok(()),
            Err(_) => self.parked.borrow_mut().ops.remove(&id).map_or(Ok(()), Err),
        }
    }

    /// Ends parked ops that are past their time. True if there were any.
    pub(crate) fn expire_parked(&self, now: Instant) -> bool {
        let expired = self.parked.borrow_mut().take_expired(now);
        let any = !expired.is_empty();
        for parked in expired {
            if let (Some(reply), Some(due)) = (parked.reply, parked.due) {
                reply.send(Outcome::Failed(Reason::Timeout(due.timeout).report(parked.what)));
            }
        }
        any
    }

    /// Ends all parked ops.
    pub(crate) fn end_parked(&self, report: impl Fn(&'static str) -> ErrorReport) {
        for parked in self.parked.borrow_mut().drain() {
            if let Some(reply) = parked.reply {
                reply.send(Outcome::Failed(report(parked.what)));
            }
        }
    }
}

fn unpark<'a>(ctx: Ctx<'a>, id: &Value<'a>, settled: std::result::Result<Value<'a>, Value<'a>>) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    let id = id.as_f64().unwrap_or(0.0) as u32;
    let parked = state.parked.borrow_mut().ops.remove(&id);
    if let Some(parked) = parked {
        state.conclude(ctx, parked, settled);
    }
    Ok(ctx.undefined())
}

impl RealmState {
    /// Ends an op with its result, or lets it wait (again) if that is a promise.
    pub(crate) fn conclude<'a>(
        &self,
        ctx: Ctx<'a>,
        mut parked: Parked,
        mut settled: std::result::Result<Value<'a>, Value<'a>>,
    ) {
        loop {
            let value = match settled {
                Ok(value) => value,
                Err(reason) => return finish(parked, Outcome::Failed(self.describe(ctx, &reason))),
            };
            match value.promise_state() {
                Some(PromiseState::Pending) => {
                    if let Err(parked) = self.park(ctx, &value, parked) {
                        let report = self.take_report(ctx);
                        finish(parked, Outcome::Failed(report));
                    }
                    return;
                }
                Some(PromiseState::Fulfilled(inner)) => settled = Ok(inner),
                Some(PromiseState::Rejected(reason)) => {
                    value.mark_handled();
                    settled = Err(reason);
                }
                None => match parked.then {
                    Then::Unwrap => {
                        parked.then = Then::Value;
                        settled = value.get("value").map_err(|_| ctx.take_exception());
                    }
                    Then::Value => return finish(parked, Outcome::Value(ctx, &value)),
                    Then::Done => return finish(parked, Outcome::Done),
                },
            }
        }
    }
}

fn finish(parked: Parked, outcome: Outcome<'_, '_>) {
    if let Some(reply) = parked.reply {
        reply.send(outcome);
    }
}
