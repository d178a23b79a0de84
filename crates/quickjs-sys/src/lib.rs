#![doc = include_str!("../README.md")]
#![no_std]
#![allow(warnings, clippy::all, unsafe_code)]

use ::core::ptr;

/// What is said when a C `size_t` does not fit a Rust `usize`.
pub const SIZE_T_ERROR: &str = "a C size_t that is no Rust usize";

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
