//! Reflection on the global object that does not show which of its properties are lazy.
//!
//! A lazy global is an accessor until it is first touched, and must not look like one. Therefore asking for its
//! descriptor, or defining it anew, touches it. A [deferred](crate::deferred) instance has a placeholder for its prototype until it
//! is first used. Therefore asking for that, or forbidding that the instance gets properties, uses it.

use crate::ctx::{Ctx, c_text};
use crate::error::Result;
use crate::function::{Args, native_entry};
use crate::native::Native;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, CString, c_int};
use std::sync::OnceLock;

/// The engine's functions that are replaced, and all others of `Reflect`.
pub(crate) struct Reflection {
    /// `Reflect.get`
    pub(crate) get: Native,
    describe: Native,
    describe_all: Native,
    define: Native,
    prototype_of: Native,
    inherited: Native,
    prevent: Native,
    freeze: Native,
    seal: Native,
    reflect_describe: Native,
    reflect_define: Native,
    reflect_prototype_of: Native,
    reflect_prevent: Native,
    reflect: Vec<(CString, Native)>,
}

impl Reflection {
    pub(crate) fn find(native: impl Fn(&CStr) -> Option<Native>, names: &str) -> Option<Reflection> {
        let of_reflect = |name: &str| Some((c_text(name), native(&c_text(&format!("Reflect.{name}")))?));
        Some(Reflection {
            get: native(c"Reflect.get")?,
            describe: native(c"Object.getOwnPropertyDescriptor")?,
            describe_all: native(c"Object.getOwnPropertyDescriptors")?,
            define: native(c"Object.defineProperty")?,
            prototype_of: native(c"Object.getPrototypeOf")?,
            inherited: native(c"Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get")?,
            prevent: native(c"Object.preventExtensions")?,
            freeze: native(c"Object.freeze")?,
            seal: native(c"Object.seal")?,
            reflect_describe: native(c"Reflect.getOwnPropertyDescriptor")?,
            reflect_define: native(c"Reflect.defineProperty")?,
            reflect_prototype_of: native(c"Reflect.getPrototypeOf")?,
            reflect_prevent: native(c"Reflect.preventExtensions")?,
            reflect: names.split(',').map(of_reflect).collect::<Option<Vec<_>>>()?,
        })
    }
}

/// `Reflect` of our own: an object that the engine makes when it is first read, from a list that stays.
struct Table(qjs::JSCFunctionListEntry);

// SAFETY: never written to; its pointers are to code, and to names and a list that stay.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// Replaces the functions of a realm.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let object = ctx.globals().get("Object")?;
    object.define_function("getOwnPropertyDescriptor", 2, Attributes::HIDDEN, |ctx, this, args| {
        revealing(ctx, &reflection(ctx).describe, this, args)
    })?;
    object.define_function("getOwnPropertyDescriptors", 1, Attributes::HIDDEN, describe_all)?;
    object.define_function("defineProperty", 3, Attributes::HIDDEN, |ctx, this, args| {
        revealing(ctx, &reflection(ctx).define, this, args)
    })?;
    object.define_function("getPrototypeOf", 1, Attributes::HIDDEN, |ctx, this, args| {
        making(ctx, &reflection(ctx).prototype_of, this, args)
    })?;
    object.define_function("preventExtensions", 1, Attributes::HIDDEN, |ctx, this, args| {
        making(ctx, &reflection(ctx).prevent, this, args)
    })?;
    object.define_function("freeze", 1, Attributes::HIDDEN, |ctx, this, args| {
        making(ctx, &reflection(ctx).freeze, this, args)
    })?;
    object.define_function("seal", 1, Attributes::HIDDEN, |ctx, this, args| {
        making(ctx, &reflection(ctx).seal, this, args)
    })?;
    let getter = ctx.function("get __proto__", 0, |ctx, this, args| {
        ctx.make_instance(this)?;
        args.forward_to(&reflection(ctx).inherited, this)
    })?;
    let (prototype, key, has_getter) = (object.get("prototype")?, ctx.key("__proto__")?, qjs::JS_PROP_HAS_GET as c_int);
    // SAFETY: live values, which the engine keeps references of its own to. The setter stays what it is.
    ctx.check_int(unsafe {
        let none = qjs::JS_UNDEFINED;
        qjs::JS_DefineProperty(ctx.raw(), prototype.raw(), key.atom(), none, getter.raw(), none, has_getter)
    })?;
    let globals = ctx.globals();
    globals.delete("Reflect")?;
    // SAFETY: a live object without a property of that name; the table stays.
    ctx.check_int(unsafe { qjs::JS_SetPropertyFunctionList(ctx.raw(), globals.raw(), &table(ctx).0, 1) }).map(drop)
}

fn reflection(ctx: Ctx<'_>) -> &'static Reflection {
    &ctx.inner().layout.reflection
}

fn table(ctx: Ctx<'_>) -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let describe = native_entry(|ctx, this, args| revealing(ctx, &reflection(ctx).reflect_describe, this, args));
        let define = native_entry(|ctx, this, args| revealing(ctx, &reflection(ctx).reflect_define, this, args));
        let prototype_of =
            native_entry(|ctx, this, args| making(ctx, &reflection(ctx).reflect_prototype_of, this, args));
        let prevent = native_entry(|ctx, this, args| making(ctx, &reflection(ctx).reflect_prevent, this, args));
        let mut list: Vec<qjs::JSCFunctionListEntry> = Vec::new();
        for (name, native) in &reflection(ctx).reflect {
            list.push(match name.to_bytes() {
                b"getOwnPropertyDescriptor" => native.with_entry(describe).describe(name),
                b"defineProperty" => native.with_entry(define).describe(name),
                b"getPrototypeOf" => native.with_entry(prototype_of).describe(name),
                b"preventExtensions" => native.with_entry(prevent).describe(name),
                _ => native.describe(name),
            });
        }
        list.push(qjs::JSCFunctionListEntry {
            name: c"[Symbol.toStringTag]".as_ptr(),
            prop_flags: qjs::JS_PROP_CONFIGURABLE as u8,
            def_type: qjs::JS_DEF_PROP_STRING as u8,
            magic: 0,
            u: qjs::JSCFunctionListEntry__bindgen_ty_1 { str_: c"Reflect".as_ptr() },
        });
        let list: &'static [qjs::JSCFunctionListEntry] = list.leak();
        let prop_list =
            qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_4 { tab: list.as_ptr(), len: list.len() as c_int };
        Table(qjs::JSCFunctionListEntry {
            name: c"Reflect".as_ptr(),
            prop_flags: Attributes::HIDDEN.flags() as u8,
            def_type: qjs::JS_DEF_OBJECT as u8,
            magic: 0,
            u: qjs::JSCFunctionListEntry__bindgen_ty_1 { prop_list },
        })
    })
}

/// Does what the engine's function does, once the property of the global object that it is for has been touched.
fn revealing<'a>(ctx: Ctx<'a>, original: &Native, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if !args.get(0).strict_equals(&ctx.globals()) {
        return args.forward_to(original, this);
    }
    let key = PropertyKey::from_value(&args.get(1))?;
    reveal(ctx, &key)?;
    let mut args = args.rest(0);
    if let Some(place) = args.get_mut(1) {
        *place = key.to_value()?;
    }
    original.call(ctx, this, &args)
}

/// Does what the engine's function does, once the instance that it is for has been made.
fn making<'a>(ctx: Ctx<'a>, original: &Native, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    ctx.make_instance(&args.get(0))?;
    args.forward_to(original, this)
}

fn describe_all<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if args.get(0).strict_equals(&ctx.globals()) {
        for key in ctx.globals().all_keys()? {
            reveal(ctx, &key)?;
        }
    }
    args.forward_to(&reflection(ctx).describe_all, this)
}

/// Touches a property of the global object if it is lazy.
fn reveal(ctx: Ctx<'_>, key: &PropertyKey<'_>) -> Result<()> {
    let globals = ctx.globals();
    let getter = globals.own_getter_of(key)?;
    if getter.is_lazy_accessor() {
        ctx.call(&getter, &globals, &[])?;
    }
    Ok(())
}
