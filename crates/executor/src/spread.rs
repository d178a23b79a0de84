//! Threads that compute, each on a core of its own.
//!
//! An Erlang scheduler that is awake looks for work without sleeping, and to the system it is as busy as a thread that runs JavaScript. So
//! where there are as many cores as threads that compute, the system may leave two of these on one core and the scheduler alone on
//! the other, for a tenth of a second and longer, with half of the throughput. A thread that finds itself on the core of another
//! of its kind, while none of them is on a third one, goes there. It stays free to be moved on by the system.

use crate::clock::nanos;
use crate::cpu;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Cores beyond are not looked at.
const CORES: usize = 256;

/// Who has not been seen for so long does not compute there now: two slices.
const RECENT: Duration = Duration::from_millis(2);

static CORES_OF_THIS_MACHINE: Cores<CORES> = Cores::new();

/// The thread that computes for `who` has had its turn on its core.
pub(crate) fn settle(who: usize, now: Instant) {
    if let Some(core) = cpu::core()
        && CORES_OF_THIS_MACHINE.is_shared(core, who, nanos(now))
        && let Some(allowed) = cpu::Allowed::of_this_thread()
        && let Some(free) = CORES_OF_THIS_MACHINE.claim(who, nanos(now), |core| allowed.contains(core))
    {
        allowed.move_to(free);
    }
}

/// Who computed last on each core, and when.
struct Cores<const COUNT: usize> {
    who: [AtomicUsize; COUNT],
    when: [AtomicU64; COUNT],
}

impl<const COUNT: usize> Cores<COUNT> {
    const fn new() -> Cores<COUNT> {
        Cores { who: [const { AtomicUsize::new(0) }; COUNT], when: [const { AtomicU64::new(0) }; COUNT] }
    }

    /// Whether another one than `who` computes on that core; if none does, it is noted as that of `who`.
    fn is_shared(&self, core: usize, who: usize, now: u64) -> bool {
        let (Some(last), Some(when)) = (self.who.get(core), self.when.get(core)) else { return false };
        let is_shared = last.load(Ordering::Relaxed) != who && is_recent(when.load(Ordering::Relaxed), now);
        if !is_shared {
            last.store(who, Ordering::Relaxed);
            when.store(now, Ordering::Relaxed);
        }
        is_shared
    }

    /// A core that is allowed and that nobody computes on, noted as that of `who`.
    fn claim(&self, who: usize, now: u64, is_allowed: impl Fn(usize) -> bool) -> Option<usize> {
        (0..COUNT).filter(|core| is_allowed(*core)).find(|core| {
            let when = self.when[*core].load(Ordering::Relaxed);
            let is_ours = !is_recent(when, now)
                && self.when[*core].compare_exchange(when, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if is_ours {
                self.who[*core].store(who, Ordering::Relaxed);
            }
            is_ours
        })
    }
}

fn is_recent(when: u64, now: u64) -> bool {
    when != 0 && now.saturating_sub(when) < RECENT.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Where each of `threads` is after they have computed in turn, a quarter of a millisecond each, from all on core 0.
    fn settled(threads: usize, is_allowed: impl Fn(usize) -> bool) -> Vec<usize> {
        let cores = Cores::<4>::new();
        let mut places = vec![0; threads];
        for step in 0..100 * threads {
            let (thread, now) = (step % threads, 10 * MS + step as u64 * MS / 4);
            if cores.is_shared(places[thread], thread + 1, now)
                && let Some(free) = cores.claim(thread + 1, now, &is_allowed)
            {
                places[thread] = free;
            }
        }
        places.sort_unstable();
        places
    }

    #[test]
    fn each_thread_gets_a_core_of_its_own() {
        assert_eq!(settled(1, |_| true), [0]);
        assert_eq!(settled(2, |_| true), [0, 1]);
        assert_eq!(settled(4, |_| true), [0, 1, 2, 3]);
    }

    #[test]
    fn threads_stay_where_there_is_no_other_core_for_them() {
        assert_eq!(settled(2, |core| core == 0), [0, 0]);
        assert_eq!(settled(3, |core| core != 1 && core != 2), [0, 0, 3]);
        assert_eq!(settled(5, |_| true).iter().filter(|core| **core == 1).count(), 1);
    }

    #[test]
    fn who_has_been_alone_on_a_core_for_long_stays() {
        let cores = Cores::<2>::new();
        assert!(!cores.is_shared(0, 1, 10 * MS));
        assert!(!cores.is_shared(0, 1, 11 * MS));
        assert!(cores.is_shared(0, 2, 12 * MS));
        assert!(!cores.is_shared(0, 2, 14 * MS), "the other one was there long ago");
        assert!(cores.is_shared(0, 1, 15 * MS));
        assert!(!cores.is_shared(7, 1, 15 * MS), "a core that is not known");
    }
}
