//! Gives the memory of isolates that are gone back to the system.
//!
//! The C library keeps freed memory for the next use, and after thousands of isolates of which each left pieces among the others' it keeps
//! what they all held at their peak. Giving it back locks heaps for milliseconds; therefore a thread of its own does it, when the
//! processors have been idle for a while, and rarely where they never are.

use crate::cpu::{self, Slice};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes freed since the last time that make it worth while.
const WORTH: usize = 8 << 20;

/// Between two times where nothing runs, and where something always does.
const IDLE_PAUSE: Duration = Duration::from_secs(1);
const BUSY_PAUSE: Duration = Duration::from_secs(60);

static FREED: AtomicUsize = AtomicUsize::new(0);
static UNDER_WAY: AtomicBool = AtomicBool::new(false);

/// An isolate that held so many bytes is gone.
pub(crate) fn freed(bytes: usize) {
    FREED.fetch_add(bytes, Ordering::Relaxed);
}

/// What the ticker knows of it.
pub(crate) struct Trimmer {
    last: Instant,
}

impl Trimmer {
    pub(crate) fn new() -> Trimmer {
        Trimmer { last: Instant::now() }
    }

    /// Starts it if it is worth while; `is_idle` tells whether nobody would wait.
    pub(crate) fn look(&mut self, is_idle: bool) {
        let pause = if is_idle { IDLE_PAUSE } else { BUSY_PAUSE };
        if FREED.load(Ordering::Relaxed) < WORTH
            || self.last.elapsed() < pause
            || UNDER_WAY.swap(true, Ordering::SeqCst)
        {
            return;
        }
        self.last = Instant::now();
        FREED.store(0, Ordering::Relaxed);
        let work = || {
            cpu::set_slice(Slice::Usual);
            give_back();
            UNDER_WAY.store(false, Ordering::SeqCst);
        };
        if thread::Builder::new().name("quickbeam-trim".into()).stack_size(64 << 10).spawn(work).is_err() {
            UNDER_WAY.store(false, Ordering::SeqCst);
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back() {
    // SAFETY: has no precondition.
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries do it by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back() {}
