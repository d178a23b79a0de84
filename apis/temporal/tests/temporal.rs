//! `Temporal`, its classes, and what happens to hostile input.

use quickbeam_api_harness::Harness;
use quickbeam_api_intl::Intl;
use quickbeam_api_temporal::Temporal;
use quickbeam_executor::Api;

fn harness() -> Harness {
    Harness::new(&[&Intl, &Temporal])
}

#[test]
fn dates_and_times() {
    let harness = harness();
    for (source, expected) in [
        ("Temporal.PlainDate.from('2024-02-29').add({ years: 1 })", "2025-02-28"),
        ("Temporal.PlainDate.from('2024-02-29').add({ years: 1 }, { overflow: 'reject' })", REJECTED),
        ("Temporal.PlainDate.from('2024-01-31').until('2024-03-01', { largestUnit: 'month' })", "P1M1D"),
        (
            "Temporal.PlainDate.from({ year: 5784, monthCode: 'M05L', day: 1, calendar: 'hebrew' })",
            "2024-02-10[u-ca=hebrew]",
        ),
        ("Temporal.PlainTime.from('23:30').add({ hours: 1 })", "00:30:00"),
        ("Temporal.PlainDateTime.from('2024-05-06T07:08:09.123456789').round('second')", "2024-05-06T07:08:09"),
        ("Temporal.PlainYearMonth.from('2024-05').daysInMonth", "31"),
        ("Temporal.PlainMonthDay.from('--02-29').toPlainDate({ year: 2023 })", "2023-02-28"),
        ("Temporal.Instant.fromEpochMilliseconds(0).epochNanoseconds === 0n", "true"),
        ("new Temporal.Instant(8_640_000_000_000_000_000_000n).epochNanoseconds", "8640000000000000000000"),
        ("new Temporal.Instant(-8_640_000_000_000_000_000_000n).epochNanoseconds", "-8640000000000000000000"),
        ("Temporal.ZonedDateTime.from('2024-03-31T02:30[Europe/Berlin]')", "2024-03-31T03:30:00+02:00[Europe/Berlin]"),
        ("Temporal.ZonedDateTime.from('2024-03-31[Europe/Berlin]').hoursInDay", "23"),
        ("Temporal.Duration.from({ hours: 36 }).round({ largestUnit: 'day' })", "P1DT12H"),
        ("Temporal.Duration.from('PT90M').total('hour')", "1.5"),
        (
            "Temporal.Duration.from({ months: 1 }).total('day')",
            "RangeError: years, months and weeks need the option relativeTo",
        ),
        (
            "Temporal.Duration.from('P1D').total('week')",
            "RangeError: years, months and weeks need the option relativeTo",
        ),
        (
            "Temporal.Duration.compare({ months: 1 }, { days: 30 })",
            "RangeError: years, months and weeks need the option relativeTo",
        ),
        ("Temporal.Duration.compare({ months: 1 }, { months: 1 })", "0"),
        ("new Date(1e12).toTemporalInstant()", "2001-09-09T01:46:40Z"),
        ("JSON.stringify({ day: Temporal.PlainDate.from('2024-05-06') })", r#"{"day":"2024-05-06"}"#),
        ("Object.prototype.toString.call(Temporal.Now)", "[object Temporal.Now]"),
        ("Temporal.Now.instant().until(Temporal.Now.instant()).sign >= 0", "true"),
    ] {
        harness.check(source, expected);
    }
}

const REJECTED: &str = "RangeError: not a valid ISO date.";

#[test]
fn values_of_other_classes_are_refused() {
    let harness = harness();
    for (source, expected) in [
        ("Temporal.PlainDate.prototype.add.call({}, 'P1D')", "TypeError: this is not a Temporal.PlainDate"),
        (
            "Object.getOwnPropertyDescriptor(Temporal.PlainDate.prototype, 'year').get.call(Temporal.Now.plainTimeISO())",
            "TypeError: this is not a Temporal.PlainDate",
        ),
        ("Temporal.PlainDate.from(20240101)", "TypeError: the date is not a string"),
        ("Temporal.PlainDate.from('tomorrow').year", "RangeError: Invalid character while parsing year value."),
        ("Temporal.PlainDate.from({ year: Infinity, month: 1, day: 1 })", "RangeError: a field is not a finite number"),
        ("new Temporal.PlainDate(2024, 300, 1)", "RangeError: 300 is outside the range of its field"),
        ("new Temporal.Instant(2n ** 200n)", "RangeError: the BigInt is outside the range of instants"),
        ("Temporal.PlainDate.from('2024-01-01') > Temporal.PlainDate.from('2023-01-01')", NO_ORDER),
    ] {
        harness.check(source, expected);
    }
}

const NO_ORDER: &str = "TypeError: Temporal.PlainDate has no order by value; use compare or equals";

#[test]
fn scripts_can_derive_and_pollute() {
    let harness = harness();
    for (source, expected) in [
        (
            "class Day extends Temporal.PlainDate { next() { return this.add('P1D') } }; new Day(2024, 12, 31).next()",
            "2025-01-01",
        ),
        ("new Day(2024, 1, 1).add('P1D') instanceof Day", "false"),
        (
            "Temporal.PlainDate.prototype.toString = () => 'gone'; JSON.stringify(Temporal.PlainDate.from('2024-05-06'))",
            r#""2024-05-06""#,
        ),
        ("BigInt.asIntN = 1; Date.prototype.getTime = 1; new Temporal.Instant(5n).epochNanoseconds", "5"),
        ("String(new Date(0).toTemporalInstant().epochMilliseconds)", "0"),
        ("Symbol = undefined; Temporal.PlainTime.from('12:00').hour", "12"),
    ] {
        harness.check(source, expected);
    }
}

/// Hours of work, were the months counted one by one.
#[test]
fn months_of_the_chinese_calendar_are_counted_over_all_its_years() {
    let harness = harness();
    for (source, expected) in [
        (
            "globalThis.first = Temporal.PlainDate.from('-271820-01-30[u-ca=chinese]');
             globalThis.last = Temporal.PlainDate.from('+275759-12-30[u-ca=chinese]'); first.until(last).toString()",
            "P199999457D",
        ),
        ("globalThis.months = first.until(last, { largestUnit: 'month' }); months.months > 6_772_000", "true"),
        ("first.add(months).equals(last)", "true"),
        ("last.add(last.until(first, { largestUnit: 'month' })).equals(first)", "true"),
        (
            "first.until('+200000-01-01[u-ca=chinese]', { smallestUnit: 'month', roundingIncrement: 3_000_000 })",
            "P3000000M",
        ),
        ("Math.trunc(first.until(last).total({ unit: 'month', relativeTo: first })) === months.months", "true"),
        (
            "first.until(last).round({ largestUnit: 'month', relativeTo: first }).toString() === months.toString()",
            "true",
        ),
        (
            "const [from, to] = [first, last].map((date) => date.toPlainYearMonth());
             to.equals(from.add({ months: from.until(to, { largestUnit: 'month' }).months }))",
            "true",
        ),
        (
            "const [then, later] = [first, last].map((date) => date.toZonedDateTime('Europe/Berlin'));
             then.add(then.until(later, { largestUnit: 'month' })).equals(later)",
            "true",
        ),
    ] {
        harness.check(source, expected);
    }
}

#[test]
fn locales_write_what_a_value_has() {
    let harness = harness();
    for (source, expected) in [
        ("Temporal.PlainDate.from('2024-05-06').toLocaleString('de')", "6.5.2024"),
        ("Temporal.PlainDate.from('2024-05-06').toLocaleString('en', { dateStyle: 'full' })", "Monday, May 6, 2024"),
        ("Temporal.PlainDate.from('2024-05-06').toLocaleString('en', { hour: 'numeric' })", NO_HOURS),
        ("Temporal.PlainTime.from('13:05').toLocaleString('de', { timeStyle: 'short' })", "13:05"),
        (
            "Temporal.PlainYearMonth.from('2024-05').toLocaleString('en-u-ca-iso8601', { month: 'long', year: 'numeric' })",
            "May 2024",
        ),
        (
            "Temporal.ZonedDateTime.from('2024-05-06T12:00[Asia/Tokyo]').toLocaleString('en', { timeStyle: 'short' })",
            "12:00\u{202f}PM",
        ),
        (
            "Temporal.ZonedDateTime.from('2024-05-06T12:00[Asia/Tokyo]').toLocaleString('en', { timeZone: 'UTC' })",
            HAS_ZONE,
        ),
        ("Temporal.Duration.from('PT1H30M').toLocaleString('en')", "1 hr, 30 min"),
        ("new Intl.DateTimeFormat('en').format(Temporal.PlainDate.from('2024-05-06[u-ca=hebrew]'))", OTHER_CALENDAR),
        ("new Intl.DateTimeFormat('en').format(Temporal.Now.zonedDateTimeISO())", UNFORMATTABLE),
        (
            "new Intl.DateTimeFormat('en').formatRange(Temporal.PlainDate.from('2024-05-06'), Temporal.PlainDate.from('2024-05-07'))",
            "5/6/2024 – 5/7/2024",
        ),
    ] {
        harness.check(source, expected);
    }
}

const NO_HOURS: &str = "TypeError: these options show nothing of a PlainDate";
const HAS_ZONE: &str = "TypeError: a ZonedDateTime has a time zone of its own";
const OTHER_CALENDAR: &str = "RangeError: the calendar hebrew is not that of the format, gregory";
const UNFORMATTABLE: &str = "TypeError: a ZonedDateTime is formatted by its own toLocaleString";

#[test]
fn values_are_shown_as_text() {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend([&Intl as &dyn Api, &Temporal]);
    let harness = Harness::new(&apis);
    for (source, expected) in [
        ("Beam.inspect(Temporal.Instant.fromEpochMilliseconds(0))", "Temporal.Instant <1970-01-01T00:00:00Z>"),
        ("Beam.inspect([Temporal.PlainDate.from('2024-05-06')])", "[ Temporal.PlainDate <2024-05-06> ]"),
        ("Beam.inspect(new (class Pause extends Temporal.Duration {})(1))", "Pause [Temporal.Duration] <P1Y>"),
        (
            "Beam.inspect(Object.assign(Temporal.ZonedDateTime.from('2024-03-31[UTC]'), { a: 1 }))",
            "Temporal.ZonedDateTime <2024-03-31T00:00:00+00:00[UTC]> { a: 1 }",
        ),
        (
            "Temporal.PlainTime.prototype.toString = () => { throw 1 }; Beam.inspect(new Temporal.PlainTime(1))",
            "Temporal.PlainTime <01:00:00>",
        ),
        ("Beam.inspect(Temporal.PlainTime.prototype)", "Object [Temporal.PlainTime] {}"),
        (
            "Beam.inspect({ [Symbol.toStringTag]: 'Temporal.Instant' })",
            "{ [Symbol(Symbol.toStringTag)]: 'Temporal.Instant' }",
        ),
    ] {
        harness.check(source, expected);
    }
}
