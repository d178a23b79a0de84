//! What is usual where a locale is spoken: calendars, collations, weeks, directions of text, time zones.

use crate::options::{self, no_data};
use icu::calendar::week::WeekInformation;
use icu::calendar::{AnyCalendarKind, preferences::CalendarPreferences};
use icu::locale::LocaleDirectionality;
use icu::time::zone::iana::IanaParserExtended;
use quickbeam_engine::{Args, Attributes, Ctx, Result, Value};
use temporal_rs::Calendar;

/// Calendars, sorted.
const CALENDARS: &[&str] = &[
    "buddhist",
    "chinese",
    "coptic",
    "dangi",
    "ethioaa",
    "ethiopic",
    "gregory",
    "hebrew",
    "indian",
    "islamic-civil",
    "islamic-tbla",
    "islamic-umalqura",
    "iso8601",
    "japanese",
    "persian",
    "roc",
];

/// Orders of strings that a language has beside its usual one; those of no language are everybody's.
const COLLATIONS: &[(&str, &[&str])] = &[
    ("", &["emoji", "eor"]),
    ("ar", &["compat"]),
    ("bn", &["trad"]),
    ("de", &["phonebk"]),
    ("es", &["trad"]),
    ("fi", &["trad"]),
    ("kn", &["trad"]),
    ("ko", &["searchjl"]),
    ("si", &["dict"]),
    ("sv", &["trad"]),
    ("vi", &["trad"]),
    ("zh", &["pinyin", "stroke", "zhuyin"]),
];

/// A list of strings.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn strings<'a, 's>(ctx: Ctx<'a>, items: impl IntoIterator<Item = &'s str>) -> Result<Value<'a>> {
    ctx.array(items.into_iter().map(|item| ctx.string(item)).collect::<Result<_>>()?)
}

/// The calendars there are.
pub(crate) fn calendars(ctx: Ctx<'_>) -> Result<Value<'_>> {
    strings(ctx, CALENDARS.iter().copied())
}

/// The calendar that a name stands for, `undefined` if it is none: `(name)`.
pub(crate) fn calendar<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if args.get(0).is_undefined() {
        return Ok(ctx.undefined());
    }
    let name = args.get(0).to_text()?;
    let name = match name.as_str() {
        "islamicc" => "islamic-civil",
        "ethiopic-amete-alem" => "ethioaa",
        // Both depend on who looks at the moon; the tables come closest.
        "islamic" | "islamic-rgsa" => "islamic-tbla",
        name => name,
    };
    if CALENDARS.contains(&name) { ctx.string(name) } else { Ok(ctx.undefined()) }
}

fn preferred(ctx: Ctx<'_>, locale: &Value<'_>) -> Result<&'static str> {
    let preferences = CalendarPreferences::from(&options::locale(ctx, locale)?);
    let kind = AnyCalendarKind::try_new(preferences).map_err(no_data(ctx, "calendars"))?;
    Ok(Calendar::new(kind).identifier())
}

/// The calendar of a locale: `(locale)`.
pub(crate) fn calendar_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ctx.string(preferred(ctx, &args.get(0))?)
}

/// The calendars that are used where a locale is spoken, the usual one first: `(locale)`.
pub(crate) fn calendars_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let first = preferred(ctx, &args.get(0))?;
    strings(ctx, [first].into_iter().chain(Some("gregory").filter(|name| *name != first)))
}

/// Whether a language has an order of that name: `(language, name)`.
pub(crate) fn has_collation<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (language, name) = (args.get(0).to_text()?, args.get(1).to_text()?);
    Ok(ctx.boolean(collations(&language).any(|known| known == name)))
}

fn collations(language: &str) -> impl Iterator<Item = &'static str> {
    let is_its = move |(of, _): &&(&str, _)| of.is_empty() || *of == language;
    COLLATIONS.iter().filter(is_its).flat_map(|(_, names)| names.iter().copied())
}

/// The names of the orders that a locale's language has, sorted: `(locale)`.
pub(crate) fn collations_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    let mut names: Vec<&str> = collations(locale.id.language.as_str()).collect();
    names.sort_unstable();
    strings(ctx, names)
}

/// The names of the orders of all languages, sorted.
pub(crate) fn all_collations<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let mut names: Vec<&str> = COLLATIONS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    strings(ctx, names)
}

/// `ltr`, `rtl`, or `undefined`: `(locale)`.
pub(crate) fn direction<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    let directions = LocaleDirectionality::new_extended();
    if directions.is_right_to_left(&locale.id) {
        return ctx.string("rtl");
    }
    if directions.is_left_to_right(&locale.id) { ctx.string("ltr") } else { Ok(ctx.undefined()) }
}

/// `{ firstDay, weekend }`, in which Monday is 1: `(locale)`.
pub(crate) fn week_info<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    let week = WeekInformation::try_new((&locale).into()).map_err(no_data(ctx, "weeks"))?;
    let mut weekend: Vec<i32> = week.weekend().map(|day| day as i32).collect();
    weekend.sort_unstable();
    let info = ctx.object()?;
    info.define("firstDay", ctx.int(week.first_weekday as i32), Attributes::ALL)?;
    let weekend = ctx.array(weekend.into_iter().map(|day| ctx.int(day)).collect())?;
    info.define("weekend", weekend, Attributes::ALL)?;
    Ok(info)
}

/// The time zones of a region, sorted: `(region)`.
pub(crate) fn time_zones_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let region = args.get(0).to_text()?.to_ascii_lowercase();
    let parser = IanaParserExtended::new();
    // The short name of a zone starts with its region.
    let is_there = |zone: &str| zone.len() > 2 && zone.starts_with(&region);
    let mut names: Vec<&str> =
        parser.iter().filter(|zone| is_there(zone.time_zone.as_str())).map(|zone| zone.canonical).collect();
    names.sort_unstable();
    names.dedup();
    strings(ctx, names)
}
