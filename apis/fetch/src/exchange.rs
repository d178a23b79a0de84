//! Requests: what is sent, and the head of what comes back.

use crate::incoming::{Arrived, Incoming, failure};
use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{Grant, HostError, Input, Reach, RealmSender, Span, grants, setting};
use quickbeam_net::{
    Access, BodySender, Client, ClientOptions, NetError, Redirect, Request, RequestBody, Response, Task, begin,
    body_channel, run,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

/// Under what a realm with a list of hosts, or options of its own, keeps its client.
const CLIENT: &str = "fetch/client";

/// Bytes of a body that the realm's own thread sends.
const MAX_SHORT: usize = 16 << 10;

/// The client of all realms that may connect to every host, without options of their own.
static EVERYWHERE: OnceLock<Client> = OnceLock::new();

/// A request of a guest.
struct Exchange {
    client: Client,
    request: RefCell<Option<Request>>,
    body: RefCell<Option<BodySender>>,
    /// What sends a chunk now, and what waits for the response.
    sending: RefCell<Option<Task>>,
    task: RefCell<Option<Task>>,
}

fn exchange_of<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Rc<Exchange>> {
    value.host().ok_or_else(|| ctx.throw_type("this is not a request"))
}

fn port_of(url: &ada_url::Url) -> u16 {
    let is_secure = matches!(url.protocol(), "https:" | "wss:");
    url.port().parse().unwrap_or(if is_secure { 443 } else { 80 })
}

/// The client for a URL, if the realm may connect to its host; `api` asks.
///
/// # Errors
/// Throws a `NotAllowedError` that names the grant.
pub fn client_for(ctx: Ctx<'_>, api: &str, url: &str) -> Result<Client> {
    let parse = || ada_url::Url::parse(url, None).map_err(|_| ctx.throw_type(&format!("{api}: this is not a URL")));
    let given = setting::<ClientOptions>(ctx)?;
    let grants = grants(ctx)?;
    let access = match grants.reach(Grant::Net) {
        Some(Reach::Everything) if given.is_none() => {
            return Ok(EVERYWHERE.get_or_init(|| Client::new(ClientOptions::default())).clone());
        }
        Some(Reach::Everything) => Access::Everything,
        Some(Reach::Only(hosts)) => Access::hosts(hosts.clone()),
        None => {
            let url = parse()?;
            quickbeam_api_grants::require(ctx, api, Some(&format!("{}:{}", url.hostname(), port_of(&url))))?;
            return Err(ctx.throw_error("NotAllowedError", &format!("{api} needs the grant :net")));
        }
    };
    let client = match ctx.kept(CLIENT).and_then(|kept| kept.host::<Client>()) {
        Some(client) => client,
        None => {
            let options = given.map(|given| (*given).clone()).unwrap_or_default();
            let client = Rc::new(Client::new(ClientOptions { access, ..options }));
            ctx.keep(CLIENT, ctx.host_object(client.clone(), None)?);
            client
        }
    };
    let url = parse()?;
    client
        .options()
        .access
        .check_host(url.hostname(), port_of(&url))
        .map_err(|error| ctx.throw_error("NotAllowedError", &format!("{api}: {error}")))?;
    Ok((*client).clone())
}

/// `(method, url, [name, value, …], body, redirect)`: a request; the body is bytes, `null`, or `undefined` for a stream.
pub(crate) fn request<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = args.get(1).to_text()?;
    let client = client_for(ctx, "fetch", &url)?;
    let fields = args.get(2);
    let mut headers = Vec::new();
    let count = fields.length()? as u32 / 2;
    for index in 0..count {
        let name = fields.get_index(index * 2)?.to_text()?;
        // A byte string: each character is a byte.
        let value = fields.get_index(index * 2 + 1)?.with_text(|text| text.chars().map(|char| char as u8).collect())?;
        headers.push((name, value));
    }
    let given = args.get(3);
    let (sender, body) = if given.is_undefined() {
        let (sender, body) = body_channel();
        (Some(sender), body)
    } else {
        let bytes = given.with_bytes(|bytes| RequestBody::Bytes(bytes.to_vec().into()));
        (None, bytes.unwrap_or(RequestBody::Empty))
    };
    let redirect = args.get(4).with_text(|mode| match &*mode {
        "error" => Redirect::Error,
        "manual" => Redirect::Manual,
        _ => Redirect::Follow,
    })?;
    let request = Request { method: args.get(0).to_text()?, url, headers, body, redirect };
    let exchange = Exchange {
        client,
        request: RefCell::new(Some(request)),
        body: RefCell::new(sender),
        sending: RefCell::default(),
        task: RefCell::default(),
    };
    ctx.host_object(Rc::new(exchange), None)
}

/// Sends a request; a promise of what a [`Head`] becomes.
pub(crate) fn start<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let exchange = exchange_of(ctx, &args.get(0))?;
    // An error has the stack of the call of `fetch`, which is native as this function is.
    RealmSender::call_traced(ctx, 2, |sender, id| {
        let Some(request) = exchange.request.borrow_mut().take() else {
            return Err(ctx.throw_type("fetch: the request was sent already"));
        };
        let client = exchange.client.clone();
        let is_short = match &request.body {
            RequestBody::Empty => true,
            RequestBody::Bytes(bytes) => bytes.len() <= MAX_SHORT,
            RequestBody::Stream(_) => false,
        };
        let span = Span::begin(ctx, "fetch", || place_of(&request.url));
        let exchanged = async move {
            let mut response = client.fetch(request).await?;
            // A small body mostly comes with its head; then there is nothing more to ask for.
            let early = response.body.take_early().await;
            Ok((response, early))
        };
        let done = move |outcome: Option<std::result::Result<(Response, Option<quickbeam_net::Bytes>), NetError>>| {
            match (span, &outcome) {
                (Some(span), Some(Ok((response, _)))) => span.end(Ok(Some(u64::from(response.status)))),
                (Some(span), Some(Err(error))) => span.end(Err(&error.to_string())),
                (span, _) => drop(span),
            }
            let answer = match outcome {
                Some(Ok((response, early))) => Ok(Box::new(Head { response, early }) as Box<dyn Input>),
                Some(Err(error)) => Err(failure(&error)),
                None => Err(aborted()),
            };
            sender.resolve(id, answer);
        };
        // A connection that is there takes a short request at once; a long body is not this thread's work.
        let task = if is_short { begin(exchanged, done) } else { run(exchanged, done) };
        let task = task.map_err(|error| ctx.throw_type(&error.message))?;
        *exchange.task.borrow_mut() = Some(task);
        Ok(())
    })
}

/// A URL as a host may write it down: without credentials, query and fragment.
pub fn place_of(url: &str) -> String {
    let url = ada_url::Url::parse(url, None);
    url.map_or_else(|_| String::new(), |url| format!("{}//{}{}", url.protocol(), url.host(), url.pathname()))
}

fn aborted() -> HostError {
    HostError { name: "AbortError".to_owned(), message: "the request was aborted".to_owned(), stack: None }
}

/// The head of a response, for JavaScript: `[status, status text, fields, url, bytes, body]`. The fields are one text in which each name
/// and each value is a line, since no field holds a line's end, so that an object is made of them only when a script looks at them. The URL is
/// `undefined` if there was no redirect; one of the bytes and the body to come is.
struct Head {
    response: Response,
    early: Option<quickbeam_net::Bytes>,
}

impl Input for Head {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        let Head { response, early } = *self;
        let size = response.headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        let mut fields = Vec::with_capacity(size);
        for line in response.headers.iter().flat_map(|(name, value)| [name.as_bytes(), value]) {
            fields.extend_from_slice(line);
            fields.push(b'\n');
        }
        let (bytes, body) = match early {
            Some(bytes) => (ctx.uint8_array(&bytes)?, ctx.undefined()),
            None => (ctx.undefined(), ctx.host_object(Rc::new(Incoming::new(response.body)), None)?),
        };
        ctx.array(vec![
            ctx.int(i32::from(response.status)),
            ctx.string(&response.status_text)?,
            ctx.string_latin1(&fields)?,
            if response.redirected { ctx.string(&response.url)? } else { ctx.undefined() },
            bytes,
            body,
        ])
    }
}

/// `(request, chunk)`: a promise of whether the connection takes more.
pub(crate) fn send<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let exchange = exchange_of(ctx, &args.get(0))?;
    let chunk = args.get(1).with_bytes(|bytes| bytes.to_vec()).unwrap_or_default();
    let body = exchange.body.borrow().clone();
    RealmSender::call(ctx, |sender, id| {
        let sending = async move {
            match body {
                Some(body) => body.send(chunk.into()).await,
                None => false,
            }
        };
        let done = move |taken: Option<bool>| {
            let taken = taken.unwrap_or(false);
            sender.resolve(id, Ok(Box::new(Arrived::Flag(taken))));
        };
        let task = run(sending, done).map_err(|error| ctx.throw_type(&error.message))?;
        *exchange.sending.borrow_mut() = Some(task);
        Ok(())
    })
}

/// `(request)`: its streamed body is complete.
pub(crate) fn end_body<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let Some(body) = exchange_of(ctx, &args.get(0))?.body.take() {
        body.end();
    }
    Ok(ctx.undefined())
}

/// `(request)`: its response is there.
pub(crate) fn finish<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    drop(exchange_of(ctx, &args.get(0))?.task.take());
    Ok(ctx.undefined())
}

/// `(request)`: ends it at whatever stage.
pub(crate) fn abort<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let exchange = exchange_of(ctx, &args.get(0))?;
    // A streamed body that has not ended breaks off.
    drop((exchange.task.take(), exchange.sending.take(), exchange.request.take(), exchange.body.take()));
    Ok(ctx.undefined())
}
