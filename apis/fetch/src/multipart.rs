//! Parsing `multipart/form-data` (RFC 7578, with names as the HTML Standard writes them).

use quickbeam_engine::{Args, Ctx, Result, Value};
use std::ops::Range;

/// Parts of one form.
const MAX_PARTS: usize = 100_000;

#[derive(Debug, PartialEq, Eq)]
struct Part {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    content: Range<usize>,
}

/// `(bytes, boundary)`: a list of `[name, file name or undefined, type or undefined, start, end]`; `undefined` if malformed.
pub(crate) fn parse<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let boundary = args.get(1).to_text()?;
    let parts = args.get(0).with_bytes(|bytes| parts(bytes, boundary.as_bytes())).flatten();
    let Some(parts) = parts else { return Ok(ctx.undefined()) };
    let optional = |text: Option<String>| text.map_or_else(|| Ok(ctx.undefined()), |text| ctx.string(&text));
    let mut list = Vec::with_capacity(parts.len());
    for part in parts {
        list.push(ctx.array(vec![
            ctx.string(&part.name)?,
            optional(part.filename)?,
            optional(part.content_type)?,
            ctx.number(part.content.start as f64),
            ctx.number(part.content.end as f64),
        ])?);
    }
    ctx.array(list)
}

fn parts(bytes: &[u8], boundary: &[u8]) -> Option<Vec<Part>> {
    let delimiter = [b"--", boundary].concat();
    let separator = [b"\r\n--", boundary].concat();
    let mut at = find(bytes, &delimiter, 0).filter(|&at| at == 0 || bytes[..at].ends_with(b"\r\n"))? + delimiter.len();
    let mut parts = Vec::new();
    loop {
        let rest = bytes.get(at..)?;
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        // Blanks may follow a boundary.
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if !rest[blanks..].starts_with(b"\r\n") || parts.len() == MAX_PARTS {
            return None;
        }
        at += blanks + 2;
        let (part, next) = part(bytes, at, &separator)?;
        parts.push(part);
        at = next;
    }
}

/// One part from `at`, and where the next begins, behind its boundary.
fn part(bytes: &[u8], mut at: usize, separator: &[u8]) -> Option<(Part, usize)> {
    let (mut name, mut filename, mut content_type) = (None, None, None);
    loop {
        let end = find(bytes, b"\r\n", at)?;
        let line = &bytes[at..end];
        at = end + 2;
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|&byte| byte == b':')?;
        let value = line[colon + 1..].trim_ascii();
        match line[..colon].to_ascii_lowercase().as_slice() {
            b"content-disposition" => {
                let rest = value.strip_prefix(b"form-data")?;
                name = parameter(rest, b"name");
                filename = parameter(rest, b"filename");
            }
            b"content-type" => content_type = Some(value.iter().map(|&byte| char::from(byte)).collect()),
            _ => {}
        }
    }
    // The blank line may itself be the start of the boundary, when the part is empty.
    let start = at;
    let end = find(bytes, separator, start - 2).map(|end| end.max(start))?;
    let next = find(bytes, separator, start - 2)? + separator.len();
    Some((Part { name: name?, filename, content_type, content: start..end }, next))
}

/// The value of `; name="…"`, with `%0A`, `%0D` and `%22` decoded.
fn parameter(mut rest: &[u8], wanted: &[u8]) -> Option<String> {
    loop {
        rest = rest.trim_ascii_start().strip_prefix(b";")?.trim_ascii_start();
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let name = &rest[..equals];
        rest = &rest[equals + 1..];
        let value;
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let end = quoted.iter().position(|&byte| byte == b'"')?;
            value = &quoted[..end];
            rest = &quoted[end + 1..];
        } else {
            let end = rest.iter().position(|&byte| byte == b';').unwrap_or(rest.len());
            value = rest[..end].trim_ascii_end();
            rest = &rest[end..];
        }
        if name.eq_ignore_ascii_case(wanted) {
            let text = String::from_utf8_lossy(value);
            return Some(text.replace("%0A", "\n").replace("%0D", "\r").replace("%22", "\""));
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    memchr::memmem::find(bytes.get(from..)?, wanted).map(|at| from + at)
}
