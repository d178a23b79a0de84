//! Password hashes: PBKDF2 with HMAC-SHA-256 (RFC 8018) as PHC strings, `$pbkdf2-sha256$i=600000,l=32$salt$hash`.
//!
//! They are computed where the long operations of `crypto.subtle` are.

use crate::failure::Failure;
use crate::kdf::SHORT_ROUNDS;
use crate::pool;
use crate::subtle::{Output, Task, settle, settled};
use aws_lc_rs::{constant_time, pbkdf2};
use base64_simd::STANDARD_NO_PAD;
use quickbeam_engine::{Ctx, Result, Value};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

const SALT_SIZE: usize = 16;
const HASH_SIZE: usize = 32;

/// Rounds that a hash takes at most: some seconds.
pub const MAX_ITERATIONS: u32 = 10_000_000;

/// Bytes of a PHC string.
const MAX_PHC: usize = 1_024;

/// A promise of the hash of a password with a fresh salt.
///
/// # Errors
/// Throws if memory is short, or the realm has too many hashes under way.
pub fn hash_password<'a>(ctx: Ctx<'a>, password: &str, iterations: NonZeroU32) -> Result<Value<'a>> {
    let mut salt = vec![0; SALT_SIZE];
    if let Err(error) = getrandom::fill(&mut salt) {
        return Err(ctx.throw_error("Error", &format!("the system has no randomness: {error}")));
    }
    let hash = Hash { iterations, salt, hash: vec![0; HASH_SIZE] };
    let password = Zeroizing::new(password.as_bytes().to_vec());
    run(ctx, iterations, password.len() + hash.size(), move || {
        let hash = Hash { hash: hash.derive(&password), ..hash };
        Ok(Output::Text(hash.to_phc()))
    })
}

/// A promise of whether a PHC string is the hash of a password; it is not if it is no hash at all, or longer than 1,024 bytes.
///
/// # Errors
/// As [`hash_password`].
pub fn verify_password<'a>(ctx: Ctx<'a>, password: &str, phc: &str) -> Result<Value<'a>> {
    let Some(hash) = Hash::of_phc(phc) else { return settled(ctx, Ok(ctx.boolean(false))) };
    let password = Zeroizing::new(password.as_bytes().to_vec());
    run(ctx, hash.iterations, password.len() + hash.size(), move || {
        Ok(Output::Flag(constant_time::verify_slices_are_equal(&hash.derive(&password), &hash.hash).is_ok()))
    })
}

fn run<'a>(
    ctx: Ctx<'a>,
    iterations: NonZeroU32,
    bytes: usize,
    task: impl FnOnce() -> std::result::Result<Output, Failure> + Send + 'static,
) -> Result<Value<'a>> {
    let task: Task = Box::new(task);
    if iterations.get() > SHORT_ROUNDS {
        return pool::queue(ctx, bytes, task);
    }
    settled(ctx, settle(ctx, task()))
}

struct Hash {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Hash {
    fn of_phc(text: &str) -> Option<Hash> {
        if text.len() > MAX_PHC {
            return None;
        }
        let mut fields = text.split('$');
        let names = (fields.next()?, fields.next()?);
        let [parameters, salt, hash] = [fields.next()?, fields.next()?, fields.next()?];
        if names != ("", "pbkdf2-sha256") || fields.next().is_some() {
            return None;
        }
        let iterations = parameters.split(',').next()?.strip_prefix("i=")?.parse::<NonZeroU32>().ok()?;
        let decoded = |text: &str| STANDARD_NO_PAD.decode_to_vec(text.trim_end_matches('=')).ok();
        let hash = Hash { iterations, salt: decoded(salt)?, hash: decoded(hash)? };
        (iterations.get() <= MAX_ITERATIONS && (16..=64).contains(&hash.hash.len())).then_some(hash)
    }

    fn to_phc(&self) -> String {
        let [salt, hash] = [&self.salt, &self.hash].map(|bytes| STANDARD_NO_PAD.encode_to_string(bytes));
        format!("$pbkdf2-sha256$i={},l={}${salt}${hash}", self.iterations, self.hash.len())
    }

    fn size(&self) -> usize {
        self.salt.len() + self.hash.len()
    }

    /// As many bytes as the hash has.
    fn derive(&self, password: &[u8]) -> Vec<u8> {
        let mut derived = vec![0; self.hash.len()];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, self.iterations, &self.salt, password, &mut derived);
        derived
    }
}
