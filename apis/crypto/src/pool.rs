//! Where tasks run that would hold their isolate's thread for too long.
//!
//! A few threads, which start when there is work and end when there is none for a while, serve the realms in
//! turn, so that one with many tasks does not keep the others waiting. No realm has all of them at a time, for a task may take
//! seconds and is not interrupted. A realm that has its share of tasks under way does the next ones by itself, or is refused
//! them if each may take seconds: no queue grows without bound, and nobody else pays. A task is under way until its realm has the
//! outcome.

use crate::failure::Failure;
use crate::subtle::{Output, Task, settle, settled};
use quickbeam_engine::{Ctx, Result, Value};
use quickbeam_executor::{CallId, Input, RealmSender};
use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
#[derive(Default)]
struct Share {
    tasks: AtomicUsize,
    bytes: AtomicUsize,
    /// Threads that work for it. It changes while the pool is locked.
    threads: AtomicUsize,
    /// The realm is gone: its tasks need not run.
    is_over: AtomicBool,
}

impl Share {
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

/// The jobs that wait, by realm, and the threads.
struct Pool {
    lanes: VecDeque<VecDeque<Job>>,
    threads: usize,
    idle: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { lanes: VecDeque::new(), threads: 0, idle: 0 });
static WORK: Condvar = Condvar::new();
/// Threads that work for one realm at a time. There is one more, which may wait for a core but not for that realm.
static MOST_OF_ONE: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_SHARE)));

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
    start(ctx, share, bytes, task)
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
    start(ctx, share, bytes, task)
}

fn start(ctx: Ctx<'_>, share: Arc<Share>, bytes: usize, task: Task) -> Result<Value<'_>> {
    let task = Cell::new(Some(task));
    RealmSender::call(ctx, |sender, id| {
        if let Some(task) = task.take() {
            submit(Job { task, part: Part::new(share.clone(), bytes), sender, id });
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
    let share = Arc::new(Share::default());
    ctx.keep(KEPT, ctx.host_object(Rc::new(Member(share.clone())), None)?);
    Ok(share)
}

/// Leaves a job to the threads, of which there may have to be one more.
fn submit(job: Job) {
    let mut pool = pool();
    pool.push(job);
    if pool.idle > pool.waiting() {
        WORK.notify_one();
        return;
    }
    if pool.threads <= *MOST_OF_ONE && thread::Builder::new().name("quickbeam-crypto".to_owned()).spawn(work).is_ok() {
        pool.threads += 1;
    }
    WORK.notify_one();
    if pool.threads > 0 {
        return;
    }
    // The system starts none, so nobody else does it.
    if let Some(job) = pool.pop() {
        drop(run_unlocked(pool, job));
    }
}

impl Pool {
    fn push(&mut self, job: Job) {
        let same = |lane: &&mut VecDeque<Job>| {
            lane.front().is_some_and(|other| Arc::ptr_eq(&other.part.share, &job.part.share))
        };
        match self.lanes.iter_mut().find(same) {
            Some(lane) => lane.push_back(job),
            None => self.lanes.push_back(VecDeque::from([job])),
        }
    }

    fn waiting(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// The next job of the realm whose turn it is, of those that have not all the threads they may have.
    fn pop(&mut self) -> Option<Job> {
        let may_start = |job: &Job| job.part.share.threads.load(Ordering::Relaxed) < *MOST_OF_ONE;
        let next = self.lanes.iter().position(|lane| lane.front().is_some_and(may_start))?;
        let mut lane = self.lanes.remove(next)?;
        let job = lane.pop_front();
        if !lane.is_empty() {
            self.lanes.push_back(lane);
        }
        job
    }
}

/// Runs a job without the pool, and takes that again. What the job's realm might not start meanwhile, the same thread finds then.
fn run_unlocked(pool: MutexGuard<'static, Pool>, job: Job) -> MutexGuard<'static, Pool> {
    let share = job.part.share.clone();
    share.threads.fetch_add(1, Ordering::Relaxed);
    drop(pool);
    job.run();
    let pool = self::pool();
    share.threads.fetch_sub(1, Ordering::Relaxed);
    pool
}

/// What each thread does.
fn work() {
    let mut pool = pool();
    loop {
        if let Some(job) = pool.pop() {
            pool = run_unlocked(pool, job);
            continue;
        }
        pool.idle += 1;
        let (locked, waited) = WORK.wait_timeout(pool, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        pool = locked;
        pool.idle -= 1;
        if waited.timed_out() && pool.lanes.is_empty() {
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
