//! Replies: the one message that each op ends with.

use crate::atoms;
use crate::dom::{self, Question};
use crate::encode::{binary, report, to_term};
use crate::env_pool;
use crate::error::js_error;
use crate::host::BeamHost;
use crate::post::post_from;
use crate::rendezvous::Rendezvous;
use crate::request::{Counted, instances_term};
use quickbeam_executor::{Outcome, Reply};
use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Encoder, Env, LocalPid, Term};
use std::sync::Arc;

/// A term in an environment of its own.
pub(crate) type Parcel = (OwnedEnv, SavedTerm);

/// The term in the environment of the process that calls.
pub(crate) fn unpack<'a>(env: Env<'a>, (owned, term): Parcel) -> Term<'a> {
    let term = owned.run(|own| term.load(own).in_env(env));
    env_pool::give_back(owned);
    term
}

/// Gives `{ref, reply}` to the process that submitted an op: where it lingers, or as a message. One that is dropped unused by a
/// worker gives an error, so that no caller waits for ever; one that is dropped on a scheduler was refused, which `submit` returns.
pub(crate) struct BeamReply {
    caller: LocalPid,
    host: Arc<BeamHost>,
    rendezvous: Option<Arc<Rendezvous<Parcel>>>,
    /// The reference, until it has been replied.
    reference: Option<Parcel>,
}

impl BeamReply {
    pub(crate) fn new(
        caller: LocalPid,
        reference: Term<'_>,
        host: Arc<BeamHost>,
        rendezvous: Option<Arc<Rendezvous<Parcel>>>,
    ) -> BeamReply {
        let env = env_pool::take();
        let reference = env.save(reference);
        BeamReply { caller, host, rendezvous, reference: Some((env, reference)) }
    }

    fn deliver(&mut self, outcome: Outcome<'_, '_>) {
        let Some((owned, reference)) = self.reference.take() else { return };
        let message = owned.run(|env| {
            let message = (reference.load(env), reply_term(env, &self.host, outcome)).encode(env);
            owned.save(message)
        });
        let parcel = match &self.rendezvous {
            Some(rendezvous) => rendezvous.leave_parcel((owned, message)),
            None => Err((owned, message)),
        };
        if let Err((owned, message)) = parcel {
            post_from(owned, &self.caller, |env| Some(message.load(env)));
        }
    }
}

impl Reply for BeamReply {
    fn send(mut self: Box<Self>, outcome: Outcome<'_, '_>) {
        self.deliver(outcome);
    }

    fn is_abandoned(&self) -> bool {
        match &self.reference {
            Some((env, _)) => !env.run(|env| env.is_process_alive(self.caller)),
            None => true,
        }
    }

    fn spare(&self) -> Option<Box<dyn Reply>> {
        let (env, reference) = self.reference.as_ref()?;
        let (host, rendezvous) = (self.host.clone(), self.rendezvous.clone());
        let reply = env.run(|env| BeamReply::new(self.caller, reference.load(env), host, rendezvous));
        Some(Box::new(Spare(reply)))
    }
}

/// Reaches the caller of a reply that was lost while it encoded a value; dropped unused, it sends nothing.
struct Spare(BeamReply);

impl Reply for Spare {
    fn send(mut self: Box<Self>, outcome: Outcome<'_, '_>) {
        self.0.deliver(outcome);
    }

    fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.0.reference = None;
    }
}

impl Drop for BeamReply {
    fn drop(&mut self) {
        if on_scheduler() {
            return;
        }
        let message = "internal bug in QuickBEAM: an op ended without an outcome; please report it";
        self.deliver(Outcome::Failed(quickbeam_engine::ErrorReport::new("InternalError", message)));
    }
}

/// Whether the calling thread is one of the VM's.
pub(crate) fn on_scheduler() -> bool {
    // SAFETY: asks for the kind of the calling thread; a thread that the VM did not make has kind 0.
    unsafe { rustler::sys::enif_thread_type() != rustler::sys::ERL_NIF_THR_UNDEFINED }
}

fn reply_term<'e>(env: Env<'e>, host: &BeamHost, outcome: Outcome<'_, '_>) -> Term<'e> {
    let ok = |term: Term<'e>| (atoms::ok(), term).encode(env);
    if let Outcome::Value(ctx, value) = &outcome
        && let Some(question) = value.host::<Question>()
    {
        return dom::answer(env, host, *ctx, &question);
    }
    if let Outcome::Value(_, value) = &outcome
        && let Some(counted) = value.host::<Counted>()
    {
        return ok(instances_term(env, &counted));
    }
    match outcome {
        Outcome::Done => atoms::ok().to_term(env),
        Outcome::Value(ctx, value) => match to_term(env, ctx, value, host.limits) {
            Ok(term) => ok(term),
            Err(error) => (atoms::error(), js_error(env, report(ctx, error), &host.source_maps)).encode(env),
        },
        Outcome::Names(names) => ok(names.encode(env)),
        Outcome::Bytes(bytes) => ok(binary(env, &bytes)),
        Outcome::Disassembly(disassembly) => ok(crate::disassembly::term(env, &disassembly)),
        Outcome::Figures(figures) => {
            let (keys, values): (Vec<_>, Vec<_>) = figures
                .iter()
                .filter_map(|(name, value)| {
                    Some((rustler::Atom::from_str(env, name).ok()?.to_term(env), value.encode(env)))
                })
                .unzip();
            ok(Term::map_from_term_arrays(env, &keys, &values).unwrap_or_else(|_| Term::map_new(env)))
        }
        Outcome::Failed(report) => (atoms::error(), js_error(env, report, &host.source_maps)).encode(env),
    }
}
