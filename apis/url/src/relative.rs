//! What other APIs need of URLs: the realm's base URL, and parsing against it.

use crate::{assign, host, with_url};
use ada_url::Url;
use quickbeam_engine::{Args, Ctx, Result, Value};

/// The name under which a realm keeps its base URL.
const BASE: &str = "base URL";

/// Sets the URL that relative ones are resolved against in `fetch`, `Request`, `WebSocket`, `EventSource` and the like, and that `document` has. A realm
/// without one takes absolute URLs alone.
///
/// # Errors
/// `TypeError` if it is no absolute URL.
pub fn set_base_url(ctx: Ctx<'_>, url: &str) -> Result<()> {
    let Ok(url) = Url::parse(url, None) else { return Err(ctx.throw_type(&format!("{url:?} is not a base URL"))) };
    ctx.keep(BASE, ctx.string(url.href())?);
    Ok(())
}

/// The base URL, `undefined` if the realm has none.
pub fn base_url(ctx: Ctx<'_>) -> Value<'_> {
    ctx.kept(BASE).unwrap_or_else(|| ctx.undefined())
}

/// A native function: the origin of the realm's base URL, `"null"` without one.
///
/// # Errors
/// Throws if memory is short.
pub fn base_origin<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let base = ctx.kept(BASE).map(|base| base.to_text()).transpose()?;
    let url = base.and_then(|base| Url::parse(&*base, None).ok());
    ctx.string(&url.map_or_else(|| "null".to_owned(), |url| url.origin()))
}

/// Parses a URL, which may be relative to the realm's base.
///
/// # Errors
/// Throws if the value is no string, or longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
pub fn parse(ctx: Ctx<'_>, text: &Value<'_>) -> Result<Option<Url>> {
    let base = ctx.kept(BASE).map(|base| base.to_text()).transpose()?;
    with_url(ctx, text, |text| host::parse(&text, base.as_deref()))
}

/// A native function `(url, base)`: the URL as an absolute one, `undefined` if it is none. The base is the realm's where none is given.
///
/// # Errors
/// Throws if the value is no string, or longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
pub fn resolve<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = match args.get(1) {
        base if base.is_undefined() => parse(ctx, &args.get(0))?,
        base => against(ctx, &args.get(0), &base)?,
    };
    url.map_or_else(|| Ok(ctx.undefined()), |url| ctx.string(url.href()))
}

/// Parses a URL that may be relative to a base, which need not be a good one.
fn against(ctx: Ctx<'_>, url: &Value<'_>, base: &Value<'_>) -> Result<Option<Url>> {
    let base = base.to_text()?;
    let base = Some(&*base).filter(|base| Url::can_parse(base, None));
    with_url(ctx, url, |url| host::parse(&url, base))
}

/// A native function `(url, base, attribute)`: what the attribute of that name of a `URL` is, `undefined` if the URL is none.
///
/// # Errors
/// Throws if an argument is no string.
pub fn part_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(url) = against(ctx, &args.get(0), &args.get(1))? else { return Ok(ctx.undefined()) };
    match &*args.get(2).to_text()? {
        "origin" => ctx.string(&url.origin()),
        "protocol" => ctx.string(url.protocol()),
        "username" => ctx.string(url.username()),
        "password" => ctx.string(url.password()),
        "host" => ctx.string(url.host()),
        "hostname" => ctx.string(url.hostname()),
        "port" => ctx.string(url.port()),
        "pathname" => ctx.string(url.pathname()),
        "search" => ctx.string(url.search()),
        _ => ctx.string(url.hash()),
    }
}

/// A native function `(url, base, attribute, value)`: the URL once that attribute of a `URL` is set; `undefined` if the URL is none.
///
/// # Errors
/// Throws if an argument is no string.
pub fn with_part<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(mut url) = against(ctx, &args.get(0), &args.get(1))? else { return Ok(ctx.undefined()) };
    let (attribute, value) = (args.get(2).to_text()?, args.get(3).to_text()?);
    let mut changed = url.clone();
    // A value that the attribute refuses changes nothing.
    if assign(&mut changed, &attribute, &value) && (!attribute.starts_with("host") || host::is_valid(&changed, &value))
    {
        url = changed;
    }
    ctx.string(url.href())
}

/// A native function `(url)`: the origin of an absolute URL, `""` for what is none.
///
/// # Errors
/// Throws if the value is no string, or longer than [`MAX_LENGTH`](crate::MAX_LENGTH).
pub fn origin_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let origin =
        args.get(0).with_text(|url| Url::parse(&*url, None).map_or_else(|_| String::new(), |url| url.origin()))?;
    ctx.string(&origin)
}
