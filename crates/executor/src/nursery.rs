//! Isolates made ahead.
//!
//! Making an isolate with a bare realm takes longer than all else of a start. A thread of the process keeps a few ready, so that
//! a start finds one and its caller does not wait for it; while more are started than it can make, the starts make their
//! own. It ends when none has been asked for in a while; what it made stays.

use quickbeam_engine::{Isolate, IsolateOptions, Realm};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Isolates that are kept ready once there was demand.
const READY: usize = 3;

/// The thread ends after so long without demand.
const PATIENCE: Duration = Duration::from_secs(5);

struct Nursery {
    ready: Vec<(Isolate, Realm)>,
    has_thread: bool,
}

static NURSERY: Mutex<Nursery> = Mutex::new(Nursery { ready: Vec::new(), has_thread: false });
static TAKEN: Condvar = Condvar::new();

fn nursery() -> MutexGuard<'static, Nursery> {
    NURSERY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An isolate without limits in which nothing has run, with its one realm; if one is ready.
pub(crate) fn take() -> Option<(Isolate, Realm)> {
    let mut nursery = nursery();
    let taken = nursery.ready.pop();
    if nursery.has_thread {
        TAKEN.notify_one();
    } else {
        let thread = thread::Builder::new().name("quickbeam-new".into()).stack_size(256 << 10);
        nursery.has_thread = thread.spawn(work).is_ok();
    }
    taken
}

fn work() {
    loop {
        {
            let waited = TAKEN.wait_timeout_while(nursery(), PATIENCE, |nursery| nursery.ready.len() >= READY);
            let mut nursery = waited.unwrap_or_else(PoisonError::into_inner).0;
            if nursery.ready.len() >= READY {
                nursery.has_thread = false;
                return;
            }
        }
        match make() {
            Some(made) => nursery().ready.push(made),
            // The system is out of memory: those who start are told.
            None => {
                nursery().has_thread = false;
                return;
            }
        }
    }
}

fn make() -> Option<(Isolate, Realm)> {
    let isolate = Isolate::new(IsolateOptions { memory_limit: usize::MAX, ..IsolateOptions::default() }).ok()?;
    let realm = isolate.new_realm().ok()?;
    Some((isolate, realm))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickbeam_engine::{EvalOptions, IsolateError};

    #[test]
    fn what_was_made_ahead_takes_any_limits_but_those_it_exceeds() {
        let (isolate, realm) = std::iter::repeat_with(take).flatten().next().expect("one in the end");
        let set = |memory_limit| isolate.set_limits(IsolateOptions { memory_limit, max_stack_size: 128 << 10 });
        assert!(matches!(set(1000), Err(IsolateError::MemoryLimitTooSmall { limit: 1000, .. })));
        assert_eq!(set(8 << 20), Ok(()));
        isolate.enter(&realm, |ctx| {
            let eval = |source: &str| ctx.eval(source, &EvalOptions::default()).map(|value| value.as_int());
            assert_eq!(eval("6 * 7").expect("a value"), Some(42));
            assert!(eval("(function f() { f() })()").is_err());
            assert!(eval("new ArrayBuffer(64 << 20)").is_err());
        });
        assert_eq!(isolate.heap().stats().limit, 8 << 20);
    }
}
