//! `crypto.getRandomValues` and `crypto.randomUUID` of the Web Cryptography API, from the operating system's randomness.

use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Glue, Result, Value};
use quickbeam_executor::Api;

static CRYPTO: Glue = Glue::new("internal:crypto", include_str!("crypto.js"));

/// The API.
pub struct Crypto;

impl Api for Crypto {
    fn name(&self) -> &'static str {
        "crypto"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_lazy_global("crypto", |ctx, _, _| made(ctx)?.get("crypto"))?;
        ctx.define_lazy_global("Crypto", |ctx, _, _| made(ctx)?.get("Crypto"))
    }
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, "crypto", |ctx| {
        let natives = Natives::new(ctx)?.function("fill", fill)?.function("uuid", uuid)?.into_value();
        ctx.call(&CRYPTO.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives])
    })
}

fn check(ctx: Ctx<'_>, filled: std::result::Result<(), getrandom::Error>) -> Result<()> {
    filled.map_err(|error| ctx.throw_dom_exception("OperationError", &format!("the system has no randomness: {error}")))
}

fn fill<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    check(ctx, args.get(0).with_bytes(getrandom::fill).unwrap_or(Ok(())))?;
    Ok(ctx.undefined())
}

/// A UUID of version 4.
fn uuid<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let mut bytes = [0; 16];
    check(ctx, getrandom::fill(&mut bytes))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    ctx.string(&[&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}
