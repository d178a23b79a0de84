//! Events from the host to callbacks that APIs have registered: streams of them, unlike the one answer of a call.

use crate::call::begin_call;
use crate::effort::Share;
use crate::host::{CallId, Input};
use crate::inbox::Envelope;
use crate::mail::Mail;
use crate::op::{Answer, Op, SubmitError};
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, Persistent, Result, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Identifies a listener, within one realm and the realms that replace it: an id is never used again.
pub type ListenerId = u64;

/// Listeners registered at once.
const MAX_LISTENERS: usize = 100_000;

/// Something that a listener is told, on the thread that runs the isolate.
///
/// What is said of [`Input`] holds: every input is an event of which a callback gets the value.
pub trait Notice: Send {
    /// Tells what was given to [`listen`].
    ///
    /// # Errors
    /// Throws what is to be reported.
    fn arrive<'a>(self: Box<Self>, ctx: Ctx<'a>, listener: &Value<'a>) -> Result<()>;
}

impl<I: Input> Notice for I {
    fn arrive<'a>(self: Box<Self>, ctx: Ctx<'a>, listener: &Value<'a>) -> Result<()> {
        let value = self.into_js(ctx)?;
        ctx.call(listener, &ctx.undefined(), &[value]).map(drop)
    }
}

#[derive(Default)]
pub(crate) struct Listeners(HashMap<ListenerId, (Persistent, Share)>);

/// Registers a callback, or whatever [notices](Notice) of a kind of their own want, for events that the host posts to the id as
/// [`Op::Event`](crate::Op::Event).
///
/// # Errors
/// Throws a `RangeError` past 100,000 listeners.
pub fn listen<'a>(ctx: Ctx<'a>, listener: Value<'a>) -> Result<ListenerId> {
    let state = RealmState::of(ctx)?;
    let mut listeners = state.listeners.borrow_mut();
    if listeners.0.len() >= MAX_LISTENERS {
        drop(listeners);
        return Err(ctx.throw_error("RangeError", &format!("a runtime has at most {MAX_LISTENERS} event listeners")));
    }
    let id = state.mail.next_call_id();
    listeners.0.insert(id, (listener.persist(), state.guard.share()));
    Ok(id)
}

/// Removes a listener; events that are under way to it are dropped. Other ids are ignored.
pub fn unlisten(ctx: Ctx<'_>, id: ListenerId) {
    let Ok(state) = RealmState::of(ctx) else {
        return;
    };
    let removed = state.listeners.borrow_mut().0.remove(&id);
    drop(removed.map(|(listener, _)| ctx.restore(listener)));
}

/// Reaches a realm from any thread. It does not keep the realm.
#[derive(Clone)]
pub struct RealmSender(Arc<Mail>);

impl RealmSender {
    /// The running realm's own.
    ///
    /// # Errors
    /// Throws an `InternalError` in a realm that does not run on an executor.
    pub fn of(ctx: Ctx<'_>) -> Result<RealmSender> {
        Ok(RealmSender(RealmState::of(ctx)?.mail.clone()))
    }

    /// Posts an event to a [listener](listen) of the realm.
    ///
    /// # Errors
    /// If the realm's inbox is full, or it is gone.
    pub fn send(&self, listener: ListenerId, event: Box<dyn Notice>) -> std::result::Result<(), SubmitError> {
        self.0.post(Envelope::cast(Op::Event { listener, event }))
    }

    /// Starts work that goes on elsewhere: a promise that [`RealmSender::resolve`] settles from any thread, by the id that
    /// `start` is given. While nobody resolves it, the promise stays pending.
    ///
    /// # Errors
    /// Throws what `start` throws, and a `RangeError` while 100,000 calls wait for an answer.
    pub fn call<'a>(ctx: Ctx<'a>, start: impl FnOnce(RealmSender, CallId) -> Result<()>) -> Result<Value<'a>> {
        let state = RealmState::of(ctx)?;
        begin_call(ctx, &state, None, |id| start(RealmSender(state.mail.clone()), id))
    }

    /// As [`RealmSender::call`]; an error that answers it has the stack of the call that a script made, which is that of the `natives`-th native
    /// function under way (see [`Ctx::trace`]).
    ///
    /// # Errors
    /// As there.
    pub fn call_traced<'a>(
        ctx: Ctx<'a>,
        natives: usize,
        start: impl FnOnce(RealmSender, CallId) -> Result<()>,
    ) -> Result<Value<'a>> {
        let state = RealmState::of(ctx)?;
        begin_call(ctx, &state, ctx.trace(natives), |id| start(RealmSender(state.mail.clone()), id))
    }

    /// Answers a call that the realm made; answers to calls that are gone are dropped.
    pub fn resolve(&self, id: CallId, answer: Answer) {
        self.0.resolve(id, answer);
    }
}

impl RealmState {
    /// Tells the listener, if there still is one.
    pub(crate) fn dispatch(&self, ctx: Ctx<'_>, id: ListenerId, event: Box<dyn Notice>) {
        let listener = self.listeners.borrow().0.get(&id).map(|(kept, share)| (ctx.get_kept(kept), share.clone()));
        let Some((listener, share)) = listener else { return };
        self.callback(ctx, "event callback", share, move || {
            let listener = listener;
            event.arrive(ctx, &listener)
        });
        self.checkpoint(ctx);
    }
}
