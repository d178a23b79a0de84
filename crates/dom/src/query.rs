//! Reading a document from outside: what `dom_find` and its siblings ask.

use crate::attributes::qualified;
use crate::error::Result;
use crate::node::NodeData;
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
pub trait Seen {
    /// An element begins.
    fn open(&mut self, name: &str, attributes: &mut dyn Iterator<Item = (String, &str)>);
    /// A text within the element that was opened last.
    fn text(&mut self, text: &str);
    /// A comment within the element that was opened last.
    fn comment(&mut self, text: &str);
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
        let first = |selector: &str| Ok(Selectors::parse(selector)?.first(self, document));
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
    pub fn walk(&self, root: NodeId, seen: &mut dyn Seen) {
        let mut open = vec![(Some(root), false)];
        while let Some((next, closes)) = open.pop() {
            let Some(id) = next else {
                if closes {
                    seen.close();
                }
                continue;
            };
            if id != root {
                open.push((self.next_sibling(id), closes));
            }
            match &self.node(id).data {
                NodeData::Element(element) => {
                    let mut attributes = element.attributes.iter().map(|a| (qualified(&a.name), &*a.value));
                    seen.open(&qualified(&element.name), &mut attributes);
                    open.push((
                        element.content.map_or(self.first_child(id), |content| self.first_child(content)),
                        true,
                    ));
                }
                NodeData::Text(text) | NodeData::CData(text) => seen.text(text),
                NodeData::Comment(text) => seen.comment(text),
                _ => {}
            }
        }
    }
}
