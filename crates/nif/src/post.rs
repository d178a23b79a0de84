//! Messages from the threads that run realms to processes.
//!
//! A message is made in an environment of its own, which sending it empties. Each thread keeps one for the next message: making and
//! freeing them would cost as much as the rest.
//!
//! What must never happen: a thread's place for it is used by code that began on another thread. Encoding a value may run a getter, which may
//! be suspended and go on elsewhere; so the environment is out of its place meanwhile, and the place is looked for anew.

use crate::reply::on_scheduler;
use rustler::env::OwnedEnv;
use rustler::{Env, LocalPid, Term, sys};
use std::cell::Cell;
use std::ptr;

thread_local! {
    static SPARE: Cell<Option<OwnedEnv>> = const { Cell::new(None) };
}

#[inline(never)]
fn take_spare() -> OwnedEnv {
    SPARE.with(Cell::take).unwrap_or_default()
}

#[inline(never)]
fn give_back(mut env: OwnedEnv) {
    env.clear();
    SPARE.with(|spare| spare.set(Some(env)));
}

/// Makes a message and sends it to a process, unless `message` calls that off by making none. To be called on threads that are none of
/// the VM's; on one of those, nothing is sent.
pub(crate) fn post<F>(target: &LocalPid, message: F)
where
    F: for<'e> FnOnce(Env<'e>) -> Option<Term<'e>>,
{
    let owned = take_spare();
    let made = owned.run(|env| message(env).map(|term| (env.as_c_arg(), term.as_c_arg())));
    if let Some((env, term)) = made
        && !on_scheduler()
    {
        // SAFETY: a term of that environment, which `owned` keeps, and which no process runs in; the thread is not the VM's. A process
        // that is gone needs no message.
        unsafe { sys::enif_send(ptr::null_mut(), target.as_c_arg(), env, term) };
    }
    give_back(owned);
}
