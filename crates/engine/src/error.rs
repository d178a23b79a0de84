//! Errors: the marker for a pending exception, and what an exception says.

use crate::ctx::Ctx;
use crate::value::Value;

/// An exception is pending in the realm; take it with [`Ctx::take_exception`], or return this from a
/// native function to let it travel on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

/// The result of an operation that may throw.
pub type Result<T> = std::result::Result<T, Thrown>;

/// One call on the stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Function name; empty at top level.
    pub function: String,
    /// File name as given to the evaluation, or `native`.
    pub filename: String,
    /// Line, from 1; 0 if unknown.
    pub line: u32,
    /// Column, from 1; 0 if unknown.
    pub column: u32,
}

/// What is known of a thrown value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorReport {
    /// `name` of an error object, else `Error`.
    pub name: String,
    /// `message` of an error object, else the thrown value as a string; a plain object as JSON, of which a long one is cut.
    pub message: String,
    /// The stack as text, one call a line.
    pub stack: String,
    /// The stack's calls, innermost first.
    pub frames: Vec<Frame>,
    /// The error's `cause`, at most eight deep.
    pub cause: Option<Box<ErrorReport>>,
}

/// How the names of [glue](crate::Glue) begin.
pub(crate) const GLUE: &str = "internal:";
/// What the engine calls the text that `JSON.parse` reads.
const PARSED: &str = "<input>";

const MAX_CAUSES: usize = 8;
const MAX_FRAMES: usize = 64;
/// Characters.
const MAX_JSON: usize = 1_000;

impl ErrorReport {
    /// A report that no script made.
    pub fn new(name: &str, message: impl Into<String>) -> ErrorReport {
        ErrorReport { name: name.to_owned(), message: message.into(), ..ErrorReport::default() }
    }

    /// Describes a thrown value. Getters of a hostile error object may run; what they throw is dropped.
    pub fn of(ctx: Ctx<'_>, thrown: &Value<'_>) -> ErrorReport {
        ErrorReport::describe(ctx, thrown, MAX_CAUSES)
    }

    fn describe(ctx: Ctx<'_>, thrown: &Value<'_>, causes_left: usize) -> ErrorReport {
        if !thrown.is_error() && !thrown.is_dom_exception() {
            return ErrorReport { message: text_of(ctx, thrown), ..ErrorReport::new("Error", "") };
        }
        let field = |key: &str| -> Option<String> {
            let value = thrown.get(key).map_err(|_| drop(ctx.take_exception())).ok()?;
            if value.is_undefined() { None } else { Some(text_of(ctx, &value)) }
        };
        let stack = field("stack").unwrap_or_default();
        let cause = match thrown.get("cause") {
            Ok(cause) if !cause.is_undefined() && causes_left > 0 => {
                Some(Box::new(ErrorReport::describe(ctx, &cause, causes_left - 1)))
            }
            Ok(_) => None,
            Err(Thrown) => {
                drop(ctx.take_exception());
                None
            }
        };
        ErrorReport {
            name: field("name").unwrap_or_else(|| "Error".to_owned()),
            message: field("message").unwrap_or_default(),
            frames: parse_stack(&stack),
            stack,
            cause,
        }
    }

    /// The first frame that lies in a script's file; in glue, or in what `JSON.parse` was given, if there is no other.
    pub fn location(&self) -> Option<&Frame> {
        let in_files = || self.frames.iter().filter(|frame| frame.line > 0);
        let is_of_script = |frame: &&Frame| !frame.filename.starts_with(GLUE) && frame.filename != PARSED;
        in_files().find(is_of_script).or_else(|| in_files().next())
    }
}

impl std::fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

fn text_of(ctx: Ctx<'_>, value: &Value<'_>) -> String {
    let text =
        if value.is_symbol() { value.symbol_description().map(|d| format!("Symbol({d})")) } else { value.to_text() };
    match text {
        Ok(text) if text == "[object Object]" => json_of(ctx, value).unwrap_or(text),
        Ok(text) => text,
        Err(Thrown) => {
            drop(ctx.take_exception());
            "a value that cannot be converted to a string".to_owned()
        }
    }
}

/// The beginning of an object as JSON, which tells more of it than its text; not if it has none.
fn json_of(ctx: Ctx<'_>, value: &Value<'_>) -> Option<String> {
    let json = value.to_json().map_err(|Thrown| drop(ctx.take_exception())).ok()??;
    Some(match json.char_indices().nth(MAX_JSON) {
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json,
    })
}

/// Reads the engine's stack format: `    at name (file:line:column)` or `    at file:line:column`.
fn parse_stack(stack: &str) -> Vec<Frame> {
    stack.lines().filter_map(|line| parse_frame(line.trim())).take(MAX_FRAMES).collect()
}

fn parse_frame(line: &str) -> Option<Frame> {
    let rest = line.strip_prefix("at ")?;
    let (function, place) = match rest.strip_suffix(')').and_then(|rest| rest.split_once(" (")) {
        Some((function, place)) => (function, place),
        None => ("", rest),
    };
    let function = if function == "<anonymous>" || function == "<eval>" { "" } else { function };
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next().and_then(|text| text.parse().ok());
    let line = parts.next().and_then(|text| text.parse().ok());
    let (filename, line, column) = match (parts.next(), line, column) {
        (Some(filename), Some(line), Some(column)) => (filename, line, column),
        _ => (place, 0, 0),
    };
    Some(Frame { function: function.to_owned(), filename: filename.to_owned(), line, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_where_the_script_is() {
        let check = |stack: &str, line: Option<u32>| {
            let report = ErrorReport { frames: parse_stack(stack), ..ErrorReport::default() };
            assert_eq!(report.location().map(|frame| frame.line), line, "{stack}");
        };
        check("at parse (native)\nat URL (internal:url:30:39)\nat load (a.js:2:14)\nat <eval> (a.js:4:1)", Some(2));
        check("at <input>:1:2\nat parse (native)\nat a.js:3:7", Some(3));
        check("at a.js:5:7\nat a.js:9:1", Some(5));
        check("at f (native)\nat run (internal:timers:8:1)", Some(8));
        check("at f (native)", None);
    }

    #[test]
    fn frames_are_read_from_the_stack_text() {
        let check = |line: &str, function: &str, filename: &str, at: (u32, u32)| {
            let frame = parse_frame(line).unwrap();
            assert_eq!((frame.function.as_str(), frame.filename.as_str()), (function, filename), "{line}");
            assert_eq!((frame.line, frame.column), at, "{line}");
        };
        check("at f (a.js:1:2)", "f", "a.js", (1, 2));
        check("at <anonymous> (C:/x (1)/a.js:10:20)", "", "C:/x (1)/a.js", (10, 20));
        check("at <eval> (a.js:3:4)", "", "a.js", (3, 4));
        check("at a.js:5:6", "", "a.js", (5, 6));
        check("at map (native)", "map", "native", (0, 0));
        assert_eq!(parse_frame("no frame"), None);
    }
}
