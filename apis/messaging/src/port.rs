//! Pipes: what entangles two ports, in one realm or in two.
//!
//! # Map
//!
//! A [`Pipe`] has two sides, each with the messages that wait there and the realm that receives them, if one has started to.
//! A [`PortEnd`] is one side; it belongs to one `MessagePort`, or to a message that transfers it. A message stays at its
//! side until the receiving realm takes it: what is sent to that realm is only the news that one is there. So nothing is
//! lost, doubled or reordered when a port moves on with messages waiting.
//!
//! A port that is on its way carries no ports: neither is one sent to it, nor is a port sent away while ports wait at it.
//! So ports on their way hold no others, and what nobody can reach any more is freed.
//!
//! What must never happen: a lock of a pipe held while JavaScript runs, or two of them at once; a side
//! without a bound; a cycle of messages and ports.

use crate::message::Message;
use quickbeam_engine::{Ctx, Thrown, Value};
use quickbeam_executor::{Input, ListenerId, RealmSender, SubmitError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Messages that may wait at one side.
const MAX_MESSAGES: usize = 65_536;
/// Bytes of messages that may wait at one side; one message may always.
const MAX_BYTES: usize = 64 << 20;

#[derive(Default)]
struct Side {
    waiting: VecDeque<Arc<Message>>,
    bytes: usize,
    receiver: Option<(RealmSender, ListenerId)>,
    /// News that did not fit into the receiver's inbox.
    owed: usize,
    /// Messages with ports among those that wait.
    with_ports: usize,
    /// Its end is in a message, not in a realm.
    is_on_its_way: bool,
    /// The other end is gone: nothing comes any more.
    is_closed: bool,
    /// Its own end is gone: nobody takes anything any more.
    is_gone: bool,
}

#[derive(Default)]
struct Pipe([Mutex<Side>; 2]);

/// One side of a pipe. Dropping it closes the pipe.
pub struct PortEnd {
    pipe: Arc<Pipe>,
    side: usize,
}

/// What a `MessagePort` holds; nothing once it is transferred or closed.
pub(crate) type Holder = RefCell<Option<PortEnd>>;

/// What waits at a side.
pub(crate) enum Next {
    Message(Arc<Message>),
    Nothing,
    /// Nothing any more.
    Closed,
}

/// Why a message or a port is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too much waits.
    Busy,
    /// A port that is on its way would carry ports.
    CarriesPorts,
}

impl Side {
    fn admit(&self, size: usize, has_ports: bool) -> Result<(), Refusal> {
        if has_ports && self.is_on_its_way {
            return Err(Refusal::CarriesPorts);
        }
        let is_full = self.waiting.len() >= MAX_MESSAGES || (self.bytes + size > MAX_BYTES && self.bytes > 0);
        if is_full { Err(Refusal::Busy) } else { Ok(()) }
    }
}

impl Side {
    /// Sends the news that is owed, as far as the receiver's inbox takes it.
    fn pay(&mut self) {
        let Some((sender, listener)) = &self.receiver else { return };
        while self.owed > 0 && sender.send(*listener, news()).is_ok() {
            self.owed -= 1;
        }
    }
}

impl PortEnd {
    /// Makes a pipe; its two ends.
    pub fn pair() -> (PortEnd, PortEnd) {
        let pipe = Arc::<Pipe>::default();
        (PortEnd { pipe: pipe.clone(), side: 0 }, PortEnd { pipe, side: 1 })
    }

    fn lock(&self, side: usize) -> MutexGuard<'_, Side> {
        self.pipe.0[side].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the other end takes a message now.
    ///
    /// # Errors
    /// Why it does not.
    pub(crate) fn admit(&self, has_ports: bool) -> Result<(), Refusal> {
        self.lock(1 - self.side).admit(0, has_ports)
    }

    /// Sends a message to the other end; one to an end that is gone is dropped, as the HTML Standard has it.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn post(&self, message: Message) -> Result<(), Refusal> {
        let (size, has_ports) = (message.bytes().len(), message.has_ports());
        let mut peer = self.lock(1 - self.side);
        if peer.is_gone {
            return Ok(());
        }
        peer.admit(size, has_ports)?;
        if let Some((sender, listener)) = &peer.receiver
            && sender.send(*listener, news()) == Err(SubmitError::Busy)
        {
            return Err(Refusal::Busy);
        }
        peer.waiting.push_back(Arc::new(message));
        peer.bytes += size;
        peer.with_ports += usize::from(has_ports);
        Ok(())
    }

    /// The end leaves its realm.
    ///
    /// # Errors
    /// If ports wait at it; it stays then.
    pub(crate) fn leave(&self) -> Result<(), Refusal> {
        let mut side = self.lock(self.side);
        if side.with_ports > 0 {
            return Err(Refusal::CarriesPorts);
        }
        side.receiver = None;
        side.owed = 0;
        side.is_on_its_way = true;
        Ok(())
    }

    /// The end has come to a realm.
    pub(crate) fn arrive(&self) {
        self.lock(self.side).is_on_its_way = false;
    }

    /// Lets the messages that wait, and those to come, reach a listener.
    pub(crate) fn start(&self, sender: &RealmSender, listener: ListenerId) {
        let mut side = self.lock(self.side);
        side.receiver = Some((sender.clone(), listener));
        side.owed = side.waiting.len() + usize::from(side.is_closed);
        side.pay();
    }

    /// Takes the oldest message.
    pub(crate) fn next(&self) -> Next {
        let mut side = self.lock(self.side);
        side.pay();
        match side.waiting.pop_front() {
            Some(message) => {
                side.bytes -= message.bytes().len();
                side.with_ports -= usize::from(message.has_ports());
                Next::Message(message)
            }
            None if side.is_closed => Next::Closed,
            None => Next::Nothing,
        }
    }
}

impl Drop for PortEnd {
    fn drop(&mut self) {
        let waiting = {
            let mut own = self.lock(self.side);
            own.receiver = None;
            own.is_gone = true;
            std::mem::take(&mut own.waiting)
        };
        drop(waiting);
        let receiver = {
            let mut peer = self.lock(1 - self.side);
            peer.is_closed = true;
            peer.receiver.clone()
        };
        if let Some((sender, listener)) = receiver {
            // A realm that is gone or busy does without this news.
            let _ = sender.send(listener, news());
        }
    }
}

/// Tells a listener that something is there.
struct News;

impl Input for News {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>, Thrown> {
        Ok(ctx.undefined())
    }
}

fn news() -> Box<dyn Input> {
    Box::new(News)
}
