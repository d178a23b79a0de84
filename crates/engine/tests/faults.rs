//! Memory that runs out: whatever request fails and wherever the limit is passed, nothing crashes and the
//! realm can be used again.
//!
//! `QUICKBEAM_LONG_TESTS=1` tries every request instead of a sample.

mod support;

use quickbeam_engine::*;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use support::*;

const BUILTINS: &str = include_str!("data/builtins.js");

struct Modules;

impl ModuleLoader for Modules {
    fn resolve(&self, _base: &str, specifier: &str) -> std::result::Result<String, String> {
        Ok(specifier.to_owned())
    }

    fn load(&self, name: &str) -> std::result::Result<ModuleSource, String> {
        let (kind, text) = match name {
            "a" => (ModuleKind::JavaScript, "import b from 'b'; export * from 'b'; export default b; await 1;"),
            "b" => (
                ModuleKind::JavaScript,
                "import * as a from 'a'; export default class { x = a }; export let y = import.meta.url;",
            ),
            "broken" => (ModuleKind::JavaScript, "export let ;"),
            "data" => (ModuleKind::Json, r#"{"a":[1,2,3]}"#),
            _ => return Err(format!("no module {name}")),
        };
        Ok(ModuleSource { kind, text: std::rc::Rc::new(text.to_owned()) })
    }
}

/// Ends scripts that hold too much, as the default of [`Interrupt::over_limit`] does.
struct Strict;

impl Interrupt for Strict {
    fn poll(&self, _steps: u32) -> Verdict {
        Verdict::Continue(10_000)
    }
}

/// Runs the builtins under `prepare`d memory, then checks that the realm still works. Returns how
/// many requests were counted.
fn run(prepare: impl FnOnce(&Heap)) -> u64 {
    let mut isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.set_interrupt(Some(Rc::new(Strict)));
    let requests = isolate.enter(&realm, |ctx| {
        ctx.set_module_loader(Rc::new(Modules));
        prepare(isolate.heap());
        if ctx.eval(BUILTINS, &EvalOptions { filename: "builtins.js", ..EvalOptions::default() }).is_err() {
            drop(ctx.take_report());
        }
        run_jobs(ctx, 10_000);
        let requests = isolate.heap().requests();
        drop(ctx.take_unhandled_rejections());
        requests
    });
    isolate.heap().inject_faults(Faults::None);
    isolate.heap().set_limit(usize::MAX);
    isolate.heap().clear_over_limit();
    isolate.enter(&realm, |ctx| {
        isolate.collect_garbage();
        run_jobs(ctx, 10_000);
        assert_eq!(eval_text(ctx, "1 + 1"), "2");
    });
    requests
}

/// Fault injection at a sample of places.
fn none_crashes(test: &str, places: u64, few: usize, faults: [fn(u64) -> Faults; 2]) {
    let step = stride(places as usize, few);
    let count = (places as usize).div_ceil(step);
    let place = |case: usize| (case / 2 * step) as u64 + 1;
    let crashes = crashes(test, count * 2, |case| {
        run(|heap| heap.inject_faults(faults[case % 2](place(case))));
    });
    assert_none(&crashes, |case| format!("{:?}", faults[case % 2](place(case))));
}

#[test]
fn the_script_touches_the_builtins_and_ends() {
    in_realm(|_, ctx| {
        ctx.set_module_loader(Rc::new(Modules));
        assert_eq!(eval_text(ctx, BUILTINS), "undefined");
        run_jobs(ctx, 100_000);
        assert!(!ctx.run_job().is_some_and(|job| job.is_ok()), "jobs are left");
    });
}

#[test]
fn any_request_may_fail() {
    let requests = run(|heap| heap.inject_faults(Faults::None));
    none_crashes("any_request_may_fail", requests, 40, [Faults::From, Faults::Once]);
}

#[test]
fn any_large_request_may_fail() {
    let requests = run(|heap| heap.inject_faults(Faults::LargeFrom(u64::MAX)));
    assert!(requests > 5, "the script makes {requests} large requests");
    none_crashes("any_large_request_may_fail", requests, usize::MAX, [Faults::LargeFrom, Faults::LargeOnce]);
}

#[test]
fn the_limit_may_be_passed_anywhere() {
    // What the script needs at its height, in steps of an arena of the engine.
    const SPAN: usize = 2 << 20;
    let step = 4096 * stride(SPAN / 4096, 40);
    let crashes = crashes("the_limit_may_be_passed_anywhere", SPAN / step, |case| {
        run(|heap| heap.set_limit(heap.stats().used + case * step));
    });
    assert_none(&crashes, |case| format!("limit {} bytes above the empty realm", case * step));
}

/// Grows without polling: the engine asks for one small block after the other within a single builtin.
const GREEDY: &[&str] = &[
    "JSON.parse('[' + '{},'.repeat(3e6) + '0]')",
    "'a,'.repeat(5e6).split(',')",
    "Object.keys('x'.repeat(5e6))",
    "new Set('x'.repeat(5e6).split('').map((x, i) => i))",
    "Array.from('x'.repeat(5e6), (x, i) => ({ i }))",
    "Object.entries('x'.repeat(5e6))",
    "'x'.repeat(5e6).match(/x/g)",
    "[...'x'.repeat(5e6)].map(x => [x])",
    "let a = []; for (;;) a = [a, a]",
    "let s = 'x'; for (;;) s += s",
    "const a = []; for (;;) a.push(new ArrayBuffer(60000))",
    "const a = []; for (;;) a.push('x'.repeat(60000))",
    "const a = []; for (;;) a.push(a.concat(a))",
    "const m = new Map(); for (let i = 0;; i++) m.set(i, {})",
    "const o = {}; for (let i = 0;; i++) o['k' + i] = i",
    "const r = []; for (let i = 0;; i++) r.push(new RegExp('a{1,9}'.repeat(i % 999)))",
    "let f = () => 1; for (;;) { const g = f; f = () => g() }",
    "const a = []; for (let i = 0;; i++) a.push(Function('return ' + i))",
    "const a = []; for (let i = 0;; i++) a.push(Symbol.for('s' + i))",
    "let b = 1n; const a = []; for (;;) { b = (b << 1000n) | 1n; a.push(b) }",
    "const g = function* () { for (;;) yield new Array(1000).fill({}) }; [...g()]",
    "globalThis.keep = []; const f = async () => { for (;;) { keep.push(await [1, 2, 3]) } }; f(); f()",
    "globalThis.keep = []; (function f() { keep.push({}); Promise.resolve().then(f); Promise.resolve().then(f) })()",
];

const LIMIT: usize = 16 << 20;
/// What the heap lets builtins overshoot that never poll, and a large request on top.
const SLACK: usize = (8 << 20) + (64 << 10);

/// Tells when the ceiling is passed, and never goes on.
struct Abandon(Sender<String>);

impl Interrupt for Abandon {
    fn poll(&self, _steps: u32) -> Verdict {
        Verdict::Continue(10_000)
    }

    fn exhausted(&self) {
        let _ = self.0.send("abandoned".to_owned());
        loop {
            thread::park();
        }
    }
}

/// Runs a greedy script on a thread of its own, which is left behind if it is abandoned.
fn greed(source: &'static str) -> String {
    let (ends, ended) = channel();
    thread::spawn(move || {
        with_options(IsolateOptions { memory_limit: LIMIT, ..IsolateOptions::default() }, |isolate, ctx| {
            isolate.set_interrupt(Some(Rc::new(Abandon(ends.clone()))));
            let mut result = eval_text(ctx, source);
            while let Some(job) = ctx.run_job() {
                if job.is_err() {
                    result = ctx.take_report().to_string();
                    break;
                }
            }
            let peak = isolate.heap().stats().peak;
            assert!(peak <= LIMIT + SLACK, "{source} held {peak} bytes");
            isolate.heap().set_limit(usize::MAX);
            isolate.collect_garbage();
            assert_eq!(eval_text(ctx, "1 + 1"), "2");
            let _ = ends.send(result);
        });
    });
    ended.recv().unwrap_or_else(|_| panic!("{source} panicked"))
}

#[test]
fn greedy_scripts_end_in_an_error_or_are_abandoned() {
    let crashes = crashes("greedy_scripts_end_in_an_error_or_are_abandoned", GREEDY.len(), |case| {
        let result = greed(GREEDY[case]);
        let known = [
            "abandoned",
            "InternalError: interrupted",
            "InternalError: out of memory",
            "InternalError: string too long",
            // An async function catches the failure: its promise is rejected.
            "[object Promise]",
        ];
        assert!(known.iter().any(|start| result.starts_with(start)), "{}: {result}", GREEDY[case]);
    });
    assert_none(&crashes, |case| GREEDY[case].to_owned());
}
