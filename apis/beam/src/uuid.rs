//! UUIDs of version 7: a Unix time in milliseconds, a counter of 12 bits, and 62 random bits.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the next UUID continues: time and counter of the last one.
static LAST: Mutex<(u64, u16)> = Mutex::new((0, 0));

/// Half of the counter is left for UUIDs of the same millisecond.
const SEED_MASK: u16 = 0x7ff;
const COUNTER_MAX: u16 = 0xfff;

/// Makes a UUID that sorts after all that this process made before.
pub(crate) fn version_7() -> Result<String, getrandom::Error> {
    let mut random = [0; 10];
    getrandom::fill(&mut random)?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(since_epoch.as_millis()).unwrap_or_default();
    let (time, counter) = advance(now, u16::from_be_bytes([random[8], random[9]]) & SEED_MASK);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&(0x7000 | counter).to_be_bytes());
    bytes[8..].copy_from_slice(&random[..8]);
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = |range: std::ops::Range<usize>| bytes[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok([hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16)].join("-"))
}

/// The counter goes on within a millisecond, also when the clock goes back; it carries into the time.
fn advance(now: u64, seed: u16) -> (u64, u16) {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    *last = match *last {
        (time, _) if now > time => (now, seed),
        (time, COUNTER_MAX) => (time + 1, seed),
        (time, counter) => (time, counter + 1),
    };
    *last
}
