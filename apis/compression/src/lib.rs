//! The [Compression Standard](https://compression.spec.whatwg.org/): `CompressionStream` and `DecompressionStream`; and `compression`
//! with `compress` and `decompress`, which do it in one call.
//!
//! Formats are `gzip`, `deflate`, `deflate-raw`, `brotli` and `zstd`. Output is made in pieces of [`PIECE`] bytes, each in the
//! isolate's heap, so that what unpacks to more than the realm may hold ends at its memory limit. What a codec takes outside the heap
//! is held in it as well, by a buffer of that size.

mod codec;

use codec::{Codec, Format, Pulled};
use quickbeam_api_encoding as encoding;
use quickbeam_api_streams::streams;
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;
use std::cell::RefCell;
use std::rc::Rc;

static CODECS: Glue = Glue::new("internal:compression/codecs", include_str!("codecs.js"));
static STREAMS: Glue = Glue::new("internal:compression/streams", include_str!("streams.js"));

/// Bytes of the longest piece of output, and of the input that is read between two polls.
pub const PIECE: usize = 64 << 10;

static NAMESPACE: Deferred = Deferred::namespace("compression", "compression/codecs", codecs);

static CLASSES: [Deferred; 2] =
    [Deferred::class("CompressionStream", UNIT, classes), Deferred::class("DecompressionStream", UNIT, classes)];

/// What a realm keeps the classes under.
const UNIT: &str = "compression/streams";

/// The API.
pub struct Compression;

impl Api for Compression {
    fn name(&self) -> &'static str {
        "compression"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&NAMESPACE)?;
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

fn codecs(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "compression/codecs", |ctx| {
        let natives = Natives::new(ctx)?
            .function("make", make)?
            .function("push", push)?
            .function("pull", pull)?
            .value("TextEncoder", encoding::classes(ctx)?.get("TextEncoder")?)?
            .into_value();
        ctx.call(&CODECS.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| ctx.call(&STREAMS.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, codecs(ctx)?, streams(ctx)?]))
}

/// What a codec object of the glue stands on.
type Shared = RefCell<Codec>;

/// `(format, compresses, level or undefined)`: `[codec, its weight in bytes]`, or `null` if there is no such format.
fn make<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(format) = Format::named(&args.get(0).to_text()?) else { return Ok(ctx.null()) };
    let level = match args.get(2) {
        level if level.is_undefined() => None,
        level => Some(level.to_f64()?),
    };
    let codec = if args.get(1).truthy() { Codec::compressor(format, level) } else { Codec::decompressor(format) };
    let codec = codec.map_err(|problem| ctx.throw_error("RangeError", &format!("compression: {problem}")))?;
    let weight = ctx.number(codec.weight() as f64);
    let object = ctx.host_object(Rc::new(RefCell::new(codec)), None)?;
    ctx.array(vec![object, weight])
}

fn codec<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Rc<Shared>> {
    value.host().ok_or_else(|| ctx.throw_type("this is not a codec"))
}

/// `(codec, bytes or undefined)`: takes bytes, or the end of them.
fn push<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let codec = codec(ctx, &args.get(0))?;
    let pushed = args.get(1).with_bytes(|bytes| codec.borrow_mut().push(bytes));
    if pushed.is_none() {
        codec.borrow_mut().end();
    }
    Ok(ctx.undefined())
}

/// `(codec)`: the next piece of output; `null` if more input is needed, or there is none left.
fn pull<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let codec = codec(ctx, &args.get(0))?;
    let mut piece = Vec::new();
    loop {
        let pulled = codec.borrow_mut().pull(&mut piece, PIECE);
        // A piece takes about as long as 10,000 steps.
        ctx.poll(10_000)?;
        match pulled {
            Ok(Pulled::Part) => {}
            Ok(Pulled::Whole) if piece.is_empty() => return Ok(ctx.null()),
            Ok(Pulled::Whole) => return ctx.uint8_array(&piece),
            Err(problem) => return Err(ctx.throw_type(&format!("compression: {problem}"))),
        }
    }
}
