//! Properties of generated values; a failure names its seed.

use quickbeam_api_harness::Harness;
use quickbeam_apis::always;

const GENERATED: &str = include_str!("properties.js");

#[test]
fn properties_hold() {
    let harness = Harness::new(always());
    harness.check(&format!("globalThis.property = {GENERATED}; typeof property"), "function");
    for (name, seeds) in [
        ("a clone equals its original and shares nothing with it", 3_000),
        ("a clone of a clone looks the same", 1_000),
        ("inspection ends in a bounded string", 1_000),
        ("quoted strings read back as themselves", 3_000),
        ("well-formed text survives encoding and decoding", 2_000),
        ("decoding in chunks equals decoding at once", 5_000),
        ("base64 gives bytes back", 2_000),
        ("encodeInto writes a prefix of what encode makes", 3_000),
    ] {
        assert_eq!(harness.eval(&format!("property({name:?}, {seeds})")).as_deref(), Ok("holds"), "{name}");
    }
}
