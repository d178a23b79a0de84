//! Isolates on one thread take turns.

use crate::support::*;
use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
use quickbeam_executor::*;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

const LOOP: &str = "for (;;) {}";

#[test]
fn an_endless_loop_delays_nobody_on_its_thread() {
    let executor = eager();
    let looping = realm_on(&executor);
    let pending = looping.start(LOOP);
    for n in 0..100 {
        let other = realm_on(&executor);
        other.check(&format!("{n} + 1"), &format!("{}", n + 1));
    }
    looping.handle.kill();
    assert_eq!(pending.text(), "InterruptedError: the eval was interrupted: the runtime was stopped");
}

/// Tells in one list which realm logged; its calls are told to the test.
struct Lapper {
    index: usize,
    laps: Arc<Mutex<Vec<usize>>>,
    calls: Mutex<Sender<CallId>>,
}

impl Host for Lapper {
    fn call<'a>(&self, _: Ctx<'a>, id: CallId, _: bool, _: &str, _: &[Value<'a>]) -> Result<()> {
        let _ = self.calls.lock().unwrap().send(id);
        Ok(())
    }

    fn log(&self, _: LogLine) {
        self.laps.lock().unwrap().push(self.index);
    }

    fn uncaught(&self, _: Uncaught) {}

    fn died(&self, _: ErrorReport) {}
}

/// All wait at a gate; when the first has run its laps, the others must have come nearly as far.
#[test]
fn turns_are_fair() {
    // So many that it hardly matters in whose turn the system gives the core to another program.
    const LAPS: usize = 2_000;
    let executor = eager();
    let laps = Arc::new(Mutex::new(Vec::new()));
    let source = format!(
        "callSync('gate'); for (let lap = 0; lap < {LAPS}; lap++) {{ note('lap'); for (let i = 0; i < 10000; i++); }}"
    );
    let runners: Vec<_> = (0..4)
        .map(|index| {
            let (calls, called) = channel();
            let host = Lapper { index, laps: laps.clone(), calls: Mutex::new(calls) };
            let mut config = RealmConfig::new(Arc::new(host));
            config.apis.push(&Globals);
            let realm = executor.spawn(config);
            let pending = submit_to(&realm, eval(&source), SubmitOptions::default()).unwrap();
            let gate = called.recv().unwrap();
            (realm, pending, gate)
        })
        .collect();
    for (realm, _, gate) in &runners {
        realm.resolve(*gate, Ok(input(|ctx| Ok(ctx.undefined()))));
    }
    for (_, pending, _) in runners {
        assert_eq!(pending.text(), "undefined");
    }
    let mut counts = [0; 4];
    for &index in laps.lock().unwrap().iter() {
        counts[index] += 1;
        if counts[index] == LAPS {
            break;
        }
    }
    assert!(counts.iter().all(|&count| count >= LAPS / 2), "{counts:?}");
}

#[test]
fn a_pausing_isolate_goes_on_where_it_stood() {
    let executor = eager();
    let busy = realm_on(&executor);
    let sum = busy.start("let sum = 0; for (let i = 0; i < 3e6; i++) sum += i % 7; sum");
    let other = realm_on(&executor);
    for _ in 0..20 {
        other.check("1 + 1", "2");
    }
    assert_eq!(sum.text(), "8999994");
}

#[test]
fn preemption_holds_in_builtins_that_call_back() {
    let executor = eager();
    let other = realm_on(&executor);
    for source in [
        "for (;;) [3, 1, 2].sort((a, b) => a - b)",
        "for (;;) [1, 2, 3].map(x => x + 1)",
        "for (;;) JSON.stringify({ a: 1 })",
        "for (;;) 'abc'.replace(/b/, () => 'x')",
        "for (;;) Reflect.apply(() => 1, null, [])",
        "const p = new Proxy({}, { get: () => 1 }); for (;;) p.x",
        "function f() { try { f() } catch { f() } } f()",
        "(function* () { for (;;) yield 1 })().forEach(() => {})",
        "/(a+)+b/.exec('a'.repeat(64))",
    ] {
        let looping = realm_on(&executor);
        let pending = looping.start(source);
        for _ in 0..5 {
            other.check("1 + 1", "2");
        }
        looping.handle.kill();
        assert!(pending.text().contains("the runtime was stopped"), "{source}");
    }
}

#[test]
fn two_thousand_loops_share_a_thread() {
    let executor = eager();
    let loops: Vec<_> = (0..2_000)
        .map(|_| {
            let realm = realm_with(&executor, |config| config.max_stack_size = 128 << 10);
            let pending = realm.start(LOOP);
            (realm, pending)
        })
        .collect();
    realm_on(&executor).check("1 + 1", "2");
    for (realm, _) in &loops {
        realm.handle.kill();
    }
    for (realm, pending) in loops {
        assert!(pending.text().contains("the runtime was stopped"));
        realm.free();
    }
}

#[test]
fn ops_of_one_realm_run_in_order() {
    let executor = eager();
    let _looping = {
        let realm = realm_on(&executor);
        (realm.start(LOOP), realm)
    };
    let realm = realm_on(&executor);
    let pending: Vec<_> = (0..1_000).map(|n| realm.start(&format!("note({n}); {n}"))).collect();
    for (n, pending) in pending.into_iter().enumerate() {
        assert_eq!(pending.text(), n.to_string());
        realm.expect_note(&n.to_string());
    }
}

#[test]
fn a_long_queue_of_short_ops_gives_way() {
    let executor = eager();
    let (busy, other) = (realm_on(&executor), realm_on(&executor));
    busy.check("1", "1");
    other.check("1", "1");
    let many: Vec<_> = (0..20_000).map(|_| busy.start("note('busy')")).collect();
    other.check("1 + 1", "2");
    for pending in many {
        pending.wait();
    }
}

#[test]
fn a_full_inbox_says_busy_and_recovers() {
    let executor = Executor::new(&ExecutorOptions { inbox_capacity: 10, ..options() }).unwrap();
    let realm = realm_on(&executor);
    realm.check("1", "1");
    let waiting = realm.start("callSync('wait')");
    let id = realm.expect_call("wait");
    let queued: Vec<_> = (0..10).map(|n| realm.start(&n.to_string())).collect();
    let refused = realm.try_submit(eval("1"), SubmitOptions::default());
    assert_eq!(refused.err(), Some(SubmitError::Busy));
    realm.resolve(id, "x");
    assert_eq!(waiting.text(), "x");
    for (n, pending) in queued.into_iter().enumerate() {
        assert_eq!(pending.text(), n.to_string());
    }
    realm.check("'room again'", "room again");
}
