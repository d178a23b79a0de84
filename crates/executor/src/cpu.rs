//! A thread as the system sees it: how long it has been on a core, which tells a turn that is stuck from one that the system does not run;
//! and for how long it may go on there while others wait.
//!
//! Linux (from 6.12 on) gives each thread a *slice* of some milliseconds that it shares with nobody who wakes meanwhile, unless that one
//! has asked for a shorter slice. So who watches others asks for the shortest, and who computes in the background, as a turn does that has lost
//! its processor, for a long one. Neither changes anybody's share of the cores, and neither needs a privilege. Elsewhere nothing is asked.

use std::time::Duration;

/// How soon others who wake have the core of a thread, and it theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slice {
    /// As for any thread.
    Usual,
    /// It runs for a moment and at once.
    Short,
    /// It computes, and nobody waits for it.
    Long,
}

/// A thread of this process. Once it has ended, its clock stands still and its slice is nobody's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemThread {
    #[cfg(target_os = "linux")]
    clock: libc::clockid_t,
    #[cfg(target_os = "linux")]
    id: libc::pid_t,
}

#[cfg(target_os = "linux")]
impl SystemThread {
    pub(crate) fn current() -> Option<SystemThread> {
        let mut clock = 0;
        // SAFETY: the calling thread is alive, and `clock` is writable.
        let (status, id) =
            unsafe { (libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock), libc::gettid()) };
        (status == 0).then_some(SystemThread { clock, id })
    }

    /// CPU time that it has had, if the system tells.
    pub(crate) fn cpu_time(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is writable; the clock of a thread that is gone is an error.
        let status = unsafe { libc::clock_gettime(self.clock, &raw mut time) };
        (status == 0).then(|| Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32))
    }

    /// Asks for a slice. Threads that it starts later begin with the same.
    pub(crate) fn set_slice(self, slice: Slice) {
        const KEEP_POLICY: u64 = 8;
        let nanos = match slice {
            Slice::Usual => 0,
            Slice::Short => 100_000,
            Slice::Long => 20_000_000,
        };
        // SAFETY: asks by the id of a thread; the attributes are readable, and their size is told. A system that does not know them, or
        // schedules this thread in another way, refuses.
        unsafe {
            let attributes = libc::sched_attr {
                size: size_of::<libc::sched_attr>() as u32,
                sched_policy: 0,
                sched_flags: KEEP_POLICY,
                sched_nice: libc::getpriority(libc::PRIO_PROCESS, self.id.unsigned_abs()),
                sched_priority: 0,
                sched_runtime: nanos,
                sched_deadline: 0,
                sched_period: 0,
            };
            libc::syscall(libc::SYS_sched_setattr, self.id, &raw const attributes, 0);
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl SystemThread {
    pub(crate) fn current() -> Option<SystemThread> {
        None
    }

    pub(crate) fn cpu_time(self) -> Option<Duration> {
        None
    }

    pub(crate) fn set_slice(self, _: Slice) {}
}

/// The core on which the calling thread is, if the system tells.
pub(crate) fn core() -> Option<usize> {
    #[cfg(target_os = "linux")]
    // SAFETY: asks for a number.
    return usize::try_from(unsafe { libc::sched_getcpu() }).ok();
    #[cfg(not(target_os = "linux"))]
    None
}

/// The cores on which the calling thread may run.
#[cfg(target_os = "linux")]
pub(crate) struct Allowed(libc::cpu_set_t);

#[cfg(target_os = "linux")]
impl Allowed {
    pub(crate) fn of_this_thread() -> Option<Allowed> {
        // SAFETY: a set of nothing but bits, for the calling thread, of the size that is told.
        unsafe {
            let mut set = std::mem::zeroed();
            (libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) == 0).then_some(Allowed(set))
        }
    }

    pub(crate) fn contains(&self, core: usize) -> bool {
        // SAFETY: a number within the set.
        core < libc::CPU_SETSIZE as usize && unsafe { libc::CPU_ISSET(core, &self.0) }
    }

    /// Moves the calling thread to one of them, from where it is as free to be moved by the system as before: to cores that are added
    /// later, too, if those are all that there are now.
    pub(crate) fn move_to(&self, core: usize) {
        // SAFETY: as above; `sysconf` asks for a number.
        unsafe {
            let mut one: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(core, &mut one);
            libc::sched_setaffinity(0, size_of_val(&one), &raw const one);
            let mut allowed = self.0;
            if i64::from(libc::CPU_COUNT(&allowed)) == libc::sysconf(libc::_SC_NPROCESSORS_ONLN) {
                (0..libc::CPU_SETSIZE as usize).for_each(|core| libc::CPU_SET(core, &mut allowed));
            }
            libc::sched_setaffinity(0, size_of_val(&allowed), &raw const allowed);
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) struct Allowed;

#[cfg(not(target_os = "linux"))]
impl Allowed {
    pub(crate) fn of_this_thread() -> Option<Allowed> {
        None
    }

    pub(crate) fn contains(&self, _: usize) -> bool {
        false
    }

    pub(crate) fn move_to(&self, _: usize) {}
}

/// Asks for a slice of the calling thread.
pub(crate) fn set_slice(slice: Slice) {
    if let Some(thread) = SystemThread::current() {
        thread.set_slice(slice);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The nice value and the slice of the calling thread.
    fn asked() -> (i32, u64) {
        // SAFETY: attributes of nothing but numbers, for the calling thread, of the size that is told.
        unsafe {
            let mut attributes = std::mem::zeroed::<libc::sched_attr>();
            let size = size_of::<libc::sched_attr>() as u32;
            let status = libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0);
            assert_eq!(status, 0);
            (attributes.sched_nice, attributes.sched_runtime)
        }
    }

    #[test]
    fn a_thread_that_has_moved_may_run_where_it_might_before() {
        let before = Allowed::of_this_thread().expect("this system tells");
        let all: Vec<usize> = (0..libc::CPU_SETSIZE as usize).filter(|core| before.contains(*core)).collect();
        for core in &all {
            before.move_to(*core);
            let now = Allowed::of_this_thread().expect("this system tells");
            assert!(all.iter().all(|core| now.contains(*core)), "after {core} of {all:?}");
        }
        assert!(core().is_some_and(|core| all.contains(&core)));
    }

    #[test]
    fn a_slice_is_asked_for_and_given_back() {
        let before = asked();
        for slice in [Slice::Short, Slice::Long, Slice::Usual] {
            set_slice(slice);
            let (nice, nanos) = asked();
            assert_eq!(nice, before.0);
            // Systems that know no slices tell of none.
            let is_as_before = nanos == before.1;
            assert!(is_as_before == (slice == Slice::Usual) || nanos == 0, "{slice:?}: {nanos}");
        }
    }
}
