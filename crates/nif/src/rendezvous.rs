//! A caller that waits for its reply on the spot, for a moment.
//!
//! Most requests take JavaScript a microsecond or two, which is less than it takes to put the caller to sleep, to send it a message and
//! to wake its scheduler. So a caller whose runtime is awake lingers, for no longer than that would take, and takes the reply from
//! here. If it has left before the reply comes, the reply is a message as ever. Both sides settle which by one atomic step.

use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Env, Term};
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a caller lingers at most: about what going to sleep and being woken costs it.
const LINGER: Duration = Duration::from_micros(8);

/// Requests that do not linger after so many in a row that did in vain, at most.
const MOST_SKIPPED: u32 = 255;

/// The caller is there.
const THERE: u8 = 0;
/// The reply is there.
const MET: u8 = 1;
/// The caller has left.
const LEFT: u8 = 2;

/// A term in an environment of its own.
pub(crate) type Parcel = (OwnedEnv, SavedTerm);

pub(crate) struct Rendezvous {
    state: AtomicU8,
    parcel: UnsafeCell<Option<Parcel>>,
}

// SAFETY: the replier alone touches the parcel until the state is MET, the caller alone from then on.
unsafe impl Sync for Rendezvous {}

impl Rendezvous {
    pub(crate) fn new() -> Arc<Rendezvous> {
        Arc::new(Rendezvous { state: AtomicU8::new(THERE), parcel: UnsafeCell::new(None) })
    }

    /// Called once, by the replier. Gives the parcel back if the caller has left.
    pub(crate) fn leave_parcel(&self, parcel: Parcel) -> Result<(), Parcel> {
        if self.state.load(Ordering::Relaxed) == LEFT {
            return Err(parcel);
        }
        // SAFETY: the state is not MET, which only this thread makes it.
        unsafe { *self.parcel.get() = Some(parcel) };
        match self.state.compare_exchange(THERE, MET, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            // SAFETY: as above; the caller that has left does not come back.
            Err(_) => unsafe { (*self.parcel.get()).take() }.map_or(Ok(()), Err),
        }
    }

    /// Called once, by the caller: lingers for the parcel.
    pub(crate) fn linger(&self) -> Option<Parcel> {
        let until = Instant::now() + LINGER;
        while self.state.load(Ordering::Acquire) == THERE && Instant::now() < until {
            for _ in 0..16 {
                spin_loop();
            }
        }
        if self.state.compare_exchange(THERE, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return None;
        }
        // SAFETY: the state is MET.
        unsafe { (*self.parcel.get()).take() }
    }
}

/// The term in the environment of the process that calls.
pub(crate) fn unpack<'a>(env: Env<'a>, (owned, term): Parcel) -> Term<'a> {
    owned.run(|own| term.load(own).in_env(env))
}

/// Whether the callers of a realm linger: not where its ops last longer.
#[derive(Default)]
pub(crate) struct Habit {
    in_vain: AtomicU32,
    skip: AtomicU32,
}

impl Habit {
    pub(crate) fn is_due(&self) -> bool {
        let skip = self.skip.load(Ordering::Relaxed);
        if skip > 0 {
            self.skip.store(skip - 1, Ordering::Relaxed);
        }
        skip == 0
    }

    pub(crate) fn learn(&self, has_met: bool) {
        let in_vain = if has_met { 0 } else { (self.in_vain.load(Ordering::Relaxed) * 2 + 1).min(MOST_SKIPPED) };
        self.in_vain.store(in_vain, Ordering::Relaxed);
        self.skip.store(in_vain, Ordering::Relaxed);
    }
}
