//! Whatever a script has done to the builtins, an API that it touches for the first time works as if it had not, and no script
//! gets hold of what APIs work with.

use quickbeam_api_harness::Harness;
use quickbeam_executor::Api;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What scripts do with APIs: each line is the body of a function that returns something primitive and asks no builtin itself.
const USES: &str = "uses.txt";

/// What is done to the builtins; see `pollution.js`.
const POLLUTIONS: &[&str] = &[
    "functions",
    "iterators",
    "getters",
    "deleted",
    "globals",
    "constructors",
    "instances",
    "descriptors",
    "setters",
    "values",
    "frozen",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "js") && path.iter().any(|part| part == "src") {
            found.push(path);
        }
    }
}

/// Every name that the glue mentions, and with it those of its properties.
fn names() -> String {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut sources);
    assert!(sources.len() > 50, "{sources:?}");
    let mut names = BTreeSet::new();
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        for word in text.split(|character: char| !character.is_ascii_alphanumeric()) {
            if word.starts_with(|first: char| first.is_ascii_lowercase()) && word.len() > 1 {
                names.insert(word.to_owned());
            }
        }
    }
    // What every object has, and what a script's own `await` and classes ask.
    for own in ["constructor", "then", "get", "set", "value", "writable", "enumerable", "configurable", "prototype"] {
        names.remove(own);
    }
    for own in Harness::new(&[]).eval("Object.getOwnPropertyNames(Object.prototype).join()").unwrap().split(',') {
        names.remove(own);
    }
    format!("{:?}.split(' ')", names.into_iter().collect::<Vec<_>>().join(" "))
}

/// What is otherwise: a pollution, part of the scripts, and why.
const EXCEPT: &[(&str, &str, &str)] = &[
    ("iterators", "[[", "Web IDL has a sequence of a script asked for its iterator"),
    ("iterators", "([", "likewise"),
    ("iterators", "['", "likewise"),
    ("iterators", "x-www-form-urlencoded", "likewise"),
    ("iterators", "new FormData(form)", "not done: something on the way from a form to its entries iterates a list"),
    ("deleted", "mode: 'byob'", "not done: reading into a view asks for something that was deleted"),
    ("deleted", "DecompressionStream", "likewise"),
    ("getters", "console.", "the stack of an error that the console makes is read as a property"),
    ("values", "console.", "likewise its cause"),
    ("values", "TextDecoderStream", "members that a script gave `Object.prototype` are taken for those of the options"),
    ("values", "DecompressionStream", "likewise"),
    ("values", "DisplayNames", "likewise"),
    ("values", "customElements", "the standard has the callbacks of a class looked up in what it inherits"),
    ("values", "element.click()", "`disabled` is looked for in an element that has none"),
    ("values", "new FormData(form)", "likewise `text`"),
];

/// Longer than any of them takes.
const PATIENCE: Duration = Duration::from_secs(5);

fn run(apis: &[&'static dyn Api], prelude: &str, pollution: &str, script: &str) -> String {
    let source = format!(
        "{prelude}; const use = async () => {{ {script} }};
         pollute({pollution:?}); let result, failed; try {{ result = await use() }} catch (error) {{ failed = error }}
         const what = leaked(); failed === undefined ? '' + result + what : 'failed: ' + failed.message + what"
    );
    let apis = apis.to_vec();
    let (sender, receiver) = mpsc::channel();
    // A thread of its own: what never ends shall be told by its name.
    thread::spawn(move || drop(sender.send(Harness::new(&apis).eval(&source))));
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result.unwrap_or_else(|error| format!("throws {error}")),
        Err(_) => "never ends".to_owned(),
    }
}

#[test]
fn apis_are_beyond_the_reach_of_scripts() {
    let mut apis: Vec<&'static dyn Api> = quickbeam_apis::always().to_vec();
    apis.extend(quickbeam_apis_browser::browser());
    let data = |name: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name))
            .expect("a file beside this")
    };
    let prelude = data("pollution.js").replace("NAMES", &names());
    let only = std::env::var("POLLUTION").ok();
    let mut wrong = Vec::new();
    for script in data(USES).lines() {
        let expected = run(&apis, &prelude, "nothing", script);
        if expected.starts_with("failed: ") || expected.starts_with("throws ") {
            wrong.push(format!("nothing: {script}\n    {expected}"));
        }
        for pollution in POLLUTIONS.iter().filter(|name| only.as_deref().is_none_or(|only| only == **name)) {
            if EXCEPT.iter().any(|(name, part, _)| name == pollution && script.contains(part)) {
                continue;
            }
            let got = run(&apis, &prelude, pollution, script);
            if got != expected {
                wrong.push(format!("{pollution}: {script}\n    {got}\n    not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
