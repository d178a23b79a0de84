//! The WebSockets Standard: `WebSocket` and `CloseEvent`, over `quickbeam_net`, without extensions.
//!
//! Messages are taken from the connection one by one, each when the listeners of the one before have run, so that a server which sends
//! more than a script handles is slowed down. What a script sends is queued up to 64 MB; past that the connection is ended,
//! as the standard has it. `http:` and `https:` URLs stand for `ws:` and `wss:` ones.
//!
//! What must never happen: a connection without the grant `net` for its host.

mod socket;

use quickbeam_api_events::{EVENT, EVENT_TARGET};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{Api, enqueue_immediate};

static WEBSOCKET: Glue = Glue::new("internal:websocket", include_str!("websocket.js"));

static CLASSES: [Deferred; 2] = [
    Deferred::class("WebSocket", UNIT, classes).extends(&EVENT_TARGET),
    Deferred::class("CloseEvent", UNIT, classes).extends(&EVENT),
];

/// What a realm keeps the classes under.
const UNIT: &str = "websocket";

/// The API.
pub struct WebSockets;

impl Api for WebSockets {
    fn name(&self) -> &'static str {
        "websocket"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let streams = quickbeam_api_streams::streams(ctx)?;
        let native = Natives::new(ctx)?
            .value("then", streams.get("natives")?.get("then")?)?
            .function("parse", parse)?
            .function("origin", quickbeam_api_url::origin_of)?
            .function("isBuffer", |ctx, _, args| Ok(ctx.boolean(args.get(0).is_array_buffer())))?
            .function("byteLength", socket::byte_length)?
            .function("open", socket::open)?
            .function("connect", socket::connect)?
            .function("receive", socket::receive)?
            .function("send", socket::send)?
            .function("buffered", socket::buffered)?
            .function("close", socket::close)?
            .function("drop", socket::forget)?
            .function("enqueueTask", |ctx, _, args| {
                enqueue_immediate(ctx, args.get(0), Vec::new())?;
                Ok(ctx.undefined())
            })?
            .into_value();
        let args = [
            helpers(ctx)?,
            native,
            quickbeam_api_events::classes(ctx)?,
            quickbeam_api_messaging::classes(ctx)?,
            quickbeam_api_file::classes(ctx)?,
            streams,
        ];
        ctx.call(&WEBSOCKET.run(ctx)?, &ctx.undefined(), &args)
    })
}

/// `(url)`: the URL with the scheme `ws:` or `wss:`; `undefined` if it is none of these or has a fragment.
fn parse<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: quickbeam_engine::Args<'a>) -> Result<Value<'a>> {
    let Some(url) = quickbeam_api_url::parse_url(ctx, &args.get(0))? else { return Ok(ctx.undefined()) };
    let href = match url.protocol() {
        "ws:" | "wss:" => url.href().to_owned(),
        "http:" | "https:" => url.href().replacen("http", "ws", 1),
        _ => return Ok(ctx.undefined()),
    };
    // An empty fragment is one, too.
    if href.contains('#') { Ok(ctx.undefined()) } else { ctx.string(&href) }
}
