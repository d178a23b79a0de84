//! Deep recursion on fibers: an error, never the guard page.

use crate::support::*;
use std::time::Duration;

const RECURSIONS: &[&str] = &[
    "function f() { f() } f()",
    "function f() { try { f() } finally { f } } f()",
    "function f(a, b, c, d) { let g = [a, b, c, d]; f(...g); return g } f(1, 2, 3, 4)",
    "const o = { get x() { return this.x } }; o.x",
    "const o = { set x(v) { this.x = v } }; o.x = 1",
    "const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x",
    "const o = { toString() { return '' + this } }; `${o}`",
    "const o = { valueOf() { return +this } }; +o",
    "const o = { toJSON() { return JSON.stringify(this) } }; JSON.stringify(o)",
    "function f() { return [1].map(f) } f()",
    "function f() { return [2, 1].sort(f) } f()",
    "function f() { return 'a'.replace(/a/, f) } f()",
    "function f() { return Reflect.construct(f, []) } f()",
    "class A { constructor() { new A() } } new A()",
    "class A { static [Symbol.hasInstance](x) { return x instanceof A } } ({}) instanceof A",
    "function* g() { yield* g() } [...g()]",
    "async function f() { await f() } await f()",
    "function f() { return eval('f()') } f()",
    "function f() { return new Function('f', 'return f()')(f) } f()",
    "JSON.parse('['.repeat(1e6))",
    "eval('('.repeat(1e5) + ')'.repeat(1e5))",
    "eval('['.repeat(1e5) + ']'.repeat(1e5))",
    "eval('{'.repeat(1e5) + '}'.repeat(1e5))",
    "new RegExp('('.repeat(1e6) + ')'.repeat(1e6))",
    "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; JSON.stringify(a)",
    "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a.flat(Infinity)",
    "let a = []; for (let i = 0; i < 1e6; i++) a = [a]; a.join()",
    "let f = x => x; for (let i = 0; i < 3e3; i++) f = f.bind(null); f()",
    "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x",
    "function f() { note('deep'); f() } f()",
    "function f() { setTimeout(f, 1e6); f() } f()",
    "function f() { try { callSync('missing') } catch { f() } } f()",
    "const e = new Error; Object.defineProperty(e, 'message', { get() { return `${e.message}` } }); throw e",
    "({ get x() { return this.x } })",
    "({ get x() { return JSON.stringify(this) } })",
];

#[test]
fn every_recursion_ends_in_a_value_or_an_error() {
    for max_stack_size in [64 << 10, 512 << 10, 8 << 20] {
        let executor = eager();
        for source in RECURSIONS {
            let _case = Case(source);
            let realm = realm_with(&executor, |config| config.max_stack_size = max_stack_size);
            let got = realm.eval(source);
            let head: String = got.chars().take(200).collect();
            let is_error =
                ["RangeError", "SyntaxError", "InternalError", "Error: "].iter().any(|name| got.starts_with(name));
            let is_value = !got.contains("Error:") || got.starts_with('[');
            assert!(is_error || is_value, "{source} with {max_stack_size}: {head}");
            realm.check("1 + 1", "2");
            realm.free();
        }
    }
}

#[test]
fn the_error_names_the_limit() {
    let realm = realm_with(&eager(), |config| config.max_stack_size = 65_536);
    realm.check(
        "function f() { f() } f()",
        "RangeError: Maximum call stack size exceeded (max_stack_size: 65536 bytes)",
    );
}

/// Handlers that call back for ever, each op nested in the one before.
#[test]
fn endless_re_entrancy_ends_in_an_error() {
    let realm = realm_with(&eager(), |config| config.max_stack_size = 256 << 10);
    let mut pending = vec![realm.start("callSync('f')")];
    // The call that does not fit throws, so its eval is answered.
    let got = loop {
        if let Ok(event) = realm.events.recv_timeout(Duration::from_millis(1)) {
            let Event::Call { id, .. } = event else { panic!("{event:?}") };
            pending.push(realm.start_nested(id, "callSync('f')"));
        } else if let Some(got) = pending.last().and_then(Pending::peek) {
            break got;
        }
    };
    assert!(got.to_string().starts_with("RangeError"), "{got}");
    pending.pop();
    assert!(pending.len() > 10, "{} levels", pending.len());
    realm.handle.kill();
    for pending in pending {
        pending.wait();
    }
    realm.free();
}
