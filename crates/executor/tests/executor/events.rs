//! Timers, messages, and errors that nobody catches.

use crate::support::*;
use quickbeam_executor::*;

#[test]
fn timers_run_in_order_each_followed_by_its_jobs() {
    let realm = realm();
    realm.check(
        "setTimeout(() => { note('a'); Promise.resolve().then(() => note('job of a')) }, 0);
         setTimeout(() => note('b'), 0);
         setImmediate(() => note('immediate'));
         Promise.resolve().then(() => note('job'));
         note('script'); 0",
        "0",
    );
    for expected in ["script", "job", "a", "job of a", "b", "immediate"] {
        realm.expect_note(expected);
    }
}

#[test]
fn a_shorter_delay_overtakes_a_longer_one() {
    let realm = realm();
    realm.check("setTimeout(() => note('longer'), 200); setTimeout(() => note('shorter'), 0); 0", "0");
    realm.expect_note("shorter");
    realm.expect_note("longer");
}

#[test]
fn timers_get_their_arguments_repeat_and_stop() {
    let realm = realm();
    realm.check("setTimeout((...args) => note(args.join()), 0, 1, 'two'); 0", "0");
    realm.expect_note("1,two");
    realm.check(
        "let n = 0; const id = setInterval(() => { note(++n); if (n == 3) clearTimeout(id) }, 0); id > 0",
        "true",
    );
    for n in 1..=3 {
        realm.expect_note(&n.to_string());
    }
    realm.check(
        "const gone = setTimeout(() => note('never'), 0); clearTimeout(gone); clearTimeout(gone); clearTimeout(99999);
         const gone2 = setImmediate(() => note('never')); clearTimeout(gone2);
         setTimeout(() => clearTimeout(later), 0); const later = setTimeout(() => note('never'), 0);
         new Promise(done => setTimeout(done, 2, 'quiet'))",
        "quiet",
    );
    assert!(realm.free().is_empty());
}

#[test]
fn an_immediate_of_an_immediate_runs_in_the_next_round() {
    let realm = realm();
    realm.check(
        "setImmediate(() => { note(1); setImmediate(() => note(3)); Promise.resolve().then(() => note(2)) }); 0",
        "0",
    );
    for expected in ["1", "2", "3"] {
        realm.expect_note(expected);
    }
}

#[test]
fn there_is_a_bound_on_timers() {
    let realm = realm();
    let got = realm.eval("for (;;) setTimeout(() => {}, 1e6)");
    assert_eq!(got, "RangeError: a runtime has at most 100000 timers at once");
    realm.check("1 + 1", "2");
}

#[test]
fn uncaught_errors_of_callbacks_reach_the_host_with_their_stack() {
    let realm = realm();
    for start in [
        "setTimeout(function thrower() { throw new TypeError('lost') }, 0)",
        "setImmediate(function thrower() { throw new TypeError('lost') })",
        "globalThis.on ??= onMessage(function thrower() { throw new TypeError('lost') })",
        "(async function thrower() { throw new TypeError('lost') })(); 0",
        "Promise.resolve().then(function thrower() { throw new TypeError('lost') }); 0",
        "call('f').then(function thrower() { throw new TypeError('lost') }); 0",
    ] {
        let op = Op::Eval { source: format!("{start}; 'started'"), filename: Some("app.js".into()), vars: None };
        assert_eq!(realm.op(op).text(), "started");
        if start.contains("onMessage") {
            assert_eq!(realm.op(Op::Message(input(|ctx| Ok(ctx.null())))).wait(), Got::Done);
        }
        if start.starts_with("call") {
            let id = realm.expect_call("f");
            realm.resolve(id, "");
        }
        let report = realm.expect_uncaught();
        assert_eq!(report.to_string(), "TypeError: lost", "{start}");
        assert_eq!(report.frames[0].function, "thrower", "{start}: {}", report.stack);
        assert_eq!((report.frames[0].filename.as_str(), report.frames[0].line), ("app.js", 1), "{start}");
    }
    assert!(realm.free().is_empty());
}

#[test]
fn rejections_that_are_handled_in_time_are_not_reported() {
    let realm = realm();
    for source in [
        "const p = Promise.reject(1); p.catch(() => {}); 'ok'",
        "const p = Promise.reject(1); Promise.resolve().then(() => 0).then(() => 0).then(() => p.catch(() => {})); 'ok'",
        "try { await Promise.reject(1) } catch {} 'ok'",
        "Promise.allSettled([Promise.reject(1), Promise.reject(2)]).then(() => 'ok')",
        "Promise.race([Promise.resolve('ok'), Promise.reject(1)])",
        "(async () => { throw 1 })().catch(() => 'ok')",
        "new Promise((_, no) => no(1)).finally(() => 0).catch(() => 'ok')",
    ] {
        realm.check(&format!("{{ {source} }}"), "ok");
    }
    assert_eq!(realm.free(), []);
}

#[test]
fn the_reason_of_a_rejection_may_be_anything() {
    let realm = realm();
    for (reason, expected) in [
        ("new RangeError('x')", "RangeError: x"),
        ("'text'", "Error: text"),
        ("undefined", "Error: undefined"),
        ("{ toString() { throw 1 } }", "Error: a value that cannot be converted to a string"),
        ("Symbol('s')", "Error: Symbol(s)"),
    ] {
        realm.check(&format!("Promise.reject({reason}); 0"), "0");
        assert_eq!(realm.expect_uncaught().to_string(), expected);
    }
}

#[test]
fn the_hook_is_asked_first_and_its_own_errors_are_reported() {
    let realm = realm();
    realm.check("setHook((kind, reason) => { note(kind + ' ' + reason); return reason === 'mine' }); 0", "0");
    realm.check("setTimeout(() => { throw 'mine' }, 0); 0", "0");
    realm.expect_note("error mine");
    realm.check("Promise.reject('mine'); 0", "0");
    realm.expect_note("unhandledrejection mine");
    realm.check("Promise.reject('yours'); 0", "0");
    realm.expect_note("unhandledrejection yours");
    assert_eq!(realm.expect_uncaught().message, "yours");
    realm.check("setHook(() => { throw new Error('in the hook') }); Promise.reject('first'); 0", "0");
    assert_eq!(realm.expect_uncaught().message, "in the hook");
    assert_eq!(realm.expect_uncaught().message, "first");
    // A hook that never returns gives way like every callback, and leaves no trace on the next op.
    realm.check("setHook(() => { note('in'); for (;;) {} }); Promise.reject('second'); 0", "0");
    realm.expect_note("in");
    assert!(realm.start_timed("1").text().starts_with("TimeoutError"));
    realm.check("let n = 0; for (let i = 0; i < 1e6; i++) n++; n", "1000000");
    realm
        .check("setHook((kind, reason) => { globalThis.told = reason; return true }); Promise.reject('third'); 0", "0");
    realm.check("told", "third");
}

#[test]
fn an_op_that_nobody_waits_for_reports_its_failure() {
    let realm = realm();
    realm.handle.cast(eval("throw new TypeError('cast')")).unwrap();
    assert_eq!(realm.expect_uncaught().to_string(), "TypeError: cast");
    realm.handle.cast(eval("await new Promise((_, no) => setTimeout(no, 1, new TypeError('parked')))")).unwrap();
    assert_eq!(realm.expect_uncaught().to_string(), "TypeError: parked");
}

#[test]
fn messages_wait_for_a_callback_and_come_in_order_to_all() {
    let realm = realm();
    let message = |text: &'static str| Op::Message(input(move |ctx| ctx.string(text)));
    for text in ["one", "two"] {
        assert_eq!(realm.op(message(text)).wait(), Got::Done);
    }
    realm.check("onMessage(m => note('a ' + m)); onMessage(m => note('b ' + m)); 0", "0");
    assert_eq!(realm.op(message("three")).wait(), Got::Done);
    for expected in ["a one", "b one", "a two", "b two", "a three", "b three"] {
        realm.expect_note(expected);
    }
    realm.check("onMessage(1)", "TypeError: onMessage needs a function");
}

#[test]
fn too_many_messages_that_nobody_takes_are_refused() {
    let realm = realm();
    let message = || Op::Message(input(|ctx| Ok(ctx.null())));
    for _ in 0..10_000 {
        assert_eq!(realm.op(message()).wait(), Got::Done);
    }
    let got = realm.op(message()).text();
    assert!(got.starts_with("BusyError: 10000 messages wait"), "{got}");
}

#[test]
fn every_flood_of_messages_is_told_of() {
    let realm = realm();
    for _ in 0..2 {
        for _ in 0..10_020 {
            realm.handle.cast(Op::Message(input(|ctx| Ok(ctx.null())))).unwrap();
        }
        for told in ["this one was not taken", "10 were not taken"] {
            let report = realm.expect_uncaught().to_string();
            assert!(report.starts_with("BusyError: 10000 messages wait") && report.ends_with(told), "{report}");
        }
        realm.check(
            "var seen = 0; var id = onMessage(() => { seen++ });
             while (seen < 10000) await new Promise(done => setTimeout(done)); offMessage(id); seen",
            "10000",
        );
    }
    assert!(realm.free().is_empty());
}
