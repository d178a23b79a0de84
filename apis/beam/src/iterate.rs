//! Iterators of JavaScript that the host reads: `QuickBEAM.stream/3`.

use quickbeam_api_webidl::{Natives, kept};
use quickbeam_engine::{Ctx, Glue, Result, Value};
use quickbeam_executor::{Input, eval_script};
use std::sync::atomic::{AtomicU64, Ordering};

static ITERATE: Glue = Glue::new("internal:beam/iterate", include_str!("iterate.js"));

/// The number of the iterator that is opened next: no realm, and no realm in the place of another, has the same.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Runs a script whose value can be iterated, asynchronously or not, with the properties of `vars` in scope; a promise of the number
/// that names the iterator.
///
/// # Errors
/// What the script throws.
pub fn open_iterator<'a>(
    ctx: Ctx<'a>,
    source: String,
    filename: Option<&str>,
    vars: Option<Box<dyn Input>>,
) -> Result<Value<'a>> {
    let (value, is_wrapped) = eval_script(ctx, source, filename, vars)?;
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    call(ctx, "open", &[ctx.number(id as f64), value, ctx.boolean(is_wrapped)])
}

/// A promise of `[items, done]`: the next items, at least one unless it is done, at most `count`. It is rejected with an
/// `InterruptedError` if the iterator was of a realm in whose place this one is.
///
/// # Errors
/// Throws if memory is short.
pub fn read_iterator(ctx: Ctx<'_>, id: f64, count: f64) -> Result<Value<'_>> {
    call(ctx, "read", &[ctx.number(id), ctx.number(count)])
}

/// A promise of nothing: the iterator was told to end.
///
/// # Errors
/// Throws if memory is short.
pub fn close_iterator(ctx: Ctx<'_>, id: f64) -> Result<Value<'_>> {
    call(ctx, "close", &[ctx.number(id)])
}

fn call<'a>(ctx: Ctx<'a>, function: &str, args: &[Value<'a>]) -> Result<Value<'a>> {
    let iterate = kept(ctx, "beam/iterate", |ctx| {
        let natives = Natives::new(ctx)?.function("interrupted", |ctx, _, _| {
            ctx.error("InterruptedError", "the stream was interrupted: the runtime was reset")
        })?;
        ctx.call(&ITERATE.run(ctx)?, &ctx.undefined(), &[natives.into_value()])
    })?;
    ctx.call(&iterate.get(function)?, &ctx.undefined(), args)
}
