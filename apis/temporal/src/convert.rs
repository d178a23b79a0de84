//! Numbers, BigInts and primitives as the specification converts them; errors.

use quickbeam_api_webidl::kept;
use quickbeam_engine::{Ctx, Glue, PropertyKey, Result, Thrown, Value};
use temporal_rs::TemporalError;
use temporal_rs::error::ErrorKind;

static TEMPORAL: Glue = Glue::new("internal:temporal", include_str!("temporal.js"));

/// One of the values of `temporal.js`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn intrinsic<'a>(ctx: Ctx<'a>, name: &str) -> Result<Value<'a>> {
    kept(ctx, "temporal.intrinsics", |ctx| ctx.call(&TEMPORAL.run(ctx)?, &ctx.undefined(), &[]))?.get(name)
}

/// Throws the library's errors as JavaScript's.
pub(crate) trait OrThrow<T> {
    /// # Errors
    /// Throws a `TypeError` or a `RangeError`.
    fn or_throw(self, ctx: Ctx<'_>) -> Result<T>;
}

impl<T> OrThrow<T> for std::result::Result<T, TemporalError> {
    fn or_throw(self, ctx: Ctx<'_>) -> Result<T> {
        self.map_err(|error| {
            let message = error.into_message();
            let message = if message.is_empty() { "the value is outside the range of Temporal" } else { message };
            match error.kind() {
                ErrorKind::Type => ctx.throw_type(message),
                _ => range(ctx, message),
            }
        })
    }
}

/// A `RangeError`.
pub(crate) fn range(ctx: Ctx<'_>, message: &str) -> Thrown {
    ctx.throw_error("RangeError", message)
}

/// ToIntegerWithTruncation.
///
/// # Errors
/// Throws a `RangeError` for what is no finite number.
pub(crate) fn truncated(value: &Value<'_>) -> Result<f64> {
    let number = value.to_f64()?;
    if number.is_finite() { Ok(number.trunc()) } else { Err(range(value.ctx(), "a field is not a finite number")) }
}

/// ToPositiveIntegerWithTruncation.
///
/// # Errors
/// Throws a `RangeError` for what is no finite positive number.
pub(crate) fn positive(value: &Value<'_>) -> Result<f64> {
    let number = truncated(value)?;
    if number > 0.0 { Ok(number) } else { Err(range(value.ctx(), "a field that must be positive is not")) }
}

/// ToIntegerIfIntegral.
///
/// # Errors
/// Throws a `RangeError` for what is no integer.
pub(crate) fn integral(value: &Value<'_>) -> Result<f64> {
    let number = value.to_f64()?;
    let is_integral = number.is_finite() && number.trunc() == number;
    if is_integral { Ok(number) } else { Err(range(value.ctx(), "a field of a duration is not an integer")) }
}

/// An integer of a narrower type.
///
/// # Errors
/// Throws a `RangeError` if the number does not fit.
pub(crate) fn narrow<T: TryFrom<i64>>(ctx: Ctx<'_>, number: f64) -> Result<T> {
    T::try_from(number as i64).map_err(|_| range(ctx, &format!("{number} is outside the range of its field")))
}

/// ToPrimitive with the hint `string`.
///
/// # Errors
/// What user code throws; a `TypeError` if an object has no primitive form.
pub(crate) fn to_primitive<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<Value<'a>> {
    if !value.is_object() {
        return Ok(value.clone());
    }
    let exotic = value.get_key(&PropertyKey::from_value(&intrinsic(ctx, "toPrimitive")?)?)?;
    if !exotic.is_undefined() && !exotic.is_null() {
        let primitive = ctx.call(&exotic, value, &[ctx.string("string")?])?;
        return if primitive.is_object() { Err(no_primitive(ctx)) } else { Ok(primitive) };
    }
    for name in ["toString", "valueOf"] {
        let method = value.get(name)?;
        if method.is_function() {
            let primitive = ctx.call(&method, value, &[])?;
            if !primitive.is_object() {
                return Ok(primitive);
            }
        }
    }
    Err(no_primitive(ctx))
}

fn no_primitive(ctx: Ctx<'_>) -> Thrown {
    ctx.throw_type("an object has no primitive form")
}

/// A string, or an object whose primitive form is one.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn required_text(ctx: Ctx<'_>, value: &Value<'_>, what: &str) -> Result<String> {
    let primitive = to_primitive(ctx, value)?;
    text(ctx, &primitive, what)
}

/// A string.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn text(ctx: Ctx<'_>, value: &Value<'_>, what: &str) -> Result<String> {
    if value.is_string() { value.to_text() } else { Err(ctx.throw_type(&format!("{what} is not a string"))) }
}

/// ToBigInt.
///
/// # Errors
/// Throws a `TypeError` or `SyntaxError` for what is none, a `RangeError` for one past 128 bits.
pub(crate) fn to_bigint(ctx: Ctx<'_>, value: &Value<'_>) -> Result<i128> {
    let bigint = ctx.call(&intrinsic(ctx, "toBigInt")?, &ctx.undefined(), std::slice::from_ref(value))?;
    bigint.with_text(|digits| digits.parse().map_err(|_| range(ctx, "the BigInt is outside the range of instants")))?
}

/// Nanoseconds as a BigInt.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn bigint(ctx: Ctx<'_>, nanoseconds: i128) -> Result<Value<'_>> {
    const SECOND: i128 = 1_000_000_000;
    if let Ok(small) = i64::try_from(nanoseconds) {
        return ctx.bigint_i64(small);
    }
    let part = |part: i128| ctx.bigint_i64(i64::try_from(part).unwrap_or_default());
    let parts = [part(nanoseconds.div_euclid(SECOND))?, part(nanoseconds.rem_euclid(SECOND))?];
    ctx.call(&intrinsic(ctx, "nanoseconds")?, &ctx.undefined(), &parts)
}

/// A `Date`'s time value.
///
/// # Errors
/// Throws a `TypeError` for what is no `Date`.
pub(crate) fn time_value<'a>(ctx: Ctx<'a>, date: &Value<'a>) -> Result<f64> {
    ctx.call(&intrinsic(ctx, "getTime")?, date, &[])?.to_f64()
}
