//! Resetting a realm.

use crate::support::*;
use quickbeam_executor::*;

fn reset(realm: &TestRealm) {
    assert_eq!(realm.op(Op::Reset).wait(), Got::Done);
}

/// Everything that a script can see of a realm's globals.
const PORTRAIT: &str = "(() => {
    const seen = new Map(), lines = [];
    (function walk(path, value) {
        if (value === null || typeof value !== 'object' && typeof value !== 'function' || seen.has(value)) return;
        seen.set(value, path);
        lines.push(path + ' ' + Object.isExtensible(value) + ' ' + (seen.get(Object.getPrototypeOf(value)) ?? '?'));
        for (const key of Reflect.ownKeys(value)) {
            const d = Object.getOwnPropertyDescriptor(value, key), name = path + '.' + String(key);
            const is_plain = 'value' in d && typeof d.value !== 'object' && typeof d.value !== 'function';
            const shown = is_plain ? String(d.value) : typeof d.value;
            lines.push(name + ' ' + [d.writable, d.enumerable, d.configurable, shown]);
            for (const part of [d.value, d.get, d.set]) walk(name, part);
        }
    })('globalThis', globalThis);
    return lines.filter(line => !line.includes('timeOrigin')).join('\\n');
})()";

#[test]
fn a_reset_gives_exactly_a_fresh_realm() {
    let executor = eager();
    let fresh = realm_on(&executor).eval(PORTRAIT);
    assert!(fresh.lines().count() > 1_000, "{fresh}");
    let realm = realm_on(&executor);
    for damage in [
        "globalThis.x = 1; let y = 2; class Z {}; var v; function f() {}",
        "delete globalThis.Array; Object.prototype.polluted = 1; Array.prototype.push = null",
        "Object.freeze(globalThis); Object.preventExtensions(Object.prototype)",
        "Promise.prototype.then = () => { throw 1 }; globalThis.JSON = undefined",
        "setTimeout(() => {}, 1e6); setInterval(() => {}, 0); onMessage(() => {}); setHook(() => true); 0",
        "Math.random = () => 4; Date.now = () => 0; globalThis.eval = null",
        "globalThis.big = []; for (let i = 0; i < 1e5; i++) big.push({ i }); 0",
    ] {
        realm.start(damage).wait();
        reset(&realm);
        assert_eq!(realm.eval(PORTRAIT), fresh, "{damage}");
        realm.check("typeof x + typeof y + typeof Z + typeof v + typeof f", &"undefined".repeat(5));
        let Got::Figures(figures) = realm.op(Op::Info).wait() else { panic!("no figures") };
        assert_eq!((figures["timers"], figures["pending_calls"], figures["pending_ops"]), (0, 0, 0), "{damage}");
    }
}

const RESET: &str = "InterruptedError: the eval was interrupted: the runtime was reset";

#[test]
fn ops_before_a_reset_end_with_it_and_those_after_it_run() {
    let realm = realm();
    let parked: Vec<_> = (0..100).map(|_| realm.start("new Promise(() => {})")).collect();
    let calling = realm.start("call('f')");
    realm.expect_call("f");
    realm.check("globalThis.x = 1", "1");
    let running = realm.start("callSync('g')");
    let id = realm.expect_call("g");
    let queued: Vec<_> = (0..10).map(|_| realm.start("1")).collect();
    let reset = realm.op(Op::Reset);
    let after = realm.start("typeof x");
    for pending in parked.into_iter().chain([calling, running]).chain(queued) {
        assert_eq!(pending.text(), RESET);
    }
    assert_eq!(reset.wait(), Got::Done);
    assert_eq!(after.text(), "undefined");
    realm.resolve(id, "too late");
    realm.check("1 + 1", "2");
}

#[test]
fn a_reset_waits_for_nothing_that_runs() {
    let executor = eager();
    let bystander = realm_on(&executor);
    for (state, source) in crate::kills::STATES {
        let _case = Case(state);
        let realm = realm_on(&executor);
        let pending = realm.start(source);
        realm.event();
        reset(&realm);
        assert_eq!(pending.text(), RESET);
        realm.check("1 + 1", "2");
        bystander.check("1 + 1", "2");
        let ends = realm.free().into_iter().find(|event| matches!(event, Event::Died(_) | Event::Uncaught(_)));
        assert_eq!(ends, None);
    }
}

#[test]
fn a_handler_may_reset_the_realm_that_waits_for_it() {
    let executor = eager();
    for (state, source) in crate::kills::STATES {
        let _case = Case(state);
        let realm = realm_on(&executor);
        let outer = realm.start("callSync('outer')");
        let id = realm.expect_call("outer");
        let nested = realm.start_nested(id, source);
        realm.event();
        let reset = realm.submit(Op::Reset, under(&realm.handle, id));
        let after = realm.start_nested(id, "typeof outer");
        assert_eq!((reset.wait(), nested.text(), outer.text()), (Got::Done, RESET.into(), RESET.into()));
        assert_eq!(after.text(), "undefined");
    }
}

#[test]
fn a_full_inbox_takes_a_reset() {
    let executor = Executor::new(&ExecutorOptions { inbox_capacity: 100, ..options() }).unwrap();
    let realm = realm_on(&executor);
    let mut pending = vec![realm.start("callSync('wait')")];
    realm.expect_call("wait");
    while let Ok(queued) = realm.try_submit(eval("1"), SubmitOptions::default()) {
        pending.push(queued);
    }
    reset(&realm);
    for pending in pending {
        assert_eq!(pending.text(), RESET);
    }
    realm.check("1 + 1", "2");
}

#[test]
fn a_storm_of_resets_ends() {
    let executor = executor(2);
    let realms: Vec<_> = (0..4).map(|_| realm_on(&executor)).collect();
    for _ in 0..50 {
        let pending: Vec<_> = realms
            .iter()
            .flat_map(|realm| {
                [
                    realm.start("new Promise(() => {})"),
                    realm.op(Op::Reset),
                    realm.op(Op::Reset),
                    realm.start("globalThis.x = 1"),
                ]
            })
            .collect();
        for pending in pending {
            pending.wait();
        }
    }
    for realm in realms {
        realm.check("x", "1");
        realm.free();
    }
}
