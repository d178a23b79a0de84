//! The interrupt: what ends a script, and what pauses it.
//!
//! Everything that runs JavaScript does so inside a *frame*: an op, or a callback (timer, message, job).
//! An op that a handler submits while its caller is suspended is a frame on top of the caller's.
//! A callback that belongs to an op which still waits for its answer shares the *effort* of that op (`effort.rs`): its budget is the op's.
//! An *ending* names the frame it ends; all frames above it end with it.
//!
//! A frame also holds what must outlive its fiber: should the heap run out inside a builtin, the fiber is abandoned
//! where it stands, and nothing that lives on its stack is ever dropped.

use crate::effort::{Claim, NOBODY, OpId, Share};
use crate::fiber::{Pause, Suspender};
use crate::frame::Frame;
use crate::host::{CallId, Outcome, Reply};
use crate::inbox::Due;
use crate::lineage::Lineage;
use crate::realm::RealmState;
use crate::rest::{Rest, Rests};
use crate::tether::Tethers;
use quickbeam_engine::{Ctx, ErrorReport, Interrupt, Isolate, Verdict};
use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;
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
    /// The frame is a callback of an op that timed out.
    OpTimedOut,
    /// The realm was reset.
    Reset,
    /// The op that the frame runs inside is to end.
    Outer,
    /// The isolate must end.
    Fatal,
}

/// The error for a panic, here or in the host.
pub(crate) fn internal_bug(what: &str) -> ErrorReport {
    ErrorReport::new("InternalError", format!("internal bug in QuickBEAM: {what}; please report it"))
}

impl Reason {
    /// Whether the realm goes, too.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Reason::Killed | Reason::Reset | Reason::Fatal)
    }

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
            Reason::OpTimedOut => {
                interrupted(format!("the {what} was interrupted: the op that it belongs to timed out"))
            }
            Reason::Reset => interrupted(format!("the {what} was interrupted: the runtime was reset")),
            Reason::Outer => interrupted(format!("the {what} was interrupted: the op that it ran inside has ended")),
            Reason::Fatal => internal_bug("a panic in native code"),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Ending {
    depth: usize,
    reason: Reason,
}

/// Ops whose time is over.
pub(crate) struct Expired {
    /// When the last of those came that never started.
    pub(crate) queued_at: Option<Instant>,
    /// Those that were parked.
    pub(crate) parked: Vec<OpId>,
}

pub(crate) struct Guard {
    frames: RefCell<Vec<Frame>>,
    ending: Cell<Option<Ending>>,
    budget: Option<u64>,
    reductions: Cell<u64>,
    next_check: Cell<Instant>,
    /// The op, or callback of none, that was begun last.
    last_op: Cell<OpId>,
    pub(crate) rests: Rests,
    /// Frames and jobs that were begun, and looks at what has come.
    strides: Cell<u64>,
    /// Those as of the last check, and a time before there were so many.
    stride: Cell<(u64, Instant)>,
    /// When the last op came that had timed out unstarted by then.
    kept_from: Cell<Option<Instant>>,
    pub(crate) tethers: Tethers,
    /// The fiber that polls may suspend, and its isolate; null outside one.
    suspender: Cell<*const Suspender>,
    isolate: Cell<*const Isolate>,
}

impl Guard {
    pub(crate) fn new(budget: Option<u64>) -> Guard {
        Guard {
            frames: RefCell::default(),
            ending: Cell::new(None),
            budget,
            reductions: Cell::new(0),
            next_check: Cell::new(Instant::now()),
            last_op: Cell::new(NOBODY),
            rests: Rests::default(),
            strides: Cell::new(0),
            stride: Cell::new((0, Instant::now())),
            kept_from: Cell::new(None),
            tethers: Tethers::default(),
            suspender: Cell::new(ptr::null()),
            isolate: Cell::new(ptr::null()),
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

    /// Names the fiber that polls may suspend, and its isolate; the caller keeps both alive until it names others.
    pub(crate) fn set_stack(&self, suspender: *const Suspender, isolate: *const Isolate) {
        self.suspender.set(suspender);
        self.isolate.set(isolate);
    }

    /// Switches to the thread, until that resumes the fiber. False outside a fiber.
    pub(crate) fn suspend(&self, pause: Pause) -> bool {
        let (suspender, isolate) = (self.suspender.get(), self.isolate.get());
        if suspender.is_null() {
            return false;
        }
        // SAFETY: see `set_stack`. Suspensions happen in polls and native functions, on the fiber's own stack. An abandoned
        // stack, which may stand in the middle of anything, is never gone back to, nor is its isolate used again.
        unsafe {
            if pause == Pause::Abandoned {
                (*suspender).suspend(pause);
                return true;
            }
            let stack = (*isolate).save_stack();
            (*suspender).suspend(pause);
            (*isolate).restore_stack(stack);
        }
        true
    }

    fn charge(&self, steps: u64) {
        self.reductions.set(self.reductions.get() + steps);
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.spent += steps;
            if let Some(effort) = &frame.effort {
                effort.charge(steps);
            }
        }
    }

    /// Collects the garbage of the realm.
    pub(crate) fn collect(&self) {
        // SAFETY: see `set_stack`. Endings come where the engine polls, and in native functions: it may collect in both.
        if let Some(isolate) = unsafe { self.isolate.get().as_ref() } {
            isolate.collect_present();
        }
    }

    /// Steps until the next poll.
    fn countdown(&self) -> u32 {
        let frames = self.frames.borrow();
        let Some(frame) = frames.last() else { return STEPS_PER_POLL as u32 };
        let of_budget = self.budget.map_or(STEPS_PER_POLL, |budget| budget.saturating_sub(frame.spent()));
        let of_rest = frame.rest.map_or(STEPS_PER_POLL, |(rest, _)| rest.left.saturating_sub(frame.spent));
        of_budget.min(of_rest).clamp(1, STEPS_PER_POLL) as u32
    }

    fn begin_op(&self) -> OpId {
        self.last_op.set(self.last_op.get() + 1);
        self.last_op.get()
    }

    /// Whether somebody waits for the innermost frame's reply.
    pub(crate) fn has_reply(&self) -> bool {
        self.frames.borrow().last().is_some_and(|frame| frame.reply.is_some())
    }

    /// Takes the innermost frame's reply.
    pub(crate) fn take_reply(&self) -> Option<Box<dyn Reply>> {
        self.frames.borrow_mut().last_mut()?.reply.take()
    }

    /// Closes all frames, when the fiber that they ran on is gone, and takes the replies that were not sent.
    pub(crate) fn abandon(&self) -> Vec<(&'static str, Box<dyn Reply>)> {
        let Ok(mut frames) = self.frames.try_borrow_mut() else {
            return Vec::new();
        };
        let mut replies = Vec::new();
        for frame in frames.drain(..) {
            if let Some(text) = frame.text {
                // SAFETY: the only other owners were on the fiber's stack.
                unsafe { release(text) };
            }
            replies.extend(frame.reply.or(frame.spare).map(|reply| (frame.what, reply)));
        }
        replies
    }

    /// Keeps source text for as long as the innermost frame is open.
    pub(crate) fn keep_text(&self, text: String) -> Rc<String> {
        let text = Rc::new(text);
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.text = Some(text.clone());
        }
        text
    }

    pub(crate) fn keep_spare(&self, spare: Option<Box<dyn Reply>>) {
        let unused = match self.frames.borrow_mut().last_mut() {
            Some(frame) => std::mem::replace(&mut frame.spare, spare),
            None => spare,
        };
        drop(unused);
    }

    /// What the innermost frame is, and what must go on with it if it is parked.
    pub(crate) fn innermost(&self) -> Option<(&'static str, Option<Due>, Option<CallId>)> {
        self.frames.borrow().last().map(|frame| (frame.what, frame.due, frame.parent))
    }

    /// What the innermost frame runs for.
    pub(crate) fn lineage(&self) -> Lineage {
        self.frames.borrow().last().map(|frame| frame.lineage.clone()).unwrap_or_default()
    }

    /// Ends the frame at `depth` and those above it.
    fn end(&self, depth: usize, reason: Reason) {
        let before = self.ending.get();
        if depth < self.depth() && before.is_none_or(|ending| depth < ending.depth) {
            self.ending.set(Some(Ending { depth, reason }));
            if before.is_none() && !reason.is_final() {
                self.tidy();
            }
        }
    }

    /// Ends every frame: the isolate must not go on.
    pub(crate) fn end_all(&self) {
        self.end(0, Reason::Fatal);
    }

    /// Why the innermost frame is to end, if it is.
    pub(crate) fn ending(&self) -> Option<Reason> {
        let Ending { depth, reason } = self.ending.get()?;
        let is_inner = depth + 1 < self.depth() && !reason.is_final();
        Some(if is_inner { Reason::Outer } else { reason })
    }

    /// The effort of which what the innermost frame sets going is a part.
    pub(crate) fn share(&self) -> Share {
        self.frames.borrow_mut().last_mut()?.share().clone().filter(|effort| effort.is_open())
    }

    /// Takes what is to be answered of the innermost frame's effort.
    pub(crate) fn take_claim(&self) -> Option<Claim> {
        let mut frames = self.frames.borrow_mut();
        let frame = frames.last_mut()?;
        frame.share();
        frame.claim.take()
    }

    /// The effort of an op, if that has an open frame here.
    pub(crate) fn open_effort(&self, op: OpId) -> Share {
        self.frames.borrow_mut().iter_mut().find(|frame| frame.op == op)?.share().clone()
    }

    /// Whether jobs with that continuation tag run in the innermost frame.
    pub(crate) fn owns(&self, op: OpId) -> bool {
        self.frames.borrow().last().is_some_and(|frame| frame.owns(op))
    }

    /// An op is ended: its jobs that wait are a rest.
    pub(crate) fn end_op(&self, op: OpId, reason: Reason) {
        // SAFETY: see `set_stack`. Endings come where the engine polls, and in native functions: both are in the realm.
        let Some(isolate) = (unsafe { self.isolate.get().as_ref() }) else { return };
        let left = self.budget.map_or(STEPS_PER_POLL, |budget| budget.min(STEPS_PER_POLL));
        let reason = if let Reason::Timeout(_) = reason { Reason::OpTimedOut } else { reason };
        self.rests.add(op, reason, left, isolate.next_job(), isolate.next_job_number());
    }

    /// Code of the innermost frame goes on to something else.
    pub(crate) fn stride(&self) {
        self.strides.set(self.strides.get() + 1);
    }

    /// Whether nothing has run but what runs now for all the time of an op that timed out before it could start.
    fn is_in_the_way(&self, queued_at: Option<Instant>) -> bool {
        let (count, since) = self.stride.get();
        let kept_from = self.kept_from.take().max(queued_at);
        if count == self.strides.get() {
            return kept_from.is_some_and(|queued_at| since <= queued_at);
        }
        // It began since the last check; whether it is still there the next one tells.
        let last_check = self.next_check.get().checked_sub(CHECK_EVERY).unwrap_or(since);
        self.stride.set((self.strides.get(), last_check));
        self.kept_from.set(queued_at);
        false
    }

    /// Remembers for open ops that code was ended.
    pub(crate) fn note_loss(&self, reason: Reason) {
        self.frames.borrow_mut().iter_mut().for_each(|frame| frame.loss = Some(reason));
    }

    /// Why code was ended since the innermost frame is open.
    pub(crate) fn loss(&self) -> Option<Reason> {
        self.frames.borrow().last()?.loss
    }

    /// Whether the innermost frame is itself to end, and not one that it runs inside of.
    pub(crate) fn is_last_to_end(&self) -> bool {
        self.ending.get().is_some_and(|ending| ending.depth + 1 == self.depth())
    }

    /// Ends the callbacks that are in the way of ops whose time is over: what has run for all the time of one that could not start, unless it
    /// goes on for an op with a deadline of its own; of one that waited, its own.
    fn end_in_the_way(&self, expired: &Expired) {
        let may_end = |frame: &Frame| frame.is_callback && !frame.has_deadline_of_op();
        if self.is_in_the_way(expired.queued_at) && self.frames.borrow().iter().all(may_end) {
            self.end(0, Reason::InTheWay);
        }
        self.end_callbacks_of(&expired.parked, Reason::OpTimedOut);
    }

    fn end_callbacks_of(&self, ops: &[OpId], reason: Reason) {
        if ops.is_empty() {
            return;
        }
        let is_own = |frame: &Frame| frame.is_callback && ops.contains(&frame.op);
        let depth = self.frames.borrow().iter().position(is_own);
        if let Some(depth) = depth {
            self.end(depth, reason);
        }
    }

    /// Looks at budgets, deadlines and callers of the open frames.
    fn judge_frames(&self, now: Instant, check_callers: bool) {
        let frames = self.frames.borrow();
        for (depth, frame) in frames.iter().enumerate() {
            if let Some(due) = frame.due()
                && due.at <= now
            {
                return self.end(depth, Reason::Timeout(due.timeout));
            }
            if check_callers && frame.is_abandoned() {
                return self.end(depth, Reason::CallerGone);
            }
        }
        let Some(frame) = frames.last() else { return };
        let is_over = |&(rest, began): &(Rest, Instant)| frame.spent >= rest.left || now - began >= rest.time;
        if let Some((rest, _)) = frame.rest.filter(is_over) {
            self.end(frames.len() - 1, rest.reason);
        } else if let Some(budget) = self.budget.filter(|budget| frame.spent() >= *budget) {
            self.end(frames.len() - 1, Reason::Budget(budget));
        }
    }

    /// The op that the innermost frame goes on for.
    fn op_going_on(&self) -> Option<OpId> {
        self.frames.borrow().last().filter(|frame| frame.goes_on_for_op()).map(|frame| frame.op)
    }

    /// Whether somebody waits for an open frame.
    pub(crate) fn has_caller(&self) -> bool {
        self.frames.borrow().iter().any(|frame| frame.reply.is_some() || frame.spare.is_some())
    }

    /// The earliest deadline of an open frame, or when to look again whether it is in the way.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let check = self.kept_from.get().map(|_| self.next_check.get());
        self.frames.borrow().iter().filter_map(|frame| Some(frame.due()?.at)).chain(check).min()
    }
}

/// Drops a value of which a dead stack holds counts, counts and all.
///
/// SAFETY: nobody uses another count of it ever again.
pub(crate) unsafe fn release<T>(value: Rc<T>) {
    while Rc::strong_count(&value) > 1 {
        // SAFETY: there is a count besides `value`'s own, and by contract its owner does not drop it.
        unsafe { Rc::decrement_strong_count(Rc::as_ptr(&value)) };
    }
}

impl RealmState {
    /// Runs `f` in a frame of its own, with a budget of its own.
    pub(crate) fn in_frame(&self, ctx: Ctx<'_>, mut frame: Frame, f: impl FnOnce()) {
        let guard = &self.guard;
        self.charge(ctx.steps_since_poll());
        let depth = guard.depth();
        frame.op = match &frame.effort {
            Some(effort) => effort.id(),
            None if frame.op == NOBODY => guard.begin_op(),
            None => frame.op,
        };
        let (op, is_callback) = (frame.op, frame.is_callback);
        let outer = ctx.set_continuation(op);
        guard.stride();
        guard.frames.borrow_mut().push(frame);
        ctx.set_countdown(guard.countdown());
        f();
        self.charge(ctx.steps_since_poll());
        // More than one is left only if a panic inside was stopped at an entry from the engine.
        let mut is_open = false;
        while guard.depth() > depth {
            let frame = guard.frames.borrow_mut().pop();
            let Some(mut frame) = frame else { break };
            is_open = !frame.is_callback || frame.goes_on_for_op();
            if let Some((_, began)) = frame.rest {
                guard.rests.charge(op, frame.spent, began.elapsed(), ctx.next_job_number());
            }
            if let Some(reply) = frame.reply.take() {
                self.deliver(reply, Outcome::Failed(Reason::Fatal.report("")));
            }
        }
        guard.stride();
        ctx.set_continuation(outer);
        let is_inner = guard.ending.get().is_some_and(|ending| ending.depth < depth);
        let ended = guard.ending.get().filter(|_| !is_inner);
        if ended.is_some() {
            guard.ending.set(None);
            guard.tethers.note_ending();
        }
        self.is_mourning.set(ended.is_some());
        self.settle_memory(ctx);
        self.mail.meter.set_memory(ctx.memory().used);
        if let Some(Ending { reason, .. }) = ended {
            if is_open {
                self.end_op(op, is_callback, reason);
            }
            self.fail_orphans(ctx, reason);
        } else if is_inner && !is_callback {
            guard.end_op(op, Reason::Outer);
        }
        self.is_mourning.set(false);
        ctx.set_countdown(guard.countdown());
    }

    /// A frame of an op was ended. With the op's own, and where a callback has hit a limit, all of the op ends.
    fn end_op(&self, op: OpId, is_callback: bool, reason: Reason) {
        let has_hit_limit = matches!(reason, Reason::Budget(_) | Reason::Memory(_));
        if reason.is_final() || (is_callback && !has_hit_limit) {
            return;
        }
        if !is_callback || self.fail_parked(op, reason) {
            self.guard.end_op(op, reason);
        }
    }

    fn charge(&self, steps: u32) {
        self.guard.charge(u64::from(steps));
        self.mail.meter.charge(u64::from(steps));
    }

    /// Decides whether the innermost frame is to end.
    pub(crate) fn judge(&self, now: Instant) -> Option<Reason> {
        if self.mail.is_killed() {
            self.guard.end(0, Reason::Killed);
        } else if self.fatal.borrow().is_some() {
            self.guard.end_all();
        } else if self.mail.is_resetting() {
            self.guard.end(0, Reason::Reset);
        }
        let check = now >= self.guard.next_check.get();
        self.guard.judge_frames(now, check);
        if check {
            let expired = self.expire(now);
            self.guard.end_in_the_way(&expired);
            if let Some(op) = self.guard.op_going_on().filter(|op| self.end_if_abandoned(*op)) {
                self.guard.end_callbacks_of(&[op], Reason::CallerGone);
            }
            self.guard.next_check.set(now + CHECK_EVERY);
        }
        self.guard.ending()
    }

    /// Ends the ops, queued or parked, that are past their time.
    pub(crate) fn expire(&self, now: Instant) -> Expired {
        let expired = if self.mail.is_empty() { Vec::new() } else { self.mail.inbox().take_expired(now) };
        let mut queued_at = None;
        for envelope in expired {
            queued_at = queued_at.max(envelope.due.and_then(|due| due.at.checked_sub(due.timeout)));
            if let (Some(reply), Some(due)) = (envelope.reply, envelope.due) {
                self.deliver(reply, Outcome::Failed(Reason::Timeout(due.timeout).report(envelope.op.noun())));
            }
        }
        Expired { queued_at, parked: self.expire_parked(now) }
    }

    /// Lets other tasks run if this one has had its slice, or has lost its processor to them. Also called between ops.
    pub(crate) fn breathe(&self) {
        if self.mail.home.must_yield(self.mail.seat) {
            self.guard.suspend(Pause::Preempted);
        }
    }
}

impl Interrupt for RealmState {
    fn poll(&self, steps: u32) -> Verdict {
        self.charge(steps);
        let now = Instant::now();
        if self.judge(now).is_some() {
            return Verdict::Abort;
        }
        self.mail.home.polled(now);
        if self.mail.home.must_yield(self.mail.seat) {
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
