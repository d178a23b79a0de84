//! Environments for replies and messages, used again and again.
//!
//! A message is made in an environment of its own, which sending it empties. Making and freeing one would cost as much as the rest; and
//! one that a scheduler made and another thread freed would go back to that scheduler by way of a queue, for which it is woken, though
//! it has only just gone to sleep after the reply.

use rustler::env::OwnedEnv;
use std::sync::Mutex;

/// More than that are freed.
const MOST: usize = 1024;

static POOL: Mutex<Vec<OwnedEnv>> = Mutex::new(Vec::new());

/// An empty environment. Nobody waits for one: a new one is there sooner than a thread that the system does not run.
pub(crate) fn take() -> OwnedEnv {
    POOL.try_lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default()
}

/// Empties the environment, for others to use.
pub(crate) fn give_back(mut env: OwnedEnv) {
    env.clear();
    if let Ok(mut pool) = POOL.try_lock()
        && pool.len() < MOST
    {
        pool.push(env);
    }
}
