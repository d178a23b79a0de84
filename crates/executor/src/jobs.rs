//! Whose the jobs are that wait.
//!
//! The engine's queue does not tell, so it is told from the frames: jobs belong to the op of the frame that left them. Where jobs of another op
//! waited already when that frame began, they are nobody's, until none waits any more.

use crate::effort::{Effort, Share, is_nobodys, is_of, is_same};
use crate::guard::Reason;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

#[derive(Default)]
pub(crate) struct Jobs {
    /// A frame has left some, and they have not all run since.
    do_wait: Cell<bool>,
    /// As of when the last one waited.
    owner: RefCell<Share>,
    /// Jobs of this owner were to end, for that reason, and none of them ran: those that poll end in their stead, until none waits.
    overdue: RefCell<Option<(Share, Reason)>>,
    /// Rushes that are over: times from one at which no job waits to the next.
    rushes: Cell<u64>,
}

impl Jobs {
    /// Whose they are, if any wait.
    pub(crate) fn owner(&self) -> Share {
        self.owner.borrow().clone()
    }

    /// Whether those to come, of this owner, would be told from those that wait.
    pub(crate) fn are_of(&self, share: &Share) -> bool {
        is_same(&self.owner.borrow(), share)
    }

    /// Whether some wait that a frame has left.
    pub(crate) fn do_wait(&self) -> bool {
        self.do_wait.get()
    }

    /// A frame leaves those that wait.
    pub(crate) fn leave(&self, has_found_some: bool, share: &Share) {
        self.do_wait.set(true);
        let mut owner = self.owner.borrow_mut();
        if is_same(&owner, share) {
            return;
        }
        if !has_found_some {
            *owner = share.clone();
            return;
        }
        for effort in [&owner.take(), share].into_iter().flatten() {
            effort.set_mixed_in(self.rush());
        }
    }

    /// The number of the rush under way, from 1 on.
    fn rush(&self) -> u64 {
        self.rushes.get() + 1
    }

    /// None waits.
    pub(crate) fn end_rush(&self) {
        self.do_wait.set(false);
        self.rushes.set(self.rush());
        self.overdue.take();
    }

    /// What was to end stands between two jobs of this owner. A loop that goes on in jobs is in one of them whenever the steps between two
    /// polls are over, and that is what ends then. It may be one that the loop can do without, so the next is tried as well.
    pub(crate) fn set_overdue(&self, owner: Share, reason: Reason) {
        self.overdue.replace(Some((owner, reason)));
    }

    /// Likewise where jobs of one of these ops are among those that wait.
    pub(crate) fn set_overdue_of(&self, expired: &[Rc<Effort>]) {
        let owner = self.owner.borrow();
        let is_among = |effort: &Effort| owner.is_none() && effort.is_mixed_in(self.rush());
        if expired.iter().any(|effort| is_of(&owner, effort) || is_among(effort)) {
            self.set_overdue(owner.clone(), Reason::InTheWay);
        }
    }

    /// Why a job of this owner is to end, if it may be one of those that are.
    pub(crate) fn are_overdue(&self, share: &Share) -> Option<Reason> {
        let overdue = self.overdue.borrow();
        let (owner, reason) = overdue.as_ref()?;
        (is_nobodys(share) || owner.as_ref().is_some_and(|owner| is_of(share, owner))).then_some(*reason)
    }
}
