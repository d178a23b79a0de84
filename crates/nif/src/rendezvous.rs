//! A caller that waits for its reply on the spot, for a moment.
//!
//! Most requests take JavaScript a microsecond or two, which is less than it takes to put the caller to sleep, to send it a message and
//! to wake its scheduler. So a caller whose runtime is awake lingers, for no longer than that would take, and takes the reply from
//! here. If it has left before the reply comes, the reply is a message as ever. Both sides settle which by one atomic step.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a caller lingers at most: about what going to sleep and being woken costs it.
const LINGER: Duration = Duration::from_micros(16);

/// Requests that do not linger after so many in a row that did in vain, at most.
const MOST_SKIPPED: u32 = 255;

/// The caller is there.
const THERE: u8 = 0;
/// The reply is there.
const MET: u8 = 1;
/// The caller has left.
const LEFT: u8 = 2;

pub(crate) struct Rendezvous<T> {
    state: AtomicU8,
    /// The replier's alone until the state is MET, the caller's alone from then on: the lock is always free.
    parcel: Mutex<Option<T>>,
}

impl<T> Rendezvous<T> {
    pub(crate) fn new() -> Arc<Rendezvous<T>> {
        Arc::new(Rendezvous { state: AtomicU8::new(THERE), parcel: Mutex::new(None) })
    }

    /// Called once, by the replier. Gives the parcel back if the caller has left.
    pub(crate) fn leave_parcel(&self, parcel: T) -> Result<(), T> {
        if self.state.load(Ordering::Relaxed) == LEFT {
            return Err(parcel);
        }
        self.put(Some(parcel));
        match self.state.compare_exchange(THERE, MET, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(_) => self.put(None).map_or(Ok(()), Err),
        }
    }

    /// What was there before.
    fn put(&self, parcel: Option<T>) -> Option<T> {
        std::mem::replace(&mut *self.parcel.lock().unwrap_or_else(PoisonError::into_inner), parcel)
    }

    /// Called once, by the caller: lingers for the parcel.
    pub(crate) fn linger(&self) -> Option<T> {
        self.linger_for(LINGER)
    }

    fn linger_for(&self, longest: Duration) -> Option<T> {
        let until = Instant::now() + longest;
        while self.state.load(Ordering::Acquire) == THERE && Instant::now() < until {
            (0..16).for_each(|_| spin_loop());
        }
        if self.state.compare_exchange(THERE, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return None;
        }
        self.put(None)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_parcel_goes_to_the_caller_or_back_and_never_both_ways() {
        let (mut met, mut left) = (0, 0);
        for round in 0..20_000_u64 {
            let rendezvous = Rendezvous::new();
            let replier = rendezvous.clone();
            let longest = Duration::from_nanos(round % 100 * 500);
            let (taken, back) = thread::scope(|scope| {
                let reply = scope.spawn(move || replier.leave_parcel(Box::new(round)).err());
                (rendezvous.linger_for(longest), reply.join().expect("no panic"))
            });
            match (taken, back) {
                (Some(parcel), None) if *parcel == round => met += 1,
                (None, Some(parcel)) if *parcel == round => left += 1,
                other => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(met + left, 20_000);
    }

    #[test]
    fn a_reply_that_was_there_before_is_taken_and_one_that_comes_late_goes_back() {
        let early = Rendezvous::new();
        assert_eq!(early.leave_parcel(1), Ok(()));
        assert_eq!(early.linger_for(Duration::ZERO), Some(1));
        let late = Rendezvous::new();
        assert_eq!(late.linger_for(Duration::ZERO), None);
        assert_eq!(late.leave_parcel(2), Err(2));
    }

    #[test]
    fn callers_linger_less_and_less_where_it_is_in_vain_and_again_once_it_was_not() {
        let habit = Habit::default();
        let requests_until_due = || (0..).find(|_| habit.is_due()).expect("some time");
        assert_eq!(requests_until_due(), 0);
        let waits: Vec<i32> = (0..10)
            .map(|_| {
                habit.learn(false);
                requests_until_due()
            })
            .collect();
        assert_eq!(waits, [1, 3, 7, 15, 31, 63, 127, 255, 255, 255]);
        habit.learn(true);
        assert_eq!(requests_until_due(), 0);
    }
}
