//! Values as text, the way Node's `util.inspect` and `util.format` write them.
//!
//! The formatter is JavaScript, loaded into a realm when it is first used. It runs no getters of the properties that it shows, and no traps
//! of proxies: these are looked through, as values and as prototypes, of which it knows the first 1,000. What it does run, as Node does, are
//! functions `[nodejs.util.inspect.custom]`, and getters of `Symbol.toStringTag`, of the name of a class or a function, and of what an error says. Objects of Web APIs, which have nothing of their own to show, tell what they have
//! by `expose` of the crate `webidl` ([`SHOWN`]). What it makes is bounded: two levels deep, 100 elements of
//! a list, 10,000 characters of a string, about 1 MB in all.
//!
//! ```
//! use quickbeam_engine::{Attributes, EvalOptions, Isolate, IsolateOptions};
//!
//! let isolate = Isolate::new(IsolateOptions::default()).unwrap();
//! let realm = isolate.new_realm().unwrap();
//! isolate.enter(&realm, |ctx| {
//!     let value = ctx.eval("({ a: [1, { b: {} }], [Symbol('c')]: new Map([['k', 1n]]) })", &EvalOptions::default()).unwrap();
//!     let text = quickbeam_api_inspect::inspect(ctx, &value).unwrap();
//!     assert_eq!(text.to_text().unwrap(), "{ a: [ 1, { b: {} } ], [Symbol(c)]: Map(1) { 'k' => 1n } }");
//! });
//! ```

use quickbeam_engine::{Args, Attributes, Ctx, Glue, PromiseState, Result, Thrown, Value};
use quickbeam_executor::host;

static LAYOUT: Glue = Glue::new("internal:inspect/layout", include_str!("layout.js"));
static ERRORS: Glue = Glue::new("internal:inspect/errors", include_str!("errors.js"));
static CONTENTS: Glue = Glue::new("internal:inspect/contents", include_str!("contents.js"));
static INSPECT: Glue = Glue::new("internal:inspect", include_str!("inspect.js"));
static FORMAT: Glue = Glue::new("internal:inspect/format", include_str!("format.js"));

const KEPT: &str = "inspect";

/// Prototypes, and proxies on the way to them, that are looked at. Proxies can close a circle.
const MAX_LINKS: usize = 1_000;

/// The name under which a realm keeps what knows the text of host objects that say `Temporal.…`: a function of a value that gives a string,
/// or `undefined`, and runs no script.
pub const HOST_TEXT: &str = "inspect host text";

/// The name under which a realm keeps what knows the objects of Web APIs: a function of an object and of a list of it and its prototypes that gives
/// what is shown of it, as a record of attributes or a list of pairs, or `undefined`, and runs no script.
pub const SHOWN: &str = "inspect platform objects";

/// The realm's formatter: an object with `inspect(value, { depth, showHidden, showProxy })`, `format(arguments)`, which
/// knows format strings, and `widthOf(text)`, the columns a text takes.
///
/// # Errors
/// Throws if memory is short.
pub fn formatter(ctx: Ctx<'_>) -> Result<Value<'_>> {
    if let Some(formatter) = ctx.kept(KEPT) {
        return Ok(formatter);
    }
    let native = ctx.object_without_prototype()?;
    native.define("classOf", ctx.function("classOf", 1, class_of)?, Attributes::ALL)?;
    native.define("promiseState", ctx.function("promiseState", 1, promise_state)?, Attributes::ALL)?;
    native.define("proxyParts", ctx.function("proxyParts", 1, proxy_parts)?, Attributes::ALL)?;
    native.define("extraKeys", ctx.function("extraKeys", 2, extra_keys)?, Attributes::ALL)?;
    native.define("isBuiltin", ctx.function("isBuiltin", 1, is_builtin)?, Attributes::ALL)?;
    native.define("hostText", ctx.function("hostText", 1, host_text)?, Attributes::ALL)?;
    native.define("shownOf", ctx.function("shownOf", 2, shown_of)?, Attributes::ALL)?;
    native.define("chainOf", ctx.function("chainOf", 1, chain_of)?, Attributes::ALL)?;
    native.define("preview", ctx.function("preview", 2, preview)?, Attributes::ALL)?;
    native.define("termText", ctx.function("termText", 1, term_text)?, Attributes::ALL)?;
    let layout = LAYOUT.run(ctx)?;
    let undefined = ctx.undefined();
    let parts = [layout.clone(), ERRORS.run(ctx)?, CONTENTS.run(ctx)?, native.clone()];
    let formatter = ctx.call(&INSPECT.run(ctx)?, &undefined, &parts)?;
    let format = ctx.call(&FORMAT.run(ctx)?, &undefined, &[formatter.clone(), native])?;
    formatter.define("format", format.get("format")?, Attributes::ALL)?;
    formatter.define("widthOf", layout.get("widthOf")?, Attributes::ALL)?;
    ctx.keep(KEPT, formatter.clone());
    Ok(formatter)
}

/// The text of a value, as a string.
///
/// # Errors
/// Throws if memory is short or the script is to end.
pub fn inspect<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    ctx.call(&formatter(ctx)?.get("inspect")?, &ctx.undefined(), std::slice::from_ref(value))
}

fn class_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = args.get(0);
    if value.is_proxy() {
        return ctx.string("Proxy");
    }
    match value.class_name()? {
        Some(name) => ctx.string(&name),
        None => Ok(ctx.null()),
    }
}

fn promise_state<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (state, result) = match args.get(0).promise_state() {
        None | Some(PromiseState::Pending) => ("pending", ctx.undefined()),
        Some(PromiseState::Fulfilled(value)) => ("fulfilled", value),
        Some(PromiseState::Rejected(reason)) => ("rejected", reason),
    };
    ctx.array(vec![ctx.string(state)?, result])
}

fn proxy_parts<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match args.get(0).proxy_parts() {
        Some((target, handler)) => ctx.array(vec![target, handler]),
        None => Ok(ctx.null()),
    }
}

/// A list of an object and its prototypes. Of a proxy among them, its target is there instead: no trap runs.
fn chain_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut chain = Vec::new();
    let mut link = args.get(0);
    for _ in 0..MAX_LINKS {
        if !link.is_object() {
            break;
        }
        link = match link.proxy_parts() {
            Some((target, _)) => target,
            None => {
                let prototype = link.prototype()?;
                chain.push(std::mem::replace(&mut link, ctx.undefined()));
                prototype
            }
        };
    }
    ctx.array(chain)
}

fn host_text<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ask_kept(ctx, HOST_TEXT, args)
}

fn shown_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ask_kept(ctx, SHOWN, args)
}

/// What a function that the realm keeps says of a value; `undefined` where there is none.
fn ask_kept<'a>(ctx: Ctx<'a>, name: &'static str, args: Args<'a>) -> Result<Value<'a>> {
    match ctx.kept(name) {
        Some(function) => ctx.call(&function, &ctx.undefined(), &[args.get(0), args.get(1)]),
        None => Ok(ctx.undefined()),
    }
}

/// What an iterator of a map or a set has yet to give: `[items, how many more, whether they are pairs]`; `undefined` for other values.
fn preview<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let most = args.get(1).as_int().and_then(|most| usize::try_from(most).ok()).unwrap_or(0);
    let Some(preview) = args.get(0).preview(most)? else { return Ok(ctx.undefined()) };
    let more = ctx.number(preview.more as f64);
    ctx.array(vec![ctx.array(preview.items)?, more, ctx.boolean(preview.are_pairs)])
}

/// The text of what stands for something of the host's, such as a process; `undefined` for other values.
fn term_text<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match host(ctx) {
        Ok(host) => host.term_text(&args.get(0)).map_or(Ok(ctx.undefined()), |text| ctx.string(&text)),
        // A realm on no executor has no host.
        Err(Thrown) => {
            drop(ctx.take_exception());
            Ok(ctx.undefined())
        }
    }
}

/// Own string keys that are no array indices; enumerable ones, or all if the second argument is true.
fn extra_keys<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let object = args.get(0);
    let keys = if args.get(1).truthy() { object.all_keys()? } else { object.keys()? };
    let names = keys.iter().filter(|key| !key.is_index()).map(|key| key.to_value());
    ctx.array(names.collect::<Result<Vec<_>>>()?)
}

/// Whether a class is one of the language's own on this realm's global object.
fn is_builtin<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let class = args.get(0);
    let source = ctx.primordial("Function_prototype_toString")?;
    let text = ctx.call(&source, &class, &[])?;
    Ok(ctx.boolean(text.with_text(|text| text.contains("[native code]"))?))
}
