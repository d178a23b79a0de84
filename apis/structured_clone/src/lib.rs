//! `structuredClone`: the structured clone algorithm of the HTML Standard, with transfer of `ArrayBuffer`s, and
//! of the platform objects whose classes have transfer steps.
//!
//! A `SharedArrayBuffer` is shared: its clone is the same object. Errors keep their class (of the language's own),
//! message, stack and cause.

mod cloner;

use cloner::Cloner;
use quickbeam_api_webidl::{define_function, kept, need};
use quickbeam_engine::{Args, Ctx, Glue, Result, Value};
use quickbeam_executor::Api;

static BUILTINS: Glue = Glue::new("internal:structured_clone", include_str!("builtins.js"));

/// The API.
pub struct StructuredClone;

impl Api for StructuredClone {
    fn name(&self) -> &'static str {
        "structured_clone"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        define_function(ctx, "structuredClone", 1, structured_clone)
    }
}

/// A structured clone of a value, without transfer.
///
/// # Errors
/// Throws a `DataCloneError` for what cannot be cloned, and what getters throw.
pub fn clone<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    Cloner::new(ctx)?.clone(value)
}

fn structured_clone<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "structuredClone")?;
    let value = args.get(0);
    if args.len() == 1 || args.get(1).is_undefined() {
        return Cloner::new(ctx)?.clone(&value);
    }
    let transferred = builtin(ctx, "transferList", &[&args.get(1)])?;
    Cloner::new(ctx)?.transfer(&value, &transferred)
}

/// Calls a function of builtins.js, which takes builtin objects apart and makes them; for APIs that clone by other ways.
///
/// # Errors
/// What the function throws.
pub fn builtin<'a>(ctx: Ctx<'a>, name: &str, args: &[&Value<'a>]) -> Result<Value<'a>> {
    let builtins = kept(ctx, "structured_clone", |ctx| BUILTINS.run(ctx))?;
    let args: Vec<Value<'a>> = args.iter().copied().cloned().collect();
    ctx.call(&builtins.get(name)?, &ctx.undefined(), &args)
}
