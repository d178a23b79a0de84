//! Efforts: ops beyond their frames.
//!
//! An op that awaits goes on in callbacks: of timers and events that it has set going, of answers to its calls, in jobs. Until
//! it is answered these share its budget and its deadline with it; from then on each is on its own.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// An op with all that it has set going. Made when there is something of it beside its frame.
pub(crate) struct Effort {
    /// Steps of all its frames.
    spent: Cell<u64>,
    /// The op is not answered yet.
    is_open: Cell<bool>,
    /// Its place among those that are parked, while it is.
    parked: Cell<Option<u32>>,
    /// The last rush in which its jobs came among those of others (`jobs.rs`).
    mixed_in: Cell<u64>,
}

impl Effort {
    pub(crate) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    pub(crate) fn spent(&self) -> u64 {
        self.spent.get()
    }

    pub(crate) fn charge(&self, steps: u64) {
        self.spent.set(self.spent.get() + steps);
    }

    pub(crate) fn set_mixed_in(&self, rush: u64) {
        self.mixed_in.set(rush);
    }

    pub(crate) fn is_mixed_in(&self, rush: u64) -> bool {
        self.mixed_in.get() == rush
    }

    pub(crate) fn parked(&self) -> Option<u32> {
        self.parked.get()
    }
}

/// What is to be answered of an effort: held by the op's frame or, while it is parked, its place there. The effort is open for as long.
pub(crate) struct Claim(Rc<Effort>);

impl Claim {
    /// That of an op which has taken so many steps already.
    pub(crate) fn new(spent: u64) -> Claim {
        Claim(Rc::new(Effort {
            spent: Cell::new(spent),
            is_open: Cell::new(true),
            parked: Cell::default(),
            mixed_in: Cell::default(),
        }))
    }

    pub(crate) fn effort(&self) -> &Rc<Effort> {
        &self.0
    }

    pub(crate) fn set_parked(&self, id: Option<u32>) {
        self.0.parked.set(id);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.is_open.set(false);
        self.0.parked.set(None);
    }
}

/// What was set going, or waits, belongs to the op of this effort; to no op where there is none.
pub(crate) type Share = Option<Rc<Effort>>;

/// Whether it is the share of that very effort.
pub(crate) fn is_of(share: &Share, effort: &Rc<Effort>) -> bool {
    share.as_ref().is_some_and(|own| Rc::ptr_eq(own, effort))
}

/// Whether no op that waits for its answer is known to own it.
pub(crate) fn is_nobodys(share: &Share) -> bool {
    !share.as_ref().is_some_and(|effort| effort.is_open())
}

/// Whether the same op that waits for its answer owns both, or none does.
pub(crate) fn is_same(a: &Share, b: &Share) -> bool {
    match (a, b) {
        (Some(a), Some(b)) if a.is_open() => Rc::ptr_eq(a, b),
        _ => is_nobodys(a) && is_nobodys(b),
    }
}

/// Whose the frames of a round were: an op's, if all of them were of that one.
#[derive(Default)]
pub(crate) struct Common {
    /// As of the round of this number.
    share: RefCell<Share>,
    of_round: Cell<u64>,
    rounds: Cell<u64>,
}

impl Common {
    /// The number of the round under way, from 1 on.
    fn round(&self) -> u64 {
        self.rounds.get() + 1
    }

    /// Another frame was of this. Nothing changes where it is the op's of the frame before, as it mostly is.
    pub(crate) fn add(&self, share: &Share) {
        let mut common = self.share.borrow_mut();
        let is_first = self.of_round.replace(self.round()) != self.round();
        if !is_same(&common, share) {
            *common = share.clone().filter(|_| is_first);
        }
    }

    pub(crate) fn get(&self) -> Share {
        self.share.borrow().clone().filter(|_| self.of_round.get() == self.round())
    }

    pub(crate) fn begin_round(&self) {
        self.rounds.set(self.round());
    }
}
