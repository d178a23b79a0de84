//! The Web Cryptography API: [`Crypto`] is randomness and UUIDs from the operating system, [`SubtleCrypto`] the rest.
//!
//! # Map of `crypto.subtle`
//!
//! | module | holds |
//! |---|---|
//! | `subtle` | the methods: arguments, order of checks, promises |
//! | `algorithm` | names, and the normalisation of what JavaScript gives for an algorithm |
//! | `operations` | what each operation does with each algorithm; no JavaScript from here on |
//! | `rsa`, `ec`, `okp`, `aes`, `gcm`, `hmac`, `kdf` | the algorithms, over aws-lc |
//! | `key` | keys: type, usages, material |
//! | `password` | what `Beam.password` stands on |
//! | `format`, `jwk` | key data: raw, SPKI, PKCS #8, JSON Web Key |
//! | `pool`, `queue` | where long operations run, and whose turn it is |
//!
//! What must never happen: material of a key that is not extractable in a JavaScript value, or an operation that the
//! key's usages do not name. Therefore JavaScript has handles only, and usages are checked where the material is.

mod aes;
mod algorithm;
mod ec;
mod failure;
mod format;
mod gcm;
mod hmac;
mod idl;
mod jwk;
mod kdf;
mod key;
mod okp;
mod operations;
mod password;
mod pool;
mod queue;
mod random;
mod rsa;
mod subtle;

pub use password::{MAX_ITERATIONS, hash_password, verify_password};

use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;

static CRYPTO: Glue = Glue::new("internal:crypto", include_str!("crypto.js"));

/// Says that the realm has `crypto.subtle`.
const WITH_SUBTLE: &str = "crypto.with_subtle";

static CLASS: Deferred = Deferred::class("Crypto", UNIT, made);
static INSTANCE: Deferred = Deferred::instance("crypto", "Crypto", UNIT, made);

/// What a realm keeps both under.
const UNIT: &str = "crypto";

/// `crypto.getRandomValues` and `crypto.randomUUID`.
pub struct Crypto;

impl Api for Crypto {
    fn name(&self) -> &'static str {
        "crypto"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&INSTANCE)?;
        ctx.define_deferred(&CLASS)
    }
}

/// `crypto.subtle`, with the classes `SubtleCrypto` and `CryptoKey`. It needs [`Crypto`].
pub struct SubtleCrypto;

impl Api for SubtleCrypto {
    fn name(&self) -> &'static str {
        "subtle_crypto"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.keep(WITH_SUBTLE, ctx.boolean(true));
        ctx.define_deferred(&subtle::CLASSES[0])?;
        ctx.define_deferred(&subtle::CLASSES[1])
    }
}

fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let mut natives = Natives::new(ctx)?.function("fill", fill)?.function("uuid", uuid)?;
        if ctx.kept(WITH_SUBTLE).is_some() {
            natives = natives.function("subtle", |ctx, _, _| subtle::instance(ctx))?;
        }
        ctx.call(&CRYPTO.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, natives.into_value()])
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
