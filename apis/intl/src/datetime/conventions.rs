//! How languages write dates where the library's data does not say so.

use crate::numerals::zero_of;
use crate::options::text;
use crate::parts::Piece;
use icu::locale::Locale;
use icu::time::Time;
use quickbeam_engine::{Ctx, Result, Value};

// Languages and regions whose short dates have two digits where a numeric day or month beside a year, or without one, has as
// few as it needs: `dd.MM.y`, but `d.M.y`.
const DAY_WITH_YEAR: &str =
    "am cs cy da de et gd gl id ja ka lv my nb nl nn no pcm pl rm si so sw te tg ti vi xh en-IN en-IE es-MX";
const MONTH_WITH_YEAR: &str =
    "am be cs cy da de et gd gl id ja ka ms my nb nl nn no pcm rm si sl so sw te tg ti vi xh en-IN en-IE es-MX";
const DAY_WITHOUT: &str = "am cs cy da de et ff gd gl hu id ja ka lt my nl pcm pl si so sv sw te vi en-IE es-MX";
const MONTH_WITHOUT: &str =
    "am be cs cy da de et ff gd gl hu id ja ka ms my nl pcm si sl so sv sw te tr vi en-NZ en-IE es-MX";
/// Those of them that write both with two digits beside an era.
const BOTH_WITH_ERA: &str = "de si te en-IN";

/// Which numbers of a date or a time lose their leading zero.
pub(super) struct Bare {
    pub(super) day: bool,
    pub(super) month: bool,
    /// The minute or the second that is all of the time: only beside a larger unit it has two digits.
    pub(super) clock: Option<&'static str>,
    zero: char,
}

impl Bare {
    /// # Errors
    /// Throws if memory is short.
    pub(super) fn new(ctx: Ctx<'_>, locale: &Locale, options: &Value<'_>) -> Result<Bare> {
        let is_numeric = |name| Ok(text(options, name)?.as_deref() == Some("numeric"));
        let has_year = options.has("year")?;
        let (days, months) = if has_year { (DAY_WITH_YEAR, MONTH_WITH_YEAR) } else { (DAY_WITHOUT, MONTH_WITHOUT) };
        // Beside a month in words the library knows better.
        let is_short = is_numeric("month")? && !(options.has("era")? && is_of(locale, BOTH_WITH_ERA));
        let clock = match [options.has("hour")?, options.has("minute")?, options.has("second")?] {
            [false, true, false] if !options.has("fractionalSecondDigits")? => Some("minute"),
            [false, false, true] => Some("second"),
            _ => None,
        };
        Ok(Bare {
            day: is_short && is_numeric("day")? && is_of(locale, days),
            month: is_short && is_of(locale, months),
            clock,
            zero: zero_of(ctx, locale)?,
        })
    }

    /// Takes a leading zero away.
    pub(super) fn strip(&self, piece: &mut Piece) {
        if let Some(rest) = piece.text.strip_prefix(self.zero)
            && rest.chars().count() == 1
        {
            piece.text = rest.to_owned();
        }
    }
}

// Languages and regions whose dates of middling length have numbers, where a short month beside a year is a name; and those
// where it is one if there is no day.
const NAMED_WITH_YEAR: &str = "ar be de dsb fo hsb ja ko mk rm sr yo en-NZ";
const NAMED_WITHOUT_DAY: &str = "ar be cs de dsb fi fo hsb ja ko mk rm sr yo en-NZ";

/// Whether a short month is taken from the library's long date, as its shorter ones have numbers.
///
/// # Errors
/// Throws if memory is short.
pub(super) fn spells_months_out(locale: &Locale, options: &Value<'_>) -> Result<bool> {
    let is_name = matches!(text(options, "month")?.as_deref(), Some("short" | "narrow"));
    if !is_name || !options.has("year")? {
        return Ok(false);
    }
    Ok(is_of(locale, if options.has("day")? { NAMED_WITH_YEAR } else { NAMED_WITHOUT_DAY }))
}

/// Whether a short month beside a year alone is the whole name.
///
/// # Errors
/// What reading the options throws.
pub(super) fn knows_no_short_month(locale: &Locale, options: &Value<'_>) -> Result<bool> {
    Ok(locale.id.language.as_str() == "cs" && options.has("year")? && !options.has("day")?)
}

// Languages that set a time apart from a weekday by a space: an hour of 24 alone, and a time with minutes.
const SPACE_BEFORE_HOUR: &str = "af ca cs fr hr hsb hu ja ky lt lv mn my sk sr sv th tr zh zu";
const SPACE_BEFORE_TIME: &str = "af am ar as az be bn bs ca cs da el en es-MX et eu fa fi fil fo fr ga gu he hi hr hu id ig it kk km kn \
     kok ky lo mk ml mr ms my ne nl nn or pa ps ro ru sc sd si sk so sr sv sw ta te tg th tk tr uk ur yo zu";

/// Whether there is nothing but a space between a weekday, which is all of the date, and the time.
///
/// # Errors
/// What reading the options throws.
pub(super) fn sets_time_apart_by_space(locale: &Locale, options: &Value<'_>) -> Result<bool> {
    for field in ["era", "year", "month", "day"] {
        if options.has(field)? {
            return Ok(false);
        }
    }
    let has_period = matches!(text(options, "hourCycle")?.as_deref(), Some("h11" | "h12" | "12"));
    let is_spaced = if options.has("minute")? {
        is_of(locale, SPACE_BEFORE_TIME)
    } else {
        has_period || is_of(locale, SPACE_BEFORE_HOUR)
    };
    Ok(options.has("weekday")? && options.has("hour")? && is_spaced)
}

/// What French writes behind an hour of 24 without minutes.
///
/// # Errors
/// What reading the options throws.
pub(super) fn word_of_hour(locale: &Locale, options: &Value<'_>) -> Result<Option<&'static str>> {
    for field in ["minute", "second", "dayPeriod"] {
        if options.has(field)? {
            return Ok(None);
        }
    }
    let has_period = matches!(text(options, "hourCycle")?.as_deref(), Some("h11" | "h12" | "12"));
    // That of Canada is in the library's data.
    let is_known = locale.id.language.as_str() == "fr" && locale.id.region.is_none_or(|region| region.as_str() != "CA");
    Ok((options.has("hour")? && !has_period && is_known).then_some(" h"))
}

/// What ends a Bulgarian time, which the library writes twice beside a date: the time has it, and so has the pattern for both.
pub(super) fn word_once(text: &str) -> Option<String> {
    let first = text.strip_suffix("ч.")?.trim_end();
    first.ends_with("ч.").then(|| first.to_owned())
}

/// An offset from GMT where the library writes it otherwise than CLDR has it.
pub(super) fn offset_as_written(text: &str) -> String {
    // A mark of direction stands behind the offset, not within it.
    let text = text.replace("\u{200e}-", "-").replace("\u{200e}+", "+");
    match text.strip_suffix(" GMT") {
        Some(offset) if offset.starts_with(['-', '+']) => format!("GMT{offset}"),
        _ => text,
    }
}

/// Whether a list has a locale's language, alone or with its region.
fn is_of(locale: &Locale, list: &str) -> bool {
    let language = locale.id.language.to_string();
    let with_region = locale.id.region.map(|region| format!("{language}-{region}"));
    list.split(' ').any(|id| id == language || Some(id) == with_region.as_deref())
}

/// The periods of the day in English, the one language that they are known of here; others show AM and PM.
#[derive(Clone, Copy)]
pub(super) struct Periods {
    noon: &'static str,
    /// Nothing else is shown.
    pub(super) is_alone: bool,
}

impl Periods {
    /// # Errors
    /// Throws if memory is short.
    pub(super) fn new(locale: &Locale, options: &Value<'_>) -> Result<Option<Periods>> {
        let Some(width) = text(options, "dayPeriod")? else { return Ok(None) };
        let noon = if width == "narrow" { "n" } else { "noon" };
        let is_alone = !options.has("hour")?;
        Ok(Some(Periods { noon, is_alone }).filter(|_| locale.id.language.as_str() == "en"))
    }

    /// The period that a time is in.
    pub(super) fn at(self, time: Time) -> &'static str {
        let is_noon = time.minute.number() == 0 && time.second.number() == 0;
        match time.hour.number() {
            6..12 => "in the morning",
            12 if is_noon => self.noon,
            12..18 => "in the afternoon",
            18..21 => "in the evening",
            _ => "at night",
        }
    }
}
