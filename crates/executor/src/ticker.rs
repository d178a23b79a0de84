//! The ticker: one thread of the process that asks running isolates to look up.
//!
//! The engine polls every 10,000 steps. A step may be a builtin that takes milliseconds, so once a turn has used
//! up its slice the ticker makes its isolate poll at the next step, every millisecond. With nothing running it sleeps.

use crate::worker::Worker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(1);

/// Ticks without a running turn after which the thread sleeps until one starts.
const IDLE_TICKS: u32 = 200;

#[derive(Default)]
struct Ticker {
    /// Its lock also decides who starts the thread.
    workers: Mutex<Vec<Weak<Worker>>>,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

fn ticker() -> &'static Ticker {
    static TICKER: OnceLock<Ticker> = OnceLock::new();
    TICKER.get_or_init(Ticker::default)
}

/// Watches a worker's turns from now on.
pub(crate) fn watch(worker: &Arc<Worker>) -> std::io::Result<()> {
    let ticker = ticker();
    let mut workers = ticker.workers.lock().unwrap_or_else(PoisonError::into_inner);
    if ticker.thread.get().is_none() {
        let spawned = thread::Builder::new().name("quickbeam-tick".into()).stack_size(128 << 10).spawn(run)?;
        // The new thread first takes the lock that is held here, so nobody can miss it asleep.
        let _ = ticker.thread.set(spawned.thread().clone());
    }
    workers.push(Arc::downgrade(worker));
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
    drop(ticker.workers.lock());
    loop {
        if idle < IDLE_TICKS {
            thread::sleep(TICK);
        } else {
            ticker.asleep.store(true, Ordering::SeqCst);
            if !tick(ticker) {
                thread::park();
            }
            ticker.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
        idle = if tick(ticker) { 0 } else { idle + 1 };
    }
}

/// Pokes what has run for long; tells whether anything runs.
fn tick(ticker: &Ticker) -> bool {
    let mut any = false;
    let mut workers = ticker.workers.lock().unwrap_or_else(PoisonError::into_inner);
    workers.retain(|worker| {
        let Some(worker) = worker.upgrade() else { return false };
        any |= worker.tick();
        true
    });
    any
}
