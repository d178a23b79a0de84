//! [`Buffer` of Node.js](https://nodejs.org/api/buffer.html): bytes with encodings, numbers of every width, and searching.
//!
//! The class is JavaScript (`buffer.js`, `numbers.js`), a subclass of `Uint8Array`; what touches many bytes is here: encodings
//! (`codec`), searching, filling, comparing. Errors have Node.js's codes and messages (`errors.js`).
//!
//! No memory is shared between buffers: `allocUnsafe` gives zeros, and there is no pool.

mod bytes;
mod codec;

use codec::Encoding;
use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;

static ERRORS: Glue = Glue::new("internal:buffer/errors", include_str!("errors.js"));
static NUMBERS: Glue = Glue::new("internal:buffer/numbers", include_str!("numbers.js"));
static BUFFER: Glue = Glue::new("internal:buffer", include_str!("buffer.js"));

static CLASS: Deferred = Deferred::class("Buffer", UNIT, module).extends_builtin("Uint8Array");

/// What a realm keeps it under.
const UNIT: &str = "buffer";

/// The API.
pub struct Buffers;

impl Api for Buffers {
    fn name(&self) -> &'static str {
        "buffer"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&CLASS)
    }
}

/// What `node:buffer` exports, but for what other APIs define: `Buffer`, `transcode`, `isUtf8`, `isAscii`, `constants`, `kMaxLength`,
/// `kStringMaxLength`, `INSPECT_MAX_BYTES`.
///
/// # Errors
/// Throws if memory is short.
pub fn module(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let undefined = ctx.undefined();
        let inspect = ctx.function("inspect", 2, |ctx, _, args| {
            args.forward(&quickbeam_api_inspect::formatter(ctx)?.get("inspect")?, &ctx.undefined())
        })?;
        let errors = ctx.call(&ERRORS.run(ctx)?, &undefined, std::slice::from_ref(&inspect))?;
        let numbers = ctx.call(&NUMBERS.run(ctx)?, &undefined, std::slice::from_ref(&errors))?;
        ctx.call(&BUFFER.run(ctx)?, &undefined, &[natives(ctx)?, inspect, errors, numbers])
    })
}

fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Natives::new(ctx)?
        .function("encode", encode)?
        .function("decode", decode)?
        .function("write", write)?
        .function("byteLength", |ctx, _, args| {
            let length = codec::byte_length(&args.get(0), encoding(args, 1))?;
            Ok(ctx.number(length as f64))
        })?
        .function("compare", |ctx, _, args| {
            // Two views may share bytes, therefore one is copied.
            let first = args.get(0).with_bytes(|bytes| bytes.to_vec()).unwrap_or_default();
            let order = args.get(1).with_bytes(|bytes| first.as_slice().cmp(bytes));
            Ok(ctx.int(order.map_or(0, |order| order as i32)))
        })?
        .function("fill", |ctx, _, args| {
            let pattern = args.get(1).with_bytes(|bytes| bytes.to_vec()).unwrap_or_default();
            let (start, end) = (index(args, 2)?, index(args, 3)?);
            args.get(0).with_bytes(|bytes| bytes::fill(bytes, &pattern, start, end));
            Ok(ctx.undefined())
        })?
        .function("indexOf", index_of)?
        .function("swap", |ctx, _, args| {
            let width = index(args, 1)?;
            args.get(0).with_bytes(|bytes| bytes.chunks_exact_mut(width.max(1)).for_each(<[u8]>::reverse));
            Ok(ctx.undefined())
        })?
        .function("isUtf8", |ctx, _, args| {
            Ok(ctx.boolean(args.get(0).with_bytes(|bytes| std::str::from_utf8(bytes).is_ok()) == Some(true)))
        })?
        .function("isAscii", |ctx, _, args| {
            Ok(ctx.boolean(args.get(0).with_bytes(|bytes| bytes.is_ascii()) == Some(true)))
        })?
        .function("isDetached", |ctx, _, args| {
            let buffer = args.get(0).get("buffer")?;
            Ok(ctx.boolean(buffer.is_array_buffer() && buffer.get("detached")?.truthy()))
        })?
        .function("isAnyArrayBuffer", |ctx, _, args| {
            let value = args.get(0);
            let is_shared =
                || value.is_object() && matches!(value.class_name(), Ok(Some(name)) if name == "SharedArrayBuffer");
            Ok(ctx.boolean(value.is_array_buffer() || is_shared()))
        })
        .map(Natives::into_value)
}

fn encoding(args: Args<'_>, at: usize) -> Encoding {
    Encoding::of(args.get(at).as_int().unwrap_or_default())
}

fn index(args: Args<'_>, at: usize) -> Result<usize> {
    // Negative numbers and NaN saturate to 0.
    args.get(at).to_f64().map(|number| number as usize)
}

/// `(string, encoding)`: a `Uint8Array`.
fn encode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match encoding(args, 1) {
        Encoding::Utf8 => args.get(0).with_text(|text| ctx.uint8_array(text.as_bytes()))?,
        other => ctx.uint8_array(&codec::encode(&args.get(0), other)?),
    }
}

/// `(bytes, encoding, start, end)`: a string.
fn decode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (start, end) = (index(args, 2)?, index(args, 3)?);
    let decoded = args.get(0).with_bytes(|bytes| {
        let end = end.min(bytes.len());
        codec::decode(ctx, &bytes[start.min(end)..end], encoding(args, 1))
    });
    match decoded.transpose()? {
        Some(Some(text)) => Ok(text),
        Some(None) => decode_malformed(ctx, &args.get(0), start, end),
        None => ctx.string(""),
    }
}

/// Bytes that are not UTF-8, piece by piece.
fn decode_malformed<'a>(ctx: Ctx<'a>, bytes: &Value<'a>, start: usize, end: usize) -> Result<Value<'a>> {
    // A piece takes a millisecond or less.
    const PIECE: usize = 1 << 16;
    const STEPS_PER_PIECE: u32 = 500;

    let mut text = String::new();
    let mut at = start;
    while let Some(next) = bytes
        .with_bytes(|bytes| {
            let bytes = &bytes[..end.min(bytes.len())];
            let next = codec::character_start(bytes, at.saturating_add(PIECE));
            text.push_str(&String::from_utf8_lossy(&bytes[at.min(next)..next]));
            (at < next).then_some(next)
        })
        .flatten()
    {
        at = next;
        ctx.poll(STEPS_PER_PIECE)?;
    }
    ctx.string(&text)
}

/// `(bytes, string, offset, length, encoding)`: how many bytes were written. Characters are written whole or not at all.
fn write<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (offset, length, encoding) = (index(args, 2)?, index(args, 3)?, encoding(args, 4));
    let data = codec::encode(&args.get(1), encoding)?;
    let written = args.get(0).with_bytes(|bytes| {
        let start = offset.min(bytes.len());
        let room = length.min(bytes.len() - start);
        let count = codec::whole(&data, room, encoding);
        bytes[start..start + count].copy_from_slice(&data[..count]);
        count
    });
    Ok(ctx.number(written.unwrap_or_default() as f64))
}

/// `(bytes, needle, offset, forward, width)`: the index of the needle, or -1. With a width of 2 only even distances count.
fn index_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let needle = args.get(1).with_bytes(|bytes| bytes.to_vec()).unwrap_or_default();
    let (offset, forward) = (args.get(2).to_f64()? as i64, args.get(3).truthy());
    let is_wide = args.get(4).as_int() == Some(2);
    let found = args.get(0).with_bytes(|bytes| bytes::index_of(bytes, &needle, offset, forward, is_wide));
    Ok(ctx.number(found.flatten().map_or(-1.0, |index| index as f64)))
}
