//! `Beam`: what no standard has.
//!
//! | member | meaning |
//! |---|---|
//! | `call(name, ...args)` | calls a handler of the host; a promise of its answer |
//! | `callSync(name, ...args)` | the same, and suspends this isolate until the answer is there |
//! | `send(pid, message)`, `self()` | sends a message; what stands for the owner |
//! | `monitor(pid, callback)`, `demonitor(ref)` | calls back once with the reason when the process is no more; a reference |
//! | `link(pid)`, `unlink(pid)` | the runtime and the process end together, as Erlang's links have it |
//! | `register(name)`, `unregister(name)`, `whereis(name)` | names of the library's registry, not atoms; a pid or `null` |
//! | `spawn(scriptOrUrl, options)` | starts a runtime that ends with this one at the latest; its pid |
//! | `nodes()`, `rpc(node, runtime, fn, ...args)` | names of the connected nodes; calls a function of a runtime there |
//! | `makeRef()` | a value that no other one equals |
//! | `onMessage(callback)` | calls back with each message; returns a function that unregisters the callback |
//! | `sleep(ms)`, `sleepSync(ms)` | a promise after `ms` milliseconds; suspends this isolate for that long |
//! | `peek(promise)` | its value or reason, the promise itself while it is pending; other values as they are |
//! | `peek.status(promise)` | `"pending"`, `"fulfilled"` or `"rejected"` |
//! | `escapeHTML(text)` | `& < > " '` as character references |
//! | `nanoseconds()` | time since the realm started |
//! | `uniqueInteger()` | a number that no other call in this operating system process returns |
//! | `randomUUIDv7()` | a UUID of version 7 (RFC 9562); later ones are greater |
//! | `deepEquals(a, b)` | structural equality as Node's `util.isDeepStrictEqual`; processes, references, ports and functions of the host equal themselves |
//! | `inspect(value)` | the text that `console.log` shows |
//! | `hash(data, range)` | `:erlang.phash2` |
//! | `semver.satisfies(version, requirement)`, `semver.order(a, b)` | Elixir's `Version`; -1, 0, 1, or `null` |
//! | `password.hash(password, { iterations })`, `password.verify(password, hash)` | promises of a PBKDF2-SHA256 hash as a PHC string, and of whether it matches, which a string of more than 1,024 bytes does not |
//! | `XML.parse(text)` | a document as objects |
//! | `which(program)` | its path, or `null` |
//! | `systemInfo()`, `processInfo()` | figures of the VM and of the owner's process |
//! | `grants()` | what the realm may do: `true`, or what a grant is limited to, by its name |
//! | `version` | of this library |
//!
//! The object is frozen. It is made when it is first touched.

mod iterate;
mod processes;
mod stream;
mod system;
mod uuid;
mod xml;

pub use iterate::{close_iterator, open_iterator, read_iterator};
pub use stream::stream;

use quickbeam_api_grants::require;
use quickbeam_api_inspect::inspect;
use quickbeam_api_webidl::{Natives, kept, need};
use quickbeam_engine::{Args, Ctx, Glue, LazyGlobal, PromiseState, Result, Value};
use quickbeam_executor::{
    Api, call_host, call_host_sync, host, now_since_start, off_message, on_message, set_timer, sleep_sync,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static BEAM: Glue = Glue::new("internal:beam", include_str!("beam.js"));
static DEEP_EQUALS: Glue = Glue::new("internal:beam/deep_equals", include_str!("deep_equals.js"));

static GLOBAL: LazyGlobal = LazyGlobal::new("Beam", |ctx| {
    let version = ctx.string(env!("CARGO_PKG_VERSION"))?;
    ctx.call(&BEAM.run(ctx)?, &ctx.undefined(), &[natives(ctx)?, version])
});

/// The API.
pub struct Beam;

impl Api for Beam {
    fn name(&self) -> &'static str {
        "beam"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_lazy_global(&GLOBAL)
    }
}

fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let natives = Natives::new(ctx)?
        .function("call", |ctx, _, args| call_host(ctx, &handler(ctx, args, "Beam.call")?, &args.rest(1)))?
        .function("callSync", |ctx, _, args| call_host_sync(ctx, &handler(ctx, args, "Beam.callSync")?, &args.rest(1)))?
        .function("onMessage", |ctx, _, args| Ok(ctx.number(f64::from(on_message(ctx, args.get(0))?))))?
        .function("offMessage", |ctx, _, args| {
            off_message(ctx, args.get(0).to_f64()? as u32);
            Ok(ctx.undefined())
        })?
        .function("wakeAfter", |ctx, _, args| {
            set_timer(ctx, args.get(0), Vec::new(), milliseconds(&args.get(1))?, false)?;
            Ok(ctx.undefined())
        })?
        .function("sleepSync", |ctx, _, args| {
            sleep_sync(ctx, milliseconds(&args.get(0))?)?;
            Ok(ctx.undefined())
        })?;
    system::add(processes::add(natives)?)?
        .function("parseXml", xml::parse)?
        .function("status", status)?
        .function("result", result)?
        .function("markHandled", |ctx, _, args| {
            args.get(0).mark_handled();
            Ok(ctx.undefined())
        })?
        .function("escapeHTML", escape_html)?
        .function("nanoseconds", |ctx, _, _| Ok(ctx.number(now_since_start(ctx).as_nanos() as f64)))?
        .function("uniqueInteger", unique_integer)?
        .function("randomUUIDv7", |ctx, _, _| match uuid::version_7() {
            Ok(uuid) => ctx.string(&uuid),
            Err(error) => Err(ctx.throw_error("Error", &format!("the system has no randomness: {error}"))),
        })?
        .function("deepEquals", deep_equals)?
        .function("inspect", |ctx, _, args| inspect(ctx, &args.get(0)))
        .map(Natives::into_value)
}

/// The handler that is called, once the realm may.
fn handler(ctx: Ctx<'_>, args: Args<'_>, api: &str) -> Result<String> {
    need(ctx, args, 1, api)?;
    let name = args.get(0).to_text()?;
    require(ctx, api, Some(&name))?;
    Ok(name)
}

fn milliseconds(value: &Value<'_>) -> Result<Duration> {
    let ms = value.to_f64()?;
    Ok(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default())
}

fn status<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match args.get(0).promise_state() {
        None => Ok(ctx.undefined()),
        Some(PromiseState::Pending) => ctx.string("pending"),
        Some(PromiseState::Fulfilled(_)) => ctx.string("fulfilled"),
        Some(PromiseState::Rejected(_)) => ctx.string("rejected"),
    }
}

fn result<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match args.get(0).promise_state() {
        None | Some(PromiseState::Pending) => Ok(ctx.undefined()),
        Some(PromiseState::Fulfilled(value) | PromiseState::Rejected(value)) => Ok(value),
    }
}

fn escape_html<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "Beam.escapeHTML")?;
    let escaped = args.get(0).with_text(|text| {
        let mut escaped = String::with_capacity(text.len() + text.len() / 8);
        let mut rest = &*text;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(at);
            escaped.push_str(plain);
            escaped.push_str(match special.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#x27;",
            });
            rest = &special[1..];
        }
        escaped.push_str(rest);
        escaped
    })?;
    ctx.string(&escaped)
}

fn unique_integer<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Ok(ctx.number(NEXT.fetch_add(1, Ordering::Relaxed) as f64))
}

fn deep_equals<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 2, "Beam.deepEquals")?;
    let deep_equals = kept(ctx, "beam/deep_equals", |ctx| {
        let class_of = ctx.function("classOf", 1, |ctx, _, args| {
            let value = args.get(0);
            let name = if value.is_proxy() { Some("Proxy".to_owned()) } else { value.class_name()? };
            ctx.string(name.as_deref().unwrap_or_default())
        })?;
        let is_same_term = ctx.function("isSameTerm", 2, |ctx, _, args| {
            Ok(ctx.boolean(host(ctx)?.is_same_term(&args.get(0), &args.get(1))))
        })?;
        ctx.call(&DEEP_EQUALS.run(ctx)?, &ctx.undefined(), &[class_of, is_same_term])
    })?;
    ctx.call(&deep_equals, &ctx.undefined(), &[args.get(0), args.get(1)])
}
