//! Tables (HTML Standard, [tabular data](https://html.spec.whatwg.org/multipage/tables.html)): their sections, rows and cells.

use crate::collection::{self, Filter};
use crate::dom::{Dom, HTML, Handle, Which, this_node};
use crate::members::{Members, optional_node_arg};
use quickbeam_api_webidl::{need, to_long};
use quickbeam_dom::{DomError, NodeId, Tree, qualified_name};
use quickbeam_engine::{Args, Ctx, Result, Value};
use std::rc::Rc;

const TABLE: &[&str] = &["table"];
const SECTIONS: &[&str] = &["thead", "tbody", "tfoot"];
const ROW: &[&str] = &["tr"];
const CELLS: &[&str] = &["td", "th"];

/// The members of `HTMLTableElement`.
pub(crate) fn table(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get_set(
            "caption",
            |ctx, this, _| part(ctx, this, "caption"),
            |ctx, this, args| set_part(ctx, this, args, "caption", &["caption"]),
        )?
        .method("createCaption", 0, |ctx, this, _| create_part(ctx, this, "caption"))?
        .method("deleteCaption", 0, |ctx, this, _| delete_part(ctx, this, "caption"))?
        .get_set(
            "tHead",
            |ctx, this, _| part(ctx, this, "thead"),
            |ctx, this, args| set_part(ctx, this, args, "thead", SECTIONS),
        )?
        .method("createTHead", 0, |ctx, this, _| create_part(ctx, this, "thead"))?
        .method("deleteTHead", 0, |ctx, this, _| delete_part(ctx, this, "thead"))?
        .get_set(
            "tFoot",
            |ctx, this, _| part(ctx, this, "tfoot"),
            |ctx, this, args| set_part(ctx, this, args, "tfoot", SECTIONS),
        )?
        .method("createTFoot", 0, |ctx, this, _| create_part(ctx, this, "tfoot"))?
        .method("deleteTFoot", 0, |ctx, this, _| delete_part(ctx, this, "tfoot"))?
        .get("tBodies", |ctx, this, _| list(ctx, this, TABLE, Which::TableBodies, Filter::HtmlChildren(&["tbody"])))?
        .method("createTBody", 0, |ctx, this, _| {
            let table = this_html(ctx, this, TABLE)?;
            make(ctx, &table.dom, |tree| add(tree, table.id, "tbody", place_of(tree, table.id, "tbody")))
        })?
        .get("rows", |ctx, this, _| list(ctx, this, TABLE, Which::Items, Filter::Rows))?
        .method("insertRow", 0, insert_row)?
        .method("deleteRow", 1, |ctx, this, args| {
            delete_at(ctx, this, args, TABLE, "deleteRow", |tree, table| rows(tree, table).collect())
        })
        .map(Members::into_value)
}

/// The members of `HTMLTableSectionElement`.
pub(crate) fn section(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("rows", |ctx, this, _| list(ctx, this, SECTIONS, Which::Items, Filter::HtmlChildren(ROW)))?
        .method("insertRow", 0, |ctx, this, args| insert_child(ctx, this, args, SECTIONS, ROW))?
        .method("deleteRow", 1, |ctx, this, args| {
            delete_at(ctx, this, args, SECTIONS, "deleteRow", |tree, section| named(tree, section, ROW).collect())
        })
        .map(Members::into_value)
}

/// The members of `HTMLTableRowElement`.
pub(crate) fn row(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("rowIndex", |ctx, this, _| {
            let row = this_html(ctx, this, ROW)?;
            let found =
                row.dom.read(|tree| position(table_of(tree, row.id).into_iter().flat_map(|id| rows(tree, id)), row.id));
            Ok(ctx.int(found))
        })?
        .get("sectionRowIndex", |ctx, this, _| {
            let row = this_html(ctx, this, ROW)?;
            let found = row.dom.read(|tree| match tree.parent(row.id) {
                Some(table) if is(tree, table, TABLE) => position(rows(tree, table), row.id),
                Some(section) if is(tree, section, SECTIONS) => position(named(tree, section, ROW), row.id),
                _ => -1,
            });
            Ok(ctx.int(found))
        })?
        .get("cells", |ctx, this, _| list(ctx, this, ROW, Which::Items, Filter::HtmlChildren(CELLS)))?
        .method("insertCell", 0, |ctx, this, args| insert_child(ctx, this, args, ROW, CELLS))?
        .method("deleteCell", 1, |ctx, this, args| {
            delete_at(ctx, this, args, ROW, "deleteCell", |tree, row| named(tree, row, CELLS).collect())
        })
        .map(Members::into_value)
}

/// The members of `HTMLTableCellElement`.
pub(crate) fn cell(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("cellIndex", |ctx, this, _| {
            let cell = this_html(ctx, this, CELLS)?;
            let found = cell.dom.read(|tree| {
                let row = tree.parent(cell.id).filter(|&row| is(tree, row, ROW));
                position(row.into_iter().flat_map(|row| named(tree, row, CELLS)), cell.id)
            });
            Ok(ctx.int(found))
        })
        .map(Members::into_value)
}

// ── The tree of a table ──

fn is(tree: &Tree, id: NodeId, names: &[&str]) -> bool {
    tree.element(id).is_some_and(|element| names.iter().any(|name| element.is_html(name)))
}

/// The HTML elements of these names among the children.
fn named<'t>(tree: &'t Tree, parent: NodeId, names: &'static [&'static str]) -> impl Iterator<Item = NodeId> + use<'t> {
    tree.element_children(parent).filter(|&id| is(tree, id, names))
}

/// The rows of a table: those of its heads come first, those of its feet last.
pub(crate) fn rows(tree: &Tree, table: NodeId) -> impl Iterator<Item = NodeId> {
    let of_sections = |names| named(tree, table, names).flat_map(|section| named(tree, section, ROW));
    let between = named(tree, table, &["tr", "tbody"]).flat_map(|child| {
        let is_row = is(tree, child, ROW);
        let of_body = (!is_row).then(|| named(tree, child, ROW));
        is_row.then_some(child).into_iter().chain(of_body.into_iter().flatten())
    });
    of_sections(&["thead"]).chain(between).chain(of_sections(&["tfoot"]))
}

fn table_of(tree: &Tree, row: NodeId) -> Option<NodeId> {
    let parent = tree.parent(row)?;
    if is(tree, parent, TABLE) {
        return Some(parent);
    }
    tree.parent(parent).filter(|&table| is(tree, parent, SECTIONS) && is(tree, table, TABLE))
}

/// The child that a new part of a table is put before; `None` for the end.
fn place_of(tree: &Tree, table: NodeId, part: &str) -> Option<NodeId> {
    match part {
        "caption" => tree.first_child(table),
        "thead" => tree.element_children(table).find(|&id| !is(tree, id, &["caption", "colgroup"])),
        "tbody" => named(tree, table, &["tbody"]).last().and_then(|last| tree.next_sibling(last)),
        _ => None,
    }
}

/// A new element in `parent`.
fn add(tree: &mut Tree, parent: NodeId, name: &str, before: Option<NodeId>) -> quickbeam_dom::Result<NodeId> {
    let document = tree.document(parent).unwrap_or(parent);
    let element = tree.create_element(document, qualified_name(HTML, None, name));
    tree.insert(parent, element, before)?;
    Ok(element)
}

fn position(mut among: impl Iterator<Item = NodeId>, id: NodeId) -> i32 {
    among.position(|other| other == id).map_or(-1, |index| i32::try_from(index).unwrap_or(i32::MAX))
}

// ── What members have in common ──

fn this_html(ctx: Ctx<'_>, this: &Value<'_>, names: &[&str]) -> Result<Rc<Handle>> {
    let node = this_node(ctx, this)?;
    if node.dom.read(|tree| is(tree, node.id, names)) { Ok(node) } else { Err(ctx.throw_type("Illegal invocation")) }
}

fn list<'a>(ctx: Ctx<'a>, this: &Value<'a>, names: &[&str], which: Which, filter: Filter) -> Result<Value<'a>> {
    collection::same(ctx, &*this_html(ctx, this, names)?, this, which, filter)
}

/// The object of an element that an operation makes.
fn make<'a>(
    ctx: Ctx<'a>,
    dom: &Rc<Dom>,
    operation: impl FnOnce(&mut Tree) -> quickbeam_dom::Result<NodeId>,
) -> Result<Value<'a>> {
    let made = dom.change(ctx, operation)?;
    dom.wrap(ctx, made)
}

fn part_of(tree: &Tree, table: NodeId, name: &'static str) -> Option<NodeId> {
    tree.element_children(table).find(|&id| is(tree, id, &[name]))
}

fn part<'a>(ctx: Ctx<'a>, this: &Value<'a>, name: &'static str) -> Result<Value<'a>> {
    let table = this_html(ctx, this, TABLE)?;
    let found = table.dom.read(|tree| part_of(tree, table.id, name));
    table.dom.wrap_option(ctx, found)
}

/// Puts another element, or none, in the place of the first part of that name. Values that are no element of `types` are no values of
/// the attribute's type.
fn set_part<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
    name: &'static str,
    types: &[&str],
) -> Result<Value<'a>> {
    let table = this_html(ctx, this, TABLE)?;
    let new = optional_node_arg(ctx, args, 0, name)?;
    if let Some(new) = new
        && !table.dom.read(|tree| is(tree, new, types))
    {
        return Err(ctx.throw_type(&format!("{name}: the value is not {}", types.join(", "))));
    }
    table.dom.change(ctx, |tree| {
        if new.is_some_and(|new| !is(tree, new, &[name])) {
            return Err(DomError::Hierarchy("the section is of another kind"));
        }
        if let Some(old) = part_of(tree, table.id, name) {
            tree.remove(old);
        }
        let before = place_of(tree, table.id, name);
        new.map_or(Ok(()), |new| tree.insert(table.id, new, before))
    })?;
    Ok(ctx.undefined())
}

fn create_part<'a>(ctx: Ctx<'a>, this: &Value<'a>, name: &'static str) -> Result<Value<'a>> {
    let table = this_html(ctx, this, TABLE)?;
    make(ctx, &table.dom, |tree| match part_of(tree, table.id, name) {
        Some(part) => Ok(part),
        None => add(tree, table.id, name, place_of(tree, table.id, name)),
    })
}

fn delete_part<'a>(ctx: Ctx<'a>, this: &Value<'a>, name: &'static str) -> Result<Value<'a>> {
    let table = this_html(ctx, this, TABLE)?;
    table.dom.change(ctx, |tree| {
        part_of(tree, table.id, name).into_iter().for_each(|part| tree.remove(part));
        Ok(())
    })?;
    Ok(ctx.undefined())
}

/// `long index = -1`
fn index_arg(args: Args<'_>) -> Result<i32> {
    let index = args.get(0);
    if index.is_undefined() { Ok(-1) } else { to_long(&index) }
}

fn no_index(index: i32) -> DomError {
    DomError::IndexSize(format!("there is nothing at index {index}"))
}

/// Which of `count` items a new one is put before; `None` for the end.
fn insertion_index(index: i32, count: usize) -> quickbeam_dom::Result<Option<usize>> {
    match usize::try_from(index) {
        Ok(index) if index < count => Ok(Some(index)),
        Ok(at) if at > count => Err(no_index(index)),
        Err(_) if index < -1 => Err(no_index(index)),
        _ => Ok(None),
    }
}

fn insert_row<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let table = this_html(ctx, this, TABLE)?;
    let index = index_arg(args)?;
    make(ctx, &table.dom, |tree| {
        let rows: Vec<NodeId> = rows(tree, table.id).collect();
        let before = insertion_index(index, rows.len())?.and_then(|index| rows.get(index).copied());
        let parent = match before.or(rows.last().copied()).and_then(|row| tree.parent(row)) {
            Some(parent) => parent,
            None => match named(tree, table.id, &["tbody"]).last() {
                Some(body) => body,
                None => add(tree, table.id, "tbody", None)?,
            },
        };
        add(tree, parent, "tr", before)
    })
}

/// Makes a child of the first of these names, its place being counted among children of all of them.
fn insert_child<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
    of: &[&str],
    names: &'static [&'static str],
) -> Result<Value<'a>> {
    let parent = this_html(ctx, this, of)?;
    let index = index_arg(args)?;
    make(ctx, &parent.dom, |tree| {
        let children: Vec<NodeId> = named(tree, parent.id, names).collect();
        let before = insertion_index(index, children.len())?.and_then(|index| children.get(index).copied());
        add(tree, parent.id, names.first().copied().unwrap_or_default(), before)
    })
}

/// Removes the one of `items` that the first argument is the index of; the last, if there is one, for -1.
fn delete_at<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    args: Args<'a>,
    of: &[&str],
    function: &str,
    items: impl FnOnce(&Tree, NodeId) -> Vec<NodeId>,
) -> Result<Value<'a>> {
    let parent = this_html(ctx, this, of)?;
    need(ctx, args, 1, function)?;
    let index = to_long(&args.get(0))?;
    parent.dom.change(ctx, |tree| {
        let items = items(tree, parent.id);
        let item = match usize::try_from(index) {
            Ok(at) => Some(items.get(at).ok_or_else(|| no_index(index))?),
            Err(_) if index == -1 => items.last(),
            Err(_) => return Err(no_index(index)),
        };
        item.into_iter().for_each(|&item| tree.remove(item));
        Ok(())
    })?;
    Ok(ctx.undefined())
}
