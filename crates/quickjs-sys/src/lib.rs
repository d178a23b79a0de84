#![doc = include_str!("../README.md")]
#![no_std]
#![allow(warnings, clippy::all, unsafe_code)]

use ::core::ptr;

/// What is said when a C `size_t` does not fit a Rust `usize`.
pub const SIZE_T_ERROR: &str = "a C size_t that is no Rust usize";

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

unsafe extern "C" {
    /// Where a runtime keeps the mark of the promise reactions and jobs that are made from now on. A reaction gives its mark to
    /// its job, which has it between its function and its number of arguments.
    pub fn JS_GetContinuationTag(rt: *mut JSRuntime) -> *mut u64;
}
