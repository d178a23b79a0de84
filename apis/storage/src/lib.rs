//! `localStorage` and `sessionStorage` (HTML Standard, 12). The items are the host's, which its services `storage.…` give
//! access to; the first access of a script makes the object, and nothing before.
//!
//! An area takes 5 MB of keys and values; more is a `QuotaExceededError`.

use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Glue, LazyGlobal, Result, Value};
use quickbeam_executor::{Api, call_service_sync};

static STORAGE: Glue = Glue::new("internal:storage", include_str!("storage.js"));

static GLOBALS: [LazyGlobal; 3] = [
    LazyGlobal::new("Storage", |ctx| areas(ctx)?.get("Storage")),
    LazyGlobal::new("localStorage", |ctx| areas(ctx)?.get("local")),
    LazyGlobal::new("sessionStorage", |ctx| areas(ctx)?.get("session")),
];

/// The API.
pub struct Storage;

impl Api for Storage {
    fn name(&self) -> &'static str {
        "storage"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        GLOBALS.iter().try_for_each(|global| ctx.define_lazy_global(global))
    }
}

fn areas(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "storage", |ctx| {
        let natives = Natives::new(ctx)?
            .function("get", |ctx, _, args| service(ctx, "storage.get", args))?
            .function("set", |ctx, _, args| service(ctx, "storage.set", args))?
            .function("remove", |ctx, _, args| service(ctx, "storage.remove", args))?
            .function("clear", |ctx, _, args| service(ctx, "storage.clear", args))?
            .function("keys", |ctx, _, args| service(ctx, "storage.keys", args))?
            .into_value();
        ctx.call(&STORAGE.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

fn service<'a>(ctx: Ctx<'a>, name: &'static str, args: Args<'a>) -> Result<Value<'a>> {
    call_service_sync(ctx, name, &args.rest(0))
}
