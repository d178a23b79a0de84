//! Compiled scripts.
//!
//! The engine's reader trusts its input, so compiled code travels in an envelope: magic, flags, the
//! engine's version and a SHA-256 of all that follows. Damaged code and code of another engine are refused before the
//! reader sees a byte. The envelope does not tell who made it: code from strangers must not be loaded.

use crate::ctx::{Ctx, EvalOptions};
use crate::error::{Result, Thrown};
use crate::persistent::Persistent;
use crate::value::Value;
use rquickjs::qjs;
use sha2::{Digest, Sha256};
use std::ffi::{CStr, c_int};
use std::fmt;
use std::slice;

const MAGIC: &[u8; 4] = b"QBJS";
const DIGEST: usize = 32;
const ASYNC: u8 = 1;

/// Why bytecode was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BytecodeError {
    /// Not made by `compile`.
    NotBytecode,
    /// Made by another engine version.
    Version {
        /// The version that made it.
        found: String,
        /// The version here.
        expected: String,
    },
    /// Changed or cut since it was made.
    Damaged,
}

impl fmt::Display for BytecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BytecodeError::NotBytecode => f.write_str("this is not bytecode made by QuickBEAM.compile"),
            BytecodeError::Version { found, expected } => {
                write!(
                    f,
                    "bytecode of engine version {found} cannot run on engine version {expected}; compile it again"
                )
            }
            BytecodeError::Damaged => f.write_str("the bytecode is damaged: its checksum does not match"),
        }
    }
}

impl std::error::Error for BytecodeError {}

/// The version of quickjs-ng.
pub fn engine_version() -> String {
    // SAFETY: a static C string.
    unsafe { CStr::from_ptr(qjs::JS_GetVersion()) }.to_string_lossy().into_owned()
}

fn seal(payload: &[u8], flags: u8) -> Vec<u8> {
    let version = engine_version();
    let mut body = vec![flags, version.len() as u8];
    body.extend_from_slice(version.as_bytes());
    body.extend_from_slice(payload);
    let mut sealed = MAGIC.to_vec();
    sealed.extend_from_slice(&Sha256::digest(&body));
    sealed.extend_from_slice(&body);
    sealed
}

pub(crate) fn open(sealed: &[u8]) -> std::result::Result<(&[u8], u8), BytecodeError> {
    let rest = sealed.strip_prefix(MAGIC).ok_or(BytecodeError::NotBytecode)?;
    let (digest, body) = rest.split_at_checked(DIGEST).ok_or(BytecodeError::Damaged)?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(BytecodeError::Damaged);
    }
    let [flags, version_len, rest @ ..] = body else {
        return Err(BytecodeError::Damaged);
    };
    let (version, payload) = rest.split_at_checked(usize::from(*version_len)).ok_or(BytecodeError::Damaged)?;
    let expected = engine_version();
    if version != expected.as_bytes() {
        return Err(BytecodeError::Version { found: String::from_utf8_lossy(version).into_owned(), expected });
    }
    Ok((payload, *flags))
}

impl<'a> Ctx<'a> {
    /// Compiles a script without running it.
    ///
    /// # Errors
    /// Throws `SyntaxError`s.
    pub fn compile(self, source: &str, options: &EvalOptions<'_>) -> Result<Vec<u8>> {
        let (async_flag, flags) = if options.top_level_await { (qjs::JS_EVAL_FLAG_ASYNC, ASYNC) } else { (0, 0) };
        Ok(seal(&self.compile_raw(source, options, async_flag, 0)?, flags))
    }

    pub(crate) fn compile_raw(
        self,
        source: &str,
        options: &EvalOptions<'_>,
        async_flag: u32,
        strip_flag: u32,
    ) -> Result<Vec<u8>> {
        let function = self.compile_value(source, options, qjs::JS_EVAL_TYPE_GLOBAL | async_flag)?;
        let write_flags = (qjs::JS_WRITE_OBJ_BYTECODE | strip_flag) as c_int;
        let mut size = 0;
        // SAFETY: a compiled function and a valid out pointer; the buffer is ours to free.
        unsafe {
            let buffer = qjs::JS_WriteObject(self.raw(), &mut size, function.raw(), write_flags);
            if buffer.is_null() {
                return Err(Thrown);
            }
            let payload = slice::from_raw_parts(buffer, size as usize).to_vec();
            qjs::js_free(self.raw(), buffer.cast());
            Ok(payload)
        }
    }

    /// SAFETY: this engine's writer made `payload`.
    pub(crate) unsafe fn run_raw(self, payload: &[u8]) -> Result<Value<'a>> {
        let function = self.while_compiling(|| {
            let (bytes, size) = (payload.as_ptr(), payload.len() as _);
            // SAFETY: by contract.
            self.check(unsafe { qjs::JS_ReadObject(self.raw(), bytes, size, qjs::JS_READ_OBJ_BYTECODE as c_int) })
        })?;
        // SAFETY: the function is taken over.
        self.check(unsafe { qjs::JS_EvalFunction(self.raw(), function.into_raw()) })
    }

    /// Compiles a script to be run many times in this realm.
    ///
    /// # Errors
    /// Throws `SyntaxError`s.
    pub fn prepare(self, source: &str, options: &EvalOptions<'_>) -> Result<Script> {
        let async_flag = if options.top_level_await { qjs::JS_EVAL_FLAG_ASYNC } else { 0 };
        let function = self.compile_value(source, options, qjs::JS_EVAL_TYPE_GLOBAL | async_flag)?;
        Ok(Script(function.persist()))
    }

    /// Runs what [`Ctx::compile`] made. The flag tells whether the result is a promise of `{ value }`.
    ///
    /// # Errors
    /// Throws what the script throws; a `TypeError` that says why the bytecode was refused.
    pub fn run_bytecode(self, sealed: &[u8]) -> Result<(Value<'a>, bool)> {
        let (payload, flags) = open(sealed).map_err(|error| self.throw_type(&error.to_string()))?;
        // SAFETY: the envelope says that this engine wrote the payload.
        Ok((unsafe { self.run_raw(payload) }?, flags & ASYNC != 0))
    }
}

/// A script that [`Ctx::prepare`] compiled, kept between entries as a [`Persistent`] is. Each run is what an evaluation of its
/// source would be, but for template objects: a tagged template gets the same one in every run.
pub struct Script(Persistent);

/// A [`Script`] that is about to run.
pub struct PreparedScript<'a>(Value<'a>);

impl Script {
    /// Takes the script at hand; running it may release `self`.
    pub fn at_hand<'a>(&self, ctx: Ctx<'a>) -> PreparedScript<'a> {
        PreparedScript(ctx.get_kept(&self.0))
    }

    /// Frees it; without this it lives as long as its realm.
    pub fn release(self, ctx: Ctx<'_>) {
        drop(ctx.restore(self.0));
    }
}

impl<'a> PreparedScript<'a> {
    /// Runs the script; what [`Ctx::eval`] of its source returns.
    ///
    /// # Errors
    /// Throws what the script throws; a `TypeError` if its realm was freed.
    pub fn run(self) -> Result<Value<'a>> {
        let ctx = self.0.ctx();
        // SAFETY: the engine takes the reference over, and refuses what is no compiled function.
        let raw = unsafe { qjs::JS_EvalFunction(ctx.raw(), self.0.into_raw()) };
        ctx.check(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_to_sealed_bytecode_is_refused() {
        let sealed = seal(b"payload", 0);
        assert_eq!(open(&sealed), Ok((&b"payload"[..], 0)));
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(open(&damaged).is_err(), "byte {index}");
            assert!(open(&sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn bytecode_of_another_version_is_named() {
        let mut body = vec![0, 3];
        body.extend_from_slice(b"9.9payload");
        let mut sealed = MAGIC.to_vec();
        sealed.extend_from_slice(&Sha256::digest(&body));
        sealed.extend_from_slice(&body);
        assert_eq!(open(&sealed), Err(BytecodeError::Version { found: "9.9".into(), expected: engine_version() }));
    }
}
