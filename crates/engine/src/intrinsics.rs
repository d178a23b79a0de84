//! Builtins of a realm, captured before guest code could replace them.
//!
//! The `next` methods of iterator helpers (`Iterator.prototype.map` and its like) and of iterators that
//! `Iterator.from` wraps are replaced: the engine calls its own `next` functions of an inner iterator
//! without checking the stack, so a chain of 100,000 helpers would overflow it. Through a native
//! function of ours each level is an ordinary call, which is checked.

use crate::array_guard::ArrayMethods;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::Args;
use crate::object::Attributes;
use crate::persistent::Persistent;
use crate::value::Value;

pub(crate) struct Intrinsics {
    pub(crate) map_for_each: Persistent,
    pub(crate) set_for_each: Persistent,
    pub(crate) date_get_time: Persistent,
    pub(crate) bigint_to_string: Persistent,
    pub(crate) view_byte_length: Persistent,
    pub(crate) object_prototype: Persistent,
    pub(crate) map_size: Persistent,
    pub(crate) set_size: Persistent,
    pub(crate) array_methods: ArrayMethods,
    helper_next: Persistent,
    wrapped_next: Persistent,
}

impl Intrinsics {
    /// Captures what the realm needs and guards its iterators.
    pub(crate) fn of(ctx: Ctx<'_>) -> Result<Intrinsics> {
        let prototype = |class: &str| ctx.globals().get(class)?.get("prototype");
        let method = |class: &str, name: &str| -> Result<Persistent> { Ok(prototype(class)?.get(name)?.persist()) };
        let typed_array = ctx.globals().get("Uint8Array")?.get("prototype")?.prototype()?;
        let iterator = ctx.globals().get("Iterator")?;
        let helper = ctx.call(&iterator.get("prototype")?.get("take")?, &ctx.object()?, &[ctx.int(0)])?;
        let wrapped = ctx.call(&iterator.get("from")?, &iterator, &[ctx.object()?])?;
        Ok(Intrinsics {
            map_for_each: method("Map", "forEach")?,
            set_for_each: method("Set", "forEach")?,
            date_get_time: method("Date", "getTime")?,
            bigint_to_string: method("BigInt", "toString")?,
            object_prototype: prototype("Object")?.persist(),
            map_size: prototype("Map")?.own_getter("size")?.persist(),
            set_size: prototype("Set")?.own_getter("size")?.persist(),
            view_byte_length: typed_array.own_getter("byteLength")?.persist(),
            array_methods: ArrayMethods::install(ctx)?,
            helper_next: replace_next(&helper, ctx.function("next", 0, guarded_helper_next)?)?,
            wrapped_next: replace_next(&wrapped, ctx.function("next", 0, guarded_wrapped_next)?)?,
        })
    }
}

/// Gives the prototype of `iterator` another `next` and returns the one it had.
fn replace_next<'a>(iterator: &Value<'a>, guarded: Value<'a>) -> Result<Persistent> {
    let prototype = iterator.prototype()?;
    let original = prototype.get("next")?;
    prototype.define("next", guarded, Attributes::HIDDEN)?;
    Ok(original.persist())
}

fn guarded_helper_next<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.forward(&ctx.get_kept(&ctx.slot().intrinsics().helper_next), this)
}

fn guarded_wrapped_next<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.forward(&ctx.get_kept(&ctx.slot().intrinsics().wrapped_next), this)
}
