//! An element of a tree, as the crate `selectors` asks about it.

use super::grammar::{Ident, Impl, PseudoClass, PseudoElement, Text};
use crate::node::ElementData;
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, Namespace, local_name as atom, ns};
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::MatchingContext;
use selectors::matching::ElementSelectorFlags;
use selectors::{Element as _, OpaqueElement};
use std::fmt;

/// An element of a tree, as the crate sees it.
#[derive(Clone, Copy)]
pub(super) struct Element<'t> {
    pub(super) tree: &'t Tree,
    pub(super) id: NodeId,
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.id)
    }
}

pub(super) fn has_id(element: &ElementData, id: &str, case: CaseSensitivity) -> bool {
    element.attribute(&atom!("id")).is_some_and(|value| case.eq(value.as_bytes(), id.as_bytes()))
}

pub(super) fn has_class(element: &ElementData, name: &str, case: CaseSensitivity) -> bool {
    let Some(classes) = element.attribute(&atom!("class")) else { return false };
    if classes.len() == name.len() && case == CaseSensitivity::CaseSensitive {
        return classes == name;
    }
    let is_space = |c| matches!(c, '\t' | '\n' | '\x0C' | '\r' | ' ');
    classes.len() > name.len() && classes.split(is_space).any(|class| case.eq(class.as_bytes(), name.as_bytes()))
        || case.eq(classes.as_bytes(), name.as_bytes())
}

impl<'t> Element<'t> {
    fn attribute(&self, name: &LocalName) -> Option<&'t str> {
        self.tree.element(self.id)?.attribute(name)
    }

    fn is_html_named(&self, names: &[&str]) -> bool {
        self.tree.element(self.id).is_some_and(|data| data.name.ns == ns!(html) && names.contains(&&*data.name.local))
    }

    fn sibling(self, step: impl Fn(NodeId) -> Option<NodeId>) -> Option<Self> {
        let Element { tree, id } = self;
        std::iter::successors(step(id), |&id| step(id)).find(|&id| tree.is_element(id)).map(|id| Element { tree, id })
    }

    /// [Whether a form control is disabled](https://html.spec.whatwg.org/#concept-element-disabled).
    fn is_disabled(&self) -> bool {
        const CONTROLS: [&str; 7] = ["button", "input", "select", "textarea", "optgroup", "option", "fieldset"];
        if !self.is_html_named(&CONTROLS) {
            return false;
        }
        if self.attribute(&atom!("disabled")).is_some() {
            return true;
        }
        if self.is_html_named(&["option"]) {
            return self.parent_element().is_some_and(|parent| {
                parent.is_html_named(&["optgroup"]) && parent.attribute(&atom!("disabled")).is_some()
            });
        }
        if self.is_html_named(&["optgroup"]) {
            return false;
        }
        let mut child = *self;
        while let Some(parent) = child.parent_element() {
            if parent.is_html_named(&["fieldset"]) && parent.attribute(&atom!("disabled")).is_some() {
                let legend = parent
                    .tree
                    .element_children(parent.id)
                    .find(|&id| Element { tree: self.tree, id }.is_html_named(&["legend"]));
                if legend != Some(child.id) {
                    return true;
                }
            }
            child = parent;
        }
        false
    }

    fn can_be_disabled(&self) -> bool {
        self.is_html_named(&["button", "input", "select", "textarea", "optgroup", "option", "fieldset"])
    }

    fn is_editable(&self) -> bool {
        if self.is_html_named(&["input", "textarea"]) {
            const NOT_TEXT: [&str; 9] =
                ["hidden", "range", "color", "checkbox", "radio", "file", "submit", "image", "button"];
            let kind = self.attribute(&atom!("type")).unwrap_or_default().to_ascii_lowercase();
            let is_text = !self.is_html_named(&["input"]) || !(NOT_TEXT.contains(&kind.as_str()) || kind == "reset");
            return is_text && self.attribute(&atom!("readonly")).is_none() && !self.is_disabled();
        }
        std::iter::successors(Some(*self), |element| element.parent_element())
            .find_map(|element| element.attribute(&LocalName::from("contenteditable")))
            .is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }

    fn is_of_language(&self, ranges: &[String]) -> bool {
        let language = std::iter::successors(Some(*self), |element| element.parent_element()).find_map(|element| {
            let data = self.tree.element(element.id)?;
            let xml = data.attributes.iter().find(|a| a.name.ns == ns!(xml) && &*a.name.local == "lang");
            xml.map(|attribute| &*attribute.value).or_else(|| data.attribute(&atom!("lang")))
        });
        let Some(language) = language else { return false };
        ranges.iter().any(|range| {
            let start = language.as_bytes().get(..range.len());
            match range.as_str() {
                "" => language.is_empty(),
                "*" => !language.is_empty(),
                range => {
                    start.is_some_and(|start| start.eq_ignore_ascii_case(range.as_bytes()))
                        && matches!(language.as_bytes().get(range.len()), None | Some(b'-'))
                }
            }
        })
    }
}

impl selectors::Element for Element<'_> {
    type Impl = Impl;

    fn opaque(&self) -> OpaqueElement {
        OpaqueElement::new(self.tree.node(self.id))
    }

    fn parent_element(&self) -> Option<Self> {
        self.tree.parent_element(self.id).map(|id| Element { tree: self.tree, id })
    }

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.sibling(|id| self.tree.previous_sibling(id))
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.sibling(|id| self.tree.next_sibling(id))
    }

    fn first_element_child(&self) -> Option<Self> {
        self.tree.element_children(self.id).next().map(|id| Element { tree: self.tree, id })
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.tree.element(self.id).is_some_and(|data| data.name.ns == ns!(html))
            && self.tree.is_in_html_document(self.id)
    }

    fn has_local_name(&self, local_name: &LocalName) -> bool {
        self.tree.element(self.id).is_some_and(|data| data.name.local == *local_name)
    }

    fn has_namespace(&self, ns: &Namespace) -> bool {
        self.tree.element(self.id).is_some_and(|data| data.name.ns == *ns)
    }

    fn is_same_type(&self, other: &Self) -> bool {
        match (self.tree.element(self.id), other.tree.element(other.id)) {
            (Some(a), Some(b)) => a.name.local == b.name.local && a.name.ns == b.name.ns,
            _ => false,
        }
    }

    fn attr_matches(
        &self,
        ns: &NamespaceConstraint<&Namespace>,
        local_name: &Ident,
        operation: &AttrSelectorOperation<&Text>,
    ) -> bool {
        self.tree.attributes(self.id).iter().any(|attribute| {
            let is_it = attribute.name.local == local_name.0
                && match ns {
                    NamespaceConstraint::Any => true,
                    NamespaceConstraint::Specific(ns) => attribute.name.ns == **ns,
                };
            is_it && operation.eval_str(&attribute.value)
        })
    }

    fn match_non_ts_pseudo_class(&self, pc: &PseudoClass, _: &mut MatchingContext<Impl>) -> bool {
        match pc {
            PseudoClass::AnyLink => self.is_link(),
            PseudoClass::Checked => {
                let is_button = self
                    .attribute(&atom!("type"))
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox") || kind.eq_ignore_ascii_case("radio"));
                is_button && self.is_html_named(&["input"]) && self.attribute(&atom!("checked")).is_some()
                    || self.is_html_named(&["option"]) && self.attribute(&atom!("selected")).is_some()
            }
            PseudoClass::Defined => self
                .tree
                .element(self.id)
                .is_some_and(|data| data.name.ns != ns!(html) || !data.name.local.contains('-')),
            PseudoClass::Disabled => self.is_disabled(),
            PseudoClass::Enabled => self.can_be_disabled() && !self.is_disabled(),
            PseudoClass::Lang(ranges) => self.is_of_language(ranges),
            PseudoClass::Never(_) => false,
            PseudoClass::Required | PseudoClass::Optional => {
                let is_required = self.attribute(&LocalName::from("required")).is_some();
                self.is_html_named(&["input", "select", "textarea"])
                    && is_required == matches!(pc, PseudoClass::Required)
            }
            PseudoClass::PlaceholderShown => {
                self.is_html_named(&["input", "textarea"])
                    && self.attribute(&atom!("placeholder")).is_some()
                    && self.attribute(&atom!("value")).is_none_or(str::is_empty)
            }
            PseudoClass::ReadOnly => !self.is_editable(),
            PseudoClass::ReadWrite => self.is_editable(),
        }
    }

    fn match_pseudo_element(&self, _: &PseudoElement, _: &mut MatchingContext<Impl>) -> bool {
        false
    }

    fn apply_selector_flags(&self, _: ElementSelectorFlags) {}

    fn is_link(&self) -> bool {
        self.is_html_named(&["a", "area"]) && self.attribute(&atom!("href")).is_some()
    }

    fn is_html_slot_element(&self) -> bool {
        self.is_html_named(&["slot"])
    }

    fn has_id(&self, id: &Ident, case_sensitivity: CaseSensitivity) -> bool {
        self.tree.element(self.id).is_some_and(|data| self::has_id(data, &id.0, case_sensitivity))
    }

    fn has_class(&self, name: &Ident, case_sensitivity: CaseSensitivity) -> bool {
        self.tree.element(self.id).is_some_and(|data| self::has_class(data, &name.0, case_sensitivity))
    }

    fn has_custom_state(&self, _: &Ident) -> bool {
        false
    }

    fn imported_part(&self, _: &Ident) -> Option<Ident> {
        None
    }

    fn is_part(&self, _: &Ident) -> bool {
        false
    }

    fn is_empty(&self) -> bool {
        !self
            .tree
            .children(self.id)
            .any(|id| self.tree.is_element(id) || self.tree.node(id).as_text().is_some_and(|text| !text.is_empty()))
    }

    fn is_root(&self) -> bool {
        self.tree.parent(self.id).is_some_and(|parent| self.tree.is_document(parent))
    }

    fn add_element_unique_hashes(&self, _: &mut BloomFilter) -> bool {
        false
    }
}
