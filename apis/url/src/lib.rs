//! The URL Standard: `URL` and `URLSearchParams`; and `data:` URLs for those that fetch.
//!
//! A `URL` holds its serialisation and the offsets of its parts, both in the isolate's heap: getters are slices of the one string, setters
//! parse it again. So what a script keeps of URLs counts against its memory limit, and an isolate that is dropped whole leaves nothing
//! behind.
//!
//! What must never happen: a text longer than [`MAX_LENGTH`] in the parser, which works outside the isolate's heap and does not poll.

mod data;
mod host;
mod query;
mod relative;

pub use data::{DataUrl, DataUrlError, decode_data_url};
pub use relative::{base_origin, base_url, origin_of, parse as parse_url, part_of, resolve, set_base_url, with_part};

use ada_url::Url;
use quickbeam_api_webidl::{Natives, helpers, kept, need};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Thrown, Value};
use quickbeam_executor::Api;
use std::borrow::Cow;

static URL: Glue = Glue::new("internal:url", include_str!("url.js"));
static SEARCH_PARAMS: Glue = Glue::new("internal:url/search_params", include_str!("search_params.js"));

/// Bytes of the longest URL, base or new part of one.
pub const MAX_LENGTH: usize = 32 << 20;

static CLASSES: [Deferred; 2] =
    [Deferred::class("URL", UNIT, classes), Deferred::class("URLSearchParams", UNIT, classes)];

/// What a realm keeps the classes under.
const UNIT: &str = "url";

/// The API.
pub struct Urls;

impl Api for Urls {
    fn name(&self) -> &'static str {
        "url"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

/// An object with `URL` and `URLSearchParams`, whatever has become of the globals.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let idl = helpers(ctx)?;
        let natives = Natives::new(ctx)?
            .function("constructorOf", |ctx, _, args| ctx.constructor_of("URL", 1, &args.get(0), construct))?
            .function("parse", |ctx, _, args| parse(ctx, args))?
            .function("tryParse", |ctx, _, args| try_parse(ctx, args))?
            .function("canParse", |ctx, _, args| can_parse(ctx, args))?
            .function("origin", origin_of)?
            .function("set", |ctx, _, args| set(ctx, args))?
            .function("parseQuery", query::parse)?
            .function("serializeQuery", query::serialize)?
            .into_value();
        let params = ctx.call(&SEARCH_PARAMS.run(ctx)?, &ctx.undefined(), &[idl.clone(), natives.clone()])?;
        ctx.call(&URL.run(ctx)?, &ctx.undefined(), &[idl, natives, params])
    })
}

/// The text of an argument, lent to `f`.
fn with_url<R>(ctx: Ctx<'_>, value: &Value<'_>, f: impl FnOnce(Cow<'_, str>) -> R) -> Result<R> {
    let too_long =
        |length: usize| ctx.throw_type(&format!("URL: {length} bytes are more than the {MAX_LENGTH} allowed"));
    value.with_text(|text| if text.len() > MAX_LENGTH { Err(text.len()) } else { Ok(f(text)) })?.map_err(too_long)
}

/// Parses `(url, base)`; an `undefined` base is none.
fn parsed<R>(ctx: Ctx<'_>, args: Args<'_>, f: impl FnOnce(&str, Option<Url>) -> R) -> Result<R> {
    let base = args.get(1);
    if base.is_undefined() {
        return with_url(ctx, &args.get(0), |url| f(&url, host::parse(&url, None)));
    }
    let url = with_url(ctx, &args.get(0), |url| url.into_owned())?;
    with_url(ctx, &base, |base| f(&url, host::parse(&url, Some(&base))))
}

/// `new URL(url, base)`.
fn construct<'a>(ctx: Ctx<'a>, _new_target: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "URL")?;
    parse(ctx, args)
}

/// `(url, base)`: the parts of a URL.
fn parse<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    parsed(ctx, args, |text, url| match url {
        Some(url) => parts(ctx, &url),
        None => Err(invalid(ctx, text)),
    })?
}

/// `(url, base)`: the parts of a URL, or `null`.
fn try_parse<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    parsed(ctx, args, |_, url| url.map_or_else(|| Ok(ctx.null()), |url| parts(ctx, &url)))?
}

fn can_parse<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    parsed(ctx, args, |_, url| ctx.boolean(url.is_some()))
}

fn invalid(ctx: Ctx<'_>, text: &str) -> Thrown {
    let start: String = text.chars().take(200).collect();
    ctx.throw_type(&format!("URL: {start:?} is not a valid URL"))
}

/// `[href, end of the protocol, end of the user name, start and end of the host, start of path, query and fragment, null]`; -1 for
/// a part that is absent. The serialisation is ASCII, so that bytes are characters.
fn parts<'a>(ctx: Ctx<'a>, url: &Url) -> Result<Value<'a>> {
    let at = url.components();
    let offset = |offset: u32| ctx.number(f64::from(offset));
    let optional = |start: Option<u32>| start.map_or_else(|| ctx.int(-1), offset);
    ctx.array_of([
        ctx.string(url.href())?,
        offset(at.protocol_end),
        offset(at.username_end),
        offset(at.host_start),
        offset(at.host_end),
        optional(at.pathname_start),
        optional(at.search_start),
        optional(at.hash_start),
        ctx.null(),
    ])
}

/// `(href, attribute, value)`: the parts of that URL once a setter has run; `null` if it changed nothing.
fn set<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = args.get(0).with_text(|href| Url::parse(&*href, None).ok())?;
    let Some(mut url) = url else { return Ok(ctx.null()) };
    let attribute = args.get(1).to_text()?;
    let changed = with_url(ctx, &args.get(2), |value| {
        assign(&mut url, &attribute, &value) && (!attribute.starts_with("host") || host::is_valid(&url, &value))
    })?;
    if changed { parts(ctx, &url) } else { Ok(ctx.null()) }
}

/// Runs one setter of the `URL` interface. False if it refused the value.
pub(crate) fn assign(url: &mut Url, attribute: &str, value: &str) -> bool {
    match attribute {
        "protocol" => url.set_protocol(value),
        "username" => url.set_username(Some(value)),
        "password" => url.set_password(Some(value)),
        "host" => url.set_host(Some(value)),
        "hostname" => url.set_hostname(Some(value)),
        "port" => url.set_port(Some(value)),
        "pathname" => url.set_pathname(Some(value)),
        "search" => {
            url.set_search(Some(value));
            Ok(())
        }
        _ => {
            url.set_hash(Some(value));
            Ok(())
        }
    }
    .is_ok()
}
