//! Server-sent events of the HTML Standard: `EventSource`, over `fetch`.
//!
//! A connection that ends is opened again after 3 seconds, or after the time that the server asks for (at most an hour), with the id of
//! the last event. One event may have 16 million characters. A user and a password of the URL are sent once the server asks for them (401).
//! Where another try is futile, as the port is blocked or the host not granted, the connection fails.
//!
//! What must never happen: a connection without the grant `net` for its host; a server that fills the heap with a line that never ends.

use percent_encoding::percent_decode_str;
use quickbeam_api_events::EVENT_TARGET;
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{Api, clear_timer, set_timer};
use std::time::Duration;

static EVENTSOURCE: Glue = Glue::new("internal:eventsource", include_str!("eventsource.js"));

static CLASS: Deferred = Deferred::class("EventSource", UNIT, classes).extends(&EVENT_TARGET);

/// What a realm keeps it under.
const UNIT: &str = "eventsource";

/// The API.
pub struct EventSources;

impl Api for EventSources {
    fn name(&self) -> &'static str {
        "eventsource"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&CLASS)
    }
}

fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let streams = quickbeam_api_streams::streams(ctx)?;
        let shared = streams.get("natives")?;
        let native = Natives::new(ctx)?
            .value("then", shared.get("then")?)?
            .value("queueMicrotask", shared.get("queueMicrotask")?)?
            .function("parse", quickbeam_api_url::resolve)?
            .function("origin", quickbeam_api_url::origin_of)?
            .function("authorization", authorization)?
            .function("check", |ctx, _, args| {
                quickbeam_api_fetch::client_for(ctx, "EventSource", &args.get(0).to_text()?)?;
                Ok(ctx.undefined())
            })?
            .function("bytesAsText", |ctx, _, args| {
                args.get(0).with_text(|text| ctx.string_latin1(text.as_bytes()))?
            })?
            .function("setTimer", start_timer)?
            .function("clearTimer", |ctx, _, args| {
                clear_timer(ctx, args.get(0).to_f64()? as u32);
                Ok(ctx.undefined())
            })?
            .into_value();
        let args = [
            helpers(ctx)?,
            native,
            quickbeam_api_events::classes(ctx)?,
            quickbeam_api_messaging::classes(ctx)?,
            quickbeam_api_fetch::classes(ctx)?,
            quickbeam_api_encoding::classes(ctx)?,
            streams,
        ];
        ctx.call(&EVENTSOURCE.run(ctx)?, &ctx.undefined(), &args)
    })
}

/// `(url)`: `[URL, field]`, the URL without a user and a password, and the field `Authorization` (RFC 7617) of them if it has any.
fn authorization<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(mut url) = quickbeam_api_url::parse_url(ctx, &args.get(0))? else { return ctx.array(vec![args.get(0)]) };
    let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let mut named = decoded(url.username());
    named.push(b':');
    named.extend(decoded(url.password()));
    if named.len() == 1 {
        return ctx.array(vec![args.get(0)]);
    }
    // A URL that has them may lose them.
    let _ = (url.set_username(None), url.set_password(None));
    let field = format!("Basic {}", base64_simd::STANDARD.encode_to_string(&named));
    ctx.array(vec![ctx.string(url.href())?, ctx.string(&field)?])
}

/// `(callback, ms)`: a timer's id.
fn start_timer<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let delay = Duration::try_from_secs_f64(args.get(1).to_f64()? / 1e3).unwrap_or(Duration::MAX);
    let id = set_timer(ctx, args.get(0), Vec::new(), delay, false)?;
    Ok(ctx.number(f64::from(id)))
}
