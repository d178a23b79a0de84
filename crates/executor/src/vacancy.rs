//! Isolates with free seats.

use crate::config::RealmConfig;
use crate::task::Task;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// What realms must have in common to share an isolate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    memory_limit: usize,
    max_stack_size: usize,
}

impl Class {
    pub(crate) fn of(config: &RealmConfig) -> Class {
        Class { memory_limit: config.memory_limit, max_stack_size: config.max_stack_size }
    }
}

/// Each task with a free seat, once. One that has closed may still be among them.
#[derive(Default)]
pub(crate) struct Vacancies {
    by_class: HashMap<Class, Vec<Weak<Task>>>,
}

impl Vacancies {
    pub(crate) fn push(&mut self, class: Class, task: &Arc<Task>) {
        self.by_class.entry(class).or_default().push(Arc::downgrade(task));
    }

    /// The one that was added last.
    pub(crate) fn last(&mut self, class: Class) -> Option<Arc<Task>> {
        while let Some(task) = self.by_class.get(&class)?.last() {
            match task.upgrade() {
                Some(task) => return Some(task),
                None => self.pop(class),
            }
        }
        None
    }

    /// Removes the one that was added last.
    pub(crate) fn pop(&mut self, class: Class) {
        if let Some(tasks) = self.by_class.get_mut(&class) {
            tasks.pop();
            if tasks.is_empty() {
                self.by_class.remove(&class);
            }
        }
    }
}
