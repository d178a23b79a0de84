//! Tasks: isolates as the scheduler sees them.
//!
//! A task is *idle*, *queued* at its home processor, or *running*; posting to a running task makes it run again. Whichever
//! thread moves it from queued to running has it exclusively until it moves on. A run is a turn of one of its seats, of
//! those that are *ready* the next in a round; seats that were just woken take turns with those whose last turn was cut short, so
//! that however many of an isolate's realms compute all the time, a request to another one waits for two of their turns at most.
//!
//! The fibers of the seats share the isolate: one of them runs, the others are suspended or not there.

use crate::config::RealmConfig;
use crate::executor::Shared;
use crate::guard::internal_bug;
use crate::home::Home;
use crate::mail::Mail;
use crate::seat::Seat;
use crate::vm::{Occupant, Vm};
use quickbeam_engine::ErrorReport;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const RUNNING_AGAIN: u8 = 3;

/// Seats of an isolate at most: a bit each.
pub(crate) const MAX_SEATS: usize = 64;

/// One isolate and its place in the schedule.
pub(crate) struct Task {
    pub(crate) home: Arc<Home>,
    schedule: AtomicU8,
    register: Mutex<Register>,
    /// The last realm has gone. Written under the register's lock.
    closed: AtomicBool,
    /// Used by the thread that runs the task.
    seats: UnsafeCell<Vec<Option<Arc<Seat>>>>,
    /// Whose turn was last. Used by that thread.
    round: Cell<Round>,
    /// Its last turn was cut short. Used by that thread.
    goes_on: Cell<bool>,
    /// Written by that thread while no fiber of the isolate is live but the one that it runs, and that is outside.
    vm: UnsafeCell<Option<Vm>>,
}

/// Who has a seat.
struct Register {
    capacity: usize,
    taken: u64,
    /// Those whose seats have had no turn yet.
    new: Vec<(usize, Arc<Seat>)>,
}

impl Register {
    fn realms(&self) -> usize {
        self.taken.count_ones() as usize
    }
}

// SAFETY: the cells are touched only by the one thread that has moved the task to running (see the module
// documentation), and after all handles are gone, by whoever drops it.
unsafe impl Sync for Task {}
// SAFETY: see above: the isolate, its realms and all fibers of them change threads together.
unsafe impl Send for Task {}

impl Task {
    /// Makes a task with a realm. The flag tells whether there is room for another.
    pub(crate) fn with_first(
        shared: Arc<Shared>,
        processor: usize,
        config: &Arc<RealmConfig>,
    ) -> (Arc<Task>, Arc<Seat>, bool) {
        let capacity = shared.options.contexts_per_isolate.clamp(1, MAX_SEATS);
        shared.processors[processor].isolates.fetch_add(1, Ordering::Relaxed);
        let task = Arc::new(Task {
            home: Arc::new(Home::new(shared, processor)),
            schedule: AtomicU8::new(IDLE),
            register: Mutex::new(Register { capacity, taken: 0, new: Vec::new() }),
            closed: AtomicBool::new(false),
            seats: UnsafeCell::default(),
            round: Cell::default(),
            goes_on: Cell::new(false),
            vm: UnsafeCell::new(None),
        });
        let (seat, has_room) = task.seat(&mut task.register(), 0, config);
        (task, seat, has_room)
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a free seat for a new realm; none if there is none. The flag tells whether another is free.
    pub(crate) fn join(self: &Arc<Self>, config: &Arc<RealmConfig>) -> Option<(Arc<Seat>, bool)> {
        let mut register = self.register();
        let index = register.taken.trailing_ones() as usize;
        if self.is_closed() || index >= register.capacity {
            return None;
        }
        Some(self.seat(&mut register, index, config))
    }

    fn seat(self: &Arc<Self>, register: &mut Register, index: usize, config: &Arc<RealmConfig>) -> (Arc<Seat>, bool) {
        let mail = Arc::new(Mail::new(self.home.clone(), Arc::downgrade(self), index));
        let seat = Arc::new(Seat::new(mail, config.clone()));
        register.taken |= 1 << index;
        register.new.push((index, seat.clone()));
        self.home.processor().realms.fetch_add(1, Ordering::Relaxed);
        (seat, register.realms() < register.capacity)
    }

    /// Moves the task's home, and who lives in it.
    pub(crate) fn move_to(&self, processor: usize) {
        let register = self.register();
        let (old, new) = (self.home.processor(), &self.home.shared.processors[processor]);
        new.isolates.fetch_add(1, Ordering::Relaxed);
        new.realms.fetch_add(register.realms(), Ordering::Relaxed);
        old.isolates.fetch_sub(1, Ordering::Relaxed);
        old.realms.fetch_sub(register.realms(), Ordering::Relaxed);
        self.home.move_to(processor);
    }

    /// Whether no realm ever shares the isolate with the one that lives in it.
    pub(crate) fn is_private(&self) -> bool {
        self.home.shared.options.contexts_per_isolate <= 1
    }

    // The schedule

    /// Makes a seat have a turn (again) soon.
    pub(crate) fn wake(self: &Arc<Self>, seat: usize) {
        self.home.fresh.fetch_or(1 << seat, Ordering::Relaxed);
        self.home.ready.fetch_or(1 << seat, Ordering::SeqCst);
        let was = self.schedule.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| match now {
            IDLE => Some(QUEUED),
            RUNNING => Some(RUNNING_AGAIN),
            _ => None,
        });
        if was == Ok(IDLE) {
            self.home.shared.wake(self.clone());
        }
    }

    /// Called by the thread that took the task from a queue: the seat whose turn it is.
    pub(crate) fn start(&self) -> Option<Arc<Seat>> {
        // Whoever makes a seat ready and still finds the task queued counts on it being seen here: the two must not pass each other.
        self.schedule.swap(RUNNING, Ordering::SeqCst);
        let ready = self.home.ready.load(Ordering::SeqCst);
        if ready == 0 {
            return None;
        }
        let mut round = self.round.get();
        let index = round.next(ready, self.home.fresh.load(Ordering::Relaxed));
        self.round.set(round);
        self.home.fresh.fetch_and(!(1 << index), Ordering::Relaxed);
        self.home.ready.fetch_and(!(1 << index), Ordering::AcqRel);
        // SAFETY: this thread runs the task.
        let seats = unsafe { self.seats_mut() };
        if !seats.get(index as usize).is_some_and(Option::is_some) {
            for (index, seat) in self.register().new.drain(..) {
                if seats.len() <= index {
                    seats.resize(index + 1, None);
                }
                seats[index] = Some(seat);
            }
        }
        seats.get(index as usize).cloned().flatten()
    }

    /// Whether its last turn was cut short; asked by the thread that took the task from a queue.
    pub(crate) fn goes_on(&self) -> bool {
        self.goes_on.get()
    }

    /// Called by the thread that runs the task.
    pub(crate) fn set_goes_on(&self, goes_on: bool) {
        self.goes_on.set(goes_on);
    }

    /// Called by the thread that is done with the task for now.
    pub(crate) fn finish(self: &Arc<Self>) {
        let is_ready = self.home.ready.load(Ordering::Acquire) != 0;
        let next = if is_ready { QUEUED } else { IDLE };
        let done = self.schedule.compare_exchange(RUNNING, next, Ordering::AcqRel, Ordering::Acquire);
        if is_ready || done.is_err() {
            self.schedule.store(QUEUED, Ordering::Release);
            self.home.shared.put_back(self.clone());
        }
    }

    /// A turn of the seat was cut short.
    pub(crate) fn set_ready(&self, seat: &Seat) {
        self.home.ready.fetch_or(1 << seat.mail.seat, Ordering::AcqRel);
    }

    /// Has the seat wait until something is posted or `due`.
    ///
    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn set_alarm(self: &Arc<Self>, seat: &Seat, due: Option<Instant>) {
        let Some(due) = due else { return };
        // SAFETY: by contract.
        let alarm = unsafe { &mut seat.run_mut().alarm };
        let processors = &self.home.shared.processors;
        let index = seat.mail.seat;
        let is_set = alarm.is_some_and(|(home, at)| at <= due && processors[home].has_alarm(at, self, index));
        if !is_set {
            if let Some((home, at)) = *alarm {
                processors[home].drop_alarm(at, self, index);
            }
            let home = self.home.index();
            *alarm = Some((home, due));
            processors[home].set_alarm(due, self, index);
        }
    }

    // The isolate

    /// SAFETY: the caller runs the task, and holds no other reference from here.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the scheduling state, as the contract says")]
    unsafe fn seats_mut(&self) -> &mut Vec<Option<Arc<Seat>>> {
        // SAFETY: by contract.
        unsafe { &mut *self.seats.get() }
    }

    /// The isolate, if it is there.
    ///
    /// SAFETY: the caller runs the task, and does not replace the isolate while it uses it.
    pub(crate) unsafe fn present_vm(&self) -> Option<&Vm> {
        // SAFETY: by contract.
        unsafe { (*self.vm.get()).as_ref() }
    }

    /// The isolate, made now if it is not there.
    ///
    /// SAFETY: as for `present_vm`.
    pub(crate) unsafe fn vm(&self, config: &RealmConfig) -> Result<&Vm, ErrorReport> {
        // SAFETY: by contract. Where there is no isolate, nobody has a reference to it.
        unsafe {
            let slot = self.vm.get();
            if (*slot).is_none() {
                let vm = Vm::new(&self.home, config)?;
                self.home.set_abandoner(vm.isolate.heap().abandoner());
                *slot = Some(vm);
            }
            (*slot).as_ref().ok_or_else(|| internal_bug("no isolate"))
        }
    }

    /// Whether the isolate has another realm than the one that asks.
    ///
    /// SAFETY: the caller runs the task.
    unsafe fn is_shared(&self) -> bool {
        // SAFETY: by contract.
        unsafe { self.seats_mut() }.iter().flatten().count() > 1
    }

    /// Frees a realm and makes another in its place; in a fresh isolate, if it was alone in its own.
    ///
    /// SAFETY: called on the realm's fiber, outside the isolate, by the thread that runs the task.
    pub(crate) unsafe fn replace(
        &self,
        mail: &Arc<Mail>,
        config: &Arc<RealmConfig>,
        old: Occupant,
    ) -> Result<Occupant, ErrorReport> {
        // SAFETY: by contract; alone, this fiber is the only one that could use the isolate.
        unsafe {
            match (self.is_shared(), self.present_vm()) {
                (true, Some(vm)) => vm.evict(old),
                _ => {
                    if let Some(vm) = (*self.vm.get()).take() {
                        vm.free([old]);
                    }
                }
            }
            self.vm(config)?.occupy(mail, config)
        }
    }

    /// A realm is to end, its fiber being gone; the others of its isolate go on.
    ///
    /// SAFETY: the caller runs the task.
    pub(crate) unsafe fn end_seat(self: &Arc<Self>, seat: &Arc<Seat>, cause: Option<ErrorReport>) {
        // SAFETY: by contract.
        unsafe {
            if let Some(broken) = self.present_vm().and_then(|vm| vm.isolate.is_broken()) {
                return self.end_isolate(seat, broken_error(&broken, &seat.config));
            }
            let cause = seat.death().or(cause);
            self.drop_alarm(seat);
            let occupant = seat.end(cause.as_ref());
            // Values of the host's go with them, and what is the host's may panic.
            let _ = catch_unwind(AssertUnwindSafe(|| match self.present_vm() {
                Some(vm) if self.is_shared() => occupant.into_iter().for_each(|occupant| vm.evict(occupant)),
                _ => {
                    if let Some(vm) = (*self.vm.get()).take() {
                        vm.free(occupant);
                    }
                }
            }));
            self.leave(seat);
        }
    }

    /// The isolate must not be used any more: all who live in it end. Those who had no turn yet get another.
    ///
    /// SAFETY: the caller runs the task, and no fiber runs.
    pub(crate) unsafe fn end_isolate(self: &Arc<Self>, culprit: &Arc<Seat>, cause: ErrorReport) {
        // SAFETY: by contract.
        unsafe {
            let seats: Vec<Arc<Seat>> = self.seats_mut().iter().flatten().cloned().collect();
            let mut occupants = Vec::new();
            for seat in &seats {
                // What stands on these stacks is of the isolate that goes now.
                drop(seat.run_mut().fiber.take());
                let fate = || if Arc::ptr_eq(seat, culprit) { cause.clone() } else { shared_fate(&cause) };
                let own = seat.death().or_else(|| (!seat.mail.is_killed()).then(fate));
                self.drop_alarm(seat);
                occupants.extend(seat.end(own.as_ref()));
            }
            let vm = (*self.vm.get()).take();
            let _ = catch_unwind(AssertUnwindSafe(|| {
                if let Some(vm) = vm {
                    vm.free(occupants);
                }
            }));
            seats.iter().for_each(|seat| self.leave(seat));
        }
    }

    /// SAFETY: the caller runs the task.
    unsafe fn drop_alarm(self: &Arc<Self>, seat: &Seat) {
        // SAFETY: by contract.
        if let Some((home, at)) = unsafe { seat.run_mut() }.alarm.take() {
            self.home.shared.processors[home].drop_alarm(at, self, seat.mail.seat);
        }
    }

    /// SAFETY: the caller runs the task, and the seat has ended.
    unsafe fn leave(self: &Arc<Self>, seat: &Arc<Seat>) {
        let index = seat.mail.seat;
        // SAFETY: by contract.
        unsafe { self.seats_mut()[index] = None };
        let mut register = self.register();
        let was_full = register.realms() == register.capacity;
        register.taken &= !(1 << index);
        let is_closed = register.taken == 0;
        self.closed.store(is_closed, Ordering::Release);
        let is_vacant = was_full && !is_closed;
        drop(register);
        self.home.shared.realm_ended(is_vacant.then_some((self, &*seat.config)));
        // Who sees that it is gone finds its place free.
        let processor = self.home.processor();
        processor.realms.fetch_sub(1, Ordering::Relaxed);
        if is_closed {
            processor.isolates.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether nobody lives here any more, nor will.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}

/// Whose turn it is among the seats of an isolate: those that were woken and those whose turn was cut short are a round each.
#[derive(Clone, Copy, Default)]
struct Round {
    /// One more than the seat whose turn was last, of either kind.
    after_woken: u32,
    after_cut_short: u32,
    /// One that was cut short has waited for the last turn.
    made_way: bool,
}

impl Round {
    /// The next of the `ready` seats, of which there is one.
    fn next(&mut self, ready: u64, fresh: u64) -> u32 {
        let (woken, cut_short) = (ready & fresh, ready & !fresh);
        let is_woken = woken != 0 && (cut_short == 0 || !self.made_way);
        self.made_way = is_woken && cut_short != 0;
        let (seats, after) = match is_woken {
            true => (woken, &mut self.after_woken),
            false => (cut_short, &mut self.after_cut_short),
        };
        let index = (*after + seats.rotate_right(*after).trailing_zeros()) % u64::BITS;
        *after = index + 1;
        index
    }
}

/// What the realms are told that shared an isolate with the one that broke it.
fn shared_fate(cause: &ErrorReport) -> ErrorReport {
    let message = format!("a runtime of the same isolate broke it, and this one with it: {}", cause.message);
    ErrorReport::new(&cause.name, message)
}

fn broken_error(what: &str, config: &RealmConfig) -> ErrorReport {
    if what.contains("memory was exhausted") {
        let limit = config.memory_limit;
        let message = format!("{what}, beyond memory_limit: {limit} bytes; the runtime had to be ended");
        return ErrorReport::new("OutOfMemoryError", message);
    }
    internal_bug(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of seats of which some compute all the time, while `woken` are woken again and again, one each turn.
    fn turns(computing: u64, woken: &[u32], count: usize) -> Vec<u32> {
        let (mut ready, mut fresh, mut round) = (computing, 0_u64, Round::default());
        let turn = |turn: usize| {
            if let Some(seat) = woken.get(turn % woken.len().max(1)) {
                ready |= 1 << seat;
                fresh |= 1 << seat;
            }
            let seat = round.next(ready, fresh);
            fresh &= !(1 << seat);
            ready = ready & !(1 << seat) | computing;
            seat
        };
        (0..count).map(turn).collect()
    }

    #[test]
    fn seats_that_compute_all_the_time_take_turns() {
        assert_eq!(turns(0b1011, &[], 7), [0, 1, 3, 0, 1, 3, 0]);
        assert_eq!(turns(1 << 63 | 1, &[], 3), [0, 63, 0]);
    }

    #[test]
    fn a_seat_that_is_woken_waits_for_one_turn_at_most() {
        assert_eq!(turns(0xff, &[40], 8), [40, 0, 40, 1, 40, 2, 40, 3]);
    }

    #[test]
    fn seats_that_are_woken_all_the_time_leave_half_of_the_turns() {
        let turns = turns(0b11, &[10, 20, 30], 1_000);
        for (seat, least) in [(0, 250), (1, 250), (10, 150), (20, 150), (30, 150)] {
            assert!(turns.iter().filter(|&&turn| turn == seat).count() >= least, "seat {seat}");
        }
    }
}
