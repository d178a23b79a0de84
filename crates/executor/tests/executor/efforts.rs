//! What belongs to an op that goes on in callbacks: one budget for all of them, and nobody else's deadline.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

const BUDGET: u64 = 1_000_000;

const USED_UP: &str = "InterruptedError: the eval used up max_reductions: 1000000 steps";

/// Long enough to reach what is to be ended, also on a busy machine.
const TIMEOUT: Duration = Duration::from_millis(500);

const TIMED_OUT: &str = "TimeoutError: the eval timed out after 500 ms";

fn budgeted() -> TestRealm {
    realm_with(&eager(), |config| config.max_reductions = Some(BUDGET))
}

fn start_timed(realm: &TestRealm, source: &str) -> Pending {
    realm.submit(eval(source), SubmitOptions { timeout: Some(TIMEOUT), ..SubmitOptions::default() })
}

/// Each of 50 laps takes a fifth of the budget at least.
fn laps(wait: &str) -> String {
    format!("globalThis.n = 0; for (; n < 50; n++) {{ {wait}; for (let i = 0; i < 200000; i++); }} 'all'")
}

fn check_laps(realm: &TestRealm) {
    let laps: u64 = realm.eval("n").parse().unwrap();
    assert!(laps < 5, "{laps} laps");
    realm.check("1 + 1", "2");
}

#[test]
fn a_budget_holds_over_whatever_an_op_awaits() {
    for wait in [
        "await new Promise(done => setTimeout(done, 0))",
        "await new Promise(done => setImmediate(done))",
        "await new Promise(done => setTimeout(() => setImmediate(() => setTimeout(done, 0)), 0))",
        "await new Promise(done => { const id = setInterval(() => { clearTimeout(id); done() }, 0) })",
        "await new Promise(done => post(done))",
        "await echo('Object')",
        "await null",
        "await new Promise(done => setImmediate(done)); await null",
        "await (async () => { await echo('Object'); await new Promise(done => setTimeout(done, 0)) })()",
        "await Promise.all([echo('Object'), echo('Object'), new Promise(done => setTimeout(done, 0))])",
    ] {
        let _case = Case(wait);
        let realm = budgeted();
        realm.check("globalThis.tick = 0; setInterval(() => { tick++ }, 0); 0", "0");
        assert_eq!(realm.eval(&laps(wait)), USED_UP, "{wait}");
        check_laps(&realm);
    }
}

/// What settles them was set going by evals that were answered long ago.
const GATES: &str = "globalThis.waiting = []; setInterval(() => { for (const go of waiting.splice(0)) go() }, 0);
    globalThis.gate = () => new Promise(done => waiting.push(done));
    globalThis.laps = (async function* () { for (;;) yield await gate() })(); 0";

#[test]
fn a_budget_holds_where_others_settle_what_is_awaited() {
    for wait in [
        "await gate()",
        "await { then(done) { waiting.push(done) } }",
        "await gate().then(() => gate())",
        "await (async () => { await gate(); await null })()",
        "await Promise.race([gate(), gate()])",
        "await laps.next()",
        "await Promise.all([gate(), echo('Object')])",
        "for await (const lap of [gate()]);",
        "await new Promise(done => queueMicrotask(() => waiting.push(done)))",
        "await new Promise(done => gate().finally(done))",
    ] {
        let _case = Case(wait);
        let realm = budgeted();
        realm.check(GATES, "0");
        assert_eq!(realm.eval(&laps(wait)), USED_UP, "{wait}");
        check_laps(&realm);
    }
}

#[test]
fn a_budget_holds_over_answers_of_handlers() {
    let realm = budgeted();
    let pending = realm.start(&laps("await call('f')"));
    while let Event::Call { id, .. } = realm.event() {
        realm.resolve(id, "");
    }
    assert_eq!(pending.text(), USED_UP);
    check_laps(&realm);
}

#[test]
fn a_budget_holds_over_what_hears_of_errors() {
    for fail in [
        "Promise.reject(1); await new Promise(done => setTimeout(done, 0))",
        "setTimeout(() => null.x, 0); await echo('Object')",
    ] {
        let _case = Case(fail);
        let realm = budgeted();
        realm.check("globalThis.n = 0; setHook(() => { n++; for (let i = 0; i < 200000; i++); return true }); 0", "0");
        assert_eq!(realm.eval(&format!("for (let i = 0; i < 50; i++) {{ {fail} }}")), USED_UP);
        check_laps(&realm);
    }
}

#[test]
fn a_budget_holds_over_messages() {
    let realm = budgeted();
    let wait = "await new Promise(done => { const id = onMessage(() => { offMessage(id); done() }); note('listens') })";
    let pending = realm.start(&laps(wait));
    while realm.event() == Event::Note("listens".to_owned()) {
        realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
    }
    assert_eq!(pending.text(), USED_UP);
    check_laps(&realm);
}

/// Several ops that await at once, and whose answers come at once.
#[test]
fn ops_do_not_pay_for_each_other() {
    let realm = budgeted();
    let source = "await call('f'); for (let i = 0; i < 200000; i++); 'through'";
    let pending: Vec<_> = (0..20).map(|_| realm.start(source)).collect();
    let greedy = realm.start(&laps("await call('f')"));
    let calls: Vec<_> = (0..=20).map(|_| realm.expect_call("f")).collect();
    let outer = realm.start_stuck("note('stuck'); 'released'");
    for id in calls {
        realm.resolve(id, "");
    }
    realm.release();
    assert_eq!(outer.text(), "released");
    for pending in pending {
        assert_eq!(pending.text(), "through");
    }
    while let Event::Call { id, .. } = realm.event() {
        realm.resolve(id, "");
    }
    assert_eq!(greedy.text(), USED_UP);
}

#[test]
fn ops_that_await_the_same_do_not_pay_for_each_other() {
    let work = "for (let i = 0; i < 200000; i++); 'through'";
    for (make, settle) in [
        ("ready = new Promise(done => setInterval(() => { if (globalThis.go) done() }, 0))", "go = 1"),
        ("ready = call('ready')", "0"),
        ("{ const { promise, resolve } = Promise.withResolvers(); ready = promise; release = resolve }", "release()"),
        (
            "{ const { promise, resolve } = Promise.withResolvers(); ready = promise; release = resolve }",
            "await echo('Object'); release(); await null; release()",
        ),
    ] {
        let _case = Case(settle);
        let realm = budgeted();
        realm.check(&format!("var ready, release; {make}; 0"), "0");
        let call = make.contains("call(").then(|| realm.expect_call("ready"));
        let pending: Vec<_> = (0..20).map(|_| realm.start(&format!("await ready; {work}"))).collect();
        let greedy = realm.start(&laps("await ready"));
        if let Some(id) = call {
            realm.resolve(id, "");
        }
        realm.eval(settle);
        for pending in pending {
            assert_eq!(pending.text(), "through");
        }
        assert_eq!(greedy.text(), USED_UP);
    }
}

/// Jobs that wait are a part of it; what they would have settled is known to be lost.
#[test]
fn an_op_that_awaits_jobs_of_one_that_timed_out_is_told() {
    let realm = realm();
    let other = realm.start("await new Promise(done => { globalThis.pass = done; call('waits') })");
    realm.expect_call("waits");
    let looping = "{ const done = pass; delete globalThis.pass; (async () => { for (;;) await 1 })().then(done) } for (;;) await 2";
    assert_eq!(start_timed(&realm, looping).text(), TIMED_OUT);
    let told = other.text();
    assert!(told.starts_with("InterruptedError: the eval was interrupted"), "{told}");
    realm.check("1 + 1", "2");
}

/// The op waits for something else, which is not lost.
#[test]
fn an_op_is_told_at_once_that_a_callback_used_up_its_budget() {
    for hog in [
        "setTimeout(() => { for (;;) {} }, 0)",
        "setImmediate(() => { for (;;) {} })",
        "setInterval(() => { for (let i = 0; i < 50000; i++); }, 0)",
        "post(() => { for (;;) {} })",
        "echo('Object').then(() => { for (;;) {} })",
        "echo('Object').then(async () => { for (;;) await null })",
        "setTimeout(async () => { for (;;) await null }, 0)",
        "setHook(() => { for (;;) {} }); setTimeout(() => { null.x }, 0)",
    ] {
        let _case = Case(hog);
        let realm = budgeted();
        assert_eq!(realm.eval(&format!("globalThis.kept = call('never'); {hog}; await kept")), USED_UP, "{hog}");
        realm.check("1 + 1", "2");
    }
}

#[test]
fn callbacks_of_an_op_that_was_answered_have_budgets_of_their_own() {
    let work = "for (let i = 0; i < 200000; i++)";
    for source in [
        format!("setInterval(() => {{ {work}; note(++n) }}, 0); 1"),
        format!(
            "(async () => {{ for (;;) {{ await new Promise(done => setTimeout(done, 0)); {work}; note(++n) }} }})(); 1"
        ),
        format!("(async () => {{ for (;;) {{ await echo('Object'); {work}; note(++n) }} }})(); 1"),
        format!("(function again() {{ post(() => {{ {work}; note(++n); again() }}) }})(); 1"),
        format!(
            "setInterval(() => {{ if (globalThis.answered) {{ {work}; note(++n) }} }}, 0); await echo('Object'); answered = 1"
        ),
    ] {
        let _case = Case(&source);
        let realm = budgeted();
        realm.check(&format!("globalThis.n = 0; globalThis.answered = 0; {source}"), "1");
        for n in 1..=20 {
            realm.expect_note(&n.to_string());
        }
    }
}

/// What another op, or nobody, waits for is suspended while an op that merely waits times out.
#[test]
fn an_op_that_waits_and_times_out_leaves_alone_what_is_not_its_own() {
    for (source, is_open) in [
        ("await call('go'); callSync('hold')", true),
        ("await call('go'); await null; await (async () => callSync('hold'))()", true),
        ("await call('go'); await new Promise(done => setTimeout(done, 0)); callSync('hold')", true),
        ("await call('go'); await new Promise(done => post(done)); callSync('hold')", true),
        ("await call('go'); await new Promise(done => setTimeout(() => done(callSync('hold')), 0))", true),
        (
            "const id = setInterval(() => { if (!globalThis.go) return; clearTimeout(id); note(callSync('hold')) }, 0); 1",
            false,
        ),
        ("onMessage(() => note(callSync('hold'))); 1", false),
        ("(function again() { post(() => globalThis.go ? note(callSync('hold')) : again()) })(); 1", false),
        ("(async () => { while (!globalThis.go) await null; note(callSync('hold')) })(); 1", false),
        ("await new Promise(done => { globalThis.settle = done; call('go') }); callSync('hold')", true),
    ] {
        let _case = Case(source);
        let realm = realm();
        let bystander = realm.start(source);
        let go = is_open.then(|| realm.expect_call("go"));
        let parked =
            start_timed(&realm, "globalThis.go = true; setTimeout(() => globalThis.settle?.(), 0); call('parked')");
        realm.expect_call("parked");
        if let Some(id) = go {
            realm.resolve(id, "");
        }
        if source.contains("onMessage") {
            realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
        }
        let hold = realm.expect_call("hold");
        assert_eq!(parked.text(), TIMED_OUT);
        realm.resolve(hold, "well");
        if is_open {
            assert_eq!(bystander.text(), "well");
        } else {
            assert_eq!(bystander.text(), "1");
            realm.expect_note("well");
        }
        realm.check("1 + 1", "2");
    }
}

/// A continuation that nobody's deadline but its own ends.
#[test]
fn an_op_that_times_out_ends_its_own_callbacks() {
    for source in [
        "await new Promise(done => setImmediate(done)); for (;;) {}",
        "await echo('Object'); for (;;) {}",
        "await new Promise(done => post(done)); for (;;) {}",
        "setTimeout(() => { for (;;) {} }, 0); await new Promise(() => {})",
        "setImmediate(() => setTimeout(() => { for (;;) {} }, 0)); await new Promise(() => {})",
        "post(() => { for (;;) {} }); await new Promise(() => {})",
        "setTimeout(async () => { for (;;) await null }, 0); await new Promise(() => {})",
        "setTimeout(() => { callSync('never') }, 0); await new Promise(() => {})",
    ] {
        let _case = Case(source);
        let realm = realm();
        let other = realm.start("await call('other')");
        let id = realm.expect_call("other");
        assert_eq!(start_timed(&realm, source).text(), TIMED_OUT, "{source}");
        realm.check("1 + 1", "2");
        realm.resolve(id, "well");
        assert_eq!(other.text(), "well");
    }
}

/// Their jobs give way to each other's, so that one's are rarely running when its time is over.
#[test]
fn a_loop_in_jobs_ends_with_its_op_among_callbacks_of_others() {
    for beside in ["setInterval(() => {}, 0); 0", "setInterval(() => { for (let i = 0; i < 1e5; i++); }, 0); 0"] {
        for source in
            ["for (;;) { n++; await 1 }", "(function again() { n++; return Promise.resolve().then(again) })()"]
        {
            let _case = Case(source);
            let realm = realm();
            realm.check(beside, "0");
            assert_eq!(start_timed(&realm, &format!("globalThis.n = 0; {source}")).text(), TIMED_OUT);
            let quiet = "let before; do { before = globalThis.n; await new Promise(done => setTimeout(done, 1)) } while (globalThis.n !== before)";
            realm.check(&format!("{quiet}; 'quiet'"), "quiet");
            realm.free();
        }
    }
}
