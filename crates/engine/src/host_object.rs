//! Host objects: JS objects that stand for something of the embedder's and that JS cannot forge.
//!
//! The object holds the address of an [`External`], which its realm lists; the external holds the Rust value. A realm that is freed
//! drops the values of its list at once, whatever still refers to the objects; an isolate that goes
//! drops all lists, so nothing depends on finalisers.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exotic::{self, Exotic};
use crate::isolate::Inner;
use crate::list::{Link, List};
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

/// The embedder's value behind one host object. The object owns it; its link is in the list of its realm, or of
/// its isolate's orphans.
#[repr(C)]
struct External {
    link: Link,
    value: RefCell<Option<Held>>,
    /// What [`HostRef`]s look at; made for the first of them.
    target: OnceCell<Rc<Target>>,
}

#[derive(Clone)]
enum Held {
    Plain(Rc<dyn Any>),
    Exotic(Rc<dyn Exotic>),
}

/// A host object that weak references lead to.
struct Target {
    isolate: *const Inner,
    /// Null once the object is gone.
    object: Cell<*mut c_void>,
}

impl Drop for External {
    fn drop(&mut self) {
        self.lose_object();
    }
}

impl External {
    fn lose_object(&self) {
        if let Some(target) = self.target.get() {
            target.object.set(ptr::null_mut());
        }
    }
}

/// A reference to a host object that does not keep it alive.
pub struct HostRef(Rc<Target>);

impl HostRef {
    /// The object, unless it is gone or belongs to another isolate.
    pub fn get<'a>(&self, ctx: Ctx<'a>) -> Option<Value<'a>> {
        let object = self.0.object.get();
        if object.is_null() || !ptr::eq(self.0.isolate, ctx.inner()) || ctx.inner().is_finalising() {
            return None;
        }
        // SAFETY: the address is taken back when the object is finalised, before its memory goes, and no finaliser runs.
        Some(unsafe { Value::borrowed(ctx, qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, object)) })
    }
}

/// SAFETY: `inner.rt` is live and no class of ours is registered yet.
pub(crate) unsafe fn install(inner: &Inner) {
    // SAFETY: by contract.
    unsafe {
        inner.host_class.set(new_class(inner.rt, ptr::null_mut()));
        inner.exotic_class.set(new_class(inner.rt, exotic::methods()));
    }
}

/// SAFETY: as for `install`; `methods` are static.
unsafe fn new_class(rt: *mut qjs::JSRuntime, methods: *mut qjs::JSClassExoticMethods) -> qjs::JSClassID {
    let mut class_id = 0;
    let class = qjs::JSClassDef {
        class_name: c"HostObject".as_ptr(),
        finalizer: Some(finalize),
        gc_mark: None,
        call: None,
        exotic: methods,
    };
    // SAFETY: by contract; the definition is copied.
    unsafe {
        qjs::JS_NewClassID(rt, &mut class_id);
        qjs::JS_NewClass(rt, class_id, &class);
    }
    class_id
}

/// The external of an object of one of our classes.
///
/// SAFETY: `object` is an object of that isolate, live or being finalised; the result is used no longer.
unsafe fn external_of<'e>(inner: &Inner, object: qjs::JSValue) -> Option<&'e External> {
    let of_class = |class| {
        // SAFETY: the engine checks the class; an object of ours has an external or none.
        unsafe { qjs::JS_GetOpaque(object, class).cast::<External>().as_ref() }
    };
    of_class(inner.host_class.get()).or_else(|| of_class(inner.exotic_class.get()))
}

/// SAFETY: called by the engine for objects of our classes, in their own runtime.
unsafe extern "C" fn finalize(rt: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: by contract. The object owns its external, if it was given one, and the external is in a list.
    unsafe {
        let inner = Inner::of(rt);
        if let Some(external) = external_of(inner, object) {
            let external = ptr::from_ref(external).cast_mut();
            Link::unlink(external.cast());
            inner.in_finaliser(|| inner.drop_guarded(Box::from_raw(external)));
        }
    }
}

/// Drops the values of a list and makes its externals orphans, which wait for their objects to go.
pub(crate) fn orphan_all(inner: &Inner, list: &List) {
    while let Some(link) = list.first() {
        // SAFETY: the items of these lists are live externals.
        let value = unsafe {
            Link::unlink(link);
            Link::push(inner.orphans.head(), link);
            let external = &*link.cast::<External>();
            external.lose_object();
            external.value.take()
        };
        inner.drop_guarded(value);
    }
}

/// Drops the externals of a list.
///
/// SAFETY: none of their objects is used or finalised any more.
pub(crate) unsafe fn drop_all(inner: &Inner, list: &List) {
    while let Some(link) = list.first() {
        // SAFETY: a live external, boxed in `host_object`; by contract its object lets go of it.
        unsafe {
            Link::unlink(link);
            inner.drop_guarded(Box::from_raw(link.cast::<External>()));
        }
    }
}

impl<'a> Ctx<'a> {
    /// Makes an object that stands for `value`, with that prototype (`null` if none is given).
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn host_object(self, value: Rc<dyn Any>, prototype: Option<&Value<'a>>) -> Result<Value<'a>> {
        self.make_host_object(Held::Plain(value), self.inner().host_class.get(), prototype)
    }

    /// Makes a host object that answers for some of its properties itself.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn exotic_object(self, value: Rc<dyn Exotic>, prototype: Option<&Value<'a>>) -> Result<Value<'a>> {
        self.make_host_object(Held::Exotic(value), self.inner().exotic_class.get(), prototype)
    }

    fn make_host_object(self, held: Held, class: qjs::JSClassID, prototype: Option<&Value<'a>>) -> Result<Value<'a>> {
        let prototype = prototype.map_or(qjs::JS_NULL, Value::raw);
        // SAFETY: a live prototype and a registered class.
        let raw = unsafe { qjs::JS_NewObjectProtoClass(self.raw(), prototype, class) };
        let object = self.check(raw)?;
        let external = External { link: Link::new(), value: RefCell::new(Some(held)), target: OnceCell::new() };
        let external = Box::into_raw(Box::new(external));
        // SAFETY: an object of our class, which owns the external from here on, and the list of a live realm.
        unsafe {
            Link::push(self.slot().externals.head(), external.cast());
            qjs::JS_SetOpaque(object.raw(), external.cast());
        }
        Ok(object)
    }
}

impl Value<'_> {
    fn external(&self) -> Option<&External> {
        // SAFETY: a live value, which keeps its external.
        unsafe { external_of(self.ctx().inner(), self.raw()) }
    }

    /// What a host object stands for; `None` for every other value.
    pub fn host_value(&self) -> Option<Rc<dyn Any>> {
        match self.external()?.value.borrow().as_ref()? {
            Held::Plain(value) => Some(value.clone()),
            Held::Exotic(value) => Some(value.clone()),
        }
    }

    /// What a host object stands for, if it has that type.
    pub fn host<T: 'static>(&self) -> Option<Rc<T>> {
        self.host_value()?.downcast().ok()
    }

    pub(crate) fn exotic(&self) -> Option<Rc<dyn Exotic>> {
        match self.external()?.value.borrow().as_ref()? {
            Held::Exotic(value) => Some(value.clone()),
            Held::Plain(_) => None,
        }
    }

    /// A reference to a host object that does not keep it alive; `None` for every other value.
    pub fn host_ref(&self) -> Option<HostRef> {
        let external = self.external()?;
        let target = || {
            let object = Cell::new(self.identity().map_or(ptr::null_mut(), |address| address as *mut c_void));
            Rc::new(Target { isolate: self.ctx().inner(), object })
        };
        Some(HostRef(external.target.get_or_init(target).clone()))
    }
}
