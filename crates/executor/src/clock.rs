//! Instants as integers, for what threads share without a lock.

use std::sync::OnceLock;
use std::time::Instant;

/// Later than everything.
pub(crate) const NEVER: u64 = u64::MAX;

/// The instant that others are counted from.
pub(crate) fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

/// Nanoseconds since the process' first executor, never 0.
pub(crate) fn nanos(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch()).as_nanos()).unwrap_or(NEVER - 1).max(1)
}
