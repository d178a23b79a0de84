//! Declarations of CSS, as far as it takes to tell them apart
//! ([CSS Syntax](https://drafts.csswg.org/css-syntax/), [CSSOM](https://drafts.csswg.org/cssom/)): what a property takes is not known here.
//!
//! What must never happen: a value that, written back between others, means something else for them. (Brackets deeper than what the
//! crate `cssparser` has for reasonable are refused by it.)

use cssparser::{Delimiter, ParseError, Parser};

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The property, as it was written.
    pub name: String,
    /// Its value: without comments, and with what was open at the end closed.
    pub value: String,
    /// Whether it is `!important`.
    pub is_important: bool,
}

/// The most bytes of a declaration: reading one is not interrupted. A longer one is malformed, and ends the list.
pub const LONGEST_DECLARATION: usize = 1 << 20;

/// Gives the declarations of an attribute `style` to `take`, in order, and `None` for each that is malformed. Ends early if that says `false`.
pub fn parse_declarations(text: &str, take: &mut dyn FnMut(Option<Declaration>) -> bool) {
    let mut rest = text;
    while !rest.is_empty() {
        let piece = &rest[..rest.floor_char_boundary(LONGEST_DECLARATION)];
        let is_last = piece.len() == rest.len();
        let mut parser = Parser::new(piece);
        let mut done = 0;
        while !parser.is_exhausted() {
            let declaration = declaration(&mut parser);
            if !is_last && parser.is_exhausted() {
                break;
            }
            done = parser.position().byte_index();
            if !take(declaration) {
                return;
            }
        }
        if is_last || done == 0 {
            return;
        }
        rest = &rest[done..];
    }
}

fn declaration(parser: &mut Parser<'_>) -> Option<Declaration> {
    let parsed = parser.parse_until_after(Delimiter::Semicolon, |parser| {
        let name = parser.expect_ident_cloned()?;
        parser.expect_colon()?;
        Ok::<_, ParseError<()>>((name.to_string(), rest(parser)))
    });
    let (name, value) = parsed.ok()?;
    let (value, is_important) = parse(value)?;
    Some(Declaration { name, value, is_important })
}

/// The value that a property is given: without comments, and with what is open at the end closed. `None` if it is malformed, more
/// than one value, or not the value alone.
pub fn parse_value(text: &str) -> Option<String> {
    let text = Some(text).filter(|text| text.len() <= LONGEST_DECLARATION)?;
    parse(text).and_then(|(value, is_important)| (!is_important).then_some(value))
}

/// A name as an identifier of CSS.
pub fn identifier(name: &str) -> String {
    let mut written = String::new();
    // Writing to a string does not fail.
    let _ = cssparser::serialize_identifier(name, &mut written);
    written
}

/// A value, and whether `!important` stands behind it.
fn parse(text: &str) -> Option<(String, bool)> {
    let closed = closed(text);
    let mut parser = Parser::new(&closed);
    let value = parser.parse_until_before(Delimiter::Semicolon | Delimiter::Bang, |parser| {
        let start = parser.position();
        parser.expect_no_error_token()?;
        Ok::<_, ParseError<()>>(parser.slice_from(start))
    });
    let value = value.ok()?;
    let is_important = !parser.is_exhausted();
    if is_important && (cssparser::parse_important(&mut parser).is_err() || !parser.is_exhausted()) {
        return None;
    }
    let value = trimmed(value);
    ends_alone(value).then(|| (value.to_owned(), is_important))
}

/// All that is left, which may have errors.
fn rest<'i>(parser: &mut Parser<'i>) -> &'i str {
    let start = parser.position();
    while parser.next_including_whitespace_and_comments().is_ok() {}
    parser.slice_from(start)
}

/// Without white space around it, but that which a backslash escapes.
fn trimmed(text: &str) -> &str {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0C');
    let text = text.trim_start_matches(is_space);
    let end = text.trim_end_matches(is_space).len();
    let escapes = text[..end].bytes().rev().take_while(|&byte| byte == b'\\').count();
    if escapes % 2 == 1 && end < text.len() { &text[..=end] } else { &text[..end] }
}

/// Whether a declaration that follows is not taken for a part of the value.
fn ends_alone(value: &str) -> bool {
    let probe = format!("{value};");
    let mut parser = Parser::new(&probe);
    let before = parser.parse_until_before(Delimiter::Semicolon, |parser| Ok::<_, ParseError<()>>(rest(parser)));
    before.is_ok_and(|before| before.len() == value.len())
}

/// A text with what is open at its end closed, as the end itself would, and a space for each comment.
fn closed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    let mut open = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.as_str().starts_with('*') => {
                let behind = rest.as_str()[1..].split_once("*/").map_or("", |(_, behind)| behind);
                rest = behind.chars();
                out.push(' ');
            }
            '"' | '\'' => {
                out.push(c);
                quoted(&mut rest, c, &mut out);
            }
            '\\' => escape(&mut rest, '\u{FFFD}', &mut out),
            '(' if begins_url(&out, rest.as_str()) => {
                out.push(c);
                unquoted_url(&mut rest, &mut out);
            }
            '(' | '[' | '{' => {
                out.push(c);
                open.push(if c == '(' {
                    ')'
                } else if c == '[' {
                    ']'
                } else {
                    '}'
                });
            }
            c => {
                if open.last() == Some(&c) {
                    open.pop();
                }
                out.push(c);
            }
        }
    }
    out.extend(open.iter().rev());
    out
}

/// Copies what a backslash escapes; at the end it stands for `missing`.
fn escape(rest: &mut std::str::Chars<'_>, missing: char, out: &mut String) {
    match rest.next() {
        Some(c) => out.extend(['\\', c]),
        None => out.push(missing),
    }
}

fn quoted(rest: &mut std::str::Chars<'_>, quote: char, out: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            // At the end it is nothing.
            '\\' if rest.as_str().is_empty() => {}
            '\\' => escape(rest, quote, out),
            c => {
                out.push(c);
                if c == quote || matches!(c, '\n' | '\r' | '\x0C') {
                    return;
                }
            }
        }
    }
    out.push(quote);
}

fn unquoted_url(rest: &mut std::str::Chars<'_>, out: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(rest, '\u{FFFD}', out),
            c => {
                out.push(c);
                if c == ')' {
                    return;
                }
            }
        }
    }
    out.push(')');
}

/// Whether a parenthesis behind `before` opens a URL without quotes.
fn begins_url(before: &str, behind: &str) -> bool {
    let name = before.len().checked_sub(3).and_then(|start| before.split_at_checked(start));
    let is_url = name.is_some_and(|(before, name)| {
        let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\\') || !c.is_ascii();
        name.eq_ignore_ascii_case("url") && !before.ends_with(goes_on)
    });
    is_url && !behind.trim_start_matches([' ', '\t', '\n', '\r', '\x0C']).starts_with(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_closed_or_refused() {
        let check = |text: &str, expected: Option<&str>| assert_eq!(parse_value(text).as_deref(), expected, "{text}");
        for same in [
            "red",
            "1px solid #FFF",
            "'a;b'",
            "url(a;b)",
            "url( 'a)b' )",
            "f(a;b!c)",
            "{a:b;c:d}",
            "\"/* a */\"",
            "url(//a/*b)",
            "a\\;b",
            "\"a\\\"b\"",
            "\\",
            "",
        ] {
            let expected = if same == "\\" { "\u{FFFD}" } else { same };
            check(same, Some(expected));
        }
        check(" \t a  b\n", Some("a  b"));
        check("\"a", Some("\"a\""));
        check("'a\\", Some("'a'"));
        check("'a\\'", Some("'a\\''"));
        check("url(a", Some("url(a)"));
        check("URL(a\\", Some("URL(a\u{FFFD})"));
        check("curl(\"a", Some("curl(\"a\")"));
        check("f(a, [b, {c: \"d", Some("f(a, [b, {c: \"d\"}])"));
        check("a /* b", Some("a"));
        check("a/* b */c", Some("a c"));
        check("a\\ ", Some("a\\ "));
        check("f(\"a\nb", None);
        for wrong in [
            "red;x:y",
            "a;",
            "a!b",
            "a !important",
            "red}body{x:y",
            "a)",
            "a]",
            "f(])",
            "\"a\nb\"",
            "url(a\"b)",
            "url(a b)",
            "f(url(a b))",
        ] {
            check(wrong, None);
        }
        check(&("(".repeat(32) + "a"), Some(&("(".repeat(32) + "a" + &")".repeat(32))));
        check(&"(".repeat(1_000), None);
        check(&"[\"))\"(".repeat(100_000), None);
        check(&"\\url(\" ) ((((\"".repeat(100_000), None);
    }

    fn declarations(text: &str) -> Vec<Declaration> {
        let mut found = Vec::new();
        parse_declarations(text, &mut |declaration| {
            found.extend(declaration);
            true
        });
        found
    }

    #[test]
    fn long_lists_are_read_piece_by_piece() {
        for one in ["a:b;", "a : 'x;y' /* ; */ !important ;", "--\u{e9}:(;);", "a;b:c;"] {
            let text = one.repeat(3 * LONGEST_DECLARATION / one.len());
            let expected = declarations(one);
            let found = declarations(&text);
            assert_eq!(found.len(), 3 * LONGEST_DECLARATION / one.len() * expected.len(), "{one}");
            assert!(found.chunks(expected.len()).all(|found| found == expected), "{one}");
        }
    }

    #[test]
    fn declarations_that_are_too_long_end_the_list() {
        let long = format!("a:b;c:{};d:e", "f ".repeat(LONGEST_DECLARATION));
        assert_eq!(declarations(&long).len(), 1);
        assert_eq!(parse_value(&"f ".repeat(LONGEST_DECLARATION)), None);
        let mut count = 0;
        parse_declarations(&";a".repeat(1000), &mut |_| {
            count += 1;
            count < 10
        });
        assert_eq!(count, 10);
    }

    #[test]
    fn declarations_are_told_apart() {
        let check = |text: &str, expected: &[(&str, &str, bool)]| {
            let got = declarations(text);
            let got: Vec<_> = got.iter().map(|d| (d.name.as_str(), d.value.as_str(), d.is_important)).collect();
            assert_eq!(got, expected, "{text}");
        };
        check("a:b; c : d e ;", &[("a", "b", false), ("c", "d e", false)]);
        check("a:b!important;c:d ! IMPORTANT", &[("a", "b", true), ("c", "d", true)]);
        check("a:b!x;c:d", &[("c", "d", false)]);
        check("a;b:c", &[("b", "c", false)]);
        check(";;a:b", &[("a", "b", false)]);
        check("a:url(x;y);b:'c;d'", &[("a", "url(x;y)", false), ("b", "'c;d'", false)]);
        check("a:\"b; c:d", &[("a", "\"b; c:d\"", false)]);
        check("a:b}; c:d", &[("c", "d", false)]);
        check("a:\"b\nc; d:e", &[("d", "e", false)]);
        check("/* x */ a /* y */: b /* z;", &[("a", "b", false)]);
        check("--x:;--y: ", &[("--x", "", false), ("--y", "", false)]);
    }
}
