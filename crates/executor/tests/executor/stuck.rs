//! Builtins that neither poll nor end: they cost their thread its processor, and nobody else anything.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

const STUCK: &str = "note('stuck'); 'through'";

/// Threads of an executor with one processor that may be stuck at once.
const MOST_STUCK: usize = 4 + 16;

fn hand_offs(executor: &Executor) -> u64 {
    executor.info().processors.iter().map(|processor| processor.hand_offs).sum()
}

#[test]
fn a_stuck_builtin_delays_nobody() {
    let executor = eager();
    let stuck = realm_on(&executor);
    let pending = stuck.start_stuck(STUCK);
    let others: Vec<_> = (0..10).map(|_| realm_on(&executor)).collect();
    for _ in 0..20 {
        others.iter().for_each(|other| other.check("1 + 1", "2"));
    }
    assert!(hand_offs(&executor) > 0);
    assert_eq!(pending.peek(), None);
    stuck.release();
    assert_eq!(pending.text(), "through");
    // What computes holds its thread in CPU time, until it polls.
    let looping = stuck.start_timed("for (;;) {}");
    others.iter().for_each(|other| other.check("1 + 1", "2"));
    assert_eq!(looping.text(), "TimeoutError: the eval timed out after 20 ms");
    let held = |processor: &ProcessorInfo| processor.longest_hold > Duration::ZERO;
    assert!(executor.info().processors.iter().any(held) || !cfg!(target_os = "linux"));
    stuck.check("1 + 1", "2");
}

#[test]
fn what_follows_a_stuck_builtin_goes_on_where_it_stood() {
    let executor = eager();
    let other = realm_on(&executor);
    for (source, expected) in [
        ("note('stuck'); let sum = 0; for (let i = 0; i < 1e5; i++) sum += i % 7; sum", "299995"),
        ("note('stuck'); callSync('ask') + '!'", "answer!"),
        ("note('stuck'); await call('ask')", "answer"),
        ("note('stuck'); await new Promise(done => setTimeout(() => done('late'), 1))", "late"),
        ("note('stuck'); sleepSync(1); 'awake'", "awake"),
        ("note('stuck'); throw new RangeError('thrown')", "RangeError: thrown"),
        ("[1, 2].map(n => { note('stuck'); return n })", "[1,2]"),
        ("({ get x() { note('stuck'); return 1 } })", r#"{"x":1}"#),
    ] {
        let _case = Case(source);
        let realm = realm_on(&executor);
        let pending = realm.start_stuck(source);
        other.check("1 + 1", "2");
        realm.release();
        if source.contains("map") {
            realm.expect_note("stuck");
            realm.release();
        }
        if source.contains("call") {
            let id = realm.expect_call("ask");
            realm.resolve(id, "answer");
        }
        assert_eq!(pending.text(), expected);
        realm.check("1 + 1", "2");
        realm.free();
    }
}

#[test]
fn timers_of_others_fire_while_a_builtin_is_stuck() {
    let executor = eager();
    let (stuck, other) = (realm_on(&executor), realm_on(&executor));
    let timer = other.start("note('set'); await new Promise(done => setTimeout(() => done('fired'), 30))");
    other.expect_note("set");
    let pending = stuck.start_stuck(STUCK);
    assert_eq!(timer.text(), "fired");
    stuck.release();
    assert_eq!(pending.text(), "through");
}

#[test]
fn many_may_be_stuck_and_the_rest_waits_for_one_of_them() {
    let executor = eager();
    let stuck: Vec<_> = (0..MOST_STUCK)
        .map(|_| {
            let realm = realm_on(&executor);
            let pending = realm.start_stuck(STUCK);
            (realm, pending)
        })
        .collect();
    let other = realm_on(&executor);
    other.check("1 + 1", "2");
    let last = realm_on(&executor);
    let last_pending = last.start_stuck(STUCK);
    assert_eq!(executor.info().threads, 1 + MOST_STUCK);
    let waiting = other.start("1 + 1");
    last.release();
    assert_eq!((last_pending.text(), waiting.text()), ("through".into(), "2".into()));
    for (realm, pending) in stuck {
        realm.release();
        assert_eq!(pending.text(), "through");
        realm.free();
    }
}

#[test]
fn threads_that_were_stuck_serve_again() {
    let executor = eager();
    let other = realm_on(&executor);
    let stuck = realm_on(&executor);
    for _ in 0..2 * MOST_STUCK {
        let pending = stuck.start_stuck(STUCK);
        other.check("1 + 1", "2");
        stuck.release();
        assert_eq!(pending.text(), "through");
        other.check("1 + 1", "2");
    }
    assert!(executor.info().threads <= 1 + MOST_STUCK);
}

#[test]
fn a_stuck_realm_can_be_killed_and_reset() {
    let executor = eager();
    let other = realm_on(&executor);
    for source in [STUCK, "note('stuck'); for (;;) {}", "try { note('stuck'); callSync('f') } finally { for (;;) {} }"]
    {
        let _case = Case(source);
        let (killed, reset) = (realm_on(&executor), realm_on(&executor));
        let pending = (killed.start_stuck(source), reset.start_stuck(source));
        killed.handle.kill();
        let queued = reset.start("1");
        let done = reset.op(Op::Reset);
        other.check("1 + 1", "2");
        assert_eq!((pending.0.peek(), pending.1.peek()), (None, None));
        killed.release();
        reset.release();
        assert!(pending.0.text().contains("the runtime was stopped"));
        assert!(pending.1.text().contains("the runtime was reset"));
        assert!(queued.text().contains("the runtime was reset"));
        assert_eq!(done.wait(), Got::Done);
        reset.check("1 + 1", "2");
        killed.free();
    }
}

/// Nothing here waits for the stuck threads; they end what they hold when they come back.
#[test]
fn an_executor_ends_with_its_threads_stuck() {
    let executor = executor(2);
    let stuck: Vec<_> = (0..4)
        .map(|_| {
            let realm = realm_on(&executor);
            let pending = realm.start_stuck("note('stuck'); callSync('never')");
            (realm, pending)
        })
        .collect();
    let idle = realm_on(&executor);
    idle.check("1 + 1", "2");
    drop(executor);
    idle.free();
    let stuck: Vec<_> = stuck.into_iter().map(|(realm, pending)| (realm.drop_handle(), pending)).collect();
    for (ended, pending) in stuck {
        assert_eq!(pending.peek(), None);
        ended.free();
        assert!(pending.text().contains("the runtime was stopped"));
    }
}
