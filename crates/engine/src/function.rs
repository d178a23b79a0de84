//! Native functions and calls.
//!
//! A native function is a closure that captures nothing, so each gets a C entry of its own by
//! monomorphisation: no allocation and no indirection per call. Every entry catches panics.

use crate::ctx::{Ctx, c_text};
use crate::error::{Result, Thrown};
use crate::isolate::assert_stateless;
use crate::native::Native;
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::ffi::c_int;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

/// A native function: `(ctx, this, arguments)`. Anything with this signature that captures nothing.
pub trait NativeFn: for<'a> Fn(Ctx<'a>, &Value<'a>, Args<'a>) -> Result<Value<'a>> + Copy + 'static {}

impl<F> NativeFn for F where F: for<'a> Fn(Ctx<'a>, &Value<'a>, Args<'a>) -> Result<Value<'a>> + Copy + 'static {}

/// Arguments of a native call.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    ctx: Ctx<'a>,
    values: &'a [qjs::JSValue],
}

impl<'a> Args<'a> {
    /// SAFETY: `values` are live values of `ctx` for `'a`.
    pub(crate) unsafe fn new(ctx: Ctx<'a>, count: c_int, values: *mut qjs::JSValue) -> Args<'a> {
        let count = usize::try_from(count).unwrap_or(0);
        // SAFETY: by contract; the engine gives no pointer when there is nothing.
        let values = if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(values, count) } };
        Args { ctx, values }
    }

    /// How many were given.
    pub fn len(self) -> usize {
        self.values.len()
    }

    /// Whether none was given.
    pub fn is_empty(self) -> bool {
        self.values.is_empty()
    }

    /// The value at `index`; `undefined` past the end.
    pub fn get(self, index: usize) -> Value<'a> {
        match self.values.get(index) {
            // SAFETY: a live value.
            Some(&raw) => unsafe { Value::borrowed(self.ctx, raw) },
            None => self.ctx.undefined(),
        }
    }

    /// Without the first `count`.
    #[must_use]
    pub fn skip(self, count: usize) -> Args<'a> {
        Args { values: self.values.get(count..).unwrap_or_default(), ..self }
    }

    /// Calls another function with the same arguments.
    ///
    /// # Errors
    /// As [`Ctx::call`].
    pub fn forward(self, function: &Value<'a>, this: &Value<'a>) -> Result<Value<'a>> {
        let (count, values) = (self.values.len() as c_int, self.values.as_ptr().cast_mut());
        // SAFETY: live values; the engine borrows the arguments and does not write to them.
        let raw = unsafe { qjs::JS_Call(self.ctx.raw(), function.raw(), this.raw(), count, values) };
        self.ctx.check(raw)
    }

    /// Calls the engine's own function with the same arguments.
    pub(crate) fn forward_to(self, native: &Native, this: &Value<'a>) -> Result<Value<'a>> {
        let mut values: [qjs::JSValue; 8] = [qjs::JS_UNDEFINED; 8];
        let mut more = Vec::new();
        let raw = match values.get_mut(..self.values.len()) {
            Some(values) => {
                values.copy_from_slice(self.values);
                values
            }
            None => {
                more.extend_from_slice(self.values);
                &mut more[..]
            }
        };
        // SAFETY: live values, borrowed for the call.
        self.ctx.check(unsafe { native.call_padded(self.ctx.raw(), this.raw(), raw) })
    }

    /// All values from `index` on.
    pub fn rest(self, index: usize) -> Vec<Value<'a>> {
        (index..self.len()).map(|index| self.get(index)).collect()
    }
}

impl<'a> Ctx<'a> {
    /// Makes a function of `length` declared parameters.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn function<F: NativeFn>(self, name: &str, length: u32, _native: F) -> Result<Value<'a>> {
        self.native(name, length, call::<F>, qjs::JSCFunctionEnum_JS_CFUNC_generic)
    }

    /// Makes a constructor: called only with `new`, it gets `new.target` as `this`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn constructor<F: NativeFn>(self, name: &str, length: u32, _native: F) -> Result<Value<'a>> {
        self.native(name, length, call::<F>, qjs::JSCFunctionEnum_JS_CFUNC_constructor)
    }

    pub(crate) fn native(
        self,
        name: &str,
        length: u32,
        entry: unsafe extern "C" fn(*mut qjs::JSContext, qjs::JSValue, c_int, *mut qjs::JSValue) -> qjs::JSValue,
        kind: qjs::JSCFunctionEnum,
    ) -> Result<Value<'a>> {
        let name = c_text(name);
        // SAFETY: `entry` has the signature that both kinds are called with; the name is copied.
        let raw = unsafe { qjs::JS_NewCFunction2(self.raw(), Some(entry), name.as_ptr(), length as c_int, kind, 0) };
        self.check(raw)
    }

    /// Makes a function that gets a `bound` value in place of `this`: `(ctx, bound, arguments)`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn bound_function<F: NativeFn>(self, bound: &Value<'a>, _native: F) -> Result<Value<'a>> {
        let mut raw = bound.raw();
        // SAFETY: the engine takes a reference of its own to the one bound value.
        let function = unsafe { qjs::JS_NewCFunctionData(self.raw(), Some(call_bound::<F>), 0, 0, 1, &mut raw) };
        self.check(function)
    }

    /// Calls a function.
    ///
    /// # Errors
    /// Throws what the function throws; a `TypeError` if it is none.
    pub fn call(self, function: &Value<'a>, this: &Value<'a>, args: &[Value<'a>]) -> Result<Value<'a>> {
        const INLINE: usize = 8;
        if args.len() <= INLINE {
            let mut raw = [qjs::JS_UNDEFINED; INLINE];
            for (slot, arg) in raw.iter_mut().zip(args) {
                *slot = arg.raw();
            }
            return self.call_raw(function, this, &mut raw[..args.len()]);
        }
        let mut raw: Vec<qjs::JSValue> = args.iter().map(Value::raw).collect();
        self.call_raw(function, this, &mut raw)
    }

    fn call_raw(self, function: &Value<'a>, this: &Value<'a>, args: &mut [qjs::JSValue]) -> Result<Value<'a>> {
        // SAFETY: live values; the engine borrows the arguments.
        let raw =
            unsafe { qjs::JS_Call(self.raw(), function.raw(), this.raw(), args.len() as c_int, args.as_mut_ptr()) };
        self.check(raw)
    }

    /// `new class(...args)`.
    ///
    /// # Errors
    /// Throws what the constructor throws; a `TypeError` if it is none.
    pub fn construct(self, class: &Value<'a>, args: &[Value<'a>]) -> Result<Value<'a>> {
        let mut raw: Vec<qjs::JSValue> = args.iter().map(Value::raw).collect();
        // SAFETY: live values; the engine borrows the arguments.
        let made = unsafe { qjs::JS_CallConstructor(self.raw(), class.raw(), raw.len() as c_int, raw.as_mut_ptr()) };
        self.check(made)
    }
}

/// The C function of a native function.
pub(crate) fn native_entry<F: NativeFn>(_native: F) -> qjs::JSCFunction {
    Some(call::<F>)
}

/// Makes a value of a type without contents.
pub(crate) fn conjure<F: Copy>() -> F {
    // SAFETY: callers have asserted that `F` has no size, and a value of it was given when the function was made.
    unsafe { mem::zeroed() }
}

unsafe extern "C" fn call<F: NativeFn>(
    ctx: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    const { assert_stateless::<F>() };
    // SAFETY: the engine calls with a live context and values that it keeps alive for the call.
    let (ctx, this, args) = unsafe {
        let ctx = Ctx::from_raw(NonNull::new_unchecked(ctx));
        (ctx, ManuallyDrop::new(Value::from_raw(ctx, this)), Args::new(ctx, argc, argv))
    };
    guard(ctx, || conjure::<F>()(ctx, &this, args))
}

unsafe extern "C" fn call_bound<F: NativeFn>(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    _magic: c_int,
    bound: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine calls with a live context; `bound` points to the one value given to `bound_function`.
    unsafe {
        let here = Ctx::from_raw(NonNull::new_unchecked(ctx));
        match here.check_stack() {
            Ok(()) => call::<F>(ctx, *bound, argc, argv),
            Err(Thrown) => qjs::JS_EXCEPTION,
        }
    }
}

/// Runs native code for the engine: a panic ends the script and marks the isolate broken.
pub(crate) fn guard<'a>(ctx: Ctx<'a>, f: impl FnOnce() -> Result<Value<'a>>) -> qjs::JSValue {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => value.into_raw(),
        Ok(Err(Thrown)) => qjs::JS_EXCEPTION,
        Err(panic) => {
            ctx.inner().mark_broken(panic_text(&*panic));
            ctx.throw_uncatchable("internal error in native code; please report this");
            qjs::JS_EXCEPTION
        }
    }
}

/// As [`guard`], for callbacks of objects, that answer yes or no.
pub(crate) fn guard_status(ctx: Ctx<'_>, f: impl FnOnce() -> Result<bool>) -> c_int {
    let mut status = -1;
    let raw = guard(ctx, || {
        ctx.check_stack()?;
        status = c_int::from(f()?);
        Ok(ctx.undefined())
    });
    // SAFETY: reads the tag.
    if unsafe { qjs::JS_IsException(raw) } { -1 } else { status }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}
