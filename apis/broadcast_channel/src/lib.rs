//! `BroadcastChannel` (HTML Standard, 9.5): messages to every channel of that name on this node, and on the nodes that it
//! is connected to, which the host reaches by its service `broadcast`.
//!
//! A message is serialised once; each receiving realm makes its own value of it. Opening a channel needs the grant
//! `processes`, reaching other nodes `cluster`: without it messages stay on the node.
//!
//! Beyond the standard: if some receivers do not keep up, the others get the message and `postMessage` throws a `BusyError`.

use quickbeam_api_events::{EVENT_TARGET, classes as events};
use quickbeam_api_grants::require;
use quickbeam_api_messaging::{Message, Receiver, is_closing, serialize};
use quickbeam_api_webidl::{Natives, helpers, kept};
use quickbeam_engine::{Args, Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::{
    Api, Grant, ListenerId, Notice, RealmSender, SubmitError, call_service, grants, listen, unlisten,
};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

static CHANNEL: Glue = Glue::new("internal:broadcast_channel", include_str!("channel.js"));

/// Channels by name, in the order in which they were opened.
static CHANNELS: LazyLock<RwLock<HashMap<String, Vec<Member>>>> = LazyLock::new(RwLock::default);

/// Open channels of one realm.
const MAX_CHANNELS: usize = 1_000;
/// Bytes of a channel's name.
const MAX_NAME: usize = 1_000;

static CLASS: Deferred = Deferred::class("BroadcastChannel", UNIT, made).extends(&EVENT_TARGET);

/// What a realm keeps it under.
const UNIT: &str = "broadcast_channel";

/// The API.
pub struct BroadcastChannel;

impl Api for BroadcastChannel {
    fn name(&self) -> &'static str {
        "broadcast_channel"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&CLASS)
    }
}

/// An object with the class.
fn made(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, UNIT, |ctx| {
        let natives = Natives::new(ctx)?.function("open", open)?.function("post", post)?.function("close", close)?;
        let natives = natives.function("listenersChanged", listeners_changed)?;
        let args = [helpers(ctx)?, events(ctx)?, natives.into_value()];
        let class = ctx.call(&CHANNEL.run(ctx)?, &ctx.undefined(), &args)?;
        Natives::new(ctx)?.value("BroadcastChannel", class).map(Natives::into_value)
    })
}

/// An open channel, as the others see it.
struct Member {
    id: u64,
    sender: RealmSender,
    listener: ListenerId,
}

/// An open channel, as its realm holds it. It is closed when it is dropped.
struct Channel {
    id: u64,
    name: String,
    listener: ListenerId,
    receiver: Rc<Receiver>,
}

impl Drop for Channel {
    fn drop(&mut self) {
        let mut channels = CHANNELS.write().unwrap_or_else(PoisonError::into_inner);
        let Some(members) = channels.get_mut(&self.name) else { return };
        let left = members.iter().position(|member| member.id == self.id).map(|index| members.remove(index));
        if members.is_empty() {
            channels.remove(&self.name);
        }
        drop(channels);
        drop(left);
    }
}

/// A message that becomes an event where it arrives.
struct Delivery(Arc<Message>);

impl Notice for Delivery {
    /// The listener is the channel's object and its [`Receiver`].
    fn arrive<'a>(self: Box<Self>, ctx: Ctx<'a>, listener: &Value<'a>) -> Result<()> {
        match listener.get_index(1)?.host::<Receiver>() {
            Some(receiver) => receiver.receive(ctx, &listener.get_index(0)?, &self.0),
            None => Ok(()),
        }
    }
}

/// Delivers a message to every channel of that name on this node but one; how many could not take it.
fn deliver(name: &str, message: &Arc<Message>, except: Option<u64>) -> usize {
    let channels = CHANNELS.read().unwrap_or_else(PoisonError::into_inner);
    let members = channels.get(name).map(Vec::as_slice).unwrap_or_default();
    let others = members.iter().filter(|member| Some(member.id) != except);
    others
        .filter(|member| {
            member.sender.send(member.listener, Box::new(Delivery(message.clone()))) == Err(SubmitError::Busy)
        })
        .count()
}

/// Whether the host reaches other nodes.
static AFAR: AtomicBool = AtomicBool::new(true);

/// Tells whether the host has other nodes that channels are to reach; it has, until it says otherwise.
pub fn reach_afar(afar: bool) {
    AFAR.store(afar, Ordering::Release);
}

/// Delivers a message of another node; how many channels could not take it.
pub fn deliver_from_afar(name: &str, bytes: Vec<u8>) -> usize {
    deliver(name, &Arc::new(Message::from_bytes(bytes)), None)
}

/// `open(name, target)`: a host object.
fn open<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    require(ctx, "BroadcastChannel", None)?;
    let name = args.get(0).to_text()?;
    if name.len() > MAX_NAME {
        return Err(ctx.throw_error("RangeError", &format!("BroadcastChannel: a name has at most {MAX_NAME} bytes")));
    }
    let count = kept(ctx, "broadcast_channel/count", |ctx| ctx.object_without_prototype())?;
    let open = count.get("open")?.to_f64().unwrap_or(0.0);
    let open = if open.is_nan() { 0.0 } else { open };
    if open >= MAX_CHANNELS as f64 {
        let message = format!("a runtime has at most {MAX_CHANNELS} broadcast channels open");
        return Err(ctx.throw_error("RangeError", &message));
    }
    count.define("open", ctx.number(open + 1.0), Attributes::ALL)?;
    let receiver = Receiver::new(ctx)?;
    let listener = listen(ctx, ctx.array_of([args.get(1), ctx.host_object(receiver.clone(), None)?])?)?;
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let member = Member { id, sender: RealmSender::of(ctx)?, listener };
    // First, so that a realm which ends for want of memory here leaves no member behind.
    let channel = ctx.host_object(Rc::new(Channel { id, name: name.clone(), listener, receiver }), None)?;
    CHANNELS.write().unwrap_or_else(PoisonError::into_inner).entry(name).or_default().push(member);
    Ok(channel)
}

/// `post(channel, message)`.
fn post<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let Some(channel) = args.get(0).host::<Channel>() else { return Ok(ctx.undefined()) };
    if is_closing(ctx) {
        return Ok(ctx.undefined());
    }
    let message = Arc::new(serialize(ctx, &args.get(1), &[])?);
    let busy = deliver(&channel.name, &message, Some(channel.id));
    if AFAR.load(Ordering::Acquire) && grants(ctx)?.permits(Grant::Cluster, None) {
        let afar = call_service(ctx, "broadcast", &[ctx.string(&channel.name)?, ctx.uint8_array(&message.written())?]);
        // A host without other nodes has no such service.
        if afar.is_err() {
            drop(ctx.take_exception());
            ctx.poll(1)?;
        }
    }
    if busy == 0 {
        return Ok(ctx.undefined());
    }
    let message = format!("postMessage: {busy} channels do not keep up; they did not get this message");
    Err(ctx.throw_error("BusyError", &message))
}

/// `close(channel)`: nothing comes any more, what is under way included.
fn close<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let Some(channel) = args.get(0).host::<Channel>() {
        unlisten(ctx, channel.listener);
        channel.receiver.listeners_changed(ctx);
        let count = kept(ctx, "broadcast_channel/count", |ctx| ctx.object_without_prototype())?;
        let open = count.get("open")?.to_f64()?;
        count.define("open", ctx.number(open - 1.0), Attributes::ALL)?;
    }
    Ok(ctx.undefined())
}

/// `listenersChanged(channel)`.
fn listeners_changed<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    if let Some(channel) = args.get(0).host::<Channel>() {
        channel.receiver.listeners_changed(ctx);
    }
    Ok(ctx.undefined())
}
