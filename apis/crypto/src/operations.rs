//! What each operation does with each algorithm. Nothing here touches JavaScript, so all of it may run on any thread.

use crate::algorithm::{Algorithm, Name, Params};
use crate::failure::Failure;
use crate::format::{Format, KeyData};
use crate::jwk::Jwk;
use crate::key::{Key, KeyType, Pair, Usages};
use crate::rsa::{self, Padding};
use crate::{aes, ec, hmac, kdf, okp};

type Outcome<T> = Result<T, Failure>;

/// A key, or two that belong together.
pub(crate) enum Generated {
    Key(Key),
    Pair(Pair),
}

/// The failure of an algorithm and an operation that normalisation does not bring together.
fn mismatch() -> Failure {
    Failure::not_supported("the algorithm does not have this operation")
}

pub(crate) fn generate(algorithm: &Algorithm, extractable: bool, usages: Usages) -> Outcome<Generated> {
    let name = algorithm.name;
    let generated = match (name, &algorithm.params) {
        (_, Params::RsaKeyGen { modulus_length, public_exponent, hash }) => {
            let params = rsa::Generate { modulus_length: *modulus_length, public_exponent, hash: *hash };
            Generated::Pair(rsa::generate(name, &params, extractable, usages)?)
        }
        (_, Params::Curve(curve)) => Generated::Pair(ec::generate(name, *curve, extractable, usages)?),
        (Name::Ed25519 | Name::X25519, _) => Generated::Pair(okp::generate(name, extractable, usages)?),
        (_, Params::AesKey { length }) => Generated::Key(aes::generate(name, *length, extractable, usages)?),
        (_, Params::HmacKey { hash, length }) => Generated::Key(hmac::generate(*hash, *length, extractable, usages)?),
        _ => return Err(mismatch()),
    };
    match &generated {
        Generated::Key(key) | Generated::Pair((_, key)) => needs_usages(key)?,
    }
    Ok(generated)
}

/// # Errors
/// A `SyntaxError` for a secret or private key that may do nothing.
fn needs_usages(key: &Key) -> Outcome<()> {
    if key.usages.is_empty() && key.kind() != KeyType::Public {
        return Err(Failure::syntax(format!("a {} key needs a usage", key.kind().word())));
    }
    Ok(())
}

pub(crate) fn import(algorithm: &Algorithm, data: KeyData, extractable: bool, usages: Usages) -> Outcome<Key> {
    let name = algorithm.name;
    let key = match (name, &algorithm.params) {
        (_, Params::Hashed(hash)) => rsa::import(name, *hash, data, extractable, usages),
        (_, Params::Curve(curve)) => ec::import(name, *curve, data, extractable, usages),
        (Name::Ed25519 | Name::X25519, _) => okp::import(name, data, extractable, usages),
        (Name::AesCbc | Name::AesCtr | Name::AesGcm | Name::AesKw, _) => aes::import(name, data, extractable, usages),
        (_, Params::HmacKey { hash, length }) => hmac::import(*hash, *length, data, extractable, usages),
        (Name::Hkdf | Name::Pbkdf2, _) => kdf::import(name, data, extractable, usages),
        _ => Err(mismatch()),
    }?;
    needs_usages(&key)?;
    Ok(key)
}

/// # Errors
/// A `NotSupportedError` for keys that have no format, an `InvalidAccessError` if the key is not extractable or of
/// another type than the format is for.
pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    if matches!(key.name, Name::Hkdf | Name::Pbkdf2) {
        return Err(Failure::not_supported(format!("keys for {} cannot be exported", key.name.text())));
    }
    if !key.extractable {
        return Err(Failure::invalid_access("the key is not extractable"));
    }
    match key.name {
        Name::RsaPkcs1 | Name::RsaPss | Name::RsaOaep => rsa::export(key, format),
        Name::Ecdsa | Name::Ecdh => ec::export(key, format),
        Name::Ed25519 | Name::X25519 => okp::export(key, format),
        Name::AesCbc | Name::AesCtr | Name::AesGcm | Name::AesKw => aes::export(key, format),
        Name::Hmac => hmac::export(key, format),
        Name::Digest(_) | Name::Hkdf | Name::Pbkdf2 => Err(mismatch()),
    }
}

pub(crate) fn encrypt(algorithm: &Algorithm, key: &Key, data: Vec<u8>) -> Outcome<Vec<u8>> {
    match &algorithm.params {
        Params::RsaOaep { label } => rsa::encrypt(key, label, &data),
        Params::AesCbc { iv } => aes::cbc_encrypt(key.secret()?, iv, data),
        Params::AesCtr { counter, length } => aes::ctr(key.secret()?, counter, *length, data),
        Params::AesGcm { iv, additional_data, tag_length } => {
            aes::gcm_encrypt(key.secret()?, iv, additional_data, *tag_length, data)
        }
        _ => Err(mismatch()),
    }
}

pub(crate) fn decrypt(algorithm: &Algorithm, key: &Key, data: Vec<u8>) -> Outcome<Vec<u8>> {
    match &algorithm.params {
        Params::RsaOaep { label } => rsa::decrypt(key, label, &data),
        Params::AesCbc { iv } => aes::cbc_decrypt(key.secret()?, iv, data),
        Params::AesCtr { counter, length } => aes::ctr(key.secret()?, counter, *length, data),
        Params::AesGcm { iv, additional_data, tag_length } => {
            aes::gcm_decrypt(key.secret()?, iv, additional_data, *tag_length, data)
        }
        _ => Err(mismatch()),
    }
}

pub(crate) fn sign(algorithm: &Algorithm, key: &Key, data: &[u8]) -> Outcome<Vec<u8>> {
    match (algorithm.name, &algorithm.params) {
        (Name::Hmac, _) => hmac::sign(key, data),
        (Name::RsaPkcs1, _) => rsa::sign(key, Padding::Pkcs1, data),
        (_, Params::RsaPss { salt_length }) => rsa::sign(key, Padding::Pss { salt_length: *salt_length }, data),
        (Name::Ecdsa, Params::Hashed(hash)) => ec::sign(key, *hash, data),
        (Name::Ed25519, _) => okp::sign(key, data),
        _ => Err(mismatch()),
    }
}

pub(crate) fn verify(algorithm: &Algorithm, key: &Key, signature: &[u8], data: &[u8]) -> Outcome<bool> {
    match (algorithm.name, &algorithm.params) {
        (Name::Hmac, _) => hmac::verify(key, signature, data),
        (Name::RsaPkcs1, _) => rsa::verify(key, Padding::Pkcs1, signature, data),
        (_, Params::RsaPss { salt_length }) => {
            rsa::verify(key, Padding::Pss { salt_length: *salt_length }, signature, data)
        }
        (Name::Ecdsa, Params::Hashed(hash)) => ec::verify(key, *hash, signature, data),
        (Name::Ed25519, _) => okp::verify(key, signature, data),
        _ => Err(mismatch()),
    }
}

pub(crate) fn derive_bits(algorithm: &Algorithm, key: &Key, length: Option<u32>) -> Outcome<Vec<u8>> {
    match &algorithm.params {
        Params::KeyDerive { public } => {
            check_peer(key, public)?;
            let secret = if key.name == Name::Ecdh { ec::agree(key, public)? } else { okp::agree(key, public)? };
            first_bits(&secret, length)
        }
        Params::Hkdf { hash, salt, info } => kdf::hkdf(key, *hash, salt, info, length),
        Params::Pbkdf2 { hash, salt, iterations } => kdf::pbkdf2(key, *hash, salt, *iterations, length),
        _ => Err(mismatch()),
    }
}

fn check_peer(key: &Key, public: &Key) -> Outcome<()> {
    if key.kind() != KeyType::Private {
        return Err(Failure::invalid_access("the base key is not private"));
    }
    if public.kind() != KeyType::Public {
        return Err(Failure::invalid_access("the key of the member public is not public"));
    }
    if public.name != key.name || public.details != key.details {
        return Err(Failure::invalid_access("the keys are of different algorithms or curves"));
    }
    Ok(())
}

fn first_bits(secret: &[u8], length: Option<u32>) -> Outcome<Vec<u8>> {
    let Some(length) = length else { return Ok(secret.to_vec()) };
    if length as usize > secret.len() * 8 {
        let message = format!("the shared secret has {} bits, fewer than {length}", secret.len() * 8);
        return Err(Failure::operation(message));
    }
    let mut bits = secret[..length.div_ceil(8) as usize].to_vec();
    if let (Some(last), spare @ 1..) = (bits.last_mut(), (8 - length % 8) % 8) {
        *last &= u8::MAX << spare;
    }
    Ok(bits)
}

/// The bits that a key of an algorithm takes; `None` if any number will do.
pub(crate) fn key_length(algorithm: &Algorithm) -> Outcome<Option<u32>> {
    match algorithm.params {
        Params::AesKey { length } => aes::check_length(length).map(Some),
        Params::HmacKey { length: Some(0), .. } => Err(Failure::type_error("length is zero")),
        Params::HmacKey { hash, length } => hmac::key_length(hash, length).map(Some),
        _ => Ok(None),
    }
}

pub(crate) fn wrap(algorithm: &Algorithm, key: &Key, data: KeyData) -> Outcome<Vec<u8>> {
    let bytes = data.into_bytes();
    if algorithm.name == Name::AesKw {
        aes::wrap(key.secret()?, &bytes)
    } else {
        encrypt(algorithm, key, bytes.to_vec())
    }
}

pub(crate) fn unwrap(algorithm: &Algorithm, key: &Key, format: Format, wrapped: Vec<u8>) -> Outcome<KeyData> {
    let bytes = if algorithm.name == Name::AesKw {
        aes::unwrap(key.secret()?, &wrapped)?
    } else {
        decrypt(algorithm, key, wrapped)?.into()
    };
    match format {
        Format::Jwk => Ok(KeyData::Jwk(Box::new(Jwk::from_json(&bytes)?))),
        Format::Raw => Ok(KeyData::Raw(bytes)),
        Format::Spki => Ok(KeyData::Spki(bytes)),
        Format::Pkcs8 => Ok(KeyData::Pkcs8(bytes)),
    }
}
