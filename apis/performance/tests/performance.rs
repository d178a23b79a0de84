//! The clock.

use quickbeam_api_harness::Harness;
use quickbeam_api_performance::Performance;

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
    check("Object.keys(Performance.prototype)", "now,timeOrigin,toJSON");
    check("performance = 5; performance", "5");
}
