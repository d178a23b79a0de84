//! The threads that all connections of the process share.

use crate::error::NetError;
use std::future::Future;
use std::io;
use std::sync::OnceLock;
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
#[derive(Debug)]
pub struct Task(AbortHandle);

impl Task {
    /// Ends the future at its next await.
    pub fn abort(&self) {
        self.0.abort();
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
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
    let done = OnDrop(Some(done), std::marker::PhantomData);
    let task = async move {
        // Taken along whole, so that a future which is dropped says so.
        let mut done = done;
        let outcome = future.await;
        if let Some(done) = done.0.take() {
            done(Some(outcome));
        }
    };
    Ok(Task(runtime()?.spawn(task).abort_handle()))
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
