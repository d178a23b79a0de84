//! One connection of a guest: what it sends is queued within a bound, what comes is taken as it is asked for.

use quickbeam_api_fetch::{client_for, place_of};
use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{Answer, HostError, Input, RealmSender, Span, SpanEnd};
use quickbeam_net::{Bytes, Client, Message, NetError, Task, WebSocketReader, WebSocketWriter, run};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of one message, and of those that wait to be sent.
const MAX_BYTES: usize = 64 << 20;

/// Both halves, once the connection is open.
type Halves = Arc<Mutex<Option<(WebSocketReader, WebSocketWriter)>>>;

struct Socket {
    client: Client,
    url: String,
    protocols: Vec<String>,
    halves: Halves,
    /// What connects or reads.
    task: RefCell<Option<Task>>,
    /// From the attempt to connect to the end.
    span: Arc<Mutex<Option<Span>>>,
}

impl Socket {
    fn reader(&self) -> Option<WebSocketReader> {
        lock(&self.halves).as_ref().map(|(reader, _)| reader.clone())
    }

    fn writer(&self) -> Option<WebSocketWriter> {
        lock(&self.halves).as_ref().map(|(_, writer)| writer.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(span: &Mutex<Option<Span>>, how: SpanEnd<'_>) {
    let span = lock(span).take();
    if let Some(span) = span {
        span.end(how);
    }
}

fn socket_of<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Rc<Socket>> {
    args.get(0).host().ok_or_else(|| ctx.throw_type("this is not a connection"))
}

fn failure(error: &NetError) -> HostError {
    HostError { name: "TypeError".to_owned(), message: format!("WebSocket: {error}"), stack: None }
}

/// `(url, protocols)`: a connection that is not open yet.
pub(crate) fn open<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = args.get(0).to_text()?;
    let client = client_for(ctx, "WebSocket", &url)?;
    let list = args.get(1);
    let count = list.length()? as u32;
    let protocols = (0..count).map(|index| list.get_index(index)?.to_text()).collect::<Result<_>>()?;
    let socket =
        Socket { client, url, protocols, halves: Arc::default(), task: RefCell::default(), span: Arc::default() };
    ctx.host_object(Rc::new(socket), None)
}

/// `(socket)`: a promise of `[subprotocol, extensions]` once the connection is open.
pub(crate) fn connect<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let socket = socket_of(ctx, args)?;
    RealmSender::call(ctx, |sender, id| {
        let (client, url, protocols) = (socket.client.clone(), socket.url.clone(), socket.protocols.clone());
        let halves = socket.halves.clone();
        let span = socket.span.clone();
        *lock(&span) = Span::begin(ctx, "websocket", || place_of(&socket.url));
        let opening = async move { client.open_websocket(&url, &protocols, MAX_BYTES).await };
        let done = move |outcome: Option<std::result::Result<quickbeam_net::WebSocket, NetError>>| {
            let answer: Answer = match outcome {
                Some(Ok(open)) => {
                    *lock(&halves) = Some((open.reader, open.writer));
                    Ok(Box::new(Opened { protocol: open.protocol, extensions: open.extensions }))
                }
                Some(Err(error)) => {
                    end(&span, Err(&error.to_string()));
                    Err(failure(&error))
                }
                None => Err(HostError {
                    name: "AbortError".to_owned(),
                    message: "WebSocket: closed before the connection was open".to_owned(),
                    stack: None,
                }),
            };
            sender.resolve(id, answer);
        };
        *socket.task.borrow_mut() = Some(run(opening, done).map_err(|error| ctx.throw_type(&error.message))?);
        Ok(())
    })
}

/// `(socket)`: a promise of the next message: a string, a `Uint8Array`, `[code, reason]` or `[]` of a close, `undefined` at the end.
pub(crate) fn receive<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let socket = socket_of(ctx, args)?;
    RealmSender::call(ctx, |sender, id| {
        let reader = socket.reader();
        let span = socket.span.clone();
        let reading = async move {
            match reader {
                Some(reader) => reader.next().await.transpose(),
                None => Ok(None),
            }
        };
        let done = move |outcome: Option<std::result::Result<Option<Message>, NetError>>| {
            match &outcome {
                Some(Ok(Some(Message::Close(Some((code, _)))))) => end(&span, Ok(Some(u64::from(*code)))),
                Some(Ok(None | Some(Message::Close(None)))) => end(&span, Ok(None)),
                Some(Err(error)) => end(&span, Err(&error.to_string())),
                Some(Ok(Some(_))) | None => {}
            }
            let answer: Answer = match outcome {
                Some(Ok(message)) => Ok(Box::new(Arrived(message))),
                Some(Err(error)) => Err(failure(&error)),
                None => Ok(Box::new(Arrived(None))),
            };
            sender.resolve(id, answer);
        };
        *socket.task.borrow_mut() = Some(run(reading, done).map_err(|error| ctx.throw_type(&error.message))?);
        Ok(())
    })
}

struct Opened {
    protocol: String,
    extensions: String,
}

impl Input for Opened {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        ctx.array(vec![ctx.string(&self.protocol)?, ctx.string(&self.extensions)?])
    }
}

struct Arrived(Option<Message>);

impl Input for Arrived {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        match self.0 {
            Some(Message::Text(text)) => ctx.string(&text),
            Some(Message::Binary(bytes)) => ctx.uint8_array(&bytes),
            Some(Message::Close(None)) => ctx.array(vec![]),
            Some(Message::Close(Some((code, reason)))) => {
                ctx.array(vec![ctx.int(i32::from(code)), ctx.string(&reason)?])
            }
            None => Ok(ctx.undefined()),
        }
    }
}

/// `(socket, string or buffer or view)`: queues a message; whether it could be.
pub(crate) fn send<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let socket = socket_of(ctx, args)?;
    let data = args.get(1);
    let message =
        if data.is_string() { Message::Text(data.to_text()?) } else { Message::Binary(bytes_of(ctx, &data)?) };
    Ok(ctx.boolean(socket.writer().is_some_and(|writer| writer.send(message))))
}

fn bytes_of<'a>(ctx: Ctx<'a>, data: &Value<'a>) -> Result<Bytes> {
    if let Some(bytes) = data.with_bytes(|bytes| Bytes::copy_from_slice(bytes)) {
        return Ok(bytes);
    }
    let (offset, length) = (data.get("byteOffset")?.to_f64()?, data.get("byteLength")?.to_f64()?);
    let bytes = data.get("buffer")?.with_bytes(|bytes| {
        let start = (offset as usize).min(bytes.len());
        Bytes::copy_from_slice(&bytes[start..start.saturating_add(length as usize).min(bytes.len())])
    });
    bytes.ok_or_else(|| ctx.throw_type("WebSocket.send: the data is neither text nor bytes"))
}

/// `(string or buffer or view)`: how many bytes it has, as UTF-8.
pub(crate) fn byte_length<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let data = args.get(0);
    let length = if data.is_string() { data.with_text(|text| text.len())? } else { bytes_of(ctx, &data)?.len() };
    Ok(ctx.number(length as f64))
}

/// `(socket)`: bytes that wait to be sent.
pub(crate) fn buffered<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let buffered = socket_of(ctx, args)?.writer().map_or(0, |writer| writer.buffered());
    Ok(ctx.number(buffered as f64))
}

/// `(socket, code, reason)`: closes an open connection.
pub(crate) fn close<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let socket = socket_of(ctx, args)?;
    let (code, reason) = (args.get(1), args.get(2));
    let reason = if reason.is_undefined() { String::new() } else { reason.to_text()? };
    let code = code.as_f64().map(|code| code as u16).or((!reason.is_empty()).then_some(1000));
    let close = Message::Close(code.map(|code| (code, reason)));
    if !socket.writer().is_some_and(|writer| writer.send(close)) {
        // It is broken; whoever receives learns of its end.
        drop(socket.task.take());
    }
    Ok(ctx.undefined())
}

/// `(socket)`: ends a connection at whatever stage.
pub(crate) fn forget<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let socket = socket_of(ctx, args)?;
    drop((socket.task.take(), lock(&socket.halves).take(), lock(&socket.span).take()));
    Ok(ctx.undefined())
}
