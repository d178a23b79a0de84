//! `Document` and `DOMImplementation`, and what glue asks of the tree for other interfaces.

use crate::collection::{self, Filter};
use crate::dom::{Dom, HTML, Handle, this_node, throw};
use crate::element::{by_class_name, by_tag_name, by_tag_name_ns};
use crate::members::{Members, node_arg, optional_text, string_or_null};
use quickbeam_api_webidl::need;
use quickbeam_dom::{
    DoctypeData, DomError, InstructionData, LocalName, NameKind, NodeData, NodeId, ParseOptions, QualName, QuirksMode,
    Tree, is_attribute_name, is_doctype_name, is_element_name, local_name, ns, qualified_name,
};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::rc::Rc;

/// The members of `Document`.
pub(crate) fn document(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let members = facts(Members::new(ctx)?)?;
    let members = making(members)?;
    let members = collections(members)?;
    members
        .method("importNode", 1, |ctx, this, args| {
            let document = this_document(ctx, this)?;
            let node = node_arg(ctx, args, 0, "importNode")?;
            if document.dom.read(|tree| tree.node(node).as_document().is_some()) {
                return Err(throw(ctx, &DomError::NotSupported("a document cannot be imported")));
            }
            let deep = args.get(1).truthy();
            clone(ctx, &document.dom, node, Some(document.id), deep)
        })?
        .method("adoptNode", 1, |ctx, this, args| {
            let document = this_document(ctx, this)?;
            let node = node_arg(ctx, args, 0, "adoptNode")?;
            document.dom.change(ctx, |tree| {
                let owner = tree.node(node).as_attribute().and_then(|attribute| attribute.owner);
                if let Some(owner) = owner {
                    tree.remove_attribute_node(owner, node)?;
                }
                tree.adopt(document.id, node)
            })?;
            Ok(args.get(0))
        })
        .map(Members::into_value)
}

pub(crate) fn this_document(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<Handle>> {
    let node = this_node(ctx, this)?;
    if node.dom.read(|tree| tree.node(node.id).as_document().is_some()) {
        Ok(node)
    } else {
        Err(ctx.throw_type("Illegal invocation"))
    }
}

fn facts(members: Members<'_>) -> Result<Members<'_>> {
    members
        .get("compatMode", |ctx, this, _| {
            let document = this_document(ctx, this)?;
            let quirks = document.dom.read(|tree| tree.node(document.id).as_document().map(|data| data.quirks));
            ctx.string(if quirks == Some(QuirksMode::Quirks) { "BackCompat" } else { "CSS1Compat" })
        })?
        .get("contentType", |ctx, this, _| {
            let document = this_document(ctx, this)?;
            let kind = document.dom.read(|tree| tree.node(document.id).as_document().map(|d| d.content_type.clone()));
            ctx.string(kind.as_deref().unwrap_or_default())
        })?
        .get("doctype", |ctx, this, _| {
            crate::node::relative(ctx, this, |tree, id| {
                tree.children(id).find(|&child| matches!(tree.node(child).data, NodeData::Doctype(_)))
            })
        })?
        .get("documentElement", |ctx, this, _| crate::node::relative(ctx, this, Tree::document_element))?
        .get("head", |ctx, this, _| crate::node::relative(ctx, this, |tree, id| child_of_html(tree, id, &["head"])))?
        .get_set(
            "body",
            |ctx, this, _| crate::node::relative(ctx, this, |tree, id| child_of_html(tree, id, &["body", "frameset"])),
            set_body,
        )?
        .method("getElementById", 1, get_element_by_id)
}

/// The first element of one of these names in the document's `html`.
fn child_of_html(tree: &Tree, document: NodeId, names: &[&str]) -> Option<NodeId> {
    let html = tree.document_element(document).filter(|&id| tree.element(id).is_some_and(|e| e.is_html("html")))?;
    tree.element_children(html)
        .find(|&id| tree.element(id).is_some_and(|element| names.iter().any(|name| element.is_html(name))))
}

fn set_body<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let document = this_document(ctx, this)?;
    let body = node_arg(ctx, args, 0, "body")?;
    document.dom.change(ctx, |tree| {
        if !tree.element(body).is_some_and(|element| element.is_html("body") || element.is_html("frameset")) {
            return Err(DomError::Hierarchy("the body of a document is a body or a frameset"));
        }
        match (child_of_html(tree, document.id, &["body", "frameset"]), tree.document_element(document.id)) {
            (Some(old), _) if old == body => Ok(()),
            (Some(old), Some(parent)) => tree.replace(parent, body, old),
            (None, Some(parent)) => tree.insert(parent, body, None),
            (_, None) => Err(DomError::Hierarchy("the document has no element for a body")),
        }
    })?;
    Ok(ctx.undefined())
}

pub(crate) fn get_element_by_id<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    need(ctx, args, 1, "getElementById")?;
    let found = args.get(0).with_text(|id| node.dom.read(|tree| tree.element_by_id(node.id, &id)))?;
    node.dom.wrap_option(ctx, found)
}

fn collections(members: Members<'_>) -> Result<Members<'_>> {
    members
        .method("getElementsByTagName", 1, by_tag_name)?
        .method("getElementsByTagNameNS", 2, by_tag_name_ns)?
        .method("getElementsByClassName", 1, by_class_name)?
        .method("getElementsByName", 1, |ctx, this, args| {
            let node = this_document(ctx, this)?;
            need(ctx, args, 1, "getElementsByName")?;
            collection::live(ctx, &node, this, Filter::Name(args.get(0).to_text()?))
        })?
        .get("forms", |ctx, this, _| html_elements(ctx, this, &["form"], &[]))?
        .get("images", |ctx, this, _| html_elements(ctx, this, &["img"], &[]))?
        .get("embeds", |ctx, this, _| html_elements(ctx, this, &["embed"], &[]))?
        .get("plugins", |ctx, this, _| html_elements(ctx, this, &["embed"], &[]))?
        .get("scripts", |ctx, this, _| html_elements(ctx, this, &["script"], &[]))?
        .get("links", |ctx, this, _| html_elements(ctx, this, &["a", "area"], &["href"]))?
        .get("anchors", |ctx, this, _| html_elements(ctx, this, &["a"], &["name"]))
}

fn html_elements<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    names: &'static [&'static str],
    attributes: &'static [&'static str],
) -> Result<Value<'a>> {
    collection::live(ctx, &*this_document(ctx, this)?, this, Filter::Html(names, attributes))
}

fn making(members: Members<'_>) -> Result<Members<'_>> {
    members
        .method("createElement", 1, create_element)?
        .method("createElementNS", 2, create_element_ns)?
        .method("createDocumentFragment", 0, |ctx, this, _| create(ctx, this, NodeData::Fragment { host: None }))?
        .method("createTextNode", 1, |ctx, this, args| {
            need(ctx, args, 1, "createTextNode")?;
            create(ctx, this, NodeData::Text(args.get(0).with_text(|text| (&*text).into())?))
        })?
        .method("createComment", 1, |ctx, this, args| {
            need(ctx, args, 1, "createComment")?;
            create(ctx, this, NodeData::Comment(args.get(0).with_text(|text| (&*text).into())?))
        })?
        .method("createCDATASection", 1, |ctx, this, args| {
            let document = this_document(ctx, this)?;
            need(ctx, args, 1, "createCDATASection")?;
            let text = args.get(0).to_text()?;
            if document.dom.read(|tree| tree.is_in_html_document(document.id)) {
                return Err(throw(ctx, &DomError::NotSupported("HTML documents have no CDATA sections")));
            }
            if text.contains("]]>") {
                return Err(throw(ctx, &DomError::InvalidCharacter("a CDATA section cannot hold \"]]>\"".into())));
            }
            create(ctx, this, NodeData::CData(text.into()))
        })?
        .method("createProcessingInstruction", 2, |ctx, this, args| {
            need(ctx, args, 2, "createProcessingInstruction")?;
            let (target, data) = (args.get(0).to_text()?, args.get(1).to_text()?);
            if !quickbeam_dom::is_xml_name(&target) || data.contains("?>") {
                let error = DomError::InvalidCharacter("this cannot be a processing instruction".into());
                return Err(throw(ctx, &error));
            }
            create(ctx, this, NodeData::Instruction(Box::new(InstructionData { target, data: data.into() })))
        })?
        .method("createAttribute", 1, |ctx, this, args| {
            let document = this_document(ctx, this)?;
            need(ctx, args, 1, "createAttribute")?;
            let name = args.get(0).to_text()?;
            if !is_attribute_name(&name) {
                return Err(throw(ctx, &DomError::InvalidCharacter(format!("{name:?} is not a valid attribute name"))));
            }
            let is_html = document.dom.read(|tree| tree.is_in_html_document(document.id));
            let name = local_name(&if is_html { name.to_ascii_lowercase() } else { name });
            create_attribute(ctx, &document, name)
        })?
        .method("createAttributeNS", 2, |ctx, this, args| {
            let document = this_document(ctx, this)?;
            need(ctx, args, 2, "createAttributeNS")?;
            let namespace = optional_text(&args.get(0))?.unwrap_or_default();
            let name = quickbeam_dom::validate_and_extract(&namespace, &args.get(1).to_text()?, NameKind::Attribute)
                .map_err(|error| throw(ctx, &error))?;
            create_attribute(ctx, &document, name)
        })
}

fn create<'a>(ctx: Ctx<'a>, this: &Value<'a>, data: NodeData) -> Result<Value<'a>> {
    let document = this_document(ctx, this)?;
    let node = document.dom.tree.borrow_mut().create(document.id, data);
    document.dom.account(ctx);
    document.dom.wrap(ctx, node)
}

fn create_attribute<'a>(ctx: Ctx<'a>, document: &Handle, name: QualName) -> Result<Value<'a>> {
    let node = document.dom.tree.borrow_mut().create_attribute(document.id, name, "");
    document.dom.wrap(ctx, node)
}

fn create_element<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let document = this_document(ctx, this)?;
    need(ctx, args, 1, "createElement")?;
    let is = is_option(&args.get(1))?;
    let made = args.get(0).with_text(|name| {
        if !is_element_name(&name) {
            return Err(DomError::InvalidCharacter(format!("{:?} is not a valid element name", &*name)));
        }
        let mut tree = document.dom.tree.borrow_mut();
        let (is_html, namespace) = match tree.node(document.id).as_document() {
            Some(data) if data.is_html => (true, ns!(html)),
            Some(data) if data.content_type == "application/xhtml+xml" => (false, ns!(html)),
            _ => (false, ns!()),
        };
        let name = if is_html && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            name.to_ascii_lowercase().into()
        } else {
            name
        };
        Ok(tree.create_element(document.id, QualName::new(None, namespace, LocalName::from(&*name))))
    })?;
    let element = made.map_err(|error| throw(ctx, &error))?;
    document.dom.account(ctx);
    document.dom.wrap_created(ctx, element, is.as_deref(), this)
}

fn create_element_ns<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let document = this_document(ctx, this)?;
    need(ctx, args, 2, "createElementNS")?;
    let namespace = optional_text(&args.get(0))?.unwrap_or_default();
    let name = quickbeam_dom::validate_and_extract(&namespace, &args.get(1).to_text()?, NameKind::Element)
        .map_err(|error| throw(ctx, &error))?;
    let is = is_option(&args.get(2))?;
    let element = document.dom.tree.borrow_mut().create_element(document.id, name);
    document.dom.account(ctx);
    document.dom.wrap_created(ctx, element, is.as_deref(), this)
}

/// The member `is` of the options of `createElement`.
fn is_option(options: &Value<'_>) -> Result<Option<String>> {
    if !options.is_object() {
        return Ok(None);
    }
    let is = options.get("is")?;
    if is.is_undefined() { Ok(None) } else { is.to_text().map(Some) }
}

/// A copy of a node.
pub(crate) fn clone<'a>(
    ctx: Ctx<'a>,
    dom: &Rc<Dom>,
    node: NodeId,
    document: Option<NodeId>,
    deep: bool,
) -> Result<Value<'a>> {
    dom.limit_growth(ctx);
    let copy = dom.change(ctx, |tree| tree.clone_node(node, document, deep))?;
    dom.wrap(ctx, copy)
}

// ── For glue ──

/// Functions that glue builds other interfaces with.
pub(crate) fn natives<'a>(ctx: Ctx<'a>) -> Result<Value<'a>> {
    let natives = quickbeam_api_webidl::Natives::new(ctx)?
        // `(node, deep)`
        .function("clone", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            clone(ctx, &node.dom, node.id, None, args.get(1).truthy())
        })?
        // `(value)`: whether it is a node
        .function("isNode", |ctx, _, args| Ok(ctx.boolean(crate::dom::handle_of(&args.get(0)).is_some())))?
        // `(node)`: its place among its siblings
        .function("indexOf", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            Ok(ctx.number(node.dom.read(|tree| tree.index(node.id)) as f64))
        })?
        // `(node)`: how many places it has for a boundary of a range
        .function("lengthOf", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            let length = node.dom.read(|tree| match &tree.node(node.id).data {
                NodeData::Doctype(_) | NodeData::Attribute(_) => 0,
                _ if tree.node(node.id).as_character_data().is_some() => tree.data_len(node.id),
                _ => tree.children(node.id).count(),
            });
            Ok(ctx.number(length as f64))
        })?
        // `(node, root)`: the next and the previous node in tree order within `root`, `null` at its end
        .function("following", |ctx, _, args| step(ctx, args, Tree::following))?
        .function("followingSubtree", |ctx, _, args| step(ctx, args, Tree::following_subtree))?
        .function("preceding", |ctx, _, args| step(ctx, args, Tree::preceding))?
        .function("lastDescendant", |ctx, _, args| {
            crate::node::relative(ctx, &args.get(0), |tree, id| Some(tree.last_inclusive_descendant(id)))
        })?
        // `(template)`: its contents
        .function("content", |ctx, _, args| {
            crate::node::relative(ctx, &args.get(0), |tree, id| tree.element(id)?.content)
        })?
        .function("namespaceOf", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            let namespace = node.dom.read(|tree| tree.element(node.id).map(|data| data.name.ns.to_string()));
            string_or_null(ctx, namespace.as_deref())
        })?
        // `(names ...)`: a live collection of the HTML elements of these names below the first argument
        .function("optionsBelow", |ctx, _, args| html_below(ctx, args, &["option"]))?
        .function("controlsBelow", |ctx, _, args| {
            html_below(ctx, args, &["button", "fieldset", "input", "object", "output", "select", "textarea"])
        })?
        // `(on)`: whether changes are told
        .function("watch", |ctx, _, args| {
            crate::of(ctx)?.tree.borrow_mut().watch(args.get(0).truthy());
            Ok(ctx.undefined())
        })?
        // `(node, on)`: whether it is observed
        .function("markObserved", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?.id;
            crate::of(ctx)?.tree.borrow_mut().mark_observed(node, args.get(1).truthy());
            Ok(ctx.undefined())
        })?
        // `(node)`: those of it and its ancestors that are observed
        .function("observedFrom", |ctx, _, args| {
            let (dom, node) = (crate::of(ctx)?, this_node(ctx, &args.get(0))?.id);
            let observed = dom.read(|tree| tree.observed_from(node));
            ctx.array(observed.into_iter().map(|id| dom.wrap(ctx, id)).collect::<Result<_>>()?)
        })?
        .function("nodeList", |ctx, _, args| {
            let dom = crate::of(ctx)?;
            let nodes = args.get(0);
            let mut ids = Vec::new();
            for index in 0..u32::try_from(nodes.length()?).unwrap_or(u32::MAX) {
                ids.push(this_node(ctx, &nodes.get_index(index)?)?.id);
            }
            collection::static_list(ctx, &dom, None, ids)
        })?
        .into_value();
    more_natives(ctx, natives)
}

fn more_natives<'a>(ctx: Ctx<'a>, natives: Value<'a>) -> Result<Value<'a>> {
    let more = quickbeam_api_webidl::Natives::new(ctx)?
        // `(document, name, public id, system id)`
        .function("createDoctype", |ctx, _, args| {
            let name = args.get(1).to_text()?;
            if !is_doctype_name(&name) {
                return Err(throw(ctx, &DomError::InvalidCharacter(format!("{name:?} is not a valid document type"))));
            }
            let data = DoctypeData { name, public_id: args.get(2).to_text()?, system_id: args.get(3).to_text()? };
            create(ctx, &args.get(0), NodeData::Doctype(Box::new(data)))
        })?
        // `(is HTML, content type)`: a new document
        .function("createDocument", |ctx, _, args| {
            let dom = crate::of(ctx)?;
            let kind = args.get(1).to_text()?;
            let document = dom.tree.borrow_mut().create_document(args.get(0).truthy(), &kind);
            dom.wrap(ctx, document)
        })?
        // `(markup)`: a document
        .function("parseHTML", |ctx, _, args| {
            let dom = crate::of(ctx)?;
            let markup = args.get(0).to_text()?;
            let document = dom.tree.borrow_mut().create_document(true, "text/html");
            let wrapper = dom.wrap(ctx, document)?;
            dom.limit_growth(ctx);
            let mut go_on = || ctx.poll(10_000).is_ok();
            let options = ParseOptions { scripting: false, go_on: &mut go_on };
            dom.change(ctx, |tree| tree.parse_document(document, &markup, options))?;
            Ok(wrapper)
        })?
        // `(markup, content type)`: a document, or a string that says what is wrong
        .function("parseXML", |ctx, _, args| {
            let dom = crate::of(ctx)?;
            let (markup, kind) = (args.get(0).to_text()?, args.get(1).to_text()?);
            let document = dom.tree.borrow_mut().create_document(false, &kind);
            let wrapper = dom.wrap(ctx, document)?;
            dom.limit_growth(ctx);
            let mut go_on = || ctx.poll(10_000).is_ok();
            let parsed = dom.change(ctx, |tree| match tree.parse_xml(document, &markup, &mut go_on) {
                Err(DomError::Syntax(text)) => Ok(Some(text)),
                other => other.map(|()| None),
            })?;
            parsed.map_or_else(|| Ok(wrapper), |text| ctx.string(&text))
        })?
        // `(element, markup)`: a fragment
        .function("parseFragment", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            let markup = args.get(1).to_text()?;
            let fragment = crate::element::parse(ctx, &node, node.id, &markup)?;
            node.dom.wrap(ctx, fragment)
        })?
        // `(parent, node, child)`: throws unless the node may be inserted there
        .function("checkInsertion", |ctx, _, args| {
            let parent = this_node(ctx, &args.get(0))?;
            let node = node_arg(ctx, args, 1, "insertNode")?;
            let child = crate::members::optional_node_arg(ctx, args, 2, "insertNode")?;
            let checked = parent.dom.read(|tree| tree.check_insertion(parent.id, node, child));
            checked.map_err(|error| throw(ctx, &error))?;
            Ok(ctx.undefined())
        })?
        .function("serializeXML", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            ctx.string(&node.dom.read(|tree| tree.outer_xml(node.id)))
        })?
        // `(name)`: elements of that name may be custom from now on
        .function("define", |ctx, _, args| {
            let dom = crate::of(ctx)?;
            let name = args.get(0).with_text(|name| LocalName::from(&*name))?;
            dom.defined.borrow_mut().insert(name);
            dom.tree.borrow_mut().watch(true);
            Ok(ctx.undefined())
        })?
        // `(root)`: the elements in it that a definition may be for
        .function("candidates", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            let found = node.dom.custom_candidates(node.id);
            ctx.array(found.into_iter().map(|id| node.dom.wrap(ctx, id)).collect::<Result<_>>()?)
        })?
        // `(element)`: the name of the custom built-in element that it was made as, or `null`
        .function("isValue", |ctx, _, args| {
            let node = this_node(ctx, &args.get(0))?;
            string_or_null(ctx, node.dom.read(|tree| tree.is_value(node.id).map(str::to_owned)).as_deref())
        })?
        // `(document, local name, prototype, is value or null)`: a new HTML element
        .function("constructElement", |ctx, _, args| {
            let document = this_document(ctx, &args.get(0))?;
            let name = args.get(1).with_text(|name| qualified_name(HTML, None, &name))?;
            let is = optional_text(&args.get(3))?;
            let element = document.dom.tree.borrow_mut().create_element(document.id, name);
            if let Some(is) = is {
                document.dom.tree.borrow_mut().set_is_value(element, &is);
            }
            document.dom.make_with(ctx, element, &args.get(2))
        })?
        // `(kind, document, text)`: a new text, comment or fragment
        .function("construct", |ctx, _, args| {
            let text = args.get(2).to_text()?;
            let data = match args.get(0).as_int() {
                Some(3) => NodeData::Text(text.into()),
                Some(8) => NodeData::Comment(text.into()),
                _ => NodeData::Fragment { host: None },
            };
            create(ctx, &args.get(1), data)
        })?
        .into_value();
    for key in more.keys()? {
        natives.set_key(&key, more.get_key(&key)?)?;
    }
    Ok(natives)
}

fn html_below<'a>(ctx: Ctx<'a>, args: Args<'a>, names: &'static [&'static str]) -> Result<Value<'a>> {
    let node = args.get(0);
    collection::live(ctx, &*this_node(ctx, &node)?, &node, Filter::Html(names, &[]))
}

fn step<'a>(
    ctx: Ctx<'a>,
    args: Args<'a>,
    step: impl FnOnce(&Tree, NodeId, NodeId) -> Option<NodeId>,
) -> Result<Value<'a>> {
    let root = this_node(ctx, &args.get(1))?.id;
    crate::node::relative(ctx, &args.get(0), |tree, id| step(tree, id, root))
}
