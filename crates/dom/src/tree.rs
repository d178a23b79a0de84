//! The arena: making nodes, freeing them, and walking among them.
//!
//! Nodes are slots of one vector, linked by index. A [`NodeId`] names a slot and its generation, so that an id whose node was
//! freed finds nothing. All walks are loops: however deep a tree is, the stack is not.

use crate::node::{AttributeData, DocumentData, ElementData, Node, NodeData, QuirksMode};
use html5ever::{QualName, local_name as atom, ns};
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;

/// Names a node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    pub(crate) index: NonZeroU32,
    pub(crate) generation: u32,
}

/// All nodes of one realm: any number of documents, and trees without one.
pub struct Tree {
    /// Slot 0 is an empty fragment, which ids of freed nodes find.
    pub(crate) nodes: Vec<Node>,
    free: u32,
    /// Where the generations of new slots begin: no id of a slot that was given back is made again.
    generation: u32,
    /// With fewer nodes than this it is time to give slots back.
    few: usize,
    pub(crate) bytes: usize,
    limit: usize,
    live: usize,
    version: u64,
    /// Nodes whose connection to their parent was cut since [`Tree::sweep`].
    pub(crate) detached: Vec<NodeId>,
    /// Nodes that the embedder holds and whose [keeper](Tree::keeper) changed.
    pub(crate) moved: VecDeque<NodeId>,
    pub(crate) journal: crate::journal::Journal,
    pub(crate) ids: crate::ids::Ids,
    /// The `is` values of elements that were made with one.
    is_values: HashMap<NodeId, Box<str>>,
}

/// Slots that are never given back.
const KEPT_SLOTS: usize = 4096;
/// Places for moved nodes that are never given back.
const KEPT_MOVES: usize = 64;

fn is_value_cost(value: &str) -> usize {
    2 * size_of::<(NodeId, Box<str>)>() + value.len()
}

fn vacant(data: NodeData) -> Node {
    Node { generation: 0, parent: 0, previous: 0, next: 0, first: 0, last: 0, document: 0, embedder: 0, data }
}

impl Default for Tree {
    fn default() -> Self {
        Tree {
            nodes: vec![vacant(NodeData::Fragment { host: None })],
            free: 0,
            generation: 0,
            few: 0,
            bytes: 0,
            limit: usize::MAX,
            live: 0,
            version: 0,
            detached: Vec::new(),
            moved: VecDeque::new(),
            journal: Default::default(),
            ids: Default::default(),
            is_values: HashMap::new(),
        }
    }
}

impl Tree {
    /// Bytes that the nodes hold.
    pub fn bytes(&self) -> usize {
        self.bytes + self.nodes.capacity() * size_of::<Node>() + self.ids.bytes()
    }

    /// Bounds [`Tree::bytes`]: what makes many nodes at once fails beyond it.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(crate) fn limit_bytes(&self) -> usize {
        self.limit
    }

    pub(crate) fn is_full(&self) -> bool {
        !self.has_room(0)
    }

    /// Whether so many bytes more are within the limit.
    pub(crate) fn has_room(&self, more: usize) -> bool {
        self.bytes + self.live * size_of::<Node>() + more <= self.limit
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// A number that grows with each change of structure or attributes.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn touch(&mut self) {
        self.version += 1;
    }

    // ── Access ──

    /// The node of that id; an empty fragment if it was freed.
    pub fn node(&self, id: NodeId) -> &Node {
        match self.nodes.get(id.index.get() as usize) {
            Some(node) if node.generation == id.generation => node,
            _ => &self.nodes[0],
        }
    }

    pub(crate) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        let index = id.index.get() as usize;
        let is_live = self.nodes.get(index).is_some_and(|node| node.generation == id.generation);
        &mut self.nodes[if is_live { index } else { 0 }]
    }

    /// Whether the node was not freed.
    pub fn contains(&self, id: NodeId) -> bool {
        self.nodes.get(id.index.get() as usize).is_some_and(|node| node.generation == id.generation)
    }

    pub(crate) fn id_of(&self, index: u32) -> Option<NodeId> {
        let generation = self.nodes.get(index as usize)?.generation;
        Some(NodeId { index: NonZeroU32::new(index)?, generation })
    }

    pub(crate) fn at(&self, index: u32) -> &Node {
        self.nodes.get(index as usize).unwrap_or(&self.nodes[0])
    }

    /// The number that the embedder gave the node; see [`Tree::set_embedder`].
    pub fn embedder(&self, id: NodeId) -> u32 {
        self.node(id).embedder
    }

    /// Gives the node a number of the embedder's. A node with one other than 0 keeps the tree that it is in alive; so
    /// must all that are above it have one, up to the root (see [`Tree::keeper`]).
    pub fn set_embedder(&mut self, id: NodeId, value: u32) {
        if self.contains(id) {
            self.node_mut(id).embedder = value;
        }
    }

    // ── Relatives ──

    /// The parent.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).parent)
    }

    /// The parent, if it is an element.
    pub fn parent_element(&self, id: NodeId) -> Option<NodeId> {
        self.parent(id).filter(|&parent| self.is_element(parent))
    }

    /// The first child.
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).first)
    }

    /// The last child.
    pub fn last_child(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).last)
    }

    /// The sibling before.
    pub fn previous_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).previous)
    }

    /// The sibling behind.
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).next)
    }

    /// The document that the node belongs to; itself, for a document.
    pub fn document(&self, id: NodeId) -> Option<NodeId> {
        self.id_of(self.node(id).document)
    }

    /// Whether the node's document is an HTML document.
    pub fn is_in_html_document(&self, id: NodeId) -> bool {
        self.at(self.node(id).document).as_document().is_some_and(|document| document.is_html)
    }

    /// What a node lives as long as: its parent, the template of its contents, the element of an attribute.
    pub fn keeper(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        match &node.data {
            NodeData::Fragment { host } => *host,
            NodeData::Attribute(attribute) => attribute.owner,
            _ => self.id_of(node.parent),
        }
    }

    /// The topmost ancestor, or the node itself.
    pub fn root(&self, id: NodeId) -> NodeId {
        let mut root = id;
        while let Some(parent) = self.parent(root) {
            root = parent;
        }
        root
    }

    /// Whether the root is a document.
    pub fn is_connected(&self, id: NodeId) -> bool {
        matches!(self.node(self.root(id)).data, NodeData::Document(_))
    }

    /// Whether it is an element.
    pub fn is_element(&self, id: NodeId) -> bool {
        matches!(self.node(id).data, NodeData::Element(_))
    }

    /// The element.
    pub fn element(&self, id: NodeId) -> Option<&ElementData> {
        self.node(id).as_element()
    }

    /// The children.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first_child(id), |&child| self.next_sibling(child))
    }

    /// The children that are elements.
    pub fn element_children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.children(id).filter(|&child| self.is_element(child))
    }

    /// The node's parent, its parent and so on.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |&node| self.parent(node))
    }

    /// Whether `ancestor` is `id` or above it.
    pub fn is_inclusive_ancestor(&self, ancestor: NodeId, id: NodeId) -> bool {
        ancestor == id || self.node(ancestor).first != 0 && self.ancestors(id).any(|node| node == ancestor)
    }

    /// The node behind `id` in tree order, within the subtree of `root`.
    pub fn following(&self, id: NodeId, root: NodeId) -> Option<NodeId> {
        self.first_child(id).or_else(|| self.following_subtree(id, root))
    }

    /// The node behind all of `id`'s subtree in tree order, within the subtree of `root`.
    pub fn following_subtree(&self, id: NodeId, root: NodeId) -> Option<NodeId> {
        let mut node = id;
        while node != root {
            if let Some(next) = self.next_sibling(node) {
                return Some(next);
            }
            node = self.parent(node)?;
        }
        None
    }

    /// The node before `id` in tree order, within the subtree of `root`.
    pub fn preceding(&self, id: NodeId, root: NodeId) -> Option<NodeId> {
        if id == root {
            return None;
        }
        match self.previous_sibling(id) {
            Some(previous) => Some(self.last_inclusive_descendant(previous)),
            None => self.parent(id),
        }
    }

    /// The last node of the subtree in tree order.
    pub fn last_inclusive_descendant(&self, id: NodeId) -> NodeId {
        let mut node = id;
        while let Some(last) = self.last_child(node) {
            node = last;
        }
        node
    }

    /// `id` and all below it, in tree order.
    pub fn inclusive_descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(Some(id), move |&node| self.following(node, id))
    }

    /// All below `id`, in tree order.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.inclusive_descendants(id).skip(1)
    }

    /// How many siblings stand before the node.
    pub fn index(&self, id: NodeId) -> usize {
        std::iter::successors(self.previous_sibling(id), |&node| self.previous_sibling(node)).count()
    }

    /// The child at that index.
    pub fn child_at(&self, id: NodeId, index: usize) -> Option<NodeId> {
        self.children(id).nth(index)
    }

    /// The document's element.
    pub fn document_element(&self, document: NodeId) -> Option<NodeId> {
        self.element_children(document).next()
    }

    // ── Making and freeing ──

    pub(crate) fn add(&mut self, document: Option<NodeId>, data: NodeData) -> NodeId {
        self.bytes += data.cost();
        self.live += 1;
        self.few = self.few.max(self.live / 4);
        let index = if self.free == 0 {
            self.nodes.push(Node { generation: self.generation, ..vacant(data) });
            (self.nodes.len() - 1) as u32
        } else {
            let index = self.free;
            let node = &mut self.nodes[index as usize];
            if let NodeData::Free(next) = node.data {
                self.free = next;
            }
            let generation = node.generation;
            *node = Node { generation, ..vacant(data) };
            index
        };
        let document = document.map_or(index, |document| document.index.get());
        self.nodes[index as usize].document = document;
        if document != index {
            self.count_in_document(document, 1);
        }
        NodeId { index: NonZeroU32::MIN.saturating_add(index - 1), generation: self.nodes[index as usize].generation }
    }

    pub(crate) fn count_in_document(&mut self, document: u32, change: i32) {
        if let Some(NodeData::Document(data)) = self.nodes.get_mut(document as usize).map(|node| &mut node.data) {
            data.nodes = data.nodes.saturating_add_signed(change);
        }
    }

    /// A new document.
    pub fn create_document(&mut self, is_html: bool, content_type: &str) -> NodeId {
        let content_type = content_type.to_owned();
        let data =
            DocumentData { is_html, content_type, quirks: QuirksMode::NoQuirks, nodes: 0, template_document: None };
        self.add(None, NodeData::Document(Box::new(data)))
    }

    /// A new element; a template gets its contents.
    pub fn create_element(&mut self, document: NodeId, name: QualName) -> NodeId {
        let is_template = name.ns == ns!(html) && name.local == atom!("template");
        let data = ElementData { name, attributes: Vec::new(), content: None, is_integration_point: false };
        let element = self.add(Some(document), NodeData::Element(data));
        if is_template {
            let owner = self.template_document(document);
            let content = self.add(Some(owner), NodeData::Fragment { host: Some(element) });
            if let NodeData::Element(data) = &mut self.node_mut(element).data {
                data.content = Some(content);
            }
        }
        element
    }

    /// The [document](https://html.spec.whatwg.org/#appropriate-template-contents-owner-document) that the contents of a document's
    /// templates belong to, in which nothing happens.
    pub(crate) fn template_document(&mut self, document: NodeId) -> NodeId {
        let Some(data) = self.node(document).as_document() else { return document };
        if let Some(known) = data.template_document.filter(|&known| self.contains(known)) {
            return known;
        }
        let (is_html, content_type) = (data.is_html, data.content_type.clone());
        let made = self.create_document(is_html, &content_type);
        for id in [document, made] {
            if let NodeData::Document(data) = &mut self.node_mut(id).data {
                data.template_document = Some(made);
            }
        }
        made
    }

    /// The name of the custom built-in element that an element was made as.
    pub fn is_value(&self, element: NodeId) -> Option<&str> {
        if self.is_values.is_empty() { None } else { self.is_values.get(&element).map(|value| &**value) }
    }

    /// Makes an element one of that [name](Tree::is_value), which its markup tells.
    pub fn set_is_value(&mut self, element: NodeId, value: &str) {
        if self.is_element(element) {
            self.forget_is_value(element);
            self.bytes += is_value_cost(value);
            self.is_values.insert(element, value.into());
        }
    }

    fn forget_is_value(&mut self, element: NodeId) {
        if self.is_values.is_empty() {
            return;
        }
        if let Some(old) = self.is_values.remove(&element) {
            self.bytes = self.bytes.saturating_sub(is_value_cost(&old));
        }
    }

    /// A new node of another kind, which holds no ids.
    pub fn create(&mut self, document: NodeId, data: NodeData) -> NodeId {
        self.add(Some(document), data)
    }

    /// A new attribute node without an owner.
    pub fn create_attribute(&mut self, document: NodeId, name: QualName, value: &str) -> NodeId {
        let data = AttributeData { name, value: value.to_owned(), owner: None };
        self.add(Some(document), NodeData::Attribute(Box::new(data)))
    }

    /// Frees the trees that were detached since the last call and that nothing of the embedder's keeps.
    pub fn sweep(&mut self) {
        while let Some(root) = self.detached.pop() {
            self.release(root);
        }
    }

    /// Whether trees have been detached since the last [sweep](Tree::sweep).
    pub fn has_detached(&self) -> bool {
        !self.detached.is_empty()
    }

    /// The next of the nodes that the embedder holds and whose [keeper](Tree::keeper) changed.
    pub fn next_moved(&mut self) -> Option<NodeId> {
        let next = self.moved.pop_front();
        if next.is_none() && self.moved.capacity() > KEPT_MOVES {
            self.moved = VecDeque::new();
        }
        next
    }

    /// Whether nothing happened that the embedder must see to: no node was detached or moved, no change written down.
    pub fn is_settled(&self) -> bool {
        self.detached.is_empty() && self.moved.is_empty() && !self.has_changes()
    }

    pub(crate) fn note_move(&mut self, id: NodeId) {
        if self.node(id).embedder != 0 {
            self.moved.push_back(id);
        }
    }

    /// Says that nothing but the embedder, if it does, keeps a tree that was made and put nowhere.
    pub fn discard(&mut self, root: NodeId) {
        self.detached.push(root);
    }

    /// Frees the tree of `root`, unless it has a keeper or the embedder holds it.
    pub fn release(&mut self, root: NodeId) {
        let is_kept = self.keeper(root).is_some_and(|keeper| self.contains(keeper));
        if !self.contains(root) || is_kept || self.node(root).embedder != 0 {
            return;
        }
        if let NodeData::Document(data) = &self.node(root).data
            && data.nodes > 0
            && self.node(root).first == 0
        {
            // Trees outside it belong to it; the last of them frees it.
            return;
        }
        self.free_subtrees(root);
    }

    fn free_subtrees(&mut self, root: NodeId) {
        let mut more = Vec::new();
        let mut next = Some(root);
        while let Some(root) = next {
            let document = self.node(root).document;
            self.free_subtree(root, &mut more);
            let document = self.id_of(document);
            if let Some(document) = document
                && document != root
                && self.node(document).as_document().is_some_and(|data| data.nodes == 0)
                && self.node(document).embedder == 0
            {
                more.push(document);
            }
            next = more.pop();
        }
        if self.live < self.few {
            self.give_slots_back();
        }
    }

    /// Frees a node and all below it; `more` gets what goes with them.
    fn free_subtree(&mut self, root: NodeId, more: &mut Vec<NodeId>) {
        let top = root.index.get();
        let mut index = if self.contains(root) { top } else { 0 };
        while let Some(node) = self.nodes.get_mut(index as usize).filter(|_| index != 0) {
            // Down to a leaf; it goes, then those beside it, then what is above, whose children are gone.
            let first = std::mem::take(&mut node.first);
            if first != 0 {
                index = first;
                continue;
            }
            let beside = if node.next == 0 { node.parent } else { node.next };
            let following = if index == top { 0 } else { beside };
            if index == top && matches!(&node.data, NodeData::Document(data) if data.nodes > 0) {
                node.last = 0;
            } else {
                self.free_node(index, more);
            }
            index = following;
        }
    }

    /// Gives the slots after the last node back, if they are most. To be tried when three in four nodes are gone since the last time.
    fn give_slots_back(&mut self) {
        self.few = self.live / 4;
        if self.nodes.len() <= 2 * KEPT_SLOTS {
            return;
        }
        let is_free = |node: &Node| matches!(node.data, NodeData::Free(_));
        let end = self.nodes.iter().rposition(|node| !is_free(node)).map_or(1, |last| last + 1).max(KEPT_SLOTS);
        if end > self.nodes.len() / 2 {
            return;
        }
        let generations = self.nodes[end..].iter().map(|node| node.generation);
        self.generation = generations.fold(self.generation, u32::max);
        self.nodes.truncate(end);
        self.nodes.shrink_to_fit();
        self.free = 0;
        for index in (1..end).rev() {
            if is_free(&self.nodes[index]) {
                self.nodes[index].data = NodeData::Free(self.free);
                self.free = index as u32;
            }
        }
    }

    fn free_node(&mut self, index: u32, more: &mut Vec<NodeId>) {
        let (id, document) = (self.id_of(index), self.at(index).document);
        if document != index {
            self.count_in_document(document, -1);
        }
        if let Some(id) = id {
            self.journal.forget(id);
            self.forget_is_value(id);
        }
        let free = self.free;
        let Some(node) = self.nodes.get_mut(index as usize) else { return };
        if let (NodeData::Element(element), Some(id)) = (&node.data, id) {
            more.extend(element.content);
            more.extend(element.attributes.iter().filter_map(|attribute| attribute.node));
            self.ids.remove_attributes(id, &element.attributes);
        }
        self.bytes = self.bytes.saturating_sub(node.data.cost());
        *node = Node { generation: node.generation.wrapping_add(1), ..vacant(NodeData::Free(free)) };
        self.live -= 1;
        self.free = index;
        if self.live == 0 {
            // Nothing can name a slot any more but ids, whose generations must not come again.
            self.version += 1;
        }
    }
}
