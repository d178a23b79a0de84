//! `atob` and `btoa`: base64 of strings whose characters stand for bytes, with the HTML Standard's forgiving decoder.

use base64_simd::{STANDARD, forgiving_decode_to_vec};
use quickbeam_engine::{Ctx, Result, Thrown, Value};

fn invalid(ctx: Ctx<'_>, message: &str) -> Thrown {
    ctx.throw_dom_exception("InvalidCharacterError", message)
}

pub(crate) fn encode<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    let encoded = value.with_text(|text| {
        if text.is_ascii() {
            return Some(STANDARD.encode_to_string(text.as_bytes()));
        }
        let bytes: Option<Vec<u8>> = text.chars().map(|char| u8::try_from(char).ok()).collect();
        bytes.map(|bytes| STANDARD.encode_to_string(bytes))
    })?;
    match encoded {
        Some(encoded) => ctx.string(&encoded),
        None => Err(invalid(ctx, "btoa: the string has characters above U+00FF")),
    }
}

pub(crate) fn decode<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    match value.with_text(|text| forgiving_decode_to_vec(text.as_bytes()))? {
        Ok(bytes) => ctx.string_latin1(&bytes),
        Err(_) => Err(invalid(ctx, "atob: the string is not base64")),
    }
}
