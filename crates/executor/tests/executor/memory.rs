//! Memory limits: each ends in an error with the realm usable, or in the realm's clean death; nothing leaks.

use crate::support::*;
use quickbeam_executor::*;
use std::time::Duration;

const MB: usize = 1 << 20;

/// For scripts that wait for callbacks which fail.
const LONG: Duration = Duration::from_secs(2);

fn limited(bytes: usize) -> TestRealm {
    realm_with(&eager(), |config| config.memory_limit = bytes)
}

/// Scripts that need far more than 16 MB.
const HUNGRY: &[&str] = &[
    "globalThis.x = []; for (;;) x.push({})",
    "globalThis.x = null; for (;;) x = { x }",
    "globalThis.x = {}; for (let i = 0; ; i++) x['key' + i] = i",
    "globalThis.x = new Map(); for (let i = 0; ; i++) x.set(i, {})",
    "globalThis.x = ''; for (;;) x += 'some text that grows '",
    "globalThis.x = 1n; for (;;) x <<= 1000n, globalThis.y = [globalThis.y, x]",
    "new Uint8Array(1e9)",
    "new ArrayBuffer(1e9)",
    "'x'.repeat(5e8)",
    "'x'.repeat(2e7).split('')",
    "globalThis.x = 'x'.repeat(1e6).split('').map(c => c + c).concat('x'.repeat(1e6).split('').map(c => [c]))",
    "Array.from({ length: 1e9 })",
    "Array.from({ length: 1e9 }, (_, i) => ({ i }))",
    "new Array(1e7).fill().map(String)",
    "[...'x'.repeat(2e7)]",
    "Object.entries([...'x'.repeat(4e5)])",
    "globalThis.a = [...'x'.repeat(4e5)]; globalThis.x = Object.entries(a)",
    "JSON.parse('[' + '[],'.repeat(1e6) + '1]')",
    "JSON.parse('[' + '{},'.repeat(2e5) + '1]'.padStart(1e6))",
    "globalThis.x = JSON.parse('[' + '{\"a\":[]},'.repeat(2e5) + '1]')",
    "new Set([...'x'.repeat(3e5)].map((_, i) => i))",
    "'a,'.repeat(3e6).split(',').map(x => x + x)",
    "function f() { const a = []; for (let i = 0; i < 100; i++) a.push({}); try { f() } finally { return a } } for (;;) f()",
    "globalThis.x = []; for (;;) x.push(new Promise(() => {}))",
    "globalThis.x = []; for (;;) x.push(Symbol())",
    "globalThis.x = []; for (let i = 0; ; i++) x.push(new Function('return ' + i))",
    "globalThis.x = []; (function again() { x.push(new Array(100)); Promise.resolve().then(again) })(); new Promise(() => {})",
    "globalThis.x = []; for (;;) x.push(call('f'))",
    "globalThis.x = []; setInterval(() => { for (let i = 0; i < 1e4; i++) x.push({}) }, 0); new Promise(() => {})",
];

/// What a realm under its limit may end an op with.
fn is_a_memory_error(got: &str) -> bool {
    [
        "OutOfMemoryError",
        "RangeError: Invalid array length",
        "RangeError: invalid array length",
        "RangeError: invalid string length",
        "InternalError: string too long",
        "RangeError: call stack",
        "RangeError: Maximum call stack",
        "RangeError: invalid array buffer length",
        "RangeError: 100000 calls",
    ]
    .iter()
    .any(|start| got.starts_with(start))
}

/// The realm evaluates and can tidy up, or died once, of memory.
fn check_afterwards(realm: TestRealm, source: &str) {
    // Jobs that the script left behind may be in the way for a while.
    let is_alive = (0..100).find_map(|_| {
        let tidy_up = eval("delete globalThis.x; delete globalThis.a; delete globalThis.y");
        let Ok(pending) = realm.try_submit(tidy_up, SubmitOptions::default()) else {
            return Some(false);
        };
        let got = pending.text();
        assert!(got == "true" || got.starts_with("OutOfMemoryError"), "{source}: {got}");
        (got == "true").then_some(true)
    });
    let is_alive = is_alive.expect("usable or dead");
    if is_alive {
        realm.check("1 + 1", "2");
        realm.check("globalThis.x = []; for (let i = 0; i < 1000; i++) x.push({}); x.length", "1000");
    }
    let deaths: Vec<_> = realm
        .free()
        .into_iter()
        .filter_map(|event| match event {
            Event::Died(report) => Some(report.name),
            _ => None,
        })
        .collect();
    assert_eq!(deaths, if is_alive { vec![] } else { vec!["OutOfMemoryError".to_owned()] }, "{source}");
}

#[test]
fn every_hungry_script_ends_in_an_error_or_a_clean_death() {
    for source in HUNGRY {
        let _case = Case(source);
        let realm = limited(16 * MB);
        let pending = realm.submit(eval(source), SubmitOptions { timeout: Some(LONG), ..SubmitOptions::default() });
        let others: Vec<_> = (0..3).map(|_| realm.start("1")).collect();
        let got = pending.text();
        let fits = source.starts_with("globalThis.x = 'x'") || !got.contains("Error");
        assert!(
            fits || is_a_memory_error(&got) || got.starts_with("TimeoutError"),
            "{source}: {}",
            &got[..got.len().min(200)]
        );
        for other in others {
            let got = other.text();
            assert!(got == "1" || got.starts_with("OutOfMemoryError"), "{source}: {got}");
        }
        check_afterwards(realm, source);
    }
}

#[test]
fn every_hungry_script_ends_alone_when_it_runs_nested() {
    for source in HUNGRY {
        let _case = Case(source);
        let realm = limited(16 * MB);
        let outer = realm.start("callSync('f') + '!'");
        let id = realm.expect_call("f");
        let options = SubmitOptions { timeout: Some(LONG), ..under(&realm.handle, id) };
        let nested = realm.submit(eval(source), options).text();
        realm.resolve(id, "outer");
        let got = outer.text();
        assert!(
            got == "outer!" || got.starts_with("OutOfMemoryError"),
            "{source}: {got} after {}",
            &nested[..nested.len().min(200)]
        );
        check_afterwards(realm, source);
    }
}

#[test]
fn errors_name_the_limit() {
    let realm = limited(16 * MB);
    realm.check(
        "globalThis.x = []; for (;;) x.push({})",
        "OutOfMemoryError: the eval exceeded memory_limit: 16777216 bytes",
    );
    realm.check("delete globalThis.x", "true");
    realm.check("new Uint8Array(1e8).length", "OutOfMemoryError: out of memory (memory_limit: 16777216 bytes)");
    realm.check("try { new Uint8Array(1e8) } catch (e) { e.message }", "out of memory");
}

#[test]
fn the_limit_is_hit_a_thousand_times_and_the_realm_goes_on() {
    let realm = limited(4 * MB);
    for _ in 0..1_000 {
        let got = realm.eval("globalThis.x = []; for (;;) x.push({})");
        assert_eq!(got, "OutOfMemoryError: the eval exceeded memory_limit: 4194304 bytes");
        realm.check("delete globalThis.x", "true");
    }
    realm.check("1 + 1", "2");
    realm.free();
}

/// Each op keeps a little more than before. The room that a full realm gets must add up to no more than a bound.
#[test]
fn the_room_to_tidy_up_is_bounded() {
    let realm = limited(4 * MB);
    realm.eval("globalThis.x = []; for (;;) x.push({})");
    let mut most = 0;
    for _ in 0..10_000 {
        let Ok(pending) =
            realm.try_submit(eval("for (let i = 0; i < 500; i++) x.push({}); 'kept'"), SubmitOptions::default())
        else {
            break;
        };
        if !pending.text().starts_with("kept") {
            continue;
        }
        if let Ok(pending) = realm.try_submit(Op::MemoryUsage, SubmitOptions::default())
            && let Got::Figures(figures) = pending.wait()
        {
            most = most.max(figures["malloc_size"]);
        }
    }
    assert!(most < 16 * MB as u64, "{most} bytes");
    let report = realm.expect_death();
    assert_eq!(report.name, "OutOfMemoryError");
    realm.free();
}

/// Nobody tidies up between these: after some failures in a row the realm ends.
#[test]
fn a_realm_that_stays_full_ends() {
    let realm = limited(4 * MB);
    let mut failures = 0;
    while let Ok(pending) = realm.try_submit(eval("globalThis.x ??= []; for (;;) x.push({})"), SubmitOptions::default())
    {
        let got = pending.text();
        assert!(got.starts_with("OutOfMemoryError"), "{got}");
        failures += 1;
        assert!(failures < 100);
    }
    assert_eq!(realm.expect_death().name, "OutOfMemoryError");
    realm.free();
}

#[test]
fn a_callback_that_hits_the_limit_ends_its_op() {
    for start in ["setTimeout", "setImmediate", "post"] {
        let _case = Case(start);
        let realm = realm_with(&eager(), |config| config.memory_limit = 16 << 20);
        let grow = "const all = []; for (;;) all.push(new Array(1000).fill(1))";
        let told = realm.eval(&format!("globalThis.kept = call('never'); {start}(() => {{ {grow} }}); await kept"));
        assert_eq!(told, "OutOfMemoryError: the eval exceeded memory_limit: 16777216 bytes");
        realm.check("1 + 1", "2");
    }
}

#[test]
fn callbacks_hit_the_limit_too() {
    for start in [
        "setTimeout(() => { for (;;) x.push({}) }, 0)",
        "setImmediate(() => { for (;;) x.push({}) })",
        "setImmediate(() => Promise.resolve().then(() => { for (;;) x.push({}) }))",
    ] {
        let realm = limited(8 * MB);
        realm.check(&format!("globalThis.x = []; {start}; 'started'"), "started");
        let report = realm.expect_uncaught();
        assert!(report.message.ends_with("exceeded memory_limit: 8388608 bytes"), "{start}: {report}");
        realm.check("delete globalThis.x", "true");
        realm.check("1 + 1", "2");
        realm.free();
    }
}

#[test]
fn a_builtin_that_takes_too_much_ends_its_op_alone() {
    let realm = limited(16 * MB);
    for source in GREEDY_BUILTINS {
        let _case = Case(source);
        let got = realm.eval(source);
        assert!(got.contains("OutOfMemory") || got.contains("RangeError"), "{got}");
        realm.check("[1, 2].map(n => n + 1).join()", "2,3");
    }
    realm.free();
}

/// A builtin for which the system has no memory left, which ends the isolate in the middle of its native frames.
const EXHAUSTED: &str = "Object.entries(exhaust('x'.repeat(1e4)))";

#[test]
fn an_isolate_that_is_ended_inside_a_builtin_frees_everything() {
    let padding = "//".to_owned() + &"x".repeat(5_000_000);
    for (source, parent) in [
        (EXHAUSTED.to_owned(), false),
        (format!("{EXHAUSTED} {padding}"), false),
        (format!("setImmediate(() => {EXHAUSTED}); await 0"), false),
        (format!("[1].map(() => {EXHAUSTED})"), false),
        (format!("Promise.resolve().then(() => {EXHAUSTED})"), false),
        (EXHAUSTED.to_owned(), true),
        (format!("({{ get x() {{ return {EXHAUSTED} }} }})"), false),
    ] {
        let realm = limited(20 * MB);
        let parked = realm.start("new Promise(() => {})");
        let (outer, id) = match parent {
            true => {
                let outer = realm.start("callSync('f')");
                let id = realm.expect_call("f");
                (Some(outer), Some(id))
            }
            false => (None, None),
        };
        let options = id.map(|id| under(&realm.handle, id)).unwrap_or_default();
        let pending = realm.submit(eval(&source), options);
        let queued = realm.try_submit(eval("1"), SubmitOptions::default());
        let start = &source[..source.len().min(60)];
        let report = realm.expect_death();
        assert_eq!(report.name, "OutOfMemoryError", "{start}");
        if !source.contains("await") {
            assert!(pending.first().starts_with("OutOfMemoryError"), "{start}");
        }
        for pending in [Some(parked), outer, queued.ok()].into_iter().flatten() {
            let got = pending.first();
            assert!(got.starts_with("OutOfMemoryError") || got == "1", "{start}: {got}");
        }
        assert_eq!(realm.try_submit(eval("1"), SubmitOptions::default()).err(), Some(SubmitError::Closed), "{start}");
        assert_eq!(realm.free(), [], "{start}");
    }
}

#[test]
fn an_exhausted_isolate_harms_no_neighbour() {
    let executor = eager();
    let neighbour = realm_on(&executor);
    neighbour.check("globalThis.x = 1", "1");
    for _ in 0..5 {
        let realm = realm_with(&executor, |config| config.memory_limit = 20 * MB);
        assert!(realm.eval(EXHAUSTED).starts_with("OutOfMemoryError"));
        neighbour.check("x", "1");
        realm.free();
    }
}

#[test]
fn a_limit_too_small_for_a_realm_says_so() {
    let realm = limited(10_000);
    // It may be gone before the op comes.
    if let Ok(pending) = realm.try_submit(eval("1 + 1"), SubmitOptions::default()) {
        let got = pending.text();
        assert!(got.starts_with("RangeError: a memory limit of 10000 bytes is too small"), "{got}");
    }
    assert_eq!(realm.expect_death().name, "RangeError");
    realm.free();
}

/// Answers and arguments that do not fit end their op and not the realm.
#[test]
fn inputs_that_do_not_fit_are_refused() {
    let realm = limited(8 * MB);
    let big = || {
        input(|ctx| {
            let array = ctx.array(vec![])?;
            for index in 0..1_000_000 {
                ctx.poll(1)?;
                array.set_index(index, ctx.object()?)?;
            }
            Ok(array)
        })
    };
    let got = realm.op(Op::SetGlobal { name: "x".into(), value: big() }).text();
    assert!(got.starts_with("OutOfMemoryError"), "{got}");
    realm.check("typeof x", "undefined");
    let got = realm.op(Op::Call { path: "String".into(), args: big() }).text();
    assert!(got.starts_with("OutOfMemoryError"), "{got}");
    let pending = realm.start("callSync('f')");
    let id = realm.expect_call("f");
    realm.handle.resolve(id, Ok(big()));
    assert!(pending.text().starts_with("OutOfMemoryError"));
    for source in ["await call('f')", "call('f')", "await (async () => await call('f'))()"] {
        let pending = realm.start(source);
        let id = realm.expect_call("f");
        realm.handle.resolve(id, Ok(big()));
        assert!(pending.text().starts_with("OutOfMemoryError"), "{source}");
    }
    realm.check("1 + 1", "2");
    realm.free();
}

#[test]
fn memory_returns_with_a_reset() {
    let realm = realm();
    let used = |realm: &TestRealm| match realm.op(Op::MemoryUsage).wait() {
        Got::Figures(figures) => figures["malloc_size"],
        other => panic!("{other}"),
    };
    assert_eq!(realm.op(Op::Reset).wait(), Got::Done);
    let fresh = used(&realm);
    realm.check("globalThis.a = []; for (let i = 0; i < 1e5; i++) a.push({ i }); a.length", "100000");
    assert!(used(&realm) > fresh + 5_000_000);
    assert_eq!(realm.op(Op::Reset).wait(), Got::Done);
    assert_eq!(used(&realm), fresh);
}

/// One realm on its own: its bound is exact.
#[test]
fn messages_that_nobody_takes_leave_half_of_the_memory_to_scripts() {
    let realm = lone_realm_with(&eager(), |config| config.memory_limit = 8 * MB);
    let send = |bytes: usize| realm.op(Op::Message(input(move |ctx| ctx.string(&"x".repeat(bytes))))).wait();
    assert!(matches!(send(9 * MB), Got::Failed(_)), "more than there is room for");
    let kept = (0..500).filter(|_| send(100_000) == Got::Done).count();
    assert!((30..42).contains(&kept), "{kept} messages of 100 KB are kept");
    let Got::Failed(refused) = send(100_000) else { panic!("one more is kept") };
    assert_eq!(refused.name, "BusyError");
    let bound = format!(
        "{kept} messages wait for a callback of Beam.onMessage, and more than 4194304 bytes, of memory_limit: 8388608"
    );
    assert!(refused.message.starts_with(&bound), "{refused}");
    realm.check("globalThis.seen = 0; 'x'.repeat(2e6).length + onMessage(() => { seen++ })", "2000001");
    // A timer may come due between two messages: what is waited for is the number of them.
    let wait = |number: usize| {
        let until = format!("while (seen < {number}) await new Promise(done => setTimeout(done)); seen");
        realm.check(&until, &number.to_string());
    };
    wait(kept);
    assert_eq!(send(100_000), Got::Done);
    wait(kept + 1);
    realm.free();
}

#[test]
fn messages_are_not_refused_for_garbage() {
    let realm = lone_realm_with(&eager(), |config| config.memory_limit = 64 * MB);
    // Cycles, which only a collection frees.
    realm.check("for (let n = 0; n < 120_000; n++) { const it = { n, w: [n] }; it.self = it } 1", "1");
    for n in 0..50 {
        assert_eq!(realm.op(Op::Message(input(move |ctx| Ok(ctx.number(f64::from(n)))))).wait(), Got::Done);
    }
    realm.free();
}

#[test]
fn garbage_that_comes_in_the_place_of_what_was_freed_does_not_count_either() {
    let realm = lone_realm_with(&eager(), |config| config.memory_limit = 64 * MB);
    let send = || realm.op(Op::Message(input(|ctx| Ok(ctx.null())))).wait();
    assert_eq!(send(), Got::Done);
    realm.check("globalThis.big = new Uint8Array(40e6).fill(1); 1", "1");
    assert!(matches!(send(), Got::Failed(_)), "more than half is in use");
    realm.check(
        "delete globalThis.big; for (let n = 0; n < 7; n++) { const it = { n, w: new Uint8Array(5e6) }; it.self = it } 1",
        "1",
    );
    assert_eq!(send(), Got::Done);
    realm.free();
}
