//! Host objects: JS objects that stand for something of the embedder's and that JS cannot forge.
//!
//! The object holds an index into its isolate's table; the table holds the Rust value. An isolate
//! that goes drops its table, so nothing depends on finalisers.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::isolate::Inner;
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

/// The embedder's values behind the host objects of one isolate.
#[derive(Default)]
pub(crate) struct Externals {
    class_id: Cell<qjs::JSClassID>,
    entries: RefCell<Vec<Option<Rc<dyn Any>>>>,
    free: RefCell<Vec<usize>>,
}

impl Externals {
    fn insert(&self, value: Rc<dyn Any>) -> usize {
        let mut entries = self.entries.borrow_mut();
        if let Some(index) = self.free.borrow_mut().pop() {
            entries[index] = Some(value);
            return index;
        }
        entries.push(Some(value));
        entries.len() - 1
    }

    fn remove(&self, index: usize) -> Option<Rc<dyn Any>> {
        let value = self.entries.borrow_mut().get_mut(index)?.take()?;
        self.free.borrow_mut().push(index);
        Some(value)
    }

    fn get(&self, index: usize) -> Option<Rc<dyn Any>> {
        self.entries.borrow().get(index)?.clone()
    }
}

/// SAFETY: `inner.rt` is live and no class of ours is registered yet.
pub(crate) unsafe fn install(inner: &Inner) {
    let mut class_id = 0;
    let class = qjs::JSClassDef {
        class_name: c"HostObject".as_ptr(),
        finalizer: Some(finalize),
        gc_mark: None,
        call: None,
        exotic: ptr::null_mut(),
    };
    // SAFETY: by contract; the definition is copied.
    unsafe {
        qjs::JS_NewClassID(inner.rt, &mut class_id);
        qjs::JS_NewClass(inner.rt, class_id, &class);
    }
    inner.externals.class_id.set(class_id);
}

/// Indices are stored from 1, so that an object without an entry has a null pointer.
fn to_opaque(index: usize) -> *mut c_void {
    ptr::without_provenance_mut(index + 1)
}

fn from_opaque(opaque: *mut c_void) -> Option<usize> {
    opaque.addr().checked_sub(1)
}

/// SAFETY: called by the engine for objects of our class, in their own runtime.
unsafe extern "C" fn finalize(rt: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: by contract.
    let (inner, opaque) = unsafe {
        let inner = Inner::of(rt);
        (inner, qjs::JS_GetOpaque(object, inner.externals.class_id.get()))
    };
    let dropped = from_opaque(opaque).and_then(|index| inner.externals.remove(index));
    if catch_unwind(AssertUnwindSafe(|| drop(dropped))).is_err() {
        inner.mark_broken("a panic while a host object was freed");
    }
}

impl<'a> Ctx<'a> {
    /// Makes an object that stands for `value`, with that prototype (`null` if none is given).
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn host_object(self, value: Rc<dyn Any>, prototype: Option<&Value<'a>>) -> Result<Value<'a>> {
        let externals = &self.inner().externals;
        let prototype = prototype.map_or(qjs::JS_NULL, Value::raw);
        // SAFETY: a live prototype and a registered class.
        let raw = unsafe { qjs::JS_NewObjectProtoClass(self.raw(), prototype, externals.class_id.get()) };
        let object = self.check(raw)?;
        // SAFETY: an object of our class; its finaliser removes the entry.
        unsafe { qjs::JS_SetOpaque(object.raw(), to_opaque(externals.insert(value))) };
        Ok(object)
    }
}

impl Value<'_> {
    /// What a host object stands for; `None` for every other value.
    pub fn host_value(&self) -> Option<Rc<dyn Any>> {
        let externals = &self.ctx().inner().externals;
        // SAFETY: a live value; the engine checks its class.
        let opaque = unsafe { qjs::JS_GetOpaque(self.raw(), externals.class_id.get()) };
        externals.get(from_opaque(opaque)?)
    }

    /// What a host object stands for, if it has that type.
    pub fn host<T: 'static>(&self) -> Option<Rc<T>> {
        self.host_value()?.downcast().ok()
    }
}
