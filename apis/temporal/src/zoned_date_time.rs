//! `Temporal.ZonedDateTime`: an exact time, as a calendar and a clock in a time zone show it.

use crate::class::{
    Class, as_instance, construct, date_getters, define_locale_string, getters, make, of, time_getters,
};
use crate::convert::{OrThrow, bigint, range, text, to_bigint};
use crate::duration::to_duration;
use crate::fields::{Fields, WITH_OFFSET, ZONED, need_partial};
use crate::lunisolar;
use crate::options::Options;
use crate::plain_time::to_time;
use crate::zone::{calendar_argument, calendar_of_fields, date_text, need_same_calendar, to_calendar, to_time_zone};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::options::{
    Disambiguation, DisplayCalendar, DisplayOffset, DisplayTimeZone, OffsetDisambiguation, Overflow,
    ToStringRoundingOptions,
};
use temporal_rs::parsed_intermediates::ParsedZonedDateTime;
use temporal_rs::partial::PartialZonedDateTime;
use temporal_rs::provider::TransitionDirection;
use temporal_rs::{TimeZone, ZonedDateTime};

pub(crate) fn class(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let class = Class::new::<ZonedDateTime>(ctx, 2, |ctx, new_target, args| {
        let nanoseconds = to_bigint(ctx, &args.get(0))?;
        temporal_rs::Instant::try_new(nanoseconds).or_throw(ctx)?;
        let zone = text(ctx, &args.get(1), "the time zone")?;
        let zone = TimeZone::try_from_identifier_str(&zone).or_throw(ctx)?;
        let calendar = calendar_argument(ctx, &args.get(2))?;
        construct(ctx, new_target, ZonedDateTime::try_new(nanoseconds, zone, calendar).or_throw(ctx)?)
    })?;
    class.static_method("from", 1, |ctx, _, args| make(ctx, to_zoned(ctx, &args.get(0), args.get(1))?))?;
    class.static_method("compare", 2, |ctx, _, args| {
        let first = to_zoned(ctx, &args.get(0), ctx.undefined())?;
        let second = to_zoned(ctx, &args.get(1), ctx.undefined())?;
        Ok(ctx.int(first.compare_instant(&second) as i32))
    })?;
    date_getters!(class, ZonedDateTime);
    time_getters!(class, ZonedDateTime);
    getters! { class, ZonedDateTime;
        "epochMilliseconds" = |value| value.epoch_milliseconds();
        "offsetNanoseconds" = |value| value.offset_nanoseconds();
        "offset" = |value| value.offset();
    }
    class.getter("timeZoneId", |ctx, this, _| {
        ctx.string(&of::<ZonedDateTime>(ctx, this)?.time_zone().identifier().or_throw(ctx)?)
    })?;
    class.getter("epochNanoseconds", |ctx, this, _| {
        bigint(ctx, of::<ZonedDateTime>(ctx, this)?.epoch_nanoseconds().as_i128())
    })?;
    class.getter("hoursInDay", |ctx, this, _| {
        Ok(ctx.number(of::<ZonedDateTime>(ctx, this)?.hours_in_day().or_throw(ctx)?))
    })?;
    define_arithmetic(&class)?;
    define_changes(&class)?;
    define_conversions(&class)?;
    define_locale_string::<ZonedDateTime>(&class)?;
    Ok(class.finish())
}

fn define_arithmetic(class: &Class<'_>) -> Result<()> {
    class.method("add", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        let duration = to_duration(ctx, &args.get(0))?;
        let overflow = Options::new(ctx, args.get(1))?.overflow()?;
        make(ctx, value.add(&duration, Some(overflow)).or_throw(ctx)?)
    })?;
    class.method("subtract", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
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
        let value = of::<ZonedDateTime>(ctx, this)?;
        let options = Options::or_unit(ctx, args.get(0), "smallestUnit")?;
        make(ctx, value.round(options.rounding()?).or_throw(ctx)?)
    })?;
    class.method("equals", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        Ok(ctx.boolean(value.equals(&to_zoned(ctx, &args.get(0), ctx.undefined())?).or_throw(ctx)?))
    })
}

fn define_changes(class: &Class<'_>) -> Result<()> {
    class.method("with", 1, with)?;
    class.method("withPlainTime", 0, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        let time = args.get(0);
        let time = if time.is_undefined() { None } else { Some(to_time(ctx, &time, ctx.undefined())?) };
        make(ctx, value.with_plain_time(time).or_throw(ctx)?)
    })?;
    class.method("withTimeZone", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        make(ctx, value.with_timezone(to_time_zone(ctx, &args.get(0))?).or_throw(ctx)?)
    })?;
    class.method("withCalendar", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        make(ctx, value.with_calendar(to_calendar(ctx, &args.get(0))?))
    })?;
    class.method("startOfDay", 0, |ctx, this, _| {
        make(ctx, of::<ZonedDateTime>(ctx, this)?.start_of_day().or_throw(ctx)?)
    })?;
    class.method("getTimeZoneTransition", 1, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        let direction = Options::or_unit(ctx, args.get(0), "direction")?.choice::<TransitionDirection>("direction")?;
        let direction = direction.ok_or_else(|| range(ctx, "the option direction is missing"))?;
        let transition = value.get_time_zone_transition(direction).or_throw(ctx)?;
        transition.map_or_else(|| Ok(ctx.null()), |transition| make(ctx, transition))
    })
}

fn define_conversions(class: &Class<'_>) -> Result<()> {
    class.method("toInstant", 0, |ctx, this, _| make(ctx, of::<ZonedDateTime>(ctx, this)?.to_instant()))?;
    class.method("toPlainDate", 0, |ctx, this, _| make(ctx, of::<ZonedDateTime>(ctx, this)?.to_plain_date()))?;
    class.method("toPlainTime", 0, |ctx, this, _| make(ctx, of::<ZonedDateTime>(ctx, this)?.to_plain_time()))?;
    class
        .method("toPlainDateTime", 0, |ctx, this, _| make(ctx, of::<ZonedDateTime>(ctx, this)?.to_plain_date_time()))?;
    class.method("toString", 0, |ctx, this, args| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        let options = Options::new(ctx, args.get(0))?;
        let calendar = options.choice("calendarName")?.unwrap_or_default();
        let precision = options.fractional_digits()?;
        let offset = options.choice("offset")?.unwrap_or_default();
        let rounding_mode = options.rounding_mode()?;
        let smallest_unit = options.unit("smallestUnit")?;
        let zone = options.choice("timeZoneName")?.unwrap_or_default();
        let rounding = ToStringRoundingOptions { precision, smallest_unit, rounding_mode };
        ctx.string(&value.to_ixdtf_string(offset, zone, calendar, rounding).or_throw(ctx)?)
    })?;
    class.method("toJSON", 0, |ctx, this, _| {
        let value = of::<ZonedDateTime>(ctx, this)?;
        let text = value.to_ixdtf_string(
            DisplayOffset::Auto,
            DisplayTimeZone::Auto,
            DisplayCalendar::Auto,
            ToStringRoundingOptions::default(),
        );
        ctx.string(&text.or_throw(ctx)?)
    })
}

/// How a local time becomes an exact one.
struct Resolution {
    disambiguation: Disambiguation,
    offset: OffsetDisambiguation,
    overflow: Overflow,
}

impl Resolution {
    fn read(ctx: Ctx<'_>, options: Value<'_>, default_offset: OffsetDisambiguation) -> Result<Resolution> {
        let options = Options::new(ctx, options)?;
        Ok(Resolution {
            disambiguation: options.choice("disambiguation")?.unwrap_or_default(),
            offset: options.choice("offset")?.unwrap_or(default_offset),
            overflow: options.overflow()?,
        })
    }
}

/// ToTemporalZonedDateTime.
///
/// # Errors
/// What getters, conversions, the calendar and the time zone throw.
fn to_zoned<'a>(ctx: Ctx<'a>, value: &Value<'a>, options: Value<'a>) -> Result<ZonedDateTime> {
    let resolution = |options| Resolution::read(ctx, options, OffsetDisambiguation::Reject);
    if !value.is_object() {
        let parsed = ParsedZonedDateTime::from_utf8(date_text(ctx, value, "the date")?.as_bytes()).or_throw(ctx)?;
        let Resolution { disambiguation, offset, .. } = resolution(options)?;
        return ZonedDateTime::from_parsed(parsed, disambiguation, offset).or_throw(ctx);
    }
    if let Some(value) = as_instance::<ZonedDateTime>(value) {
        resolution(options)?;
        return Ok((*value).clone());
    }
    let calendar = calendar_of_fields(ctx, value)?;
    let fields = Fields::read(ctx, value, &calendar, ZONED)?;
    if fields.time_zone.is_none() {
        return Err(ctx.throw_type("the object has no timeZone"));
    }
    let Resolution { disambiguation, offset, overflow } = resolution(options)?;
    let partial = PartialZonedDateTime { fields: fields.zoned(ctx, overflow)?, timezone: fields.time_zone, calendar };
    ZonedDateTime::from_partial(partial, Some(overflow), Some(disambiguation), Some(offset)).or_throw(ctx)
}

fn operands<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<(ZonedDateTime, ZonedDateTime, Options<'a>)> {
    let value = (*of::<ZonedDateTime>(ctx, this)?).clone();
    let other = to_zoned(ctx, &args.get(0), ctx.undefined())?;
    need_same_calendar(ctx, value.calendar(), other.calendar())?;
    Ok((value, other, Options::new(ctx, args.get(1))?))
}

fn with<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = of::<ZonedDateTime>(ctx, this)?;
    need_partial(ctx, &args.get(0))?;
    let fields = Fields::read_some(ctx, &args.get(0), value.calendar(), WITH_OFFSET)?;
    let Resolution { disambiguation, offset, overflow } =
        Resolution::read(ctx, args.get(1), OffsetDisambiguation::Prefer)?;
    let fields = fields.zoned(ctx, overflow)?;
    make(ctx, value.with(fields, Some(disambiguation), Some(offset), Some(overflow)).or_throw(ctx)?)
}
