//! Calls of methods and getters, as glue writes them: `list.push(x)` and `bytes.byteLength`.
//!
//! The receiver's class says whose method is meant. Objects that inherit from something else than that class (`Buffer` from
//! `Uint8Array`, a class of glue) may have one of their own, which goes first, as it would in plain JavaScript. Functions
//! are simply called: what a script has made of their properties is not asked.

use super::species;
use super::table::{Owner, Role, Table};
use super::{class_prototype, enter, is_same, missing};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::function::Args;
use crate::native::Native;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;

const OPTIONAL: c_int = 1 << 14;

/// What [`call`] and [`read`] are told.
pub(super) fn magic(index: u16, is_optional: bool) -> c_int {
    c_int::from(index) | if is_optional { OPTIONAL } else { 0 }
}

/// Calls a method of the first argument with the others.
///
/// SAFETY: called by the engine.
pub(super) unsafe extern "C" fn call(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: by contract.
    unsafe {
        enter(ctx, argc, argv, |ctx, args| {
            let table = ctx.primordial_table()?;
            let receiver = args.get(0);
            if magic & OPTIONAL != 0 && (receiver.is_undefined() || receiver.is_null()) {
                return Ok(ctx.undefined());
            }
            invoke(ctx, table, (magic & !OPTIONAL) as u16, &receiver, args.skip(1))
        })
    }
}

/// Calls a method of `this`: what a function taken from a prototype is to glue.
///
/// SAFETY: called by the engine.
pub(super) unsafe extern "C" fn call_on(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: by contract; `this` is lent for the call.
    unsafe {
        enter(ctx, argc, argv, |ctx, args| {
            let receiver = Value::borrowed(ctx, this);
            invoke(ctx, ctx.primordial_table()?, magic as u16, &receiver, args)
        })
    }
}

/// Reads a property of the first argument.
///
/// SAFETY: called by the engine.
pub(super) unsafe extern "C" fn read(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: by contract.
    unsafe {
        enter(ctx, argc, argv, |ctx, args| {
            let table = ctx.primordial_table()?;
            let object = args.get(0);
            let (index, owner) = (magic as u16, table.owner_of(&object));
            let name = &table.getters.names[usize::from(index)];
            // What an error has of its own goes before what it inherits.
            let is_own = owner == Some(Owner::ERROR) && object.own_property(&ctx.key(name)?)?.is_some();
            match owner.filter(|_| !is_own).and_then(|owner| table.getters.native(index, owner)) {
                Some(native) if !has_its_own(&object, name)? => native.call(ctx, &object, &[]),
                _ => object.get(name),
            }
        })
    }
}

fn invoke<'a>(ctx: Ctx<'a>, table: &Table, index: u16, receiver: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let at = usize::from(index);
    let (name, role) = (table.methods.names[at].as_str(), table.methods.roles[at]);
    let owner = match table.owner_of(receiver) {
        None if receiver.is_function() => Some(Owner::FUNCTION),
        owner => owner,
    };
    let Some((owner, native)) = owner.and_then(|owner| Some((owner, table.methods.native(index, owner)?))) else {
        return call_its_own(receiver, name, args);
    };
    if owner == Owner::FUNCTION {
        return match role {
            Role::Call => args.skip(1).forward(receiver, &args.get(0)),
            _ => args.forward_to(native, receiver),
        };
    }
    // Iterators are what scripts give, as a rule.
    let is_replaced = owner.is_iterator() && receiver.own_property(&ctx.key(name)?)?.is_some();
    if is_replaced || (receiver.is_object() && has_its_own(receiver, name)?) {
        return call_its_own(receiver, name, args);
    }
    match (role, owner) {
        (Role::Push, Owner::ARRAY) => push(ctx, receiver, args),
        (Role::Then, Owner::PROMISE) => then(ctx, receiver, &args.get(0), &args.get(1)),
        (Role::Catch, Owner::PROMISE) => then(ctx, receiver, &ctx.undefined(), &args.get(0)),
        (Role::Search, Owner::STRING) => search(ctx, receiver, native, args),
        (Role::Species, _) if species::is_asked_by(owner) => {
            species::with_default(ctx, owner, receiver, |receiver| args.forward_to(native, receiver))
        }
        _ => args.forward_to(native, receiver),
    }
}

fn call_its_own<'a>(receiver: &Value<'a>, name: &str, args: Args<'a>) -> Result<Value<'a>> {
    args.forward(&receiver.get(name)?, receiver)
}

/// Whether something between an object and the prototype of its class has a property of that name.
fn has_its_own(object: &Value<'_>, name: &str) -> Result<bool> {
    let class = class_prototype(object);
    let mut link = object.prototype()?;
    if is_same(&link, &class) {
        return Ok(false);
    }
    let key = object.ctx().key(name)?;
    while link.is_object() && !is_same(&link, &class) {
        if link.is_proxy() || link.own_property(&key)?.is_some() {
            return Ok(true);
        }
        link = link.prototype()?;
    }
    Ok(false)
}

/// Defines the elements, where `Array.prototype.push` would assign them.
fn push<'a>(ctx: Ctx<'a>, array: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let mut len = array.length()?;
    for index in 0..args.len() {
        let Ok(place) = u32::try_from(len) else { return Err(ctx.throw_type("the array is too long")) };
        array.set_index(place, args.get(index))?;
        len += 1;
    }
    Ok(ctx.number(len as f64))
}

/// `PerformPromiseThen`, with a promise that is the builtin's.
fn then<'a>(ctx: Ctx<'a>, promise: &Value<'a>, fulfilled: &Value<'a>, rejected: &Value<'a>) -> Result<Value<'a>> {
    // SAFETY: live values.
    ctx.check(unsafe { qjs::JS_PromiseThen(ctx.raw(), promise.raw(), fulfilled.raw(), rejected.raw()) })
}

/// What is looked for is asked how to, even if it is a string: so it is given as an object that inherits nothing.
fn search<'a>(ctx: Ctx<'a>, text: &Value<'a>, native: &Native, args: Args<'a>) -> Result<Value<'a>> {
    let sought = args.get(0);
    if !sought.is_string() {
        return args.forward_to(native, text);
    }
    let object = ctx.object_without_prototype()?;
    let string = ctx.bound_function(&sought, |_, text, _| Ok(text.clone()))?;
    object.define("toString", string, Attributes::ALL)?;
    let mut all = args.rest(0);
    *all.first_mut().ok_or_else(|| missing(ctx))? = object;
    native.call(ctx, text, &all)
}
