//! The state of one realm beside its heap.

use crate::call::Calls;
use crate::config::RealmConfig;
use crate::effort::Share;
use crate::event::Listeners;
use crate::frame::Frame;
use crate::guard::{Guard, Reason, internal_bug};
use crate::host::{Host, LogLine, Outcome, Reply, Uncaught};
use crate::mail::Mail;
use crate::message::Messages;
use crate::module::Modules;
use crate::park::ParkingLot;
use crate::scripts::Scripts;
use crate::timer::Timers;
use quickbeam_engine::{Ctx, ErrorReport, Persistent, Rejection, Result, Thrown, Value};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Unhandled rejections that one checkpoint reports one by one; the rest are counted.
const MAX_REJECTIONS: usize = 100;

pub(crate) struct RealmState {
    pub(crate) mail: Arc<Mail>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) config: Arc<RealmConfig>,
    pub(crate) guard: Guard,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) messages: RefCell<Messages>,
    pub(crate) listeners: RefCell<Listeners>,
    pub(crate) calls: RefCell<Calls>,
    pub(crate) parked: RefCell<ParkingLot>,
    pub(crate) scripts: Scripts,
    pub(crate) modules: Rc<Modules>,
    pub(crate) uncaught_hook: RefCell<Option<Persistent>>,
    /// The hook runs; what nobody catches in it goes to the host at once.
    is_hooked: Cell<bool>,
    pub(crate) started: Instant,
    /// Why the isolate must end, once that is clear.
    pub(crate) fatal: RefCell<Option<ErrorReport>>,
    /// The heap is above `memory_limit` with live objects alone.
    is_full: Cell<bool>,
    /// Frames that passed the limit since it last was not so.
    strikes: Cell<u32>,
    /// A frame was ended from outside, and what waited for it is being looked for.
    pub(crate) is_mourning: Cell<bool>,
}

/// Bytes above `memory_limit` that each frame of a full realm gets to tidy up in.
const ROOM: usize = 256 << 10;

/// Each costs a collection of a full heap, so jobs that all fail must not go on for long.
const MAX_STRIKES: u32 = 8;

/// Hands an outcome over. False if the reply's code panicked.
pub(crate) fn send(reply: Box<dyn Reply>, outcome: Outcome<'_, '_>) -> bool {
    catch_unwind(AssertUnwindSafe(|| reply.send(outcome))).is_ok()
}

impl RealmState {
    pub(crate) fn new(mail: Arc<Mail>, config: Arc<RealmConfig>) -> Rc<RealmState> {
        Rc::new(RealmState {
            guard: Guard::new(config.max_reductions),
            host: config.host.clone(),
            mail,
            config,
            timers: RefCell::default(),
            messages: RefCell::default(),
            listeners: RefCell::default(),
            calls: RefCell::default(),
            parked: RefCell::default(),
            scripts: Scripts::default(),
            modules: Rc::default(),
            uncaught_hook: RefCell::default(),
            is_hooked: Cell::new(false),
            started: Instant::now(),
            fatal: RefCell::default(),
            is_full: Cell::new(false),
            strikes: Cell::new(0),
            is_mourning: Cell::new(false),
        })
    }

    /// The state behind a realm that runs on an executor.
    ///
    /// # Errors
    /// Throws an `InternalError` in a realm of another embedder.
    pub(crate) fn of(ctx: Ctx<'_>) -> Result<Rc<RealmState>> {
        ctx.data().ok_or_else(|| ctx.throw_error("InternalError", "this realm does not run on an executor"))
    }

    /// Takes the pending exception and describes it; an ending from outside is described as such.
    pub(crate) fn take_report(&self, ctx: Ctx<'_>) -> ErrorReport {
        let report = ctx.take_report();
        self.notice_panics(ctx);
        self.ending_report().unwrap_or_else(|| self.enrich(report))
    }

    /// Describes a thrown value; an ending from outside is described as such.
    pub(crate) fn describe(&self, ctx: Ctx<'_>, thrown: &Value<'_>) -> ErrorReport {
        if let Some(report) = self.ending_report() {
            return report;
        }
        let report = ErrorReport::of(ctx, thrown);
        self.notice_panics(ctx);
        self.ending_report().unwrap_or_else(|| self.enrich(report))
    }

    /// Gives an op its outcome. A panic in the host's code ends the realm.
    pub(crate) fn deliver(&self, reply: Box<dyn Reply>, outcome: Outcome<'_, '_>) {
        if !send(reply, outcome) {
            self.end_for(internal_bug("a panic in a reply"));
        }
    }

    /// Ends the isolate at the next chance.
    pub(crate) fn end_for(&self, report: ErrorReport) {
        self.fatal.borrow_mut().get_or_insert(report);
    }

    /// Why the innermost frame is to end, if it is.
    pub(crate) fn ending_report(&self) -> Option<ErrorReport> {
        match self.guard.ending()? {
            Reason::Fatal => self.fatal.borrow().clone(),
            reason => Some(reason.report(self.guard.innermost().map_or("script", |(what, ..)| what))),
        }
    }

    /// Whether what runs now must not go on.
    pub(crate) fn must_end(&self, ctx: Ctx<'_>) -> bool {
        self.notice_panics(ctx);
        self.judge(Instant::now()).is_some()
    }

    /// Ends everything if native code of the isolate has panicked.
    fn notice_panics(&self, ctx: Ctx<'_>) {
        if let Some(what) = ctx.is_broken() {
            self.end_for(internal_bug(&what));
            self.guard.end_all();
        }
    }

    /// Names the limit in the engine's own errors of limits.
    fn enrich(&self, mut report: ErrorReport) -> ErrorReport {
        match (report.name.as_str(), report.message.as_str()) {
            ("RangeError" | "InternalError", "Maximum call stack size exceeded" | "stack overflow") => {
                report.message =
                    format!("Maximum call stack size exceeded (max_stack_size: {} bytes)", self.config.max_stack_size);
            }
            ("InternalError", "out of memory") => {
                report.name = "OutOfMemoryError".to_owned();
                report.message = format!("out of memory (memory_limit: {} bytes)", self.config.memory_limit);
            }
            _ => {}
        }
        report
    }

    /// Runs a callback; what it throws is reported. Its share is of the op that has set it going.
    ///
    /// `f` owns the values that only it uses: if it is ended from outside, ops that waited for them fail with it, which
    /// those that live on outside of the frame are not taken for.
    pub(crate) fn callback(&self, ctx: Ctx<'_>, what: &'static str, share: Share, f: impl FnOnce() -> Result<()>) {
        self.in_frame(ctx, Frame::callback(what, self.config.callback_timeout, share), || {
            let thrown = f().map_err(|Thrown| ctx.take_exception());
            match (self.guard.ending(), thrown) {
                (Some(reason), _) if reason.is_final() => {}
                (None, Ok(())) => {}
                (Some(reason), _) => self.host.uncaught(Uncaught::Exception(reason.report(what))),
                (None, Err(_)) if ctx.is_broken().is_some() => {}
                (None, Err(error)) => self.report_error(ctx, &error),
            }
        });
    }

    /// After a frame: lets go of garbage if the limit was passed. If live objects alone exceed it, later frames get a
    /// little room each to tidy up in. The realm ends once that adds up to what a builtin may overshoot, or was used up
    /// in vain too often.
    pub(crate) fn settle_memory(&self, ctx: Ctx<'_>) {
        let heap = ctx.heap();
        if !heap.over_limit() && !self.is_full.get() {
            return;
        }
        let was_over = heap.over_limit();
        ctx.collect_garbage();
        heap.clear_over_limit();
        let (used, limit) = (ctx.memory().used, self.config.memory_limit);
        let most = limit.saturating_add((limit / 4).max(8 << 20) + ROOM);
        let is_full = used + ROOM / 2 > limit;
        self.is_full.set(is_full);
        match (is_full, was_over) {
            (true, true) => self.strikes.set(self.strikes.get() + 1),
            (true, false) => {}
            (false, _) => self.strikes.set(0),
        }
        ctx.set_memory_limit(if is_full { (used + ROOM).min(most) } else { limit });
        if used + ROOM / 2 > most || self.strikes.get() >= MAX_STRIKES {
            let message =
                format!("live objects exceed memory_limit ({limit} bytes) for good; the runtime had to be ended");
            self.end_for(ErrorReport::new("OutOfMemoryError", message));
        }
    }

    /// Reports what a callback threw: to the realm's hook, and to the host if that does not handle it.
    fn report_error(&self, ctx: Ctx<'_>, error: &Value<'_>) {
        let report = self.describe(ctx, error);
        if !self.hook_handles(ctx, "error", error, None) {
            self.host.uncaught(Uncaught::Exception(report));
        }
    }

    /// Asks the realm's hook whether it handles an error event.
    fn hook_handles(&self, ctx: Ctx<'_>, kind: &str, reason: &Value<'_>, promise: Option<&Value<'_>>) -> bool {
        let hook = self.uncaught_hook.borrow().as_ref().map(|hook| ctx.get_kept(hook));
        let Some(hook) = hook else { return false };
        let Ok(kind) = ctx.string(kind) else {
            drop(ctx.take_exception());
            return false;
        };
        let promise = promise.cloned().unwrap_or_else(|| ctx.undefined());
        if self.is_hooked.replace(true) {
            return false;
        }
        // Reset here: what ends a script from outside runs no `finally`.
        let handled = ctx.call(&hook, &ctx.undefined(), &[kind, reason.clone(), promise]);
        self.is_hooked.set(false);
        match handled {
            Ok(handled) => handled.truthy(),
            Err(Thrown) => {
                let report = self.take_report(ctx);
                if !self.is_over(ctx) {
                    self.host.uncaught(Uncaught::Exception(report));
                }
                false
            }
        }
    }

    /// Reports promises that were rejected and have no handler now that all jobs have run.
    pub(crate) fn report_rejections(&self, ctx: Ctx<'_>) {
        if ctx.has_jobs() {
            return;
        }
        let mut rejections = ctx.take_unhandled_rejections().into_iter();
        for Rejection { promise, reason, continuation } in rejections.by_ref().take(MAX_REJECTIONS) {
            self.expire(Instant::now());
            if self.is_over(ctx) {
                return;
            }
            self.callback(ctx, "rejection callback", self.effort_of(continuation), move || {
                let (promise, reason) = (promise, reason);
                let report = self.describe(ctx, &reason);
                if !self.hook_handles(ctx, "unhandledrejection", &reason, Some(&promise)) {
                    self.host.uncaught(Uncaught::Rejection(report));
                }
                Ok(())
            });
        }
        let more = rejections.count();
        if more > 0 {
            let message = format!("{more} more promises were rejected at once and never handled");
            self.host.uncaught(Uncaught::Rejection(ErrorReport::new("Error", message)));
        }
    }
}

/// Takes the pending exception and describes it. Hosts call this when encoding a value threw.
pub fn take_report(ctx: Ctx<'_>) -> ErrorReport {
    match ctx.data::<RealmState>() {
        Some(state) => state.take_report(ctx),
        None => ctx.take_report(),
    }
}

/// Writes a line to the host's log.
pub fn log(ctx: Ctx<'_>, line: LogLine) {
    if let Ok(state) = RealmState::of(ctx) {
        state.host.log(line);
    }
}

/// Reports an error that nobody caught: to the realm's [hook](set_uncaught_hook), and to the host if that does not handle it.
pub fn report_exception<'a>(ctx: Ctx<'a>, error: &Value<'a>) {
    let Ok(state) = RealmState::of(ctx) else {
        return;
    };
    state.callback(ctx, "error callback", state.guard.share(), || {
        state.report_error(ctx, error);
        Ok(())
    });
}

/// Sets the function that is asked first about uncaught errors: `hook(kind, reason, promise)`, where `kind` is
/// `"error"` or `"unhandledrejection"`. It returns whether it handled the error.
pub fn set_uncaught_hook<'a>(ctx: Ctx<'a>, hook: Value<'a>) {
    let Ok(state) = RealmState::of(ctx) else {
        return;
    };
    let old = state.uncaught_hook.borrow_mut().replace(hook.persist());
    if let Some(old) = old {
        drop(ctx.restore(old));
    }
}

/// The host that answers this realm.
///
/// # Errors
/// Throws an `InternalError` in a realm that does not run on an executor.
pub fn host(ctx: Ctx<'_>) -> Result<Arc<dyn Host>> {
    Ok(RealmState::of(ctx)?.host.clone())
}

/// Time since the realm started, from a monotonic clock.
pub fn now_since_start(ctx: Ctx<'_>) -> Duration {
    RealmState::of(ctx).map(|state| state.started.elapsed()).unwrap_or_default()
}
