//! Efforts: ops beyond their frames.
//!
//! An op that awaits goes on in callbacks: of timers and events that it has set going, of answers to its calls, in jobs. Until
//! it is answered these share its budget and its deadline with it; from then on each is on its own.
//!
//! Jobs are known by their continuation tag, which is the id of the op that awaited, whoever settles the promise.

use crate::lineage::Lineage;
use std::cell::Cell;
use std::rc::Rc;

/// Identifies an op within its realm, or a callback that belongs to no op which is still to be answered; the continuation tag of its jobs.
pub(crate) type OpId = u64;

/// The continuation tag where no frame is open.
pub(crate) const NOBODY: OpId = 0;

/// An op with all that it has set going. Made when there is something of it beside its frame.
pub(crate) struct Effort {
    id: OpId,
    lineage: Lineage,
    /// Steps of all its frames.
    spent: Cell<u64>,
    /// The op is not answered yet.
    is_open: Cell<bool>,
    has_deadline: bool,
}

impl Effort {
    pub(crate) fn id(&self) -> OpId {
        self.id
    }

    /// The calls that the op runs for.
    pub(crate) fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Whether the op has a deadline of its own.
    pub(crate) fn has_deadline(&self) -> bool {
        self.has_deadline
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    pub(crate) fn spent(&self) -> u64 {
        self.spent.get()
    }

    pub(crate) fn charge(&self, steps: u64) {
        self.spent.set(self.spent.get() + steps);
    }
}

/// What is to be answered of an effort: held by the op's frame or, while it is parked, its place there. The effort is open for as long.
pub(crate) struct Claim(Rc<Effort>);

impl Claim {
    /// That of an op which has taken so many steps already.
    pub(crate) fn new(id: OpId, lineage: Lineage, spent: u64, has_deadline: bool) -> Claim {
        Claim(Rc::new(Effort { id, lineage, spent: Cell::new(spent), is_open: Cell::new(true), has_deadline }))
    }

    pub(crate) fn effort(&self) -> &Rc<Effort> {
        &self.0
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.is_open.set(false);
    }
}

/// What was set going, or waits, belongs to the op of this effort; to no op where there is none.
pub(crate) type Share = Option<Rc<Effort>>;
