//! Host objects that answer for some of their properties themselves: indexed and named ones of platform objects
//! ([Web IDL, legacy platform objects](https://webidl.spec.whatwg.org/#es-legacy-platform-objects)).
//!
//! Ordinary own properties of the object come first; what must not be shadowed by one is [refused](Exotic::define).

use crate::ctx::Ctx;
use crate::error::{GLUE, Result, Thrown};
use crate::function::guard_status;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::rc::Rc;

/// The properties of an [exotic object](Ctx::exotic_object).
pub trait Exotic: Any {
    /// The own property of this name, if the object has one.
    ///
    /// # Errors
    /// What the embedder throws.
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>>;

    /// The names of all properties that [`Exotic::get`] knows.
    ///
    /// # Errors
    /// What the embedder throws.
    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>>;

    /// Assigns or defines a property; `value` is `None` for an accessor. `None` makes it an ordinary property of
    /// the object, `Some(false)` refuses.
    ///
    /// # Errors
    /// What the embedder throws.
    fn define<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>, value: Option<&Value<'a>>) -> Result<Option<bool>>;

    /// Deletes a property that is no ordinary one; false refuses.
    ///
    /// # Errors
    /// What the embedder throws.
    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool>;
}

impl Ctx<'_> {
    /// Whether it is [glue](crate::Glue) that asks an object for a property: names that guests invent are not for it.
    pub fn is_asked_by_glue(self) -> bool {
        // SAFETY: a live context; the name is ours.
        let name = unsafe { qjs::JS_GetScriptOrModuleName(self.raw(), 0) };
        if name == 0 {
            return false;
        }
        // SAFETY: an atom of this context.
        let name = unsafe { PropertyKey::from_raw(self, name) }.to_value();
        name.and_then(|name| name.with_text(|name| name.starts_with(GLUE))).unwrap_or(false)
    }
}

static METHODS: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(get_own_property),
    get_own_property_names: Some(get_own_property_names),
    delete_property: Some(delete_property),
    define_own_property: Some(define_own_property),
    has_property: None,
    get_property: None,
    set_property: None,
};

/// What the engine asks of the class of exotic objects; it does not write to it.
pub(crate) fn methods() -> *mut qjs::JSClassExoticMethods {
    (&raw const METHODS).cast_mut()
}

/// An exotic object and a key, as the engine lends them for one call.
struct Lent<'a> {
    object: ManuallyDrop<Value<'a>>,
    key: ManuallyDrop<PropertyKey<'a>>,
    exotic: Option<Rc<dyn Exotic>>,
}

impl<'a> Lent<'a> {
    /// SAFETY: called by the engine with a live context, object and atom.
    unsafe fn new(ctx: *mut qjs::JSContext, object: qjs::JSValue, atom: qjs::JSAtom) -> Lent<'a> {
        // SAFETY: by contract; neither reference is given back by us.
        unsafe {
            let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
            let object = ManuallyDrop::new(Value::from_raw(ctx, object));
            let exotic = object.exotic();
            Lent { object, key: ManuallyDrop::new(PropertyKey::from_raw(ctx, atom)), exotic }
        }
    }

    fn ctx(&self) -> Ctx<'a> {
        self.object.ctx()
    }
}

/// SAFETY (all): called by the engine for objects of our class.
unsafe extern "C" fn get_own_property(
    ctx: *mut qjs::JSContext,
    descriptor: *mut qjs::JSPropertyDescriptor,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
) -> c_int {
    // SAFETY: by contract.
    let lent = unsafe { Lent::new(ctx, object, atom) };
    guard_status(lent.ctx(), || {
        let Some(exotic) = &lent.exotic else { return Ok(false) };
        let Some((value, attributes)) = exotic.get(&lent.object, &lent.key)? else { return Ok(false) };
        if let Some(descriptor) = NonNull::new(descriptor) {
            let found = qjs::JSPropertyDescriptor {
                flags: attributes.flags(),
                value: value.into_raw(),
                getter: qjs::JS_UNDEFINED,
                setter: qjs::JS_UNDEFINED,
            };
            // SAFETY: where the engine wants the answer; it takes the reference over.
            unsafe { descriptor.write(found) };
        }
        Ok(true)
    })
}

unsafe extern "C" fn get_own_property_names(
    ctx: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    len: *mut u32,
    object: qjs::JSValue,
) -> c_int {
    // SAFETY: by contract; there is no key, and none is used.
    let lent = unsafe { Lent::new(ctx, object, 0) };
    let status = guard_status(lent.ctx(), || {
        let names = match &lent.exotic {
            Some(exotic) => exotic.names(&lent.object)?,
            None => Vec::new(),
        };
        // SAFETY: room for all names; they move into the table, which the engine frees.
        unsafe {
            let bytes = size_of::<qjs::JSPropertyEnum>() * names.len().max(1);
            let entries: *mut qjs::JSPropertyEnum = qjs::js_malloc(ctx, bytes as _).cast();
            let first = NonNull::new(entries).ok_or(Thrown)?;
            let count = names.len();
            for (index, name) in names.into_iter().enumerate() {
                let atom = ManuallyDrop::new(name).atom();
                first.add(index).write(qjs::JSPropertyEnum { is_enumerable: true, atom });
            }
            table.write(first.as_ptr());
            len.write(count as u32);
        }
        Ok(false)
    });
    if status < 0 {
        // SAFETY: the engine frees what it finds here.
        unsafe {
            table.write(ptr::null_mut());
            len.write(0);
        }
    }
    status
}

unsafe extern "C" fn delete_property(ctx: *mut qjs::JSContext, object: qjs::JSValue, atom: qjs::JSAtom) -> c_int {
    // SAFETY: by contract.
    let lent = unsafe { Lent::new(ctx, object, atom) };
    guard_status(lent.ctx(), || match &lent.exotic {
        Some(exotic) => exotic.delete(&lent.object, &lent.key),
        None => Ok(true),
    })
}

unsafe extern "C" fn define_own_property(
    ctx: *mut qjs::JSContext,
    object: qjs::JSValue,
    atom: qjs::JSAtom,
    value: qjs::JSValue,
    getter: qjs::JSValue,
    setter: qjs::JSValue,
    flags: c_int,
) -> c_int {
    // SAFETY: by contract.
    let lent = unsafe { Lent::new(ctx, object, atom) };
    let ctx = lent.ctx();
    guard_status(ctx, || {
        let has = |flag: u32| flags & flag as c_int != 0;
        let is_accessor = has(qjs::JS_PROP_HAS_GET) || has(qjs::JS_PROP_HAS_SET);
        // SAFETY: a live value, lent like the object.
        let given = ManuallyDrop::new(unsafe { Value::from_raw(ctx, value) });
        let defined = match &lent.exotic {
            Some(exotic) => exotic.define(&lent.object, &lent.key, (!is_accessor).then_some(&*given))?,
            None => None,
        };
        let sealed;
        let target = match defined {
            Some(true) => return Ok(true),
            Some(false) => {
                // Whether a refusal throws depends on the strictness of the script, which the engine alone knows.
                sealed = ctx.object_without_prototype()?;
                // SAFETY: a live object.
                ctx.check_int(unsafe { qjs::JS_PreventExtensions(ctx.raw(), sealed.raw()) })?;
                sealed.raw()
            }
            None => object,
        };
        let flags = flags | qjs::JS_PROP_NO_EXOTIC as c_int;
        // SAFETY: what the engine gave, live for the call.
        ctx.check_int(unsafe { qjs::JS_DefineProperty(ctx.raw(), target, atom, value, getter, setter, flags) })
    })
}
