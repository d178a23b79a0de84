//! Attributes of elements, and the nodes that stand for them
//! ([DOM, interface Element](https://dom.spec.whatwg.org/#interface-element)).

use crate::error::{DomError, Result};
use crate::journal::Change;
use crate::node::{Attribute, AttributeData, NodeData};
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, Namespace, QualName};

/// Attributes whose names are compared as text; among more, finding the atom of a name first is faster.
const FEW: usize = 32;

impl Tree {
    /// The attributes of an element, in order.
    pub fn attributes(&self, element: NodeId) -> &[Attribute] {
        self.element(element).map_or(&[], |data| &data.attributes)
    }

    fn attributes_mut(&mut self, element: NodeId) -> Option<&mut Vec<Attribute>> {
        if let NodeData::Element(data) = &mut self.node_mut(element).data { Some(&mut data.attributes) } else { None }
    }

    /// The name as `getAttribute` and its like take it: in lower case for HTML elements of HTML documents.
    pub fn attribute_key<'k>(&self, element: NodeId, name: &'k str) -> std::borrow::Cow<'k, str> {
        let is_html = self.element(element).is_some_and(|data| data.name.ns == html5ever::ns!(html));
        if is_html && name.bytes().any(|byte| byte.is_ascii_uppercase()) && self.is_in_html_document(element) {
            return name.to_ascii_lowercase().into();
        }
        name.into()
    }

    /// Gives a new element its attributes, each of another name.
    pub(crate) fn give_attributes(&mut self, element: NodeId, attributes: Vec<Attribute>) {
        self.bytes += attributes.iter().map(Attribute::cost).sum::<usize>();
        self.ids.add_attributes(element, &attributes);
        if let Some(place) = self.attributes_mut(element) {
            *place = attributes;
        }
    }

    /// Where the attribute of that qualified name is; see [`Tree::attribute_key`].
    pub fn find_attribute(&self, element: NodeId, qualified: &str) -> Option<usize> {
        self.attributes(element).iter().position(|attribute| is_called(&attribute.name, qualified))
    }

    /// Where the attribute of that namespace and local name is.
    pub fn find_attribute_ns(&self, element: NodeId, namespace: &str, local: &str) -> Option<usize> {
        let attributes = self.attributes(element);
        if attributes.len() > FEW {
            let (namespace, local) = (Namespace::from(namespace), LocalName::from(local));
            return attributes.iter().position(|a| a.name.local == local && a.name.ns == namespace);
        }
        attributes.iter().position(|a| &*a.name.local == local && &*a.name.ns == namespace)
    }

    /// Sets the value of the attribute of that namespace and local name; appends it if there is none.
    pub fn set_attribute(&mut self, element: NodeId, name: QualName, value: &str) {
        let found = self.find_attribute_ns(element, &name.ns, &name.local);
        match found {
            Some(index) => self.change_attribute(element, index, value),
            None => self.append_attribute(element, Attribute::new(name, value)),
        }
    }

    /// Changes the value of the attribute at `index`.
    pub fn change_attribute(&mut self, element: NodeId, index: usize, value: &str) {
        let Some(attribute) = self.attributes_mut(element).and_then(|list| list.get_mut(index)) else { return };
        let old = std::mem::replace(&mut attribute.value, value.into());
        let name = attribute.name.clone();
        self.ids.change(element, &name, Some(&old), Some(value));
        self.bytes = (self.bytes + value.len()).saturating_sub(old.len());
        self.note(|_| Change::Attribute { element, name, old: Some(old.into()), new: Some(value.to_owned()) });
    }

    fn append_attribute(&mut self, element: NodeId, attribute: Attribute) {
        let (name, new) = (attribute.name.clone(), attribute.value.to_string());
        self.bytes += attribute.cost();
        self.ids.change(element, &name, None, Some(&new));
        if let Some(list) = self.attributes_mut(element) {
            list.push(attribute);
        }
        self.note(|_| Change::Attribute { element, name, old: None, new: Some(new) });
    }

    /// Removes the attribute at `index`; the node that stands for it keeps its value.
    pub fn remove_attribute(&mut self, element: NodeId, index: usize) {
        let Some(list) = self.attributes_mut(element).filter(|list| index < list.len()) else { return };
        let attribute = list.remove(index);
        self.bytes = self.bytes.saturating_sub(attribute.cost());
        self.ids.change(element, &attribute.name, Some(&attribute.value), None);
        self.release_node(&attribute);
        self.note(|_| Change::Attribute {
            element,
            name: attribute.name,
            old: Some(attribute.value.into()),
            new: None,
        });
    }

    /// The node that stood for an attribute stands alone from now on.
    fn release_node(&mut self, attribute: &Attribute) {
        let Some(node) = attribute.node else { return };
        if let NodeData::Attribute(data) = &mut self.node_mut(node).data {
            data.owner = None;
            data.value = attribute.value.to_string();
        }
        self.bytes += attribute.value.len();
        self.note_move(node);
        self.detached.push(node);
    }

    // ── As nodes ──

    /// The node that stands for the attribute at `index`.
    pub fn attribute_node(&mut self, element: NodeId, index: usize) -> Option<NodeId> {
        let attribute = self.attributes(element).get(index)?;
        if let Some(node) = attribute.node.filter(|&node| self.contains(node)) {
            return Some(node);
        }
        let data = AttributeData { name: attribute.name.clone(), value: String::new(), owner: Some(element) };
        let document = self.document(element);
        let node = self.add(document, NodeData::Attribute(Box::new(data)));
        if let Some(attribute) = self.attributes_mut(element)?.get_mut(index) {
            attribute.node = Some(node);
        }
        Some(node)
    }

    fn attribute_place(&self, node: NodeId) -> Option<(NodeId, usize)> {
        let owner = self.node(node).as_attribute()?.owner?;
        let index = self.attributes(owner).iter().position(|attribute| attribute.node == Some(node))?;
        Some((owner, index))
    }

    /// The value of an attribute node.
    pub fn attribute_node_value(&self, node: NodeId) -> Option<&str> {
        match self.attribute_place(node) {
            Some((owner, index)) => self.attributes(owner).get(index).map(|attribute| &*attribute.value),
            None => self.node(node).as_attribute().map(|attribute| attribute.value.as_str()),
        }
    }

    /// Changes the value of an attribute node, and so of the element that has it.
    pub fn set_attribute_node_value(&mut self, node: NodeId, value: &str) {
        if let Some((owner, index)) = self.attribute_place(node) {
            return self.change_attribute(owner, index, value);
        }
        let mut old = 0;
        if let NodeData::Attribute(data) = &mut self.node_mut(node).data {
            old = data.value.len();
            data.value = value.to_owned();
        }
        self.bytes = (self.bytes + value.len()).saturating_sub(old);
    }

    /// `setAttributeNode`: gives the element that attribute; returns the node that it replaces.
    ///
    /// # Errors
    /// `InUseAttributeError` if another element has it.
    pub fn set_attribute_node(&mut self, element: NodeId, node: NodeId) -> Result<Option<NodeId>> {
        let Some(data) = self.node(node).as_attribute() else { return Ok(None) };
        if data.owner.is_some_and(|owner| owner != element) {
            return Err(DomError::InUseAttribute);
        }
        let name = data.name.clone();
        let value = self.attribute_node_value(node).unwrap_or_default().to_owned();
        let found = self.find_attribute_ns(element, &name.ns, &name.local);
        let old = found.and_then(|index| self.attribute_node(element, index));
        if old == Some(node) {
            return Ok(old);
        }
        if let NodeData::Attribute(data) = &mut self.node_mut(node).data {
            data.owner = Some(element);
        }
        if let Some(document) = self.document(element) {
            self.change_document(node, document);
        }
        self.note_move(node);
        match found {
            Some(index) => {
                let replaced = self.attributes(element).get(index).cloned();
                if let Some(attribute) = self.attributes_mut(element).and_then(|list| list.get_mut(index)) {
                    *attribute = Attribute { name: name.clone(), value: value.as_str().into(), node: Some(node) };
                }
                if let Some(replaced) = replaced {
                    self.ids.change(element, &name, Some(&replaced.value), Some(&value));
                    self.release_node(&replaced);
                    self.bytes = (self.bytes + value.len()).saturating_sub(replaced.value.len());
                    let old = Some(replaced.value.into());
                    self.note(|_| Change::Attribute { element, name, old, new: Some(value) });
                }
            }
            None => {
                self.append_attribute(element, Attribute { name, value: value.into(), node: Some(node) });
            }
        }
        Ok(old)
    }

    /// `removeAttributeNode`.
    ///
    /// # Errors
    /// `NotFoundError` if the element does not have it.
    pub fn remove_attribute_node(&mut self, element: NodeId, node: NodeId) -> Result<()> {
        match self.attribute_place(node) {
            Some((owner, index)) if owner == element => {
                self.remove_attribute(element, index);
                Ok(())
            }
            _ => Err(DomError::NotFound("the attribute is not one of this element")),
        }
    }
}

/// Whether a name, with its prefix, reads like that.
pub fn is_called(name: &QualName, qualified: &str) -> bool {
    match &name.prefix {
        None => &*name.local == qualified,
        Some(prefix) => {
            let rest = qualified.strip_prefix(&**prefix).and_then(|rest| rest.strip_prefix(':'));
            rest.is_some_and(|rest| rest == &*name.local)
        }
    }
}

/// A name with its prefix.
pub fn qualified(name: &QualName) -> String {
    match &name.prefix {
        None => name.local.to_string(),
        Some(prefix) => format!("{prefix}:{}", name.local),
    }
}
