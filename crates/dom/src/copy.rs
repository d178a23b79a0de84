//! Cloning, comparing and normalising ([DOM, interface Node](https://dom.spec.whatwg.org/#interface-node)).

use crate::error::{DomError, Result};
use crate::node::{Attribute, AttributeData, DocumentData, ElementData, NodeData};
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, Namespace};
use std::collections::HashSet;

/// `Node.compareDocumentPosition`.
pub mod position {
    /// The trees differ.
    pub const DISCONNECTED: u16 = 1;
    /// The other node comes before.
    pub const PRECEDING: u16 = 2;
    /// The other node comes behind.
    pub const FOLLOWING: u16 = 4;
    /// The other node is above.
    pub const CONTAINS: u16 = 8;
    /// The other node is below.
    pub const CONTAINED_BY: u16 = 16;
    /// The order is arbitrary but stable.
    pub const IMPLEMENTATION_SPECIFIC: u16 = 32;
}

impl Tree {
    /// A copy of `node` that belongs to `document`; with all below it if `deep`.
    ///
    /// # Errors
    /// [`DomError::TooLarge`] if it does not fit.
    pub fn clone_node(&mut self, node: NodeId, document: Option<NodeId>, deep: bool) -> Result<NodeId> {
        let copy = self.clone_one(node, document);
        // Pairs of an original whose children are to be copied and its copy.
        let mut pairs = Vec::new();
        if deep {
            pairs.push((node, copy));
        }
        self.push_contents(node, copy, deep, &mut pairs);
        while let Some((original, copy)) = pairs.pop() {
            let owner = self.document(copy);
            let mut from = self.first_child(original);
            let mut parent = copy;
            // The subtree in tree order, with the copy's place moving along.
            while let Some(id) = from {
                if self.is_full() {
                    let limit = self.limit_bytes();
                    self.detached.push(pairs.first().map_or(copy, |&(_, copy)| copy));
                    return Err(DomError::TooLarge { limit });
                }
                let made = self.clone_one(id, owner);
                self.link(parent, made, None);
                self.push_contents(id, made, true, &mut pairs);
                if self.node(id).first != 0 {
                    (from, parent) = (self.first_child(id), made);
                    continue;
                }
                let mut last = id;
                from = loop {
                    if let Some(next) = self.next_sibling(last) {
                        break Some(next);
                    }
                    match self.parent(last) {
                        Some(above) if above != original => {
                            last = above;
                            parent = self.parent(parent).unwrap_or(copy);
                        }
                        _ => break None,
                    }
                };
            }
        }
        Ok(copy)
    }

    fn push_contents(&self, original: NodeId, copy: NodeId, deep: bool, pairs: &mut Vec<(NodeId, NodeId)>) {
        let content = |id| self.element(id).and_then(|element| element.content);
        if deep && let (Some(from), Some(to)) = (content(original), content(copy)) {
            pairs.push((from, to));
        }
    }

    fn clone_one(&mut self, id: NodeId, document: Option<NodeId>) -> NodeId {
        let owner = document.or_else(|| self.document(id));
        let data = match &self.node(id).data {
            NodeData::Element(element) => {
                let name = element.name.clone();
                let attributes: Vec<Attribute> =
                    element.attributes.iter().map(|attribute| Attribute { node: None, ..attribute.clone() }).collect();
                let is_integration_point = element.is_integration_point;
                let Some(owner) = owner else { return id };
                let copy = self.create_element(owner, name);
                self.give_attributes(copy, attributes);
                if let Some(is) = self.is_value(id).map(str::to_owned) {
                    self.set_is_value(copy, &is);
                }
                if let NodeData::Element(data) = &mut self.node_mut(copy).data {
                    data.is_integration_point = is_integration_point;
                }
                return copy;
            }
            NodeData::Document(document) => {
                let DocumentData { is_html, content_type, quirks, .. } = &**document;
                let (is_html, content_type, quirks) = (*is_html, content_type.clone(), *quirks);
                return self.add(
                    None,
                    NodeData::Document(Box::new(DocumentData {
                        is_html,
                        content_type,
                        quirks,
                        nodes: 0,
                        template_document: None,
                    })),
                );
            }
            NodeData::Doctype(doctype) => NodeData::Doctype(doctype.clone()),
            NodeData::Fragment { .. } | NodeData::Free(_) => NodeData::Fragment { host: None },
            NodeData::Text(text) => NodeData::Text(text.clone()),
            NodeData::CData(text) => NodeData::CData(text.clone()),
            NodeData::Comment(text) => NodeData::Comment(text.clone()),
            NodeData::Instruction(pi) => NodeData::Instruction(pi.clone()),
            NodeData::Attribute(attribute) => {
                let value = self.attribute_node_value(id).unwrap_or_default().to_owned();
                NodeData::Attribute(Box::new(AttributeData { name: attribute.name.clone(), value, owner: None }))
            }
        };
        self.add(owner, data)
    }

    /// `Node.isEqualNode`.
    pub fn is_equal(&self, a: NodeId, b: NodeId) -> bool {
        let (mut x, mut y) = (a, b);
        loop {
            if !self.is_equal_alone(x, y) {
                return false;
            }
            match (self.first_child(x), self.first_child(y)) {
                (Some(first), Some(other)) => {
                    (x, y) = (first, other);
                    continue;
                }
                (None, None) => {}
                _ => return false,
            }
            loop {
                if x == a {
                    return true;
                }
                match (self.next_sibling(x), self.next_sibling(y)) {
                    (Some(next), Some(other)) => {
                        (x, y) = (next, other);
                        break;
                    }
                    (None, None) => match (self.parent(x), self.parent(y)) {
                        (Some(above), Some(other)) => (x, y) = (above, other),
                        _ => return false,
                    },
                    _ => return false,
                }
            }
        }
    }

    fn is_equal_alone(&self, a: NodeId, b: NodeId) -> bool {
        match (&self.node(a).data, &self.node(b).data) {
            (NodeData::Document(_), NodeData::Document(_)) => true,
            (NodeData::Fragment { .. }, NodeData::Fragment { .. }) => true,
            (NodeData::Doctype(a), NodeData::Doctype(b)) => {
                a.name == b.name && a.public_id == b.public_id && a.system_id == b.system_id
            }
            (NodeData::Text(a), NodeData::Text(b))
            | (NodeData::CData(a), NodeData::CData(b))
            | (NodeData::Comment(a), NodeData::Comment(b)) => a == b,
            (NodeData::Instruction(a), NodeData::Instruction(b)) => a.target == b.target && a.data == b.data,
            (NodeData::Element(a), NodeData::Element(b)) => a.name == b.name && has_equal_attributes(a, b),
            (NodeData::Attribute(x), NodeData::Attribute(y)) => {
                x.name.ns == y.name.ns
                    && x.name.local == y.name.local
                    && self.attribute_node_value(a) == self.attribute_node_value(b)
            }
            _ => false,
        }
    }

    /// `Node.compareDocumentPosition`: where `other` is, seen from `node`.
    pub fn compare_position(&self, node: NodeId, other: NodeId) -> u16 {
        use position::*;
        if node == other {
            return 0;
        }
        let owner = |id| self.node(id).as_attribute().map(|attribute| attribute.owner);
        let (node_owner, other_owner) = (owner(node), owner(other));
        if let (Some(Some(a)), Some(Some(b))) = (node_owner, other_owner)
            && a == b
        {
            let place = |id| {
                let attributes = self.element(a).map_or(&[][..], |element| &element.attributes);
                attributes.iter().position(|attribute| attribute.node == Some(id))
            };
            return IMPLEMENTATION_SPECIFIC | if place(other) < place(node) { PRECEDING } else { FOLLOWING };
        }
        let (a, b) = (node_owner.flatten().unwrap_or(node), other_owner.flatten().unwrap_or(other));
        let path = |id| {
            let mut path: Vec<NodeId> = std::iter::successors(Some(id), |&node| self.parent(node)).collect();
            path.reverse();
            path
        };
        let (path_a, path_b) = (path(a), path(b));
        if path_a.first() != path_b.first() {
            return DISCONNECTED | IMPLEMENTATION_SPECIFIC | if b < a { PRECEDING } else { FOLLOWING };
        }
        let common = path_a.iter().zip(&path_b).take_while(|(a, b)| a == b).count();
        match (path_a.get(common), path_b.get(common)) {
            (None, None) if node_owner.is_some() => CONTAINS | PRECEDING,
            (None, None) => CONTAINED_BY | FOLLOWING,
            (Some(_), None) if other_owner.is_none() => CONTAINS | PRECEDING,
            (None, Some(_)) if node_owner.is_none() => CONTAINED_BY | FOLLOWING,
            (Some(_), None) => PRECEDING,
            (None, Some(_)) => FOLLOWING,
            (Some(&a), Some(&b)) => {
                let is_behind = std::iter::successors(Some(a), |&id| self.next_sibling(id)).any(|id| id == b);
                if is_behind { FOLLOWING } else { PRECEDING }
            }
        }
    }

    /// `Node.textContent` of elements and fragments: the text of all text nodes below.
    pub fn text_content(&self, id: NodeId) -> String {
        let mut text = String::new();
        let mut next = self.first_child(id);
        while let Some(node) = next {
            if let Some(data) = self.node(node).as_text() {
                text.push_str(data);
            }
            next = self.following(node, id);
        }
        text
    }
}

/// Whether two elements have the same attributes, in whatever order.
fn has_equal_attributes(a: &ElementData, b: &ElementData) -> bool {
    fn said(attribute: &Attribute) -> (&Namespace, &LocalName, &str) {
        (&attribute.name.ns, &attribute.name.local, &attribute.value)
    }
    if a.attributes.len() != b.attributes.len() {
        return false;
    }
    // Most often they stand in the same order.
    if a.attributes.iter().map(said).eq(b.attributes.iter().map(said)) {
        return true;
    }
    let known: HashSet<_> = b.attributes.iter().map(said).collect();
    a.attributes.iter().all(|attribute| known.contains(&said(attribute)))
}
