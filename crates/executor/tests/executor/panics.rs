//! Panics in native code end their isolate with an internal-bug error, and nothing else.

use crate::support::*;
use quickbeam_executor::*;

fn check_death(realm: TestRealm, pending: Vec<Pending>, what: &str) {
    let report = loop {
        match realm.event() {
            Event::Died(report) => break report,
            Event::Note(_) | Event::Call { .. } | Event::Uncaught(Uncaught::Rejection(_)) => {}
            other => panic!("{what}: {other:?}"),
        }
    };
    assert_eq!(report.name, "InternalError", "{what}");
    assert!(report.message.starts_with("internal bug in QuickBEAM"), "{what}: {report}");
    assert!(report.message.ends_with("please report it"), "{what}: {report}");
    for pending in pending {
        let got = pending.text();
        assert!(got.starts_with("InternalError: internal bug in QuickBEAM"), "{what}: {got}");
    }
    assert_eq!(realm.try_submit(eval("1"), SubmitOptions::default()).err(), Some(SubmitError::Closed), "{what}");
    assert_eq!(realm.free(), [], "{what}");
}

#[test]
fn a_panic_of_a_native_function_ends_its_isolate() {
    let executor = eager();
    let neighbour = realm_on(&executor);
    for source in [
        "panic()",
        "try { panic() } catch { 'caught' } finally { note('finally') }",
        "[1].map(panic)",
        "Promise.resolve().then(panic)",
        "setTimeout(panic, 0); new Promise(() => {})",
        "setImmediate(panic); new Promise(() => {})",
        "(async () => { await 0; panic() })()",
        "({ get x() { panic() } })",
        "const e = new Error; Object.defineProperty(e, 'message', { get: panic }); throw e",
        "callSync('panic')",
        "call('panic')",
        "note('panic')",
        "setTimeout(() => { throw new Error('panic') }, 0); new Promise(() => {})",
        "setHook(panic); Promise.reject(1); new Promise(() => {})",
    ] {
        let realm = realm_on(&executor);
        let parked = realm.start("new Promise(() => {})");
        let pending = realm.start(source);
        let mut all = vec![parked, pending];
        all.extend(realm.try_submit(eval("new Promise(() => {})"), SubmitOptions::default()));
        check_death(realm, all, source);
        neighbour.check("1 + 1", "2");
    }
}

#[test]
fn a_panic_in_a_nested_op_ends_the_outer_one_too() {
    let realm = realm();
    let outer = realm.start("callSync('f')");
    let id = realm.expect_call("f");
    let middle = realm.start_nested(id, "callSync('g')");
    let id = realm.expect_call("g");
    let inner = realm.start_nested(id, "panic()");
    check_death(realm, vec![outer, middle, inner], "nested");
}

#[test]
fn a_panic_of_an_input_ends_its_isolate() {
    let broken = || input(|_| panic!("an input"));
    for make in [
        |value| Op::SetGlobal { name: "x".into(), value },
        |args| Op::Call { path: "String".into(), args },
        |vars| Op::Eval { source: "1".into(), filename: None, vars: Some(vars) },
        Op::Message,
    ] as [fn(Box<dyn Input>) -> Op; 4]
    {
        let realm = realm();
        let parked = realm.start("new Promise(() => {})");
        let pending = realm.op(make(broken()));
        check_death(realm, vec![parked, pending], "input");
    }
    for source in ["callSync('f')", "call('f')"] {
        let _case = Case(source);
        let realm = realm();
        let pending = realm.start(source);
        let id = realm.expect_call("f");
        realm.handle.resolve(id, Ok(broken()));
        check_death(realm, vec![pending], source);
    }
}

/// Panics when it is sent.
struct Bomb;

impl Reply for Bomb {
    fn send(self: Box<Self>, _: Outcome<'_, '_>) {
        panic!("a reply");
    }
}

#[test]
fn a_panic_of_a_reply_ends_its_isolate_and_no_other_reply_is_lost() {
    for source in ["1 + 1", "throw 1", "await 0", "setTimeout(() => {}, 0); new Promise(done => setImmediate(done))"] {
        let _case = Case(source);
        let realm = realm();
        let parked = realm.start("new Promise(() => {})");
        realm.handle.submit(eval(source), Box::new(Bomb), SubmitOptions::default()).unwrap();
        check_death(realm, vec![parked], source);
    }
}

/// Several deadlines pass at once, in an op that runs for ever; the first reply to be told panics.
#[test]
fn a_panic_of_a_reply_that_times_out_loses_no_other() {
    let realm = realm();
    let looping = realm.start("note('on'); for (;;) {}");
    realm.expect_note("on");
    let options = SubmitOptions { timeout: Some(std::time::Duration::ZERO), ..SubmitOptions::default() };
    realm.handle.submit(eval("1"), Box::new(Bomb), options).unwrap();
    check_death(realm, vec![looping], "timeout");
}

/// Replies that panic while a realm ends must not take its worker along.
#[test]
fn panics_while_a_realm_ends_harm_nobody() {
    let executor = eager();
    let neighbour = realm_on(&executor);
    let realm = realm_on(&executor);
    let waiting = realm.start("callSync('f')");
    realm.expect_call("f");
    for _ in 0..3 {
        realm.handle.submit(eval("1"), Box::new(Bomb), SubmitOptions::default()).unwrap();
    }
    let queued = realm.start("1");
    realm.handle.kill();
    for pending in [waiting, queued] {
        assert!(pending.text().contains("was stopped"));
    }
    realm.free();
    neighbour.check("1 + 1", "2");
}
