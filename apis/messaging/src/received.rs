//! Classes whose instances cross realms as ends of pipes.

use quickbeam_engine::{Ctx, Result, Value};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// The transfer-receiving steps of a class. Its transfer steps (`transfer` of the glue's `expose`) name it as `type`, and the ends that cross as `ends`.
pub struct Received {
    /// Its name, by which messages call it.
    pub name: &'static str,
    /// How many ends an instance crosses as.
    pub ends: usize,
    /// Makes the instance that has arrived at the ends, of which there are as many.
    pub receive: for<'a> fn(Ctx<'a>, &[Value<'a>]) -> Result<Value<'a>>,
}

static CLASSES: RwLock<BTreeMap<&str, &Received>> = RwLock::new(BTreeMap::new());

/// From now on, instances of this class are received so, in every realm.
pub fn received(class: &'static Received) {
    CLASSES.write().unwrap_or_else(PoisonError::into_inner).insert(class.name, class);
}

pub(crate) fn class(name: &str) -> Option<&'static Received> {
    CLASSES.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
}
