//! Patterns and inputs that mean no good: each is taken or refused with a `TypeError`, and the realm goes on.

use quickbeam_api_harness::Harness;
use quickbeam_api_urlpattern::{MAX_PATTERN, UrlPatterns};

#[test]
fn any_text_is_taken_or_refused() {
    let script = r##"
        let state = 1;
        const random = (below) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
        const pieces = ["a", "é", "😀", "\u{d800}", "\0", " ", ":", ":a", "/", "\\", "{", "}", "(", ")", "(?:", "[", "]", "*", "+", "?", "#",
            "@", "..", "%", "%2", "-", "http", "https://", "data:", ":80", "xn--", "[::1]", "&&", "--", "|", "$", "^", "\u{fdd0}", "ß", "ſ"];
        const text = () => Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join("");
        const names = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash", "baseURL"];
        const init = () => Object.fromEntries(names.filter(() => random(3) === 0).map((name) => [name, text()]));
        const input = () => (random(2) ? text() : init());
        let compiled = 0;
        for (let round = 0; round < 20000; round++) {
            try {
                const pattern = new URLPattern(...[input(), ...(random(2) ? ["https://é.example/ü?ö#ä"] : []), { ignoreCase: random(2) === 1 }]);
                compiled++;
                pattern.exec(input());
                pattern.exec(text(), "http://a/b");
                URLPattern.compareComponent(names[random(8)], pattern, pattern);
                pattern.generate(names[random(8)], { a: text(), b: text() });
            } catch (error) {
                if (!(error instanceof TypeError)) throw error;
            }
        }
        compiled > 1000 ? "done" : `only ${compiled} compiled`"##;
    Harness::new(&[&UrlPatterns]).check(&format!("{{ {script} }}"), "done");
}

#[test]
fn vast_patterns_are_refused() {
    let harness = Harness::new(&[&UrlPatterns]);
    let expected = format!("TypeError: URLPattern: {} bytes are more than the {MAX_PATTERN} allowed", MAX_PATTERN + 1);
    harness.check(&format!("new URLPattern({{ pathname: 'x'.repeat({MAX_PATTERN} + 1) }})"), &expected);
    harness.check(
        "new URLPattern({ hostname: '(' })",
        "TypeError: URLPattern: tokenizer error: invalid regex: missing closing ) (at char 0)",
    );
    harness.check("new URLPattern('/x')", "TypeError: URLPattern: a relative input without a base URL is not valid");
}
