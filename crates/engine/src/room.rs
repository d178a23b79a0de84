//! Room for the properties of builtins.
//!
//! The engine puts blocks of up to 512 bytes side by side with others of their size, in arenas of 4 KB that are touched as a
//! whole when they are made. Few objects of a realm have some twenty properties: each of their blocks would be alone in its arena. With room for
//! some more properties a block is one of its own, of less than 1 KB; and the object for what scripts declare, which the engine makes room
//! for at once, gets it when they do.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::layout::object_layout;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;

/// Blocks that hold more are not in an arena.
const IN_ARENA: usize = 512;

/// More than an object is ever given.
const MOST: u32 = 40;

/// Deleted properties after which the engine moves those that are left together.
const SWEPT_AFTER: u32 = 8;

/// Objects with so many properties that their blocks are among the larger ones of an arena.
const LARGE: [&str; 5] = ["Object", "Number", "Symbol", "RegExp.prototype", "Iterator.prototype"];

/// Gives a new realm's objects the room that takes the least memory.
pub(crate) fn arrange(ctx: Ctx<'_>) -> Result<()> {
    let declared = ctx.lexical();
    add(&declared, |count| count < SWEPT_AFTER)?;
    LARGE.iter().try_for_each(|path| {
        let object = path.split('.').try_fold(ctx.globals(), |object, name| object.get(name))?;
        add(&object, |count| count < MOST && is_in_arena(&object))
    })
}

/// Adds properties while that is asked for, and deletes them again.
fn add(object: &Value<'_>, is_wanted: impl Fn(u32) -> bool) -> Result<()> {
    let ctx = object.ctx();
    let mut count = 0;
    while is_wanted(count) {
        let flags = Attributes::ALL.flags();
        // SAFETY: a live object.
        ctx.check_int(unsafe {
            qjs::JS_DefinePropertyValueUint32(ctx.raw(), object.raw(), count, qjs::JS_UNDEFINED, flags)
        })?;
        count += 1;
    }
    // SAFETY: a live object; indices are atoms that need not be freed.
    (0..count).try_for_each(|index| {
        ctx.check_int(unsafe {
            qjs::JS_DeleteProperty(ctx.raw(), object.raw(), qjs::JS_NewAtomUInt32(ctx.raw(), index), 0)
        })
        .map(drop)
    })
}

/// Whether the values of its properties are in an arena.
fn is_in_arena(object: &Value<'_>) -> bool {
    object_layout().is_some_and(|layout| {
        // SAFETY: a live object's values, which are a block of the engine's.
        unsafe { qjs::js_malloc_usable_size(object.ctx().raw(), (*layout.values(object)).cast()) as usize <= IN_ARENA }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EvalOptions, Isolate, IsolateOptions};

    #[test]
    fn large_builtins_are_blocks_of_their_own_and_have_no_more_properties_than_before() {
        let isolate = Isolate::new(IsolateOptions::default()).expect("memory");
        let realm = isolate.new_realm().expect("memory");
        isolate.enter(&realm, |ctx| {
            for path in LARGE {
                let object = ctx.eval(path, &EvalOptions::default()).expect("it is there");
                assert!(!is_in_arena(&object), "{path}");
                assert!(object.all_keys().expect("memory").iter().all(|key| !key.is_index()), "{path}");
            }
            assert!(ctx.lexical_globals().expect("memory").is_empty());
        });
    }
}
