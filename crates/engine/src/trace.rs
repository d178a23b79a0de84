//! The calls under way, for the stacks of errors that come later.
//!
//! A promise that stands for work elsewhere is rejected when no script runs, so its error would have an empty stack. A [`Trace`] keeps, of each
//! call, the function and a place in its code, which costs next to nothing. Only if there is an error does the engine make text of it: the
//! calls stand on its stack once more, as frames of which it reads those two.
//!
//! What must never happen: such a frame in an engine whose frames are not what [`Frame`] says, which is proved once per process; one that
//! stays on the stack, or whose function is gone.

use crate::ctx::Ctx;
use crate::error::Result;
use crate::layout::{Frame, Probe};
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;

/// Calls that are kept; the engine shows ten by default.
const MAX_CALLS: usize = 10;

/// Calls that are looked at for the first one to keep.
const MAX_SKIPPED: usize = 32;

/// The calls that were under way at some moment, innermost first.
#[must_use = "it keeps functions until it becomes an error or is discarded"]
pub struct Trace(Vec<Call>);

struct Call {
    function: Persistent,
    /// The address behind the instruction that calls; of a native function, none.
    pc: usize,
}

impl<'a> Ctx<'a> {
    /// The calls under way, from the native function outward that is the `natives`-th of them, counted from 1 for the one that runs. `None` if
    /// there are not so many, or if this engine does not show its calls.
    pub fn trace(self, natives: usize) -> Option<Trace> {
        let layout = self.inner().layout;
        if !layout.shows_calls {
            return None;
        }
        let mut left = natives;
        let mut calls = Vec::new();
        // SAFETY: the runtime is live and entered.
        let mut frame = unsafe { layout.frame(self.inner().rt).read() }.cast::<Frame>().cast_const();
        for _ in 0..MAX_SKIPPED + MAX_CALLS {
            // SAFETY: a frame lives as long as its call, and this call is the innermost.
            let Some(call) = (unsafe { frame.as_ref() }) else { break };
            // SAFETY: what a live frame holds.
            let function = unsafe { Value::borrowed(self, call.function) };
            if !function.is_object() || calls.len() == MAX_CALLS {
                break;
            }
            let is_native = layout.natives.is_native(&function);
            left = left.saturating_sub(usize::from(is_native));
            if left == 0 {
                calls.push(Call { function: function.persist(), pc: if is_native { 0 } else { call.pc.addr() } });
            }
            frame = call.prev;
        }
        (!calls.is_empty()).then_some(Trace(calls))
    }
}

impl Trace {
    /// An error as [`Ctx::error`] makes it, with these calls as its stack.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn error<'a>(self, ctx: Ctx<'a>, name: &str, message: &str) -> Result<Value<'a>> {
        let calls: Vec<(Value<'a>, usize)> =
            self.0.into_iter().map(|call| (ctx.restore(call.function), call.pc)).collect();
        let raw = calls.iter().filter(|(function, _)| function.is_object()).map(|(function, pc)| (function.raw(), *pc));
        let frames = frames(raw);
        let inner = ctx.inner();
        // SAFETY: the runtime is live and entered. The frames are on the engine's stack during one call, and their functions live.
        unsafe {
            let innermost = inner.layout.frame(inner.rt);
            let before = innermost.replace(first(&frames));
            let error = ctx.error(name, message);
            innermost.write(before);
            error
        }
    }

    /// Lets its functions go.
    pub fn discard(self, ctx: Ctx<'_>) {
        for call in self.0 {
            drop(ctx.restore(call.function));
        }
    }
}

/// A frame for show.
#[repr(C)]
struct Shown {
    start: Frame,
    /// No more than the rest of the engine's own: no variables, no flags.
    rest: [usize; 8],
}

/// Frames of these functions and places, linked.
fn frames(calls: impl Iterator<Item = (qjs::JSValue, usize)>) -> Vec<Shown> {
    let shown = |(function, pc)| Shown { start: Frame::of(function, ptr::without_provenance(pc)), rest: [0; 8] };
    let mut frames: Vec<Shown> = calls.map(shown).collect();
    for index in 1..frames.len() {
        frames[index - 1].start.prev = (&raw const frames[index]).cast();
    }
    frames
}

fn first(frames: &[Shown]) -> *mut c_void {
    if frames.is_empty() { ptr::null_mut() } else { frames.as_ptr().cast_mut().cast() }
}

/// What a probing call sees.
struct Seen {
    /// Where the runtime has its innermost frame.
    offset: usize,
    calls: Vec<(qjs::JSValue, usize)>,
    error: qjs::JSValue,
}

impl Probe {
    /// Whether an error made of the functions and places of frames that are gone has the stack of one made while they were there.
    ///
    /// SAFETY: the runtime is live and used by this thread alone; `offset` is where it has its innermost frame.
    pub(crate) unsafe fn shows_calls(&self, offset: usize) -> bool {
        const SCRIPT: &CStr = c"(function outer(inner) { const f = (n) => { if (n > 0)\n return f(n - 1);\n  return [1].map(() => inner()) };\n f(2) })";
        let mut seen = Seen { offset, calls: Vec::new(), error: qjs::JS_UNDEFINED };
        // SAFETY: by contract; what is seen outlives the call that fills it in.
        unsafe {
            let native = qjs::JSCFunctionEnum_JS_CFUNC_generic;
            let mut inner = qjs::JS_NewCFunction2(self.ctx, Some(see), c"inner".as_ptr(), 0, native, 0);
            let function = self.eval(SCRIPT);
            qjs::JS_SetRuntimeOpaque(self.rt, (&raw mut seen).cast());
            let result = qjs::JS_Call(self.ctx, function, qjs::JS_UNDEFINED, 1, &mut inner);
            qjs::JS_SetRuntimeOpaque(self.rt, ptr::null_mut());
            // `inner`, the arrow function, `map`, `f` thrice, and `outer`.
            if qjs::JS_IsException(result) || seen.calls.len() != 7 {
                return false;
            }
            let frames = frames(seen.calls.iter().copied());
            let innermost = self.rt.cast::<u8>().add(offset).cast::<*mut c_void>();
            let before = innermost.replace(first(&frames));
            let again = qjs::JS_NewTypeError(self.ctx, c"".as_ptr());
            innermost.write(before);
            let (expected, shown) = (self.stack_of(seen.error), self.stack_of(again));
            expected.is_some() && expected == shown
        }
    }

    /// SAFETY: as above, with a live value.
    unsafe fn stack_of(&self, error: qjs::JSValue) -> Option<String> {
        // SAFETY: by contract.
        unsafe {
            let text = qjs::JS_ToCString(self.ctx, qjs::JS_GetPropertyStr(self.ctx, error, c"stack".as_ptr()));
            let text = ptr::NonNull::new(text.cast_mut())?;
            let text = CStr::from_ptr(text.as_ptr()).to_str().ok()?.to_owned();
            text.contains("outer (probe:4:").then_some(text)
        }
    }
}

/// SAFETY: called by the engine from [`Probe::shows_calls`], whose [`Seen`] is the runtime's opaque.
unsafe extern "C" fn see(
    ctx: *mut qjs::JSContext,
    _this: qjs::JSValue,
    _argc: c_int,
    _argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: by contract; frames live as long as their calls.
    unsafe {
        let rt = qjs::JS_GetRuntime(ctx);
        let seen = &mut *qjs::JS_GetRuntimeOpaque(rt).cast::<Seen>();
        seen.error = qjs::JS_NewTypeError(ctx, c"".as_ptr());
        let mut frame = rt.cast::<u8>().add(seen.offset).cast::<*const Frame>().read();
        while let Some(call) = frame.as_ref() {
            seen.calls.push((qjs::JS_DupValue(ctx, call.function), call.pc.addr()));
            frame = call.prev;
        }
    }
    qjs::JS_UNDEFINED
}

#[cfg(test)]
mod tests {
    use crate::layout::Layout;
    use crate::{EvalOptions, Isolate, IsolateOptions};

    #[test]
    fn this_engine_shows_its_calls() {
        assert!(Layout::get().is_some_and(|layout| layout.shows_calls));
    }

    #[test]
    fn an_error_made_later_has_the_stack_of_the_call() {
        let isolate = Isolate::new(IsolateOptions::default()).unwrap();
        let realm = isolate.new_realm().unwrap();
        isolate.enter(&realm, |ctx| {
            let start = ctx.function("start", 0, |ctx, _, args| {
                let trace = ctx.trace(2).unwrap();
                ctx.call(&args.get(0), &ctx.undefined(), &[])?;
                let late = trace.error(ctx, "TypeError", "late")?;
                ctx.trace(1).unwrap().discard(ctx);
                assert!(ctx.trace(9).is_none());
                Ok(late)
            });
            let outer = ctx.function("outer", 0, |ctx, _, args| {
                let start = ctx.globals().get("start")?;
                let glue = ctx.eval("(start, f) => start(f)", &EvalOptions::default())?;
                ctx.call(&glue, &ctx.undefined(), &[start, args.get(0)])
            });
            ctx.globals().set("start", start.unwrap()).unwrap();
            ctx.globals().set("outer", outer.unwrap()).unwrap();
            let check = |source: &str, expected: &str| {
                let text = ctx.eval(source, &EvalOptions::default()).unwrap().to_text().unwrap();
                assert_eq!(text, expected, "{source}");
            };
            let gone = "(() => { let f = () => outer(() => { f = undefined }); f = f.bind(); return f() })()";
            check(
                "function a() {\n  return outer(() => {}) }\na().stack",
                "    at outer (native)\n    at a (<eval>:2:10)\n    at <eval> (<eval>:3:1)\n",
            );
            check(&format!("{gone} instanceof TypeError"), "true");
            check("[1].map(() => outer(() => {}).stack.split('\\n').length)", "5");
            check(
                "Error.prepareStackTrace = (error, sites) => sites.length + new Error('x').message; outer(() => {}).stack",
                "2x",
            );
        });
    }
}
