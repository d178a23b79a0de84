//! Terms that JavaScript holds but cannot look into: pids, references, ports and functions.

use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Env, Term, TermType};

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

    /// Hands the term to `f`.
    pub(crate) fn look<R>(&self, f: impl FnOnce(Term<'_>) -> R) -> R {
        self.env.run(|own| f(self.term.load(own)))
    }

    /// The term as Elixir shows it, but that of a function does not tell where it is from.
    pub(crate) fn text(&self) -> String {
        self.look(|term| {
            let text = format!("{term:?}");
            match term.get_type() {
                TermType::Pid => format!("#PID{text}"),
                TermType::Ref => text.replacen("#Ref", "#Reference", 1),
                TermType::Fun => "#Function".to_owned(),
                _ => text,
            }
        })
    }

    /// The term, copied into `env`.
    pub(crate) fn copy_to<'e>(&self, env: Env<'e>) -> Term<'e> {
        self.look(|term| term.in_env(env))
    }
}
