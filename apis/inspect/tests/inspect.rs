//! The text of values, against what Node 20 printed for them.

use quickbeam_api_inspect::formatter;
use quickbeam_engine::{Ctx, EvalOptions, Isolate, IsolateOptions, Result, Thrown, Value};

/// Pairs of an expression of corpus.js and what `util.inspect` of Node 20 makes of it.
const VALUES: &str = include_str!("node20.json");
/// Pairs of an expression of formats.js and what `util.format` of Node 20 makes of it.
const FORMATS: &str = include_str!("node20_formats.json");

fn in_realm<R>(f: impl for<'a> FnOnce(Ctx<'a>) -> R) -> R {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, f)
}

fn call<'a>(ctx: Ctx<'a>, function: &str, expression: &str) -> Result<Value<'a>> {
    let value = ctx.eval(&format!("({expression})"), &EvalOptions::default())?;
    ctx.call(&formatter(ctx)?.get(function)?, &ctx.undefined(), &[value])
}

fn text(ctx: Ctx<'_>, function: &str, expression: &str) -> String {
    let made = call(ctx, function, expression).and_then(|text| text.to_text());
    made.unwrap_or_else(|Thrown| ctx.take_report().to_string())
}

fn check_all(function: &str, recorded: &str) {
    let cases: Vec<(String, String)> = serde_json::from_str(recorded).unwrap();
    in_realm(|ctx| {
        let mut wrong = Vec::new();
        for (expression, expected) in &cases {
            let got = text(ctx, function, expression);
            if got != *expected {
                wrong.push(format!("{expression}\n  node: {expected}\n  here: {got}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    });
}

#[test]
fn values_look_as_in_node() {
    check_all("inspect", VALUES);
}

#[test]
fn format_strings_work_as_in_node() {
    check_all("format", FORMATS);
}

#[test]
fn errors_show_class_message_stack_and_properties() {
    let check = |expression: &str, expected: &str| {
        in_realm(|ctx| assert_eq!(text(ctx, "inspect", expression), expected, "{expression}"));
    };
    let with_stack = |error: &str, stack: &str| format!("Object.assign({error}, {{ stack: '{stack}' }})");
    check(&with_stack("new Error('m')", "    at f (a.js:1:2)\\n"), "Error: m\n    at f (a.js:1:2)");
    check(&with_stack("new Error()", "    at f (a.js:1:2)\\n"), "Error\n    at f (a.js:1:2)");
    check(&with_stack("new TypeError('m')", ""), "[TypeError: m]");
    check(&with_stack("new (class MyErr extends Error {})('m')", ""), "[MyErr [Error]: m]");
    check(&with_stack("new (class MyError extends Error {})('m')", ""), "[MyError: m]");
    check(&with_stack("Object.assign(new Error('m'), { code: 5 })", ""), "[Error: m] { code: 5 }");
    check(&with_stack("Object.assign(new Error('m'), { name: 'Own' })", ""), "[Own: m]");
    check(&with_stack("new DOMException('m', 'AbortError')", ""), "[DOMException [AbortError]: m]");
    check(
        &format!("[{}]", with_stack("new Error('m')", "    at f (a.js:1:2)\\n")),
        "[\n  Error: m\n      at f (a.js:1:2)\n]",
    );
    check(
        &with_stack(&format!("new Error('m', {{ cause: {} }})", with_stack("new Error('c')", "")), ""),
        "[Error: m] { [cause]: [Error: c] }",
    );
    check(
        &with_stack(&format!("new AggregateError([{}], 'm')", with_stack("new Error('c')", "")), ""),
        "[AggregateError: m] { [errors]: [ [Error: c] ] }",
    );
    check("Object.defineProperty(new Error('m'), 'message', { get() { throw 1 } }).name", "'Error'");
}

#[test]
fn no_trap_runs() {
    let check = |value: &str, expected: &str| {
        let expression = format!(
            "(() => {{
                let traps = 0;
                const handler = new Proxy({{}}, {{ get(_, trap) {{ traps++; return trap === 'getPrototypeOf' ? () => hide({{}}) : undefined }} }});
                const hide = (target) => new Proxy(target, handler);
                const value = {value};
                traps = 0;
                return {{ toString: undefined, [Symbol.for('nodejs.util.inspect.custom')]: (_d, _o, inspect) => inspect(value) + ` ${{traps}}` }};
            }})()"
        );
        in_realm(|ctx| assert_eq!(text(ctx, "inspect", &expression), expected, "{value}"));
    };
    check("hide({ a: 1 })", "{ a: 1 } 0");
    check("Object.create(hide({}))", "{} 0");
    check("Object.create(hide(Object.create(hide({ [Symbol.toStringTag]: 'T' }))))", "Object [T] {} 0");
    check("Object.create(hide(class A {}.prototype))", "A {} 0");
    check("{ constructor: hide(class A {}) }", "{ constructor: [class A] } 0");
    check("new (class B extends hide(class A {}) {})()", "B {} 0");
    check("class B extends hide(class A {}) {}", "[class B extends A] 0");
    check(
        "Object.setPrototypeOf(Object.assign(new Error('m'), { stack: '' }), hide(RangeError.prototype))",
        "[RangeError: m] 0",
    );
    check("Object.setPrototypeOf(new Uint8Array(2), hide(Uint8Array.prototype))", "Uint8Array(2) [ 0, 0 ] 0");
    check(
        "(() => { const a = {}, b = Object.create(hide(a)); Object.setPrototypeOf(a, b); return b })()",
        "Object <Object <Object <Object <Complex prototype>>>> {} 0",
    );
}

#[test]
fn hostile_values_end_bounded() {
    let check = |expression: &str, max: usize| {
        in_realm(|ctx| {
            let text = text(ctx, "inspect", expression);
            assert!(!text.is_empty() && text.len() <= max, "{expression}: {} bytes: {:.300}", text.len(), text);
        });
    };
    check("{ get a() { throw 1 } }", 20);
    check("{ get [Symbol.toStringTag]() { throw new Error('tag') } }", 100);
    check("{ get [Symbol.toStringTag]() { for (;;) throw { get message() { throw 1 } } } }", 100);
    check("{ get [Symbol.iterator]() { throw 1 }, get constructor() { throw 2 }, get toString() { throw 3 } }", 200);
    check("Object.create({ get constructor() { throw 1 } })", 100);
    check("{ constructor: { get name() { throw 1 } } }", 200);
    check("new Proxy({}, new Proxy({}, { get() { throw 1 } }))", 100);
    check("(() => { let v = {}; for (let n = 0; n < 1e5; n++) v = new Proxy(v, {}); return v })()", 200);
    check("(() => { let v = {}; for (let n = 0; n < 1e5; n++) v = { v }; return v })()", 100);
    check("(() => { let v = {}; for (let n = 0; n < 1e5; n++) v = Object.create(v); return v })()", 200);
    check("Array(1e6).fill(7)", 2_000);
    check("new Array(4294967295)", 100);
    check("(() => { const a = Array(1e5).fill(7); delete a[5]; return a })()", 2_000);
    check("'x'.repeat(5e7)", 11_000);
    check("Object.fromEntries(Array.from({ length: 1e5 }, (_, n) => ['key' + n, 'x'.repeat(1000)]))", 3 << 20);
    check(
        "(() => { const level = (d) => d ? Object.fromEntries(Array.from({ length: 300 }, (_, n) => ['k' + n, level(d - 1)])) : 'leaf';
          return level(2) })()",
        4 << 20,
    );
    check(
        "(() => { const deep = { [Symbol.for('nodejs.util.inspect.custom')]() { return [deep] } }; return deep })()",
        1 << 20,
    );
    check("new Error('x'.repeat(1e6))", 1_100_000);
    check("Object.assign(new Error('m'), { stack: { toString() { throw 1 } } })", 100);
    check("Object.assign(new Error('m'), { name: Symbol('n') })", 1_000);
    check("Array.from({ length: 1e3 }, () => new Error('x'.repeat(1e6)))", 3 << 20);
    check("new Map([[{}, new Map(Array.from({ length: 1e5 }, (_, n) => [n, n]))]])", 4_000);
}
