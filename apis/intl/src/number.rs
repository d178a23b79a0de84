//! `NumberFormat`: numbers, percentages, amounts of money; plain, scientific and compact.
//!
//! The library formats digits, and patterns of a currency or of percent around them. Digits are rounded here, as the
//! options say; a pattern is found by formatting the same number with it and taking what stands before and after
//! its digits.

use crate::numerals::Numerals;
use crate::options::{behind, hold, locale, no_data, number, range, text};
use crate::parts::{self, Piece};
use crate::units::UnitPattern;
use fixed_decimal::{CompactDecimal, Decimal, Sign, SignDisplay};
use icu::decimal::options::{DecimalFormatterOptions, GroupingStrategy};
use icu::decimal::{CompactDecimalFormatter, DecimalFormatter};
use icu::experimental::dimension::currency::formatter::CurrencyFormatter;
use icu::experimental::dimension::currency::options::{CurrencyFormatterOptions, CurrencyUsage};
use icu::experimental::dimension::percent::formatter::PercentFormatter;
use icu::locale::Locale;
use icu::plurals::PluralOperands;
use quickbeam_engine::{Args, Ctx, Result, Value};

mod grouping;
mod rounding;

use grouping::always_grouping;
use rounding::Digits;

/// Digits that a number has at most, before or after its point.
const MAX_DIGITS: usize = 1_000;

/// What stands around the digits.
enum Pattern {
    None,
    /// With the power of ten that the number is multiplied by: none where percent is a unit.
    Percent(PercentFormatter<DecimalFormatter>, i16),
    Currency(CurrencyFormatter<DecimalFormatter>),
    Unit(Box<UnitPattern>),
}

/// How large numbers are written.
enum Notation {
    Standard,
    Compact(Box<CompactDecimalFormatter>),
    /// With an exponent that is a multiple of this.
    Scientific(i16),
}

/// A formatter of numbers.
pub(crate) struct NumberFormat {
    decimal: DecimalFormatter,
    pattern: Pattern,
    notation: Notation,
    digits: Digits,
    sign: SignDisplay,
    numerals: Numerals,
    /// The characters that the library writes digits with.
    own_digits: String,
    nan: &'static str,
}

/// What is written for `NaN` where that is not `NaN` (CLDR's number symbols).
const NAN: &[(&str, &str)] = &[
    ("ar", "ليس رقم"),
    ("fi", "epäluku"),
    ("ka", "არ არის რიცხვი"),
    ("lv", "NS"),
    ("my", "ဂဏန်းမဟုတ်သော"),
    ("ru", "не\u{a0}число"),
    ("uz", "son\u{a0}emas"),
    ("zh-Hant", "非數值"),
    ("zh-TW", "非數值"),
    ("zh-HK", "非數值"),
    ("zh-MO", "非數值"),
    ("yue", "非數值"),
];

fn nan_of(locale: &Locale) -> &'static str {
    let id = locale.id.to_string();
    let is_its = |(name, _): &&(&str, &str)| id == *name || id.starts_with(&format!("{name}-"));
    NAN.iter().find(is_its).map_or("NaN", |(_, text)| text)
}

/// A formatter: `(locale, options)`.
pub(crate) fn number_format<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let locale = locale(ctx, &args.get(0))?;
    hold(ctx, NumberFormat::new(ctx, &locale, &args.get(1))?)
}

/// The digits after the point that a currency has: `(code)`.
pub(crate) fn currency_digits<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let formatter = currency(ctx, &Locale::UNKNOWN, &args.get(0).to_text()?, "code", CurrencyUsage::Standard)?;
    let zero = formatter.format_fixed_decimal(&Decimal::from(0)).to_string();
    let fraction = zero.split_once('.').map_or(0, |(_, rest)| rest.chars().filter(char::is_ascii_digit).count());
    Ok(ctx.number(fraction as f64))
}

/// The parts of a number: `(formatter, digits)`, where the digits are decimal, `NaN`, `Infinity` or `-Infinity`.
pub(crate) fn format_number<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let format = behind::<NumberFormat>(ctx, &args.get(0))?;
    parts::to_js(ctx, &format.format(ctx, &args.get(1).to_text()?)?)
}

/// What decides a number's plural form, as a formatter writes it: `digits` are decimal.
///
/// # Errors
/// Throws a `RangeError` for what are no digits.
pub(crate) fn operands(ctx: Ctx<'_>, format: &Value<'_>, digits: &str) -> Result<PluralOperands> {
    let format = behind::<NumberFormat>(ctx, format)?;
    let (value, exponent) = format.scale(decimal(ctx, digits)?);
    Ok(match (&format.notation, u8::try_from(exponent)) {
        (Notation::Compact(_), Ok(exponent)) => {
            (&CompactDecimal::from_significand_and_exponent(value, exponent)).into()
        }
        _ => (&value).into(),
    })
}

/// A number's decimal digits, as few as tell it from its neighbours; or `NaN`, `Infinity`, `-Infinity`: `(number)`.
pub(crate) fn digits<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let number = args.get(0).to_f64()?;
    let text = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{number}")
    };
    ctx.string(&text)
}

/// The symbol of a currency.
///
/// # Errors
/// Throws a `RangeError` for what is no code of a currency.
pub(crate) fn currency_symbol(ctx: Ctx<'_>, locale: &Locale, code: &str, display: &str) -> Result<String> {
    let formatter = currency(ctx, locale, code, display, CurrencyUsage::Standard)?;
    let written = formatter.format_fixed_decimal(&Decimal::from(0)).to_string();
    let is_around = |c: char| c.is_numeric() || c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}');
    // Separators of the digits stand between them.
    let outside = |part: Option<&str>| part.unwrap_or_default().trim_matches(is_around).to_owned();
    let before = outside(written.split(char::is_numeric).next());
    Ok(if before.is_empty() { outside(written.rsplit(char::is_numeric).next()) } else { before })
}

fn currency(
    ctx: Ctx<'_>,
    locale: &Locale,
    code: &str,
    display: &str,
    usage: CurrencyUsage,
) -> Result<CurrencyFormatter<DecimalFormatter>> {
    let wrong = |_| range(ctx, &format!("{code:?} is not a code of a currency"));
    let currency = code.to_ascii_lowercase().parse().map_err(wrong)?;
    let options = CurrencyFormatterOptions::from(usage);
    let made = match display {
        "code" => CurrencyFormatter::try_new_code(locale.into(), currency, options),
        "name" => CurrencyFormatter::try_new_name(locale.into(), currency),
        "narrowSymbol" => CurrencyFormatter::try_new_symbol_narrow(locale.into(), currency, options),
        _ => CurrencyFormatter::try_new_symbol(locale.into(), currency, options),
    };
    made.map_err(no_data(ctx, "currencies"))
}

fn percent(ctx: Ctx<'_>, locale: &Locale) -> Result<PercentFormatter<DecimalFormatter>> {
    PercentFormatter::try_new(locale.into(), Default::default()).map_err(no_data(ctx, "numbers"))
}

fn decimal(ctx: Ctx<'_>, digits: &str) -> Result<Decimal> {
    if digits.len() > MAX_DIGITS {
        return Err(range(ctx, &format!("a number of {} digits is longer than {MAX_DIGITS}", digits.len())));
    }
    digits.parse().map_err(|_| range(ctx, "the value is not a number"))
}

impl NumberFormat {
    fn new(ctx: Ctx<'_>, locale: &Locale, options: &Value<'_>) -> Result<NumberFormat> {
        let grouping = match text(options, "useGrouping")?.as_deref() {
            Some("false") => GroupingStrategy::Never,
            Some("always") => GroupingStrategy::Always,
            Some("min2") => GroupingStrategy::Min2,
            _ => GroupingStrategy::Auto,
        };
        let grouping = DecimalFormatterOptions::from(grouping);
        let no_numbers = no_data(ctx, "numbers");
        let decimal = match grouping.grouping_strategy {
            Some(GroupingStrategy::Always) => always_grouping(locale, grouping),
            _ => DecimalFormatter::try_new(locale.into(), grouping),
        };
        let decimal = decimal.map_err(&no_numbers)?;
        let pattern = match text(options, "style")?.as_deref() {
            Some("percent") => Pattern::Percent(percent(ctx, locale)?, 2),
            Some("currency") => {
                let code = text(options, "currency")?.unwrap_or_default();
                let display = text(options, "currencyDisplay")?.unwrap_or_default();
                let is_accounting = text(options, "currencySign")?.as_deref() == Some("accounting");
                let usage = if is_accounting { CurrencyUsage::Accounting } else { CurrencyUsage::Standard };
                Pattern::Currency(currency(ctx, locale, &code, &display, usage)?)
            }
            Some("unit") => {
                let unit = text(options, "unit")?.unwrap_or_default();
                let display = text(options, "unitDisplay")?.unwrap_or_default();
                if unit == "percent" && display != "long" {
                    Pattern::Percent(percent(ctx, locale)?, 0)
                } else {
                    Pattern::Unit(Box::new(UnitPattern::new(ctx, locale, &unit, &display)?))
                }
            }
            _ => Pattern::None,
        };
        let compact = grouping.into();
        let notation = match (text(options, "notation")?.as_deref(), text(options, "compactDisplay")?.as_deref()) {
            (Some("compact"), Some("long")) => {
                let made = CompactDecimalFormatter::try_new_long(locale.into(), compact);
                Notation::Compact(Box::new(made.map_err(&no_numbers)?))
            }
            (Some("compact"), _) => {
                let made = CompactDecimalFormatter::try_new_short(locale.into(), compact);
                Notation::Compact(Box::new(made.map_err(&no_numbers)?))
            }
            (Some("scientific"), _) => Notation::Scientific(1),
            (Some("engineering"), _) => Notation::Scientific(3),
            _ => Notation::Standard,
        };
        let sign = match text(options, "signDisplay")?.as_deref() {
            Some("never") => SignDisplay::Never,
            Some("always") => SignDisplay::Always,
            Some("exceptZero") => SignDisplay::ExceptZero,
            Some("negative") => SignDisplay::Negative,
            _ => SignDisplay::Auto,
        };
        let own_digits = (0..10).map(|digit| decimal.format_to_string(&Decimal::from(digit))).collect();
        Ok(NumberFormat {
            decimal,
            pattern,
            notation,
            digits: Digits::new(options, number)?,
            sign,
            numerals: Numerals::new(ctx, locale)?,
            own_digits,
            nan: nan_of(locale),
        })
    }

    fn format(&self, ctx: Ctx<'_>, digits: &str) -> Result<Vec<Piece>> {
        let mut pieces = self.pieces(ctx, digits)?;
        self.numerals.apply(&mut pieces);
        Ok(pieces)
    }

    fn pieces(&self, ctx: Ctx<'_>, digits: &str) -> Result<Vec<Piece>> {
        let (mut value, special) = match digits {
            "NaN" => (Decimal::from(0), Some(Piece::new("nan", self.nan))),
            "Infinity" => (Decimal::from(1), Some(Piece::new("infinity", "∞"))),
            "-Infinity" => (Decimal::from(-1), Some(Piece::new("infinity", "∞"))),
            digits => (decimal(ctx, digits)?, None),
        };
        if let Some(special) = special {
            value.apply_sign_display(self.sign);
            return Ok(self.surround(&value, vec![special]));
        }
        if let Pattern::Percent(_, power) = self.pattern {
            value.multiply_pow10(power);
        }
        let (mut value, exponent) = self.scale(value);
        value.apply_sign_display(self.sign);
        let magnitude = Decimal::new(Sign::None, value.absolute.clone());
        let mut inner = match &self.notation {
            Notation::Compact(compact) if exponent > 0 => self.compact(compact, &magnitude, exponent),
            _ => parts::pieces(&self.decimal.format(&magnitude), "decimal"),
        };
        if let Notation::Scientific(_) = self.notation {
            inner.push(Piece::new("exponentSeparator", "E"));
            if exponent < 0 {
                inner.push(Piece::new("exponentMinusSign", "-"));
            }
            let exponent = Decimal::from(i32::from(exponent.unsigned_abs()));
            inner.push(Piece::new("exponentInteger", self.decimal.format_to_string(&exponent)));
        }
        Ok(self.surround(&value, inner))
    }

    /// The number that is written, rounded, and the power of ten it stands for.
    fn scale(&self, value: Decimal) -> (Decimal, i16) {
        let exponent_of = |value: &Decimal| {
            if value.absolute.is_zero() {
                return 0;
            }
            let magnitude = value.absolute.nonzero_magnitude_start();
            match &self.notation {
                Notation::Standard => 0,
                Notation::Compact(compact) => i16::from(compact.compact_exponent_for_magnitude(magnitude)),
                Notation::Scientific(step) => magnitude.div_euclid(*step) * step,
            }
        };
        let scaled = |exponent: i16| {
            let mut scaled = value.clone();
            scaled.multiply_pow10(-exponent);
            self.digits.round(scaled)
        };
        let exponent = exponent_of(&value);
        let rounded = scaled(exponent);
        // Rounding up may have made it the next power.
        let mut whole = rounded.clone();
        whole.multiply_pow10(exponent);
        let next = exponent_of(&whole);
        if next == exponent { (rounded, exponent) } else { (scaled(next), next) }
    }

    fn compact(&self, compact: &CompactDecimalFormatter, magnitude: &Decimal, exponent: i16) -> Vec<Piece> {
        let digits = || parts::pieces(&self.decimal.format(magnitude), "decimal");
        let Ok(written) = compact.format_with_exponent(magnitude, u8::try_from(exponent).unwrap_or(0)) else {
            return digits();
        };
        let written = written.to_string();
        let (before, after) = self.around(&written);
        let affix = |text: &str| classify(text, "compact");
        affix(before).into_iter().chain(digits()).chain(affix(after)).collect()
    }

    /// Puts the sign and the pattern around what is written of a number.
    fn surround(&self, value: &Decimal, inner: Vec<Piece>) -> Vec<Piece> {
        if let Pattern::Unit(unit) = &self.pattern {
            let signed = self.decimal.format_to_string(value);
            let (before, after) = self.around(&signed);
            let inner = classify(before, "literal").into_iter().chain(inner).chain(classify(after, "literal"));
            let (before, after) = unit.around(&Decimal::new(Sign::None, value.absolute.clone()));
            return classify(&before, "unit").into_iter().chain(inner).chain(classify(&after, "unit")).collect();
        }
        let (written, kind) = match &self.pattern {
            Pattern::Percent(percent, 0) => (percent.format(value).to_string(), "unit"),
            Pattern::Percent(percent, _) => (percent.format(value).to_string(), "percentSign"),
            Pattern::Currency(currency) => (currency.format_fixed_decimal(value).to_string(), "currency"),
            Pattern::None | Pattern::Unit(_) => (self.decimal.format_to_string(value), "literal"),
        };
        let (before, after) = self.around(&written);
        classify(before, kind).into_iter().chain(inner).chain(classify(after, kind)).collect()
    }

    /// What stands before the first digit and after the last.
    fn around<'w>(&self, written: &'w str) -> (&'w str, &'w str) {
        let is_digit = |c: char| self.own_digits.contains(c);
        let Some(start) = written.find(is_digit) else { return (written, "") };
        let last = written.rfind(is_digit);
        let end = last.map_or(start, |at| at + written[at..].chars().next().map_or(1, char::len_utf8));
        (&written[..start], &written[end..])
    }
}

/// Takes signs and spaces apart from the rest, which is of one kind.
fn classify(text: &str, kind: &'static str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for c in text.chars() {
        let kind = match c {
            '-' | '\u{2212}' => "minusSign",
            '+' => "plusSign",
            '(' | ')' => "literal",
            c if c.is_whitespace() => "literal",
            '\u{200e}' | '\u{200f}' | '\u{61c}' => pieces.last().map_or("literal", |piece| piece.kind),
            _ => kind,
        };
        match pieces.last_mut() {
            Some(last) if last.kind == kind => last.text.push(c),
            _ => pieces.push(Piece::new(kind, c)),
        }
    }
    // A space between words of a name belongs to it.
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        match merged.as_mut_slice() {
            [.., name, space]
                if name.kind == kind && piece.kind == kind && space.text.trim().is_empty() && kind != "literal" =>
            {
                let text = format!("{}{}{}", name.text, space.text, piece.text);
                merged.truncate(merged.len() - 2);
                merged.push(Piece::new(kind, text));
            }
            _ => merged.push(piece),
        }
    }
    merged
}
