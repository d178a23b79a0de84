//! Selectors ([Selectors Level 4](https://drafts.csswg.org/selectors-4/)): parsing and matching by the crate `selectors`.
//!
//! Matching takes stack by the length and nesting of a selector, never by the depth of a tree; both are
//! [bounded](Selectors::parse).

use crate::error::{DomError, Result};
use crate::tree::{NodeId, Tree};
use html5ever::interface::QuirksMode as Quirks;
use html5ever::{LocalName, Namespace, local_name as atom, ns};
use precomputed_hash::PrecomputedHash;
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
};
use selectors::matching::{ElementSelectorFlags, matches_selector_list};
use selectors::parser::{Component, ParseRelative, SelectorParseErrorKind};
use selectors::{Element as _, OpaqueElement, SelectorImpl, SelectorList};
use std::borrow::Borrow;
use std::fmt;

const MAX_BYTES: usize = 64 << 10;
const MAX_NESTING: usize = 32;
const MAX_COMPONENTS: usize = 512;
/// Elements between two questions whether to go on.
const PER_QUESTION: usize = 4096;

/// A parsed list of selectors.
#[derive(Debug, Clone)]
pub struct Selectors {
    list: SelectorList<Impl>,
    simple: Option<Simple>,
}

/// Selectors that need no machinery.
#[derive(Debug, Clone)]
enum Simple {
    Tag(LocalName, LocalName),
    Class(LocalName),
    Id(LocalName),
}

impl Selectors {
    /// Parses a list of selectors.
    ///
    /// # Errors
    /// `SyntaxError`, also for selectors of more than 64 KB, 512 parts, or 32 levels of nesting.
    pub fn parse(text: &str) -> Result<Selectors> {
        check_size(text)?;
        let mut parser = cssparser::Parser::new(text);
        let list = SelectorList::parse(&Parser, &mut parser, ParseRelative::No)
            .map_err(|_| DomError::Syntax(format!("{text:?} is not a valid selector")))?;
        if list.slice().iter().any(|selector| selector.len() > MAX_COMPONENTS) {
            return Err(too_large());
        }
        let simple = match list.slice() {
            [selector] => simple(selector),
            _ => None,
        };
        Ok(Selectors { list, simple })
    }

    /// Whether the element matches.
    pub fn matches(&self, tree: &Tree, element: NodeId) -> bool {
        self.with_matcher(tree, element, Some(element), |matches| matches(element))
    }

    /// The element, or the nearest above it, that matches.
    pub fn closest(&self, tree: &Tree, element: NodeId) -> Option<NodeId> {
        self.with_matcher(tree, element, Some(element), |matches| {
            std::iter::successors(Some(element), |&id| tree.parent_element(id)).find(|&id| matches(id))
        })
    }

    /// The first element below `root` that matches.
    pub fn first(&self, tree: &Tree, root: NodeId) -> Option<NodeId> {
        let mut found = None;
        let mut take = |id| {
            found = Some(id);
            false
        };
        self.each(tree, root, &mut take);
        found
    }

    /// All elements below `root` that match, in tree order. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`DomError::Interrupted`] once `go_on` says no.
    pub fn all(&self, tree: &Tree, root: NodeId, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<NodeId>> {
        if let Some(simple) = &self.simple {
            return Ok(all_simple(simple, tree, root));
        }
        self.with_matcher(tree, root, tree.element(root).map(|_| root), |matches| {
            let mut found = Vec::new();
            let mut next = tree.first_child(root);
            let mut asked = 0;
            while let Some(id) = next {
                if tree.is_element(id) {
                    asked += 1;
                    if asked % PER_QUESTION == 0 && !go_on() {
                        return Err(DomError::Interrupted);
                    }
                    if matches(id) {
                        found.push(id);
                    }
                }
                next = tree.following(id, root);
            }
            Ok(found)
        })
    }

    /// Hands matching elements to `take` until it says no.
    fn each(&self, tree: &Tree, root: NodeId, take: &mut dyn FnMut(NodeId) -> bool) {
        self.with_matcher(tree, root, tree.element(root).map(|_| root), |matches| {
            let mut next = tree.first_child(root);
            while let Some(id) = next {
                if tree.is_element(id) && matches(id) && !take(id) {
                    return;
                }
                next = tree.following(id, root);
            }
        });
    }

    fn with_matcher<R>(
        &self,
        tree: &Tree,
        node: NodeId,
        scope: Option<NodeId>,
        f: impl FnOnce(&mut dyn FnMut(NodeId) -> bool) -> R,
    ) -> R {
        let quirks = tree.document(node).and_then(|id| tree.node(id).as_document()).map(|document| document.quirks);
        let quirks = if quirks == Some(Quirks::Quirks) { QuirksMode::Quirks } else { QuirksMode::NoQuirks };
        if let Some(simple) = &self.simple {
            return f(&mut |id| matches_simple(simple, tree, id, quirks));
        }
        let mut caches = SelectorCaches::default();
        let mut context = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut caches,
            quirks,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        context.scope_element = scope.map(|id| Element { tree, id }.opaque());
        f(&mut |id| matches_selector_list(&self.list, Element { tree, id }, &mut context))
    }
}

fn too_large() -> DomError {
    DomError::Syntax(format!(
        "the selector is too large: at most {MAX_BYTES} bytes, {MAX_COMPONENTS} parts and {MAX_NESTING} levels of nesting"
    ))
}

fn check_size(text: &str) -> Result<()> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(too_large());
        }
    }
    if text.len() > MAX_BYTES { Err(too_large()) } else { Ok(()) }
}

fn simple(selector: &selectors::parser::Selector<Impl>) -> Option<Simple> {
    let mut components = selector.iter_raw_match_order();
    match (components.next()?, components.next()) {
        (Component::LocalName(name), None) => Some(Simple::Tag(name.name.0.clone(), name.lower_name.0.clone())),
        (Component::Class(name), None) => Some(Simple::Class(name.0.clone())),
        (Component::ID(name), None) => Some(Simple::Id(name.0.clone())),
        _ => None,
    }
}

fn matches_simple(simple: &Simple, tree: &Tree, id: NodeId, quirks: QuirksMode) -> bool {
    let element = Element { tree, id };
    let case = quirks.classes_and_ids_case_sensitivity();
    match simple {
        Simple::Tag(name, lower) => {
            let wanted = if element.is_html_element_in_html_document() { lower } else { name };
            tree.element(id).is_some_and(|data| data.name.local == *wanted)
        }
        Simple::Class(name) => element.has_class_named(name, case),
        Simple::Id(name) => element.has_id_of(name, case),
    }
}

fn all_simple(simple: &Simple, tree: &Tree, root: NodeId) -> Vec<NodeId> {
    let quirks = tree.document(root).and_then(|id| tree.node(id).as_document()).map(|document| document.quirks);
    let quirks = if quirks == Some(Quirks::Quirks) { QuirksMode::Quirks } else { QuirksMode::NoQuirks };
    let mut found = Vec::new();
    let mut next = tree.first_child(root);
    while let Some(id) = next {
        if tree.is_element(id) && matches_simple(simple, tree, id, quirks) {
            found.push(id);
        }
        next = tree.following(id, root);
    }
    found
}

// ── What the crate asks for ──

#[derive(Debug, Clone, PartialEq, Eq)]
struct Impl;

/// A name or a class in a selector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Ident(LocalName);

/// A value in an attribute selector.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text(String);

impl From<&str> for Ident {
    fn from(text: &str) -> Self {
        Ident(LocalName::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.to_owned())
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PrecomputedHash for Ident {
    fn precomputed_hash(&self) -> u32 {
        self.0.precomputed_hash()
    }
}

impl Borrow<LocalName> for Ident {
    fn borrow(&self) -> &LocalName {
        &self.0
    }
}

impl cssparser::ToCss for Ident {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, dest)
    }
}

impl cssparser::ToCss for Text {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        cssparser::serialize_string(&self.0, dest)
    }
}

/// Pseudo-classes that depend on more than the structure of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PseudoClass {
    AnyLink,
    Checked,
    Defined,
    Disabled,
    Enabled,
    Lang(Vec<String>),
    /// Known, and true of nothing here.
    Never(&'static str),
    Optional,
    PlaceholderShown,
    ReadOnly,
    ReadWrite,
    Required,
}

const NEVER: [&str; 16] = [
    "active",
    "autofill",
    "focus",
    "focus-visible",
    "focus-within",
    "fullscreen",
    "hover",
    "in-range",
    "indeterminate",
    "invalid",
    "modal",
    "out-of-range",
    "target",
    "user-invalid",
    "user-valid",
    "visited",
];

const PSEUDO_ELEMENTS: [&str; 8] =
    ["after", "backdrop", "before", "first-letter", "first-line", "marker", "placeholder", "selection"];

impl cssparser::ToCss for PseudoClass {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        match self {
            PseudoClass::Lang(ranges) => write!(dest, ":lang({})", ranges.join(", ")),
            PseudoClass::Never(name) => write!(dest, ":{name}"),
            other => write!(dest, ":{other:?}"),
        }
    }
}

impl selectors::parser::NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        matches!(self, PseudoClass::Never("active" | "hover"))
    }

    fn is_user_action_state(&self) -> bool {
        self.is_active_or_hover() || matches!(self, PseudoClass::Never("focus"))
    }
}

/// A pseudo-element; no element is one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PseudoElement(&'static str);

impl cssparser::ToCss for PseudoElement {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        write!(dest, "::{}", self.0)
    }
}

impl selectors::parser::PseudoElement for PseudoElement {}

impl SelectorImpl for Impl {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Ident;
    type LocalName = Ident;
    type NamespaceUrl = Namespace;
    type NamespacePrefix = Ident;
    type BorrowedNamespaceUrl = Namespace;
    type BorrowedLocalName = LocalName;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = PseudoElement;
}

struct Parser;

type ParseError = cssparser::ParseError<SelectorParseErrorKind>;

fn unsupported<T>() -> std::result::Result<T, ParseError> {
    Err(ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement))
}

impl<'i> selectors::Parser<'i> for Parser {
    type Impl = Impl;
    type Error = SelectorParseErrorKind;

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    fn is_is_alias(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case("-webkit-any") || name.eq_ignore_ascii_case("matches")
    }

    fn parse_non_ts_pseudo_class(&self, name: &str) -> std::result::Result<PseudoClass, ParseError> {
        let name = name.to_ascii_lowercase();
        Ok(match name.as_str() {
            "any-link" | "link" => PseudoClass::AnyLink,
            "checked" => PseudoClass::Checked,
            "defined" => PseudoClass::Defined,
            "disabled" => PseudoClass::Disabled,
            "enabled" => PseudoClass::Enabled,
            "optional" => PseudoClass::Optional,
            "placeholder-shown" => PseudoClass::PlaceholderShown,
            "read-only" => PseudoClass::ReadOnly,
            "read-write" => PseudoClass::ReadWrite,
            "required" => PseudoClass::Required,
            name => match NEVER.iter().find(|known| **known == name) {
                Some(known) => PseudoClass::Never(known),
                None => return unsupported(),
            },
        })
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: &str,
        parser: &mut cssparser::Parser<'i>,
        _after_part: bool,
    ) -> std::result::Result<PseudoClass, ParseError> {
        if !name.eq_ignore_ascii_case("lang") {
            return unsupported();
        }
        let ranges = parser.parse_comma_separated(|parser| {
            Ok::<_, ParseError>(parser.expect_ident_or_string()?.as_ref().to_owned())
        })?;
        Ok(PseudoClass::Lang(ranges))
    }

    fn parse_pseudo_element(&self, name: &str) -> std::result::Result<PseudoElement, ParseError> {
        match PSEUDO_ELEMENTS.iter().find(|known| name.eq_ignore_ascii_case(known)) {
            Some(known) => Ok(PseudoElement(known)),
            None => unsupported(),
        }
    }
}

/// An element of a tree, as the crate sees it.
#[derive(Clone, Copy)]
struct Element<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.id)
    }
}

impl<'t> Element<'t> {
    fn attribute(&self, name: &LocalName) -> Option<&'t str> {
        self.tree.element(self.id)?.attribute(name)
    }

    fn is_html_named(&self, names: &[&str]) -> bool {
        self.tree.element(self.id).is_some_and(|data| data.name.ns == ns!(html) && names.contains(&&*data.name.local))
    }

    fn has_id_of(&self, id: &str, case: CaseSensitivity) -> bool {
        self.attribute(&atom!("id")).is_some_and(|value| case.eq(value.as_bytes(), id.as_bytes()))
    }

    fn has_class_named(&self, name: &str, case: CaseSensitivity) -> bool {
        let Some(classes) = self.attribute(&atom!("class")) else { return false };
        if classes.len() == name.len() && case == CaseSensitivity::CaseSensitive {
            return classes == name;
        }
        let is_space = |c| matches!(c, '\t' | '\n' | '\x0C' | '\r' | ' ');
        classes.len() > name.len() && classes.split(is_space).any(|class| case.eq(class.as_bytes(), name.as_bytes()))
            || case.eq(classes.as_bytes(), name.as_bytes())
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
        self.has_id_of(&id.0, case_sensitivity)
    }

    fn has_class(&self, name: &Ident, case_sensitivity: CaseSensitivity) -> bool {
        self.has_class_named(&name.0, case_sensitivity)
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
