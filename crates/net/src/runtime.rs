//! The threads that all connections of the process share.

use crate::error::NetError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Wake, Waker};
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

/// Connections wait more than they work. A second thread is woken whenever the first gets something to do, and takes the core of whoever
/// waits for it: half the cores answer a single request a quarter sooner than all of them.
const MAX_THREADS: usize = 4;

static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();

fn runtime() -> Result<&'static Runtime, NetError> {
    let runtime = RUNTIME.get_or_init(|| {
        let threads = available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, MAX_THREADS));
        Builder::new_multi_thread().worker_threads(threads).thread_name("quickbeam-net").enable_all().build()
    });
    runtime.as_ref().map_err(|error| NetError::network(format!("the network threads do not start: {error}")))
}

/// A future that runs. Dropping this ends it.
pub struct Task(Place);

enum Place {
    Shared(AbortHandle),
    Begun(Arc<Begun>),
}

impl Task {
    /// Ends the future at its next await.
    pub fn abort(&self) {
        match &self.0 {
            Place::Shared(handle) => handle.abort(),
            Place::Begun(begun) => begun.abort(),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.abort();
    }
}

/// Runs a future on the shared threads, which start with the first. `done` is called once, with what the future gives, or
/// with `None` if it was ended before.
///
/// # Errors
/// If the system starts no threads; then `done` is called, too.
pub fn run<T: 'static>(
    future: impl Future<Output = T> + Send + 'static,
    done: impl FnOnce(Option<T>) + Send + 'static,
) -> Result<Task, NetError> {
    let task = reporting(future, done);
    Ok(Task(Place::Shared(runtime()?.spawn(task).abort_handle())))
}

/// As [`run`], but if nothing else that began so is under way, what need not wait is done by the calling thread before this returns: waking
/// another one for it would take longer, unless that has something to do anyway. For futures whose work up to the first wait is short and
/// bounded, such as a request without a long body. `done` may be called by the calling thread, here or when the task is ended.
///
/// # Errors
/// As [`run`].
pub fn begin<T: 'static>(
    future: impl Future<Output = T> + Send + 'static,
    done: impl FnOnce(Option<T>) + Send + 'static,
) -> Result<Task, NetError> {
    let under_way = UnderWay::new();
    let mut task: Job = Box::pin(reporting(future, move |outcome| {
        drop(under_way);
        done(outcome);
    }));
    let runtime = runtime()?;
    if UNDER_WAY.load(Ordering::Relaxed) > 1 {
        return Ok(Task(Place::Shared(runtime.spawn(task).abort_handle())));
    }
    let begun = Arc::new(Begun { stage: Mutex::new(Stage::Here { is_woken: false }), runtime });
    let waker = Waker::from(begun.clone());
    let _context = runtime.enter();
    for polls in 1.. {
        let poll = task.as_mut().poll(&mut Context::from_waker(&waker));
        let mut stage = begun.stage();
        *stage = match *stage {
            _ if poll.is_ready() => Stage::Over,
            Stage::Here { is_woken: true } if polls < POLLS => {
                *stage = Stage::Here { is_woken: false };
                continue;
            }
            Stage::Here { is_woken: true } => Stage::Shared(runtime.spawn(task).abort_handle()),
            _ => Stage::Waiting(task),
        };
        break;
    }
    Ok(Task(Place::Begun(begun)))
}

/// Runs a future of this crate's own on the shared threads, to its end.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    // Whoever asks runs on that runtime, so it is there.
    if let Ok(runtime) = runtime() {
        drop(runtime.spawn(future));
    }
}

/// Futures that were begun and have not ended.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

struct UnderWay;

impl UnderWay {
    fn new() -> UnderWay {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        UnderWay
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How often a future that wakes itself is polled where it began.
const POLLS: u32 = 4;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that the thread which began it polls first, and the shared ones from its first waking on.
struct Begun {
    stage: Mutex<Stage>,
    runtime: &'static Runtime,
}

enum Stage {
    /// The thread that began it polls.
    Here {
        is_woken: bool,
    },
    /// Nobody does, until it is woken.
    Waiting(Job),
    /// The shared threads have it.
    Shared(AbortHandle),
    Over,
}

impl Begun {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn abort(&self) {
        let stage = std::mem::replace(&mut *self.stage(), Stage::Over);
        // Not under the lock: a future that is dropped may wake itself.
        match stage {
            Stage::Shared(handle) => handle.abort(),
            stage => drop(stage),
        }
    }
}

impl Wake for Begun {
    fn wake(self: Arc<Self>) {
        let mut stage = self.stage();
        match std::mem::replace(&mut *stage, Stage::Over) {
            Stage::Waiting(task) => *stage = Stage::Shared(self.runtime.spawn(task).abort_handle()),
            Stage::Here { .. } => *stage = Stage::Here { is_woken: true },
            other => *stage = other,
        }
    }
}

/// A future that tells what it gives, or that it was dropped before.
fn reporting<T: 'static>(
    future: impl Future<Output = T> + Send + 'static,
    done: impl FnOnce(Option<T>) + Send + 'static,
) -> impl Future<Output = ()> + Send + 'static {
    // Made here, so that a future which is dropped before anybody polls it says so, too.
    let done = OnDrop(Some(done), std::marker::PhantomData);
    async move {
        // Taken along whole.
        let mut done = done;
        let outcome = future.await;
        if let Some(done) = done.0.take() {
            done(Some(outcome));
        }
    }
}

struct OnDrop<T, F: FnOnce(Option<T>)>(Option<F>, std::marker::PhantomData<fn() -> T>);

impl<T, F: FnOnce(Option<T>)> Drop for OnDrop<T, F> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(None);
        }
    }
}

/// Runs a future on the calling thread to its end, for programs and tests without a runtime of their own.
///
/// # Errors
/// If the system starts no threads.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, NetError> {
    Ok(runtime()?.block_on(future))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;
    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    #[test]
    fn what_is_dropped_before_it_was_polled_says_so() {
        let (ended, ends) = channel();
        drop(reporting(async { 1 }, move |outcome: Option<u32>| ended.send(outcome).unwrap_or_default()));
        assert_eq!(ends.recv().unwrap(), None);
    }

    #[test]
    fn what_was_begun_ends_once_wherever_that_is() {
        let here = thread::current().id();
        let (ended, ends) = channel();
        let done = || {
            let ended = ended.clone();
            move |outcome: Option<u32>| ended.send((outcome, thread::current().id())).unwrap_or_default()
        };
        drop(begin(async { 1 }, done()).unwrap());
        assert_eq!(ends.recv().unwrap(), (Some(1), here), "what need not wait is done here");

        let wakes_itself = async {
            for _ in 0..100 {
                yield_now().await;
            }
            2
        };
        let _itself = begin(wakes_itself, done()).unwrap();
        assert_eq!(ends.recv().unwrap().0, Some(2));

        let (wake, woken) = oneshot::channel();
        let _waits = begin(async move { woken.await.unwrap_or(0) }, done()).unwrap();
        wake.send(3).unwrap();
        let (outcome, thread) = ends.recv().unwrap();
        assert_eq!(outcome, Some(3));
        assert_ne!(thread, here, "what was woken goes on elsewhere");

        let (_pending, never) = oneshot::channel();
        let dropped = begin(async move { never.await.unwrap_or(0) }, done()).unwrap();
        drop(dropped);
        assert_eq!(ends.recv().unwrap().0, None);
        assert!(ends.try_recv().is_err(), "each ends once");
    }
}
