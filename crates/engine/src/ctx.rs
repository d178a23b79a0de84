//! What can be done inside a realm.

use crate::error::{ErrorReport, Result, Thrown};
use crate::interrupt::{Interrupt, Verdict};
use crate::isolate::Inner;
use crate::module::ModuleLoader;
use crate::realm::RealmSlot;
use crate::value::Value;
use rquickjs::qjs;
use std::any::Any;
use std::ffi::{CString, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

/// Permission to use a realm on this thread, for as long as `'a`.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    raw: NonNull<qjs::JSContext>,
    _borrow: PhantomData<&'a mut ()>,
}

/// How source is evaluated.
#[derive(Debug, Clone)]
pub struct EvalOptions<'s> {
    /// Name in stack traces.
    pub filename: &'s str,
    /// Line number of the first line.
    pub first_line: i32,
    /// Allow `await` at top level: the result is a promise of `{ value }`.
    pub top_level_await: bool,
}

impl Default for EvalOptions<'_> {
    fn default() -> Self {
        EvalOptions { filename: "<eval>", first_line: 1, top_level_await: false }
    }
}

impl<'a> Ctx<'a> {
    /// SAFETY: the context is live and used by this thread alone for `'a`.
    pub(crate) unsafe fn from_raw(raw: NonNull<qjs::JSContext>) -> Ctx<'a> {
        Ctx { raw, _borrow: PhantomData }
    }

    pub(crate) fn raw(self) -> *mut qjs::JSContext {
        self.raw.as_ptr()
    }

    pub(crate) fn inner(self) -> &'a Inner {
        // SAFETY: the runtime of a live context is live for `'a`.
        unsafe { Inner::of(qjs::JS_GetRuntime(self.raw())) }
    }

    pub(crate) fn slot(self) -> &'a RealmSlot {
        // SAFETY: `Isolate::new_realm` sets the slot before any other code enters, and it is freed
        // after its context.
        unsafe { &*qjs::JS_GetContextOpaque(self.raw()).cast::<RealmSlot>() }
    }

    /// Owns `raw`, or reports the exception that it marks.
    pub(crate) fn check(self, raw: qjs::JSValue) -> Result<Value<'a>> {
        // SAFETY: the engine just gave `raw` to us; exception markers are not values.
        unsafe { if qjs::JS_IsException(raw) { Err(Thrown) } else { Ok(Value::from_raw(self, raw)) } }
    }

    pub(crate) fn check_int(self, status: c_int) -> Result<bool> {
        if status < 0 { Err(Thrown) } else { Ok(status > 0) }
    }

    /// Attaches the embedder's state to the realm.
    pub fn set_data<T: 'static>(self, data: Rc<T>) {
        let replaced = self.slot().data.replace(Some(data));
        drop(replaced);
    }

    /// The embedder's state of this realm, if it has that type.
    pub fn data<T: 'static>(self) -> Option<Rc<T>> {
        let data: Rc<dyn Any> = self.slot().data.borrow().clone()?;
        data.downcast().ok()
    }

    /// Sets what polls decide while this realm is entered; `None` leaves it to the [isolate's](crate::Isolate::set_interrupt).
    pub fn set_interrupt(self, interrupt: Option<Rc<dyn Interrupt>>) {
        let replaced = self.slot().interrupt.replace(interrupt);
        drop(replaced);
    }

    /// Sets where `import` finds modules.
    pub fn set_module_loader(self, loader: Rc<dyn ModuleLoader>) {
        *self.slot().loader.borrow_mut() = Some(loader);
    }

    /// Evaluates a script in the global scope. Interior NUL bytes are allowed.
    ///
    /// # Errors
    /// Throws what the script throws, `SyntaxError` included.
    pub fn eval(self, source: &str, options: &EvalOptions<'_>) -> Result<Value<'a>> {
        let flags = if options.top_level_await { qjs::JS_EVAL_FLAG_ASYNC } else { 0 };
        let script = self.compile_value(source, options, qjs::JS_EVAL_TYPE_GLOBAL | flags)?;
        // SAFETY: a compiled script, which the engine takes over.
        self.check(unsafe { qjs::JS_EvalFunction(self.raw(), script.into_raw()) })
    }

    /// A function or module that has not run.
    pub(crate) fn compile_value(self, source: &str, options: &EvalOptions<'_>, flags: u32) -> Result<Value<'a>> {
        let filename = NulTerminated::new(self, options.filename)?;
        let text = NulTerminated::new(self, source)?;
        let mut eval_options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as c_int,
            eval_flags: (flags | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int,
            filename: filename.as_ptr(),
            line_num: options.first_line,
        };
        self.while_compiling(|| {
            // SAFETY: the source is NUL-terminated at its length and all pointers outlive the call.
            self.check(unsafe { qjs::JS_Eval2(self.raw(), text.as_ptr(), source.len() as _, &mut eval_options) })
        })
    }

    /// Takes the pending exception; `undefined` if there is none.
    pub fn take_exception(self) -> Value<'a> {
        // SAFETY: the context is live; the result is owned.
        unsafe {
            let mut raw = qjs::JS_GetException(self.raw());
            if qjs::JS_IsUninitialized(raw) && self.inner().is_short() {
                // Where the engine cannot make the name of a property it fails without an error.
                qjs::JS_ThrowOutOfMemory(self.raw());
                raw = qjs::JS_GetException(self.raw());
            }
            if qjs::JS_IsUninitialized(raw) { self.undefined() } else { Value::from_raw(self, raw) }
        }
    }

    /// Takes the pending exception and describes it.
    pub fn take_report(self) -> ErrorReport {
        let thrown = self.take_exception();
        // SAFETY: a live value; the mark would make reading its properties uncatchable to us as well.
        unsafe { qjs::JS_ClearUncatchableError(self.raw(), thrown.raw()) };
        ErrorReport::of(self, &thrown)
    }

    /// Throws a value.
    pub fn throw(self, value: Value<'a>) -> Thrown {
        // SAFETY: the engine takes the reference over.
        unsafe { qjs::JS_Throw(self.raw(), value.into_raw()) };
        Thrown
    }

    /// Throws an error of one of the language's classes (`"TypeError"`, `"RangeError"`, `"SyntaxError"`,
    /// `"ReferenceError"`, `"InternalError"`), or an `Error` with that `name`.
    pub fn throw_error(self, name: &str, message: &str) -> Thrown {
        match self.error(name, message) {
            Ok(error) => self.throw(error),
            Err(thrown) => thrown,
        }
    }

    /// Throws a `TypeError`.
    pub fn throw_type(self, message: &str) -> Thrown {
        self.throw_error("TypeError", message)
    }

    /// Makes an error object; see [`Ctx::throw_error`] for `name`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn error(self, name: &str, message: &str) -> Result<Value<'a>> {
        let format = c"%s".as_ptr();
        let empty = c"".as_ptr();
        // SAFETY: the format takes one C string and gets one.
        let raw = unsafe {
            match name {
                "TypeError" => qjs::JS_NewTypeError(self.raw(), format, empty),
                "RangeError" => qjs::JS_NewRangeError(self.raw(), format, empty),
                "SyntaxError" => qjs::JS_NewSyntaxError(self.raw(), format, empty),
                "ReferenceError" => qjs::JS_NewReferenceError(self.raw(), format, empty),
                "InternalError" => qjs::JS_NewInternalError(self.raw(), format, empty),
                _ => qjs::JS_NewPlainError(self.raw(), format, empty),
            }
        };
        let error = self.check(raw)?;
        let hidden = crate::Attributes { enumerable: false, ..crate::Attributes::ALL };
        // The engine's own constructors cut messages at 256 bytes.
        error.define("message", self.string(message)?, hidden)?;
        if !matches!(name, "Error" | "TypeError" | "RangeError" | "SyntaxError" | "ReferenceError" | "InternalError") {
            error.define("name", self.string(name)?, hidden)?;
        }
        Ok(error)
    }

    /// Ends the running script with an error it cannot catch, as an [aborted](crate::Verdict::Abort) poll does.
    pub fn throw_uncatchable(self, message: &str) -> Thrown {
        match self.error("InternalError", message) {
            Ok(error) => {
                // SAFETY: a live error object.
                unsafe { qjs::JS_SetUncatchableError(self.raw(), error.raw()) };
                self.throw(error)
            }
            Err(thrown) => thrown,
        }
    }

    /// Polls for interrupts on behalf of native code that loops; counts as `steps` steps.
    ///
    /// # Errors
    /// Throws uncatchably if the script is to end.
    pub fn poll(self, steps: u32) -> Result<()> {
        let inner = self.inner();
        let Some(interrupt) = inner.interrupt() else {
            return Ok(());
        };
        let is_over = self.heap().over_limit() && inner.still_over_limit();
        let verdict =
            if is_over && interrupt.over_limit() == Verdict::Abort { Verdict::Abort } else { interrupt.poll(steps) };
        match verdict {
            Verdict::Continue(steps) => {
                inner.set_countdown(steps);
                Ok(())
            }
            Verdict::Abort => {
                inner.set_countdown(1);
                Err(self.throw_uncatchable("interrupted"))
            }
        }
    }

    /// The isolate's memory.
    pub fn heap(self) -> &'a crate::Heap {
        &self.inner().heap
    }

    /// Collects the garbage of this realm.
    pub fn collect_garbage(self) {
        self.inner().collect_own();
    }

    /// Polls again after `steps` steps (1 to 10,000).
    pub fn set_countdown(self, steps: u32) {
        self.inner().set_countdown(steps);
    }

    /// Steps since the last poll.
    pub fn steps_since_poll(self) -> u32 {
        self.inner().steps_since_poll()
    }

    /// Why the isolate must not be used any more; see [`Isolate::is_broken`](crate::Isolate::is_broken).
    pub fn is_broken(self) -> Option<String> {
        self.inner().is_broken()
    }

    /// The engine's own census of the heap; see [`Isolate::census`](crate::Isolate::census).
    pub fn census(self) -> [(&'static str, u64); 12] {
        self.inner().census()
    }

    /// Bytes of stack that native recursion may still use here.
    pub fn stack_left(self) -> usize {
        self.inner().stack_left()
    }

    /// Throws if scripts have used up their stack. The engine asks before it calls a function of a script or a plain native one,
    /// and not before it calls any other code of ours.
    pub(crate) fn check_stack(self) -> Result<()> {
        match self.stack_left() {
            0 => Err(self.throw_error("RangeError", "Maximum call stack size exceeded")),
            _ => Ok(()),
        }
    }
}

/// A C string from text that may hold NULs (they end file names early, harmlessly).
pub(crate) fn c_text(text: &str) -> CString {
    let end = text.bytes().position(|byte| byte == 0).unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

/// Text with the NUL that the engine's lexer expects behind it. Long text is copied into the isolate's heap, so that it
/// counts there and goes with it; short text stays on the stack.
#[expect(clippy::large_enum_variant, reason = "it lives on the stack for one call, to spare short text an allocation")]
pub(crate) enum NulTerminated<'a> {
    Short([u8; 256]),
    Long(Ctx<'a>, NonNull<u8>),
}

impl<'a> NulTerminated<'a> {
    pub(crate) fn new(ctx: Ctx<'a>, text: &str) -> Result<NulTerminated<'a>> {
        let bytes = text.as_bytes();
        if bytes.len() < 256 {
            let mut short = [0; 256];
            short[..bytes.len()].copy_from_slice(bytes);
            return Ok(NulTerminated::Short(short));
        }
        // SAFETY: `js_malloc` gives room for the text and the NUL, or throws.
        unsafe {
            let copy = NonNull::new(qjs::js_malloc(ctx.raw(), (bytes.len() + 1) as _).cast::<u8>()).ok_or(Thrown)?;
            copy.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            copy.add(bytes.len()).write(0);
            Ok(NulTerminated::Long(ctx, copy))
        }
    }

    pub(crate) fn as_ptr(&self) -> *const std::ffi::c_char {
        match self {
            NulTerminated::Short(bytes) => bytes.as_ptr().cast(),
            NulTerminated::Long(_, copy) => copy.as_ptr().cast(),
        }
    }
}

impl Drop for NulTerminated<'_> {
    fn drop(&mut self) {
        if let NulTerminated::Long(ctx, copy) = self {
            // SAFETY: made by `js_malloc` in `new`, freed once.
            unsafe { qjs::js_free(ctx.raw(), copy.as_ptr().cast()) };
        }
    }
}
