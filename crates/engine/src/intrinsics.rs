//! Builtins that are not the engine's: they check what its own do not.
//!
//! The `next` methods of iterator helpers (`Iterator.prototype.map` and its like) and of iterators that
//! `Iterator.from` wraps are replaced: the engine calls its own `next` functions of an inner iterator
//! without checking the stack, so a chain of 100,000 helpers would overflow it. Through a native
//! function of ours each level is an ordinary call, which is checked.
//!
//! `getFunction` of the call sites that `Error.prepareStackTrace` gets returns nothing, so that no script is given a function of glue.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::Args;
use crate::native::Native;
use crate::object::Attributes;
use crate::persistent::Persistent;
use crate::reveal;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::OnceCell;

/// The engine's own `next` methods as functions of the realm, once they were needed.
#[derive(Default)]
pub(crate) struct Intrinsics {
    helper_next: OnceCell<Persistent>,
    wrapped_next: OnceCell<Persistent>,
}

/// Replaces what is to be replaced in a realm.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let natives = &ctx.inner().layout.natives;
    reveal::install(ctx)?;
    // As for functions in strict mode elsewhere: a frame may be one of glue.
    prototype(ctx, natives.call_site_class)
        .define_function("getFunction", 0, Attributes::HIDDEN, |ctx, _, _| Ok(ctx.undefined()))?;
    prototype(ctx, natives.helper_class).define_function("next", 0, Attributes::HIDDEN, guarded_helper_next)?;
    prototype(ctx, natives.wrapped_class).define_function("next", 0, Attributes::HIDDEN, guarded_wrapped_next)
}

/// The prototype that objects of a class have.
pub(crate) fn prototype(ctx: Ctx<'_>, class: qjs::JSClassID) -> Value<'_> {
    // SAFETY: a live context, and one of its classes; the result is owned.
    unsafe { Value::from_raw(ctx, qjs::JS_GetClassProto(ctx.raw(), class)) }
}

/// What functions inherit from.
pub(crate) fn function_prototype(ctx: Ctx<'_>) -> Value<'_> {
    prototype(ctx, ctx.inner().layout.natives.closure_class)
}

fn guarded_helper_next<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    next(ctx, &ctx.slot().intrinsics.helper_next, ctx.inner().layout.natives.helper_next, this, args)
}

fn guarded_wrapped_next<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    next(ctx, &ctx.slot().intrinsics.wrapped_next, ctx.inner().layout.natives.wrapped_next, this, args)
}

fn next<'a>(
    ctx: Ctx<'a>,
    kept: &OnceCell<Persistent>,
    native: Native,
    this: &Value<'a>,
    args: Args<'a>,
) -> Result<Value<'a>> {
    let function = match kept.get() {
        Some(function) => ctx.get_kept(function),
        None => {
            let function = native.to_function(ctx, c"next")?;
            let _ = kept.set(function.clone().persist());
            function
        }
    };
    args.forward(&function, this)
}
