//! An upper bound on how deep a source can nest, without recursion.
//!
//! A parser recurses once per token at most, so a short source needs no look at all. For a long one this
//! scans the tokens and keeps, per open bracket, how many have passed since the statement or list element
//! began: whatever recursion a parser can be in, each of its levels began at one of those tokens. Tokens
//! behind a `;` or `,` are done with, so ordinary code of any length stays far below its length.
//!
//! The scan must agree with the parser on what is code and what is text, and the one hard case is whether a
//! `/` divides or opens a regular expression. Where a look at the tokens before cannot settle that, the bound is
//! [`Bound::Tokens`]; so it is for JSX, whose text has no tokens, and for anything malformed.

mod scan;

use crate::syntax::Language;
use scan::{Scan, Unsure};

/// Sources of this many bytes or less are not scanned: nothing they hold takes long.
const SHORT: usize = 4_096;

/// How deep a source can nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// At most `levels` in whatever way, of which `brackets` are open brackets.
    AtMost { levels: usize, brackets: usize },
    /// At most this many levels, its tokens and the words of its texts; more cannot be said.
    Tokens(usize),
}

/// Bounds the nesting of `source`.
pub(crate) fn bound(source: &str, language: Language) -> Bound {
    if source.len() <= SHORT {
        return Bound::AtMost { levels: source.len(), brackets: 0 };
    }
    if language.jsx {
        return Bound::Tokens(tokens(source));
    }
    let mut scan = Scan::new(source, language.typescript);
    match scan.run() {
        Ok(()) => Bound::AtMost { levels: scan.deepest, brackets: scan.most_brackets },
        Err(Unsure) => Bound::Tokens(tokens(source)),
    }
}

/// At most how many tokens a source has, whatever of it is text. A number may be two: `3in` is refused, but not before
/// both were looked at.
fn tokens(source: &str) -> usize {
    let (mut tokens, mut in_word) = (0, false);
    for character in source.chars() {
        let is_part = !matches!(character, '#' | '\\') && is_word(character);
        if is_part && !in_word {
            tokens += if character.is_ascii_digit() { 2 } else { 1 };
        } else if !is_part && !is_space(character) {
            tokens += 1;
        }
        in_word = is_part;
    }
    tokens
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

/// Part of a name or number. Escapes and all beyond ASCII but spaces count: what they are not, the parser refuses.
fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '_' | '$' | '\\' | '#')
        || !(character.is_ascii() || is_space(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEEP: usize = 5_000;

    fn brackets(source: &str, file: &str) -> Option<usize> {
        match bound(source, Language::of(file)) {
            Bound::AtMost { brackets, levels } => {
                assert!(levels >= brackets, "{source:.50}");
                Some(brackets)
            }
            Bound::Tokens(tokens) => {
                assert!(tokens > DEEP, "{source:.50}");
                None
            }
        }
    }

    #[test]
    fn brackets_in_text_do_not_count() {
        let check = |before: &str, after: &str| {
            let source = format!("{before}{}{after}", "(".repeat(DEEP));
            for file in ["a.js", "a.ts"] {
                assert!(brackets(&source, file).is_some_and(|brackets| brackets < 10), "{file}: {before} … {after}");
            }
        };
        check("a = '", "'");
        check("a = '\\'", "'");
        check("a = '\\\r\n", "'");
        check("a = \"'", "\"");
        check("a = `", "`");
        check("a = `${`${b}`}\\`\\${", "`");
        check("// '", "\na");
        check("// '", "\u{2028}a");
        check("/* ' ", "*/ a");
        check("#! ", "\na");
        check("\u{feff}#!", "\na");
        check("a = /'[/]", "/g");
        check("a = /\\/\\(", "/.b / 1");
        check("if (a) /", "/.test(b)");
        check("if (a) { b } /", "/.test(b)");
        check("return /", "/");
        check("f(/", "/)");
        check("a => /", "/");
        check("; /", "/");
        check("x ? /", "/ : 1");
    }

    #[test]
    fn brackets_in_code_are_never_missed() {
        let check = |before: &str| {
            let source = format!("{before}{}", "(".repeat(DEEP));
            for file in ["a.js", "a.ts"] {
                assert!(brackets(&source, file).is_none_or(|brackets| brackets >= DEEP), "{file}: {before}");
            }
        };
        check("");
        check("a / '/' +");
        check("a /* ' */ ");
        check("'\\\\' + ");
        check("`${`}`}`+");
        check("`a${");
        check("a++ / 1 / ");
        check("a\n++/b/");
        check("a = {} / 1 / ");
        check("a = function () {} / '/' + ");
        check("a = b\n/'/' + ");
        check("f() / '/' + ");
        check("a.if(b) / '/' + ");
        check("a[1] / '/' + ");
        check("1. / '/' + ");
        check("a.return / '/' + ");
        check("a?.typeof / '/' + ");
        check("...typeof /'/.a / ");
        check("await / '/' + ");
        check("yield / '/' + ");
        check("a as void / '/' + ");
        check("a<b>/ '/' + ");
        check("a! / '/' + ");
        check("return\u{a0}/'/+");
        check("a\u{2028}/'/+");
        check("<!-- '\n");
        check("\n--> '\n");
        check("// '\u{2029}");
        check("var a\n/'/+");
        check("import 'a'\n/'/+");
        check("}");
        check("']'");
        check("\u{3000}");
        check("\\u{66}or /'/+");
    }

    #[test]
    fn what_is_behind_a_statement_or_element_does_not_count() {
        let levels = |source: &str, file: &str| match bound(source, Language::of(file)) {
            Bound::AtMost { levels, .. } => levels,
            Bound::Tokens(_) => usize::MAX,
        };
        for (part, file) in [
            ("f(a, [b], { c: d });", "a.js"),
            ("x = [1, 2];", "a.ts"),
            ("if (a) { b } else { c; };", "a.js"),
            ("function f() { return `${a} ${b}` };", "a.ts"),
        ] {
            assert!(levels(&part.repeat(DEEP), file) < 50, "{part}");
        }
        assert!(levels(&format!("[{}]", "a, b => c, ".repeat(DEEP)), "a.js") < 50);
    }

    #[test]
    fn statements_in_statements_count() {
        let check = |part: &str, file: &str| match bound(&part.repeat(DEEP), Language::of(file)) {
            Bound::AtMost { levels, .. } => assert!(levels >= DEEP, "{part}: {levels}"),
            Bound::Tokens(tokens) => assert!(tokens >= DEEP, "{part}: {tokens}"),
        };
        check("if (a) b; else ", "a.js");
        check("if (a) b, c; else ", "a.js");
        check("if (a) b, c\nelse ", "a.js");
        check("if (a) ", "a.js");
        check("for (;;) ", "a.js");
        check("do ", "a.js");
        check("a: ", "a.js");
        check("a => ", "a.js");
        check("a ? b : ", "a.js");
        check("!", "a.js");
        check("a + ", "a.js");
        check("A<B, ", "a.ts");
    }

    #[test]
    fn jsx_is_not_scanned() {
        assert_eq!(bound(&"<a>".repeat(DEEP), Language::of("a.tsx")), Bound::Tokens(3 * DEEP));
        assert_eq!(
            bound(&"<Long-name x=\"1\"> a word\n".repeat(DEEP), Language::of("a.tsx")),
            Bound::Tokens(13 * DEEP)
        );
        assert_eq!(bound("<a/>", Language::of("a.tsx")), Bound::AtMost { levels: 4, brackets: 0 });
    }
}
