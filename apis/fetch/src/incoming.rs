//! Bytes that come: bodies of responses, and of `data:` URLs.

use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{Answer, HostError, Input, RealmSender};
use quickbeam_net::{Bytes, NetError, NetErrorKind, ResponseBody, SharedBody, Task, run};
use std::cell::RefCell;
use std::rc::Rc;

/// The body of a response, of which bytes are still to come.
pub(crate) struct Incoming {
    body: SharedBody,
    reading: RefCell<Option<Task>>,
}

impl Incoming {
    pub(crate) fn new(body: ResponseBody) -> Incoming {
        Incoming { body: SharedBody::new(body), reading: RefCell::default() }
    }
}

fn incoming_of<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Rc<Incoming>> {
    value.host().ok_or_else(|| ctx.throw_type("this is not a body"))
}

/// What a guest sees of a failure: the standard has a `TypeError` for all that is not a matter of grants.
pub(crate) fn failure(error: &NetError) -> HostError {
    let name = match error.kind {
        NetErrorKind::NotAllowed => "NotAllowedError",
        NetErrorKind::Timeout => "TimeoutError",
        _ => "TypeError",
    };
    HostError { name: name.to_owned(), message: format!("fetch: {error}"), stack: None }
}

/// What answers a call from here.
pub(crate) enum Arrived {
    Flag(bool),
    End,
    Bytes(Bytes),
    /// Bytes to decode as UTF-8.
    Text(Bytes),
}

impl Input for Arrived {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        match *self {
            Arrived::Flag(flag) => Ok(ctx.boolean(flag)),
            Arrived::End => Ok(ctx.undefined()),
            Arrived::Bytes(bytes) => ctx.uint8_array(&bytes),
            Arrived::Text(bytes) => text_of(ctx, &bytes),
        }
    }
}

/// Bytes decoded as UTF-8, without a byte order mark.
fn text_of<'a>(ctx: Ctx<'a>, bytes: &[u8]) -> Result<Value<'a>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    ctx.string(&String::from_utf8_lossy(bytes))
}

/// `(Uint8Array)`: its text.
pub(crate) fn decode<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).with_bytes(|bytes| text_of(ctx, bytes)).unwrap_or_else(|| ctx.string(""))
}

/// Runs a future on a body; a promise of what it gives.
fn reading<'a, F>(ctx: Ctx<'a>, handle: &Value<'a>, read: impl FnOnce(SharedBody) -> F) -> Result<Value<'a>>
where
    F: Future<Output = std::result::Result<Arrived, NetError>> + Send + 'static,
{
    let incoming = incoming_of(ctx, handle)?;
    RealmSender::call(ctx, |sender, id| {
        let done = move |outcome: Option<std::result::Result<Arrived, NetError>>| {
            let answer: Answer = match outcome {
                Some(Ok(arrived)) => Ok(Box::new(arrived)),
                Some(Err(error)) => Err(failure(&error)),
                None => Ok(Box::new(Arrived::End)),
            };
            sender.resolve(id, answer);
        };
        let task = run(read(incoming.body.clone()), done).map_err(|error| ctx.throw_type(&error.message))?;
        *incoming.reading.borrow_mut() = Some(task);
        Ok(())
    })
}

/// `(body)`: a promise of the next bytes; of `undefined` at the end.
pub(crate) fn read<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    reading(ctx, &args.get(0), |body| async move {
        match body.chunk().await {
            Some(chunk) => chunk.map(Arrived::Bytes),
            None => Ok(Arrived::End),
        }
    })
}

/// `(body, mode)`: a promise of all bytes, or with the mode 1 of their text. They must fit into the isolate's heap.
pub(crate) fn collect<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let is_text = args.get(1).as_int() == Some(1);
    let limit = ctx.memory().limit;
    reading(ctx, &args.get(0), move |body| async move {
        let bytes = body.collect(limit).await?;
        Ok(if is_text { Arrived::Text(bytes) } else { Arrived::Bytes(bytes) })
    })
}

/// `(body)`: ends the transfer; whoever reads gets the end.
pub(crate) fn close<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let incoming = incoming_of(ctx, &args.get(0))?;
    drop(incoming.reading.take());
    let closing = incoming.body.clone();
    let end = async move { closing.close().await };
    let task = run(end, |_| {}).map_err(|error| ctx.throw_type(&error.message))?;
    *incoming.reading.borrow_mut() = Some(task);
    Ok(ctx.undefined())
}

/// `(url)`: `[type, bytes]` of a `data:` URL; `undefined` if it is none.
pub(crate) fn decode_data_url<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let limit = ctx.memory().limit;
    let decoded = args.get(0).with_text(|url| quickbeam_api_url::decode_data_url(&url, limit))?;
    match decoded {
        Ok(data) => ctx.array(vec![ctx.string(&data.mime_type)?, ctx.uint8_array(&data.body)?]),
        Err(_) => Ok(ctx.undefined()),
    }
}

/// `(buffer or view)`: a copy of its bytes as a `Uint8Array`; `undefined` for other values.
pub(crate) fn bytes_of_buffer<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = args.get(0);
    if let Some(copy) = value.with_bytes(|bytes| ctx.uint8_array(bytes)) {
        return copy;
    }
    if !value.is_data_view() {
        return Ok(ctx.undefined());
    }
    let (offset, length) = (value.get("byteOffset")?.to_f64()?, value.get("byteLength")?.to_f64()?);
    let copy = value.get("buffer")?.with_bytes(|bytes| {
        let start = (offset as usize).min(bytes.len());
        let end = start.saturating_add(length as usize).min(bytes.len());
        ctx.uint8_array(&bytes[start..end])
    });
    copy.unwrap_or_else(|| Ok(ctx.undefined()))
}
