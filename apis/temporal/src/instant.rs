//! `Temporal.Instant`: an exact time, in nanoseconds since 1970.

use crate::class::{Class, as_instance, construct, define_locale_string, getters, make, of};
use crate::convert::{OrThrow, bigint, range, required_text, to_bigint};
use crate::duration::to_duration;
use crate::options::Options;
use crate::zone::to_time_zone;
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::ToStringRoundingOptions;
use temporal_rs::{Instant, ZonedDateTime};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<Instant>(ctx, 1, |ctx, new_target, args| {
        construct(ctx, new_target, Instant::try_new(to_bigint(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_instant(ctx, &args.get(0))?))?;
    class.static_method("fromEpochMilliseconds", 1, |ctx, _, args| {
        make(ctx, from_milliseconds(ctx, args.get(0).to_f64()?)?)
    })?;
    class.static_method("fromEpochNanoseconds", 1, |ctx, _, args| {
        make(ctx, Instant::try_new(to_bigint(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.static_method("compare", 2, |ctx, _, args| {
        let (first, second) = (to_instant(ctx, &args.get(0))?, to_instant(ctx, &args.get(1))?);
        Ok(ctx.int(first.cmp(&second) as i32))
    })?;
    getters! { class, Instant;
        "epochMilliseconds" = |value| value.epoch_milliseconds();
    }
    class.getter("epochNanoseconds", |ctx, this, _| bigint(ctx, of::<Instant>(ctx, this)?.as_i128()))?;
    class.method("add", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        make(ctx, instant.add(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        make(ctx, instant.subtract(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("until", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        let other = to_instant(ctx, &args.get(0))?;
        make(ctx, instant.until(&other, Options::new(ctx, args.get(1))?.difference()?).or_throw(ctx)?)
    })?;
    class.method("since", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        let other = to_instant(ctx, &args.get(0))?;
        make(ctx, instant.since(&other, Options::new(ctx, args.get(1))?.difference()?).or_throw(ctx)?)
    })?;
    class.method("round", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        let options = Options::or_unit(ctx, args.get(0), "smallestUnit")?;
        make(ctx, instant.round(options.rounding()?).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        Ok(ctx.boolean(*instant == to_instant(ctx, &args.get(0))?))
    })?;
    class.method("toString", 0, to_string)?;
    class.method("toJSON", 0, |ctx, this, _| {
        let instant = of::<Instant>(ctx, this)?;
        ctx.string(&instant.to_ixdtf_string(None, ToStringRoundingOptions::default()).or_throw(ctx)?)
    })?;
    class.method("toZonedDateTimeISO", 1, |ctx, this, args| {
        let instant = of::<Instant>(ctx, this)?;
        make(ctx, instant.to_zoned_date_time_iso(to_time_zone(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    define_locale_string::<Instant>(&class)?;
    Ok(class.finish())
}

/// ToTemporalInstant.
///
/// # Errors
/// Throws a `TypeError` for what is no string, a `RangeError` for a string that is no exact time.
fn to_instant(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Instant> {
    if let Some(instant) = as_instance::<Instant>(value) {
        return Ok(*instant);
    }
    if let Some(zoned) = as_instance::<ZonedDateTime>(value) {
        return Ok(zoned.to_instant());
    }
    Instant::from_utf8(required_text(ctx, value, "the instant")?.as_bytes()).or_throw(ctx)
}

/// The instant of a number of milliseconds since 1970.
///
/// # Errors
/// Throws a `RangeError` for what is no integer, or outside the range of instants.
pub(crate) fn from_milliseconds(ctx: Ctx<'_>, milliseconds: f64) -> Result<Instant> {
    if milliseconds.trunc() != milliseconds {
        return Err(range(ctx, "the number of milliseconds is not an integer"));
    }
    Instant::from_epoch_milliseconds(milliseconds as i64).or_throw(ctx)
}

fn to_string<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let instant = of::<Instant>(ctx, this)?;
    let options = Options::new(ctx, args.get(0))?;
    let precision = options.precision()?;
    let zone = options.get("timeZone")?;
    let zone = if zone.is_undefined() { None } else { Some(to_time_zone(ctx, &zone)?) };
    ctx.string(&instant.to_ixdtf_string(zone, precision).or_throw(ctx)?)
}
