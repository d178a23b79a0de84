//! Plays random games for some time, or those in files.
//!
//! ```text
//! quickbeam-fuzz [SECONDS [SEED]]     random games; 60 seconds by default
//! quickbeam-fuzz FILE...              the games of these bytes, as a coverage-guided fuzzer (AFL) calls it
//! ```
//!
//! A game that fails is written to `fuzz-failure.bin` before it is played to its end.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};
use std::{env, fs, io};

/// Bytes of a random game: a few hundred moves.
const LONGEST: usize = 1024;

const FAILURE: &str = "fuzz-failure.bin";

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let numbers: Option<Vec<u64>> = args.iter().map(|arg| arg.parse().ok()).collect();
    match numbers.as_deref() {
        Some([]) => random(60, RandomState::new().hash_one(0)),
        Some([seconds]) => random(*seconds, RandomState::new().hash_one(0)),
        Some([seconds, seed]) => random(*seconds, *seed),
        _ => args.iter().try_for_each(|file| {
            quickbeam_fuzz::play(&fs::read(file)?);
            Ok(())
        }),
    }
}

fn random(seconds: u64, seed: u64) -> io::Result<()> {
    println!("fuzz: {seconds} seconds from seed {seed}");
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut state = seed | 1;
    let mut games = 0_u64;
    while Instant::now() < until {
        let len = next(&mut state) as usize % LONGEST;
        let bytes: Vec<u8> = (0..len).map(|_| (next(&mut state) >> 56) as u8).collect();
        if let Err(panic) = std::panic::catch_unwind(|| quickbeam_fuzz::play(&bytes)) {
            fs::write(FAILURE, &bytes)?;
            eprintln!("fuzz: game {games} failed; its bytes are in {FAILURE}");
            std::panic::resume_unwind(panic);
        }
        games += 1;
    }
    println!("fuzz: {games} games, all ended as they must");
    Ok(())
}

/// xorshift64*
fn next(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D)
}
