//! Messages to a realm and its `onMessage` callbacks.

use crate::effort::Share;
use crate::host::Input;
use crate::realm::RealmState;
use quickbeam_engine::{Ctx, ErrorReport, Persistent, Result, Value};
use std::collections::VecDeque;

/// Messages kept while nobody listens. Past half of the realm's `memory_limit` there are no more either, so that its
/// scripts have the other half.
const MAX_KEPT: usize = 10_000;

/// Callbacks registered at once.
const MAX_CALLBACKS: usize = 10_000;

struct Callback {
    id: u32,
    function: Persistent,
    share: Share,
}

#[derive(Default)]
pub(crate) struct Messages {
    callbacks: Vec<Callback>,
    kept: VecDeque<Persistent>,
    last_id: u32,
    /// Bytes that the heap had taken in all when it was last collected for a message.
    collected_at: usize,
    /// Messages without a sender to tell that were not taken since all that were kept were delivered.
    refused: u64,
}

impl Messages {
    /// Whether there is something for [`RealmState::deliver_message`] to do.
    pub(crate) fn are_due(&self) -> bool {
        !self.kept.is_empty() && !self.callbacks.is_empty()
    }
}

/// Registers a callback for messages. Those that came before the first one are delivered to it, after the running
/// script.
///
/// # Errors
/// Throws a `TypeError` if `callback` cannot be called, a `RangeError` past 10,000 callbacks.
pub fn on_message<'a>(ctx: Ctx<'a>, callback: Value<'a>) -> Result<u32> {
    if !callback.is_function() {
        return Err(ctx.throw_type("onMessage needs a function"));
    }
    let state = RealmState::of(ctx)?;
    let mut messages = state.messages.borrow_mut();
    if messages.callbacks.len() >= MAX_CALLBACKS {
        drop(messages);
        return Err(ctx.throw_error("RangeError", &format!("a runtime has at most {MAX_CALLBACKS} message callbacks")));
    }
    messages.last_id = messages.last_id.wrapping_add(1);
    let id = messages.last_id;
    messages.callbacks.push(Callback { id, function: callback.persist(), share: state.guard.share() });
    Ok(id)
}

/// Removes a callback; other ids are ignored.
pub fn off_message(ctx: Ctx<'_>, id: u32) {
    let Ok(state) = RealmState::of(ctx) else {
        return;
    };
    let mut messages = state.messages.borrow_mut();
    let Some(index) = messages.callbacks.iter().position(|callback| callback.id == id) else {
        return;
    };
    let callback = messages.callbacks.remove(index);
    drop(messages);
    drop(ctx.restore(callback.function));
}

impl RealmState {
    /// Takes a message in: it is delivered by the turn, in order.
    ///
    /// # Errors
    /// A `BusyError` if too many are kept, or too much; what the conversion threw is pending otherwise. Where there is nobody to tell, so that
    /// errors are logged, it is one for the first, the tenth, the hundredth, and so on, until all that are kept are delivered.
    pub(crate) fn receive<'a>(
        &self,
        ctx: Ctx<'a>,
        message: Box<dyn Input>,
    ) -> Result<std::result::Result<(), ErrorReport>> {
        let value = message.into_js(ctx)?;
        if let Some(bound) = self.bound_of_kept(ctx) {
            let count = self.messages.borrow().kept.len();
            let refused = self.count_refused();
            let which = match refused {
                0 => return Ok(Ok(())),
                1 => "this one was not taken".to_owned(),
                more => format!("{more} were not taken"),
            };
            let text = format!("{count} messages wait for a callback of Beam.onMessage, {bound}; {which}");
            return Ok(Err(ErrorReport::new("BusyError", text)));
        }
        self.messages.borrow_mut().kept.push_back(value.persist());
        Ok(Ok(()))
    }

    /// How many refused messages an error is to tell of; 0 if there is to be none.
    fn count_refused(&self) -> u64 {
        if self.guard.has_reply() {
            return 1;
        }
        let mut messages = self.messages.borrow_mut();
        messages.refused += 1;
        let refused = messages.refused;
        if 10u64.pow(refused.ilog10()) == refused { refused } else { 0 }
    }

    /// The bound that forbids to keep one more message, which is in memory already; none for one that somebody listens to.
    fn bound_of_kept(&self, ctx: Ctx<'_>) -> Option<String> {
        let messages = self.messages.borrow();
        if messages.kept.len() >= MAX_KEPT {
            return Some("which is the most".to_owned());
        }
        if !messages.callbacks.is_empty() {
            return None;
        }
        let limit = self.config.memory_limit;
        // The only one may take what a script may.
        let most = if messages.kept.is_empty() { limit } else { limit / 2 };
        let collected_at = messages.collected_at;
        drop(messages);
        let mut used = ctx.memory().used;
        // What is no longer used counts only until it is collected, which is not done for every message that is refused: it waits until enough
        // was taken. What is in use does not tell, for garbage may have come in the place of what was freed.
        let taken = ctx.heap().stats().taken;
        if used > most && taken.wrapping_sub(collected_at) > limit / 8 {
            ctx.collect_garbage();
            used = ctx.memory().used;
            self.messages.borrow_mut().collected_at = taken;
        }
        (used > most).then(|| format!("and more than {most} bytes, of memory_limit: {limit}, are in use"))
    }

    /// Delivers the oldest kept message to every callback, if there is one and somebody listens.
    pub(crate) fn deliver_message(&self, ctx: Ctx<'_>) {
        let (message, callbacks) = {
            let mut messages = self.messages.borrow_mut();
            if !messages.are_due() {
                return;
            }
            let Some(message) = messages.kept.pop_front() else {
                return;
            };
            if messages.kept.is_empty() {
                messages.refused = 0;
            }
            let callbacks = messages.callbacks.iter();
            let callbacks: Vec<(Value<'_>, Share)> =
                callbacks.map(|callback| (ctx.get_kept(&callback.function), callback.share.clone())).collect();
            (ctx.restore(message), callbacks)
        };
        for (callback, share) in callbacks {
            let args = std::slice::from_ref(&message);
            self.callback(ctx, "message callback", share, move || {
                let callback = callback;
                ctx.call(&callback, &ctx.undefined(), args).map(drop)
            });
            self.checkpoint(ctx);
            if self.is_over(ctx) {
                break;
            }
        }
    }
}
