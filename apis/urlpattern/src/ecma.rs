//! Regular expressions that JavaScript is going to run.

use urlpattern::RegexSyntax;
use urlpattern::regexp::RegExp;

/// The source of one. The engine says whether it is valid when it compiles it.
pub(crate) struct Ecma(String);

impl RegExp for Ecma {
    fn syntax() -> RegexSyntax {
        RegexSyntax::EcmaScript
    }

    fn parse(pattern: &str, _flags: &str, _force_eval: bool) -> Result<Ecma, ()> {
        Ok(Ecma(pattern.to_owned()))
    }

    /// Only asked whether a protocol stands for a special scheme, which tells how paths are written.
    fn matches<'a>(&self, text: &'a str) -> Option<Vec<Option<&'a str>>> {
        <regex::Regex as RegExp>::parse(&self.0, "", false).ok()?.matches(text)
    }

    fn pattern_string(&self) -> &str {
        &self.0
    }
}

/// A source with what the engine's parser of the flag `v` wrongly refuses outside of classes written as escapes: `-`, `/` and doubled
/// punctuators.
pub(crate) fn escape_outside_classes(source: &str) -> String {
    const PUNCTUATORS: &str = "&!#%,:;<=>@`~";
    let mut out = String::with_capacity(source.len());
    let mut depth = 0_usize;
    let mut rest = source;
    while let Some(char) = rest.chars().next() {
        let taken = match char {
            '\\' => char.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            '(' if depth == 0 => group_start(rest),
            _ => char.len_utf8(),
        };
        let (token, behind) = rest.split_at(taken);
        match char {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_doubled = behind.starts_with(char) || source[..source.len() - rest.len()].ends_with(char);
        if depth == 0 && (matches!(char, '-' | '/') || PUNCTUATORS.contains(char) && is_doubled) {
            out.push_str(&format!("\\x{:02x}", u32::from(char)));
        } else {
            out.push_str(token);
        }
        rest = behind;
    }
    out
}

/// Bytes of what opens a group, such as `(?<name>`.
fn group_start(source: &str) -> usize {
    let Some(kind) = source.strip_prefix("(?") else { return 1 };
    let is_name = kind.starts_with('<') && !kind.starts_with("<=") && !kind.starts_with("<!");
    let end = if is_name { kind.find('>') } else { kind.find([':', '=', '!']) };
    end.map_or(2, |end| end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_outside_of_classes_is_escaped() {
        for (source, escaped) in [
            ("^a-b$", r"^a\x2db$"),
            (r"^\/[^\/]+?$", r"^\/[^\/]+?$"),
            ("[a-z]-[[a-z]--b]", r"[a-z]\x2d[[a-z]--b]"),
            ("a::b:c,,", r"a\x3a\x3ab:c\x2c\x2c"),
            ("(?<a>b)(?<=c)(?!d)(?:e)(?i-s:f)", "(?<a>b)(?<=c)(?!d)(?:e)(?i-s:f)"),
            (r"\--", r"\-\x2d"),
            ("é-(?", r"é\x2d(?"),
            ("\\", "\\"),
        ] {
            assert_eq!(escape_outside_classes(source), escaped);
        }
    }
}
