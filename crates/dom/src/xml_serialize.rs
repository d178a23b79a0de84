//! [Serialising](https://w3c.github.io/DOM-Parsing/#xml-serialization) XML, with the namespace declarations that are needed.

use crate::node::{Attribute, NodeData};
use crate::tree::{NodeId, Tree};
use html5ever::{Namespace, QualName, ns};
use std::collections::{BTreeMap, HashMap};

const VOID: [&str; 18] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];

/// Prefixes of the elements that are open, and the default namespace.
#[derive(Default)]
struct Scope {
    /// The namespaces that a prefix has had, each with the number of its declaration; the one that it has last.
    prefixes: HashMap<String, Vec<(u32, Namespace)>>,
    /// The prefixes that a namespace has, by the numbers of their declarations.
    current: HashMap<Namespace, BTreeMap<u32, String>>,
    /// What was declared, in order.
    declared: Vec<String>,
    /// For each open element: declarations before it, the default namespace around it.
    marks: Vec<(usize, Namespace)>,
    default: Namespace,
    generated: u32,
}

impl Tree {
    /// The node with all below it, as XML.
    pub fn outer_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_xml(id, true, &mut out);
        out
    }

    /// What is below the node, as XML.
    pub fn inner_xml(&self, id: NodeId) -> String {
        let mut out = String::new();
        self.write_xml(id, false, &mut out);
        out
    }

    fn write_xml(&self, root: NodeId, with_root: bool, out: &mut String) {
        let mut scope = Scope::default();
        // Each entry: the next node to write, and the end tag behind the last one.
        let mut open: Vec<(Option<NodeId>, Option<String>)> = Vec::new();
        if with_root {
            self.open_xml(root, &mut scope, out, &mut open);
        } else {
            open.push((self.first_of_contents(root), None));
        }
        while let Some((next, close)) = open.pop() {
            match next {
                Some(id) => {
                    open.push((self.next_sibling(id), close));
                    self.open_xml(id, &mut scope, out, &mut open);
                }
                None => {
                    if let Some(name) = close {
                        out.extend(["</", &name, ">"]);
                        scope.leave();
                    }
                }
            }
        }
    }

    fn first_of_contents(&self, id: NodeId) -> Option<NodeId> {
        let content = self.element(id).and_then(|element| element.content);
        content.map_or_else(|| self.first_child(id), |content| self.first_child(content))
    }

    fn open_xml(
        &self,
        id: NodeId,
        scope: &mut Scope,
        out: &mut String,
        open: &mut Vec<(Option<NodeId>, Option<String>)>,
    ) {
        match &self.node(id).data {
            NodeData::Element(element) => {
                let name = scope.enter(&element.name, &element.attributes, out);
                let first = self.first_of_contents(id);
                let is_html = element.name.ns == ns!(html);
                match first {
                    None if is_html && VOID.contains(&&*element.name.local) => {
                        out.push_str(" />");
                        scope.leave();
                    }
                    None if !is_html => {
                        out.push_str("/>");
                        scope.leave();
                    }
                    first => {
                        out.push('>');
                        open.push((first, Some(name)));
                    }
                }
            }
            NodeData::Text(text) => escape(text, false, out),
            NodeData::CData(text) => out.extend(["<![CDATA[", text, "]]>"]),
            NodeData::Comment(text) => out.extend(["<!--", text, "-->"]),
            NodeData::Instruction(pi) => out.extend(["<?", &pi.target, " ", &pi.data, "?>"]),
            NodeData::Doctype(doctype) => {
                out.extend(["<!DOCTYPE ", &doctype.name]);
                match (doctype.public_id.as_str(), doctype.system_id.as_str()) {
                    ("", "") => {}
                    ("", system) => out.extend([" SYSTEM \"", system, "\""]),
                    (public, "") => out.extend([" PUBLIC \"", public, "\""]),
                    (public, system) => out.extend([" PUBLIC \"", public, "\" \"", system, "\""]),
                }
                out.push('>');
            }
            NodeData::Document(_) | NodeData::Fragment { .. } => open.push((self.first_child(id), None)),
            NodeData::Attribute(_) | NodeData::Free(_) => {}
        }
    }
}

impl Scope {
    fn declare(&mut self, prefix: &str, namespace: &Namespace) {
        let number = self.declared.len() as u32;
        let known = self.prefixes.entry(prefix.to_owned()).or_default();
        if let Some((old, hidden)) = known.last()
            && let Some(prefixes) = self.current.get_mut(hidden)
        {
            prefixes.remove(old);
        }
        known.push((number, namespace.clone()));
        self.current.entry(namespace.clone()).or_default().insert(number, prefix.to_owned());
        self.declared.push(prefix.to_owned());
    }

    /// Takes the last declaration back.
    fn forget(&mut self) {
        let Some(prefix) = self.declared.pop() else { return };
        let Some(known) = self.prefixes.get_mut(&prefix) else { return };
        if let Some((number, namespace)) = known.pop()
            && let Some(prefixes) = self.current.get_mut(&namespace)
        {
            prefixes.remove(&number);
            if prefixes.is_empty() {
                self.current.remove(&namespace);
            }
        }
        match known.last() {
            Some((number, namespace)) => {
                drop(self.current.entry(namespace.clone()).or_default().insert(*number, prefix));
            }
            None => drop(self.prefixes.remove(&prefix)),
        }
    }

    fn leave(&mut self) {
        if let Some((count, default)) = self.marks.pop() {
            while self.declared.len() > count {
                self.forget();
            }
            self.default = default;
        }
    }

    fn find(&self, namespace: &Namespace, preferred: Option<&str>) -> Option<String> {
        let has = |prefix: &&str| self.prefixes.get(*prefix)?.last().filter(|(_, known)| known == namespace);
        if let Some(preferred) = preferred.filter(|prefix| has(prefix).is_some()) {
            return Some(preferred.to_owned());
        }
        self.current.get(namespace)?.last_key_value().map(|(_, prefix)| prefix.clone())
    }

    fn generate(&mut self, namespace: &Namespace) -> String {
        self.generated += 1;
        let prefix = format!("ns{}", self.generated);
        self.declare(&prefix, namespace);
        prefix
    }

    /// Writes a start tag without its end; gives the name with its prefix.
    fn enter(&mut self, name: &QualName, attributes: &[Attribute], out: &mut String) -> String {
        self.marks.push((self.declared.len(), self.default.clone()));
        let inherited = self.default.clone();
        let mut local_default = None;
        let mut local_prefixes = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.name.ns == ns!(xmlns)) {
            let namespace = Namespace::from(&*attribute.value);
            if attribute.name.prefix.is_none() {
                local_default = Some(namespace);
            } else if namespace != ns!(xml) {
                local_prefixes.push(attribute.name.local.to_string());
                self.declare(&attribute.name.local, &namespace);
            }
        }
        let mut declaration = None;
        let mut skips_default = false;
        let full = if name.ns == inherited {
            skips_default = local_default.is_some();
            if name.ns == ns!(xml) { format!("xml:{}", name.local) } else { name.local.to_string() }
        } else {
            let preferred = name.prefix.as_deref();
            let found = if name.ns == ns!(xml) { Some("xml".to_owned()) } else { self.find(&name.ns, preferred) };
            match (found, preferred) {
                (Some(prefix), _) => {
                    if let Some(namespace) = &local_default
                        && *namespace != ns!(xml)
                    {
                        self.default = namespace.clone();
                    }
                    format!("{prefix}:{}", name.local)
                }
                (None, Some(prefix)) if !name.ns.is_empty() => {
                    let prefix = if local_prefixes.iter().any(|known| known == prefix) {
                        self.generate(&name.ns)
                    } else {
                        self.declare(prefix, &name.ns);
                        prefix.to_owned()
                    };
                    declaration = Some((format!("xmlns:{prefix}"), name.ns.clone()));
                    if let Some(namespace) = &local_default {
                        self.default = namespace.clone();
                    }
                    format!("{prefix}:{}", name.local)
                }
                _ => {
                    self.default = name.ns.clone();
                    if local_default.as_ref() != Some(&name.ns) {
                        skips_default = true;
                        declaration = Some(("xmlns".to_owned(), name.ns.clone()));
                    }
                    name.local.to_string()
                }
            }
        };
        out.extend(["<", &full]);
        if let Some((key, namespace)) = declaration {
            push_attribute(&key, &namespace, out);
        }
        for attribute in attributes {
            let is_default = attribute.name.ns == ns!(xmlns) && attribute.name.prefix.is_none();
            if !(is_default && skips_default) {
                self.attribute(attribute, out);
            }
        }
        full
    }

    fn attribute(&mut self, attribute: &Attribute, out: &mut String) {
        let QualName { prefix, ns, local } = &attribute.name;
        let key = if ns.is_empty() {
            local.to_string()
        } else if *ns == ns!(xml) {
            format!("xml:{local}")
        } else if *ns == ns!(xmlns) {
            if prefix.is_some() { format!("xmlns:{local}") } else { local.to_string() }
        } else {
            let prefix = match self.find(ns, prefix.as_deref()) {
                Some(prefix) => prefix,
                None => {
                    let free = prefix.as_deref().filter(|&prefix| !self.prefixes.contains_key(prefix));
                    let prefix = match free {
                        Some(prefix) => {
                            self.declare(prefix, ns);
                            prefix.to_owned()
                        }
                        None => self.generate(ns),
                    };
                    push_attribute(&format!("xmlns:{prefix}"), ns, out);
                    prefix
                }
            };
            format!("{prefix}:{local}")
        };
        push_attribute(&key, &attribute.value, out);
    }
}

fn push_attribute(key: &str, value: &str, out: &mut String) {
    out.extend([" ", key, "=\""]);
    escape(value, true, out);
    out.push('"');
}

fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\t' if is_attribute => out.push_str("&#9;"),
            '\n' if is_attribute => out.push_str("&#10;"),
            '\r' if is_attribute => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
