//! The clock.

use quickbeam_api_harness::Harness;
use quickbeam_api_performance::{Performance, Timeline};

#[test]
fn the_clock_is_monotonic_and_starts_with_the_realm() {
    let check = |script: &str, expected: &str| Harness::new(&[&Performance]).check(script, expected);
    check("const a = performance.now(); const b = performance.now(); a >= 0 && b >= a && b < 60_000", "true");
    check("Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000", "true");
    check("performance.timeOrigin === performance.timeOrigin", "true");
    check("JSON.stringify(performance) === JSON.stringify({ timeOrigin: performance.timeOrigin })", "true");
    check("String(performance)", "[object Performance]");
    check(
        "performance instanceof Performance && performance instanceof EventTarget",
        "ReferenceError: EventTarget is not defined",
    );
    check("new Performance()", "TypeError: Performance cannot be constructed");
    check("Performance.prototype.now.call({})", "TypeError: private class field '#brand' does not exist");
    check(
        "Object.keys(Performance.prototype)",
        "now,timeOrigin,toJSON,mark,clearMarks,measure,clearMeasures,getEntries,getEntriesByType,getEntriesByName",
    );
    check("performance = 5; performance", "5");
}

#[test]
fn marks_and_measures_stand_on_the_timeline() {
    let harness = Harness::new(&[&Performance, &Timeline]);
    for (script, expected) in [
        ("performance.mark('b', { startTime: 2, detail: { x: [1] } }).detail.x[0]", "1"),
        ("performance.mark('a', { startTime: 1 }) instanceof PerformanceEntry", "true"),
        ("performance.measure('m', 'a', 'b').duration", "1"),
        ("performance.measure('n', { end: 'b', duration: 5 }).startTime", "-3"),
        ("String(performance.getEntries().map((entry) => entry.name))", "n,a,m,b"),
        (
            "JSON.stringify(performance.getEntriesByName('b', 'mark'))",
            r#"[{"name":"b","entryType":"mark","startTime":2,"duration":0,"detail":{"x":[1]}}]"#,
        ),
        ("performance.measure('x', 'nope')", r#"SyntaxError: performance.measure: there is no mark "nope""#),
        ("performance.measure('x', { detail: 1 })", "TypeError: performance.measure: neither start nor end is given"),
        ("performance.mark('x', { startTime: -1 })", "TypeError: PerformanceMark: startTime is negative"),
        ("performance.mark('x', { detail: () => {} })", "DataCloneError: structuredClone: a function cannot be cloned"),
        ("new PerformanceEntry()", "TypeError: PerformanceEntry cannot be constructed"),
        ("performance.clearMarks('a'); performance.clearMeasures(); performance.getEntries().length", "1"),
    ] {
        harness.check(script, expected);
    }
}

#[test]
fn observers_are_told() {
    let harness = Harness::new(&[&Performance, &Timeline]);
    harness.check(
        "performance.mark('old'); new Promise((resolve) => {
            const observer = new PerformanceObserver((list, self, options) => {
                const names = list.getEntries().map((entry) => entry.name);
                resolve([names, self === observer, options.droppedEntriesCount].join());
            });
            observer.observe({ type: 'mark', buffered: true });
            performance.mark('new');
            performance.measure('not wanted');
        })",
        "old,new,true,0",
    );
    harness.check(
        "new PerformanceObserver(() => {}).observe({})",
        "TypeError: PerformanceObserver.observe: neither entryTypes nor type is given",
    );
    harness.check("String(PerformanceObserver.supportedEntryTypes)", "mark,measure");
}
