//! Message events that are made and dispatched natively, where one function is all that listens.
//!
//! A message to a hundred realms finds each of their heaps in cold caches: reading the glue that makes and dispatches an event, of which
//! each realm has its own, is most of what it costs there. So glue says once what listens, which holds until listeners change.
//! Whatever is more than one function (several listeners, one that is called once, an object, a message that cannot be read)
//! is left to the glue.

use crate::message::Message;
use crate::{classes, deserialize, is_closing, opened};
use quickbeam_api_events::{state_at, state_ends};
use quickbeam_api_webidl::kept;
use quickbeam_engine::{Ctx, Persistent, Result, Stencil, Thrown, Value};
use quickbeam_executor::report_exception;
use std::cell::RefCell;
use std::rc::Rc;

/// What a realm needs for it.
struct Kit {
    event: Stencil,
    /// The type of the events.
    kind: Persistent,
    empty: Persistent,
    sole_listener: Persistent,
    fire_message: Persistent,
}

impl Kit {
    fn of(ctx: Ctx<'_>) -> Result<Rc<Kit>> {
        let kit = kept(ctx, "messaging/receiver", |ctx| {
            let glue = classes(ctx)?;
            let kind = ctx.key("message")?.to_value()?;
            let kit = Kit {
                event: Stencil::of(&ctx.construct(&glue.get("MessageEvent")?, std::slice::from_ref(&kind))?)?,
                kind: kind.persist(),
                empty: ctx.string("")?.persist(),
                sole_listener: glue.get("soleListener")?.persist(),
                fire_message: glue.get("fireMessage")?.persist(),
            };
            ctx.host_object(Rc::new(kit), None)
        })?;
        kit.host().ok_or_else(|| ctx.throw_error("InternalError", "a receiver without its kit"))
    }

    /// An event with that data that is being dispatched at `target`, and its state.
    fn event<'a>(&self, ctx: Ctx<'a>, target: &Value<'a>, data: Value<'a>) -> Result<(Value<'a>, Value<'a>)> {
        let state = state_at(ctx, ctx.get_kept(&self.kind), target)?;
        let empty = ctx.get_kept(&self.empty);
        let fields = ctx.array_of([data, empty.clone(), empty, ctx.undefined(), ctx.null()])?;
        Ok((self.event.cast(ctx, [state.clone(), fields])?, state))
    }
}

/// What gets messages for one event target.
pub struct Receiver {
    kit: Rc<Kit>,
    listener: RefCell<Option<Listener>>,
}

/// What listens for messages.
enum Listener {
    Function(Persistent),
    /// Glue knows.
    Other,
}

impl Receiver {
    /// One for an event target without ancestors.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn new(ctx: Ctx<'_>) -> Result<Rc<Receiver>> {
        Ok(Rc::new(Receiver { kit: Kit::of(ctx)?, listener: RefCell::default() }))
    }

    /// To be called when the target's listeners have changed, and when it gets no more messages.
    pub fn listeners_changed(&self, ctx: Ctx<'_>) {
        if let Some(Listener::Function(function)) = self.listener.take() {
            drop(ctx.restore(function));
        }
    }

    /// The function that is all that listens.
    fn function<'a>(&self, ctx: Ctx<'a>, target: &Value<'a>) -> Result<Option<Value<'a>>> {
        if let Some(listener) = &*self.listener.borrow() {
            return Ok(match listener {
                Listener::Function(function) => Some(ctx.get_kept(function)),
                Listener::Other => None,
            });
        }
        let args = [target.clone(), ctx.get_kept(&self.kit.kind)];
        let function = ctx.call(&ctx.get_kept(&self.kit.sole_listener), &ctx.undefined(), &args)?;
        let function = Some(function).filter(Value::is_function);
        let listener = function.clone().map_or(Listener::Other, |function| Listener::Function(function.persist()));
        self.listener.replace(Some(listener));
        Ok(function)
    }

    /// Fires the event of a message at the target. What a listener throws is reported.
    ///
    /// # Errors
    /// Throws if memory is short, or if the script is to end.
    pub fn receive<'a>(self: Rc<Self>, ctx: Ctx<'a>, target: &Value<'a>, message: &Message) -> Result<()> {
        if is_closing(ctx) {
            return Ok(());
        }
        let function = if message.has_ports() { None } else { self.function(ctx, target)? };
        let (event, state, function) = match (function, deserialize(ctx, message)) {
            (Some(function), Ok((data, _))) => {
                let (event, state) = self.kit.event(ctx, target, data)?;
                (event, state, function)
            }
            (_, read) => {
                let fire = ctx.get_kept(&self.kit.fire_message);
                drop(self);
                let args = [target.clone(), opened(ctx, read)?];
                return ctx.call(&fire, &ctx.undefined(), &args).map(drop);
            }
        };
        // A listener may be ended with all that is on this stack.
        drop(self);
        if let Err(Thrown) = ctx.call(&function, target, &[event]) {
            let error = ctx.take_exception();
            ctx.poll(1)?;
            report_exception(ctx, &error);
        }
        state_ends(ctx, &state)
    }
}
