//! What the glue hands over: locales it has resolved and objects of options it has checked.

use icu::locale::Locale;
use quickbeam_engine::{Ctx, Result, Thrown, Value};
use std::cell::Cell;
use std::fmt::Display;
use std::ops::Deref;
use std::rc::Rc;

/// A resolved locale, with its preferences as Unicode extension keywords.
///
/// # Errors
/// Throws a `RangeError` if it is none.
pub(crate) fn locale(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Locale> {
    let text = value.to_text()?;
    text.parse().map_err(|_| range(ctx, &format!("{text:?} is not a locale")))
}

/// A text option; `None` if it is `undefined`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn text(options: &Value<'_>, name: &str) -> Result<Option<String>> {
    let value = options.get(name)?;
    if value.is_undefined() { Ok(None) } else { value.to_text().map(Some) }
}

/// A number option; `None` if it is `undefined`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn number(options: &Value<'_>, name: &str) -> Result<Option<i16>> {
    let value = options.get(name)?;
    if value.is_undefined() { Ok(None) } else { value.to_f64().map(|number| Some(number as i16)) }
}

/// A `RangeError`.
pub(crate) fn range(ctx: Ctx<'_>, message: &str) -> Thrown {
    ctx.throw_error("RangeError", message)
}

/// A `RangeError` for data that the library does not have.
pub(crate) fn no_data<E: Display>(ctx: Ctx<'_>, what: &str) -> impl Fn(E) -> Thrown {
    move |error| range(ctx, &format!("no data of {what}: {error}"))
}

/// Formatters and the like that one realm has at once. Some take several kilobytes, which its heap does not show.
const MAX_HELD: usize = 10_000;

/// Something native behind a handle of the glue's.
pub(crate) struct Held<T> {
    value: T,
    count: Rc<Cell<usize>>,
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        self.count.set(self.count.get().saturating_sub(1));
    }
}

/// Makes a handle.
///
/// # Errors
/// Throws a `RangeError` past 10,000 of them, or if memory is short.
pub(crate) fn hold<T: 'static>(ctx: Ctx<'_>, value: T) -> Result<Value<'_>> {
    let count = count(ctx)?;
    if count.get() >= MAX_HELD {
        ctx.collect_garbage();
    }
    if count.get() >= MAX_HELD {
        return Err(range(ctx, &format!("a realm has at most {MAX_HELD} formatters at once")));
    }
    count.set(count.get() + 1);
    ctx.host_object(Rc::new(Held { value, count }), None)
}

fn count(ctx: Ctx<'_>) -> Result<Rc<Cell<usize>>> {
    const KEPT: &str = "intl.count";
    if let Some(count) = ctx.kept(KEPT).and_then(|kept| kept.host()) {
        return Ok(count);
    }
    let count = Rc::new(Cell::new(0));
    ctx.keep(KEPT, ctx.host_object(count.clone(), None)?);
    Ok(count)
}

/// What is behind a handle.
///
/// # Errors
/// Throws a `TypeError` for any other value.
pub(crate) fn behind<T: 'static>(ctx: Ctx<'_>, value: &Value<'_>) -> Result<Rc<Held<T>>> {
    value.host().ok_or_else(|| ctx.throw_type("this is not an object of the right class"))
}
