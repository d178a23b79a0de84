//! What `CSSStyleDeclaration` asks of CSS, and its indexed properties.

use crate::collection::{ELEMENT, keys};
use quickbeam_api_webidl::Natives;
use quickbeam_dom::Declaration;
use quickbeam_engine::{Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::rc::Rc;

/// A `CSSStyleDeclaration`; the glue has its declarations.
struct Style;

/// The names of the declarations.
fn names<'a>(style: &Value<'a>) -> Result<Value<'a>> {
    let ctx = style.ctx();
    ctx.call(&crate::classes(ctx)?.get("styleNames")?, &ctx.undefined(), std::slice::from_ref(style))
}

impl Exotic for Style {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        let Some(index) = key.as_index() else { return Ok(None) };
        let name = names(object)?.get_index(index)?;
        Ok((!name.is_undefined()).then_some((name, ELEMENT)))
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        keys(object.ctx(), names(object)?.length()? as usize, &[])
    }

    fn define<'a>(&self, _: &Value<'a>, key: &PropertyKey<'a>, _: Option<&Value<'a>>) -> Result<Option<bool>> {
        Ok(key.is_index().then_some(false))
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        let Some(index) = key.as_index() else { return Ok(true) };
        Ok(u64::from(index) >= names(object)?.length()?)
    }
}

/// How many declarations are read between two polls.
const DECLARATIONS_PER_POLL: u32 = 256;

fn push<'a>(ctx: Ctx<'a>, parts: &mut Vec<Value<'a>>, declaration: &Declaration) -> Result<()> {
    parts.push(ctx.string(&declaration.name)?);
    parts.push(ctx.string(&declaration.value)?);
    parts.push(ctx.boolean(declaration.is_important));
    Ok(())
}

/// Functions for the glue.
pub(crate) fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Ok(Natives::new(ctx)?
        // `(prototype)`: a new object
        .function("declaration", |ctx, _, args| ctx.exotic_object(Rc::new(Style), Some(&args.get(0))))?
        // `(text)`: name, value, whether it is important, of each declaration in turn
        .function("declarations", |ctx, _, args| {
            let mut parts = Vec::new();
            let mut count = 0_u32;
            let mut outcome = Ok(());
            args.get(0).with_text(|text| {
                quickbeam_dom::parse_declarations(&text, &mut |declaration| {
                    count += 1;
                    let polled = if count.is_multiple_of(DECLARATIONS_PER_POLL) {
                        ctx.poll(DECLARATIONS_PER_POLL)
                    } else {
                        Ok(())
                    };
                    outcome = polled.and_then(|()| declaration.map_or(Ok(()), |found| push(ctx, &mut parts, &found)));
                    outcome.is_ok()
                });
            })?;
            outcome?;
            ctx.array(parts)
        })?
        // `(text)`: the value, closed at its end, or `null`
        .function("value", |ctx, _, args| {
            let value = args.get(0).with_text(|text| quickbeam_dom::parse_value(&text))?;
            crate::members::string_or_null(ctx, value.as_deref())
        })?
        // `(name)`: an identifier of CSS
        .function("identifier", |ctx, _, args| {
            ctx.string(&args.get(0).with_text(|name| quickbeam_dom::identifier(&name))?)
        })?
        .into_value())
}
