//! Alarms: when a processor must wake tasks that wait for a time.

use crate::task::Task;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

type Key = (Instant, usize, usize);

/// At most one for each seat, by time, the task's address and the seat.
#[derive(Default)]
pub(crate) struct Alarms {
    tasks: BTreeMap<Key, Weak<Task>>,
}

fn key(at: Instant, task: &Arc<Task>, seat: usize) -> Key {
    (at, Arc::as_ptr(task).addr(), seat)
}

impl Alarms {
    /// True if it is now the first to ring.
    pub(crate) fn insert(&mut self, at: Instant, task: &Arc<Task>, seat: usize) -> bool {
        let key = key(at, task, seat);
        self.tasks.insert(key, Arc::downgrade(task));
        self.tasks.first_key_value().is_some_and(|(first, _)| *first == key)
    }

    pub(crate) fn remove(&mut self, at: Instant, task: &Arc<Task>, seat: usize) {
        self.tasks.remove(&key(at, task, seat));
    }

    pub(crate) fn contains(&self, at: Instant, task: &Arc<Task>, seat: usize) -> bool {
        self.tasks.contains_key(&key(at, task, seat))
    }

    /// Takes the first that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<(Arc<Task>, usize)> {
        while let Some(first) = self.tasks.first_entry()
            && first.key().0 <= now
        {
            let seat = first.key().2;
            if let Some(task) = first.remove().upgrade() {
                return Some((task, seat));
            }
        }
        None
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.tasks.first_key_value().map(|((at, ..), _)| *at)
    }
}
