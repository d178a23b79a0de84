//! Timers of a realm.

use crate::effort::Share;
use crate::realm::RealmState;
use crate::turn::GIVE_WAY;
use quickbeam_engine::{Ctx, Persistent, Result, Value};
use std::collections::{BTreeSet, HashMap, VecDeque};
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
    /// None for an immediate.
    at: Option<Instant>,
    interval: Option<Duration>,
    share: Share,
}

#[derive(Default)]
pub(crate) struct Timers {
    live: HashMap<u32, Timer>,
    /// The live timers by time.
    queue: BTreeSet<(Instant, u32)>,
    /// The live immediates, in order.
    immediates: BTreeSet<u32>,
    /// Those that are to run now; what was cleared since is skipped.
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
        match timer.at {
            Some(at) => self.queue.insert((at, self.last_id)),
            None => self.immediates.insert(self.last_id),
        };
        self.live.insert(self.last_id, timer);
        self.last_id
    }

    fn remove(&mut self, id: u32) -> Option<Timer> {
        let timer = self.live.remove(&id)?;
        match timer.at {
            Some(at) => self.queue.remove(&(at, id)),
            None => self.immediates.remove(&id),
        };
        Some(timer)
    }

    /// Whether there is something for [`RealmState::run_timers`] to do.
    pub(crate) fn are_due(&self, now: Instant) -> bool {
        !self.due.is_empty() || !self.immediates.is_empty() || self.next_due().is_some_and(|due| due <= now)
    }

    /// Whether there is a timer or an immediate.
    pub(crate) fn has_next(&self) -> bool {
        !self.due.is_empty() || !self.live.is_empty()
    }

    /// When the next timer is due, immediates aside.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Collects those that are due, in order: timers first, then the immediates.
    fn collect_due(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.queue.first()
            && at <= now
        {
            self.queue.pop_first();
            self.due.push_back(id);
        }
        self.due.extend(std::mem::take(&mut self.immediates));
    }

    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }
}

fn add<'a>(
    ctx: Ctx<'a>,
    callback: Value<'a>,
    args: Vec<Value<'a>>,
    at: Option<Instant>,
    interval: Option<Duration>,
) -> Result<u32> {
    let state = RealmState::of(ctx)?;
    let mut timers = state.timers.borrow_mut();
    if timers.live.len() >= MAX_TIMERS {
        drop(timers);
        return Err(ctx.throw_error("RangeError", &format!("a runtime has at most {MAX_TIMERS} timers at once")));
    }
    let args = args.into_iter().map(Value::persist).collect();
    Ok(timers.insert(Timer { callback: callback.persist(), args, at, interval, share: state.guard.share() }))
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
    add(ctx, callback, args, Some(Instant::now() + delay), interval)
}

/// Calls `callback(...args)` in the next round of the turn, after the jobs that wait now.
///
/// # Errors
/// As [`set_timer`].
pub fn enqueue_immediate<'a>(ctx: Ctx<'a>, callback: Value<'a>, args: Vec<Value<'a>>) -> Result<u32> {
    add(ctx, callback, args, None, None)
}

/// Stops a timer or an immediate; other ids are ignored.
pub fn clear_timer(ctx: Ctx<'_>, id: u32) {
    let Ok(state) = RealmState::of(ctx) else {
        return;
    };
    let timer = state.timers.borrow_mut().remove(id);
    drop(timer.map(|timer| release(ctx, timer)));
}

fn release(ctx: Ctx<'_>, timer: Timer) -> Share {
    drop(ctx.restore(timer.callback));
    for arg in timer.args {
        drop(ctx.restore(arg));
    }
    timer.share
}

impl RealmState {
    /// Runs the timers that are due now, each in a frame of its own and followed by the jobs that it caused. If these go on
    /// for long and ops wait, the rest of the timers run after one of those.
    pub(crate) fn run_timers(&self, ctx: Ctx<'_>, now: Instant) {
        self.timers.borrow_mut().collect_due(now);
        loop {
            let next = self.timers.borrow_mut().due.pop_front();
            let Some(id) = next else { return };
            self.run_timer(ctx, id, now);
            self.checkpoint(ctx);
            if self.is_over(ctx) || (!self.mail.is_empty() && now.elapsed() > GIVE_WAY) {
                return;
            }
        }
    }

    fn run_timer(&self, ctx: Ctx<'_>, id: u32, now: Instant) {
        let (call, share) = {
            let mut timers = self.timers.borrow_mut();
            let Some(timer) = timers.live.get_mut(&id) else {
                return;
            };
            let callback = ctx.get_kept(&timer.callback);
            let args: Vec<Value<'_>> = timer.args.iter().map(|arg| ctx.get_kept(arg)).collect();
            let share = match timer.interval {
                Some(interval) => {
                    let next = now + interval;
                    timer.at = Some(next);
                    let share = timer.share.clone();
                    timers.queue.insert((next, id));
                    share
                }
                None => timers.live.remove(&id).and_then(|timer| release(ctx, timer)),
            };
            ((callback, args), share)
        };
        self.callback(ctx, "timer", share, move || {
            let (callback, args) = call;
            ctx.call(&callback, &ctx.globals(), &args).map(drop)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickbeam_engine::{Isolate, IsolateOptions};

    #[test]
    fn timers_that_are_cleared_leave_nothing() {
        let isolate = Isolate::new(IsolateOptions::default()).unwrap();
        let realm = isolate.new_realm().unwrap();
        isolate.enter(&realm, |ctx| {
            let mut timers = Timers::default();
            let now = Instant::now();
            for at in [Some(now), None, Some(now + MAX_DELAY)].into_iter().cycle().take(999) {
                let timer =
                    Timer { callback: ctx.undefined().persist(), args: Vec::new(), at, interval: None, share: None };
                let id = timers.insert(timer);
                assert!(timers.remove(id).is_some_and(|timer| timer.at == at));
                assert!(timers.remove(id).is_none());
            }
            assert!(timers.queue.is_empty() && timers.immediates.is_empty() && timers.live.is_empty());
            assert!(!timers.are_due(now) && timers.next_due().is_none());
        });
    }
}
