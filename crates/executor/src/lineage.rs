//! Which calls an op runs for.

use crate::host::CallId;
use crate::realm::RealmState;
use quickbeam_engine::Ctx;
use std::sync::Arc;

/// Identifies a realm, over its resets, within the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RealmId(pub(crate) u64);

/// Calls kept; the innermost are.
const MAX: usize = 64;

/// The calls that an op runs for, innermost first: the one whose handler submitted it, the one that was made by the op that
/// made that call, and so on, over any number of realms.
///
/// While a realm is suspended in one of them, the op runs nested there. Without it the op would wait for the call, which
/// waits for its handler, which waits for the op.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage(Option<Arc<[(RealmId, CallId)]>>);

impl Lineage {
    /// That of ops which the handler of a call submits: the call, and what the op that made it runs for.
    pub fn of_call(realm: RealmId, id: CallId, made_by: &Lineage) -> Lineage {
        let outer = made_by.calls().iter().copied();
        Lineage(Some(std::iter::once((realm, id)).chain(outer).take(MAX).collect()))
    }

    /// The calls, innermost first.
    pub fn calls(&self) -> &[(RealmId, CallId)] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether the op runs for no call.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The innermost call of that realm.
    pub fn call_of(&self, realm: RealmId) -> Option<CallId> {
        self.calls().iter().find(|(caller, _)| *caller == realm).map(|(_, id)| *id)
    }
}

/// What the op or callback that runs now runs for. Hosts ask when it calls them, for the ops of its handler.
pub fn lineage(ctx: Ctx<'_>) -> Lineage {
    ctx.data::<RealmState>().map(|state| state.guard.lineage()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_call_of_a_realm_counts_and_outer_ones_are_forgotten() {
        let mut lineage = Lineage::default();
        assert!(lineage.is_empty() && lineage.calls().is_empty());
        for id in 1..=100 {
            lineage = Lineage::of_call(RealmId(id % 2), id, &lineage);
        }
        assert_eq!((lineage.call_of(RealmId(0)), lineage.call_of(RealmId(1))), (Some(100), Some(99)));
        assert_eq!((lineage.call_of(RealmId(2)), lineage.calls().len()), (None, MAX));
    }
}
