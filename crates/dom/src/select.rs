//! Selectors ([Selectors Level 4](https://drafts.csswg.org/selectors-4/)): parsing and matching by the crate `selectors`.
//!
//! Matching takes stack by the length and nesting of a selector, never by the depth of a tree; both are
//! [bounded](Selectors::parse).

mod element;
mod grammar;
mod path;

use crate::error::{DomError, Result};
use crate::node::ElementData;
use crate::tree::{NodeId, Tree};
use element::{Element, has_class, has_id};
use grammar::{Impl, Parser};
use html5ever::interface::QuirksMode as Quirks;
use html5ever::{LocalName, ns};
use path::Path;
use selectors::context::{
    MatchingContext, MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches,
};
use selectors::matching::matches_selector_list;
use selectors::parser::{Component, ParseRelative};
use selectors::{Element as _, SelectorList};

const MAX_BYTES: usize = 64 << 10;
const MAX_NESTING: usize = 32;
const MAX_COMPONENTS: usize = 512;
/// Elements between two questions whether to go on.
const PER_QUESTION: usize = 4096;
/// For how many elements one counts that is asked what follows it, or stands in it, as `:has()` does.
const PER_SEARCH: usize = 64;

/// A parsed list of selectors.
#[derive(Debug, Clone)]
pub struct Selectors {
    list: SelectorList<Impl>,
    simple: Option<Simple>,
    path: Option<Path>,
    /// What an element needs at least, if a single selector says so.
    least: Option<Simple>,
    /// For how many elements each one counts.
    weight: usize,
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
        let least = match list.slice() {
            [selector] => selector
                .iter_raw_match_order()
                .take_while(|component| !component.is_combinator())
                .find_map(simple_component),
            _ => None,
        };
        let path = match list.slice() {
            [selector] => Path::of(selector),
            _ => None,
        };
        let weight = if text.contains(':') && text.to_ascii_lowercase().contains(":has(") { PER_SEARCH } else { 1 };
        Ok(Selectors { list, simple, path, least, weight })
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

    /// The first element below `root` that matches. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`DomError::Interrupted`] once `go_on` says no.
    pub fn first(&self, tree: &Tree, root: NodeId, go_on: &mut dyn FnMut() -> bool) -> Result<Option<NodeId>> {
        if let Some(Simple::Id(id)) = &self.simple
            && Manner::of(tree, root).quirks == QuirksMode::NoQuirks
        {
            return Ok(tree.element_by_id(root, id));
        }
        let mut found = None;
        let mut take = |id| {
            found = Some(id);
            false
        };
        if self.each(tree, root, &mut self.now_and_then(go_on), &mut take) {
            Ok(found)
        } else {
            Err(DomError::Interrupted)
        }
    }

    /// Asks `go_on` once for many elements.
    fn now_and_then(&self, go_on: &mut dyn FnMut() -> bool) -> impl FnMut() -> bool {
        let mut asked = 0;
        move || {
            asked += self.weight;
            asked % PER_QUESTION >= self.weight || go_on()
        }
    }

    /// All elements below `root` that match, in tree order. `go_on` is asked now and then.
    ///
    /// # Errors
    /// [`DomError::Interrupted`] once `go_on` says no.
    pub fn all(&self, tree: &Tree, root: NodeId, go_on: &mut dyn FnMut() -> bool) -> Result<Vec<NodeId>> {
        let mut found = Vec::new();
        let mut take = |id| {
            found.push(id);
            true
        };
        if self.each(tree, root, &mut self.now_and_then(go_on), &mut take) {
            Ok(found)
        } else {
            Err(DomError::Interrupted)
        }
    }

    /// Hands the elements below `root` that match to `take`, in tree order, until it says no. False once `go_on`, asked at each element, says
    /// no.
    fn each(
        &self,
        tree: &Tree,
        root: NodeId,
        go_on: &mut dyn FnMut() -> bool,
        take: &mut dyn FnMut(NodeId) -> bool,
    ) -> bool {
        if let Some(path) = &self.path {
            return path.each(tree, root, go_on, take);
        }
        self.with_matcher(tree, root, tree.element(root).map(|_| root), |matches| {
            let mut next = tree.first_child(root);
            while let Some(id) = next {
                if tree.is_element(id) {
                    if !go_on() {
                        return false;
                    }
                    if matches(id) && !take(id) {
                        return true;
                    }
                }
                next = tree.following(id, root);
            }
            true
        })
    }

    fn with_matcher<R>(
        &self,
        tree: &Tree,
        node: NodeId,
        scope: Option<NodeId>,
        f: impl FnOnce(&mut dyn FnMut(NodeId) -> bool) -> R,
    ) -> R {
        let manner = Manner::of(tree, node);
        let has = |simple: &Simple, id| tree.element(id).is_some_and(|element| simple.matches(element, manner));
        if let Some(simple) = &self.simple {
            return f(&mut |id| has(simple, id));
        }
        let mut caches = SelectorCaches::default();
        let mut context = MatchingContext::new(
            MatchingMode::Normal,
            None,
            &mut caches,
            manner.quirks,
            NeedsSelectorFlags::No,
            MatchingForInvalidation::No,
        );
        context.scope_element = scope.map(|id| Element { tree, id }.opaque());
        let least = self.least.as_ref();
        f(&mut |id| {
            least.is_none_or(|least| has(least, id))
                && matches_selector_list(&self.list, Element { tree, id }, &mut context)
        })
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
    let first = components.next()?;
    if components.next().is_none() { simple_component(first) } else { None }
}

fn simple_component(component: &Component<Impl>) -> Option<Simple> {
    match component {
        Component::LocalName(name) => Some(Simple::Tag(name.name.0.clone(), name.lower_name.0.clone())),
        Component::Class(name) => Some(Simple::Class(name.0.clone())),
        Component::ID(name) => Some(Simple::Id(name.0.clone())),
        _ => None,
    }
}

/// What the document of a tree says about matching.
#[derive(Clone, Copy)]
struct Manner {
    is_html: bool,
    quirks: QuirksMode,
}

impl Manner {
    fn of(tree: &Tree, node: NodeId) -> Manner {
        let document = tree.document(node).and_then(|id| tree.node(id).as_document());
        let is_quirky = document.is_some_and(|document| document.quirks == Quirks::Quirks);
        Manner {
            is_html: document.is_some_and(|document| document.is_html),
            quirks: if is_quirky { QuirksMode::Quirks } else { QuirksMode::NoQuirks },
        }
    }
}

impl Simple {
    fn matches(&self, element: &ElementData, manner: Manner) -> bool {
        let case = manner.quirks.classes_and_ids_case_sensitivity();
        match self {
            Simple::Tag(name, lower) => {
                let wanted = if manner.is_html && element.name.ns == ns!(html) { lower } else { name };
                element.name.local == *wanted
            }
            Simple::Class(name) => has_class(element, name, case),
            Simple::Id(name) => has_id(element, name, case),
        }
    }
}
