//! Pipes: what entangles two ports, in one realm or in two.
//!
//! # Map
//!
//! A [`Pipe`] has two sides, each with the messages that wait there and the realm that receives them, if one has started to.
//! A [`PortEnd`] is one side; it belongs to one `MessagePort`, or to a message that transfers it. A message stays at its
//! side until the receiving realm takes it: what is sent to that realm is only the news that one is there. So nothing is
//! lost, doubled or reordered when a port moves on with messages waiting.
//!
//! A port that is on its way knows at which side it waits, so that a message which would close a circle of messages and
//! ports is refused: what nobody can reach any more is freed. One lock is held from that check to the delivery.
//!
//! What must never happen: a lock of a pipe held while JavaScript runs, or those of two sides at once; a side
//! without a bound; a cycle of messages and ports; recursion over ports that wait inside of each other.

use crate::message::Message;
use quickbeam_engine::{Ctx, Thrown, Value};
use quickbeam_executor::{Input, ListenerId, Notice, RealmSender, SubmitError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

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
    /// The side at which the message waits that its end is in; none while that is in a realm.
    waits_at: Option<Place>,
    /// The other end is gone: nothing comes any more.
    is_closed: bool,
    /// Its own end is gone: nobody takes anything any more.
    is_gone: bool,
}

#[derive(Default)]
struct Pipe([Mutex<Side>; 2]);

/// A side, without keeping it.
#[derive(Clone)]
struct Place {
    pipe: Weak<Pipe>,
    side: usize,
}

impl Place {
    fn is(&self, end: &PortEnd) -> bool {
        self.side == end.side && ptr::eq(self.pipe.as_ptr(), Arc::as_ptr(&end.pipe))
    }

    /// The side that what waits here waits at.
    fn outer(&self) -> Option<Place> {
        lock(&*self.pipe.upgrade()?, self.side).waits_at.clone()
    }
}

fn lock(pipe: &Pipe, side: usize) -> MutexGuard<'_, Side> {
    pipe.0[side].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held while ports move, so that two moves cannot close a circle between them.
static MOVES: Mutex<()> = Mutex::new(());

/// Ports inside of each other that a message may be sent into.
const MAX_NESTING: usize = 100;

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
    /// A port would wait inside of itself.
    Circle,
    /// Ports would wait inside of each other too deep.
    Nested,
}

impl Side {
    fn admit(&self, size: usize) -> Result<(), Refusal> {
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
        lock(&self.pipe, side)
    }

    fn peer(&self) -> Place {
        Place { pipe: Arc::downgrade(&self.pipe), side: 1 - self.side }
    }

    /// Whether the other end takes a message with these ports now.
    ///
    /// # Errors
    /// Why it does not.
    pub(crate) fn admit<'p>(&self, ports: impl Iterator<Item = &'p PortEnd> + Clone) -> Result<(), Refusal> {
        self.lock(1 - self.side).admit(0)?;
        if ports.clone().next().is_none() {
            return Ok(());
        }
        let mut place = Some(self.peer());
        for _ in 0..MAX_NESTING {
            let Some(inner) = place else { return Ok(()) };
            if ports.clone().any(|port| inner.is(port)) {
                return Err(Refusal::Circle);
            }
            place = inner.outer();
        }
        Err(Refusal::Nested)
    }

    /// Sends a message to the other end; one to an end that is gone is dropped, as the HTML Standard has it.
    ///
    /// # Errors
    /// Why it was not taken.
    pub fn post(&self, message: Message) -> Result<(), Refusal> {
        let moves = message.has_ports().then(|| MOVES.lock().unwrap_or_else(PoisonError::into_inner));
        if moves.is_some() {
            message.with_ports(|ports| self.admit(ports.iter()))?;
            let place = self.peer();
            message.with_ports(|ports| ports.iter().for_each(|port| port.wait_at(Some(place.clone()))));
        }
        let refused = self.deliver(message);
        drop(moves);
        // A message that is not taken goes with its ports, whose own messages go, too: without any lock.
        refused.map_err(|(refusal, message)| {
            drop(message);
            refusal
        })
    }

    fn deliver(&self, message: Message) -> Result<(), (Refusal, Message)> {
        let size = message.size();
        let mut peer = self.lock(1 - self.side);
        if peer.is_gone {
            drop(peer);
            drop(message);
            return Ok(());
        }
        if let Err(refusal) = peer.admit(size) {
            return Err((refusal, message));
        }
        if let Some((sender, listener)) = &peer.receiver
            && sender.send(*listener, news()) == Err(SubmitError::Busy)
        {
            return Err((Refusal::Busy, message));
        }
        peer.waiting.push_back(Arc::new(message));
        peer.bytes += size;
        Ok(())
    }

    /// The end leaves its realm.
    pub(crate) fn leave(&self) {
        let mut side = self.lock(self.side);
        side.receiver = None;
        side.owed = 0;
    }

    fn wait_at(&self, place: Option<Place>) {
        self.lock(self.side).waits_at = place;
    }

    /// The end has come to a realm.
    pub(crate) fn arrive(&self) {
        self.wait_at(None);
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
                side.bytes -= message.size();
                Next::Message(message)
            }
            None if side.is_closed => Next::Closed,
            None => Next::Nothing,
        }
    }
}

impl PortEnd {
    /// Closes the pipe; what waited here.
    fn close(&self) -> VecDeque<Arc<Message>> {
        let waiting = {
            let mut own = self.lock(self.side);
            own.receiver = None;
            own.is_gone = true;
            own.bytes = 0;
            std::mem::take(&mut own.waiting)
        };
        let receiver = {
            let mut peer = self.lock(1 - self.side);
            peer.is_closed = true;
            peer.receiver.clone()
        };
        if let Some((sender, listener)) = receiver {
            // A realm that is gone or busy does without this news.
            let _ = sender.send(listener, news());
        }
        waiting
    }
}

impl Drop for PortEnd {
    fn drop(&mut self) {
        let mut doomed = self.close();
        while let Some(message) = doomed.pop_front() {
            // Their own drops find nothing left.
            let (ports, of_others) = message.take_ports();
            for port in ports.into_iter().chain(of_others) {
                doomed.extend(port.close());
            }
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

fn news() -> Box<dyn Notice> {
    Box::new(News)
}
