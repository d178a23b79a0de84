//! The URL Pattern Standard's own test data, from `../shared/conformance/urlpattern` beside the workspace.

use quickbeam_api_harness::Harness;
use quickbeam_api_urlpattern::UrlPatterns;
use std::fs;
use std::path::PathBuf;

/// Asserts that `cases`, a function of the data, calls `fail` for none but these.
fn check(name: &str, cases: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/urlpattern").join(name);
    if !path.parent().is_some_and(|folder| folder.is_dir()) {
        return eprintln!("skipped: the test data are not at {}", path.display());
    }
    let json = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let script = format!(
        "{{ const data = {json}; const failures = []; const fail = (what) => failures.push(JSON.stringify(what));
           let count = 0; ({cases})(data, fail, () => count++);
           count > 0 ? failures.join('\\n') : 'no cases' }}"
    );
    Harness::new(&[&UrlPatterns]).check(&script, expected);
}

#[test]
fn patterns_match() {
    // As urlpatterntests.js has it: what the data leave out follows from the pattern.
    let cases = "(data, fail, count) => {
        const kinds = ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash'];
        const earlier = { protocol: [], hostname: ['protocol'], port: ['protocol', 'hostname'], username: [], password: [],
            pathname: ['protocol', 'hostname', 'port'], search: ['protocol', 'hostname', 'port', 'pathname'],
            hash: ['protocol', 'hostname', 'port', 'pathname', 'search'] };
        const sorted = (_, v) => v === undefined ? null
            : v && v.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : v;
        const same = (a, b) => JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
        for (const entry of data) {
            count();
            let pattern;
            try { pattern = new URLPattern(...entry.pattern) }
            catch (error) {
                if (entry.expected_obj !== 'error' || error.name !== 'TypeError') fail([entry.pattern, String(error)]);
                continue;
            }
            if (entry.expected_obj === 'error') { fail([entry.pattern, 'compiled']); continue }
            for (const kind of kinds) {
                if (entry.expected_obj && kind in entry.expected_obj && pattern[kind] !== entry.expected_obj[kind])
                    fail([entry.pattern, kind, pattern[kind], entry.expected_obj[kind]]);
            }
            if (entry.expected_match === 'error') {
                try { pattern.exec(...entry.inputs); fail([entry.pattern, entry.inputs, 'matched']) } catch {}
                continue;
            }
            const result = pattern.exec(...(entry.inputs ?? []));
            if (pattern.test(...(entry.inputs ?? [])) !== (result !== null)) fail([entry.pattern, 'test and exec differ']);
            if (!entry.expected_match || typeof entry.expected_match !== 'object') {
                if (result !== (entry.expected_match ?? null)) fail([entry.pattern, entry.inputs, result]);
                continue;
            }
            if (result === null) { fail([entry.pattern, entry.inputs, null]); continue }
            if (!same(result.inputs, entry.expected_match.inputs ?? entry.inputs)) fail([entry.pattern, result.inputs]);
            for (const kind of kinds) {
                let expected = entry.expected_match[kind];
                if (!expected) {
                    expected = { input: '', groups: {} };
                    if (!(entry.exactly_empty_components ?? []).includes(kind)) expected.groups['0'] = '';
                }
                if (result[kind].input !== expected.input || !same(result[kind].groups, expected.groups))
                    fail([entry.pattern, entry.inputs, kind, result[kind], expected]);
            }
        }
    }";
    check("urlpatterntestdata.json", cases, "");
}

#[test]
fn components_are_compared() {
    let cases = "(data, fail, count) => {
        for (const { component, left, right, expected } of data) {
            count();
            const [a, b] = [new URLPattern(left), new URLPattern(right)];
            const got = [[a, b], [b, a], [a, a]].map(([x, y]) => URLPattern.compareComponent(component, x, y));
            if (String(got) !== String([expected, 0 - expected, 0])) fail([component, left, right, got, expected]);
        }
    }";
    check("urlpattern-compare-test-data.json", cases, "");
}

#[test]
fn components_are_generated() {
    let cases = "(data, fail, count) => {
        for (const { pattern, component, groups, expected } of data) {
            count();
            let got = null;
            try { got = new URLPattern(pattern).generate(component, groups) } catch (error) {
                if (error.name !== 'TypeError') fail([pattern, String(error)]);
            }
            if (got !== expected) fail([pattern, component, groups, got, expected]);
        }
    }";
    check("urlpattern-generate-test-data.json", cases, "");
}
