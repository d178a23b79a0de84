//! Host objects: JS objects that stand for something of the embedder's and that JS cannot forge.
//!
//! The object holds the address of an [`External`], which its realm lists; the external holds the Rust value. A realm that is freed
//! drops the values of its list at once, whatever still refers to the objects; an isolate that goes
//! drops all lists, so nothing depends on finalisers.
//!
//! Host objects may be [bound](Value::bind_host) to one another, as nodes of a tree are: then they keep each other alive, and
//! are collected together once nothing outside refers to any of them. Each external owns the counts that it holds of other
//! objects; they are marked for the collector through its own object and given back when that is finalised.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::exotic::{self, Exotic};
use crate::isolate::Inner;
use crate::list::{Link, List};
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

/// The embedder's value behind one host object. The object owns a count of it, [`HostRef`]s own others; its link is in the list of
/// its realm, or of its isolate's orphans, as long as the object lives.
#[repr(C)]
struct External {
    link: Link,
    value: RefCell<Option<Held>>,
    /// Whose object it is; null once a [`HostRef`] must not lead to the object any more.
    isolate: Cell<*const Inner>,
    object: *mut c_void,
    bonds: Bonds,
    /// Values that the object keeps alive.
    held: RefCell<Vec<qjs::JSValue>>,
}

/// Whom an object is bound to, and who is bound to it. Pointers are to live externals, or null.
struct Bonds {
    /// The object that this one is bound to. It owns a count of this object, which owns one of it.
    keeper: Cell<*const External>,
    /// The first of those bound to this object; they are a list through `previous` and `next`.
    first: Cell<*const External>,
    previous: Cell<*const External>,
    next: Cell<*const External>,
}

#[derive(Clone)]
enum Held {
    Plain(Rc<dyn Any>),
    Exotic(Rc<dyn Exotic>),
}

impl External {
    fn object_value(&self) -> qjs::JSValue {
        qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, self.object)
    }

    /// SAFETY: both belong to live objects of `ctx`'s isolate, and `self` is bound to none.
    unsafe fn bind(&self, ctx: *mut qjs::JSContext, keeper: &External) {
        // SAFETY: by contract; `unbind` gives the counts back.
        unsafe {
            qjs::JS_DupValue(ctx, self.object_value());
            qjs::JS_DupValue(ctx, keeper.object_value());
        }
        let next = keeper.bonds.first.replace(self);
        // SAFETY: bound externals are live.
        if let Some(next) = unsafe { next.as_ref() } {
            next.bonds.previous.set(self);
        }
        self.bonds.next.set(next);
        self.bonds.keeper.set(keeper);
    }

    /// SAFETY: `self` belongs to an object of this runtime that is live, or being freed as garbage.
    unsafe fn unbind(&self, rt: *mut qjs::JSRuntime) {
        // SAFETY: bound externals are live.
        let (keeper, previous, next) = unsafe {
            let keeper = self.bonds.keeper.replace(ptr::null()).as_ref();
            let previous = self.bonds.previous.replace(ptr::null()).as_ref();
            (keeper, previous, self.bonds.next.replace(ptr::null()))
        };
        let Some(keeper) = keeper else { return };
        match previous {
            Some(previous) => previous.bonds.next.set(next),
            None => keeper.bonds.first.set(next),
        }
        // SAFETY: as above; then the counts that `bind` took. Either may finalise its object, so they come last.
        unsafe {
            if let Some(next) = next.as_ref() {
                next.bonds.previous.set(previous.map_or(ptr::null(), ptr::from_ref));
            }
            let (own, other) = (self.object_value(), keeper.object_value());
            qjs::JS_FreeValueRT(rt, other);
            qjs::JS_FreeValueRT(rt, own);
        }
    }

    /// Gives back all counts, of an object that is being finalised. If others are bound to it, it is garbage together with
    /// them: the engine frees such objects one by one, and counts that reach zero meanwhile free nothing.
    ///
    /// SAFETY: as for `unbind`.
    unsafe fn let_go(&self, rt: *mut qjs::JSRuntime) {
        // SAFETY: by contract; bound externals are live.
        unsafe {
            while let Some(first) = self.bonds.first.get().as_ref() {
                first.unbind(rt);
            }
            self.unbind(rt);
            for value in self.held.take() {
                qjs::JS_FreeValueRT(rt, value);
            }
        }
    }

    /// Ends what [`HostRef`]s lead to. The value is the caller's, to be dropped where that may run code.
    fn lose_object(&self) -> Option<Held> {
        self.isolate.set(ptr::null());
        self.value.take()
    }
}

/// A reference to a host object that does not keep it alive.
pub struct HostRef(Rc<External>);

impl HostRef {
    /// The object, unless it is gone or belongs to another isolate.
    pub fn get<'a>(&self, ctx: Ctx<'a>) -> Option<Value<'a>> {
        if !ptr::eq(self.0.isolate.get(), ctx.inner()) || ctx.inner().is_finalising() {
            return None;
        }
        // SAFETY: the isolate is taken back when the object is finalised, before its memory goes, and no finaliser runs.
        Some(unsafe { Value::borrowed(ctx, self.0.object_value()) })
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
        gc_mark: Some(mark),
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

/// The external of a value, if it is an object of one of our classes; else null. It is live as long as the object.
fn external_of(inner: &Inner, value: qjs::JSValue) -> *const External {
    // SAFETY: the engine checks the class; an object of ours has an external or none.
    let of_class = |class| unsafe { qjs::JS_GetOpaque(value, class).cast_const().cast::<External>() };
    let external = of_class(inner.host_class.get());
    if external.is_null() { of_class(inner.exotic_class.get()) } else { external }
}

/// The external of an object of one of our classes, which nobody need check; null if it has none yet.
///
/// SAFETY: `object` is such an object, live or being finalised.
unsafe fn external_of_ours(object: qjs::JSValue) -> *const External {
    let mut class = 0;
    // SAFETY: by contract.
    unsafe { qjs::JS_GetAnyOpaque(object, &mut class).cast_const().cast() }
}

/// Gives the count back that an object owned of its external, and drops the value.
///
/// SAFETY: an external in no list, whose object is used no more.
unsafe fn end(inner: &Inner, external: *const External) {
    // SAFETY: by contract; `make_host_object` gave the count to the object.
    let external = unsafe { Rc::from_raw(external) };
    inner.drop_guarded(external.lose_object());
}

/// SAFETY: called by the engine for objects of our classes, in their own runtime.
unsafe extern "C" fn finalize(rt: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: by contract. The object owns a count of its external, if it was given one, and the external is in a list.
    unsafe {
        let external = external_of_ours(object);
        if !external.is_null() {
            let inner = Inner::of(rt);
            Link::unlink(external.cast_mut().cast());
            inner.in_finaliser(|| {
                (*external).let_go(rt);
                end(inner, external);
            });
        }
    }
}

/// SAFETY: as for `finalize`. What is marked is what this object's external owns a count of.
unsafe extern "C" fn mark(rt: *mut qjs::JSRuntime, object: qjs::JSValue, mark: qjs::JS_MarkFunc) {
    // SAFETY: by contract; bound externals and their objects are live.
    unsafe {
        let Some(external) = external_of_ours(object).as_ref() else { return };
        for &value in &*external.held.as_ptr() {
            qjs::JS_MarkValue(rt, value, mark);
        }
        let Bonds { keeper, first, .. } = &external.bonds;
        if let Some(keeper) = keeper.get().as_ref() {
            qjs::JS_MarkValue(rt, keeper.object_value(), mark);
        }
        let mut bound = first.get();
        while let Some(external) = bound.as_ref() {
            qjs::JS_MarkValue(rt, external.object_value(), mark);
            bound = external.bonds.next.get();
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
            (*link.cast::<External>()).lose_object()
        };
        inner.drop_guarded(value);
    }
}

/// Drops the externals of a list.
///
/// SAFETY: none of their objects is used or finalised any more.
pub(crate) unsafe fn drop_all(inner: &Inner, list: &List) {
    while let Some(link) = list.first() {
        // SAFETY: a listed external, whose object is used no more by contract.
        unsafe {
            Link::unlink(link);
            end(inner, link.cast_const().cast());
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
        let none = || Cell::new(ptr::null());
        let external = External {
            link: Link::new(),
            value: RefCell::new(Some(held)),
            isolate: Cell::new(self.inner()),
            // SAFETY: an object.
            object: unsafe { qjs::JS_VALUE_GET_PTR(object.raw()) },
            bonds: Bonds { keeper: none(), first: none(), previous: none(), next: none() },
            held: RefCell::default(),
        };
        let external = Rc::into_raw(Rc::new(external)).cast_mut();
        // SAFETY: an object of our class, which owns the count from here on, and the list of a live realm.
        unsafe {
            Link::push(self.slot().externals.head(), external.cast());
            qjs::JS_SetOpaque(object.raw(), external.cast());
        }
        Ok(object)
    }
}

impl<'a> Value<'a> {
    /// Binds this host object to another one: from now on they keep each other alive. To none, if `keeper` is `None`. An object is
    /// bound to at most one other, and may have any number bound to it; bonds must not form a circle. Values that are no
    /// host objects are left alone.
    pub fn bind_host(&self, keeper: Option<&Value<'a>>) {
        let Some(external) = self.external() else { return };
        let ctx = self.ctx();
        // SAFETY: live objects of this isolate; the values in hand keep them alive meanwhile.
        unsafe {
            external.unbind(ctx.inner().rt);
            if let Some(keeper) = keeper.and_then(Value::external)
                && !ptr::eq(keeper, external)
            {
                external.bind(ctx.raw(), keeper);
            }
        }
    }

    /// Makes this host object keep `value` alive as long as it lives itself. Other values keep nothing.
    pub fn hold(&self, value: Value<'a>) {
        if let Some(external) = self.external() {
            external.held.borrow_mut().push(value.into_raw());
        }
    }
}

impl Value<'_> {
    fn external(&self) -> Option<&External> {
        // SAFETY: a live value, which keeps its external.
        unsafe { external_of(self.ctx().inner(), self.raw()).as_ref() }
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
        let external = external_of(self.ctx().inner(), self.raw());
        if external.is_null() {
            return None;
        }
        // SAFETY: a live value keeps its external, which `make_host_object` made as an `Rc`.
        unsafe {
            Rc::increment_strong_count(external);
            Some(HostRef(Rc::from_raw(external)))
        }
    }
}
