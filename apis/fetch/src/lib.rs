//! The Fetch Standard: `fetch`, `Request`, `Response` and `Headers`, over `quickbeam_net`; `data:` and `blob:` URLs.
//!
//! As servers need it, and as other runtimes outside browsers do: there is no origin, so no CORS, no cookies and no forbidden
//! header names, and a response to `redirect: "manual"` shows its status and headers. Fields that belong to the connection
//! (`content-length`, `connection`, …) are the client's own business and are left out. A reason phrase with a byte above 0x7F is an empty
//! `statusText`: the HTTP library does not tell it.
//!
//! A request is a host object (`exchange`) and so is a body that still comes (`incoming`): a script that forgets them, or the
//! end of its isolate, ends the transfer. The stream of a body is one chunk ahead of its reader, and forgotten once that is there.
//!
//! What must never happen: a request without the grant `net` for its host; bytes of a response that pile up outside the isolate's heap.

mod exchange;
mod incoming;
mod integrity;
mod mime;
mod multipart;

pub use exchange::{client_for, place_of};

use quickbeam_api_webidl::{Natives, define_function, helpers, kept};
use quickbeam_engine::{Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;

static HEADERS: Glue = Glue::new("internal:fetch/headers", include_str!("headers.js"));
static BODY: Glue = Glue::new("internal:fetch/body", include_str!("body.js"));
static REQUEST: Glue = Glue::new("internal:fetch/request", include_str!("request.js"));
static RESPONSE: Glue = Glue::new("internal:fetch/response", include_str!("response.js"));
static FETCH: Glue = Glue::new("internal:fetch", include_str!("fetch.js"));

static CLASSES: [Deferred; 3] = [
    Deferred::class("Headers", UNIT, classes),
    Deferred::class("Request", UNIT, classes),
    Deferred::class("Response", UNIT, classes),
];

/// What a realm keeps the classes under.
const UNIT: &str = "fetch";

/// The API.
pub struct Fetch;

impl Api for Fetch {
    fn name(&self) -> &'static str {
        "fetch"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        define_function(ctx, "fetch", 1, |ctx, this, args| args.forward(&classes(ctx)?.get("fetch")?, this))
    }
}

/// An object with `Headers`, `Request`, `Response` and `fetch`, whatever has become of the globals; and with `responseStateOf(response)`,
/// whose `body` is not `null` where there is one, `fieldOf(state, name)`, the value of a header, and `bodyStreamOf(body)`, the state of
/// its stream.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let idl = helpers(ctx)?;
        let streams = quickbeam_api_streams::streams(ctx)?;
        let files = quickbeam_api_file::classes(ctx)?;
        let encoding = quickbeam_api_encoding::classes(ctx)?;
        let events = quickbeam_api_events::classes(ctx)?;
        let common = streams.get("common")?;
        let native = natives(ctx, &streams, &files)?;
        let headers = run(ctx, &HEADERS, &[&idl, &native, &common])?;
        let bodies = run(ctx, &BODY, &[&native, &streams, &files, &headers, &encoding])?;
        let requests = run(ctx, &REQUEST, &[&idl, &native, &headers, &bodies, &events, &common])?;
        let responses = run(ctx, &RESPONSE, &[&idl, &native, &headers, &bodies, &common])?;
        let fetch =
            run(ctx, &FETCH, &[&idl, &native, &streams, &headers, &bodies, &requests, &responses, &events, &files])?;
        fetch.define("responseStateOf", responses.get("responseStateOf")?, Attributes::ALL)?;
        fetch.define("fieldOf", headers.get("fieldOf")?, Attributes::ALL)?;
        fetch.define("bodyStreamOf", bodies.get("streamOf")?, Attributes::ALL)?;
        for (name, part) in [("Headers", &headers), ("Request", &requests), ("Response", &responses)] {
            fetch.define(name, part.get(name)?, Attributes::ALL)?;
        }
        Ok(fetch)
    })
}

fn run<'a>(ctx: Ctx<'a>, glue: &Glue, args: &[&Value<'a>]) -> Result<Value<'a>> {
    let args: Vec<Value<'a>> = args.iter().map(|arg| (*arg).clone()).collect();
    ctx.call(&glue.run(ctx)?, &ctx.undefined(), &args)
}

fn natives<'a>(ctx: Ctx<'a>, streams: &Value<'a>, files: &Value<'a>) -> Result<Value<'a>> {
    let shared = streams.get("natives")?;
    let natives = Natives::new(ctx)?
        .value("URLSearchParams", quickbeam_api_url::classes(ctx)?.get("URLSearchParams")?)?
        .value("blobOfURL", files.get("blobOfURL")?)?
        .function("parseURL", quickbeam_api_url::resolve)?
        .function("parseRequestURL", |ctx, _, args| match quickbeam_api_url::parse_url(ctx, &args.get(0))? {
            Some(url) if !url.username().is_empty() || !url.password().is_empty() => Ok(ctx.null()),
            Some(url) => ctx.string(url.href()),
            None => Ok(ctx.undefined()),
        })?
        .function("decodeDataURL", incoming::decode_data_url)?
        .function("bytesOfBuffer", incoming::bytes_of_buffer)?
        .function("isBuffer", |ctx, _, args| Ok(ctx.boolean(args.get(0).is_array_buffer())))?
        .function("randomDigits", |ctx, _, _| {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes)
                .map_err(|error| ctx.throw_error("Error", &format!("no randomness: {error}")))?;
            ctx.string(&format!("{:012}", u64::from_le_bytes(bytes) % 1_000_000_000_000))
        })?
        .function("mimeType", mime::mime_type)?
        .function("hasIntegrity", integrity::has_integrity)?
        .function("parseMultipart", multipart::parse)?
        .function("request", exchange::request)?
        .function("start", exchange::start)?
        .function("send", exchange::send)?
        .function("endBody", exchange::end_body)?
        .function("finish", exchange::finish)?
        .function("abort", exchange::abort)?
        .function("read", incoming::read)?
        .function("decode", incoming::decode)?
        .function("collect", incoming::collect)?
        .function("close", incoming::close)?
        .into_value();
    for name in ["then", "markHandled", "queueMicrotask", "encode"] {
        natives.set(name, shared.get(name)?)?;
    }
    Ok(natives)
}
