//! The members of `Beam`.

use quickbeam_api_beam::Beam;
use quickbeam_api_harness::Harness;

fn check(script: &str, expected: &str) {
    Harness::new(&[&Beam]).check(script, expected);
}

#[test]
fn calls_reach_handlers() {
    check("Beam.call('echo', 'x')", "x");
    check("Beam.callSync('echo', 5)", "5");
    check("Beam.call('fail')", "HandlerError: no luck");
    check("Beam.callSync('fail')", "HandlerError: no luck");
    check("Beam.call('fail').catch((error) => error instanceof Error && error.name)", "HandlerError");
    check("try { Beam.call('none') } catch (error) { error.message }", "no handler is called \"none\"");
    check("Beam.callSync('none')", "ReferenceError: no handler is called \"none\"");
    check("Beam.call()", "TypeError: Beam.call: 1 argument required, but only 0 present");
    check("Beam.call(Symbol())", "TypeError: cannot convert symbol to string");
    check(
        "Promise.all(Array.from({ length: 100 }, (_, n) => Beam.call('echo', n))).then((all) => all.length + all[99])",
        "10099",
    );
    check("let sum = 0; for (let n = 0; n < 100; n++) sum += Number(Beam.callSync('echo', n)); sum", "4950");
}

#[test]
fn messages_need_a_host_that_has_them() {
    check("Beam.self()", "null");
    check("Beam.send(null, 1)", "TypeError: this host has no processes to send to");
    check("Beam.send(null)", "TypeError: Beam.send: 2 arguments required, but only 1 present");
    check("Beam.onMessage(5)", "TypeError: onMessage needs a function");
    check("const off = Beam.onMessage(() => {}); typeof off + off() + off()", "functionundefinedundefined");
}

#[test]
fn sleeping_takes_milliseconds() {
    check("Beam.sleep(1).then((value) => String(value))", "undefined");
    check("Beam.sleepSync(1)", "undefined");
    for wrong in ["-1", "NaN", "2 ** 31", "'x'", "Infinity", "undefined"] {
        let message = "the time is not a number of milliseconds from 0 to 2147483647";
        check(&format!("Beam.sleep({wrong})"), &format!("RangeError: Beam.sleep: {message}"));
        check(&format!("Beam.sleepSync({wrong})"), &format!("RangeError: Beam.sleepSync: {message}"));
    }
}

#[test]
fn peeking_tells_what_a_promise_holds() {
    check("Beam.peek(Promise.resolve(5))", "5");
    check("const p = new Promise(() => {}); Beam.peek(p) === p", "true");
    check("Beam.peek(Promise.reject(6))", "6");
    check("Beam.peek(7)", "7");
    check(
        "[Promise.resolve(), Promise.reject().catch(() => {}), new Promise(() => {}), 5].map(Beam.peek.status)",
        "fulfilled,pending,pending,fulfilled",
    );
    check("const p = Promise.reject(1); p.catch(() => {}); Beam.peek.status(p)", "rejected");
    let harness = Harness::new(&[&Beam]);
    harness.check("Beam.peek(Promise.reject(6))", "6");
    assert_eq!(harness.take_uncaught(), [""; 0]);
}

#[test]
fn texts_and_numbers() {
    check(r#"Beam.escapeHTML(`<a href="x">'&'</a> é`)"#, "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;&#x27;&lt;/a&gt; é");
    check("Beam.escapeHTML(5)", "5");
    check("Beam.escapeHTML()", "TypeError: Beam.escapeHTML: 1 argument required, but only 0 present");
    check("const a = Beam.nanoseconds(); Beam.nanoseconds() >= a && Number.isInteger(a)", "true");
    check("new Set(Array.from({ length: 1000 }, () => Beam.uniqueInteger())).size", "1000");
    check("/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(Beam.randomUUIDv7())", "true");
    check(
        "const ids = Array.from({ length: 10_000 }, () => Beam.randomUUIDv7()); ids.every((id, n) => n === 0 || ids[n - 1] < id)",
        "true",
    );
    check("Beam.inspect({ a: [1, new Map()] })", "{ a: [ 1, Map(0) {} ] }");
    check("Beam.version", env!("CARGO_PKG_VERSION"));
    check("String(Beam) + Object.isFrozen(Beam) + Object.isFrozen(Beam.peek)", "[object Beam]truetrue");
}

#[test]
fn deep_equality_is_structural() {
    let same = [
        "1, 1",
        "NaN, NaN",
        "'a', 'a'",
        "{}, {}",
        "[1, [2]], [1, [2]]",
        "{ a: { b: 1 } }, { a: { b: 1 } }",
        "{ a: 1, b: 2 }, { b: 2, a: 1 }",
        "new Date(5), new Date(5)",
        "/a/g, /a/g",
        "new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])",
        "new Map([[{ k: 1 }, 2]]), new Map([[{ k: 1 }, 2]])",
        "new Uint8Array([1, 2]), new Uint8Array([1, 2])",
        "new Uint8Array([1]).buffer, new Uint8Array([1]).buffer",
        "new Error('m'), new Error('m')",
        "Object(1), Object(1)",
        "[, 1], [, 1]",
        "10n, 10n",
        "Math.max, Math.max",
        "{ [Symbol.iterator]: 1 }, { [Symbol.iterator]: 1 }",
        "cyclic(), cyclic()",
        "new Set([[1], [2]]), new Set([[2], [1]])",
    ];
    let different = [
        "1, '1'",
        "0, -0",
        "null, undefined",
        "{}, []",
        "{ a: 1 }, { b: 1 }",
        "{ a: undefined }, {}",
        "{ a: undefined }, { b: undefined }",
        "[1, 2], [2, 1]",
        "[1], [1, 2]",
        "new Date(5), new Date(6)",
        "/a/g, /a/i",
        "new Set([1]), new Set([2])",
        "new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])",
        "new Map([[1, 2]]), new Map([[1, 3]])",
        "new Uint8Array([1]), new Uint8Array([2])",
        "new Uint8Array([1]), new Int8Array([1])",
        "new Error('m'), new Error('n')",
        "new Error('m'), new TypeError('m')",
        "Object(1), Object(2)",
        "[, 1], [undefined, 1]",
        "() => 1, () => 1",
        "{}, Object.create(null)",
        "new (class A {}), new (class A {})",
        "Promise.resolve(1), Promise.resolve(1)",
        "new WeakMap(), new WeakMap()",
        "cyclic(), { self: {} }",
        "Object(1), 1",
    ];
    let harness = Harness::new(&[&Beam]);
    harness.check("globalThis.cyclic = () => { const a = {}; a.self = a; return a }; 1", "1");
    for (pairs, expected) in [(&same[..], "true"), (&different[..], "false")] {
        for pair in pairs {
            harness.check(&format!("Beam.deepEquals({pair})"), expected);
        }
    }
    let deep = "const deep = () => { let v = {}; for (let n = 0; n < 1e6; n++) v = { v }; return v };";
    let message = "RangeError: Maximum call stack size exceeded (max_stack_size: 8388608 bytes)";
    harness.check(&format!("{deep} Beam.deepEquals(deep(), deep())"), message);
}
