//! Array methods that end when asked.
//!
//! The engine's own versions of the methods below walk an array of 2^53 holes without ever polling for
//! interrupts: years in which nothing could stop the script. They are replaced by functions that call
//! them directly where the walk is short, and otherwise through a proxy whose traps do what the
//! engine would have done: each trap is a call, and each call counts as a step. `flat` and `flatMap`,
//! which walk what they find inside, are written anew.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::Args;
use crate::intrinsics;
use crate::native::Native;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::CStr;

/// Elements that a walk may have without counting them.
const SHORT: u64 = 1 << 20;
/// Bytes that an element of an array takes at least.
const ELEMENT: usize = 16;

/// The largest `length` there is.
const MAX_LENGTH: u64 = (1 << 53) - 1;
/// Elements between two interrupt polls of our own walks.
const STEPS_PER_POLL: u32 = 1_000;
/// Stack that one more level of nested arrays may need.
const STACK_RESERVE: usize = 32 * 1024;

/// Methods that are replaced by functions which call them.
pub(crate) const COUNT: usize = 11;

const METHODS: [&CStr; COUNT] = [
    c"Array.prototype.concat",
    c"Array.prototype.copyWithin",
    c"Array.prototype.fill",
    c"Array.prototype.join",
    c"Array.prototype.reverse",
    c"Array.prototype.shift",
    c"Array.prototype.slice",
    c"Array.prototype.sort",
    c"Array.prototype.splice",
    c"Array.prototype.toLocaleString",
    c"Array.prototype.unshift",
];
const CONCAT: usize = 0;
const SLICE: usize = 6;

/// The engine's methods, in the order of [`METHODS`].
pub(crate) fn originals(find: impl Fn(&CStr) -> Option<Native>) -> Option<[Native; COUNT]> {
    METHODS.iter().map(|name| find(name)).collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// Replaces the methods of a realm's arrays.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    const HIDDEN: Attributes = Attributes::HIDDEN;
    let prototype = intrinsics::prototype(ctx, ctx.inner().layout.natives.array_class);
    prototype.define_function("concat", 1, HIDDEN, concat)?;
    prototype.define_function("copyWithin", 2, HIDDEN, guarded::<1>)?;
    prototype.define_function("fill", 1, HIDDEN, guarded::<2>)?;
    prototype.define_function("join", 1, HIDDEN, guarded::<3>)?;
    prototype.define_function("reverse", 0, HIDDEN, guarded::<4>)?;
    prototype.define_function("shift", 0, HIDDEN, guarded::<5>)?;
    prototype.define_function("slice", 2, HIDDEN, guarded::<6>)?;
    prototype.define_function("sort", 1, HIDDEN, guarded::<7>)?;
    prototype.define_function("splice", 2, HIDDEN, guarded::<8>)?;
    prototype.define_function("toLocaleString", 0, HIDDEN, guarded::<9>)?;
    prototype.define_function("unshift", 1, HIDDEN, guarded::<10>)?;
    prototype.define_function("flat", 0, HIDDEN, flat)?;
    prototype.define_function("flatMap", 1, HIDDEN, flat_map)
}

/// The engine's method.
fn original(ctx: Ctx<'_>, method: usize) -> &'static Native {
    &ctx.inner().layout.natives.array_methods[method]
}

fn guarded<'a, const METHOD: usize>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let original = original(ctx, METHOD);
    if !this.is_object() || is_short(ctx, this)? {
        return args.forward_to(original, this);
    }
    let counted = counted(ctx, this)?;
    let result = args.forward_to(original, &counted)?;
    Ok(if result.strict_equals(&counted) { this.clone() } else { result })
}

/// `concat` walks its arguments too, those that it spreads.
fn concat<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let guard = |value: Value<'a>| -> Result<Value<'a>> {
        if !value.is_object() || is_short(ctx, &value)? || !is_spread(ctx, &value)? {
            return Ok(value);
        }
        counted(ctx, &value)
    };
    let args = args.rest(0).into_iter().map(guard).collect::<Result<Vec<_>>>()?;
    original(ctx, CONCAT).call(ctx, &guard(this.clone())?, &args)
}

fn flat<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let source = to_object(this)?;
    let len = source.length()?;
    let depth = args.get(0);
    let depth = if depth.is_undefined() { 1.0 } else { depth.to_f64()? };
    let target = empty_like(ctx, &source)?;
    Flatten { ctx, target: &target, end: 0, steps: 0 }.walk(&source, len, depth.trunc(), None)?;
    Ok(target)
}

fn flat_map<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let source = to_object(this)?;
    let len = source.length()?;
    let callback = args.get(0);
    if !callback.is_function() {
        return Err(ctx.throw_type("not a function"));
    }
    let target = empty_like(ctx, &source)?;
    Flatten { ctx, target: &target, end: 0, steps: 0 }.walk(&source, len, 1.0, Some((&callback, &args.get(1))))?;
    Ok(target)
}

/// `ToObject`.
fn to_object<'a>(value: &Value<'a>) -> Result<Value<'a>> {
    let ctx = value.ctx();
    // SAFETY: a live value; the result is owned.
    ctx.check(unsafe { qjs::JS_ToObject(ctx.raw(), value.raw()) })
}

/// `ArraySpeciesCreate(source, 0)`, which is what `slice` makes of no elements.
fn empty_like<'a>(ctx: Ctx<'a>, source: &Value<'a>) -> Result<Value<'a>> {
    original(ctx, SLICE).call(ctx, source, &[ctx.int(0), ctx.int(0)])
}

/// `FlattenIntoArray`.
struct Flatten<'f, 'a> {
    ctx: Ctx<'a>,
    target: &'f Value<'a>,
    end: u64,
    steps: u32,
}

impl<'a> Flatten<'_, 'a> {
    fn walk(
        &mut self,
        source: &Value<'a>,
        len: u64,
        depth: f64,
        mapper: Option<(&Value<'a>, &Value<'a>)>,
    ) -> Result<()> {
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(self.ctx.throw_error("RangeError", "Maximum call stack size exceeded"));
        }
        for index in 0..len {
            self.count()?;
            let key = PropertyKey::from_value(&self.ctx.number(index as f64))?;
            if !source.has_key(&key)? {
                continue;
            }
            let mut element = source.get_key(&key)?;
            if let Some((callback, this)) = mapper {
                element = self.ctx.call(callback, this, &[element, self.ctx.number(index as f64), source.clone()])?;
            }
            if depth > 0.0 && element.is_object() && element.is_array_or_proxy_of_one()? {
                let len = element.length()?;
                self.walk(&element, len, depth - 1.0, None)?;
            } else {
                self.append(element)?;
            }
        }
        Ok(())
    }

    fn append(&mut self, element: Value<'a>) -> Result<()> {
        if self.end >= MAX_LENGTH {
            return Err(self.ctx.throw_type("Array too long"));
        }
        let key = PropertyKey::from_value(&self.ctx.number(self.end as f64))?;
        self.end += 1;
        self.target.define_key(&key, element, Attributes::ALL)
    }

    fn count(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps < STEPS_PER_POLL {
            return Ok(());
        }
        self.steps = 0;
        self.ctx.poll(STEPS_PER_POLL)
    }
}

/// `IsConcatSpreadable`.
fn is_spread<'a>(ctx: Ctx<'a>, value: &Value<'a>) -> Result<bool> {
    let symbol = ctx.primordial("Symbol")?.get("isConcatSpreadable")?;
    let spread = value.get_key(&PropertyKey::from_value(&symbol)?)?;
    if spread.is_undefined() { value.is_array_or_proxy_of_one() } else { Ok(spread.truthy()) }
}

/// Whether walking the elements is known to end soon. Nothing can change the length between this look at it and
/// the engine's own.
fn is_short(ctx: Ctx<'_>, value: &Value<'_>) -> Result<bool> {
    let length = if value.is_array() {
        value.length()?
    } else if value.is_proxy() {
        return Ok(false);
    } else {
        match value.own_data("length")?.and_then(|length| length.as_int()) {
            Some(length) => u64::try_from(length).unwrap_or(0),
            None => return Ok(false),
        }
    };
    Ok(length <= SHORT || length <= (ctx.heap().stats().used / ELEMENT) as u64)
}

/// A proxy through which each access to `target` counts as a step.
fn counted<'a>(ctx: Ctx<'a>, target: &Value<'a>) -> Result<Value<'a>> {
    const HANDLER: &str = "array guard";
    let handler = match ctx.kept(HANDLER) {
        Some(handler) => handler,
        None => {
            let handler = traps(ctx)?;
            ctx.keep(HANDLER, handler.clone());
            handler
        }
    };
    // SAFETY: live objects, of which the engine takes references of its own.
    ctx.check(unsafe { qjs::JS_NewProxy(ctx.raw(), target.raw(), handler.raw()) })
}

/// Traps that do to the target what the engine would have done, with the target as receiver.
fn traps(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let handler = ctx.object_without_prototype()?;
    handler.define("get", ctx.function("get", 0, get)?, Attributes::ALL)?;
    handler.define("set", ctx.function("set", 0, set)?, Attributes::ALL)?;
    handler.define("has", ctx.function("has", 0, has)?, Attributes::ALL)?;
    handler.define("deleteProperty", ctx.function("deleteProperty", 0, delete)?, Attributes::ALL)?;
    Ok(handler)
}

fn get<'a>(_ctx: Ctx<'a>, _handler: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).get_key(&PropertyKey::from_value(&args.get(1))?)
}

fn set<'a>(ctx: Ctx<'a>, _handler: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    args.get(0).set_key(&PropertyKey::from_value(&args.get(1))?, args.get(2))?;
    Ok(ctx.boolean(true))
}

fn has<'a>(ctx: Ctx<'a>, _handler: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    Ok(ctx.boolean(args.get(0).has_key(&PropertyKey::from_value(&args.get(1))?)?))
}

fn delete<'a>(ctx: Ctx<'a>, _handler: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    Ok(ctx.boolean(args.get(0).delete_key(&PropertyKey::from_value(&args.get(1))?)?))
}
