//! Time zones and calendars of arguments, and the clock.

use crate::class::as_instance;
use crate::convert::{OrThrow, range, text};
use quickbeam_engine::{Ctx, Result, Value};
use temporal_rs::{Calendar, PlainDate, PlainDateTime, PlainMonthDay, PlainYearMonth, TimeZone, ZonedDateTime};

/// The calendar of an object of ours that has one.
fn calendar_of(value: &Value<'_>) -> Option<Calendar> {
    let held = value.host_value()?;
    macro_rules! of {
        ($($type:ty)*) => {
            None$(.or_else(|| held.downcast_ref::<$type>().map(|value| value.calendar().clone())))*
        };
    }
    of! { PlainDate PlainDateTime PlainMonthDay PlainYearMonth ZonedDateTime }
}

/// ToTemporalCalendarIdentifier.
///
/// # Errors
/// Throws a `TypeError` for what is neither a string nor has a calendar, a `RangeError` for an unknown calendar.
pub(crate) fn to_calendar(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Calendar> {
    match calendar_of(value) {
        Some(calendar) => Ok(calendar),
        None => {
            let name = text(ctx, value, "the calendar")?;
            need_fixed(ctx, &name)?;
            name.parse::<Calendar>().or_throw(ctx)
        }
    }
}

/// The calendar that a constructor is given: an identifier, no ISO string.
///
/// # Errors
/// As [`to_calendar`].
pub(crate) fn calendar_argument(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Calendar> {
    if value.is_undefined() {
        return Ok(Calendar::ISO);
    }
    let name = text(ctx, value, "the calendar")?;
    need_fixed(ctx, &name)?;
    Calendar::try_from_utf8(name.as_bytes()).or_throw(ctx)
}

/// Refuses the calendars that depend on who looks at the moon, which the library takes for others.
fn need_fixed(ctx: Ctx<'_>, text: &str) -> Result<()> {
    const OBSERVED: [&str; 2] = ["islamic", "islamic-rgsa"];
    let name = text.rsplit_once("u-ca=").map_or(text, |(_, rest)| rest.split(']').next().unwrap_or(rest));
    if OBSERVED.iter().any(|observed| name.eq_ignore_ascii_case(observed)) {
        return Err(range(ctx, &format!("there is no calendar {name}")));
    }
    Ok(())
}

/// The text of a date, which may name a calendar.
///
/// # Errors
/// Throws a `TypeError` for what is no string, a `RangeError` for a calendar that there is not.
pub(crate) fn date_text(ctx: Ctx<'_>, value: &Value<'_>, what: &str) -> Result<String> {
    let text = text(ctx, value, what)?;
    if text.contains("u-ca=") {
        need_fixed(ctx, &text)?;
    }
    Ok(text)
}

/// GetTemporalCalendarIdentifierWithISODefault.
///
/// # Errors
/// As [`to_calendar`].
pub(crate) fn calendar_of_fields(ctx: Ctx<'_>, object: &Value<'_>) -> Result<Calendar> {
    if let Some(calendar) = calendar_of(object) {
        return Ok(calendar);
    }
    let value = object.get("calendar")?;
    if value.is_undefined() { Ok(Calendar::ISO) } else { to_calendar(ctx, &value) }
}

/// ToTemporalTimeZoneIdentifier.
///
/// # Errors
/// Throws a `TypeError` for what is neither a string nor a `ZonedDateTime`, a `RangeError` for an unknown time zone.
pub(crate) fn to_time_zone(ctx: Ctx<'_>, value: &Value<'_>) -> Result<TimeZone> {
    match as_instance::<ZonedDateTime>(value) {
        Some(zoned) => Ok(*zoned.time_zone()),
        None => TimeZone::try_from_str(&text(ctx, value, "the time zone")?).or_throw(ctx),
    }
}

/// The time zone of this machine.
///
/// # Errors
/// Throws a `RangeError` if there is no data of it.
pub(crate) fn system_time_zone(ctx: Ctx<'_>) -> Result<TimeZone> {
    TimeZone::try_from_str(&quickbeam_api_intl::system_time_zone()).or_throw(ctx)
}

/// # Errors
/// Throws a `RangeError` for two calendars.
pub(crate) fn need_same_calendar(ctx: Ctx<'_>, one: &Calendar, other: &Calendar) -> Result<()> {
    if one == other {
        return Ok(());
    }
    let message = format!("there is no difference between dates of {} and {}", one.identifier(), other.identifier());
    Err(range(ctx, &message))
}
