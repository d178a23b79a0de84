//! Reading a document from outside: what `dom_find` and its siblings ask.

use crate::error::Result;
use crate::node::{ElementData, NodeData};
use crate::select::Selectors;
use crate::tree::{NodeId, Tree};

/// One question about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The first element that a selector matches.
    Find(String),
    /// All elements that a selector matches.
    FindAll(String),
    /// The text of the first element that a selector matches.
    Text(String),
    /// An attribute of the first element that a selector matches.
    Attribute(String, String),
    /// The markup of the whole document.
    Html,
}

/// Takes nodes one after the other, in tree order: those of elements open and close.
pub trait Seen<'t> {
    /// An element begins.
    fn open(&mut self, id: NodeId, element: &'t ElementData);
    /// A text within the element that was opened last.
    fn text(&mut self, text: &'t str);
    /// A comment within the element that was opened last.
    fn comment(&mut self, text: &'t str);
    /// The element that was opened last ends.
    fn close(&mut self);
}

/// What a [`Query`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An element, or none; [walk](Tree::walk) it.
    Element(Option<NodeId>),
    /// Elements.
    Elements(Vec<NodeId>),
    /// A text, or none.
    Text(Option<String>),
}

impl Tree {
    /// Answers a question about a document.
    ///
    /// # Errors
    /// `SyntaxError` for what is no selector; [`DomError::Interrupted`](crate::DomError::Interrupted).
    pub fn query(&self, document: NodeId, query: &Query, go_on: &mut dyn FnMut() -> bool) -> Result<Answer> {
        let mut first = |selector: &str| Selectors::parse(selector)?.first(self, document, go_on);
        Ok(match query {
            Query::Find(selector) => Answer::Element(first(selector)?),
            Query::FindAll(selector) => Answer::Elements(Selectors::parse(selector)?.all(self, document, go_on)?),
            Query::Text(selector) => Answer::Text(first(selector)?.map(|id| self.text_content(id))),
            Query::Attribute(selector, name) => {
                let value = first(selector)?.and_then(|id| {
                    let index = self.find_attribute(id, &self.attribute_key(id, name))?;
                    self.attributes(id).get(index).map(|attribute| attribute.value.to_string())
                });
                Answer::Text(value)
            }
            Query::Html => Answer::Text(Some(self.outer_html(document, true))),
        })
    }

    /// Hands a node and all below it over, in tree order. The contents of templates are their children.
    pub fn walk<'t>(&'t self, root: NodeId, seen: &mut dyn Seen<'t>) {
        let mut id = root;
        loop {
            let mut below = None;
            match &self.node(id).data {
                NodeData::Element(element) => {
                    seen.open(id, element);
                    below = self.first_child(element.content.unwrap_or(id));
                }
                NodeData::Text(text) | NodeData::CData(text) => seen.text(text),
                NodeData::Comment(text) => seen.comment(text),
                _ => {}
            }
            if let Some(first) = below {
                id = first;
                continue;
            }
            // On to the next sibling, of the nearest that has one; those without end here.
            loop {
                if self.is_element(id) {
                    seen.close();
                }
                if id == root {
                    return;
                }
                if let Some(next) = self.next_sibling(id) {
                    id = next;
                    break;
                }
                match self.open_above(id) {
                    Some(above) => id = above,
                    None => return,
                }
            }
        }
    }

    /// The parent; of contents, their template.
    fn open_above(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.parent(id)?;
        match self.node(parent).data {
            NodeData::Fragment { host } => host,
            _ => Some(parent),
        }
    }
}
