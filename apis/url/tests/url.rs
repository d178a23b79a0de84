//! What the standard's test data leave out: the interfaces as such.

use quickbeam_api_harness::Harness;
use quickbeam_api_url::{MAX_LENGTH, Urls};

fn check(cases: &[(&str, &str)]) {
    let harness = Harness::new(&[&Urls]);
    for (script, expected) in cases {
        harness.check(script, expected);
    }
}

#[test]
fn urls_are_interfaces() {
    check(&[
        ("new URL('b?q#f', 'http://a/').href", "http://a/b?q#f"),
        ("new URL('/x')", "TypeError: URL: \"/x\" is not a valid URL"),
        ("new URL()", "TypeError: URL: 1 argument required, but only 0 present"),
        ("URL.parse('nope')", "null"),
        ("URL.parse('x', 'http://a').pathname", "/x"),
        ("JSON.stringify([new URL('http://a')])", "[\"http://a/\"]"),
        ("String(new URL('http://é.example/ü'))", "http://xn--9ca.example/%C3%BC"),
        ("try { new URL('about:blank', 'http://a.XN--pokxncvks/') } catch (e) { e.name }", "TypeError"),
        (
            "{ const u = new URL('http://a'); try { u.href = 'x' } catch (error) { error.name + u } }",
            "TypeErrorhttp://a/",
        ),
        (
            "Object.getOwnPropertyDescriptor(URL.prototype, 'href').get.call({})",
            "TypeError: private class field '#parts' does not exist",
        ),
        ("class Mine extends URL { get up() { return this.host.toUpperCase() } } new Mine('http://a').up", "A"),
        ("Object.prototype.toString.call(new URLSearchParams())", "[object URLSearchParams]"),
        (
            "Object.prototype.toString.call(new URLSearchParams()[Symbol.iterator]())",
            "[object URLSearchParams Iterator]",
        ),
    ]);
}

#[test]
fn a_url_and_its_search_params_are_one() {
    check(&[
        ("globalThis.u = new URL('http://a/?x=1&y=2#f'); u.searchParams === u.searchParams", "true"),
        ("u.searchParams.append('z', 'é &'); u.href", "http://a/?x=1&y=2&z=%C3%A9+%26#f"),
        ("u.search = '?n=1'; String([...u.searchParams])", "n,1"),
        ("u.href = 'http://b/?m'; u.searchParams.has('m')", "true"),
        ("u.searchParams.delete('m'); u.href", "http://b/"),
        ("{ const p = new URLSearchParams({ b: 1, a: 2 }); p.sort(); `${p} ${p.size}` }", "a=2&b=1 2"),
        ("String(new URLSearchParams([['a', 'b'], ['a', 'c']]).getAll('a'))", "b,c"),
        (
            "new URLSearchParams([['a']])",
            "TypeError: URLSearchParams: an element of the sequence has 1 elements instead of 2",
        ),
        ("new URLSearchParams([1])", "TypeError: URLSearchParams: an element of the sequence is not a pair"),
    ]);
}

#[test]
fn vast_urls_are_refused() {
    check(&[(
        &format!("new URL('data:,' + 'x'.repeat({MAX_LENGTH}))"),
        &format!("TypeError: URL: {} bytes are more than the {MAX_LENGTH} allowed", MAX_LENGTH + 6),
    )]);
}

#[test]
fn long_queries_are_interrupted() {
    let harness = Harness::configured(&[&Urls], |config| config.max_reductions = Some(100_000));
    for (source, expected) in [
        ("globalThis.query = 'a=1&'.repeat(1e6); new URLSearchParams(query)", USED_UP),
        ("globalThis.params = new URLSearchParams('a=1&'.repeat(1e5)); params.size", "100000"),
        ("for (;;) params.toString()", USED_UP),
    ] {
        harness.check(source, expected);
    }
}

const USED_UP: &str = "InterruptedError: the eval used up max_reductions: 100000 steps";
