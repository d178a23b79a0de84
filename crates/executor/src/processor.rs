//! Processors: what a thread must hold to run turns.
//!
//! A processor is a run queue (`queue.rs`), the alarms of the tasks at home there, and the *turn slot*: which turn runs, since when.
//! A thread holds at most one, and a processor has at most one thread. While a turn runs, the slot names it by its task's
//! home. The thread empties the slot when the turn comes back; the ticker empties it to take the processor away from a
//! turn that does not. Whoever empties it decides who holds the processor from then on.

use crate::alarm::Alarms;
use crate::clock::{NEVER, nanos};
use crate::home::Home;
use crate::info::ProcessorInfo;
use crate::queue::{RunQueue, must_give_way};
use crate::sleep::Bed;
use crate::spread;
use crate::task::Task;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Stands in the turn slot while another thread looks at the turn; never followed.
const LOOKED_AT: *mut Home = ptr::dangling_mut();

/// What other threads see of a processor. Aligned, so that two of them share no cache line.
#[repr(align(128))]
pub(crate) struct Processor {
    queue: Mutex<RunQueue<Arc<Task>>>,
    /// The queue's length, the runtime of its first task (or [`NEVER`]) and that of the one that runs less the time at which it
    /// had it; written under its lock.
    queued: AtomicUsize,
    first: AtomicU64,
    lead: AtomicU64,
    /// Isolates and realms at home here.
    pub(crate) isolates: AtomicUsize,
    pub(crate) realms: AtomicUsize,
    turn: AtomicPtr<Home>,
    /// When the turn in the slot was resumed.
    since: AtomicU64,
    /// How often, and when next, the thread that runs it lets others have the core.
    breath: AtomicU64,
    next_breath: AtomicU64,
    /// Until when it keeps the core, since others had it for long.
    kept_until: AtomicU64,
    asked: Mutex<Option<Asked>>,
    /// The turn in the slot has polled since it was last asked to.
    heard: AtomicBool,
    /// When the turn was resumed that another task was last to have the processor of, and the CPU time of its thread at that time.
    held: AtomicU64,
    held_from: AtomicU64,
    longest_hold: AtomicU64,
    pub(crate) alarms: Mutex<Alarms>,
    /// When the next alarm rings.
    next_alarm: AtomicU64,
    pub(crate) bed: Bed,
    pub(crate) preemptions: AtomicU64,
    pub(crate) hand_offs: AtomicU64,
    pub(crate) steals: AtomicU64,
}

/// A turn was asked to poll.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// When the turn was resumed, which tells it from others.
    since: u64,
    at: Instant,
    /// CPU time of its thread at that time, if the system tells.
    cpu: Option<Duration>,
}

/// CPU time within which a turn that is asked polls, unless it is in a long builtin.
const STEP: Duration = Duration::from_micros(300);

/// A turn that the system has not run since it was asked is given this long.
const STALL: Duration = Duration::from_millis(10);

/// CPU time after which a turn that was asked again and again is certainly in a long builtin.
const DEAF: Duration = Duration::from_millis(2);

/// What a turn has had since it was first asked to poll.
#[derive(Debug, Clone, Copy)]
struct Silence {
    time: Duration,
    /// If the system tells.
    cpu: Option<Duration>,
}

impl Silence {
    /// It will not poll soon.
    fn is_stuck(self) -> bool {
        self.time >= STALL || self.cpu.map_or(!self.time.is_zero(), |cpu| cpu >= STEP)
    }

    /// It computes, and does not poll.
    fn is_deaf(self) -> bool {
        self.cpu.map_or(self.time >= STALL, |cpu| cpu >= DEAF)
    }
}

/// For how long a thread computes after others had its core for so long.
fn fair_share(others: Duration) -> Duration {
    if others < BUSY { Duration::ZERO } else { others.min(LONGEST_SHARE) }
}

/// Who has had a core for so long computes.
const BUSY: Duration = Duration::from_millis(1);

/// Longer pauses are those of the whole machine.
const LONGEST_SHARE: Duration = Duration::from_millis(20);

/// Between two looks of the ticker at a turn.
const TICK: Duration = Duration::from_millis(1);

/// The same where others wait and the end of the turn's slice is near.
const MIN_TICK: Duration = Duration::from_micros(100);

/// Time that a turn gets to answer when others wait; a step rarely takes longer.
const GRACE: Duration = Duration::from_micros(350);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Processor {
    pub(crate) fn new(slice: Duration) -> Processor {
        Processor {
            queue: Mutex::new(RunQueue::new(slice)),
            queued: AtomicUsize::new(0),
            first: AtomicU64::new(NEVER),
            lead: AtomicU64::new(0),
            isolates: AtomicUsize::new(0),
            realms: AtomicUsize::new(0),
            turn: AtomicPtr::default(),
            since: AtomicU64::new(0),
            breath: AtomicU64::new(0),
            next_breath: AtomicU64::new(0),
            kept_until: AtomicU64::new(0),
            asked: Mutex::default(),
            heard: AtomicBool::new(false),
            held: AtomicU64::new(0),
            held_from: AtomicU64::new(0),
            longest_hold: AtomicU64::new(0),
            alarms: Mutex::default(),
            next_alarm: AtomicU64::new(NEVER),
            bed: Bed::new(),
            preemptions: AtomicU64::new(0),
            hand_offs: AtomicU64::new(0),
            steals: AtomicU64::new(0),
        }
    }

    pub(crate) fn info(&self) -> ProcessorInfo {
        ProcessorInfo {
            realms: self.realms.load(Ordering::SeqCst),
            isolates: self.isolates.load(Ordering::SeqCst),
            queued: self.queued(),
            preemptions: self.preemptions.load(Ordering::Relaxed),
            hand_offs: self.hand_offs.load(Ordering::Relaxed),
            steals: self.steals.load(Ordering::Relaxed),
            longest_hold: Duration::from_nanos(self.longest_hold.load(Ordering::Relaxed)),
        }
    }

    // The queue

    fn with_queue<R>(&self, f: impl FnOnce(&mut RunQueue<Arc<Task>>, u64) -> R) -> R {
        let now = nanos(Instant::now());
        let mut queue = lock(&self.queue);
        let result = f(&mut queue, now);
        let (running, at) = queue.running();
        self.lead.store(running.wrapping_sub(at), Ordering::Relaxed);
        self.first.store(queue.first().unwrap_or(NEVER), Ordering::Relaxed);
        self.queued.store(queue.len(), Ordering::SeqCst);
        result
    }

    /// Queues a task that was idle. True if the turn that runs, if one does, must make way for it at once.
    pub(crate) fn wake(&self, task: Arc<Task>) -> bool {
        let runtime = task.home.runtime();
        self.with_queue(|queue, now| queue.wake(task, runtime, now))
    }

    /// Queues a task that goes on.
    pub(crate) fn put_back(&self, task: Arc<Task>) {
        let runtime = task.home.runtime();
        self.with_queue(|queue, now| queue.put_back(task, runtime, now));
    }

    /// No turn runs until the next task is taken.
    pub(crate) fn rest(&self) {
        if self.queued() > 0 {
            self.with_queue(RunQueue::rest);
        }
    }

    /// Takes the task whose turn it is.
    pub(crate) fn dequeue(&self) -> Option<Arc<Task>> {
        if self.queued() == 0 {
            return None;
        }
        let (task, runtime) = self.with_queue(RunQueue::pop)?;
        task.home.set_runtime(runtime);
        Some(task)
    }

    /// Takes half of the queue, for an idle processor.
    pub(crate) fn split(&self) -> Vec<(Arc<Task>, i64)> {
        self.with_queue(RunQueue::split)
    }

    pub(crate) fn adopt_tasks(&self, tasks: Vec<(Arc<Task>, i64)>) {
        self.with_queue(|queue, now| queue.adopt(tasks, now));
    }

    /// The runtime with which a task goes on that has lost the processor.
    pub(crate) fn rejoin(&self, runtime: u64) -> u64 {
        self.with_queue(|queue, now| queue.rejoin(runtime, now))
    }

    /// The runtime of the task that runs.
    pub(crate) fn runtime(&self) -> u64 {
        self.lead.load(Ordering::Relaxed).wrapping_add(nanos(Instant::now()))
    }

    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::SeqCst)
    }

    /// Whether a task other than the running one could run now.
    pub(crate) fn is_wanted(&self) -> bool {
        self.queued.load(Ordering::Relaxed) > 0 || {
            let alarm = self.next_alarm.load(Ordering::Relaxed);
            alarm != NEVER && nanos(Instant::now()) >= alarm
        }
    }

    // The turn slot

    /// A turn starts: until it ends, the ticker may take the processor away.
    /// Its thread lets others have the core once in every `breath`.
    pub(crate) fn begin(&self, turn: &Arc<Home>, breath: Duration) {
        let (now, breath) = (nanos(Instant::now()), breath.as_nanos() as u64);
        self.since.store(now, Ordering::Relaxed);
        self.breath.store(breath, Ordering::Relaxed);
        self.next_breath.store(now.saturating_add(breath), Ordering::Relaxed);
        self.turn.store(Arc::as_ptr(turn).cast_mut(), Ordering::SeqCst);
    }

    /// A turn has come back. False if the processor was taken away meanwhile.
    pub(crate) fn end(&self, turn: &Arc<Home>) -> bool {
        let turn = Arc::as_ptr(turn).cast_mut();
        loop {
            match self.turn.compare_exchange(turn, ptr::null_mut(), Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => {
                    self.hold_ends();
                    return true;
                }
                Err(LOOKED_AT) => thread::yield_now(),
                Err(_) => return false,
            }
        }
    }

    /// Whether that turn, which runs, has lost the processor.
    pub(crate) fn is_lost_to(&self, turn: &Home) -> bool {
        let now = self.turn.load(Ordering::Relaxed);
        now != ptr::from_ref(turn).cast_mut() && now != LOOKED_AT
    }

    /// Whether the turn in the slot has had enough where others wait.
    pub(crate) fn is_used_up(&self, slice: Duration) -> bool {
        self.used() >= slice || {
            let (first, slice) = (self.first.load(Ordering::Relaxed), slice.as_nanos() as u64);
            must_give_way(self.runtime(), first, slice)
        }
    }

    /// The turn in the slot polls.
    pub(crate) fn hear(&self, now: Instant) {
        if nanos(now) >= self.next_breath.load(Ordering::Relaxed) {
            self.give_way(now);
            let next = nanos(Instant::now()).saturating_add(self.breath.load(Ordering::Relaxed));
            self.next_breath.store(next, Ordering::Relaxed);
        }
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Lets other threads have the core. Those that were woken to take a reply soon give it back; one that computes takes a whole slice of the
    /// system's each time, so the core is kept for as long as that had it.
    pub(crate) fn give_way(&self, now: Instant) {
        if nanos(now) < self.kept_until.load(Ordering::Relaxed) {
            return;
        }
        spread::settle(ptr::from_ref(self).addr(), now);
        thread::yield_now();
        let back = Instant::now();
        let share = fair_share(back - now);
        if !share.is_zero() {
            self.kept_until.store(nanos(back + share), Ordering::Relaxed);
        }
    }

    /// For how long the turn in the slot has run.
    fn used(&self) -> Duration {
        Duration::from_nanos(nanos(Instant::now()).saturating_sub(self.since.load(Ordering::Relaxed)))
    }

    /// Whether its thread is awake and would run a task of that home next.
    pub(crate) fn is_free_for(&self, home: &Home) -> bool {
        let turn = self.turn.load(Ordering::Relaxed);
        !self.bed.is_asleep() && self.queued() == 0 && (turn.is_null() || turn == ptr::from_ref(home).cast_mut())
    }

    pub(crate) fn runs_turn(&self) -> bool {
        !self.turn.load(Ordering::SeqCst).is_null()
    }

    /// Called by the ticker, and by those who queue a task behind a turn that was asked. A turn that has used up its slice, or was asked before, is made to poll. If it is stuck and others wait, then `relieve`
    /// may give the processor to another thread; it tells whether one is there for that. Gives back when to look again; never,
    /// if no turn runs.
    pub(crate) fn look(&self, slice: Duration, relieve: impl FnOnce() -> bool) -> Option<Duration> {
        if !self.runs_turn() {
            return None;
        }
        let left = slice.saturating_sub(self.used());
        if !left.is_zero() && !self.is_asked() {
            return Some(if self.queued() > 0 { left.clamp(MIN_TICK, TICK) } else { TICK });
        }
        let Some(turn) = self.hold_turn() else { return Some(TICK) };
        // SAFETY: a held turn does not end.
        let home = unsafe { &*turn };
        home.pacer.poke();
        if self.queued() > 0 {
            self.hold_begins();
        }
        let now = Instant::now();
        let silence = self.silence(now);
        if silence.is_deaf() {
            home.turn_is_deaf();
        }
        self.ring(now);
        let (next, pause) = match (self.queued() > 0, silence.is_stuck()) {
            (true, true) if relieve() => {
                self.hold_ends();
                // Before its turn can end.
                self.bed.demote();
                (ptr::null_mut(), TICK)
            }
            (true, _) => (turn, GRACE),
            (false, _) => (turn, TICK),
        };
        self.turn.store(next, Ordering::SeqCst);
        Some(pause)
    }

    /// Makes the turn that runs poll.
    pub(crate) fn hurry(&self) {
        if let Some(turn) = self.hold_turn() {
            // SAFETY: a held turn does not end.
            unsafe { (*turn).pacer.poke() };
            self.hold_begins();
            self.ask(Instant::now());
            self.turn.store(turn, Ordering::SeqCst);
        }
    }

    /// Takes the turn out of the slot, to be put back or replaced by null in a moment: until then its thread, which holds a count
    /// of what the slot points to, waits in `end`.
    fn hold_turn(&self) -> Option<*mut Home> {
        let turn = self.turn.load(Ordering::SeqCst);
        let is_there = !turn.is_null() && turn != LOOKED_AT;
        let held = || self.turn.compare_exchange(turn, LOOKED_AT, Ordering::SeqCst, Ordering::Relaxed);
        (is_there && held().is_ok()).then_some(turn)
    }

    /// Another task is to have the processor: from here on the turn in the slot keeps it waiting.
    fn hold_begins(&self) {
        let since = self.since.load(Ordering::Relaxed);
        if self.held.load(Ordering::Relaxed) != since
            && let Some(cpu) = self.bed.cpu()
        {
            self.held_from.store(cpu.as_nanos() as u64, Ordering::Relaxed);
            self.held.store(since, Ordering::Relaxed);
        }
    }

    /// The turn in the slot ends, or loses the processor.
    fn hold_ends(&self) {
        if self.held.load(Ordering::Relaxed) == self.since.load(Ordering::Relaxed)
            && let Some(cpu) = self.bed.cpu()
        {
            let held = (cpu.as_nanos() as u64).saturating_sub(self.held_from.load(Ordering::Relaxed));
            self.longest_hold.fetch_max(held, Ordering::Relaxed);
        }
    }

    /// Whether the turn in the slot has not polled since it was asked to.
    pub(crate) fn is_asked(&self) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        lock(&self.asked).is_some_and(|asked| asked.since == since) && !self.heard.load(Ordering::Relaxed)
    }

    /// When the turn that runs was asked to poll, which is now if it was not since it last did.
    fn ask(&self, now: Instant) -> Asked {
        let since = self.since.load(Ordering::Relaxed);
        let mut asked = lock(&self.asked);
        let has_polled = self.heard.swap(false, Ordering::Relaxed);
        match *asked {
            Some(asked) if asked.since == since && !has_polled => asked,
            _ => *asked.insert(Asked { since, at: now, cpu: self.bed.cpu() }),
        }
    }

    /// What the turn that runs has had since it was asked to poll.
    fn silence(&self, now: Instant) -> Silence {
        let asked = self.ask(now);
        Silence {
            time: now.saturating_duration_since(asked.at),
            cpu: self.bed.cpu().zip(asked.cpu).map(|(now, then)| now.saturating_sub(then)),
        }
    }

    // Alarms

    /// Wakes the tasks whose alarms are due.
    pub(crate) fn ring(&self, now: Instant) {
        loop {
            let due = {
                let mut alarms = lock(&self.alarms);
                let due = alarms.take_due(now);
                self.publish(&alarms);
                due
            };
            match due {
                Some((task, seat)) => task.wake(seat),
                None => return,
            }
        }
    }

    pub(crate) fn ring_if_due(&self) {
        if self.next_alarm.load(Ordering::Relaxed) != NEVER {
            self.ring(Instant::now());
        }
    }

    pub(crate) fn has_alarm(&self, at: Instant, task: &Arc<Task>, seat: usize) -> bool {
        lock(&self.alarms).contains(at, task, seat)
    }

    pub(crate) fn set_alarm(&self, at: Instant, task: &Arc<Task>, seat: usize) {
        let mut alarms = lock(&self.alarms);
        let is_first = alarms.insert(at, task, seat);
        self.publish(&alarms);
        drop(alarms);
        // Set by a thread that has lost the processor, it must shorten the sleep of the one that has it.
        if is_first {
            self.bed.call();
        }
    }

    pub(crate) fn drop_alarm(&self, at: Instant, task: &Arc<Task>, seat: usize) {
        let mut alarms = lock(&self.alarms);
        alarms.remove(at, task, seat);
        self.publish(&alarms);
    }

    fn publish(&self, alarms: &Alarms) {
        self.next_alarm.store(alarms.next().map_or(NEVER, nanos), Ordering::SeqCst);
    }

    pub(crate) fn has_alarms(&self) -> bool {
        self.next_alarm.load(Ordering::SeqCst) != NEVER
    }

    /// How long it is to the next alarm.
    pub(crate) fn time_to_alarm(&self) -> Option<Duration> {
        lock(&self.alarms).next().map(|due| due.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_that_others_compute_on_is_shared_evenly_with_them() {
        assert_eq!(fair_share(Duration::from_micros(200)), Duration::ZERO);
        assert_eq!(fair_share(Duration::from_millis(9)), Duration::from_millis(9));
        assert_eq!(fair_share(Duration::from_secs(1)), LONGEST_SHARE);
    }
}
