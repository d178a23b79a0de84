//! Which element has which id: what `getElementById` and selectors of an id ask; and which has which name: what forms ask.
//!
//! Each index is made when somebody asks first, and kept up from then on. It holds all elements of the arena that have an id, or a name, wherever
//! they are; so moving and cutting off trees does not concern it. Keys are hashes: what they find is looked at.
//!
//! What must never happen: an element with an id that the index, once made, does not hold.

use crate::node::Attribute;
use crate::tree::{NodeId, Tree};
use html5ever::{LocalName, QualName, local_name as atom};
use std::cell::RefCell;
use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// The indexes, once there are such.
#[derive(Default)]
pub(crate) struct Ids {
    ids: RefCell<Option<Box<Index>>>,
    names: RefCell<Option<Box<Index>>>,
}

#[derive(Default)]
struct Index {
    /// Guests must not choose what collides.
    hasher: RandomState,
    holders: HashMap<u64, Holders, BuildHasherDefault<Hashed>>,
    /// Elements in all of [`Holders::Many`].
    shared: usize,
}

/// Elements with one id that are looked at one by one; more of them cost a walk through the tree.
const FEW: usize = 8;
/// Places that an index may have for nothing.
const ROOM: usize = 1024;

/// The elements whose ids have one hash.
enum Holders {
    One(NodeId),
    Many(Box<Many>),
}

#[derive(Default)]
struct Many {
    elements: HashSet<NodeId>,
    last: RefCell<Option<Last>>,
}

/// The answer to the last question.
struct Last {
    /// The tree's, at that time.
    version: u64,
    root: NodeId,
    id: Box<str>,
    answer: Option<NodeId>,
}

/// Takes a number that is a hash already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Index {
    fn add(&mut self, id: &str, element: NodeId) {
        if id.is_empty() {
            return;
        }
        match self.holders.entry(self.hasher.hash_one(id)) {
            Entry::Vacant(place) => drop(place.insert(Holders::One(element))),
            Entry::Occupied(mut place) => match place.get_mut() {
                Holders::One(other) if *other == element => {}
                Holders::One(other) => {
                    let elements = HashSet::from([*other, element]);
                    place.insert(Holders::Many(Box::new(Many { elements, ..Many::default() })));
                    self.shared += 2;
                }
                Holders::Many(many) => {
                    *many.last.get_mut() = None;
                    self.shared += usize::from(many.elements.insert(element));
                }
            },
        }
    }

    fn remove(&mut self, id: &str, element: NodeId) {
        let Entry::Occupied(mut place) = self.holders.entry(self.hasher.hash_one(id)) else { return };
        match place.get_mut() {
            Holders::One(other) if *other == element => drop(place.remove()),
            Holders::One(_) => {}
            Holders::Many(many) => {
                *many.last.get_mut() = None;
                self.shared -= usize::from(many.elements.remove(&element));
                if many.elements.is_empty() {
                    place.remove();
                }
            }
        }
        let (held, room) = (self.holders.len(), self.holders.capacity());
        if room > ROOM && held < room / 8 {
            self.holders.shrink_to(held * 2);
        }
    }

    fn bytes(&self) -> usize {
        self.holders.capacity() * size_of::<(u64, Holders)>() + self.shared * size_of::<NodeId>() * 2
    }
}

impl Ids {
    /// An attribute of an element changed, came or went.
    pub(crate) fn change(&mut self, element: NodeId, name: &QualName, old: Option<&str>, new: Option<&str>) {
        let index = match &name.local {
            local if *local == atom!("id") => &mut self.ids,
            local if *local == atom!("name") => &mut self.names,
            _ => return,
        };
        if let Some(index) = index.get_mut()
            && name.ns.is_empty()
        {
            old.into_iter().for_each(|id| index.remove(id, element));
            new.into_iter().for_each(|id| index.add(id, element));
        }
    }

    fn is_empty(&mut self) -> bool {
        self.ids.get_mut().is_none() && self.names.get_mut().is_none()
    }

    /// An element was made with these attributes.
    pub(crate) fn add_attributes(&mut self, element: NodeId, attributes: &[Attribute]) {
        if !self.is_empty() {
            attributes.iter().for_each(|attribute| self.change(element, &attribute.name, None, Some(&attribute.value)));
        }
    }

    /// An element with these attributes is freed.
    pub(crate) fn remove_attributes(&mut self, element: NodeId, attributes: &[Attribute]) {
        if !self.is_empty() {
            attributes.iter().for_each(|attribute| self.change(element, &attribute.name, Some(&attribute.value), None));
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let bytes = |index: &RefCell<Option<Box<Index>>>| index.borrow().as_ref().map_or(0, |index| index.bytes());
        bytes(&self.ids) + bytes(&self.names)
    }
}

impl Tree {
    /// The id of an element, if it has one.
    pub(crate) fn id_attribute(&self, element: NodeId) -> Option<&str> {
        self.element(element)?.attribute(&atom!("id")).filter(|id| !id.is_empty())
    }

    /// The first element below `root`, in tree order, that has that id
    /// ([`getElementById`](https://dom.spec.whatwg.org/#dom-nonelementparentnode-getelementbyid)).
    ///
    /// The first question makes an index, and costs a walk through the arena. Later ones cost a look-up and a walk to the root; where elements below
    /// `root` share the id, the first question after a change costs a walk through the tree.
    pub fn element_by_id(&self, root: NodeId, id: &str) -> Option<NodeId> {
        if id.is_empty() {
            return None;
        }
        let mut index = self.ids.ids.borrow_mut();
        let index = index.get_or_insert_with(|| self.index_of(&atom!("id")));
        match index.holders.get(&index.hasher.hash_one(id))? {
            &Holders::One(element) => self.is_so_called(element, root, id).then_some(element),
            Holders::Many(many) => {
                let mut last = many.last.borrow_mut();
                if let Some(last) = &*last
                    && (last.version, last.root, &*last.id) == (self.version(), root, id)
                {
                    return last.answer;
                }
                let answer = self.first_of(many, root, id);
                *last = Some(Last { version: self.version(), root, id: id.into(), answer });
                answer
            }
        }
    }

    fn first_of(&self, many: &Many, root: NodeId, id: &str) -> Option<NodeId> {
        if many.elements.len() <= FEW {
            let mut below = many.elements.iter().filter(|&&element| self.is_so_called(element, root, id));
            let only = below.next()?;
            if below.next().is_none() {
                return Some(*only);
            }
        }
        self.descendants(root).find(|&node| self.id_attribute(node) == Some(id))
    }

    fn is_so_called(&self, element: NodeId, root: NodeId, id: &str) -> bool {
        self.id_attribute(element) == Some(id) && self.ancestors(element).any(|node| node == root)
    }

    /// Whether an element of the arena may have that id or name: what most names of properties are not. Costs two look-ups, and the first time a
    /// walk through the arena.
    pub fn may_be_named(&self, name: &str) -> bool {
        let has = |index: &RefCell<Option<Box<Index>>>, attribute: LocalName| {
            let mut index = index.borrow_mut();
            let index = index.get_or_insert_with(|| self.index_of(&attribute));
            index.holders.contains_key(&index.hasher.hash_one(name))
        };
        has(&self.ids.ids, atom!("id")) || has(&self.ids.names, atom!("name"))
    }

    fn index_of(&self, attribute: &LocalName) -> Box<Index> {
        let mut index = Box::new(Index::default());
        for element in (1..self.nodes.len() as u32).filter_map(|place| self.id_of(place)) {
            if let Some(value) = self.element(element).and_then(|data| data.attribute(attribute)) {
                index.add(value, element);
            }
        }
        index
    }
}
