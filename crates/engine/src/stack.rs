//! Several stacks in one isolate.
//!
//! The engine knows one stack: the innermost frame, the limit, the exception on its way and a flag are kept per
//! runtime. An embedder that suspends a fiber in the middle of JavaScript and lets another one enter the isolate meanwhile brackets
//! the suspension with [`Isolate::save_stack`] and [`Isolate::restore_stack`]. Then fibers may be resumed in any order, and
//! by any thread, one at a time: neither the engine's C code nor this crate holds a thread-local address, a lock or a thread's identity
//! across a poll or a call of a native function. (The engine's only process-wide state is a mutex around `Atomics.wait` and
//! `notify`, held within one call; waiting is refused.)

use crate::isolate::{Inner, Isolate};
use crate::layout::STEPS_PER_POLL;
use crate::realm::RealmSlot;
use rquickjs::qjs;
use std::ffi::c_void;
use std::ptr;

/// What a suspended stack leaves in its isolate, taken out of it.
#[must_use = "the stack cannot go on without it"]
pub struct StackState {
    entered: *const RealmSlot,
    depth: u32,
    countdown: i32,
    /// Steps that a poke cut off the countdown.
    left: i32,
    stack_limit: usize,
    frame: *mut c_void,
    tracing: u8,
    exception: qjs::JSValue,
    is_compiling: bool,
    continuation: u64,
}

// SAFETY: inert until given back to its isolate, which one thread has at a time; the pointers are into the isolate's heap and the
// fiber's stack, which do not depend on threads.
unsafe impl Send for StackState {}

impl Inner {
    /// Tells the engine that a stack begins here, of which scripts may use the isolate's share.
    ///
    /// SAFETY: only this thread uses the isolate, and no stack is active in it.
    pub(crate) unsafe fn begin_stack(&self) {
        let here = 0u8;
        self.stack_limit.set((&raw const here as usize).saturating_sub(self.max_stack_size.get()));
        // SAFETY: by contract.
        unsafe {
            qjs::JS_SetMaxStackSize(self.rt, self.max_stack_size.get() as _);
            qjs::JS_UpdateStackTop(self.rt);
        }
    }

    /// SAFETY: as for `begin_stack`, but that a stack may be active.
    pub(crate) unsafe fn continue_stack(&self, limit: usize) {
        let here = 0u8;
        self.stack_limit.set(limit);
        // The engine takes the size off the top to get the limit, modulo the width of an address.
        let size = (&raw const here as usize).wrapping_sub(limit);
        // SAFETY: by contract.
        unsafe {
            qjs::JS_UpdateStackTop(self.rt);
            qjs::JS_SetMaxStackSize(self.rt, size as _);
        }
    }
}

impl Inner {
    /// Makes the engine take the stack for used up, until it [continues](Inner::continue_stack).
    ///
    /// SAFETY: only this thread uses the isolate.
    pub(crate) unsafe fn close_stack(&self) {
        let here = 0u8;
        // The top is where the stack began or went on, so that the limit is far above it and yet an address.
        let size = (&raw const here as usize).wrapping_sub(usize::MAX / 4 * 3);
        // SAFETY: by contract.
        unsafe { qjs::JS_SetMaxStackSize(self.rt, size as _) };
    }

    /// Makes an arena for blocks of that size and keeps one of them for good.
    #[cold]
    fn pin(&self, size: usize) {
        /// More than an arena has.
        const ENOUGH: usize = 256;
        let arenas = self.heap.stats().blocks;
        let mut fillers = Vec::new();
        // SAFETY: the runtime is live. What fills the arenas there are goes back; the pin goes with the heap.
        unsafe {
            while self.heap.stats().blocks == arenas && fillers.len() < ENOUGH {
                fillers.push(qjs::js_malloc_rt(self.rt, size as _));
            }
            if self.heap.stats().blocks > arenas {
                fillers.pop();
                self.heap.pins.pinned();
            }
            for filler in fillers {
                qjs::js_free_rt(self.rt, filler);
            }
        }
    }
}

impl Isolate {
    /// Takes the present stack out of the isolate, as if no realm were entered: others may be entered on other stacks until it is
    /// [restored](Isolate::restore_stack). To be called on that stack, from a poll or a native function, right before switching away
    /// from it.
    ///
    /// # Safety
    /// Until the state is restored, nothing of the isolate may be used on this stack.
    pub unsafe fn save_stack(&self) -> StackState {
        let inner = &*self.inner;
        // SAFETY: by contract the isolate's stack is this one.
        unsafe {
            let entered = inner.entered.get();
            let exception = match entered.as_ref() {
                Some(slot) if qjs::JS_HasException(slot.ctx.as_ptr()) => qjs::JS_GetException(slot.ctx.as_ptr()),
                _ => qjs::JS_UNINITIALIZED,
            };
            let countdown = inner.countdown.get();
            let left = inner.switch_to(ptr::null(), 0);
            StackState {
                entered,
                depth: inner.depth.replace(0),
                countdown,
                left,
                stack_limit: inner.stack_limit.get(),
                frame: inner.layout.frame(inner.rt).replace(ptr::null_mut()),
                tracing: inner.layout.tracing(inner.rt).replace(0),
                exception,
                is_compiling: inner.shortage.is_compiling.take(),
                continuation: inner.set_continuation(0),
            }
        }
    }

    /// Gives a stack back to the isolate; to be called on it, right after switching back to it.
    ///
    /// # Safety
    /// The state was saved on this stack and from this isolate, and no other stack is active in it: whatever entered a
    /// realm meanwhile has left it or has been saved.
    pub unsafe fn restore_stack(&self, state: StackState) {
        let inner = &*self.inner;
        // SAFETY: by contract.
        unsafe {
            inner.continue_stack(state.stack_limit);
            inner.layout.frame(inner.rt).write(state.frame);
            inner.layout.tracing(inner.rt).write(state.tracing);
            inner.depth.set(state.depth);
            inner.switch_to(state.entered, state.left);
            inner.countdown.set(state.countdown);
            inner.shortage.is_compiling.set(state.is_compiling);
            inner.set_continuation(state.continuation);
            if let Some(slot) = state.entered.as_ref()
                && !qjs::JS_IsUninitialized(state.exception)
            {
                qjs::JS_Throw(slot.ctx.as_ptr(), state.exception);
            }
        }
    }
}

/// Marks a realm as entered until dropped.
pub(crate) struct Entered<'i> {
    inner: &'i Inner,
    slot: &'i RealmSlot,
    /// The realm that this one was entered from, and where its countdown stood.
    outer: *const RealmSlot,
    countdown: i32,
    left: i32,
}

impl<'i> Entered<'i> {
    pub(crate) fn new(inner: &'i Inner, slot: &'i RealmSlot) -> Self {
        if inner.depth.get() == 0 && inner.last_entered.replace(slot.id) != slot.id {
            // What another realm threw is none of this one's business.
            inner.drop_exception(slot);
        }
        inner.depth.set(inner.depth.get() + 1);
        slot.entries.set(slot.entries.get() + 1);
        let (outer, countdown) = (inner.entered.get(), inner.countdown.get());
        let mut left = 0;
        if !ptr::eq(outer, slot) {
            left = inner.switch_to(slot, 0);
            inner.set_countdown(STEPS_PER_POLL as u32);
        }
        Entered { inner, slot, outer, countdown, left }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.inner.depth.set(self.inner.depth.get() - 1);
        self.slot.entries.set(self.slot.entries.get() - 1);
        if !ptr::eq(self.inner.entered.get(), self.outer) {
            self.inner.switch_to(self.outer, self.left);
            self.inner.countdown.set(self.countdown);
        }
        if self.inner.depth.get() == 0 {
            if let Some(size) = self.inner.heap.pins.take_wanted() {
                self.inner.pin(size);
            }
            self.inner.heap.drop_spare();
        }
    }
}
