//! A runner for [Web Platform Tests](https://web-platform-tests.org) in realms without a window, and for
//! [Test262](https://github.com/tc39/test262).
//!
//! # Map
//!
//! | part | does |
//! |---|---|
//! | [`Site`], [`Server`] | the checkout, and the suite's own server for it |
//! | [`find`] | which files of a checkout are tests, with their variants and scripts |
//! | [`run`] | one test in a realm of its own, with the checkout's `testharness.js`; its workers are realms, too |
//! | [`test262`] | the same two for Test262 |
//! | [`Expectations`] | which subtests fail, and why |
//! | [`Report`] | counts, differences, and the verdict |
//!
//! What must never happen: a test that counts as passed without having reported; a failure that is expected without a reason.

mod expectations;
mod harness;
mod place;
mod report;
mod site;
mod suite;
pub mod test262;
mod workers;

pub use expectations::Expectations;
pub use harness::{Outcome, Status, run};
pub use report::Report;
pub use site::{Server, Site};
pub use suite::{Scope, Test, find};

/// How to run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Write the expectations anew.
    pub update: bool,
    /// Print failures with their messages.
    pub verbose: bool,
}
