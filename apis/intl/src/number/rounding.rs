//! How many digits of a number are shown, and which way it is rounded (ECMA-402, 16.5.8).

use fixed_decimal::{Decimal, RoundingIncrement, SignedRoundingMode, UnsignedRoundingMode};
use quickbeam_engine::{Result, Value};

/// The digits of one format.
pub(crate) struct Digits {
    integer: i16,
    fraction: Option<(i16, i16)>,
    significant: Option<(i16, i16)>,
    priority: Priority,
    mode: SignedRoundingMode,
    /// The increment is `factor` × 10^`power` of the last digit.
    increment: (RoundingIncrement, i16),
    strips_zeros: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Priority {
    MorePrecision,
    LessPrecision,
}

impl Digits {
    /// Reads the options; `number` reads one.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub(crate) fn new(options: &Value<'_>, number: impl Fn(&Value<'_>, &str) -> Result<Option<i16>>) -> Result<Digits> {
        let range = |least: &str, most: &str| -> Result<Option<(i16, i16)>> {
            Ok(number(options, least)?.zip(number(options, most)?))
        };
        let mode = crate::options::text(options, "roundingMode")?;
        let priority = crate::options::text(options, "roundingPriority")?;
        let stripping = crate::options::text(options, "trailingZeroDisplay")?;
        Ok(Digits {
            integer: number(options, "minimumIntegerDigits")?.unwrap_or(1),
            fraction: range("minimumFractionDigits", "maximumFractionDigits")?,
            significant: range("minimumSignificantDigits", "maximumSignificantDigits")?,
            priority: match priority.as_deref() {
                Some("lessPrecision") => Priority::LessPrecision,
                _ => Priority::MorePrecision,
            },
            mode: match mode.as_deref() {
                Some("ceil") => SignedRoundingMode::Ceil,
                Some("floor") => SignedRoundingMode::Floor,
                Some("expand") => SignedRoundingMode::Unsigned(UnsignedRoundingMode::Expand),
                Some("trunc") => SignedRoundingMode::Unsigned(UnsignedRoundingMode::Trunc),
                Some("halfCeil") => SignedRoundingMode::HalfCeil,
                Some("halfFloor") => SignedRoundingMode::HalfFloor,
                Some("halfTrunc") => SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfTrunc),
                Some("halfEven") => SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfEven),
                _ => SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand),
            },
            increment: increment(number(options, "roundingIncrement")?.unwrap_or(1)),
            strips_zeros: stripping.as_deref() == Some("stripIfInteger"),
        })
    }

    /// Rounds a number and gives it the digits it must show.
    pub(crate) fn round(&self, mut value: Decimal) -> Decimal {
        let start = if value.absolute.is_zero() { 0 } else { value.absolute.nonzero_magnitude_start() };
        let by_fraction = self.fraction.map(|(least, most)| (-least, -most));
        let by_significance = self.significant.map(|(least, most)| (start - least + 1, start - most + 1));
        // Each gives the magnitude of the last digit that is shown at least, and of the last at most.
        let (least, most) = match (by_fraction, by_significance) {
            (Some(fraction), Some(significance)) => {
                let takes_fraction = (fraction.1 < significance.1) == (self.priority == Priority::MorePrecision);
                if takes_fraction { fraction } else { significance }
            }
            (Some(range), None) | (None, Some(range)) => range,
            (None, None) => (0, -3),
        };
        let (factor, power) = self.increment;
        value.round_with_mode_and_increment(most + power, self.mode, factor);
        if self.significant.is_some() && !value.absolute.is_zero() {
            // One more digit before the point is one fewer after it.
            let grown = value.absolute.nonzero_magnitude_start() - start;
            value.absolute.trim_end();
            value.absolute.pad_end((least + grown.max(0)).min(0));
        } else {
            value.absolute.trim_end();
            value.absolute.pad_end(least.min(0));
        }
        if self.strips_zeros {
            value.absolute.trim_end_if_integer();
        }
        value.absolute.trim_start();
        value.absolute.pad_start(self.integer);
        value
    }
}

/// An increment that ECMA-402 has, as one that the library has and a power of ten.
fn increment(increment: i16) -> (RoundingIncrement, i16) {
    let mut power = 0;
    let mut factor = increment;
    while factor % 10 == 0 && factor > 0 {
        factor /= 10;
        power += 1;
    }
    let factor = match factor {
        2 => RoundingIncrement::MultiplesOf2,
        5 => RoundingIncrement::MultiplesOf5,
        25 => RoundingIncrement::MultiplesOf25,
        _ => RoundingIncrement::MultiplesOf1,
    };
    (factor, power)
}
