//! Memory accounts of realms that share an isolate, and scripts that are abandoned from outside.

#![expect(unsafe_code, reason = "a stack is abandoned, as an embedder does")]

mod support;

use corosensei::{Coroutine, CoroutineResult, Yielder};
use quickbeam_engine::*;
use std::ptr;
use std::rc::Rc;
use support::*;

const MB: usize = 1 << 20;

/// Ends scripts that hold too much, as the default of [`Interrupt::over_limit`] does.
struct Strict;

impl Interrupt for Strict {
    fn poll(&self, _steps: u32) -> Verdict {
        Verdict::Continue(10_000)
    }
}

/// An isolate whose realms have accounts with these limits.
fn shared(limits: &[usize]) -> (Isolate, Vec<Realm>) {
    let isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).unwrap();
    isolate.set_interrupt(Some(Rc::new(Strict)));
    let realms: Vec<Realm> = limits.iter().map(|_| isolate.new_realm().unwrap()).collect();
    for (realm, &limit) in realms.iter().zip(limits) {
        isolate.open_account(realm, limit);
    }
    (isolate, realms)
}

fn eval_in(isolate: &Isolate, realm: &Realm, source: &str) -> String {
    isolate.enter(realm, |ctx| {
        let text = eval_text(ctx, source);
        run_jobs(ctx, 1_000);
        ctx.heap().clear_over_limit();
        text
    })
}

/// Keeps about so many bytes in small objects.
fn keep(bytes: usize) -> String {
    format!("(globalThis.kept ??= []).push(Array.from({{ length: {} }}, (_, i) => ({{ i }}))); 'kept'", bytes / 100)
}

#[test]
fn each_realm_is_charged_with_what_it_keeps() {
    let (isolate, realms) = shared(&[usize::MAX, usize::MAX, usize::MAX]);
    let used = |index: usize| isolate.realm_memory(&realms[index]).used;
    let fresh = used(2);
    assert!((20_000..200_000).contains(&fresh), "a fresh realm holds {fresh} bytes");
    assert_eq!(eval_in(&isolate, &realms[0], &keep(4 * MB)), "kept");
    assert_eq!(eval_in(&isolate, &realms[1], &keep(MB)), "kept");
    assert_eq!(used(2), fresh);
    let ratio = used(0) as f64 / used(1) as f64;
    assert!((3.0..5.0).contains(&ratio), "{} and {}", used(0), used(1));
    let total = isolate.heap().stats().used;
    assert!(used(0) + used(1) + used(2) <= total);
    eval_in(&isolate, &realms[0], "kept = null");
    isolate.sweep();
    assert!(used(0) < MB && used(1) >= MB * 3 / 4, "{} and {}", used(0), used(1));
}

#[test]
fn a_realm_that_passes_its_limit_ends_and_its_neighbours_do_not() {
    let (isolate, realms) = shared(&[4 * MB, 32 * MB]);
    assert_eq!(eval_in(&isolate, &realms[1], &keep(12 * MB)), "kept");
    for _ in 0..5 {
        let greedy = "globalThis.hoard = []; for (;;) hoard.push({ hoard })";
        assert_eq!(eval_in(&isolate, &realms[0], greedy), "InternalError: interrupted");
        assert!(isolate.realm_memory(&realms[0]).used < 6 * MB);
        assert_eq!(eval_in(&isolate, &realms[1], &keep(MB)), "kept");
        isolate.enter(&realms[0], |ctx| ctx.set_memory_limit(usize::MAX));
        eval_in(&isolate, &realms[0], "hoard = null");
        isolate.enter(&realms[0], |ctx| ctx.set_memory_limit(4 * MB));
        isolate.sweep();
        // What is too much at once fails, although others hold more.
        assert_eq!(eval_in(&isolate, &realms[0], "new ArrayBuffer(2e8)"), "InternalError: out of memory");
        assert_eq!(eval_in(&isolate, &realms[0], "1 + 1"), "2");
    }
    assert_eq!(isolate.is_broken(), None);
    isolate.enter(&realms[0], |ctx| ctx.set_memory_limit(usize::MAX));
    assert_eq!(eval_in(&isolate, &realms[0], &keep(16 * MB)), "kept");
}

#[test]
fn a_builtin_that_fills_an_array_is_refused_more_than_its_realm_may_have() {
    let (isolate, realms) = shared(&[16 * MB, 128 * MB]);
    assert_eq!(eval_in(&isolate, &realms[1], &keep(12 * MB)), "kept");
    for source in [
        "Array(1e8).fill(0)",
        "Array.from({ length: 1e8 })",
        "[...Array(1e8)]",
        "Array.from(new Uint8Array(9e6))",
        "[...'x'.repeat(1e7)]",
        "'x'.repeat(1e7).split('')",
        "'x'.repeat(1e7).match(/x/g)",
        "Object.keys('x'.repeat(9e6))",
        "JSON.parse('[' + '0,'.repeat(6e6) + '0]')",
        "const a = Array(5e5).fill(0); a.concat(a, a, a, a, a, a, a, a)",
        "const a = Array(5e5).fill(0); a.push(...a.slice(0, 6e4)); [].concat(a, a, a, a, a, a, a, a, a)",
    ] {
        let got = eval_in(&isolate, &realms[0], &format!("{{ {source} }}"));
        assert!(got.starts_with("InternalError: "), "{source}: {got}");
        assert_eq!(isolate.is_broken(), None, "{source}");
        let caught = eval_in(&isolate, &realms[0], &format!("try {{ {source} }} catch (error) {{ String(error) }}"));
        assert!(caught.starts_with("InternalError: "), "{source}: {caught}");
        assert_eq!(eval_in(&isolate, &realms[0], "{ const b = [1, 2]; b.push(...b); b.length }"), "4");
        assert_eq!(eval_in(&isolate, &realms[1], &keep(MB)), "kept");
        isolate.enter(&realms[0], |ctx| ctx.collect_garbage());
        assert!(isolate.realm_memory(&realms[0]).used < 2 * MB, "{source}");
    }
}

#[test]
fn garbage_is_nobodys_for_long() {
    let (isolate, realms) = shared(&[6 * MB; 4]);
    // Cycles, which only a collection frees.
    let churn = "for (let i = 0; i < 5000; i++) { const o = { i }; o.o = [o] } 'churned'";
    for round in 0..400 {
        for realm in [&realms[round % 4], &realms[round % 3], &realms[0]] {
            assert_eq!(eval_in(&isolate, realm, churn), "churned", "round {round}");
        }
    }
    isolate.sweep();
    for realm in &realms {
        let used = isolate.realm_memory(realm).used;
        assert!(used < 3 * MB, "{used} bytes are charged for nothing");
    }
    assert!(isolate.heap().stats().used < 4 * MB);
}

#[test]
fn a_freed_realm_takes_its_charge_along() {
    let (isolate, mut realms) = shared(&[8 * MB; 3]);
    for round in 0..30 {
        for realm in &realms {
            assert_eq!(eval_in(&isolate, realm, &keep(MB)), "kept", "round {round}");
        }
        let kept = isolate.realm_memory(&realms[1]).used;
        assert_eq!(isolate.free_realm(realms.remove(0)), RealmEnd::Freed);
        isolate.sweep();
        let left = isolate.realm_memory(&realms[0]).used;
        assert!(left.abs_diff(kept) < MB, "{kept} became {left}");
        let realm = isolate.new_realm().unwrap();
        isolate.open_account(&realm, 8 * MB);
        realms.push(realm);
    }
    assert!(isolate.heap().stats().used < 24 * MB);
}

/// Leaves the stack for good when asked.
struct Leaving(*const Yielder<(), ()>);

impl Interrupt for Leaving {
    fn poll(&self, _steps: u32) -> Verdict {
        Verdict::Continue(10_000)
    }

    fn exhausted(&self) {
        // SAFETY: the coroutine that runs the script, and with it its yielder, outlives the script.
        unsafe { (*self.0).suspend(()) };
    }
}

#[test]
fn an_abandoned_script_ends_at_its_next_request() {
    const SLOW: [&str; 4] = [
        "JSON.parse('[' + '{},'.repeat(1e7) + '0]')",
        "Function('return ' + '1+'.repeat(3e6) + '1')",
        "Array.from('x'.repeat(1e8))",
        "let s = ''; for (;;) s += 'x'",
    ];
    for source in SLOW {
        let isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).unwrap();
        let realm = isolate.new_realm().unwrap();
        let abandoner = isolate.heap().abandoner();
        let (entered, realm) = (ptr::from_ref(&isolate), ptr::from_ref(&realm));
        let mut coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            // SAFETY: both outlive the coroutine, which is reset before they are dropped.
            let (isolate, realm) = unsafe { (&*entered, &*realm) };
            isolate.set_interrupt(Some(Rc::new(Leaving(yielder))));
            isolate.enter(realm, |ctx| {
                let native = ctx.function("abandon", 0, |ctx, _, _| {
                    ctx.data::<Abandoner>().unwrap().abandon();
                    Ok(ctx.undefined())
                });
                ctx.set_data(Rc::new(abandoner));
                ctx.globals().set("abandon", native.unwrap()).unwrap();
                eval_text(ctx, &format!("abandon(); {source}"))
            })
        });
        assert!(matches!(coroutine.resume(()), CoroutineResult::Yield(())), "{source}");
        assert_eq!(isolate.is_broken().as_deref(), Some("the script was abandoned"));
        assert!(isolate.heap().stats().used < MB, "{source}");
        // SAFETY: what the abandoned stack holds is never used again; the heap is freed whole.
        unsafe { coroutine.force_reset() };
    }
}
