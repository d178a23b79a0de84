//! Deadlines and budgets, in every place where JavaScript can be.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

const TIMED_OUT: &str = "TimeoutError: the eval timed out after 20 ms";

/// Scripts that would run for ever, or for many seconds, mostly inside builtins.
const COSTLY: &[&str] = &[
    "for (;;) {}",
    "const a = new Array(1e6); for (;;) a.fill(1)",
    "const s = 'x'.repeat(5e7); for (;;) s.indexOf('y')",
    "/(a+)+b/.exec('a'.repeat(64))",
    "for (;;) /(a+)+b/.exec('a'.repeat(20))",
    "const a = Array.from({ length: 1e5 }, (_, i) => i ^ 5); for (;;) a.sort((x, y) => x - y)",
    "const o = {}; for (let i = 0; i < 1e4; i++) o[i] = { i }; for (;;) JSON.stringify(o)",
    "'a'.repeat(1e7).indexOf('a'.repeat(5e6) + 'b')",
    "'a'.repeat(1e7).replaceAll('a'.repeat(5e6) + 'b', '')",
    "let a = []; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity)",
    "Array.prototype.keys.call({ length: 2 ** 53 - 1 }).drop(Infinity).next()",
    "const n = 7n ** 300000n; for (;;) String(n * n)",
    "eval('class A {' + Array.from({ length: 6e4 }, (_, i) => '#a' + i + ';').join('') + '}')",
    "new RegExp('[' + Array.from({ length: 1e5 }, (_, i) => String.fromCodePoint(0x20000 + i * 3)).join('') + ']', 'u')",
    "sleepSync(1e9)",
    "for (;;) { try { for (;;) {} } finally { continue } }",
    "for (;;) { try { sleepSync(1e9) } catch {} }",
    "await new Promise(() => {})",
    "function again() { return Promise.resolve().then(again) } await again()",
    "await (async () => { for (;;) await 0 })()",
    "new Promise(done => setInterval(() => {}, 0))",
    "({ toString() { for (;;) {} } }) + ''",
    "throw { get message() { for (;;) {} }, __proto__: Error.prototype }",
    "const e = new Error; Object.defineProperty(e, 'stack', { get() { for (;;) {} } }); throw e",
    "const e = new Error; Object.defineProperty(e, 'cause', { get() { for (;;) {} } }); throw e",
];

#[test]
fn every_costly_script_times_out_and_leaves_the_realm_usable() {
    for executor in [eager(), Executor::new(&ExecutorOptions::default()).unwrap()] {
        for source in COSTLY {
            let _case = Case(source);
            let realm = realm_on(&executor);
            assert_eq!(realm.start_timed(source).text(), TIMED_OUT, "{source}");
            realm.check("1 + 1", "2");
            realm.free();
        }
    }
}

/// The same scripts where no op waits for them: an op that waits for the realm ends them, and itself, with its deadline.
#[test]
fn every_costly_callback_gives_way_to_a_deadline() {
    let executor = eager();
    for source in COSTLY.iter().filter(|source| !source.contains("await") && !source.contains("throw")) {
        let _case = Case(source);
        let source = if source.starts_with("new Promise") { "for (;;) {}" } else { source };
        for start in [
            format!("setTimeout(() => {{ note('on'); {source} }}, 0)"),
            format!("setImmediate(() => {{ note('on'); {source} }})"),
            format!(
                "Promise.resolve().then(() => setImmediate(() => Promise.resolve().then(() => {{ note('on'); {source} }})))"
            ),
            format!("onMessage(() => {{ note('on'); {source} }})"),
            format!("call('f').then(() => {{ note('on'); {source} }})"),
        ] {
            let realm = realm_on(&executor);
            realm.check(&format!("{start}; 'started'"), "started");
            if start.starts_with("onMessage") {
                realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
            }
            if start.starts_with("call") {
                let id = realm.expect_call("f");
                realm.resolve(id, "");
            }
            realm.expect_note("on");
            assert_eq!(realm.start_timed("1 + 1").text(), TIMED_OUT, "{start}");
            let report = realm.expect_uncaught();
            assert_eq!(report.name, "InterruptedError", "{start}: {report}");
            assert!(report.message.contains("an op that waited for this runtime timed out"), "{start}: {report}");
            realm.check("1 + 1", "2");
            realm.free();
        }
    }
}

/// Settling a promise reads `then`, which the guest may have made anything.
#[test]
fn a_getter_that_runs_while_an_answer_settles_gives_way() {
    let realm = realm();
    realm.check(
        "call('f'); Object.defineProperty(Object.prototype, 'then', { get() { note('in'); for (;;) {} } }); 0",
        "0",
    );
    let id = realm.expect_call("f");
    realm.handle.resolve(id, Ok(input(|ctx| ctx.object())));
    realm.expect_note("in");
    assert_eq!(realm.start_timed("1").text(), TIMED_OUT);
    // The call's promise was rejected, which nobody handles.
    assert_eq!(realm.expect_uncaught().message, "interrupted");
    realm.check("delete Object.prototype.then; let n = 0; while (n < 1e6) n++; n", "1000000");
}

#[test]
fn a_loop_that_goes_on_in_jobs_ends_with_its_op() {
    for executor in [eager(), Executor::new(&ExecutorOptions::default()).unwrap()] {
        for source in [
            "for (;;) { n++; await 1 }",
            "await (async () => { for (;;) { n++; await 0 } })()",
            "(function again() { n++; return Promise.resolve().then(again) })()",
        ] {
            let _case = Case(source);
            let realm = realm_on(&executor);
            assert_eq!(realm.start_timed(&format!("globalThis.n = 0; {source}")).text(), TIMED_OUT);
            let quiet = "let before; do { before = globalThis.n; await new Promise(done => setTimeout(done, 1)) } while (globalThis.n !== before)";
            realm.check(&format!("{quiet}; 'quiet'"), "quiet");
            realm.free();
        }
    }
}

#[test]
fn an_endless_chain_of_jobs_lets_ops_through() {
    let executor = eager();
    let realm = realm_on(&executor);
    realm.check("globalThis.on = true; (function again() { if (on) Promise.resolve().then(again) })(); 1", "1");
    for _ in 0..5 {
        realm.check("1 + 1", "2");
    }
    let parked = realm.start_timed("new Promise(() => {})");
    assert_eq!(parked.text(), TIMED_OUT);
    realm.check("on = false; 'off'", "off");
}

#[test]
fn an_endless_chain_of_jobs_lets_timers_and_messages_through() {
    let executor = eager();
    let realm = realm_on(&executor);
    let chain = "(function again() { Promise.resolve().then(again) })();";
    for (source, expected) in [
        ("setTimeout(() => note('timer'), 0); 1", "timer"),
        ("setImmediate(() => note('immediate')); 1", "immediate"),
        ("onMessage(() => note('message')); 1", "message"),
    ] {
        let _case = Case(source);
        let realm = realm_on(&executor);
        realm.check(&format!("{chain} {source}"), "1");
        realm.handle.cast(Op::Message(input(|ctx| ctx.string("hello")))).unwrap();
        realm.expect_note(expected);
    }
    // Timers whose own chains go on for ever do not keep ops waiting for all of them.
    realm.check(&format!("for (let i = 0; i < 5000; i++) setTimeout(() => {{ {chain} }}, 0); 1"), "1");
    realm.check("1 + 1", "2");
}

/// A value whose encoding runs for ever, given at once and after a wait.
#[test]
fn encoding_the_result_counts_towards_the_deadline() {
    let realm = realm();
    for source in [
        "({ get x() { for (;;) {} } })",
        "Promise.resolve({ get x() { for (;;) {} } })",
        "new Promise(done => setTimeout(() => done({ get x() { for (;;) {} } }), 1))",
        "({ get x() { callSync('never') } })",
        "new Proxy({}, { ownKeys() { for (;;) {} } })",
    ] {
        assert_eq!(realm.start_timed(source).text(), TIMED_OUT, "{source}");
        realm.check("1 + 1", "2");
    }
}

#[test]
fn queued_ops_time_out_behind_one_that_runs_for_ever() {
    let realm = realm();
    let looping = realm.start("note('on'); for (;;) {}");
    realm.expect_note("on");
    let queued: Vec<_> = (0..10).map(|_| realm.start_timed("1")).collect();
    for pending in queued {
        assert_eq!(pending.text(), TIMED_OUT);
    }
    realm.handle.kill();
    assert!(looping.text().contains("was stopped"));
}

#[test]
fn a_deadline_may_be_any_duration() {
    let realm = realm();
    for timeout in [Duration::MAX, Duration::from_secs(u64::MAX / 4)] {
        let options = SubmitOptions { timeout: Some(timeout), ..SubmitOptions::default() };
        assert_eq!(realm.submit(eval("1 + 1"), options).text(), "2");
    }
    let options = SubmitOptions { timeout: Some(Duration::ZERO), ..SubmitOptions::default() };
    assert_eq!(realm.submit(eval("1 + 1"), options).text(), "TimeoutError: the eval timed out after 0 ms");
}

fn budgeted(budget: u64) -> TestRealm {
    realm_with(&eager(), |config| config.max_reductions = Some(budget))
}

/// A loop of one step a lap ends after at least `budget` and before twice as many steps.
#[test]
fn a_budget_ends_a_tight_loop_in_time() {
    for budget in [100, 101, 1_000, 9_999, 10_000, 10_001, 25_000, 100_000, 1_000_000] {
        let realm = budgeted(budget);
        let message = format!("InterruptedError: the eval used up max_reductions: {budget} steps");
        for source in ["globalThis.n = 0; for (;;) n++", "globalThis.n = 0; (function f() { n++; f.call() })()"] {
            let _case = Case(source);
            let got = realm.eval(source);
            if got.starts_with("RangeError") {
                continue;
            }
            assert_eq!(got, message, "{source}");
            let laps: u64 = realm.eval("n").parse().unwrap();
            assert!((budget / 4..2 * budget).contains(&laps), "{laps} laps with a budget of {budget}: {source}");
        }
    }
}

#[test]
fn every_callback_has_a_budget_of_its_own() {
    let budget = 5_000;
    let realm = budgeted(budget);
    for start in [
        "setTimeout(() => { for (;;) n++ }, 0)",
        "setImmediate(() => { for (;;) n++ })",
        "setImmediate(() => Promise.resolve().then(() => { for (;;) n++ }))",
        "globalThis.on ??= onMessage(() => { for (;;) n++ })",
    ] {
        realm.check(&format!("globalThis.n = 0; {start}; 'started'"), "started");
        if start.contains("onMessage") {
            realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
        }
        let report = realm.expect_uncaught();
        assert!(report.message.ends_with("used up max_reductions: 5000 steps"), "{start}: {report}");
        let laps: u64 = realm.eval("n").parse().unwrap();
        assert!((budget / 2..2 * budget).contains(&laps), "{laps} laps: {start}");
    }
}

/// Neither calls to the host nor ops nested in them refill a budget.
#[test]
fn a_budget_holds_over_calls_and_nested_ops() {
    const BUDGET: usize = 1_000;
    let TestRealm { handle, events, .. } = budgeted(BUDGET as u64);
    let submit = |source, parent: Option<CallId>| {
        let options = parent.map(|id| under(&handle, id)).unwrap_or_default();
        submit_to(&handle, eval(source), options).unwrap()
    };
    let pending = submit("for (;;) callSync('f')", None);
    // Runs when the loop has ended.
    let stop = submit("note('stop')", None);
    let mut laps = 0;
    while let Event::Call { id, .. } = events.recv().unwrap() {
        laps += 1;
        assert!(laps < 2 * BUDGET, "the budget does not end the loop");
        assert_eq!(submit("1", Some(id)).text(), "1");
        handle.resolve(id, Ok(input(|ctx| Ok(ctx.null()))));
    }
    assert_eq!(pending.text(), "InterruptedError: the eval used up max_reductions: 1000 steps");
    stop.wait();
}

#[test]
fn a_used_up_budget_of_a_nested_op_is_its_own() {
    let realm = budgeted(1_000);
    let pending = realm.start("callSync('f')");
    let id = realm.expect_call("f");
    assert_eq!(
        realm.start_nested(id, "for (;;) {}").text(),
        "InterruptedError: the eval used up max_reductions: 1000 steps"
    );
    realm.resolve(id, "outer");
    assert_eq!(pending.text(), "outer");
}

#[test]
fn steps_are_counted() {
    let realm = realm();
    let steps = |realm: &TestRealm| match realm.op(Op::Info).wait() {
        Got::Figures(figures) => figures["reductions"],
        other => panic!("{other}"),
    };
    let before = steps(&realm);
    realm.check("for (let i = 0; i < 1e6; i++); 1", "1");
    let ran = steps(&realm) - before;
    assert!((1_000_000..2_100_000).contains(&ran), "{ran} steps for a million laps");
}

#[test]
fn blocking_the_thread_is_refused() {
    realm().check(
        "try { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0) } catch (e) { e.name }",
        "TypeError",
    );
}

/// What a callback's end takes with it: the op that waited for the rest of its code fails for that reason, one that waits for
/// something else goes on.
#[test]
fn an_op_whose_code_is_ended_in_a_callback_fails_with_it() {
    for wait in [
        "await new Promise(done => setTimeout(done, 1))",
        "await new Promise(done => setImmediate(done))",
        "await (async () => { await new Promise(done => setTimeout(done, 1)) })()",
        "await call('go')",
    ] {
        for (rest, in_function) in [("for (;;) {}", false), ("for (;;) {}", true)] {
            let source = match in_function {
                true => format!("await (async () => {{ {wait}; note('on'); {rest} }})()"),
                false => format!("{wait}; note('on'); {rest}"),
            };
            let _case = Case(&source);
            let go = |realm: &TestRealm| {
                if wait.contains("call") {
                    let id = realm.expect_call("go");
                    realm.resolve(id, "");
                }
                realm.expect_note("on");
            };

            let realm = budgeted(20_000);
            let bystander = realm.start("await call('bystander')");
            let id = realm.expect_call("bystander");
            let ended = realm.start(&source);
            go(&realm);
            assert_eq!(ended.text(), "InterruptedError: the eval used up max_reductions: 20000 steps");
            realm.resolve(id, "well");
            assert_eq!(bystander.text(), "well");

            let realm = crate::support::realm();
            let bystander = realm.start("await call('bystander')");
            let id = realm.expect_call("bystander");
            let ended = realm.start(&source);
            go(&realm);
            assert_eq!(realm.start_timed("1").text(), TIMED_OUT);
            let expected = "InterruptedError: the eval was interrupted: an op that waited for this runtime timed out";
            assert_eq!(ended.text(), expected);
            realm.resolve(id, "well");
            assert_eq!(bystander.text(), "well");
        }
    }
}

/// Likewise an op whose promise only the callback could have settled that was ended.
#[test]
fn an_op_that_waits_for_a_callback_which_is_ended_fails_with_it() {
    for source in [
        "await new Promise(done => setTimeout(() => { note('on'); while (globalThis) {} done() }, 1))",
        "await new Promise(done => setTimeout(d => { note('on'); while (globalThis) {} d() }, 1, done))",
        "await new Promise(done => setImmediate(() => { note('on'); while (globalThis) {} done() }))",
        "await new Promise(done => { const id = onMessage(() => { offMessage(id); note('on'); while (globalThis) {} done() }) })",
        "setHook(() => { note('on'); while (globalThis) {} }); await new Promise(done => { Promise.reject({ done }) })",
    ] {
        let _case = Case(source);
        let realm = crate::support::realm();
        let ended = realm.start(source);
        if source.contains("onMessage") {
            realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
        }
        realm.expect_note("on");
        assert_eq!(realm.start_timed("1").text(), TIMED_OUT);
        let expected = "InterruptedError: the eval was interrupted: an op that waited for this runtime timed out";
        assert_eq!(ended.text(), expected);
    }
}

/// Jobs and timers that still know of the promise when the callback is ended, and drop it.
#[test]
fn ops_hear_of_a_lost_promise_later_too() {
    for last in [
        "queueMicrotask(() => { globalThis.no?.(done) })",
        "setTimeout(() => { globalThis.no?.(done) }, 30)",
        "setImmediate(() => { setImmediate(() => { globalThis.no?.(done) }) })",
        "Promise.resolve({ done }).then(async (it) => { await it; await null })",
    ] {
        let _case = Case(last);
        let realm = lone_realm_with(&eager(), |config| config.max_reductions = Some(100_000));
        let source = format!(
            "await new Promise(done => setTimeout(() => {{ {last}; queueMicrotask(() => {{ while (globalThis) {{}} done() }}) }}, 1))"
        );
        let lost = "InterruptedError: the eval used up max_reductions: 100000 steps";
        assert_eq!(realm.start(&source).text(), lost);
        let outer = realm.start("callSync('f')");
        let id = realm.expect_call_at_last("f");
        assert_eq!(realm.start_nested(id, &source).text(), lost);
        realm.resolve(id, "outer");
        assert_eq!(outer.text(), "outer");
        // What waits as it was written to is left alone.
        realm.check(
            "globalThis.open = null; setTimeout(() => open(3), 40); await new Promise(done => { open = done })",
            "3",
        );
        realm.free();
    }
}

#[test]
fn a_realm_may_bound_its_callbacks_where_no_op_waits() {
    let executor = eager();
    let configure = |config: &mut RealmConfig| config.callback_timeout = Some(Duration::from_millis(20));
    for source in ["setTimeout(() => { for (;;) {} }, 0); 1", "setImmediate(() => { for (;;) {} }); 1"] {
        let realm = realm_with(&executor, configure);
        realm.check(source, "1");
        assert_eq!(realm.expect_uncaught().to_string(), "TimeoutError: the timer timed out after 20 ms", "{source}");
        realm.check("1 + 1", "2");
        realm.free();
    }
}

#[test]
fn a_flood_of_rejections_is_counted() {
    let realm = realm();
    realm.check("for (let i = 0; i < 1e5; i++) Promise.reject(i); 1", "1");
    for expected in 0..100 {
        assert_eq!(realm.expect_uncaught().message, expected.to_string());
    }
    assert_eq!(realm.expect_uncaught().message, "99900 more promises were rejected at once and never handled");
    realm.check("1 + 1", "2");
    realm.free();
}
