//! Character data, addressed in UTF-16 units as scripts do
//! ([DOM, interface CharacterData](https://dom.spec.whatwg.org/#interface-characterdata)).
//!
//! Text is held as UTF-8. An edit that cuts a surrogate pair in two leaves U+FFFD for each half.

use crate::error::{DomError, Result};
use crate::journal::Change;
use crate::node::NodeData;
use crate::tree::{NodeId, Tree};

/// How many UTF-16 units a text has.
pub fn utf16_len(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The part of a text from one UTF-16 offset to another.
pub fn utf16_slice(text: &str, from: usize, to: usize) -> String {
    if text.is_ascii() {
        return text.get(from.min(text.len())..to.min(text.len())).unwrap_or_default().to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to.saturating_sub(from)).collect();
    String::from_utf16_lossy(&units)
}

fn splice(text: &str, offset: usize, count: usize, with: &str) -> String {
    if text.is_ascii() {
        return [&text[..offset], with, &text[offset + count..]].concat();
    }
    let mut units: Vec<u16> = text.encode_utf16().collect();
    units.splice(offset..offset + count, with.encode_utf16());
    String::from_utf16_lossy(&units)
}

impl Tree {
    /// `CharacterData.length`.
    pub fn data_len(&self, node: NodeId) -> usize {
        self.node(node).as_character_data().map_or(0, utf16_len)
    }

    /// `substringData`.
    ///
    /// # Errors
    /// `IndexSizeError` beyond the end.
    pub fn substring_data(&self, node: NodeId, offset: usize, count: usize) -> Result<String> {
        let count = self.clamp(node, offset, count)?;
        Ok(utf16_slice(self.node(node).as_character_data().unwrap_or_default(), offset, offset + count))
    }

    fn clamp(&self, node: NodeId, offset: usize, count: usize) -> Result<usize> {
        let len = self.data_len(node);
        if offset > len {
            return Err(DomError::IndexSize(format!("the offset {offset} is larger than the length, {len}")));
        }
        Ok(count.min(len - offset))
    }

    /// `replaceData`.
    ///
    /// # Errors
    /// `IndexSizeError` beyond the end.
    pub fn replace_data(&mut self, node: NodeId, offset: usize, count: usize, with: &str) -> Result<()> {
        let count = self.clamp(node, offset, count)?;
        let text = splice(self.node(node).as_character_data().unwrap_or_default(), offset, count, with);
        self.put_data(node, text, offset, count, with);
        Ok(())
    }

    /// Replaces all of the text.
    pub fn set_data(&mut self, node: NodeId, text: &str) {
        let len = if self.is_watched() { self.data_len(node) } else { 0 };
        self.put_data(node, text.to_owned(), 0, len, text);
    }

    fn put_data(&mut self, node: NodeId, text: String, offset: usize, removed: usize, with: &str) {
        let old = match &mut self.node_mut(node).data {
            NodeData::Text(place) | NodeData::CData(place) | NodeData::Comment(place) => place,
            NodeData::Instruction(pi) => &mut pi.data,
            _ => return,
        };
        let grown = text.len();
        let old = std::mem::replace(old, text.into());
        self.bytes = (self.bytes + grown).saturating_sub(old.len());
        self.note(|_| Change::Data {
            node,
            old: old.into_string(),
            offset: offset as u32,
            removed: removed as u32,
            added: utf16_len(with) as u32,
        });
    }

    /// `Text.splitText`: what is behind `offset` becomes a text node of its own.
    ///
    /// # Errors
    /// `IndexSizeError` beyond the end.
    pub fn split_text(&mut self, node: NodeId, offset: usize) -> Result<NodeId> {
        let rest = self.substring_data(node, offset, usize::MAX)?;
        let document = self.document(node);
        let is_cdata = matches!(self.node(node).data, NodeData::CData(_));
        let new = self.add(document, if is_cdata { NodeData::CData(rest.into()) } else { NodeData::Text(rest.into()) });
        if let Some(parent) = self.parent(node) {
            self.insert_checked(parent, new, self.next_sibling(node));
            self.note(|_| Change::Split { node, new, offset: offset as u32 });
        }
        self.replace_data(node, offset, usize::MAX, "")?;
        Ok(new)
    }

    /// `Node.normalize`: joins adjacent text nodes below `root` and removes empty ones.
    pub fn normalize(&mut self, root: NodeId) {
        let mut next = self.first_child(root);
        while let Some(node) = next {
            if !matches!(self.node(node).data, NodeData::Text(_)) {
                next = self.following(node, root);
                continue;
            }
            if self.owned_data(node).is_empty() {
                next = self.following_subtree(node, root);
                self.remove(node);
                continue;
            }
            let is_text = |tree: &Tree, id: NodeId| matches!(tree.node(id).data, NodeData::Text(_));
            let mut behind = String::new();
            let mut merged = Vec::new();
            let mut sibling = self.next_sibling(node).filter(|&id| is_text(self, id));
            while let Some(id) = sibling {
                behind.push_str(self.node(id).as_text().unwrap_or_default());
                merged.push(id);
                sibling = self.next_sibling(id).filter(|&id| is_text(self, id));
            }
            if !merged.is_empty() {
                let len = self.data_len(node);
                let joined = [self.node(node).as_text().unwrap_or_default(), &behind].concat();
                self.put_data(node, joined, len, 0, &behind);
                for id in merged {
                    self.remove(id);
                }
            }
            next = self.following_subtree(node, root);
        }
    }
}
