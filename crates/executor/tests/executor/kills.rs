//! Killing a realm in every state: it ends at once, every op gets its outcome, everything is freed.

use crate::support::*;
use quickbeam_executor::*;
use std::sync::Arc;
use std::thread;

/// What the realm is brought to before it is killed; each notes or calls once it is there.
pub const STATES: &[(&str, &str)] = &[
    ("looping", "note('here'); for (;;) {}"),
    ("looping with a finally", "note('here'); for (;;) { try { for (;;) {} } finally { continue } }"),
    ("in a call", "callSync('here')"),
    ("in a call that is caught", "for (;;) { try { callSync('here') } catch {} }"),
    ("awaiting a call", "await call('here')"),
    ("awaiting nothing", "note('here'); await new Promise(() => {})"),
    ("sleeping", "note('here'); sleepSync(1e9)"),
    ("in a timer", "setTimeout(() => { note('here'); for (;;) {} }, 0); new Promise(() => {})"),
    ("in a timer's call", "setTimeout(() => callSync('here'), 0); new Promise(() => {})"),
    ("between timers", "setInterval(() => {}, 0); note('here'); new Promise(() => {})"),
    ("in an immediate", "(function again() { setImmediate(again) })(); note('here'); new Promise(() => {})"),
    ("in a chain of jobs", "note('here'); (function again() { return Promise.resolve().then(again) })()"),
    ("in a job", "Promise.resolve().then(() => { note('here'); for (;;) {} })"),
    ("in a regular expression", "note('here'); /(a+)+b/.exec('a'.repeat(64))"),
    ("in a builtin that allocates", "const text = `[${'1,'.repeat(3e6)}1]`; note('here'); for (;;) JSON.parse(text)"),
    ("in a sort", "note('here'); for (;;) [3, 1, 2].sort(() => 1)"),
    ("encoding a result", "({ get x() { note('here'); for (;;) {} } })"),
    ("encoding a result that calls", "({ get x() { callSync('here') } })"),
    (
        "describing an error",
        "const e = new Error; Object.defineProperty(e, 'message', { get() { note('here'); for (;;) {} } }); throw e",
    ),
];

const STOPPED: &str = "was interrupted: the runtime was stopped";

#[test]
fn a_realm_can_be_killed_in_every_state() {
    kill_in_every_state(&eager());
}

/// Loops on every processor make the killed realms move between threads.
#[test]
fn a_realm_can_be_killed_on_any_thread() {
    let executor = executor(3);
    let loops: Vec<_> = (0..4)
        .map(|_| {
            let realm = realm_on(&executor);
            (realm.start("for (;;) {}"), realm)
        })
        .collect();
    kill_in_every_state(&executor);
    for (pending, realm) in loops {
        realm.free();
        assert!(pending.text().contains(STOPPED));
    }
}

fn kill_in_every_state(executor: &Arc<Executor>) {
    let bystander = realm_on(executor);
    for (state, source) in STATES {
        let _case = Case(state);
        let realm = realm_on(executor);
        let pending = realm.start(source);
        realm.event();
        let queued: Vec<_> = (0..20).map(|_| realm.start("1")).collect();
        realm.handle.kill();
        let got = pending.text();
        assert!(got.contains(STOPPED), "{state}: {got}");
        for pending in queued {
            // Those that ran before the kill have a value.
            let got = pending.text();
            assert!(got == "1" || got.contains(STOPPED), "{state}: {got}");
        }
        assert_eq!(realm.try_submit(eval("1"), SubmitOptions::default()).err(), Some(SubmitError::Closed), "{state}");
        bystander.check("1 + 1", "2");
        let died = realm.free().into_iter().find(|event| matches!(event, Event::Died(_)));
        assert_eq!(died, None, "{state}: a realm that is stopped did not die");
    }
}

#[test]
fn dropping_the_handle_kills() {
    let executor = eager();
    for (state, source) in STATES {
        let _case = Case(state);
        let realm = realm_on(&executor);
        let pending = realm.start(source);
        realm.event();
        realm.free();
        assert!(pending.text().contains(STOPPED), "{state}");
    }
}

#[test]
fn a_realm_can_be_killed_in_a_nested_op_of_every_kind() {
    let executor = eager();
    for (state, source) in STATES {
        let _case = Case(state);
        let realm = realm_on(&executor);
        let outer = realm.start("callSync('outer')");
        let id = realm.expect_call("outer");
        let nested = realm.start_nested(id, source);
        // What waits for timers or jobs goes on while the nested op is parked.
        realm.event();
        realm.handle.kill();
        assert!(outer.text().contains(STOPPED), "{state}");
        assert!(nested.text().contains(STOPPED), "{state}");
        realm.free();
    }
}

#[test]
fn a_realm_can_be_killed_while_it_starts() {
    let executor = eager();
    for _ in 0..200 {
        let realm = realm_on(&executor);
        let pending: Vec<_> = (0..3).map(|_| realm.start("1")).collect();
        realm.handle.kill();
        for pending in pending {
            let got = pending.text();
            assert!(got == "1" || got.contains(STOPPED), "{got}");
        }
        realm.free();
    }
    for _ in 0..200 {
        realm_on(&executor).free();
    }
}

#[test]
fn a_realm_can_be_killed_with_a_full_inbox() {
    let executor = Executor::new(&ExecutorOptions { inbox_capacity: 100, ..options() }).unwrap();
    let realm = realm_on(&executor);
    let waiting = realm.start("callSync('wait')");
    realm.expect_call("wait");
    let mut queued = Vec::new();
    while let Ok(pending) = realm.try_submit(eval("1"), SubmitOptions::default()) {
        queued.push(pending);
    }
    assert_eq!(queued.len(), 100);
    realm.handle.kill();
    for pending in queued.into_iter().chain([waiting]) {
        assert!(pending.text().contains(STOPPED));
    }
    realm.free();
}

#[test]
fn kills_and_submissions_race_without_loss() {
    let executor = executor(2);
    for _ in 0..100 {
        let realm = realm_on(&executor);
        let handle = &realm.handle;
        thread::scope(|scope| {
            let submitter = scope.spawn(|| {
                let mut pending = Vec::new();
                while let Ok(one) = submit_to(handle, eval("1"), SubmitOptions::default()) {
                    pending.push(one);
                }
                pending
            });
            scope.spawn(|| handle.kill());
            for pending in submitter.join().unwrap() {
                let got = pending.text();
                assert!(got == "1" || got.contains(STOPPED), "{got}");
            }
        });
        realm.free();
    }
}
