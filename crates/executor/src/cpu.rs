//! How long a thread has been on a core: tells a turn that is stuck from one that the system does not run.

use std::time::Duration;

/// The CPU clock of one thread. Others may read it; it stands still once the thread has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CpuClock(#[cfg(target_os = "linux")] libc::clockid_t);

#[cfg(target_os = "linux")]
impl CpuClock {
    pub(crate) fn of_this_thread() -> Option<CpuClock> {
        let mut clock = 0;
        // SAFETY: the calling thread is alive, and `clock` is writable.
        let status = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
        (status == 0).then_some(CpuClock(clock))
    }

    pub(crate) fn read(self) -> Option<Duration> {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is writable; the clock of a thread that is gone is an error.
        let status = unsafe { libc::clock_gettime(self.0, &raw mut time) };
        (status == 0).then(|| Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32))
    }
}

#[cfg(not(target_os = "linux"))]
impl CpuClock {
    pub(crate) fn of_this_thread() -> Option<CpuClock> {
        None
    }

    pub(crate) fn read(self) -> Option<Duration> {
        None
    }
}
