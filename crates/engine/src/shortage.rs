//! Memory that a script is refused.
//!
//! A builtin that takes too much without ever polling can only be ended by a request that fails: then it throws an `out of memory` error,
//! as the engine's code does wherever memory is short. Two things make that safe.
//!
//! * The error is an object, and making one may start a collection, in the middle of whatever asked: a property table under way is in
//!   no list of the collector's just then. So nothing is collected until the script polls, which it does soon.
//! * The parser is the part of the engine that does not survive a failed request. While it may be running, the engine is told that the
//!   stack is used up, which the parser checks at each token, and which it survives. What turns its output into functions checks no
//!   stack; of its requests those for large new blocks may fail, which are its tables and the functions. The parser makes such only
//!   for text, and survives that it cannot.

use crate::ctx::Ctx;
use crate::disasm;
use crate::error::{Result, Thrown};
use crate::isolate::Inner;
use crate::layout::Frame;
use rquickjs::qjs;
use std::cell::Cell;

/// What is out of the ordinary while memory is short.
#[derive(Default)]
pub(crate) struct Shortage {
    /// Whether this crate has the engine compile, or read what it compiled.
    pub(crate) is_compiling: Cell<bool>,
    /// At which size the engine would collect, if it is not to.
    threshold: Cell<Option<usize>>,
    /// Whether the engine takes the stack for used up.
    is_stack_closed: Cell<bool>,
}

impl Inner {
    /// Whether the request under way, for a large new block or not, may fail. If not, what makes it ends soon.
    ///
    /// SAFETY: called by the isolate's thread, from within the engine's allocator, while a realm is entered.
    pub(crate) unsafe fn may_refuse(&self, is_large_and_new: bool) -> bool {
        // SAFETY: by contract.
        unsafe {
            if !self.may_be_compiling() {
                return true;
            }
            if !self.shortage.is_stack_closed.replace(true) {
                self.close_stack();
            }
        }
        is_large_and_new
    }

    /// Keeps the engine from collecting until the shortage ends.
    pub(crate) fn suspend_collector(&self) {
        if !self.is_short() {
            // SAFETY: the runtime is live; both only read or write a number.
            unsafe {
                self.shortage.threshold.set(Some(qjs::JS_GetGCThreshold(self.rt) as usize));
                qjs::JS_SetGCThreshold(self.rt, usize::MAX as _);
            }
        }
    }

    /// SAFETY: as for `may_refuse`.
    unsafe fn may_be_compiling(&self) -> bool {
        if self.shortage.is_compiling.get() {
            return true;
        }
        let natives = &self.layout.natives;
        // SAFETY: by contract; the innermost frame is live, and so is its function.
        unsafe {
            let Some(frame) = (*self.layout.frame(self.rt)).cast::<Frame>().as_ref() else { return false };
            let function = frame.function;
            if qjs::JS_VALUE_GET_TAG(function) != qjs::JS_TAG_OBJECT {
                return false;
            }
            match natives.read(function) {
                Some(native) => natives.is_compiler(&native),
                None => {
                    natives.is_closure(qjs::JS_GetClassID(function)) && !frame.pc.is_null() && disasm::is_eval(frame.pc)
                }
            }
        }
    }

    /// Whether a request has failed since the last poll.
    pub(crate) fn is_short(&self) -> bool {
        self.shortage.threshold.get().is_some()
    }

    /// Lets the engine collect again, and gives it its stack back.
    #[inline]
    pub(crate) fn shortage_ends(&self) {
        if self.is_short() || self.shortage.is_stack_closed.get() {
            self.end_shortage();
        }
    }

    #[cold]
    fn end_shortage(&self) {
        // SAFETY: the runtime is live and only this thread uses it.
        unsafe {
            if let Some(threshold) = self.shortage.threshold.take() {
                qjs::JS_SetGCThreshold(self.rt, threshold as _);
            }
            if self.shortage.is_stack_closed.take() {
                self.continue_stack(self.stack_limit.get());
            }
        }
    }
}

impl<'a> Ctx<'a> {
    /// Has the engine compile something, or read what it compiled.
    pub(crate) fn while_compiling<R>(self, f: impl FnOnce() -> Result<R>) -> Result<R> {
        self.inner().shortage_ends();
        let shortage = &self.inner().shortage;
        let outer = shortage.is_compiling.replace(true);
        let result = f();
        shortage.is_compiling.set(outer);
        if !shortage.is_stack_closed.get() {
            return result;
        }
        self.inner().shortage_ends();
        if result.is_err() {
            drop(self.take_exception());
            // SAFETY: a live context.
            unsafe { qjs::JS_ThrowOutOfMemory(self.raw()) };
            return Err(Thrown);
        }
        result
    }
}
