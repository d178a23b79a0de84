//! Which grant each API needs: one table, and the check that reads it.
//!
//! An API that reaches outside of pure computation has a line in [`TABLE`], and its native code calls [`require`] under
//! the name that stands there. A name without a line is refused, so that no API can be forgotten in the table.
//!
//! What must never happen: a check in JavaScript alone; an effect before the check.

use quickbeam_engine::{Ctx, Result};
use quickbeam_executor::Grant;

/// Every API that needs a grant, with the grant. Those whose grant may be given for single subjects (a handler, a
/// program, a host) need it for the subject that they are called with.
pub const TABLE: &[(&str, Grant)] = &[
    ("Beam.call", Grant::Handlers),
    ("Beam.callSync", Grant::Handlers),
    ("Beam.send", Grant::Processes),
    ("Beam.monitor", Grant::Processes),
    ("Beam.demonitor", Grant::Processes),
    ("Beam.link", Grant::Processes),
    ("Beam.unlink", Grant::Processes),
    ("Beam.register", Grant::Processes),
    ("Beam.unregister", Grant::Processes),
    ("Beam.whereis", Grant::Processes),
    ("Beam.spawn", Grant::Spawn),
    ("Beam.nodes", Grant::Cluster),
    ("Beam.rpc", Grant::Cluster),
    ("Beam.which", Grant::Run),
    ("BroadcastChannel", Grant::Processes),
    ("Worker", Grant::Spawn),
    ("EventSource", Grant::Net),
    ("WebSocket", Grant::Net),
    ("fetch", Grant::Net),
];

/// The grant that an API needs.
pub fn needed(api: &str) -> Option<Grant> {
    TABLE.iter().find(|(name, _)| *name == api).map(|(_, grant)| *grant)
}

/// Throws unless the realm holds the grant that `api` needs, for `subject` or for everything.
///
/// # Errors
/// Throws a `NotAllowedError` that names the grant; an `InternalError` if the table does not know `api`.
pub fn require(ctx: Ctx<'_>, api: &str, subject: Option<&str>) -> Result<()> {
    let Some(grant) = needed(api) else {
        let message = format!("internal bug in QuickBEAM: {api} is not in the table of grants; please report it");
        return Err(ctx.throw_error("InternalError", &message));
    };
    quickbeam_executor::require(ctx, api, grant, subject)
}
