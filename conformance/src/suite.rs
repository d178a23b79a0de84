//! Which files are tests, and what their metadata asks for.

use crate::site::Site;
use std::fs;

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
    /// Where it runs.
    pub scope: Scope,
}

/// Where a test runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `.any.js`: in a realm that is neither a window nor a worker.
    Any,
    /// `.worker.js`: the same, where the file says itself when it is done.
    Worker,
    /// `.window.js`: with a document that has nothing but the scripts.
    Window,
    /// `.html`, `.xhtml`, `.svg` and their like: with a document, whose scripts run in order.
    Page,
}

impl Scope {
    /// Where a file runs, `None` if its name is no test's.
    fn of(name: &str) -> Option<Scope> {
        let scopes = [
            (".any.js", Scope::Any),
            (".worker.js", Scope::Worker),
            (".window.js", Scope::Window),
            (".html", Scope::Page),
            (".htm", Scope::Page),
            (".xhtml", Scope::Page),
            (".xht", Scope::Page),
            (".svg", Scope::Page),
            (".xml", Scope::Page),
        ];
        scopes.into_iter().find(|(end, _)| name.ends_with(end)).map(|(_, scope)| scope)
    }
}

/// The tests of these folders and files, in order.
///
/// # Errors
/// Names a path that is not there, or that cannot be read.
pub fn find(site: &Site, names: &[String]) -> Result<Vec<Test>, String> {
    let mut paths = Vec::new();
    for name in names {
        let name = name.trim_end_matches('/');
        if site.root().join(name).is_dir() {
            walk(site, name, &mut paths)?;
        } else if site.root().join(name).is_file() {
            paths.push(name.to_owned());
        } else {
            return Err(format!("{name} is neither a folder nor a file of the checkout"));
        }
    }
    paths.sort();
    paths.dedup();
    let mut tests = Vec::new();
    for path in paths {
        let bytes = fs::read(site.root().join(&path)).map_err(|error| format!("{path}: {error}"))?;
        tests.extend(variants(&path, &String::from_utf8_lossy(&bytes)));
    }
    Ok(tests)
}

fn walk(site: &Site, folder: &str, paths: &mut Vec<String>) -> Result<(), String> {
    let entries = fs::read_dir(site.root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{folder}: {error}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if entry.path().is_dir() {
            // Their files serve tests, or are none that report.
            if !["resources", "support", "crashtests"].contains(&name.as_str()) {
                walk(site, &path, paths)?;
            }
        } else if Scope::of(&name).is_some() && is_served(site, &name) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Whether a test's scripts and what it fetches can be had: templates are the server's, and HTTP/2 needs its certificates.
fn is_served(site: &Site, name: &str) -> bool {
    (site.has_server() || !name.contains(".sub.")) && !name.contains(".h2.")
}

/// The variants of a test file; none if it is a page that reports nothing, or needs somebody to look at it.
fn variants(path: &str, source: &str) -> Vec<Test> {
    let Some(scope) = Scope::of(path) else { return Vec::new() };
    let meta = match scope {
        Scope::Page if !source.contains("testharness.js") || path.contains("-manual.") => return Vec::new(),
        Scope::Page => page_metadata(source),
        _ => script_metadata(source),
    };
    let values = |key: &'static str| meta.iter().filter(move |(name, _)| *name == key).map(|(_, value)| *value);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let test = |variant: &str| Test {
        name: format!("{path}{variant}"),
        path: path.to_owned(),
        variant: variant.to_owned(),
        scripts: values("script").map(|script| join(folder, script)).collect(),
        is_long: values("timeout").any(|timeout| timeout == "long"),
        scope,
    };
    if values("variant").next().is_none() {
        vec![test("")]
    } else {
        values("variant").filter(can_serve).map(test).collect()
    }
}

/// Whether a variant asks for nothing but plain HTTP: the suite's certificates are for hosts that this machine does not know.
fn can_serve(variant: &&str) -> bool {
    !variant.contains("wpt_flags=") && *variant != "?wss"
}

/// The `META` comments at the top of a script.
fn script_metadata(source: &str) -> Vec<(&str, &str)> {
    let lines = source.lines().map_while(|line| line.strip_prefix("// META:"));
    lines.filter_map(|meta| meta.trim().split_once('=')).collect()
}

/// The `meta` elements of a page that are for the harness.
fn page_metadata(source: &str) -> Vec<(&str, &str)> {
    let tags = source.split("<meta ").skip(1).filter_map(|rest| rest.split_once('>'));
    tags.filter_map(|(tag, _)| Some((attribute(tag, "name")?, attribute(tag, "content")?))).collect()
}

/// The value of an attribute in the text of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}="))?;
    match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next(),
        _ => rest.split([' ', '/']).next(),
    }
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
                      // META: variant=?wss\n// META: timeout=long\ntest();\n// META: script=late.js\n";
        let tests = variants("url/sub/t.any.js", source);
        assert_eq!(tests.len(), 2);
        assert_eq!(tests[1].name, "url/sub/t.any.js?3-last");
        assert_eq!(tests[0].scripts, ["common/a.js", "url/b.js"]);
        assert!(tests[0].is_long);
        assert_eq!(variants("a.any.js", "")[0].name, "a.any.js");
    }

    #[test]
    fn pages_have_metadata_in_elements() {
        let source = "<!doctype html><meta charset=utf-8><meta name=timeout content=long><meta name=\"variant\" content=\"?1-2\">\
                      <meta name='variant' content='?3'/><script src=/resources/testharness.js></script>";
        let tests = variants("dom/t.html", source);
        assert_eq!(tests.iter().map(|test| test.name.as_str()).collect::<Vec<_>>(), ["dom/t.html?1-2", "dom/t.html?3"]);
        assert!(tests[0].is_long);
        assert_eq!(tests[0].scope, Scope::Page);
        assert_eq!(variants("dom/reference.html", "<p>"), []);
    }

    #[test]
    fn paths_stay_in_the_checkout() {
        assert_eq!(join("a/b", "../../../c.js"), "c.js");
        assert_eq!(join("a/b", "/interfaces/url.idl"), "interfaces/url.idl");
    }
}
