//! Whatever request for memory is refused while a script uses an API, the op gets an answer and the realm can be used again.
//!
//! `QUICKBEAM_LONG_TESTS=1` refuses every request instead of a sample.

use quickbeam_api_harness::Harness;
use quickbeam_engine::{Ctx, Faults, Result};
use quickbeam_executor::Api;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Lets scripts have requests refused, and tells how many there were.
struct Refusals;

impl Api for Refusals {
    fn name(&self) -> &'static str {
        "refusals"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        let refuse = ctx.function("refuse", 2, |ctx, _, args| {
            let n = args.get(0).to_f64()? as u64;
            ctx.heap().inject_faults(if args.get(1).truthy() { Faults::From(n) } else { Faults::Once(n) });
            Ok(ctx.undefined())
        })?;
        let relent = ctx.function("relent", 0, |ctx, _, _| {
            let requests = ctx.heap().requests();
            ctx.heap().inject_faults(Faults::None);
            Ok(ctx.number(requests as f64))
        })?;
        ctx.globals().set("refuse", refuse)?;
        ctx.globals().set("relent", relent)
    }
}

/// How long a script has; one may wait for what it was refused.
const TIMEOUT: Duration = Duration::from_millis(100);

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a script whose `n`-th request is refused, or all from the `n`-th on. Gives the number of its requests, or tells what is wrong with
/// the realm afterwards.
fn run(apis: &[&'static dyn Api], script: &str, n: u64, all: bool) -> std::result::Result<u64, String> {
    let source = format!("const use = async () => {{ {script} }}; refuse({n}, {all}); await use()");
    let apis = apis.to_vec();
    let (sender, receiver) = mpsc::channel();
    // A thread of its own: what never ends shall be told by its name.
    thread::spawn(move || {
        let mut harness = Harness::new(&apis);
        harness.timeout = Some(TIMEOUT);
        let answer = harness.eval(&source).unwrap_or_else(|error| error);
        let requests = (0..10).find_map(|_| harness.call("relent").ok()).and_then(|text| text.parse().ok());
        let again = harness.eval("[1, 2].map((n) => n + 1).join()").unwrap_or_else(|error| error);
        let died = harness.take_uncaught().into_iter().find(|error| error.contains("died of"));
        drop(sender.send(match (requests, died) {
            (Some(requests), None) if again == "2,3" => Ok(requests),
            (requests, died) => Err(format!("{answer}; then {again}, {requests:?} requests, {died:?}")),
        }));
    });
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|error| Err(format!("no answer: {error}")))
}

#[test]
fn apis_survive_that_memory_is_refused() {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    apis.push(&Refusals);
    let uses = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uses.txt")).unwrap();
    let few = if std::env::var_os("QUICKBEAM_LONG_TESTS").is_some() { u64::MAX } else { 2 };
    let mut wrong = Vec::new();
    for script in uses.lines() {
        let requests = run(&apis, script, u64::MAX, false).unwrap_or_else(|error| panic!("{script}: {error}"));
        let step = requests.div_ceil(few).max(1);
        for n in (1..=requests).step_by(step as usize) {
            for all in [false, true] {
                if let Err(error) = run(&apis, script, n, all) {
                    wrong.push(format!("{script}\n    {n}, {all}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
