//! Objects that tell when the frame which holds them is ended from outside.

use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Result, Value};
use std::cell::Cell;
use std::rc::{Rc, Weak};

/// Makes an object for a local variable of a function of an API: `ended` runs if it goes while code is ended from outside (a deadline, a
/// budget, a limit), as that runs no `finally`. Other ends, and the garbage collector's, do not count.
///
/// # Errors
/// Throws if memory is exhausted, or in a realm of another embedder.
pub fn tether<'a>(ctx: Ctx<'a>, ended: impl FnOnce() + 'static) -> Result<Value<'a>> {
    let state = RealmState::of(ctx)?;
    let tether = Tether { state: Rc::downgrade(&state), ended: Cell::new(Some(Box::new(ended))) };
    ctx.host_object(Rc::new(tether), None)
}

struct Tether {
    state: Weak<RealmState>,
    ended: Cell<Option<Box<dyn FnOnce()>>>,
}

impl Drop for Tether {
    fn drop(&mut self) {
        let is_ending = self.state.upgrade().is_some_and(|state| state.guard.ending().is_some());
        if let Some(ended) = self.ended.take().filter(|_| is_ending) {
            ended();
        }
    }
}
