//! `Temporal.PlainDate`: a day of a calendar.

use crate::class::{Class, as_instance, construct, date_getters, define_locale_string, make, of};
use crate::convert::{OrThrow, narrow, truncated};
use crate::duration::to_duration;
use crate::fields::{DATE, Fields, need_partial};
use crate::lunisolar;
use crate::options::Options;
use crate::plain_time::to_time;
use crate::zone::{calendar_argument, calendar_of_fields, date_text, need_same_calendar, to_calendar, to_time_zone};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::DisplayCalendar;
use temporal_rs::parsed_intermediates::ParsedDate;
use temporal_rs::{PlainDate, PlainDateTime, ZonedDateTime};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<PlainDate>(ctx, 3, |ctx, new_target, args| {
        let (year, month, day) = (truncated(&args.get(0))?, truncated(&args.get(1))?, truncated(&args.get(2))?);
        let calendar = calendar_argument(ctx, &args.get(3))?;
        let date = PlainDate::try_new(narrow(ctx, year)?, narrow(ctx, month)?, narrow(ctx, day)?, calendar);
        construct(ctx, new_target, date.or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_date(ctx, &args.get(0), args.get(1))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let first = to_date(ctx, &args.get(0), ctx.undefined())?;
        let second = to_date(ctx, &args.get(1), ctx.undefined())?;
        Ok(ctx.int(first.compare_iso(&second) as i32))
    })?;
    date_getters!(class, PlainDate);
    class.method("toPlainYearMonth", 0, |ctx, this, _| {
        make(ctx, of::<PlainDate>(ctx, this)?.to_plain_year_month().or_throw(ctx)?)
    })?;
    class.method("toPlainMonthDay", 0, |ctx, this, _| {
        make(ctx, of::<PlainDate>(ctx, this)?.to_plain_month_day().or_throw(ctx)?)
    })?;
    class.method("add", 1, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, date.add(&duration, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, date.subtract(&duration, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("with", 1, with)?;
    class.method("withCalendar", 1, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        make(ctx, date.with_calendar(to_calendar(ctx, &args.get(0))?))
    })?;
    class.method("until", 1, |ctx, this, args| {
        let (date, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::until(&date, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("since", 1, |ctx, this, args| {
        let (date, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::since(&date, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        Ok(ctx.boolean(*date == to_date(ctx, &args.get(0), ctx.undefined())?))
    })?;
    class.method("toPlainDateTime", 0, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        let time = args.get(0);
        let time = if time.is_undefined() { None } else { Some(to_time(ctx, &time, ctx.undefined())?) };
        make(ctx, date.to_plain_date_time(time).or_throw(ctx)?)
    })?;
    class.method("toZonedDateTime", 1, to_zoned_date_time)?;
    class.method("toString", 0, |ctx, this, args| {
        let date = of::<PlainDate>(ctx, this)?;
        let calendar = Options::new(ctx, args.get(0))?.choice("calendarName")?.unwrap_or_default();
        ctx.string(&date.to_ixdtf_string(calendar))
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        ctx.string(&of::<PlainDate>(ctx, this)?.to_ixdtf_string(DisplayCalendar::Auto))
    })?;
    define_locale_string::<PlainDate>(&class)?;
    Ok(class.finish())
}

/// ToTemporalDate.
///
/// # Errors
/// What getters, conversions and the calendar throw.
pub(crate) fn to_date<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<PlainDate> {
    let overflow = |options| Options::new(ctx, options)?.overflow();
    if !value.is_object() {
        let parsed = ParsedDate::from_utf8(date_text(ctx, value, "the date")?.as_bytes()).or_throw(ctx)?;
        overflow(options)?;
        return PlainDate::from_parsed(parsed).or_throw(ctx);
    }
    let instance = as_instance::<PlainDate>(value).map(|date| (*date).clone());
    let instance = instance.or_else(|| as_instance::<PlainDateTime>(value).map(|value| value.to_plain_date()));
    let instance = instance.or_else(|| as_instance::<ZonedDateTime>(value).map(|value| value.to_plain_date()));
    if let Some(date) = instance {
        overflow(options)?;
        return Ok(date);
    }
    let calendar = calendar_of_fields(ctx, value)?;
    let fields = Fields::read(ctx, value, &calendar, DATE)?;
    calendar.date_from_fields(fields.date(), overflow(options)?).or_throw(ctx)
}

fn operands<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<(PlainDate, PlainDate, Options<'a>)> {
    let date = (*of::<PlainDate>(ctx, this)?).clone();
    let other = to_date(ctx, &args.get(0), ctx.undefined())?;
    need_same_calendar(ctx, date.calendar(), other.calendar())?;
    Ok((date, other, Options::new(ctx, args.get(1))?))
}

fn with<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let date = of::<PlainDate>(ctx, this)?;
    need_partial(ctx, &args.get(0))?;
    let fields = Fields::read_some(ctx, &args.get(0), date.calendar(), DATE)?;
    let overflow = Options::new(ctx, args.get(1))?.overflow()?;
    make(ctx, date.with(fields.date(), Some(overflow)).or_throw(ctx)?)
}

fn to_zoned_date_time<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let date = of::<PlainDate>(ctx, this)?;
    let item = args.get(0);
    let named = if item.is_object() { item.get("timeZone")? } else { ctx.undefined() };
    if named.is_undefined() {
        return make(ctx, date.to_zoned_date_time(to_time_zone(ctx, &item)?, None).or_throw(ctx)?);
    }
    let zone = to_time_zone(ctx, &named)?;
    let time = item.get("plainTime")?;
    let time = if time.is_undefined() { None } else { Some(to_time(ctx, &time, ctx.undefined())?) };
    make(ctx, date.to_zoned_date_time(zone, time).or_throw(ctx)?)
}
