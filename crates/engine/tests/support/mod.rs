//! What the engine's tests share: a realm to run in, and child processes for cases that may crash.

#![allow(dead_code, reason = "each test binary uses its own part")]

use quickbeam_engine::*;
use std::cell::Cell;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::rc::Rc;

/// Runs `f` in a fresh realm of a fresh isolate.
pub fn in_realm<R>(f: impl for<'a> FnOnce(&Isolate, Ctx<'a>) -> R) -> R {
    with_options(IsolateOptions::default(), f)
}

/// [`in_realm`] with limits.
pub fn with_options<R>(options: IsolateOptions, f: impl for<'a> FnOnce(&Isolate, Ctx<'a>) -> R) -> R {
    let isolate = Isolate::new(options).unwrap();
    let realm = isolate.new_realm().unwrap();
    isolate.enter(&realm, |ctx| f(&isolate, ctx))
}

/// Evaluates and tells the result as text: the value, or the error.
pub fn eval_text(ctx: Ctx<'_>, source: &str) -> String {
    let outcome = ctx.eval(source, &EvalOptions::default()).and_then(|value| value.to_text());
    outcome.unwrap_or_else(|Thrown| ctx.take_report().to_string())
}

/// Runs at most `limit` jobs and drops what they throw.
pub fn run_jobs(ctx: Ctx<'_>, limit: usize) {
    for _ in 0..limit {
        match ctx.run_job() {
            None => return,
            Some(Ok(())) => {}
            Some(Err(Thrown)) => drop(ctx.take_exception()),
        }
    }
}

/// Aborts once its steps are used up.
pub struct Budget(pub Cell<u64>);

impl Budget {
    /// A budget for [`Isolate::set_interrupt`].
    pub fn of(steps: u64) -> Option<Rc<dyn Interrupt>> {
        Some(Rc::new(Budget(Cell::new(steps))))
    }
}

impl Interrupt for Budget {
    fn poll(&self, steps: u32) -> Verdict {
        let left = self.0.get().saturating_sub(u64::from(steps));
        self.0.set(left);
        if left == 0 { Verdict::Abort } else { Verdict::Continue(left.min(10_000) as u32) }
    }
}

const FIRST: &str = "QUICKBEAM_TEST_FIRST_CASE";
const CASE: &str = "case ";

/// How one case of a batch ended badly.
#[derive(Debug)]
pub struct Crash {
    pub case: usize,
    pub status: ExitStatus,
    pub output: String,
}

/// Runs `case(0..count)` of the test named `test` in child processes, so that a case that kills its
/// process is reported instead of ending the tests. The child is this test binary again.
pub fn crashes(test: &str, count: usize, case: impl Fn(usize)) -> Vec<Crash> {
    if let Ok(first) = env::var(FIRST) {
        let out = std::io::stdout();
        for index in first.parse().unwrap()..count {
            writeln!(out.lock(), "\n{CASE}{index}").unwrap();
            case(index);
        }
        // The child is done; the harness must not go on to judge a list that only its parent has.
        std::process::exit(0);
    }
    let mut crashed = Vec::new();
    let mut first = 0;
    while first < count {
        match run_child(test, first) {
            None => break,
            Some(crash) => {
                first = crash.case + 1;
                crashed.push(crash);
            }
        }
    }
    crashed
}

fn run_child(test: &str, first: usize) -> Option<Crash> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = std::io::Read::read_to_end(&mut stderr, &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let (mut case, mut output) = (first, String::new());
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(|line| line.ok()) {
        match line.strip_prefix(CASE) {
            Some(index) => {
                case = index.parse().unwrap();
                output.clear();
            }
            None => output.push_str(&line),
        }
    }
    let status = child.wait().unwrap();
    output.push_str(&errors.join().unwrap());
    (!status.success()).then_some(Crash { case, status, output })
}

impl std::fmt::Display for Crash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let how = match self.status.signal() {
            Some(signal) => format!("signal {signal}"),
            None => self.status.to_string(),
        };
        write!(f, "case {} ended by {how}: {}", self.case, self.output.trim())
    }
}

/// Asserts that nothing crashed; `name` tells what a case is.
pub fn assert_none(crashes: &[Crash], name: impl Fn(usize) -> String) {
    let text: Vec<String> = crashes.iter().map(|crash| format!("{}: {crash}", name(crash.case))).collect();
    assert!(text.is_empty(), "{} crashed:\n{}", text.len(), text.join("\n"));
}

/// Cases of a long list to run: all when `QUICKBEAM_LONG_TESTS` is set, else about `few`.
pub fn stride(all: usize, few: usize) -> usize {
    if env::var_os("QUICKBEAM_LONG_TESTS").is_some() { 1 } else { all.div_ceil(few).max(1) }
}
