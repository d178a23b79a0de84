//! Methods that ask their receiver for the class of what they make (`ArraySpeciesCreate` and its like): for glue it is the builtin.

use super::table::Owner;
use super::{Keys, class_prototype, is_same};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::object::PropertyKey;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;
use std::mem::ManuallyDrop;

/// Whether methods of this do.
pub(super) fn is_asked_by(owner: Owner) -> bool {
    [Owner::ARRAY, Owner::TYPED_ARRAY, Owner::ARRAY_BUFFER, Owner::SHARED_ARRAY_BUFFER].contains(&owner)
}

/// Calls `f` with the receiver, or with a copy of it, while that has a constructor of its own if the inherited one is not the builtin.
pub(super) fn with_default<'a>(
    ctx: Ctx<'a>,
    owner: Owner,
    receiver: &Value<'a>,
    f: impl FnOnce(&Value<'a>) -> Result<Value<'a>>,
) -> Result<Value<'a>> {
    let keys = &ctx.made()?.keys;
    if is_of_class_of_its_own(receiver)? || is_default(ctx, keys, receiver)? {
        return f(receiver);
    }
    let copy = match owner {
        Owner::ARRAY if unsafe_to_extend(receiver) => {
            let len = receiver.length()?.min(u64::from(u32::MAX)) as u32;
            Some(ctx.array((0..len).map(|index| receiver.get_index(index)).collect::<Result<_>>()?)?)
        }
        _ => None,
    };
    let object = copy.as_ref().unwrap_or(receiver);
    let flags = qjs::JS_PROP_CONFIGURABLE as c_int;
    // SAFETY (both): a live object and atom.
    let is_shielded =
        unsafe { qjs::JS_DefinePropertyValue(ctx.raw(), object.raw(), keys.constructor, qjs::JS_UNDEFINED, flags) > 0 };
    let result = f(object);
    if is_shielded {
        // SAFETY: as above.
        unsafe { qjs::JS_DeleteProperty(ctx.raw(), object.raw(), keys.constructor, 0) };
    }
    result
}

/// Whether it inherits from something else than the builtin, so that it is for that to say.
fn is_of_class_of_its_own(object: &Value<'_>) -> Result<bool> {
    Ok(!is_same(&object.prototype()?, &class_prototype(object)))
}

fn unsafe_to_extend(object: &Value<'_>) -> bool {
    // SAFETY: a live object.
    unsafe { qjs::JS_IsExtensible(object.ctx().raw(), object.raw()) == 0 }
}

/// Whether what an object inherits as its constructor makes objects of the builtin class.
pub(super) fn is_default(ctx: Ctx<'_>, keys: &Keys, object: &Value<'_>) -> Result<bool> {
    // SAFETY: atoms of this realm, which `Keys` holds.
    let (constructor, species) = unsafe {
        (
            ManuallyDrop::new(PropertyKey::from_raw(ctx, keys.constructor)),
            ManuallyDrop::new(PropertyKey::from_raw(ctx, keys.species)),
        )
    };
    if object.own_property(&constructor)?.is_some() {
        return Ok(false);
    }
    let prototype = class_prototype(object);
    let Some(class) = prototype.own_property(&constructor)?.map(|own| own.value) else { return Ok(false) };
    if !class.is_object() || class.is_proxy() || class.is_stand_in() {
        return Ok(false);
    }
    // A builtin class is one whose prototype this is: no script can give another function that.
    let Some(own) = class.own_data("prototype")? else { return Ok(false) };
    if !is_same(&own, &prototype) || ctx.inner().layout.natives.of(&class).is_none() {
        return Ok(false);
    }
    let getter = match class.own_property(&species)? {
        Some(own) => own.getter,
        // Typed arrays inherit it.
        None => match class.prototype()?.own_property(&species)? {
            Some(own) => own.getter,
            None => return Ok(false),
        },
    };
    let table = ctx.primordial_table()?;
    let known = table.function("Array_@@species");
    let found = ctx.inner().layout.natives.of(&getter);
    Ok(known.zip(found).is_some_and(|(known, found)| known.is_same(&found)))
}
