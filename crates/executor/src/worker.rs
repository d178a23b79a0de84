//! Executors and their threads.

use crate::config::{ExecutorOptions, RealmConfig};
use crate::fiber::{Fiber, Pause, Progress, StackPool, TurnEnd};
use crate::task::{RealmHandle, Task};
use crate::ticker;
use quickbeam_engine::{ErrorReport, Pacer};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a worker looks for work before it sleeps: about what waking it would cost.
const SPIN: Duration = Duration::from_micros(30);

/// Idle time after which a worker returns the memory of its stacks.
const TRIM_AFTER: Duration = Duration::from_millis(100);

/// Stack of a worker's own thread; JavaScript runs on fibers.
const THREAD_STACK: usize = 256 << 10;

const NEVER: u64 = u64::MAX;

fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Nanoseconds since the process' first executor, never 0.
fn nanos(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch()).as_nanos()).unwrap_or(NEVER - 1).max(1)
}

/// A set of threads that run isolates.
///
/// ```
/// use quickbeam_executor::*;
/// use std::sync::{Arc, mpsc};
/// # use quickbeam_engine::{Ctx, ErrorReport, Result, Value};
/// # struct NoHost;
/// # impl Host for NoHost {
/// #     fn call<'a>(&self, ctx: Ctx<'a>, _: CallId, _: bool, _: &str, _: &[Value<'a>]) -> Result<()> {
/// #         Err(ctx.throw_type("no handlers"))
/// #     }
/// #     fn log(&self, _: LogLine) {}
/// #     fn uncaught(&self, _: Uncaught) {}
/// #     fn died(&self, _: ErrorReport) {}
/// # }
/// let executor = Executor::new(&ExecutorOptions::default()).unwrap();
/// let realm = executor.spawn(RealmConfig::new(Arc::new(NoHost)));
/// let (sender, receiver) = mpsc::channel();
/// let op = Op::Eval { source: "6 * 7".into(), filename: None, vars: None };
/// let reply = move |outcome: Outcome<'_, '_>| {
///     if let Outcome::Value(_, value) = outcome {
///         let _ = sender.send(value.as_int());
///     }
/// };
/// realm.submit(op, Box::new(reply), SubmitOptions::default()).unwrap();
/// assert_eq!(receiver.recv(), Ok(Some(42)));
/// ```
pub struct Executor {
    workers: Vec<Arc<Worker>>,
}

impl Executor {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn new(options: &ExecutorOptions) -> io::Result<Arc<Executor>> {
        epoch();
        let mut executor = Executor { workers: Vec::new() };
        for _ in 0..options.threads.max(1) {
            executor.workers.push(Worker::start(options)?);
        }
        Ok(Arc::new(executor))
    }

    /// Makes a realm with an isolate of its own, on the thread that has the fewest. It is made by that thread; ops
    /// wait until it is there.
    pub fn spawn(self: &Arc<Self>, config: RealmConfig) -> RealmHandle {
        let fewest = self.workers.iter().min_by_key(|worker| worker.tasks.load(Ordering::Relaxed));
        let worker = fewest.unwrap_or(&self.workers[0]).clone();
        worker.tasks.fetch_add(1, Ordering::Relaxed);
        RealmHandle::new(self.clone(), worker, config)
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        for worker in &self.workers {
            worker.stopping.store(true, Ordering::SeqCst);
            worker.unpark();
        }
    }
}

/// What other threads see of a worker.
pub(crate) struct Worker {
    queue: Mutex<VecDeque<Arc<Task>>>,
    queued: AtomicUsize,
    tasks: AtomicUsize,
    parked: AtomicBool,
    stopping: AtomicBool,
    thread: OnceLock<Thread>,
    slice: Duration,
    inbox_capacity: usize,
    /// When the turn that runs now was resumed; 0 between turns.
    running_since: AtomicU64,
    running: Mutex<Option<Arc<Pacer>>>,
    /// When the next timer of a task that does not run is due.
    next_timer: AtomicU64,
}

impl Worker {
    fn start(options: &ExecutorOptions) -> io::Result<Arc<Worker>> {
        let worker = Arc::new(Worker {
            queue: Mutex::default(),
            queued: AtomicUsize::new(0),
            tasks: AtomicUsize::new(0),
            parked: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            thread: OnceLock::new(),
            slice: options.slice,
            inbox_capacity: options.inbox_capacity,
            running_since: AtomicU64::new(0),
            running: Mutex::new(None),
            next_timer: AtomicU64::new(NEVER),
        });
        ticker::watch(&worker)?;
        let shared = worker.clone();
        let builder = thread::Builder::new().name("quickbeam".into()).stack_size(THREAD_STACK);
        builder.spawn(move || {
            let _ = shared.thread.set(thread::current());
            Loop::new(shared).run();
        })?;
        Ok(worker)
    }

    pub(crate) fn slice(&self) -> Duration {
        self.slice
    }

    pub(crate) fn inbox_capacity(&self) -> usize {
        self.inbox_capacity
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Arc<Task>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn enqueue(&self, task: Arc<Task>) {
        self.queue().push_back(task);
        self.queued.fetch_add(1, Ordering::SeqCst);
        self.unpark();
    }

    fn unpark(&self) {
        if self.parked.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    fn dequeue(&self) -> Option<Arc<Task>> {
        if self.queued.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let task = self.queue().pop_front()?;
        self.queued.fetch_sub(1, Ordering::SeqCst);
        Some(task)
    }

    /// Whether a task other than the running one could run now.
    pub(crate) fn wants_thread(&self, now: Instant) -> bool {
        self.queued.load(Ordering::Relaxed) > 0 || nanos(now) >= self.next_timer.load(Ordering::Relaxed)
    }

    /// Called by the ticker: makes a turn that has used up its slice poll. Tells whether a turn runs.
    pub(crate) fn tick(&self) -> bool {
        let since = self.running_since.load(Ordering::SeqCst);
        if since == 0 {
            return false;
        }
        if nanos(Instant::now()).saturating_sub(since) >= self.slice.as_nanos() as u64
            && let Some(pacer) = self.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref()
        {
            pacer.poke();
        }
        true
    }

    fn set_running(&self, pacer: Option<Arc<Pacer>>) {
        let since = if pacer.is_some() { nanos(Instant::now()) } else { 0 };
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = pacer;
        self.running_since.store(since, Ordering::SeqCst);
    }
}

/// Workers that look for work without sleeping; as many as cores may.
static SPINNING: AtomicUsize = AtomicUsize::new(0);

fn may_spin() -> bool {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from));
    cores > 1 && SPINNING.load(Ordering::Relaxed) < cores / 2
}

/// What a worker's own thread holds.
struct Loop {
    worker: Arc<Worker>,
    stacks: StackPool,
    /// At most one for each task, by time and the task's address.
    timers: BTreeMap<(Instant, usize), Weak<Task>>,
}

impl Loop {
    fn new(worker: Arc<Worker>) -> Loop {
        Loop { worker, stacks: StackPool::new(), timers: BTreeMap::new() }
    }

    fn run(mut self) {
        loop {
            self.fire_timers();
            if let Some(task) = self.worker.dequeue() {
                task.start();
                self.run_task(&task);
            } else if self.worker.stopping.load(Ordering::SeqCst) {
                return;
            } else if !self.spin() {
                self.sleep();
            }
        }
    }

    fn fire_timers(&mut self) {
        if self.timers.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(timer) = self.timers.first_entry()
            && timer.key().0 <= now
        {
            if let Some(task) = timer.remove().upgrade() {
                task.wake();
            }
        }
        self.publish_next_timer();
    }

    fn publish_next_timer(&self) {
        let next = self.next_timer().map_or(NEVER, nanos);
        self.worker.next_timer.store(next, Ordering::Relaxed);
    }

    fn next_timer(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|((due, _), _)| *due)
    }

    /// Looks for work for a moment. True if there is some.
    fn spin(&self) -> bool {
        if !may_spin() {
            return false;
        }
        SPINNING.fetch_add(1, Ordering::Relaxed);
        let until = Instant::now() + SPIN;
        let found = loop {
            if self.worker.queued.load(Ordering::SeqCst) > 0 {
                break true;
            }
            for _ in 0..32 {
                std::hint::spin_loop();
            }
            if Instant::now() >= until {
                break false;
            }
        };
        SPINNING.fetch_sub(1, Ordering::Relaxed);
        found
    }

    /// Sleeps until something is queued or a timer is due.
    fn sleep(&mut self) {
        if !self.park(Some(TRIM_AFTER)) {
            self.stacks.clear();
            self.park(None);
        }
    }

    /// True if something woke the worker before `longest` was over.
    fn park(&self, longest: Option<Duration>) -> bool {
        let worker = &self.worker;
        worker.parked.store(true, Ordering::SeqCst);
        if worker.queued.load(Ordering::SeqCst) > 0 || worker.stopping.load(Ordering::SeqCst) {
            worker.parked.store(false, Ordering::SeqCst);
            return true;
        }
        let until_timer = self.next_timer().map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = [longest, until_timer].into_iter().flatten().min();
        match timeout {
            Some(timeout) => thread::park_timeout(timeout),
            None => thread::park(),
        }
        let woken = !worker.parked.swap(false, Ordering::SeqCst);
        woken || timeout != longest
    }

    fn run_task(&mut self, task: &Arc<Task>) {
        let size = task.stack_size();
        // SAFETY: the task was just moved to running by this thread; likewise for the blocks below.
        let fiber = match unsafe { task.take_fiber() } {
            Some(fiber) => Ok(fiber),
            None => self.new_fiber(task, size),
        };
        let mut fiber = match fiber {
            Ok(fiber) => fiber,
            Err(error) => {
                let message = format!("no stack of {size} bytes could be had: {error}");
                return self.end_task(task, Some(ErrorReport::new("RangeError", message)));
            }
        };
        self.worker.set_running(Some(task.mail.pacer.clone()));
        ticker::turn_started();
        let progress = catch_unwind(AssertUnwindSafe(|| fiber.resume()));
        self.worker.set_running(None);
        match progress {
            Ok(Progress::Paused(Pause::Preempted)) => {
                unsafe { task.keep_fiber(fiber) };
                task.finish(true);
            }
            Ok(Progress::Paused(Pause::Waiting(due))) => {
                unsafe { task.keep_fiber(fiber) };
                self.rest(task, due);
            }
            Ok(Progress::Ended(end)) => {
                if let Some(stack) = fiber.into_stack() {
                    self.stacks.give(size, stack);
                }
                match end {
                    TurnEnd::Idle(due) => self.rest(task, due),
                    TurnEnd::Dead => self.end_task(task, None),
                }
            }
            Ok(Progress::Paused(Pause::Abandoned)) => {
                drop(fiber);
                self.end_task(task, None);
            }
            Err(_) => {
                drop(fiber);
                let message = "internal bug in QuickBEAM: a panic in a turn; please report it";
                self.end_task(task, Some(ErrorReport::new("InternalError", message)));
            }
        }
    }

    fn new_fiber(&mut self, task: &Arc<Task>, size: usize) -> io::Result<Fiber> {
        let stack = self.stacks.take(size)?;
        let task: *const Task = Arc::as_ptr(task);
        // SAFETY: the fiber is kept inside the task, or on this stack while the task is borrowed, so the task
        // outlives it; it is resumed only by this worker while it runs the task.
        Ok(Fiber::new(stack, move |suspender| unsafe { (*task).turn(suspender) }))
    }

    /// Leaves the task idle until something is posted or `due`.
    fn rest(&mut self, task: &Arc<Task>, due: Option<Instant>) {
        if let Some(due) = due {
            // SAFETY: this thread runs the task.
            let armed = unsafe { task.armed() };
            let address = Arc::as_ptr(task).addr();
            let is_set = armed.is_some_and(|at| self.timers.contains_key(&(at, address)));
            if !is_set || armed.is_some_and(|at| due < at) {
                self.disarm(task, *armed);
                *armed = Some(due);
                self.timers.insert((due, address), Arc::downgrade(task));
                self.publish_next_timer();
            }
        }
        task.finish(false);
    }

    fn disarm(&mut self, task: &Arc<Task>, armed: Option<Instant>) {
        if let Some(at) = armed {
            self.timers.remove(&(at, Arc::as_ptr(task).addr()));
        }
    }

    /// The task stays in the running state for ever: whoever still posts to it is answered by its closed inbox.
    fn end_task(&mut self, task: &Arc<Task>, cause: Option<ErrorReport>) {
        // SAFETY: this thread runs the task.
        let armed = unsafe { *task.armed() };
        self.disarm(task, armed);
        // SAFETY: likewise, and its fiber is gone. A panic in the host's code there must not end the worker.
        let _ = catch_unwind(AssertUnwindSafe(|| unsafe { task.destroy(cause) }));
        self.worker.tasks.fetch_sub(1, Ordering::Relaxed);
    }
}
