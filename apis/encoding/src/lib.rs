//! The Encoding Standard: `TextEncoder`, and `TextDecoder` for all its encodings; `atob` and `btoa` of the HTML Standard.

mod base64;
mod decoder;

use quickbeam_api_webidl::{Natives, define_function, helpers, kept, need};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, TypedArrayKind, Value};
use quickbeam_executor::Api;

static ENCODING: Glue = Glue::new("internal:encoding", include_str!("encoding.js"));

static CLASSES: [Deferred; 2] =
    [Deferred::class("TextEncoder", UNIT, classes), Deferred::class("TextDecoder", UNIT, classes)];

/// What a realm keeps the classes under.
const UNIT: &str = "encoding";

/// The API.
pub struct Encoding;

impl Api for Encoding {
    fn name(&self) -> &'static str {
        "encoding"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        define_function(ctx, "atob", 1, |ctx, _, args| {
            need(ctx, args, 1, "atob")?;
            base64::decode(ctx, &args.get(0))
        })?;
        define_function(ctx, "btoa", 1, |ctx, _, args| {
            need(ctx, args, 1, "btoa")?;
            base64::encode(ctx, &args.get(0))
        })
    }
}

/// An object with `TextEncoder` and `TextDecoder`, whatever has become of the globals.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = Natives::new(ctx)?
            .function("encode", encode)?
            .function("encodeInto", encode_into)?
            .function("decoder", decoder::make)?
            .function("encodingName", decoder::name)?
            .function("decode", decoder::decode)?
            .function("isBytes", |ctx, _, args| {
                let value = args.get(0);
                Ok(ctx.boolean(value.is_array_buffer() || value.typed_array_kind().is_some()))
            })?
            .function("isUint8Array", |ctx, _, args| {
                Ok(ctx.boolean(args.get(0).typed_array_kind() == Some(TypedArrayKind::Uint8)))
            })?
            .into_value();
        ctx.call(&ENCODING.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

fn encode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).with_text(|text| ctx.uint8_array(text.as_bytes()))?
}

/// Fills a `Uint8Array` with as many whole characters as fit: `[UTF-16 units read, bytes written]`.
fn encode_into<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let destination = args.get(1);
    let (read, written) = args.get(0).with_text(|text| {
        let fill = |bytes: &mut [u8]| {
            let mut end = text.len().min(bytes.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
            (utf16_length(&text[..end]), end)
        };
        destination.with_bytes(fill).unwrap_or_default()
    })?;
    ctx.array(vec![ctx.number(read as f64), ctx.number(written as f64)])
}

fn utf16_length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}
