//! A runner for [Web Platform Tests](https://web-platform-tests.org) in realms without a window.
//!
//! # Map
//!
//! | part | does |
//! |---|---|
//! | [`find`] | which files of a checkout are tests, with their variants and scripts |
//! | [`run`] | one test in a realm of its own, with the checkout's `testharness.js` |
//! | [`Expectations`] | which subtests fail, and why |
//! | [`Report`] | counts, differences, and the verdict |
//!
//! What must never happen: a test that counts as passed without having reported; a failure that is expected without a reason.

mod expectations;
mod harness;
mod report;
mod suite;

pub use expectations::Expectations;
pub use harness::{Outcome, Status, run};
pub use report::Report;
pub use suite::{Test, find};

/// How to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Write the expectations anew.
    pub update: bool,
    /// Print failures with their messages.
    pub verbose: bool,
}
