//! Objects of Temporal, which are host objects of the types of `temporal_rs`.

use crate::options::range;
use quickbeam_engine::{Args, Ctx, Result, Thrown, Value};
use temporal_rs::{
    Duration, Instant, PlainDate, PlainDateTime, PlainMonthDay, PlainTime, PlainYearMonth, TemporalError, ZonedDateTime,
};

const MILLISECOND: i128 = 1_000_000;

/// `[type, milliseconds since 1970, calendar, time zone]` of an object that has a time; what has no time zone is taken as UTC,
/// what has no time of day as noon. `undefined` for other values.
pub(crate) fn temporal<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(held) = args.get(0).host_value() else { return Ok(ctx.undefined()) };
    macro_rules! plain {
        ($($type:ident),*) => {
            $(if let Some(value) = held.downcast_ref::<$type>() {
                let nanoseconds = value.epoch_ns_for_utc().as_i128();
                return parts(ctx, stringify!($type), nanoseconds, Some(value.calendar().identifier()), None);
            })*
        };
    }
    plain!(PlainDate, PlainDateTime, PlainYearMonth, PlainMonthDay);
    if let Some(time) = held.downcast_ref::<PlainTime>() {
        return parts(ctx, "PlainTime", time.epoch_ns_for_utc().as_i128(), None, None);
    }
    if let Some(instant) = held.downcast_ref::<Instant>() {
        return parts(ctx, "Instant", instant.as_i128(), None, None);
    }
    if let Some(zoned) = held.downcast_ref::<ZonedDateTime>() {
        let zone = zoned.time_zone().identifier().map_err(|error| thrown(ctx, error))?;
        let nanoseconds = zoned.epoch_nanoseconds().as_i128();
        return parts(ctx, "ZonedDateTime", nanoseconds, Some(zoned.calendar().identifier()), Some(&zone));
    }
    Ok(ctx.undefined())
}

fn parts<'a>(
    ctx: Ctx<'a>,
    kind: &str,
    nanoseconds: i128,
    calendar: Option<&str>,
    zone: Option<&str>,
) -> Result<Value<'a>> {
    let optional = |text: Option<&str>| text.map_or_else(|| Ok(ctx.undefined()), |text| ctx.string(text));
    let milliseconds = nanoseconds.div_euclid(MILLISECOND) as f64;
    ctx.array(vec![ctx.string(kind)?, ctx.number(milliseconds), optional(calendar)?, optional(zone)?])
}

fn thrown(ctx: Ctx<'_>, error: TemporalError) -> Thrown {
    range(ctx, error.into_message())
}

const UNITS: [&str; 10] =
    ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"];

/// The units of a `Temporal.Duration` or of a string, `undefined` for other values: `(duration)`.
pub(crate) fn duration<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = args.get(0);
    let duration = if let Some(duration) = value.host::<Duration>() {
        *duration
    } else if value.is_string() {
        Duration::from_utf8(value.to_text()?.as_bytes()).map_err(|error| thrown(ctx, error))?
    } else {
        return Ok(ctx.undefined());
    };
    let numbers = [
        duration.years() as f64,
        duration.months() as f64,
        duration.weeks() as f64,
        duration.days() as f64,
        duration.hours() as f64,
        duration.minutes() as f64,
        duration.seconds() as f64,
        duration.milliseconds() as f64,
        duration.microseconds() as f64,
        duration.nanoseconds() as f64,
    ];
    let record = ctx.object_without_prototype()?;
    for (name, number) in UNITS.iter().zip(numbers) {
        record.set(name, ctx.number(number))?;
    }
    Ok(record)
}

/// A record of whole numbers, if it is a duration: `(record)`.
pub(crate) fn checked_duration<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let record = args.get(0);
    let mut numbers = [0.0; 10];
    for (number, name) in numbers.iter_mut().zip(UNITS) {
        *number = record.get(name)?.to_f64()?;
    }
    // Numbers past the range of their type become its ends, which no duration has.
    let [years, months, weeks, days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds] = numbers;
    Duration::new(
        years as i64,
        months as i64,
        weeks as i64,
        days as i64,
        hours as i64,
        minutes as i64,
        seconds as i64,
        milliseconds as i64,
        microseconds as i128,
        nanoseconds as i128,
    )
    .map_err(|error| thrown(ctx, error))?;
    Ok(record)
}
