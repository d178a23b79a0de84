//! Objects that tell when the code which holds them is ended from outside.
//!
//! A deadline, a budget or a limit runs no `finally`, so what an API must undo hangs on an object in a frame of the API's own code. That frame goes
//! with the code that was ended, or later, if something else still leads to it then: an answer that is under way, a timer, a circle. But such
//! a frame may also go because nothing is ever to come after it, as with a lock that is held for good:
//! `request(name, () => new Promise(() => {}))`. What is garbage before an ending is therefore collected first, and does not count.

use crate::guard::Guard;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Result, Value};
use std::cell::Cell;
use std::rc::{Rc, Weak};

/// The tethers of a realm.
#[derive(Default)]
pub(crate) struct Tethers {
    living: Cell<usize>,
    /// Frames that were ended from outside.
    endings: Cell<u64>,
    /// What goes now was garbage before.
    is_tidying: Cell<bool>,
}

impl Tethers {
    /// Whether there are any.
    pub(crate) fn are_there(&self) -> bool {
        self.living.get() > 0
    }

    /// A frame was ended.
    pub(crate) fn note_ending(&self) {
        self.endings.set(self.endings.get() + 1);
    }
}

impl Guard {
    /// Collects what nothing leads to any more, before code is ended.
    pub(crate) fn tidy(&self) {
        if self.tethers.are_there() && !self.tethers.is_tidying.replace(true) {
            self.collect();
            self.tethers.is_tidying.set(false);
        }
    }
}

/// Makes an object for a local variable of a function of an API: `ended` runs if it goes with code that is ended from outside (by a deadline, a
/// budget, a limit), or within a minute or so after some was that it was there before. Other ends do not count.
///
/// # Errors
/// Throws if memory is exhausted, or in a realm of another embedder.
pub fn tether<'a>(ctx: Ctx<'a>, ended: impl FnOnce() + 'static) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    let tethers = &state.guard.tethers;
    tethers.living.set(tethers.living.get() + 1);
    let born = Cell::new(tethers.endings.get());
    let tether = Tether { state: Rc::downgrade(&state), born, ended: Cell::new(Some(Box::new(ended))) };
    ctx.host_object(Rc::new(tether), None)
}

/// Makes a tether as good as new: no code that was ended before counts.
pub fn renew_tether(tether: &Value<'_>) {
    if let Some(tether) = tether.host::<Tether>()
        && let Some(state) = tether.state.upgrade()
    {
        tether.born.set(state.guard.tethers.endings.get());
    }
}

struct Tether {
    state: Weak<RealmState>,
    /// The endings before it.
    born: Cell<u64>,
    ended: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Tether {
    fn is_lost(&self, state: &RealmState) -> bool {
        let Guard { tethers, .. } = &state.guard;
        let is_old = tethers.endings.get() > self.born.get();
        let is_bereaved = is_old && (state.is_mourning.get() || state.is_searching());
        !tethers.is_tidying.get() && (is_bereaved || state.guard.ending().is_some())
    }
}

impl Drop for Tether {
    fn drop(&mut self) {
        let Some(state) = self.state.upgrade() else { return };
        let living = &state.guard.tethers.living;
        living.set(living.get() - 1);
        if let Some(ended) = self.ended.take().filter(|_| self.is_lost(&state)) {
            ended();
        }
    }
}
