//! Property bags such as `{ year: 2024, month: 2, day: 29 }` (PrepareCalendarFields).

use crate::class::is_temporal;
use crate::convert::{OrThrow, positive, range, required_text, truncated};
use crate::zone::to_time_zone;
use icu_calendar::AnyCalendarKind;
use quickbeam_engine::{Ctx, Result, Value};
use temporal_rs::fields::{CalendarFields, DateTimeFields, YearMonthCalendarFields, ZonedDateTimeFields};
use temporal_rs::options::Overflow;
use temporal_rs::partial::PartialTime;
use temporal_rs::{Calendar, MonthCode, TimeZone, TinyAsciiStr, UtcOffset};

// What is read of a bag, in alphabetical order. Eras are read if the calendar has any.
pub(crate) const YEAR: &[&str] = &["era", "eraYear", "year"];
pub(crate) const DAY: &[&str] = &["day"];
pub(crate) const YEAR_MONTH: &[&str] = &["era", "eraYear", "month", "monthCode", "year"];
pub(crate) const DATE: &[&str] = &["day", "era", "eraYear", "month", "monthCode", "year"];
pub(crate) const TIME: &[&str] = &["hour", "microsecond", "millisecond", "minute", "nanosecond", "second"];
pub(crate) const DATE_TIME: &[&str] = &[
    "day",
    "era",
    "eraYear",
    "hour",
    "microsecond",
    "millisecond",
    "minute",
    "month",
    "monthCode",
    "nanosecond",
    "second",
    "year",
];
pub(crate) const WITH_OFFSET: &[&str] = &[
    "day",
    "era",
    "eraYear",
    "hour",
    "microsecond",
    "millisecond",
    "minute",
    "month",
    "monthCode",
    "nanosecond",
    "offset",
    "second",
    "year",
];
pub(crate) const ZONED: &[&str] = &[
    "day",
    "era",
    "eraYear",
    "hour",
    "microsecond",
    "millisecond",
    "minute",
    "month",
    "monthCode",
    "nanosecond",
    "offset",
    "second",
    "timeZone",
    "year",
];

/// What a bag says. Numbers are whole, of any size.
#[derive(Default)]
pub(crate) struct Fields {
    era: Option<TinyAsciiStr<19>>,
    era_year: Option<f64>,
    year: Option<f64>,
    month: Option<f64>,
    month_code: Option<MonthCode>,
    day: Option<f64>,
    hour: Option<f64>,
    minute: Option<f64>,
    second: Option<f64>,
    millisecond: Option<f64>,
    microsecond: Option<f64>,
    nanosecond: Option<f64>,
    pub(crate) offset: Option<UtcOffset>,
    pub(crate) time_zone: Option<TimeZone>,
    is_any: bool,
}

impl Fields {
    /// Reads the named properties of a bag, in their order.
    ///
    /// # Errors
    /// What getters and conversions throw.
    pub(crate) fn read(ctx: Ctx<'_>, bag: &Value<'_>, calendar: &Calendar, names: &[&str]) -> Result<Fields> {
        let mut fields = Fields::default();
        let is_read = |name: &&&str| has_eras(calendar) || !name.starts_with("era");
        for name in names.iter().filter(is_read) {
            let value = bag.get(name)?;
            if value.is_undefined() {
                continue;
            }
            fields.is_any = true;
            fields.set(ctx, name, &value)?;
        }
        Ok(fields)
    }

    /// As [`Fields::read`], of a bag that must have at least one of the properties.
    ///
    /// # Errors
    /// Throws a `TypeError` if it has none; otherwise as [`Fields::read`].
    pub(crate) fn read_some(ctx: Ctx<'_>, bag: &Value<'_>, calendar: &Calendar, names: &[&str]) -> Result<Fields> {
        let fields = Fields::read(ctx, bag, calendar, names)?;
        if fields.is_any {
            Ok(fields)
        } else {
            Err(ctx.throw_type(&format!("the object has none of {}", names.join(", "))))
        }
    }

    fn set(&mut self, ctx: Ctx<'_>, name: &str, value: &Value<'_>) -> Result<()> {
        match name {
            "era" => {
                let era = value.to_text()?;
                let unknown = |_| range(ctx, &format!("{era:?} is not an era"));
                self.era = Some(TinyAsciiStr::try_from_str(&era).map_err(unknown)?);
            }
            "monthCode" => {
                let code = required_text(ctx, value, "monthCode")?;
                self.month_code = Some(MonthCode::try_from_utf8(code.as_bytes()).or_throw(ctx)?);
            }
            "offset" => {
                let offset = required_text(ctx, value, "offset")?;
                self.offset = Some(UtcOffset::from_utf8(offset.as_bytes()).or_throw(ctx)?);
            }
            "timeZone" => self.time_zone = Some(to_time_zone(ctx, value)?),
            "month" => self.month = Some(positive(value)?),
            "day" => self.day = Some(positive(value)?),
            _ => {
                let field = match name {
                    "eraYear" => &mut self.era_year,
                    "year" => &mut self.year,
                    "hour" => &mut self.hour,
                    "minute" => &mut self.minute,
                    "second" => &mut self.second,
                    "millisecond" => &mut self.millisecond,
                    "microsecond" => &mut self.microsecond,
                    _ => &mut self.nanosecond,
                };
                *field = Some(truncated(value)?);
            }
        }
        Ok(())
    }

    /// The date. Numbers past the range of their field become its ends, which no calendar has.
    pub(crate) fn date(&self) -> CalendarFields {
        CalendarFields::new()
            .with_era(self.era)
            .with_era_year(self.era_year.map(|year| year as i32))
            .with_optional_year(self.year.map(|year| year as i32))
            .with_optional_month(self.month.map(|month| month as u8))
            .with_optional_month_code(self.month_code)
            .with_optional_day(self.day.map(|day| day as u8))
    }

    /// The year and the month.
    pub(crate) fn year_month(&self) -> YearMonthCalendarFields {
        let CalendarFields { year, month, month_code, era, era_year, .. } = self.date();
        let mut fields = YearMonthCalendarFields::new();
        (fields.year, fields.month, fields.month_code) = (year, month, month_code);
        (fields.era, fields.era_year) = (era, era_year);
        fields
    }

    /// The time of day.
    ///
    /// # Errors
    /// Throws a `RangeError` for a negative number that is to be rejected.
    pub(crate) fn time(&self, ctx: Ctx<'_>, overflow: Overflow) -> Result<PartialTime> {
        let Fields { hour, minute, second, millisecond, microsecond, nanosecond, .. } = self;
        let is_negative = |number: &Option<f64>| number.is_some_and(|number| number < 0.0);
        let fields = [hour, minute, second, millisecond, microsecond, nanosecond];
        if overflow == Overflow::Reject && fields.into_iter().any(is_negative) {
            return Err(range(ctx, "a field of the time is negative"));
        }
        let narrow = |number: &Option<f64>| number.map(|number| number as u8);
        let wide = |number: &Option<f64>| number.map(|number| number as u16);
        Ok(PartialTime::new()
            .with_hour(narrow(hour))
            .with_minute(narrow(minute))
            .with_second(narrow(second))
            .with_millisecond(wide(millisecond))
            .with_microsecond(wide(microsecond))
            .with_nanosecond(wide(nanosecond)))
    }

    /// The date and the time of day.
    ///
    /// # Errors
    /// As [`Fields::time`].
    pub(crate) fn date_time(&self, ctx: Ctx<'_>, overflow: Overflow) -> Result<DateTimeFields> {
        Ok(DateTimeFields::new().with_partial_date(self.date()).with_partial_time(self.time(ctx, overflow)?))
    }

    /// The date, the time of day and the offset.
    ///
    /// # Errors
    /// As [`Fields::time`].
    pub(crate) fn zoned(&self, ctx: Ctx<'_>, overflow: Overflow) -> Result<ZonedDateTimeFields> {
        let mut fields = ZonedDateTimeFields::new();
        fields.calendar_fields = self.date();
        fields.time = self.time(ctx, overflow)?;
        fields.offset = self.offset;
        Ok(fields)
    }
}

fn has_eras(calendar: &Calendar) -> bool {
    !matches!(calendar.kind(), AnyCalendarKind::Iso | AnyCalendarKind::Chinese | AnyCalendarKind::Dangi)
}

/// Takes a bag that says what is to change: an object that is none of ours and names neither a calendar nor a time zone.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn need_partial(ctx: Ctx<'_>, value: &Value<'_>) -> Result<()> {
    if !value.is_object() || is_temporal(value) {
        return Err(ctx.throw_type("the fields are not a plain object"));
    }
    for name in ["calendar", "timeZone"] {
        if !value.get(name)?.is_undefined() {
            return Err(ctx.throw_type(&format!("{name} cannot be among the fields; there is a method for it")));
        }
    }
    Ok(())
}
