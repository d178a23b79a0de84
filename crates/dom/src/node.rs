//! What a node is.

use crate::tree::NodeId;
use html5ever::{LocalName, Namespace, Prefix, QualName};

/// Most texts and values are short: up to 24 bytes stand in the node itself.
pub use compact_str::CompactString;
pub use html5ever::interface::QuirksMode;

/// One node of a [`Tree`](crate::Tree).
pub struct Node {
    pub(crate) generation: u32,
    pub(crate) parent: u32,
    pub(crate) previous: u32,
    pub(crate) next: u32,
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// The node's document; a document names itself.
    pub(crate) document: u32,
    pub(crate) embedder: u32,
    /// What kind of node it is, with what that kind holds.
    pub data: NodeData,
}

/// What kind of node it is.
pub enum NodeData {
    /// A place that a later node may take.
    Free(u32),
    /// A document.
    Document(Box<DocumentData>),
    /// A document type.
    Doctype(Box<DoctypeData>),
    /// A document fragment; those of templates have a host.
    Fragment {
        /// The template element.
        host: Option<NodeId>,
    },
    /// Text.
    Text(CompactString),
    /// A CDATA section of an XML document.
    CData(CompactString),
    /// A comment.
    Comment(CompactString),
    /// A processing instruction.
    Instruction(Box<InstructionData>),
    /// An element.
    Element(ElementData),
    /// An attribute as a node.
    Attribute(Box<AttributeData>),
}

/// What a document knows.
pub struct DocumentData {
    /// An HTML document, as opposed to an XML one.
    pub is_html: bool,
    /// Such as `text/html`.
    pub content_type: String,
    /// How its markup was understood.
    pub quirks: QuirksMode,
    /// Nodes that name this document as theirs, itself excluded.
    pub(crate) nodes: u32,
    /// The document that the contents of its templates belong to; of such a document, itself.
    pub(crate) template_document: Option<NodeId>,
}

/// A document type.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub struct DoctypeData {
    pub name: String,
    pub public_id: String,
    pub system_id: String,
}

/// A processing instruction.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub struct InstructionData {
    pub target: String,
    pub data: CompactString,
}

/// An element.
pub struct ElementData {
    /// Namespace, prefix and local name.
    pub name: QualName,
    /// Attributes, in order.
    pub attributes: Vec<Attribute>,
    /// The contents of a template.
    pub content: Option<NodeId>,
    /// MathML's `annotation-xml` with an encoding that makes it an integration point of HTML.
    pub(crate) is_integration_point: bool,
}

/// An attribute of an element.
#[derive(Clone)]
pub struct Attribute {
    /// Namespace, prefix and local name.
    pub name: QualName,
    /// Its value.
    pub value: CompactString,
    /// The node that stands for it, once there is one.
    pub(crate) node: Option<NodeId>,
}

/// An attribute as a node. While it has an owner, its value is the owner's.
pub struct AttributeData {
    /// Namespace, prefix and local name.
    pub name: QualName,
    /// Its value while it has no owner.
    pub value: String,
    /// The element that has it.
    pub owner: Option<NodeId>,
}

impl Attribute {
    /// An attribute that no node stands for yet.
    pub fn new(name: QualName, value: impl Into<CompactString>) -> Attribute {
        Attribute { name, value: value.into(), node: None }
    }
}

impl ElementData {
    /// The value of the attribute of that name in no namespace.
    pub fn attribute(&self, local: &LocalName) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.name.local == *local && a.name.ns.is_empty())?;
        Some(&found.value)
    }

    /// Whether this is an HTML element of that name.
    pub fn is_html(&self, local: &str) -> bool {
        self.name.ns == html5ever::ns!(html) && &*self.name.local == local
    }
}

impl NodeData {
    /// `Node.nodeType`.
    pub fn node_type(&self) -> u16 {
        match self {
            NodeData::Element(_) => 1,
            NodeData::Attribute(_) => 2,
            NodeData::Text(_) => 3,
            NodeData::CData(_) => 4,
            NodeData::Instruction(_) => 7,
            NodeData::Comment(_) => 8,
            NodeData::Document(_) => 9,
            NodeData::Doctype(_) => 10,
            NodeData::Fragment { .. } | NodeData::Free(_) => 11,
        }
    }

    /// Bytes held beside the node itself.
    pub(crate) fn cost(&self) -> usize {
        match self {
            NodeData::Free(_) | NodeData::Fragment { .. } => 0,
            NodeData::Document(document) => size_of::<DocumentData>() + document.content_type.len(),
            NodeData::Doctype(d) => size_of::<DoctypeData>() + d.name.len() + d.public_id.len() + d.system_id.len(),
            NodeData::Text(text) | NodeData::CData(text) | NodeData::Comment(text) => text.len(),
            NodeData::Instruction(pi) => size_of::<InstructionData>() + pi.target.len() + pi.data.len(),
            NodeData::Element(element) => element.attributes.iter().map(Attribute::cost).sum(),
            NodeData::Attribute(attribute) => size_of::<AttributeData>() + attribute.value.len(),
        }
    }
}

impl Attribute {
    pub(crate) fn cost(&self) -> usize {
        size_of::<Attribute>() + self.value.len()
    }
}

impl Node {
    /// The element, if it is one.
    pub fn as_element(&self) -> Option<&ElementData> {
        if let NodeData::Element(element) = &self.data { Some(element) } else { None }
    }

    /// The document, if it is one.
    pub fn as_document(&self) -> Option<&DocumentData> {
        if let NodeData::Document(document) = &self.data { Some(document) } else { None }
    }

    /// The text of a text node or CDATA section.
    pub fn as_text(&self) -> Option<&str> {
        if let NodeData::Text(text) | NodeData::CData(text) = &self.data { Some(text) } else { None }
    }

    /// The data of a text, comment, CDATA section or processing instruction.
    pub fn as_character_data(&self) -> Option<&str> {
        match &self.data {
            NodeData::Text(text) | NodeData::CData(text) | NodeData::Comment(text) => Some(text),
            NodeData::Instruction(pi) => Some(&pi.data),
            _ => None,
        }
    }

    /// The attribute, if it is one.
    pub fn as_attribute(&self) -> Option<&AttributeData> {
        if let NodeData::Attribute(attribute) = &self.data { Some(attribute) } else { None }
    }

    /// The number that the embedder gave this node; 0 unless it did.
    pub fn embedder(&self) -> u32 {
        self.embedder
    }
}

/// A name in no namespace.
pub fn local_name(local: &str) -> QualName {
    QualName::new(None, Namespace::default(), LocalName::from(local))
}

/// A name from its parts.
pub fn qualified_name(namespace: &str, prefix: Option<&str>, local: &str) -> QualName {
    QualName::new(prefix.map(Prefix::from), Namespace::from(namespace), LocalName::from(local))
}
