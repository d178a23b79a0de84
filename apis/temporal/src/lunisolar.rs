//! Months between dates of the Chinese and the Korean calendar that lie far apart.
//!
//! The library counts them from an estimate that lacks one month in 28 years, and walks all the years between for each that lacks: a
//! second for 20,000 years, and minutes for those that Temporal has. Here it counts from a date near the end instead, a whole number of
//! months after the start and on the same day of the month at the same time, from where all is as it is from the start.

use icu_calendar::AnyCalendarKind;
use std::cmp::Ordering;
use temporal_rs::fields::CalendarFields;
use temporal_rs::options::{
    DifferenceSettings, Overflow, RelativeTo, RoundingMode, RoundingOptions, Unit, UnsignedRoundingMode,
};
use temporal_rs::{
    Calendar, Duration, PlainDate, PlainDateTime, PlainTime, PlainYearMonth, TemporalResult, ZonedDateTime,
};

/// How many days apart dates may be for the library to count their months.
const NEAR: i128 = 200_000;

const NANOSECONDS_PER_DAY: i128 = 86_400_000_000_000;

/// A date of a calendar, perhaps with a time.
pub(crate) trait Dated: Clone {
    fn calendar(&self) -> &Calendar;
    fn day(&self) -> u8;
    fn days_in_month(&self) -> u16;
    fn time(&self) -> PlainTime;
    fn plus(&self, duration: &Duration) -> TemporalResult<Self>;
    fn counted_until(&self, other: &Self, settings: DifferenceSettings) -> TemporalResult<Duration>;
    /// Nanoseconds from this one to the other one.
    fn nanoseconds_until(&self, other: &Self) -> TemporalResult<i128>;

    fn plus_months(&self, months: i64) -> TemporalResult<Self> {
        self.plus(&Duration::new(0, months, 0, 0, 0, 0, 0, 0, 0, 0)?)
    }
}

macro_rules! dated {
    ($($type:ty, $largest_fixed_unit:ident, |$value:ident| $time:expr;)*) => { $(
        impl Dated for $type {
            fn calendar(&self) -> &Calendar {
                self.calendar()
            }
            fn day(&self) -> u8 {
                self.day()
            }
            fn days_in_month(&self) -> u16 {
                self.days_in_month()
            }
            fn time(&self) -> PlainTime {
                let $value = self;
                $time
            }
            fn plus(&self, duration: &Duration) -> TemporalResult<Self> {
                self.add(duration, Some(Overflow::Constrain))
            }
            fn counted_until(&self, other: &Self, settings: DifferenceSettings) -> TemporalResult<Duration> {
                self.until(other, settings)
            }
            fn nanoseconds_until(&self, other: &Self) -> TemporalResult<i128> {
                let mut settings = DifferenceSettings::default();
                settings.largest_unit = Some(Unit::$largest_fixed_unit);
                let found = self.until(other, settings)?;
                let minutes = (i128::from(found.days()) * 24 + i128::from(found.hours())) * 60 + i128::from(found.minutes());
                let milliseconds = (minutes * 60 + i128::from(found.seconds())) * 1000 + i128::from(found.milliseconds());
                Ok((milliseconds * 1000 + found.microseconds()) * 1000 + found.nanoseconds())
            }
        }
    )* };
}

dated! {
    PlainDate, Day, |_date| PlainTime::default();
    PlainDateTime, Hour, |value| value.to_plain_time();
    ZonedDateTime, Hour, |value| value.to_plain_time();
}

/// `start.until(end)`.
///
/// # Errors
/// As that of the library.
pub(crate) fn until<D: Dated>(start: &D, end: &D, settings: DifferenceSettings) -> TemporalResult<Duration> {
    let path = if largest(&settings) == Unit::Month { Path::new(start, end)? } else { None };
    path.map_or_else(|| start.counted_until(end, settings), |path| path.months_and_rest(settings))
}

/// `start.since(end)`.
///
/// # Errors
/// As that of the library.
pub(crate) fn since<D: Dated>(start: &D, end: &D, mut settings: DifferenceSettings) -> TemporalResult<Duration> {
    settings.rounding_mode = settings.rounding_mode.map(RoundingMode::negate);
    Ok(until(start, end, settings)?.negated())
}

/// `start.until(end)` of months.
///
/// # Errors
/// As that of the library.
pub(crate) fn until_month(
    start: &PlainYearMonth,
    end: &PlainYearMonth,
    mut settings: DifferenceSettings,
) -> TemporalResult<Duration> {
    let is_wanted = settings.largest_unit == Some(Unit::Month)
        && matches!(settings.smallest_unit, None | Some(Unit::Month))
        && is_slow(start.calendar());
    if !is_wanted || start == end {
        return start.until(end, settings);
    }
    settings.smallest_unit = Some(Unit::Month);
    let first = |month: &PlainYearMonth| month.to_plain_date(Some(CalendarFields::new().with_day(1)));
    until(&first(start)?, &first(end)?, settings)
}

/// `start.since(end)` of months.
///
/// # Errors
/// As that of the library.
pub(crate) fn since_month(
    start: &PlainYearMonth,
    end: &PlainYearMonth,
    mut settings: DifferenceSettings,
) -> TemporalResult<Duration> {
    settings.rounding_mode = settings.rounding_mode.map(RoundingMode::negate);
    Ok(until_month(start, end, settings)?.negated())
}

/// `duration.round(options)`.
///
/// # Errors
/// As that of the library.
pub(crate) fn round(
    duration: &Duration,
    options: RoundingOptions,
    relative_to: Option<RelativeTo>,
) -> TemporalResult<Duration> {
    let found = match &relative_to {
        Some(relative @ RelativeTo::PlainDate(start)) if is_slow(start.calendar()) => {
            start.to_plain_date_time(None).ok().and_then(|start| round_from(duration, options, relative, &start))
        }
        Some(relative @ RelativeTo::ZonedDateTime(start)) if is_slow(start.calendar()) => {
            round_from(duration, options, relative, start)
        }
        _ => None,
    };
    found.unwrap_or_else(|| duration.round(options, relative_to))
}

/// Nothing if the library may count, or has an error to tell.
fn round_from<D: Dated>(
    duration: &Duration,
    mut options: RoundingOptions,
    relative_to: &RelativeTo,
    start: &D,
) -> Option<TemporalResult<Duration>> {
    let mut settings = DifferenceSettings::default();
    settings.largest_unit = options.largest_unit.filter(|unit| *unit != Unit::Auto);
    settings.smallest_unit = Some(options.smallest_unit.unwrap_or(Unit::Nanosecond));
    settings.increment = options.increment;
    settings.rounding_mode = Some(options.rounding_mode.unwrap_or_default());
    let has_years = duration.years() != 0;
    if settings.largest_unit.is_none() && !has_years && duration.months() != 0 {
        settings.largest_unit = settings.smallest_unit.max(Some(Unit::Month));
    }
    let is_any = options.largest_unit.is_some() || options.smallest_unit.is_some();
    if !is_any || largest(&settings) != Unit::Month || (has_years && settings.largest_unit.is_none()) {
        return None;
    }
    options.largest_unit = Some(Unit::Month);
    // Options that are wrong are so whatever is rounded.
    Duration::default().round(options, Some(relative_to.clone())).ok()?;
    let end = start.plus(duration).ok()?;
    Some(Path::new(start, &end).ok()??.months_and_rest(settings))
}

/// `duration.total(unit)`.
///
/// # Errors
/// As that of the library.
pub(crate) fn total(duration: &Duration, unit: Unit, relative_to: Option<RelativeTo>) -> TemporalResult<f64> {
    let found = match &relative_to {
        _ if unit != Unit::Month => None,
        Some(RelativeTo::PlainDate(start)) if is_slow(start.calendar()) => {
            start.to_plain_date_time(None).ok().and_then(|start| total_from(duration, &start))
        }
        Some(RelativeTo::ZonedDateTime(start)) if is_slow(start.calendar()) => total_from(duration, start),
        _ => None,
    };
    found.unwrap_or_else(|| Ok(duration.total(unit, relative_to)?.as_inner()))
}

/// As [`round_from`].
fn total_from<D: Dated>(duration: &Duration, start: &D) -> Option<TemporalResult<f64>> {
    let end = start.plus(duration).ok()?;
    Some(Path::new(start, &end).ok()??.window(1).map(|window| window.total()))
}

/// The largest unit of a difference, without those that a type of dates has by default.
fn largest(settings: &DifferenceSettings) -> Unit {
    let unit = settings.largest_unit.filter(|unit| *unit != Unit::Auto);
    unit.or(settings.smallest_unit).unwrap_or(Unit::Nanosecond)
}

fn is_slow(calendar: &Calendar) -> bool {
    matches!(calendar.kind(), AnyCalendarKind::Chinese | AnyCalendarKind::Dangi)
}

/// From a date to another one that is far away.
struct Path<'d, D> {
    start: &'d D,
    end: &'d D,
    /// So many months after the start, less than a year before the end.
    near: D,
    months: i64,
}

impl<'d, D: Dated> Path<'d, D> {
    /// Nothing if the dates are so near that the library may count.
    fn new(start: &'d D, end: &'d D) -> TemporalResult<Option<Path<'d, D>>> {
        // 29.530588 days.
        const MEAN_MONTH: i128 = 2_551_442_803_200_000;
        // More than the months of the calendar ever differ from the mean, and than one must go back for a month of 30 days and a
        // day whose clock is not put forward at that time.
        const MARGIN: i64 = 4;
        const MOST_BACK: i64 = 6;

        if !is_slow(start.calendar()) {
            return Ok(None);
        }
        let nanoseconds = start.nanoseconds_until(end)?;
        if nanoseconds.abs() <= NEAR * NANOSECONDS_PER_DAY {
            return Ok(None);
        }
        let sign = nanoseconds.signum() as i64;
        let most = (nanoseconds / MEAN_MONTH) as i64 - sign * MARGIN;
        let about = start.plus_months(most)?;
        for back in 0..MOST_BACK {
            let months = most - sign * back;
            if u16::from(start.day()) > about.plus_months(months - most)?.days_in_month() {
                continue;
            }
            let near = if months == most { about.clone() } else { start.plus_months(months)? };
            if near.day() == start.day() && near.time() == start.time() {
                return Ok(Some(Path { start, end, near, months }));
            }
        }
        Ok(None)
    }

    /// The difference in months and what is smaller, rounded.
    fn months_and_rest(&self, settings: DifferenceSettings) -> TemporalResult<Duration> {
        if settings.smallest_unit == Some(Unit::Month) {
            let increment = i64::from(settings.increment.unwrap_or_default().get());
            let mode = settings.rounding_mode.unwrap_or(RoundingMode::Trunc);
            let months = self.window(increment)?.rounded(increment, mode);
            return Duration::new(0, months, 0, 0, 0, 0, 0, 0, 0, 0);
        }
        let rest = self.near.counted_until(self.end, settings)?;
        Duration::new(
            rest.years(),
            rest.months() + self.months,
            rest.weeks(),
            rest.days(),
            rest.hours(),
            rest.minutes(),
            rest.seconds(),
            rest.milliseconds(),
            rest.microseconds(),
            rest.nanoseconds(),
        )
    }

    /// The date so many months after the start.
    fn date_after(&self, months: i64) -> TemporalResult<D> {
        match months {
            0 => Ok(self.start.clone()),
            _ if (months - self.months).abs() < self.months.abs() => self.near.plus_months(months - self.months),
            _ => self.start.plus_months(months),
        }
    }

    /// The multiples of `increment` months that the end lies between (ComputeNudgeWindow).
    fn window(&self, increment: i64) -> TemporalResult<Window> {
        let mut settings = DifferenceSettings::default();
        settings.largest_unit = Some(Unit::Month);
        let whole = self.months + self.near.counted_until(self.end, settings)?.months();
        let step = increment * self.months.signum();
        let mut from = whole / increment * increment;
        loop {
            let (first, last) = (self.date_after(from)?, self.date_after(from + step)?);
            let passed = first.nanoseconds_until(self.end)?;
            let length = first.nanoseconds_until(&last)?;
            // A day that the first month does not have may put the end past the second one.
            if passed.abs() <= length.abs() {
                return Ok(Window { from, to: from + step, passed: passed.abs(), length: length.abs() });
            }
            from += step;
        }
    }
}

/// Where between two numbers of months a date lies: `passed` of `length`.
struct Window {
    from: i64,
    to: i64,
    passed: i128,
    length: i128,
}

impl Window {
    /// The end that is the result (NudgeToCalendarUnit).
    fn rounded(&self, increment: i64, mode: RoundingMode) -> i64 {
        let side = (2 * self.passed).cmp(&self.length);
        let is_far = match mode.get_unsigned_round_mode(self.to > self.from) {
            _ if self.passed == 0 => false,
            _ if self.passed == self.length => true,
            UnsignedRoundingMode::Infinity => true,
            UnsignedRoundingMode::Zero => false,
            UnsignedRoundingMode::HalfInfinity => side != Ordering::Less,
            UnsignedRoundingMode::HalfZero => side == Ordering::Greater,
            UnsignedRoundingMode::HalfEven => {
                side == Ordering::Greater || (side == Ordering::Equal && self.from / increment % 2 != 0)
            }
        };
        if is_far { self.to } else { self.from }
    }

    /// The number of months with its fraction, the nearest double to it.
    fn total(&self) -> f64 {
        const FRACTION_BITS: u32 = 50;
        let sign = if self.to > self.from { 1.0 } else { -1.0 };
        let months = i128::from(self.from.abs()) * self.length + self.passed;
        let (quotient, rest) = ((months << FRACTION_BITS) / self.length, (months << FRACTION_BITS) % self.length);
        // Has more bits than a double by far, so the last one may say that there is a rest.
        let sticky = quotient | i128::from(rest != 0);
        sign * sticky as f64 / (1_u64 << FRACTION_BITS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporal_rs::TimeZone;
    use temporal_rs::options::RoundingIncrement;

    /// A generator of numbers (SplitMix64).
    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)) % bound
        }

        fn of<T: Copy>(&mut self, choices: &[T]) -> T {
            choices[self.below(choices.len() as u64) as usize]
        }

        fn date_time(&mut self, calendar: &Calendar) -> PlainDateTime {
            let year = self.below(6000) as i32 - 3000;
            let (month, day) = (1 + self.below(12) as u8, 1 + self.below(28) as u8);
            let (hour, minute) = (self.of(&[0, 2, 12]), self.of(&[0, 30]));
            PlainDateTime::try_new(year, month, day, hour, minute, 0, 0, 0, 0, calendar.clone()).unwrap()
        }

        fn settings(&mut self, smallest: &[Unit]) -> DifferenceSettings {
            const INCREMENTS: [u32; 7] = [1, 1, 2, 3, 12, 1000, 40_000];
            const MODES: [RoundingMode; 9] = [
                RoundingMode::Ceil,
                RoundingMode::Floor,
                RoundingMode::Expand,
                RoundingMode::Trunc,
                RoundingMode::HalfCeil,
                RoundingMode::HalfFloor,
                RoundingMode::HalfExpand,
                RoundingMode::HalfTrunc,
                RoundingMode::HalfEven,
            ];
            let mut settings = DifferenceSettings::default();
            settings.largest_unit = Some(Unit::Month);
            settings.smallest_unit = Some(self.of(smallest));
            settings.rounding_mode = Some(self.of(&MODES));
            let increment = if settings.smallest_unit == Some(Unit::Month) { self.of(&INCREMENTS) } else { 1 };
            settings.increment = Some(RoundingIncrement::try_new(increment).unwrap());
            settings
        }
    }

    const UNITS: [Unit; 6] = [Unit::Month, Unit::Month, Unit::Week, Unit::Day, Unit::Hour, Unit::Nanosecond];

    fn check<D: Dated + std::fmt::Debug>(start: &D, end: &D, settings: DifferenceSettings) {
        let expected = start.counted_until(end, settings).map(|found| found.to_string());
        let found = until(start, end, settings).map(|found| found.to_string());
        assert_eq!(found, expected, "{start:?} to {end:?}, {settings:?}");
    }

    #[test]
    fn far_dates_differ_as_the_library_counts() {
        let mut random = Random(1);
        let zone = TimeZone::try_from_identifier_str("America/New_York").unwrap();
        for case in 0..40 {
            let calendar = if case % 2 == 0 { Calendar::CHINESE } else { Calendar::DANGI };
            let (start, end) = (random.date_time(&calendar), random.date_time(&calendar));
            check(&start, &end, random.settings(&UNITS));
            let days = (start.to_plain_date(), end.to_plain_date());
            check(&days.0, &days.1, random.settings(&UNITS[..4]));
            let zoned = |value: &PlainDateTime| value.to_zoned_date_time(zone, Default::default()).unwrap();
            check(&zoned(&start), &zoned(&end), random.settings(&UNITS));
            let months = (days.0.to_plain_year_month().unwrap(), days.1.to_plain_year_month().unwrap());
            let settings = random.settings(&UNITS[..1]);
            assert_eq!(until_month(&months.0, &months.1, settings), months.0.until(&months.1, settings));
            assert_eq!(since_month(&months.0, &months.1, settings), months.0.since(&months.1, settings));
            assert_eq!(since(&start, &end, settings), start.since(&end, settings));
        }
    }

    #[test]
    fn long_durations_round_and_total_as_in_the_library() {
        let mut random = Random(2);
        let zone = TimeZone::try_from_identifier_str("Europe/Berlin").unwrap();
        for case in 0..60 {
            let start = random.date_time(&Calendar::CHINESE);
            let mut amount = |bound: u64| random.below(bound) as i64;
            let duration = match case % 4 {
                0 => Duration::new(0, amount(30_000), 0, amount(40), amount(30), 0, 0, 0, 0, 0),
                1 => Duration::new(0, 0, 0, -amount(900_000), -amount(30), 0, 0, 0, 0, 0),
                2 => Duration::new(amount(3), amount(9_000), amount(50_000), 0, 0, 0, 0, 0, 0, 0),
                _ => Duration::new(0, -amount(30_000), 0, 0, 0, -amount(3000), 0, 0, 0, 0),
            };
            let duration = duration.unwrap();
            let settings = random.settings(&UNITS);
            let mut options = RoundingOptions::default();
            options.largest_unit = random.of(&[Some(Unit::Month), Some(Unit::Month), Some(Unit::Auto), None]);
            options.smallest_unit = settings.smallest_unit.filter(|_| case % 5 != 0);
            options.increment = settings.increment;
            options.rounding_mode = settings.rounding_mode.filter(|_| case % 7 != 0);
            let zoned = start.to_zoned_date_time(zone, Default::default()).unwrap();
            for relative_to in [RelativeTo::from(start.to_plain_date()), RelativeTo::from(zoned)] {
                let relative_to = Some(relative_to);
                let found = round(&duration, options, relative_to.clone());
                assert_eq!(
                    found,
                    duration.round(options, relative_to.clone()),
                    "{duration} {options:?} {relative_to:?}"
                );
                let expected = duration.total(Unit::Month, relative_to.clone()).map(|total| total.as_inner());
                assert_eq!(total(&duration, Unit::Month, relative_to), expected, "{duration} from {start:?}");
            }
        }
    }
}
