//! Interrupts: scripts of every kind end soon after somebody asks, and cannot catch it.

mod support;

use quickbeam_engine::*;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::*;

/// Scripts that never end, or not within the hour.
const ENDLESS: &[&str] = &[
    "for (;;);",
    "const a = new Array(1e6); for (;;) a.fill(0)",
    "const a = new Uint8Array(1e7); for (;;) a.fill(0)",
    "const s = 'x'.repeat(5e7); for (;;) s.indexOf('xy')",
    "const s = 'x'.repeat(1e6); for (;;) s.split('')",
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "/(?:a|a)*(?:a|a)*b/.test('a'.repeat(1e3))",
    "/(?=(a+)+b)/.test('a'.repeat(40))",
    "/(.*)*(.*)*x/su.exec('é'.repeat(1e4))",
    "'a'.repeat(40).replace(/(a|aa)+$/g, () => { for (;;); })",
    "[1].map(() => { for (;;); })",
    "[3, 2, 1].sort(() => { for (;;); })",
    "({ get a() { for (;;); } }).a",
    "new Proxy({}, { get() { for (;;); } }).x",
    "JSON.stringify({ toJSON() { for (;;); } })",
    "JSON.parse('[1]', () => { for (;;); })",
    "`${{ toString() { for (;;); } }}`",
    "[...(function* () { for (;;) yield 1; })().take(Infinity).filter(() => false)]",
    "Array.prototype.indexOf.call({ length: 2 ** 53 }, 1)",
    "Array.prototype.includes.call({ length: 2 ** 53 }, 1)",
    "Array.prototype.lastIndexOf.call({ length: 2 ** 53 }, 1)",
    "Array.prototype.fill.call({ length: 2 ** 53 }, 1)",
    "Array.prototype.reverse.call({ length: 2 ** 53 })",
    "Array.prototype.copyWithin.call({ length: 2 ** 53 }, 0, 1)",
    "Array.prototype.splice.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "Array.prototype.unshift.call({ length: 2 ** 53 - 3 }, 1)",
    "Array.prototype.shift.call({ length: 2 ** 53 })",
    "Array.prototype.flat.call({ length: 2 ** 53 })",
    "Array.prototype.flatMap.call({ length: 2 ** 53 }, () => 1)",
    "Array.prototype.sort.call({ length: 2 ** 53 })",
    "Array.prototype.slice.call({ length: 2 ** 53, constructor: 1 }, 0, 2 ** 32 - 1)",
    "Array.prototype.concat.call([], { length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true })",
    "Array.prototype.join.call({ length: 2 ** 53 }, '')",
    "Array.prototype.toLocaleString.call({ length: 2 ** 53 })",
    "Array.prototype.reverse.call(new Proxy({ length: 2 ** 53 }, {}))",
    "let n = 0; Array.prototype.reverse.call({ get length() { return n++ ? 2 ** 53 : 1 } }); for (;;);",
    "const a = []; a.length = 2 ** 32 - 1; a.reverse()",
    "const a = []; a.length = 2 ** 32 - 1; a.sort()",
    "const a = []; a.length = 2 ** 32 - 1; a.flat()",
    "const a = []; a.length = 2 ** 32 - 1; [[a]].flat(Infinity)",
    "const a = []; a.length = 2 ** 32 - 1; [1].flatMap(() => a)",
    "const a = []; a.length = 2 ** 32 - 1; a.toString(); for (;;);",
    "const a = []; a.length = 2 ** 32 - 1; a.shift(); for (;;);",
    "const a = []; a.length = 2 ** 32 - 1; a.splice(0, 1); for (;;);",
    "const a = []; a.length = 2 ** 32 - 2; [].concat(a); for (;;);",
    "const a = []; a.length = 2 ** 32 - 2; a.slice(); for (;;);",
    "const a = []; a.length = 2 ** 32 - 2; a.copyWithin(0, 1); for (;;);",
    "Array.prototype.forEach.call({ length: 2 ** 53 }, () => {})",
    "Array.prototype.every.call({ length: 2 ** 53 }, () => true)",
    "Array.prototype.reduce.call({ length: 2 ** 53 }, () => true)",
    "Array.prototype.reduceRight.call({ length: 2 ** 53 }, () => true, 0)",
    "Array.prototype.find.call({ length: 2 ** 53 }, () => false)",
    "Array.prototype.findLast.call({ length: 2 ** 53 }, () => false)",
    "Array.prototype.filter.call({ length: 2 ** 53 }, () => 1)",
    "const a = []; a.length = 2 ** 32 - 1; a.indexOf(1); for (;;);",
    "const a = []; a.length = 2 ** 32 - 1; a.keys().forEach(() => {}); for (;;);",
    "const a = []; a[2 ** 32 - 2] = 1; a.length = 0; a.unshift(...Array(1000)); for (;;);",
    "const a = []; a.length = 2 ** 32 - 2; a.includes(1); for (;;);",
    "const a = []; a.length = 2 ** 32 - 2; new Set(a); for (;;);",
    "Reflect.apply(Math.max, null, { length: 65000 }); for (;;) Reflect.apply(Math.max, null, { length: 65000 })",
    "new Uint8Array(4).set({ length: 0 }); for (;;) new Uint8Array({ length: 1e6 })",
    "const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); ({}) instanceof Object; t instanceof Array; for (;;);",
    "const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); Object.prototype.isPrototypeOf.call({}, t); for (;;);",
    "const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); for (const k in t); for (;;);",
    "const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); Object.setPrototypeOf({}, t); for (;;);",
    "const p = new Proxy({ __proto__: null }, { getPrototypeOf: () => p }); for (const k in p); for (;;);",
    "const p = new Proxy({ __proto__: null }, { getPrototypeOf: () => p }); Object.prototype.__lookupGetter__.call(p, 'x')",
    "const p = new Proxy({ __proto__: null }, { getPrototypeOf: () => p }); Object.prototype.isPrototypeOf.call({}, p)",
    "const p = new Proxy({ __proto__: null }, { getPrototypeOf: () => p }); p instanceof Array",
    "new Set([1]).union({ size: 1, has() {}, keys: () => ({ next: () => ({ value: 1 }) }) })",
    "const m = new Map([[0, 0]]); m.forEach((_, k) => { m.delete(k); m.set(k + 1, 0) })",
    "const s = new Set([0]); for (const k of s) { s.delete(k); s.add(k + 1) }",
    "const s = new Set(Array(1e6).keys()); for (;;) s.isSubsetOf(s)",
    "Iterator.from({ next: () => ({ value: 1 }) }).drop(Infinity).next()",
    "Iterator.from({ next: () => ({ value: 1 }) }).some(() => false)",
    "const [...a] = { [Symbol.iterator]() { return { next: () => ({ get value() { for (;;); } }) } } }",
    "const [a] = { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }",
    "for (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }) break",
    "new Map({ [Symbol.iterator]: () => ({ next: () => ({ value: [1, 1] }) }) })",
    "Promise.all({ [Symbol.iterator]: () => ({ next: () => ({ value: 1 }) }) })",
    "for (;;) { try { for (;;); } catch { } finally { continue } }",
    "(function f() { try { for (;;); } finally { f() } })()",
    "const g = (function* () { try { yield 1; for (;;); } finally { for (;;); } })(); g.next(); for (;;) { try { g.next() } catch {} }",
    "const g = (function* () { try { yield 1 } finally { for (;;); } })(); g.next(); g.return()",
    "(async () => { try { for (;;); } catch { } finally { for (;;); } })()",
    "(async () => { for (;;) await null })()",
    "(async () => { for (;;) { try { await Promise.reject(1) } catch {} } })()",
    "(async () => { await null; try { for (;;); } catch { for (;;); } })()",
    "(async function* () { for (;;) yield* (async function* () { yield 1 })() })().next(); for (;;);",
    "Promise.resolve().then(function f() { return Promise.resolve().then(f) })",
    "(function f() { Promise.resolve().then(f) })()",
    "const t = { then(r) { r(t) } }; Promise.resolve(t).then(() => {})",
    "queueMicrotask(function f() { queueMicrotask(f) })",
    "class A { static { for (;;); } }",
    "class A { x = (() => { for (;;); })() } new A()",
    "eval('for (;;);')",
    "Function('for (;;);')()",
    "for (;;) Function('return 1')",
    "for (;;) JSON.parse('[' + '1,'.repeat(1e5) + '1]')",
    "for (;;) new RegExp('(a|b)'.repeat(99))",
    "for (;;) 'x'.repeat(1e6).normalize('NFKD')",
    "for (;;) ('x'.repeat(1e6) + 'y').localeCompare('x'.repeat(1e6) + 'z')",
    "for (;;) new Date().toLocaleString()",
    "let b = 3n; for (;;) { b = b * b; if (b > 2n ** 90000n) b = 3n }",
    "for (;;) (7n ** 20000n).toString()",
    "const a = Array.from({ length: 1e6 }, Math.random); for (;;) a.toSorted()",
    "const a = Float64Array.from({ length: 1e6 }, Math.random); for (;;) a.slice().sort()",
    "const a = Array(1e5).fill('x'); for (;;) a.join()",
    "for (;;) Atomics.add(new Int32Array(1), 0, 1)",
    "const o = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['k' + i, i])); for (;;) ({ ...o })",
    "const o = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['k' + i, i])); for (;;) JSON.stringify(o)",
    "const o = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ['k' + i, i])); for (;;) for (const k in o);",
    "let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); for (;;) o.x",
    "const s = 'ab'.repeat(1e6); for (;;) s.replaceAll('a', 'c')",
    "const s = 'ab'.repeat(1e6); for (;;) s.toUpperCase()",
    "const s = 'ab'.repeat(1e5); for (;;) s.match(/a/g)",
    "const s = 'ab'.repeat(1e5); for (;;) [...s]",
    "const s = 'ab'.repeat(1e5); for (;;) s.lastIndexOf('c')",
    "for (;;) decodeURIComponent(encodeURIComponent('é'.repeat(1e5)))",
    "for (;;) escape(unescape('%u0041'.repeat(1e5)))",
    "'a'.repeat(1e7).indexOf('a'.repeat(5e6) + 'b')",
    "'é'.repeat(1e7).indexOf('é'.repeat(5e6) + 'b', 1)",
    "'あ'.repeat(1e7).indexOf('あ'.repeat(5e6) + 'b')",
    "'a'.repeat(1e7).lastIndexOf('a'.repeat(5e6) + 'b')",
    "'a'.repeat(1e7).includes('a'.repeat(5e6) + 'b')",
    "'a'.repeat(1e7).split('a'.repeat(5e6) + 'b')",
    "'a'.repeat(1e7).replace('a'.repeat(5e6) + 'b', '')",
    "'a'.repeat(1e7).replaceAll('a'.repeat(5e6) + 'b', '')",
    "const s = 'x' + '\u{301}'.repeat(1e7); s.concat('Σ'.repeat(1e7)).concat(s).toLowerCase()",
    "('Σ'.repeat(1e4) + ':'.repeat(1e6)).repeat(20).toLowerCase(); for (;;);",
    "for (;;) ('a' + '\u{301}\u{323}'.repeat(1e6)).normalize('NFC')",
    "for (;;) (7n ** 300000n) ** 1n * 7n ** 300000n",
    "const a = 7n ** 300000n, b = 7n ** 150000n; for (;;) a / b",
    "for (;;) (1n << 1000000n).toString()",
    "for (;;) BigInt('9'.repeat(300000))",
    "Array.prototype.keys.call({ length: 2 ** 53 - 1 }).some(() => false)",
    "Array.prototype.keys.call({ length: 2 ** 53 - 1 }).drop(Infinity).next()",
    "for (const x of [1]) { const [...a] = [].values.call({ length: 2 ** 53 - 1 }); }",
    "Array.from({ length: 2 ** 32 - 1 })",
    "for (;;) Uint8Array.from({ length: 1e8 })",
    "for (;;) new Uint8Array(1e8).join()",
    "for (;;) new Float64Array(3e7).sort()",
    "const a = Float64Array.from({ length: 1e7 }, (_, i) => -i); for (;;) a.toSorted()",
    "const s = 'x'.repeat(1e6), a = Array.from({ length: 1e5 }, (_, i) => s + i % 2); a.sort()",
    "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)",
    "let a = {}; for (let i = 0; i < 60; i++) a = { a, b: a }; JSON.stringify(a)",
    "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.join()",
    "for (;;) 'a'.repeat(2e7)",
    "for (;;) 'ab'.repeat(1e7)",
    "for (;;) 'a'.padEnd(2e7, 'xyz')",
    "for (;;) 'ß'.repeat(1e7).toUpperCase()",
    "new RegExp('[' + Array.from({ length: 2e5 }, (_, i) => String.fromCodePoint(0x20000 + i % 1e5 * 3)).join('') + ']', 'u')",
    "new RegExp('(?<=' + Array.from({ length: 5e5 }, (_, i) => 'a').join('') + ')')",
    "eval('let ' + Array.from({ length: 6e4 }, (_, i) => 'a' + i).join()); for (;;);",
    "eval('(function () { let ' + Array.from({ length: 6e4 }, (_, i) => 'a' + i).join() + '})()'); for (;;);",
    "eval('class A {' + Array.from({ length: 6e4 }, (_, i) => '#a' + i + ';').join('') + '}'); for (;;);",
    "for (;;) eval('1+'.repeat(1e6) + '1')",
    "for (;;) eval('a;'.repeat(1e6))",
    "const k = Array.from({ length: 2e5 }, (_, i) => 'k' + i), p = new Proxy({}, { ownKeys: () => k }); for (;;) Reflect.ownKeys(p)",
    "const o = {}; for (let i = 0; i < 5e5; i++) o[4e9 - i * 7919 % 500009] = 1; for (;;) Object.keys(o)",
    "const s = 'a'.repeat(3e7); for (;;) s.replaceAll('a', '')",
    "for (;;) '\u{fdfa}'.repeat(1e6).normalize('NFKC')",
    "for (;;) ('\u{344}'.repeat(1e6) + 'a').localeCompare('\u{344}'.repeat(1e6))",
    "const s = 'x'.repeat(1e6), a = Array(1e6).fill(s); for (;;) a.indexOf(s + 'y'), a.includes('y' + s.slice(1)), a.lastIndexOf('y')",
    "eval(('if (a) {' + 'b;'.repeat(10) + '}').repeat(1e6))",
    "new RegExp('|'.repeat(1e7))",
    "new RegExp('\\\\k<a>'.repeat(1e6) + '(?<a>)')",
    "for (;;) eval('(function f(' + Array.from({ length: 6e4 }, (_, i) => 'a' + i + ' = 1').join() + ') {})')",
];

/// Aborts from the first poll after somebody asked.
struct Stop(Arc<AtomicBool>);

impl Interrupt for Stop {
    fn poll(&self, _steps: u32) -> Verdict {
        if self.0.load(Ordering::Relaxed) { Verdict::Abort } else { Verdict::Continue(10_000) }
    }
}

/// Asks `isolate` to end what it runs, again and again until `done`, and ends the process if nothing helps.
fn stop_soon(pacer: &Pacer, asked: &AtomicBool, done: &AtomicBool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    asked.store(true, Ordering::Relaxed);
    let started = Instant::now();
    while !done.load(Ordering::Relaxed) {
        pacer.poke();
        thread::park_timeout(Duration::from_micros(200));
        if started.elapsed() > PATIENCE {
            eprintln!("not stopped");
            std::process::abort();
        }
    }
}

/// Stops `source` from another thread as soon as it runs.
fn run_until_stopped(source: &str) {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realm = isolate.new_realm().unwrap();
    let pacer = Arc::new(Pacer::default());
    isolate.set_pacer(pacer.clone());
    let (asked, done) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(false));
    isolate.set_interrupt(Some(Rc::new(Stop(asked.clone()))));
    thread::scope(|scope| {
        isolate.enter(&realm, |ctx| {
            scope.spawn(|| stop_soon(&pacer, &asked, &done));
            let mut result = ctx.eval(source, &EvalOptions::default()).map(drop);
            while let (Ok(()), Some(job)) = (result, ctx.run_job()) {
                result = job;
            }
            done.store(true, Ordering::Relaxed);
            assert_eq!(result, Err(Thrown), "{source} ended by itself");
            assert_eq!(ctx.take_report().message, "interrupted", "{source}");
            isolate.set_interrupt(None);
            isolate.set_countdown(10_000);
            assert_eq!(eval_text(ctx, "1 + 1"), "2");
        });
    });
}

#[test]
fn endless_scripts_end_when_asked() {
    let crashes = crashes("endless_scripts_end_when_asked", ENDLESS.len(), |case| run_until_stopped(ENDLESS[case]));
    assert_none(&crashes, |case| ENDLESS[case].to_owned());
}

#[test]
fn budgets_end_what_never_ends() {
    // Those take long until anything counts that never ends.
    let long = ["e4", "e5", "e6", "e7", "0000n", "e8", "65000", "new RegExp"];
    for source in ENDLESS.iter().filter(|source| !long.iter().any(|long| source.contains(long))) {
        for steps in [1, 777] {
            in_realm(|isolate, ctx| {
                isolate.set_interrupt(Budget::of(steps));
                isolate.set_countdown(steps.min(10_000) as u32);
                let mut result = ctx.eval(source, &EvalOptions::default()).map(drop);
                while let (Ok(()), Some(job)) = (result, ctx.run_job()) {
                    result = job;
                }
                assert_eq!(result, Err(Thrown), "{source} ended by itself");
                assert_eq!(ctx.take_report().message, "interrupted", "{source}");
            });
        }
    }
}

#[test]
fn an_ended_script_leaves_no_trace_in_what_runs_next() {
    in_realm(|isolate, ctx| {
        for _ in 0..100 {
            isolate.set_interrupt(Budget::of(5_000));
            assert!(
                ctx.eval("function* g() { for (;;) yield 1 } for (const x of g());", &EvalOptions::default()).is_err()
            );
            drop(ctx.take_report());
            isolate.set_interrupt(None);
            isolate.set_countdown(10_000);
            assert_eq!(eval_text(ctx, "[...(function* () { yield 1; yield 2 })()].join()"), "1,2");
            assert_eq!(eval_text(ctx, "try { throw new Error('x') } catch (e) { e.message }"), "x");
        }
    });
}

/// What may take longer than 300 steps without a call, after what sets it up.
const LONG: &[(&str, &str)] = &[
    ("const s = 'a'.repeat(1e6)", "Function('var ' + s)"),
    ("const s = 'a'.repeat(1e6)", "eval('//' + s)"),
    ("const s = 'a'.repeat(1e6)", "eval('/*' + s + '*/')"),
    ("const s = ' '.repeat(1e6)", "eval(s)"),
    ("const s = '\\n'.repeat(1e6)", "eval(s)"),
    ("const s = '1'.repeat(1e6)", "eval(s)"),
    ("const s = '1'.repeat(1e6)", "Number(s)"),
    ("const s = '1'.repeat(1e6)", "parseInt(s)"),
    ("const s = '1'.repeat(1e6)", "parseFloat('.' + s)"),
    ("const s = '0'.repeat(1e6)", "BigInt(s)"),
    ("const s = ' '.repeat(1e6)", "s.trim()"),
    ("const s = ' '.repeat(1e6)", "s.trimEnd()"),
    ("const s = '\\u3042'.repeat(1e6)", "s.isWellFormed()"),
    ("const s = ' '.repeat(1e6) + '1'", "JSON.parse(s)"),
    ("const s = '\\n'.repeat(1e6) + '1'", "JSON.parse(s)"),
    ("const a = Array(1e5).fill('a')", "JSON.stringify(1, a)"),
    ("const a = new Float32Array(1e6)", "new Float64Array(a)"),
    ("const a = new Float32Array(1e6), b = new Float64Array(1e6)", "b.set(a)"),
    ("const a = Array(1e6).fill(1)", "[].concat(a)"),
    ("const a = new Uint8Array(1e5)", "Object.keys(a)"),
    ("const a = new Uint8Array(1e5)", "Object.values(a)"),
    ("const a = new Uint8Array(1e5)", "Object.entries(a)"),
    ("const a = new Uint8Array(1e5)", "Object.assign({}, a)"),
    ("const a = new Uint8Array(1e5)", "({ ...a })"),
    ("const a = new Uint8Array(1e5)", "Object.getOwnPropertyDescriptors(a)"),
    ("const a = Array(1e5).fill(1)", "Object.freeze(a)"),
    ("const s = 'a'.repeat(1e5)", "for (const k in s) break"),
    ("const o = Object.create(new Uint8Array(1e5))", "for (const k in o) break"),
    ("const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = 1", "for (const k in Object.create(o)) break"),
];

#[test]
fn long_builtins_count() {
    for (before, source) in LONG {
        in_realm(|isolate, ctx| {
            assert!(ctx.eval(before, &EvalOptions::default()).is_ok(), "{before}");
            isolate.set_interrupt(Budget::of(300));
            isolate.set_countdown(300);
            assert_eq!(ctx.eval(source, &EvalOptions::default()).map(drop), Err(Thrown), "{before}; {source}");
            assert_eq!(ctx.take_report().message, "interrupted", "{before}; {source}");
            isolate.set_interrupt(None);
            isolate.set_countdown(10_000);
            assert_eq!(eval_text(ctx, "1 + 1"), "2");
        });
    }
}

#[test]
fn work_within_a_builtin_counts_by_its_length() {
    for (source, most) in [
        ("for (let i = 0; i < 100; i++) new RegExp('a'.repeat(300))", 2_000),
        ("for (let i = 0; i < 100; i++) Function('return ' + '1 + '.repeat(100) + i)", 2_000),
        ("const s = 'lorem ipsum '.repeat(100); for (let i = 0; i < 100; i++) s.replaceAll('ipsum', 'x')", 2_000),
        ("for (let i = 0; i < 100; i++) 'caf\\u0065\\u0301'.repeat(10).normalize()", 1_000),
        ("const a = 'x,'.repeat(1000).split(','); for (let i = 0; i < 100; i++) a.indexOf(i), a.includes('y')", 10_000),
    ] {
        in_realm(|isolate, ctx| {
            isolate.set_interrupt(Budget::of(most));
            isolate.set_countdown(most as u32);
            assert!(ctx.eval(source, &EvalOptions::default()).is_ok(), "{source}");
        });
    }
}
