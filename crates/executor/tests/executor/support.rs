//! A host that tells everything it is asked over a channel, and ops whose outcomes are counted.

use quickbeam_engine::{Args, Ctx, ErrorReport, Faults, Result, Thrown, Value};
use quickbeam_executor::*;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a test waits for what must come; passing tests never wait so long.
const HANG: Duration = Duration::from_secs(30);

/// Each asks for more than 16 MB within builtins that do not poll.
pub const GREEDY_BUILTINS: [&str; 26] = [
    "'x'.repeat(1e8)",
    "new Uint8Array(1e8)",
    "[...'x'.repeat(2e6)]",
    "'xy'.repeat(1e6).split('')",
    "JSON.parse('[' + '{},'.repeat(3e5) + '1]')",
    "JSON.parse('[' + '1,'.repeat(4e6) + '1]')",
    "JSON.parse('[' + `[${'1,'.repeat(1000)}1],`.repeat(2000) + '1]')",
    "JSON.parse(`{${Array.from({ length: 1e5 }, (_, i) => `\"k${i}\":{\"a\":[]}`)}}`)",
    "JSON.stringify(Array(1e5).fill('x'.repeat(1000)))",
    "Object.entries('x'.repeat(2e5))",
    "new Set('x'.repeat(1e6).split('').map((_, i) => i))",
    "Object.groupBy('x'.repeat(3e6), () => 1)",
    "'x'.repeat(5e6).replaceAll('x', 'yyyyyyyyy')",
    "'x'.repeat(5e6).replace(/x/g, '$&$&$&$&$&$&')",
    "'x'.repeat(1e7).match(/x/g)",
    "Array(1e8).fill(0)",
    "Array.from({ length: 1e8 })",
    "[...Array(1e8)]",
    "Array(3e5).fill('x'.repeat(100)).join('é')",
    "{ const a = Array(5e5).fill(0); a.concat(a, a, a, a, a, a, a, a) }",
    "{ const o = {}; for (let i = 0; i < 3e4; i++) o[`k${i}`] = i; [o, o, o, o, o, o, o, o, o].map(o => Object.getOwnPropertyDescriptors(o)) }",
    "encodeURIComponent('é'.repeat(5e6))",
    "eval(`[${'{},'.repeat(2e6)}]`)",
    "Function(`${'f(a.b);'.repeat(1e6)}`)",
    "Function(`${'(() => () => 0);'.repeat(3e5)}`)",
    "Object.entries(Array(4e5).fill('x'))",
];

/// Names the case under way if its test fails.
pub struct Case<'c>(pub &'c str);

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the case: {}", self.0);
        }
    }
}

/// What a host was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Call { id: CallId, name: String, args: Vec<String>, lineage: Lineage },
    Note(String),
    Uncaught(Uncaught),
    Died(ErrorReport),
}

/// Tells a channel when it is dropped.
struct Probe(Mutex<Sender<()>>);

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.0.lock().unwrap().send(());
    }
}

pub struct TestHost {
    events: Mutex<Sender<Event>>,
    gate: Mutex<Receiver<()>>,
    _probe: Probe,
}

impl TestHost {
    fn tell(&self, event: Event) {
        let _ = self.events.lock().unwrap().send(event);
    }
}

impl Host for TestHost {
    fn call<'a>(&self, ctx: Ctx<'a>, id: CallId, _sync: bool, name: &str, args: &[Value<'a>]) -> Result<()> {
        match name {
            "missing" => return Err(ctx.throw_error("Error", "no handler is named 'missing'")),
            "panic" => panic!("a host's method"),
            _ => {}
        }
        let args = args.iter().map(Value::to_text).collect::<Result<_>>()?;
        self.tell(Event::Call { id, name: name.to_owned(), args, lineage: lineage(ctx) });
        Ok(())
    }

    fn log(&self, line: LogLine) {
        assert_ne!(line.text, "panic", "a host's log");
        let is_stuck = line.text == "stuck";
        self.tell(Event::Note(line.text));
        if is_stuck {
            // A builtin that neither polls nor ends, until the test says so.
            let _ = self.gate.lock().unwrap().recv();
        }
    }

    fn uncaught(&self, error: Uncaught) {
        if let Uncaught::Exception(report) = &error {
            assert_ne!(report.message, "panic", "a host's method for errors");
        }
        self.tell(Event::Uncaught(error));
    }

    fn died(&self, reason: ErrorReport) {
        self.tell(Event::Died(reason));
    }
}

/// The globals of the tests.
pub struct Globals;

impl Api for Globals {
    fn name(&self) -> &'static str {
        "test"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let globals = ctx.globals();
        globals.set(
            "call",
            ctx.function("call", 1, |ctx, _, args| call_host(ctx, &args.get(0).to_text()?, &args.rest(1)))?,
        )?;
        globals.set(
            "callSync",
            ctx.function("callSync", 1, |ctx, _, args| call_host_sync(ctx, &args.get(0).to_text()?, &args.rest(1)))?,
        )?;
        globals.set(
            "sleepSync",
            ctx.function("sleepSync", 1, |ctx, _, args| {
                sleep_sync(ctx, millis(&args.get(0))?)?;
                Ok(ctx.undefined())
            })?,
        )?;
        globals.set(
            "exhaust",
            ctx.function("exhaust", 1, |ctx, _, args| {
                ctx.heap().inject_faults(Faults::System);
                Ok(args.get(0))
            })?,
        )?;
        globals.set("setTimeout", ctx.function("setTimeout", 2, |ctx, _, args| timer(ctx, args, false))?)?;
        globals.set("setInterval", ctx.function("setInterval", 2, |ctx, _, args| timer(ctx, args, true))?)?;
        globals.set(
            "setImmediate",
            ctx.function("setImmediate", 1, |ctx, _, args| {
                Ok(ctx.number(f64::from(enqueue_immediate(ctx, args.get(0), args.rest(1))?)))
            })?,
        )?;
        globals.set(
            "clearTimeout",
            ctx.function("clearTimeout", 1, |ctx, _, args| {
                clear_timer(ctx, args.get(0).to_f64()? as u32);
                Ok(ctx.undefined())
            })?,
        )?;
        globals.set(
            "onMessage",
            ctx.function("onMessage", 1, |ctx, _, args| Ok(ctx.number(f64::from(on_message(ctx, args.get(0))?))))?,
        )?;
        globals.set(
            "offMessage",
            ctx.function("offMessage", 1, |ctx, _, args| {
                off_message(ctx, args.get(0).to_f64()? as u32);
                Ok(ctx.undefined())
            })?,
        )?;
        globals.set(
            "setHook",
            ctx.function("setHook", 1, |ctx, _, args| {
                set_uncaught_hook(ctx, args.get(0));
                Ok(ctx.undefined())
            })?,
        )?;
        globals.set(
            "note",
            ctx.function("note", 1, |ctx, _, args| {
                let text = args.get(0).to_text()?;
                log(ctx, LogLine { level: Level::Info, method: "log", text, place: None });
                Ok(ctx.undefined())
            })?,
        )?;
        globals.set("post", ctx.function("post", 1, |ctx, _, args| post(ctx, args.get(0)))?)?;
        globals.set("echo", ctx.function("echo", 1, |ctx, _, args| echo(ctx, args))?)?;
        globals.set("panic", ctx.function("panic", 0, |_, _, _| panic!("a native function"))?)
    }
}

struct Null;

impl Input for Null {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.null())
    }
}

/// Calls a function by an event.
fn post<'a>(ctx: Ctx<'a>, function: Value<'a>) -> Result<Value<'a>> {
    let listener = listen(ctx, function)?;
    let sent = RealmSender::of(ctx)?.send(listener, Box::new(Null));
    sent.map(|()| ctx.undefined()).map_err(|_| ctx.throw_type("the inbox is full"))
}

/// A promise of a call that is answered at once; making a value of the answer calls a function.
fn echo<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let name = args.get(0).to_text()?;
    RealmSender::call(ctx, |sender, id| {
        let answer = input(move |ctx| ctx.call(&ctx.globals().get(&name)?, &ctx.undefined(), &[]));
        sender.resolve(id, Ok(answer));
        Ok(())
    })
}

fn timer<'a>(ctx: Ctx<'a>, args: Args<'a>, repeat: bool) -> Result<Value<'a>> {
    let delay = if args.len() > 1 { millis(&args.get(1))? } else { Duration::ZERO };
    Ok(ctx.number(f64::from(set_timer(ctx, args.get(0), args.rest(2), delay, repeat)?)))
}

fn millis(value: &Value<'_>) -> Result<Duration> {
    Ok(Duration::try_from_secs_f64(value.to_f64()? / 1000.0).unwrap_or_default())
}

/// What an op ended with.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    Done,
    Value(String),
    Names(Vec<String>),
    Bytes(Vec<u8>),
    Figures(std::collections::BTreeMap<&'static str, u64>),
    Failed(ErrorReport),
    /// The reply was dropped without an outcome.
    Lost,
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Got::Value(text) => f.write_str(text),
            Got::Failed(report) => write!(f, "{report}"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// A reply that tells when it is dropped unsent.
struct Ticket {
    sender: Sender<Got>,
    is_owed: bool,
    abandoned: Arc<AtomicBool>,
}

impl Reply for Ticket {
    fn send(mut self: Box<Self>, outcome: Outcome<'_, '_>) {
        let got = match outcome {
            Outcome::Done => Got::Done,
            Outcome::Value(ctx, value) => match text(ctx, value) {
                Ok(text) => Got::Value(text),
                Err(Thrown) => Got::Failed(take_report(ctx)),
            },
            Outcome::Names(names) => Got::Names(names),
            Outcome::Bytes(bytes) => Got::Bytes(bytes),
            Outcome::Figures(figures) => Got::Figures(figures),
            Outcome::Disassembly(_) => Got::Value("a disassembly".to_owned()),
            Outcome::Failed(report) => Got::Failed(report),
        };
        self.is_owed = false;
        let _ = self.sender.send(got);
    }

    fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    fn spare(&self) -> Option<Box<dyn Reply>> {
        let (sender, abandoned) = (self.sender.clone(), self.abandoned.clone());
        Some(Box::new(Ticket { sender, is_owed: false, abandoned }))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_owed {
            let _ = self.sender.send(Got::Lost);
        }
    }
}

/// Objects as JSON, everything else as a string.
fn text<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<String> {
    if !value.is_object() || value.is_function() {
        return value.to_text();
    }
    let json = ctx.globals().get("JSON")?;
    ctx.call(&json.get("stringify")?, &json, std::slice::from_ref(value))?.to_text()
}

/// An op under way.
pub struct Pending {
    receiver: Receiver<Got>,
    abandoned: Arc<AtomicBool>,
}

impl Pending {
    /// Its one outcome.
    pub fn wait(self) -> Got {
        let got = receive(&self.receiver, "an outcome");
        assert_ne!(got, Got::Lost, "a reply was dropped without an outcome");
        match self.receiver.recv_timeout(HANG) {
            Err(RecvTimeoutError::Disconnected) => got,
            second => panic!("after {got} came {second:?}"),
        }
    }

    pub fn text(self) -> String {
        self.wait().to_string()
    }

    /// Its outcome, if it is there.
    pub fn peek(&self) -> Option<Got> {
        self.receiver.try_recv().ok()
    }

    /// Its outcome, where the reply may have been lost with the fiber that sent it.
    pub fn first(self) -> String {
        let got = receive(&self.receiver, "an outcome");
        assert_ne!(got, Got::Lost, "a reply was dropped without an outcome");
        got.to_string()
    }

    /// The caller goes away.
    pub fn abandon(self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}

/// Asks again and again until it holds.
pub fn until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < HANG, "what must come about did not");
        std::thread::yield_now();
    }
}

fn receive<T>(receiver: &Receiver<T>, what: &str) -> T {
    receiver.recv_timeout(HANG).unwrap_or_else(|error| panic!("{what} did not come: {error}"))
}

/// A realm with its host's events.
pub struct TestRealm {
    pub handle: RealmHandle,
    pub events: Receiver<Event>,
    gate: Sender<()>,
    freed: Receiver<()>,
    /// Shares the isolate, or the threads.
    companion: Option<RealmHandle>,
}

/// One thread that preempts at every poll.
pub fn eager() -> Arc<Executor> {
    executor(1)
}

pub fn executor(threads: usize) -> Arc<Executor> {
    let threads = threads.max(crate::MIN_THREADS);
    Executor::new(&ExecutorOptions { threads, slice: Duration::ZERO, ..options() }).unwrap()
}

/// Options for the placement under test.
pub fn options() -> ExecutorOptions {
    ExecutorOptions { contexts_per_isolate: crate::CONTEXTS_PER_ISOLATE, ..ExecutorOptions::default() }
}

/// A realm on a thread of its own.
pub fn realm() -> TestRealm {
    realm_on(&eager())
}

pub fn realm_on(executor: &Arc<Executor>) -> TestRealm {
    realm_with(executor, |_| {})
}

pub fn realm_with(executor: &Arc<Executor>, mut configure: impl FnMut(&mut RealmConfig)) -> TestRealm {
    let companion =
        (crate::CONTEXTS_PER_ISOLATE.max(crate::MIN_THREADS) > 1).then(|| companion(executor, &mut configure));
    TestRealm { companion, ..lone_realm_with(executor, configure) }
}

/// A realm that has no companion.
pub fn lone_realm_with(executor: &Arc<Executor>, configure: impl FnOnce(&mut RealmConfig)) -> TestRealm {
    let (events, received) = channel();
    let (probe, freed) = channel();
    let (gate, closed) = channel();
    let host = TestHost { events: Mutex::new(events), gate: Mutex::new(closed), _probe: Probe(Mutex::new(probe)) };
    let mut config = RealmConfig::new(Arc::new(host));
    config.apis.push(&Globals);
    configure(&mut config);
    TestRealm { handle: executor.spawn(config), events: received, gate, freed, companion: None }
}

/// What realms in the same isolate, or on the same threads, are at meanwhile.
const PASTIMES: &[&str] = &[
    "for (;;) {}",
    "callSync('never')",
    "for (const name of Reflect.ownKeys(globalThis)) { if (name !== 'gc') { try { globalThis[name] = null } catch {} } }",
    "Object.prototype.then = 1; Array.prototype.push = null; Object.freeze(Promise.prototype); 0",
    "(function again() { Promise.resolve().then(again) })()",
    "setInterval(() => { try { null.x } catch {} }, 0); new Promise(() => {})",
    "try { callSync('never') } finally { for (;;) {} }",
    "throw new Error('not minded')",
];

/// A realm that is busy with itself.
fn companion(executor: &Arc<Executor>, configure: &mut impl FnMut(&mut RealmConfig)) -> RealmHandle {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let host = TestHost {
        events: Mutex::new(channel().0),
        gate: Mutex::new(channel().1),
        _probe: Probe(Mutex::new(channel().0)),
    };
    let mut config = RealmConfig::new(Arc::new(host));
    config.apis.push(&Globals);
    configure(&mut config);
    let handle = executor.spawn(config);
    let pastime = PASTIMES[NEXT.fetch_add(1, Ordering::Relaxed) % PASTIMES.len()];
    // It may be gone already, if its configuration is hopeless.
    let _ = handle.cast(eval(pastime));
    handle
}

impl TestRealm {
    pub fn submit(&self, op: Op, options: SubmitOptions) -> Pending {
        self.try_submit(op, options).unwrap()
    }

    pub fn try_submit(&self, op: Op, options: SubmitOptions) -> std::result::Result<Pending, SubmitError> {
        submit_to(&self.handle, op, options)
    }

    pub fn op(&self, op: Op) -> Pending {
        self.submit(op, SubmitOptions::default())
    }

    /// Starts an eval.
    pub fn start(&self, source: &str) -> Pending {
        self.op(eval(source))
    }

    /// Starts an eval that times out at once when nothing answers it.
    pub fn start_timed(&self, source: &str) -> Pending {
        self.submit(
            eval(source),
            SubmitOptions { timeout: Some(Duration::from_millis(20)), ..SubmitOptions::default() },
        )
    }

    pub fn start_nested(&self, parent: CallId, source: &str) -> Pending {
        self.submit(eval(source), under(&self.handle, parent))
    }

    /// Evaluates and tells the outcome as text.
    pub fn eval(&self, source: &str) -> String {
        self.start(source).text()
    }

    #[track_caller]
    pub fn check(&self, source: &str, expected: &str) {
        assert_eq!(self.eval(source), expected, "{source}");
    }

    /// The next thing the host is told.
    pub fn event(&self) -> Event {
        receive(&self.events, "an event")
    }

    /// The id of the call that comes next.
    #[track_caller]
    pub fn expect_call(&self, expected: &str) -> CallId {
        match self.event() {
            Event::Call { id, name, .. } if name == expected => id,
            other => panic!("expected a call of {expected}, got {other:?}"),
        }
    }

    /// The id of the call that comes next, whatever is told before.
    #[track_caller]
    pub fn expect_call_at_last(&self, expected: &str) -> CallId {
        loop {
            match self.event() {
                Event::Call { id, name, .. } if name == expected => return id,
                _ => {}
            }
        }
    }

    /// The call that comes next, with what its op runs for.
    #[track_caller]
    pub fn expect_traced_call(&self, expected: &str) -> (CallId, Lineage) {
        match self.event() {
            Event::Call { id, name, lineage, .. } if name == expected => (id, lineage),
            other => panic!("expected a call of {expected}, got {other:?}"),
        }
    }

    #[track_caller]
    pub fn expect_note(&self, expected: &str) {
        assert_eq!(self.event(), Event::Note(expected.to_owned()));
    }

    /// The report of the uncaught error that comes next.
    #[track_caller]
    pub fn expect_uncaught(&self) -> ErrorReport {
        match self.event() {
            Event::Uncaught(Uncaught::Exception(report) | Uncaught::Rejection(report)) => report,
            other => panic!("expected an uncaught error, got {other:?}"),
        }
    }

    #[track_caller]
    pub fn expect_death(&self) -> ErrorReport {
        match self.event() {
            Event::Died(report) => report,
            other => panic!("expected the realm's death, got {other:?}"),
        }
    }

    /// Starts an eval that gets stuck in a builtin, and waits until it is.
    pub fn start_stuck(&self, source: &str) -> Pending {
        let pending = self.start(source);
        self.expect_note("stuck");
        pending
    }

    /// Ends the builtin that the realm is stuck in.
    pub fn release(&self) {
        self.gate.send(()).unwrap();
    }

    /// Answers a call with a string.
    pub fn resolve(&self, id: CallId, answer: &str) {
        let answer = answer.to_owned();
        self.handle.resolve(id, Ok(input(move |ctx| ctx.string(&answer))));
    }

    pub fn reject(&self, id: CallId, name: &str, message: &str) {
        let (name, message) = (name.to_owned(), message.to_owned());
        self.handle.resolve(id, Err(HostError { name, message, stack: None }));
    }

    /// Drops the handle; what is left is freed later.
    pub fn drop_handle(self) -> Ended {
        let TestRealm { handle, events, gate, freed, companion } = self;
        drop((handle, companion));
        Ended { events, gate, freed }
    }

    /// Drops the handle, waits until the host is dropped too, and gives back what the host was told last.
    pub fn free(self) -> Vec<Event> {
        self.drop_handle().free()
    }
}

/// What is left of a realm without its handle.
pub struct Ended {
    events: Receiver<Event>,
    gate: Sender<()>,
    freed: Receiver<()>,
}

impl Ended {
    /// Ends a builtin that it is stuck in, waits until the host is dropped, and gives back what that was told last.
    pub fn free(self) -> Vec<Event> {
        let Ended { events, gate, freed } = self;
        drop(gate);
        receive(&freed, "the end of the host's last owner");
        events.into_iter().collect()
    }
}

pub fn submit_to(handle: &RealmHandle, op: Op, options: SubmitOptions) -> std::result::Result<Pending, SubmitError> {
    let (sender, receiver) = channel();
    let abandoned = Arc::default();
    let ticket = Ticket { sender, is_owed: true, abandoned: Arc::clone(&abandoned) };
    handle.submit(op, Box::new(ticket), options)?;
    Ok(Pending { receiver, abandoned })
}

/// Options of the ops of the handler of a call.
pub fn under(handle: &RealmHandle, call: CallId) -> SubmitOptions {
    SubmitOptions { lineage: Lineage::of_call(handle.id(), call, &Lineage::default()), ..SubmitOptions::default() }
}

pub fn eval(source: &str) -> Op {
    Op::Eval { source: source.to_owned(), filename: None, vars: None }
}

/// A closure as an input.
pub fn input<F>(f: F) -> Box<dyn Input>
where
    F: for<'a> FnOnce(Ctx<'a>) -> Result<Value<'a>> + Send + 'static,
{
    Box::new(f)
}
