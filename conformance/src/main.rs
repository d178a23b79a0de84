//! Runs Web Platform Tests against the APIs and compares what fails with what is expected to.
//!
//! ```text
//! conformance WPT [--update] [--verbose] [PATH...]
//! ```
//!
//! `WPT` is a checkout of web-platform-tests, `PATH` a folder or file in it; without one, every suite of `expectations/` runs. The
//! exit status is 0 if exactly the expected subtests fail, 1 on any difference, 2 if nothing could be run.

use quickbeam_conformance::{Expectations, Options, Report, find, run};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: conformance WPT [--update] [--verbose] [PATH...]

  WPT         a checkout of web-platform-tests
  PATH        folders or files in it, such as url or dom/abort/event.any.js; every suite with expectations without one
  --update    write the expectations anew; new failures get an empty reason, which is to be filled in by hand
  --verbose   print each subtest that fails, with its message, and what the tests log";

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
    if !root.join("resources/testharness.js").is_file() {
        return Err(format!("{} has no resources/testharness.js", root.display()));
    }
    let mut expectations = Expectations::load(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/expectations")))?;
    if names.is_empty() {
        names = expectations.suites().map(str::to_owned).collect();
    }
    let tests = find(&root, &names)?;
    let mut report = Report::new(options);
    for test in tests {
        let outcome = match expectations.skipped(&test.name) {
            Some(_) => None,
            None => Some(run(&root, &test, options)),
        };
        report.add(&mut expectations, &test, outcome);
    }
    report.finish(&mut expectations)
}
