//! `Node`, and the mixins `ParentNode` and `ChildNode`.

use crate::collection::{self, Filter};
use crate::dom::{Handle, Which, this_node};
use crate::members::{Members, node_arg, optional_node_arg, optional_text, string_or_null, text_or_empty};
use quickbeam_api_webidl::need;
use quickbeam_dom::{NodeData, NodeId, Tree};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::rc::Rc;

/// The members of `Node`.
pub(crate) fn node(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("nodeType", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            Ok(ctx.int(i32::from(node.dom.read(|tree| tree.node(node.id).data.node_type()))))
        })?
        .get("nodeName", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            ctx.string(&node.dom.read(|tree| node_name(tree, node.id)))
        })?
        .get("isConnected", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            Ok(ctx.boolean(node.dom.read(|tree| tree.is_connected(node.id))))
        })?
        .get("ownerDocument", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            let document = node.dom.read(|tree| tree.document(node.id));
            node.dom.wrap_option(ctx, document.filter(|&document| document != node.id))
        })?
        .method("getRootNode", 0, |ctx, this, _| relative(ctx, this, |tree, id| Some(tree.root(id))))?
        .get("parentNode", |ctx, this, _| relative(ctx, this, Tree::parent))?
        .get("parentElement", |ctx, this, _| relative(ctx, this, Tree::parent_element))?
        .method("hasChildNodes", 0, |ctx, this, _| {
            let node = this_node(ctx, this)?;
            Ok(ctx.boolean(node.dom.read(|tree| tree.first_child(node.id).is_some())))
        })?
        .get("childNodes", |ctx, this, _| of_children(ctx, this, Which::ChildNodes, Filter::ChildNodes))?
        .get("firstChild", |ctx, this, _| relative(ctx, this, Tree::first_child))?
        .get("lastChild", |ctx, this, _| relative(ctx, this, Tree::last_child))?
        .get("previousSibling", |ctx, this, _| relative(ctx, this, Tree::previous_sibling))?
        .get("nextSibling", |ctx, this, _| relative(ctx, this, Tree::next_sibling))?
        .get_set("nodeValue", node_value, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            let text = text_or_empty(&args.get(0))?;
            let _ = set_value(ctx, &node, &text)?;
            Ok(ctx.undefined())
        })?
        .get_set("textContent", text_content, set_text_content)?
        .method("normalize", 0, |ctx, this, _| {
            let node = this_node(ctx, this)?;
            node.dom.change(ctx, |tree| {
                tree.normalize(node.id);
                Ok(())
            })?;
            Ok(ctx.undefined())
        })?
        .method("isEqualNode", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "isEqualNode")?;
            let other = optional_node_arg(ctx, args, 0, "isEqualNode")?;
            Ok(ctx.boolean(other.is_some_and(|other| node.dom.read(|tree| tree.is_equal(node.id, other)))))
        })?
        .method("isSameNode", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "isSameNode")?;
            Ok(ctx.boolean(optional_node_arg(ctx, args, 0, "isSameNode")? == Some(node.id)))
        })?
        .method("compareDocumentPosition", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            let other = node_arg(ctx, args, 0, "compareDocumentPosition")?;
            Ok(ctx.int(i32::from(node.dom.read(|tree| tree.compare_position(node.id, other)))))
        })?
        .method("contains", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "contains")?;
            let other = optional_node_arg(ctx, args, 0, "contains")?;
            let is = other.is_some_and(|other| node.dom.read(|tree| tree.is_inclusive_ancestor(node.id, other)));
            Ok(ctx.boolean(is))
        })?
        .method("insertBefore", 2, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 2, "insertBefore")?;
            let new = node_arg(ctx, args, 0, "insertBefore")?;
            let child = optional_node_arg(ctx, args, 1, "insertBefore")?;
            node.dom.change(ctx, |tree| tree.insert(node.id, new, child))?;
            Ok(args.get(0))
        })?
        .method("appendChild", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            let new = node_arg(ctx, args, 0, "appendChild")?;
            node.dom.change(ctx, |tree| tree.insert(node.id, new, None))?;
            Ok(args.get(0))
        })?
        .method("replaceChild", 2, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 2, "replaceChild")?;
            let new = node_arg(ctx, args, 0, "replaceChild")?;
            let child = node_arg(ctx, args, 1, "replaceChild")?;
            node.dom.change(ctx, |tree| tree.replace(node.id, new, child))?;
            Ok(args.get(1))
        })?
        .method("removeChild", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            let child = node_arg(ctx, args, 0, "removeChild")?;
            node.dom.change(ctx, |tree| tree.remove_child(node.id, child))?;
            Ok(args.get(0))
        })?
        .method("lookupPrefix", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "lookupPrefix")?;
            let namespace = optional_text(&args.get(0))?.filter(|namespace| !namespace.is_empty());
            let prefix = namespace.and_then(|namespace| node.dom.read(|tree| lookup_prefix(tree, node.id, &namespace)));
            string_or_null(ctx, prefix.as_deref())
        })?
        .method("lookupNamespaceURI", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "lookupNamespaceURI")?;
            let prefix = optional_text(&args.get(0))?.filter(|prefix| !prefix.is_empty());
            let found = node.dom.read(|tree| lookup_namespace(tree, node.id, prefix.as_deref()));
            string_or_null(ctx, found.as_deref())
        })?
        .method("isDefaultNamespace", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "isDefaultNamespace")?;
            let namespace = optional_text(&args.get(0))?.filter(|namespace| !namespace.is_empty());
            let found = node.dom.read(|tree| lookup_namespace(tree, node.id, None));
            Ok(ctx.boolean(found == namespace))
        })
        .map(Members::into_value)
}

/// The members of `ParentNode`.
pub(crate) fn parent_node(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("children", |ctx, this, _| of_children(ctx, this, Which::Children, Filter::Children))?
        .get("firstElementChild", |ctx, this, _| relative(ctx, this, |tree, id| tree.element_children(id).next()))?
        .get("lastElementChild", |ctx, this, _| {
            relative(ctx, this, |tree, id| {
                let back = |id: &NodeId| tree.previous_sibling(*id);
                std::iter::successors(tree.last_child(id), back).find(|&id| tree.is_element(id))
            })
        })?
        .get("childElementCount", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            Ok(ctx.number(node.dom.read(|tree| tree.element_children(node.id).count()) as f64))
        })?
        .method("prepend", 0, |ctx, this, args| {
            insert_all(ctx, this, args, |tree, id, new| {
                let first = tree.first_child(id);
                tree.insert(id, new, first)
            })
        })?
        .method("append", 0, |ctx, this, args| insert_all(ctx, this, args, |tree, id, new| tree.insert(id, new, None)))?
        .method("replaceChildren", 0, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            let new = if args.is_empty() { None } else { Some(one_of(ctx, &node, args)?) };
            node.dom.change(ctx, |tree| {
                if let Some(new) = new {
                    tree.check_insertion(node.id, new, None)?;
                }
                tree.replace_all(node.id, new);
                Ok(())
            })?;
            finish_one_of(ctx, &node, new)
        })?
        .method("moveBefore", 2, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 2, "moveBefore")?;
            let new = node_arg(ctx, args, 0, "moveBefore")?;
            let child = optional_node_arg(ctx, args, 1, "moveBefore")?;
            node.dom.change(ctx, |tree| {
                if tree.root(new) != tree.root(node.id) {
                    return Err(quickbeam_dom::DomError::Hierarchy("a node cannot be moved to another tree"));
                }
                tree.insert(node.id, new, child)
            })?;
            Ok(ctx.undefined())
        })?
        .method("querySelector", 1, collection::query_selector)?
        .method("querySelectorAll", 1, collection::query_selector_all)
        .map(Members::into_value)
}

/// The members of `ChildNode`.
pub(crate) fn child_node(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .method("before", 0, |ctx, this, args| {
            insert_beside(
                ctx,
                this,
                args,
                |tree, id, given| {
                    let step = |id: &NodeId| tree.previous_sibling(*id);
                    std::iter::successors(tree.previous_sibling(id), step).find(|id| !given.contains(id))
                },
                |tree, parent, previous, new| {
                    let before = previous.map_or(tree.first_child(parent), |previous| tree.next_sibling(previous));
                    tree.insert(parent, new, before)
                },
            )
        })?
        .method("after", 0, |ctx, this, args| {
            insert_beside(ctx, this, args, viable_next, |tree, parent, next, new| tree.insert(parent, new, next))
        })?
        .method("replaceWith", 0, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            insert_beside(ctx, this, args, viable_next, |tree, parent, next, new| {
                if tree.parent(node.id) == Some(parent) {
                    tree.replace(parent, new, node.id)
                } else {
                    tree.insert(parent, new, next)
                }
            })
        })?
        .method("remove", 0, |ctx, this, _| {
            let node = this_node(ctx, this)?;
            node.dom.change(ctx, |tree| {
                tree.remove(node.id);
                Ok(())
            })?;
            Ok(ctx.undefined())
        })
        .map(Members::into_value)
}

/// `previousElementSibling` and `nextElementSibling`.
pub(crate) fn element_siblings(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("previousElementSibling", |ctx, this, _| {
            relative(ctx, this, |tree, id| {
                let back = |id: &NodeId| tree.previous_sibling(*id);
                std::iter::successors(tree.previous_sibling(id), back).find(|&id| tree.is_element(id))
            })
        })?
        .get("nextElementSibling", |ctx, this, _| {
            relative(ctx, this, |tree, id| {
                let on = |id: &NodeId| tree.next_sibling(*id);
                std::iter::successors(tree.next_sibling(id), on).find(|&id| tree.is_element(id))
            })
        })
        .map(Members::into_value)
}

fn of_children<'a>(ctx: Ctx<'a>, this: &Value<'a>, which: Which, filter: Filter) -> Result<Value<'a>> {
    collection::same(ctx, &*this_node(ctx, this)?, this, which, filter)
}

fn viable_next(tree: &Tree, id: NodeId, given: &[NodeId]) -> Option<NodeId> {
    std::iter::successors(tree.next_sibling(id), |&id| tree.next_sibling(id)).find(|id| !given.contains(id))
}

/// The object of another node, or `null`.
pub(crate) fn relative<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    find: impl FnOnce(&Tree, NodeId) -> Option<NodeId>,
) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let found = node.dom.read(|tree| find(tree, node.id));
    node.dom.wrap_option(ctx, found)
}

fn node_name(tree: &Tree, id: NodeId) -> String {
    match &tree.node(id).data {
        NodeData::Element(element) => {
            let name = quickbeam_dom::qualified(&element.name);
            let is_html = &*element.name.ns == crate::dom::HTML && tree.is_in_html_document(id);
            if is_html { name.to_ascii_uppercase() } else { name }
        }
        NodeData::Attribute(attribute) => quickbeam_dom::qualified(&attribute.name),
        NodeData::Doctype(doctype) => doctype.name.clone(),
        NodeData::Instruction(pi) => pi.target.clone(),
        NodeData::Text(_) => "#text".to_owned(),
        NodeData::CData(_) => "#cdata-section".to_owned(),
        NodeData::Comment(_) => "#comment".to_owned(),
        NodeData::Document(_) => "#document".to_owned(),
        NodeData::Fragment { .. } | NodeData::Free(_) => "#document-fragment".to_owned(),
    }
}

/// The value of a node that is text or an attribute.
fn own_value(tree: &Tree, id: NodeId) -> Option<&str> {
    tree.node(id).as_character_data().or_else(|| tree.attribute_node_value(id))
}

fn node_value<'a>(ctx: Ctx<'a>, this: &Value<'a>, _: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let value = node.dom.read(|tree| own_value(tree, node.id).map(str::to_owned));
    string_or_null(ctx, value.as_deref())
}

/// Sets the value of a node that has one of its own. False if it has none.
fn set_value(ctx: Ctx<'_>, node: &Handle, text: &str) -> Result<bool> {
    node.dom.change(ctx, |tree| {
        match tree.node(node.id).data {
            NodeData::Attribute(_) => tree.set_attribute_node_value(node.id, text),
            _ if tree.node(node.id).as_character_data().is_some() => tree.set_data(node.id, text),
            _ => return Ok(false),
        }
        Ok(true)
    })
}

fn text_content<'a>(ctx: Ctx<'a>, this: &Value<'a>, _: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let text = node.dom.read(|tree| match tree.node(node.id).data {
        NodeData::Element(_) | NodeData::Fragment { .. } => Some(tree.text_content(node.id)),
        _ => own_value(tree, node.id).map(str::to_owned),
    });
    string_or_null(ctx, text.as_deref())
}

fn set_text_content<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let text = optional_text(&args.get(0))?.unwrap_or_default();
    let has_children =
        node.dom.read(|tree| matches!(tree.node(node.id).data, NodeData::Element(_) | NodeData::Fragment { .. }));
    if !has_children {
        set_value(ctx, &node, &text)?;
        return Ok(ctx.undefined());
    }
    node.dom.change(ctx, |tree| {
        let document = tree.document(node.id);
        let new =
            document.filter(|_| !text.is_empty()).map(|document| tree.create(document, NodeData::Text(text.into())));
        tree.replace_all(node.id, new);
        Ok(())
    })?;
    Ok(ctx.undefined())
}

// ── Nodes and strings as arguments ──

/// "Convert nodes into a node": the one that is given, or a fragment of all.
fn one_of(ctx: Ctx<'_>, node: &Handle, args: Args<'_>) -> Result<NodeId> {
    let document = node.dom.read(|tree| tree.document(node.id)).unwrap_or(node.dom.document);
    let mut nodes = Vec::with_capacity(args.len());
    for index in 0..args.len() {
        let value = args.get(index);
        nodes.push(match crate::dom::handle_of(&value) {
            Some(handle) => handle.id,
            None => {
                let text = value.to_text()?;
                node.dom.tree.borrow_mut().create(document, NodeData::Text(text.into()))
            }
        });
    }
    if let [only] = nodes[..] {
        return Ok(only);
    }
    let fragment = node.dom.tree.borrow_mut().create(document, NodeData::Fragment { host: None });
    node.dom.change(ctx, |tree| {
        for new in nodes {
            tree.insert(fragment, new, None).inspect_err(|_| tree.discard(fragment))?;
        }
        Ok(fragment)
    })
}

/// Frees what [`one_of`] made and nothing took.
fn finish_one_of<'a>(ctx: Ctx<'a>, node: &Handle, new: Option<NodeId>) -> Result<Value<'a>> {
    if let Some(new) = new {
        node.dom.change(ctx, |tree| {
            if tree.parent(new).is_none() {
                tree.discard(new);
            }
            Ok(())
        })?;
    }
    Ok(ctx.undefined())
}

fn insert_all<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
    insert: impl FnOnce(&mut Tree, NodeId, NodeId) -> quickbeam_dom::Result<()>,
) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let new = one_of(ctx, &node, args)?;
    let inserted = node.dom.change(ctx, |tree| insert(tree, node.id, new));
    if inserted.is_err() {
        // The exception is pending: nothing may run but the tree's own code.
        let mut tree = node.dom.tree.borrow_mut();
        if tree.parent(new).is_none() {
            tree.discard(new);
        }
    }
    inserted?;
    finish_one_of(ctx, &node, Some(new))
}

fn insert_beside<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
    viable: impl FnOnce(&Tree, NodeId, &[NodeId]) -> Option<NodeId>,
    insert: impl FnOnce(&mut Tree, NodeId, Option<NodeId>, NodeId) -> quickbeam_dom::Result<()>,
) -> Result<Value<'a>> {
    let node: Rc<Handle> = this_node(ctx, this)?;
    let Some(parent) = node.dom.read(|tree| tree.parent(node.id)) else { return Ok(ctx.undefined()) };
    let given: Vec<NodeId> =
        (0..args.len()).filter_map(|index| crate::dom::handle_of(&args.get(index)).map(|handle| handle.id)).collect();
    let sibling = node.dom.read(|tree| viable(tree, node.id, &given));
    let new = one_of(ctx, &node, args)?;
    node.dom.change(ctx, |tree| insert(tree, parent, sibling, new))?;
    finish_one_of(ctx, &node, Some(new))
}

// ── Namespaces ──

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The element whose namespaces a node sees.
fn namespace_context(tree: &Tree, id: NodeId) -> Option<NodeId> {
    match &tree.node(id).data {
        NodeData::Element(_) => Some(id),
        NodeData::Document(_) => tree.document_element(id),
        NodeData::Doctype(_) | NodeData::Fragment { .. } | NodeData::Free(_) => None,
        NodeData::Attribute(attribute) => attribute.owner,
        _ => tree.parent_element(id),
    }
}

fn lookup_prefix(tree: &Tree, id: NodeId, namespace: &str) -> Option<String> {
    let mut next = namespace_context(tree, id);
    while let Some(element) = next {
        let data = tree.element(element)?;
        if &*data.name.ns == namespace
            && let Some(prefix) = &data.name.prefix
        {
            return Some(prefix.to_string());
        }
        let declared = data
            .attributes
            .iter()
            .find(|attribute| attribute.name.prefix.as_deref() == Some("xmlns") && &*attribute.value == namespace);
        if let Some(declared) = declared {
            return Some(declared.name.local.to_string());
        }
        next = tree.parent_element(element);
    }
    None
}

fn lookup_namespace(tree: &Tree, id: NodeId, prefix: Option<&str>) -> Option<String> {
    let mut next = namespace_context(tree, id);
    while let Some(element) = next {
        match prefix {
            Some("xml") => return Some(XML.to_owned()),
            Some("xmlns") => return Some(XMLNS.to_owned()),
            _ => {}
        }
        let data = tree.element(element)?;
        if !data.name.ns.is_empty() && data.name.prefix.as_deref() == prefix {
            return Some(data.name.ns.to_string());
        }
        let declared = data.attributes.iter().find(|attribute| {
            &*attribute.name.ns == XMLNS
                && match prefix {
                    Some(prefix) => {
                        attribute.name.prefix.as_deref() == Some("xmlns") && &*attribute.name.local == prefix
                    }
                    None => attribute.name.prefix.is_none() && &*attribute.name.local == "xmlns",
                }
        });
        if let Some(declared) = declared {
            return Some(declared.value.to_string()).filter(|namespace| !namespace.is_empty());
        }
        next = tree.parent_element(element);
    }
    None
}
