//! The builtins of a realm, and when it gets them.
//!
//! A realm that never touches a typed array need not hold two dozen constructors and prototypes of them. What only globals of its
//! own lead to (no syntax, no other builtin) is a *late set*: its globals are [lazy](crate::Ctx::define_lazy_global), and the
//! first of them that is touched, or the first object of such a class that native code makes, has the engine make the set. The engine
//! defines its globals itself; they go to a private object that takes the place of the global object meanwhile, and from
//! there to where a script asked for them. So whatever scripts have done to the globals, a set is what it would have been.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::function::{Args, access_lazy, guard};
use crate::native::Native;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, c_int};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

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
}

/// Adds to a builtin.
pub type Extend = for<'a> fn(Ctx<'a>, &Value<'a>) -> Result<()>;

/// What is to be done with a builtin when the realm gets it.
pub(crate) struct Extension {
    late: Late,
    name: &'static str,
    extend: Extend,
}

/// Their globals.
const GLOBALS: [(&CStr, Late); 24] = [
    (c"ArrayBuffer", Late::Buffers),
    (c"SharedArrayBuffer", Late::Buffers),
    (c"Uint8ClampedArray", Late::Buffers),
    (c"Int8Array", Late::Buffers),
    (c"Uint8Array", Late::Buffers),
    (c"Int16Array", Late::Buffers),
    (c"Uint16Array", Late::Buffers),
    (c"Int32Array", Late::Buffers),
    (c"Uint32Array", Late::Buffers),
    (c"BigInt64Array", Late::Buffers),
    (c"BigUint64Array", Late::Buffers),
    (c"Float16Array", Late::Buffers),
    (c"Float32Array", Late::Buffers),
    (c"Float64Array", Late::Buffers),
    (c"DataView", Late::Buffers),
    (c"Atomics", Late::Buffers),
    (c"Map", Late::Collections),
    (c"Set", Late::Collections),
    (c"WeakMap", Late::Collections),
    (c"WeakSet", Late::Collections),
    (c"Date", Late::Dates),
    (c"WeakRef", Late::WeakReferences),
    (c"FinalizationRegistry", Late::WeakReferences),
    (c"DOMException", Late::DomException),
];

impl Late {
    fn add(self) -> Add {
        match self {
            Late::Buffers => qjs::JS_AddIntrinsicTypedArrays,
            Late::Collections => qjs::JS_AddIntrinsicMapSet,
            Late::Dates => qjs::JS_AddIntrinsicDate,
            Late::WeakReferences => qjs::JS_AddIntrinsicWeakRef,
            Late::DomException => qjs::JS_AddIntrinsicDOMException,
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
        if EARLY.iter().any(|add| add(ctx) < 0) {
            qjs::JS_FreeContext(ctx);
            return ptr::null_mut();
        }
        ctx
    }
}

/// Defines the globals of the late sets.
pub(crate) fn install(ctx: Ctx<'_>) -> Result<()> {
    let globals = ctx.globals();
    let entry = qjs::JSCFunctionType { generic_magic: Some(touch) };
    for (index, (name, _)) in GLOBALS.iter().enumerate() {
        let kind = qjs::JSCFunctionEnum_JS_CFUNC_generic_magic;
        // SAFETY: an entry of that kind; the name is copied.
        let access = ctx.check(unsafe {
            qjs::JS_NewCFunction2(ctx.raw(), entry.generic, name.as_ptr(), 0, kind, index as c_int)
        })?;
        globals.define_accessor(text(name), access.clone(), Some(access), Attributes::HIDDEN)?;
    }
    Ok(())
}

impl<'a> Ctx<'a> {
    /// A builtin class of the language (or `Atomics`, or `DOMException`) by the name of its global, whatever has become of that.
    ///
    /// # Errors
    /// Throws if memory is short; a `ReferenceError` if this is not one that a realm gets when it is first touched.
    pub fn builtin(self, name: &str) -> Result<Value<'a>> {
        match GLOBALS.iter().find(|(known, _)| text(known) == name) {
            Some((_, late)) => self.late(*late)?.get(name),
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
        let Some((_, late)) = GLOBALS.iter().find(|(known, _)| text(known) == name) else {
            return self.builtin(name).map(drop);
        };
        match self.kept(late.name()) {
            Some(made) => extend(self, &made.get(name)?),
            None => {
                self.slot().extensions.borrow_mut().push(Extension { late: *late, name, extend });
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

fn text(name: &CStr) -> &str {
    name.to_str().unwrap_or_default()
}

/// Whether a global is one of a late set.
pub(crate) fn is_late(name: &str) -> bool {
    GLOBALS.iter().any(|(known, _)| text(known) == name)
}

/// Whether a function is the accessor of a late builtin.
pub(crate) fn is_touch(native: &Native) -> bool {
    native.is_entry(touch)
}

/// Getter and setter of the global with that index.
unsafe extern "C" fn touch(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    index: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine calls with a live context and values that it keeps alive for the call.
    let (ctx, this, args) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, this)), Args::new(ctx, argc, argv))
    };
    guard(ctx, || {
        let (name, late) = GLOBALS[index as usize];
        access_lazy(ctx, text(name), &this, args, || ctx.late(late)?.get(text(name)))
    })
}
