//! Events of the DOM Standard without a tree (`Event`, `EventTarget`, `CustomEvent`, `ErrorEvent`, `PromiseRejectionEvent`),
//! `AbortController` and `AbortSignal`, and the global object as an event target: `self`, `addEventListener` and its siblings,
//! `reportError`, `onerror` and `onunhandledrejection`.
//!
//! An error that nobody caught first goes to the listeners for `error` (`unhandledrejection` for promises); if
//! none of them cancels the event, the host is told.

mod state;

pub use state::{state_at, state_ends};

use quickbeam_api_webidl::{Natives, define_function, helpers, kept, need};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, ErrorReport, Glue, NativeFn, PropertyKey, Result, Value};
use quickbeam_executor::{Api, clear_timer, now_since_start, report_exception, set_timer, set_uncaught_hook};
use std::time::Duration;

/// Numbers for glue that has to do with the states of events: their places and flags.
pub const STATE: &str = include_str!("state.js");

static EVENTS: Glue = Glue::new("internal:events/event", include_str!("event.js")).with_constants(STATE);
static TARGET: Glue = Glue::new("internal:events/target", include_str!("target.js")).with_constants(STATE);
static ABORT: Glue = Glue::new("internal:events/abort", include_str!("abort.js"));
static UNCAUGHT: Glue = Glue::new("internal:events/uncaught", include_str!("uncaught.js"));

/// `Event`, for classes that extend it.
pub static EVENT: Deferred = Deferred::class("Event", UNIT, classes);

/// `EventTarget`, for classes that extend it.
pub static EVENT_TARGET: Deferred = Deferred::class("EventTarget", UNIT, classes);

static CLASSES: [Deferred; 5] = [
    Deferred::class("CustomEvent", UNIT, classes).extends(&EVENT),
    Deferred::class("ErrorEvent", UNIT, classes).extends(&EVENT),
    Deferred::class("PromiseRejectionEvent", UNIT, classes).extends(&EVENT),
    Deferred::class("AbortController", UNIT, classes),
    Deferred::class("AbortSignal", UNIT, classes).extends(&EVENT_TARGET),
];

/// What a realm keeps the classes under.
const UNIT: &str = "events";

/// The API.
pub struct Events;

impl Api for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&EVENT)?;
        ctx.define_deferred(&EVENT_TARGET)?;
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        ctx.globals().define("self", ctx.globals(), Attributes::ALL)?;
        define_function(ctx, "addEventListener", 2, |ctx, _, args| forward(ctx, "addEventListener", args))?;
        define_function(ctx, "removeEventListener", 2, |ctx, _, args| forward(ctx, "removeEventListener", args))?;
        define_function(ctx, "dispatchEvent", 1, |ctx, _, args| forward(ctx, "dispatchEvent", args))?;
        define_function(ctx, "reportError", 1, report_error)?;
        define_handler(ctx, "onerror", |ctx, _, args| handler(ctx, "error", args))?;
        define_handler(ctx, "onunhandledrejection", |ctx, _, args| handler(ctx, "unhandledrejection", args))
    }
}

/// An object with the classes, whatever has become of the globals; and with what other APIs need of them:
///
/// * `fire(target, event)` dispatches an event that no script made, `dispatchAt(target, event, stateOf(event), TRUSTED)` likewise at an
///   object that has no ancestors, whatever trees there are; `defineHandler(Class, type)` defines the attribute `on…`
///   of an event target; `soleListener(target, type)` is the function that is all that an event needs to call there, if there is one;
/// * `isSignal(value)`, `addAlgorithm(signal, callback)`, which calls back with the reason and returns a function
///   that takes the callback back, `makeSignal()`, `abortSignal(signal, reason)`, `makeDependent(signals)`.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let undefined = ctx.undefined();
        let (idl, natives) = (helpers(ctx)?, natives(ctx)?);
        let events = ctx.call(&EVENTS.run(ctx)?, &undefined, &[idl.clone(), natives.clone()])?;
        let targets = ctx.call(&TARGET.run(ctx)?, &undefined, &[idl.clone(), natives.clone(), events.clone()])?;
        targets.define("Event", events.get("Event")?, Attributes::ALL)?;
        let uncaught =
            ctx.call(&UNCAUGHT.run(ctx)?, &undefined, &[natives.clone(), events.clone(), targets.clone()])?;
        let abort = ctx.call(&ABORT.run(ctx)?, &undefined, &[idl, natives, targets.clone()])?;
        set_uncaught_hook(ctx, uncaught.get("hook")?);
        for part in [events, targets] {
            for key in part.keys()? {
                abort.define_key(&key, part.get_key(&key)?, Attributes::ALL)?;
            }
        }
        abort.define("uncaught", uncaught, Attributes::ALL)?;
        Ok(abort)
    })
}

fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Natives::new(ctx)?
        .function("begin", begin)?
        .function("report", report_error)?
        .function("describe", describe)?
        .function("setTimer", |ctx, _, args| {
            let delay = Duration::try_from_secs_f64(args.get(1).to_f64()? / 1e3).unwrap_or(Duration::MAX);
            let id = set_timer(ctx, args.get(0), Vec::new(), delay, false)?;
            Ok(ctx.number(f64::from(id)))
        })?
        .function("clearTimer", |ctx, _, args| {
            clear_timer(ctx, args.get(0).to_f64()? as u32);
            Ok(ctx.undefined())
        })
        .map(Natives::into_value)
}

/// `begin(event, getter, name)`: gives the event its `isTrusted`; the time.
fn begin<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).define_accessor_key(
        &PropertyKey::from_value(&args.get(2))?,
        args.get(1),
        None,
        Attributes { enumerable: true, ..Attributes::FIXED },
    )?;
    Ok(ctx.number(now(ctx)))
}

/// Milliseconds since the realm started, in the steps of 5 µs that High Resolution Time asks for: a finer clock would tell what
/// others on the machine do.
pub fn now(ctx: Ctx<'_>) -> f64 {
    const STEP: u128 = 5;
    (now_since_start(ctx).as_micros() / STEP * STEP) as f64 / 1e3
}

/// Calls a method of `EventTarget` on the global object.
fn forward<'a>(ctx: Ctx<'a>, method: &str, args: Args<'a>) -> Result<Value<'a>> {
    let method = classes(ctx)?.get("EventTarget")?.get("prototype")?.get(method)?;
    ctx.call(&method, &ctx.globals(), &args.rest(0))
}

fn report_error<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "reportError")?;
    report_exception(ctx, &args.get(0));
    Ok(ctx.undefined())
}

/// `[message, file, line, column]` of a thrown value.
fn describe<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let thrown = args.get(0);
    let report = ErrorReport::of(ctx, &thrown);
    let message = if thrown.is_error() { format!("Uncaught {report}") } else { format!("Uncaught {}", report.message) };
    let frame = report.location().cloned().unwrap_or_default();
    let number = |number: u32| ctx.number(f64::from(number));
    ctx.array(vec![ctx.string(&message)?, ctx.string(&frame.filename)?, number(frame.line), number(frame.column)])
}

/// Defines an event handler attribute of the global object, with one function for both directions.
fn define_handler<F: NativeFn>(ctx: Ctx<'_>, name: &str, access: F) -> Result<()> {
    let access = ctx.function(name, 0, access)?;
    ctx.globals().define_accessor(name, access.clone(), Some(access), Attributes::ALL)
}

/// Getter and setter of a handler: a setter is called with an argument.
fn handler<'a>(ctx: Ctx<'a>, kind: &str, args: Args<'a>) -> Result<Value<'a>> {
    if args.is_empty() && ctx.kept(UNIT).is_none() {
        return Ok(ctx.null());
    }
    let uncaught = classes(ctx)?.get("uncaught")?;
    let kind = ctx.string(kind)?;
    if args.is_empty() {
        return ctx.call(&uncaught.get("getHandler")?, &ctx.undefined(), &[kind]);
    }
    ctx.call(&uncaught.get("setHandler")?, &ctx.undefined(), &[kind, args.get(0)])
}
