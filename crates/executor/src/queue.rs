//! Run queues: who runs next, and who must give way to whom.
//!
//! Fair queueing by virtual time, as WF²Q+ and Linux' EEVDF do it. Every task has a *runtime*: the time that it has run, in
//! nanoseconds. The least runs first. The queue's *clock* is the runtime of a task that gets exactly its fair share: while `n` tasks
//! share the processor for a time `t`, it goes on by `t / n`. A task that was idle is placed no further behind the clock
//! than its *credit*: short requests come before what computes all the time, and who sleeps for long saves nothing up.
//! Time in which the processor's thread has let others have its core, with no task running, is nobody's: were it the clock's, that
//! would run away from all runtimes, and who is placed by it would wait until they had caught up.
//!
//! What must never happen: that a task waits for ever, whatever the others do. The clock goes on with every turn of another one,
//! and from the credit behind it on nobody new comes before the one that waits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// How far a task that was idle is placed behind the clock, in slices: far enough to come before one that has used up its share.
const CREDIT: u64 = 2;

/// Where the clock starts: late enough that whole slices can be taken off.
const START: u64 = 1 << 60;

/// A queue; `T` is a task. Times are nanoseconds since some instant that all callers agree on.
pub(crate) struct RunQueue<T> {
    waiting: BinaryHeap<Reverse<Waiting<T>>>,
    /// Tells those of the same runtime apart: first come, first served.
    arrivals: u64,
    slice: u64,
    clock: u64,
    /// What is left of the time that `n` tasks share, being less than `n`.
    remainder: u64,
    /// Runtime of the task that runs, or ran last.
    running: u64,
    /// No task runs until the next one is taken.
    is_resting: bool,
    /// The time up to which both are counted.
    now: u64,
}

struct Waiting<T> {
    place: (u64, u64),
    task: T,
}

impl<T> PartialEq for Waiting<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl<T> Eq for Waiting<T> {}

impl<T> PartialOrd for Waiting<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Waiting<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

impl<T> RunQueue<T> {
    pub(crate) fn new(slice: Duration) -> RunQueue<T> {
        let slice = u64::try_from(slice.as_nanos()).unwrap_or(START).min(START / 4);
        RunQueue {
            waiting: BinaryHeap::new(),
            arrivals: 0,
            slice,
            clock: START,
            remainder: 0,
            running: START,
            is_resting: false,
            now: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The runtime of the task that comes next.
    pub(crate) fn first(&self) -> Option<u64> {
        self.waiting.peek().map(|Reverse(first)| first.place.0)
    }

    /// The runtime of the task that runs, and the time at which it had that.
    pub(crate) fn running(&self) -> (u64, u64) {
        (self.running, self.now)
    }

    /// Adds a task that was idle. True if a running one must make way for it before its slice is over.
    pub(crate) fn wake(&mut self, task: T, runtime: u64, now: u64) -> bool {
        self.advance(now);
        let runtime = runtime.max(self.clock.saturating_sub(self.slice.saturating_mul(CREDIT)));
        self.insert(task, runtime);
        must_give_way(self.running, runtime, self.slice)
    }

    /// Adds a task that goes on as soon as it is its turn again.
    pub(crate) fn put_back(&mut self, task: T, runtime: u64, now: u64) {
        self.advance(now);
        self.insert(task, runtime);
    }

    /// No task runs from now on, until the next one is taken.
    pub(crate) fn rest(&mut self, now: u64) {
        self.advance(now);
        self.is_resting = true;
    }

    /// Takes the task that is to run now, with its runtime.
    pub(crate) fn pop(&mut self, now: u64) -> Option<(T, u64)> {
        self.advance(now);
        self.is_resting = false;
        let Reverse(Waiting { place: (runtime, _), task }) = self.waiting.pop()?;
        self.running = runtime;
        // Somebody always has a right to run.
        self.clock = self.clock.max(runtime);
        Some((task, runtime))
    }

    /// The runtime of a task that has run without the processor for a while: nobody owes it anything for that.
    pub(crate) fn rejoin(&mut self, runtime: u64, now: u64) -> u64 {
        self.advance(now);
        runtime.max(self.clock)
    }

    /// Takes the half that would run first, for [`RunQueue::adopt`].
    pub(crate) fn split(&mut self, now: u64) -> Vec<(T, i64)> {
        self.advance(now);
        let half = self.waiting.len().div_ceil(2);
        let taken = std::iter::from_fn(|| self.waiting.pop()).take(half);
        let clock = self.clock;
        taken.map(|Reverse(Waiting { place: (runtime, _), task })| (task, runtime.wrapping_sub(clock) as i64)).collect()
    }

    /// Adds tasks of another queue, as far from the clock as they were there.
    pub(crate) fn adopt(&mut self, tasks: Vec<(T, i64)>, now: u64) {
        self.advance(now);
        for (task, distance) in tasks {
            self.insert(task, self.clock.saturating_add_signed(distance));
        }
    }

    fn insert(&mut self, task: T, runtime: u64) {
        self.arrivals += 1;
        self.waiting.push(Reverse(Waiting { place: (runtime, self.arrivals), task }));
    }

    fn advance(&mut self, now: u64) {
        // Callers read the time before they have the queue to themselves.
        let passed = now.saturating_sub(self.now);
        self.now += passed;
        if self.is_resting {
            return;
        }
        self.running += passed;
        if self.waiting.is_empty() {
            // What runs alone takes nothing from anybody, and gets what it was owed.
            self.clock = self.clock.max(self.running);
            return;
        }
        let sharing = self.waiting.len() as u64 + 1;
        let shared = passed.saturating_add(self.remainder);
        self.clock += shared / sharing;
        self.remainder = shared % sharing;
    }
}

/// Whether a task that has run for `running` must make way at once for one that has run for `waiting`: those that are less
/// than a slice apart do not interrupt each other.
pub(crate) fn must_give_way(running: u64, waiting: u64, slice: u64) -> bool {
    waiting.saturating_add(slice) < running
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: u64 = 1_000;
    const STEP: u64 = 10;

    /// How a task spends its time: it runs for `work`, sleeps for `pause`, and so on.
    #[derive(Clone, Copy)]
    struct Habit {
        work: u64,
        pause: u64,
        /// Each time it is another task.
        is_fresh: bool,
    }

    const HOG: Habit = Habit { work: u64::MAX, pause: 0, is_fresh: false };

    #[derive(Clone, Copy)]
    struct Player {
        habit: Habit,
        left: u64,
        runtime: u64,
        wakes_at: u64,
        served: u64,
        waits_since: u64,
        longest_wait: u64,
    }

    /// A processor in steps of its own clock.
    struct Game {
        queue: RunQueue<usize>,
        players: Vec<Player>,
        running: Option<(usize, u64)>,
        now: u64,
    }

    impl Game {
        fn new(habits: impl IntoIterator<Item = Habit>) -> Game {
            let player = |habit: Habit| Player {
                habit,
                left: habit.work,
                runtime: 0,
                wakes_at: 0,
                served: 0,
                waits_since: 0,
                longest_wait: 0,
            };
            let players = habits.into_iter().map(player).collect();
            Game { queue: RunQueue::new(Duration::from_nanos(SLICE)), players, running: None, now: 0 }
        }

        fn play(mut self, time: u64) -> Vec<Player> {
            while self.now < time {
                for index in 0..self.players.len() {
                    if self.players[index].wakes_at <= self.now {
                        self.wake(index);
                    }
                }
                self.give_way();
                if self.running.is_none() {
                    self.next();
                }
                self.now += STEP;
                self.work();
            }
            self.players
        }

        fn wake(&mut self, index: usize) {
            let player = &mut self.players[index];
            player.wakes_at = u64::MAX;
            player.waits_since = self.now;
            self.queue.wake(index, player.runtime, self.now);
        }

        fn runtime(&self) -> u64 {
            let (running, at) = self.queue.running();
            running + (self.now - at)
        }

        fn give_way(&mut self) {
            let (Some((index, since)), Some(first)) = (self.running, self.queue.first()) else { return };
            let runtime = self.runtime();
            if self.now - since >= SLICE || must_give_way(runtime, first, SLICE) {
                self.players[index].runtime = runtime;
                self.players[index].waits_since = self.now;
                self.queue.put_back(index, runtime, self.now);
                self.running = None;
            }
        }

        fn next(&mut self) {
            if let Some((index, _)) = self.queue.pop(self.now) {
                let player = &mut self.players[index];
                player.longest_wait = player.longest_wait.max(self.now - player.waits_since);
                self.running = Some((index, self.now));
            }
        }

        fn work(&mut self) {
            let Some((index, _)) = self.running else { return };
            let runtime = self.runtime();
            let player = &mut self.players[index];
            player.served += STEP;
            player.left = player.left.saturating_sub(STEP);
            if player.left == 0 {
                player.runtime = if player.habit.is_fresh { 0 } else { runtime };
                player.left = player.habit.work;
                player.wakes_at = self.now + player.habit.pause;
                self.running = None;
            }
        }
    }

    /// Plays for `slices` and tells who was served for how many, and who waited for how many at most.
    fn play(habits: impl IntoIterator<Item = Habit>, slices: u64) -> (Vec<u64>, Vec<u64>) {
        let players = Game::new(habits).play(slices * SLICE);
        let served = players.iter().map(|player| player.served / SLICE).collect();
        let waited = players.iter().map(|player| player.longest_wait.div_ceil(SLICE)).collect();
        (served, waited)
    }

    #[test]
    fn what_computes_all_the_time_shares_equally() {
        for count in [2, 3, 10, 64] {
            let (served, waited) = play(vec![HOG; count], 100 * count as u64);
            assert!(served.iter().all(|slices| slices.abs_diff(100) <= CREDIT), "{served:?}");
            assert!(waited.iter().all(|&slices| slices <= 2 * count as u64), "{waited:?}");
        }
    }

    #[test]
    fn time_in_which_nothing_runs_does_not_put_off_who_comes_next() {
        let mut queue = RunQueue::new(Duration::from_nanos(SLICE));
        let mut now = 0;
        for hog in 0..3 {
            queue.wake(hog, 0, now);
        }
        let mut turn = |queue: &mut RunQueue<usize>| {
            let (task, runtime) = queue.pop(now).expect("the hogs wait");
            now += SLICE;
            queue.put_back(task, runtime + SLICE, now);
            queue.rest(now);
            now += 9 * SLICE;
            (task, now)
        };
        let (_, now) = (0..1_000).map(|_| turn(&mut queue)).last().expect("a turn");
        queue.wake(3, 0, now);
        assert!((0..=3).any(|_| turn(&mut queue).0 == 3));
    }

    #[test]
    fn a_short_request_interrupts_what_computes_all_the_time() {
        let requests = [Habit { work: 10, pause: 500, is_fresh: false }; 4];
        let (served, waited) = play(requests.into_iter().chain([HOG]), 1_000);
        assert!(waited[..4].iter().all(|&slices| slices <= 1), "{waited:?}");
        assert!(served[4] > 900, "{served:?}");
    }

    #[test]
    fn requests_that_never_cease_leave_what_computes_its_share() {
        for clients in [1, 2, 9] {
            for is_fresh in [true, false] {
                let requests = vec![Habit { work: 50, pause: 0, is_fresh }; clients];
                let (served, waited) = play(requests.into_iter().chain([HOG]), 1_000);
                let share = 1_000 / (clients as u64 + 1);
                assert!(served[clients] >= share - CREDIT, "{clients} clients: {served:?}");
                assert!(waited[clients] <= (CREDIT + 1) * (clients as u64 + 1), "{clients} clients: {waited:?}");
            }
        }
    }

    #[test]
    fn naps_give_nobody_more_than_a_share() {
        for (work, pause) in [(900, 10), (990, 10), (500, 20), (2_000, 10)] {
            let (served, _) = play([HOG, Habit { work, pause, is_fresh: false }], 1_000);
            assert!(served[0] >= 450, "{work} and {pause}: {served:?}");
        }
    }

    #[test]
    fn short_requests_are_served_in_order() {
        let mut queue = RunQueue::new(Duration::from_nanos(SLICE));
        queue.wake(0, 0, 5_000);
        assert_eq!(queue.pop(5_000).map(|(task, _)| task), Some(0));
        for task in 1..100 {
            assert!(!queue.wake(task, 0, 5_000 + 5 * task));
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(5_900)).map(|(task, _)| task).collect();
        assert!(order.is_sorted() && order.len() == 99, "{order:?}");
    }

    #[test]
    fn what_ran_elsewhere_comes_after_what_slept() {
        let mut queue = RunQueue::new(Duration::from_nanos(SLICE));
        queue.put_back("stuck", START, 0);
        let (_, runtime) = queue.pop(0).unwrap();
        // Others have the processor meanwhile.
        for now in (0..100 * SLICE).step_by(50) {
            queue.wake("other", 0, now);
            assert!(queue.pop(now).is_some());
        }
        let runtime = queue.rejoin(runtime, 100 * SLICE);
        queue.put_back("stuck", runtime, 100 * SLICE);
        queue.wake("request", 0, 100 * SLICE);
        assert_eq!(queue.pop(100 * SLICE).map(|(task, _)| task), Some("request"));
    }

    #[test]
    fn tasks_keep_their_distance_when_they_move() {
        let mut from = RunQueue::new(Duration::from_nanos(SLICE));
        let mut to = RunQueue::new(Duration::from_nanos(SLICE));
        to.wake('x', 0, 70_000);
        from.wake('a', 0, 10_000);
        from.put_back('c', START + 10_400, 10_000);
        from.wake('b', START + 9_000, 10_000);
        from.put_back('d', START + 99_000, 10_000);
        let half = from.split(10_000);
        assert_eq!(half, [('a', -2_000), ('b', -1_000)]);
        to.adopt(half, 70_000);
        let order: Vec<_> = std::iter::from_fn(|| to.pop(70_000)).collect();
        assert_eq!(order, [('x', START + 68_000), ('a', START + 68_000), ('b', START + 69_000)]);
        assert_eq!(from.len(), 2);
    }

    #[test]
    fn a_crowd_moves_the_clock_however_often_it_is_looked_at() {
        let mut queue = RunQueue::new(Duration::from_nanos(SLICE));
        for task in 0..10_000 {
            queue.put_back(task, 0, 0);
        }
        (1..=20_002).for_each(|now| queue.advance(now));
        assert_eq!(queue.clock, START + 2);
    }
}
