//! Elements in tree order, and which of them has which name.

use crate::collection::names_of;
use crate::members::UNPOLLED;
use quickbeam_dom::{NodeId, Tree};
use quickbeam_engine::{Ctx, Result};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::ops::Deref;
use std::rc::Rc;

/// Steps that a look-up counts for.
const LOOK_UP: u32 = 16;

/// What was listed in a version of the tree. In a long list, names are looked up: a builtin may ask for all of them.
pub(crate) struct Listed {
    version: u64,
    nodes: Box<[NodeId]>,
    /// Where the first two elements of a name are, by its hash. What they find is looked at.
    places: OnceCell<HashMap<u64, (u32, Option<u32>)>>,
}

impl Listed {
    /// What `collect` finds, kept until the tree changes.
    pub(crate) fn kept(
        known: &mut Option<Rc<Listed>>,
        tree: &Tree,
        collect: impl FnOnce(&Tree) -> Vec<NodeId>,
    ) -> Rc<Listed> {
        match known {
            Some(known) if known.is_of(tree) => known.clone(),
            _ => {
                let nodes = collect(tree).into();
                known.insert(Rc::new(Listed { version: tree.version(), nodes, places: OnceCell::new() })).clone()
            }
        }
    }

    /// Whether the tree is still as it was.
    pub(crate) fn is_of(&self, tree: &Tree) -> bool {
        self.version == tree.version()
    }

    fn is_long(&self) -> bool {
        self.nodes.len() > UNPOLLED
    }

    /// Polls for a question for a name.
    pub(crate) fn poll(&self, ctx: Ctx<'_>) -> Result<()> {
        let steps =
            if self.places.get().is_some() { LOOK_UP } else { u32::try_from(self.nodes.len()).unwrap_or(u32::MAX) };
        if self.is_long() { ctx.poll(steps) } else { Ok(()) }
    }

    /// The first two elements of that name.
    pub(crate) fn named(&self, tree: &Tree, name: &str) -> [Option<NodeId>; 2] {
        let is_called = |id: &NodeId| names_of(tree, *id).any(|known| known == name);
        if self.is_long() {
            let places = self.places.get_or_init(|| self.places(tree));
            let Some((first, second)) = places.get(&places.hasher().hash_one(name)) else { return [None; 2] };
            let found =
                [Some(first), second.as_ref()].map(|place| place.and_then(|&place| self.nodes.get(place as usize)));
            if found.into_iter().flatten().all(is_called) {
                return found.map(|id| id.copied());
            }
        }
        let mut named = self.nodes.iter().copied().filter(is_called);
        [named.next(), named.next()]
    }

    fn places(&self, tree: &Tree) -> HashMap<u64, (u32, Option<u32>)> {
        let mut places: HashMap<u64, (u32, Option<u32>)> = HashMap::new();
        for (place, &id) in (0..).zip(&self.nodes) {
            for name in names_of(tree, id) {
                let hash = places.hasher().hash_one(name);
                let (first, second) = places.entry(hash).or_insert((place, None));
                if *first != place {
                    second.get_or_insert(place);
                }
            }
        }
        places
    }
}

impl Deref for Listed {
    type Target = [NodeId];

    fn deref(&self) -> &[NodeId] {
        &self.nodes
    }
}
