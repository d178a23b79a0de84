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
fn no_realm_waits_for_the_long_operations_of_others() {
    let (busy, second, other) = (realm(), realm(), realm());
    // Seconds each, and more of them than threads.
    let begin = "for (let i = 0; i < 50; i++) derive(10_000_000); 'begun'";
    busy.check(begin, "begun");
    other.check("derive(3_000)", "1");
    second.check(begin, "begun");
    // Enough for a thread of the pool.
    other.check("crypto.subtle.digest('SHA-1', new Uint8Array(2 << 20)).then((hash) => hash.byteLength)", "20");
    busy.check("done", "0");
    second.check("done", "0");
}
