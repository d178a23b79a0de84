//! Messages that cross realms (HTML Standard, 9.4 and 2.7): `MessageEvent`, `MessageChannel` and `MessagePort`, with transfer of
//! ports, buffers, and objects of the classes that have transfer steps and are [received].
//!
//! What is posted is serialised in the sender's realm and made anew in the receiver's, also when both are one. The
//! format is this crate's own and is read with suspicion; the engine's own serialisation never sees a guest's bytes.
//!
//! Beyond the standard: a receiver that does not keep up makes `postMessage` throw a `BusyError`; a port that would wait inside of
//! itself, by whatever detour, is a `DataCloneError`. Of the Web APIs' objects those can be sent whose classes
//! [pack](quickbeam_api_webidl::Parcel) them, and to other nodes those that can be [written](Message::written) as bytes.

mod cluster;
mod deserialize;
mod format;
mod message;
mod port;
mod received;
mod receiver;
mod serialize;

pub use cluster::{Cluster, cluster, join};
pub use message::Message;
pub use port::{PortEnd, Refusal};
pub use received::{Received, received};
pub use receiver::Receiver;

use port::{Holder, Next};
use quickbeam_api_events::{EVENT, EVENT_TARGET, STATE, classes as events};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Ctx, Deferred, Glue, Result, Thrown, Value};
use quickbeam_executor::{Api, RealmSender, listen, unlisten};
use std::cell::RefCell;
use std::rc::Rc;

static MESSAGING: Glue = Glue::new("internal:messaging", include_str!("messaging.js")).with_constants(STATE);
static PARTS: Glue = Glue::new("internal:messaging/parts", include_str!("parts.js"));

static CLASSES: [Deferred; 3] = [
    Deferred::class("MessageEvent", UNIT, classes).extends(&EVENT),
    Deferred::class("MessageChannel", UNIT, classes),
    Deferred::class("MessagePort", UNIT, classes).extends(&EVENT_TARGET),
];

/// What a realm keeps the classes under.
const UNIT: &str = "messaging";

/// The API.
pub struct Messaging;

impl Api for Messaging {
    fn name(&self) -> &'static str {
        "messaging"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        for class in &CLASSES {
            ctx.define_deferred(class)?;
        }
        Ok(())
    }
}

/// An object with the classes, and with `makePort(end)`, which makes a port of a host object, and
/// `fireMessage(target, message)`, which takes what `next` of the [natives] gives.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = natives(ctx)?.into_value();
        ctx.call(&MESSAGING.run(ctx)?, &ctx.undefined(), &[helpers(ctx)?, events(ctx)?, natives])
    })
}

const CLOSING: &str = "messaging/closing";

/// A worker is to end: no message reaches its realm any more, nor do its broadcast channels send one.
pub fn close_realm(ctx: Ctx<'_>) {
    ctx.keep(CLOSING, ctx.undefined());
}

/// Whether the realm is that of a worker which is to end.
pub fn is_closing(ctx: Ctx<'_>) -> bool {
    ctx.kept(CLOSING).is_some()
}

/// Serialises a value. What is in `transfer` is detached from this realm, unless it fails.
///
/// # Errors
/// Throws a `DataCloneError` for what cannot be serialised or transferred, and what getters throw.
pub fn serialize<'a>(ctx: Ctx<'a>, value: &Value<'a>, transfer: &[Value<'a>]) -> Result<Message> {
    serialize::serialize(ctx, value, transfer, |object| end_of(ctx, object), |_| Ok(()))
}

/// The end behind a `MessagePort`.
fn end_of<'a>(ctx: Ctx<'a>, object: &Value<'a>) -> Result<Option<Rc<Holder>>> {
    if object.is_proxy() || !object.is_ordinary() || ctx.kept("messaging").is_none() {
        return Ok(None);
    }
    let end = ctx.call(&classes(ctx)?.get("endOf")?, &ctx.undefined(), std::slice::from_ref(object))?;
    Ok(end.host::<Holder>())
}

/// Makes a message's value in this realm, and the ports that came with it.
///
/// # Errors
/// Throws a `DataCloneError` if the message cannot be read.
pub fn deserialize<'a>(ctx: Ctx<'a>, message: &Message) -> Result<(Value<'a>, Vec<Value<'a>>)> {
    // Many realms may look at one message at once.
    let (ports, of_others) = if message.has_ports() { message.take_ports() } else { Default::default() };
    let ports = ports.into_iter().map(|end| port(ctx, end)).collect::<Result<Vec<_>>>()?;
    let arrived = |end: PortEnd| {
        end.arrive();
        hold(ctx, end)
    };
    let ends = of_others.into_iter().map(arrived).collect::<Result<Vec<_>>>()?;
    let value = deserialize::deserialize(ctx, message.bytes(), &ports, &ends, message.parcels())?;
    Ok((value, ports))
}

/// Makes the `MessagePort` of an end.
///
/// # Errors
/// Throws if memory is short.
fn port(ctx: Ctx<'_>, end: PortEnd) -> Result<Value<'_>> {
    end.arrive();
    let holder = hold(ctx, end)?;
    ctx.call(&classes(ctx)?.get("makePort")?, &ctx.undefined(), &[holder])
}

/// Makes the host object of an end that needs no `MessagePort`; for the functions of [`natives`].
///
/// # Errors
/// Throws if memory is short.
pub fn arrived(ctx: Ctx<'_>, end: PortEnd) -> Result<Value<'_>> {
    end.arrive();
    hold(ctx, end)
}

fn hold(ctx: Ctx<'_>, end: PortEnd) -> Result<Value<'_>> {
    ctx.host_object(Rc::<Holder>::new(RefCell::new(Some(end))), None)
}

/// Native functions of ends for glue, among them `post(end, message, transfer)`, `start(end, callback)`, whose callback is told that
/// something is there, and `next(end)`, which gives what `fireMessage` takes, `undefined` or `null`.
///
/// # Errors
/// Throws if memory is short.
pub fn natives(ctx: Ctx<'_>) -> Result<Natives<'_>> {
    Natives::new(ctx)?
        .function("pair", |ctx, _, _| {
            let (one, other) = PortEnd::pair();
            ctx.array(vec![hold(ctx, one)?, hold(ctx, other)?])
        })?
        .function("post", post)?
        .function("start", start)?
        .function("stop", |ctx, _, args| {
            unlisten(ctx, args.get(0).to_f64()? as u64);
            Ok(ctx.undefined())
        })?
        .function("close", |ctx, _, args| {
            let end = args.get(0).host::<Holder>().and_then(|holder| holder.take());
            drop(end);
            Ok(ctx.undefined())
        })?
        .function("hollow", |ctx, _, _| ctx.host_object(Rc::<Holder>::new(RefCell::new(None)), None))?
        .function("move", |ctx, _, args| {
            if let (Some(from), Some(to)) = (args.get(0).host::<Holder>(), args.get(1).host::<Holder>()) {
                to.replace(from.take());
            }
            Ok(ctx.undefined())
        })?
        .function("isOpen", |ctx, _, args| Ok(ctx.boolean(with_end(&args.get(0), |_| ()).is_some())))?
        .function("next", next)
}

fn with_end<R>(holder: &Value<'_>, f: impl FnOnce(&PortEnd) -> R) -> Option<R> {
    let holder = holder.host::<Holder>()?;
    let end = holder.borrow();
    end.as_ref().map(f)
}

fn refused(ctx: Ctx<'_>, refusal: Refusal) -> Thrown {
    match refusal {
        Refusal::Busy => ctx.throw_error("BusyError", "postMessage: the receiver does not keep up; this was not sent"),
        Refusal::Circle => ctx.throw_dom_exception("DataCloneError", "a port would wait inside of itself"),
        Refusal::Nested => ctx.throw_dom_exception("DataCloneError", "ports would wait inside of each other too deep"),
    }
}

/// `post(end, message, transfer)`.
fn post<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let list = args.get(2);
    let count = u32::try_from(list.length()?).unwrap_or(u32::MAX);
    let transfer = (0..count).map(|index| list.get_index(index)).collect::<Result<Vec<_>>>()?;
    let holder = args.get(0);
    // Asked early, for a large message, and once more before anything is detached.
    if let Some(Err(refusal)) = with_end(&holder, |end| end.admit(std::iter::empty())) {
        return Err(refused(ctx, refusal));
    }
    let message = serialize::serialize(
        ctx,
        &args.get(1),
        &transfer,
        |object| end_of(ctx, object),
        |ports| match with_end(&holder, |end| end.admit(ports.iter().map(|port| &**port))) {
            Some(Err(refusal)) => Err(refused(ctx, refusal)),
            Some(Ok(())) | None => Ok(()),
        },
    )?;
    match with_end(&holder, |end| end.post(message)) {
        Some(Err(refusal)) => Err(refused(ctx, refusal)),
        Some(Ok(())) | None => Ok(ctx.undefined()),
    }
}

/// `start(end, callback)`: the listener's id.
fn start<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let listener = listen(ctx, args.get(1))?;
    let sender = RealmSender::of(ctx)?;
    with_end(&args.get(0), |end| end.start(&sender, listener));
    Ok(ctx.number(listener as f64))
}

/// `next(end)`: what [`opened`] gives, `undefined` if no message is there, `null` if none will be.
fn next<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    match with_end(&args.get(0), PortEnd::next) {
        Some(Next::Message(_)) if is_closing(ctx) => Ok(ctx.undefined()),
        Some(Next::Message(message)) => opened(ctx, deserialize(ctx, &message)),
        Some(Next::Closed) => Ok(ctx.null()),
        Some(Next::Nothing) | None => Ok(ctx.undefined()),
    }
}

/// `[value]` of a message, or `[value, ports]` if ports came with it; `[]` if it cannot be read.
fn opened<'a>(ctx: Ctx<'a>, read: Result<(Value<'a>, Vec<Value<'a>>)>) -> Result<Value<'a>> {
    match read {
        Ok((value, ports)) if ports.is_empty() => ctx.array(vec![value]),
        Ok((value, ports)) => ctx.array(vec![value, ctx.array(ports)?]),
        Err(Thrown) => {
            drop(ctx.take_exception());
            ctx.poll(1)?;
            ctx.array(Vec::new())
        }
    }
}

/// Calls a function of parts.js.
fn part<'a>(ctx: Ctx<'a>, name: &str, args: &[&Value<'a>]) -> Result<Value<'a>> {
    let parts = kept(ctx, "messaging/parts", |ctx| PARTS.run(ctx))?;
    let args: Vec<Value<'a>> = args.iter().copied().cloned().collect();
    ctx.call(&parts.get(name)?, &ctx.undefined(), &args)
}
