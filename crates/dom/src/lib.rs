//! A DOM without JavaScript: nodes in an arena, the HTML parser and serialisers, selectors.
//!
//! # Map
//!
//! | type | is | owned by |
//! |---|---|---|
//! | [`Tree`] | the arena: all documents and loose trees of one realm | whoever made it |
//! | [`NodeId`] | names a node; finds nothing once the node was freed | anybody: it is a number |
//! | [`Node`] | one node, with links to its relatives | the tree |
//! | [`Change`] | what happened, for those who [watch](Tree::watch) | whoever takes it |
//! | [`Selectors`] | a parsed list of selectors | whoever parsed it |
//!
//! A node that is cut off its parent lives on while the embedder [holds](Tree::set_embedder) its root; else the next
//! [`Tree::sweep`] frees it with all below it.
//!
//! What must never happen: recursion as deep as a tree, for guests make trees of any depth; a panic for an id of a freed
//! node; nodes that nobody can reach and nothing frees.
//!
//! This crate knows no JavaScript and no BEAM.
//!
//! ```
//! use quickbeam_dom::{ParseOptions, Selectors, Tree};
//!
//! let mut tree = Tree::default();
//! let document = tree.create_document(true, "text/html");
//! let options = ParseOptions { scripting: false, go_on: &mut || true };
//! tree.parse_document(document, "<p class=a>one<p>two", options).unwrap();
//! let found = Selectors::parse("p.a").unwrap().first(&tree, document, &mut || true).unwrap().unwrap();
//! assert_eq!(tree.outer_html(found, false), r#"<p class="a">one</p>"#);
//! ```

mod attributes;
mod copy;
mod css;
mod error;
mod forms;
mod ids;
mod journal;
mod mutate;
mod names;
mod node;
mod parse;
mod query;
mod reader;
mod select;
mod serialize;
mod text;
mod tree;
mod well_formed;
mod xml;
mod xml_prolog;
mod xml_serialize;

pub use attributes::{is_called, qualified};
pub use copy::position;
pub use css::{Declaration, LONGEST_DECLARATION, identifier, parse_declarations, parse_value};
pub use error::{DomError, Result};
pub use html5ever::{LocalName, Namespace, QualName, ns};
pub use journal::Change;
pub use names::{NameKind, is_attribute_name, is_doctype_name, is_element_name, is_xml_name, validate_and_extract};
pub use node::{
    Attribute, AttributeData, CompactString, DoctypeData, DocumentData, ElementData, InstructionData, Node, NodeData,
    QuirksMode, local_name, qualified_name,
};
pub use parse::ParseOptions;
pub use query::{Answer, Query, Seen};
pub use select::Selectors;
pub use text::{utf16_len, utf16_slice};
pub use tree::{NodeId, Tree};
pub use xml_prolog::{Doctype, Prolog};
