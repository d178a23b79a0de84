//! Forms and the controls that belong to them
//! ([HTML](https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#association-of-controls-and-forms)).

use crate::node::ElementData;
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, local_name as atom, ns};

const LISTED: [&str; 7] = ["button", "fieldset", "input", "object", "output", "select", "textarea"];

impl Tree {
    fn is_called(&self, id: NodeId, local: &LocalName) -> bool {
        self.element(id).is_some_and(|element| element.name.ns == ns!(html) && element.name.local == *local)
    }

    /// Whether a node is a `form` of HTML.
    pub fn is_form(&self, id: NodeId) -> bool {
        self.is_called(id, &atom!("form"))
    }

    /// Whether a node is a `select` of HTML.
    pub fn is_select(&self, id: NodeId) -> bool {
        self.is_called(id, &atom!("select"))
    }

    /// Whether a node is an `option` of HTML.
    pub fn is_option(&self, id: NodeId) -> bool {
        self.is_called(id, &atom!("option"))
    }

    /// The form that an element belongs to: the one that its attribute `form` names, else the next one around it.
    pub fn form_owner(&self, id: NodeId) -> Option<NodeId> {
        match self.element(id)?.attribute(&atom!("form")) {
            Some(form) if self.is_connected(id) => {
                self.element_by_id(self.root(id), form).filter(|&form| self.is_form(form))
            }
            _ => self.ancestors(id).find(|&above| self.is_form(above)),
        }
    }

    /// What `form.elements` holds, in tree order: the listed elements of the form but its image buttons. Costs a walk through the form, or through the
    /// tree around it if others can name the form.
    pub fn form_controls(&self, form: NodeId) -> Vec<NodeId> {
        let is_connected = self.is_connected(form);
        let root = if is_connected { self.root(form) } else { form };
        let named = self.id_attribute(form).filter(|id| is_connected && self.element_by_id(root, id) == Some(form));
        let is_owned = |element: &ElementData, around: Option<NodeId>| match element.attribute(&atom!("form")) {
            Some(name) if is_connected => Some(name) == named,
            _ => around == Some(form),
        };
        let mut controls = Vec::new();
        self.walk_forms(if named.is_some() { root } else { form }, |id, element, around| {
            if is_control(element) && is_owned(element, around) {
                controls.push(id);
            }
        });
        controls
    }

    /// The images of a form, in tree order.
    pub fn form_images(&self, form: NodeId) -> Vec<NodeId> {
        let mut images = Vec::new();
        self.walk_forms(form, |id, element, around| {
            if element.is_html("img") && around == Some(form) {
                images.push(id);
            }
        });
        images
    }

    /// Visits the elements below a node, each with the next form around it.
    fn walk_forms(&self, root: NodeId, mut visit: impl FnMut(NodeId, &ElementData, Option<NodeId>)) {
        let mut forms = Vec::new();
        let mut at = root;
        loop {
            let next = if let Some(child) = self.first_child(at) {
                if self.is_form(at) {
                    forms.push(at);
                }
                child
            } else {
                loop {
                    if at == root {
                        return;
                    }
                    if let Some(sibling) = self.next_sibling(at) {
                        break sibling;
                    }
                    let Some(parent) = self.parent(at) else { return };
                    if self.is_form(parent) {
                        forms.pop();
                    }
                    at = parent;
                }
            };
            at = next;
            if let Some(element) = self.element(at) {
                visit(at, element, forms.last().copied());
            }
        }
    }
}

fn is_control(element: &ElementData) -> bool {
    let is_image = || {
        let kind = element.attribute(&atom!("type"));
        kind.is_some_and(|kind| element.is_html("input") && kind.eq_ignore_ascii_case("image"))
    };
    LISTED.iter().any(|local| element.is_html(local)) && !is_image()
}
