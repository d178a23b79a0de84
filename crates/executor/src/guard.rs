//! The interrupt: what ends a script, and what pauses it.
//!
//! Everything that runs JavaScript does so inside a *frame*: an op, or a callback (timer, message, job) that no op waits
//! for. An op that a handler submits while its caller is suspended is a frame on top of the caller's.
//! An *ending* names the frame it ends; all frames above it end with it.

use crate::fiber::{Pause, Suspender};
use crate::host::{Outcome, Reply};
use crate::inbox::Due;
use crate::realm::RealmState;
use quickbeam_engine::{ErrorReport, Interrupt, Verdict};
use std::cell::{Cell, RefCell};
use std::ptr;
use std::time::{Duration, Instant};

/// How often a running script looks beyond its own frame: at other ops' deadlines and at who still waits.
const CHECK_EVERY: Duration = Duration::from_millis(1);

/// Steps between polls when nothing asks for fewer.
const STEPS_PER_POLL: u64 = 10_000;

/// Why a frame is ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Killed,
    Timeout(Duration),
    Budget(u64),
    Memory(usize),
    /// The process that waited for the op is gone.
    CallerGone,
    /// The frame is a callback, and an op that waited for its realm timed out.
    InTheWay,
    /// The realm was reset.
    Reset,
}

impl Reason {
    /// The error that tells it; `what` is the kind of frame.
    pub(crate) fn report(self, what: &str) -> ErrorReport {
        let interrupted = |message: String| ErrorReport::new("InterruptedError", message);
        match self {
            Reason::Killed => interrupted(format!("the {what} was interrupted: the runtime was stopped")),
            Reason::Timeout(timeout) => {
                ErrorReport::new("TimeoutError", format!("the {what} timed out after {} ms", timeout.as_millis()))
            }
            Reason::Budget(budget) => interrupted(format!("the {what} used up max_reductions: {budget} steps")),
            Reason::Memory(limit) => {
                ErrorReport::new("OutOfMemoryError", format!("the {what} exceeded memory_limit: {limit} bytes"))
            }
            Reason::CallerGone => interrupted(format!("the {what} was cancelled: its caller is gone")),
            Reason::InTheWay => {
                interrupted(format!("the {what} was interrupted: an op that waited for this runtime timed out"))
            }
            Reason::Reset => interrupted(format!("the {what} was interrupted: the runtime was reset")),
        }
    }
}

/// What runs JavaScript now.
pub(crate) struct Frame {
    pub(crate) what: &'static str,
    pub(crate) reply: Option<Box<dyn Reply>>,
    pub(crate) due: Option<Due>,
    is_callback: bool,
    spent: u64,
}

impl Frame {
    pub(crate) fn op(what: &'static str, reply: Option<Box<dyn Reply>>, due: Option<Due>) -> Frame {
        Frame { what, reply, due, is_callback: false, spent: 0 }
    }

    pub(crate) fn callback(what: &'static str) -> Frame {
        Frame { what, reply: None, due: None, is_callback: true, spent: 0 }
    }
}

#[derive(Debug, Clone, Copy)]
struct Ending {
    depth: usize,
    reason: Reason,
}

pub(crate) struct Guard {
    frames: RefCell<Vec<Frame>>,
    ending: Cell<Option<Ending>>,
    budget: Option<u64>,
    reductions: Cell<u64>,
    slice: Duration,
    slice_end: Cell<Instant>,
    next_check: Cell<Instant>,
    suspender: Cell<*const Suspender>,
}

impl Guard {
    pub(crate) fn new(budget: Option<u64>, slice: Duration) -> Guard {
        let now = Instant::now();
        Guard {
            frames: RefCell::default(),
            ending: Cell::new(None),
            budget,
            reductions: Cell::new(0),
            slice,
            slice_end: Cell::new(now + slice),
            next_check: Cell::new(now),
            suspender: Cell::new(ptr::null()),
        }
    }

    /// Steps run so far, by all frames.
    pub(crate) fn reductions(&self) -> u64 {
        self.reductions.get()
    }

    /// Frames now open.
    pub(crate) fn depth(&self) -> usize {
        self.frames.borrow().len()
    }

    /// Names the fiber that polls may suspend; the caller keeps it alive until it names another.
    pub(crate) fn set_suspender(&self, suspender: *const Suspender) {
        self.suspender.set(suspender);
    }

    pub(crate) fn start_slice(&self) {
        self.slice_end.set(Instant::now() + self.slice);
    }

    pub(crate) fn slice_is_over(&self, now: Instant) -> bool {
        now >= self.slice_end.get()
    }

    /// Switches to the worker and, once back, starts a new slice. False outside a fiber.
    pub(crate) fn suspend(&self, pause: Pause) -> bool {
        let suspender = self.suspender.get();
        if suspender.is_null() {
            return false;
        }
        // SAFETY: see `set_suspender`.
        unsafe { (*suspender).suspend(pause) };
        self.start_slice();
        true
    }

    fn charge(&self, steps: u64) {
        self.reductions.set(self.reductions.get() + steps);
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.spent += steps;
        }
    }

    /// Steps until the next poll.
    fn countdown(&self) -> u32 {
        let left = match (self.budget, self.frames.borrow().last()) {
            (Some(budget), Some(frame)) => budget.saturating_sub(frame.spent).max(1),
            _ => STEPS_PER_POLL,
        };
        left.min(STEPS_PER_POLL) as u32
    }

    /// Takes the innermost frame's reply.
    pub(crate) fn take_reply(&self) -> Option<Box<dyn Reply>> {
        self.frames.borrow_mut().last_mut()?.reply.take()
    }

    /// Takes the replies of all frames, when the fiber that they ran on is gone.
    pub(crate) fn take_replies(&self) -> Vec<(&'static str, Box<dyn Reply>)> {
        let Ok(mut frames) = self.frames.try_borrow_mut() else { return Vec::new() };
        frames.drain(..).filter_map(|frame| Some((frame.what, frame.reply?))).collect()
    }

    fn end(&self, depth: usize, reason: Reason) {
        if self.ending.get().is_none_or(|ending| depth < ending.depth) {
            self.ending.set(Some(Ending { depth, reason }));
        }
    }

    /// Why the innermost frame is to end, if it is.
    pub(crate) fn ending(&self) -> Option<Reason> {
        Some(self.ending.get()?.reason)
    }

    /// Looks at budgets, deadlines and callers of the open frames.
    fn judge_frames(&self, now: Instant, check_callers: bool) {
        let frames = self.frames.borrow();
        for (depth, frame) in frames.iter().enumerate() {
            if let Some(due) = frame.due
                && due.at <= now
            {
                return self.end(depth, Reason::Timeout(due.timeout));
            }
            if check_callers && frame.reply.as_ref().is_some_and(|reply| reply.is_abandoned()) {
                return self.end(depth, Reason::CallerGone);
            }
        }
        if let (Some(budget), Some(frame)) = (self.budget, frames.last())
            && frame.spent >= budget
        {
            self.end(frames.len() - 1, Reason::Budget(budget));
        }
    }

    fn only_callbacks_run(&self) -> bool {
        self.frames.borrow().iter().all(|frame| frame.is_callback)
    }

    /// The earliest deadline of an open frame.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.frames.borrow().iter().filter_map(|frame| Some(frame.due?.at)).min()
    }
}

impl RealmState {
    /// Opens a frame and gives it its budget.
    pub(crate) fn open_frame(&self, frame: Frame) -> u32 {
        self.guard.frames.borrow_mut().push(frame);
        self.guard.countdown()
    }

    /// Closes the innermost frame; `steps` ran since the last poll. Tells why it was ended from outside, if it was.
    pub(crate) fn close_frame(&self, steps: u32) -> (Option<Frame>, Option<Reason>) {
        self.guard.charge(u64::from(steps));
        let (frame, depth) = {
            let mut frames = self.guard.frames.borrow_mut();
            let frame = frames.pop();
            (frame, frames.len())
        };
        let ending = self.guard.ending.get();
        if ending.is_some_and(|ending| ending.depth >= depth) {
            self.guard.ending.set(None);
        }
        (frame, ending.map(|ending| ending.reason))
    }

    /// The steps until the next poll of the frame that is innermost now.
    pub(crate) fn countdown(&self) -> u32 {
        self.guard.countdown()
    }

    /// Decides whether the innermost frame is to end.
    pub(crate) fn judge(&self, now: Instant) -> Option<Reason> {
        if self.mail.is_killed() {
            self.guard.end(0, Reason::Killed);
        }
        let check = now >= self.guard.next_check.get();
        self.guard.judge_frames(now, check);
        if check {
            self.guard.next_check.set(now + CHECK_EVERY);
            if self.expire(now) && self.guard.only_callbacks_run() {
                self.guard.end(0, Reason::InTheWay);
            }
        }
        self.guard.ending()
    }

    /// Ends the ops, queued or parked, that are past their time. True if there were any.
    pub(crate) fn expire(&self, now: Instant) -> bool {
        let expired = self.mail.inbox().take_expired(now);
        let mut any = !expired.is_empty();
        for envelope in expired {
            if let (Some(reply), Some(due)) = (envelope.reply, envelope.due) {
                reply.send(Outcome::Failed(Reason::Timeout(due.timeout).report(envelope.op.noun())));
            }
        }
        any |= self.expire_parked(now);
        any
    }

    /// Lets other tasks of the thread run if this one has had its slice. Also called between ops.
    pub(crate) fn breathe(&self, now: Instant) {
        if self.guard.slice_is_over(now) && self.mail.worker.wants_thread(now) {
            self.guard.suspend(Pause::Preempted);
        }
    }
}

impl Interrupt for RealmState {
    fn poll(&self, steps: u32) -> Verdict {
        self.guard.charge(u64::from(steps));
        let now = Instant::now();
        if self.judge(now).is_some() {
            return Verdict::Abort;
        }
        if self.guard.slice_is_over(now) && self.mail.worker.wants_thread(now) {
            self.guard.suspend(Pause::Preempted);
            if self.judge(Instant::now()).is_some() {
                return Verdict::Abort;
            }
        }
        Verdict::Continue(self.guard.countdown())
    }

    fn over_limit(&self) -> Verdict {
        let depth = self.guard.depth();
        self.guard.end(depth.saturating_sub(1), Reason::Memory(self.config.memory_limit));
        Verdict::Abort
    }

    fn exhausted(&self) {
        self.guard.suspend(Pause::Abandoned);
    }
}
