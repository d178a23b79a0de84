//! Counts, differences, and the verdict.

use crate::Options;
use crate::expectations::Expectations;
use crate::harness::{Outcome, Status, WHOLE_FILE};
use crate::suite::Test;
use std::collections::{BTreeMap, BTreeSet};

/// Subtests of one folder or suite. The share is of those that apply.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    passed: usize,
    failed: usize,
    /// Those that fail because they do not apply.
    foreign: usize,
    skipped_files: usize,
    differences: usize,
}

/// What a run has shown so far.
#[derive(Debug)]
pub struct Report {
    options: Options,
    folders: BTreeMap<String, Counts>,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.foreign += other.foreign;
        self.skipped_files += other.skipped_files;
        self.differences += other.differences;
    }
}

impl Report {
    /// An empty one.
    pub fn new(options: Options) -> Report {
        Report { options, folders: BTreeMap::new() }
    }

    /// Adds what a test reported; `None` if it was skipped. Prints differences at once.
    pub fn add(&mut self, expectations: &mut Expectations, test: &Test, outcome: Option<Outcome>) {
        let folder = test.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let counts = self.folders.entry(folder.to_owned()).or_default();
        let Some(outcome) = outcome else {
            counts.skipped_files += 1;
            return;
        };
        let names = |wanted: Status| -> BTreeSet<&str> {
            let ended = outcome.subtests.iter().filter(|(_, status, _)| *status == wanted);
            ended.map(|(name, ..)| name.as_str()).collect()
        };
        let (passed, failed) = (names(Status::Pass), names(Status::Fail));
        // A file as a whole is no subtest, unless it fails.
        counts.passed += passed.iter().filter(|name| **name != WHOLE_FILE).count();
        let foreign = failed.iter().filter(|name| expectations.is_foreign(&test.name, name)).count();
        counts.failed += failed.len() - foreign;
        counts.foreign += foreign;
        if self.options.verbose {
            println!("{}: {} passed, {} failed", test.name, passed.len(), failed.len());
            outcome.notes.iter().for_each(|note| println!("    | {note}"));
        }
        let messages: BTreeMap<&str, &str> =
            outcome.subtests.iter().map(|(name, _, message)| (name.as_str(), message.as_str())).collect();
        if self.options.verbose || self.options.update {
            failed.iter().for_each(|name| println!("    failed: {name:?}: {}", messages[name]));
        }
        if self.options.update {
            return expectations.update(&test.name, &failed);
        }
        let difference = expectations.compare(&test.name, &passed, &failed);
        for name in &difference.failed {
            println!("{}: {name:?} failed: {}", test.name, messages.get(name.as_str()).unwrap_or(&""));
        }
        for name in &difference.passed {
            println!("{}: {name:?} is expected to fail, and did not", test.name);
        }
        for name in &difference.unexplained {
            println!("{}: {name:?} is expected to fail for no reason", test.name);
        }
        counts.differences += difference.failed.len() + difference.passed.len() + difference.unexplained.len();
    }

    /// Prints the counts. True if everything was as expected.
    ///
    /// # Errors
    /// If new expectations cannot be written, or no test was run.
    pub fn finish(self, expectations: &mut Expectations) -> Result<bool, String> {
        let mut total = Counts::default();
        let mut suites: BTreeMap<&str, Counts> = BTreeMap::new();
        print_head("folder");
        for (folder, counts) in &self.folders {
            print_row(folder, counts);
            total.add(*counts);
            suites.entry(expectations.suite_of(&format!("{folder}/")).unwrap_or(folder)).or_default().add(*counts);
        }
        if suites.len() < self.folders.len() {
            print_head("suite");
            suites.iter().for_each(|(suite, counts)| print_row(suite, counts));
        }
        print_row("in all", &total);
        if total.passed + total.failed + total.skipped_files == 0 {
            return Err("there are no tests".to_owned());
        }
        if self.options.update {
            expectations.save()?;
        } else if total.differences > 0 {
            println!("{} differences from what is expected", total.differences);
        }
        Ok(total.differences == 0)
    }
}

fn print_head(what: &str) {
    println!("\n{what:<44} {:>7} {:>7} {:>7}  {:>8}  {:>8}", "passed", "failed", "%", "n. appl.", "skipped");
}

fn print_row(name: &str, counts: &Counts) {
    let Counts { passed, failed, foreign, skipped_files, .. } = counts;
    let share = *passed as f64 * 100.0 / (passed + failed).max(1) as f64;
    println!("{name:<44} {passed:>7} {failed:>7} {share:>7.2}  {foreign:>8}  {skipped_files:>8}");
}
