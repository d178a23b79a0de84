//! The unit tests of `rendezvous.rs`, built without the rest of the crate: the VM's functions, which
//! the rest needs, are there only inside a VM.

#[expect(dead_code, reason = "the tests need not all of it")]
#[path = "../src/rendezvous.rs"]
mod rendezvous;
