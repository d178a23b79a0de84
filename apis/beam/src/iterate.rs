//! Iterators of JavaScript that the host reads: `QuickBEAM.stream/3`.

use quickbeam_api_webidl::kept;
use quickbeam_engine::{Ctx, EvalOptions, Glue, Result, Value};

static ITERATE: Glue = Glue::new("internal:beam/iterate", include_str!("iterate.js"));

/// Runs a script whose value can be iterated, asynchronously or not; a promise of the number that names the iterator.
///
/// # Errors
/// What the script throws.
pub fn open_iterator<'a>(ctx: Ctx<'a>, source: &str, filename: &str) -> Result<Value<'a>> {
    let top_level_await = source.contains("await");
    let value = ctx.eval(source, &EvalOptions { filename, first_line: 1, top_level_await })?;
    call(ctx, "open", &[value, ctx.boolean(top_level_await)])
}

/// A promise of `[items, done]`: the next items, at least one unless it is done, at most `count`.
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
    let iterate = kept(ctx, "beam/iterate", |ctx| ITERATE.run(ctx))?;
    ctx.call(&iterate.get(function)?, &ctx.undefined(), args)
}
