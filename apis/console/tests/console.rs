//! What reaches the log, at which level and from where.

use quickbeam_api_console::Console;
use quickbeam_api_harness::Harness;

/// Runs a script and compares the lines it logged, each as `level method text`.
fn check(script: &str, expected: &[&str]) {
    let harness = Harness::new(&[&Console]);
    harness.check(&format!("{script}; 'done'"), "done");
    let lines: Vec<String> = harness
        .take_logs()
        .into_iter()
        .map(|line| format!("{:?} {} {}", line.level, line.method, line.text).to_lowercase())
        .collect();
    let expected: Vec<String> = expected.iter().map(|line| line.to_lowercase()).collect();
    assert_eq!(lines, expected, "{script}");
}

#[test]
fn methods_log_at_their_levels() {
    check("console.log('a', 1)", &["info log a 1"]);
    check("console.info('a')", &["info info a"]);
    check("console.debug('a')", &["debug debug a"]);
    check("console.warn('a')", &["warning warn a"]);
    check("console.error('a')", &["error error a"]);
    check("console.dir({ a: { b: { c: {} } } }, { depth: 0 })", &["info dir { a: [Object] }"]);
    check("console.dirxml({ a: 1 }, 2)", &["info dirxml { a: 1 } 2"]);
    check("console.log()", &["info log "]);
    check(
        "console.log('a', 'b'); console.log('%s'); console.log('%s', 'c'); console.log('a', '%s')",
        &["info log a b", "info log %s", "info log c", "info log a %s"],
    );
    check("console.log('%s is %d%%', 'x', 5, { y: 1 })", &["info log x is 5% { y: 1 }"]);
    check("console.clear()", &[]);
}

#[test]
fn assertions_log_only_when_they_fail() {
    check("console.assert(true, 'a')", &[]);
    check("console.assert(1 === 2, 'a %d', 5)", &["error assert Assertion failed: a 5"]);
    check("console.assert(false, { a: 1 })", &["error assert Assertion failed { a: 1 }"]);
    check("console.assert()", &["error assert Assertion failed"]);
}

#[test]
fn groups_indent() {
    check(
        "console.group('g'); console.log('a\\nb'); console.groupCollapsed(); console.warn('c'); console.groupEnd();
         console.groupEnd(); console.groupEnd(); console.log('d')",
        &["info group g", "info log   a\n  b", "warning warn     c", "info log d"],
    );
    check("console.group(); console.clear(); console.log('a')", &["info log a"]);
}

#[test]
fn counters_and_timers_keep_labels() {
    check(
        "console.count(); console.count(); console.count('x')",
        &["info count default: 1", "info count default: 2", "info count x: 1"],
    );
    check("console.count('x'); console.countReset('x'); console.count('x')", &["info count x: 1", "info count x: 1"]);
    check("console.countReset('x')", &["warning countReset Count for 'x' does not exist"]);
    check("console.timeEnd('x')", &["warning timeEnd Timer 'x' does not exist"]);
    check("console.timeLog()", &["warning timeLog Timer 'default' does not exist"]);
    check("console.time('x'); console.time('x')", &["warning time Timer 'x' already exists"]);
    let harness = Harness::new(&[&Console]);
    harness.check(
        "console.time('t'); console.timeLog('t', { a: 1 }); console.timeEnd('t'); console.timeEnd('t')",
        "undefined",
    );
    let texts: Vec<String> = harness.take_logs().into_iter().map(|line| line.text).collect();
    assert!(texts[0].starts_with("t: ") && texts[0].ends_with("ms { a: 1 }"), "{texts:?}");
    assert!(texts[1].starts_with("t: ") && texts[1].ends_with("ms"), "{texts:?}");
    assert_eq!(texts[2], "Timer 't' does not exist");
}

#[test]
fn tables_look_as_in_node() {
    check(
        "console.table([{ a: 1, b: 'x' }, { a: 2 }])",
        &["info table \
┌─────────┬───┬─────┐
│ (index) │ a │  b  │
├─────────┼───┼─────┤
│    0    │ 1 │ 'x' │
│    1    │ 2 │     │
└─────────┴───┴─────┘"],
    );
    check(
        "console.table([1, 'x'])",
        &["info table \
┌─────────┬────────┐
│ (index) │ Values │
├─────────┼────────┤
│    0    │   1    │
│    1    │  'x'   │
└─────────┴────────┘"],
    );
    check(
        "console.table(new Map([['k', { v: 1 }]]))",
        &["info table \
┌───────────────────┬─────┬──────────┐
│ (iteration index) │ Key │  Values  │
├───────────────────┼─────┼──────────┤
│         0         │ 'k' │ { v: 1 } │
└───────────────────┴─────┴──────────┘"],
    );
    check(
        "console.table({ r: { a: 1, b: 2 } }, ['b'])",
        &["info table \
┌─────────┬───┐
│ (index) │ b │
├─────────┼───┤
│    r    │ 2 │
└─────────┴───┘"],
    );
    check("console.table(5)", &["info table 5"]);
    check("console.table()", &["info table undefined"]);
}

#[test]
fn lines_tell_where_they_come_from() {
    let harness = Harness::new(&[&Console]);
    harness.check(
        "function f() {\n  console.log('a');\n}\nf();\nconsole.trace('b');\n[1].forEach(console.log)",
        "undefined",
    );
    let lines = harness.take_logs();
    let places: Vec<_> = lines.iter().map(|line| line.place.clone().unwrap()).collect();
    assert_eq!(places, [("test.js".to_owned(), 2), ("test.js".to_owned(), 5), ("test.js".to_owned(), 6)]);
    assert!(lines[1].text.starts_with("Trace: b\n    at "), "{}", lines[1].text);
    assert!(lines[1].text.contains("(test.js:5:"), "{}", lines[1].text);
}

#[test]
fn it_is_a_namespace() {
    let check = |script: &str, expected: &str| Harness::new(&[&Console]).check(script, expected);
    check("Object.prototype.toString.call(console)", "[object console]");
    check("Object.getPrototypeOf(Object.getPrototypeOf(console)) === Object.prototype", "true");
    check("Object.getOwnPropertyNames(Object.getPrototypeOf(console)).length", "0");
    check("Object.keys(console).length", "19");
    check(
        "console; JSON.stringify(Object.getOwnPropertyDescriptor(globalThis, 'console'), ['writable', 'enumerable', 'configurable'])",
        "{\"writable\":true,\"enumerable\":false,\"configurable\":true}",
    );
    check("console.log.length + console.log.name", "0log");
    check("const { log } = console; log('x')", "undefined");
    check("console = 5; console", "5");
    check("console.table([], 5)", "TypeError: console.table: properties is not an array");
    check("console.count(Symbol())", "TypeError: cannot convert symbol to string");
    check("console.count({ toString() { throw new RangeError('mine') } })", "RangeError: mine");
}

#[test]
fn hostile_input_ends_bounded() {
    let harness = Harness::new(&[&Console]);
    harness.check(
        "console.log('x'.repeat(3e6)); console.log('%s'.repeat(1e5), ...Array(100).fill('y'.repeat(1e5))); 1",
        "1",
    );
    harness.check("for (let n = 0; n < 1e5; n++) console.group(); console.log('deep'); console.clear()", "undefined");
    harness.check(
        "for (let n = 0; n < 50; n++) console.group(); console.log('\\n'.repeat(1e6)); console.clear()",
        "undefined",
    );
    harness.check("for (let n = 0; n < 10_005; n++) console.count(n)", "undefined");
    harness.check("console.table(Array.from({ length: 5e3 }, (_, n) => ({ ['c' + n]: n }))); 1", "1");
    harness.check(
        "console.log({ get [Symbol.toStringTag]() { throw 1 } }, new Proxy({}, { get() { throw 1 } }))",
        "undefined",
    );
    for line in harness.take_logs() {
        assert!(line.text.len() < 2 << 20, "{} bytes", line.text.len());
    }
}
