//! Memory that runs out: whatever request fails and wherever the limit is passed, nothing crashes and the
//! realm can be used again.
//!
//! `QUICKBEAM_LONG_TESTS=1` tries every request instead of a sample.

#![expect(unsafe_code, reason = "a stack is abandoned, as an embedder does")]

mod support;

use corosensei::{Coroutine, CoroutineResult, Yielder};

use quickbeam_engine::*;
use std::rc::Rc;
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

/// Ends scripts that hold too much, as the default of [`Interrupt::over_limit`] does; leaves the stack for
/// good when a request fails that the engine may not survive.
struct Strict(*const Yielder<(), ()>);

impl Interrupt for Strict {
    fn poll(&self, _steps: u32) -> Verdict {
        Verdict::Continue(10_000)
    }

    fn exhausted(&self) {
        // SAFETY: the coroutine that runs the script, and with it its yielder, outlives the script.
        unsafe { (*self.0).suspend(()) };
    }
}

/// Runs `f` in an isolate on a stack of its own. `None` if it was abandoned for want of memory.
fn abandonable<R: 'static>(memory_limit: usize, f: impl for<'a> FnOnce(&Isolate, Ctx<'a>) -> R + 'static) -> Option<R> {
    let isolate = Isolate::new(IsolateOptions { memory_limit, ..IsolateOptions::default() }).unwrap();
    let realm = isolate.new_realm().unwrap();
    abandonable_in(isolate, realm, f)
}

/// As `abandonable`, in a realm.
fn abandonable_in<R: 'static>(
    isolate: Isolate,
    realm: Realm,
    f: impl for<'a> FnOnce(&Isolate, Ctx<'a>) -> R + 'static,
) -> Option<R> {
    let (entered, realm) = (&raw const isolate, &raw const realm);
    let mut coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
        // SAFETY: both outlive the coroutine, which ends or is reset before they are dropped.
        let (isolate, realm) = unsafe { (&*entered, &*realm) };
        isolate.set_interrupt(Some(Rc::new(Strict(yielder))));
        isolate.enter(realm, |ctx| f(isolate, ctx))
    });
    match coroutine.resume(()) {
        CoroutineResult::Return(result) => Some(result),
        CoroutineResult::Yield(()) => {
            // SAFETY: what the abandoned stack holds is never used again; the heap is freed whole.
            unsafe { coroutine.force_reset() };
            None
        }
    }
}

/// Lifts every limit and checks that the realm works.
fn works_again(isolate: &Isolate, ctx: Ctx<'_>) {
    isolate.heap().inject_faults(Faults::None);
    isolate.heap().set_limit(usize::MAX);
    ctx.set_memory_limit(usize::MAX);
    isolate.heap().clear_over_limit();
    isolate.collect_garbage();
    run_jobs(ctx, 10_000);
    assert_eq!(eval_text(ctx, "1 + 1"), "2");
}

/// Runs the builtins under `prepare`d memory, then checks that the realm still works. Returns how
/// many requests were counted, unless the isolate was abandoned.
fn run(prepare: impl FnOnce(&Heap) + 'static) -> Option<u64> {
    abandonable(usize::MAX, |isolate, ctx| {
        ctx.set_module_loader(Rc::new(Modules));
        prepare(isolate.heap());
        if ctx.eval(BUILTINS, &EvalOptions { filename: "builtins.js", ..EvalOptions::default() }).is_err() {
            drop(ctx.take_report());
        }
        run_jobs(ctx, 10_000);
        let requests = isolate.heap().requests();
        drop(ctx.take_unhandled_rejections());
        works_again(isolate, ctx);
        requests
    })
}

#[test]
fn the_script_touches_the_builtins_and_ends() {
    in_realm(|_, ctx| {
        ctx.set_module_loader(Rc::new(Modules));
        assert_eq!(eval_text(ctx, BUILTINS), "undefined");
        run_jobs(ctx, 100_000);
        assert!(!ctx.has_jobs(), "jobs are left");
    });
}

#[test]
fn any_request_may_fail() {
    let requests = run(|heap| heap.inject_faults(Faults::None)).expect("nothing failed") as usize;
    let step = stride(requests, 25);
    let fault = move |case: usize| {
        let n = (case / 2 * step) as u64 + 1;
        if case.is_multiple_of(2) { Faults::From(n) } else { Faults::Once(n) }
    };
    let crashes = crashes("any_request_may_fail", requests.div_ceil(step) * 2, |case| {
        run(move |heap| heap.inject_faults(fault(case)));
    });
    assert_none(&crashes, |case| format!("{:?}", fault(case)));
}

const MADE_BY_SHAPE: &str = "(() => {
    const getter = Object.getOwnPropertyDescriptor({ get own() { return this.first() } }, 'own').get;
    return new class {
        #first = 1; #second = [];
        constructor() { Object.defineProperty(this, 'own', { get: getter }) }
        first() { return this.#first + this.#second.length }
    };
})()";

/// Makes and reads objects by their shapes and arrays by their elements, as embedders do.
fn by_shape(ctx: Ctx<'_>) -> Result<()> {
    let text = |at: u32| ctx.string(&format!("value {at}"));
    let keys = (0..12).map(|at| ctx.key(&format!("key{at}"))).collect::<Result<Vec<_>>>()?;
    let mould = Mould::with_keys(ctx, keys)?.expect("different keys");
    let mut rows = Recurring::new();
    // The last one is asked for at once, and more than all that is held.
    for count in [0, 5, 20_000] {
        let dense = Dense::new(ctx)?;
        let list = dense.blank(count)?;
        for index in 0..count.min(40) {
            let values = (0..12).map(text).collect::<Result<Vec<_>>>()?;
            let row = mould.cast(values)?;
            mould.write(&row, 3, text(3)?)?;
            match rows.look(&row)? {
                Look::Often(mould) => drop(rows.remember(mould, ())),
                Look::Known(known) => drop(known.mould.read(&row, 11)),
                Look::Seldom => {}
            }
            dense.set(&list, index, row)?;
        }
        for index in count.saturating_sub(50)..count {
            dense.set(&list, index, text(index)?)?;
        }
        list.set_index(count + 3, ctx.null())?;
        dense.set(&list, count + 1, text(0)?)?;
        assert!(dense.elements(&list).is_none(), "it has holes");
    }
    let thing = ctx.eval(MADE_BY_SHAPE, &EvalOptions::default())?;
    let stencil = Stencil::of(&thing)?;
    for count in 0..30 {
        let thing = stencil.cast(ctx, [ctx.int(count), ctx.array(vec![text(1)?, text(2)?])?])?;
        assert_eq!(thing.get("own")?.as_int(), Some(count + 2));
    }
    Ok(())
}

#[test]
fn what_is_made_by_shape_may_fail_at_any_request() {
    let run = |faults| {
        abandonable(usize::MAX, move |isolate, ctx| {
            // A builtin that cannot be made when it is first asked for is gone for good.
            by_shape(ctx).expect("memory");
            isolate.heap().inject_faults(faults);
            if by_shape(ctx).is_err() {
                drop(ctx.take_exception());
            }
            let requests = isolate.heap().requests();
            works_again(isolate, ctx);
            by_shape(ctx).unwrap_or_else(|Thrown| panic!("afterwards: {}", ctx.take_report()));
            requests
        })
    };
    let requests = run(Faults::None).expect("nothing failed") as usize;
    let vast = run(Faults::VastFrom(u64::MAX)).expect("nothing failed") as usize;
    assert!(vast > 0);
    let step = stride(requests, 50);
    let fault = move |case: usize| match (case.checked_sub(vast * 2), case / 2) {
        (None, n) if case.is_multiple_of(2) => Faults::VastFrom(n as u64 + 1),
        (None, n) => Faults::VastOnce(n as u64 + 1),
        (Some(case), _) if case.is_multiple_of(2) => Faults::From((case / 2 * step) as u64 + 1),
        (Some(case), _) => Faults::Once((case / 2 * step) as u64 + 1),
    };
    let count = (vast + requests.div_ceil(step)) * 2;
    let crashes = crashes("what_is_made_by_shape_may_fail_at_any_request", count, |case| {
        run(fault(case));
    });
    assert_none(&crashes, |case| format!("{:?}", fault(case)));
}

/// Asks for much at once, in every way there is.
const VAST: &[&str] = &[
    "'x'.repeat(6e5)",
    "'é€'.repeat(6e5)",
    "'x'.padEnd(6e5, 'ab')",
    "'x'.padStart(6e5, '€')",
    "('x'.repeat(4e5) + '€'.repeat(4e5)).length",
    "const s = 'x'.repeat(3e5); (s + s + s + s).charCodeAt(5)",
    "'x'.repeat(3e5).split('')",
    "'x'.repeat(3e5).replaceAll('x', 'yyyy')",
    "'x'.repeat(3e5).toUpperCase() + '\u{1E9B}'.repeat(3e5).normalize('NFKD')",
    "[...'x'.repeat(3e5)]",
    "new ArrayBuffer(6e5)",
    "new ArrayBuffer(3e5, { maxByteLength: 6e5 }).resize(6e5)",
    "new ArrayBuffer(3e5).transfer(6e5)",
    "new SharedArrayBuffer(6e5)",
    "new Float64Array(6e5).map(x => x)",
    "new Uint8Array(6e5).slice().toString()",
    "Uint8Array.from({ length: 3e5 })",
    "Array(3e5).fill(0).concat([1]).slice()",
    "Array.from({ length: 3e5 }, (_, i) => i).sort()",
    "const a = []; a.length = 3e5; a.fill(1)",
    "Array(3e5).join('abc')",
    "new Array(3e5).toSorted()",
    "JSON.stringify('x'.repeat(4e5))",
    "JSON.parse('[' + '1,'.repeat(3e5) + '1]')",
    "JSON.parse('\"' + 'x'.repeat(4e5) + '\"')",
    "eval('\"' + 'x'.repeat(4e5) + '\"')",
    "eval('[' + '1,'.repeat(2e5) + ']')",
    "eval('f(' + 'a.b,'.repeat(5e4) + ')')",
    "eval('function f() {' + 'a.b;'.repeat(3e5) + '}')",
    "eval(Array.from({ length: 2e4 }, (_, i) => `var v${i} = () => v${i};`).join(''))",
    "Function('return ' + '1+'.repeat(2e5) + '1')",
    "new RegExp('[' + 'ab'.repeat(1e5) + ']')",
    "new RegExp('abc|'.repeat(1e5)).exec('abd'.repeat(1e5))",
    "/(a?){1,1000}b/.exec('a'.repeat(1e5))",
    "'ab'.repeat(3e5).match(/a/g)",
    "'ab'.repeat(3e5).replace(/a/g, '$&$&')",
    "2n ** 900000n * 3n",
    "BigInt('0x' + 'f'.repeat(2e5)).toString(16)",
    "Math.max(...Array(60000))",
    "new Map(Array.from({ length: 2e5 }, (_, i) => [i, i]))",
    "new Set(Array(1e5).keys())",
    "const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = i; Object.entries({ ...o })",
    "const o = {}; for (let i = 0; i < 3e4; i++) o['k' + i] = i; for (let i = 0; i < 3e4; i++) delete o['k' + i]",
    "Array.from({ length: 1e5 }, (_, i) => Symbol.for('s' + i))",
    "let e = new Error('x'.repeat(3e5)); e.stack",
    "encodeURIComponent('é'.repeat(3e5)) + escape('é'.repeat(3e5))",
    "new Date(0).toLocaleString('x'.repeat(3e5))",
    "String.fromCodePoint(...Array(6e4).fill(0x1F600))",
    "btoa('x'.repeat(4e5)) + atob('AAAA'.repeat(3e5))",
    "Object.groupBy(Array(1e5).keys(), x => x % 9)",
];

/// Compiles much, in pieces of every kind.
const COMPILED: &[&str] = &[
    "/* é */ [1, {}, 'two', `t${3}`, /r(e)/g, 4n, 1.5, ...[5], , { a, b: 1, ['c']: 2, get d() { return 1 }, async *e() {}, ...f }]",
    "class A extends (class {}) { #p = 1; static #q; static { this.#q = 2 } get r() { return this.#p } constructor() { super() } static async s() {} [1 + 1]() { return super.x } }",
    "function* g(a, { b, c: [d = 1] = [] } = {}, ...e) { yield* a; const { f, ...h } = b; return new.target ?? arguments.length }",
    "label: for (let i = 0; i < 1; i++) { for (const x of []) continue label; for (const x in {}) break label; do { try { throw 1 } catch ({ e }) {} finally { switch (i) { case 1: default: } } } while (0) }",
    "async () => { for await (const x of y) await z?.a?.[b]?.(...c); using r = null; await using s = null; return import('m', { with: {} }) }",
    "var v1, v2; let l1 = () => l2 + (() => v1 + l1)(), l2; const c1 = eval('v1'); with ({}) { delete v2 } if (a) b; else (c ||= 1, d ??= 2, e **= 3, typeof f, void 0, i++, !j)",
];

#[test]
fn the_compiler_may_be_refused_memory_anywhere() {
    // Enough of each for arrays of the compiler to grow, and functions of some size.
    let source = |case: usize| {
        let piece = COMPILED[case];
        let many: String = (0..60).map(|n| format!("(function f{n}() {{ {piece}\n}});\n")).collect();
        let text = format!("'{0}'; `{0}${{`{0}`}}`; /{0}/; {0}", "x".repeat(20_000));
        format!("{many} (function () {{ {many}{text} }}); {}", format!("{{ {piece}\n }}\n").repeat(60))
    };
    let run = move |case: usize, faults: Faults| {
        abandonable(usize::MAX, move |isolate, ctx| {
            let source = source(case);
            isolate.heap().inject_faults(faults);
            for compiles in [true, false] {
                let done = match compiles {
                    true => ctx.compile(&source, &EvalOptions::default()).map(drop),
                    false => ctx
                        .eval("s => void Function(s)", &EvalOptions::default())
                        .and_then(|compile| ctx.call(&compile, &ctx.undefined(), &[ctx.string(&source)?]).map(drop)),
                };
                if done.is_err() {
                    drop(ctx.take_report());
                }
            }
            let requests = isolate.heap().requests();
            works_again(isolate, ctx);
            requests
        })
    };
    let counts: Vec<usize> =
        (0..COMPILED.len()).map(|case| run(case, Faults::None).expect("nothing failed") as usize).collect();
    let step = stride(counts.iter().sum(), 300);
    let cases: Vec<(usize, Faults)> = counts
        .iter()
        .enumerate()
        .flat_map(|(case, &count)| {
            (1..=count as u64).step_by(step).flat_map(move |n| [(case, Faults::From(n)), (case, Faults::Once(n))])
        })
        .collect();
    let crashes = crashes("the_compiler_may_be_refused_memory_anywhere", cases.len(), |case| {
        let (piece, faults) = cases[case];
        run(piece, faults).expect("nothing is abandoned");
    });
    assert_none(&crashes, |case| format!("{:?}", cases[case]));
}

/// Runs one of [`VAST`] with less and less memory, or with vast requests failing.
fn squeeze(case: usize) {
    let source = VAST[case];
    let run = |prepare: Box<dyn FnOnce(&Heap)>| {
        abandonable(usize::MAX, move |isolate, ctx| {
            prepare(isolate.heap());
            eval_text(ctx, source);
            let figures = (isolate.heap().requests(), isolate.heap().stats().peak);
            works_again(isolate, ctx);
            figures
        })
    };
    let inject = |faults| run(Box::new(move |heap: &Heap| heap.inject_faults(faults)));
    let (requests, peak) = inject(Faults::VastFrom(u64::MAX)).expect("nothing failed");
    for n in 1..=requests {
        inject(Faults::VastFrom(n));
        inject(Faults::VastOnce(n));
    }
    let steps = stride(100, 3);
    for step in (0..100).step_by(steps) {
        run(Box::new(move |heap| {
            let used = heap.stats().used;
            heap.set_limit(used + (peak - used) / 100 * step);
        }));
    }
}

#[test]
fn vast_requests_may_fail() {
    let crashes = crashes("vast_requests_may_fail", VAST.len(), squeeze);
    assert_none(&crashes, |case| VAST[case].to_owned());
}

#[test]
fn the_limit_may_be_passed_anywhere() {
    // What the script needs at its height, in steps of an arena of the engine.
    const SPAN: usize = 2 << 20;
    let step = 4096 * stride(SPAN / 4096, 25);
    let crashes = crashes("the_limit_may_be_passed_anywhere", SPAN / step, |case| {
        run(move |heap| heap.set_limit(heap.stats().used + case * step));
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
    "JSON.parse('[' + `[${'1,'.repeat(1000)}1],`.repeat(2000) + '1]')",
    "JSON.parse(`{${Array.from({ length: 2e5 }, (_, i) => `\"k${i}\":{\"a\":[]}`)}}`)",
    "JSON.parse('[' + '1,'.repeat(2e6) + '1]', (key, value) => value)",
    "JSON.stringify(Array(1e5).fill('x'.repeat(1000)))",
    "'x'.repeat(5e6).replaceAll('x', 'yyyyyyyyy')",
    "'x'.repeat(5e6).replace(/x/g, '$&$&$&$&$&$&')",
    "Array(3e5).fill('x'.repeat(100)).join('é')",
    "encodeURIComponent('é'.repeat(5e6))",
    "new Map(Array.from({ length: 4e4 }, (_, i) => [i, i])), Object.groupBy('x'.repeat(4e6), x => x)",
    "new Set('\u{1F600}'.repeat(2e5).split('').concat(Array(2e5).keys().toArray(), Array(4e5).fill(0).map((_, i) => `${i}`)))",
    "const o = {}; for (let i = 0; i < 6e4; i++) o[`k${i}`] = i; for (;;) globalThis.all = [all, { ...o }, { ...o }, { ...o }, { ...o }, { ...o }]; var all",
    "const o = {}; for (let i = 0; i < 6e4; i++) o[`k${i}`] = i; [1, 2, 3, 4, 5, 6, 7, 8].map(() => Object.getOwnPropertyDescriptors(o))",
    "const o = {}; for (let i = 0; i < 6e4; i++) o[`k${i}`] = i; const all = []; for (;;) all.push(Object.entries(o), Object.assign({}, o), structured(o)); function structured(o) { return Object.fromEntries(Object.entries(o)) }",
    "const a = Array(2e5).fill({}); [[...a], [...a], [...a], [...a], [...a], [...a], [...a], [...a]]",
    "const r = []; for (;;) r.push(new RegExp('a?'.repeat(3e5)))",
    "/(?:(a)|b)*?c/.exec('ab'.repeat(1e6))",
    "Array.from({ length: 1e6 }, (_, i) => BigInt(i) << 64n)",
    "new Float64Array(Array(1e6).fill(1)), [...new Float64Array(1e6)], Array.from(new Float64Array(1e6)), new Float64Array(1e6).toString()",
    "globalThis.all = []; all.push(new Proxy({}, { ownKeys: () => Array.from({ length: 2e5 }, (_, i) => `k${i}`) })); for (;;) all.push(Reflect.ownKeys(all[0]))",
];

/// Scripts that compile too much.
const WORDY: &[&str] = &[
    "eval(`[${'{},'.repeat(2e6)}]`)",
    "(0, eval)(`[${'{},'.repeat(2e6)}]`)",
    "Function(`${'f(a.b);'.repeat(1e6)}`)",
    "Function(`${'(() => () => 0);'.repeat(3e5)}`)",
    "eval(...[`[${'{},'.repeat(2e6)}]`])",
    "Function(`class A {${'m() { return this.a`${1}` }'.repeat(3e5)}}`)",
    "Function(`var ${Array.from({ length: 4e5 }, (_, i) => `v${i}`)}`)",
    "Function(`switch (1) {${'case 1: for (const x of y) { break }'.repeat(2e5)}}`)",
    "Function(`${'try {'.repeat(300)}${'a => `${b}`;'.repeat(3e5)}${'} finally {}'.repeat(300)}`)",
];

const LIMIT: usize = 16 << 20;
/// What the heap lets builtins overshoot that never poll, with what they take until they end.
const SLACK: usize = (8 << 20) + (128 << 10);
/// The same of the compiler.
const COMPILER_SLACK: usize = 64 << 20;

/// Runs a greedy script and all that it leaves to do.
fn greed(source: &'static str, slack: usize) -> String {
    let ended = abandonable(LIMIT, move |isolate, ctx| {
        let mut result = eval_text(ctx, source);
        while let Some(job) = ctx.run_job() {
            if job.is_err() {
                result = ctx.take_report().to_string();
                break;
            }
        }
        let peak = isolate.heap().stats().peak;
        assert!(peak <= LIMIT + slack, "{source} held {peak} bytes");
        works_again(isolate, ctx);
        result
    });
    ended.unwrap_or_else(|| "abandoned".to_owned())
}

#[test]
fn greedy_scripts_end_in_an_error() {
    let crashes = crashes("greedy_scripts_end_in_an_error", GREEDY.len(), |case| {
        let result = greed(GREEDY[case], SLACK);
        let known = [
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

#[test]
fn scripts_that_compile_too_much_end_in_an_error() {
    let crashes = crashes("scripts_that_compile_too_much_end_in_an_error", WORDY.len(), |case| {
        let result = greed(WORDY[case], COMPILER_SLACK);
        let known = [
            "InternalError: interrupted",
            "InternalError: out of memory",
            "RangeError: Maximum call stack size exceeded",
        ];
        assert!(known.iter().any(|start| result.starts_with(start)), "{}: {result}", WORDY[case]);
    });
    assert_none(&crashes, |case| WORDY[case].to_owned());
}

/// A realm with an account is refused what passes its ceiling, wherever that lies, and its isolate goes on.
#[test]
fn accounts_may_reach_their_ceiling_anywhere() {
    const STEP: usize = 512 << 10;
    let sources: Vec<&str> = [VAST, GREEDY].concat();
    let crashes = crashes("accounts_may_reach_their_ceiling_anywhere", sources.len(), |case| {
        for step in (0..16).step_by(stride(16, 2)) {
            let isolate =
                Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).unwrap();
            let realm = isolate.new_realm().unwrap();
            isolate.open_account(&realm, isolate.realm_memory(&realm).used + step * STEP);
            let source = [VAST, GREEDY].concat()[case];
            abandonable_in(isolate, realm, move |isolate, ctx| {
                eval_text(ctx, source);
                while let Some(Ok(())) = ctx.run_job() {}
                works_again(isolate, ctx);
            })
            .expect("its isolate goes on");
        }
    });
    assert_none(&crashes, |case| sources[case].to_owned());
}
