//! Conversions of the Web IDL types that the arguments and dictionaries of this API are made of.

use crate::key::{Key, KeyHandle, Usages};
use quickbeam_engine::{Ctx, Result, Value};
use std::sync::Arc;

/// Members that a sequence of guest JavaScript may have; no valid one has more.
const MAX_SEQUENCE: usize = 1_000;

/// Lends the bytes of a `BufferSource`; `None` for any other value.
pub(crate) fn lend_bytes<'a, R>(ctx: Ctx<'a>, value: &Value<'a>, f: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
    if value.is_data_view() {
        let bytes_of = crate::subtle::glue(ctx)?.get("bytesOf")?;
        let view = ctx.call(&bytes_of, &ctx.undefined(), std::slice::from_ref(value))?;
        return Ok(view.with_bytes(|bytes| f(bytes)));
    }
    Ok(value.with_bytes(|bytes| f(bytes)))
}

/// A copy of the bytes of a `BufferSource`.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn bytes<'a>(ctx: Ctx<'a>, value: &Value<'a>, what: &str) -> Result<Vec<u8>> {
    lend_bytes(ctx, value, <[u8]>::to_vec)?
        .ok_or_else(|| ctx.throw_type(&format!("{what} is not an ArrayBuffer or a view of one")))
}

/// A `CryptoKey`.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn key(ctx: Ctx<'_>, value: &Value<'_>, what: &str) -> Result<Arc<Key>> {
    let handle = value.host::<KeyHandle>().ok_or_else(|| ctx.throw_type(&format!("{what} is not a CryptoKey")))?;
    Ok(handle.key().clone())
}

/// A member of a dictionary; `None` if it is `undefined`.
///
/// # Errors
/// What a getter throws.
pub(crate) fn member<'a>(dictionary: &Value<'a>, name: &str) -> Result<Option<Value<'a>>> {
    let value = dictionary.get(name)?;
    Ok((!value.is_undefined()).then_some(value))
}

/// A member that must be there.
///
/// # Errors
/// Throws a `TypeError` if it is not, and what a getter throws.
pub(crate) fn required<'a>(ctx: Ctx<'a>, dictionary: &Value<'a>, name: &str) -> Result<Value<'a>> {
    member(dictionary, name)?.ok_or_else(|| ctx.throw_type(&format!("the algorithm lacks the member {name}")))
}

/// An integer with `[EnforceRange]`.
///
/// # Errors
/// Throws a `TypeError` unless it lies in 0..=`max`, and what the conversion throws.
pub(crate) fn integer(ctx: Ctx<'_>, value: &Value<'_>, what: &str, max: u32) -> Result<u32> {
    let number = value.to_f64()?.trunc();
    if number >= 0.0 && number <= f64::from(max) {
        return Ok(number as u32);
    }
    Err(ctx.throw_type(&format!("{what} is outside the range from 0 to {max}")))
}

/// The items of a `sequence`.
///
/// # Errors
/// Throws a `TypeError` for what is not iterable or absurdly long, and what the iterator throws.
pub(crate) fn sequence<'a>(ctx: Ctx<'a>, value: &Value<'a>, what: &str) -> Result<Vec<Value<'a>>> {
    if !value.is_object() {
        return Err(ctx.throw_type(&format!("{what} is not iterable")));
    }
    let list = ctx.call(
        &crate::subtle::glue(ctx)?.get("listOf")?,
        &ctx.undefined(),
        &[value.clone(), ctx.number(MAX_SEQUENCE as f64)],
    )?;
    let length = list.length()?;
    (0..u32::try_from(length).unwrap_or(0)).map(|index| list.get_index(index)).collect()
}

/// A `sequence<KeyUsage>`.
///
/// # Errors
/// Throws a `TypeError` for a word that is no usage.
pub(crate) fn usages<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Usages> {
    let mut usages = Usages::NONE;
    for item in sequence(ctx, value, "the list of key usages")? {
        let word = item.to_text()?;
        let usage = Usages::of(&word).ok_or_else(|| ctx.throw_type(&format!("{word:?} is not a key usage")))?;
        usages = usages.with(usage);
    }
    Ok(usages)
}
