//! Locks of one realm.

use quickbeam_api_events::Events;
use quickbeam_api_harness::Harness;
use quickbeam_api_locks::Locks;
use quickbeam_api_timers::Timers;
use quickbeam_api_webidl::DomExceptions;
use quickbeam_engine::{Ctx, Result as JsResult};
use quickbeam_executor::{Api, RealmSender};

fn harness() -> Harness {
    prepared(Harness::new(&[&DomExceptions, &Timers, &Events, &Locks]))
}

/// Loops are ended soon, and so is what fills the memory.
fn impatient() -> Harness {
    prepared(Harness::configured(&[&DomExceptions, &Timers, &Events, &Locks], |config| {
        config.max_reductions = Some(200_000);
        config.memory_limit = 6 << 20;
    }))
}

fn prepared(harness: Harness) -> Harness {
    harness.check(
        "globalThis.locks = navigator.locks;
         globalThis.seen = [];
         globalThis.gate = () => { let open; const promise = new Promise((resolve) => { open = resolve }); return { promise, open } };
         globalThis.name = (promise) => promise.then(() => 'fine', (e) => e.name); 1",
        "1",
    );
    harness
}

const CASES: &[(&str, &str)] = &[
    ("locks.request('a', (lock) => [lock.name, lock.mode, lock instanceof Lock].join())", "a,exclusive,true"),
    ("locks.request('a', { mode: 'shared' }, (lock) => lock.mode)", "shared"),
    ("locks.request('a', async () => { throw new RangeError('mine') })", "RangeError: mine"),
    ("locks.request('a', () => 1).then(() => locks.query()).then((q) => q.held.length + q.pending.length)", "0"),
    // Exclusive locks are held one after another, shared ones together.
    (
        "(async () => {
            const g = gate();
            const first = locks.request('a', async () => { seen.push(1); await g.promise; seen.push(2) });
            const second = locks.request('a', () => seen.push(3));
            await locks.request('b', () => seen.push('b'));
            g.open();
            await Promise.all([first, second]);
            return seen.join();
        })()",
        "1,b,2,3",
    ),
    (
        "(async () => {
            const g = gate();
            const shared = ['x', 'y'].map((n) => locks.request('a', { mode: 'shared' }, async () => { seen.push(n); await g.promise }));
            const exclusive = locks.request('a', () => seen.push('e'));
            const late = locks.request('a', { mode: 'shared' }, () => seen.push('z'));
            await new Promise((r) => setTimeout(r, 1));
            const q = await locks.query();
            seen.push(q.held.map((l) => l.mode).join('+'), q.pending.map((l) => l.mode).join('+'));
            g.open();
            await Promise.all([...shared, exclusive, late]);
            return seen.join();
        })()",
        "x,y,shared+shared,exclusive+shared,e,z",
    ),
    // What is not available at once.
    (
        "(async () => {
            const g = gate();
            const held = locks.request('a', () => g.promise);
            const got = await locks.request('a', { ifAvailable: true }, (lock) => lock);
            g.open();
            await held;
            return String(got) + (await locks.request('a', { ifAvailable: true }, (lock) => lock.name));
        })()",
        "nulla",
    ),
    (
        "(async () => {
            const held = name(locks.request('a', () => new Promise(() => {})));
            const waits = locks.request('a', () => 'waited');
            await locks.request('a', { steal: true }, () => seen.push('stolen'));
            return [await held, await waits, ...seen].join();
        })()",
        "AbortError,waited,stolen",
    ),
    (
        "(async () => {
            const g = gate();
            const held = locks.request('a', () => g.promise);
            const controller = new AbortController();
            const aborted = name(locks.request('a', { signal: controller.signal }, () => seen.push('no')));
            controller.abort();
            const result = await aborted;
            g.open();
            await held;
            return [result, seen.length, (await locks.query()).pending.length].join();
        })()",
        "AbortError,0,0",
    ),
    ("locks.request('a', { signal: AbortSignal.abort(new RangeError('early')) }, () => 1)", "RangeError: early"),
    ("name(locks.request('-a', () => 1))", "NotSupportedError"),
    ("name(locks.request('a', { steal: true, ifAvailable: true }, () => 1))", "NotSupportedError"),
    ("name(locks.request('a', { steal: true, mode: 'shared' }, () => 1))", "NotSupportedError"),
    ("name(locks.request('a', { mode: 'other' }, () => 1))", "TypeError"),
    ("name(locks.request('a'))", "TypeError"),
    ("name(locks.request('a', 5))", "TypeError"),
    ("name(LockManager.prototype.query.call({}))", "TypeError"),
    ("new LockManager()", "TypeError: Illegal constructor"),
    ("new Lock()", "TypeError: Illegal constructor"),
];

#[test]
fn locks_are_as_the_standard_has_them() {
    for (script, expected) in CASES {
        harness().check(script, expected);
    }
}

#[test]
fn requests_that_wait_are_bounded() {
    harness().check(
        "locks.request('a', () => new Promise(() => {}));
         Promise.all(Array.from({ length: 20000 }, () => locks.request('a', () => 1)))",
        "RangeError: 10000 requests of locks wait already",
    );
}

#[test]
fn aborting_before_the_callback_runs_takes_the_request_back() {
    harness().check(
        "(async () => {
            const controller = new AbortController();
            const aborted = name(locks.request('a', { signal: controller.signal }, () => seen.push('ran')));
            controller.abort();
            const result = await aborted;
            return [result, seen.length, await locks.request('a', { ifAvailable: true }, (lock) => lock.name)].join();
        })()",
        "AbortError,0,a",
    );
}

#[test]
fn names_are_any_strings_and_bounded() {
    let harness = harness();
    harness.check(
        "(async () => {
            const open = gate();
            const names = ['', '\\ud800', '\\ud801', '\\ufffd', '__proto__'];
            const held = names.map((n) => locks.request(n, { ifAvailable: true }, (lock) => lock && open.promise));
            await new Promise((r) => setTimeout(r, 1));
            const query = await locks.query();
            open.open();
            await Promise.all(held);
            return names.every((n) => query.held.some((l) => l.name === n)) + ',' + query.held.length + ',' + query.held[0].clientId.startsWith('realm-');
        })()",
        "true,5,true",
    );
    harness.check(
        "const long = 'x'.repeat(1e6); Promise.all(Array.from({ length: 20 }, (_, n) => locks.request(long + n, () => new Promise(() => {}))))",
        "RangeError: the names of locks and requests would take more than 16777216 bytes",
    );
}

/// `wait()`: a call that nobody answers.
struct Calls;

impl Api for Calls {
    fn name(&self) -> &'static str {
        "calls"
    }

    fn install(&self, ctx: Ctx<'_>) -> JsResult<()> {
        ctx.globals().set("wait", ctx.function("wait", 0, |ctx, _, _| RealmSender::call(ctx, |_, _| Ok(())))?)
    }
}

#[test]
fn requests_that_cannot_be_made_leave_nothing_behind() {
    let harness = prepared(Harness::new(&[&DomExceptions, &Timers, &Events, &Locks, &Calls]));
    harness.check("for (let n = 0; n < 100_000; n++) wait(); 'all'", "all");
    harness.check(
        "(async () => {
            const long = 'x'.repeat(1e6);
            const failures = new Set();
            for (let n = 0; n < 20; n++) await locks.request(long + n, () => 1).catch((e) => failures.add(`${e}`));
            const { held, pending } = await locks.query();
            return [...failures, held.length + pending.length].join();
        })()",
        "RangeError: 100000 calls wait for an answer already,0",
    );
}

/// Callbacks of `a` that are ended in a loop, most by the budget.
const ENDED: &[&str] = &[
    "() => { const job = (async () => { await 0; const me = { job, x: [] }; me.me = me; for (;;) me.x.push({}) })(); return job }",
    "() => { for (;;) {} }",
    "async () => { await 0; for (;;) {} }",
    "() => new Promise((done) => setTimeout(() => { while (globalThis) {} done() }, 1))",
    "async () => { await locks.request('b', async () => { await 0; for (;;) {} }) }",
    "async () => { await locks.request('b', { signal }, async () => { await 0; for (;;) {} }) }",
    "() => { const job = (async () => { await 0; const me = { job }; me.me = me; for (;;) {} })(); return job }",
    "() => { const job = (async () => { await 0; for (;;) { if (!job) break } })(); return job }",
    "() => Promise.all([new Promise((done) => setTimeout(done, 50)), (async () => { await 0; for (;;) {} })()])",
    "() => new Promise((done) => { setTimeout(() => globalThis.no?.(done), 30); queueMicrotask(() => { while (globalThis) {} done() }) })",
    "async (lock) => { globalThis.lock = lock; for await (const it of (async function* () { yield 1; for (;;) {} })()) it }",
];

fn is_ended(got: &Result<String, String>) -> bool {
    let is_it = |error: &String| error.starts_with("InterruptedError") || error.starts_with("OutOfMemoryError");
    got.as_ref().is_err_and(is_it)
}

#[test]
fn what_is_ended_gives_its_locks_back() {
    for callback in ENDED {
        let harness = impatient();
        harness.check("globalThis.signal = new AbortController().signal; 1", "1");
        let got = harness.eval(&format!("locks.request('a', {{ signal }}, {callback})"));
        assert!(is_ended(&got), "{callback}: {got:?}");
        for name in ["a", "b"] {
            let take = format!("locks.request('{name}', () => 'free')");
            let held = "new Promise((done) => setTimeout(done, 10_000, 'held'))";
            let got = harness.eval(&format!("Promise.race([{take}, {held}])"));
            assert_eq!(got.as_deref(), Ok("free"), "{name}: {callback}");
        }
    }
}

/// A loop takes two steps a round, so jobs end at each of the steps that the second request takes.
#[test]
fn requests_of_what_is_ended_leave_nothing_behind() {
    let harness = impatient();
    for rounds in (99_950..100_000).cycle().take(200) {
        harness.check(
            &format!(
                "locks.request('spin', () => {{ for (let n = 0; n < {rounds}; n++); }});
                 locks.request('{rounds}', () => 1); 1"
            ),
            "1",
        );
    }
    harness.check(
        "(async () => {
            for (let n = 0; n < 1000; n++) {
                const { held, pending } = await locks.query();
                if (held.length + pending.length === 0) return 'none';
                await new Promise((done) => setTimeout(done, 5));
            }
            return (await locks.query()).held.map((lock) => lock.name).join();
        })()",
        "none",
    );
}

/// Callbacks that hold a lock for good.
const LEADERS: &[&str] = &[
    "() => new Promise(() => {})",
    "async () => { await new Promise(() => {}) }",
    "() => new Promise((resign) => { globalThis.resign = resign })",
    "() => new Promise((resign) => { const me = { resign }; me.me = me })",
    "async (lock) => { const lead = () => lead; await new Promise(() => {}) }",
    "() => new Promise((resign) => new AbortController().signal.addEventListener('abort', resign))",
];

#[test]
fn leaders_stay_whatever_else_is_ended() {
    for callback in LEADERS {
        for is_late in [false, true] {
            let harness = impatient();
            let end = |what: &str| assert!(is_ended(&harness.eval(what)), "{what}");
            harness.check(
                "globalThis.open = gate(); globalThis.leads = gate(); locks.request('l', () => open.promise); 1",
                "1",
            );
            let lead = format!("locks.request('l', (lock) => {{ leads.open('led'); return ({callback})(lock) }}); 1");
            harness.check(&lead, "1");
            let ends = [
                "for (;;) {}",
                "(async () => { await 0; for (;;) {} })()",
                "{ const x = []; for (;;) x.push({}, {}, {}) }",
            ];
            if is_late {
                ends.iter().for_each(|what| end(what));
            }
            harness.check("open.open(); leads.promise", "led");
            ends.iter().chain(&ends).for_each(|what| end(what));
            harness.check("locks.request('l', { ifAvailable: true }, (lock) => lock)", "null");
        }
    }
}
