//! `DateTimeFormat`: points in time, as a calendar and a clock in a time zone show them.

use crate::numerals::{Numerals, zero_of};
use crate::options::{behind, hold, locale, number, range, text};
use crate::parts::{self, Piece};
use icu::calendar::types::RataDie;
use icu::calendar::{Date, Iso};
use icu::datetime::DateTimeFormatterPreferences;
use icu::datetime::fieldbag::DateTimeFieldBag;
use icu::datetime::fieldbag::field::{
    Day, DayPeriod, Era, FractionalSecondDigits, Hour, HourKind, Minute, Month, Second, TimeZoneName, Weekday, Year,
};
use icu::datetime::fieldsets::builder::{DateFields, FieldSetBuilder, ZoneStyle};
use icu::datetime::fieldsets::enums::CompositeFieldSet;
use icu::datetime::options::{Length, TimePrecision, YearStyle};
use icu::locale::Locale;
use icu::locale::extensions::unicode::{Key, key};
use icu::locale::preferences::extensions::unicode::keywords::HourCycle;
use icu::time::zone::UtcOffset;
use icu::time::zone::iana::IanaParserExtended;
use icu::time::{DateTime, Time, TimeZone as NamedZone, ZonedDateTime};
use quickbeam_engine::{Args, Ctx, Result, Value};
use temporal_rs::TimeZone;

mod conventions;
mod sections;
mod widths;

use conventions::{
    Bare, Periods, knows_no_short_month, offset_as_written, sets_time_apart_by_space, spells_months_out, word_of_hour,
    word_once,
};
use sections::{Moment, Section};
use widths::{Asked, Widths};

/// Days from the first of January of the year 1, which is day 1, to that of 1970.
const DAYS_TO_1970: i64 = 719_163;

const MILLISECONDS_PER_DAY: i64 = 86_400_000;

/// A formatter of dates and times in one time zone.
struct DateTimeFormat {
    sections: Vec<Section>,
    /// `None` where the fields have the lengths that are asked for.
    widths: Option<Widths>,
    /// `None` for UTC, which takes dates of any year.
    zone: Option<TimeZone>,
    name: NamedZone,
    numerals: Numerals,
    /// Units of time that the library shows before a smaller one, but that nobody asked for.
    unwanted: Vec<&'static str>,
    bare: Bare,
    is_time_apart_by_space: bool,
    word_of_hour: Option<&'static str>,
    is_24_at_midnight: bool,
    periods: Option<Periods>,
}

/// A formatter: `(locale, time zone, options)`.
pub(crate) fn date_time_format<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = locale(ctx, &args.get(0))?;
    let zone = args.get(1).to_text()?;
    let options = args.get(2);
    let mut preferences = DateTimeFormatterPreferences::from(&locale);
    let unwanted = unwanted(&options)?;
    match text(&options, "hourCycle")?.as_deref() {
        Some("h11") => preferences.hour_cycle = Some(HourCycle::H11),
        Some("h12") => preferences.hour_cycle = Some(HourCycle::H12),
        Some("h23" | "h24") => preferences.hour_cycle = Some(HourCycle::H23),
        Some("12") => preferences.hour_cycle = Some(HourCycle::Clock12),
        Some("24") => preferences.hour_cycle = Some(HourCycle::Clock24),
        _ => {}
    }
    if !unwanted.is_empty() {
        preferences.hour_cycle = Some(HourCycle::Clock24);
    }
    let sections = if options.has("dateStyle")? || options.has("timeStyle")? {
        Section::whole(preferences, styles(ctx, &locale, &options)?)
    } else {
        let mut bag = bag(&options)?;
        if spells_months_out(&locale, &options)? {
            bag.month = Some(Month::Long);
        }
        Section::of(&locale, preferences, bag)
    };
    let sections = sections.map_err(|error| range(ctx, &format!("these fields cannot be formatted: {error}")))?;
    let mut asked = Asked::new(&options)?;
    if knows_no_short_month(&locale, &options)? {
        asked.forget("month");
    }
    let zero = zero_of(ctx, &locale)?;
    let widths = Widths::new(preferences, &asked, &sections, unwanted.is_empty(), zero);
    let widths = widths.map_err(|error| range(ctx, &format!("these fields cannot be formatted: {error}")))?;
    let name = IanaParserExtended::new().parse(&zone).time_zone;
    let named = || TimeZone::try_from_str(&zone).map_err(|_| range(ctx, &format!("{zone:?} is not a time zone")));
    let zone = if zone == "UTC" { None } else { Some(named()?) };
    let format = DateTimeFormat {
        sections,
        widths,
        zone,
        name,
        numerals: Numerals::new(ctx, &locale)?,
        unwanted,
        bare: Bare::new(ctx, &locale, &options)?,
        is_time_apart_by_space: sets_time_apart_by_space(&locale, &options)?,
        word_of_hour: word_of_hour(&locale, &options)?,
        is_24_at_midnight: text(&options, "hourCycle")?.as_deref() == Some("h24"),
        periods: Periods::new(&locale, &options)?,
    };
    hold(ctx, format)
}

/// The units that are larger than the largest one of the options.
fn unwanted(options: &Value<'_>) -> Result<Vec<&'static str>> {
    const UNITS: [&str; 4] = ["hour", "minute", "second", "fractionalSecondDigits"];
    for (count, unit) in UNITS.into_iter().enumerate() {
        if options.has(unit)? {
            return Ok(UNITS[..count].to_vec());
        }
    }
    Ok(Vec::new())
}

/// The fields of the options `dateStyle` and `timeStyle`.
fn styles(ctx: Ctx<'_>, locale: &Locale, options: &Value<'_>) -> Result<CompositeFieldSet> {
    let (date, time) = (text(options, "dateStyle")?, text(options, "timeStyle")?);
    let part = text(options, "part")?;
    let mut builder = FieldSetBuilder::new();
    if let Some(date) = &date {
        builder.date_fields = Some(match part.as_deref() {
            Some("year-month") => DateFields::YM,
            Some("month-day") => DateFields::MD,
            _ if date == "full" => DateFields::YMDE,
            _ => DateFields::YMD,
        });
        builder.length = Some(match date.as_str() {
            "full" | "long" => Length::Long,
            "medium" => Length::Medium,
            _ => Length::Short,
        });
        if date == "full" && part.is_none() && locale.id.language.as_str() == "th" {
            builder.year_style = Some(YearStyle::WithEra);
        }
    }
    if let Some(time) = &time {
        builder.time_precision = Some(if time == "short" { TimePrecision::Minute } else { TimePrecision::Second });
        // What has a part has no time zone.
        builder.zone_style = match time.as_str() {
            _ if part.is_some() => None,
            "full" => Some(ZoneStyle::SpecificLong),
            "long" => Some(ZoneStyle::SpecificShort),
            _ => None,
        };
        if date.is_none() {
            builder.length = Some(Length::Medium);
        }
    }
    builder.build_composite().map_err(|error| range(ctx, &format!("these styles cannot be formatted: {error}")))
}

/// The fields of the options for each of them.
fn bag(options: &Value<'_>) -> Result<DateTimeFieldBag> {
    let mut bag = DateTimeFieldBag::default();
    let field = |name| text(options, name);
    bag.era = field("era")?.map(|width| match width.as_str() {
        "long" => Era::Long,
        "narrow" => Era::Narrow,
        _ => Era::Short,
    });
    bag.year = field("year")?.map(|width| if width == "2-digit" { Year::TwoDigit } else { Year::Numeric });
    bag.month = field("month")?.map(|width| match width.as_str() {
        "2-digit" => Month::TwoDigit,
        "long" => Month::Long,
        "short" => Month::Short,
        "narrow" => Month::Narrow,
        _ => Month::Numeric,
    });
    bag.day = field("day")?.map(|width| if width == "2-digit" { Day::TwoDigit } else { Day::Numeric });
    bag.weekday = field("weekday")?.map(|width| match width.as_str() {
        "long" => Weekday::Long,
        "narrow" => Weekday::Narrow,
        _ => Weekday::Short,
    });
    bag.day_period = field("dayPeriod")?.map(|width| match width.as_str() {
        "long" => DayPeriod::FlexibleLong,
        "narrow" => DayPeriod::FlexibleNarrow,
        _ => DayPeriod::FlexibleShort,
    });
    bag.hour_kind = field("hourCycle")?.map(|cycle| match cycle.as_str() {
        "h11" | "h12" | "12" => HourKind::Clock12,
        _ => HourKind::Clock24,
    });
    bag.hour = field("hour")?.map(|width| if width == "2-digit" { Hour::TwoDigit } else { Hour::Numeric });
    bag.minute = field("minute")?.map(|width| if width == "2-digit" { Minute::TwoDigit } else { Minute::Numeric });
    bag.second = field("second")?.map(|width| if width == "2-digit" { Second::TwoDigit } else { Second::Numeric });
    bag.fractional_second_digits = number(options, "fractionalSecondDigits")?.map(|digits| match digits {
        1 => FractionalSecondDigits::F1,
        2 => FractionalSecondDigits::F2,
        _ => FractionalSecondDigits::F3,
    });
    bag.time_zone_name = field("timeZoneName")?.map(|style| match style.as_str() {
        "long" => TimeZoneName::LongSpecific,
        "shortOffset" => TimeZoneName::ShortOffset,
        "longOffset" => TimeZoneName::LongOffset,
        "shortGeneric" => TimeZoneName::ShortGeneric,
        "longGeneric" => TimeZoneName::LongGeneric,
        _ => TimeZoneName::ShortSpecific,
    });
    Ok(bag)
}

/// The parts of a point in time: `(formatter, milliseconds since 1970)`.
pub(crate) fn format_date_time<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let format = behind::<DateTimeFormat>(ctx, &args.get(0))?;
    let pieces = format.format(ctx, args.get(1).to_f64()?)?;
    parts::to_js(ctx, &pieces)
}

impl DateTimeFormat {
    fn format(&self, ctx: Ctx<'_>, milliseconds: f64) -> Result<Vec<Piece>> {
        let local = self.local(milliseconds).ok_or_else(|| range(ctx, "the date is outside the range of dates"))?;
        let mut pieces = Vec::new();
        self.sections.iter().for_each(|section| section.add_to(&mut pieces, &local));
        if pieces.iter().any(|piece| piece.text.contains('{')) {
            // What the library writes for a field whose names it has not loaded.
            return Err(range(ctx, "these fields cannot be formatted together for this locale"));
        }
        for piece in &mut pieces {
            piece.kind = match piece.kind {
                "era" | "year" | "relatedYear" | "yearName" | "month" | "day" | "weekday" | "dayPeriod" | "hour"
                | "minute" | "second" | "timeZoneName" => piece.kind,
                "extendedYear" => "year",
                _ => "literal",
            };
        }
        if let Some(widths) = &self.widths {
            widths.apply(&mut pieces, &local);
        }
        let mut pieces: Vec<Piece> = pieces.into_iter().flat_map(split_fraction).collect();
        self.numerals.apply(&mut pieces);
        self.adjust(&mut pieces, local.time);
        for unit in &self.unwanted {
            if let Some(at) = pieces.iter().position(|piece| piece.kind == *unit) {
                // With what separates it from the next unit.
                pieces.drain(at..(at + 2).min(pieces.len()));
            }
        }
        Ok(pieces)
    }

    /// Writes what the library has no way to: midnight as 24, periods of the day, and GMT itself.
    fn adjust(&self, pieces: &mut Vec<Piece>, time: Time) {
        for piece in pieces.iter_mut() {
            match piece.kind {
                "day" if self.bare.day => self.bare.strip(piece),
                "month" if self.bare.month => self.bare.strip(piece),
                unit if self.bare.clock == Some(unit) => self.bare.strip(piece),
                "hour" if self.is_24_at_midnight && time.hour.number() == 0 => {
                    let zero =
                        piece.text.chars().next().map_or('0', |digit| if digit.is_numeric() { digit } else { '0' });
                    let digit = |value: u32| char::from_u32(u32::from(zero) + value).unwrap_or(zero);
                    piece.text = String::from_iter([digit(2), digit(4)]);
                }
                "dayPeriod" => {
                    if let Some(periods) = self.periods {
                        piece.text = periods.at(time).to_owned();
                    }
                }
                "literal" => piece.text = word_once(&piece.text).unwrap_or_else(|| std::mem::take(&mut piece.text)),
                "timeZoneName" if piece.text == "GMT+0" => piece.text = "GMT".to_owned(),
                "timeZoneName" => piece.text = offset_as_written(&piece.text),
                _ => {}
            }
        }
        if self.is_time_apart_by_space
            && let Some(at) = pieces.iter().position(|piece| piece.kind == "weekday")
            && let [between, time, ..] = &mut pieces[at + 1..]
            && matches!((between.kind, time.kind), ("literal", "hour" | "dayPeriod"))
        {
            let is_bracketed = std::mem::replace(&mut between.text, " ".to_owned()).contains('(');
            if let Some(last) = pieces.last_mut().filter(|last| is_bracketed && last.kind == "literal") {
                last.text = last.text.replace(')', "");
            }
        }
        if let Some(word) = self.word_of_hour
            && let Some(at) = pieces.iter().position(|piece| piece.kind == "hour")
        {
            match pieces.get_mut(at + 1) {
                Some(after) if after.kind == "literal" => after.text.insert_str(0, word),
                _ => pieces.insert(at + 1, Piece::new("literal", word)),
            }
        }
        if self.periods.is_some() {
            // Words are set apart from the hour by a plain space, AM and PM by a narrow one that does not break.
            if let Some(at) = pieces.iter().position(|piece| piece.kind == "dayPeriod")
                && let Some(before) = at.checked_sub(1).and_then(|at| pieces.get_mut(at))
                && before.kind == "literal"
            {
                before.text = before.text.replace('\u{202f}', " ");
            }
        }
        if self.periods.is_some_and(|periods| periods.is_alone) {
            pieces.retain(|piece| piece.kind == "dayPeriod");
        }
    }

    /// What the calendar and the clock of the zone show.
    fn local(&self, milliseconds: f64) -> Option<Moment> {
        let milliseconds = milliseconds as i64;
        let seconds = match self.zone {
            Some(zone) => {
                let nanoseconds = i128::from(milliseconds) * 1_000_000;
                let zoned = temporal_rs::ZonedDateTime::try_new_iso(nanoseconds, zone).ok()?;
                i32::try_from(zoned.offset_nanoseconds() / 1_000_000_000).ok()?
            }
            None => 0,
        };
        let local = milliseconds + i64::from(seconds) * 1_000;
        let date = iso_date(local.div_euclid(MILLISECONDS_PER_DAY));
        let of_day = u32::try_from(local.rem_euclid(MILLISECONDS_PER_DAY)).ok()?;
        let unit = |size: u32, count: u32| u8::try_from(of_day / size % count).ok();
        let (hour, minute, second) = (unit(3_600_000, 24)?, unit(60_000, 60)?, unit(1_000, 60)?);
        let time = Time::try_new(hour, minute, second, of_day % 1_000 * 1_000_000).ok()?;
        let offset = UtcOffset::try_from_seconds(seconds).ok();
        let zone = self.name.with_offset(offset).at_date_time(DateTime { date, time });
        Some(ZonedDateTime { date, time, zone })
    }
}

/// The date so many days after the first of 1970. Years of more than four digits are no input of the library's.
fn iso_date(days: i64) -> Date<Iso> {
    Date::from_rata_die(RataDie::new(days + DAYS_TO_1970), Iso)
}

/// Seconds with a fraction are three parts.
fn split_fraction(piece: Piece) -> Vec<Piece> {
    let point = |c: char| matches!(c, '.' | ',' | '\u{66b}');
    match piece.text.find(point) {
        Some(at) if piece.kind == "second" => {
            let end = at + piece.text[at..].chars().next().map_or(1, char::len_utf8);
            vec![
                Piece::new("second", &piece.text[..at]),
                Piece::new("literal", &piece.text[at..end]),
                Piece::new("fractionalSecond", &piece.text[end..]),
            ]
        }
        _ => vec![piece],
    }
}

/// The name of a time zone as the IANA writes it; `undefined` if there is none: `(name)`.
pub(crate) fn time_zone<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let text = args.get(0).to_text()?;
    let Ok(zone) = TimeZone::try_from_str(&text) else { return Ok(ctx.undefined()) };
    let name = zone.identifier().map_err(|_| range(ctx, &format!("{text:?} is not a time zone")))?;
    ctx.string(&name)
}

/// The time zone of this machine, by its name in the IANA's data; `UTC` if it does not tell.
pub fn system_time_zone() -> String {
    let of_environment = std::env::var("TZ").ok().map(|name| name.trim_start_matches(':').to_owned());
    let known = |name: &String| TimeZone::try_from_str(name).is_ok();
    let name = of_environment.filter(known).or_else(|| iana_time_zone::get_timezone().ok().filter(known));
    name.filter(|name| *name != "Etc/UTC").unwrap_or_else(|| "UTC".to_owned())
}

/// The time zone of this machine.
pub(crate) fn default_time_zone<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    ctx.string(&system_time_zone())
}

/// The names of all time zones, sorted.
pub(crate) fn time_zones<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let parser = IanaParserExtended::new();
    let primary = |name: &'static str| if matches!(name, "Etc/UTC" | "Etc/GMT") { "UTC" } else { name };
    let mut names: Vec<&str> = parser.iter().map(|zone| primary(zone.canonical)).collect();
    names.sort_unstable();
    names.dedup();
    ctx.array(names.into_iter().map(|name| ctx.string(name)).collect::<Result<_>>()?)
}

/// The clock of twelve hours that a locale has, `h11` or `h12`: `(locale)`.
pub(crate) fn twelve_hours<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = locale(ctx, &args.get(0))?;
    ctx.string(if locale.id.language.as_str() == "ja" { "h11" } else { "h12" })
}

/// Whether a locale's clock has twelve hours, from its own preference: `(locale)`.
pub(crate) fn has_twelve_hours<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    const RG: Key = key!("rg");
    let mut locale = locale(ctx, &args.get(0))?;
    let of_region = locale.extensions.unicode.keywords.get(&RG).map(ToString::to_string);
    if let Some(region) = of_region.and_then(|code| code.get(..2)?.parse().ok()) {
        locale.id.region = Some(region);
    }
    let preferences = DateTimeFormatterPreferences::from(&locale);
    let formatter = icu::datetime::NoCalendarFormatter::try_new(preferences, icu::datetime::fieldsets::T::hm());
    let formatter = formatter.map_err(|error| range(ctx, &format!("no data of times: {error}")))?;
    let noon = Time::try_new(13, 0, 0, 0).map_err(|_| range(ctx, "no such time"))?;
    let pieces = parts::pieces(&formatter.format(&noon), "datetime");
    Ok(ctx.boolean(pieces.iter().any(|piece| piece.kind == "dayPeriod")))
}
