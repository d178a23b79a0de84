//! The builtins of a realm, and when it gets them.
//!
//! A realm that never touches a typed array need not hold two dozen constructors and prototypes of them. What only globals of its
//! own lead to (no syntax, no other builtin) is a *late set*: its globals are [lazy](crate::Ctx::define_lazy_global), and the
//! first of them that is touched, or the first object of such a class that native code makes, has the engine make the set. The engine
//! defines its globals itself; they go to a private object that takes the place of the global object meanwhile, and from
//! there to where a script asked for them. So whatever scripts have done to the globals, a set is what it would have been.

use crate::ctx::Ctx;
use crate::disposal;
use crate::error::{Result, Thrown};
use crate::isolate::Inner;
use crate::lazy::Lazy;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::Cell;
use std::ffi::c_int;
use std::ptr;

/// Makes builtins of a context; negative if memory is short.
type Add = unsafe extern "C" fn(*mut qjs::JSContext) -> c_int;

/// What the engine itself makes use of.
const EARLY: [Add; 6] = [
    qjs::JS_AddIntrinsicBaseObjects,
    qjs::JS_AddIntrinsicEval,
    qjs::JS_AddIntrinsicRegExp,
    qjs::JS_AddIntrinsicJSON,
    qjs::JS_AddIntrinsicProxy,
    qjs::JS_AddIntrinsicPromise,
];

/// Builtins that a realm gets together, when the first is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    Buffers,
    Collections,
    Dates,
    WeakReferences,
    DomException,
    Disposal,
}

/// Adds to a builtin.
pub type Extend = for<'a> fn(Ctx<'a>, &Value<'a>) -> Result<()>;

/// What is to be done with a builtin when the realm gets it.
pub(crate) struct Extension {
    late: Late,
    name: &'static str,
    extend: Extend,
}

/// A global of a late set.
pub(crate) struct LateGlobal(&'static str, Late);

impl Lazy for LateGlobal {
    fn class(inner: &Inner) -> &Cell<qjs::JSClassID> {
        &inner.late_class
    }

    fn name(&self) -> &'static str {
        self.0
    }

    fn make<'a>(&'static self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        ctx.late(self.1)?.get(self.0)
    }
}

/// All of them.
static GLOBALS: [LateGlobal; 26] = [
    LateGlobal("ArrayBuffer", Late::Buffers),
    LateGlobal("SharedArrayBuffer", Late::Buffers),
    LateGlobal("Uint8ClampedArray", Late::Buffers),
    LateGlobal("Int8Array", Late::Buffers),
    LateGlobal("Uint8Array", Late::Buffers),
    LateGlobal("Int16Array", Late::Buffers),
    LateGlobal("Uint16Array", Late::Buffers),
    LateGlobal("Int32Array", Late::Buffers),
    LateGlobal("Uint32Array", Late::Buffers),
    LateGlobal("BigInt64Array", Late::Buffers),
    LateGlobal("BigUint64Array", Late::Buffers),
    LateGlobal("Float16Array", Late::Buffers),
    LateGlobal("Float32Array", Late::Buffers),
    LateGlobal("Float64Array", Late::Buffers),
    LateGlobal("DataView", Late::Buffers),
    LateGlobal("Atomics", Late::Buffers),
    LateGlobal("Map", Late::Collections),
    LateGlobal("Set", Late::Collections),
    LateGlobal("WeakMap", Late::Collections),
    LateGlobal("WeakSet", Late::Collections),
    LateGlobal("Date", Late::Dates),
    LateGlobal("WeakRef", Late::WeakReferences),
    LateGlobal("FinalizationRegistry", Late::WeakReferences),
    LateGlobal("DOMException", Late::DomException),
    LateGlobal("DisposableStack", Late::Disposal),
    LateGlobal("AsyncDisposableStack", Late::Disposal),
];

impl Late {
    fn add(self) -> Add {
        match self {
            Late::Buffers => qjs::JS_AddIntrinsicTypedArrays,
            Late::Collections => qjs::JS_AddIntrinsicMapSet,
            Late::Dates => qjs::JS_AddIntrinsicDate,
            Late::WeakReferences => qjs::JS_AddIntrinsicWeakRef,
            Late::DomException => qjs::JS_AddIntrinsicDOMException,
            Late::Disposal => disposal::add,
        }
    }

    /// What its globals are kept under.
    fn name(self) -> &'static str {
        match self {
            Late::Buffers => "builtins of buffers",
            Late::Collections => "builtins of collections",
            Late::Dates => "builtins of dates",
            Late::WeakReferences => "builtins of weak references",
            Late::DomException => "DOMException",
            Late::Disposal => "builtins of disposal",
        }
    }
}

/// A context with the builtins that cannot be late; null if memory is short.
///
/// SAFETY: the runtime is live, and this thread has it exclusively.
pub(crate) unsafe fn new_context(rt: *mut qjs::JSRuntime) -> *mut qjs::JSContext {
    // SAFETY: by contract.
    unsafe {
        let ctx = qjs::JS_NewContextRaw(rt);
        if ctx.is_null() {
            return ctx;
        }
        if EARLY.iter().any(|add| add(ctx) < 0) || disposal::remove(ctx) < 0 {
            qjs::JS_FreeContext(ctx);
            return ptr::null_mut();
        }
        ctx
    }
}

/// Defines the globals of the late sets.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    GLOBALS.iter().try_for_each(|global| ctx.define_lazy(global))
}

impl<'a> Ctx<'a> {
    /// A builtin class of the language (or `Atomics`, or `DOMException`) by the name of its global, whatever has become of that.
    ///
    /// # Errors
    /// Throws if memory is short; a `ReferenceError` if this is not one that a realm gets when it is first touched.
    pub fn builtin(self, name: &str) -> Result<Value<'a>> {
        match late_of(name) {
            Some(late) => self.late(late)?.get(name),
            None => Err(self.throw_error("ReferenceError", &format!("{name} is no late builtin"))),
        }
    }

    /// `%TypedArray%`.
    pub(crate) fn typed_array_class(self) -> Result<Value<'a>> {
        self.late(Late::Buffers)?.get("TypedArray")
    }

    /// Has a builtin that a realm gets late ([`Ctx::builtin`]) completed with what the embedder adds to it: now if the realm has it,
    /// else when it gets it, before any script sees it.
    ///
    /// ```
    /// use quickbeam_engine::{Attributes, EvalOptions, Isolate, IsolateOptions};
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     let added = ctx.extend_builtin("Date", |ctx, class| {
    ///         class.get("prototype")?.define_function("year", 0, Attributes::HIDDEN, |ctx, _, _| Ok(ctx.int(1970)))
    ///     });
    ///     assert!(added.is_ok());
    ///     let year = ctx.eval("new Date(0).year()", &EvalOptions::default()).unwrap();
    ///     assert_eq!(year.as_int(), Some(1970));
    /// });
    /// ```
    ///
    /// # Errors
    /// What `extend` throws; a `ReferenceError` as from [`Ctx::builtin`].
    pub fn extend_builtin(self, name: &'static str, extend: Extend) -> Result<()> {
        let Some(late) = late_of(name) else {
            return self.builtin(name).map(drop);
        };
        match self.kept(late.name()) {
            Some(made) => extend(self, &made.get(name)?),
            None => {
                self.slot().extensions.borrow_mut().push(Extension { late, name, extend });
                Ok(())
            }
        }
    }

    /// Sees to it that the realm has a late set. The result holds what its globals are at first.
    pub(crate) fn late(self, late: Late) -> Result<Value<'a>> {
        if let Some(made) = self.kept(late.name()) {
            return Ok(made);
        }
        let made = self.object_without_prototype()?;
        let added = match late {
            Late::Buffers => self.with_array_to_string(|| self.add(late, &made)),
            _ => self.add(late, &made),
        };
        added?;
        if late == Late::Buffers {
            // What no global leads to but through what scripts can change.
            made.define("TypedArray", made.get("Uint8Array")?.prototype()?, Attributes::FIXED)?;
        }
        self.keep(late.name(), made.clone());
        let (now, later): (Vec<_>, _) =
            self.slot().extensions.take().into_iter().partition(|extension| extension.late == late);
        self.slot().extensions.replace(later);
        for extension in now {
            (extension.extend)(self, &made.get(extension.name)?)?;
        }
        Ok(made)
    }

    /// Has the engine make a set, with `target` in place of the global object. No script runs meanwhile.
    fn add(self, late: Late, target: &Value<'a>) -> Result<()> {
        // SAFETY: a live context; the place gets back what it held, and each of the two objects keeps its count.
        let status = unsafe {
            let place = self.inner().layout.global(self.raw());
            let globals = ptr::replace(place, qjs::JS_DupValue(self.raw(), target.raw()));
            let status = late.add()(self.raw());
            let target = ptr::replace(place, globals);
            qjs::JS_FreeValue(self.raw(), target);
            status
        };
        if status < 0 { Err(Thrown) } else { Ok(()) }
    }

    /// Typed arrays have the `toString` of `Array.prototype`, for which the engine asks that object. A script may have
    /// put anything there, so an object that has the engine's own takes its place.
    fn with_array_to_string(self, f: impl FnOnce() -> Result<()>) -> Result<()> {
        let natives = &self.inner().layout.natives;
        // SAFETY: a live context; the result is owned.
        let prototype = unsafe { Value::from_raw(self, qjs::JS_GetClassProto(self.raw(), natives.array_class)) };
        let present = prototype.own_data("toString")?.filter(Value::is_function);
        let original = natives.array_to_string;
        let to_string = match present.filter(|present| natives.of(present).is_some_and(|it| it.is_same(&original))) {
            Some(present) => present,
            None => original.to_function(self, c"toString")?,
        };
        let stand_in = self.object_without_prototype()?;
        stand_in.set("toString", to_string)?;
        // SAFETY: a live context, which takes the references over and gives up those that it had.
        unsafe { qjs::JS_SetClassProto(self.raw(), natives.array_class, stand_in.into_raw()) };
        let result = f();
        // SAFETY: as above.
        unsafe { qjs::JS_SetClassProto(self.raw(), natives.array_class, prototype.into_raw()) };
        result
    }
}

/// The set that a global is of, if it is of one.
fn late_of(name: &str) -> Option<Late> {
    GLOBALS.iter().find(|global| global.0 == name).map(|global| global.1)
}

/// Whether a global is one of a late set.
pub(crate) fn is_late(name: &str) -> bool {
    late_of(name).is_some()
}
