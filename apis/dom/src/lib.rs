//! The DOM: `document`, nodes of all kinds, events that travel through trees, mutation observers, ranges, traversal, custom elements,
//! parsing and serialising ([DOM](https://dom.spec.whatwg.org), [HTML](https://html.spec.whatwg.org) as far as it needs
//! no rendering).
//!
//! The tree is that of [`quickbeam_dom`], so it can be [read](query) without running JavaScript. Methods are native; classes, and what is
//! thin above the tree, are glue. A realm pays for all of it when it first uses `document` or `customElements`, or touches another of its names.
//!
//! # Map
//!
//! | file | holds |
//! |---|---|
//! | `dom.rs` | the DOM of a realm: which objects stand for which nodes, who keeps whom alive |
//! | `node.rs`, `element.rs`, `attributes.rs`, `text.rs`, `document.rs` | native members of the interfaces of those names |
//! | `tables.rs` | native members of the elements of tables |
//! | `forms.rs` | properties of forms and selects that stand for their controls and options |
//! | `style.rs` | declarations of CSS, and the indexed properties of `CSSStyleDeclaration` |
//! | `collection.rs`, `tokens.rs` | objects with indexed and named properties |
//! | `dom.js` | the classes; the others are parts of it: `documents.js`, `events.js`, `range.js`, `traversal.js`, `observer.js`, `custom.js`, `html.js` with `tags.js`, `links.js`, `activation.js`, `controls.js` and `forms.js`, `style.js` |

mod attributes;
mod collection;
mod document;
mod dom;
mod element;
mod forms;
mod listed;
mod members;
mod names;
mod node;
mod style;
mod tables;
mod text;
mod tokens;

use dom::Dom;
use quickbeam_api_events::EVENT_TARGET;
use quickbeam_api_webidl::{Natives, helpers, kept};
pub use quickbeam_dom::{
    Answer, Attribute, DomError, ElementData, LocalName, NodeId, QualName, Query, Seen, Tree, qualified,
};
use quickbeam_engine::{Attributes, Ctx, Deferred, Glue, Result, Value};
use quickbeam_executor::Api;
use std::rc::Rc;

static DOM: Glue = Glue::new("internal:dom", include_str!("dom.js"));
static DOCUMENTS: Glue = Glue::new("internal:dom/documents", include_str!("documents.js"));
static EVENTS: Glue = Glue::new("internal:dom/events", include_str!("events.js"));
static RANGE: Glue = Glue::new("internal:dom/range", include_str!("range.js"));
static TRAVERSAL: Glue = Glue::new("internal:dom/traversal", include_str!("traversal.js"));
static OBSERVER: Glue = Glue::new("internal:dom/observer", include_str!("observer.js"));
static CUSTOM: Glue = Glue::new("internal:dom/custom", include_str!("custom.js"));
static STYLE: Glue = Glue::new("internal:dom/style", include_str!("style.js"));
static TAGS: Glue = Glue::new("internal:dom/tags", include_str!("tags.js"));
static ACTIVATION: Glue = Glue::new("internal:dom/activation", include_str!("activation.js"));
static CONTROLS: Glue = Glue::new("internal:dom/controls", include_str!("controls.js"));
static FORMS: Glue = Glue::new("internal:dom/forms", include_str!("forms.js"));
static LINKS: Glue = Glue::new("internal:dom/links", include_str!("links.js"));
static HTML: Glue = Glue::new("internal:dom/html", include_str!("html.js"));

/// Names under which a realm keeps its DOM.
const TREE: &str = "dom tree";
const CLASSES: &str = "dom classes";

static DOCUMENT: Deferred =
    Deferred::instance("document", "HTMLDocument", CLASSES, classes).on(blank_document).extends(&EVENT_TARGET);
static CUSTOM_ELEMENTS: Deferred = Deferred::instance("customElements", "CustomElementRegistry", CLASSES, classes);

/// The API.
pub struct DomApi;

impl Api for DomApi {
    fn name(&self) -> &'static str {
        "dom"
    }

    fn install(&self, ctx: Ctx<'_>) -> Result<()> {
        ctx.define_deferred(&DOCUMENT)?;
        ctx.define_deferred(&CUSTOM_ELEMENTS)?;
        names::install(ctx)
    }
}

/// The object of the realm's document, before there are classes.
fn blank_document(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let dom = of(ctx)?;
    dom.make_with(ctx, dom.document, &ctx.object()?)
}

/// The DOM of a realm.
fn of(ctx: Ctx<'_>) -> Result<Rc<Dom>> {
    let kept = kept(ctx, TREE, |ctx| ctx.host_object(Dom::new(), None))?;
    kept.host::<Dom>().ok_or_else(|| ctx.throw_error("InternalError", "the DOM is gone"))
}

/// The prototype of a class.
fn prototype<'a>(ctx: Ctx<'a>, class: &str) -> Result<Value<'a>> {
    classes(ctx)?.get(class)?.get("prototype")
}

/// An object with the classes and objects of the DOM by name, whatever has become of the globals.
///
/// # Errors
/// Throws if memory is short.
pub fn classes(ctx: Ctx<'_>) -> Result<Value<'_>> {
    kept(ctx, CLASSES, |ctx| {
        let dom = of(ctx)?;
        let args = [helpers(ctx)?, quickbeam_api_events::classes(ctx)?, natives(ctx)?, parts(ctx)?];
        let all = ctx.call(&DOM.run(ctx)?, &ctx.undefined(), &args)?;
        ctx.keep(CLASSES, all.clone());
        dom.set_hooks(all.get("prototypeOf")?, all.get("tell")?, all.get("created")?);
        ctx.keep(quickbeam_api_file::FORM_ENTRIES, all.get("formEntries")?);
        // The document's object lives as long as the realm.
        let document = dom.wrap(ctx, dom.document)?;
        ctx.keep("dom document", document.clone());
        all.define("document", document, Attributes::ALL)?;
        Ok(all)
    })
}

/// The native members of the interfaces.
fn members(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Ok(Natives::new(ctx)?
        .value("Node", node::node(ctx)?)?
        .value("ParentNode", node::parent_node(ctx)?)?
        .value("ChildNode", node::child_node(ctx)?)?
        .value("ElementSiblings", node::element_siblings(ctx)?)?
        .value("Element", element::element(ctx)?)?
        .value("Document", document::document(ctx)?)?
        .value("CharacterData", text::character_data(ctx)?)?
        .value("Text", text::text(ctx)?)?
        .value("ProcessingInstruction", text::instruction(ctx)?)?
        .value("DocumentType", text::doctype(ctx)?)?
        .value("Attr", attributes::attr(ctx)?)?
        .value("NamedNodeMap", attributes::named_node_map(ctx)?)?
        .value("Collection", collection::members(ctx)?)?
        .value("DOMTokenList", tokens::dom_token_list(ctx)?)?
        .value("HTMLTableElement", tables::table(ctx)?)?
        .value("HTMLTableSectionElement", tables::section(ctx)?)?
        .value("HTMLTableRowElement", tables::row(ctx)?)?
        .value("HTMLTableCellElement", tables::cell(ctx)?)?
        .into_value())
}

/// What glue calls.
fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let natives = document::natives(ctx)?;
    natives.set("members", members(ctx)?)?;
    natives.set("style", style::natives(ctx)?)?;
    natives.set("forms", forms::natives(ctx)?)?;
    natives.set("tokenList", ctx.function("tokenList", 2, tokens::token_list)?)?;
    natives.set("dataset", ctx.function("dataset", 1, tokens::dataset)?)?;
    natives.set("getElementById", ctx.function("getElementById", 1, document::get_element_by_id)?)?;
    natives.set("baseURL", ctx.function("baseURL", 0, |ctx, _, _| Ok(quickbeam_api_url::base_url(ctx)))?)?;
    natives.set("resolveURL", ctx.function("resolveURL", 2, quickbeam_api_url::resolve)?)?;
    natives.set("partOfURL", ctx.function("partOfURL", 3, quickbeam_api_url::part_of)?)?;
    natives.set("withPartOfURL", ctx.function("withPartOfURL", 4, quickbeam_api_url::with_part)?)?;
    natives.set(
        "enqueueTask",
        ctx.function("enqueueTask", 1, |ctx, _, args| {
            quickbeam_executor::enqueue_immediate(ctx, args.get(0), Vec::new())?;
            Ok(ctx.undefined())
        })?,
    )?;
    // Other APIs are made when they are needed.
    natives.define(
        "files",
        ctx.function("files", 0, |ctx, _, _| quickbeam_api_file::classes(ctx))?,
        Attributes::ALL,
    )?;
    natives.set(
        "messageEvent",
        ctx.function("messageEvent", 0, |ctx, _, _| quickbeam_api_messaging::classes(ctx)?.get("MessageEvent"))?,
    )?;
    natives.set(
        "report",
        ctx.function("report", 1, |ctx, _, args| {
            quickbeam_executor::report_exception(ctx, &args.get(0));
            Ok(ctx.undefined())
        })?,
    )?;
    natives.set(
        "mainDocument",
        ctx.function("mainDocument", 0, |ctx, _, _| {
            let dom = of(ctx)?;
            dom.wrap(ctx, dom.document)
        })?,
    )?;
    Ok(natives)
}

/// The parts of `dom.js`, by name.
fn parts(ctx: Ctx<'_>) -> Result<Value<'_>> {
    let parts = ctx.object_without_prototype()?;
    for (name, glue) in [
        ("documents", &DOCUMENTS),
        ("events", &EVENTS),
        ("range", &RANGE),
        ("traversal", &TRAVERSAL),
        ("observer", &OBSERVER),
        ("custom", &CUSTOM),
        ("style", &STYLE),
        ("tags", &TAGS),
        ("links", &LINKS),
        ("activation", &ACTIVATION),
        ("controls", &CONTROLS),
        ("forms", &FORMS),
        ("html", &HTML),
    ] {
        parts.define(name, glue.run(ctx)?, Attributes::ALL)?;
    }
    Ok(parts)
}

/// Answers a question about the realm's document and hands the tree with the answer to `f`. No JavaScript runs. A realm that
/// never touched its document has an empty page.
///
/// # Errors
/// `SyntaxError` for what is no selector; [`DomError::Interrupted`] if the realm's deadline passed meanwhile.
pub fn query<R>(ctx: Ctx<'_>, query: &Query, f: impl FnOnce(&Tree, Answer) -> R) -> std::result::Result<R, DomError> {
    let kept = ctx.kept(TREE).and_then(|kept| kept.host::<Dom>());
    let dom = kept.unwrap_or_else(Dom::new);
    let tree = dom.tree.borrow();
    let answer = tree.query(dom.document, query, &mut || ctx.poll(10_000).is_ok())?;
    Ok(f(&tree, answer))
}
