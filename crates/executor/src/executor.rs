//! Executors: processors, the threads that hold them, and where tasks go.

use crate::clock::epoch;
use crate::config::{ExecutorOptions, RealmConfig};
use crate::handle::RealmHandle;
use crate::info::ExecutorInfo;
use crate::processor::Processor;
use crate::seat::Seat;
use crate::spare::Spares;
use crate::task::Task;
use crate::vacancy::{Class, Vacancies};
use crate::{sleep, thread, ticker};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A set of threads that run isolates.
///
/// It has as many processors as [`ExecutorOptions::threads`] says, each held by one thread. When a turn neither ends nor polls (a
/// long builtin, the parser, a collection of a large heap) while others wait, its processor goes to a further thread after about two
/// slices, and the stuck one is spare once it comes back. At most 4 × `threads` + 16 threads are stuck in that way at once; beyond that, the
/// tasks of their processors wait. A processor with nothing to do takes work from the others.
///
/// Dropping it, which its last realm does, waits for nothing.
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
    shared: Arc<Shared>,
}

/// What threads, tasks and handles share of an executor.
pub(crate) struct Shared {
    pub(crate) options: ExecutorOptions,
    pub(crate) processors: Box<[Processor]>,
    pub(crate) spares: Spares,
    vacancies: Mutex<Vacancies>,
    /// Realms that have not ended.
    realms: AtomicUsize,
    /// Processors whose holders sleep or are about to; not counted where there is but one.
    idle: AtomicUsize,
    /// Threads that look for work without sleeping; likewise.
    searching: AtomicUsize,
    stopping: AtomicBool,
}

impl Executor {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system starts no more threads.
    pub fn new(options: &ExecutorOptions) -> io::Result<Arc<Executor>> {
        epoch();
        let count = options.threads.max(1);
        let shared = Arc::new(Shared {
            options: options.clone(),
            processors: (0..count).map(|_| Processor::new(options.slice)).collect(),
            spares: Spares::new(count),
            vacancies: Mutex::default(),
            realms: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            searching: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        });
        // Dropped on an error, it stops the threads that were started.
        let executor = Arc::new(Executor { shared: shared.clone() });
        ticker::watch(&shared)?;
        for index in 0..count {
            thread::start(&shared, index)?;
        }
        Ok(executor)
    }

    /// Makes a realm, in an isolate that has [room](ExecutorOptions::contexts_per_isolate) or else in a new one, on the
    /// processor that has the fewest realms. A thread of the executor starts to make it at once; ops wait until it is there.
    pub fn spawn(self: &Arc<Self>, config: RealmConfig) -> RealmHandle {
        let (task, seat) = self.shared.place(&Arc::new(config));
        task.wake(seat.mail.seat);
        RealmHandle::new(self.clone(), task, seat.mail.clone())
    }

    /// What it does now, and has done so far.
    pub fn info(&self) -> ExecutorInfo {
        let processors = self.shared.processors.iter().map(Processor::info).collect();
        ExecutorInfo { threads: self.shared.spares.threads(), processors }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.wake_all();
    }
}

impl Shared {
    /// A seat for a new realm.
    fn place(self: &Arc<Self>, config: &Arc<RealmConfig>) -> (Arc<Task>, Arc<Seat>) {
        self.realms.fetch_add(1, Ordering::SeqCst);
        let mut vacancies = self.vacancies();
        let class = Class::of(config);
        while let Some(task) = vacancies.last(class) {
            let joined = task.join(config);
            if !joined.as_ref().is_some_and(|(_, has_room)| *has_room) {
                vacancies.pop(class);
            }
            if let Some((seat, _)) = joined {
                return (task, seat);
            }
        }
        let processors = self.processors.iter().enumerate();
        let fewest = processors.min_by_key(|(_, processor)| processor.realms.load(Ordering::Relaxed));
        let home = fewest.map_or(0, |(index, _)| index);
        let (task, seat, has_room) = Task::with_first(self.clone(), home, config);
        if has_room {
            vacancies.push(class, &task);
        }
        (task, seat)
    }

    fn vacancies(&self) -> MutexGuard<'_, Vacancies> {
        self.vacancies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a task that was idle into the queue of its home.
    pub(crate) fn wake(self: &Arc<Self>, task: Arc<Task>) {
        let index = task.home.index();
        let is_urgent = self.processors[index].wake(task);
        self.announce(index, is_urgent);
    }

    /// Puts a task that goes on into the queue of its home.
    pub(crate) fn put_back(self: &Arc<Self>, task: Arc<Task>) {
        let index = task.home.index();
        self.processors[index].put_back(task);
        self.announce(index, false);
    }

    /// Something was queued at a processor.
    fn announce(self: &Arc<Self>, index: usize, is_urgent: bool) {
        let home = &self.processors[index];
        if !sleep::rouse(self, index) && home.runs_turn() {
            // Sooner than the ticker would.
            if home.is_asked() {
                self.look_at(index);
            } else if is_urgent || home.is_used_up(self.options.slice) {
                home.hurry();
            }
            if self.processors.len() > 1 {
                self.wake_thief();
            }
        }
    }

    /// Wakes an idle processor, if there is one and nobody looks for work already.
    pub(crate) fn wake_thief(&self) {
        if self.idle.load(Ordering::SeqCst) > 0 && self.searching.load(Ordering::SeqCst) == 0 {
            let mut processors = self.processors.iter();
            processors.find(|processor| processor.bed.call());
        }
    }

    /// A processor whose queue waits for a turn that runs. What waits at one between turns is about to be taken by it.
    fn victim(&self, thief: usize) -> Option<&Processor> {
        let count = self.processors.len();
        let others = (1..count).map(|offset| &self.processors[(thief + offset) % count]);
        others.into_iter().find(|processor| processor.queued() > 0 && processor.runs_turn())
    }

    /// Takes half of another processor's queue.
    pub(crate) fn steal(&self, thief: usize) -> Option<Arc<Task>> {
        let tasks = self.victim(thief)?.split();
        let processor = &self.processors[thief];
        processor.steals.fetch_add(tasks.len() as u64, Ordering::Relaxed);
        processor.adopt_tasks(tasks);
        processor.dequeue()
    }

    pub(crate) fn has_work(&self, index: usize) -> bool {
        self.processors[index].queued() > 0 || self.victim(index).is_some()
    }

    /// Moves a task's home to the processor that runs it.
    pub(crate) fn settle(&self, task: &Task, index: usize) {
        if task.home.index() != index {
            task.move_to(index);
        }
    }

    /// A realm has ended for good; `vacant` is its task if that was full and lives on.
    pub(crate) fn realm_ended(&self, vacant: Option<(&Arc<Task>, &RealmConfig)>) {
        if let Some((task, config)) = vacant {
            self.vacancies().push(Class::of(config), task);
        }
        self.realms.fetch_sub(1, Ordering::SeqCst);
        if self.is_over() {
            self.wake_all();
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Whether nothing is left to do, ever.
    pub(crate) fn is_over(&self) -> bool {
        self.is_stopping() && self.realms.load(Ordering::SeqCst) == 0
    }

    fn wake_all(&self) {
        for processor in &self.processors {
            processor.bed.call();
        }
        self.spares.wake_all();
    }

    /// Runs `search` as one who looks for work without sleeping.
    pub(crate) fn searching<R>(&self, search: impl FnOnce() -> R) -> R {
        if self.processors.len() == 1 {
            return search();
        }
        self.searching.fetch_add(1, Ordering::SeqCst);
        let found = search();
        self.searching.fetch_sub(1, Ordering::SeqCst);
        found
    }

    /// Runs `sleep` as the holder of an idle processor.
    pub(crate) fn idle<R>(&self, sleep: impl FnOnce() -> R) -> R {
        if self.processors.len() == 1 {
            return sleep();
        }
        self.idle.fetch_add(1, Ordering::SeqCst);
        let woken = sleep();
        self.idle.fetch_sub(1, Ordering::SeqCst);
        woken
    }

    /// Called by the ticker: looks at every processor, and gives those of stuck threads to others. Gives back when to look
    /// again; never, if no turn runs.
    pub(crate) fn tick(self: &Arc<Self>) -> Option<Duration> {
        (0..self.processors.len()).filter_map(|index| self.look_at(index)).min()
    }

    /// Looks at a processor, and gives it to another thread if its own is stuck and others wait.
    fn look_at(self: &Arc<Self>, index: usize) -> Option<Duration> {
        let processor = &self.processors[index];
        let mut relief = None;
        let again = processor.look(self.options.slice, || {
            relief = self.spares.take(self);
            relief.is_some()
        });
        if let Some(spare) = relief {
            processor.hand_offs.fetch_add(1, Ordering::Relaxed);
            spare.take_over(index);
        }
        again
    }
}
