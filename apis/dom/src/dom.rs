//! The DOM of one realm: the arena, and the JS objects that stand for its nodes.
//!
//! # Who keeps whom alive
//!
//! A node has at most one object (its *wrapper*), made when a script first sees the node. A wrapper is
//! [bound](Value::bind_host) to that of the node's keeper (its parent, as a rule), which is made with it. So either no node
//! of a tree has a wrapper above it missing, or the tree has none at all; all wrappers of a tree are
//! collected together, and the tree with them. A tree without any is freed when it is cut off.
//!
//! What must never happen: a borrow of the tree while the engine may run (it collects garbage, which frees nodes).

use crate::collection::StaticList;
use crate::listed::Listed;
use quickbeam_dom::{Change, DomError, LocalName, NodeData, NodeId, Tree, local_name, ns};
use quickbeam_engine::{Ctx, HostRef, Persistent, Result, Thrown, Value};
use rustc_hash::FxHashMap;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::{Rc, Weak};

/// The DOM of one realm.
pub(crate) struct Dom {
    pub(crate) tree: RefCell<Tree>,
    /// The realm's own document.
    pub(crate) document: NodeId,
    wrappers: RefCell<Wrappers>,
    prototypes: RefCell<FxHashMap<Kind, Persistent>>,
    hooks: OnceCell<Hooks>,
    /// Nodes whose wrappers went while the tree was borrowed.
    late: RefCell<Vec<NodeId>>,
    pub(crate) lists: RefCell<Vec<Weak<StaticList>>>,
    /// Names that custom elements are defined for.
    pub(crate) defined: RefCell<HashSet<LocalName>>,
    accounted: Cell<usize>,
}

/// Functions of the glue.
struct Hooks {
    /// `(kind, local name)`: the prototype of such nodes.
    prototype_of: Persistent,
    /// `(changes)`: tells those who watch.
    tell: Persistent,
    /// `(element, is value or null, document)`: what `createElement` returns for an element that it made.
    created: Persistent,
}

/// Nodes that share a prototype.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Html(LocalName),
    Svg(LocalName),
    /// Another element, or a node of that type.
    Other(u16),
}

/// Weak references to wrappers; a node's number in the tree is an index here, from 1.
#[derive(Default)]
struct Wrappers {
    places: Vec<Option<HostRef>>,
    vacant: Vec<usize>,
}

/// What a wrapper stands for.
pub(crate) struct Handle {
    pub(crate) dom: Rc<Dom>,
    pub(crate) id: NodeId,
    /// Its collections, once one was asked for.
    collections: RefCell<Option<Box<Collections>>>,
}

#[derive(Default)]
struct Collections {
    objects: [Option<HostRef>; 5],
    /// The controls of a form, or the options of a select.
    items: Option<Rc<Listed>>,
    /// The images of a form.
    images: Option<Rc<Listed>>,
}

/// A collection of which a node has one.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    ChildNodes,
    Children,
    Attributes,
    TableBodies,
    /// Rows, the cells of a row, the controls of a form, the options of a select.
    Items,
}

impl Handle {
    /// One of its collections, the same object each time.
    pub(crate) fn collection<'a>(
        &self,
        ctx: Ctx<'a>,
        which: Which,
        make: impl FnOnce() -> Result<Value<'a>>,
    ) -> Result<Value<'a>> {
        let known = |all: &Collections| all.objects.get(which as usize)?.as_ref()?.get(ctx);
        let known = self.collections.borrow().as_deref().and_then(known);
        if let Some(known) = known {
            return Ok(known);
        }
        let made = make()?;
        if let Some(kept) = self.collections.borrow_mut().get_or_insert_default().objects.get_mut(which as usize) {
            *kept = made.host_ref();
        }
        Ok(made)
    }

    /// What `collect` finds, kept until the tree changes.
    pub(crate) fn items(&self, collect: impl FnOnce(&Tree) -> Vec<NodeId>) -> Rc<Listed> {
        let tree = self.dom.tree.borrow();
        Listed::kept(&mut self.collections.borrow_mut().get_or_insert_default().items, &tree, collect)
    }

    /// The images of a form, kept likewise.
    pub(crate) fn images(&self) -> Rc<Listed> {
        let tree = self.dom.tree.borrow();
        let collect = |tree: &Tree| tree.form_images(self.id);
        Listed::kept(&mut self.collections.borrow_mut().get_or_insert_default().images, &tree, collect)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        match self.dom.tree.try_borrow_mut() {
            Ok(mut tree) => self.dom.forget(&mut tree, self.id),
            Err(_) => self.dom.late.borrow_mut().push(self.id),
        }
    }
}

/// The empty page that every realm starts with.
fn blank_page(tree: &mut Tree) -> NodeId {
    let document = tree.create_document(true, "text/html");
    let element =
        |tree: &mut Tree, name| tree.create_element(document, quickbeam_dom::qualified_name(HTML, None, name));
    let html = element(tree, "html");
    let (head, body) = (element(tree, "head"), element(tree, "body"));
    for (parent, child) in [(document, html), (html, head), (html, body)] {
        // An empty document takes these.
        let _ = tree.insert(parent, child, None);
    }
    document
}

/// The namespace of HTML.
pub(crate) const HTML: &str = "http://www.w3.org/1999/xhtml";
const SVG: &str = "http://www.w3.org/2000/svg";
const MATHML: &str = "http://www.w3.org/1998/Math/MathML";

/// Types of elements beside those of HTML and SVG, as prototypes know them.
const ELEMENT: u16 = 1;
const MATHML_ELEMENT: u16 = 101;
const XML_DOCUMENT: u16 = 109;

impl Dom {
    pub(crate) fn new() -> Rc<Dom> {
        let mut tree = Tree::default();
        let document = blank_page(&mut tree);
        Rc::new(Dom {
            tree: RefCell::new(tree),
            document,
            wrappers: RefCell::default(),
            prototypes: RefCell::default(),
            hooks: OnceCell::new(),
            late: RefCell::default(),
            lists: RefCell::default(),
            defined: RefCell::default(),
            accounted: Cell::new(0),
        })
    }

    pub(crate) fn set_hooks<'a>(&self, prototype_of: Value<'a>, tell: Value<'a>, created: Value<'a>) {
        let (prototype_of, tell, created) = (prototype_of.persist(), tell.persist(), created.persist());
        let _ = self.hooks.set(Hooks { prototype_of, tell, created });
    }

    fn hooks(&self, ctx: Ctx<'_>) -> Result<&Hooks> {
        self.hooks.get().ok_or_else(|| ctx.throw_error("InternalError", "the DOM is not ready"))
    }

    // ── Wrappers ──

    /// A node's wrapper is gone.
    fn forget(&self, tree: &mut Tree, id: NodeId) {
        let number = tree.embedder(id);
        if let Some(index) = (number as usize).checked_sub(1) {
            let mut wrappers = self.wrappers.borrow_mut();
            if let Some(place) = wrappers.places.get_mut(index) {
                *place = None;
                wrappers.vacant.push(index);
            }
            tree.set_embedder(id, 0);
        }
        tree.release(id);
    }

    fn existing<'a>(&self, ctx: Ctx<'a>, id: NodeId) -> Option<Value<'a>> {
        let index = (self.tree.borrow().embedder(id) as usize).checked_sub(1)?;
        self.wrappers.borrow().places.get(index)?.as_ref()?.get(ctx)
    }

    /// The object of a node.
    pub(crate) fn wrap<'a>(self: &Rc<Self>, ctx: Ctx<'a>, id: NodeId) -> Result<Value<'a>> {
        if let Some(wrapper) = self.existing(ctx, id) {
            return Ok(wrapper);
        }
        let above = self.tree.borrow().keeper(id);
        let Some(above) = above else { return self.make(ctx, id) };
        if let Some(keeper) = self.existing(ctx, above) {
            let made = self.make(ctx, id)?;
            made.bind_host(Some(&keeper));
            return Ok(made);
        }
        // All that are missing, from the node up.
        let mut missing = vec![id, above];
        let mut keeper = None;
        loop {
            let above = self.tree.borrow().keeper(missing[missing.len() - 1]);
            let Some(above) = above else { break };
            keeper = self.existing(ctx, above);
            if keeper.is_some() {
                break;
            }
            missing.push(above);
        }
        let mut wrapper = None;
        while let Some(id) = missing.pop() {
            let made = self.make(ctx, id)?;
            made.bind_host(keeper.as_ref());
            keeper = Some(made.clone());
            wrapper = Some(made);
        }
        wrapper.ok_or_else(|| ctx.throw_error("InternalError", "a node has no object"))
    }

    /// The object of a node, or `null`.
    pub(crate) fn wrap_option<'a>(self: &Rc<Self>, ctx: Ctx<'a>, id: Option<NodeId>) -> Result<Value<'a>> {
        id.map_or_else(|| Ok(ctx.null()), |id| self.wrap(ctx, id))
    }

    fn make<'a>(self: &Rc<Self>, ctx: Ctx<'a>, id: NodeId) -> Result<Value<'a>> {
        let prototype = self.prototype(ctx, id)?;
        self.make_with(ctx, id, &prototype)
    }

    /// Makes the object of a node that has none, with that prototype.
    pub(crate) fn make_with<'a>(self: &Rc<Self>, ctx: Ctx<'a>, id: NodeId, prototype: &Value<'a>) -> Result<Value<'a>> {
        let handle = Rc::new(Handle { dom: self.clone(), id, collections: RefCell::default() });
        let wrapper = match self.read(|tree| crate::forms::has_own_names(tree, id)) {
            true => ctx.exotic_object(handle, Some(prototype))?,
            false => ctx.host_object(handle, Some(prototype))?,
        };
        let Some(reference) = wrapper.host_ref() else { return Ok(wrapper) };
        let mut wrappers = self.wrappers.borrow_mut();
        let index = wrappers.vacant.pop().unwrap_or_else(|| {
            wrappers.places.push(None);
            wrappers.places.len() - 1
        });
        wrappers.places[index] = Some(reference);
        self.tree.borrow_mut().set_embedder(id, index as u32 + 1);
        Ok(wrapper)
    }

    fn kind(&self, id: NodeId) -> Kind {
        let tree = self.tree.borrow();
        match &tree.node(id).data {
            NodeData::Element(element) if element.name.ns == ns!(html) => Kind::Html(element.name.local.clone()),
            NodeData::Element(element) => match &*element.name.ns {
                SVG => Kind::Svg(element.name.local.clone()),
                MATHML => Kind::Other(MATHML_ELEMENT),
                _ => Kind::Other(ELEMENT),
            },
            NodeData::Document(document) if !document.is_html => Kind::Other(XML_DOCUMENT),
            data => Kind::Other(data.node_type()),
        }
    }

    fn prototype<'a>(&self, ctx: Ctx<'a>, id: NodeId) -> Result<Value<'a>> {
        let kind = self.kind(id);
        if let Some(prototype) = self.prototypes.borrow().get(&kind) {
            return Ok(ctx.get_kept(prototype));
        }
        let (number, local) = match &kind {
            Kind::Html(local) => (201, local.to_string()),
            Kind::Svg(local) => (202, local.to_string()),
            Kind::Other(number) => (i32::from(*number), String::new()),
        };
        let find = ctx.get_kept(&self.hooks(ctx)?.prototype_of);
        let prototype = ctx.call(&find, &ctx.undefined(), &[ctx.int(number), ctx.string(&local)?])?;
        // Unknown names are the guest's to invent, without end.
        if self.prototypes.borrow().len() < 1_000 {
            self.prototypes.borrow_mut().insert(kind, prototype.clone().persist());
        }
        Ok(prototype)
    }

    /// The object of an element that was just made, with that `is` value; upgraded if it is a custom one.
    pub(crate) fn wrap_created<'a>(
        self: &Rc<Self>,
        ctx: Ctx<'a>,
        element: NodeId,
        is: Option<&str>,
        document: &Value<'a>,
    ) -> Result<Value<'a>> {
        if let Some(is) = is {
            self.tree.borrow_mut().set_is_value(element, is);
        }
        let wrapper = self.make(ctx, element)?;
        if self.defined.borrow().is_empty() {
            return Ok(wrapper);
        }
        let created = ctx.get_kept(&self.hooks(ctx)?.created);
        let is = is.map_or_else(|| Ok(ctx.null()), |is| ctx.string(is))?;
        ctx.call(&created, &ctx.undefined(), &[wrapper, is, document.clone()])
    }

    // ── Changing the tree ──

    /// Runs an operation on the tree, then sees to what it did.
    pub(crate) fn change<R>(
        self: &Rc<Self>,
        ctx: Ctx<'_>,
        operation: impl FnOnce(&mut Tree) -> quickbeam_dom::Result<R>,
    ) -> Result<R> {
        let done = operation(&mut self.tree.borrow_mut());
        let settled = self.settle(ctx);
        let done = done.map_err(|error| throw(ctx, &error))?;
        settled?;
        Ok(done)
    }

    /// Reads the tree.
    pub(crate) fn read<R>(&self, operation: impl FnOnce(&Tree) -> R) -> R {
        operation(&self.tree.borrow())
    }

    /// Bounds what the tree may hold by what the realm has left.
    pub(crate) fn limit_growth(&self, ctx: Ctx<'_>) {
        let memory = ctx.memory();
        let left = memory.limit.saturating_sub(memory.used);
        self.tree.borrow_mut().set_limit(self.accounted.get().saturating_add(left));
    }

    /// Binds wrappers to those of their new keepers, tells those who watch, frees what nobody holds, counts memory.
    fn settle(self: &Rc<Self>, ctx: Ctx<'_>) -> Result<()> {
        if self.tree.borrow().is_settled() && self.late.borrow().is_empty() {
            self.account(ctx);
            return Ok(());
        }
        // What is told of, or in a list, must not be collected before.
        let must_hold = self.read(|tree| tree.has_changes() || tree.has_detached());
        let mut held = Vec::new();
        loop {
            let moved = self.tree.borrow_mut().next_moved();
            let Some(id) = moved else { break };
            let Some(wrapper) = self.existing(ctx, id) else { continue };
            let keeper = self.tree.borrow().keeper(id);
            let keeper = keeper.map(|keeper| self.wrap(ctx, keeper)).transpose()?;
            wrapper.bind_host(keeper.as_ref());
            if must_hold {
                held.push(wrapper);
            }
        }
        let changes = self.tree.borrow_mut().take_changes();
        let told = if changes.is_empty() { Ok(()) } else { self.tell(ctx, changes) };
        drop(held);
        if self.tree.borrow().has_detached() {
            self.keep_lists_whole(ctx)?;
            self.tree.borrow_mut().sweep();
        }
        let late = self.late.take();
        for id in late {
            self.forget(&mut self.tree.borrow_mut(), id);
        }
        self.account(ctx);
        told
    }

    /// Counts the tree's memory as the isolate's.
    pub(crate) fn account(&self, ctx: Ctx<'_>) {
        let bytes = self.tree.borrow().bytes();
        let before = self.accounted.replace(bytes);
        if bytes != before {
            ctx.heap().account_external(before, bytes);
        }
    }

    /// Lists that hold nodes without wrappers get them before any of those can be freed.
    fn keep_lists_whole(self: &Rc<Self>, ctx: Ctx<'_>) -> Result<()> {
        let lists = self.lists.take();
        for list in lists {
            if let Some(list) = list.upgrade() {
                list.take_hold(ctx)?;
            }
        }
        Ok(())
    }

    fn tell(self: &Rc<Self>, ctx: Ctx<'_>, changes: Vec<Change>) -> Result<()> {
        let mut records = Vec::with_capacity(changes.len());
        for change in changes {
            self.add_record(ctx, change, &mut records)?;
        }
        let tell = ctx.get_kept(&self.hooks(ctx)?.tell);
        ctx.call(&tell, &ctx.undefined(), &[ctx.array(records)?]).map(drop)
    }

    fn add_record<'a>(self: &Rc<Self>, ctx: Ctx<'a>, change: Change, records: &mut Vec<Value<'a>>) -> Result<()> {
        let number = |number: u32| ctx.number(f64::from(number));
        let node = |id| self.wrap(ctx, id);
        let option = |id| self.wrap_option(ctx, id);
        let all = |ids: &[NodeId]| ctx.array(ids.iter().map(|&id| self.wrap(ctx, id)).collect::<Result<_>>()?);
        let text = |text: &Option<String>| text.as_ref().map_or_else(|| Ok(ctx.null()), |text| ctx.string(text));
        let kind = |kind| ctx.int(kind);
        let record = match change {
            Change::Removed { parent, node: removed, index, previous, next } => {
                let was_connected = self.read(|tree| tree.is_connected(parent));
                let record = ctx.array(vec![
                    kind(0),
                    node(parent)?,
                    node(removed)?,
                    number(index),
                    option(previous)?,
                    option(next)?,
                ])?;
                records.push(record);
                if was_connected {
                    self.add_custom(ctx, removed, 8, records)?;
                }
                return Ok(());
            }
            Change::Inserted { parent, nodes, index } => {
                records.push(ctx.array(vec![kind(1), node(parent)?, all(&nodes)?, number(index)])?);
                if self.read(|tree| tree.is_connected(parent)) {
                    for id in nodes {
                        self.add_custom(ctx, id, 7, records)?;
                    }
                }
                return Ok(());
            }
            Change::Children { target, added, removed, previous, next } => {
                vec![kind(2), node(target)?, all(&added)?, all(&removed)?, option(previous)?, option(next)?]
            }
            Change::Attribute { element, name, old, new } => {
                let namespace = if name.ns.is_empty() { ctx.null() } else { ctx.string(&name.ns)? };
                vec![kind(3), node(element)?, namespace, ctx.string(&name.local)?, text(&old)?, text(&new)?]
            }
            Change::Data { node: changed, old, offset, removed, added } => {
                vec![kind(4), node(changed)?, ctx.string(&old)?, number(offset), number(removed), number(added)]
            }
            Change::Split { node: split, new, offset } => vec![kind(5), node(split)?, node(new)?, number(offset)],
            Change::Adopted { node: adopted, old, new } => {
                if !self.is_custom_name(adopted) {
                    return Ok(());
                }
                vec![kind(6), node(adopted)?, node(old)?, node(new)?]
            }
        };
        records.push(ctx.array(record)?);
        Ok(())
    }

    fn is_custom_name(&self, id: NodeId) -> bool {
        let tree = self.tree.borrow();
        let defined = self.defined.borrow();
        !defined.is_empty()
            && tree.element(id).is_some_and(|element| {
                &*element.name.ns == HTML
                    && (defined.contains(&element.name.local) || element.attribute(&local_name("is").local).is_some())
            })
    }

    /// Adds a record for each element of the subtree that may be a custom one.
    fn add_custom<'a>(
        self: &Rc<Self>,
        ctx: Ctx<'a>,
        root: NodeId,
        kind: i32,
        records: &mut Vec<Value<'a>>,
    ) -> Result<()> {
        for id in self.custom_candidates(root) {
            records.push(ctx.array(vec![ctx.int(kind), self.wrap(ctx, id)?])?);
        }
        Ok(())
    }

    /// The elements of a subtree that a definition of a custom element may be for.
    pub(crate) fn custom_candidates(&self, root: NodeId) -> Vec<NodeId> {
        if self.defined.borrow().is_empty() {
            return Vec::new();
        }
        let all: Vec<NodeId> = self.read(|tree| tree.inclusive_descendants(root).collect());
        all.into_iter().filter(|&id| self.is_custom_name(id)).collect()
    }
}

/// Throws what an operation was refused for.
pub(crate) fn throw(ctx: Ctx<'_>, error: &DomError) -> Thrown {
    match error {
        // What interrupted it is pending.
        DomError::Interrupted => Thrown,
        error @ DomError::TooDeep { .. } => ctx.throw_error("RangeError", &error.to_string()),
        DomError::TooLarge { .. } => ctx.throw_error("RangeError", &format!("out of memory: {error}")),
        error => ctx.throw_dom_exception(error.name(), &error.to_string()),
    }
}

/// The node that `value` stands for.
pub(crate) fn handle_of(value: &Value<'_>) -> Option<Rc<Handle>> {
    value.host::<Handle>()
}

/// The node that a method was called on.
///
/// # Errors
/// Throws a `TypeError` if it is none.
pub(crate) fn this_node(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<Handle>> {
    handle_of(this).ok_or_else(|| ctx.throw_type("Illegal invocation"))
}

/// The element that a method was called on.
///
/// # Errors
/// Throws a `TypeError` if it is none.
pub(crate) fn this_element(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<Handle>> {
    let node = this_node(ctx, this)?;
    if node.dom.read(|tree| tree.is_element(node.id)) { Ok(node) } else { Err(ctx.throw_type("Illegal invocation")) }
}
