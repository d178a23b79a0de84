//! `Temporal.PlainMonthDay`: a day of any year, such as a birthday.

use crate::class::{Class, as_instance, construct, define_locale_string, getters, make, of};
use crate::convert::{OrThrow, narrow, truncated};
use crate::fields::{DATE, Fields, YEAR, need_partial};
use crate::options::Options;
use crate::zone::{calendar_argument, calendar_of_fields, date_text};
use quickbeam_engine::{Ctx, Result, Value};
use temporal_rs::options::{DisplayCalendar, Overflow};
use temporal_rs::parsed_intermediates::ParsedDate;
use temporal_rs::{PlainDate, PlainMonthDay};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<PlainMonthDay>(ctx, 2, |ctx, new_target, args| {
        let (month, day) = (truncated(&args.get(0))?, truncated(&args.get(1))?);
        let calendar = calendar_argument(ctx, &args.get(2))?;
        let year = args.get(3);
        let year: i32 = if year.is_undefined() { 1972 } else { narrow(ctx, truncated(&year)?)? };
        let (month, day) = (narrow(ctx, month)?, narrow(ctx, day)?);
        // Its limits are those of dates, which the library leaves to its callers.
        PlainDate::try_new(year, month, day, calendar.clone()).or_throw(ctx)?;
        let value = PlainMonthDay::new_with_overflow(month, day, calendar, Overflow::Reject, Some(year));
        construct(ctx, new_target, value.or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_month_day(ctx, &args.get(0), args.get(1))?))?;
    getters! { class, PlainMonthDay;
        "calendarId" = |value| value.calendar().identifier();
        "monthCode" = |value| value.month_code().as_str();
        "day" = |value| value.day();
    }
    class.method("with", 1, |ctx, this, args| {
        let value = of::<PlainMonthDay>(ctx, this)?;
        need_partial(ctx, &args.get(0))?;
        let fields = Fields::read_some(ctx, &args.get(0), value.calendar(), DATE)?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.with(fields.date(), Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let value = of::<PlainMonthDay>(ctx, this)?;
        Ok(ctx.boolean(*value == to_month_day(ctx, &args.get(0), ctx.undefined())?))
    })?;
    class.method("toPlainDate", 1, |ctx, this, args| {
        let value = of::<PlainMonthDay>(ctx, this)?;
        let bag = args.get(0);
        if !bag.is_object() {
            return Err(ctx.throw_type("the fields are not an object"));
        }
        let fields = Fields::read(ctx, &bag, value.calendar(), YEAR)?;
        make(ctx, value.to_plain_date(Some(fields.date())).or_throw(ctx)?)
    })?;
    class.method("toString", 0, |ctx, this, args| {
        let value = of::<PlainMonthDay>(ctx, this)?;
        let calendar = Options::new(ctx, args.get(0))?.choice("calendarName")?.unwrap_or_default();
        ctx.string(&value.to_ixdtf_string(calendar))
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        ctx.string(&of::<PlainMonthDay>(ctx, this)?.to_ixdtf_string(DisplayCalendar::Auto))
    })?;
    define_locale_string::<PlainMonthDay>(&class)?;
    Ok(class.finish())
}

/// ToTemporalMonthDay.
///
/// # Errors
/// What getters, conversions and the calendar throw.
fn to_month_day<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<PlainMonthDay> {
    let overflow = |options| Options::new(ctx, options)?.overflow();
    if !value.is_object() {
        let parsed = ParsedDate::month_day_from_utf8(date_text(ctx, value, "the day")?.as_bytes()).or_throw(ctx)?;
        overflow(options)?;
        return PlainMonthDay::from_parsed(parsed).or_throw(ctx);
    }
    if let Some(value) = as_instance::<PlainMonthDay>(value) {
        overflow(options)?;
        return Ok((*value).clone());
    }
    let calendar = calendar_of_fields(ctx, value)?;
    let fields = Fields::read(ctx, value, &calendar, DATE)?;
    calendar.month_day_from_fields(fields.date(), overflow(options)?).or_throw(ctx)
}
