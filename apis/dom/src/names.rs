//! The names of some hundred classes as globals, at the price of one object.
//!
//! An object in the global object's prototype chain answers for them. The first of them that is touched makes the
//! classes, and all of them become properties of the global object itself.

use crate::classes;
use quickbeam_engine::{Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::cell::Cell;
use std::rc::Rc;

/// The names, sorted.
fn all() -> impl Iterator<Item = &'static str> {
    include_str!("globals.txt").split_whitespace()
}

struct Names {
    /// Whether the classes are being made; then their names are not asked for by a script.
    is_busy: Cell<bool>,
}

/// Puts the names into the global object's prototype chain.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    let names = ctx.exotic_object(Rc::new(Names { is_busy: Cell::new(false) }), Some(&globals.prototype()?))?;
    globals.set_prototype(&names)
}

impl Exotic for Names {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        if key.is_index() || self.is_busy.get() {
            return Ok(None);
        }
        let name = key.to_value()?;
        if !name.is_string() {
            return Ok(None);
        }
        let found = name.with_text(|name| all().find(|known| *known == name))?;
        let Some(found) = found else { return Ok(None) };
        let ctx = object.ctx();
        self.is_busy.set(true);
        let class = resolve(ctx, found);
        self.is_busy.set(false);
        Ok(Some((class?, Attributes::HIDDEN)))
    }

    fn names<'a>(&self, _: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        Ok(Vec::new())
    }

    fn define<'a>(&self, _: &Value<'a>, _: &PropertyKey<'a>, _: Option<&Value<'a>>) -> Result<Option<bool>> {
        Ok(None)
    }

    fn delete<'a>(&self, _: &Value<'a>, _: &PropertyKey<'a>) -> Result<bool> {
        Ok(true)
    }
}

/// The class of that name, which becomes a property of the global object.
fn resolve<'a>(ctx: Ctx<'a>, name: &str) -> Result<Value<'a>> {
    let all = classes(ctx)?;
    let class = ctx.call(&all.get("resolve")?, &ctx.undefined(), &[ctx.string(name)?])?;
    ctx.globals().define(name, class.clone(), Attributes::HIDDEN)?;
    Ok(class)
}
