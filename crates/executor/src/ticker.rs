//! The ticker: one thread of the process that watches running turns.
//!
//! The engine polls every 10,000 steps. A step may be a builtin that takes milliseconds, so once a turn has used
//! up its slice the ticker makes its isolate poll at the next step, every millisecond. When that has no effect and others
//! wait, the builtin is a long one: its thread loses the processor to another. With nothing running the ticker sleeps.

use crate::executor::Shared;
use crate::processor::Look;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(1);

/// Time that a turn gets to answer when others wait; a step rarely takes longer.
const GRACE: Duration = Duration::from_micros(350);

/// Ticks without a running turn after which the thread sleeps until one starts.
const IDLE_TICKS: u32 = 200;

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
    let ticker = ticker();
    let mut idle = 0;
    let mut pause = TICK;
    drop(ticker.executors.lock());
    loop {
        if idle < IDLE_TICKS {
            thread::sleep(pause);
        } else {
            ticker.asleep.store(true, Ordering::SeqCst);
            if tick(ticker) == Look::Quiet {
                thread::park();
            }
            ticker.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
        let look = tick(ticker);
        idle = if look == Look::Quiet { idle + 1 } else { 0 };
        pause = if look == Look::Asked { GRACE } else { TICK };
    }
}

/// Looks at all executors; tells what was most urgent.
fn tick(ticker: &Ticker) -> Look {
    let mut most = Look::Quiet;
    let mut executors = ticker.executors.lock().unwrap_or_else(PoisonError::into_inner);
    executors.retain(|executor| {
        let Some(executor) = executor.upgrade() else {
            return false;
        };
        most = most.max(executor.tick());
        true
    });
    most
}
