//! `navigator`: what a script may know of where it runs, by the Minimum Common Web API and the HTML Standard.

use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Ctx, Glue, LazyGlobal, Result, Value};
use quickbeam_executor::Api;

static NAVIGATOR: Glue = Glue::new("internal:navigator", include_str!("navigator.js"));

static GLOBALS: [LazyGlobal; 2] = [
    LazyGlobal::new("navigator", |ctx| classes(ctx)?.get("navigator")),
    LazyGlobal::new("Navigator", |ctx| classes(ctx)?.get("Navigator")),
];

/// The API.
pub struct Navigator;

impl Api for Navigator {
    fn name(&self) -> &'static str {
        "navigator"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        GLOBALS.iter().try_for_each(|global| ctx.define_lazy_global(global))
    }
}

/// An object with the class `Navigator` and its one instance `navigator`; and `define(name, make)` for APIs that add an attribute,
/// whose value `make()` gives when it is first read.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "navigator", |ctx| {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let natives = Natives::new(ctx)?
            .value("userAgent", ctx.string(concat!("QuickBEAM/", env!("CARGO_PKG_VERSION")))?)?
            .value("hardwareConcurrency", ctx.number(processors as f64))?
            .into_value();
        ctx.call(&NAVIGATOR.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}
