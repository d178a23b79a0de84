//! `Temporal.Now`: what clocks and calendars show at this moment.

use crate::class::{define_tag, make};
use crate::convert::OrThrow;
use crate::zone::{system_time_zone, to_time_zone};
use quickbeam_engine::{Attributes, Ctx, NativeFn, Result, Value};
use std::time::{SystemTime, UNIX_EPOCH};
use temporal_rs::{Instant, ZonedDateTime};

pub(crate) fn object(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let object = ctx.object()?;
    define_tag(ctx, &object, "Temporal.Now")?;
    define(&object, "timeZoneId", |ctx, _, _| ctx.string(&system_time_zone(ctx)?.identifier().or_throw(ctx)?))?;
    define(&object, "instant", |ctx, _, _| make(ctx, now(ctx)?))?;
    define(&object, "plainDateTimeISO", |ctx, _, args| make(ctx, zoned(ctx, &args.get(0))?.to_plain_date_time()))?;
    define(&object, "zonedDateTimeISO", |ctx, _, args| make(ctx, zoned(ctx, &args.get(0))?))?;
    define(&object, "plainDateISO", |ctx, _, args| make(ctx, zoned(ctx, &args.get(0))?.to_plain_date()))?;
    define(&object, "plainTimeISO", |ctx, _, args| make(ctx, zoned(ctx, &args.get(0))?.to_plain_time()))?;
    Ok(object)
}

fn define<'a>(object: &Value<'a>, name: &str, native: impl NativeFn) -> Result<()> {
    object.define(name, object.ctx().function(name, 0, native)?, Attributes::HIDDEN)
}

fn now(ctx: Ctx<'_>) -> Result<Instant> {
    let nanoseconds = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
        Err(before) => i128::try_from(before.duration().as_nanos()).map_or(i128::MIN, |nanoseconds| -nanoseconds),
    };
    Instant::try_new(nanoseconds).or_throw(ctx)
}

/// Now in a time zone; `undefined` is the system's.
fn zoned(ctx: Ctx<'_>, zone: &Value<'_>) -> Result<ZonedDateTime> {
    let zone = if zone.is_undefined() { system_time_zone(ctx)? } else { to_time_zone(ctx, zone)? };
    now(ctx)?.to_zoned_date_time_iso(zone).or_throw(ctx)
}
