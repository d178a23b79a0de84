//! High Resolution Time, the Performance Timeline and User Timing: `performance`, and the classes of its entries and observers.
//!
//! The clock is monotonic, goes in steps of 5 µs, and starts with the realm; `timeOrigin` is that moment in milliseconds since 1970. The timeline holds marks
//! and measures until they are cleared, in the isolate's heap.

use quickbeam_api_events as events;
use quickbeam_api_structured_clone as structured_clone;
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{Api, enqueue_immediate, now_since_start, report_exception};
use std::time::{SystemTime, UNIX_EPOCH};

static TIMELINE: Glue = Glue::new("internal:performance/timeline", include_str!("timeline.js"));
static PERFORMANCE: Glue = Glue::new("internal:performance", include_str!("performance.js"));

/// `performance` and its class.
pub struct Performance;

impl Api for Performance {
    fn name(&self) -> &'static str {
        "performance"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&INSTANCE)?;
        ctx.define_deferred(&CLASS)
    }
}

static CLASSES: [Deferred; 5] = [
    Deferred::class("PerformanceEntry", UNIT, made),
    Deferred::class("PerformanceMark", UNIT, made).extends(&CLASSES[0]),
    Deferred::class("PerformanceMeasure", UNIT, made).extends(&CLASSES[0]),
    Deferred::class("PerformanceObserver", UNIT, made),
    Deferred::class("PerformanceObserverEntryList", UNIT, made),
];

/// What a realm keeps the classes under.
const UNIT: &str = "performance";

static CLASS: Deferred = Deferred::class("Performance", UNIT, made).extends(&events::EVENT_TARGET);
static INSTANCE: Deferred = Deferred::instance("performance", "Performance", UNIT, made).extends(&events::EVENT_TARGET);

/// The classes of entries and observers.
pub struct Timeline;

impl Api for Timeline {
    fn name(&self) -> &'static str {
        "performance_timeline"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let origin = since_epoch.saturating_sub(now_since_start(ctx));
        let natives = Natives::new(ctx)?
            .function("now", |ctx, _, _| Ok(ctx.number(events::now(ctx))))?
            .function("clone", |ctx, _, args| structured_clone::clone(ctx, &args.get(0)))?
            .function("queueTask", |ctx, _, args| {
                enqueue_immediate(ctx, args.get(0), Vec::new())?;
                Ok(ctx.undefined())
            })?
            .function("report", |ctx, _, args| {
                report_exception(ctx, &args.get(0));
                Ok(ctx.undefined())
            })?
            .value("timeOrigin", ctx.number(origin.as_secs_f64() * 1e3))?
            .value("EventTarget", events::classes(ctx)?.get("EventTarget")?)?
            .into_value();
        let idl = helpers(ctx)?;
        let timeline = ctx.call(&TIMELINE.run(ctx)?, &ctx.undefined(), &[idl.clone(), natives.clone()])?;
        ctx.call(&PERFORMANCE.run(ctx)?, &ctx.undefined(), &[idl, natives, timeline])
    })
}
