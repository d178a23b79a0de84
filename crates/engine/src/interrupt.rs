//! Interrupts: how running JavaScript is observed, paused and ended.
//!
//! The engine counts steps (function calls, loop turns, builtin callbacks) down from 10,000 in a field
//! of its context and polls at zero. Where that field lies is not part of its public interface (see `layout.rs`).
//! With the field known, a budget can end anywhere and another thread can ask for a poll *now*
//! ([`Pacer::poke`]), so that a loop of slow builtins is interrupted after one builtin and
//! not after 10,000.

use crate::isolate::Inner;
use rquickjs::qjs;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

/// What an [`Interrupt`] decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on, and poll again after at most this many steps (1 to 10,000).
    Continue(u32),
    /// End the running script with an error that it cannot catch.
    Abort,
}

/// Decides at each poll whether the running script goes on. It may switch stacks (suspend a fiber)
/// before it returns.
pub trait Interrupt {
    /// `steps` is how many steps ran since the last poll.
    fn poll(&self, steps: u32) -> Verdict;

    /// More memory is held than the limit allows, garbage already collected.
    fn over_limit(&self) -> Verdict {
        Verdict::Abort
    }

    /// What cannot be refused memory has passed the heap's last ceiling, the system is out of memory, or the script was
    /// [abandoned](crate::Abandoner).
    /// This must not return into the engine:
    /// it switches away from the stack for good and has the isolate dropped. An embedder without
    /// stacks of its own may return; the request then fails as a null pointer, which the engine mostly,
    /// but not always, survives.
    fn exhausted(&self) {}
}

/// Lets another thread ask a running isolate to poll soon. The isolate publishes its counter
/// while it runs; a poke at an isolate that does not run does nothing.
#[derive(Default)]
pub struct Pacer {
    running: Mutex<Running>,
}

struct Running {
    counter: *mut i32,
    left: i32,
}

impl Default for Running {
    fn default() -> Self {
        Running { counter: ptr::null_mut(), left: 0 }
    }
}

// SAFETY: the pointer is only used under the mutex, while the isolate that published it runs.
unsafe impl Send for Running {}

impl Pacer {
    /// Makes the running isolate poll at its next step. A poke may be lost to the engine's
    /// own decrement of the counter at the same instant; callers poke again until they see its effect.
    pub fn poke(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.counter.is_null() {
            return;
        }
        // SAFETY: the counter is published only while its context is alive and entered; the engine's
        // own accesses are plain aligned 32-bit loads and stores of the same location.
        let counter = unsafe { AtomicI32::from_ptr(running.counter) };
        let left = counter.swap(1, Ordering::Relaxed);
        if left > 1 {
            running.left = left;
        }
    }

    /// Names the counter of the realm that runs from now on, and what a poke had already cut off it. Returns what one cut off the
    /// last countdown.
    pub(crate) fn publish(&self, counter: *mut i32, left: i32) -> i32 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *running, Running { counter, left }).left
    }

    /// Steps that a poke cut off the current countdown; 0 from now on.
    pub(crate) fn take_left(&self) -> i32 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut running.left)
    }

    /// Steps that a poke cut off the current countdown.
    pub(crate) fn left(&self) -> i32 {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).left
    }
}

/// SAFETY: installed with the isolate's `Inner` as `opaque`, which outlives the runtime.
pub(crate) unsafe extern "C" fn on_poll(_rt: *mut qjs::JSRuntime, opaque: *mut c_void) -> c_int {
    // SAFETY: see above.
    let inner = unsafe { &*opaque.cast::<Inner>() };
    inner.shortage_ends();
    let started = inner.countdown.get();
    let left = inner.pacer.borrow().take_left().clamp(0, started - 1);
    let Some(interrupt) = inner.interrupt() else {
        return 0;
    };
    let steps = (started - left) as u32;
    let verdict = catch_unwind(AssertUnwindSafe(|| {
        if inner.heap.over_limit() && inner.still_over_limit() && interrupt.over_limit() == Verdict::Abort {
            return Verdict::Abort;
        }
        interrupt.poll(steps)
    }));
    match verdict {
        Ok(Verdict::Continue(steps)) => {
            inner.set_countdown(steps);
            0
        }
        Ok(Verdict::Abort) => {
            inner.set_countdown(1);
            1
        }
        Err(_) => {
            inner.mark_broken("a panic in the interrupt handler");
            1
        }
    }
}
