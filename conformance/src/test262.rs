//! Tests of [Test262](https://github.com/tc39/test262), the suite of ECMAScript, each in strict mode and in sloppy mode as its
//! metadata asks for.

use crate::harness::{Outcome, Status};
use crate::suite::{Scope, Test};
use quickbeam_engine::{Ctx, ErrorReport, EvalOptions, Result as JsResult, Value};
use quickbeam_executor::{
    Executor, ExecutorOptions, Host, Input, LogLine, Op, Outcome as OpOutcome, RealmConfig, SubmitOptions, Uncaught,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

const ENVIRONMENT: &str = include_str!("test262.js");

/// How long one test may take in one mode.
const PATIENCE: Duration = Duration::from_secs(60);

/// Features of tests that a realm cannot run: it cannot make another one for a script.
const MISSING: [&str; 2] = ["cross-realm", "IsHTMLDDA"];

/// Whether a folder is a checkout of Test262.
pub fn is_checkout(root: &Path) -> bool {
    root.join("harness/assert.js").is_file()
}

/// The tests of these folders and files below `test/`, in order.
///
/// # Errors
/// Names a path that is not there, or that cannot be read.
pub fn find(root: &Path, names: &[String]) -> Result<Vec<Test>, String> {
    let root = root.join("test");
    let mut paths = Vec::new();
    for name in names {
        let name = name.trim_end_matches('/');
        if root.join(name).is_dir() {
            walk(&root, name, &mut paths)?;
        } else if root.join(name).is_file() {
            paths.push(name.to_owned());
        } else {
            return Err(format!("{name} is neither a folder nor a file of the checkout's folder test"));
        }
    }
    paths.sort();
    paths.dedup();
    let test = |path: String| Test {
        name: path.clone(),
        path,
        variant: String::new(),
        scripts: Vec::new(),
        is_long: false,
        scope: Scope::Any,
    };
    Ok(paths.into_iter().map(test).collect())
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), String> {
    let failed = |error| format!("{folder}: {error}");
    for entry in fs::read_dir(root.join(folder)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            walk(root, &path, paths)?;
        } else if name.ends_with(".js") && !name.contains("_FIXTURE") {
            paths.push(path);
        }
    }
    Ok(())
}

/// What a test's metadata asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Metadata {
    includes: Vec<String>,
    flags: Vec<String>,
    features: Vec<String>,
    /// The name of the error that the test must end with.
    negative: Option<String>,
}

impl Metadata {
    /// Reads the block between `/*---` and `---*/`.
    fn read(source: &str) -> Metadata {
        let block = source.split_once("/*---").and_then(|(_, rest)| rest.split_once("---*/"));
        let mut metadata = Metadata::default();
        let mut key = "";
        for line in block.map_or("", |(block, _)| block).lines() {
            let text = line.trim();
            let value = match text.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => {
                    key = name;
                    value.trim()
                }
                Some(("type", value)) if key == "negative" => {
                    metadata.negative = Some(value.trim().to_owned());
                    continue;
                }
                _ => text.strip_prefix("- ").unwrap_or_default(),
            };
            let list = match key {
                "includes" => &mut metadata.includes,
                "flags" => &mut metadata.flags,
                "features" => &mut metadata.features,
                _ => continue,
            };
            let items = value.trim_matches(['[', ']']).split(',').map(str::trim).filter(|item| !item.is_empty());
            list.extend(items.map(str::to_owned));
        }
        metadata
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    fn modes(&self) -> &'static [&'static str] {
        match () {
            () if self.has("onlyStrict") => &["strict"],
            () if self.has("noStrict") || self.has("raw") => &["sloppy"],
            () => &["sloppy", "strict"],
        }
    }
}

/// Runs a test in each of its modes; `None` if it needs what no realm has.
pub fn run(root: &Path, test: &Test) -> Option<Outcome> {
    let source = fs::read(root.join("test").join(&test.path));
    let source = String::from_utf8_lossy(&source.unwrap_or_default()).into_owned();
    let metadata = Metadata::read(&source);
    if metadata.has("module") || metadata.features.iter().any(|feature| MISSING.contains(&feature.as_str())) {
        return None;
    }
    let mut names = vec!["assert.js", "sta.js"];
    if metadata.has("async") {
        names.push("doneprintHandle.js");
    }
    names.extend(metadata.includes.iter().map(String::as_str));
    if metadata.has("raw") {
        names.clear();
    }
    let read = |name: &str| fs::read_to_string(root.join("harness").join(name)).unwrap_or_default();
    let scripts: Vec<(String, String)> = names.into_iter().map(|name| (name.to_owned(), read(name))).collect();
    let mut outcome = Outcome::default();
    for mode in metadata.modes() {
        let mut scripts = scripts.clone();
        let directive = if *mode == "strict" { "\"use strict\";\n" } else { "" };
        scripts.push((test.path.clone(), format!("{directive}{source}")));
        let (status, message) = judge(run_scripts(scripts, metadata.has("async")), metadata.negative.as_deref());
        outcome.subtests.push(((*mode).to_owned(), status, message));
    }
    Some(outcome)
}

fn judge(end: Result<(), ErrorReport>, negative: Option<&str>) -> (Status, String) {
    match (end, negative) {
        (Ok(()), None) => (Status::Pass, String::new()),
        (Ok(()), Some(name)) => (Status::Fail, format!("no {name} was thrown")),
        (Err(error), Some(name)) if error.name == name => (Status::Pass, String::new()),
        (Err(error), _) => (Status::Fail, error.to_string()),
    }
}

/// Nobody is told anything.
struct Silent;

impl Host for Silent {
    fn log(&self, _line: LogLine) {}

    fn uncaught(&self, _error: Uncaught) {}

    fn died(&self, _reason: ErrorReport) {}
}

fn run_scripts(scripts: Vec<(String, String)>, is_async: bool) -> Result<(), ErrorReport> {
    let failed = |message: &str| ErrorReport::new("Error", message);
    let executor = Executor::new(&ExecutorOptions::default()).map_err(|_| failed("no thread to run tests on"))?;
    let mut apis = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    let realm = executor.spawn(RealmConfig { apis, ..RealmConfig::new(Arc::new(Silent)) });
    let (sender, receiver) = channel();
    let reply = move |outcome: OpOutcome<'_, '_>| {
        let end = if let OpOutcome::Failed(report) = outcome { Err(report) } else { Ok(()) };
        // Nobody listens any more once patience has run out.
        let _ = sender.send(end);
    };
    let op = Op::Eval {
        source: ENVIRONMENT.to_owned(),
        filename: Some("test262.js".to_owned()),
        vars: Some(Box::new(Scripts { scripts, is_async })),
    };
    realm.submit(op, Box::new(reply), SubmitOptions::default()).map_err(|error| failed(&error.to_string()))?;
    let end = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(failed("it did not end in time")));
    realm.kill();
    end
}

/// The variable `test262` of test262.js.
struct Scripts {
    scripts: Vec<(String, String)>,
    is_async: bool,
}

impl Input for Scripts {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> JsResult<Value<'a>> {
        let object = ctx.object()?;
        let pair = |(name, source): &(String, String)| ctx.array(vec![ctx.string(name)?, ctx.string(source)?]);
        object.set("scripts", ctx.array(self.scripts.iter().map(pair).collect::<JsResult<_>>()?)?)?;
        object.set("isAsync", ctx.boolean(self.is_async))?;
        let run = ctx.function("evalScript", 1, |ctx, _, args| {
            let (source, filename) = (args.get(0).to_text()?, args.get(1).to_text()?);
            ctx.eval(&source, &EvalOptions { filename: &filename, ..EvalOptions::default() })
        })?;
        object.set("runScript", run)?;
        let vars = ctx.object()?;
        vars.set("test262", object)?;
        Ok(vars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_in_both_styles() {
        let source = "// © \n/*---\nesid: sec-x\ndescription: >\n  Something: [a]\nflags: [onlyStrict, async]\nincludes: [a.js, b.js]\n\
                      features:\n  - Temporal\n  - BigInt\nnegative:\n  phase: runtime\n  type: TypeError\n---*/\nflags: [x]";
        let metadata = Metadata::read(source);
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        assert_eq!(metadata.includes, list(&["a.js", "b.js"]));
        assert_eq!(metadata.flags, list(&["onlyStrict", "async"]));
        assert_eq!(metadata.features, list(&["Temporal", "BigInt"]));
        assert_eq!(metadata.negative.as_deref(), Some("TypeError"));
        assert_eq!(metadata.modes(), ["strict"]);
        assert_eq!(Metadata::read("no metadata").modes(), ["sloppy", "strict"]);
    }
}
