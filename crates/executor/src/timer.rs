//! Timers of a realm.

use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Persistent, Result, Value};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Timers and immediates of one realm; they live outside its heap and so need a bound of their own.
const MAX_TIMERS: usize = 100_000;

/// An interval's least period, so that it cannot fill a turn by itself.
const MIN_INTERVAL: Duration = Duration::from_millis(1);

/// The longest delay that is kept, some 24.8 days, as browsers do.
const MAX_DELAY: Duration = Duration::from_millis(i32::MAX as u64);

struct Timer {
    callback: Persistent,
    args: Vec<Persistent>,
    interval: Option<Duration>,
}

#[derive(Default)]
pub(crate) struct Timers {
    live: HashMap<u32, Timer>,
    queue: BinaryHeap<Reverse<(Instant, u32)>>,
    immediates: VecDeque<u32>,
    /// Those that are to run now.
    due: VecDeque<u32>,
    last_id: u32,
}

impl Timers {
    /// Ids are given in order, so that timers of one instant fire in the order they were set.
    fn insert(&mut self, timer: Timer) -> u32 {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        while self.live.contains_key(&self.last_id) {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        }
        self.live.insert(self.last_id, timer);
        self.last_id
    }

    /// Whether there is something for [`RealmState::run_timers`] to do.
    pub(crate) fn are_due(&mut self, now: Instant) -> bool {
        !self.immediates.is_empty() || self.next_due().is_some_and(|due| due <= now)
    }

    /// When the next timer is due, immediates aside.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        while let Some(Reverse((due, id))) = self.queue.peek() {
            if self.live.contains_key(id) {
                return Some(*due);
            }
            self.queue.pop();
        }
        None
    }

    /// Collects those that are due, in order: timers first, then the immediates.
    fn collect_due(&mut self, now: Instant) {
        while let Some(&Reverse((at, id))) = self.queue.peek()
            && at <= now
        {
            self.queue.pop();
            self.due.push_back(id);
        }
        self.due.append(&mut self.immediates);
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }
}

fn add<'a>(ctx: Ctx<'a>, callback: Value<'a>, args: Vec<Value<'a>>, interval: Option<Duration>) -> Result<u32> {
    let state = RealmState::of(ctx)?;
    let mut timers = state.timers.borrow_mut();
    if timers.live.len() >= MAX_TIMERS {
        drop(timers);
        return Err(ctx.throw_error("RangeError", &format!("a runtime has at most {MAX_TIMERS} timers at once")));
    }
    let args = args.into_iter().map(Value::persist).collect();
    Ok(timers.insert(Timer { callback: callback.persist(), args, interval }))
}

/// Calls `callback(...args)` after `delay` (at most 2^31 - 1 ms), again and again if `repeat`. The id is above 0.
///
/// # Errors
/// Throws a `RangeError` past 100,000 timers.
pub fn set_timer<'a>(
    ctx: Ctx<'a>,
    callback: Value<'a>,
    args: Vec<Value<'a>>,
    delay: Duration,
    repeat: bool,
) -> Result<u32> {
    let delay = delay.min(MAX_DELAY);
    let interval = repeat.then(|| delay.max(MIN_INTERVAL));
    let id = add(ctx, callback, args, interval)?;
    let state = RealmState::of(ctx)?;
    state.timers.borrow_mut().queue.push(Reverse((Instant::now() + delay, id)));
    Ok(id)
}

/// Calls `callback(...args)` in the next round of the turn, after the jobs that wait now.
///
/// # Errors
/// As [`set_timer`].
pub fn enqueue_immediate<'a>(ctx: Ctx<'a>, callback: Value<'a>, args: Vec<Value<'a>>) -> Result<u32> {
    let id = add(ctx, callback, args, None)?;
    RealmState::of(ctx)?.timers.borrow_mut().immediates.push_back(id);
    Ok(id)
}

/// Stops a timer or an immediate; other ids are ignored.
pub fn clear_timer(ctx: Ctx<'_>, id: u32) {
    let Ok(state) = RealmState::of(ctx) else { return };
    let timer = state.timers.borrow_mut().live.remove(&id);
    if let Some(timer) = timer {
        release(ctx, timer);
    }
}

fn release(ctx: Ctx<'_>, timer: Timer) {
    drop(ctx.restore(timer.callback));
    for arg in timer.args {
        drop(ctx.restore(arg));
    }
}

impl RealmState {
    /// Runs the timers that are due now, each in a frame of its own and followed by the jobs that it caused.
    pub(crate) fn run_timers(&self, ctx: Ctx<'_>, now: Instant) {
        self.timers.borrow_mut().collect_due(now);
        loop {
            let next = self.timers.borrow_mut().due.pop_front();
            let Some(id) = next else { return };
            self.run_timer(ctx, id, now);
            self.checkpoint(ctx);
            if self.is_over(ctx) {
                return;
            }
        }
    }

    fn run_timer(&self, ctx: Ctx<'_>, id: u32, now: Instant) {
        let call = {
            let mut timers = self.timers.borrow_mut();
            let Some(timer) = timers.live.get(&id) else { return };
            let callback = ctx.get_kept(&timer.callback);
            let args: Vec<Value<'_>> = timer.args.iter().map(|arg| ctx.get_kept(arg)).collect();
            match timer.interval {
                Some(interval) => timers.queue.push(Reverse((now + interval, id))),
                None => {
                    if let Some(timer) = timers.live.remove(&id) {
                        release(ctx, timer);
                    }
                }
            }
            (callback, args)
        };
        self.callback(ctx, "timer", || ctx.call(&call.0, &ctx.globals(), &call.1).map(drop));
    }
}
