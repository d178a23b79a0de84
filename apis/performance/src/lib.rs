//! `performance.now`, `performance.timeOrigin` and `performance.toJSON` of High Resolution Time.
//!
//! The clock is monotonic and starts with the realm; `timeOrigin` is that moment in milliseconds since 1970.

use quickbeam_api_events as events;
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Ctx, Glue, Result, Value};
use quickbeam_executor::{Api, now_since_start};
use std::time::{SystemTime, UNIX_EPOCH};

static PERFORMANCE: Glue = Glue::new("internal:performance", include_str!("performance.js"));

/// The API.
pub struct Performance;

impl Api for Performance {
    fn name(&self) -> &'static str {
        "performance"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_lazy_global("performance", |ctx, _, _| made(ctx)?.get("performance"))?;
        ctx.define_lazy_global("Performance", |ctx, _, _| made(ctx)?.get("Performance"))
    }
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "performance", |ctx| {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let origin = since_epoch.saturating_sub(now_since_start(ctx));
        let natives = Natives::new(ctx)?
            .function("now", |ctx, _, _| Ok(ctx.number(now_since_start(ctx).as_secs_f64() * 1e3)))?
            .value("timeOrigin", ctx.number(origin.as_secs_f64() * 1e3))?
            .value("EventTarget", events::classes(ctx)?.get("EventTarget")?)?
            .into_value();
        ctx.call(&PERFORMANCE.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}
