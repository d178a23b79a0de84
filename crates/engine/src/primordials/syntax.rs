//! Syntax and functions that ask what they work on for more than they should in glue.

use super::table::Owner;
use super::{class_prototype, is_same, missing, species};
use crate::ctx::{Ctx, c_text};
use crate::error::Result;
use crate::function::Args;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, c_int};
use std::sync::OnceLock;

/// What `await` takes without asking a promise for its constructor: itself, if that is the builtin, or else another.
pub(super) fn awaited<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let value = args.get(0);
    if !value.is_promise() || species::is_default(ctx, &ctx.made()?.keys, &value)? {
        return Ok(value);
    }
    let undefined = qjs::JS_UNDEFINED;
    // SAFETY: live values.
    let promise = ctx.check(unsafe { qjs::JS_PromiseThen(ctx.raw(), value.raw(), undefined, undefined) })?;
    promise.define("constructor", ctx.primordial("Promise")?, Attributes::HIDDEN)?;
    Ok(promise)
}

/// A regular expression of glue, which inherits from what only glue has.
pub(super) fn regexp<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let regexp = args.get(0);
    regexp.set_prototype(&regexp_prototype(ctx)?)?;
    Ok(regexp)
}

fn regexp_prototype(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let place = &ctx.made()?.regexp;
    if let Some(known) = place.get() {
        return Ok(ctx.get_kept(known));
    }
    let prototype = ctx.object_without_prototype()?;
    let members = regexp_members(ctx)?;
    // SAFETY: a live object without properties; the list stays.
    ctx.check_int(unsafe {
        qjs::JS_SetPropertyFunctionList(ctx.raw(), prototype.raw(), members.0.as_ptr(), members.0.len() as c_int)
    })?;
    // What `split` makes of itself.
    let class = ctx.constructor("RegExp", 2, |ctx, _, args| {
        let made = ctx.construct(&ctx.primordial("RegExp")?, &args.rest(0))?;
        made.set_prototype(&regexp_prototype(ctx)?)?;
        Ok(made)
    })?;
    let species = PropertyKey::from_value(&ctx.primordial("Symbol")?.get("species")?)?;
    class.define_key(&species, class.clone(), Attributes::FIXED)?;
    prototype.define("constructor", class, Attributes::FIXED)?;
    let _ = place.set(prototype.clone().persist());
    Ok(prototype)
}

/// What is in `RegExp.prototype`.
struct RegExpMembers(Vec<qjs::JSCFunctionListEntry>);

// SAFETY: never written to; its pointers are to code, and to names that stay.
unsafe impl Send for RegExpMembers {}
// SAFETY: as above.
unsafe impl Sync for RegExpMembers {}

fn regexp_members(ctx: Ctx<'_>) -> Result<&'static RegExpMembers> {
    const FUNCTIONS: [(&str, &CStr); 7] = [
        ("exec", c"exec"),
        ("test", c"test"),
        ("@@match", c"[Symbol.match]"),
        ("@@matchAll", c"[Symbol.matchAll]"),
        ("@@replace", c"[Symbol.replace]"),
        ("@@search", c"[Symbol.search]"),
        ("@@split", c"[Symbol.split]"),
    ];
    const GETTERS: [&CStr; 10] = [
        c"flags",
        c"source",
        c"hasIndices",
        c"global",
        c"ignoreCase",
        c"multiline",
        c"dotAll",
        c"unicode",
        c"unicodeSets",
        c"sticky",
    ];
    static MEMBERS: OnceLock<RegExpMembers> = OnceLock::new();
    let table = ctx.primordial_table()?;
    Ok(MEMBERS.get_or_init(|| {
        let functions = FUNCTIONS
            .iter()
            .filter_map(|(name, text)| Some(table.function(&format!("RegExp_prototype_{name}"))?.describe(text)));
        let getters = GETTERS.iter().filter_map(|name| {
            let getter = table.getters.index(name.to_str().ok()?)?;
            Some(table.getters.native(getter, Owner::REG_EXP)?.describe_getter(name))
        });
        RegExpMembers(functions.chain(getters).collect())
    }))
}

/// `object[key] = value`, as if nothing were in `Object.prototype` or `Array.prototype`.
pub(super) fn put<'a>(_ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (object, value) = (args.get(0), args.get(2));
    let key = PropertyKey::from_value(&args.get(1))?;
    if (object.is_ordinary() || object.is_array()) && !is_there(&object, &key)? {
        object.define_key(&key, value.clone(), Attributes::ALL)?;
    } else {
        object.set_key(&key, value.clone())?;
    }
    Ok(value)
}

/// Whether an object, or what it inherits from before the prototype of its class, has a property.
fn is_there(object: &Value<'_>, key: &PropertyKey<'_>) -> Result<bool> {
    let last = class_prototype(object);
    let mut link = object.clone();
    while link.is_object() && !is_same(&link, &last) {
        if link.is_proxy() || link.own_property(key)?.is_some() {
            return Ok(true);
        }
        link = link.prototype()?;
    }
    Ok(false)
}

/// `value instanceof class`, whatever the class says of itself.
pub(super) fn instance_of<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let class = args.get(1);
    if !class.is_function() {
        return Err(ctx.throw_type("invalid 'instanceof' right operand"));
    }
    let native = ctx.primordial_table()?.function("Function_prototype_@@hasInstance").ok_or_else(|| missing(ctx))?;
    native.call(ctx, &class, &[args.get(0)])
}

/// `Object.defineProperty`, of a descriptor that inherits nothing.
pub(super) fn define_property<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    define(ctx, "Object_defineProperty", args)
}

/// `Reflect.defineProperty` likewise.
pub(super) fn reflect_define_property<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    define(ctx, "Reflect_defineProperty", args)
}

fn define<'a>(ctx: Ctx<'a>, function: &str, args: Args<'a>) -> Result<Value<'a>> {
    let native = ctx.primordial_table()?.function(function).ok_or_else(|| missing(ctx))?;
    native.call(ctx, &ctx.undefined(), &[args.get(0), args.get(1), bare(&args.get(2))?])
}

/// `Object.getOwnPropertyDescriptor`, with a descriptor that inherits nothing; of a getter of a builtin, that getter.
pub(super) fn describe<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (object, name) = (args.get(0), args.get(1));
    let native = ctx.primordial_table()?.function("Object_getOwnPropertyDescriptor").ok_or_else(|| missing(ctx))?;
    if let Some(getter) = builtin_getter(ctx, &object, &name)? {
        let described = ctx.object_without_prototype()?;
        described.define("get", getter, Attributes::ALL)?;
        described.define("configurable", ctx.boolean(true), Attributes::ALL)?;
        return Ok(described);
    }
    let described = native.call(ctx, &ctx.undefined(), &[object, name])?;
    if described.is_object() {
        described.set_prototype(&ctx.null())?;
    }
    Ok(described)
}

/// The getter that the prototype of a builtin has at first.
fn builtin_getter<'a>(ctx: Ctx<'a>, object: &Value<'a>, name: &Value<'a>) -> Result<Option<Value<'a>>> {
    let table = ctx.primordial_table()?;
    let text = match name.is_symbol() {
        true => name.symbol_description()?.replace("Symbol.", "@@"),
        false if name.is_string() => name.to_text()?,
        false => return Ok(None),
    };
    let Some(index) = table.getters.index(&text) else { return Ok(None) };
    for (owner, native) in table.getters.of(index) {
        let Some(class) = ctx.primordial_class(owner)? else { continue };
        if is_same(&class.get("prototype")?, object) {
            let name = if name.is_symbol() { "get".to_owned() } else { format!("get {text}") };
            return native.to_function(ctx, &c_text(&name)).map(Some);
        }
    }
    Ok(None)
}

/// `Object.defineProperties` likewise.
pub(super) fn define_properties<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let native = ctx.primordial_table()?.function("Object_defineProperties").ok_or_else(|| missing(ctx))?;
    let descriptors = bare(&args.get(1))?;
    for key in descriptors.keys_with_symbols()? {
        descriptors.define_key(&key, bare(&descriptors.get_key(&key)?)?, Attributes::ALL)?;
    }
    native.call(ctx, &ctx.undefined(), &[args.get(0), descriptors])
}

/// An object of glue without what it inherits.
fn bare<'a>(object: &Value<'a>) -> Result<Value<'a>> {
    let ctx = object.ctx();
    if !object.is_object() || object.is_proxy() || object.prototype()?.is_null() {
        return Ok(object.clone());
    }
    let copy = ctx.object_without_prototype()?;
    for key in object.keys_with_symbols()? {
        copy.define_key(&key, object.get_key(&key)?, Attributes::ALL)?;
    }
    Ok(copy)
}

/// `Object.assign` to an object of glue: properties are defined.
pub(super) fn assign<'a>(_ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let target = args.get(0);
    for source in args.rest(1) {
        if source.is_object() {
            for key in source.enumerable_keys()? {
                target.define_key(&key, source.get_key(&key)?, Attributes::ALL)?;
            }
        }
    }
    Ok(target)
}
