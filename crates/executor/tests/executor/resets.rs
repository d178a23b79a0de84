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

#[test]
fn parked_ops_end_with_a_reset_and_queued_ones_run_after_it() {
    let realm = realm();
    let parked: Vec<_> = (0..100).map(|_| realm.start("new Promise(() => {})")).collect();
    let calling = realm.start("call('f')");
    realm.expect_call("f");
    realm.check("globalThis.x = 1", "1");
    let reset = realm.op(Op::Reset);
    let after = realm.start("typeof x");
    for pending in parked.into_iter().chain([calling]) {
        assert_eq!(pending.text(), "InterruptedError: the eval was interrupted: the runtime was reset");
    }
    assert_eq!(reset.wait(), Got::Done);
    assert_eq!(after.text(), "undefined");
}

#[test]
fn a_reset_waits_for_the_op_that_runs() {
    let realm = realm();
    let running = realm.start("callSync('f'); 'through'");
    let id = realm.expect_call("f");
    let reset = realm.op(Op::Reset);
    realm.resolve(id, "");
    assert_eq!(running.text(), "through");
    assert_eq!(reset.wait(), Got::Done);
}

#[test]
fn a_handler_cannot_reset_the_realm_that_waits_for_it() {
    let realm = realm();
    let pending = realm.start("callSync('f')");
    let id = realm.expect_call("f");
    let got = realm.submit(Op::Reset, SubmitOptions { parent: Some(id), timeout: None }).text();
    assert!(got.starts_with("InvalidStateError"), "{got}");
    realm.resolve(id, "done");
    assert_eq!(pending.text(), "done");
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

#[test]
fn memory_returns_with_a_reset() {
    let realm = realm();
    let used = |realm: &TestRealm| match realm.op(Op::MemoryUsage).wait() {
        Got::Figures(figures) => figures["malloc_size"],
        other => panic!("{other}"),
    };
    reset(&realm);
    let fresh = used(&realm);
    realm.check("globalThis.a = []; for (let i = 0; i < 1e5; i++) a.push({ i }); a.length", "100000");
    assert!(used(&realm) > fresh + 5_000_000);
    reset(&realm);
    assert_eq!(used(&realm), fresh);
}
