//! HMAC.

use crate::algorithm::{Hash, Name};
use crate::failure::Failure;
use crate::format::{Format, KeyData, unsupported};
use crate::jwk::{self, Jwk};
use crate::key::{Details, Key, Material, Secret, Usages};
use crate::random;
use aws_lc_rs::hmac;

type Outcome<T> = Result<T, Failure>;

const ALLOWED: Usages = Usages::SIGN.with(Usages::VERIFY);

/// Bits of the longest key that is generated or derived.
const MAX_LENGTH: u32 = 8 << 20;

/// The length of a key of which none is asked for: that of the hash function's block.
///
/// # Errors
/// An `OperationError` for one of no bits, or of more than a mebibyte.
pub(crate) fn key_length(hash: Hash, length: Option<u32>) -> Outcome<u32> {
    match length {
        None => Ok(hash.digest().block_len() as u32 * 8),
        Some(0) => Err(Failure::operation("a key has at least one bit")),
        Some(length) if length > MAX_LENGTH => {
            Err(Failure::operation(format!("a key of {length} bits is longer than {MAX_LENGTH}")))
        }
        Some(length) => Ok(length),
    }
}

fn key(hash: Hash, length: u32, mut secret: Secret, extractable: bool, usages: Usages) -> Key {
    // The bits of the last byte that are not the key's.
    if let (Some(last), spare @ 1..) = (secret.last_mut(), (8 - length % 8) % 8) {
        *last &= u8::MAX << spare;
    }
    let details = Details::Hmac { hash, length };
    Key { name: Name::Hmac, details, extractable, usages, material: Material::Secret(secret) }
}

pub(crate) fn generate(hash: Hash, length: Option<u32>, extractable: bool, usages: Usages) -> Outcome<Key> {
    usages.only(ALLOWED)?;
    let length = key_length(hash, length)?;
    Ok(key(hash, length, random::secret(length.div_ceil(8) as usize)?, extractable, usages))
}

pub(crate) fn import(
    hash: Hash,
    length: Option<u32>,
    data: KeyData,
    extractable: bool,
    usages: Usages,
) -> Outcome<Key> {
    usages.only(ALLOWED)?;
    let secret = match data {
        KeyData::Raw(secret) => secret,
        KeyData::Jwk(jwk) => {
            jwk.check("oct", "sig", extractable, usages)?;
            jwk.check_alg(&[&jwa(hash)])?;
            jwk::decode(jwk.k.as_ref(), "k")?
        }
        KeyData::Spki(_) | KeyData::Pkcs8(_) => return Err(unsupported()),
    };
    let bits = u32::try_from(secret.len() as u64 * 8).map_err(|_| Failure::data("the key is too long"))?;
    if bits == 0 {
        return Err(Failure::data("the key is empty"));
    }
    match length {
        Some(length) if length > bits || length.div_ceil(8) * 8 != bits => {
            Err(Failure::data(format!("length is {length}, but the key has {bits} bits")))
        }
        length => Ok(key(hash, length.unwrap_or(bits), secret, extractable, usages)),
    }
}

pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    let secret = key.secret()?;
    match format {
        Format::Raw => Ok(KeyData::Raw(secret.clone())),
        Format::Jwk => {
            let alg = Some(jwa(hash_of(key)?));
            let jwk = Jwk { kty: Some("oct".to_owned()), k: jwk::encode(secret), alg, ..Jwk::default() };
            Ok(KeyData::Jwk(Box::new(jwk.describe(key.usages, key.extractable))))
        }
        Format::Spki | Format::Pkcs8 => Err(unsupported()),
    }
}

fn jwa(hash: Hash) -> String {
    format!("HS{}", hash.jwa())
}

fn hash_of(key: &Key) -> Outcome<Hash> {
    match key.details {
        Details::Hmac { hash, .. } => Ok(hash),
        _ => Err(crate::key::wrong_type(key)),
    }
}

fn algorithm(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

pub(crate) fn sign(key: &Key, data: &[u8]) -> Outcome<Vec<u8>> {
    let inner = hmac::Key::new(algorithm(hash_of(key)?), key.secret()?);
    Ok(hmac::sign(&inner, data).as_ref().to_vec())
}

pub(crate) fn verify(key: &Key, signature: &[u8], data: &[u8]) -> Outcome<bool> {
    let inner = hmac::Key::new(algorithm(hash_of(key)?), key.secret()?);
    Ok(hmac::verify(&inner, data, signature).is_ok())
}
