//! The state of one realm beside its heap.

use crate::call::Calls;
use crate::config::RealmConfig;
use crate::guard::{Frame, Guard, Reason};
use crate::host::{Host, LogLine, Reply, Uncaught};
use crate::message::Messages;
use crate::module::Modules;
use crate::park::ParkingLot;
use crate::task::Mail;
use crate::timer::Timers;
use quickbeam_engine::{Ctx, ErrorReport, Persistent, Result, Thrown, Value};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) struct RealmState {
    pub(crate) mail: Arc<Mail>,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) config: Arc<RealmConfig>,
    pub(crate) guard: Guard,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) messages: RefCell<Messages>,
    pub(crate) calls: RefCell<Calls>,
    pub(crate) parked: RefCell<ParkingLot>,
    pub(crate) modules: Rc<Modules>,
    pub(crate) uncaught_hook: RefCell<Option<Persistent>>,
    pub(crate) started: Instant,
    /// Set by `Op::Reset`; the turn carries it out and replies.
    pub(crate) reset: RefCell<Option<Option<Box<dyn Reply>>>>,
}

impl RealmState {
    pub(crate) fn new(mail: Arc<Mail>, config: Arc<RealmConfig>) -> Rc<RealmState> {
        Rc::new(RealmState {
            guard: Guard::new(config.max_reductions, mail.worker.slice()),
            host: config.host.clone(),
            mail,
            config,
            timers: RefCell::default(),
            messages: RefCell::default(),
            calls: RefCell::default(),
            parked: RefCell::default(),
            modules: Rc::default(),
            uncaught_hook: RefCell::default(),
            started: Instant::now(),
            reset: RefCell::default(),
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
        match self.guard.ending() {
            Some(reason) => reason.report("op"),
            None => self.enrich(report),
        }
    }

    /// Describes a thrown value.
    pub(crate) fn describe(&self, ctx: Ctx<'_>, thrown: &Value<'_>) -> ErrorReport {
        self.enrich(ErrorReport::of(ctx, thrown))
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

    /// Runs a callback that no op waits for; what it throws is reported.
    pub(crate) fn callback(&self, ctx: Ctx<'_>, frame: Frame, f: impl FnOnce() -> Result<()>) {
        let what = frame.what;
        ctx.set_countdown(self.open_frame(frame));
        let result = f();
        let (_, reason) = self.close_frame(ctx.steps_since_poll());
        self.settle_memory(ctx);
        ctx.set_countdown(self.countdown());
        let thrown = result.map_err(|Thrown| ctx.take_exception());
        match (thrown, reason) {
            (_, Some(Reason::Killed)) | (Ok(()), None) => {}
            (_, Some(reason)) => self.host.uncaught(Uncaught::Exception(reason.report(what))),
            (Err(error), None) => report_exception(ctx, &error),
        }
    }

    /// After a frame: lets go of garbage if the limit was passed, and leaves a little room to tidy up in if live
    /// objects alone exceed it.
    pub(crate) fn settle_memory(&self, ctx: Ctx<'_>) {
        const ROOM: usize = 256 << 10;
        let heap = ctx.heap();
        if !heap.over_limit() && heap.stats().limit == self.config.memory_limit {
            return;
        }
        ctx.collect_garbage();
        heap.clear_over_limit();
        let used = heap.stats().used;
        heap.set_limit(if used + ROOM / 2 > self.config.memory_limit { used + ROOM } else { self.config.memory_limit });
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
        match ctx.call(&hook, &ctx.undefined(), &[kind, reason.clone(), promise]) {
            Ok(handled) => handled.truthy(),
            Err(Thrown) => {
                let report = self.take_report(ctx);
                self.host.uncaught(Uncaught::Exception(report));
                false
            }
        }
    }

    /// Reports promises that were rejected and have no handler now that all jobs have run.
    pub(crate) fn report_rejections(&self, ctx: Ctx<'_>) {
        for (promise, reason) in ctx.take_unhandled_rejections() {
            if !self.hook_handles(ctx, "unhandledrejection", &reason, Some(&promise)) {
                let report = self.describe(ctx, &reason);
                self.host.uncaught(Uncaught::Rejection(report));
            }
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
    let Ok(state) = RealmState::of(ctx) else { return };
    if !state.hook_handles(ctx, "error", error, None) {
        let report = state.describe(ctx, error);
        state.host.uncaught(Uncaught::Exception(report));
    }
}

/// Sets the function that is asked first about uncaught errors: `hook(kind, reason, promise)`, where `kind` is
/// `"error"` or `"unhandledrejection"`. It returns whether it handled the error.
pub fn set_uncaught_hook<'a>(ctx: Ctx<'a>, hook: Value<'a>) {
    let Ok(state) = RealmState::of(ctx) else { return };
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
