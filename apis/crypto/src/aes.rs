//! AES keys, and the modes CBC, CTR, GCM and KW.

use crate::algorithm::Name;
use crate::failure::Failure;
use crate::format::{Format, KeyData, unsupported};
use crate::gcm;
use crate::jwk::{self, Jwk};
use crate::key::{Details, Key, Material, Secret, Usages};
use crate::random;
use aes_kw::{KeyInit, KwAes128, KwAes192, KwAes256};
use aws_lc_rs::cipher::{
    self, DecryptionContext, EncryptingKey, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Failure>;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;

fn allowed(name: Name) -> Usages {
    let wrap = Usages::WRAP_KEY.with(Usages::UNWRAP_KEY);
    if name == Name::AesKw { wrap } else { wrap.with(Usages::ENCRYPT).with(Usages::DECRYPT) }
}

/// # Errors
/// An `OperationError` unless AES has keys of so many bits.
pub(crate) fn check_length(length: u32) -> Outcome<u32> {
    match length {
        128 | 192 | 256 => Ok(length),
        _ => Err(Failure::operation(format!("AES has keys of 128, 192 and 256 bits, not of {length}"))),
    }
}

fn key(name: Name, secret: Secret, extractable: bool, usages: Usages) -> Key {
    let details = Details::Aes { length: secret.len() as u32 * 8 };
    Key { name, details, extractable, usages, material: Material::Secret(secret) }
}

pub(crate) fn generate(name: Name, length: u32, extractable: bool, usages: Usages) -> Outcome<Key> {
    usages.only(allowed(name))?;
    let length = check_length(length)?;
    Ok(key(name, random::secret(length as usize / 8)?, extractable, usages))
}

pub(crate) fn import(name: Name, data: KeyData, extractable: bool, usages: Usages) -> Outcome<Key> {
    usages.only(allowed(name))?;
    let secret = match data {
        KeyData::Raw(secret) => secret,
        KeyData::Jwk(jwk) => {
            jwk.check("oct", "enc", extractable, usages)?;
            let secret = jwk::decode(jwk.k.as_ref(), "k")?;
            jwk.check_alg(&[&jwa(name, secret.len())])?;
            secret
        }
        KeyData::Spki(_) | KeyData::Pkcs8(_) => return Err(unsupported()),
    };
    match secret.len() {
        16 | 24 | 32 => Ok(key(name, secret, extractable, usages)),
        size => Err(Failure::data(format!("AES has keys of 16, 24 and 32 bytes, not of {size}"))),
    }
}

pub(crate) fn export(key: &Key, format: Format) -> Outcome<KeyData> {
    let secret = key.secret()?;
    match format {
        Format::Raw => Ok(KeyData::Raw(secret.clone())),
        Format::Jwk => {
            let alg = Some(jwa(key.name, secret.len()));
            let jwk = Jwk { kty: Some("oct".to_owned()), k: jwk::encode(secret), alg, ..Jwk::default() };
            Ok(KeyData::Jwk(Box::new(jwk.describe(key.usages, key.extractable))))
        }
        Format::Spki | Format::Pkcs8 => Err(unsupported()),
    }
}

/// The name of JSON Web Algorithms, such as `A128GCM`.
fn jwa(name: Name, size: usize) -> String {
    format!("A{}{}", size * 8, &name.text()["AES-".len()..])
}

fn unbound(key: &[u8]) -> Outcome<UnboundCipherKey> {
    let algorithm = match key.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        _ => &cipher::AES_256,
    };
    UnboundCipherKey::new(algorithm, key).map_err(|_| internal())
}

fn internal() -> Failure {
    Failure::operation("the cipher failed")
}

/// # Errors
/// An `OperationError` if `iv` is not a block.
fn block(iv: &[u8], what: &str) -> Outcome<[u8; BLOCK]> {
    iv.try_into().map_err(|_| Failure::operation(format!("{what} has {} bytes, not {BLOCK}", iv.len())))
}

pub(crate) fn cbc_encrypt(key: &[u8], iv: &[u8], mut data: Vec<u8>) -> Outcome<Vec<u8>> {
    let context = EncryptionContext::Iv128(FixedLength::from(block(iv, "iv")?));
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(unbound(key)?).map_err(|_| internal())?;
    key.less_safe_encrypt(&mut data, context).map_err(|_| internal())?;
    Ok(data)
}

pub(crate) fn cbc_decrypt(key: &[u8], iv: &[u8], mut data: Vec<u8>) -> Outcome<Vec<u8>> {
    let context = DecryptionContext::Iv128(FixedLength::from(block(iv, "iv")?));
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return Err(Failure::operation(format!("{} bytes are not a number of whole blocks", data.len())));
    }
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(unbound(key)?).map_err(|_| internal())?;
    let size = key.decrypt(&mut data, context).map_err(|_| Failure::operation("the data cannot be decrypted"))?.len();
    data.truncate(size);
    Ok(data)
}

/// Encrypts or decrypts: it is the same. The low `length` bits of `counter` count blocks.
pub(crate) fn ctr(key: &[u8], counter: &[u8], length: u32, mut data: Vec<u8>) -> Outcome<Vec<u8>> {
    let counter = u128::from_be_bytes(block(counter, "counter")?);
    if !(1..=128).contains(&length) {
        return Err(Failure::operation(format!("length is {length}, not 1 to 128")));
    }
    let blocks = data.len().div_ceil(BLOCK) as u128;
    if length < 128 && blocks > 1 << length {
        return Err(Failure::operation(format!("a counter of {length} bits would repeat within {blocks} blocks")));
    }
    count(key, counter, length, &mut data)?;
    Ok(data)
}

/// Counter mode where the low `length` bits wrap by themselves; the library's counter has 128.
pub(crate) fn count(key: &[u8], counter: u128, length: u32, data: &mut [u8]) -> Outcome<()> {
    let mask = u128::MAX >> (128 - length);
    // Blocks until the low bits are zero again, less one so that it fits.
    let last = mask - (counter & mask);
    let split = usize::try_from(last).ok().and_then(|last| last.checked_add(1)?.checked_mul(BLOCK));
    let split = split.unwrap_or(usize::MAX).min(data.len());
    let (head, tail) = data.split_at_mut(split);
    let run = |counter: u128, part: &mut [u8]| {
        if part.is_empty() {
            return Ok(());
        }
        let context = EncryptionContext::Iv128(FixedLength::from(counter.to_be_bytes()));
        let key = EncryptingKey::ctr(unbound(key)?).map_err(|_| internal())?;
        key.less_safe_encrypt(part, context).map(drop).map_err(|_| internal())
    };
    run(counter, head)?;
    run(counter & !mask, tail)
}

/// One block, as the cipher itself has it.
pub(crate) fn encrypt_block(key: &[u8], mut block: [u8; BLOCK]) -> Outcome<[u8; BLOCK]> {
    let key = EncryptingKey::ecb(unbound(key)?).map_err(|_| internal())?;
    key.less_safe_encrypt(&mut block, EncryptionContext::None).map_err(|_| internal())?;
    Ok(block)
}

pub(crate) fn gcm_encrypt(key: &[u8], iv: &[u8], aad: &[u8], tag_length: u32, data: Vec<u8>) -> Outcome<Vec<u8>> {
    gcm::seal(key, iv, aad, tag_size(tag_length)?, data)
}

pub(crate) fn gcm_decrypt(key: &[u8], iv: &[u8], aad: &[u8], tag_length: u32, data: Vec<u8>) -> Outcome<Vec<u8>> {
    gcm::open(key, iv, aad, tag_size(tag_length)?, data)
}

fn tag_size(tag_length: u32) -> Outcome<usize> {
    match tag_length {
        32 | 64 | 96 | 104 | 112 | 120 | 128 => Ok(tag_length as usize / 8),
        _ => Err(Failure::operation(format!("tagLength is {tag_length}, not 32, 64, 96, 104, 112, 120 or 128"))),
    }
}

/// Wraps a key (RFC 3394).
pub(crate) fn wrap(key: &[u8], data: &[u8]) -> Outcome<Vec<u8>> {
    let mut out = vec![0; data.len() + 8];
    if data.len() < 16 || !data.len().is_multiple_of(8) {
        return Err(Failure::operation(format!("AES-KW wraps 16 bytes or more, in steps of 8, not {}", data.len())));
    }
    let done = match key.len() {
        16 => KwAes128::new_from_slice(key).map(|kw| kw.wrap_key(data, &mut out).is_ok()),
        24 => KwAes192::new_from_slice(key).map(|kw| kw.wrap_key(data, &mut out).is_ok()),
        _ => KwAes256::new_from_slice(key).map(|kw| kw.wrap_key(data, &mut out).is_ok()),
    };
    if done == Ok(true) { Ok(out) } else { Err(internal()) }
}

/// Unwraps a key (RFC 3394).
pub(crate) fn unwrap(key: &[u8], data: &[u8]) -> Outcome<Secret> {
    if data.len() < 24 || !data.len().is_multiple_of(8) {
        return Err(Failure::operation(format!("{} bytes are not a wrapped key", data.len())));
    }
    let mut out = Zeroizing::new(vec![0; data.len() - 8]);
    let done = match key.len() {
        16 => KwAes128::new_from_slice(key).map(|kw| kw.unwrap_key(data, &mut out).is_ok()),
        24 => KwAes192::new_from_slice(key).map(|kw| kw.unwrap_key(data, &mut out).is_ok()),
        _ => KwAes256::new_from_slice(key).map(|kw| kw.unwrap_key(data, &mut out).is_ok()),
    };
    if done == Ok(true) { Ok(out) } else { Err(Failure::operation("the wrapped key is damaged, or of another key")) }
}
