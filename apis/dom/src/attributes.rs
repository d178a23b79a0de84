//! `Attr` and `NamedNodeMap`.

use crate::dom::{Dom, HTML, Handle, Which, this_element, this_node, throw};
use crate::element::{attribute_arg, set_attribute_node};
use crate::members::{Members, optional_text, poll_scan, string_or_null, unsigned_long};
use indexmap::IndexSet;
use quickbeam_api_webidl::need;
use quickbeam_dom::{DomError, NodeId, Tree, qualified};
use quickbeam_engine::{Args, Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::rc::Rc;

/// The members of `Attr`.
pub(crate) fn attr(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("namespaceURI", |ctx, this, _| {
            let text = text_of(ctx, this, |name| Some(name.ns.to_string()).filter(|namespace| !namespace.is_empty()))?;
            string_or_null(ctx, text.as_deref())
        })?
        .get("prefix", |ctx, this, _| {
            let text = text_of(ctx, this, |name| name.prefix.as_ref().map(|prefix| prefix.to_string()))?;
            string_or_null(ctx, text.as_deref())
        })?
        .get("localName", |ctx, this, _| {
            string_or_null(ctx, text_of(ctx, this, |name| Some(name.local.to_string()))?.as_deref())
        })?
        .get("name", |ctx, this, _| string_or_null(ctx, text_of(ctx, this, |name| Some(qualified(name)))?.as_deref()))?
        .get_set(
            "value",
            |ctx, this, _| {
                let node = this_node(ctx, this)?;
                let value = node.dom.read(|tree| tree.attribute_node_value(node.id).map(str::to_owned));
                ctx.string(value.as_deref().unwrap_or_default())
            },
            |ctx, this, args| {
                let node = this_node(ctx, this)?;
                let value = args.get(0).to_text()?;
                node.dom.change(ctx, |tree| {
                    tree.set_attribute_node_value(node.id, &value);
                    Ok(())
                })?;
                Ok(ctx.undefined())
            },
        )?
        .get("ownerElement", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            let owner = node.dom.read(|tree| tree.node(node.id).as_attribute().and_then(|data| data.owner));
            node.dom.wrap_option(ctx, owner)
        })?
        .get("specified", |ctx, _, _| Ok(ctx.boolean(true)))
        .map(Members::into_value)
}

fn text_of(
    ctx: Ctx<'_>,
    this: &Value<'_>,
    read: impl FnOnce(&quickbeam_dom::QualName) -> Option<String>,
) -> Result<Option<String>> {
    let node = this_node(ctx, this)?;
    Ok(node.dom.read(|tree| read(&tree.node(node.id).as_attribute()?.name)))
}

/// The node of an element's attribute at `index`, or `null`.
pub(crate) fn node_at<'a>(ctx: Ctx<'a>, node: &Handle, index: Option<usize>) -> Result<Value<'a>> {
    let attribute = index.and_then(|index| node.dom.tree.borrow_mut().attribute_node(node.id, index));
    node.dom.wrap_option(ctx, attribute)
}

/// The attributes of one element.
struct Map {
    dom: Rc<Dom>,
    element: NodeId,
}

pub(crate) fn map_of<'a>(ctx: Ctx<'a>, this: &Value<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    node.collection(ctx, Which::Attributes, || {
        let prototype = crate::prototype(ctx, "NamedNodeMap")?;
        let map = ctx.exotic_object(Rc::new(Map { dom: node.dom.clone(), element: node.id }), Some(&prototype))?;
        map.hold(this.clone());
        Ok(map)
    })
}

impl Map {
    fn node_at<'a>(&self, ctx: Ctx<'a>, index: Option<usize>) -> Result<Option<Value<'a>>> {
        let attribute = index.and_then(|index| self.dom.tree.borrow_mut().attribute_node(self.element, index));
        attribute.map(|id| self.dom.wrap(ctx, id)).transpose()
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.dom.read(|tree| tree.find_attribute(self.element, &tree.attribute_key(self.element, name)))
    }

    /// The names that are properties: those in upper case are not, for HTML elements.
    fn names(&self) -> Vec<String> {
        self.dom.read(|tree| {
            let names = tree.attributes(self.element).iter().map(|attribute| qualified(&attribute.name));
            let names: IndexSet<String> = names.filter(|name| self.is_visible(tree, name)).collect();
            names.into_iter().collect()
        })
    }

    fn is_visible(&self, tree: &Tree, name: &str) -> bool {
        !name.bytes().any(|byte| byte.is_ascii_uppercase())
            || !tree.is_in_html_document(self.element)
            || tree.element(self.element).is_none_or(|data| &*data.name.ns != HTML)
    }

    fn named<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<usize>> {
        let name = key.to_value()?;
        if !name.is_string() || object.prototype()?.has_key(key)? {
            return Ok(None);
        }
        poll_scan(object.ctx(), self.dom.read(|tree| tree.attributes(self.element).len()))?;
        let find = |name: &str| self.dom.read(|tree| self.is_visible(tree, name)).then(|| self.find(name)).flatten();
        name.with_text(|name| find(&name))
    }
}

impl Exotic for Map {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        let ctx = object.ctx();
        let (index, enumerable) = match key.as_index() {
            Some(index) => (Some(index as usize), true),
            None => (self.named(object, key)?, false),
        };
        let attributes = Attributes { writable: false, enumerable, configurable: true };
        Ok(self.node_at(ctx, index)?.map(|value| (value, attributes)))
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        let ctx = object.ctx();
        let count = self.dom.read(|tree| tree.attributes(self.element).len());
        let mut keys = Vec::new();
        for index in 0..count {
            keys.push(PropertyKey::from_value(&ctx.number(index as f64))?);
        }
        for name in Map::names(self) {
            keys.push(ctx.key(&name)?);
        }
        Ok(keys)
    }

    fn define<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>, _: Option<&Value<'a>>) -> Result<Option<bool>> {
        let is_refused = key.is_index() || self.named(object, key)?.is_some();
        Ok(is_refused.then_some(false))
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        Ok(Exotic::get(self, object, key)?.is_none())
    }
}

fn this_map(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<Map>> {
    this.host::<Map>().ok_or_else(|| ctx.throw_type("Illegal invocation"))
}

/// The members of `NamedNodeMap`.
pub(crate) fn named_node_map(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("length", |ctx, this, _| {
            let map = this_map(ctx, this)?;
            Ok(ctx.number(map.dom.read(|tree| tree.attributes(map.element).len()) as f64))
        })?
        .method("item", 1, |ctx, this, args| {
            let map = this_map(ctx, this)?;
            need(ctx, args, 1, "item")?;
            let index = unsigned_long(&args.get(0))?;
            Ok(map.node_at(ctx, Some(index))?.unwrap_or_else(|| ctx.null()))
        })?
        .method("getNamedItem", 1, |ctx, this, args| {
            let map = this_map(ctx, this)?;
            need(ctx, args, 1, "getNamedItem")?;
            let index = args.get(0).with_text(|name| map.find(&name))?;
            Ok(map.node_at(ctx, index)?.unwrap_or_else(|| ctx.null()))
        })?
        .method("getNamedItemNS", 2, |ctx, this, args| {
            let map = this_map(ctx, this)?;
            let index = find_ns(ctx, &map, args)?;
            Ok(map.node_at(ctx, index)?.unwrap_or_else(|| ctx.null()))
        })?
        .method("setNamedItem", 1, set_named_item)?
        .method("setNamedItemNS", 1, set_named_item)?
        .method("removeNamedItem", 1, |ctx, this, args| {
            let map = this_map(ctx, this)?;
            need(ctx, args, 1, "removeNamedItem")?;
            let index = args.get(0).with_text(|name| map.find(&name))?;
            remove_item(ctx, &map, index)
        })?
        .method("removeNamedItemNS", 2, |ctx, this, args| {
            let map = this_map(ctx, this)?;
            let index = find_ns(ctx, &map, args)?;
            remove_item(ctx, &map, index)
        })
        .map(Members::into_value)
}

fn find_ns(ctx: Ctx<'_>, map: &Map, args: Args<'_>) -> Result<Option<usize>> {
    need(ctx, args, 2, "NamedNodeMap")?;
    let namespace = optional_text(&args.get(0))?.unwrap_or_default();
    let local = args.get(1).to_text()?;
    Ok(map.dom.read(|tree| tree.find_attribute_ns(map.element, &namespace, &local)))
}

fn set_named_item<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let map = this_map(ctx, this)?;
    let element = map.dom.wrap(ctx, map.element)?;
    attribute_arg(ctx, &*this_element(ctx, &element)?, args, "setNamedItem")?;
    set_attribute_node(ctx, &element, args)
}

fn remove_item<'a>(ctx: Ctx<'a>, map: &Map, index: Option<usize>) -> Result<Value<'a>> {
    let Some(index) = index else {
        return Err(throw(ctx, &DomError::NotFound("the element has no such attribute")));
    };
    let removed = map.node_at(ctx, Some(index))?.unwrap_or_else(|| ctx.null());
    map.dom.change(ctx, |tree: &mut Tree| {
        tree.remove_attribute(map.element, index);
        Ok(())
    })?;
    Ok(removed)
}
