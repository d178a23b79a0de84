//! Which subtests fail, and why: `expectations/<suite>.json`.
//!
//! ```json
//! {
//!   "url/a.any.js": { "skip": "why it cannot run here at all" },
//!   "url/folder/": { "skip": "why nothing in it can" },
//!   "url/b.any.js?variant": { "why these fail": ["a subtest", "another"] }
//! }
//! ```
//!
//! A suite is a folder of the checkout, and its file has the same path. A reason that begins with `not applicable:` is for what asks for
//! more than a runtime without a window has, such as frames, for APIs that are no part of this one, such as `XMLHttpRequest`, and for what
//! is not in the standard, or no longer; such subtests are counted apart.

use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// The subtests of one test that are expected to fail, by their reasons; or why it is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    Skip(String),
    Failures(BTreeMap<String, BTreeSet<String>>),
}

/// The expectations of every suite.
#[derive(Debug, Default)]
pub struct Expectations {
    folder: PathBuf,
    suites: BTreeMap<String, BTreeMap<String, Expected>>,
}

/// How a reason begins that says why a subtest does not apply.
const NOT_APPLICABLE: &str = "not applicable:";

/// What differs from what is expected of one test.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) failed: Vec<String>,
    pub(crate) passed: Vec<String>,
    /// Reasons are missing for these.
    pub(crate) unexplained: Vec<String>,
}

impl Expectations {
    /// Reads every file of a folder and of those in it.
    ///
    /// # Errors
    /// Names the file that cannot be read or understood.
    pub fn load(folder: &Path) -> Result<Expectations, String> {
        let mut suites = BTreeMap::new();
        load(folder, "", &mut suites)?;
        Ok(Expectations { folder: folder.to_owned(), suites })
    }

    /// The folders of the checkout that have expectations.
    pub fn suites(&self) -> impl Iterator<Item = &str> {
        self.suites.keys().map(String::as_str)
    }

    /// Why a test is not run.
    pub fn skipped(&self, test: &str) -> Option<&str> {
        match self.expected(test)? {
            Expected::Skip(reason) => Some(reason),
            Expected::Failures(_) => None,
        }
    }

    /// The suite that a path is in.
    pub(crate) fn suite_of(&self, test: &str) -> Option<&str> {
        let is_in = |suite: &&String| test.strip_prefix(suite.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.suites.keys().filter(is_in).max_by_key(|suite| suite.len()).map(String::as_str)
    }

    fn expected(&self, test: &str) -> Option<&Expected> {
        let tests = &self.suites[self.suite_of(test)?];
        tests.get(test).or_else(|| {
            // A skipped file is skipped with all of its variants, a skipped folder with all that is in it.
            let file = test.split(['?', '#']).next()?;
            let is_part = |name: &str| name == file || name.ends_with('/') && file.starts_with(name);
            let (_, skipped) =
                tests.iter().find(|(name, entry)| matches!(entry, Expected::Skip(_)) && is_part(name))?;
            Some(skipped)
        })
    }

    /// Whether a subtest asks for more than a runtime without a window has.
    pub(crate) fn is_foreign(&self, test: &str, name: &str) -> bool {
        let Some(Expected::Failures(failures)) = self.expected(test) else { return false };
        failures.iter().any(|(reason, names)| reason.starts_with(NOT_APPLICABLE) && names.contains(name))
    }

    /// Compares the subtests that passed and failed with what is expected.
    pub(crate) fn compare(&self, test: &str, passed: &BTreeSet<&str>, failed: &BTreeSet<&str>) -> Difference {
        let empty = BTreeMap::new();
        let expected = match self.expected(test) {
            Some(Expected::Failures(failures)) => failures,
            _ => &empty,
        };
        let names: BTreeSet<&str> = expected.values().flatten().map(String::as_str).collect();
        let unexplained = expected.iter().filter(|(reason, _)| reason.trim().is_empty()).flat_map(|(_, names)| names);
        Difference {
            failed: failed.difference(&names).map(|name| (*name).to_owned()).collect(),
            // An expected failure that is gone from the file is a difference too.
            passed: names
                .iter()
                .filter(|name| passed.contains(*name) || !failed.contains(*name))
                .map(|name| (*name).to_owned())
                .collect(),
            unexplained: unexplained.cloned().collect(),
        }
    }

    /// Expects what failed, under the reasons that there are.
    pub(crate) fn update(&mut self, test: &str, failed: &BTreeSet<&str>) {
        let mut left: BTreeSet<String> = failed.iter().map(|name| (*name).to_owned()).collect();
        let mut failures = match self.expected(test) {
            Some(Expected::Failures(failures)) => failures.clone(),
            _ => BTreeMap::new(),
        };
        for names in failures.values_mut() {
            names.retain(|name| left.remove(name));
        }
        if !left.is_empty() {
            failures.entry(String::new()).or_default().extend(left);
        }
        failures.retain(|_, names| !names.is_empty());
        let suite = self.suite_of(test).unwrap_or(test.split('/').next().unwrap_or(test)).to_owned();
        let tests = self.suites.entry(suite).or_default();
        if failures.is_empty() {
            tests.remove(test)
        } else {
            tests.insert(test.to_owned(), Expected::Failures(failures))
        };
    }

    /// Writes every file.
    pub(crate) fn save(&self) -> Result<(), String> {
        for (suite, tests) in &self.suites {
            let path = self.folder.join(format!("{suite}.json"));
            path.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| format!("{}: {error}", path.display()))?;
            fs::write(&path, write(tests)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

/// Reads the files of a folder, whose path below the first one is `prefix`.
fn load(folder: &Path, prefix: &str, suites: &mut BTreeMap<String, BTreeMap<String, Expected>>) -> Result<(), String> {
    let failed = |path: &Path, error: &dyn Display| format!("{}: {error}", path.display());
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() {
            load(&path, &format!("{prefix}{name}/"), suites)?;
        } else if let Some(name) = name.strip_suffix(".json") {
            let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            suites.insert(format!("{prefix}{name}"), read(&text).map_err(|error| failed(&path, &error))?);
        }
    }
    Ok(())
}

fn read(text: &str) -> Result<BTreeMap<String, Expected>, String> {
    let tests: BTreeMap<String, Map<String, Value>> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let expected = |test: &str, entry: Map<String, Value>| -> Result<Expected, String> {
        if let Some(Value::String(reason)) = entry.get("skip") {
            return Ok(Expected::Skip(reason.clone()));
        }
        let mut failures = BTreeMap::new();
        for (reason, names) in entry {
            let names: BTreeSet<String> = serde_json::from_value(names).map_err(|error| format!("{test}: {error}"))?;
            failures.insert(reason, names);
        }
        Ok(Expected::Failures(failures))
    };
    tests.into_iter().map(|(test, entry)| Ok((test.clone(), expected(&test, entry)?))).collect()
}

fn write(tests: &BTreeMap<String, Expected>) -> String {
    let entry = |expected: &Expected| match expected {
        Expected::Skip(reason) => serde_json::json!({ "skip": reason }),
        Expected::Failures(failures) => serde_json::json!(failures),
    };
    let map: Map<String, Value> = tests.iter().map(|(test, expected)| (test.clone(), entry(expected))).collect();
    format!("{:#}\n", Value::Object(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectations(text: &str) -> Expectations {
        let suites = BTreeMap::from([("dom/abort".to_owned(), read(text).unwrap())]);
        Expectations { folder: PathBuf::new(), suites }
    }

    #[test]
    fn differences_are_found_both_ways() {
        let expectations = expectations(r#"{"dom/abort/a.any.js": {"no window": ["x", "y"], "": ["z"]}}"#);
        let compare = |passed: &[&'static str], failed: &[&'static str]| {
            let sets = (passed.iter().copied().collect(), failed.iter().copied().collect());
            expectations.compare("dom/abort/a.any.js", &sets.0, &sets.1)
        };
        let difference = compare(&["x"], &["y", "new", "z"]);
        assert_eq!(difference.failed, ["new"]);
        assert_eq!(difference.passed, ["x"]);
        assert_eq!(difference.unexplained, ["z"]);
        assert_eq!(compare(&[], &["x", "z"]).passed, ["y"], "a subtest that is gone");
    }

    #[test]
    fn skipping_a_file_skips_its_variants() {
        let expectations = expectations(
            r#"{"dom/abort/a.any.js": {"skip": "needs frames"}, "dom/abort/frames/": {"skip": "of frames"}}"#,
        );
        assert_eq!(expectations.skipped("dom/abort/frames/a.any.js?x"), Some("of frames"));
        assert_eq!(expectations.skipped("dom/abort/a.any.js?1"), Some("needs frames"));
        assert_eq!(expectations.skipped("dom/abort/b.any.js"), None);
        assert_eq!(expectations.skipped("dom/events/a.any.js"), None);
    }

    #[test]
    fn updating_keeps_reasons() {
        let mut expectations = expectations(r#"{"dom/abort/a.any.js": {"no window": ["x", "y"]}}"#);
        expectations.update("dom/abort/a.any.js", &BTreeSet::from(["y", "new"]));
        let written = write(&expectations.suites["dom/abort"]);
        let expected = r#"{"dom/abort/a.any.js": {"": ["new"], "no window": ["y"]}}"#;
        assert_eq!(read(&written), read(expected));
        expectations.update("dom/abort/a.any.js", &BTreeSet::new());
        assert_eq!(write(&expectations.suites["dom/abort"]), "{}\n");
    }
}
