//! Alarms: when a processor must wake tasks that wait for a time.

use crate::task::Task;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// At most one for each task, by time and the task's address.
#[derive(Default)]
pub(crate) struct Alarms {
    tasks: BTreeMap<(Instant, usize), Weak<Task>>,
}

fn key(at: Instant, task: &Arc<Task>) -> (Instant, usize) {
    (at, Arc::as_ptr(task).addr())
}

impl Alarms {
    /// True if it is now the first to ring.
    pub(crate) fn insert(&mut self, at: Instant, task: &Arc<Task>) -> bool {
        let key = key(at, task);
        self.tasks.insert(key, Arc::downgrade(task));
        self.tasks.first_key_value().is_some_and(|(first, _)| *first == key)
    }

    pub(crate) fn remove(&mut self, at: Instant, task: &Arc<Task>) {
        self.tasks.remove(&key(at, task));
    }

    pub(crate) fn contains(&self, at: Instant, task: &Arc<Task>) -> bool {
        self.tasks.contains_key(&key(at, task))
    }

    /// Takes the first that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Arc<Task>> {
        while let Some(first) = self.tasks.first_entry()
            && first.key().0 <= now
        {
            if let Some(task) = first.remove().upgrade() {
                return Some(task);
            }
        }
        None
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.tasks.first_key_value().map(|((at, _), _)| *at)
    }
}
