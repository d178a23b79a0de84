//! What other APIs need of URLs: the realm's base URL, and parsing against it.

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

/// Parses a URL, which may be relative to the realm's base.
///
/// # Errors
/// Throws if the value is no string.
pub fn parse(ctx: Ctx<'_>, text: &Value<'_>) -> Result<Option<Url>> {
    let base = ctx.kept(BASE).map(|base| base.to_text()).transpose()?;
    text.with_text(|text| Url::parse(&*text, base.as_deref()).ok())
}

/// A native function `(url, base)`: the URL as an absolute one, `undefined` if it is none. The base is the realm's where none is given.
///
/// # Errors
/// Throws if the value is no string.
pub fn resolve<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let url = match args.get(1) {
        base if base.is_undefined() => parse(ctx, &args.get(0))?,
        base => {
            let base = base.to_text()?;
            args.get(0).with_text(|url| Url::parse(&*url, Some(&base)).ok())?
        }
    };
    url.map_or_else(|| Ok(ctx.undefined()), |url| ctx.string(url.href()))
}

/// A native function `(url)`: the origin of an absolute URL, `""` for what is none.
///
/// # Errors
/// Throws if the value is no string.
pub fn origin_of<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let origin =
        args.get(0).with_text(|url| Url::parse(&*url, None).map_or_else(|_| String::new(), |url| url.origin()))?;
    ctx.string(&origin)
}
