//! Terms that JavaScript holds but cannot look into: pids, references, ports and functions.

use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Env, Term};

/// A term kept for as long as a JS object stands for it.
pub(crate) struct HostTerm {
    env: OwnedEnv,
    term: SavedTerm,
}

impl HostTerm {
    pub(crate) fn new(term: Term<'_>) -> HostTerm {
        let env = OwnedEnv::new();
        let term = env.save(term);
        HostTerm { env, term }
    }

    /// The term, copied into `env`.
    pub(crate) fn copy_to<'e>(&self, env: Env<'e>) -> Term<'e> {
        self.env.run(|own| self.term.load(own).in_env(env))
    }
}
