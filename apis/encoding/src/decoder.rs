//! Decoders: one encoding's state between chunks.

use encoding_rs::{Decoder, DecoderResult, Encoding, REPLACEMENT, UTF_8};
use quickbeam_engine::{Args, Ctx, Result, Thrown, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// What a `TextDecoder` stands on.
struct TextDecoder {
    encoding: &'static Encoding,
    fatal: bool,
    ignore_bom: bool,
    /// The state of a stream of chunks; none between streams.
    stream: RefCell<Option<Decoder>>,
}

impl TextDecoder {
    fn fresh(&self) -> Decoder {
        if self.ignore_bom {
            self.encoding.new_decoder_without_bom_handling()
        } else {
            self.encoding.new_decoder_with_bom_removal()
        }
    }
}

/// `(label, fatal, ignoreBOM)`: a host object for that decoder.
pub(crate) fn make<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let label = args.get(0).to_text()?;
    let encoding = Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != REPLACEMENT);
    let Some(encoding) = encoding else {
        let label: String = label.chars().take(100).collect();
        return Err(
            ctx.throw_error("RangeError", &format!("TextDecoder: there is no encoding with the label {label:?}"))
        );
    };
    let decoder = TextDecoder {
        encoding,
        fatal: args.get(1).truthy(),
        ignore_bom: args.get(2).truthy(),
        stream: RefCell::new(None),
    };
    ctx.host_object(Rc::new(decoder), None)
}

fn decoder_of<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Rc<TextDecoder>> {
    value.host().ok_or_else(|| ctx.throw_type("this is not a TextDecoder"))
}

/// `(decoder)`: the encoding's name.
pub(crate) fn name<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ctx.string(&decoder_of(ctx, &args.get(0))?.encoding.name().to_ascii_lowercase())
}

/// Why bytes were not decoded.
enum Failure {
    Malformed,
    TooLong,
}

/// `(decoder, bytes or undefined, stream)`: the text.
pub(crate) fn decode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let decoder = decoder_of(ctx, &args.get(0))?;
    let stream = args.get(2).truthy();
    let continued = decoder.stream.borrow_mut().take();
    if continued.is_none()
        && !stream
        && let Some(text) = args.get(1).with_bytes(|bytes| whole(ctx, &decoder, bytes)).flatten()
    {
        return text;
    }
    let mut state = continued.unwrap_or_else(|| decoder.fresh());
    let units = args.get(1).with_bytes(|bytes| chunk(&mut state, decoder.fatal, bytes, !stream));
    let units = units.unwrap_or_else(|| chunk(&mut state, decoder.fatal, &[], !stream));
    match units {
        Ok(text) => {
            if stream {
                *decoder.stream.borrow_mut() = Some(state);
            }
            ctx.string(&text)
        }
        Err(failure) => Err(throw(ctx, &decoder, &failure)),
    }
}

fn throw(ctx: Ctx<'_>, decoder: &TextDecoder, failure: &Failure) -> Thrown {
    let name = decoder.encoding.name().to_ascii_lowercase();
    match failure {
        Failure::Malformed => ctx.throw_type(&format!("TextDecoder.decode: the bytes are not valid {name}")),
        Failure::TooLong => ctx.throw_error("RangeError", "TextDecoder.decode: the text is too long"),
    }
}

/// Valid UTF-8 needs no copy of its own.
fn whole<'a>(ctx: Ctx<'a>, decoder: &TextDecoder, bytes: &[u8]) -> Option<Result<Value<'a>>> {
    if decoder.encoding != UTF_8 {
        return None;
    }
    let bytes = if decoder.ignore_bom { bytes } else { bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes) };
    std::str::from_utf8(bytes).ok().map(|text| ctx.string(text))
}

/// Decodes one chunk; `last` ends the stream.
fn chunk(state: &mut Decoder, fatal: bool, bytes: &[u8], last: bool) -> std::result::Result<String, Failure> {
    let mut text = String::new();
    if fatal {
        let room = state.max_utf8_buffer_length_without_replacement(bytes.len()).ok_or(Failure::TooLong)?;
        text.try_reserve(room).map_err(|_| Failure::TooLong)?;
        return match state.decode_to_string_without_replacement(bytes, &mut text, last).0 {
            DecoderResult::InputEmpty => Ok(text),
            _ => Err(Failure::Malformed),
        };
    }
    let room = state.max_utf8_buffer_length(bytes.len()).ok_or(Failure::TooLong)?;
    text.try_reserve(room).map_err(|_| Failure::TooLong)?;
    let (_, _read, _had_errors) = state.decode_to_string(bytes, &mut text, last);
    Ok(text)
}
