//! Fields that the library has no pattern for, shown one after the other so that nothing else is shown with them.
//!
//! The library fills a year with a day up to a whole date, and a month with an hour to a date and a time; the name of a time zone it sets apart from a date
//! by a space, where for CLDR it is a time. CLDR appends what its
//! patterns lack instead (UTS #35, part 4, "Missing Skeleton Fields"): the rest of the date in a fixed form, the time by the
//! language's pattern for a date with a time.

use crate::parts::{self, Piece};
use icu::calendar::{AnyCalendarKind, Iso};
use icu::datetime::fieldbag::DateTimeFieldBag;
use icu::datetime::fieldbag::field::Month;
use icu::datetime::fieldsets::builder::{DateFields, FieldSetBuilder};
use icu::datetime::fieldsets::enums::CompositeFieldSet;
use icu::datetime::options::{Length, TimePrecision};
use icu::datetime::{DateTimeFormatter, DateTimeFormatterLoadError, DateTimeFormatterPreferences};
use icu::locale::Locale;
use icu::time::zone::UtcOffset;
use icu::time::zone::models::AtTime;
use icu::time::{TimeZone, TimeZoneInfo, ZonedDateTime};

/// What the library formats.
pub(super) type Moment = ZonedDateTime<Iso, TimeZoneInfo<AtTime>>;

/// What is formatted by one pattern, and the text around it.
pub(super) struct Section {
    before: String,
    formatter: DateTimeFormatter<CompositeFieldSet>,
    after: &'static str,
}

impl Section {
    fn new(before: &str, formatter: DateTimeFormatter<CompositeFieldSet>) -> Section {
        Section { before: before.to_owned(), formatter, after: "" }
    }

    /// The one section of fields that the library has a pattern for.
    pub(super) fn whole(
        preferences: DateTimeFormatterPreferences,
        fields: CompositeFieldSet,
    ) -> Result<Vec<Section>, DateTimeFormatterLoadError> {
        Ok(vec![Section::new("", DateTimeFormatter::try_new(preferences, fields)?)])
    }

    /// The sections that any fields are shown in.
    pub(super) fn of(
        locale: &Locale,
        preferences: DateTimeFormatterPreferences,
        bag: DateTimeFieldBag,
    ) -> Result<Vec<Section>, DateTimeFormatterLoadError> {
        let make = |bag: DateTimeFieldBag| DateTimeFormatter::try_new(preferences, fields_of(bag));
        let (date, time) = split(bag);
        let (base, appended) = split_date(date);
        let is_whole_date = bag.day.is_some() || bag.weekday.is_some() || date == DateTimeFieldBag::default();
        let mut zone_alone = DateTimeFieldBag::default();
        zone_alone.time_zone_name = bag.time_zone_name;
        let is_zone_apart = time == zone_alone && bag.time_zone_name.is_some() && date != DateTimeFieldBag::default();
        if appended.is_none() && !is_zone_apart && (is_whole_date || time == DateTimeFieldBag::default()) {
            return Ok(vec![Section::new("", make(bag)?)]);
        }
        let mut sections = vec![Section::new("", make(base)?)];
        if let Some(appended) = appended {
            let mut section = Section::new(" ", make(appended)?);
            if appended.day.is_some() && appended.weekday.is_none() {
                let is_english = locale.id.language.as_str() == "en";
                section.before = if is_english { " (day: " } else { " (" }.to_owned();
                section.after = ")";
            }
            sections.push(section);
        }
        if time != DateTimeFieldBag::default() {
            let (comes_first, between) = glue(preferences, date)?;
            let at = if comes_first { 0 } else { sections.len() };
            sections.insert(at, Section::new("", make(time)?));
            sections[if comes_first { 1 } else { at }].before = between;
        }
        Ok(sections)
    }

    /// The pattern that the library has chosen.
    pub(super) fn pattern(&self) -> String {
        self.formatter.format(&example()).pattern().to_string()
    }

    pub(super) fn calendar(&self) -> AnyCalendarKind {
        self.formatter.calendar().kind()
    }

    /// Adds what the section shows of a point in time.
    pub(super) fn add_to(&self, pieces: &mut Vec<Piece>, moment: &Moment) {
        let literal = |text: &str| (!text.is_empty()).then(|| Piece::new("literal", text));
        pieces.extend(literal(&self.before));
        pieces.extend(parts::pieces(&self.formatter.format(moment), "datetime"));
        pieces.extend(literal(self.after));
    }
}

/// The library's fields, which are as long as the month is where there is one; `widths.rs` gives the others their lengths.
fn fields_of(bag: DateTimeFieldBag) -> CompositeFieldSet {
    let mut builder = bag.to_field_set_builder();
    builder.alignment = None;
    match bag.month {
        Some(Month::Long) => builder.length = Some(Length::Long),
        Some(Month::Short | Month::Narrow) => builder.length = Some(Length::Medium),
        Some(_) => builder.length = Some(Length::Short),
        // What is written between a weekday and a time is not longer for a longer name.
        None if bag.weekday.is_some() && bag.hour.is_some() => builder.length = Some(Length::Medium),
        None => {}
    }
    builder.build_composite().unwrap_or_else(|_| bag.to_composite_field_set())
}

/// The fields of the date, and those of the time and its zone.
fn split(bag: DateTimeFieldBag) -> (DateTimeFieldBag, DateTimeFieldBag) {
    let mut date = DateTimeFieldBag::default();
    (date.era, date.year, date.month, date.day, date.weekday) = (bag.era, bag.year, bag.month, bag.day, bag.weekday);
    let mut time = bag;
    (time.era, time.year, time.month, time.day, time.weekday) = (None, None, None, None, None);
    // Which clock it is says nothing without an hour.
    time.hour_kind = bag.hour_kind.filter(|_| bag.hour.is_some());
    (date, time)
}

/// A date's fields that there is a pattern for, and what has to be appended.
fn split_date(date: DateTimeFieldBag) -> (DateTimeFieldBag, Option<DateTimeFieldBag>) {
    let has_year = date.year.is_some() || date.era.is_some();
    let fields = (has_year, date.month.is_some(), date.day.is_some(), date.weekday.is_some());
    let is_split = matches!(fields, (true, false, true, _) | (true, _, false, true) | (false, true, false, true));
    if !is_split {
        return (date, None);
    }
    let (mut base, mut appended) = (date, DateTimeFieldBag::default());
    (base.day, base.weekday) = (None, None);
    (appended.day, appended.weekday) = (date.day, date.weekday);
    let is_day = date.month.is_none() && date.day.is_some() && date.weekday.is_some();
    if is_day { (appended, Some(base)) } else { (base, Some(appended)) }
}

/// Whether a time stands before its date, and what is between them, as the language writes a date of such length with a time.
fn glue(
    preferences: DateTimeFormatterPreferences,
    like: DateTimeFieldBag,
) -> Result<(bool, String), DateTimeFormatterLoadError> {
    let length = if like.month == Some(Month::Long) { Length::Long } else { Length::Medium };
    let write = |date: Option<DateFields>, time: Option<TimePrecision>| -> Result<String, DateTimeFormatterLoadError> {
        let mut builder = FieldSetBuilder::new();
        (builder.date_fields, builder.time_precision, builder.length) = (date, time, Some(length));
        let fields = builder.build_composite().ok();
        let formatter = fields.map(|fields| DateTimeFormatter::try_new(preferences, fields)).transpose()?;
        Ok(formatter.map_or_else(String::new, |formatter| formatter.format(&example()).to_string()))
    };
    let (date, time) = (write(Some(DateFields::YMD), None)?, write(None, Some(TimePrecision::Minute))?);
    let both = write(Some(DateFields::YMD), Some(TimePrecision::Minute))?;
    let date_first = both.strip_prefix(&date).and_then(|rest| rest.strip_suffix(&time));
    let time_first = both.strip_prefix(&time).and_then(|rest| rest.strip_suffix(&date));
    Ok(match (date_first, time_first) {
        (Some(between), _) => (false, between.to_owned()),
        (_, Some(between)) => (true, between.to_owned()),
        _ => (false, ", ".to_owned()),
    })
}

/// A point in time whose date and time are written differently.
fn example() -> Moment {
    let (date, time) = (super::iso_date(0), icu::time::Time::noon());
    let zone = TimeZone::UNKNOWN.with_offset(Some(UtcOffset::zero()));
    ZonedDateTime { date, time, zone: zone.at_date_time(icu::time::DateTime { date, time }) }
}
