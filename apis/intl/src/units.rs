//! Units of measurement: what a locale writes around a number of them.
//!
//! The library has names of lengths, areas, masses, volumes and times in every language. For amounts of data, temperatures, angles
//! and percents it has none: these have their symbols everywhere, and names in English.

use crate::options::{no_data, range};
use fixed_decimal::Decimal;
use icu::experimental::dimension::provider::units::categorized_display_names as markers;
use icu::experimental::dimension::provider::units::display_names::UnitsDisplayNames;
use icu::experimental::dimension::provider::units::essentials::UnitsEssentialsV1;
use icu::experimental::provider::Baked;
use icu::locale::{DataLocale, Locale};
use icu::plurals::{PluralRuleType, PluralRules};
use icu_provider::marker::ErasedMarker;
use icu_provider::{
    DataIdentifierBorrowed, DataMarker, DataMarkerAttributes, DataPayload, DataProvider, DataRequest, DynamicDataMarker,
};
use quickbeam_engine::{Ctx, Result};

/// The units that there are (ECMA-402, table 2), sorted.
pub(crate) const UNITS: &[&str] = &[
    "acre",
    "bit",
    "byte",
    "celsius",
    "centimeter",
    "day",
    "degree",
    "fahrenheit",
    "fluid-ounce",
    "foot",
    "gallon",
    "gigabit",
    "gigabyte",
    "gram",
    "hectare",
    "hour",
    "inch",
    "kilobit",
    "kilobyte",
    "kilogram",
    "kilometer",
    "liter",
    "megabit",
    "megabyte",
    "meter",
    "microsecond",
    "mile",
    "mile-scandinavian",
    "milliliter",
    "millimeter",
    "millisecond",
    "minute",
    "month",
    "nanosecond",
    "ounce",
    "percent",
    "petabyte",
    "pound",
    "second",
    "stone",
    "terabit",
    "terabyte",
    "week",
    "yard",
    "year",
];

/// Units that the library has no names of, with what follows a number of them: one, several, short, narrow.
const SYMBOLS: &[(&str, [&str; 4])] = &[
    ("bit", [" bit", " bits", " bit", "bit"]),
    ("byte", [" byte", " bytes", " byte", "B"]),
    ("celsius", [" degree Celsius", " degrees Celsius", "°C", "°C"]),
    ("degree", [" degree", " degrees", " deg", "°"]),
    ("fahrenheit", [" degree Fahrenheit", " degrees Fahrenheit", "°F", "°"]),
    ("gigabit", [" gigabit", " gigabits", " Gb", "Gb"]),
    ("gigabyte", [" gigabyte", " gigabytes", " GB", "GB"]),
    ("kilobit", [" kilobit", " kilobits", " kb", "kb"]),
    ("kilobyte", [" kilobyte", " kilobytes", " kB", "kB"]),
    ("megabit", [" megabit", " megabits", " Mb", "Mb"]),
    ("megabyte", [" megabyte", " megabytes", " MB", "MB"]),
    ("percent", [" percent", " percent", "%", "%"]),
    ("petabyte", [" petabyte", " petabytes", " PB", "PB"]),
    ("terabit", [" terabit", " terabits", " Tb", "Tb"]),
    ("terabyte", [" terabyte", " terabytes", " TB", "TB"]),
];

/// Languages that set °C apart from its number.
const SPACED_CELSIUS: &[&str] = &[
    "af", "be", "bs", "ca", "cs", "de", "eo", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "hy", "it", "lv", "mk",
    "nb", "nn", "no", "pt", "ro", "ru", "sc", "sk", "sl", "sv", "uk",
];

/// Languages that write `km/h`, whatever their short name of an hour is.
const HOUR_IS_H: &[&str] = &["bg", "cy", "dsb", "et", "fi", "gd", "hu", "ko", "mk", "sr", "vi", "yo", "zu"];

/// Quotients with a symbol that the names of their units do not tell, as it follows a number; and the languages that have it.
const QUOTIENTS: &[(&str, [&str; 2], &[&str])] = &[
    ("meter-per-second", [" m/s", "m/s"], &["de", "fa", "ur"]),
    (
        "mile-per-gallon",
        [" mpg", "mpg"],
        &[
            "bg", "bn", "bs", "cs", "cy", "da", "de", "el", "en", "et", "he", "hi", "hr", "hu", "id", "it", "ja", "km",
            "lo", "lv", "mk", "ml", "mr", "my", "nb", "ne", "nl", "nn", "no", "pl", "pt", "sd", "sk", "sl", "sr", "sv",
            "tr", "ur", "vi", "zu",
        ],
    ),
    (
        "mile-per-hour",
        [" mph", "mph"],
        &["bg", "bn", "da", "dsb", "en", "eu", "he", "hsb", "hu", "ig", "ja", "km", "mk", "ne", "ps", "pt", "ur", "vi"],
    ),
];

/// Languages whose narrow symbols of quotients follow the number without a space.
const UNSPACED_QUOTIENTS: &[&str] = &["bn", "en", "it", "ja", "zh"];

/// What a kilometer or a mile becomes that is driven in an hour, where the language has words of its own for that.
const SPEEDS: &[(&str, &str)] = &[
    ("be", "{0} за гадзіну"),
    ("bg", "{0} в час"),
    ("eu", "{0} orduko"),
    ("fi", "{0} tunnissa"),
    ("hr", "{0} na sat"),
    ("ja", "時速 {0}"),
    ("ko", "시속 {0}"),
    ("lt", "{0} per valandą"),
    ("sr", "{0} на сат"),
    ("uk", "{0} за годину"),
    ("zh", "每小时{0}"),
];

/// What a unit becomes that is divided by a second, a minute or an hour, where the language has another form of their names for that.
const PER_TIME: &[(&str, [&str; 3])] = &[
    ("ar", ["{0} في الثانية", "{0} كل دقيقة", "{0} في الساعة"]),
    ("be", ["{0} у секунду", "{0} у хвіліну", "{0} у гадзіну"]),
    ("bg", ["{0} за секунда", "{0} на минута", "{0} за час"]),
    ("bs", ["{0} po sekundi", "{0} po minuti", "{0} na sat"]),
    ("cs", ["{0} za sekundu", "{0} za minutu", "{0} za hodinu"]),
    ("et", ["{0} sekundis", "{0} minutis", "{0} tunnis"]),
    ("eu", ["{0} segundo bakoitzeko", "{0} minutu bakoitzeko", "{0} ordu bakoitzeko"]),
    ("hr", ["{0}/s", "{0}/min", "{0}/h"]),
    ("hy", ["{0} վայրկյանում", "{0} րոպեում", "{0} ժամում"]),
    ("it", ["{0} al secondo", "{0} al minuto", "{0} all’ora"]),
    ("ja", ["{0}/秒", "{0}/分", "{0}/時間"]),
    ("ka", ["{0} წამში", "{0} წუთში", "{0} საათში"]),
    ("lt", ["{0}/s", "{0} per minutę", "{0}/h"]),
    ("lv", ["{0} sekundē", "{0} minūtē", "{0} stundā"]),
    ("pl", ["{0} na sekundę", "{0} na minutę", "{0} na godzinę"]),
    ("ru", ["{0} в секунду", "{0} в минуту", "{0} в час"]),
    ("sk", ["{0} za sekundu", "{0} za minútu", "{0} za hodinu"]),
    ("sl", ["{0} na sekundo", "{0} na minuto", "{0} na uro"]),
    ("uk", ["{0} на секунду", "{0} на хвилину", "{0} на годину"]),
    ("zh", ["{0}/秒", "{0}/分钟", "{0}/小时"]),
];

/// Stands for the number in a pattern.
const NUMBER: &str = "\u{0}";

/// How long names are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Long,
    Short,
    Narrow,
}

impl Width {
    fn name(self) -> &'static str {
        match self {
            Width::Long => "long",
            Width::Short => "short",
            Width::Narrow => "narrow",
        }
    }
}

/// What stands around a number of one unit, by the number's plural form.
enum Names {
    Data(Payload),
    Symbol { one: &'static str, other: &'static str },
}

impl Names {
    fn load(ctx: Ctx<'_>, locale: &Locale, unit: &str, width: Width) -> Result<Names> {
        if let Some((_, [one, several, short, narrow])) = SYMBOLS.iter().find(|(name, _)| *name == unit) {
            let language = locale.id.language.as_str();
            let is_english = language == "en";
            if unit == "celsius" && SPACED_CELSIUS.contains(&language) {
                return Ok(Names::Symbol { one: "\u{a0}°C", other: "\u{a0}°C" });
            }
            return Ok(match width {
                Width::Long if is_english || unit == "bit" || unit == "byte" => Names::Symbol { one, other: several },
                Width::Long | Width::Short => Names::Symbol { one: short, other: short },
                Width::Narrow => Names::Symbol { one: narrow, other: narrow },
            });
        }
        let attributes = format!("{}-{unit}", width.name());
        let names = DataMarkerAttributes::try_from_str(&attributes).ok().and_then(|attributes| {
            let locale = DataLocale::from(locale);
            macro_rules! first {
                ($($marker:ident)*) => {
                    let candidates = [$(load::<markers::$marker>(attributes, &locale)),*];
                    best(candidates)
                };
            }
            first! {
                UnitsNamesDurationCoreV1 UnitsNamesDurationExtendedV1 UnitsNamesDurationOutlierV1
                UnitsNamesLengthCoreV1 UnitsNamesLengthExtendedV1 UnitsNamesLengthOutlierV1
                UnitsNamesMassCoreV1 UnitsNamesMassExtendedV1 UnitsNamesMassOutlierV1
                UnitsNamesVolumeCoreV1 UnitsNamesVolumeExtendedV1 UnitsNamesVolumeOutlierV1
                UnitsNamesAreaCoreV1 UnitsNamesAreaExtendedV1 UnitsNamesAreaOutlierV1
            }
        });
        names.map(Names::Data).ok_or_else(|| range(ctx, &format!("there are no names of the unit {unit}")))
    }

    fn quotient(locale: &Locale, unit: &str, width: Width) -> Option<Names> {
        let language = locale.id.language.as_str();
        let is_its = |(name, _, languages): &&(&str, _, &[&str])| *name == unit && languages.contains(&language);
        let (_, [spaced, unspaced], _) = QUOTIENTS.iter().filter(|_| width != Width::Long).find(is_its)?;
        let is_spaced = width == Width::Short || !UNSPACED_QUOTIENTS.contains(&language);
        let symbol = if is_spaced { spaced } else { unspaced };
        Some(Names::Symbol { one: symbol, other: symbol })
    }

    fn pattern(&self, value: &Decimal, rules: &PluralRules) -> String {
        match self {
            Names::Data(names) => names.get().get(value.into(), rules).interpolate((NUMBER,)).to_string(),
            Names::Symbol { one, other } => {
                let is_one = value.to_string().trim_start_matches(['-', '+']) == "1";
                format!("{NUMBER}{}", if is_one { one } else { other })
            }
        }
    }
}

type Payload = DataPayload<ErasedMarker<UnitsDisplayNames<'static>>>;

/// The names of a unit are in one of several tables; others may have what is written of it where there is no name.
fn best<const N: usize>(candidates: [Option<(Payload, bool)>; N]) -> Option<Payload> {
    let mut found: Vec<(Payload, bool)> = candidates.into_iter().flatten().collect();
    let at = found.iter().position(|(_, is_of_locale)| *is_of_locale).unwrap_or(0);
    (at < found.len()).then(|| found.swap_remove(at).0)
}

/// The names of a unit in one table, and whether they are of the locale's language.
fn load<M>(attributes: &DataMarkerAttributes, locale: &DataLocale) -> Option<(Payload, bool)>
where
    M: DataMarker + DynamicDataMarker<DataStruct = UnitsDisplayNames<'static>>,
    Baked: DataProvider<M>,
{
    let id = DataIdentifierBorrowed::for_marker_attributes_and_locale(attributes, locale);
    let response = DataProvider::<M>::load(&Baked, DataRequest { id, ..DataRequest::default() });
    let response = response.ok()?;
    let is_of_locale = response.metadata.locale.is_none_or(|found| !found.is_unknown());
    Some((response.payload.cast(), is_of_locale))
}

/// What stands around numbers of a unit such as `kilometer` or `kilometer-per-hour`.
pub(crate) struct UnitPattern {
    names: Names,
    rules: PluralRules,
    /// What a pattern becomes of the unit that is divided by another one.
    per: Option<String>,
}

impl UnitPattern {
    /// # Errors
    /// Throws a `RangeError` if there is no data of the unit.
    pub(crate) fn new(ctx: Ctx<'_>, locale: &Locale, unit: &str, display: &str) -> Result<UnitPattern> {
        let width = match display {
            "long" => Width::Long,
            "narrow" => Width::Narrow,
            _ => Width::Short,
        };
        let rules = PluralRules::try_new(locale.into(), PluralRuleType::Cardinal.into())
            .map_err(no_data(ctx, "plural rules"))?;
        let Some((numerator, denominator)) = unit.split_once("-per-") else {
            return Ok(UnitPattern { names: Names::load(ctx, locale, unit, width)?, rules, per: None });
        };
        if let Some(names) = Names::quotient(locale, unit, width) {
            return Ok(UnitPattern { names, rules, per: None });
        }
        let names = Names::load(ctx, locale, numerator, width)?;
        if let Some(per) = words(locale, unit, denominator).filter(|_| width == Width::Long) {
            return Ok(UnitPattern { names, rules, per: Some(per.to_owned()) });
        }
        // One of the shortest symbol, as in km/h.
        let narrow = if width == Width::Long { Width::Long } else { Width::Narrow };
        let one = Names::load(ctx, locale, denominator, narrow)?.pattern(&Decimal::from(1), &rules);
        let is_h = denominator == "hour" && width != Width::Long && HOUR_IS_H.contains(&locale.id.language.as_str());
        let one = if is_h { "h".to_owned() } else { one.replace(NUMBER, "") };
        let divided = per(locale, width).replace("{1}", one.trim());
        Ok(UnitPattern { names, rules, per: Some(divided) })
    }

    /// What stands before and after this number.
    pub(crate) fn around(&self, value: &Decimal) -> (String, String) {
        let pattern = self.names.pattern(value, &self.rules);
        let pattern = self.per.as_ref().map_or_else(|| pattern.clone(), |per| per.replace("{0}", &pattern));
        let (before, after) = pattern.split_once(NUMBER).unwrap_or(("", &pattern));
        (before.to_owned(), after.to_owned())
    }
}

/// The pattern of a quotient that the names of its units do not tell.
fn words(locale: &Locale, unit: &str, denominator: &str) -> Option<&'static str> {
    let language = locale.id.language.as_str();
    let is_speed = matches!(unit, "kilometer-per-hour" | "mile-per-hour");
    let speed = SPEEDS.iter().find(|(name, _)| is_speed && *name == language).map(|(_, speed)| *speed);
    speed.or_else(|| {
        let at = ["second", "minute", "hour"].iter().position(|name| *name == denominator)?;
        PER_TIME.iter().find(|(name, _)| *name == language).map(|(_, words)| words[at])
    })
}

/// The pattern of one unit divided by another.
fn per(locale: &Locale, width: Width) -> String {
    let id = DataMarkerAttributes::try_from_str(width.name()).ok();
    let data_locale = DataLocale::from(locale);
    let loaded = id.and_then(|attributes| {
        let id = DataIdentifierBorrowed::for_marker_attributes_and_locale(attributes, &data_locale);
        DataProvider::<UnitsEssentialsV1>::load(&Baked, DataRequest { id, ..DataRequest::default() }).ok()
    });
    loaded.map_or_else(|| "{0}/{1}".to_owned(), |response| response.payload.get().per.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_sorted() {
        assert!(UNITS.is_sorted());
        assert!(SYMBOLS.iter().all(|(name, _)| UNITS.contains(name)));
    }
}
