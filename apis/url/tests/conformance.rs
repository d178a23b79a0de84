//! The URL Standard's own test data, from `../shared/conformance/url` beside the workspace.

use quickbeam_api_harness::Harness;
use quickbeam_api_url::Urls;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// A file of the test data; `None` on a machine without them.
fn data(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/url").join(name);
    if !path.parent().is_some_and(|folder| folder.is_dir()) {
        eprintln!("skipped: the test data are not at {}", path.display());
        return None;
    }
    Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Asserts that `cases`, a function of the data, calls `fail` for none but these.
fn check(name: &str, cases: &str, expected: &str) {
    let Some(json) = data(name) else { return };
    let script = format!(
        "{{ const data = {json}; const failures = []; const fail = (what) => failures.push(JSON.stringify(what));
           let count = 0; ({cases})(data, fail, () => count++);
           count > 0 ? failures.join('\\n') : 'no cases' }}"
    );
    Harness::new(&[&Urls]).check(&script, expected);
}

const PARSING: &str = "(data, fail, count) => {
    const parse = (url, base) => { try { return new URL(url, base ?? undefined) } catch { return null } };
    for (const test of data) {
        if (typeof test === 'string') continue;
        count();
        const url = parse(test.input, test.base);
        if (URL.canParse(test.input, test.base ?? undefined) !== (url !== null)) fail(['canParse', test.input]);
        if (test.failure) {
            if (url !== null) fail([test.input, 'parsed', url.href]);
            continue;
        }
        if (url === null) { fail([test.input, 'refused']); continue }
        for (const key of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash']) {
            if (key in test && url[key] !== test[key]) fail([test.input, key, url[key], test[key]]);
        }
        if (new URL(url.href).href !== url.href) fail([test.input, 'changes when parsed again']);
        if ('searchParams' in test && String(url.searchParams) !== test.searchParams) fail([test.input, 'searchParams']);
    }
}";

#[test]
fn urls_are_parsed() {
    check("urltestdata.json", PARSING, "");
    check("urltestdata-javascript-only.json", PARSING, "");
}

#[test]
fn setters_change_what_they_should() {
    let cases = "(data, fail, count) => {
        for (const [attribute, tests] of Object.entries(data)) {
            if (attribute === 'comment') continue;
            for (const test of tests) {
                count();
                const url = new URL(test.href);
                url[attribute] = test.new_value;
                for (const [key, value] of Object.entries(test.expected)) {
                    if (url[key] !== value) fail([test.href, attribute, test.new_value, key, url[key], value]);
                }
            }
        }
    }";
    check("setters_tests.json", cases, "");
}

const HOSTS: &str = "(data, fail, count) => {
    for (const test of data) {
        if (typeof test === 'string' || test.input === '') continue;
        count();
        const url = URL.parse(`https://${test.input}/x`);
        const host = url === null ? null : url.host;
        if (host !== (test.output === '' ? null : test.output)) fail([test.input, host, test.output]);
    }
}";

#[test]
fn domains_become_ascii() {
    check("toascii.json", HOSTS, "");
    // The crate `idna` lets unassigned characters pass in these two.
    let expected =
        ["xn--5cb172r175fug38a.xn--mlj", "xn--t92s.xn--znb.xn--5-y88f"].map(|host| format!("[{host:?},{host:?},null]"));
    check("IdnaTestV2.json", HOSTS, &expected.join("\n"));
}

#[test]
fn queries_are_percent_encoded() {
    let cases = "(data, fail, count) => {
        for (const test of data) {
            if (typeof test === 'string') continue;
            count();
            // Those in other encodings are for documents.
            const got = new URL(`https://x/?${test.input}`).search.slice(1);
            if (got !== test.output['utf-8']) fail([test.input, got, test.output['utf-8']]);
        }
    }";
    check("percent-encoding.json", cases, "");
}

#[test]
fn data_urls_are_decoded() {
    let Some(json) = data("../fetch/data-urls.json") else { return };
    let cases: Vec<Vec<Value>> = serde_json::from_str(&json).unwrap();
    for case in &cases {
        let decoded = quickbeam_api_url::decode_data_url(case[0].as_str().unwrap(), usize::MAX);
        let got = decoded.ok().map(|data| (Value::from(data.mime_type), Value::from(data.body)));
        let expected = (!case[1].is_null()).then(|| (case[1].clone(), case[2].clone()));
        assert_eq!(got, expected, "{case:?}");
    }
    let Some(json) = data("../fetch/base64.json") else { return };
    let cases: Vec<(String, Value)> = serde_json::from_str(&json).unwrap();
    for (input, expected) in cases {
        let decoded = quickbeam_api_url::decode_data_url(&format!("data:;base64,{input}"), usize::MAX);
        assert_eq!(decoded.map_or(Value::Null, |data| Value::from(data.body)), expected, "{input:?}");
    }
}
