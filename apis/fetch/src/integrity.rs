//! Subresource Integrity ([SRI](https://www.w3.org/TR/sri-2/)): whether bytes have a hash that a request names.

use quickbeam_engine::{Args, Ctx, Result, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Hashes from the weakest to the strongest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// `(integrity, bytes)`: whether the bytes have one of the strongest hashes that are named; true if there are none.
pub(crate) fn has_integrity<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let bytes = args.get(1).with_bytes(|bytes| bytes.to_vec()).unwrap_or_default();
    Ok(ctx.boolean(args.get(0).with_text(|integrity| matches(&integrity, &bytes))?))
}

fn matches(integrity: &str, bytes: &[u8]) -> bool {
    let named: Vec<(Algorithm, &str)> = integrity.split_ascii_whitespace().filter_map(parse).collect();
    let Some(strongest) = named.iter().map(|(algorithm, _)| *algorithm).max() else { return true };
    let digest = strongest.digest(bytes);
    named.iter().any(|(algorithm, expected)| *algorithm == strongest && is_same(&digest, expected))
}

/// One hash, with its options left out; `None` for what is none.
fn parse(item: &str) -> Option<(Algorithm, &str)> {
    let (algorithm, value) = item.split('?').next()?.split_once('-')?;
    let algorithm = match algorithm.to_ascii_lowercase().as_str() {
        "sha256" => Algorithm::Sha256,
        "sha384" => Algorithm::Sha384,
        "sha512" => Algorithm::Sha512,
        _ => return None,
    };
    Some((algorithm, value))
}

/// Whether a text is the Base64 of a digest, in either alphabet, padded or not.
fn is_same(digest: &str, expected: &str) -> bool {
    let plain = expected.trim_end_matches('=').replace('-', "+").replace('_', "/");
    digest == plain
}

impl Algorithm {
    /// The digest in Base64 without padding.
    fn digest(self, bytes: &[u8]) -> String {
        let encode = |digest: &[u8]| base64_simd::STANDARD_NO_PAD.encode_to_string(digest);
        match self {
            Algorithm::Sha256 => encode(&Sha256::digest(bytes)),
            Algorithm::Sha384 => encode(&Sha384::digest(bytes)),
            Algorithm::Sha512 => encode(&Sha512::digest(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn the_strongest_hashes_count() {
        let weak = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        let strong = "sha384-WeF0h3dEjGnGCPF4zRY6O5Zf2Cw3O7hJtP9dT5Q9uJ0";
        for (integrity, expected) in [
            ("", true),
            ("md5-abc nothing", true),
            (weak, true),
            ("SHA256-LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ?ct=text", true),
            ("sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCR=", false),
            (strong, false),
        ] {
            assert_eq!(matches(integrity, b"hello"), expected, "{integrity}");
        }
        assert!(!matches(&format!("{weak} {strong}"), b"hello"), "the weaker one does not count");
        assert!(matches(&format!("{weak} sha256-"), b"hello"), "one of them is enough");
    }
}
