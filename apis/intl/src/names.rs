//! Names of currencies, calendars and fields of dates.
//!
//! Those of currencies are in every language. Those of calendars and fields are in English, as the library has none: other
//! languages show the code.

use crate::number::currency_symbol;
use crate::region::strings;
use icu::experimental::dimension::provider::currency::displayname::CurrencyDisplaynameV1;
use icu::experimental::provider::Baked;
use icu::locale::{DataLocale, Locale};
use icu_provider::{DataIdentifierBorrowed, DataMarkerAttributes, DataProvider, DataRequest};
use quickbeam_engine::{Args, Ctx, Result, Value};

const ENGLISH: &[(&str, &str)] = &[
    ("buddhist", "Buddhist Calendar"),
    ("chinese", "Chinese Calendar"),
    ("coptic", "Coptic Calendar"),
    ("dangi", "Dangi Calendar"),
    ("ethioaa", "Ethiopic Amete Alem Calendar"),
    ("ethiopic", "Ethiopic Calendar"),
    ("gregory", "Gregorian Calendar"),
    ("hebrew", "Hebrew Calendar"),
    ("indian", "Indian National Calendar"),
    ("islamic-civil", "Hijri Calendar (tabular, civil epoch)"),
    ("islamic-tbla", "Hijri Calendar (tabular, astronomical epoch)"),
    ("islamic-umalqura", "Hijri Calendar (Umm al-Qura)"),
    ("iso8601", "ISO-8601 Calendar"),
    ("japanese", "Japanese Calendar"),
    ("persian", "Persian Calendar"),
    ("roc", "Minguo Calendar"),
    ("era", "era"),
    ("year", "year"),
    ("quarter", "quarter"),
    ("month", "month"),
    ("weekOfYear", "week"),
    ("weekday", "day of the week"),
    ("day", "day"),
    ("dayPeriod", "AM/PM"),
    ("hour", "hour"),
    ("minute", "minute"),
    ("second", "second"),
    ("timeZoneName", "time zone"),
];

/// The name of a calendar or a field of a date.
pub(crate) fn english(locale: &Locale, code: &str) -> Option<&'static str> {
    let is_english = locale.id.language.as_str() == "en";
    ENGLISH.iter().find(|(known, _)| is_english && *known == code).map(|(_, name)| *name)
}

/// The name of a currency; short styles are its symbol.
///
/// # Errors
/// Throws a `RangeError` for what is no code of a currency.
pub(crate) fn currency(ctx: Ctx<'_>, locale: &Locale, code: &str, style: &str) -> Result<Option<String>> {
    let display = match style {
        "long" => return Ok(currency_name(locale, code)),
        "narrow" => "narrowSymbol",
        _ => "symbol",
    };
    let symbol = currency_symbol(ctx, locale, code, display)?;
    Ok(Some(symbol).filter(|symbol| symbol != code || currency_name(locale, code).is_some()))
}

/// The codes of the currencies that have a name, sorted.
pub(crate) fn currencies<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let english = Locale::from(icu::locale::langid!("en"));
    let letters = || 'A'..='Z';
    let mut codes = Vec::new();
    for (first, second) in letters().flat_map(|first| letters().map(move |second| (first, second))) {
        // Thousands of look-ups, on behalf of a script.
        ctx.poll(100)?;
        let code = |third: char| String::from_iter([first, second, third]);
        codes.extend(letters().map(code).filter(|code| currency_name(&english, code).is_some()));
    }
    strings(ctx, codes.iter().map(String::as_str))
}

fn currency_name(locale: &Locale, code: &str) -> Option<String> {
    let locale = DataLocale::from(locale);
    let attributes = DataMarkerAttributes::try_from_str(code).ok()?;
    let id = DataIdentifierBorrowed::for_marker_attributes_and_locale(attributes, &locale);
    let response =
        DataProvider::<CurrencyDisplaynameV1>::load(&Baked, DataRequest { id, ..DataRequest::default() }).ok()?;
    Some(response.payload.get().to_string())
}
