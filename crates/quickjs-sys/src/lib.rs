#![doc = include_str!("../README.md")]
#![no_std]
#![allow(warnings, clippy::all, unsafe_code)]

use ::core::ptr;

/// What is said when a C `size_t` does not fit a Rust `usize`.
pub const SIZE_T_ERROR: &str = "a C size_t that is no Rust usize";

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// What a runtime marks promise reactions and jobs with. A reaction gives its tag to its job. A job has a `u64` and a `u32` of these
/// between its function and its number of arguments.
#[repr(C)]
pub struct JSContinuation {
    /// That of reactions and jobs that are made from now on.
    pub tag: u64,
    /// The number of the next job, modulo 2^32.
    pub next_job: u32,
}

unsafe extern "C" {
    /// Part of the runtime. Its tag may be changed at any time.
    pub fn JS_GetContinuation(rt: *mut JSRuntime) -> *mut JSContinuation;
}
