//! The ticker: one thread of the process that watches running turns.
//!
//! The engine polls every 10,000 steps. A step may be a builtin that takes milliseconds, so once a turn has used
//! up its slice the ticker makes its isolate poll at the next step, every millisecond. When that has no effect and others
//! wait, the builtin is a long one: its thread loses the processor to another. It also calls threads for processors that are still listed
//! (`sleep.rs`). With nothing running the ticker sleeps.

use crate::cpu::{self, Slice};
use crate::executor::Shared;
use crate::sleep;
use crate::trim::Trimmer;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

/// Between two looks while nothing runs.
const TICK: Duration = Duration::from_millis(1);

/// Ticks without a running turn after which the thread sleeps until one starts.
const IDLE_TICKS: u32 = 200;

/// Ticks without one after which freed memory may go back to the system.
const TRIM_TICKS: u32 = 100;

#[derive(Default)]
struct Ticker {
    /// Its lock also decides who starts the thread.
    executors: Mutex<Vec<Weak<Shared>>>,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

fn ticker() -> &'static Ticker {
    static TICKER: OnceLock<Ticker> = OnceLock::new();
    TICKER.get_or_init(Ticker::default)
}

/// Watches an executor's turns from now on.
pub(crate) fn watch(executor: &Arc<Shared>) -> std::io::Result<()> {
    let ticker = ticker();
    let mut executors = ticker.executors.lock().unwrap_or_else(PoisonError::into_inner);
    if ticker.thread.get().is_none() {
        let spawned = thread::Builder::new().name("quickbeam-tick".into()).stack_size(128 << 10).spawn(run)?;
        // The new thread first takes the lock that is held here, so nobody can miss it asleep.
        let _ = ticker.thread.set(spawned.thread().clone());
    }
    executors.push(Arc::downgrade(executor));
    Ok(())
}

/// Called when a turn starts.
pub(crate) fn turn_started() {
    let ticker = ticker();
    if ticker.asleep.load(Ordering::SeqCst)
        && ticker.asleep.swap(false, Ordering::SeqCst)
        && let Some(thread) = ticker.thread.get()
    {
        thread.unpark();
    }
}

fn run() {
    // On cores that all compute, it would otherwise come too late for those who wait there.
    cpu::set_slice(Slice::Short);
    let ticker = ticker();
    let mut idle = 0;
    let mut pause = TICK;
    let mut trimmer = Trimmer::new();
    drop(ticker.executors.lock());
    loop {
        if idle < IDLE_TICKS {
            thread::sleep(pause);
        } else {
            ticker.asleep.store(true, Ordering::SeqCst);
            if tick(ticker).is_none() {
                thread::park();
            }
            ticker.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
        let next = tick(ticker);
        idle = if next.is_none() { idle + 1 } else { 0 };
        pause = next.unwrap_or(TICK);
        trimmer.look(idle >= TRIM_TICKS);
    }
}

/// Looks at all executors; tells when to look again, if anything runs.
fn tick(ticker: &Ticker) -> Option<Duration> {
    let mut next = None;
    let mut executors = ticker.executors.lock().unwrap_or_else(PoisonError::into_inner);
    executors.retain(|executor| {
        let Some(executor) = executor.upgrade() else { return false };
        next = [next, executor.tick()].into_iter().flatten().min();
        true
    });
    sleep::call_next();
    next
}
