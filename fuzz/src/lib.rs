//! Fuzzing the executor: bytes become a game, the game is played, and a model says how it must have ended.
//!
//! | module | is |
//! |---|---|
//! | [`game`] | moves, made of any bytes |
//! | [`table`] | plays a game on a real executor and writes down what every op ended with |
//! | [`model`] | what each op may have ended with |
//!
//! ```
//! // Any bytes are a game.
//! quickbeam_fuzz::play(b"no game is lost");
//! ```

pub mod game;
pub mod model;
pub mod table;

use arbitrary::Unstructured;

/// Plays the game that these bytes stand for.
///
/// # Panics
/// If an op ended otherwise than it may, twice or never, or if something was left behind.
pub fn play(bytes: &[u8]) {
    let Ok(game) = Unstructured::new(bytes).arbitrary::<game::Game>() else { return };
    let record = table::play(&game);
    if let Err(finding) = model::check(&record) {
        panic!("{finding}\nin {game:#?}");
    }
}
