//! `navigator.locks` (Web Locks API): modes, `ifAvailable`, `steal`, `signal`, `query()`. The locks are those of one realm.

use quickbeam_api_events::classes as events;
use quickbeam_api_navigator::classes as navigator;
use quickbeam_api_webidl::{helpers, kept};
use quickbeam_engine::{Ctx, Glue, Result, Value};
use quickbeam_executor::Api;

static LOCKS: Glue = Glue::new("internal:locks", include_str!("locks.js"));

/// The API.
pub struct Locks;

impl Api for Locks {
    fn name(&self) -> &'static str {
        "locks"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_lazy_global("LockManager", |ctx, _, _| classes(ctx)?.get("LockManager"))?;
        ctx.define_lazy_global("Lock", |ctx, _, _| classes(ctx)?.get("Lock"))?;
        ctx.define_lazy_global("navigator", |ctx, _, _| {
            let navigator = navigator(ctx)?;
            let make = ctx.function("locks", 0, |ctx, _, _| classes(ctx)?.get("locks"))?;
            ctx.call(&navigator.get("define")?, &ctx.undefined(), &[ctx.string("locks")?, make])?;
            navigator.get("navigator")
        })
    }
}

fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "locks", |ctx| ctx.call(&LOCKS.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, events(ctx)?]))
}
