//! What changes of a tree tell those who watch it: ranges, node iterators, custom elements and mutation observers.
//!
//! Nothing is written down unless the embedder [asks](crate::Tree::watch) for it.

use crate::node::NodeData;
use crate::tree::{NodeId, Tree};
use html5ever::QualName;
use std::collections::BTreeSet;
use std::iter;

/// One change.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Change {
    /// A node was taken from its parent.
    Removed { parent: NodeId, node: NodeId, index: u32, previous: Option<NodeId>, next: Option<NodeId> },
    /// Nodes were put into a parent.
    Inserted { parent: NodeId, nodes: Vec<NodeId>, index: u32 },
    /// What a mutation observer is told of children.
    Children {
        target: NodeId,
        added: Vec<NodeId>,
        removed: Vec<NodeId>,
        previous: Option<NodeId>,
        next: Option<NodeId>,
    },
    /// An attribute was set, changed or removed.
    Attribute { element: NodeId, name: QualName, old: Option<String>, new: Option<String> },
    /// Text was replaced: `removed` units from `offset` by `added` ones.
    Data { node: NodeId, old: String, offset: u32, removed: u32, added: u32 },
    /// Text was split: what is behind `offset` is in `new` now.
    Split { node: NodeId, new: NodeId, offset: u32 },
    /// A node moved to another document.
    Adopted { node: NodeId, old: NodeId, new: NodeId },
}

#[derive(Default)]
pub(crate) struct Journal {
    is_on: bool,
    changes: Vec<Change>,
    /// Few, and asked for with each ancestor of what changes.
    observed: BTreeSet<NodeId>,
}

impl Journal {
    pub(crate) fn forget(&mut self, id: NodeId) {
        if !self.observed.is_empty() {
            self.observed.remove(&id);
        }
    }
}

impl Tree {
    /// Whether changes are written down from now on.
    pub fn watch(&mut self, on: bool) {
        self.journal.is_on = on;
    }

    /// Whether changes are written down.
    pub fn is_watched(&self) -> bool {
        self.journal.is_on
    }

    /// The changes since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.journal.changes)
    }

    /// Whether there are changes to take.
    pub fn has_changes(&self) -> bool {
        !self.journal.changes.is_empty()
    }

    /// Marks a node as one that somebody observes, or takes the mark away. It goes with the node.
    pub fn mark_observed(&mut self, id: NodeId, on: bool) {
        if on && self.contains(id) {
            self.journal.observed.insert(id);
        } else {
            self.journal.observed.remove(&id);
        }
    }

    /// Those of a node and its ancestors that are [marked](Tree::mark_observed), the node first.
    pub fn observed_from(&self, id: NodeId) -> Vec<NodeId> {
        if self.journal.observed.is_empty() {
            return Vec::new();
        }
        iter::once(id).chain(self.ancestors(id)).filter(|id| self.journal.observed.contains(id)).collect()
    }

    pub(crate) fn note(&mut self, change: impl FnOnce(&Tree) -> Change) {
        self.touch();
        if self.journal.is_on {
            let change = change(self);
            self.journal.changes.push(change);
        }
    }

    pub(crate) fn owned_data(&self, id: NodeId) -> String {
        self.node(id).as_character_data().unwrap_or_default().to_owned()
    }

    pub(crate) fn is_document(&self, id: NodeId) -> bool {
        matches!(self.node(id).data, NodeData::Document(_))
    }
}
