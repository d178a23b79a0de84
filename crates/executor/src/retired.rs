//! Threads whose executor is over. Each waits a little for the next one, since starting a thread takes longer than all else that an
//! executor of one thread needs.

use crate::sleep::{Place, cores};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A thread ends after this long.
const PATIENCE: Duration = Duration::from_secs(1);

static WAITING: Mutex<Vec<Arc<Retired>>> = Mutex::new(Vec::new());

/// One that waits.
#[derive(Default)]
struct Retired {
    place: Mutex<Option<Place>>,
    given: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a thread that waits hold the processor; gives it back if there is none.
pub(crate) fn employ(place: Place) -> Option<Place> {
    let Some(retired) = lock(&WAITING).pop() else { return Some(place) };
    *lock(&retired.place) = Some(place);
    retired.given.notify_one();
    None
}

/// Waits on the calling thread, which holds nothing, for a processor; none if the thread is to end.
pub(crate) fn wait() -> Option<Place> {
    let own = Arc::<Retired>::default();
    {
        let mut waiting = lock(&WAITING);
        if waiting.len() >= cores() {
            return None;
        }
        waiting.push(own.clone());
    }
    loop {
        let waited = own.given.wait_timeout_while(lock(&own.place), PATIENCE, |place| place.is_none());
        let place = waited.unwrap_or_else(PoisonError::into_inner).0.take();
        // Not listed any more, it is about to be given one.
        if place.is_some() || withdraw(&own) {
            return place;
        }
    }
}

fn withdraw(own: &Arc<Retired>) -> bool {
    let mut waiting = lock(&WAITING);
    let index = waiting.iter().position(|other| Arc::ptr_eq(other, own));
    index.map(|index| waiting.swap_remove(index)).is_some()
}
