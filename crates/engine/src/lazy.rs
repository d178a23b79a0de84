//! Globals that cost little until they are first touched: read, asked for their descriptor, or defined anew.
//!
//! Until then each is an accessor. Its getter and setter are one callable object without anything of its own but the address of
//! what is to be made. What must never happen: a script that sees it ([`reveal`](crate::reveal)).

use crate::builtins::LateGlobal;
use crate::ctx::Ctx;
use crate::deferred::Deferred;
use crate::error::{Result, Thrown};
use crate::function::{Args, guard};
use crate::intrinsics;
use crate::isolate::Inner;
use crate::object::Attributes;
use crate::value::Value;
use rquickjs::qjs;
use std::cell::Cell;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// What a lazy global is made by.
pub(crate) trait Lazy: Sync + 'static {
    /// The class of the accessors of such globals.
    fn class(inner: &Inner) -> &Cell<qjs::JSClassID>;

    fn name(&self) -> &'static str;

    fn make<'a>(&'static self, ctx: Ctx<'a>) -> Result<Value<'a>>;
}

/// A global that is made when it is first touched; see [`Ctx::define_lazy_global`].
pub struct LazyGlobal {
    name: &'static str,
    make: for<'a> fn(Ctx<'a>) -> Result<Value<'a>>,
}

impl LazyGlobal {
    /// `make` gives its value.
    pub const fn new(name: &'static str, make: for<'a> fn(Ctx<'a>) -> Result<Value<'a>>) -> LazyGlobal {
        LazyGlobal { name, make }
    }
}

impl Lazy for LazyGlobal {
    fn class(inner: &Inner) -> &Cell<qjs::JSClassID> {
        &inner.lazy_class
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn make<'a>(&'static self, ctx: Ctx<'a>) -> Result<Value<'a>> {
        (self.make)(ctx)
    }
}

/// Registers the classes of the accessors.
///
/// SAFETY: `inner.rt` is live and has no such classes yet.
pub(crate) unsafe fn install(inner: &Inner) {
    // SAFETY: by contract.
    unsafe {
        register::<LazyGlobal>(inner);
        register::<LateGlobal>(inner);
        register::<Deferred>(inner);
    }
}

/// SAFETY: as for `install`.
unsafe fn register<L: Lazy>(inner: &Inner) {
    let mut class_id = 0;
    let class = qjs::JSClassDef {
        class_name: c"Function".as_ptr(),
        finalizer: None,
        gc_mark: None,
        call: Some(touch::<L>),
        exotic: ptr::null_mut(),
    };
    // SAFETY: by contract; the definition is copied.
    unsafe {
        qjs::JS_NewClassID(inner.rt, &mut class_id);
        qjs::JS_NewClass(inner.rt, class_id, &class);
    }
    L::class(inner).set(class_id);
}

impl<'a> Ctx<'a> {
    /// Defines a global that costs little until it is first touched: then its value is made and takes the property's place.
    /// Assigning replaces it unmade.
    ///
    /// ```
    /// use quickbeam_engine::{EvalOptions, Isolate, IsolateOptions, LazyGlobal};
    ///
    /// static ANSWER: LazyGlobal = LazyGlobal::new("answer", |ctx| Ok(ctx.int(42)));
    ///
    /// let isolate = Isolate::new(IsolateOptions::default()).unwrap();
    /// let realm = isolate.new_realm().unwrap();
    /// isolate.enter(&realm, |ctx| {
    ///     ctx.define_lazy_global(&ANSWER).unwrap();
    ///     assert_eq!(ctx.eval("answer", &EvalOptions::default()).unwrap().as_int(), Some(42));
    /// });
    /// ```
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn define_lazy_global(self, global: &'static LazyGlobal) -> Result<()> {
        self.define_lazy(global)
    }

    pub(crate) fn define_lazy<L: Lazy>(self, global: &'static L) -> Result<()> {
        let above = intrinsics::function_prototype(self);
        let class = L::class(self.inner()).get();
        // SAFETY: a live prototype and a registered class, whose opaques are addresses of statics of this type.
        let access = unsafe {
            let access = self.check(qjs::JS_NewObjectProtoClass(self.raw(), above.raw(), class))?;
            qjs::JS_SetOpaque(access.raw(), ptr::from_ref(global).cast_mut().cast());
            access
        };
        self.globals().define_accessor(global.name(), access.clone(), Some(access), Attributes::HIDDEN)
    }
}

impl Value<'_> {
    /// Whether this is the accessor of a lazy global.
    pub(crate) fn is_lazy_accessor(&self) -> bool {
        let inner = self.ctx().inner();
        // SAFETY: reads the class of an object.
        self.is_object()
            && [&inner.lazy_class, &inner.late_class, &inner.touch_class]
                .iter()
                .any(|class| class.get() == unsafe { qjs::JS_GetClassID(self.raw()) })
    }
}

/// Getter and setter of a lazy global.
///
/// SAFETY: called by the engine with a live context, live values, and an object of the class of `L`.
unsafe extern "C" fn touch<L: Lazy>(
    ctx: *mut qjs::JSContext,
    access: qjs::JSValue,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    _flags: c_int,
) -> qjs::JSValue {
    // SAFETY: by contract; `this` is lent for the call.
    let (ctx, this, args) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, this)), Args::new(ctx, argc, argv))
    };
    guard(ctx, || {
        ctx.check_stack()?;
        // SAFETY: opaques of this class are addresses of such statics.
        let global = unsafe { qjs::JS_GetOpaque(access, L::class(ctx.inner()).get()).cast::<L>().as_ref() };
        match global {
            Some(global) => access_global(ctx, global, &this, args),
            None => Ok(ctx.undefined()),
        }
    })
}

/// A setter is called with an argument. A property that scripts have replaced since stays as it is, and what they have frozen still
/// gives the same value each time.
fn access_global<'a, L: Lazy>(ctx: Ctx<'a>, global: &'static L, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (globals, name) = (ctx.globals(), global.name());
    if !args.is_empty() {
        // An object that inherits from the global one gets a property of its own.
        return match this.is_object() && !this.strict_equals(&globals) {
            true => this.define(name, args.get(0), Attributes::ALL),
            false => globals.define(name, args.get(0), Attributes::HIDDEN),
        }
        .map(|()| ctx.undefined());
    }
    if let Some(value) = ctx.kept(&frozen(name)) {
        return Ok(value);
    }
    let value = global.make(ctx)?;
    if !globals.own_getter(name)?.is_undefined()
        && let Err(Thrown) = globals.define(name, value.clone(), Attributes::HIDDEN)
    {
        drop(ctx.take_exception());
        ctx.keep(frozen(name), value.clone());
    }
    Ok(value)
}

/// What the value of a lazy global is kept under that cannot become a property.
fn frozen(name: &str) -> String {
    format!("frozen global {name}")
}
