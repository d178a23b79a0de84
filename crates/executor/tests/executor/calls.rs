//! Calls to the host: suspended fibers, ops nested on them, answers in any order.

use crate::support::*;
use quickbeam_executor::*;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

#[test]
fn a_call_is_answered_from_another_thread_while_others_run() {
    let executor = eager();
    let (caller, other) = (realm_on(&executor), realm_on(&executor));
    let pending = caller.start("callSync('ask', 1, 'two') + '!'");
    let (name, args) = ("ask".into(), vec!["1".into(), "two".into()]);
    assert_eq!(caller.event(), Event::Call { id: 1, name, args, lineage: Lineage::default() });
    other.check("1 + 1", "2");
    let handle = &caller.handle;
    thread::scope(|scope| {
        scope.spawn(|| handle.resolve(1, Ok(input(|ctx| ctx.string("answer")))));
    });
    assert_eq!(pending.text(), "answer!");
}

#[test]
fn handlers_that_fail_throw_into_the_script() {
    let realm = realm();
    for (source, expected) in [
        (
            "try { callSync('f') } catch (e) { e.name + '/' + e.message + '/' + (e instanceof Error) }",
            "ArgumentError/no/true",
        ),
        ("callSync('f')", "ArgumentError: no"),
        ("call('f').catch(e => e.name + '/' + e.message)", "ArgumentError/no"),
        ("await call('f')", "ArgumentError: no"),
    ] {
        let pending = realm.start(source);
        let id = realm.expect_call("f");
        realm.reject(id, "ArgumentError", "no");
        assert_eq!(pending.text(), expected, "{source}");
    }
    realm.check("try { callSync('missing') } catch (e) { e.message }", "no handler is named 'missing'");
    realm.check("call('missing')", "Error: no handler is named 'missing'");
}

#[test]
fn an_answer_that_cannot_be_converted_throws() {
    let realm = realm();
    for source in ["callSync('f')", "await call('f')"] {
        let pending = realm.start(source);
        let id = realm.expect_call("f");
        realm.handle.resolve(id, Ok(input(|ctx| Err(ctx.throw_type("no counterpart")))));
        assert_eq!(pending.text(), "TypeError: no counterpart");
    }
}

#[test]
fn what_an_answer_sets_going_does_not_wait_behind_the_next_op() {
    let realm = realm();
    let awaiting = realm.start("await call('f')");
    let id = realm.expect_call("f");
    let busy = realm.start_stuck("note('stuck'); 'done'");
    realm.resolve(id, "answer");
    let endless = realm.start("for (;;) {}");
    realm.release();
    assert_eq!(busy.text(), "done");
    assert_eq!(awaiting.text(), "answer");
    realm.handle.kill();
    assert!(matches!(endless.wait(), Got::Failed(_)));
}

#[test]
fn answers_to_pending_calls_come_in_any_order() {
    let realm = realm();
    let pending = realm.start("await Promise.all(['a', 'b', 'c', 'd'].map(name => call(name)))");
    let ids: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| realm.expect_call(name)).collect();
    for index in [2, 0, 3, 1] {
        realm.resolve(ids[index], &format!("answer {index}"));
    }
    assert_eq!(pending.text(), r#"["answer 0","answer 1","answer 2","answer 3"]"#);
}

/// Each answer runs code that brings the next, before any job runs.
#[test]
fn answers_that_bring_further_ones_give_way() {
    for start in ["echo('again')", "echo('again'); callSync('f')", "await echo('again'); await new Promise(() => {})"] {
        let _case = Case(start);
        let realm = realm();
        realm.check("globalThis.again = () => { globalThis.n = (globalThis.n ?? 0) + 1; echo('again') }; 1", "1");
        let endless = realm.start(start);
        if start.contains("callSync") {
            let id = realm.expect_call("f");
            assert_eq!(
                realm
                    .start_nested(id, "await null; await new Promise(done => setTimeout(() => done(n > 0), 1))")
                    .text(),
                "true"
            );
            realm.resolve(id, "done");
            assert_eq!(endless.text(), "done");
        }
        realm.check("await new Promise(done => setTimeout(() => done(n > 1), 1))", "true");
        let got = realm.start_timed("await new Promise(() => {})").text();
        assert_eq!(got, "TimeoutError: the eval timed out after 20 ms");
        realm.handle.kill();
        realm.free();
    }
}

#[test]
fn answers_that_nobody_waits_for_are_dropped() {
    let realm = realm();
    realm.resolve(1, "too early");
    let pending = realm.start("callSync('f')");
    let id = realm.expect_call("f");
    realm.resolve(id + 1, "wrong call");
    realm.resolve(id, "right");
    realm.resolve(id, "twice");
    assert_eq!(pending.text(), "right");
    realm.check("1 + 1", "2");
}

#[test]
fn ops_of_the_handler_run_nested() {
    let realm = realm();
    realm.check("globalThis.double = x => x * 2; 1", "1");
    let pending = realm.start("globalThis.state = 'outer'; callSync('f') + ' ' + state");
    let id = realm.expect_call("f");
    assert_eq!(realm.start_nested(id, "state = 'nested'").text(), "nested");
    let nested = under(&realm.handle, id);
    assert_eq!(realm.submit(Op::GetGlobal("state".into()), nested).text(), "nested");
    assert_eq!(realm.start_nested(id, "double(21)").text(), "42");
    assert_eq!(realm.start_nested(id, "throw new RangeError('inside')").text(), "RangeError: inside");
    assert_eq!(realm.start_nested(id, "null.x").text().split(':').next(), Some("TypeError"));
    realm.resolve(id, "done");
    assert_eq!(pending.text(), "done nested");
}

#[test]
fn an_op_of_no_waiting_handler_waits_its_turn() {
    let realm = realm();
    let pending = realm.start("globalThis.state = 1; callSync('f'); state = 2");
    let id = realm.expect_call("f");
    let later = realm.start("state");
    let stranger = realm.start_nested(id + 100, "state + 10");
    assert_eq!(realm.start_nested(id, "state").text(), "1");
    realm.resolve(id, "");
    assert_eq!(pending.text(), "2");
    assert_eq!(later.text(), "2");
    assert_eq!(stranger.text(), "12");
}

#[test]
fn calls_nest_three_deep_and_are_answered_inside_out_or_outside_in() {
    let realm = realm();
    for outside_in in [false, true] {
        let a = realm.start("'a' + callSync('a')");
        let a_id = realm.expect_call("a");
        let b = realm.start_nested(a_id, "'b' + callSync('b')");
        let b_id = realm.expect_call("b");
        let c = realm.start_nested(b_id, "'c' + callSync('c')");
        let c_id = realm.expect_call("c");
        let mut ids = [c_id, b_id, a_id];
        if outside_in {
            ids.reverse();
        }
        for id in ids {
            realm.resolve(id, "!");
        }
        assert_eq!((a.text(), b.text(), c.text()), ("a!".into(), "b!".into(), "c!".into()));
    }
}

#[test]
fn a_nested_op_may_await_what_the_outer_one_cannot() {
    let realm = realm();
    for (nested, calls) in [
        ("await Promise.resolve('x')", vec![]),
        ("await new Promise(done => setTimeout(() => done('x'), 1))", vec![]),
        ("await new Promise(done => setImmediate(() => done('x')))", vec![]),
        ("await call('inner')", vec!["inner"]),
        ("const a = await call('inner'); const b = await call('inner2'); b", vec!["inner", "inner2"]),
        ("new Promise(done => setTimeout(async () => done(await call('inner')), 1))", vec!["inner"]),
    ] {
        let pending = realm.start("callSync('outer')");
        let id = realm.expect_call("outer");
        let inner = realm.start_nested(id, nested);
        for call in calls {
            let id = realm.expect_call(call);
            realm.resolve(id, "x");
        }
        assert_eq!(inner.text(), "x", "{nested}");
        realm.resolve(id, "done");
        assert_eq!(pending.text(), "done", "{nested}");
    }
}

/// A waits for its handler, which evals in B, whose handler evals in A.
#[test]
fn an_op_that_comes_back_through_another_realm_runs_nested() {
    let executor = eager();
    for outer in ["callSync('a')", "globalThis.state = 1; callSync('a') + state"] {
        for source in [
            "callSync('b')",
            "await call('b')",
            "await null; await call('b')",
            "await call('x'); callSync('b')",
            "await call('x'); await call('b')",
            "await call('x').then(() => call('b'))",
        ] {
            let _case = Case(source);
            let (a, b) = (realm_on(&executor), realm_on(&executor));
            let in_a = a.start(outer);
            let call_a = a.expect_traced_call("a");
            let of_a = Lineage::of_call(a.handle.id(), call_a.0, &call_a.1);
            let options = SubmitOptions { lineage: of_a.clone(), ..SubmitOptions::default() };
            let in_b = b.submit(eval(source), options);
            if source.contains("'x'") {
                let x = b.expect_traced_call("x");
                assert_eq!(x.1, of_a);
                b.resolve(x.0, "");
            }
            let call_b = b.expect_traced_call("b");
            assert_eq!(call_b.1, of_a);
            let of_b = Lineage::of_call(b.handle.id(), call_b.0, &call_b.1);
            let options = SubmitOptions { lineage: of_b, ..SubmitOptions::default() };
            assert_eq!(a.submit(eval("'back'"), options).text(), "back");
            b.resolve(call_b.0, "through");
            assert_eq!(in_b.text(), "through");
            a.resolve(call_a.0, "done");
            assert!(in_a.text().starts_with("done"));
        }
    }
}

#[test]
fn nothing_else_runs_while_a_call_waits_alone() {
    let realm = realm();
    let pending = realm.start(
        "setTimeout(() => note('timer'), 0); Promise.resolve().then(() => note('job')); callSync('f'); note('after')",
    );
    let id = realm.expect_call("f");
    realm.resolve(id, "");
    pending.wait();
    for expected in ["after", "job", "timer"] {
        realm.expect_note(expected);
    }
}

#[test]
fn a_call_that_is_never_answered_times_out_and_leaves_the_realm_usable() {
    let realm = realm();
    for source in ["callSync('f')", "await call('f')", "try { callSync('f') } catch {} 'caught'"] {
        let timed_out = "TimeoutError: the eval timed out after 20 ms";
        assert_eq!(realm.start_timed(source).text(), timed_out, "{source}");
        let id = realm.expect_call("f");
        realm.resolve(id, "too late");
        realm.check("1 + 1", "2");
    }
}

#[test]
fn a_nested_op_that_times_out_leaves_the_outer_one_alone() {
    let realm = realm();
    for nested in ["for (;;) {}", "callSync('g')", "sleepSync(1e9)", "await new Promise(() => {})"] {
        let pending = realm.start("callSync('f') + ' ' + (1 + 1)");
        let id = realm.expect_call("f");
        let options = SubmitOptions { timeout: Some(Duration::from_millis(20)), ..under(&realm.handle, id) };
        let timed_out = realm.submit(eval(nested), options).text();
        assert_eq!(timed_out, "TimeoutError: the eval timed out after 20 ms", "{nested}");
        realm.resolve(id, "fine");
        while let Ok(Event::Call { .. }) = realm.events.try_recv() {}
        assert_eq!(pending.text(), "fine 2", "{nested}");
    }
}

#[test]
fn an_outer_op_that_times_out_takes_its_nested_ops_with_it() {
    let realm = realm();
    let outer = realm.start_timed("callSync('f')");
    let id = realm.expect_call("f");
    let nested = realm.start_nested(id, "callSync('g')");
    assert_eq!(outer.text(), "TimeoutError: the eval timed out after 20 ms");
    assert_eq!(nested.text(), "InterruptedError: the eval was interrupted: the op that it ran inside has ended");
    let unlucky = realm.start_nested(id, "'alone'");
    assert_eq!(unlucky.text(), "alone");
}

#[test]
fn a_caller_that_goes_away_cancels_its_op() {
    let realm = realm();
    for source in ["for (;;) {}", "callSync('f')", "sleepSync(1e9)"] {
        let pending = realm.start(source);
        // Looked at by whoever is next: an op that waits behind makes the realm look up.
        pending.abandon();
        realm.check("1 + 1", "2");
    }
}

#[test]
fn sleeping_suspends_only_its_own_isolate() {
    let executor = eager();
    let (sleeper, other) = (realm_on(&executor), realm_on(&executor));
    let pending = sleeper.start("sleepSync(5); 'awake'");
    other.check("1 + 1", "2");
    assert_eq!(pending.text(), "awake");
    let pending = sleeper.start("sleepSync(1e9)");
    other.check("1 + 1", "2");
    sleeper.handle.kill();
    assert!(pending.text().contains("was stopped"));
}

#[test]
fn a_late_answer_does_not_reach_a_call_of_the_next_realm() {
    let realm = realm();
    let first = realm.start("call('f')");
    let old = realm.expect_call("f");
    assert_eq!(realm.op(Op::Reset).wait(), Got::Done);
    assert!(first.text().contains("was reset"));
    let second = realm.start("call('f')");
    let new = realm.expect_call("f");
    assert_ne!(old, new);
    realm.resolve(old, "stale");
    realm.resolve(new, "fresh");
    assert_eq!(second.text(), "fresh");
}

/// Replies run on the executor's thread: they may submit to the realm that they come from, and let go of it.
#[test]
fn a_reply_may_use_and_drop_its_realm() {
    let TestRealm { handle, events, .. } = realm();
    let handle = Arc::new(handle);
    let (sender, receiver) = channel();
    let inner = handle.clone();
    let reply = move |_: Outcome<'_, '_>| {
        let second = submit_to(&inner, eval("note('second')"), SubmitOptions::default());
        inner.resolve(1, Ok(input(|ctx| Ok(ctx.null()))));
        drop(inner);
        let _ = sender.send(second);
    };
    handle.submit(eval("1"), Box::new(reply), SubmitOptions::default()).unwrap();
    let second = receiver.recv().unwrap().unwrap();
    assert_eq!(second.text(), "undefined");
    assert_eq!(events.recv(), Ok(Event::Note("second".into())));
    let last = Arc::into_inner(handle).unwrap();
    let (sender, receiver) = channel();
    let shared = Arc::new(std::sync::Mutex::new(None));
    let slot = shared.clone();
    let reply = move |_: Outcome<'_, '_>| {
        drop(slot.lock().unwrap().take());
        let _ = sender.send(());
    };
    let mut gate = shared.lock().unwrap();
    last.submit(eval("1"), Box::new(reply), SubmitOptions::default()).unwrap();
    *gate = Some(last);
    drop(gate);
    assert_eq!(receiver.recv(), Ok(()));
    // The host goes with the realm.
    assert!(events.recv().is_err());
}
