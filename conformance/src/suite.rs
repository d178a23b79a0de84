//! Which files are tests, and what their metadata asks for.

use std::fs;
use std::path::{Path, PathBuf};

/// One variant of one test file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Path in the checkout with the variant, such as `url/url-constructor.any.js?include=file`.
    pub name: String,
    /// Path in the checkout.
    pub path: String,
    /// The variant: a query, a fragment, or nothing.
    pub variant: String,
    /// Paths in the checkout of the scripts to run first.
    pub scripts: Vec<String>,
    /// Whether the test asked for more time.
    pub is_long: bool,
}

/// The tests of these folders and files, in order.
///
/// # Errors
/// Names a path that is not there, or that cannot be read.
pub fn find(root: &Path, names: &[String]) -> Result<Vec<Test>, String> {
    let mut paths = Vec::new();
    for name in names {
        let name = name.trim_end_matches('/');
        if root.join(name).is_dir() {
            walk(root, name, &mut paths)?;
        } else if root.join(name).is_file() {
            paths.push(name.to_owned());
        } else {
            return Err(format!("{} is neither a folder nor a file of the checkout", name));
        }
    }
    paths.sort();
    paths.dedup();
    let mut tests = Vec::new();
    for path in paths {
        let bytes = fs::read(root.join(&path)).map_err(|error| format!("{path}: {error}"))?;
        tests.extend(variants(&path, &String::from_utf8_lossy(&bytes)));
    }
    Ok(tests)
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), String> {
    let entries = fs::read_dir(root.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{folder}: {error}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            // Their files serve tests and are none.
            if name != "resources" && name != "support" {
                walk(root, &path, paths)?;
            }
        } else if is_test(&name) {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_test(name: &str) -> bool {
    [".any.js", ".window.js", ".worker.js"].iter().any(|end| name.ends_with(end)) && !name.contains(".sub.")
}

/// The variants of a test file, by the `META` comments at its top.
fn variants(path: &str, source: &str) -> Vec<Test> {
    let meta: Vec<(&str, &str)> = source
        .lines()
        .map_while(|line| line.strip_prefix("// META:"))
        .filter_map(|meta| meta.trim().split_once('='))
        .collect();
    let values = |key: &'static str| meta.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let test = |variant: &str| Test {
        name: format!("{path}{variant}"),
        path: path.to_owned(),
        variant: variant.to_owned(),
        scripts: values("script").map(|script| join(folder, script)).collect(),
        is_long: values("timeout").any(|timeout| timeout == "long"),
    };
    let variants: Vec<Test> = values("variant").map(test).collect();
    if variants.is_empty() { vec![test("")] } else { variants }
}

/// Where a path of the suite's server is in the checkout.
pub(crate) fn locate(root: &Path, path: &str) -> PathBuf {
    root.join(if path == "resources/WebIDLParser.js" { "resources/webidl2/lib/webidl2.js" } else { path })
}

/// A path in the checkout that a file in `folder` names.
pub(crate) fn join(folder: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = match path.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_from_the_top() {
        let source = "// META: title=x\n// META: script=/common/a.js\n// META: script=../b.js?q\n// META: variant=?1-2\n// META: variant=?3-last\n\
                      // META: timeout=long\ntest();\n// META: script=late.js\n";
        let tests = variants("url/sub/t.any.js", source);
        assert_eq!(tests.len(), 2);
        assert_eq!(tests[1].name, "url/sub/t.any.js?3-last");
        assert_eq!(tests[0].scripts, ["common/a.js", "url/b.js"]);
        assert!(tests[0].is_long);
        assert_eq!(variants("a.any.js", "")[0].name, "a.any.js");
    }

    #[test]
    fn paths_stay_in_the_checkout() {
        assert_eq!(join("a/b", "../../../c.js"), "c.js");
        assert_eq!(join("a/b", "/interfaces/url.idl"), "interfaces/url.idl");
    }
}
