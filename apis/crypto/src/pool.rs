//! Where tasks run that would hold their isolate's thread for too long.
//!
//! A few threads, which start when there is work and end when there is none for a while, serve the realms in
//! turn (`queue.rs`), so that one with many tasks does not keep the others waiting. A task may take seconds and is not interrupted; therefore
//! one realm, and tasks of that sort, never have all threads. A realm that has its share of tasks under way does the next ones
//! by itself, or is refused them if each may take seconds: no queue grows without bound, and nobody else pays. A task is under
//! way until its realm has the outcome.

use crate::failure::Failure;
use crate::queue::{Kind, Queue};
use crate::subtle::{Output, Task, settle, settled};
use quickbeam_engine::{Ctx, Result, Value};
use quickbeam_executor::{CallId, Input, RealmSender};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a task takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// A millisecond or so at most.
    Short,
    /// Longer.
    Long,
    /// Seconds, perhaps.
    Slow,
}

/// Tasks of one realm that wait or run here.
const MAX_TASKS: usize = 64;
/// The same for tasks that no realm does by itself.
const MAX_QUEUED: usize = 10_000;
/// Bytes that they and their outcomes hold, all together.
const MAX_BYTES: usize = 64 << 20;
/// Threads that work for one realm at a time, where there are as many cores.
const MAX_SHARE: usize = 4;
/// How long a thread waits for work.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one realm has here.
struct Share {
    realm: u64,
    tasks: AtomicUsize,
    bytes: AtomicUsize,
    /// The realm is gone: its tasks need not run.
    is_over: AtomicBool,
}

impl Share {
    fn new() -> Share {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let realm = NEXT.fetch_add(1, Ordering::Relaxed);
        Share { realm, tasks: AtomicUsize::new(0), bytes: AtomicUsize::new(0), is_over: AtomicBool::new(false) }
    }

    fn is_full(&self, most: usize, bytes: usize) -> bool {
        self.tasks.load(Ordering::Relaxed) >= most
            || self.bytes.load(Ordering::Relaxed).saturating_add(bytes) > MAX_BYTES
    }
}

/// The realm's hold of its share.
struct Member(Arc<Share>);

impl Drop for Member {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

/// A task's part of its realm's share, until it is dropped.
struct Part {
    share: Arc<Share>,
    bytes: usize,
}

impl Part {
    fn new(share: Arc<Share>, bytes: usize) -> Part {
        share.tasks.fetch_add(1, Ordering::Relaxed);
        share.bytes.fetch_add(bytes, Ordering::Relaxed);
        Part { share, bytes }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.share.tasks.fetch_sub(1, Ordering::Relaxed);
        self.share.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Job {
    task: Task,
    part: Part,
    sender: RealmSender,
    id: CallId,
}

/// The jobs, and the threads.
struct Pool {
    queue: Queue<Job>,
    threads: usize,
    idle: usize,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(|| {
    let share = thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_SHARE));
    Mutex::new(Pool { queue: Queue::new(share), threads: 0, idle: 0 })
});
static WORK: Condvar = Condvar::new();

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A promise of what a task ends with; it and its outcome hold so many bytes.
///
/// # Errors
/// Throws if memory is short, or the realm waits for too many answers.
pub(crate) fn run(ctx: Ctx<'_>, bytes: usize, task: Task) -> Result<Value<'_>> {
    let share = share(ctx)?;
    if share.is_full(MAX_TASKS, bytes) {
        return settled(ctx, settle(ctx, task()));
    }
    start(ctx, share, Weight::Long, bytes, task)
}

/// As [`run`], for a task that may take seconds.
///
/// # Errors
/// As there, and throws an `OperationError` if the realm has its share of such tasks.
pub(crate) fn queue(ctx: Ctx<'_>, bytes: usize, task: Task) -> Result<Value<'_>> {
    let share = share(ctx)?;
    if share.is_full(MAX_QUEUED, bytes) {
        let message = format!("{MAX_QUEUED} operations, or {} MB of data, are under way already", MAX_BYTES >> 20);
        return Err(Failure::operation(message).throw(ctx));
    }
    start(ctx, share, Weight::Slow, bytes, task)
}

fn start(ctx: Ctx<'_>, share: Arc<Share>, weight: Weight, bytes: usize, task: Task) -> Result<Value<'_>> {
    let kind = Kind { realm: share.realm, is_slow: weight == Weight::Slow };
    let task = Cell::new(Some(task));
    RealmSender::call(ctx, |sender, id| {
        if let Some(task) = task.take() {
            submit(kind, Job { task, part: Part::new(share.clone(), bytes), sender, id });
        }
        Ok(())
    })
}

/// The realm's share.
fn share(ctx: Ctx<'_>) -> Result<Arc<Share>> {
    const KEPT: &str = "crypto.pool";
    if let Some(member) = ctx.kept(KEPT).and_then(|kept| kept.host::<Member>()) {
        return Ok(member.0.clone());
    }
    let share = Arc::new(Share::new());
    ctx.keep(KEPT, ctx.host_object(Rc::new(Member(share.clone())), None)?);
    Ok(share)
}

/// Leaves a job to the threads, of which there may have to be one more.
fn submit(kind: Kind, job: Job) {
    let mut pool = pool();
    let is_short = pool.idle <= pool.queue.len() && pool.threads < pool.queue.threads();
    if is_short && thread::Builder::new().name("quickbeam-crypto".to_owned()).spawn(work).is_ok() {
        pool.threads += 1;
    }
    if pool.threads == 0 {
        // The system starts none, so nobody else does it.
        drop(pool);
        return job.run();
    }
    pool.queue.push(kind, job);
    WORK.notify_one();
}

/// What each thread does.
fn work() {
    let mut pool = pool();
    loop {
        if let Some((kind, job)) = pool.queue.start() {
            drop(pool);
            job.run();
            pool = self::pool();
            pool.queue.end(kind);
            // It may have kept two waiting, and this thread takes one.
            WORK.notify_one();
            continue;
        }
        pool.idle += 1;
        let (locked, waited) = WORK.wait_timeout(pool, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        pool = locked;
        pool.idle -= 1;
        if waited.timed_out() && pool.queue.len() == 0 {
            pool.threads -= 1;
            return;
        }
    }
}

impl Job {
    fn run(self) {
        let Job { task, part, sender, id } = self;
        if !part.share.is_over.load(Ordering::Relaxed) {
            let outcome = catch_unwind(AssertUnwindSafe(task));
            let outcome = outcome.unwrap_or_else(|_| Err(Failure::operation("internal error; please report this")));
            sender.resolve(id, Ok(Box::new(Finished { outcome, _part: part })));
        }
    }
}

/// What a task ended with, on its way back.
struct Finished {
    outcome: std::result::Result<Output, Failure>,
    _part: Part,
}

impl Input for Finished {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        settle(ctx, self.outcome)
    }
}
