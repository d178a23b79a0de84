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
        None => text(ctx, value, "the calendar")?.parse::<Calendar>().or_throw(ctx),
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
    Calendar::try_from_utf8(text(ctx, value, "the calendar")?.as_bytes()).or_throw(ctx)
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
