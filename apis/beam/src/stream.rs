//! Streams of a handler: what the host makes item by item becomes an async iterator.

use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Ctx, Glue, Result, Value};
use quickbeam_executor::{call_service, call_service_sync};

static STREAM: Glue = Glue::new("internal:beam/stream", include_str!("stream.js"));

/// The async iterator over a stream of the host. `source` names it in requests; `guard` is kept for as long as the
/// iterator is, so that its drop can tell the host that nobody will ask again.
///
/// # Errors
/// Throws if memory is short.
pub fn stream<'a>(ctx: Ctx<'a>, source: Value<'a>, guard: Value<'a>) -> Result<Value<'a>> {
    let make = kept(ctx, "beam/stream", |ctx| {
        let natives = Natives::new(ctx)?
            .function("next", |ctx, _, args| call_service(ctx, "stream.next", &[args.get(0)]))?
            .function("close", |ctx, _, args| call_service_sync(ctx, "stream.close", &[args.get(0)]))?
            .into_value();
        ctx.call(&STREAM.run(ctx)?, &ctx.undefined(), &[natives])
    })?;
    ctx.call(&make, &ctx.undefined(), &[source, guard])
}
