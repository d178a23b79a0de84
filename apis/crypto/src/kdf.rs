//! Deriving keys from secrets: HKDF (RFC 5869) and PBKDF2 (RFC 8018).

use crate::algorithm::{Hash, Name, Params};
use crate::failure::Failure;
use crate::format::{KeyData, unsupported};
use crate::key::{Details, Key, Material, Usages};
use aws_lc_rs::{hkdf, pbkdf2};
use std::num::NonZeroU32;

type Outcome<T> = Result<T, Failure>;

/// Bytes that one derivation gives at most.
pub(crate) const MAX_SIZE: usize = 1 << 20;

/// Rounds, all blocks together, that one derivation takes at most: some ten seconds.
const MAX_ROUNDS: u64 = 1 << 25;

/// Rounds that take about a millisecond.
pub(crate) const SHORT_ROUNDS: u32 = 2_000;

/// Rounds of so many bytes of output: each block of it takes `iterations`, and hashes `bytes` of salt or info anew.
fn rounds(hash: Hash, size: usize, iterations: u32, bytes: usize) -> u64 {
    let digest = hash.digest();
    let blocks = size.div_ceil(digest.output_len()) as u64;
    blocks * (u64::from(iterations) + (bytes / digest.block_len()) as u64)
}

/// Rounds of a derivation of at most so many bits.
pub(crate) fn rounds_of(params: &Params, length: Option<u32>) -> u64 {
    let size = (length.unwrap_or(0) as usize / 8).min(MAX_SIZE);
    match params {
        Params::Hkdf { hash, info, .. } => rounds(*hash, size, 1, info.len()),
        Params::Pbkdf2 { hash, salt, iterations } => rounds(*hash, size, *iterations, salt.len()),
        _ => 0,
    }
}

fn check_rounds(rounds: u64) -> Outcome<()> {
    if rounds > MAX_ROUNDS {
        return Err(Failure::operation(format!("{rounds} rounds are more than {MAX_ROUNDS}")));
    }
    Ok(())
}

pub(crate) fn import(name: Name, data: KeyData, extractable: bool, usages: Usages) -> Outcome<Key> {
    let KeyData::Raw(secret) = data else { return Err(unsupported()) };
    usages.only(Usages::DERIVE_KEY.with(Usages::DERIVE_BITS))?;
    if extractable {
        return Err(Failure::syntax(format!("a key for {} cannot be extractable", name.text())));
    }
    Ok(Key { name, details: Details::None, extractable, usages, material: Material::Secret(secret) })
}

/// The bytes that `length` bits are.
fn size(length: Option<u32>) -> Outcome<usize> {
    match length {
        Some(length) if length % 8 == 0 && length as usize / 8 <= MAX_SIZE => Ok(length as usize / 8),
        Some(length) => {
            Err(Failure::operation(format!("length is {length}, not a multiple of 8 up to {}", MAX_SIZE * 8)))
        }
        None => Err(Failure::operation("length is missing")),
    }
}

struct Size(usize);

impl hkdf::KeyType for Size {
    fn len(&self) -> usize {
        self.0
    }
}

pub(crate) fn hkdf(key: &Key, hash: Hash, salt: &[u8], info: &[u8], length: Option<u32>) -> Outcome<Vec<u8>> {
    let mut out = vec![0; size(length)?];
    if out.is_empty() {
        return Ok(out);
    }
    check_rounds(rounds(hash, out.len(), 1, info.len()))?;
    let algorithm = match hash {
        Hash::Sha1 => hkdf::HKDF_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
        Hash::Sha512 => hkdf::HKDF_SHA512,
    };
    let extracted = hkdf::Salt::new(algorithm, salt).extract(key.secret()?);
    let filled = extracted.expand(&[info], Size(out.len())).and_then(|okm| okm.fill(&mut out));
    filled.map_err(|_| Failure::operation(format!("HKDF gives at most 255 × {} bytes", hash.digest().output_len())))?;
    Ok(out)
}

pub(crate) fn pbkdf2(key: &Key, hash: Hash, salt: &[u8], iterations: u32, length: Option<u32>) -> Outcome<Vec<u8>> {
    let mut out = vec![0; size(length)?];
    let iterations = NonZeroU32::new(iterations).ok_or_else(|| Failure::operation("iterations is zero"))?;
    if out.is_empty() {
        return Ok(out);
    }
    check_rounds(rounds(hash, out.len(), iterations.get(), salt.len()))?;
    let algorithm = match hash {
        Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Hash::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
    };
    pbkdf2::derive(algorithm, iterations, salt, key.secret()?, &mut out);
    Ok(out)
}
