//! Whether XML can say what a tree holds: what [serialising](https://w3c.github.io/DOM-Parsing/#xml-serialization) asks for where its
//! flag `require well-formed` is set.

use crate::error::{DomError, Result};
use crate::names::{is_public_id_character, is_xml_character, is_xml_name};
use crate::node::{Attribute, NodeData};
use crate::tree::{NodeId, Tree};
use html5ever::ns;
use std::collections::HashSet;

impl Tree {
    /// Checks what is below a node, and with `with_root` the node itself.
    ///
    /// # Errors
    /// [`DomError::InvalidState`] names what no XML can say.
    pub fn check_well_formed(&self, root: NodeId, with_root: bool) -> Result<()> {
        if with_root {
            self.check_node(root)?;
        }
        let mut roots = vec![root];
        while let Some(root) = roots.pop() {
            roots.extend(self.element(root).and_then(|element| element.content));
            for id in self.descendants(root) {
                self.check_node(id)?;
                roots.extend(self.element(id).and_then(|element| element.content));
            }
        }
        Ok(())
    }

    fn check_node(&self, id: NodeId) -> Result<()> {
        let expect = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(DomError::InvalidState(what)) };
        match &self.node(id).data {
            NodeData::Element(element) => {
                expect(is_local_name(&element.name.local), "the name of an element is no name of XML")?;
                check_attributes(&element.attributes)
            }
            NodeData::Text(text) | NodeData::CData(text) => {
                expect(has_characters(text), "a text has characters that XML does not")
            }
            NodeData::Comment(text) => expect(
                has_characters(text) && !text.contains("--") && !text.ends_with('-'),
                "a comment has characters that would end it, or that XML does not have",
            ),
            NodeData::Instruction(pi) => {
                let is_target = is_local_name(&pi.target) && !pi.target.eq_ignore_ascii_case("xml");
                expect(is_target, "the target of a processing instruction is none of XML")?;
                let is_data = has_characters(&pi.data) && !pi.data.contains("?>");
                expect(is_data, "a processing instruction has data that would end it, or that XML does not have")
            }
            NodeData::Doctype(doctype) => {
                let is_public = doctype.public_id.chars().all(is_public_id_character);
                expect(is_public, "the public identifier of a doctype has characters that are for none")?;
                let system = &doctype.system_id;
                let is_system = has_characters(system) && !(system.contains('"') && system.contains('\''));
                expect(is_system, "the system identifier of a doctype cannot be quoted")
            }
            _ => Ok(()),
        }
    }
}

fn check_attributes(attributes: &[Attribute]) -> Result<()> {
    let mut seen = HashSet::new();
    for attribute in attributes {
        let name = &attribute.name;
        let is_name = is_local_name(&name.local) && !(name.ns.is_empty() && &*name.local == "xmlns");
        if !is_name || !seen.insert((&name.ns, &name.local)) {
            return Err(DomError::InvalidState("an attribute has a name that XML does not, or that another one has"));
        }
        // Declarations say nothing about these namespaces: they are bound for good, or empty.
        let is_declaration = name.ns == ns!(xmlns);
        let is_bound = !is_declaration || &*attribute.value != "http://www.w3.org/2000/xmlns/";
        let is_prefixed = is_declaration && name.prefix.is_some();
        if !is_bound || is_prefixed && attribute.value.is_empty() || !has_characters(&attribute.value) {
            return Err(DomError::InvalidState("an attribute has a value that XML does not"));
        }
    }
    Ok(())
}

fn is_local_name(name: &str) -> bool {
    is_xml_name(name) && !name.contains(':')
}

/// Whether all are of the production `Char`.
fn has_characters(text: &str) -> bool {
    text.chars().all(is_xml_character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{DoctypeData, InstructionData, qualified_name};

    #[test]
    fn what_xml_cannot_say_is_told() {
        let mut tree = Tree::default();
        let document = tree.create_document(false, "application/xml");
        let comment = |text: &str| NodeData::Comment(text.into());
        let pi = |target: &str, data: &str| {
            NodeData::Instruction(Box::new(InstructionData { target: target.to_owned(), data: data.into() }))
        };
        let doctype = |public: &str, system: &str| {
            NodeData::Doctype(Box::new(DoctypeData {
                name: "x".to_owned(),
                public_id: public.to_owned(),
                system_id: system.to_owned(),
            }))
        };
        let cases = [
            (NodeData::Text("a\t\u{FFFD}\u{1F600}".into()), true),
            (NodeData::Text("\u{C}".into()), false),
            (NodeData::Text("\u{FFFE}".into()), false),
            (comment("a-b"), true),
            (comment("a--b"), false),
            (comment("a-"), false),
            (pi("x", "y"), true),
            (pi("XML", ""), false),
            (pi("a:b", ""), false),
            (pi("x", "?>"), false),
            (doctype("-//W3C//DTD", "a'b"), true),
            (doctype("\"", ""), false),
            (doctype("", "\"'"), false),
        ];
        for (index, (data, is_right)) in cases.into_iter().enumerate() {
            let node = tree.create(document, data);
            assert_eq!(tree.check_well_formed(node, true).is_ok(), is_right, "case {index}");
        }
        for (namespace, prefix, name, value, is_right) in [
            ("", None, "a", "b", true),
            ("", None, "a:b", "b", false),
            ("", None, "xmlns", "b", false),
            ("http://www.w3.org/2000/xmlns/", Some("xmlns"), "p", "urn:x", true),
            ("http://www.w3.org/2000/xmlns/", Some("xmlns"), "p", "", false),
            ("", None, "a", "\u{1}", false),
        ] {
            let element = tree.create_element(document, qualified_name("urn:e", None, "e"));
            tree.set_attribute(element, qualified_name(namespace, prefix, name), value);
            assert_eq!(tree.check_well_formed(element, true).is_ok(), is_right, "{name}={value}");
            assert!(tree.check_well_formed(element, false).is_ok(), "{name}={value}");
        }
    }
}
