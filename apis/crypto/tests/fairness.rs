//! Long operations of one realm, and those of another.

use quickbeam_api_crypto::{Crypto, SubtleCrypto};
use quickbeam_api_harness::Harness;

/// A realm with `derive(iterations)`, which counts what is done.
fn realm() -> Harness {
    let harness = Harness::new(&[&Crypto, &SubtleCrypto]);
    let script = "(async () => { \
        const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']); \
        globalThis.done = 0; \
        globalThis.derive = (iterations) => crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(8), iterations }, key, 256).then(() => ++done); \
        return 'ready'; })()";
    harness.check(script, "ready");
    harness
}

#[test]
fn no_realm_waits_for_the_long_operations_of_another() {
    let (busy, other) = (realm(), realm());
    // Seconds each, and more of them than threads.
    busy.check("for (let i = 0; i < 50; i++) derive(10_000_000); 'begun'", "begun");
    other.check("derive(3_000)", "1");
    busy.check("done", "0");
}
