//! Frames: what runs JavaScript.

use crate::effort::{Claim, NOBODY, OpId, Share};
use crate::guard::Reason;
use crate::host::{CallId, Reply};
use crate::inbox::Due;
use crate::lineage::Lineage;
use crate::rest::Rest;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The frames of jobs that do not run in the frame of their op.
pub(crate) const JOB: &str = "job";

/// An op or a callback that runs now. A callback of an op that still waits for its answer shares its effort.
pub(crate) struct Frame {
    pub(crate) what: &'static str,
    pub(crate) reply: Option<Box<dyn Reply>>,
    pub(crate) due: Option<Due>,
    /// The call whose handler submitted the op.
    pub(crate) parent: Option<CallId>,
    pub(crate) lineage: Lineage,
    /// Source text that the engine reads while the frame is open.
    pub(crate) text: Option<Rc<String>>,
    /// Reaches the same caller while the reply itself is encoding a value.
    pub(crate) spare: Option<Box<dyn Reply>>,
    pub(crate) is_callback: bool,
    /// What it belongs to; known once it is open.
    pub(crate) op: OpId,
    /// All of that op: made when the op sets something going.
    pub(crate) effort: Share,
    /// Of an op that has an effort and is not parked.
    pub(crate) claim: Option<Claim>,
    /// Its own steps.
    pub(crate) spent: u64,
    /// That of the op, if it was ended, and when the frame began.
    pub(crate) rest: Option<(Rest, Instant)>,
    /// Why code was ended while it was open: what would settle a promise that it waits for later may have gone with that.
    pub(crate) loss: Option<Reason>,
}

impl Frame {
    pub(crate) fn op(
        what: &'static str,
        reply: Option<Box<dyn Reply>>,
        due: Option<Due>,
        parent: Option<CallId>,
    ) -> Frame {
        let lineage = Lineage::default();
        Frame {
            what,
            reply,
            due,
            parent,
            lineage,
            text: None,
            spare: None,
            is_callback: false,
            op: NOBODY,
            effort: None,
            claim: None,
            spent: 0,
            rest: None,
            loss: None,
        }
    }

    /// That of an op that was parked.
    pub(crate) fn resumed(self, claim: Claim) -> Frame {
        let effort = claim.effort().clone();
        Frame { lineage: effort.lineage().clone(), effort: Some(effort), claim: Some(claim), ..self }
    }

    pub(crate) fn callback(what: &'static str, timeout: Option<Duration>, share: Share) -> Frame {
        let due = timeout.and_then(|timeout| Some(Due { at: Instant::now().checked_add(timeout)?, timeout }));
        let effort = share.filter(|effort| effort.is_open());
        let lineage = effort.as_ref().map(|effort| effort.lineage().clone()).unwrap_or_default();
        Frame { is_callback: true, effort, lineage, ..Frame::op(what, None, due, None) }
    }

    /// That of jobs with that continuation tag.
    pub(crate) fn job(op: OpId, timeout: Option<Duration>, share: Share, rest: Option<Rest>) -> Frame {
        let rest = rest.map(|rest| (rest, Instant::now()));
        Frame { op, rest, ..Frame::callback(JOB, timeout, share) }
    }

    pub(crate) fn for_calls(self, lineage: Lineage) -> Frame {
        Frame { lineage, ..self }
    }

    /// Whether it is a callback of an op that is still to be answered.
    pub(crate) fn goes_on_for_op(&self) -> bool {
        self.is_callback && self.effort.as_ref().is_some_and(|effort| effort.is_open())
    }

    /// Whether jobs with that continuation tag are a part of it: not once its op was answered, for then they have a budget of their own.
    pub(crate) fn owns(&self, op: OpId) -> bool {
        self.op == op && self.effort.as_ref().is_none_or(|effort| effort.is_open())
    }

    /// Whether it is a callback of an op that has a deadline, with which it ends.
    pub(crate) fn has_deadline_of_op(&self) -> bool {
        self.goes_on_for_op() && self.effort.as_ref().is_some_and(|effort| effort.has_deadline())
    }

    /// When it is to end.
    pub(crate) fn due(&self) -> Option<Due> {
        self.due.filter(|_| !self.has_deadline_of_op())
    }

    /// Steps that its budget is for.
    pub(crate) fn spent(&self) -> u64 {
        self.effort.as_ref().filter(|effort| effort.is_open()).map_or(self.spent, |effort| effort.spent())
    }

    /// The effort of which what it sets going is a part.
    pub(crate) fn share(&mut self) -> &Share {
        if self.effort.is_none() && !self.is_callback {
            let claim = Claim::new(self.op, self.lineage.clone(), self.spent, self.due.is_some());
            self.effort = Some(claim.effort().clone());
            self.claim = Some(claim);
        }
        &self.effort
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.reply.as_ref().or(self.spare.as_ref()).is_some_and(|reply| reply.is_abandoned())
    }
}
