//! What a scheduler of many isolates costs and gives: prints a line per question.
//!
//! `cargo run --release -p quickbeam-executor --example figures [name]`

use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
use quickbeam_executor::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Tells its calls to a channel.
struct Caller {
    index: usize,
    calls: Mutex<Sender<(usize, CallId)>>,
}

impl Host for Caller {
    fn call<'a>(&self, _: Ctx<'a>, id: CallId, _: bool, _: &str, _: &[Value<'a>]) -> Result<()> {
        let _ = self.calls.lock().map(|calls| calls.send((self.index, id)));
        Ok(())
    }

    fn log(&self, _: LogLine) {}

    fn uncaught(&self, _: Uncaught) {}

    fn died(&self, reason: ErrorReport) {
        eprintln!("a realm died: {reason}");
    }
}

/// An answer.
struct One;

impl Input for One {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.int(1))
    }
}

struct CallSync;

impl Api for CallSync {
    fn name(&self) -> &'static str {
        "callSync"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let function = ctx.function("callSync", 1, |ctx, _, args| call_host_sync(ctx, &args.get(0).to_text()?, &[]))?;
        ctx.globals().set("callSync", function)
    }
}

struct Realms<C = Receiver<(usize, CallId)>> {
    executor: Arc<Executor>,
    realms: Vec<RealmHandle>,
    calls: C,
}

fn realms(threads: usize, count: usize) -> Realms {
    let executor = Executor::new(&ExecutorOptions { threads, ..ExecutorOptions::default() }).expect("threads");
    let (sender, calls) = channel();
    let realms: Vec<RealmHandle> = (0..count)
        .map(|index| {
            let mut config = RealmConfig::new(Arc::new(Caller { index, calls: Mutex::new(sender.clone()) }));
            config.apis.push(&CallSync);
            config.max_stack_size = 512 << 10;
            executor.spawn(config)
        })
        .collect();
    let made = Realms { executor, realms, calls };
    made.all("globalThis.n = 0; function f(x) { return x + n }");
    made
}

fn eval(source: &str) -> Op {
    Op::Eval { source: source.to_owned(), filename: None, vars: None }
}

impl<C> Realms<C> {
    /// Runs a script in each, all at once.
    fn all(&self, source: &str) {
        let left = Arc::new(AtomicUsize::new(self.realms.len()));
        for realm in &self.realms {
            let left = left.clone();
            let reply = move |_: Outcome<'_, '_>| {
                left.fetch_sub(1, Ordering::Release);
            };
            realm.submit(eval(source), Box::new(reply), SubmitOptions::default()).expect("room");
        }
        while left.load(Ordering::Acquire) > 0 {
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// One script in one of them, from submission to outcome, spinning.
    fn one(&self, index: usize, source: &str) -> Duration {
        let done = Arc::new(AtomicUsize::new(0));
        let flag = done.clone();
        let reply = move |_: Outcome<'_, '_>| flag.store(1, Ordering::Release);
        let start = Instant::now();
        self.realms[index].submit(eval(source), Box::new(reply), SubmitOptions::default()).expect("room");
        while done.load(Ordering::Acquire) == 0 {
            if start.elapsed() > Duration::from_micros(100) {
                std::thread::yield_now();
            }
        }
        start.elapsed()
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn round_trip() {
    let made = realms(1, 1);
    let mut times: Vec<_> = (0..200_000).map(|_| made.one(0, "1+1")).collect();
    println!("eval 1+1 of one realm, there and back: median {:?}", percentile(&mut times, 50));
}

/// Ops of about 50 µs each, in rounds over all realms.
fn throughput() {
    const ROUNDS: usize = 20;
    let rates: Vec<f64> = [1, 2]
        .into_iter()
        .map(|threads| {
            let made = realms(threads, 1_000);
            let (start, cpu_before) = (Instant::now(), cpu_time());
            (0..ROUNDS).for_each(|_| made.all("s = 0; for (let i = 0; i < 1000; i++) s += f(i); 0"));
            let rate = (ROUNDS * 1_000) as f64 / start.elapsed().as_secs_f64();
            let cpu = (cpu_time() - cpu_before) / (ROUNDS as u32 * 1_000);
            println!("1,000 realms, short ops, {threads} threads: {rate:.0} ops/s, {cpu:?} of CPU each");
            println!("    {:?}", made.executor.info());
            rate
        })
        .collect();
    println!("2 threads against 1: {:.2} x", rates[1] / rates[0]);
}

/// CPU time of the process so far: what tells on a busy machine. Zero where the system does not say.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(10 * ticks.sum::<u64>())
}

fn neighbours() {
    let made = realms(2, 1_002);
    let submit = |index: usize| {
        let nobody = |_: Outcome<'_, '_>| {};
        made.realms[index].submit(eval("for (;;) {}"), Box::new(nobody), SubmitOptions::default()).expect("room");
    };
    let mut times: Vec<_> = (2..1_002).cycle().take(5_000).map(|index| made.one(index, "f(1)")).collect();
    let calm = percentile(&mut times, 99);
    submit(0);
    submit(1);
    let mut times: Vec<_> = (2..1_002).cycle().take(5_000).map(|index| made.one(index, "f(1)")).collect();
    let (half, most) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("1,000 realms beside 2 loops on 2 threads: p50 {half:?}, p99 {most:?} (p99 without loops {calm:?})");
}

fn calls() {
    let Realms { executor, realms, calls } = realms(2, 1_000);
    let made = &Realms { executor, realms, calls: () };
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let waiting: Vec<_> = calls.iter().take(1_000).map(|call| (Instant::now(), call)).collect();
            for (at, (index, id)) in waiting {
                std::thread::sleep((at + Duration::from_millis(50)).saturating_duration_since(Instant::now()));
                made.realms[index].resolve(id, Ok(Box::new(One)));
            }
        });
        made.all("callSync('f')");
    });
    println!("1,000 realms at once in callSync, answered after 50 ms: {:?}", start.elapsed());
}

/// A collection of many objects beside short ops on the same processor.
fn pause() {
    let made = realms(1, 2);
    made.one(0, "globalThis.a = []; for (let i = 0; i < 800000; i++) a.push({ i, j: [i] }); 0");
    let nobody = |_: Outcome<'_, '_>| {};
    made.realms[0]
        .submit(
            eval("for (let i = 0; i < 40; i++) JSON.parse(JSON.stringify(a).slice(0, 9)+']').x"),
            Box::new(nobody),
            SubmitOptions::default(),
        )
        .expect("room");
    let mut times: Vec<_> = (0..2_000).map(|_| made.one(1, "f(1)")).collect();
    println!(
        "one realm beside a long builtin on the same processor: p99 {:?}, worst {:?}; {:?}",
        percentile(&mut times, 99),
        percentile(&mut times, 100),
        made.executor.info()
    );
}

/// Bytes of the process in memory. Zero where the system does not say.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).map_or(0, |pages| pages * 4096)
}

/// Realms that come and go, alone or among others of their isolate.
fn lifetimes() {
    const COUNT: u32 = 5_000;
    for contexts_per_isolate in [1, 16] {
        let executor =
            Executor::new(&ExecutorOptions { contexts_per_isolate, ..ExecutorOptions::default() }).expect("threads");
        let spawn = || {
            let host = Caller { index: 0, calls: Mutex::new(channel().0) };
            let realm = executor.spawn(RealmConfig::new(Arc::new(host)));
            let (done, finished) = channel();
            let reply = move |_: Outcome<'_, '_>| {
                let _ = done.send(());
            };
            realm.submit(eval("1"), Box::new(reply), SubmitOptions::default()).expect("room");
            let _ = finished.recv();
            realm
        };
        let mut living: Vec<RealmHandle> = (0..100).map(|_| spawn()).collect();
        for round in 1..=3 {
            let (start, before) = (Instant::now(), resident());
            for index in 0..COUNT as usize {
                living[index * 7 % 100] = spawn();
            }
            let (each, after) = (start.elapsed() / COUNT, resident());
            println!(
                "round {round}: a bare realm from creation through its first eval to its end, {contexts_per_isolate} in \
                 an isolate: {each:?}; resident {} KB before, {} KB after",
                before >> 10,
                after >> 10
            );
        }
    }
}

fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let figures: [(&str, fn()); 6] = [
        ("round_trip", round_trip),
        ("throughput", throughput),
        ("neighbours", neighbours),
        ("calls", calls),
        ("pause", pause),
        ("lifetimes", lifetimes),
    ];
    for (name, figure) in figures {
        if name.contains(&wanted) {
            figure();
        }
    }
}
