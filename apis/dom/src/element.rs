//! `Element`.

use crate::collection::{self, Filter, split_tokens};
use crate::dom::{HTML, Handle, this_element, this_node, throw};
use crate::members::{Members, node_arg, optional_text, string_or_null, text_or_empty};
use quickbeam_api_webidl::need;
use quickbeam_dom::{DomError, NameKind, NodeData, NodeId, ParseOptions, Tree, is_attribute_name, qualified};
use quickbeam_engine::{Args, Ctx, Result, Value};

/// Steps that parsing a piece of markup counts for.
const STEPS_PER_PIECE: u32 = 10_000;

/// The members of `Element`.
pub(crate) fn element(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let members = names(Members::new(ctx)?)?;
    let members = attributes(members)?;
    searching(members)?
        .get_set("innerHTML", inner_html, set_inner_html)?
        .get_set("outerHTML", |ctx, this, _| serialized(ctx, &*this_element(ctx, this)?, Part::Outer), set_outer_html)?
        .method("getHTML", 0, inner_html)?
        .method("setHTMLUnsafe", 1, set_inner_html)?
        .method("insertAdjacentElement", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "insertAdjacentElement")?;
            let place = args.get(0).to_text()?;
            let new = node_arg(ctx, args, 1, "insertAdjacentElement")?;
            if !node.dom.read(|tree| tree.is_element(new)) {
                return Err(ctx.throw_type("insertAdjacentElement: argument 2 is not an Element"));
            }
            let inserted = insert_adjacent(ctx, &node, &place, new)?;
            Ok(if inserted { args.get(1) } else { ctx.null() })
        })?
        .method("insertAdjacentText", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "insertAdjacentText")?;
            let (place, text) = (args.get(0).to_text()?, args.get(1).to_text()?);
            let document = node.dom.read(|tree| tree.document(node.id)).unwrap_or(node.dom.document);
            let new = node.dom.tree.borrow_mut().create(document, NodeData::Text(text.into()));
            if !insert_adjacent(ctx, &node, &place, new)? {
                node.dom.tree.borrow_mut().release(new);
            }
            Ok(ctx.undefined())
        })?
        .method("insertAdjacentHTML", 2, insert_adjacent_html)
        .map(Members::into_value)
}

fn names(members: Members<'_>) -> Result<Members<'_>> {
    members
        .get("namespaceURI", |ctx, this, _| {
            let node = this_element(ctx, this)?;
            let namespace = node.dom.read(|tree| tree.element(node.id).map(|data| data.name.ns.to_string()));
            string_or_null(ctx, namespace.as_deref().filter(|namespace| !namespace.is_empty()))
        })?
        .get("prefix", |ctx, this, _| {
            let node = this_element(ctx, this)?;
            let prefix = node.dom.read(|tree| tree.element(node.id)?.name.prefix.as_ref().map(|p| p.to_string()));
            string_or_null(ctx, prefix.as_deref())
        })?
        .get("localName", |ctx, this, _| {
            let node = this_element(ctx, this)?;
            let local = node.dom.read(|tree| tree.element(node.id).map(|data| data.name.local.clone()));
            string_or_null(ctx, local.as_deref())
        })?
        .get("tagName", |ctx, this, _| {
            let node = this_element(ctx, this)?;
            let name = node.dom.read(|tree| {
                let data = tree.element(node.id)?;
                let name = qualified(&data.name);
                let is_html = &*data.name.ns == HTML && tree.is_in_html_document(node.id);
                Some(if is_html { name.to_ascii_uppercase() } else { name })
            });
            string_or_null(ctx, name.as_deref())
        })?
        .get_set("id", |ctx, this, _| reflect(ctx, this, "id"), |ctx, this, args| set_reflected(ctx, this, "id", args))?
        .get_set(
            "className",
            |ctx, this, _| reflect(ctx, this, "class"),
            |ctx, this, args| set_reflected(ctx, this, "class", args),
        )?
        .get_set(
            "slot",
            |ctx, this, _| reflect(ctx, this, "slot"),
            |ctx, this, args| set_reflected(ctx, this, "slot", args),
        )
}

fn reflect<'a>(ctx: Ctx<'a>, this: &Value<'a>, name: &str) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let value = node.dom.read(|tree| value_of(tree, node.id, name));
    ctx.string(value.as_deref().unwrap_or_default())
}

fn set_reflected<'a>(ctx: Ctx<'a>, this: &Value<'a>, name: &str, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let value = args.get(0).to_text()?;
    set(ctx, &node, name, &value)?;
    Ok(ctx.undefined())
}

/// The value of an attribute in no namespace.
pub(crate) fn value_of(tree: &Tree, id: NodeId, name: &str) -> Option<String> {
    let index = tree.find_attribute_ns(id, "", name)?;
    tree.attributes(id).get(index).map(|attribute| attribute.value.to_string())
}

/// Sets an attribute in no namespace.
pub(crate) fn set(ctx: Ctx<'_>, node: &Handle, name: &str, value: &str) -> Result<()> {
    node.dom.change(ctx, |tree| {
        tree.set_attribute(node.id, quickbeam_dom::local_name(name), value);
        Ok(())
    })
}

fn namespace_arg(value: &Value<'_>) -> Result<String> {
    Ok(optional_text(value)?.unwrap_or_default())
}

fn attributes(members: Members<'_>) -> Result<Members<'_>> {
    let members = reading_attributes(members)?;
    members
        .method("setAttribute", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "setAttribute")?;
            let (name, value) = (args.get(0).to_text()?, args.get(1).to_text()?);
            check_name(ctx, &name)?;
            node.dom.change(ctx, |tree| {
                let key = tree.attribute_key(node.id, &name).into_owned();
                match tree.find_attribute(node.id, &key) {
                    Some(index) => tree.change_attribute(node.id, index, &value),
                    None => tree.set_attribute(node.id, quickbeam_dom::local_name(&key), &value),
                }
                Ok(())
            })?;
            Ok(ctx.undefined())
        })?
        .method("setAttributeNS", 3, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 3, "setAttributeNS")?;
            let (namespace, name) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
            let value = args.get(2).to_text()?;
            let name = quickbeam_dom::validate_and_extract(&namespace, &name, NameKind::Attribute)
                .map_err(|error| throw(ctx, &error))?;
            node.dom.change(ctx, |tree| {
                tree.set_attribute(node.id, name, &value);
                Ok(())
            })?;
            Ok(ctx.undefined())
        })?
        .method("removeAttribute", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 1, "removeAttribute")?;
            let name = args.get(0).to_text()?;
            node.dom.change(ctx, |tree| {
                if let Some(index) = tree.find_attribute(node.id, &tree.attribute_key(node.id, &name)) {
                    tree.remove_attribute(node.id, index);
                }
                Ok(())
            })?;
            Ok(ctx.undefined())
        })?
        .method("removeAttributeNS", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "removeAttributeNS")?;
            let (namespace, local) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
            node.dom.change(ctx, |tree| {
                if let Some(index) = tree.find_attribute_ns(node.id, &namespace, &local) {
                    tree.remove_attribute(node.id, index);
                }
                Ok(())
            })?;
            Ok(ctx.undefined())
        })?
        .method("toggleAttribute", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 1, "toggleAttribute")?;
            let name = args.get(0).to_text()?;
            let force = args.get(1);
            let force = (!force.is_undefined()).then(|| force.truthy());
            check_name(ctx, &name)?;
            let is_there = node.dom.change(ctx, |tree| {
                let key = tree.attribute_key(node.id, &name).into_owned();
                Ok(match (tree.find_attribute(node.id, &key), force) {
                    (None, None | Some(true)) => {
                        tree.set_attribute(node.id, quickbeam_dom::local_name(&key), "");
                        true
                    }
                    (Some(index), None | Some(false)) => {
                        tree.remove_attribute(node.id, index);
                        false
                    }
                    (found, _) => found.is_some(),
                })
            })?;
            Ok(ctx.boolean(is_there))
        })?
        .method("setAttributeNode", 1, set_attribute_node)?
        .method("setAttributeNodeNS", 1, set_attribute_node)?
        .method("removeAttributeNode", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            let attribute = attribute_arg(ctx, &node, args, "removeAttributeNode")?;
            node.dom.change(ctx, |tree| tree.remove_attribute_node(node.id, attribute))?;
            Ok(args.get(0))
        })
}

fn reading_attributes(members: Members<'_>) -> Result<Members<'_>> {
    members
        .get("attributes", |ctx, this, _| crate::attributes::map_of(ctx, this))?
        .method("hasAttributes", 0, |ctx, this, _| {
            let node = this_element(ctx, this)?;
            Ok(ctx.boolean(node.dom.read(|tree| !tree.attributes(node.id).is_empty())))
        })?
        .method("getAttributeNames", 0, |ctx, this, _| {
            let node = this_element(ctx, this)?;
            let names: Vec<String> =
                node.dom.read(|tree| tree.attributes(node.id).iter().map(|a| qualified(&a.name)).collect());
            ctx.array(names.iter().map(|name| ctx.string(name)).collect::<Result<_>>()?)
        })?
        .method("getAttribute", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 1, "getAttribute")?;
            let value = args.get(0).with_text(|name| {
                node.dom.read(|tree| {
                    let index = tree.find_attribute(node.id, &tree.attribute_key(node.id, &name))?;
                    tree.attributes(node.id).get(index).map(|attribute| attribute.value.to_string())
                })
            })?;
            string_or_null(ctx, value.as_deref())
        })?
        .method("getAttributeNS", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "getAttributeNS")?;
            let (namespace, local) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
            let value = node.dom.read(|tree| {
                let index = tree.find_attribute_ns(node.id, &namespace, &local)?;
                tree.attributes(node.id).get(index).map(|attribute| attribute.value.to_string())
            });
            string_or_null(ctx, value.as_deref())
        })?
        .method("hasAttribute", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 1, "hasAttribute")?;
            let find = |name: &str| {
                node.dom.read(|tree| tree.find_attribute(node.id, &tree.attribute_key(node.id, name)).is_some())
            };
            Ok(ctx.boolean(args.get(0).with_text(|name| find(&name))?))
        })?
        .method("hasAttributeNS", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "hasAttributeNS")?;
            let (namespace, local) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
            Ok(ctx.boolean(node.dom.read(|tree| tree.find_attribute_ns(node.id, &namespace, &local).is_some())))
        })?
        .method("getAttributeNode", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 1, "getAttributeNode")?;
            let name = args.get(0).to_text()?;
            let index = node.dom.read(|tree| tree.find_attribute(node.id, &tree.attribute_key(node.id, &name)));
            crate::attributes::node_at(ctx, &node, index)
        })?
        .method("getAttributeNodeNS", 2, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            need(ctx, args, 2, "getAttributeNodeNS")?;
            let (namespace, local) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
            let index = node.dom.read(|tree| tree.find_attribute_ns(node.id, &namespace, &local));
            crate::attributes::node_at(ctx, &node, index)
        })
}

fn check_name(ctx: Ctx<'_>, name: &str) -> Result<()> {
    if is_attribute_name(name) {
        return Ok(());
    }
    Err(throw(ctx, &DomError::InvalidCharacter(format!("{name:?} is not a valid attribute name"))))
}

pub(crate) fn attribute_arg(ctx: Ctx<'_>, node: &Handle, args: Args<'_>, function: &str) -> Result<NodeId> {
    let attribute = node_arg(ctx, args, 0, function)?;
    if node.dom.read(|tree| tree.node(attribute).as_attribute().is_some()) {
        return Ok(attribute);
    }
    Err(ctx.throw_type(&format!("{function}: argument 1 is not an Attr")))
}

pub(crate) fn set_attribute_node<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let attribute = attribute_arg(ctx, &node, args, "setAttributeNode")?;
    let found = node.dom.read(|tree| {
        let name = &tree.node(attribute).as_attribute()?.name;
        tree.find_attribute_ns(node.id, &name.ns, &name.local)
    });
    // What is replaced is handed out, so it must have its object before it stands alone.
    let old = crate::attributes::node_at(ctx, &node, found)?;
    node.dom.change(ctx, |tree| tree.set_attribute_node(node.id, attribute))?;
    Ok(old)
}

fn searching(members: Members<'_>) -> Result<Members<'_>> {
    members
        .method("closest", 1, |ctx, this, args| {
            let node = this_element(ctx, this)?;
            let selectors = collection::selectors_arg(ctx, args, "closest")?;
            let found = node.dom.read(|tree| selectors.closest(tree, node.id));
            node.dom.wrap_option(ctx, found)
        })?
        .method("matches", 1, matches)?
        .method("webkitMatchesSelector", 1, matches)?
        .method("getElementsByTagName", 1, by_tag_name)?
        .method("getElementsByTagNameNS", 2, by_tag_name_ns)?
        .method("getElementsByClassName", 1, by_class_name)
}

fn matches<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let selectors = collection::selectors_arg(ctx, args, "matches")?;
    Ok(ctx.boolean(node.dom.read(|tree| selectors.matches(tree, node.id))))
}

pub(crate) fn by_tag_name<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    need(ctx, args, 1, "getElementsByTagName")?;
    let name = args.get(0).to_text()?;
    let lower = name.to_ascii_lowercase();
    collection::live(ctx, &node, this, Filter::Tag(name, lower))
}

pub(crate) fn by_tag_name_ns<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    need(ctx, args, 2, "getElementsByTagNameNS")?;
    let (namespace, local) = (namespace_arg(&args.get(0))?, args.get(1).to_text()?);
    collection::live(ctx, &node, this, Filter::TagNs(namespace, local))
}

pub(crate) fn by_class_name<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    need(ctx, args, 1, "getElementsByClassName")?;
    let names = args.get(0).with_text(|text| split_tokens(&text).map(str::to_owned).collect())?;
    collection::live(ctx, &node, this, Filter::Classes(names))
}

// ── Markup ──

/// What of a node becomes markup.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Inner,
    Outer,
}

fn serialize(tree: &Tree, id: NodeId, part: Part, scripting: bool) -> std::result::Result<String, DomError> {
    if tree.is_in_html_document(id) {
        return Ok(match part {
            Part::Inner => tree.inner_html(id, scripting),
            Part::Outer => tree.outer_html(id, scripting),
        });
    }
    tree.check_well_formed(id, matches!(part, Part::Outer))?;
    Ok(match part {
        Part::Inner => tree.inner_xml(id),
        Part::Outer => tree.outer_xml(id),
    })
}

/// Whether scripting is on for the node's document: it is for the realm's own.
pub(crate) fn is_scripting(node: &Handle) -> bool {
    node.dom.read(|tree| tree.document(node.id)) == Some(node.dom.document)
}

fn inner_html<'a>(ctx: Ctx<'a>, this: &Value<'a>, _: Args<'a>) -> Result<Value<'a>> {
    serialized(ctx, &*this_node(ctx, this)?, Part::Inner)
}

fn serialized<'a>(ctx: Ctx<'a>, node: &Handle, part: Part) -> Result<Value<'a>> {
    let scripting = is_scripting(node);
    let markup = node.dom.read(|tree| serialize(tree, node.id, part, scripting));
    ctx.string(&markup.map_err(|error| throw(ctx, &error))?)
}

/// Parses markup as the contents of an element like `context`; the fragment has no object.
pub(crate) fn parse(ctx: Ctx<'_>, node: &Handle, context: NodeId, markup: &str) -> Result<NodeId> {
    let scripting = is_scripting(node);
    node.dom.limit_growth(ctx);
    let mut go_on = || ctx.poll(STEPS_PER_PIECE).is_ok();
    node.dom.change(ctx, |tree| {
        let document = tree.document(context).unwrap_or(context);
        if tree.is_in_html_document(context) {
            let options = ParseOptions { scripting, go_on: &mut go_on };
            return tree.parse_fragment(document, context, markup, options);
        }
        tree.parse_xml_fragment(document, context, markup, &mut go_on)
    })
}

fn set_inner_html<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let value = args.get(0);
    let parsed = if value.is_null() {
        parse(ctx, &node, node.id, "")?
    } else {
        value.with_text(|markup| parse(ctx, &node, node.id, &markup))??
    };
    node.dom.change(ctx, |tree| {
        let target = tree.element(node.id).and_then(|data| data.content).unwrap_or(node.id);
        tree.replace_all(target, Some(parsed));
        tree.discard(parsed);
        Ok(())
    })?;
    Ok(ctx.undefined())
}

fn set_outer_html<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    let markup = text_or_empty(&args.get(0))?;
    let Some(parent) = node.dom.read(|tree| tree.parent(node.id)) else { return Ok(ctx.undefined()) };
    let context = context_of(ctx, &node, parent)?;
    let parsed = parse(ctx, &node, context, &markup)?;
    node.dom.change(ctx, |tree| {
        let replaced = tree.replace(parent, parsed, node.id);
        tree.discard(parsed);
        discard_body(tree, context);
        replaced
    })?;
    Ok(ctx.undefined())
}

/// The element that gives the context for markup that is put below `parent`.
fn context_of(ctx: Ctx<'_>, node: &Handle, parent: NodeId) -> Result<NodeId> {
    let mut tree = node.dom.tree.borrow_mut();
    match &tree.node(parent).data {
        NodeData::Document(_) => {
            drop(tree);
            Err(throw(ctx, &DomError::NoModification("the children of a document cannot be replaced by markup")))
        }
        NodeData::Element(data) if !(data.is_html("html") && tree.is_in_html_document(parent)) => Ok(parent),
        _ => {
            let document = tree.document(node.id).unwrap_or(node.dom.document);
            Ok(tree.create_element(document, quickbeam_dom::qualified_name(HTML, None, "body")))
        }
    }
}

/// Frees the element that [`context_of`] made, if it did.
fn discard_body(tree: &mut Tree, context: NodeId) {
    if tree.parent(context).is_none() {
        tree.discard(context);
    }
}

fn insert_adjacent(ctx: Ctx<'_>, node: &Handle, place: &str, new: NodeId) -> Result<bool> {
    node.dom.change(ctx, |tree| {
        let parent = tree.parent(node.id);
        let (parent, before) = match (place.to_ascii_lowercase().as_str(), parent) {
            ("beforebegin", Some(parent)) => (parent, Some(node.id)),
            ("afterend", Some(parent)) => (parent, tree.next_sibling(node.id)),
            ("beforebegin" | "afterend", None) => return Ok(false),
            ("afterbegin", _) => (node.id, tree.first_child(node.id)),
            ("beforeend", _) => (node.id, None),
            _ => return Err(DomError::Syntax(format!("{place:?} is no place beside or in an element"))),
        };
        tree.insert(parent, new, before).map(|()| true)
    })
}

fn insert_adjacent_html<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, this)?;
    need(ctx, args, 2, "insertAdjacentHTML")?;
    let (place, markup) = (args.get(0).to_text()?, args.get(1).to_text()?);
    let lower = place.to_ascii_lowercase();
    let parent = match lower.as_str() {
        "beforebegin" | "afterend" => {
            let parent = node.dom.read(|tree| tree.parent(node.id));
            let parent = parent.filter(|&parent| !node.dom.read(|tree| tree.node(parent).as_document().is_some()));
            match parent {
                Some(parent) => parent,
                None => {
                    let error = DomError::NoModification("the element has no parent to put markup into");
                    return Err(throw(ctx, &error));
                }
            }
        }
        "afterbegin" | "beforeend" => node.id,
        _ => {
            let error = DomError::Syntax(format!("{place:?} is no place beside or in an element"));
            return Err(throw(ctx, &error));
        }
    };
    let context = context_of(ctx, &node, parent)?;
    let parsed = parse(ctx, &node, context, &markup)?;
    insert_adjacent(ctx, &node, &lower, parsed)?;
    node.dom.change(ctx, |tree| {
        tree.discard(parsed);
        discard_body(tree, context);
        Ok(())
    })?;
    Ok(ctx.undefined())
}
