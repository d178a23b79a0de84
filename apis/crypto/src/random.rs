//! Randomness from the operating system.

use crate::failure::Failure;
use crate::key::Secret;
use zeroize::Zeroizing;

/// So many random bytes.
///
/// # Errors
/// An `OperationError` if the system has none.
pub(crate) fn secret(size: usize) -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new(vec![0; size]);
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Failure::operation(format!("the system has no randomness: {error}"))),
    }
}
