//! What a realm has sent to processes, and they may not have taken.
//!
//! A mailbox has no bound, and nobody is told what is taken from it. But its length can be asked for: of what a realm has sent to a process,
//! the last so many messages wait at most. So a realm asks now and then, and what waits may take so many bytes as its heap may.
//! Past that, only a process that has taken all before gets small ones. A realm shares its outbox with its children: a child may end when it has sent.

use rustler::LocalPid;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a message takes beside its term, on its way and in a mailbox.
const OVERHEAD: usize = 512;

/// Bytes sent between two looks at mailboxes, at least.
const MIN_BETWEEN: usize = 1 << 20;

/// Mailboxes looked at in one go.
const MOST_AT_ONCE: usize = 1_000;

/// A process that has taken all gets a message of so many bytes, whatever waits elsewhere.
const SMALL: usize = 4 << 10;

/// Messages, of whomever, in a mailbox that gets no more of them.
const MOST_WAITING: usize = 500_000;

pub(crate) struct Outbox {
    limit: usize,
    sent: Mutex<Sent>,
}

#[derive(Default)]
struct Sent {
    to: HashMap<LocalPid, Line, BuildHasherDefault<DefaultHasher>>,
    /// Those processes, who was looked at longest ago first.
    order: VecDeque<LocalPid>,
    /// What may wait in all.
    bytes: usize,
    /// What was sent since the last look.
    since: usize,
    /// Processes whose mailboxes get no more.
    flooded: usize,
    /// Messages so far.
    messages: u64,
}

/// What one process was sent.
struct Line {
    /// What may wait, oldest first: that of each time between two looks. None, if it has taken all.
    parts: VecDeque<Part>,
    /// The length of the mailbox at the last look.
    length: usize,
    /// The number of the last message: for each process they are consecutive.
    last: u64,
}

impl Line {
    fn is_flooded(&self) -> bool {
        self.length >= MOST_WAITING
    }
}

#[derive(Default)]
struct Part {
    messages: usize,
    bytes: usize,
}

/// Why a message is not sent.
pub(crate) enum Refusal {
    /// What the realm has sent takes too many bytes, or would with a message of so many.
    Bytes { waiting: usize, message: usize, limit: usize },
    /// The mailbox holds too many messages.
    Messages(usize),
}

impl Outbox {
    pub(crate) fn new(limit: usize) -> Outbox {
        Outbox { limit, sent: Mutex::default() }
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether mailboxes are to be looked at before one more message is sent.
    pub(crate) fn is_look_due(&self, to: &LocalPid) -> bool {
        let sent = self.sent();
        // The more waits, the more a look takes, and the more is sent before the next one.
        sent.bytes >= self.limit
            || sent.since >= (sent.bytes / 4).max(MIN_BETWEEN.min(self.limit / 4))
            || (sent.flooded > 0 && sent.to.get(to).is_some_and(Line::is_flooded))
    }

    /// The processes whose mailboxes are looked at next, each with the number of the last message: that one, and those not looked at for longest.
    pub(crate) fn next_look(&self, to: LocalPid) -> Vec<(LocalPid, u64)> {
        let mut guard = self.sent();
        let sent = &mut *guard;
        let mut next = vec![(to, sent.to.get(&to).map_or(sent.messages, |line| line.last))];
        for _ in 0..sent.order.len().min(MOST_AT_ONCE) {
            let Some(pid) = sent.order.pop_front() else { break };
            match sent.to.get(&pid) {
                Some(line) if line.parts.is_empty() => {
                    sent.flooded -= usize::from(line.is_flooded());
                    sent.to.remove(&pid);
                }
                Some(line) => {
                    next.push((pid, line.last));
                    sent.order.push_back(pid);
                }
                None => {}
            }
        }
        next
    }

    /// A mailbox was looked at, after the message of that number was sent: so many wait in it.
    pub(crate) fn looked(&self, to: LocalPid, last: u64, length: usize) {
        let mut guard = self.sent();
        let sent = &mut *guard;
        sent.since = 0;
        let Some(line) = sent.to.get_mut(&to) else { return };
        sent.flooded -= usize::from(line.is_flooded());
        line.length = length;
        sent.flooded += usize::from(line.is_flooded());
        let length = length + line.last.saturating_sub(last) as usize;
        let mut newer = 0;
        let kept = line.parts.iter().rev().take_while(|part| {
            let may_wait = newer < length;
            newer += part.messages;
            may_wait
        });
        let taken = line.parts.len() - kept.count();
        sent.bytes -= line.parts.drain(..taken).map(|part| part.bytes).sum::<usize>();
        if line.parts.back().is_some_and(|part| part.messages > 0) {
            line.parts.push_back(Part::default());
        }
    }

    /// Why a message of so many bytes to that process is not to be sent now, if it is not.
    pub(crate) fn refuse(&self, to: &LocalPid, message: usize) -> Option<Refusal> {
        let sent = self.sent();
        let (waiting, limit) = (sent.bytes, self.limit);
        let is_much = waiting > 0 && waiting.saturating_add(message) > limit;
        if !is_much && sent.flooded == 0 {
            return None;
        }
        let line = sent.to.get(to);
        if let Some(line) = line.filter(|line| line.is_flooded()) {
            return Some(Refusal::Messages(line.length));
        }
        let has_taken_all = line.is_none_or(|line| line.parts.is_empty());
        (is_much && !(has_taken_all && message <= SMALL)).then_some(Refusal::Bytes { waiting, message, limit })
    }

    /// A message of so many bytes was sent.
    pub(crate) fn add(&self, to: LocalPid, bytes: usize) {
        let bytes = bytes.saturating_add(OVERHEAD);
        let mut guard = self.sent();
        let sent = &mut *guard;
        sent.bytes = sent.bytes.saturating_add(bytes);
        sent.since = sent.since.saturating_add(bytes);
        let line = sent.to.entry(to).or_insert_with(|| {
            sent.order.push_back(to);
            // Past what any process was sent before, so that a look that began before does not take this message for an older one.
            Line { parts: VecDeque::new(), length: 0, last: sent.messages }
        });
        sent.messages += 1;
        line.last += 1;
        if line.parts.is_empty() {
            line.parts.push_back(Part::default());
        }
        if let Some(part) = line.parts.back_mut() {
            part.messages += 1;
            part.bytes += bytes;
        }
    }
}
