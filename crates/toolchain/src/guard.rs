//! Keeps a hostile source from taking the process down.
//!
//! The parsers and passes below recurse on the nesting of their input, and a stack overflow ends the
//! process. So before any of them sees a source, [`crate::nesting`] bounds how deep it can nest, and
//! [`with_sources`] runs the work on a thread with a stack for that depth. Stack is address space, not memory,
//! until it is touched. Panics become diagnostics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::syntax::Language;
use crate::{Diagnostic, nesting};

/// The longest source that is accepted, in bytes. Spans are 32 bit below, and work is linear at best.
pub const MAX_SOURCE_BYTES: usize = 64 * 1024 * 1024;

/// Stack that one level of nesting takes at most, in any pass. The dearest construct takes 1.8 KB in a
/// release build (an array type inside an array type); `tests/hostile.rs` holds this to be enough.
const STACK_PER_LEVEL: usize = 2_560;
/// For what a pass needs whatever the source.
const STACK_BASE: usize = 8 * 1024 * 1024;
/// The largest stack asked for, in bytes.
pub(crate) const MAX_STACK: usize = 512 * 1024 * 1024;
/// The deepest nesting accepted.
const MAX_NESTING: usize = (MAX_STACK - STACK_BASE) / STACK_PER_LEVEL;

/// Brackets in brackets that are accepted, where they can be counted. Looking ahead for arrow functions
/// takes parsers time that grows with the square of this.
const MAX_BRACKETS: usize = 1_000;

/// Checks one source, and says how deep it can nest.
///
/// # Errors
/// Too long, or it may nest deeper than the largest stack holds.
pub(crate) fn check_source(file: &str, source: &str, language: Language) -> Result<usize, Diagnostic> {
    let refuse = |message: String| Err(Diagnostic::in_file(file, message));
    let bytes = source.len();
    if bytes > MAX_SOURCE_BYTES {
        return refuse(format!("the source has {bytes} bytes, the limit is {MAX_SOURCE_BYTES}"));
    }
    match nesting::bound(source, language) {
        nesting::Bound::AtMost { brackets, .. } if brackets > MAX_BRACKETS => {
            refuse(format!("nested too deeply: {brackets} brackets in each other, the limit is {MAX_BRACKETS}"))
        }
        nesting::Bound::AtMost { levels, .. } if levels > MAX_NESTING => {
            refuse(format!("nested too deeply: up to {levels} levels, the limit is {MAX_NESTING}"))
        }
        nesting::Bound::AtMost { levels, .. } => Ok(levels),
        nesting::Bound::Tokens(tokens) if tokens > MAX_NESTING => refuse(format!(
            "cannot tell how deeply it is nested; such sources are limited to {MAX_NESTING} tokens and words, this one has {tokens}"
        )),
        nesting::Bound::Tokens(tokens) => Ok(tokens),
    }
}

/// Runs `work` where it can parse `source` and walk what comes of it.
///
/// # Errors
/// The source is refused, the stack cannot be had, or `work` panicked.
pub(crate) fn with_source<T: Send>(
    file: &str,
    source: &str,
    language: Language,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Diagnostic> {
    let depth = check_source(file, source, language)?;
    with_stack(STACK_BASE + depth * STACK_PER_LEVEL, work)
}

/// Runs `work` on a thread of its own with `bytes` of stack.
///
/// # Errors
/// The thread cannot be started, or `work` panicked.
pub(crate) fn with_stack<T: Send>(bytes: usize, work: impl FnOnce() -> T + Send) -> Result<T, Diagnostic> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("quickbeam-toolchain".into())
            .stack_size(bytes)
            .spawn_scoped(scope, || catch(work))
            .map_err(|error| Diagnostic::new(format!("cannot start a thread with {bytes} bytes of stack: {error}")))?
            .join()
            .unwrap_or_else(|_| Err(Diagnostic::internal("a toolchain thread died")))
    })
}

/// Runs `work` and turns a panic into a diagnostic.
///
/// # Errors
/// `work` panicked.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    // What `work` had under way is dropped with it; nothing of it is looked at after a panic.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "unknown panic".to_owned());
        Diagnostic::internal(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_diagnostics() {
        let error = with_stack(1 << 20, || -> () { panic!("at the disco") }).unwrap_err();
        assert!(error.message.contains("at the disco"), "{error}");
    }

    #[test]
    fn stacks_that_cannot_be_had_are_errors() {
        assert!(with_stack(usize::MAX / 2, || ()).is_err());
    }

    #[test]
    fn long_sources_are_refused() {
        let error = check_source("a.js", &" ".repeat(MAX_SOURCE_BYTES + 1), Language::default()).unwrap_err();
        assert!(error.message.contains("67108865 bytes"), "{error}");
    }
}
