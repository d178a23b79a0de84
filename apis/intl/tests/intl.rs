//! Intl.

use quickbeam_api_harness::Harness;
use quickbeam_api_intl::Intl;
use quickbeam_api_structured_clone::StructuredClone;

fn checks(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Intl]);
    let differs = |(script, expected): &&(&str, &str)| {
        let got = harness.eval(&format!("{{ {script} }}")).unwrap_or_else(|error| error);
        let differs = got != *expected;
        if differs {
            eprintln!("{script}\n  gives {got:?}\n  not   {expected:?}");
        }
        differs
    };
    assert_eq!(cases.iter().filter(differs).count(), 0, "of {} scripts", cases.len());
}

#[test]
fn numbers() {
    checks(&[
        ("(1234567.891).toLocaleString()", "1,234,567.891"),
        ("(1234567.891).toLocaleString('de-DE')", "1.234.567,891"),
        ("(-0).toLocaleString()", "-0"),
        ("(12345678901234567890n).toLocaleString('en-IN')", "1,23,45,67,89,01,23,45,67,890"),
        ("new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' }).format(-1234.5)", "-$1,234.50"),
        (
            "new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', currencySign: 'accounting' }).format(-1234.5)",
            "($1,234.50)",
        ),
        ("new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).format(1234.5)", "1.234,50\u{a0}€"),
        ("new Intl.NumberFormat('ja-JP', { style: 'currency', currency: 'JPY' }).format(1234.5)", "￥1,235"),
        (
            "new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 }).format(99.5)",
            "$100",
        ),
        (
            "new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', currencyDisplay: 'name' }).format(2)",
            "2.00 US dollars",
        ),
        ("new Intl.NumberFormat('en', { style: 'percent' }).format(0.256)", "26%"),
        ("new Intl.NumberFormat('en', { notation: 'compact' }).format(1234567)", "1.2M"),
        ("new Intl.NumberFormat('en', { notation: 'compact' }).format(999999)", "1M"),
        ("new Intl.NumberFormat('de', { notation: 'compact', compactDisplay: 'long' }).format(12345)", "12 Tausend"),
        ("new Intl.NumberFormat('en', { notation: 'scientific' }).format(123456)", "1.235E5"),
        ("new Intl.NumberFormat('en', { notation: 'engineering' }).format(0.00012)", "120E-6"),
        ("new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(123456)", "123,000"),
        ("new Intl.NumberFormat('en', { minimumFractionDigits: 2 }).format(1)", "1.00"),
        ("new Intl.NumberFormat('en', { minimumIntegerDigits: 3, useGrouping: false }).format(5)", "005"),
        ("new Intl.NumberFormat('en', { signDisplay: 'exceptZero' }).format(5)", "+5"),
        ("new Intl.NumberFormat('en', { roundingMode: 'floor', maximumFractionDigits: 0 }).format(-1.2)", "-2"),
        ("new Intl.NumberFormat('en', { maximumFractionDigits: 0 }).format(2.5)", "3"),
        (
            "new Intl.NumberFormat('en', { roundingIncrement: 5, maximumFractionDigits: 2, minimumFractionDigits: 2 }).format(1.23)",
            "1.25",
        ),
        ("[NaN, Infinity, -Infinity].map((n) => n.toLocaleString()).join()", "NaN,∞,-∞"),
        ("new Intl.NumberFormat('ar-EG').format(1234.5)", "١٬٢٣٤٫٥"),
        ("new Intl.NumberFormat('en-u-nu-thai').format(12)", "๑๒"),
        (
            "JSON.stringify(new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' }).formatToParts(-1234.5).map(({ type, value }) => type + value))",
            "[\"minusSign-\",\"currency€\",\"integer1\",\"group,\",\"integer234\",\"decimal.\",\"fraction50\"]",
        ),
        ("Intl.NumberFormat('en')(1)", "TypeError: not a function"),
        ("Intl.NumberFormat('en') instanceof Intl.NumberFormat", "true"),
        (
            "new Intl.NumberFormat('en', { style: 'currency' })",
            "TypeError: the style currency needs the option currency",
        ),
        ("new Intl.NumberFormat('en_US')", "RangeError: \"en_US\" is not a well-formed language tag"),
        (
            "new Intl.NumberFormat('en', { maximumFractionDigits: 101 })",
            "RangeError: maximumFractionDigits is outside the range from 0 to 100",
        ),
        (
            "const { locale, maximumFractionDigits, useGrouping } = new Intl.NumberFormat('tlh').resolvedOptions(); [locale, maximumFractionDigits, useGrouping].join()",
            "en-US,3,auto",
        ),
        ("(1e300).toLocaleString().length", "401"),
    ]);
}

/// What comes is what Node writes, but for the word `day` in other languages than English, and vi's `0:00`.
#[test]
fn nothing_is_shown_that_nobody_asked_for() {
    let write = |locale: &str, fields: &str| {
        format!(
            "new Intl.DateTimeFormat('{locale}', {{ {fields}, timeZone: 'UTC' }}).format(0).replaceAll('\\u202f', ' ')"
        )
    };
    let cases = [
        (write("en", "weekday: 'short', year: 'numeric'"), "1970 Thu"),
        (write("en", "day: 'numeric', year: 'numeric'"), "1970 (day: 1)"),
        (write("de", "day: 'numeric', year: 'numeric'"), "1970 (1)"),
        (write("en", "month: 'short', weekday: 'short'"), "Jan Thu"),
        (write("en", "month: 'short', weekday: 'short', year: 'numeric'"), "Jan 1970 Thu"),
        (write("en", "month: 'short', hour: 'numeric'"), "Jan, 12 AM"),
        (write("en", "year: 'numeric', month: 'numeric', hour: 'numeric'"), "1/1970, 12 AM"),
        (write("en", "month: 'long', year: 'numeric', timeZoneName: 'short'"), "January 1970 at UTC"),
        (write("de", "month: 'long', hour: 'numeric', minute: 'numeric'"), "Januar um 00:00"),
        (write("vi", "month: 'numeric', hour: '2-digit', minute: 'numeric'"), "00:00 1"),
        (write("en", "weekday: 'short', day: 'numeric', year: 'numeric'"), "1 Thu 1970"),
        (write("de", "weekday: 'short', month: 'numeric', minute: 'numeric', second: 'numeric'"), "1 Do, 00:00"),
        (write("en", "timeZoneName: 'short'"), "1/1/1970, UTC"),
        (write("de", "weekday: 'short', timeZoneName: 'short'"), "Do, UTC"),
        (write("de", "era: 'short'"), "01.01.1970 n. Chr."),
        (write("da", "era: 'short'"), "1.1.1970 e.Kr."),
        (write("en", "minute: 'numeric'"), "0"),
        (write("ar-EG", "second: '2-digit'"), "٠"),
        (write("en", "minute: 'numeric', second: 'numeric'"), "00:00"),
        (write("fr", "hour: 'numeric'"), "00 h"),
        (write("fr", "hour: 'numeric', weekday: 'short'"), "jeu. 00 h"),
        (write("fr", "hour: 'numeric', minute: '2-digit'"), "00:00"),
        (write("fr", "hour: 'numeric', hour12: true"), "12 AM"),
        (write("fr-CA", "hour: 'numeric'"), "00 h"),
        (write("bg", "weekday: 'short', hour: 'numeric', minute: 'numeric'"), "чт, 00:00 ч."),
        (write("eu", "weekday: 'short', hour: 'numeric', minute: 'numeric'"), "og. 00:00"),
    ];
    checks(&cases.each_ref().map(|(script, expected)| (script.as_str(), *expected)));
    checks(&[(
        "new Intl.DateTimeFormat('en', { month: 'short', hour: 'numeric', timeZone: 'UTC' }).formatToParts(0).map(part => part.type).join()",
        "month,literal,hour,literal,dayPeriod",
    )]);
}

#[test]
fn dates() {
    let date = "const d = new Date(Date.UTC(2026, 10, 5, 14, 3, 9, 45));";
    let run = |script: &str| format!("{date} {script}");
    let cases = [
        ("d.toLocaleDateString('en-US', { timeZone: 'UTC' })", "11/5/2026"),
        ("d.toLocaleDateString('de-DE', { timeZone: 'UTC' })", "5.11.2026"),
        ("d.toLocaleTimeString('en-US', { timeZone: 'UTC' })", "2:03:09\u{202f}PM"),
        ("d.toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin' })", "15:03:09"),
        ("d.toLocaleString('en-US', { timeZone: 'America/New_York' })", "11/5/2026, 9:03:09\u{202f}AM"),
        (
            "new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'UTC' }).format(d)",
            "Thursday, November 5, 2026",
        ),
        ("new Intl.DateTimeFormat('fr', { dateStyle: 'long', timeZone: 'UTC' }).format(d)", "5 novembre 2026"),
        ("new Intl.DateTimeFormat('en', { timeStyle: 'short', timeZone: 'Asia/Tokyo' }).format(d)", "11:03\u{202f}PM"),
        (
            "new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(d)",
            "November 2026",
        ),
        (
            "new Intl.DateTimeFormat('en', { weekday: 'short', hour: 'numeric', hour12: false, timeZone: 'UTC' }).format(d)",
            "Thu, 14",
        ),
        (
            "new Intl.DateTimeFormat('ja', { dateStyle: 'long', calendar: 'japanese', timeZone: 'UTC' }).format(d)",
            "令和8年11月5日",
        ),
        (
            "new Intl.DateTimeFormat('en', { hour: 'numeric', minute: 'numeric', timeZoneName: 'short', timeZone: 'America/New_York' }).format(d)",
            "9:03\u{202f}AM EST",
        ),
        ("new Intl.DateTimeFormat('en', { timeZone: '+05:30', timeStyle: 'short' }).format(d)", "7:33\u{202f}PM"),
        (
            "new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).formatToParts(d).map(({ type }) => type).join()",
            "month,literal,day,literal,year",
        ),
        (
            "new Intl.DateTimeFormat('en', { second: 'numeric', fractionalSecondDigits: 3, timeZone: 'UTC' }).formatToParts(d).map(({ type, value }) => type + value).join()",
            "second9,literal.,fractionalSecond045",
        ),
        ("new Intl.DateTimeFormat('en', { minute: '2-digit', second: '2-digit', timeZone: 'UTC' }).format(d)", "03:09"),
        (
            "const { timeZone, calendar, hourCycle } = new Intl.DateTimeFormat('en', { timeZone: 'europe/berlin', timeStyle: 'short' }).resolvedOptions(); [timeZone, calendar, hourCycle].join()",
            "Europe/Berlin,gregory,h12",
        ),
        ("typeof new Intl.DateTimeFormat().resolvedOptions().timeZone", "string"),
        (
            "[{ minute: '2-digit' }, { second: '2-digit' }, { minute: 'numeric', second: 'numeric' }, { hour: 'numeric', minute: 'numeric' }].map(given => {
                const { minute, second } = new Intl.DateTimeFormat('en', given).resolvedOptions(); return minute + ' ' + second }).join()",
            "numeric undefined,undefined numeric,2-digit 2-digit,2-digit undefined",
        ),
        ("new Intl.DateTimeFormat('en', { timeZone: 'Mars/Base' })", "RangeError: \"Mars/Base\" is not a time zone"),
        (
            "new Intl.DateTimeFormat('en', { dateStyle: 'full', day: 'numeric' })",
            "TypeError: a style and day exclude each other",
        ),
        ("new Intl.DateTimeFormat('en').format(NaN)", "RangeError: Invalid time value"),
        ("new Date(NaN).toLocaleString()", "Invalid Date"),
        ("new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(8.64e15)", "9/13/275760"),
        ("Intl.supportedValuesOf('timeZone').includes('Europe/Vienna')", "true"),
    ];
    let cases: Vec<(String, &str)> = cases.iter().map(|(script, expected)| (run(script), *expected)).collect();
    checks(&cases.iter().map(|(script, expected)| (script.as_str(), *expected)).collect::<Vec<_>>());
}

#[test]
fn text() {
    checks(&[
        ("new Intl.ListFormat('en').formatToParts(Array(60_000).fill('a')).length", "119999"),
        // Hours of work, were they sorted.
        ("'\\u0301'.repeat(1e6).concat('a').localeCompare('\\u0301'.repeat(1e6).concat('b'))", "-1"),
        ("'a'.concat('\\u0f71\\u0f72'.repeat(5e5)).localeCompare('A'.concat('\\u0f71\\u0f72'.repeat(5e5)))", "-1"),
        ("'เ'.repeat(1e6).concat('a').localeCompare('เ'.repeat(1e6).concat('b'), 'th')", "-1"),
        (
            "[...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment('a👩‍👩‍👧é')].map(({ segment, index }) => segment + index).join()",
            "a0,👩‍👩‍👧1,é9",
        ),
        (
            "[...new Intl.Segmenter('en', { granularity: 'word' }).segment('Hi, you!')].filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment).join()",
            "Hi,you",
        ),
        (
            "[...new Intl.Segmenter('ja', { granularity: 'word' }).segment('吾輩は猫である')].map(({ segment }) => segment).join('|')",
            "吾輩|は|猫|で|ある",
        ),
        ("[...new Intl.Segmenter('en', { granularity: 'sentence' }).segment('One. Two? Three')].length", "3"),
        (
            "const { segment, index } = new Intl.Segmenter('en', { granularity: 'word' }).segment('Hello world').containing(7); segment + index",
            "world6",
        ),
        ("String(new Intl.Segmenter('en').segment('').containing(0))", "undefined"),
        ("[...new Intl.Segmenter('en').segment('\\ud800x')].length", "2"),
        ("['z', 'ä', 'a'].sort(new Intl.Collator('de').compare).join()", "a,ä,z"),
        ("['z', 'ä', 'a'].sort(new Intl.Collator('sv').compare).join()", "a,z,ä"),
        ("['a10', 'a2', 'a1'].sort(new Intl.Collator('en', { numeric: true }).compare).join()", "a1,a2,a10"),
        ("new Intl.Collator('en', { sensitivity: 'base' }).compare('a', 'Á')", "0"),
        ("'a'.localeCompare('b') + 'b'.localeCompare('a') + 'a'.localeCompare('a')", "0"),
        ("'i'.toLocaleUpperCase('tr') + 'I'.toLocaleLowerCase('tr')", "İı"),
        ("new Intl.ListFormat('en', { type: 'disjunction' }).format(['a', 'b', 'c'])", "a, b, or c"),
        ("new Intl.ListFormat('de').format(['a', 'b', 'c'])", "a, b und c"),
        (
            "new Intl.ListFormat('en').formatToParts(['a', 'b']).map(({ type, value }) => type + value).join()",
            "elementa,literal and ,elementb",
        ),
        ("new Intl.ListFormat('en').format([1])", "TypeError: an item of the list is not a string"),
        (
            "['ar', 'en', 'pl'].map((l) => [0, 1, 2, 3, 11].map((n) => new Intl.PluralRules(l).select(n)).join()).join(' ')",
            "zero,one,two,few,many other,one,other,other,other many,one,few,few,many",
        ),
        (
            "[1, 2, 3, 4].map((n) => new Intl.PluralRules('en', { type: 'ordinal' }).select(n)).join()",
            "one,two,few,other",
        ),
        ("new Intl.PluralRules('en', { minimumFractionDigits: 1 }).select(1)", "other"),
        ("new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-1, 'day')", "yesterday"),
        ("new Intl.RelativeTimeFormat('de').format(3, 'weeks')", "in 3 Wochen"),
        ("new Intl.RelativeTimeFormat('en', { style: 'short' }).format(-10, 'minute')", "10 min. ago"),
        (
            "new Intl.RelativeTimeFormat('en').formatToParts(5, 'day').map(({ type, value, unit }) => type + value + unit).join()",
            "literalin undefined,integer5day,literal daysundefined",
        ),
        ("new Intl.RelativeTimeFormat('en').format(1, 'eon')", "RangeError: \"eon\" is not a unit of time"),
        ("new Intl.DisplayNames('en', { type: 'region' }).of('de')", "Germany"),
        ("new Intl.DisplayNames('de', { type: 'language' }).of('fr')", "Französisch"),
        ("new Intl.DisplayNames('en', { type: 'language' }).of('en-US')", "American English"),
        ("new Intl.DisplayNames('en', { type: 'script' }).of('latn')", "Latin"),
        ("String(new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of('QX'))", "undefined"),
    ]);
}

#[test]
fn locales() {
    checks(&[
        ("Intl.getCanonicalLocales(['EN-us', 'iw', 'zh-hant-tw']).join()", "en-US,he,zh-Hant-TW"),
        ("Intl.NumberFormat.supportedLocalesOf(['de-AT', 'tlh', 'en']).join()", "de-AT,en"),
        (
            "const l = new Intl.Locale('de-latn-at-u-co-phonebk', { hourCycle: 'h12' }); [l, l.language, l.script, l.region, l.collation, l.hourCycle, l.baseName].join()",
            "de-Latn-AT-u-co-phonebk-hc-h12,de,Latn,AT,phonebk,h12,de-Latn-AT",
        ),
        ("new Intl.Locale('zh').maximize().toString() + new Intl.Locale('en-Latn-US').minimize()", "zh-Hans-CNen"),
        ("[1234.5, 1, null].toLocaleString('de')", "1.234,5,1,"),
        ("String(Intl) + Object.prototype.toString.call(new Intl.Collator())", "[object Intl][object Intl.Collator]"),
        ("Object.getOwnPropertyDescriptor(globalThis, 'Intl').enumerable", "false"),
        ("Intl.getCanonicalLocales(7).length", "0"),
        ("Intl.getCanonicalLocales(null)", "TypeError: null is not a list of locales"),
        ("new Intl.Locale('')", "RangeError: \"\" is not a well-formed language tag"),
    ]);
}

#[test]
fn units_and_durations() {
    checks(&[
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'kilometer-per-hour' }).format(50)", "50 km/h"),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'liter', unitDisplay: 'long' }).format(1)", "1 liter"),
        (
            "new Intl.NumberFormat('fr', { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(1.5)",
            "1,5\u{a0}jour",
        ),
        (
            "new Intl.NumberFormat('de', { style: 'unit', unit: 'kilometer', unitDisplay: 'long' }).format(3)",
            "3 Kilometer",
        ),
        (
            "['mile', 'liter'].map(unit => new Intl.NumberFormat('pl', { style: 'unit', unit: unit + '-per-hour', unitDisplay: 'long' }).format(5)).join()",
            "5 mil na godzinę,5 litrów na godzinę",
        ),
        (
            "['kilometer', 'liter'].map(unit => new Intl.NumberFormat('uk', { style: 'unit', unit: unit + '-per-hour', unitDisplay: 'long' }).format(5)).join()",
            "5 кілометрів за годину,5 літрів на годину",
        ),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'megabyte' }).format(16)", "16 MB"),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'celsius' }).format(-4)", "-4°C"),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'parsec' })", "RangeError: \"parsec\" is not a unit"),
        ("new Intl.DurationFormat('en').format({ hours: 1, minutes: 46, seconds: 40 })", "1 hr, 46 min, 40 sec"),
        ("new Intl.DurationFormat('en', { style: 'long' }).format({ days: 1, hours: 2 })", "1 day, 2 hours"),
        (
            "new Intl.DurationFormat('en', { style: 'digital' }).format({ hours: 1, minutes: 2, seconds: 3, milliseconds: 45 })",
            "1:02:03.045",
        ),
        ("new Intl.DurationFormat('en').format('PT90S')", "90 sec"),
        ("new Intl.DurationFormat('en').format({ hours: 1, minutes: -1 })", MIXED),
        ("new Intl.DurationFormat('en').format({})", "TypeError: the duration has no unit"),
    ]);
}

const MIXED: &str = "RangeError: Duration was not valid.";

#[test]
fn dates_as_languages_write_them() {
    checks(&[
        ("new Date(Date.UTC(2024, 4, 6)).toLocaleDateString('de-DE', { timeZone: 'UTC' })", "6.5.2024"),
        ("new Date(Date.UTC(2024, 4, 6)).toLocaleDateString('fr-FR', { timeZone: 'UTC' })", "06/05/2024"),
        (
            "new Intl.DateTimeFormat('de', { timeZone: 'UTC', year: 'numeric', month: '2-digit', day: '2-digit' }).format(0)",
            "01.01.1970",
        ),
        (
            "new Intl.DateTimeFormat('de', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' }).format(0)",
            "1. Jan. 1970",
        ),
        (
            "new Intl.DateTimeFormat('en', { timeZone: 'UTC', hour: 'numeric', dayPeriod: 'long' }).format(0)",
            "12 at night",
        ),
        (
            "new Intl.DateTimeFormat('en', { timeZone: 'UTC', dateStyle: 'short', timeStyle: 'short' }).formatRange(0, 36e5)",
            "1/1/70, 12:00\u{202f}AM – 1:00\u{202f}AM",
        ),
        ("new Float64Array([1.5, 2000]).toLocaleString('de')", "1,5,2.000"),
        ("new Intl.PluralRules('fr', { notation: 'compact' }).select(15e5)", "many"),
        ("new Intl.NumberFormat('de', { style: 'unit', unit: 'celsius' }).format(5)", "5\u{a0}°C"),
        ("new Intl.NumberFormat('hu', { style: 'unit', unit: 'kilometer-per-hour' }).format(5)", "5 km/h"),
    ]);
}

#[test]
fn fields_of_dates_have_the_lengths_that_are_asked_for() {
    let date = |locale: &str, options: &str, expected: &'static str| {
        let script = format!(
            "new Intl.DateTimeFormat('{locale}', {{ timeZone: 'UTC', {options} }}).format(Date.UTC(2024, 1, 9, 13, 5))"
        );
        (script, expected)
    };
    let cases = [
        date("en", "weekday: 'short', month: 'long', day: 'numeric'", "Fri, February 9"),
        date("en", "weekday: 'long', month: 'short', day: 'numeric'", "Friday, Feb 9"),
        date("en", "weekday: 'long', month: 'numeric', day: 'numeric'", "Friday, 2/9"),
        date("en", "year: '2-digit'", "24"),
        date("en", "month: 'short', year: '2-digit'", "Feb 24"),
        date("en", "month: 'narrow'", "F"),
        date("en", "weekday: 'narrow'", "F"),
        date("en", "era: 'long', year: 'numeric'", "2024 Anno Domini"),
        date("en", "era: 'narrow', year: 'numeric'", "2024 A"),
        date("en", "weekday: 'long', hour: 'numeric'", "Friday 1\u{202f}PM"),
        date("en", "month: 'long', day: '2-digit'", "February 09"),
        date(
            "en",
            "year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit'",
            "2/9/2024, 01:05\u{202f}PM",
        ),
        date("en", "hour: '2-digit'", "01\u{202f}PM"),
        date("de", "month: 'short', year: 'numeric'", "Feb. 2024"),
        date("de", "weekday: 'short', day: '2-digit', month: '2-digit'", "Fr., 09.02."),
        date("de", "weekday: 'short', day: 'numeric', month: 'short', year: 'numeric'", "Fr., 9. Feb. 2024"),
        date("de", "weekday: 'short', hour: '2-digit', minute: '2-digit'", "Fr., 13:05"),
        date("cs", "month: 'short', year: 'numeric'", "únor 2024"),
        date("fr", "weekday: 'short', month: 'long', day: 'numeric'", "ven. 9 février"),
        date("ar-EG", "day: '2-digit', month: 'long'", "٠٩ فبراير"),
        date("th", "dateStyle: 'full'", "วันศุกร์ที่ 9 กุมภาพันธ์ พ.ศ. 2567"),
        date("he", "weekday: 'narrow', calendar: 'hebrew'", "ו׳"),
        date("ja", "calendar: 'japanese', year: '2-digit', month: 'long'", "令和6年2月"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(script, expected)| (script.as_str(), *expected)).collect();
    checks(&cases);
    checks(&[
        (
            "JSON.stringify(new Intl.DateTimeFormat('en', { timeZone: 'UTC', weekday: 'short', month: 'long' }).formatToParts(0).map((part) => part.type + ':' + part.value))",
            r#"["month:January","literal: ","weekday:Thu"]"#,
        ),
        (
            "const date = new Intl.DateTimeFormat('pt-BR', { timeZone: 'America/New_York', hour: 'numeric', timeZoneName: 'shortOffset' }); date.formatToParts(0).at(-1).value",
            "GMT-5",
        ),
    ]);
}

#[test]
fn numbers_are_grouped_where_that_is_asked_for() {
    checks(&[
        ("new Intl.NumberFormat('es').format(1234)", "1234"),
        ("new Intl.NumberFormat('es', { useGrouping: 'always' }).format(1234)", "1.234"),
        ("new Intl.NumberFormat('es', { useGrouping: true }).format(1234)", "1.234"),
        ("new Intl.NumberFormat('pl', { useGrouping: true }).format(1234567)", "1\u{a0}234\u{a0}567"),
        (
            "new Intl.NumberFormat('it', { useGrouping: 'always', style: 'currency', currency: 'EUR' }).format(1234)",
            "1.234,00\u{a0}€",
        ),
        ("new Intl.NumberFormat('en-IN', { useGrouping: 'always' }).format(1234567)", "12,34,567"),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'mile-per-hour' }).format(5)", "5 mph"),
        (
            "new Intl.NumberFormat('en', { style: 'unit', unit: 'mile-per-hour', unitDisplay: 'narrow' }).format(5)",
            "5mph",
        ),
        ("new Intl.NumberFormat('de', { style: 'unit', unit: 'percent' }).format(-5)", "-5\u{a0}%"),
        ("new Intl.NumberFormat('tr', { style: 'unit', unit: 'percent' }).format(5)", "%5"),
        ("new Intl.NumberFormat('en', { style: 'unit', unit: 'percent', unitDisplay: 'long' }).format(5)", "5 percent"),
        (
            "new Intl.NumberFormat('ja', { style: 'unit', unit: 'kilometer-per-hour', unitDisplay: 'long' }).format(5)",
            "時速 5 キロメートル",
        ),
    ]);
}

#[test]
fn locales_know_where_they_are_spoken() {
    checks(&[
        ("new Intl.Locale('de-CH').getWeekInfo().firstDay", "1"),
        ("new Intl.Locale('en-US').getWeekInfo().weekend.join()", "6,7"),
        ("new Intl.Locale('ar').getTextInfo().direction", "rtl"),
        ("new Intl.Locale('th').getCalendars().join()", "buddhist,gregory"),
        ("new Intl.Locale('de-DE').getTimeZones().join()", "Europe/Berlin,Europe/Busingen"),
        ("new Intl.Locale('ar-EG').getNumberingSystems().join()", "arab"),
        ("new Intl.Locale('en-GB').getHourCycles().join()", "h23"),
        ("new Intl.Locale('en', { firstDayOfWeek: '1' }).toString()", "en-u-fw-mon"),
        ("new Intl.DisplayNames('en', { type: 'currency' }).of('usd')", "US Dollar"),
        ("new Intl.DisplayNames('de', { type: 'currency', style: 'short' }).of('EUR')", "€"),
        ("new Intl.DisplayNames('en', { type: 'calendar' }).of('roc')", "Minguo Calendar"),
        ("new Intl.DisplayNames('fr', { type: 'dateTimeField' }).of('month')", "month"),
        ("Intl.supportedValuesOf('unit').length", "45"),
        ("Intl.supportedValuesOf('currency').includes('NOK')", "true"),
        ("const f = new Intl.NumberFormat('en'); f.format === f.format", "true"),
    ]);
}

#[test]
fn polluted_prototypes_change_nothing() {
    checks(&[(
        "for (const name of ['timeZone', 'locale', '0', 'style']) \
           Object.defineProperty(Object.prototype, name, { set() { throw new Error('set') }, configurable: true }); \
         Array.prototype.push = Array.prototype.includes = Array.prototype.sort = undefined; \
         Object.defineProperty(Array.prototype, 9, { set() { throw new Error('set') } }); \
         String.prototype.charCodeAt = String.prototype.slice = String.prototype.substring = Math.min = Math.abs = undefined; \
         [new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0), new Intl.NumberFormat('de').format(1.5), \
          new Intl.Segmenter('en').segment('a'.repeat(10_000)).containing(9999).index].join(' ')",
        "1/1/1970 1,5 9999",
    )]);
}

#[test]
fn options_in_any_combination_end_in_text_or_an_error() {
    let script = r#"
        let state = 1;
        const below = (n) => (state = (state * 48271) % 2147483647) % n;
        const pick = (list) => list[below(list.length)];
        const some = (all) => {
            const options = {};
            for (const [name, values] of Object.entries(all)) if (below(3) === 0) options[name] = pick(values);
            return options;
        };
        const LOCALES = ["en", "de", "ar", "ja", "th", "hi-u-nu-deva", "zh-u-ca-chinese", "he-u-ca-hebrew", "fa", "sr-Latn", "en-u-hc-h11"];
        const NUMBERS = [0, -0, 1, -1.5, 999.995, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, NaN, -Infinity, 10n ** 30n, "123.456"];
        const DATES = [0, -1, 1e12, 8.64e15, -8.64e15, -62135596800000, 951782400000];
        const digits = [0, 1, 2, 3, 21, 100];
        const NUMBER = {
            style: ["decimal", "percent", "currency", "unit"], currency: ["USD", "JPY", "XXX", "ABC"], currencyDisplay: ["code", "symbol", "narrowSymbol", "name"], unit: ["meter"],
            currencySign: ["standard", "accounting"], notation: ["standard", "scientific", "engineering", "compact"], compactDisplay: ["short", "long"],
            minimumIntegerDigits: digits, minimumFractionDigits: digits, maximumFractionDigits: digits, minimumSignificantDigits: digits, maximumSignificantDigits: digits,
            roundingIncrement: [1, 5, 250, 5000], roundingMode: ["ceil", "halfEven", "expand"], roundingPriority: ["auto", "morePrecision", "lessPrecision"],
            trailingZeroDisplay: ["auto", "stripIfInteger"], useGrouping: [true, false, "min2"], signDisplay: ["never", "always", "exceptZero", "negative"],
        };
        const width = ["numeric", "2-digit"], text = ["narrow", "short", "long"], style = ["full", "long", "medium", "short"];
        const DATE = {
            weekday: text, era: text, year: width, month: [...width, ...text], day: width, dayPeriod: text, hour: width, minute: width, second: width, fractionalSecondDigits: [1, 2, 3],
            timeZoneName: ["short", "long", "shortOffset", "longGeneric"], timeZone: ["UTC", "Asia/Kathmandu", "-03:30"], hour12: [true, false], calendar: ["gregory", "islamic-civil", "persian"],
        };
        for (let round = 0; round < 1500; round++) {
            for (const [make, values] of [
                [() => new Intl.NumberFormat(pick(LOCALES), some(NUMBER)), NUMBERS],
                [() => new Intl.DateTimeFormat(pick(LOCALES), below(4) ? some(DATE) : some({ dateStyle: style, timeStyle: style })), DATES],
            ]) {
                try {
                    const format = make();
                    const value = pick(values);
                    const text = format.format(value);
                    if (typeof text !== "string" || text !== format.formatToParts(value).map((part) => part.value).join("")) throw new Error(text);
                } catch (error) {
                    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
                }
            }
        }
        "done"
    "#;
    checks(&[(script, "done")]);
}

#[test]
fn there_are_not_more_formatters_than_memory_allows() {
    checks(&[
        (
            "const all = []; try { for (;;) all.push(new Intl.Collator('en')) } catch (error) { `${error.name} ${all.length}` }",
            "RangeError 10000",
        ),
        ("for (let i = 0; i < 30_000; i++) new Intl.Collator('en'); 'freed'", "freed"),
    ]);
}

#[test]
fn nothing_of_intl_is_cloned() {
    let harness = Harness::new(&[&Intl, &StructuredClone]);
    for (made, class) in [
        ("new Intl.NumberFormat()", "NumberFormat"),
        ("new Intl.DateTimeFormat()", "DateTimeFormat"),
        ("new Intl.Collator()", "Collator"),
        ("new Intl.PluralRules()", "PluralRules"),
        ("new Intl.RelativeTimeFormat()", "RelativeTimeFormat"),
        ("new Intl.ListFormat()", "ListFormat"),
        ("new Intl.DisplayNames('en', { type: 'region' })", "DisplayNames"),
        ("new Intl.DurationFormat()", "DurationFormat"),
        ("new Intl.Segmenter()", "Segmenter"),
        ("new Intl.Segmenter().segment('a')", "Object"),
        ("new Intl.Locale('en')", "Locale"),
        ("new (class A extends Intl.Locale {})('en')", "A"),
    ] {
        harness.check(
            &format!("try {{ structuredClone({{ made: {made} }}) }} catch (e) {{ `${{e}}` }}"),
            &format!("DataCloneError: structuredClone: an object of the class {class} cannot be cloned"),
        );
    }
}

#[test]
fn long_texts_are_mapped_piece_by_piece() {
    let harness = Harness::configured(&[&Intl], |config| config.max_reductions = Some(100_000));
    for (source, expected) in [
        ("'ß'.repeat(5e6).toLocaleUpperCase('tr')", "InterruptedError: the eval used up max_reductions: 100000 steps"),
        (
            "globalThis.text = 'i̇ïjI İıʼnΑΣ ΟΔΟΣ. ὅς ή άυλος, Ϊ ǆßﬁ į̇́ ĄĮ'; globalThis.texts = ['tr', 'lt', 'el', 'de', 'nl'];
             texts.every((locale) => ['toLocaleUpperCase', 'toLocaleLowerCase'].every((method) =>
               (text + ' ').repeat(3000)[method](locale) === (text + ' ')[method](locale).repeat(3000)))",
            "true",
        ),
        ("new Intl.Locale('en-a-' + 'aaaaa-'.repeat(1e5) + 'a')", "RangeError: a language tag of 600006 bytes is longer than 65536"),
    ] {
        harness.check(source, expected);
    }
}
