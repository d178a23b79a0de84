//! Runs Web Platform Tests or Test262 against the APIs and compares what fails with what is expected to.
//!
//! ```text
//! conformance CHECKOUT [--update] [--verbose] [PATH...]
//! ```
//!
//! `CHECKOUT` is one of web-platform-tests or of test262, `PATH` a folder or file in it (in its folder `test` for the latter); without
//! one, every suite of `expectations/` or of `test262/` runs. The exit status is 0 if exactly the expected subtests fail, 1 on any difference, 2 if nothing could be run.

use quickbeam_conformance::{Expectations, Options, Outcome, Report, Server, Site, Test, find, run, test262};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

const USAGE: &str = "usage: conformance CHECKOUT [--update] [--verbose] [PATH...]

  CHECKOUT    a checkout of web-platform-tests or of test262; web-platform-tests of the network need a whole one, whose server
              runs meanwhile
  PATH        folders or files in it, such as url, dom/abort/event.any.js or built-ins/Temporal; every suite with expectations
              without one
  --update    write the expectations anew; new failures get an empty reason, which is to be filled in by hand
  --verbose   print each subtest that fails, with its message, and what the tests log";

/// Tests that run at once: most of their time they wait.
const WORKERS: usize = 3;

fn main() -> ExitCode {
    match start() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("conformance: {message}");
            ExitCode::from(2)
        }
    }
}

fn start() -> Result<bool, String> {
    let mut options = Options::default();
    let mut names = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--update" => options.update = true,
            "--verbose" | "-v" => options.verbose = true,
            "--help" | "-h" => return Err(USAGE.to_owned()),
            flag if flag.starts_with('-') => return Err(format!("unknown option {flag}\n{USAGE}")),
            _ => names.push(argument),
        }
    }
    if names.is_empty() {
        return Err(USAGE.to_owned());
    }
    let root = PathBuf::from(names.remove(0));
    let is_test262 = test262::is_checkout(&root);
    if !is_test262 && !root.join("resources/testharness.js").is_file() {
        return Err(format!("{} is no checkout of web-platform-tests or of test262", root.display()));
    }
    let folder = if is_test262 { "test262" } else { "expectations" };
    let mut expectations = Expectations::load(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder))?;
    if names.is_empty() {
        names = expectations.suites().map(str::to_owned).collect();
    }
    let server = if is_test262 { None } else { Server::start(&root)? };
    let site = Site::new(root.clone(), server.as_ref());
    let tests = if is_test262 { test262::find(&root, &names)? } else { find(&site, &names)? };
    let outcomes = run_all(&tests, &|test| match expectations.skipped(&test.name) {
        Some(_) => None,
        None if is_test262 => test262::run(&root, test),
        None => Some(run(&site, test, options)),
    });
    let mut report = Report::new(options);
    for (test, outcome) in tests.iter().zip(outcomes) {
        report.add(&mut expectations, test, outcome);
    }
    report.finish(&mut expectations)
}

/// How each test ended, in their order; `None` for those that were skipped.
fn run_all(tests: &[Test], run: &(impl Fn(&Test) -> Option<Outcome> + Sync)) -> Vec<Option<Outcome>> {
    let next = AtomicUsize::new(0);
    let (sender, ended) = channel();
    let mut outcomes: Vec<Option<Outcome>> = tests.iter().map(|_| None).collect();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(test) = tests.get(index) else { break };
                    // The receiver lives longer than the threads.
                    let _ = sender.send((index, run(test)));
                }
            });
        }
        drop(sender);
        for (index, outcome) in ended {
            outcomes[index] = outcome;
        }
    });
    outcomes
}
