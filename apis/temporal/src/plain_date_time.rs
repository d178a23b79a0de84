//! `Temporal.PlainDateTime`: a day of a calendar and a time of day, wherever that is.

use crate::class::{Class, as_instance, construct, date_getters, define_locale_string, make, of, time_getters};
use crate::convert::{OrThrow, narrow, truncated};
use crate::duration::to_duration;
use crate::fields::{DATE_TIME, Fields, need_partial};
use crate::lunisolar;
use crate::options::Options;
use crate::plain_time::{time_arguments, to_time};
use crate::zone::{calendar_argument, calendar_of_fields, date_text, need_same_calendar, to_calendar, to_time_zone};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::{DisplayCalendar, ToStringRoundingOptions};
use temporal_rs::parsed_intermediates::ParsedDateTime;
use temporal_rs::partial::PartialDateTime;
use temporal_rs::{PlainDate, PlainDateTime, ZonedDateTime};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<PlainDateTime>(ctx, 3, constructor)?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_date_time(ctx, &args.get(0), args.get(1))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let first = to_date_time(ctx, &args.get(0), ctx.undefined())?;
        let second = to_date_time(ctx, &args.get(1), ctx.undefined())?;
        Ok(ctx.int(first.compare_iso(&second) as i32))
    })?;
    date_getters!(class, PlainDateTime);
    time_getters!(class, PlainDateTime);
    define_arithmetic(&class)?;
    class.method("with", 1, with)?;
    class.method("withPlainTime", 0, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let time = args.get(0);
        let time = if time.is_undefined() { None } else { Some(to_time(ctx, &time, ctx.undefined())?) };
        make(ctx, value.with_time(time).or_throw(ctx)?)
    })?;
    class.method("withCalendar", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        make(ctx, value.with_calendar(to_calendar(ctx, &args.get(0))?))
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        Ok(ctx.boolean(*value == to_date_time(ctx, &args.get(0), ctx.undefined())?))
    })?;
    class.method("toZonedDateTime", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let zone = to_time_zone(ctx, &args.get(0))?;
        let disambiguation = Options::new(ctx, args.get(1))?.choice("disambiguation")?.unwrap_or_default();
        make(ctx, value.to_zoned_date_time(zone, disambiguation).or_throw(ctx)?)
    })?;
    class.method("toPlainDate", 0, |ctx, this, _| make(ctx, of::<PlainDateTime>(ctx, this)?.to_plain_date()))?;
    class.method("toPlainTime", 0, |ctx, this, _| make(ctx, of::<PlainDateTime>(ctx, this)?.to_plain_time()))?;
    class.method("toString", 0, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let options = Options::new(ctx, args.get(0))?;
        let calendar = options.choice("calendarName")?.unwrap_or_default();
        ctx.string(&value.to_ixdtf_string(options.precision()?, calendar).or_throw(ctx)?)
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let text = value.to_ixdtf_string(ToStringRoundingOptions::default(), DisplayCalendar::Auto);
        ctx.string(&text.or_throw(ctx)?)
    })?;
    define_locale_string::<PlainDateTime>(&class)?;
    Ok(class.finish())
}

fn define_arithmetic(class: &Class<'_>) -> Result<()> {
    class.method("add", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.add(&duration, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.subtract(&duration, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("until", 1, |ctx, this, args| {
        let (value, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::until(&value, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("since", 1, |ctx, this, args| {
        let (value, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::since(&value, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("round", 1, |ctx, this, args| {
        let value = of::<PlainDateTime>(ctx, this)?;
        let options = Options::or_unit(ctx, args.get(0), "smallestUnit")?;
        make(ctx, value.round(options.rounding()?).or_throw(ctx)?)
    })
}

fn constructor<'a>(ctx: Ctx<'a>, new_target: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (year, month, day) = (truncated(&args.get(0))?, truncated(&args.get(1))?, truncated(&args.get(2))?);
    let [hour, minute, second, millisecond, microsecond, nanosecond] = time_arguments(args, 3)?;
    let calendar = calendar_argument(ctx, &args.get(9))?;
    let value = PlainDateTime::try_new(
        narrow(ctx, year)?,
        narrow(ctx, month)?,
        narrow(ctx, day)?,
        narrow(ctx, hour)?,
        narrow(ctx, minute)?,
        narrow(ctx, second)?,
        narrow(ctx, millisecond)?,
        narrow(ctx, microsecond)?,
        narrow(ctx, nanosecond)?,
        calendar,
    );
    construct(ctx, new_target, value.or_throw(ctx)?)
}

/// ToTemporalDateTime.
///
/// # Errors
/// What getters, conversions and the calendar throw.
pub(crate) fn to_date_time<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<PlainDateTime> {
    let overflow = |options| Options::new(ctx, options)?.overflow();
    if !value.is_object() {
        let parsed = ParsedDateTime::from_utf8(date_text(ctx, value, "the date")?.as_bytes()).or_throw(ctx)?;
        overflow(options)?;
        return PlainDateTime::from_parsed(parsed).or_throw(ctx);
    }
    let instance = as_instance::<PlainDateTime>(value).map(|value| (*value).clone());
    let instance = instance.or_else(|| as_instance::<ZonedDateTime>(value).map(|value| value.to_plain_date_time()));
    if let Some(value) = instance {
        overflow(options)?;
        return Ok(value);
    }
    if let Some(date) = as_instance::<PlainDate>(value) {
        overflow(options)?;
        return date.to_plain_date_time(None).or_throw(ctx);
    }
    let calendar = calendar_of_fields(ctx, value)?;
    let fields = Fields::read(ctx, value, &calendar, DATE_TIME)?;
    let overflow = overflow(options)?;
    let partial = PartialDateTime { fields: fields.date_time(ctx, overflow)?, calendar };
    PlainDateTime::from_partial(partial, Some(overflow)).or_throw(ctx)
}

fn operands<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<(PlainDateTime, PlainDateTime, Options<'a>)> {
    let value = (*of::<PlainDateTime>(ctx, this)?).clone();
    let other = to_date_time(ctx, &args.get(0), ctx.undefined())?;
    need_same_calendar(ctx, value.calendar(), other.calendar())?;
    Ok((value, other, Options::new(ctx, args.get(1))?))
}

fn with<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = of::<PlainDateTime>(ctx, this)?;
    need_partial(ctx, &args.get(0))?;
    let fields = Fields::read_some(ctx, &args.get(0), value.calendar(), DATE_TIME)?;
    let overflow = Options::new(ctx, args.get(1))?.overflow()?;
    make(ctx, value.with(fields.date_time(ctx, overflow)?, Some(overflow)).or_throw(ctx)?)
}
