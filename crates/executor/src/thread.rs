//! What the OS threads of an executor do.

use crate::cpu::{self, Slice};
use crate::executor::Shared;
use crate::fiber::{Fiber, Pause, Progress, StackPool, TurnEnd};
use crate::guard::internal_bug;
use crate::processor::Processor;
use crate::retired;
use crate::seat::Seat;
use crate::sleep::{Place, Sleeper, awake, call_next, cores, is_not_behind, somebody_is_behind, somebody_wakes};
use crate::spare::Spare;
use crate::task::Task;
use crate::ticker;
use quickbeam_engine::ErrorReport;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a thread looks for work before it sleeps: about what waking it would cost, or longer where work has been coming within
/// that time.
const SPIN: Duration = Duration::from_micros(30);
const LONG_SPIN: Duration = Duration::from_micros(100);

/// After that long it lets whoever waits for its core have it between two looks.
const RUDE_SPIN: Duration = Duration::from_micros(10);

/// After a turn that took as long, others may have the core.
const LONG_TURN: Duration = Duration::from_micros(100);

/// Idle time after which a thread returns the memory of its stacks.
const TRIM_AFTER: Duration = Duration::from_millis(100);

/// Stack of a thread itself; JavaScript runs on fibers.
const STACK: usize = 256 << 10;

/// Has a thread hold a processor: one whose executor is over, or a new one.
pub(crate) fn start(shared: &Arc<Shared>, index: usize) -> io::Result<()> {
    shared.spares.thread_started();
    match retired::employ(Place { shared: shared.clone(), index }) {
        Some(place) => spawn(shared, move |_| Some(place.index)),
        None => Ok(()),
    }
}

/// Starts a thread that waits for a processor.
pub(crate) fn start_spare(shared: &Arc<Shared>, spare: Arc<Spare>) -> io::Result<()> {
    shared.spares.thread_started();
    spawn(shared, move |shared| spare.wait(shared))
}

/// Starts a thread that has been counted.
fn spawn(shared: &Arc<Shared>, first: impl FnOnce(&Shared) -> Option<usize> + Send + 'static) -> io::Result<()> {
    let own = shared.clone();
    let builder = thread::Builder::new().name("quickbeam".into()).stack_size(STACK);
    let started = builder.spawn(move || {
        // The ticker may have started it.
        cpu::set_slice(Slice::Usual);
        let sleeper = Sleeper::new();
        let mut stacks = StackPool::new();
        let mut index = first(&own);
        let mut shared = own;
        loop {
            stacks = serve(shared, index, &sleeper, stacks);
            let Some(place) = retired::wait() else { return };
            (shared, index) = (place.shared, Some(place.index));
        }
    });
    if started.is_err() {
        shared.spares.thread_ended();
    }
    started.map(drop)
}

/// Holds processors of an executor, or spares its threads, until that is over.
fn serve(mut shared: Arc<Shared>, first: Option<usize>, sleeper: &Arc<Sleeper>, mut stacks: StackPool) -> StackPool {
    let mut next = first;
    while let Some(index) = next {
        let mut holder = Holder::new(Place { shared, index }, sleeper.clone(), stacks);
        let left = awake(|| holder.work());
        sleeper.leave();
        call_next();
        (shared, stacks) = (holder.place.shared, holder.stacks);
        next = match left {
            Left::Over => None,
            Left::Taken => {
                is_not_behind();
                stacks.clear();
                shared.spares.wait(&shared)
            }
        };
    }
    shared.spares.thread_ended();
    stacks
}

/// Threads of the process that look for work without sleeping; as many as cores may.
static SPINNING: AtomicUsize = AtomicUsize::new(0);

fn may_spin() -> bool {
    cores() > 1 && SPINNING.load(Ordering::Relaxed) < cores() / 2 && !somebody_wakes()
}

/// Why a thread holds its processor no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It was taken away during a turn.
    Taken,
    /// The executor is over.
    Over,
}

/// A thread with its processor.
struct Holder {
    place: Place,
    sleeper: Arc<Sleeper>,
    stacks: StackPool,
    /// A turn has ended, and one has been long, since the thread last let others have its core.
    has_served: bool,
    has_computed: bool,
    pauses: Pauses,
}

/// How long a thread was without work lately.
#[derive(Debug, Default)]
struct Pauses {
    since: Option<Instant>,
    /// An average in which each pause counts for a quarter, and none for more than [`Pauses::LONGEST`].
    mean: Duration,
}

impl Pauses {
    const LONGEST: Duration = Duration::from_micros(400);

    fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.mean = (self.mean * 3 + since.elapsed().min(Pauses::LONGEST)) / 4;
        }
    }

    /// For how long to look for work.
    fn spin(&self) -> Duration {
        if self.mean <= LONG_SPIN { LONG_SPIN } else { SPIN }
    }
}

impl Holder {
    fn new(place: Place, sleeper: Arc<Sleeper>, stacks: StackPool) -> Holder {
        Holder { place, sleeper, stacks, has_served: false, has_computed: false, pauses: Pauses::default() }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.place.shared
    }

    fn processor(&self) -> &Processor {
        self.place.processor()
    }

    fn work(&mut self) -> Left {
        self.sleeper.adopt(&self.place);
        loop {
            if self.has_computed {
                self.let_others_run();
            }
            self.processor().ring_if_due();
            if let Some(task) = self.processor().dequeue().or_else(|| self.shared().steal(self.place.index)) {
                self.pauses.end();
                if self.has_served && task.goes_on() {
                    self.processor().put_back(task);
                    self.let_others_run();
                } else if !self.run(&task) {
                    return Left::Taken;
                }
            } else if self.shared().is_over() {
                return Left::Over;
            } else if let Some(place) = self.sleeper.change(&self.place) {
                self.place = place;
            } else if !self.spin() {
                self.sleep();
            }
        }
    }

    /// Whoever was woken by the turns before (Erlang schedulers that take replies and send the next requests) may wait for this core, and
    /// the system would let them wait for milliseconds. A turn that was long is reason enough, as is one to come that will be.
    fn let_others_run(&mut self) {
        self.has_served = false;
        self.has_computed = false;
        self.processor().rest();
        self.processor().give_way(Instant::now());
    }

    /// Looks for work for a moment. True if there is some.
    fn spin(&mut self) -> bool {
        self.pauses.begin();
        if !may_spin() {
            return false;
        }
        SPINNING.fetch_add(1, Ordering::Relaxed);
        let (start, longest) = (Instant::now(), self.pauses.spin());
        let found = self.shared().searching(|| {
            loop {
                if self.shared().has_work(self.place.index) || self.place.can_be_changed() {
                    break true;
                }
                for _ in 0..32 {
                    std::hint::spin_loop();
                }
                // A core is for those who have work.
                let spun = start.elapsed();
                let is_rude = spun >= RUDE_SPIN;
                if somebody_wakes() || spun >= longest || is_rude && somebody_is_behind() {
                    break false;
                }
                if is_rude {
                    thread::yield_now();
                }
            }
        });
        SPINNING.fetch_sub(1, Ordering::Relaxed);
        found
    }

    /// Sleeps until something is queued or an alarm is due.
    fn sleep(&mut self) {
        if !self.sleep_for(Some(TRIM_AFTER)) {
            self.stacks.clear();
            self.sleep_for(None);
        }
    }

    /// False if nothing happened for so long.
    fn sleep_for(&mut self, longest: Option<Duration>) -> bool {
        let (place, is_needed) = self.shared().idle(|| self.sleeper.sleep(&self.place, longest));
        self.place = place;
        is_needed
    }

    /// Runs a turn of the task. False if that cost the thread its processor.
    fn run(&mut self, task: &Arc<Task>) -> bool {
        let seat = task.start();
        self.shared().settle(task, self.place.index);
        let Some(seat) = seat else {
            task.finish();
            return true;
        };
        let size = seat.stack_size();
        // SAFETY: this thread has moved the task to running; likewise for the blocks below.
        let fiber = match unsafe { seat.run_mut() }.fiber.take() {
            Some(fiber) => Ok(fiber),
            None => self.new_fiber(task, &seat, size),
        };
        let still_held = match fiber {
            Ok(fiber) => self.run_fiber(task, &seat, fiber),
            Err(error) => {
                let message = format!("no stack of {size} bytes could be had: {error}");
                self.end_seat(task, &seat, Some(ErrorReport::new("RangeError", message)));
                true
            }
        };
        // Closed, it stays in the running state for ever: whoever still posts to it is answered by closed inboxes.
        if !task.is_closed() {
            task.finish();
        }
        still_held
    }

    fn run_fiber(&mut self, task: &Arc<Task>, seat: &Arc<Seat>, mut fiber: Fiber) -> bool {
        let turn = &task.home;
        turn.turn_starts();
        // What was preempted before shares the processor with others, and the cores with who asks them.
        let breath = if task.goes_on() { Duration::ZERO } else { self.shared().options.slice };
        self.processor().begin(turn, breath);
        if self.shared().processors.len() > 1 && self.processor().queued() > 0 {
            self.shared().wake_thief();
        }
        ticker::turn_started();
        let progress = catch_unwind(AssertUnwindSafe(|| fiber.resume()));
        let is_preempted = matches!(progress, Ok(Progress::Paused(Pause::Preempted)));
        self.has_served |= !is_preempted;
        task.set_goes_on(is_preempted);
        let still_held = self.processor().end(turn);
        let before = turn.runtime();
        turn.set_runtime(match still_held {
            true => self.processor().runtime(),
            false => self.processor().rejoin(before),
        });
        self.has_computed |= turn.runtime().saturating_sub(before) >= LONG_TURN.as_nanos() as u64;
        match progress {
            Ok(Progress::Paused(Pause::Preempted)) => {
                self.processor().preemptions.fetch_add(1, Ordering::Relaxed);
                unsafe { seat.run_mut() }.fiber = Some(fiber);
                task.set_ready(seat);
            }
            Ok(Progress::Paused(Pause::Waiting(due))) => {
                unsafe { seat.run_mut() }.fiber = Some(fiber);
                unsafe { task.set_alarm(seat, due) };
            }
            Ok(Progress::Ended(end)) => {
                if let Some(stack) = fiber.into_stack() {
                    self.stacks.give(seat.stack_size(), stack);
                }
                match end {
                    TurnEnd::Idle(due) => unsafe { task.set_alarm(seat, due) },
                    TurnEnd::Dead => self.end_seat(task, seat, None),
                }
            }
            Ok(Progress::Paused(Pause::Abandoned)) => {
                drop(fiber);
                self.end_seat(task, seat, None);
            }
            Err(_) => {
                drop(fiber);
                self.end_isolate(task, seat, internal_bug("a panic in a turn"));
            }
        }
        still_held
    }

    fn new_fiber(&mut self, task: &Arc<Task>, seat: &Arc<Seat>, size: usize) -> io::Result<Fiber> {
        let stack = self.stacks.take(size)?;
        let (task, seat): (*const Task, *const Seat) = (Arc::as_ptr(task), Arc::as_ptr(seat));
        // SAFETY: the fiber is kept inside the seat, which the task keeps, or on this stack while both are borrowed, so
        // both outlive it; it is resumed only by a thread that has moved the task to running.
        Ok(Fiber::new(stack, move |suspender| unsafe { (*seat).turn(&*task, suspender) }))
    }

    fn end_seat(&self, task: &Arc<Task>, seat: &Arc<Seat>, cause: Option<ErrorReport>) {
        // SAFETY: this thread runs the task, and the seat's fiber is gone.
        unsafe { task.end_seat(seat, cause) }
    }

    fn end_isolate(&self, task: &Arc<Task>, culprit: &Arc<Seat>, cause: ErrorReport) {
        // SAFETY: this thread runs the task, and no fiber of it runs.
        unsafe { task.end_isolate(culprit, cause) }
    }
}
