//! The Streams Standard, whole: readable streams (byte streams and BYOB readers, tees, pipes, async iteration, `from`),
//! writable and transform streams, queuing strategies; `TextEncoderStream` and `TextDecoderStream` of the Encoding Standard.
//!
//! The algorithms are JavaScript that follows the standard's abstract operations by name. Where those react to a promise
//! of their own, there mostly is none: an algorithm that is done at once costs one job (see `common.js`). What other APIs
//! need to make and read streams is in the object that [`streams`] gives. A transferred stream's chunks are messages (`transfer.js`).
//!
//! What must never happen: a step that guest code can intercept by changing `Promise.prototype` or `Object.prototype`, beyond
//! those that the standard makes observable; a buffer that two owners can write to.

use quickbeam_api_messaging::{Received, received};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;

static BUFFERS: Glue = Glue::new("internal:streams/buffers", include_str!("buffers.js"));
static COMMON: Glue = Glue::new("internal:streams/common", include_str!("common.js"));
static READABLE: Glue = Glue::new("internal:streams/readable", include_str!("readable.js"));
static BYTES: Glue = Glue::new("internal:streams/bytes", include_str!("bytes.js"));
static WRITABLE: Glue = Glue::new("internal:streams/writable", include_str!("writable.js"));
static PIPE: Glue = Glue::new("internal:streams/pipe", include_str!("pipe.js"));
static TEE: Glue = Glue::new("internal:streams/tee", include_str!("tee.js"));
static ITERATE: Glue = Glue::new("internal:streams/iterate", include_str!("iterate.js"));
static TRANSFORM: Glue = Glue::new("internal:streams/transform", include_str!("transform.js"));
static TRANSFER: Glue = Glue::new("internal:streams/transfer", include_str!("transfer.js"));

static CLASSES: [Deferred; 15] = [
    Deferred::class("ReadableStream", UNIT, streams),
    Deferred::class("ReadableStreamDefaultReader", UNIT, streams),
    Deferred::class("ReadableStreamBYOBReader", UNIT, streams),
    Deferred::class("ReadableStreamDefaultController", UNIT, streams),
    Deferred::class("ReadableByteStreamController", UNIT, streams),
    Deferred::class("ReadableStreamBYOBRequest", UNIT, streams),
    Deferred::class("WritableStream", UNIT, streams),
    Deferred::class("WritableStreamDefaultWriter", UNIT, streams),
    Deferred::class("WritableStreamDefaultController", UNIT, streams),
    Deferred::class("TransformStream", UNIT, streams),
    Deferred::class("TransformStreamDefaultController", UNIT, streams),
    Deferred::class("ByteLengthQueuingStrategy", UNIT, streams),
    Deferred::class("CountQueuingStrategy", UNIT, streams),
    Deferred::class("TextEncoderStream", UNIT, streams),
    Deferred::class("TextDecoderStream", UNIT, streams),
];

/// What a realm keeps the classes under.
const UNIT: &str = "streams";

/// The API.
pub struct Streams;

impl Api for Streams {
    fn name(&self) -> &'static str {
        "streams"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

/// An object with the classes, whatever has become of the globals, and with the standard's abstract operations under their names
/// in camel case (`readableStreamTee`, `createReadableStream` …). They work on the state behind a stream:
///
/// * `readableStateOf(object, what)` and `writableStateOf` give it, or throw a `TypeError`; `isReadableStream(value)` asks;
/// * `publicReadable(state)` and `publicWritable(state)` give the object for guests;
/// * a start, pull, write, close or cancel algorithm returns `undefined` when it is done, or a promise;
/// * a read request is `{ chunkSteps(chunk), closeSteps(), errorSteps(error) }`;
/// * `common` are the helpers of `common.js`, `buffers` those of `buffers.js`, `natives` what those stand on.
///
/// # Errors
/// Throws if memory is short.
pub fn streams(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let (idl, natives) = (helpers(ctx)?, natives(ctx)?);
        let undefined = ctx.undefined();
        let buffers = BUFFERS.run(ctx)?;
        let common = ctx.call(&COMMON.run(ctx)?, &undefined, &[idl.clone(), natives.clone()])?;
        let shared = ctx.object_without_prototype()?;
        let add = |glue: &Glue, last: &Value<'_>| {
            let args = [idl.clone(), natives.clone(), common.clone(), shared.clone(), last.clone()];
            let part = ctx.call(&glue.run(ctx)?, &undefined, &args)?;
            merge(&shared, &part)
        };
        add(&READABLE, &undefined)?;
        add(&BYTES, &buffers)?;
        add(&WRITABLE, &undefined)?;
        add(&PIPE, &undefined)?;
        add(&TEE, &buffers)?;
        add(&ITERATE, &undefined)?;
        add(&TRANSFORM, &quickbeam_api_encoding::classes(ctx)?)?;
        for strategy in ["CountQueuingStrategy", "ByteLengthQueuingStrategy"] {
            shared.set(strategy, common.get(strategy)?)?;
        }
        shared.define("natives", natives, Attributes::ALL)?;
        shared.define("common", common, Attributes::ALL)?;
        shared.define("buffers", buffers, Attributes::ALL)?;
        Ok(shared)
    })
}

fn merge(shared: &Value<'_>, part: &Value<'_>) -> Result<()> {
    part.keys()?.iter().try_for_each(|key| shared.define_key(key, part.get_key(key)?, Attributes::ALL))
}

fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Natives::new(ctx)?
        .value("queueMicrotask", ctx.primordial("queueMicrotask")?)?
        .value("events", quickbeam_api_events::classes(ctx)?)?
        .function("then", |_, _, args| args.get(0).then(&args.get(1), &args.get(2)))?
        .function("markHandled", |ctx, _, args| {
            args.get(0).mark_handled();
            Ok(ctx.undefined())
        })?
        .function("structuredClone", |ctx, _, args| quickbeam_api_structured_clone::clone(ctx, &args.get(0)))?
        .function("encode", encode)?
        .function("transfers", |ctx, _, _| transfers(ctx))
        .map(Natives::into_value)
}

static RECEIVED: [Received; 3] = [
    Received { name: "ReadableStream", ends: 1, receive: |ctx, ends| receive(ctx, "ReadableStream", ends) },
    Received { name: "WritableStream", ends: 1, receive: |ctx, ends| receive(ctx, "WritableStream", ends) },
    Received { name: "TransformStream", ends: 2, receive: |ctx, ends| receive(ctx, "TransformStream", ends) },
];

/// What transfer.js gives.
fn transfers(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "streams/transfer", |ctx| {
        RECEIVED.iter().for_each(received);
        let ends = quickbeam_api_messaging::natives(ctx)?.into_value();
        ctx.call(&TRANSFER.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, ends, streams(ctx)?])
    })
}

fn receive<'a>(ctx: Ctx<'a>, name: &str, ends: &[Value<'a>]) -> Result<Value<'a>> {
    let receive = transfers(ctx)?.get("receive")?.get(name)?;
    ctx.call(&receive, &ctx.undefined(), &[ctx.array(ends.to_vec())?])
}

fn encode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).with_text(|text| ctx.uint8_array(text.as_bytes()))?
}
