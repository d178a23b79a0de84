//! Several stacks in one isolate, suspended in the middle of JavaScript and resumed in any order, by any thread.

#![expect(unsafe_code, reason = "stacks are switched, as an embedder does")]

mod support;

use corosensei::{Coroutine, CoroutineResult, Yielder};
use quickbeam_engine::*;
use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use support::*;

/// What a fiber's native functions and polls need to suspend it.
#[derive(Clone)]
struct Fiber {
    isolate: *const Isolate,
    yielder: Rc<Cell<*const Yielder<(), ()>>>,
}

impl Fiber {
    fn suspend(&self) {
        // SAFETY: the isolate and the coroutine outlive what runs on the coroutine's stack; between saving and restoring nothing of
        // the isolate is used on this stack.
        unsafe {
            let state = (*self.isolate).save_stack();
            (*self.yielder.get()).suspend(());
            (*self.isolate).restore_stack(state);
        }
    }
}

impl Interrupt for Fiber {
    fn poll(&self, _steps: u32) -> Verdict {
        self.suspend();
        Verdict::Continue(100)
    }
}

struct Run {
    coroutine: Coroutine<(), (), String>,
    result: Option<String>,
}

// SAFETY: the stack is plain memory, and the threads of the tests take turns.
unsafe impl Send for Run {}

impl Run {
    /// A script on a stack of its own in that realm; it has `pause()`, and each hundredth step of it pauses too.
    fn new(isolate: &Isolate, realm: &Realm, source: String) -> Run {
        let (isolate, realm) = (ptr::from_ref(isolate), ptr::from_ref(realm));
        let coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            let fiber = Fiber { isolate, yielder: Rc::new(Cell::new(ptr::from_ref(yielder))) };
            // SAFETY: both outlive the coroutine.
            let (isolate, realm) = unsafe { (&*isolate, &*realm) };
            isolate.enter(realm, |ctx| {
                ctx.set_data(Rc::new(fiber.clone()));
                ctx.set_interrupt(Some(Rc::new(fiber)));
                ctx.set_countdown(100);
                assert_eq!(ctx.set_continuation(source.len() as u64), 0, "a stack has the continuation tag of another");
                let pause = ctx.function("pause", 0, |ctx, _, _| {
                    let tag = ctx.continuation();
                    ctx.data::<Fiber>().unwrap().suspend();
                    assert_eq!(ctx.continuation(), tag);
                    Ok(ctx.undefined())
                });
                ctx.globals().set("pause", pause.unwrap()).unwrap();
                let result = eval_text(ctx, &source);
                ctx.set_continuation(0);
                result
            })
        });
        Run { coroutine, result: None }
    }

    /// Goes on; true once the script has ended.
    fn resume(&mut self) -> bool {
        match self.coroutine.resume(()) {
            CoroutineResult::Yield(()) => false,
            CoroutineResult::Return(result) => {
                self.result = Some(result);
                true
            }
        }
    }
}

/// Scripts that pause in unusual places, and what they must give when nobody disturbs them.
const SCRIPTS: &[(&str, &str)] = &[
    ("let s = 0; for (let i = 0; i < 2000; i++) s += i; s", "1999000"),
    ("(function f(n) { pause(); return n ? 1 + f(n - 1) : 0 })(50)", "50"),
    (
        "try { null.x } catch (e) { pause(); e.stack.split('\\n').length > 0 && e.message }",
        "cannot read property 'x' of null",
    ),
    (
        "function outer() { return inner() } function inner() { pause(); return new Error('e').stack.includes('outer') } outer()",
        "true",
    ),
    (
        "Error.prepareStackTrace = (e, s) => { pause(); return s.length }; const n = new Error().stack; pause(); `${n} ${new Error().stack}`",
        "1 1",
    ),
    (
        "const o = { *[Symbol.iterator]() { try { yield 1; yield 2 } finally { pause() } } }; let r = ''; try { for (const x of o) { r += x; throw 'out' } } catch (e) { pause(); r += e } r",
        "1out",
    ),
    ("try { try { throw 'a' } finally { pause() } } catch (e) { pause(); e }", "a"),
    ("const g = (function* () { for (let i = 0; i < 5; i++) { pause(); yield i } })(); [...g].join()", "0,1,2,3,4"),
    ("[3, 1, 2].sort((a, b) => { pause(); return a - b }).join()", "1,2,3"),
    ("'aXbX'.replace(/X/g, () => { pause(); return 'y' })", "ayby"),
    ("JSON.stringify({ get a() { pause(); return { toJSON() { pause(); return 1 } } } })", "{\"a\":1}"),
    ("new Proxy({}, { get(t, k) { pause(); return String(k) } }).key", "key"),
    (
        "class P extends Promise { constructor(f) { pause(); super(f) } } new P(r => r(1)).then(() => {}) instanceof P",
        "true",
    ),
    (
        "(() => { let f = n => n ? f(n - 1) : (pause(), 1); try { return (function g() { try { return g() } catch (e) { pause(); return e.name } })() } finally { f(3) } })()",
        "RangeError",
    ),
    ("let x = 1; eval('let y = 2; pause(); x += y'); x", "3"),
    ("var hidden = 'own'; const c = () => hidden; pause(); c()", "own"),
    ("Object.keys(globalThis).includes('hidden')", "false"),
];

/// A small generator of orders.
fn shuffler(seed: u64) -> impl FnMut(usize) -> usize {
    let mut random = seed;
    move |below| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    }
}

#[test]
fn fibers_of_one_isolate_end_right_in_whatever_order_they_go_on() {
    for seed in 0..20 {
        let isolate = Isolate::new(IsolateOptions::default()).unwrap();
        let mut next = shuffler(seed);
        let realms: Vec<Realm> = SCRIPTS.iter().map(|_| isolate.new_realm().unwrap()).collect();
        let scripts = SCRIPTS.iter().zip(&realms);
        let mut runs: Vec<(usize, Run)> =
            scripts.map(|((source, _), realm)| Run::new(&isolate, realm, (*source).to_owned())).enumerate().collect();
        while !runs.is_empty() {
            let at = next(runs.len());
            if runs[at].1.resume() {
                let (index, run) = runs.swap_remove(at);
                let (source, expected) = SCRIPTS[index];
                assert_eq!(run.result.as_deref(), Some(expected), "seed {seed}: {source}");
            }
            if next(40) == 0 {
                // Realms come, run and go meanwhile, and garbage is collected.
                let realm = isolate.new_realm().unwrap();
                isolate.enter(&realm, |ctx| {
                    assert_eq!(eval_text(ctx, "try { null.x } catch (e) { typeof e.stack }"), "string");
                    assert_eq!(
                        eval_text(ctx, "(function f() { f() })()"),
                        "RangeError: Maximum call stack size exceeded"
                    );
                });
                assert_eq!(isolate.free_realm(realm), RealmEnd::Freed);
                isolate.sweep();
            }
        }
        for realm in realms {
            assert_eq!(isolate.free_realm(realm), RealmEnd::Freed);
        }
        assert_eq!(isolate.sweep(), 0);
    }
}

#[test]
fn fibers_go_on_in_other_threads() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let realms: Vec<Realm> = SCRIPTS.iter().map(|_| isolate.new_realm().unwrap()).collect();
    let scripts = SCRIPTS.iter().zip(&realms);
    let mut runs: Vec<Run> =
        scripts.map(|((source, _), realm)| Run::new(&isolate, realm, (*source).to_owned())).collect();
    while runs.iter().any(|run| run.result.is_none()) {
        let mut moved = std::mem::take(&mut runs);
        // One thread at a time: this one waits for the other.
        runs = std::thread::spawn(move || {
            for run in moved.iter_mut().filter(|run| run.result.is_none()) {
                run.resume();
            }
            moved
        })
        .join()
        .unwrap();
    }
    for (run, (source, expected)) in runs.iter().zip(SCRIPTS) {
        assert_eq!(run.result.as_deref(), Some(*expected), "{source}");
    }
}

#[test]
fn a_realm_with_a_suspended_stack_is_kept_and_disturbs_nobody() {
    let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    let [suspended, bystander] = [isolate.new_realm().unwrap(), isolate.new_realm().unwrap()];
    let source = "(() => { let a = [], f = () => a; a.push(f); Promise.resolve().then(f); (function g() { const h = () => [f, h]; globalThis.h = h; h.x = {h}; pause() })() })()";
    let mut run = Run::new(&isolate, &suspended, source.to_owned());
    assert!(!run.resume());
    // SAFETY: the suspended stack, which alone refers to the realm, never goes on.
    let taken = unsafe { ptr::read(&suspended) };
    assert_eq!(isolate.free_realm(taken), RealmEnd::Kept);
    for _ in 0..20 {
        isolate.enter(&bystander, |ctx| {
            run_jobs(ctx, 100);
            assert_eq!(eval_text(ctx, "for (let i = 0; i < 1000; i++) { const o = {}; o.o = [o] } 1"), "1");
        });
        assert_eq!(isolate.sweep(), 1);
    }
    assert!(!isolate.has_jobs());
    drop(isolate);
    // SAFETY: what the stack holds belongs to the isolate, which is gone.
    unsafe { run.coroutine.force_reset() };
}
