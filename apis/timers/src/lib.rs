//! `setTimeout`, `setInterval`, `setImmediate`, their `clear…` functions and `queueMicrotask`.
//!
//! As the timers of the HTML Standard: ids are numbers, extra arguments go to the callback, a delay is a 32-bit
//! number of milliseconds of which negative ones count as 0. A callback that is no function (a string to be evaluated, too)
//! is a `TypeError`. What a callback throws is reported as an uncaught error. A realm has at most 100,000 timers.

use quickbeam_api_webidl::{define_function, need, to_long};
use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{Api, clear_timer, enqueue_immediate, set_timer};
use std::time::Duration;

/// The API.
pub struct Timers;

impl Api for Timers {
    fn name(&self) -> &'static str {
        "timers"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        define_function(ctx, "setTimeout", 1, |ctx, _, args| start(ctx, args, "setTimeout", false))?;
        define_function(ctx, "setInterval", 1, |ctx, _, args| start(ctx, args, "setInterval", true))?;
        define_function(ctx, "setImmediate", 1, set_immediate)?;
        define_function(ctx, "clearTimeout", 0, clear)?;
        define_function(ctx, "clearInterval", 0, clear)?;
        define_function(ctx, "clearImmediate", 0, clear)?;
        define_function(ctx, "queueMicrotask", 1, |ctx, _, args| {
            callback(ctx, args, "queueMicrotask")?.call_as_job().map(|()| ctx.undefined())
        })
    }
}

fn callback<'a>(ctx: Ctx<'a>, args: Args<'a>, function: &str) -> Result<Value<'a>> {
    need(ctx, args, 1, function)?;
    let callback = args.get(0);
    if callback.is_function() {
        return Ok(callback);
    }
    Err(ctx.throw_type(&format!("{function}: the callback is not a function")))
}

fn start<'a>(ctx: Ctx<'a>, args: Args<'a>, function: &str, repeat: bool) -> Result<Value<'a>> {
    let callback = callback(ctx, args, function)?;
    let delay = to_long(&args.get(1))?;
    let delay = Duration::from_millis(u64::try_from(delay).unwrap_or(0));
    id(ctx, set_timer(ctx, callback, args.rest(2), delay, repeat)?)
}

fn set_immediate<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let callback = callback(ctx, args, "setImmediate")?;
    id(ctx, enqueue_immediate(ctx, callback, args.rest(1))?)
}

fn id(ctx: Ctx<'_>, id: u32) -> Result<Value<'_>> {
    Ok(ctx.number(f64::from(id)))
}

fn clear<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let id = to_long(&args.get(0))?;
    clear_timer(ctx, id.cast_unsigned());
    Ok(ctx.undefined())
}
