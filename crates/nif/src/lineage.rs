//! Which calls the ops of handlers run for: a handler names its own call, and the host of that call's realm knows the rest.

use quickbeam_executor::{CallId, Lineage};
use rustler::{LocalPid, NifTuple};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The call that a process answers: by which realm's owner, which one, and whether the realm is suspended in it.
#[derive(Clone, Copy, NifTuple)]
pub(crate) struct Parent {
    pub(crate) owner: LocalPid,
    pub(crate) id: CallId,
    pub(crate) sync: bool,
}

/// What the ops run for that made a realm's open calls. Those of most run for nothing, and are not kept.
#[derive(Default)]
pub(crate) struct Lineages {
    open: Mutex<HashMap<CallId, Lineage>>,
    count: AtomicUsize,
}

impl Lineages {
    fn open(&self) -> MutexGuard<'_, HashMap<CallId, Lineage>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn called(&self, id: CallId, made_by: Lineage) {
        if !made_by.is_empty() {
            self.open().insert(id, made_by);
            self.count.fetch_add(1, Ordering::Release);
        }
    }

    pub(crate) fn made_by(&self, id: CallId) -> Lineage {
        if self.count.load(Ordering::Acquire) == 0 {
            return Lineage::default();
        }
        self.open().get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn answered(&self, id: CallId) {
        if self.count.load(Ordering::Acquire) > 0 && self.open().remove(&id).is_some() {
            self.count.fetch_sub(1, Ordering::Release);
        }
    }
}
