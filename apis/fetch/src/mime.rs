//! MIME types of bodies ([MIME Sniffing](https://mimesniff.spec.whatwg.org); Fetch Standard, "extract a MIME type").

use data_url::mime::Mime;
use quickbeam_engine::{Args, Ctx, Result, Value};

/// `(text)`: the MIME type that a field `Content-Type` gives, serialised; empty if it gives none.
pub(crate) fn mime_type<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let extracted = args.get(0).with_text(|text| extract(&text))?;
    ctx.string(&extracted.map(|mime| mime.to_string()).unwrap_or_default())
}

/// The last of the types, with the charset of an equal one before it where it names none.
fn extract(field: &str) -> Option<Mime> {
    let mut extracted: Option<Mime> = None;
    for value in split(field) {
        let Ok(mut mime) = value.parse::<Mime>() else { continue };
        if mime.matches("*", "*") {
            continue;
        }
        let before = extracted.take().filter(|before| mime.matches(&before.type_, &before.subtype));
        if let Some(charset) = before.as_ref().and_then(|before| before.get_parameter("charset"))
            && mime.get_parameter("charset").is_none()
        {
            mime.parameters.push(("charset".to_owned(), charset.to_owned()));
        }
        extracted = Some(mime);
    }
    extracted
}

/// The values of a field, at the commas that stand in no quotes.
fn split(field: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    field.split(move |char| {
        let is_plain = !std::mem::take(&mut is_escaped);
        match char {
            '"' if is_plain => is_quoted = !is_quoted,
            '\\' => is_escaped = is_quoted && is_plain,
            _ => {}
        }
        char == ',' && !is_quoted
    })
}
