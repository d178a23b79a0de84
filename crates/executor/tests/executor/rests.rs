//! What goes on when an op has ended that was not waited for to the end, and who is told.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

/// Long enough to begin, also on a busy machine.
const TIMEOUT: Duration = Duration::from_millis(500);

const TIMED_OUT: &str = "TimeoutError: the eval timed out after 500 ms";

fn timed(timeout: Duration) -> SubmitOptions {
    SubmitOptions { timeout: Some(timeout), ..SubmitOptions::default() }
}

fn start_timed(realm: &TestRealm, source: &str) -> Pending {
    realm.submit(eval(source), timed(TIMEOUT))
}

fn budgeted() -> TestRealm {
    realm_with(&eager(), |config| config.max_reductions = Some(1_000_000))
}

/// Jobs that wait when their op is ended may be what others wait for.
#[test]
fn the_last_steps_of_an_op_that_is_ended_are_done() {
    for (settle, reason) in [
        ("release(1); for (;;);", "timeout"),
        ("release(Promise.resolve(1)); for (;;);", "timeout"),
        ("(async () => 1)().then(release); for (;;);", "timeout"),
        ("(async () => { await null; await null; release(1) })(); for (;;);", "timeout"),
        ("release(Promise.resolve(1)); for (;;);", "budget"),
        ("(async () => { await null; await null; release(1) })(); for (;;);", "budget"),
    ] {
        let _case = Case(settle);
        let realm = if reason == "budget" { budgeted() } else { realm() };
        realm.check("globalThis.gate = new Promise(done => { globalThis.release = done }); 0", "0");
        let waits = realm.start("await gate; 'through'");
        let ended = start_timed(&realm, &format!("{{ {settle} }}")).text();
        assert!(!ended.starts_with("through"), "{ended}");
        assert_eq!(waits.text(), "through");
        realm.check("await gate; 'later'", "later");
    }
}

/// The loop is one of the others' too, so that some job always waits.
#[test]
fn loops_of_ops_that_are_ended_end_beside_another_loop() {
    let realm = realm();
    realm.check("(async () => { for (;;) await 1 })(); 0", "0");
    for source in ["for (;;) { n++; await 1 }", "(function again() { n++; return Promise.resolve().then(again) })()"] {
        let _case = Case(source);
        let ops: Vec<_> = (0..10).map(|_| start_timed(&realm, &format!("globalThis.n = 0; {source}"))).collect();
        ops.into_iter().for_each(|op| assert_eq!(op.text(), TIMED_OUT));
        let quiet = "let before; do { before = globalThis.n; await new Promise(done => setTimeout(done, 1)) } while (globalThis.n !== before)";
        realm.check(&format!("{{ {quiet} }} 'quiet'"), "quiet");
        // What comes later goes on as any callback.
        let late = "(async () => { await new Promise(done => setTimeout(done, 700)); for (let i = 0; i < 1e5; i++); note('late') })(); for (;;) await 1";
        assert_eq!(start_timed(&realm, late).text(), TIMED_OUT);
        while realm.event() != Event::Note("late".to_owned()) {}
    }
    realm.free();
}

/// Their jobs take few steps, but long.
#[test]
fn the_rest_of_an_op_does_not_take_long() {
    let realm = realm();
    realm.check("globalThis.bytes = new Uint8Array(2e7); 0", "0");
    let source = "await Promise.all([1, 2, 3].map(async () => { for (;;) { await null; bytes.slice() } }))";
    assert_eq!(start_timed(&realm, source).text(), TIMED_OUT);
    realm.check("1 + 1", "2");
    let quiet = "let before; do { before = globalThis.n; await new Promise(done => setTimeout(done, 1)) } while (globalThis.n !== before)";
    realm.check(&format!("{{ {quiet} }} 'quiet'"), "quiet");
}

/// What nobody waits for any more ends as well.
#[test]
fn loops_of_callers_that_are_gone_end() {
    let realm = realm();
    let ops: Vec<_> = (0..70).map(|_| realm.start("globalThis.n = 0; for (;;) { n++; await 1 }")).collect();
    realm.check("1 + 1", "2");
    ops.into_iter().for_each(Pending::abandon);
    let quiet = "let before; do { before = globalThis.n; await new Promise(done => setTimeout(done, 1)) } while (globalThis.n !== before)";
    realm.check(&format!("{{ {quiet} }} 'quiet'"), "quiet");
    realm.free();
}

/// It was not parked when the code was ended that would have settled its promise.
#[test]
fn an_op_that_ran_meanwhile_is_told_that_its_promise_is_lost() {
    let realm = realm();
    let first = start_timed(
        &realm,
        "await new Promise(go => { globalThis.go = go; call('begun') }); for (let i = 0; i < 1e7; i++); done(1)",
    );
    realm.expect_call("begun");
    let second = realm.start(
        "{ const lost = new Promise(done => { globalThis.done = done }); go(); const id = setInterval(() => {}, 1); \
         callSync('hold'); delete globalThis.done; delete globalThis.go; clearTimeout(id); await lost }",
    );
    let hold = realm.expect_call("hold");
    assert_eq!(first.text(), TIMED_OUT);
    realm.resolve(hold, "");
    let told = second.text();
    assert!(told.starts_with("InterruptedError: the eval was interrupted"), "{told}");
}

/// Nothing else comes that would make the realm look.
#[test]
fn an_op_is_told_that_its_promise_is_lost_beside_a_loop_of_jobs() {
    let realm = realm();
    let waits = realm.start("await new Promise(done => { globalThis.pass = done; call('waits') })");
    realm.expect_call("waits");
    realm.check("(async () => { for (;;) await 1 })(); 0", "0");
    let hogs = "{ const done = pass; delete globalThis.pass; setTimeout(() => { while (globalThis) {} done() }, 0) } await new Promise(() => {})";
    assert_eq!(start_timed(&realm, hogs).text(), TIMED_OUT);
    let told = waits.text();
    assert!(told.starts_with("InterruptedError: the eval was interrupted"), "{told}");
    realm.free();
}

#[test]
fn continuations_of_an_answered_op_do_not_end_with_one_of_them() {
    let realm = budgeted();
    let source = "globalThis.done = 0; await new Promise(done => setTimeout(done, 0));
        for (let i = 0; i < 5; i++) Promise.resolve().then(() => {}).then(() => {}).then(() => { if (i === 0) for (;;); done++ }); 'answered'";
    realm.check(source, "answered");
    realm.check("await new Promise(done => setImmediate(done)); done", "4");
}

/// The callback runs above the op's own frame, which then merely waits.
#[test]
fn a_callback_that_uses_up_the_budget_ends_its_op() {
    let used_up = "InterruptedError: the eval used up max_reductions: 1000000 steps";
    let realm = budgeted();
    let hook = "setHook(() => { for (;;) {} }); queueMicrotask(() => { throw 1 })";
    for wait in ["new Promise(() => {})", "call('never')", "new Promise(done => setTimeout(done, 1e6))"] {
        let _case = Case(wait);
        assert_eq!(realm.eval(&format!("globalThis.kept = {wait}; {hook}; kept")), used_up);
    }
}

#[test]
fn a_value_is_what_the_jobs_of_its_op_have_made_of_it() {
    let source =
        "{ var value = { n: 0 }; Promise.resolve().then(() => { value.n++ }).then(() => { value.n++ }); value }";
    let realm = realm();
    realm.check(source, r#"{"n":2}"#);
    let waits = realm.start("await new Promise(done => { globalThis.release = done; call('waits') })");
    realm.expect_call("waits");
    realm.check(&format!("release('through'); {source}"), r#"{"n":2}"#);
    assert_eq!(waits.text(), "through");
    realm.check("(async () => { for (;;) await 1 })(); 0", "0");
    realm.check(source, r#"{"n":2}"#);
    realm.free();
}

/// Their deadline is their op's, not that of callbacks, and no op that waits for its turn ends them.
#[test]
fn callbacks_of_an_op_have_the_time_that_it_has() {
    let realm = realm_with(&eager(), |config| config.callback_timeout = Some(Duration::from_millis(1)));
    for wait in ["await null", "await new Promise(done => setTimeout(done, 0))", "await echo('Object')"] {
        let _case = Case(wait);
        let source = format!("{wait}; callSync('hold')");
        let op = realm.submit(eval(&source), timed(Duration::from_secs(3600)));
        let hold = realm.expect_call("hold");
        assert_eq!(start_timed(&realm, "1").text(), TIMED_OUT);
        realm.resolve(hold, "well");
        assert_eq!(op.text(), "well");
    }
}
