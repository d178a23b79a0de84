//! The unit tests of `calendar.rs`, built without the rest of the crate: the VM's functions, which
//! the rest needs, are there only inside a VM.

#[path = "../src/calendar.rs"]
mod calendar;
