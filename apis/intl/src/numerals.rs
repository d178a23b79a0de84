//! Systems of digits.

use crate::options::{self, no_data};
use crate::parts::Piece;
use crate::region::strings;
use fixed_decimal::Decimal;
use icu::decimal::DecimalFormatter;
use icu::locale::Locale;
use icu::locale::extensions::unicode::Key;
use quickbeam_engine::{Args, Ctx, Result, Value};

/// The systems whose digits are ten characters in a row, with the first of them (ECMA-402, table 4), sorted.
const SYSTEMS: &[(&str, char)] = &[
    ("adlm", '\u{1e950}'),
    ("ahom", '\u{11730}'),
    ("arab", '\u{660}'),
    ("arabext", '\u{6f0}'),
    ("bali", '\u{1b50}'),
    ("beng", '\u{9e6}'),
    ("bhks", '\u{11c50}'),
    ("brah", '\u{11066}'),
    ("cakm", '\u{11136}'),
    ("cham", '\u{aa50}'),
    ("deva", '\u{966}'),
    ("diak", '\u{11950}'),
    ("fullwide", '\u{ff10}'),
    ("gara", '\u{10d40}'),
    ("gong", '\u{11da0}'),
    ("gonm", '\u{11d50}'),
    ("gujr", '\u{ae6}'),
    ("gukh", '\u{16130}'),
    ("guru", '\u{a66}'),
    ("hmng", '\u{16b50}'),
    ("hmnp", '\u{1e140}'),
    ("java", '\u{a9d0}'),
    ("kali", '\u{a900}'),
    ("kawi", '\u{11f50}'),
    ("khmr", '\u{17e0}'),
    ("knda", '\u{ce6}'),
    ("krai", '\u{16d70}'),
    ("lana", '\u{1a80}'),
    ("lanatham", '\u{1a90}'),
    ("laoo", '\u{ed0}'),
    ("latn", '\u{30}'),
    ("lepc", '\u{1c40}'),
    ("limb", '\u{1946}'),
    ("mathbold", '\u{1d7ce}'),
    ("mathdbl", '\u{1d7d8}'),
    ("mathmono", '\u{1d7f6}'),
    ("mathsanb", '\u{1d7ec}'),
    ("mathsans", '\u{1d7e2}'),
    ("mlym", '\u{d66}'),
    ("modi", '\u{11650}'),
    ("mong", '\u{1810}'),
    ("mroo", '\u{16a60}'),
    ("mtei", '\u{abf0}'),
    ("mymr", '\u{1040}'),
    ("mymrepka", '\u{116da}'),
    ("mymrpao", '\u{116d0}'),
    ("mymrshan", '\u{1090}'),
    ("mymrtlng", '\u{a9f0}'),
    ("nagm", '\u{1e4f0}'),
    ("newa", '\u{11450}'),
    ("nkoo", '\u{7c0}'),
    ("olck", '\u{1c50}'),
    ("onao", '\u{1e5f1}'),
    ("orya", '\u{b66}'),
    ("osma", '\u{104a0}'),
    ("outlined", '\u{1ccf0}'),
    ("rohg", '\u{10d30}'),
    ("saur", '\u{a8d0}'),
    ("segment", '\u{1fbf0}'),
    ("shrd", '\u{111d0}'),
    ("sind", '\u{112f0}'),
    ("sinh", '\u{de6}'),
    ("sora", '\u{110f0}'),
    ("sund", '\u{1bb0}'),
    ("sunu", '\u{11bf0}'),
    ("takr", '\u{116c0}'),
    ("talu", '\u{19d0}'),
    ("tamldec", '\u{be6}'),
    ("telu", '\u{c66}'),
    ("thai", '\u{e50}'),
    ("tibt", '\u{f20}'),
    ("tirh", '\u{114d0}'),
    ("tnsa", '\u{16ac0}'),
    ("tols", '\u{11de0}'),
    ("vaii", '\u{a620}'),
    ("wara", '\u{118e0}'),
    ("wcho", '\u{1e2f0}'),
];

/// The digits of `hanidec`, the one system whose characters are not in a row.
const HANIDEC: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

fn digits(name: &str) -> Option<[char; 10]> {
    if name == "hanidec" {
        return Some(HANIDEC);
    }
    let (_, zero) = SYSTEMS.iter().find(|(known, _)| *known == name)?;
    let mut digits = ['0'; 10];
    for (value, digit) in (0..).zip(&mut digits) {
        *digit = char::from_u32(u32::from(*zero) + value)?;
    }
    Some(digits)
}

/// Whether there is a system of that name: `(name)`.
pub(crate) fn is_system<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    Ok(ctx.boolean(digits(&args.get(0).to_text()?).is_some()))
}

/// The names of all systems, sorted.
pub(crate) fn systems<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let mut names: Vec<&str> = SYSTEMS.iter().map(|(name, _)| *name).chain(["hanidec"]).collect();
    names.sort_unstable();
    strings(ctx, names)
}

/// The system of a locale: `(locale)`.
pub(crate) fn system_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = options::locale(ctx, &args.get(0))?;
    let zero = zero_of(ctx, &locale)?;
    let found = SYSTEMS.iter().find(|(_, first)| *first == zero).map_or("latn", |(name, _)| name);
    ctx.string(if zero == HANIDEC[0] { "hanidec" } else { found })
}

/// The digit zero of a locale.
///
/// # Errors
/// Throws a `RangeError` if there is no data of numbers.
pub(crate) fn zero_of(ctx: Ctx<'_>, locale: &Locale) -> Result<char> {
    let formatter = DecimalFormatter::try_new(locale.into(), Default::default()).map_err(no_data(ctx, "numbers"))?;
    Ok(formatter.format_to_string(&Decimal::from(0)).chars().next().unwrap_or('0'))
}

/// The digits that a locale asks for, where the library has no data of them.
pub(crate) struct Numerals(Option<[char; 10]>);

impl Numerals {
    /// # Errors
    /// Throws a `RangeError` if there is no data of numbers.
    pub(crate) fn new(ctx: Ctx<'_>, locale: &Locale) -> Result<Numerals> {
        const NU: Key = icu::locale::extensions::unicode::key!("nu");
        let Some(name) = locale.extensions.unicode.keywords.get(&NU) else { return Ok(Numerals(None)) };
        let asked = digits(&name.to_string());
        let zero = zero_of(ctx, locale)?;
        Ok(Numerals(asked.filter(|digits| digits[0] != zero)))
    }

    /// Writes what was written in ASCII in these digits.
    pub(crate) fn apply(&self, pieces: &mut [Piece]) {
        let Some(digits) = &self.0 else { return };
        for piece in pieces {
            let translated = |c: char| c.to_digit(10).map_or(c, |value| digits[value as usize]);
            piece.text = piece.text.chars().map(translated).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_sorted_and_have_ten_digits() {
        assert!(SYSTEMS.is_sorted());
        for (name, zero) in SYSTEMS {
            let digits = digits(name).unwrap();
            assert_eq!(digits[0], *zero);
            assert!(digits.iter().all(|digit| digit.is_numeric()), "{name}");
        }
    }
}
