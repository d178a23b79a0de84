//! What `CSSStyleDeclaration` asks of CSS.

use quickbeam_api_webidl::Natives;
use quickbeam_engine::{Ctx, Result, Value};

/// Functions for the glue.
pub(crate) fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Ok(Natives::new(ctx)?
        // `(text)`: name, value, whether it is important, of each declaration in turn
        .function("declarations", |ctx, _, args| {
            let mut parts = Vec::new();
            for declaration in args.get(0).with_text(|text| quickbeam_dom::parse_declarations(&text))? {
                parts.push(ctx.string(&declaration.name)?);
                parts.push(ctx.string(&declaration.value)?);
                parts.push(ctx.boolean(declaration.is_important));
            }
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
