//! Random values and UUIDs.

use quickbeam_api_crypto::Crypto;
use quickbeam_api_harness::Harness;

fn check(script: &str, expected: &str) {
    Harness::new(&[&Crypto]).check(script, expected);
}

#[test]
fn integer_arrays_are_filled() {
    for kind in ["Int8", "Uint8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "BigInt64", "BigUint64"] {
        check(
            &format!("const a = new {kind}Array(64); crypto.getRandomValues(a) === a && a.some((n) => n != 0)"),
            "true",
        );
    }
    check(
        "const a = new Uint8Array(64); crypto.getRandomValues(a.subarray(16, 32)); a.findIndex((n) => n) >= 16 && a.findLastIndex((n) => n) < 32",
        "true",
    );
    check("crypto.getRandomValues(new Uint8Array(65_536)).length", "65536");
    check("crypto.getRandomValues(new Uint8Array(0)).length", "0");
    check("crypto.getRandomValues(new (class Bytes extends Uint8Array {})(4)).length", "4");
}

#[test]
fn other_arguments_are_refused() {
    let mismatch = "TypeMismatchError: crypto.getRandomValues: the array does not hold integers";
    for wrong in [
        "new Float64Array(6)",
        "new Float32Array(6)",
        "new Float16Array(6)",
        "new DataView(new ArrayBuffer(6))",
        "new Float32Array(65537)",
    ] {
        check(&format!("crypto.getRandomValues({wrong})"), mismatch);
    }
    check(
        "crypto.getRandomValues(new Uint8Array(65_537))",
        "QuotaExceededError: crypto.getRandomValues: 65537 bytes are more than 65536",
    );
    check("crypto.getRandomValues([1])", "TypeError: crypto.getRandomValues: the argument is not a typed array");
    check("crypto.getRandomValues()", "TypeError: crypto.getRandomValues: 1 argument required, but only 0 present");
    check("const { getRandomValues } = crypto; getRandomValues(new Uint8Array(1))", "TypeError: not an object");
    check("new Crypto()", "TypeError: Crypto cannot be constructed");
}

#[test]
fn uuids_are_random() {
    check("/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())", "true");
    check("new Set(Array.from({ length: 1000 }, () => crypto.randomUUID())).size", "1000");
    check("String(crypto) + (crypto instanceof Crypto)", "[object Crypto]true");
}
