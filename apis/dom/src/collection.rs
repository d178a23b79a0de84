//! `NodeList` and `HTMLCollection`: live ones, which look again when the tree has changed, and lists of what a selector matched.

use crate::dom::{Dom, HTML, Handle, Which, this_node, throw};
use crate::listed::Listed;
use quickbeam_api_webidl::need;
use quickbeam_dom::{LocalName, NodeId, Selectors, Tree};
use quickbeam_engine::{Args, Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

/// Steps that a look at one element counts for.
const STEPS_PER_QUESTION: u32 = 10_000;

/// Classes that are looked for one by one.
const FEW_CLASSES: usize = 8;

/// Which nodes a live collection holds.
pub(crate) enum Filter {
    ChildNodes,
    Children,
    /// Elements with that qualified name; in lower case for HTML ones.
    Tag(String, String),
    /// Namespace and local name, either may be `*`.
    TagNs(String, String),
    Classes(Vec<String>),
    /// The attribute `name`, of HTML elements.
    Name(String),
    /// HTML elements of these names that have that attribute, if one is given.
    Html(&'static [&'static str], &'static [&'static str]),
    /// HTML elements of these names among the children.
    HtmlChildren(&'static [&'static str]),
    /// The rows of a table.
    Rows,
    /// The controls of a form.
    Controls,
    /// Those of them that have that id or name.
    Radios(String),
    /// The options of a select.
    Options,
}

impl Filter {
    fn is_node_list(&self) -> bool {
        matches!(self, Filter::ChildNodes | Filter::Name(_) | Filter::Radios(_))
    }

    fn class(&self) -> &'static str {
        match self {
            Filter::ChildNodes | Filter::Name(_) => "NodeList",
            Filter::Radios(_) => "RadioNodeList",
            Filter::Controls => "HTMLFormControlsCollection",
            Filter::Options => "HTMLOptionsCollection",
            _ => "HTMLCollection",
        }
    }

    fn accepts(&self, tree: &Tree, id: NodeId) -> bool {
        let Some(element) = tree.element(id) else { return false };
        let is_html = &*element.name.ns == HTML;
        match self {
            Filter::ChildNodes | Filter::Children | Filter::Rows | Filter::Controls => true,
            Filter::Radios(name) => names_of(tree, id).any(|known| known == name),
            Filter::Options => element.is_html("option"),
            Filter::Tag(name, lower) => {
                name == "*"
                    || if is_html && tree.is_in_html_document(id) {
                        quickbeam_dom::is_called(&element.name, lower)
                    } else {
                        quickbeam_dom::is_called(&element.name, name)
                    }
            }
            Filter::TagNs(namespace, local) => {
                (namespace == "*" || &*element.name.ns == namespace) && (local == "*" || &*element.name.local == local)
            }
            Filter::Classes(wanted) => {
                let Some(classes) = element.attribute(&LocalName::from("class")) else { return false };
                let quirks = tree.document(id).and_then(|id| tree.node(id).as_document()).map(|data| data.quirks);
                let is_quirky = quirks == Some(quickbeam_dom::QuirksMode::Quirks);
                if wanted.len() > FEW_CLASSES {
                    let cased = |name: &str| if is_quirky { name.to_ascii_lowercase() } else { name.to_owned() };
                    let classes: HashSet<String> = split_tokens(classes).map(cased).collect();
                    return wanted.iter().all(|name| classes.contains(&cased(name)));
                }
                let same = |a: &str, b: &str| if is_quirky { a.eq_ignore_ascii_case(b) } else { a == b };
                !wanted.is_empty() && wanted.iter().all(|name| split_tokens(classes).any(|class| same(class, name)))
            }
            Filter::Name(name) => is_html && element.attribute(&LocalName::from("name")) == Some(name),
            Filter::HtmlChildren(names) => is_html && names.contains(&&*element.name.local),
            Filter::Html(names, attributes) => {
                is_html
                    && names.contains(&&*element.name.local)
                    && (attributes.is_empty()
                        || attributes.iter().any(|name| element.attribute(&LocalName::from(*name)).is_some()))
            }
        }
    }

    fn collect(&self, tree: &Tree, root: NodeId) -> Vec<NodeId> {
        match self {
            Filter::ChildNodes => tree.children(root).collect(),
            Filter::Children => tree.element_children(root).collect(),
            Filter::HtmlChildren(_) => tree.element_children(root).filter(|&id| self.accepts(tree, id)).collect(),
            Filter::Rows => crate::tables::rows(tree, root).collect(),
            Filter::Controls => tree.form_controls(root),
            Filter::Radios(_) => tree.form_controls(root).into_iter().filter(|&id| self.accepts(tree, id)).collect(),
            _ => tree.descendants(root).filter(|&id| self.accepts(tree, id)).collect(),
        }
    }
}

/// The tokens of an attribute such as `class`.
pub(crate) fn split_tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\t', '\n', '\x0C', '\r', ' ']).filter(|token| !token.is_empty())
}

/// A live collection.
pub(crate) struct Live {
    dom: Rc<Dom>,
    root: NodeId,
    filter: Filter,
    found: RefCell<Option<Rc<Listed>>>,
}

/// What a selector matched. It holds its nodes by number, and by their objects once any of them might be freed.
pub(crate) struct StaticList {
    dom: Rc<Dom>,
    ids: Vec<NodeId>,
    object: RefCell<Option<quickbeam_engine::HostRef>>,
    is_held: Cell<bool>,
}

impl StaticList {
    /// Makes the list keep its nodes alive.
    pub(crate) fn take_hold(&self, ctx: Ctx<'_>) -> Result<()> {
        let Some(object) = self.object.borrow().as_ref().and_then(|object| object.get(ctx)) else { return Ok(()) };
        if !self.is_held.replace(true) {
            for &id in &self.ids {
                if self.dom.read(|tree| tree.contains(id)) {
                    object.hold(self.dom.wrap(ctx, id)?);
                }
            }
        }
        Ok(())
    }
}

/// What the two kinds of collections share.
trait Nodes {
    fn dom(&self) -> &Rc<Dom>;
    fn len(&self) -> usize;
    fn at(&self, index: usize) -> Option<NodeId>;
    fn named(&self, name: &str) -> Option<NodeId>;
    fn names(&self) -> Vec<String>;

    /// Polls for a question for a name.
    fn poll(&self, ctx: Ctx<'_>) -> Result<()>;

    /// What the property of a name is.
    fn value<'a>(&self, ctx: Ctx<'a>, name: &str) -> Result<Option<Value<'a>>> {
        self.named(name).map(|id| self.dom().wrap(ctx, id)).transpose()
    }

    /// What its indexed properties are.
    fn indexed(&self) -> Attributes {
        ELEMENT
    }

    /// Sets an indexed property, where that can be; false refuses.
    fn assign(&self, _: Ctx<'_>, _: u32, _: &Value<'_>) -> Result<bool> {
        Ok(false)
    }
}

impl Live {
    fn nodes(&self) -> Rc<Listed> {
        let tree = self.dom.tree.borrow();
        Listed::kept(&mut self.found.borrow_mut(), &tree, |tree| self.filter.collect(tree, self.root))
    }

    fn is_found(&self) -> bool {
        let found = self.found.borrow();
        found.as_ref().is_some_and(|found| self.dom.read(|tree| found.is_of(tree)))
    }
}

impl Nodes for Live {
    fn dom(&self) -> &Rc<Dom> {
        &self.dom
    }

    fn len(&self) -> usize {
        self.nodes().len()
    }

    fn at(&self, index: usize) -> Option<NodeId> {
        // The first children are found faster than all of them.
        if index == 0 && !self.is_found() {
            match self.filter {
                Filter::ChildNodes => return self.dom.read(|tree| tree.first_child(self.root)),
                Filter::Children => return self.dom.read(|tree| tree.element_children(self.root).next()),
                _ => {}
            }
        }
        self.nodes().get(index).copied()
    }

    fn named(&self, name: &str) -> Option<NodeId> {
        if self.filter.is_node_list() || name.is_empty() {
            return None;
        }
        let nodes = self.nodes();
        let [first, _] = self.dom.read(|tree| nodes.named(tree, name));
        first
    }

    fn names(&self) -> Vec<String> {
        if self.filter.is_node_list() { Vec::new() } else { all_names(&self.dom, &self.nodes()) }
    }

    fn poll(&self, ctx: Ctx<'_>) -> Result<()> {
        if self.filter.is_node_list() { Ok(()) } else { self.nodes().poll(ctx) }
    }

    fn value<'a>(&self, ctx: Ctx<'a>, name: &str) -> Result<Option<Value<'a>>> {
        let Some(first) = self.named(name) else { return Ok(None) };
        if matches!(self.filter, Filter::Controls) {
            return named_control(ctx, &self.dom, self.root, &self.nodes(), name);
        }
        self.dom.wrap(ctx, first).map(Some)
    }

    fn indexed(&self) -> Attributes {
        if matches!(self.filter, Filter::Options) { OPTION } else { ELEMENT }
    }

    fn assign(&self, ctx: Ctx<'_>, index: u32, value: &Value<'_>) -> Result<bool> {
        if !matches!(self.filter, Filter::Options) {
            return Ok(false);
        }
        crate::forms::set_option(ctx, &self.dom, self.root, &self.nodes(), index as usize, value).map(|()| true)
    }
}

/// The control of that name among those of a form, or a list of them if they are several.
pub(crate) fn named_control<'a>(
    ctx: Ctx<'a>,
    dom: &Rc<Dom>,
    form: NodeId,
    controls: &Listed,
    name: &str,
) -> Result<Option<Value<'a>>> {
    match dom.read(|tree| controls.named(tree, name)) {
        [Some(_), Some(_)] => {
            let form = dom.wrap(ctx, form)?;
            live(ctx, &*this_node(ctx, &form)?, &form, Filter::Radios(name.to_owned())).map(Some)
        }
        [Some(only), None] => dom.wrap(ctx, only).map(Some),
        [None, _] => Ok(None),
    }
}

/// The names of these elements, each once.
pub(crate) fn all_names(dom: &Dom, nodes: &[NodeId]) -> Vec<String> {
    let tree = dom.tree.borrow();
    let mut known = HashSet::new();
    let names = nodes.iter().flat_map(|&id| names_of(&tree, id));
    names.filter(|name| known.insert(*name)).map(str::to_owned).collect()
}

/// The names that a collection knows an element by.
pub(crate) fn names_of(tree: &Tree, id: NodeId) -> impl Iterator<Item = &str> {
    let element = tree.element(id);
    let attribute = |name: &str| element.and_then(|element| element.attribute(&LocalName::from(name)));
    let name = attribute("name").filter(|_| element.is_some_and(|element| &*element.name.ns == HTML));
    attribute("id").into_iter().chain(name).filter(|name| !name.is_empty())
}

impl Nodes for StaticList {
    fn dom(&self) -> &Rc<Dom> {
        &self.dom
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn at(&self, index: usize) -> Option<NodeId> {
        self.ids.get(index).copied()
    }

    fn named(&self, _: &str) -> Option<NodeId> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn poll(&self, _: Ctx<'_>) -> Result<()> {
        Ok(())
    }
}

pub(crate) const ELEMENT: Attributes = Attributes { writable: false, enumerable: true, configurable: true };
/// An indexed property that can be set.
pub(crate) const OPTION: Attributes = Attributes::ALL;
pub(crate) const NAMED: Attributes = Attributes { writable: false, enumerable: false, configurable: true };

/// What the property of that name is, unless the prototype has such.
fn find_named<'a>(nodes: &dyn Nodes, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<Value<'a>>> {
    if object.prototype()?.has_key(key)? {
        return Ok(None);
    }
    let name = key.to_value()?;
    nodes.poll(object.ctx())?;
    if !name.is_string() { Ok(None) } else { name.with_text(|name| nodes.value(object.ctx(), &name))? }
}

fn get<'a>(nodes: &dyn Nodes, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
    match key.as_index() {
        Some(index) => {
            let found = nodes.at(index as usize);
            found.map(|id| Ok((nodes.dom().wrap(object.ctx(), id)?, nodes.indexed()))).transpose()
        }
        None => Ok(find_named(nodes, object, key)?.map(|value| (value, NAMED))),
    }
}

/// The keys of so many indexed properties, and of named ones.
pub(crate) fn keys<'a>(ctx: Ctx<'a>, count: usize, names: &[String]) -> Result<Vec<PropertyKey<'a>>> {
    let mut keys = Vec::with_capacity(count + names.len());
    for index in 0..count {
        keys.push(PropertyKey::from_value(&ctx.number(index as f64))?);
    }
    for name in names {
        keys.push(ctx.key(name)?);
    }
    Ok(keys)
}

fn define<'a>(
    nodes: &dyn Nodes,
    object: &Value<'a>,
    key: &PropertyKey<'a>,
    value: Option<&Value<'a>>,
) -> Result<Option<bool>> {
    match (key.as_index(), value) {
        (Some(index), Some(value)) => nodes.assign(object.ctx(), index, value).map(Some),
        (Some(_), None) => Ok(Some(false)),
        (None, _) => Ok(find_named(nodes, object, key)?.map(|_| false)),
    }
}

fn delete<'a>(nodes: &dyn Nodes, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
    match key.as_index() {
        Some(index) => Ok(nodes.at(index as usize).is_none()),
        None => Ok(find_named(nodes, object, key)?.is_none()),
    }
}

macro_rules! exotic {
    ($type:ty) => {
        impl Exotic for $type {
            fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
                get(self, object, key)
            }

            fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
                keys(object.ctx(), self.len(), &Nodes::names(self))
            }

            fn define<'a>(
                &self,
                object: &Value<'a>,
                key: &PropertyKey<'a>,
                value: Option<&Value<'a>>,
            ) -> Result<Option<bool>> {
                define(self, object, key, value)
            }

            fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
                delete(self, object, key)
            }
        }
    };
}

exotic!(Live);
exotic!(StaticList);

/// A live collection of which a node has one, the same object each time.
pub(crate) fn same<'a>(
    ctx: Ctx<'a>,
    node: &Handle,
    wrapper: &Value<'a>,
    which: Which,
    filter: Filter,
) -> Result<Value<'a>> {
    node.collection(ctx, which, || live(ctx, node, wrapper, filter))
}

/// A live collection of what the filter finds below `node`.
pub(crate) fn live<'a>(ctx: Ctx<'a>, node: &Handle, wrapper: &Value<'a>, filter: Filter) -> Result<Value<'a>> {
    let prototype = crate::prototype(ctx, filter.class())?;
    let live = Live { dom: node.dom.clone(), root: node.id, filter, found: RefCell::default() };
    let object = ctx.exotic_object(Rc::new(live), Some(&prototype))?;
    object.hold(wrapper.clone());
    Ok(object)
}

/// A list of these nodes, for good.
pub(crate) fn static_list<'a>(
    ctx: Ctx<'a>,
    dom: &Rc<Dom>,
    keeper: Option<&Value<'a>>,
    ids: Vec<NodeId>,
) -> Result<Value<'a>> {
    let prototype = crate::prototype(ctx, "NodeList")?;
    let list = Rc::new(StaticList { dom: dom.clone(), ids, object: RefCell::new(None), is_held: Cell::new(false) });
    let object = ctx.exotic_object(list.clone(), Some(&prototype))?;
    *list.object.borrow_mut() = object.host_ref();
    match keeper {
        Some(keeper) => {
            object.hold(keeper.clone());
            let mut lists = dom.lists.borrow_mut();
            if lists.len() == lists.capacity() {
                lists.retain(|list| list.strong_count() > 0);
            }
            lists.push(Rc::downgrade(&list));
        }
        None => list.take_hold(ctx)?,
    }
    Ok(object)
}

/// The node that a live collection is of.
pub(crate) fn root_of<'a>(ctx: Ctx<'a>, collection: &Value<'a>) -> Result<Value<'a>> {
    let live = collection.host::<Live>().ok_or_else(|| ctx.throw_type("Illegal invocation"))?;
    live.dom.wrap(ctx, live.root)
}

fn nodes_of(value: &Value<'_>) -> Option<Rc<dyn Nodes>> {
    if let Some(live) = value.host::<Live>() {
        return Some(live);
    }
    value.host::<StaticList>().map(|list| list as Rc<dyn Nodes>)
}

fn this_nodes(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<dyn Nodes>> {
    nodes_of(this).ok_or_else(|| ctx.throw_type("Illegal invocation"))
}

/// The members of `NodeList` and `HTMLCollection`.
pub(crate) fn members(ctx: Ctx<'_>) -> Result<Value<'_>> {
    crate::members::Members::new(ctx)?
        .get("length", |ctx, this, _| Ok(ctx.number(this_nodes(ctx, this)?.len() as f64)))?
        .method("item", 1, |ctx, this, args| {
            let nodes = this_nodes(ctx, this)?;
            need(ctx, args, 1, "item")?;
            let index = crate::members::unsigned_long(&args.get(0))?;
            nodes.dom().wrap_option(ctx, nodes.at(index))
        })?
        .method("namedItem", 1, |ctx, this, args| {
            let nodes = this_nodes(ctx, this)?;
            need(ctx, args, 1, "namedItem")?;
            let found = args.get(0).with_text(|name| nodes.value(ctx, &name))??;
            Ok(found.unwrap_or_else(|| ctx.null()))
        })
        .map(crate::members::Members::into_value)
}

// ── Selectors ──

pub(crate) fn selectors_arg(ctx: Ctx<'_>, args: Args<'_>, function: &str) -> Result<Selectors> {
    need(ctx, args, 1, function)?;
    args.get(0).with_text(|text| Selectors::parse(&text))?.map_err(|error| throw(ctx, &error))
}

pub(crate) fn query_selector<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let selectors = selectors_arg(ctx, args, "querySelector")?;
    let mut go_on = || ctx.poll(STEPS_PER_QUESTION).is_ok();
    let found = node.dom.read(|tree| selectors.first(tree, node.id, &mut go_on));
    node.dom.wrap_option(ctx, found.map_err(|error| throw(ctx, &error))?)
}

pub(crate) fn query_selector_all<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let selectors = selectors_arg(ctx, args, "querySelectorAll")?;
    let mut go_on = || ctx.poll(STEPS_PER_QUESTION).is_ok();
    let found = node.dom.read(|tree| selectors.all(tree, node.id, &mut go_on));
    let ids = found.map_err(|error| throw(ctx, &error))?;
    static_list(ctx, &node.dom, Some(this), ids)
}
