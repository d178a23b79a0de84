//! Markup from nodes: [HTML fragment serialisation](https://html.spec.whatwg.org/#serialising-html-fragments).

use crate::node::{Attribute, NodeData};
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, QualName, ns};

const VOID: [&str; 18] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];

const RAW: [&str; 7] = ["style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext"];

impl Tree {
    /// The node with all below it (`outerHTML`).
    pub fn outer_html(&self, id: NodeId, scripting: bool) -> String {
        let mut out = String::new();
        self.write_html(id, true, scripting, &mut out);
        out
    }

    /// What is below the node (`innerHTML`); of a template, its contents.
    pub fn inner_html(&self, id: NodeId, scripting: bool) -> String {
        let mut out = String::new();
        self.write_html(id, false, scripting, &mut out);
        out
    }

    fn write_html(&self, root: NodeId, with_root: bool, scripting: bool, out: &mut String) {
        let mut open = Vec::new();
        if with_root {
            self.open_html(root, scripting, out, &mut open);
        } else if !is_void(self, root) {
            open.push((self.contents(root), None));
        }
        // Each entry: the next node to write, and the name of the element to close behind the last one.
        while let Some((next, close)) = open.pop() {
            match next {
                Some(id) => {
                    open.push((self.next_sibling(id), close));
                    self.open_html(id, scripting, out, &mut open);
                }
                None => {
                    if let Some(name) = close {
                        out.push_str("</");
                        push_name(name, out);
                        out.push('>');
                    }
                }
            }
        }
    }

    /// The first of the nodes that stand for an element's children in markup.
    fn contents(&self, id: NodeId) -> Option<NodeId> {
        match self.element(id).and_then(|element| element.content) {
            Some(content) => self.first_child(content),
            None => self.first_child(id),
        }
    }

    fn open_html<'t>(
        &'t self,
        id: NodeId,
        scripting: bool,
        out: &mut String,
        open: &mut Vec<(Option<NodeId>, Option<&'t QualName>)>,
    ) {
        match &self.node(id).data {
            NodeData::Element(element) => {
                out.push('<');
                push_name(&element.name, out);
                if let Some(is) = self.is_value(id)
                    && element.attribute(&LocalName::from("is")).is_none()
                {
                    out.push_str(" is=\"");
                    escape(is, Escape::Attribute, out);
                    out.push('"');
                }
                for attribute in &element.attributes {
                    push_attribute(attribute, out);
                }
                out.push('>');
                if !is_void(self, id) {
                    open.push((self.contents(id), Some(&element.name)));
                }
            }
            NodeData::Text(text) | NodeData::CData(text) => {
                let parent = self.parent(id).and_then(|parent| self.element(parent));
                let is_raw = parent.is_some_and(|element| {
                    element.name.ns == ns!(html)
                        && (RAW.contains(&&*element.name.local) || scripting && &*element.name.local == "noscript")
                });
                if is_raw {
                    out.push_str(text);
                } else {
                    escape(text, Escape::Text, out);
                }
            }
            NodeData::Comment(text) => out.extend(["<!--", text, "-->"]),
            NodeData::Instruction(pi) => out.extend(["<?", &pi.target, " ", &pi.data, ">"]),
            NodeData::Doctype(doctype) => out.extend(["<!DOCTYPE ", &doctype.name, ">"]),
            NodeData::Document(_) | NodeData::Fragment { .. } => open.push((self.first_child(id), None)),
            NodeData::Attribute(_) | NodeData::Free(_) => {}
        }
    }
}

fn is_void(tree: &Tree, id: NodeId) -> bool {
    tree.element(id).is_some_and(|element| element.name.ns == ns!(html) && VOID.contains(&&*element.name.local))
}

/// The prefix is written for names outside HTML, SVG and MathML only.
fn push_name(name: &QualName, out: &mut String) {
    let is_bare = name.ns == ns!(html) || name.ns == ns!(svg) || name.ns == ns!(mathml);
    if let Some(prefix) = name.prefix.as_ref().filter(|_| !is_bare) {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(&name.local);
}

fn push_attribute(attribute: &Attribute, out: &mut String) {
    let name = &attribute.name;
    out.push(' ');
    let prefix = match &name.ns {
        ns if ns.is_empty() => "",
        &ns!(xml) => "xml:",
        &ns!(xmlns) if &*name.local == "xmlns" => "",
        &ns!(xmlns) => "xmlns:",
        &ns!(xlink) => "xlink:",
        _ => {
            if let Some(prefix) = &name.prefix {
                out.push_str(prefix);
                out.push(':');
            }
            ""
        }
    };
    out.extend([prefix, &name.local, "=\""]);
    escape(&attribute.value, Escape::Attribute, out);
    out.push('"');
}

/// Where a text stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    Text,
    Attribute,
}

pub(crate) fn escape(text: &str, place: Escape, out: &mut String) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        // U+00A0 is C2 A0.
        let (with, len) = match byte {
            b'&' => ("&amp;", 1),
            b'<' => ("&lt;", 1),
            b'>' => ("&gt;", 1),
            b'"' if place == Escape::Attribute => ("&quot;", 1),
            0xC2 if bytes.get(index + 1) == Some(&0xA0) => ("&nbsp;", 2),
            _ => continue,
        };
        out.push_str(&text[done..index]);
        out.push_str(with);
        done = index + len;
    }
    out.push_str(&text[done..]);
}
