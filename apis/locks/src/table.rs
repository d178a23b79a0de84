//! The locks that realms share, and the requests for them (Web Locks, 4).
//!
//! A request is answered by settling a promise of its realm, which never finds that realm busy. Every realm is a [`Client`]; when it
//! goes, so do its locks and requests.
//!
//! What must never happen: a request that is neither granted nor refused while its client lives; the table's lock held
//! while JavaScript runs or a client is dropped.

use quickbeam_engine::{Ctx, Result, Value};
use quickbeam_executor::{CallId, Input, RealmSender};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests of one realm that wait, and locks that it holds.
pub(crate) const MAX_REQUESTS: usize = 10_000;
/// Bytes of the names of these.
pub(crate) const MAX_NAMES: usize = 16 << 20;

/// Names are UTF-16, as scripts give them.
pub(crate) type LockName = Box<[u16]>;
pub(crate) type RequestId = u64;

/// What becomes of a request that cannot be granted at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Otherwise {
    Wait,
    Refuse,
    /// Nothing: the locks that are held are taken away from their holders.
    Steal,
}

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Excess {
    Requests,
    Names,
}

#[derive(Default)]
pub(crate) struct Table(Mutex<State>);

#[derive(Default)]
struct State {
    resources: HashMap<LockName, Resource>,
    /// Where requests and locks are, by their ids, and whose they are.
    names: HashMap<RequestId, (u64, LockName)>,
    usage: HashMap<u64, Usage>,
    last_id: RequestId,
}

/// What one client has.
#[derive(Default)]
struct Usage {
    held: usize,
    waiting: usize,
    names: usize,
}

#[derive(Default)]
struct Resource {
    held: Vec<Entry>,
    queue: VecDeque<Entry>,
}

/// A request that waits, or a lock.
struct Entry {
    id: RequestId,
    is_shared: bool,
    client: u64,
    sender: RealmSender,
    /// The promise to settle next: that of the request, or of the lock's loss.
    call: Option<CallId>,
}

/// One line of [`Table::list`].
pub(crate) struct Listed {
    pub(crate) id: RequestId,
    pub(crate) name: LockName,
    pub(crate) is_shared: bool,
    pub(crate) is_held: bool,
    pub(crate) client: u64,
}

impl Entry {
    /// Settles the promise that waits.
    fn tell(&mut self, answer: bool) {
        if let Some(call) = self.call.take() {
            self.sender.resolve(call, Ok(Box::new(Answer(answer))));
        }
    }
}

struct Answer(bool);

impl Input for Answer {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        Ok(ctx.boolean(self.0))
    }
}

impl Resource {
    fn can_grant(&self, is_shared: bool) -> bool {
        self.held.is_empty() || (is_shared && self.held.iter().all(|lock| lock.is_shared))
    }
}

impl State {
    fn grant(&mut self, name: &LockName, mut entry: Entry) {
        entry.tell(true);
        self.usage.entry(entry.client).or_default().held += 1;
        self.resources.entry(name.clone()).or_default().held.push(entry);
    }

    /// Grants what can be granted: a request waits for those before it.
    fn advance(&mut self, name: &LockName) {
        while let Some(resource) = self.resources.get_mut(name) {
            let next = resource.queue.front().map(|request| request.is_shared);
            match next {
                Some(is_shared) if resource.can_grant(is_shared) => {
                    let Some(entry) = resource.queue.pop_front() else { return };
                    self.usage.entry(entry.client).or_default().waiting -= 1;
                    self.grant(name, entry);
                }
                Some(_) => return,
                None => {
                    if resource.held.is_empty() {
                        self.resources.remove(name);
                    }
                    return;
                }
            }
        }
    }

    fn forget(&mut self, id: RequestId) {
        if let Some((client, name)) = self.names.remove(&id)
            && let Some(usage) = self.usage.get_mut(&client)
        {
            usage.names -= name.len() * 2;
        }
    }

    /// Takes the locks away that are held.
    fn rob(&mut self, name: &LockName) {
        let Some(resource) = self.resources.get_mut(name) else { return };
        for mut lock in std::mem::take(&mut resource.held) {
            lock.tell(true);
            self.usage.entry(lock.client).or_default().held -= 1;
            self.forget(lock.id);
        }
    }
}

impl Table {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id for a request of a client.
    ///
    /// # Errors
    /// If the client has too many.
    pub(crate) fn admit(&self, client: u64, name: &LockName) -> std::result::Result<RequestId, Excess> {
        let mut state = self.state();
        let usage = state.usage.entry(client).or_default();
        if usage.waiting >= MAX_REQUESTS || usage.held >= MAX_REQUESTS {
            return Err(Excess::Requests);
        }
        if usage.names + name.len() * 2 > MAX_NAMES {
            return Err(Excess::Names);
        }
        usage.names += name.len() * 2;
        state.last_id += 1;
        let id = state.last_id;
        state.names.insert(id, (client, name.clone()));
        Ok(id)
    }

    /// Makes an admitted request; `call` is answered with whether the lock is granted.
    pub(crate) fn request(
        &self,
        id: RequestId,
        name: &LockName,
        is_shared: bool,
        otherwise: Otherwise,
        (client, sender, call): (u64, RealmSender, CallId),
    ) {
        let mut state = self.state();
        let mut entry = Entry { id, is_shared, client, sender, call: Some(call) };
        if otherwise == Otherwise::Steal {
            state.rob(name);
            return state.grant(name, entry);
        }
        let resource = state.resources.get(name);
        let is_free = resource.is_none_or(|resource| resource.queue.is_empty() && resource.can_grant(is_shared));
        if is_free {
            return state.grant(name, entry);
        }
        if otherwise == Otherwise::Refuse {
            entry.tell(false);
            state.forget(id);
            return;
        }
        state.usage.entry(client).or_default().waiting += 1;
        state.resources.entry(name.clone()).or_default().queue.push_back(entry);
    }

    /// `call` is answered with whether a lock of the client is stolen, or is released first.
    pub(crate) fn watch(&self, id: RequestId, client: u64, sender: &RealmSender, call: CallId) {
        let mut state = self.state();
        let State { names, resources, .. } = &mut *state;
        let resource = names.get(&id).and_then(|(_, name)| resources.get_mut(name));
        let lock = resource.and_then(|resource| resource.held.iter_mut().find(|lock| lock.id == id));
        match lock.filter(|lock| lock.client == client) {
            Some(lock) => lock.call = Some(call),
            // It was stolen meanwhile.
            None => sender.resolve(call, Ok(Box::new(Answer(true)))),
        }
    }

    /// Gives a lock back, or takes a request back, also one that was admitted and never made; whether it was there and the client's.
    pub(crate) fn release(&self, id: RequestId, client: u64) -> bool {
        let mut state = self.state();
        let Some((_, name)) = state.names.get(&id).filter(|(owner, _)| *owner == client).cloned() else { return false };
        state.forget(id);
        let State { resources, usage, .. } = &mut *state;
        let usage = usage.entry(client).or_default();
        let entry = resources.get_mut(&name).and_then(|resource| {
            if let Some(index) = resource.held.iter().position(|lock| lock.id == id) {
                let mut lock = resource.held.remove(index);
                lock.tell(false);
                usage.held -= 1;
                return Some(lock);
            }
            let index = resource.queue.iter().position(|request| request.id == id)?;
            usage.waiting -= 1;
            resource.queue.remove(index)
        });
        state.advance(&name);
        drop(state);
        drop(entry);
        true
    }

    /// A client is gone.
    pub(crate) fn leave(&self, client: u64) {
        let mut state = self.state();
        let is_theirs = |entry: &Entry| entry.client == client;
        let mut gone = Vec::new();
        let mut names = Vec::new();
        for (name, resource) in &mut state.resources {
            let before = gone.len();
            gone.extend(resource.held.extract_if(.., |lock| is_theirs(lock)));
            let (theirs, others) = std::mem::take(&mut resource.queue).into_iter().partition(is_theirs);
            resource.queue = others;
            gone.extend::<VecDeque<Entry>>(theirs);
            if gone.len() > before {
                names.push(name.clone());
            }
        }
        state.names.retain(|_, (owner, _)| *owner != client);
        state.usage.remove(&client);
        names.iter().for_each(|name| state.advance(name));
        drop(state);
        drop(gone);
    }

    /// Every lock that is held and every request that waits, oldest first.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let state = self.state();
        let listed = |name: &LockName, entry: &Entry, is_held| {
            let Entry { id, is_shared, client, .. } = *entry;
            Listed { id, name: name.clone(), is_shared, is_held, client }
        };
        let mut all: Vec<Listed> = Vec::new();
        for (name, resource) in &state.resources {
            all.extend(resource.held.iter().map(|lock| listed(name, lock, true)));
            all.extend(resource.queue.iter().map(|request| listed(name, request, false)));
        }
        drop(state);
        all.sort_by_key(|entry| entry.id);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_requested_leaves_nothing_behind() {
        let table = Table::default();
        let name = LockName::from(vec![0; MAX_NAMES / 2]);
        for client in 1..=2 {
            for _ in 0..2 {
                let id = table.admit(client, &name).unwrap();
                assert_eq!(table.admit(client, &name), Err(Excess::Names));
                assert!(!table.release(id, 3));
                assert!(table.release(id, client));
                assert!(!table.release(id, client));
            }
            table.admit(client, &name).unwrap();
        }
        table.leave(1);
        let state = table.state();
        assert_eq!(state.names.values().map(|(owner, _)| *owner).collect::<Vec<_>>(), [2]);
        assert_eq!(state.usage.keys().collect::<Vec<_>>(), [&2]);
    }
}
