//! How a game must have ended.
//!
//! The ops of a realm start in the order of their submission, so its counter is the sum of what has been added before. A
//! reset or a kill ends an *epoch*: of its ops that had not ended, the first ones still may, and all others are interrupted.

use crate::game::SEATS;

/// What an op is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Adds to the counter and gives it.
    Add(i64),
    /// Adds the answer to the counter and gives it; holds up what is behind it.
    AsksSync(Option<Call>),
    /// Gives the answer.
    Asks(Option<Call>),
    /// Gives this number.
    Gives(i64),
    /// Fails with an error of that name.
    Fails(&'static str),
    /// Only ends with its epoch.
    Endless,
    /// Resets the realm.
    Reset,
}

/// What became of a call to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// It got this value.
    Answered(i64),
    /// It failed.
    Refused,
}

/// What an op ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// A number.
    Value(i64),
    /// Without a value.
    Done,
    /// With an error of that name.
    Failed(String),
    /// It was not taken.
    Refused,
}

/// An op and its one ending.
#[derive(Debug, Clone)]
pub struct PlayedOp {
    /// What it was to do.
    pub kind: Kind,
    /// What it did.
    pub ending: Option<Ending>,
}

/// The ops of a realm from one fresh start to the next.
#[derive(Debug, Default)]
pub struct Epoch {
    /// By index into [`Played::ops`], in the order of submission.
    pub ops: Vec<usize>,
    /// Whether a reset or a kill has ended it.
    pub is_over: bool,
}

/// What was played.
#[derive(Debug)]
pub struct Played {
    /// All ops.
    pub ops: Vec<PlayedOp>,
    /// The epochs of each seat.
    pub seats: Vec<Vec<Epoch>>,
}

impl Default for Played {
    fn default() -> Played {
        Played { ops: Vec::new(), seats: (0..SEATS).map(|_| Vec::new()).collect() }
    }
}

impl Played {
    /// A seat's first realm is there.
    pub fn begin(&mut self, seat: usize) {
        self.seats[seat].push(Epoch::default());
    }

    /// A seat's realm is about to be reset or killed.
    pub fn end_epoch(&mut self, seat: usize) {
        if let Some(epoch) = self.seats[seat].last_mut() {
            epoch.is_over = true;
        }
        self.begin(seat);
    }

    /// An op is about to be submitted; its index.
    pub fn submitted(&mut self, seat: usize, kind: Kind) -> usize {
        let op = self.ops.len();
        self.ops.push(PlayedOp { kind, ending: None });
        if let Some(epoch) = self.seats[seat].last_mut() {
            epoch.ops.push(op);
        }
        op
    }

    /// An op has got an outcome.
    ///
    /// # Panics
    /// If it had got one before.
    pub fn ended(&mut self, op: usize, ending: Ending) {
        let before = self.ops[op].ending.replace(ending);
        assert!(before.is_none(), "two outcomes: {before:?} and then {:?}", self.ops[op]);
    }

    /// Whether an op has got its outcome.
    pub fn has_ended(&self, op: usize) -> bool {
        self.ops[op].ending.is_some()
    }

    /// A call of an op was answered.
    pub fn answered(&mut self, op: usize, call: Call) {
        if let Kind::AsksSync(answer) | Kind::Asks(answer) = &mut self.ops[op].kind {
            *answer = Some(call);
        }
    }

    /// The ops of the same epoch up to this one, a line each.
    pub fn epoch_of(&self, op: usize) -> String {
        let mut epochs = self.seats.iter().flatten();
        let ops = epochs.find(|epoch| epoch.ops.contains(&op)).map(|epoch| epoch.ops.as_slice());
        let ops = ops.unwrap_or_default().iter().filter(|other| **other <= op);
        ops.map(|op| format!("{op}: {:?}\n", self.ops[*op])).collect()
    }

    /// The first op of the seat's realm that has not ended, if no op of the realm needs anything from outside: one that
    /// awaits lets others start, and must wait while those run.
    pub fn sure_to_end(&self, seat: usize) -> Option<usize> {
        let ops = &self.seats[seat].last()?.ops;
        let mut pending = ops.iter().copied().filter(|op| !self.has_ended(*op)).peekable();
        let first = *pending.peek()?;
        let waits = |op: usize| matches!(self.ops[op].kind, Kind::AsksSync(None) | Kind::Asks(None) | Kind::Endless);
        (!pending.any(waits)).then_some(first)
    }
}

/// Whether every op ended as it may.
///
/// # Errors
/// Says what did not.
pub fn check(played: &Played) -> Result<(), String> {
    for epochs in &played.seats {
        for epoch in epochs {
            check_epoch(played, epoch)?;
        }
    }
    Ok(())
}

fn check_epoch(played: &Played, epoch: &Epoch) -> Result<(), String> {
    let mut counter = 0;
    let mut is_cut = false;
    for &index in &epoch.ops {
        let op = &played.ops[index];
        let Some(ending) = &op.ending else { return Err(format!("no outcome: {op:?}")) };
        let is_interrupted = *ending == Ending::Failed("InterruptedError".into());
        // The callback that would have fulfilled its promise stood in the way of an op that timed out.
        if is_interrupted && matches!(op.kind, Kind::Gives(_)) {
            continue;
        }
        if is_interrupted && epoch.is_over {
            // Whatever waits for a promise or in the queue goes on or not; what runs in order does not.
            is_cut |= matches!(op.kind, Kind::Add(_) | Kind::AsksSync(_) | Kind::Endless);
            continue;
        }
        if is_cut && matches!(op.kind, Kind::Add(_) | Kind::AsksSync(Some(Call::Answered(_)))) {
            return Err(format!("{op:?} ran after one that was interrupted"));
        }
        if let Kind::Add(by) | Kind::AsksSync(Some(Call::Answered(by))) = op.kind {
            counter += by;
        }
        if !is_right(&op.kind, ending, counter) {
            return Err(format!("{op:?} with a counter of {counter}"));
        }
    }
    Ok(())
}

fn is_right(kind: &Kind, ending: &Ending, counter: i64) -> bool {
    let failed = |name: &str| *ending == Ending::Failed(name.into());
    match kind {
        Kind::Add(_) | Kind::AsksSync(Some(Call::Answered(_))) => *ending == Ending::Value(counter),
        Kind::Asks(Some(Call::Answered(value))) => *ending == Ending::Value(*value),
        Kind::AsksSync(Some(Call::Refused)) | Kind::Asks(Some(Call::Refused)) => failed("Refusal"),
        Kind::Gives(value) => *ending == Ending::Value(*value),
        Kind::Fails(name) => failed(name),
        Kind::Reset => *ending == Ending::Done,
        Kind::Asks(None) | Kind::AsksSync(None) | Kind::Endless => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(is_over: bool, ops: &[(Kind, Ending)]) -> Result<(), String> {
        let mut played = Played::default();
        for (kind, ending) in ops {
            played.ops.push(PlayedOp { kind: kind.clone(), ending: Some(ending.clone()) });
        }
        check_epoch(&played, &Epoch { ops: (0..ops.len()).collect(), is_over })
    }

    fn interrupted() -> Ending {
        Ending::Failed("InterruptedError".into())
    }

    #[test]
    fn a_counter_is_the_sum_of_what_ran() {
        let answered = Kind::AsksSync(Some(Call::Answered(5)));
        let sum = [(Kind::Add(1), Ending::Value(1)), (answered, Ending::Value(6)), (Kind::Add(2), Ending::Value(8))];
        assert_eq!(epoch(false, &sum), Ok(()));
        assert!(epoch(false, &[(Kind::Add(1), Ending::Value(2))]).is_err());
    }

    #[test]
    fn only_an_epoch_that_is_over_interrupts() {
        let cut = [(Kind::Add(1), Ending::Value(1)), (Kind::Add(1), interrupted()), (Kind::Endless, interrupted())];
        assert_eq!(epoch(true, &cut), Ok(()));
        assert!(epoch(false, &cut).is_err());
        assert!(epoch(true, &[(Kind::Add(1), interrupted()), (Kind::Add(1), Ending::Value(1))]).is_err());
    }

    #[test]
    fn each_op_fails_in_its_own_way() {
        assert_eq!(epoch(false, &[(Kind::Fails("TypeError"), Ending::Failed("TypeError".into()))]), Ok(()));
        assert!(epoch(false, &[(Kind::Fails("TypeError"), Ending::Failed("RangeError".into()))]).is_err());
        assert!(epoch(false, &[(Kind::Add(1), Ending::Refused)]).is_err());
    }
}
