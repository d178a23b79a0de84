//! `Temporal.Duration`: a length of time, in ten units that may be all positive or all negative.

use crate::class::{Class, as_instance, construct, getters, make, of};
use crate::convert::{OrThrow, integral, range, text};
use crate::fields::{Fields, ZONED};
use crate::lunisolar;
use crate::options::Options;
use crate::zone::{calendar_of_fields, date_text};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::{
    Disambiguation, OffsetDisambiguation, Overflow, RelativeTo, RoundingOptions, ToStringRoundingOptions, Unit,
};
use temporal_rs::parsed_intermediates::{ParsedDate, ParsedZonedDateTime};
use temporal_rs::partial::{PartialDuration, PartialZonedDateTime};
use temporal_rs::{Duration, PlainDate, PlainDateTime, TemporalResult, ZonedDateTime};

/// The fields in the order that property bags are read in.
const FIELDS: [&str; 10] =
    ["days", "hours", "microseconds", "milliseconds", "minutes", "months", "nanoseconds", "seconds", "weeks", "years"];

/// The fields in the order of the constructor's parameters.
const UNITS: [&str; 10] =
    ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"];

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<Duration>(ctx, 0, |ctx, new_target, args| {
        let mut partial = zero();
        for (index, name) in UNITS.iter().enumerate() {
            let value = args.get(index);
            if !value.is_undefined() {
                set(&mut partial, name, integral(&value)?);
            }
        }
        construct(ctx, new_target, Duration::from_partial_duration(partial).or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_duration(ctx, &args.get(0))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let (first, second) = (to_duration(ctx, &args.get(0))?, to_duration(ctx, &args.get(1))?);
        let relative_to = relative_to(ctx, &Options::new(ctx, args.get(2))?)?;
        let is_missing = relative_to.is_none() && (has_calendar_units(&first) || has_calendar_units(&second));
        Ok(ctx.int(named(ctx, first.compare(&second, relative_to), is_missing)? as i32))
    })?;
    getters! { class, Duration;
        "years" = |value| value.years();
        "months" = |value| value.months();
        "weeks" = |value| value.weeks();
        "days" = |value| value.days();
        "hours" = |value| value.hours();
        "minutes" = |value| value.minutes();
        "seconds" = |value| value.seconds();
        "milliseconds" = |value| value.milliseconds();
        "microseconds" = |value| value.microseconds();
        "nanoseconds" = |value| value.nanoseconds();
        "sign" = |value| value.sign() as i32;
        "blank" = |value| value.is_zero();
    }
    class.method("with", 1, |ctx, this, args| {
        let duration = of::<Duration>(ctx, this)?;
        make(ctx, Duration::from_partial_duration(read(ctx, &args.get(0), from(&duration))?).or_throw(ctx)?)
    })?;
    class.method("negated", 0, |ctx, this, _| make(ctx, of::<Duration>(ctx, this)?.negated()))?;
    class.method("abs", 0, |ctx, this, _| make(ctx, of::<Duration>(ctx, this)?.abs()))?;
    class.method("add", 1, |ctx, this, args| {
        let duration = of::<Duration>(ctx, this)?;
        make(ctx, duration.add(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let duration = of::<Duration>(ctx, this)?;
        make(ctx, duration.subtract(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("round", 1, round)?;
    class.method("total", 1, |ctx, this, args| {
        let duration = of::<Duration>(ctx, this)?;
        let options = Options::or_unit(ctx, args.get(0), "unit")?;
        let relative_to = relative_to(ctx, &options)?;
        let unit = options.unit("unit")?.filter(|unit| *unit != Unit::Auto);
        let unit = unit.ok_or_else(|| range(ctx, "the option unit is missing"))?;
        let is_missing = relative_to.is_none() && (has_calendar_units(&duration) || unit.is_calendar_unit());
        Ok(ctx.number(named(ctx, lunisolar::total(&duration, unit, relative_to), is_missing)?))
    })?;
    class.method("toString", 0, |ctx, this, args| {
        let duration = of::<Duration>(ctx, this)?;
        let precision = Options::new(ctx, args.get(0))?.precision()?;
        ctx.string(&duration.as_temporal_string(precision).or_throw(ctx)?)
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        let duration = of::<Duration>(ctx, this)?;
        ctx.string(&duration.as_temporal_string(ToStringRoundingOptions::default()).or_throw(ctx)?)
    })?;
    class.method("toLocaleString", 0, |ctx, this, args| {
        of::<Duration>(ctx, this)?;
        quickbeam_api_intl::format_duration(ctx, this, args)
    })?;
    Ok(class.finish())
}

/// Whether it depends on the date how long a duration is.
fn has_calendar_units(duration: &Duration) -> bool {
    duration.years() != 0 || duration.months() != 0 || duration.weeks() != 0
}

/// What the library made, whose error does not say that `relativeTo` is missing.
fn named<T>(ctx: Ctx<'_>, made: TemporalResult<T>, is_missing: bool) -> Result<T> {
    match made {
        Err(_) if is_missing => Err(range(ctx, "years, months and weeks need the option relativeTo")),
        made => made.or_throw(ctx),
    }
}

/// ToTemporalDuration.
///
/// # Errors
/// What getters and conversions throw; a `RangeError` for a duration that is none.
pub(crate) fn to_duration(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Duration> {
    if let Some(duration) = as_instance::<Duration>(value) {
        return Ok(*duration);
    }
    if !value.is_object() {
        return Duration::from_utf8(text(ctx, value, "the duration")?.as_bytes()).or_throw(ctx);
    }
    Duration::from_partial_duration(read(ctx, value, zero())?).or_throw(ctx)
}

fn zero() -> PartialDuration {
    from(&Duration::default())
}

fn from(duration: &Duration) -> PartialDuration {
    PartialDuration {
        years: Some(duration.years()),
        months: Some(duration.months()),
        weeks: Some(duration.weeks()),
        days: Some(duration.days()),
        hours: Some(duration.hours()),
        minutes: Some(duration.minutes()),
        seconds: Some(duration.seconds()),
        milliseconds: Some(duration.milliseconds()),
        microseconds: Some(duration.microseconds()),
        nanoseconds: Some(duration.nanoseconds()),
    }
}

/// Numbers past the range of their type become its ends, which no duration has.
fn set(partial: &mut PartialDuration, name: &str, number: f64) {
    match name {
        "years" => partial.years = Some(number as i64),
        "months" => partial.months = Some(number as i64),
        "weeks" => partial.weeks = Some(number as i64),
        "days" => partial.days = Some(number as i64),
        "hours" => partial.hours = Some(number as i64),
        "minutes" => partial.minutes = Some(number as i64),
        "seconds" => partial.seconds = Some(number as i64),
        "milliseconds" => partial.milliseconds = Some(number as i64),
        "microseconds" => partial.microseconds = Some(number as i128),
        _ => partial.nanoseconds = Some(number as i128),
    }
}

/// Reads a property bag (ToTemporalPartialDurationRecord) over what is there.
fn read(ctx: Ctx<'_>, bag: &Value<'_>, mut partial: PartialDuration) -> Result<PartialDuration> {
    if !bag.is_object() {
        return Err(ctx.throw_type("the fields are not an object"));
    }
    let mut is_any = false;
    for name in FIELDS {
        let value = bag.get(name)?;
        if !value.is_undefined() {
            is_any = true;
            set(&mut partial, name, integral(&value)?);
        }
    }
    if is_any { Ok(partial) } else { Err(ctx.throw_type(&format!("the object has none of {}", FIELDS.join(", ")))) }
}

fn round<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let duration = of::<Duration>(ctx, this)?;
    let options = Options::or_unit(ctx, args.get(0), "smallestUnit")?;
    let largest_unit = options.unit("largestUnit")?;
    let relative_to = relative_to(ctx, &options)?;
    let mut rounding: RoundingOptions = options.rounding()?;
    rounding.largest_unit = largest_unit;
    make(ctx, lunisolar::round(&duration, rounding, relative_to).or_throw(ctx)?)
}

/// GetTemporalRelativeToOption.
fn relative_to(ctx: Ctx<'_>, options: &Options<'_>) -> Result<Option<RelativeTo>> {
    let value = options.get("relativeTo")?;
    if value.is_undefined() {
        return Ok(None);
    }
    if !value.is_object() {
        return parse_relative_to(ctx, &date_text(ctx, &value, "relativeTo")?).map(Some);
    }
    if let Some(zoned) = as_instance::<ZonedDateTime>(&value) {
        return Ok(Some((*zoned).clone().into()));
    }
    if let Some(date) = as_instance::<PlainDate>(&value) {
        return Ok(Some((*date).clone().into()));
    }
    if let Some(date_time) = as_instance::<PlainDateTime>(&value) {
        return Ok(Some(date_time.to_plain_date().into()));
    }
    let calendar = calendar_of_fields(ctx, &value)?;
    let fields = Fields::read(ctx, &value, &calendar, ZONED)?;
    let overflow = Overflow::Constrain;
    if fields.time_zone.is_none() {
        return Ok(Some(calendar.date_from_fields(fields.date(), overflow).or_throw(ctx)?.into()));
    }
    let partial = PartialZonedDateTime { fields: fields.zoned(ctx, overflow)?, timezone: fields.time_zone, calendar };
    let zoned = ZonedDateTime::from_partial(
        partial,
        Some(overflow),
        Some(Disambiguation::Compatible),
        Some(OffsetDisambiguation::Reject),
    );
    Ok(Some(zoned.or_throw(ctx)?.into()))
}

/// A string with a time zone is an exact time, another one is a date.
fn parse_relative_to(ctx: Ctx<'_>, text: &str) -> Result<RelativeTo> {
    if let Ok(date) = ParsedDate::from_utf8(text.as_bytes())
        && ParsedZonedDateTime::from_utf8(text.as_bytes()).is_err()
    {
        return Ok(PlainDate::from_parsed(date).or_throw(ctx)?.into());
    }
    let parsed = ParsedZonedDateTime::from_utf8(text.as_bytes()).or_throw(ctx)?;
    let zoned = ZonedDateTime::from_parsed(parsed, Disambiguation::Compatible, OffsetDisambiguation::Reject);
    Ok(zoned.or_throw(ctx)?.into())
}
