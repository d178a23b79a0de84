//! Members that the host computes: hashes, versions, figures of the system; and passwords.

use quickbeam_api_crypto::{MAX_ITERATIONS, hash_password, verify_password};
use quickbeam_api_grants::require;
use quickbeam_api_webidl::{Natives, need};
use quickbeam_engine::{Args, Ctx, Result, Value};
use quickbeam_executor::{Reach, call_service_sync, grants};
use std::num::NonZeroU32;

/// Values that `phash2` may fall in: 1 to 2^32.
const MAX_RANGE: f64 = 4_294_967_296.0;

/// Rounds of a new password hash.
const ITERATIONS: f64 = 600_000.0;

/// Characters of a password, so that hashing one stays a matter of its rounds.
const MAX_PASSWORD: usize = 4096;

/// Adds the natives.
pub(crate) fn add(natives: Natives<'_>) -> Result<Natives<'_>> {
    natives
        .function("hash", hash)?
        .function("satisfies", |ctx, _, args| {
            need(ctx, args, 2, "Beam.semver.satisfies")?;
            texts(ctx, args, "semver.satisfies")
        })?
        .function("order", |ctx, _, args| {
            need(ctx, args, 2, "Beam.semver.order")?;
            texts(ctx, args, "semver.order")
        })?
        .function("hashPassword", |ctx, _, args| {
            need(ctx, args, 1, "Beam.password.hash")?;
            let password = password(ctx, &args.get(0), "Beam.password.hash")?;
            hash_password(ctx, &password, iterations(ctx, &args.get(1))?)
        })?
        .function("verifyPassword", |ctx, _, args| {
            need(ctx, args, 2, "Beam.password.verify")?;
            let password = password(ctx, &args.get(0), "Beam.password.verify")?;
            verify_password(ctx, &password, &args.get(1).to_text()?)
        })?
        .function("which", |ctx, _, args| {
            need(ctx, args, 1, "Beam.which")?;
            let program = args.get(0).to_text()?;
            require(ctx, "Beam.which", Some(&program))?;
            call_service_sync(ctx, "which", &[ctx.string(&program)?])
        })?
        .function("systemInfo", |ctx, _, _| call_service_sync(ctx, "system_info", &[]))?
        .function("processInfo", |ctx, _, _| call_service_sync(ctx, "process_info", &[]))?
        .function("grants", held)
}

fn texts<'a>(ctx: Ctx<'a>, args: Args<'a>, service: &'static str) -> Result<Value<'a>> {
    let [left, right] = [0, 1].map(|index| args.get(index).to_text());
    call_service_sync(ctx, service, &[ctx.string(&left?)?, ctx.string(&right?)?])
}

fn hash<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    need(ctx, args, 1, "Beam.hash")?;
    let range = match args.get(1) {
        range if range.is_undefined() => ctx.null(),
        range => {
            let number = range.to_f64()?;
            if !(1.0..=MAX_RANGE).contains(&number) || number.fract() != 0.0 {
                return Err(ctx.throw_error("RangeError", "Beam.hash: the range is not an integer from 1 to 2 ** 32"));
            }
            ctx.number(number)
        }
    };
    call_service_sync(ctx, "hash", &[args.get(0), range])
}

fn password<'a>(ctx: Ctx<'a>, value: &Value<'a>, api: &str) -> Result<String> {
    if !value.is_string() {
        return Err(ctx.throw_type(&format!("{api}: the password is not a string")));
    }
    let text = value.to_text()?;
    if text.len() > MAX_PASSWORD {
        return Err(ctx.throw_error("RangeError", &format!("{api}: the password is longer than {MAX_PASSWORD} bytes")));
    }
    Ok(text)
}

fn iterations<'a>(ctx: Ctx<'a>, options: &Value<'a>) -> Result<NonZeroU32> {
    let given = if options.is_undefined() { ctx.undefined() } else { options.get("iterations")? };
    let iterations = if given.is_undefined() { ITERATIONS } else { given.to_f64()? };
    let whole = (iterations.fract() == 0.0 && iterations <= f64::from(MAX_ITERATIONS)).then_some(iterations as u32);
    whole.and_then(NonZeroU32::new).ok_or_else(|| {
        let message = "Beam.password.hash: the iterations are not an integer from 1 to 10,000,000";
        ctx.throw_error("RangeError", message)
    })
}

/// An object of the grants that are held: `true`, or the list of what a grant is limited to.
fn held<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    let object = ctx.object()?;
    for (grant, reach) in grants(ctx)?.iter() {
        let value = match reach {
            Reach::Everything => ctx.boolean(true),
            Reach::Only(subjects) => {
                ctx.array(subjects.iter().map(|subject| ctx.string(subject)).collect::<Result<_>>()?)?
            }
        };
        object.set(grant.name(), value)?;
    }
    Ok(object)
}
