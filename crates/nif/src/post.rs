//! Messages from the threads that run realms to processes.

use crate::env_pool;
use crate::reply::on_scheduler;
use rustler::env::OwnedEnv;
use rustler::{Env, LocalPid, Term, sys};
use std::ptr;

/// Makes a message and sends it to a process, unless `message` calls that off by making none. To be called on threads that are none of
/// the VM's; on one of those, nothing is sent.
pub(crate) fn post<F>(target: &LocalPid, message: F)
where
    F: for<'e> FnOnce(Env<'e>) -> Option<Term<'e>>,
{
    post_from(env_pool::take(), target, message);
}

/// The same, of a message whose parts are in an environment already.
pub(crate) fn post_from<F>(owned: OwnedEnv, target: &LocalPid, message: F)
where
    F: for<'e> FnOnce(Env<'e>) -> Option<Term<'e>>,
{
    let made = owned.run(|env| message(env).map(|term| (env.as_c_arg(), term.as_c_arg())));
    if let Some((env, term)) = made
        && !on_scheduler()
    {
        // SAFETY: a term of that environment, which `owned` keeps, and which no process runs in; the thread is not the VM's. A process
        // that is gone needs no message.
        unsafe { sys::enif_send(ptr::null_mut(), target.as_c_arg(), env, term) };
    }
    env_pool::give_back(owned);
}
