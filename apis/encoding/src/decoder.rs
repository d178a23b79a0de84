//! Decoders: one encoding's state between chunks.

use encoding_rs::{Decoder, DecoderResult, Encoding, REPLACEMENT, UTF_8};
use quickbeam_engine::{Args, Ctx, Result, Thrown, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// How many bytes are decoded between two polls.
const PIECE: usize = 1 << 16;

/// A piece takes up to a millisecond or two.
const STEPS_PER_PIECE: u32 = 1000;

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
    let mut text = String::new();
    let mut at = 0;
    loop {
        // `None` once this was the last piece.
        let next = args.get(1).with_bytes(|bytes| {
            let piece = &bytes[at.min(bytes.len())..bytes.len().min(at + PIECE)];
            let is_end = at + piece.len() == bytes.len() || piece.is_empty();
            chunk(&mut state, decoder.fatal, piece, is_end && !stream, &mut text)?;
            Ok((!is_end).then_some(at + PIECE))
        });
        let next = next.unwrap_or_else(|| chunk(&mut state, decoder.fatal, &[], !stream, &mut text).map(|()| None));
        match next {
            Ok(Some(next)) => at = next,
            Ok(None) => break,
            Err(failure) => return Err(throw(ctx, &decoder, &failure)),
        }
        ctx.poll(STEPS_PER_PIECE)?;
    }
    if stream {
        *decoder.stream.borrow_mut() = Some(state);
    }
    ctx.string(&text)
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

/// Decodes one chunk to the end of a text; `last` ends the stream.
fn chunk(
    state: &mut Decoder,
    fatal: bool,
    bytes: &[u8],
    last: bool,
    text: &mut String,
) -> std::result::Result<(), Failure> {
    if fatal {
        let room = state.max_utf8_buffer_length_without_replacement(bytes.len()).ok_or(Failure::TooLong)?;
        text.try_reserve(room).map_err(|_| Failure::TooLong)?;
        return match state.decode_to_string_without_replacement(bytes, text, last).0 {
            DecoderResult::InputEmpty => Ok(()),
            _ => Err(Failure::Malformed),
        };
    }
    let room = state.max_utf8_buffer_length(bytes.len()).ok_or(Failure::TooLong)?;
    text.try_reserve(room).map_err(|_| Failure::TooLong)?;
    let (_, _read, _had_errors) = state.decode_to_string(bytes, text, last);
    Ok(())
}
