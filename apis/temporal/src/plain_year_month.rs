//! `Temporal.PlainYearMonth`: a month of a calendar.

use crate::class::{Class, as_instance, construct, define_locale_string, make, month_getters, of};
use crate::convert::{OrThrow, narrow, truncated};
use crate::duration::to_duration;
use crate::fields::{DAY, Fields, YEAR_MONTH, need_partial};
use crate::lunisolar;
use crate::options::Options;
use crate::zone::{calendar_argument, calendar_of_fields, date_text, need_same_calendar};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::PlainYearMonth;
use temporal_rs::options::DisplayCalendar;
use temporal_rs::parsed_intermediates::ParsedDate;

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<PlainYearMonth>(ctx, 2, |ctx, new_target, args| {
        let (year, month) = (truncated(&args.get(0))?, truncated(&args.get(1))?);
        let calendar = calendar_argument(ctx, &args.get(2))?;
        let day = args.get(3);
        let day = if day.is_undefined() { None } else { Some(narrow(ctx, truncated(&day)?)?) };
        let value = PlainYearMonth::try_new(narrow(ctx, year)?, narrow(ctx, month)?, day, calendar);
        construct(ctx, new_target, value.or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_year_month(ctx, &args.get(0), args.get(1))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let first = to_year_month(ctx, &args.get(0), ctx.undefined())?;
        let second = to_year_month(ctx, &args.get(1), ctx.undefined())?;
        Ok(ctx.int(first.compare_iso(&second) as i32))
    })?;
    month_getters!(class, PlainYearMonth);
    class.method("with", 1, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        need_partial(ctx, &args.get(0))?;
        let fields = Fields::read_some(ctx, &args.get(0), value.calendar(), YEAR_MONTH)?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.with(fields.year_month(), Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("add", 1, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.add(&duration, overflow).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.subtract(&duration, overflow).or_throw(ctx)?)
    })?;
    class.method("until", 1, |ctx, this, args| {
        let (value, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::until_month(&value, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("since", 1, |ctx, this, args| {
        let (value, other, options) = operands(ctx, this, args)?;
        make(ctx, lunisolar::since_month(&value, &other, options.difference()?).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        Ok(ctx.boolean(*value == to_year_month(ctx, &args.get(0), ctx.undefined())?))
    })?;
    class.method("toPlainDate", 1, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        let bag = args.get(0);
        if !bag.is_object() {
            return Err(ctx.throw_type("the fields are not an object"));
        }
        let fields = Fields::read_some(ctx, &bag, value.calendar(), DAY)?;
        make(ctx, value.to_plain_date(Some(fields.date())).or_throw(ctx)?)
    })?;
    class.method("toString", 0, |ctx, this, args| {
        let value = of::<PlainYearMonth>(ctx, this)?;
        let calendar = Options::new(ctx, args.get(0))?.choice("calendarName")?.unwrap_or_default();
        ctx.string(&value.to_ixdtf_string(calendar))
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        ctx.string(&of::<PlainYearMonth>(ctx, this)?.to_ixdtf_string(DisplayCalendar::Auto))
    })?;
    define_locale_string::<PlainYearMonth>(&class)?;
    Ok(class.finish())
}

/// ToTemporalYearMonth.
///
/// # Errors
/// What getters, conversions and the calendar throw.
fn to_year_month<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<PlainYearMonth> {
    let overflow = |options| Options::new(ctx, options)?.overflow();
    if !value.is_object() {
        let parsed = ParsedDate::year_month_from_utf8(date_text(ctx, value, "the month")?.as_bytes()).or_throw(ctx)?;
        overflow(options)?;
        return PlainYearMonth::from_parsed(parsed).or_throw(ctx);
    }
    if let Some(value) = as_instance::<PlainYearMonth>(value) {
        overflow(options)?;
        return Ok((*value).clone());
    }
    let calendar = calendar_of_fields(ctx, value)?;
    let fields = Fields::read(ctx, value, &calendar, YEAR_MONTH)?;
    calendar.year_month_from_fields(fields.year_month(), overflow(options)?).or_throw(ctx)
}

fn operands<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
) -> Result<(PlainYearMonth, PlainYearMonth, Options<'a>)> {
    let value = (*of::<PlainYearMonth>(ctx, this)?).clone();
    let other = to_year_month(ctx, &args.get(0), ctx.undefined())?;
    need_same_calendar(ctx, value.calendar(), other.calendar())?;
    Ok((value, other, Options::new(ctx, args.get(1))?))
}
