//! AES-GCM (NIST SP 800-38D) with nonces and tags of any length.
//!
//! The library has nonces of 96 bits and tags of 128 only. The others are made here of the same
//! parts: its block cipher and counter mode, and GHASH.

use crate::aes::{self, BLOCK};
use crate::failure::Failure;
use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;

type Outcome<T> = Result<T, Failure>;

/// Bytes of a nonce that the library takes.
const NONCE: usize = 12;
/// Bytes of a whole tag.
const TAG: usize = 16;
/// Bytes that one nonce may encrypt.
const MAX_DATA: u64 = (1 << 36) - 32;

/// Encrypts, and appends a tag of `tag_size` bytes.
pub(crate) fn seal(key: &[u8], iv: &[u8], aad: &[u8], tag_size: usize, mut data: Vec<u8>) -> Outcome<Vec<u8>> {
    check(iv, data.len())?;
    let tag = match <[u8; NONCE]>::try_from(iv) {
        Ok(nonce) => {
            let sealed = library(key)?.seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut data,
            );
            sealed.map_err(|_| internal())?.as_ref().to_vec()
        }
        Err(_) => {
            let parts = Parts::new(key, iv)?;
            parts.count(key, &mut data)?;
            parts.tag(aad, &data).to_vec()
        }
    };
    data.extend_from_slice(&tag[..tag_size]);
    Ok(data)
}

/// Checks the tag of `tag_size` bytes at the end, and decrypts.
pub(crate) fn open(key: &[u8], iv: &[u8], aad: &[u8], tag_size: usize, mut data: Vec<u8>) -> Outcome<Vec<u8>> {
    let Some(size) = data.len().checked_sub(tag_size) else {
        return Err(Failure::operation(format!("{} bytes cannot hold a tag of {tag_size}", data.len())));
    };
    check(iv, size)?;
    let refuse = || Failure::operation("the data was not encrypted with this key and these parameters");
    let tag = data.split_off(size);
    if let (Ok(nonce), TAG) = (<[u8; NONCE]>::try_from(iv), tag_size) {
        let nonce = Nonce::assume_unique_for_key(nonce);
        library(key)?.open_in_place_separate_tag(nonce, Aad::from(aad), &tag, &mut data).map_err(|_| refuse())?;
        return Ok(data);
    }
    let parts = Parts::new(key, iv)?;
    verify_slices_are_equal(&parts.tag(aad, &data)[..tag_size], &tag).map_err(|_| refuse())?;
    parts.count(key, &mut data)?;
    Ok(data)
}

fn check(iv: &[u8], size: usize) -> Outcome<()> {
    if iv.is_empty() {
        return Err(Failure::operation("iv is empty"));
    }
    if size as u64 > MAX_DATA {
        return Err(Failure::operation(format!("AES-GCM takes at most {MAX_DATA} bytes")));
    }
    Ok(())
}

fn library(key: &[u8]) -> Outcome<LessSafeKey> {
    let algorithm = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        _ => &aead::AES_256_GCM,
    };
    UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| internal())
}

fn internal() -> Failure {
    Failure::operation("the cipher failed")
}

/// The mode's inner values for one key and nonce.
struct Parts {
    hash: GHash,
    /// The block before the first counter.
    first: u128,
    /// What the hash is masked with.
    mask: [u8; BLOCK],
}

impl Parts {
    fn new(key: &[u8], iv: &[u8]) -> Outcome<Parts> {
        let hash = GHash::new(&aes::encrypt_block(key, [0; BLOCK])?.into());
        let first = if iv.len() == NONCE {
            let mut block = [0; BLOCK];
            block[..NONCE].copy_from_slice(iv);
            block[BLOCK - 1] = 1;
            u128::from_be_bytes(block)
        } else {
            let mut hash = hash.clone();
            hash.update_padded(iv);
            u128::from_be_bytes(finish(hash, 0, iv.len()))
        };
        Ok(Parts { hash, first, mask: aes::encrypt_block(key, first.to_be_bytes())? })
    }

    fn count(&self, key: &[u8], data: &mut [u8]) -> Outcome<()> {
        const LOW: u128 = u32::MAX as u128;
        let counter = self.first & !LOW | (self.first as u32).wrapping_add(1) as u128;
        aes::count(key, counter, 32, data)
    }

    fn tag(&self, aad: &[u8], encrypted: &[u8]) -> [u8; TAG] {
        let mut hash = self.hash.clone();
        hash.update_padded(aad);
        hash.update_padded(encrypted);
        let hashed = finish(hash, aad.len(), encrypted.len());
        std::array::from_fn(|index| hashed[index] ^ self.mask[index])
    }
}

/// Ends a hash with the lengths of what it was given, in bits.
fn finish(mut hash: GHash, first: usize, second: usize) -> [u8; BLOCK] {
    let lengths = ((first as u128 * 8) << 64) | (second as u128 * 8);
    hash.update(&[lengths.to_be_bytes().into()]);
    hash.finalize().into()
}
