//! Errors in a source: what, where, and the lines around it.

use std::fmt;

use oxc::diagnostics::OxcDiagnostic;

/// What a failed operation returns; never empty.
pub type Diagnostics = Vec<Diagnostic>;

/// Lines shown before and after the one an error is in.
const CONTEXT_LINES: usize = 2;
/// Characters of a line that a code frame shows at most; minified files have lines of megabytes.
const FRAME_WIDTH: usize = 120;

/// One error, and where in the source it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one or a few lines, without the position.
    pub message: String,
    /// The file as the caller named it, or its path.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column in UTF-16 code units, from 1.
    pub column: Option<u32>,
    /// The line with the two around it, numbered, and a caret under the column.
    pub code_frame: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        }
        f.write_str(&self.message)?;
        match &self.code_frame {
            Some(frame) => write!(f, "\n\n{frame}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        vec![diagnostic]
    }
}

impl Diagnostic {
    /// An error without a position.
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), file: None, line: None, column: None, code_frame: None }
    }

    /// An error in a file as a whole.
    pub fn in_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Diagnostic { file: Some(file.into()), ..Self::new(message) }
    }

    /// An error at a byte offset of `source`.
    pub(crate) fn at_offset(file: &str, source: &str, offset: usize, message: impl Into<String>) -> Self {
        let (line, column) = position(source, offset);
        Self::at(file, source, line, column, message)
    }

    /// An error at a 1-based line and UTF-16 column of `source`.
    pub(crate) fn at(file: &str, source: &str, line: u32, column: u32, message: impl Into<String>) -> Self {
        Diagnostic {
            line: Some(line),
            column: Some(column),
            code_frame: Some(code_frame(source, line, column)),
            ..Self::in_file(file, message)
        }
    }

    /// A bug in this library or below, told as an error.
    pub(crate) fn internal(message: impl fmt::Display) -> Self {
        Self::new(format!("internal error, please report it: {message}"))
    }

    pub(crate) fn from_oxc(file: &str, source: &str, error: &OxcDiagnostic) -> Self {
        let mut message = error.message.to_string();
        if let Some(help) = &error.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        match error.labels.first() {
            Some(label) => Self::at_offset(file, source, label.offset() as usize, message),
            None => Self::in_file(file, message),
        }
    }
}

/// The 1-based line and UTF-16 column of a byte offset; an offset past the end is the end.
pub(crate) fn position(source: &str, offset: usize) -> (u32, u32) {
    let offset = (0..=offset.min(source.len())).rev().find(|&at| source.is_char_boundary(at)).unwrap_or(0);
    let before = &source[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let column = before[line_start..].encode_utf16().count() + 1;
    (saturate(line), saturate(column))
}

fn saturate(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn code_frame(source: &str, line: u32, column: u32) -> String {
    let target = (line as usize).saturating_sub(1);
    let first = target.saturating_sub(CONTEXT_LINES);
    let target_text = source.split('\n').nth(target).unwrap_or_default();
    let column = char_column(target_text, column);
    let window = column.saturating_sub(FRAME_WIDTH / 2);
    let width = (target + 1 + CONTEXT_LINES).to_string().len();

    let mut frame = String::new();
    for (index, text) in source.split('\n').enumerate().skip(first).take(target - first + 1 + CONTEXT_LINES) {
        let mark = if index == target { '>' } else { ' ' };
        let text: String = text.trim_end_matches('\r').chars().skip(window).take(FRAME_WIDTH).collect();
        let number = index + 1;
        let row = format!("{mark} {number:>width$} | {text}");
        frame.push_str(row.trim_end());
        frame.push('\n');
        if index == target {
            let padding: String =
                text.chars().take(column - window).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            frame.push_str(&format!("  {:>width$} | {padding}^\n", ""));
        }
    }
    frame.truncate(frame.trim_end_matches('\n').len());
    frame
}

/// The 0-based column in characters of a 1-based column in UTF-16 code units, at most the line's end.
fn char_column(line: &str, column: u32) -> usize {
    let units = column.saturating_sub(1) as usize;
    let mut seen = 0;
    line.chars()
        .take_while(|c| {
            seen += c.len_utf16();
            seen <= units
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_utf16_columns() {
        let check =
            |source: &str, offset: usize, expected| assert_eq!(position(source, offset), expected, "{source:?}");
        check("", 0, (1, 1));
        check("abc", 2, (1, 3));
        check("a\nbc", 3, (2, 2));
        check("é𝄞x", 6, (1, 4));
        check("𝄞", 2, (1, 1));
        check("a", 99, (1, 2));
    }

    #[test]
    fn frames_show_the_line_and_its_neighbours() {
        let frame = Diagnostic::at("a.js", "one\ntwo\nthree\nfour\nfive\nsix", 3, 2, "no").code_frame.unwrap();
        assert_eq!(frame, "  1 | one\n  2 | two\n> 3 | three\n    |  ^\n  4 | four\n  5 | five");
    }

    #[test]
    fn frames_of_long_lines_are_windows() {
        let source = format!("{}!{}", "x".repeat(1_000_000), "y".repeat(1_000_000));
        let frame = Diagnostic::at("a.js", &source, 1, 1_000_001, "no").code_frame.unwrap();
        assert!(frame.len() < 400 && frame.contains("x!y"), "{frame}");
    }

    #[test]
    fn positions_outside_of_the_source_are_clamped() {
        assert!(Diagnostic::at("a.js", "x", 99, 99, "no").code_frame.is_some());
        assert!(Diagnostic::at("a.js", "", 0, 0, "no").code_frame.is_some());
    }

    #[test]
    fn display_is_file_position_message_and_frame() {
        let diagnostic = Diagnostic::at("a.js", "x y", 1, 3, "unexpected");
        assert_eq!(diagnostic.to_string(), "a.js:1:3: unexpected\n\n> 1 | x y\n    |   ^");
        assert_eq!(Diagnostic::in_file("a.js", "unreadable").to_string(), "a.js: unreadable");
    }
}
