//! The bounded queue in front of a realm.
//!
//! Three lanes: answers to the realm's own calls (bounded by the calls that wait), ops that handlers of such calls
//! submit, and everything else. While a `callSync` suspends the fiber the first two lanes move on. A reset overtakes them
//! all: what came before it is cancelled, and nothing that came after leaves before the reset is taken.

use crate::host::{CallId, Reply};
use crate::lineage::Lineage;
use crate::op::{Answer, Op, SubmitError};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Room for ops that an empty inbox keeps, so that a burst does not cost memory for ever.
const KEPT: usize = 1_024;

/// An op on its way.
pub(crate) struct Envelope {
    pub(crate) op: Op,
    pub(crate) reply: Option<Box<dyn Reply>>,
    pub(crate) due: Option<Due>,
    /// The call of this realm whose handler submitted the op.
    pub(crate) parent: Option<CallId>,
    pub(crate) lineage: Lineage,
}

impl Envelope {
    /// An op that nobody waits for.
    pub(crate) fn cast(op: Op) -> Envelope {
        Envelope { op, reply: None, due: None, parent: None, lineage: Lineage::default() }
    }
}

/// When an op times out, and after how long that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) timeout: Duration,
}

/// What a reset must end with an error, and the resets themselves.
#[derive(Default)]
pub(crate) struct Resets {
    pub(crate) cancelled: Vec<Envelope>,
    pub(crate) replies: Vec<Option<Box<dyn Reply>>>,
}

pub(crate) struct Inbox {
    ops: VecDeque<Envelope>,
    nested: VecDeque<Envelope>,
    answers: VecDeque<(CallId, Answer)>,
    resets: Resets,
    capacity: usize,
    closed: bool,
    /// No queued op is due earlier than this.
    next_due: Option<Instant>,
}

impl Inbox {
    pub(crate) fn new(capacity: usize) -> Inbox {
        Inbox {
            ops: VecDeque::new(),
            nested: VecDeque::new(),
            answers: VecDeque::new(),
            resets: Resets::default(),
            capacity,
            closed: false,
            next_due: None,
        }
    }

    /// Whether an op can be pushed now. Asked first, so that an op that is refused is dropped where no lock is held.
    pub(crate) fn admit(&self) -> Result<(), SubmitError> {
        if self.closed {
            return Err(SubmitError::Closed);
        }
        if self.ops.len() + self.nested.len() + self.resets.cancelled.len() >= self.capacity {
            return Err(SubmitError::Busy);
        }
        Ok(())
    }

    /// Whether a reset can be pushed now: it empties the lanes, so only other resets can be in its way.
    pub(crate) fn admit_reset(&self) -> Result<(), SubmitError> {
        match (self.closed, self.resets.replies.len() >= self.capacity) {
            (true, _) => Err(SubmitError::Closed),
            (false, true) => Err(SubmitError::Busy),
            (false, false) => Ok(()),
        }
    }

    /// Cancels all ops that wait.
    pub(crate) fn push_reset(&mut self, reply: Option<Box<dyn Reply>>) {
        self.resets.cancelled.extend(self.nested.drain(..).chain(self.ops.drain(..)));
        self.resets.replies.push(reply);
        self.next_due = None;
    }

    pub(crate) fn take_resets(&mut self) -> Resets {
        std::mem::take(&mut self.resets)
    }

    fn is_reset(&self) -> bool {
        !self.resets.replies.is_empty()
    }

    pub(crate) fn push(&mut self, envelope: Envelope) {
        if let Some(due) = envelope.due {
            self.next_due = Some(self.next_due.map_or(due.at, |next| next.min(due.at)));
        }
        let lane = if envelope.parent.is_some() { &mut self.nested } else { &mut self.ops };
        lane.push_back(envelope);
    }

    /// Gives back an answer that it does not take.
    pub(crate) fn push_answer(&mut self, id: CallId, answer: Answer) -> Result<(), Answer> {
        if self.closed {
            return Err(answer);
        }
        self.answers.push_back((id, answer));
        Ok(())
    }

    pub(crate) fn pop_answer(&mut self) -> Option<(CallId, Answer)> {
        self.answers.pop_front()
    }

    /// The next op at top level.
    pub(crate) fn pop(&mut self) -> Option<Envelope> {
        if self.is_reset() {
            return None;
        }
        if let Some(envelope) = self.nested.pop_front() {
            return Some(envelope);
        }
        let envelope = self.ops.pop_front();
        if self.ops.is_empty() && self.ops.capacity() > KEPT {
            self.ops = VecDeque::new();
        }
        envelope
    }

    /// The next op of a handler of one of these calls; ops of other handlers take their place in the common lane.
    pub(crate) fn pop_nested(&mut self, waiting: &[CallId]) -> Option<Envelope> {
        if self.is_reset() {
            return None;
        }
        while let Some(envelope) = self.nested.pop_front() {
            if envelope.parent.is_some_and(|parent| waiting.contains(&parent)) {
                return Some(envelope);
            }
            self.ops.push_back(envelope);
        }
        None
    }

    pub(crate) fn len(&self) -> usize {
        self.ops.len() + self.nested.len() + self.answers.len() + self.resets.replies.len()
    }

    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.next_due
    }

    /// Removes the ops that are past their time.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Vec<Envelope> {
        if self.next_due.is_none_or(|next| next > now) {
            return Vec::new();
        }
        let is_expired = |envelope: &Envelope| envelope.due.is_some_and(|due| due.at <= now);
        let mut expired = Vec::new();
        for lane in [&mut self.nested, &mut self.ops] {
            let (gone, kept) = std::mem::take(lane).into_iter().partition(is_expired);
            *lane = kept;
            expired.extend::<VecDeque<Envelope>>(gone);
        }
        self.next_due = self.nested.iter().chain(&self.ops).filter_map(|envelope| Some(envelope.due?.at)).min();
        expired
    }

    /// Closes the inbox and gives back the ops that it held, as if for a reset, and the answers, which nobody waits for.
    pub(crate) fn close(&mut self) -> (Resets, VecDeque<(CallId, Answer)>) {
        self.closed = true;
        self.next_due = None;
        let mut resets = self.take_resets();
        resets.cancelled.extend(self.nested.drain(..).chain(self.ops.drain(..)));
        (resets, std::mem::take(&mut self.answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(name: &str, parent: Option<CallId>, due: Option<Instant>) -> Envelope {
        let due = due.map(|at| Due { at, timeout: Duration::ZERO });
        Envelope { due, parent, ..Envelope::cast(Op::GetGlobal(name.to_owned())) }
    }

    fn name(envelope: Option<Envelope>) -> Option<String> {
        match envelope?.op {
            Op::GetGlobal(name) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn ops_leave_in_order_and_a_full_inbox_says_so() {
        let mut inbox = Inbox::new(2);
        let push = |inbox: &mut Inbox, op| inbox.admit().map(|()| inbox.push(envelope(op, None, None)));
        assert_eq!(push(&mut inbox, "a"), Ok(()));
        assert_eq!(push(&mut inbox, "b"), Ok(()));
        assert_eq!(push(&mut inbox, "c"), Err(SubmitError::Busy));
        assert_eq!(name(inbox.pop()).as_deref(), Some("a"));
        assert_eq!(push(&mut inbox, "d"), Ok(()));
        assert_eq!(inbox.close().0.cancelled.len(), 2);
        assert_eq!(push(&mut inbox, "e"), Err(SubmitError::Closed));
    }

    #[test]
    fn a_reset_overtakes_what_waits_and_holds_back_what_comes_after() {
        let mut inbox = Inbox::new(2);
        inbox.push(envelope("a", None, None));
        inbox.push(envelope("b", Some(1), None));
        assert_eq!(inbox.admit(), Err(SubmitError::Busy));
        assert_eq!(inbox.admit_reset(), Ok(()));
        inbox.push_reset(None);
        inbox.push_reset(None);
        assert_eq!((inbox.admit(), inbox.admit_reset()), (Err(SubmitError::Busy), Err(SubmitError::Busy)));
        inbox.push(envelope("c", None, None));
        inbox.push(envelope("d", Some(1), None));
        assert!(inbox.pop().is_none() && inbox.pop_nested(&[1]).is_none());
        let Resets { cancelled, replies } = inbox.take_resets();
        assert_eq!((cancelled.len(), replies.len()), (2, 2));
        assert_eq!(name(inbox.pop()).as_deref(), Some("d"));
        assert_eq!(name(inbox.pop()).as_deref(), Some("c"));
    }

    #[test]
    fn only_ops_of_waiting_calls_run_nested() {
        let mut inbox = Inbox::new(9);
        for (op, parent) in [("a", None), ("b", Some(1)), ("c", Some(2))] {
            inbox.push(envelope(op, parent, None));
        }
        assert_eq!(name(inbox.pop_nested(&[2])).as_deref(), Some("c"));
        assert_eq!(name(inbox.pop_nested(&[2])), None);
        assert_eq!(name(inbox.pop()).as_deref(), Some("a"));
        assert_eq!(name(inbox.pop()).as_deref(), Some("b"));
    }

    #[test]
    fn expired_ops_are_taken_out_and_the_next_due_time_follows() {
        let start = Instant::now();
        let at = |seconds| Some(start + Duration::from_secs(seconds));
        let mut inbox = Inbox::new(9);
        for (op, due) in [("a", at(3)), ("b", None), ("c", at(1)), ("d", at(2))] {
            inbox.push(envelope(op, None, due));
        }
        assert_eq!(inbox.next_due(), at(1));
        assert!(inbox.take_expired(start).is_empty());
        assert_eq!(inbox.take_expired(start + Duration::from_secs(2)).len(), 2);
        assert_eq!(inbox.next_due(), at(3));
        assert_eq!(name(inbox.pop()).as_deref(), Some("a"));
        assert_eq!(name(inbox.pop()).as_deref(), Some("b"));
    }
}
