//! Selectors that one walk through a tree answers: names, classes and ids, joined by descendant and child combinators.
//!
//! The walk keeps for each open element which steps of the path it and those above it match, so no element is asked for its
//! ancestors: the time is that of the walk, however deep the tree is.

use super::grammar::Impl;
use super::{Manner, Simple, simple_component};
use crate::node::{ElementData, NodeData};
use crate::tree::{NodeId, Tree};
use selectors::parser::{Combinator, Component, Selector};

/// Steps that fit into one [`Matched`].
const MAX_STEPS: usize = 64;

/// A selector as steps from the outermost to the element that it selects.
#[derive(Debug, Clone)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Default)]
struct Step {
    needs: Vec<Simple>,
    /// Whether the step before must be the parent's, and not any ancestor's.
    is_child: bool,
}

/// Bit *n* says that the path up to step *n* matches.
#[derive(Debug, Clone, Copy, Default)]
struct Matched {
    here: u64,
    /// Here or above.
    above: u64,
}

impl Path {
    /// The path that a selector is, if it is one.
    pub(super) fn of(selector: &Selector<Impl>) -> Option<Path> {
        let mut steps = vec![Step::default()];
        for component in selector.iter_raw_match_order() {
            let step = steps.last_mut()?;
            match component {
                Component::Combinator(Combinator::Descendant) => steps.push(Step::default()),
                Component::Combinator(Combinator::Child) => {
                    step.is_child = true;
                    steps.push(Step::default());
                }
                Component::ExplicitUniversalType => {}
                component => step.needs.push(simple_component(component)?),
            }
        }
        steps.reverse();
        (steps.len() <= MAX_STEPS).then_some(Path { steps })
    }

    /// Hands the elements below `root` that match to `take`, in tree order, until it says no. False once `go_on`, asked at each element, says
    /// no.
    pub(super) fn each(
        &self,
        tree: &Tree,
        root: NodeId,
        go_on: &mut dyn FnMut() -> bool,
        take: &mut dyn FnMut(NodeId) -> bool,
    ) -> bool {
        let manner = Manner::of(tree, root);
        let last = 1 << (self.steps.len() - 1);
        let mut open = vec![self.above(tree, root, manner)];
        let mut next = tree.first_child(root);
        while let Some(id) = next {
            let node = tree.at(id.index.get());
            let mut matched = open[open.len() - 1];
            if let NodeData::Element(element) = &node.data {
                if !go_on() {
                    return false;
                }
                matched = self.step(element, matched, manner);
                if matched.here & last != 0 && !take(id) {
                    return true;
                }
            }
            next = tree.id_of(node.first);
            if next.is_some() {
                open.push(matched);
                continue;
            }
            next = tree.id_of(node.next);
            let mut above = node.parent;
            while next.is_none() && open.len() > 1 {
                open.pop();
                let parent = tree.at(above);
                (next, above) = (tree.id_of(parent.next), parent.parent);
            }
        }
        true
    }

    /// What `root` and its ancestors match.
    fn above(&self, tree: &Tree, root: NodeId, manner: Manner) -> Matched {
        if self.steps.len() == 1 {
            return Matched::default();
        }
        let mut chain: Vec<NodeId> = std::iter::successors(Some(root), |&node| tree.parent(node)).collect();
        chain.reverse();
        let elements = chain.into_iter().filter_map(|id| tree.element(id));
        elements.fold(Matched::default(), |matched, element| self.step(element, matched, manner))
    }

    /// What an element matches whose parent matches `parent`.
    fn step(&self, element: &ElementData, parent: Matched, manner: Manner) -> Matched {
        let mut here = 0;
        for (index, step) in self.steps.iter().enumerate() {
            let before = if step.is_child { parent.here } else { parent.above };
            let is_open = index == 0 || before & (1 << (index - 1)) != 0;
            if is_open && step.needs.iter().all(|need| need.matches(element, manner)) {
                here |= 1 << index;
            }
        }
        Matched { here, above: parent.above | here }
    }
}
