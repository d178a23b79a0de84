//! Text: order, lists, plural forms, relative times, and names of things.

use crate::names;
use crate::number;
use crate::numerals::Numerals;
use crate::options::{behind, hold, locale, no_data, range};
use crate::parts;
use icu::collator::options::{AlternateHandling, CaseLevel, CollatorOptions, Strength};
use icu::collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu::decimal::input::Decimal;
use icu::experimental::displaynames::multi::{LocaleDisplayNamesFormatter, RegionDisplayNames, ScriptDisplayNames};
use icu::experimental::displaynames::{DisplayNamesOptions, LanguageDisplay, Style};
use icu::experimental::relativetime::options::Numeric;
use icu::experimental::relativetime::{RelativeTimeFormatter, RelativeTimeFormatterOptions};
use icu::list::ListFormatter;
use icu::list::options::{ListFormatterOptions, ListLength};
use icu::locale::Locale;
use icu::normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu::plurals::{PluralCategory, PluralRuleType, PluralRules};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::borrow::Cow;
use std::cmp::Ordering;

struct Order(CollatorBorrowed<'static>);

/// A collator: `(locale, sensitivity, ignorePunctuation)`.
pub(crate) fn collator<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut options = CollatorOptions::default();
    let (strength, case) = match args.get(1).to_text()?.as_str() {
        "base" => (Strength::Primary, CaseLevel::Off),
        "accent" => (Strength::Secondary, CaseLevel::Off),
        "case" => (Strength::Primary, CaseLevel::On),
        _ => (Strength::Tertiary, CaseLevel::Off),
    };
    options.strength = Some(strength);
    options.case_level = Some(case);
    if !args.get(2).is_undefined() {
        let ignores = args.get(2).truthy();
        options.alternate_handling =
            Some(if ignores { AlternateHandling::Shifted } else { AlternateHandling::NonIgnorable });
    }
    let preferences = CollatorPreferences::from(&locale(ctx, &args.get(0))?);
    let collator = Collator::try_new(preferences, options).map_err(no_data(ctx, "this order"))?;
    hold(ctx, Order(collator))
}

/// -1, 0 or 1: `(collator, string, string)`.
pub(crate) fn compare<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let order = behind::<Order>(ctx, &args.get(0))?;
    let second = args.get(2);
    let found = args.get(1).with_text(|first| {
        second.with_text(|second| {
            let (first, second) = unlike(&first, &second);
            order.0.compare(&with_bounded_runs(first), &with_bounded_runs(second))
        })
    })??;
    Ok(ctx.int(match found {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

/// Two texts without what both begin with, but for as much as may matter for the order of what follows. The library looks back from there for a
/// place where it may begin, and takes the square of the time that it takes to get there.
fn unlike<'t>(first: &'t str, second: &'t str) -> (&'t str, &'t str) {
    const LOOK_BACK: usize = 2048;
    const CHUNK: usize = 4096;

    let chunks = first.as_bytes().chunks_exact(CHUNK).zip(second.as_bytes().chunks_exact(CHUNK));
    let alike = chunks.take_while(|(first, second)| first == second).count() * CHUNK;
    let rest = first.as_bytes()[alike..].iter().zip(&second.as_bytes()[alike..]);
    let alike = alike + rest.take_while(|(first, second)| first == second).count();
    let from = first.floor_char_boundary(alike.saturating_sub(LOOK_BACK));
    (&first[from..], &second[from..])
}

/// A text with a combining grapheme joiner in each run of combining characters that is longer than any language has them, as
/// [UAX #15](https://unicode.org/reports/tr15/#Stream_Safe_Text_Format) has it: the library takes the square of their number for their order.
fn with_bounded_runs(text: &str) -> Cow<'_, str> {
    const LONGEST_RUN: usize = 256;
    const JOINER: char = '\u{34f}';

    if text.len() <= LONGEST_RUN || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let classes = CanonicalCombiningClassMapBorrowed::new();
    let is_combining = |c| classes.get_u8(c) != 0 || matches!(c, '\u{f73}' | '\u{f75}' | '\u{f81}');
    let (mut bounded, mut done, mut run) = (String::new(), 0, 0);
    for (at, c) in text.char_indices() {
        run = if is_combining(c) { run + 1 } else { 0 };
        if run > LONGEST_RUN {
            bounded.push_str(&text[done..at]);
            bounded.push(JOINER);
            (done, run) = (at, 1);
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    bounded.push_str(&text[done..]);
    Cow::Owned(bounded)
}

/// Plural rules: `(locale, type)`.
pub(crate) fn plural_rules<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let kind = match args.get(1).to_text()?.as_str() {
        "ordinal" => PluralRuleType::Ordinal,
        _ => PluralRuleType::Cardinal,
    };
    let rules = PluralRules::try_new((&locale(ctx, &args.get(0))?).into(), kind.into());
    let rules = rules.map_err(no_data(ctx, "plural rules"))?;
    hold(ctx, rules)
}

fn word(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

/// The category of a number as a formatter writes it: `(rules, formatter, decimal digits)`.
pub(crate) fn plural_category<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let rules = behind::<PluralRules>(ctx, &args.get(0))?;
    let operands = number::operands(ctx, &args.get(1), &args.get(2).to_text()?)?;
    ctx.string(word(rules.category_for(operands)))
}

/// The categories that a language has: `(rules)`.
pub(crate) fn plural_categories<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let rules = behind::<PluralRules>(ctx, &args.get(0))?;
    ctx.array(rules.categories().map(|category| ctx.string(word(category))).collect::<Result<_>>()?)
}

/// A formatter of lists: `(locale, type, style)`.
pub(crate) fn list_format<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let length = match args.get(2).to_text()?.as_str() {
        "narrow" => ListLength::Narrow,
        "short" => ListLength::Short,
        _ => ListLength::Wide,
    };
    let options = ListFormatterOptions::default().with_length(length);
    let preferences = (&locale(ctx, &args.get(0))?).into();
    let made = match args.get(1).to_text()?.as_str() {
        "disjunction" => ListFormatter::try_new_or(preferences, options),
        "unit" => ListFormatter::try_new_unit(preferences, options),
        _ => ListFormatter::try_new_and(preferences, options),
    };
    hold(ctx, made.map_err(no_data(ctx, "lists"))?)
}

/// The parts of a list: `(formatter, strings)`.
pub(crate) fn format_list<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let formatter = behind::<ListFormatter>(ctx, &args.get(0))?;
    let list = args.get(1);
    let count = u32::try_from(list.length()?).unwrap_or(u32::MAX);
    let items = (0..count).map(|index| list.get_index(index)?.to_text()).collect::<Result<Vec<String>>>()?;
    parts::to_js(ctx, &parts::pieces(&formatter.format(items.iter()), "list"))
}

struct Relative {
    formatter: RelativeTimeFormatter,
    numerals: Numerals,
}

/// A formatter of relative times: `(locale, unit, style, numeric)`.
pub(crate) fn relative_time<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let numeric = if args.get(3).to_text()? == "auto" { Numeric::Auto } else { Numeric::Always };
    let options = RelativeTimeFormatterOptions::default().with_numeric(numeric);
    let locale = locale(ctx, &args.get(0))?;
    let preferences = (&locale).into();
    let (unit, style) = (args.get(1).to_text()?, args.get(2).to_text()?);
    macro_rules! constructors {
        ($($unit:literal: $long:ident, $short:ident, $narrow:ident;)*) => {
            match (unit.as_str(), style.as_str()) {
                $(
                    ($unit, "short") => RelativeTimeFormatter::$short(preferences, options),
                    ($unit, "narrow") => RelativeTimeFormatter::$narrow(preferences, options),
                    ($unit, _) => RelativeTimeFormatter::$long(preferences, options),
                )*
                _ => return Err(range(ctx, &format!("{unit:?} is not a unit of time"))),
            }
        };
    }
    let made = constructors! {
        "second": try_new_long_second, try_new_short_second, try_new_narrow_second;
        "minute": try_new_long_minute, try_new_short_minute, try_new_narrow_minute;
        "hour": try_new_long_hour, try_new_short_hour, try_new_narrow_hour;
        "day": try_new_long_day, try_new_short_day, try_new_narrow_day;
        "week": try_new_long_week, try_new_short_week, try_new_narrow_week;
        "month": try_new_long_month, try_new_short_month, try_new_narrow_month;
        "quarter": try_new_long_quarter, try_new_short_quarter, try_new_narrow_quarter;
        "year": try_new_long_year, try_new_short_year, try_new_narrow_year;
    };
    let formatter = made.map_err(no_data(ctx, "relative times"))?;
    hold(ctx, Relative { formatter, numerals: Numerals::new(ctx, &locale)? })
}

/// The parts of a relative time: `(formatter, decimal digits)`.
pub(crate) fn format_relative_time<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let relative = behind::<Relative>(ctx, &args.get(0))?;
    let number: Decimal = args.get(1).to_text()?.parse().map_err(|_| range(ctx, "the value is not a finite number"))?;
    let mut pieces = parts::pieces(&relative.formatter.format(number), "decimal");
    relative.numerals.apply(&mut pieces);
    parts::to_js(ctx, &pieces)
}

/// The name of something, or `undefined`: `(locale, type, style, code, language display)`.
pub(crate) fn display_name<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = locale(ctx, &args.get(0))?;
    let (kind, style, code) = (args.get(1).to_text()?, args.get(2).to_text()?, args.get(3).to_text()?);
    let mut options = DisplayNamesOptions::default();
    options.style = match style.as_str() {
        "short" => Some(Style::Short),
        "narrow" => Some(Style::Narrow),
        _ => None,
    };
    if args.get(4).to_text()? == "standard" {
        options.language_display = LanguageDisplay::Standard;
    }
    let missing = no_data(ctx, "names");
    let wrong = || range(ctx, &format!("{code:?} is not a code of this type"));
    let name: Option<String> = match kind.as_str() {
        "region" => {
            let names = RegionDisplayNames::try_new((&locale).into(), options).map_err(missing)?;
            names.of(code.parse().map_err(|_| wrong())?).map(str::to_owned)
        }
        "script" => {
            let names = ScriptDisplayNames::try_new((&locale).into(), options).map_err(missing)?;
            names.of(code.parse().map_err(|_| wrong())?).map(str::to_owned)
        }
        "language" => {
            let names = LocaleDisplayNamesFormatter::try_new((&locale).into(), options).map_err(missing)?;
            let code: Locale = code.parse().map_err(|_| wrong())?;
            Some(names.of(&code).into_owned()).filter(|name| *name != code.to_string())
        }
        "currency" => names::currency(ctx, &locale, &code, &style)?,
        _ => names::english(&locale, &code).map(str::to_owned),
    };
    name.map_or(Ok(ctx.undefined()), |name| ctx.string(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_texts_begin_with_does_not_change_their_order() {
        let pieces = [
            "a", "A", "ä", "a\u{308}", "\u{301}", "-", "เ", "ก", "\u{f71}", "\u{f72}", "ch", "の", "漢", "1", "\u{ad}",
        ];
        for language in ["en", "th", "fr-CA", "ja", "cs"] {
            let locale: Locale = language.parse().unwrap();
            let collator = Collator::try_new((&locale).into(), CollatorOptions::default()).unwrap();
            for (first, second) in pieces.iter().flat_map(|first| pieces.iter().map(move |second| (first, second))) {
                let prefix = "ab-เก ñ\u{323}ch漢".repeat(300);
                let texts = [first, second].map(|piece| format!("{prefix}{piece}{prefix}"));
                let (one, other) = unlike(&texts[0], &texts[1]);
                assert!(one.len() < texts[0].len());
                assert_eq!(
                    collator.compare(one, other),
                    collator.compare(&texts[0], &texts[1]),
                    "{language} {first} {second}"
                );
            }
        }
    }

    #[test]
    fn runs_of_combining_characters_are_bounded() {
        for text in ["", "abc", &"\u{301}a".repeat(1000), &"\u{301}".repeat(256)] {
            assert!(matches!(with_bounded_runs(text), Cow::Borrowed(same) if same == text));
        }
        let text = format!("a{}b", "\u{301}".repeat(600));
        let runs: Vec<usize> = with_bounded_runs(&text).split('\u{34f}').map(|run| run.chars().count()).collect();
        assert_eq!(runs, [257, 256, 89]);
    }
}
