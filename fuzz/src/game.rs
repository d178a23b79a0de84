//! Games: what is done to the realms of an executor, in order.

use arbitrary::{Arbitrary, Result, Unstructured};

/// Realms that a game has at a time.
pub const SEATS: usize = 6;

/// A game.
#[derive(Debug)]
pub struct Game {
    /// Whether a turn may be suspended at each poll, or after a millisecond.
    pub is_eager: bool,
    /// Whether realms share isolates.
    pub shares_isolates: bool,
    /// One thread or two.
    pub has_two_threads: bool,
    /// What happens.
    pub moves: Vec<Move>,
}

impl<'b> Arbitrary<'b> for Game {
    /// Reads moves until the bytes are used up; a list would toss a coin after each.
    fn arbitrary(bytes: &mut Unstructured<'b>) -> Result<Game> {
        let mut game = Game {
            is_eager: bytes.arbitrary()?,
            shares_isolates: bytes.arbitrary()?,
            has_two_threads: bytes.arbitrary()?,
            moves: Vec::new(),
        };
        while !bytes.is_empty() {
            game.moves.push(bytes.arbitrary()?);
        }
        Ok(game)
    }
}

/// A realm, by its seat.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Seat(u8);

impl Seat {
    /// Below [`SEATS`].
    pub fn index(self) -> usize {
        usize::from(self.0) % SEATS
    }
}

/// One thing that happens.
#[derive(Debug, Arbitrary)]
pub enum Move {
    /// Adds to the realm's counter.
    Add(Seat, u8),
    /// Throws.
    Throw(Seat),
    /// Overflows the stack.
    Recurse(Seat),
    /// Suspends its fiber until a [`Move::Answer`], whose value it adds to the counter.
    AskSync(Seat),
    /// Awaits a [`Move::Answer`]; the counter stays.
    Ask(Seat),
    /// Awaits a timer of no delay; the counter stays.
    Sleep(Seat),
    /// Loops until its deadline of some milliseconds.
    Spin(Seat, u8),
    /// Awaits in a loop, past its deadline of some milliseconds.
    Churn(Seat, u8),
    /// Loops until something from outside ends it.
    SpinOn(Seat),
    /// Answers the call that waits longest in any realm.
    Answer(u8),
    /// Refuses it.
    Refuse,
    /// Resets the realm.
    Reset(Seat),
    /// Kills the realm and puts a fresh one into its seat.
    Replace(Seat),
    /// Waits until one of the ops that are sure to end has ended.
    Wait,
}
