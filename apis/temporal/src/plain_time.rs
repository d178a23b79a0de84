//! `Temporal.PlainTime`: a time of day.

use crate::class::{Class, as_instance, construct, define_locale_string, make, of, time_getters};
use crate::convert::{OrThrow, narrow, text, truncated};
use crate::duration::to_duration;
use crate::fields::{Fields, TIME, need_partial};
use crate::options::Options;
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::ToStringRoundingOptions;
use temporal_rs::{Calendar, PlainDateTime, PlainTime, ZonedDateTime};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<PlainTime>(ctx, 0, |ctx, new_target, args| {
        let [hour, minute, second, millisecond, microsecond, nanosecond] = time_arguments(args, 0)?;
        let time = PlainTime::try_new(
            narrow(ctx, hour)?,
            narrow(ctx, minute)?,
            narrow(ctx, second)?,
            narrow(ctx, millisecond)?,
            narrow(ctx, microsecond)?,
            narrow(ctx, nanosecond)?,
        );
        construct(ctx, new_target, time.or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_time(ctx, &args.get(0), args.get(1))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let first = to_time(ctx, &args.get(0), ctx.undefined())?;
        let second = to_time(ctx, &args.get(1), ctx.undefined())?;
        Ok(ctx.int(first.cmp(&second) as i32))
    })?;
    time_getters!(class, PlainTime);
    class.method("add", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        make(ctx, time.add(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        make(ctx, time.subtract(&to_duration(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("with", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        need_partial(ctx, &args.get(0))?;
        let fields = Fields::read_some(ctx, &args.get(0), &Calendar::ISO, TIME)?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, time.with(fields.time(ctx, overflow)?, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("until", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        let other = to_time(ctx, &args.get(0), ctx.undefined())?;
        make(ctx, time.until(&other, Options::new(ctx, args.get(1))?.difference()?).or_throw(ctx)?)
    })?;
    class.method("since", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        let other = to_time(ctx, &args.get(0), ctx.undefined())?;
        make(ctx, time.since(&other, Options::new(ctx, args.get(1))?.difference()?).or_throw(ctx)?)
    })?;
    class.method("round", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        let options = Options::or_unit(ctx, args.get(0), "smallestUnit")?;
        make(ctx, time.round(options.rounding()?).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        Ok(ctx.boolean(*time == to_time(ctx, &args.get(0), ctx.undefined())?))
    })?;
    class.method("toString", 0, |ctx, this, args| {
        let time = of::<PlainTime>(ctx, this)?;
        let precision = Options::new(ctx, args.get(0))?.precision()?;
        ctx.string(&time.to_ixdtf_string(precision).or_throw(ctx)?)
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        let time = of::<PlainTime>(ctx, this)?;
        ctx.string(&time.to_ixdtf_string(ToStringRoundingOptions::default()).or_throw(ctx)?)
    })?;
    define_locale_string::<PlainTime>(&class)?;
    Ok(class.finish())
}

/// The six arguments of a constructor from `first` on, 0 for those that are missing.
///
/// # Errors
/// As [`truncated`].
pub(crate) fn time_arguments(args: Args<'_>, first: usize) -> Result<[f64; 6]> {
    let mut numbers = [0.0; 6];
    for (index, number) in numbers.iter_mut().enumerate() {
        let value = args.get(first + index);
        if !value.is_undefined() {
            *number = truncated(&value)?;
        }
    }
    Ok(numbers)
}

/// ToTemporalTime.
///
/// # Errors
/// What getters and conversions throw.
pub(crate) fn to_time<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<PlainTime> {
    let overflow = |options| Options::new(ctx, options)?.overflow();
    if !value.is_object() {
        let time = PlainTime::from_utf8(text(ctx, value, "the time")?.as_bytes()).or_throw(ctx)?;
        overflow(options)?;
        return Ok(time);
    }
    let instance = as_instance::<PlainTime>(value).map(|time| *time);
    let instance = instance.or_else(|| as_instance::<PlainDateTime>(value).map(|value| value.to_plain_time()));
    let instance = instance.or_else(|| as_instance::<ZonedDateTime>(value).map(|value| value.to_plain_time()));
    if let Some(time) = instance {
        overflow(options)?;
        return Ok(time);
    }
    let fields = Fields::read_some(ctx, value, &Calendar::ISO, TIME)?;
    let overflow = overflow(options)?;
    PlainTime::from_partial(fields.time(ctx, overflow)?, Some(overflow)).or_throw(ctx)
}
