//! Builtins as they were before any script ran, for [glue](crate::Glue).
//!
//! The C functions of the builtins are known once per process ([`Table`]), so a realm need not keep function objects: it captures its
//! classes when it is made, and makes the rest when glue asks for it. What glue gets is one object without a prototype per
//! realm, `$`, which holds what the glue loaded so far needs:
//!
//! | property | is |
//! |---|---|
//! | `Object`, `Map` | the class |
//! | `Object_keys`, `String_prototype_trim` | the function of it |
//! | `push`, `["?push"]` | calls a method of its first argument: the builtin, unless that has or inherits one of its own ([`method`]) |
//! | `get_size` | likewise for a getter |
//! | `iter`, `list`, `collection` | lists without their iterators ([`iterate`]) |
//! | `await`, `regexp`, `instanceOf`, `put` | what syntax means ([`syntax`]) |
//!
//! What must never happen: a script gets hold of `$`, of anything that only it leads to, or is called by what this module does.

mod iterate;
mod method;
mod species;
mod syntax;
mod table;

pub(crate) use table::Table;

use crate::builtins;
use crate::ctx::{Ctx, c_text};
use crate::error::{Result, Thrown};
use crate::function::{Args, guard};
use crate::native::{MagicEntry, Native};
use crate::object::{Attributes, PropertyKey};
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::{OnceCell, RefCell};
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use table::CAPTURED;

/// The C function of one of ours.
macro_rules! entry {
    ($function:path) => {{
        unsafe extern "C" fn entry(
            ctx: *mut qjs::JSContext,
            _this: qjs::JSValue,
            argc: c_int,
            argv: *mut qjs::JSValue,
            _magic: c_int,
        ) -> qjs::JSValue {
            // SAFETY: called by the engine with a live context and live values.
            unsafe { enter(ctx, argc, argv, $function) }
        }
        entry as MagicEntry
    }};
}
/// What a realm has of them.
#[derive(Default)]
pub(crate) struct Primordials {
    /// Those of [`CAPTURED`], in that order.
    classes: RefCell<Box<[qjs::JSValue]>>,
    made: OnceCell<Box<Made>>,
}

/// What is made once glue runs.
struct Made {
    object: Persistent,
    /// Prototypes of the iterators that glue gets, in the order of [`iterate::Kind`].
    iterators: [OnceCell<Persistent>; 4],
    regexp: OnceCell<Persistent>,
    keys: Keys,
}

/// Keys that are looked for often, each with a reference of its own.
struct Keys {
    constructor: qjs::JSAtom,
    species: qjs::JSAtom,
}

impl Primordials {
    /// Gives every value away.
    pub(crate) fn take_all(&self) -> Box<[qjs::JSValue]> {
        self.classes.take()
    }
}

/// Captures the classes of a realm that no script has run in.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    let classes = CAPTURED.iter().map(|name| globals.get(name).map(Value::into_raw)).collect::<Result<_>>()?;
    ctx.slot().primordials.classes.replace(classes);
    Ok(())
}

impl<'a> Ctx<'a> {
    /// The process's table.
    pub(crate) fn primordial_table(self) -> Result<&'static Table> {
        Table::get().ok_or_else(|| self.throw_error("InternalError", "out of memory"))
    }

    /// The object for glue, with these among its properties.
    pub(crate) fn primordials(self, needs: &[String]) -> Result<Value<'a>> {
        let object = self.get_kept(&self.made()?.object);
        for name in needs {
            let key = self.key(name)?;
            if object.own_property(&key)?.is_none() {
                object.define_key(&key, self.primordial(name)?, Attributes::FIXED)?;
            }
        }
        Ok(object)
    }

    fn made(self) -> Result<&'a Made> {
        let made = &self.slot().primordials.made;
        if let Some(made) = made.get() {
            return Ok(made);
        }
        let species = self.primordial("Symbol")?.get("species")?;
        let keys = Keys {
            constructor: ManuallyDrop::new(self.key("constructor")?).atom(),
            species: ManuallyDrop::new(PropertyKey::from_value(&species)?).atom(),
        };
        let object = self.object_without_prototype()?.persist();
        Ok(made.get_or_init(|| Box::new(Made { object, iterators: Default::default(), regexp: OnceCell::new(), keys })))
    }

    /// One of those that the realm captured or that come late; `None` if it is none.
    fn primordial_class(self, name: &str) -> Result<Option<Value<'a>>> {
        if let Some(index) = CAPTURED.iter().position(|known| *known == name) {
            let raw = self.slot().primordials.classes.borrow().get(index).copied();
            // SAFETY: the realm holds it.
            return Ok(raw.map(|raw| unsafe { Value::borrowed(self, raw) }));
        }
        match name {
            "globalThis" => Ok(Some(self.globals())),
            "TypedArray" => self.typed_array_class().map(Some),
            _ if builtins::is_late(name) => self.builtin(name).map(Some),
            _ => Ok(None),
        }
    }

    /// A builtin as it was before any script ran, by what glue has it as: a class such as `Map`, or a function such as
    /// `Function_prototype_toString`.
    ///
    /// # Errors
    /// Throws if memory is short, or if there is none of that name.
    pub fn primordial(self, name: &str) -> Result<Value<'a>> {
        if let Some(class) = self.primordial_class(name)? {
            return Ok(class);
        }
        let table = self.primordial_table()?;
        if let Some(function) = special(name) {
            return self.function_with_magic(name, function, 0);
        }
        if let Some(native) = table.function(name) {
            let member = name.split_once("_prototype_").map_or("", |(_, member)| member);
            // What is called with a receiver later must not ask that for more than `$.slice(receiver)` does.
            return match table.methods.index(member).filter(|&index| table.methods.is_minded(index)) {
                Some(index) => self.function_with_magic(member, method::call_on, method::magic(index, false)),
                None => self.primordial_function(name, native),
            };
        }
        if let Some(native) = table.function(&format!("globalThis_{name}")) {
            return native.to_function(self, &c_text(name));
        }
        let (wanted, is_optional) = name.strip_prefix('?').map_or((name, false), |name| (name, true));
        if let Some(index) = table.methods.index(wanted) {
            return self.function_with_magic(wanted, method::call, method::magic(index, is_optional));
        }
        if let Some(index) = name.strip_prefix("get_").and_then(|name| table.getters.index(name)) {
            return self.function_with_magic(name, method::read, method::magic(index, false));
        }
        Err(self.throw_error("InternalError", &format!("there is no primordial {name}")))
    }

    /// The realm's own function, unless something else is in its place.
    fn primordial_function(self, name: &str, native: &Native) -> Result<Value<'a>> {
        let (owner, member) = match name.split_once("_prototype_") {
            Some((class, member)) => (self.primordial_class(class)?.map(|class| class.get("prototype")), member),
            None => {
                let (class, member) = name.split_once('_').unwrap_or(("", name));
                let namespace = || self.globals().own_data(class);
                (self.primordial_class(class)?.map_or_else(|| namespace().transpose(), |class| Some(Ok(class))), member)
            }
        };
        let owner = owner.transpose()?.filter(|owner| owner.is_object() && !owner.is_proxy() && !owner.is_stand_in());
        let present = owner.map_or(Ok(None), |owner| owner.own_data(member))?;
        match present.filter(|it| self.inner().layout.natives.of(it).is_some_and(|it| it.is_same(native))) {
            Some(function) => Ok(function),
            None => native.to_function(self, &c_text(member)),
        }
    }

    fn function_with_magic(self, name: &str, entry: MagicEntry, magic: c_int) -> Result<Value<'a>> {
        let entry = qjs::JSCFunctionType { generic_magic: Some(entry) };
        let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic_magic;
        // SAFETY: an entry of that kind; the name is copied.
        self.check(unsafe { qjs::JS_NewCFunction2(self.raw(), entry.generic, c_text(name).as_ptr(), 0, kind, magic) })
    }
}

/// Those that are functions of this module.
fn special(name: &str) -> Option<MagicEntry> {
    Some(match name {
        "iter" => entry!(iterate::iter),
        "list" => entry!(iterate::list),
        "collection" => entry!(iterate::collection),
        "await" => entry!(syntax::awaited),
        "regexp" => entry!(syntax::regexp),
        "instanceOf" => entry!(syntax::instance_of),
        "put" => entry!(syntax::put),
        "Object_defineProperty" => entry!(syntax::define_property),
        "Object_defineProperties" => entry!(syntax::define_properties),
        "Object_getOwnPropertyDescriptor" => entry!(syntax::describe),
        "Reflect_getOwnPropertyDescriptor" => entry!(syntax::describe),
        "Object_assign" => entry!(syntax::assign),
        "Reflect_defineProperty" => entry!(syntax::reflect_define_property),
        _ => return None,
    })
}

/// SAFETY: the context is live, and the values are its.
unsafe fn enter(
    ctx: *mut qjs::JSContext,
    argc: c_int,
    argv: *mut qjs::JSValue,
    f: impl for<'a> FnOnce(Ctx<'a>, Args<'a>) -> Result<Value<'a>>,
) -> qjs::JSValue {
    // SAFETY: by contract.
    let (ctx, args) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, Args::new(ctx, argc, argv))
    };
    guard(ctx, || f(ctx, args))
}

/// Whether two values are one object.
fn is_same(one: &Value<'_>, other: &Value<'_>) -> bool {
    one.identity().is_some() && one.identity() == other.identity()
}

/// What objects of the class of this one inherit from, unless they are of a class that a script made.
fn class_prototype<'a>(object: &Value<'a>) -> Value<'a> {
    crate::intrinsics::prototype(object.ctx(), table::class_of(object))
}

/// What throws if the engine's own function cannot be there.
fn missing(ctx: Ctx<'_>) -> Thrown {
    ctx.throw_error("InternalError", "a primordial is missing")
}
