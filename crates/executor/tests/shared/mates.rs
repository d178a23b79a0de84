//! What realms of one isolate notice of each other.

use crate::support::*;
use quickbeam_executor::*;
use std::sync::Arc;

/// Realms that all fit into one isolate; nothing else is in it.
fn mates(count: usize, memory_limit: usize) -> (Arc<Executor>, Vec<TestRealm>) {
    let options = ExecutorOptions { slice: std::time::Duration::ZERO, contexts_per_isolate: count, ..options() };
    let executor = Executor::new(&options).unwrap();
    let realms = (0..count).map(|_| lone_realm_with(&executor, |config| config.memory_limit = memory_limit)).collect();
    assert_eq!((isolates(&executor), realm_count(&executor)), (1, count));
    (executor, realms)
}

const LIMIT: usize = 256 << 20;

fn isolates(executor: &Executor) -> usize {
    executor.info().processors.iter().map(|processor| processor.isolates).sum()
}

fn realm_count(executor: &Executor) -> usize {
    executor.info().processors.iter().map(|processor| processor.realms).sum()
}

const STOPPED: &str = "was interrupted: the runtime was stopped";

#[test]
fn realms_of_an_isolate_take_turns_and_are_suspended_in_any_order() {
    let (_executor, realms) = mates(64, LIMIT);
    let loops: Vec<_> = realms[..8].iter().map(|realm| realm.start("note('here'); for (;;) {}")).collect();
    let calls: Vec<_> = realms[8..].iter().map(|realm| realm.start("callSync('f') + callSync('g')")).collect();
    let ids: Vec<_> = realms[8..].iter().map(|realm| realm.expect_call("f")).collect();
    for (realm, id) in realms[8..].iter().zip(ids).rev() {
        assert_eq!(realm.start_nested(id, "'nested'").text(), "nested");
        realm.resolve(id, "a");
    }
    for realm in realms[8..].iter().step_by(2).chain(realms[9..].iter().step_by(2)) {
        let id = realm.expect_call("g");
        realm.resolve(id, "b");
    }
    for pending in calls {
        assert_eq!(pending.text(), "ab");
    }
    for (realm, pending) in realms.iter().zip(loops) {
        realm.handle.kill();
        assert!(pending.text().contains(STOPPED));
    }
}

#[test]
fn every_state_of_one_realm_ends_alone() {
    for (state, source) in crate::kills::STATES {
        let _case = Case(state);
        let (executor, mut realms) = mates(3, LIMIT);
        let other = realms[1].start("callSync('f') + typeof polluted");
        let id = realms[1].expect_call("f");
        let killed = realms.remove(0);
        let pending = killed.start(source);
        killed.event();
        realms[1].check("1 + 1", "2");
        killed.free();
        assert!(pending.text().contains(STOPPED));
        realms[0].resolve(id, "f");
        assert_eq!(other.text(), "fundefined");
        until(|| realm_count(&executor) == 2);
        // Its seat is free for another.
        let fresh = lone_realm_with(&executor, |config| config.memory_limit = LIMIT);
        fresh.check("typeof f + typeof text", "undefinedundefined");
        assert_eq!(isolates(&executor), 1);
        assert_eq!(fresh.op(Op::Reset).wait(), Got::Done);
        fresh.check("1 + 1", "2");
        for realm in realms {
            realm.free();
        }
        fresh.free();
        until(|| isolates(&executor) == 0);
    }
}

/// A builtin that is stuck holds up those of its isolate, and nobody else.
#[test]
fn mates_wait_for_a_stuck_builtin() {
    let (executor, realms) = mates(2, LIMIT);
    let pending = realms[0].start_stuck("note('stuck'); 'through'");
    let mate = realms[1].start("1 + 1");
    let other = lone_realm_with(&executor, |_| {});
    other.check("1 + 1", "2");
    assert_eq!((isolates(&executor), mate.peek()), (2, None));
    realms[0].release();
    assert_eq!((pending.text(), mate.text()), ("through".into(), "2".into()));
}

#[test]
fn a_realm_that_passes_its_limit_is_alone_in_that() {
    check_greed(&["const a = []; for (;;) a.push({})", "globalThis.a = []; for (;;) a.push({})"]);
}

#[test]
fn a_realm_whose_builtin_takes_too_much_is_alone_in_that() {
    check_greed(&GREEDY_BUILTINS);
}

/// Each source ends for want of memory, after which its realm goes on as its mates do.
fn check_greed(sources: &[&str]) {
    let (_executor, realms) = mates(3, 16 << 20);
    realms[1].check("globalThis.kept = Array.from({ length: 1e4 }, (_, i) => ({ i })); kept.length", "10000");
    for &source in sources {
        let _case = Case(source);
        let got = realms[0].eval(source);
        assert!(got.contains("OutOfMemory") || got.contains("RangeError"), "{got}");
        realms[0].check("globalThis.a = null; 1 + 1", "2");
        realms[1].check("kept.every((value, i) => value.i === i)", "true");
        realms[2].check("{ const b = []; for (let i = 0; i < 1e4; i++) b.push({ i }); b.length }", "10000");
    }
}

/// A mate that runs before all are ended notices by itself.
fn is_told(message: &str) -> bool {
    message.contains("a runtime of the same isolate broke it") || message.contains("internal bug")
}

/// The price of sharing: a heap that is broken is everybody's.
#[test]
fn realms_die_with_the_isolate_that_one_of_them_breaks() {
    for source in ["panic()", "Object.entries(exhaust('x'.repeat(1e4)))"] {
        let _case = Case(source);
        let (executor, realms) = mates(3, 16 << 20);
        let suspended = realms[1].start("callSync('f')");
        realms[1].expect_call("f");
        let parked = realms[2].start("await call('f')");
        realms[2].expect_call("f");
        let culprit = realms[0].start(source).first();
        assert!(culprit.contains("internal bug") || culprit.contains("emory"), "{culprit}");
        if !culprit.contains("RangeError") && realms[0].try_submit(eval("1"), SubmitOptions::default()).is_err() {
            for pending in [suspended, parked] {
                let got = pending.text();
                assert!(is_told(&got), "{got}");
            }
            realms[0].expect_death();
            for realm in &realms[1..] {
                assert!(is_told(&realm.expect_death().message));
            }
        }
        until(|| isolates(&executor) <= 1);
        let fresh = lone_realm_with(&executor, |config| config.memory_limit = 16 << 20);
        fresh.check("1 + 1", "2");
    }
}

#[test]
fn realms_that_differ_in_their_limits_do_not_share() {
    let executor = executor(1);
    let limits = [8 << 20, 16 << 20, 16 << 20, 8 << 20];
    let realms: Vec<_> = limits.map(|limit| lone_realm_with(&executor, |config| config.memory_limit = limit)).into();
    assert_eq!((isolates(&executor), realms.len()), (2, 4));
}

#[test]
fn thousands_of_realms_come_and_go() {
    let executor = executor(2);
    let mut realms: Vec<TestRealm> = Vec::new();
    for index in 0..2_000 {
        let realm = lone_realm_with(&executor, |config| config.max_stack_size = 128 << 10);
        realm.check("globalThis.mine = [1, 2, 3].map(n => ({ n })); typeof other", "undefined");
        realms.push(realm);
        if index % 3 != 0 {
            realms.swap_remove(index * 7 % realms.len()).free();
        }
    }
    for realm in &realms {
        realm.check("mine.length", "3");
    }
    for realm in realms {
        realm.free();
    }
    until(|| isolates(&executor) == 0);
}
