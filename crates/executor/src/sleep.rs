//! How threads that hold processors sleep, and how few of them are woken where many processors have work.
//!
//! Waking a thread costs more than a short turn, and only as many threads run as there are cores. So once enough have been
//! called, further processors with work are *listed*: a thread that is awake and has nothing to do takes over the first of
//! the list and leaves the sleeper its own processor, which is idle. One message to a hundred runtimes wakes a
//! few threads, which run the turns of all.
//!
//! What must never happen: two threads hold one processor; a processor stays listed while nobody is on the way. The first is
//! decided by one atomic step, out of [`ASLEEP`], [`CALLED`] or [`LISTED`]. For the second, whoever lists a processor calls the next, unless
//! enough are on their way; whoever arrives does, unless enough are awake; and so does whoever goes to sleep or leaves. For the case that all
//! who are awake are in turns that last, the ticker does.
//!
//! Only processors of executors that have no other change threads in this way: those of a pool take work from each other.

use crate::cpu::{self, Slice, SystemThread};
use crate::executor::Shared;
use crate::processor::Processor;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// The holder runs.
const AWAKE: u8 = 0;
/// It sleeps, or is about to.
const ASLEEP: u8 = 1;
/// It sleeps, and has been called.
const CALLED: u8 = 2;
/// It sleeps, and the processor waits for any thread.
const LISTED: u8 = 3;

/// Threads of the process that have been called and do not run yet.
static WAKING: AtomicUsize = AtomicUsize::new(0);

/// Threads of the process that hold processors and do not sleep.
static UP: AtomicUsize = AtomicUsize::new(0);

/// Threads of the process that have lost their processors to others and compute behind them.
static BEHIND: AtomicUsize = AtomicUsize::new(0);

/// Processors that wait for a thread, some of which may have got one meanwhile; and how many.
static LIST: Mutex<VecDeque<Place>> = Mutex::new(VecDeque::new());
static LISTED_COUNT: AtomicUsize = AtomicUsize::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cores that the process may use.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Whether a thread waits for a core.
pub(crate) fn somebody_wakes() -> bool {
    WAKING.load(Ordering::Relaxed) > 0
}

/// Whether a thread computes that holds no processor. Whoever shares its core gets it at once by waking, and only after milliseconds by
/// waiting for it to be given back.
pub(crate) fn somebody_is_behind() -> bool {
    BEHIND.load(Ordering::Relaxed) > 0
}

/// A processor, by its executor.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) shared: Arc<Shared>,
    pub(crate) index: usize,
}

impl Place {
    pub(crate) fn processor(&self) -> &Processor {
        &self.shared.processors[self.index]
    }

    /// Whether a thread that holds it must not sleep.
    fn is_needed(&self) -> bool {
        self.shared.has_work(self.index) || self.shared.is_over()
    }

    /// Whether a processor waits for a thread, and that which holds this one, which is idle, may take it over.
    pub(crate) fn can_be_changed(&self) -> bool {
        // Whoever sleeps would not know of the alarms.
        LISTED_COUNT.load(Ordering::SeqCst) > 0 && self.shared.processors.len() == 1 && !self.processor().has_alarms()
    }
}

/// How a processor's holder is reached.
pub(crate) struct Bed {
    state: AtomicU8,
    holder: Mutex<Option<Holder>>,
}

/// The thread that holds a processor.
struct Holder {
    sleeper: Arc<Sleeper>,
    thread: Option<SystemThread>,
}

impl Bed {
    pub(crate) fn new() -> Bed {
        Bed { state: AtomicU8::new(AWAKE), holder: Mutex::default() }
    }

    /// Whether the holder sleeps and nobody has called it.
    pub(crate) fn is_asleep(&self) -> bool {
        matches!(self.state.load(Ordering::SeqCst), ASLEEP | LISTED)
    }

    /// Calls the holder if it sleeps. True if it did.
    pub(crate) fn call(&self) -> bool {
        self.is_asleep() && (self.moves(ASLEEP, CALLED) || self.moves(LISTED, CALLED)) && {
            WAKING.fetch_add(1, Ordering::SeqCst);
            if let Some(holder) = &*lock(&self.holder) {
                holder.sleeper.thread.unpark();
            }
            true
        }
    }

    /// CPU time of the holder, if the system tells.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        self.thread()?.cpu_time()
    }

    /// Has the holder, which loses the processor, give its core to whoever wakes.
    pub(crate) fn demote(&self) {
        BEHIND.fetch_add(1, Ordering::Relaxed);
        if let Some(thread) = self.thread() {
            thread.set_slice(Slice::Long);
        }
    }

    fn thread(&self) -> Option<SystemThread> {
        lock(&self.holder).as_ref()?.thread
    }

    fn moves(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// The holder gets up; whether it was wanted. `None` if another thread has taken the processor over.
    fn rise(&self) -> Option<bool> {
        if self.moves(CALLED, AWAKE) {
            WAKING.fetch_sub(1, Ordering::SeqCst);
            return Some(true);
        }
        if self.moves(LISTED, AWAKE) {
            return Some(true);
        }
        self.moves(ASLEEP, AWAKE).then_some(false)
    }
}

/// Wakes the holder of a processor that has something to do, or lists the processor. True if the holder slept.
pub(crate) fn rouse(shared: &Arc<Shared>, index: usize) -> bool {
    let bed = &shared.processors[index].bed;
    if shared.processors.len() > 1 || WAKING.load(Ordering::SeqCst) < cores() {
        return bed.call();
    }
    if !bed.moves(ASLEEP, LISTED) {
        return false;
    }
    LISTED_COUNT.fetch_add(1, Ordering::SeqCst);
    lock(&LIST).push_back(Place { shared: shared.clone(), index });
    call_next();
    true
}

/// Runs `work` as one who is awake.
pub(crate) fn awake<R>(work: impl FnOnce() -> R) -> R {
    UP.fetch_add(1, Ordering::Relaxed);
    let result = work();
    UP.fetch_sub(1, Ordering::Relaxed);
    result
}

/// A turn that has lost its processor is over; the calling thread ran it.
pub(crate) fn is_not_behind() {
    BEHIND.fetch_sub(1, Ordering::Relaxed);
    cpu::set_slice(Slice::Usual);
}

/// Calls the holders of processors that are listed, unless enough threads are on their way.
pub(crate) fn call_next() {
    while LISTED_COUNT.load(Ordering::SeqCst) > 0 && WAKING.load(Ordering::SeqCst) < cores() {
        let Some(place) = next_listed() else { return };
        place.processor().bed.call();
    }
}

fn next_listed() -> Option<Place> {
    let place = lock(&LIST).pop_front()?;
    LISTED_COUNT.fetch_sub(1, Ordering::SeqCst);
    Some(place)
}

/// A thread that may hold a processor.
pub(crate) struct Sleeper {
    thread: Thread,
    /// The processor that it holds. Another thread may change it while this one sleeps.
    place: Mutex<Option<Place>>,
}

impl Sleeper {
    /// The calling thread's.
    pub(crate) fn new() -> Arc<Sleeper> {
        Arc::new(Sleeper { thread: thread::current(), place: Mutex::default() })
    }

    /// The calling thread holds that processor from now on.
    pub(crate) fn adopt(self: &Arc<Self>, place: &Place) {
        *lock(&self.place) = Some(place.clone());
        *lock(&place.processor().bed.holder) = Some(Holder { sleeper: self.clone(), thread: SystemThread::current() });
    }

    /// The calling thread holds none any more.
    pub(crate) fn leave(&self) {
        *lock(&self.place) = None;
    }

    /// Sleeps until the processor has something to do, an alarm of it is due, or `longest` is over. The processor that the thread
    /// holds then, which may be another one, and whether anything happened.
    pub(crate) fn sleep(&self, place: &Place, longest: Option<Duration>) -> (Place, bool) {
        UP.fetch_sub(1, Ordering::Relaxed);
        let risen = self.sleep_deep(place, longest);
        UP.fetch_add(1, Ordering::Relaxed);
        risen
    }

    fn sleep_deep(&self, place: &Place, longest: Option<Duration>) -> (Place, bool) {
        place.processor().bed.state.store(ASLEEP, Ordering::SeqCst);
        if place.is_needed()
            && let Some((place, _)) = self.rise()
        {
            return (place, true);
        }
        call_next();
        let timeout = [longest, place.processor().time_to_alarm()].into_iter().flatten().min();
        loop {
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
            if let Some((place, is_called)) = self.rise() {
                return (place, is_called || timeout != longest);
            }
        }
    }

    /// Gets up, and whether somebody wanted that. `None` if another thread has taken the processor over and has not left another yet.
    fn rise(&self) -> Option<(Place, bool)> {
        // Whoever takes the processor over changes the place after that.
        let place = lock(&self.place);
        let place = place.as_ref()?;
        let is_called = place.processor().bed.rise()?;
        let place = place.clone();
        if is_called && UP.load(Ordering::Relaxed) + 1 < cores() {
            call_next();
        }
        Some((place, is_called))
    }

    /// Takes over a processor that waits for a thread, and leaves its sleeper the one that the calling thread holds, which is idle.
    pub(crate) fn change(self: &Arc<Self>, idle: &Place) -> Option<Place> {
        if !idle.can_be_changed() {
            return None;
        }
        loop {
            let taken = next_listed()?;
            let bed = &taken.processor().bed;
            if !bed.moves(LISTED, AWAKE) {
                continue;
            }
            // Both processors are this thread's alone now.
            let old = &idle.processor().bed;
            let mine = lock(&old.holder).take();
            let theirs = std::mem::replace(&mut *lock(&bed.holder), mine);
            if let Some(theirs) = &theirs {
                *lock(&theirs.sleeper.place) = Some(idle.clone());
            }
            *lock(&old.holder) = theirs;
            *lock(&self.place) = Some(taken.clone());
            old.state.store(ASLEEP, Ordering::SeqCst);
            if idle.is_needed() || idle.processor().has_alarms() {
                rouse(&idle.shared, idle.index);
            }
            return Some(taken);
        }
    }
}
