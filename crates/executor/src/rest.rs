//! The rest of ops that were ended.
//!
//! Jobs of an op that wait when it is ended may be the last steps of what others wait for, too, or those of a loop. They go on, with all that
//! they bring about in jobs in their turn, for as many steps as lie between two polls and for 10 ms at most; then they are dropped. Jobs that come later, after a timer or an
//! answer, are callbacks as any others.

use crate::effort::OpId;
use crate::guard::Reason;
use crate::turn::GIVE_WAY;
use quickbeam_engine::{JobNumber, NextJob};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

/// The rest of one op.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Why the op was ended.
    pub(crate) reason: Reason,
    /// Steps that its jobs may take.
    pub(crate) left: u64,
    /// The time that they may take.
    pub(crate) time: Duration,
    /// The first job that is no part of it.
    end: JobNumber,
}

/// The rests of a realm's ops.
#[derive(Default)]
pub(crate) struct Rests {
    rests: RefCell<HashMap<OpId, Rest>>,
    /// Those whose jobs have run are looked for when there are this many.
    sweep_at: Cell<usize>,
}

impl Rest {
    /// Whether its jobs are to be dropped.
    pub(crate) fn is_over(&self) -> bool {
        self.left == 0 || self.time.is_zero()
    }
}

impl Rests {
    const MIN_SWEEP: usize = 64;

    /// An op is ended; `first` is the job that runs next, and `end` would be the last one's successor.
    pub(crate) fn add(&self, op: OpId, reason: Reason, left: u64, first: Option<NextJob>, end: JobNumber) {
        let Some(first) = first else { return };
        let mut rests = self.rests.borrow_mut();
        if rests.len() >= self.sweep_at.get().max(Self::MIN_SWEEP) {
            rests.retain(|_, rest| first.is_before(rest.end));
            self.sweep_at.set(rests.len() * 2);
        }
        rests.insert(op, Rest { reason, left, time: GIVE_WAY, end });
    }

    /// What a job is the rest of.
    pub(crate) fn of(&self, job: NextJob) -> Option<Rest> {
        let mut rests = self.rests.borrow_mut();
        let rest = *rests.get(&job.continuation)?;
        if job.is_before(rest.end) {
            return Some(rest);
        }
        rests.remove(&job.continuation);
        None
    }

    /// A job of the rest of an op has taken so many steps and so much time; what it has enqueued comes before `end`.
    pub(crate) fn charge(&self, op: OpId, steps: u64, time: Duration, end: JobNumber) {
        if let Some(rest) = self.rests.borrow_mut().get_mut(&op) {
            rest.left = rest.left.saturating_sub(steps);
            rest.time = rest.time.saturating_sub(time);
            rest.end = end;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rests.borrow().is_empty()
    }

    /// No job waits.
    pub(crate) fn clear(&self) {
        self.rests.borrow_mut().clear();
    }
}
