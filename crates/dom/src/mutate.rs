//! Putting nodes into trees and taking them out ([DOM, mutation algorithms](https://dom.spec.whatwg.org/#mutation-algorithms)).

use crate::error::{DomError, Result};
use crate::journal::Change;
use crate::node::NodeData;
use crate::tree::{NodeId, Tree};

/// What a pre-insertion check looks at beside the place itself.
enum Place {
    Before(Option<NodeId>),
    Instead(NodeId),
}

impl Tree {
    /// Inserts `node` into `parent` before `child`, or at the end.
    ///
    /// # Errors
    /// `HierarchyRequestError` if it must not be there, `NotFoundError` if `child` is not in `parent`.
    pub fn insert(&mut self, parent: NodeId, node: NodeId, child: Option<NodeId>) -> Result<()> {
        self.check_place(parent, node, &Place::Before(child))?;
        let child = if child == Some(node) { self.next_sibling(node) } else { child };
        self.insert_checked(parent, node, child);
        Ok(())
    }

    /// Replaces `child` of `parent` by `node`.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn replace(&mut self, parent: NodeId, node: NodeId, child: NodeId) -> Result<()> {
        self.check_place(parent, node, &Place::Instead(child))?;
        let next = match self.next_sibling(child) {
            Some(next) if next == node => self.next_sibling(node),
            next => next,
        };
        let previous = self.previous_sibling(child);
        let mut removed = Vec::new();
        self.leave_parent(node);
        if self.parent(child).is_some() {
            removed.push(child);
            self.unlink(child);
        }
        let added = self.put(parent, node, next);
        self.note(|_| Change::Children { target: parent, added, removed, previous, next });
        Ok(())
    }

    /// Takes `child` from `parent`.
    ///
    /// # Errors
    /// `NotFoundError` if it is not there.
    pub fn remove_child(&mut self, parent: NodeId, child: NodeId) -> Result<()> {
        if self.parent(child) != Some(parent) {
            return Err(DomError::NotFound("the node to be removed is not a child of this node"));
        }
        self.remove(child);
        Ok(())
    }

    /// Takes a node from its parent, if it has one.
    pub fn remove(&mut self, node: NodeId) {
        let Some(target) = self.parent(node) else { return };
        let (previous, next) = (self.previous_sibling(node), self.next_sibling(node));
        self.unlink(node);
        self.note(|_| Change::Children { target, added: Vec::new(), removed: vec![node], previous, next });
    }

    /// Replaces all children of `parent` by `node`, or by nothing; no validity is checked.
    pub fn replace_all(&mut self, parent: NodeId, node: Option<NodeId>) {
        if let Some(node) = node {
            self.leave_parent(node);
        }
        let removed: Vec<NodeId> = if self.is_watched() { self.children(parent).collect() } else { Vec::new() };
        self.cut_children(parent);
        let added = node.map(|node| self.put(parent, node, None)).unwrap_or_default();
        if self.is_watched() && !(removed.is_empty() && added.is_empty()) {
            self.note(|_| Change::Children { target: parent, added, removed, previous: None, next: None });
        }
        self.touch();
    }

    /// Cuts all children off their parent.
    fn cut_children(&mut self, parent: NodeId) {
        if let Some(document) = self.document(parent)
            && !self.is_watched()
            && self.node(parent).first != 0
        {
            // Those that nobody holds go as one tree.
            let grave = self.create(document, NodeData::Fragment { host: None });
            for child in self.move_children(parent, grave) {
                self.unlink(child);
            }
            self.detached.push(grave);
            return self.touch();
        }
        while let Some(child) = self.first_child(parent) {
            self.unlink(child);
        }
    }

    /// Moves `node` and all below it to `document`, out of its parent.
    ///
    /// # Errors
    /// `NotSupportedError` for documents.
    pub fn adopt(&mut self, document: NodeId, node: NodeId) -> Result<()> {
        match self.node(node).data {
            NodeData::Document(_) => return Err(DomError::NotSupported("a document cannot be adopted")),
            NodeData::Fragment { host: Some(_) } => return Ok(()),
            _ => {}
        }
        self.remove(node);
        self.change_document(node, document);
        Ok(())
    }

    /// Checks whether `node` may be inserted into `parent` before `child`.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn check_insertion(&self, parent: NodeId, node: NodeId, child: Option<NodeId>) -> Result<()> {
        self.check_place(parent, node, &Place::Before(child))
    }

    /// Checks whether `node` may stand in `parent` in the place of `child`.
    ///
    /// # Errors
    /// As [`Tree::insert`].
    pub fn check_replacement(&self, parent: NodeId, node: NodeId, child: NodeId) -> Result<()> {
        self.check_place(parent, node, &Place::Instead(child))
    }

    /// Inserts without checking validity.
    pub(crate) fn insert_checked(&mut self, parent: NodeId, node: NodeId, child: Option<NodeId>) {
        if !matches!(self.node(node).data, NodeData::Fragment { .. }) {
            self.leave_parent(node);
        }
        let previous = child.map_or(self.last_child(parent), |child| self.previous_sibling(child));
        let added = self.put(parent, node, child);
        if self.is_watched() && !added.is_empty() {
            self.note(|_| Change::Children { target: parent, added, removed: Vec::new(), previous, next: child });
        }
    }

    /// "Ensure pre-insertion validity", and its sibling for replacing.
    fn check_place(&self, parent: NodeId, node: NodeId, place: &Place) -> Result<()> {
        let is_parent_document = match self.node(parent).data {
            NodeData::Document(_) => true,
            NodeData::Fragment { .. } | NodeData::Element(_) => false,
            _ => return Err(DomError::Hierarchy("this node cannot have children")),
        };
        if self.is_host_including_ancestor(node, parent) {
            return Err(DomError::Hierarchy("the node to insert contains this node"));
        }
        let child = match *place {
            Place::Before(child) => child,
            Place::Instead(child) => Some(child),
        };
        if child.is_some_and(|child| self.parent(child) != Some(parent)) {
            return Err(DomError::NotFound("the reference node is not a child of this node"));
        }
        match self.node(node).data {
            NodeData::Document(_) | NodeData::Attribute(_) | NodeData::Free(_) => {
                Err(DomError::Hierarchy("a node of this kind cannot be inserted"))
            }
            NodeData::Text(_) | NodeData::CData(_) if is_parent_document => {
                Err(DomError::Hierarchy("a document cannot have text as a child"))
            }
            NodeData::Doctype(_) if !is_parent_document => {
                Err(DomError::Hierarchy("a document type can only be a child of a document"))
            }
            NodeData::Fragment { .. } if is_parent_document => {
                let mut elements = self.element_children(node);
                let one = elements.next();
                if elements.next().is_some() {
                    return Err(DomError::Hierarchy("a document can have only one element as a child"));
                }
                if self.children(node).any(|child| self.node(child).as_text().is_some()) {
                    return Err(DomError::Hierarchy("a document cannot have text as a child"));
                }
                if one.is_some() { self.check_document_element(parent, place) } else { Ok(()) }
            }
            NodeData::Element(_) if is_parent_document => self.check_document_element(parent, place),
            NodeData::Doctype(_) => self.check_doctype(parent, place),
            _ => Ok(()),
        }
    }

    /// Whether `node` is `id`, above it, or above the template whose contents it is in.
    fn is_host_including_ancestor(&self, node: NodeId, id: NodeId) -> bool {
        if node == id {
            return true;
        }
        let holds_nothing = self.node(node).first == 0 && self.element(node).is_none_or(|e| e.content.is_none());
        !holds_nothing && std::iter::successors(self.keeper(id), |&node| self.keeper(node)).any(|other| other == node)
    }

    fn is_doctype(&self, id: NodeId) -> bool {
        matches!(self.node(id).data, NodeData::Doctype(_))
    }

    fn check_document_element(&self, parent: NodeId, place: &Place) -> Result<()> {
        let siblings_behind = |child| std::iter::successors(self.next_sibling(child), |&node| self.next_sibling(node));
        let (has_other, is_before_doctype) = match *place {
            Place::Before(child) => (
                self.element_children(parent).next().is_some(),
                child.is_some_and(|child| {
                    self.is_doctype(child) || siblings_behind(child).any(|node| self.is_doctype(node))
                }),
            ),
            Place::Instead(child) => (
                self.element_children(parent).any(|element| element != child),
                siblings_behind(child).any(|node| self.is_doctype(node)),
            ),
        };
        if has_other {
            return Err(DomError::Hierarchy("a document can have only one element as a child"));
        }
        if is_before_doctype {
            return Err(DomError::Hierarchy("an element cannot stand before the document type"));
        }
        Ok(())
    }

    fn check_doctype(&self, parent: NodeId, place: &Place) -> Result<()> {
        let elements_before = |child| {
            std::iter::successors(self.previous_sibling(child), |&node| self.previous_sibling(node))
                .any(|node| self.is_element(node))
        };
        let (has_other, is_behind_element) = match *place {
            Place::Before(Some(child)) => {
                (self.children(parent).any(|node| self.is_doctype(node)), elements_before(child))
            }
            Place::Before(None) => (
                self.children(parent).any(|node| self.is_doctype(node)),
                self.element_children(parent).next().is_some(),
            ),
            Place::Instead(child) => {
                (self.children(parent).any(|node| node != child && self.is_doctype(node)), elements_before(child))
            }
        };
        if has_other {
            return Err(DomError::Hierarchy("a document can have only one document type"));
        }
        if is_behind_element {
            return Err(DomError::Hierarchy("a document type cannot stand behind an element"));
        }
        Ok(())
    }

    /// Puts a node, or a fragment's children, into `parent`; gives what was put there, if that is to be written down.
    fn put(&mut self, parent: NodeId, node: NodeId, before: Option<NodeId>) -> Vec<NodeId> {
        let document = self.node(parent).document;
        let is_watched = self.is_watched();
        let index = if is_watched {
            before.map_or_else(|| self.children(parent).count(), |before| self.index(before)) as u32
        } else {
            0
        };
        let is_fragment = matches!(self.node(node).data, NodeData::Fragment { .. });
        if !is_watched && !is_fragment {
            if self.node(node).document != document
                && let Some(document) = self.id_of(document)
            {
                self.change_document(node, document);
            }
            self.link(parent, node, before);
            self.touch();
            return Vec::new();
        }
        let nodes: Vec<NodeId> = if is_fragment {
            if !is_watched && before.is_none() && self.node(node).document == document {
                self.move_children(node, parent);
                self.touch();
                return Vec::new();
            }
            let nodes: Vec<NodeId> = self.children(node).collect();
            for &child in &nodes {
                self.unlink_quietly(child);
            }
            if is_watched && !nodes.is_empty() {
                let removed = nodes.clone();
                self.note(|_| Change::Children {
                    target: node,
                    added: Vec::new(),
                    removed,
                    previous: None,
                    next: None,
                });
            }
            nodes
        } else {
            vec![node]
        };
        for &child in &nodes {
            if self.node(child).document != document
                && let Some(document) = self.id_of(document)
            {
                self.change_document(child, document);
            }
            self.link(parent, child, before);
        }
        if is_watched && !nodes.is_empty() {
            let inserted = nodes.clone();
            self.note(|_| Change::Inserted { parent, nodes: inserted, index });
        }
        self.touch();
        nodes
    }

    pub(crate) fn change_document(&mut self, root: NodeId, document: NodeId) {
        for (node, old, new) in self.move_to_document(root, document) {
            self.note(|_| Change::Adopted { node, old, new });
        }
    }

    /// Makes a node and all below it, attributes and contents of templates too, another document's. Gives each with its old document and
    /// its new one, if that is to be written down.
    pub(crate) fn move_to_document(&mut self, root: NodeId, document: NodeId) -> Vec<(NodeId, NodeId, NodeId)> {
        let is_watched = self.is_watched();
        let mut moved = Vec::new();
        let mut roots = vec![(root, document)];
        while let Some((root, document)) = roots.pop() {
            let new = document.index.get();
            if self.node(root).document == new {
                continue;
            }
            let mut next = Some(root);
            while let Some(id) = next {
                let old = std::mem::replace(&mut self.node_mut(id).document, new);
                self.count_in_document(old, -1);
                self.count_in_document(new, 1);
                let mut content = None;
                if let Some(element) = self.element(id) {
                    content = element.content;
                    let nodes = element.attributes.iter().filter_map(|attribute| attribute.node);
                    roots.extend(nodes.map(|node| (node, document)));
                }
                if let Some(content) = content {
                    roots.push((content, self.template_document(document)));
                }
                if is_watched && let Some(old) = self.id_of(old) {
                    moved.push((id, old, document));
                }
                next = self.following(id, root);
            }
        }
        moved
    }

    /// Takes a node that is about to be put elsewhere from its parent.
    fn leave_parent(&mut self, node: NodeId) {
        let Some(target) = self.parent(node) else { return };
        let (previous, next) = (self.previous_sibling(node), self.next_sibling(node));
        self.note_removal(target, node, previous, next);
        self.unlink_quietly(node);
        self.note(|_| Change::Children { target, added: Vec::new(), removed: vec![node], previous, next });
    }

    fn note_removal(&mut self, parent: NodeId, node: NodeId, previous: Option<NodeId>, next: Option<NodeId>) {
        if self.is_watched() {
            let index = self.index(node) as u32;
            self.note(|_| Change::Removed { parent, node, index, previous, next });
        }
    }

    /// Cuts a node off; it is freed unless something keeps it.
    pub(crate) fn unlink(&mut self, node: NodeId) {
        let Some(parent) = self.parent(node) else { return };
        self.note_removal(parent, node, self.previous_sibling(node), self.next_sibling(node));
        self.unlink_quietly(node);
        self.detached.push(node);
        self.touch();
    }

    pub(crate) fn unlink_quietly(&mut self, node: NodeId) {
        let place = self.node_mut(node);
        let (parent, previous, next) = (place.parent, place.previous, place.next);
        (place.parent, place.previous, place.next) = (0, 0, 0);
        if parent == 0 {
            return;
        }
        self.note_move(node);
        if previous == 0 {
            self.nodes[parent as usize].first = next;
        } else {
            self.nodes[previous as usize].next = next;
        }
        if next == 0 {
            self.nodes[parent as usize].last = previous;
        } else {
            self.nodes[next as usize].previous = previous;
        }
    }

    /// Moves all children of one node behind those of another, of the same document. Gives those that the embedder holds.
    pub(crate) fn move_children(&mut self, from: NodeId, to: NodeId) -> Vec<NodeId> {
        let mut held = Vec::new();
        let (first, last) = (self.node(from).first, self.node(from).last);
        if first == 0 || from == to || !self.contains(to) {
            return held;
        }
        // From both ends at once: what takes long is waiting for the memory that a sibling leads to.
        let (mut front, mut back) = (first, last);
        let mut held_behind = Vec::new();
        loop {
            let next = self.move_child(front, to, &mut held).1;
            if front == back {
                break;
            }
            let previous = self.move_child(back, to, &mut held_behind).0;
            if next == back {
                break;
            }
            (front, back) = (next, previous);
        }
        held.extend(held_behind.into_iter().rev());
        (self.node_mut(from).first, self.node_mut(from).last) = (0, 0);
        let previous = std::mem::replace(&mut self.node_mut(to).last, last);
        self.nodes[first as usize].previous = previous;
        if previous == 0 {
            self.node_mut(to).first = first;
        } else {
            self.nodes[previous as usize].next = first;
        }
        self.moved.extend(&held);
        held
    }

    /// Gives a child of another node its new parent, and says whether the embedder holds it. Its siblings before and behind.
    fn move_child(&mut self, index: u32, to: NodeId, held: &mut Vec<NodeId>) -> (u32, u32) {
        let place = &mut self.nodes[index as usize];
        place.parent = to.index.get();
        let (siblings, is_held) = ((place.previous, place.next), place.embedder != 0);
        if is_held {
            held.extend(self.id_of(index));
        }
        siblings
    }

    /// Links a node without a parent into one.
    pub(crate) fn link(&mut self, parent: NodeId, child: NodeId, before: Option<NodeId>) {
        if !self.contains(parent) || !self.contains(child) {
            return;
        }
        let (parent_index, index) = (parent.index.get(), child.index.get());
        let next = before.filter(|&before| self.node(before).parent == parent_index).map_or(0, |b| b.index.get());
        let previous = if next == 0 { self.node(parent).last } else { self.at(next).previous };
        let place = self.node_mut(child);
        (place.parent, place.previous, place.next) = (parent_index, previous, next);
        self.note_move(child);
        if previous == 0 {
            self.node_mut(parent).first = index;
        } else {
            self.nodes[previous as usize].next = index;
        }
        if next == 0 {
            self.node_mut(parent).last = index;
        } else {
            self.nodes[next as usize].previous = index;
        }
    }
}
