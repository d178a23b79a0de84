//! Property descriptors of the global object.
//!
//! A global that is made when it is first touched is an accessor until then, which Web IDL does not allow it to look like. Therefore
//! asking for its descriptor touches it.

use quickbeam_engine::{Args, Attributes, Ctx, Result, Value};

const OF_OBJECT: &str = "Object.getOwnPropertyDescriptor";
const OF_REFLECT: &str = "Reflect.getOwnPropertyDescriptor";
const NAME: &str = "getOwnPropertyDescriptor";

pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let (object, reflect) = (ctx.globals().get("Object")?, ctx.globals().get("Reflect")?);
    ctx.keep(OF_OBJECT, object.get(NAME)?);
    ctx.keep(OF_REFLECT, reflect.get(NAME)?);
    object.define(NAME, ctx.function(NAME, 2, |ctx, _, args| describe(ctx, OF_OBJECT, args))?, Attributes::HIDDEN)?;
    reflect.define(NAME, ctx.function(NAME, 2, |ctx, _, args| describe(ctx, OF_REFLECT, args))?, Attributes::HIDDEN)
}

fn describe<'a>(ctx: Ctx<'a>, original: &'static str, args: Args<'a>) -> Result<Value<'a>> {
    let original = ctx.kept(original).unwrap_or_else(|| ctx.undefined());
    let found = args.forward(&original, &ctx.undefined())?;
    if !found.is_object() || !args.get(0).strict_equals(&ctx.globals()) {
        return Ok(found);
    }
    // A lazy global has one function for both directions, which no script gives an accessor.
    let getter = found.get("get")?;
    if getter.is_undefined() || !getter.strict_equals(&found.get("set")?) {
        return Ok(found);
    }
    ctx.call(&getter, &ctx.globals(), &[])?;
    args.forward(&original, &ctx.undefined())
}
