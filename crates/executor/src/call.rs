//! Calls from JavaScript to the host.

use crate::effort::Share;
use crate::fiber::Pause;
use crate::frame::Frame;
use crate::host::CallId;
use crate::lineage::Lineage;
use crate::op::{Answer, HostError};
use crate::realm::RealmState;
use crate::turn::GIVE_WAY;
use quickbeam_engine::{Attributes, Ctx, Result, Settler, Thrown, Trace, Value};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::{Duration, Instant};

/// Calls that wait for an answer at once.
const MAX_CALLS: usize = 100_000;

/// How often a suspended fiber looks whether its callers are still there: their death wakes nobody.
const CALLERS_EVERY: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Calls {
    /// Calls whose promise is pending.
    pending: HashMap<CallId, Pending, BuildHasherDefault<IdHasher>>,
    /// Calls that suspend the fiber, outermost first, and their answers.
    suspended: Vec<(CallId, Option<Answer>)>,
}

/// A call whose promise is pending.
struct Pending {
    settler: Settler,
    /// What the op that made it runs for.
    lineage: Lineage,
    share: Share,
    /// The stack of an error that answers it.
    trace: Option<Trace>,
}

/// Ids are consecutive, and no script chooses them: they need be spread over the table's bits, not hidden.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Calls {
    pub(crate) fn len(&self) -> usize {
        self.pending.len() + self.suspended.len()
    }
}

/// What of the host is called.
#[derive(Clone, Copy)]
enum Callee<'n> {
    /// A handler, named by a script.
    Handler(&'n str),
    /// The host's own.
    Service(&'static str),
}

impl Callee<'_> {
    fn call<'a>(self, ctx: Ctx<'a>, state: &RealmState, id: CallId, sync: bool, args: &[Value<'a>]) -> Result<()> {
        match self {
            Callee::Handler(name) => state.host.call(ctx, id, sync, name, args),
            Callee::Service(service) => state.host.service(ctx, id, sync, service, args),
        }
    }
}

/// Calls a handler of the host; a promise of its answer.
///
/// # Errors
/// Throws if there is no such handler, an argument cannot be encoded, or 100,000 calls wait already.
pub fn call_host<'a>(ctx: Ctx<'a>, name: &str, args: &[Value<'a>]) -> Result<Value<'a>> {
    call(ctx, Callee::Handler(name), args)
}

/// Calls a [service](crate::Host::service) of the host; a promise of its answer.
///
/// # Errors
/// As [`call_host`].
pub fn call_service<'a>(ctx: Ctx<'a>, service: &'static str, args: &[Value<'a>]) -> Result<Value<'a>> {
    call(ctx, Callee::Service(service), args)
}

fn call<'a>(ctx: Ctx<'a>, callee: Callee<'_>, args: &[Value<'a>]) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    begin_call(ctx, &state, None, |id| callee.call(ctx, &state, id, false, args))
}

/// A promise of the answer to a call that `start` makes; an error has that trace.
pub(crate) fn begin_call<'a>(
    ctx: Ctx<'a>,
    state: &RealmState,
    trace: Option<Trace>,
    start: impl FnOnce(CallId) -> Result<()>,
) -> Result<Value<'a>> {
    if state.calls.borrow().pending.len() >= MAX_CALLS {
        return Err(ctx.throw_error("RangeError", &format!("{MAX_CALLS} calls wait for an answer already")));
    }
    let id = state.mail.next_call_id();
    let (promise, settler) = ctx.promise()?;
    if let Err(Thrown) = start(id) {
        settler.abandon(ctx);
        discard(ctx, trace);
        return Err(Thrown);
    }
    let pending = Pending { settler, lineage: state.guard.lineage(), share: state.guard.share(), trace };
    state.calls.borrow_mut().pending.insert(id, pending);
    Ok(promise)
}

/// Calls a handler of the host and suspends this isolate's fiber, not its thread, until the answer is there.
/// Ops that the handler submits with this call as their parent run nested meanwhile.
///
/// # Errors
/// As [`call_host`]; and what the handler failed with.
pub fn call_host_sync<'a>(ctx: Ctx<'a>, name: &str, args: &[Value<'a>]) -> Result<Value<'a>> {
    call_sync(ctx, Callee::Handler(name), args)
}

/// Calls a [service](crate::Host::service) of the host and suspends as [`call_host_sync`] does.
///
/// # Errors
/// As [`call_host_sync`].
pub fn call_service_sync<'a>(ctx: Ctx<'a>, service: &'static str, args: &[Value<'a>]) -> Result<Value<'a>> {
    call_sync(ctx, Callee::Service(service), args)
}

fn call_sync<'a>(ctx: Ctx<'a>, callee: Callee<'_>, args: &[Value<'a>]) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    let id = state.mail.next_call_id();
    callee.call(ctx, &state, id, true, args)?;
    state.calls.borrow_mut().suspended.push((id, None));
    let answer = state.wait_for_answer(ctx);
    state.calls.borrow_mut().suspended.pop();
    if answer.is_err() {
        state.host.cancelled(id);
    }
    match answer? {
        Ok(value) => value.into_js(ctx),
        Err(error) => {
            let error = host_error(ctx, &error, None)?;
            Err(ctx.throw(error))
        }
    }
}

/// Suspends this isolate's fiber, not its thread, for that long.
///
/// # Errors
/// Throws uncatchably if the script is to end.
pub fn sleep_sync(ctx: Ctx<'_>, duration: Duration) -> Result<()> {
    let state = RealmState::of(ctx)?;
    let until = Instant::now().checked_add(duration);
    loop {
        let now = Instant::now();
        if state.must_end(ctx) {
            return Err(ctx.throw_uncatchable("interrupted"));
        }
        if until.is_some_and(|until| until <= now) {
            return Ok(());
        }
        state.search_orphans(ctx);
        let wake = [until, state.next_look()].into_iter().flatten().min();
        if !state.guard.suspend(Pause::Waiting(wake)) {
            return Err(ctx.throw_type("sleepSync needs a fiber"));
        }
    }
}

fn discard(ctx: Ctx<'_>, trace: Option<Trace>) {
    if let Some(trace) = trace {
        trace.discard(ctx);
    }
}

/// The JS error for what a handler failed with.
fn host_error<'a>(ctx: Ctx<'a>, error: &HostError, trace: Option<Trace>) -> Result<Value<'a>> {
    let value = match trace {
        Some(trace) => trace.error(ctx, &error.name, &error.message)?,
        None => ctx.error(&error.name, &error.message)?,
    };
    if let Some(stack) = &error.stack {
        value.define("stack", ctx.string(stack)?, Attributes::HIDDEN)?;
    }
    Ok(value)
}

impl RealmState {
    /// The earliest time at which a suspended or idle realm must look again, timers aside.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let queued = if self.mail.is_empty() { None } else { self.mail.inbox().next_due() };
        [queued, self.parked.borrow().next_due(), self.guard.next_due()].into_iter().flatten().min()
    }

    /// When a suspended fiber must look again: at what is due, at whether its callers are still there, and for ops that wait in vain.
    fn next_look(&self) -> Option<Instant> {
        let callers = self.guard.has_caller().then(|| Instant::now() + CALLERS_EVERY);
        let search = self.parked.borrow().next_search();
        [self.next_due(), callers, search].into_iter().flatten().min()
    }

    /// Waits, on the suspended fiber, for the answer to the innermost suspended call. Ops of its handler run meanwhile;
    /// while one of them awaits something, so do timers and jobs.
    fn wait_for_answer(&self, ctx: Ctx<'_>) -> Result<Answer> {
        loop {
            let all_taken = self.take_answers(ctx);
            if let Some(answer) = self.calls.borrow_mut().suspended.last_mut().and_then(|(_, answer)| answer.take()) {
                return Ok(answer);
            }
            if self.must_end(ctx) {
                return Err(ctx.throw_uncatchable("interrupted"));
            }
            self.search_orphans(ctx);
            let waiting: Vec<CallId> = self.calls.borrow().suspended.iter().map(|(id, _)| *id).collect();
            let nested = self.mail.inbox().pop_nested(&waiting);
            if let Some(envelope) = nested {
                self.execute(ctx, envelope);
                continue;
            }
            let mut wake = self.next_look();
            if self.parked.borrow().holds_child_of(&waiting) {
                let now = Instant::now();
                if ctx.has_jobs() || self.timers.borrow().are_due(now) {
                    self.checkpoint(ctx);
                    self.run_timers(ctx, now);
                    self.breathe();
                    continue;
                }
                wake = [wake, self.timers.borrow().next_due()].into_iter().flatten().min();
            }
            if !all_taken {
                self.breathe();
            } else if !self.guard.suspend(Pause::Waiting(wake)) {
                return Err(ctx.throw_type("callSync needs a fiber"));
            }
        }
    }

    /// Hands the answers that have come to the calls they belong to; answers to calls that are gone are dropped. False if others may
    /// wait: the code that an answer runs may call for the next, so answers give way.
    pub(crate) fn take_answers(&self, ctx: Ctx<'_>) -> bool {
        let mut started = None;
        while !self.mail.is_empty() {
            let Some((id, answer)) = self.mail.inbox().pop_answer() else {
                return true;
            };
            let pending = {
                let mut calls = self.calls.borrow_mut();
                if let Some((_, slot)) = calls.suspended.iter_mut().find(|(call, _)| *call == id) {
                    slot.get_or_insert(answer);
                    continue;
                }
                calls.pending.remove(&id)
            };
            if let Some(pending) = pending {
                // What awaited it goes on at once, for the same calls: not behind what other answers have set going.
                if self.guard.depth() == 0 && !pending.lineage.is_empty() {
                    self.checkpoint(ctx);
                    if self.is_over(ctx) {
                        self.calls.borrow_mut().pending.insert(id, pending);
                        return true;
                    }
                }
                self.settle(ctx, pending, answer);
                if self.mail.is_empty() {
                    return true;
                }
                let now = Instant::now();
                if now - *started.get_or_insert(now) > GIVE_WAY {
                    return false;
                }
                self.breathe();
            }
        }
        true
    }

    /// Settles a call's promise; with the reason, if converting the answer is ended by a limit.
    fn settle(&self, ctx: Ctx<'_>, pending: Pending, answer: Answer) {
        let Pending { settler, lineage, share, trace } = pending;
        let mut failure = None;
        let goes_on = !lineage.is_empty();
        let frame = Frame::callback("answer", self.config.callback_timeout, share).for_calls(lineage);
        self.in_frame(ctx, frame, || {
            let outcome = match answer {
                Ok(value) => {
                    discard(ctx, trace);
                    value.into_js(ctx).map_err(|Thrown| ctx.take_exception())
                }
                Err(error) => match host_error(ctx, &error, trace) {
                    Ok(error) => Err(error),
                    Err(Thrown) => Err(ctx.take_exception()),
                },
            };
            if let Err(Thrown) = settler.settle_with(ctx, outcome) {
                failure = Some(self.take_report(ctx));
            } else if goes_on && !self.must_end(ctx) {
                // What awaited the answer goes on for the same calls.
                self.run_jobs(ctx);
            }
        });
        match failure {
            Some(report) if !self.is_over(ctx) => self.callback(ctx, "answer", None, || {
                let error = ctx.error(&report.name, &report.message)?;
                settler.settle(ctx, Err(error))
            }),
            _ => settler.abandon(ctx),
        }
    }
}
