//! What an iterator of a `Map` or a `Set` has yet to give, without taking it.
//!
//! A second iterator of the collection goes to where the first one stands.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::layout::CollectionIterator;
use crate::native::Native;
use crate::value::Value;
use rquickjs::qjs;
use std::ptr;

/// What an iterator has yet to give.
pub struct Preview<'a> {
    /// The first of it.
    pub items: Vec<Value<'a>>,
    /// How many follow those.
    pub more: usize,
    /// Whether each is a pair of a key and a value.
    pub are_pairs: bool,
}

impl<'a> Value<'a> {
    /// What an iterator of a `Map` or a `Set` has yet to give, at most so many items of it; `None` for other values, and where the entry that it
    /// stands at was deleted. No script runs.
    ///
    /// # Errors
    /// Throws if memory is short or the script is to end.
    pub fn preview(&self, most: usize) -> Result<Option<Preview<'a>>> {
        let ctx = self.ctx();
        let class = match self.class_name()?.as_deref() {
            Some("Map Iterator") => "Map",
            Some("Set Iterator") => "Set",
            _ => return Ok(None),
        };
        let Some(own) = kept_by(self) else { return Ok(None) };
        // SAFETY: what a live iterator keeps, which no script changes meanwhile.
        let (collection, kind, entry) = unsafe { ((*own).collection, (*own).kind, (*own).entry) };
        let mut preview = Preview { items: Vec::new(), more: 0, are_pairs: kind == CollectionIterator::PAIRS };
        // SAFETY: reading a tag.
        if unsafe { qjs::JS_VALUE_GET_TAG(collection) } == qjs::JS_TAG_UNDEFINED {
            return Ok(Some(preview));
        }
        let method = match (class, kind) {
            (_, CollectionIterator::PAIRS) => "entries",
            ("Map", CollectionIterator::KEYS) => "keys",
            _ => "values",
        };
        let (Some(begin), Some(next)) = (
            builtin(ctx, &format!("{class}_prototype_{method}"))?,
            builtin(ctx, &format!("{class}Iterator_prototype_next"))?,
        ) else {
            return Ok(None);
        };
        // SAFETY: a live value of this realm's isolate, which is kept by one more reference.
        let collection = unsafe { Value::from_raw(ctx, qjs::JS_DupValue(ctx.raw(), collection)) };
        let second = begin.call(ctx, &collection, &[])?;
        let Some(place) = kept_by(&second) else { return Ok(None) };
        let mut steps = 0;
        let mut step = || {
            steps += 1;
            if steps % 1000 == 0 {
                ctx.poll(1000)?;
            }
            next.step(ctx, &second)
        };
        // SAFETY: what a live iterator keeps.
        while !ptr::eq(unsafe { (*place).entry }, entry) {
            if step()?.is_none() {
                return Ok(None);
            }
        }
        while let Some(item) = step()? {
            if preview.items.len() < most {
                preview.items.push(item);
            } else {
                preview.more += 1;
            }
        }
        Ok(Some(preview))
    }
}

fn builtin(ctx: Ctx<'_>, name: &str) -> Result<Option<&'static Native>> {
    Ok(ctx.primordial_table()?.function(name))
}

/// What the engine keeps of an iterator of a `Map` or a `Set`.
fn kept_by(iterator: &Value<'_>) -> Option<*const CollectionIterator> {
    let mut class = 0;
    // SAFETY: a live object.
    let kept = unsafe { qjs::JS_GetAnyOpaque(iterator.raw(), &mut class) };
    (CollectionIterator::is_known() && !kept.is_null()).then(|| kept.cast_const().cast())
}
