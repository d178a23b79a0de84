//! Fibers: turns as coroutines on guard-paged stacks.
//!
//! A suspended fiber may be resumed by another thread than the one that suspended it. This module owns that rule; why it
//! holds is said at [`Fiber`]'s `Send`. Code that may be on the stack of a suspension keeps to it:
//!
//! - it holds no lock, no address of a thread-local and no id of its thread from before to after a suspension;
//! - what it shares by `Rc` and `RefCell` is reachable from its own isolate only;
//! - it does not suspend while a panic unwinds.

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use std::cell::Cell;
use std::io;
use std::ptr;
use std::time::Instant;

/// Stack below the script's own limit, for builtins and native code that do not check it.
pub(crate) const HEADROOM: usize = 256 << 10;

/// Why a fiber switched back to its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Its slice is used up; it is runnable.
    Preempted,
    /// It waits for something to be posted, or for that time.
    Waiting(Option<Instant>),
    /// It must never be resumed: the heap is exhausted in the middle of a builtin.
    Abandoned,
}

/// What a finished turn says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TurnEnd {
    /// Nothing to do until something is posted, or until that time.
    Idle(Option<Instant>),
    /// The task was killed or its isolate must not be used any more.
    Dead,
}

type Raw = Coroutine<(), Pause, TurnEnd, DefaultStack>;

/// What happened when a fiber was resumed.
pub(crate) enum Progress {
    Paused(Pause),
    Ended(TurnEnd),
}

/// A turn in progress.
pub(crate) struct Fiber {
    raw: Option<Raw>,
}

// SAFETY: a suspended coroutine is plain memory: its stack, with the registers saved on it. `resume` writes the way back to
// whichever stack resumes it, so nothing leads to the thread that ran it before. The frames on it are of three kinds.
// *Ours*, of this crate, the engine crate and the APIs: they own what is `Send`, or `Rc`s and cells of one isolate, which
// travels with its fiber and is used by one thread at a time (the scheduling state of its task hands it over with
// acquire and release). No lock guard and no thread-local lives across `Suspender::suspend`, which is never inlined, so that
// no compiler keeps the address of one; these crates have none of their own, and std's (panic count, `current`) are looked up
// within a call. *The host's*: `Input`, `Reply` and `Api` code that runs JavaScript is held to the same by their documentation.
// *quickjs-ng's*: its C has no thread-local state and reads `errno` only right after a libm or libc call.
unsafe impl Send for Fiber {}

impl Fiber {
    /// Starts nothing yet; the first resume runs `turn`.
    pub(crate) fn new(stack: DefaultStack, turn: impl FnOnce(&Suspender) -> TurnEnd + 'static) -> Fiber {
        let raw = Coroutine::with_stack(stack, move |yielder: &Yielder<(), Pause>, ()| {
            turn(&Suspender { yielder: Cell::new(ptr::from_ref(yielder)) })
        });
        Fiber { raw: Some(raw) }
    }

    pub(crate) fn resume(&mut self) -> Progress {
        let Some(raw) = self.raw.as_mut() else {
            return Progress::Ended(TurnEnd::Dead);
        };
        match raw.resume(()) {
            CoroutineResult::Yield(pause) => Progress::Paused(pause),
            CoroutineResult::Return(end) => Progress::Ended(end),
        }
    }

    /// Takes the stack back. What an unfinished turn holds on it is never dropped.
    pub(crate) fn into_stack(mut self) -> Option<DefaultStack> {
        let mut raw = self.raw.take()?;
        if !raw.done() {
            // SAFETY: the frames hold only values of an isolate that its thread drops whole right after, counts of
            // the realm's state, which that thread releases by hand, and short-lived vectors, which are lost.
            unsafe { raw.force_reset() };
        }
        Some(raw.into_stack())
    }
}

impl Drop for Fiber {
    fn drop(&mut self) {
        if let Some(mut raw) = self.raw.take()
            && !raw.done()
        {
            // SAFETY: as in `into_stack`. Unwinding instead would run through the engine's C frames.
            unsafe { raw.force_reset() };
        }
    }
}

/// Switches from a turn to the thread that runs it.
pub(crate) struct Suspender {
    yielder: Cell<*const Yielder<(), Pause>>,
}

impl Suspender {
    #[inline(never)]
    pub(crate) fn suspend(&self, pause: Pause) {
        // SAFETY: a `Suspender` lives on the fiber's own stack inside the coroutine's entry, as long as the yielder.
        unsafe { (*self.yielder.get()).suspend(pause) };
    }
}

/// Stacks of one size, kept for the next turn.
pub(crate) struct StackPool {
    free: Vec<(usize, DefaultStack)>,
}

impl StackPool {
    const KEPT: usize = 4;

    pub(crate) fn new() -> StackPool {
        StackPool { free: Vec::new() }
    }

    pub(crate) fn take(&mut self, size: usize) -> io::Result<DefaultStack> {
        match self.free.iter().position(|(kept, _)| *kept == size) {
            Some(index) => Ok(self.free.swap_remove(index).1),
            None => DefaultStack::new(size),
        }
    }

    pub(crate) fn give(&mut self, size: usize, stack: DefaultStack) {
        if self.free.len() < Self::KEPT {
            self.free.push((size, stack));
        }
    }

    /// Returns the memory of kept stacks to the system.
    pub(crate) fn clear(&mut self) {
        self.free.clear();
    }
}
