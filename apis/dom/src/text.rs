//! `CharacterData`, `Text`, `ProcessingInstruction` and `DocumentType`.

use crate::dom::this_node;
use crate::members::{Members, text_or_empty, unsigned_long};
use quickbeam_api_webidl::need;
use quickbeam_dom::{DoctypeData, NodeData, NodeId};
use quickbeam_engine::{Args, Ctx, Result, Value};

/// The members of `CharacterData`.
pub(crate) fn character_data(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get_set(
            "data",
            |ctx, this, _| {
                let node = this_node(ctx, this)?;
                let data = node.dom.read(|tree| tree.node(node.id).as_character_data().map(str::to_owned));
                ctx.string(data.as_deref().unwrap_or_default())
            },
            |ctx, this, args| {
                let node = this_node(ctx, this)?;
                let text = text_or_empty(&args.get(0))?;
                node.dom.change(ctx, |tree| {
                    tree.set_data(node.id, &text);
                    Ok(())
                })?;
                Ok(ctx.undefined())
            },
        )?
        .get("length", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            Ok(ctx.number(node.dom.read(|tree| tree.data_len(node.id)) as f64))
        })?
        .method("substringData", 2, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 2, "substringData")?;
            let (offset, count) = (unsigned_long(&args.get(0))?, unsigned_long(&args.get(1))?);
            let text = node.dom.read(|tree| tree.substring_data(node.id, offset, count));
            ctx.string(&text.map_err(|error| crate::dom::throw(ctx, &error))?)
        })?
        .method("appendData", 1, |ctx, this, args| {
            need(ctx, args, 1, "appendData")?;
            let node = this_node(ctx, this)?;
            let end = node.dom.read(|tree| tree.data_len(node.id));
            replace(ctx, this, end, 0, &args.get(0))
        })?
        .method("insertData", 2, |ctx, this, args| {
            need(ctx, args, 2, "insertData")?;
            replace(ctx, this, unsigned_long(&args.get(0))?, 0, &args.get(1))
        })?
        .method("deleteData", 2, |ctx, this, args| {
            need(ctx, args, 2, "deleteData")?;
            let (offset, count) = (unsigned_long(&args.get(0))?, unsigned_long(&args.get(1))?);
            replace(ctx, this, offset, count, &ctx.string("")?)
        })?
        .method("replaceData", 3, |ctx, this, args| {
            need(ctx, args, 3, "replaceData")?;
            let (offset, count) = (unsigned_long(&args.get(0))?, unsigned_long(&args.get(1))?);
            replace(ctx, this, offset, count, &args.get(2))
        })
        .map(Members::into_value)
}

fn replace<'a>(ctx: Ctx<'a>, this: &Value<'a>, offset: usize, count: usize, with: &Value<'a>) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let with = with.to_text()?;
    node.dom.change(ctx, |tree| tree.replace_data(node.id, offset, count, &with))?;
    Ok(ctx.undefined())
}

/// The members of `Text`.
pub(crate) fn text(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .method("splitText", 1, |ctx, this, args| {
            let node = this_node(ctx, this)?;
            need(ctx, args, 1, "splitText")?;
            let offset = unsigned_long(&args.get(0))?;
            let new = node.dom.change(ctx, |tree| tree.split_text(node.id, offset))?;
            node.dom.wrap(ctx, new)
        })?
        .get("wholeText", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            let text = node.dom.read(|tree| {
                let is_text = |id: &NodeId| tree.node(*id).as_text().is_some();
                let back = |id: &NodeId| tree.previous_sibling(*id).filter(is_text);
                let first = std::iter::successors(Some(node.id), back).last();
                let on = |id: &NodeId| tree.next_sibling(*id).filter(is_text);
                std::iter::successors(first, on).filter_map(|id| tree.node(id).as_text()).collect::<String>()
            });
            ctx.string(&text)
        })
        .map(Members::into_value)
}

/// The member of `ProcessingInstruction`.
pub(crate) fn instruction(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("target", |ctx, this, _| {
            let node = this_node(ctx, this)?;
            let target = node.dom.read(|tree| match &tree.node(node.id).data {
                NodeData::Instruction(pi) => pi.target.clone(),
                _ => String::new(),
            });
            ctx.string(&target)
        })
        .map(Members::into_value)
}

/// The members of `DocumentType`.
pub(crate) fn doctype(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("name", |ctx, this, args| doctype_field(ctx, this, args, |doctype| doctype.name.clone()))?
        .get("publicId", |ctx, this, args| doctype_field(ctx, this, args, |doctype| doctype.public_id.clone()))?
        .get("systemId", |ctx, this, args| doctype_field(ctx, this, args, |doctype| doctype.system_id.clone()))
        .map(Members::into_value)
}

fn doctype_field<'a>(
    ctx: Ctx<'a>,
    this: &Value<'a>,
    _: Args<'a>,
    read: impl FnOnce(&DoctypeData) -> String,
) -> Result<Value<'a>> {
    let node = this_node(ctx, this)?;
    let text = node.dom.read(|tree| match &tree.node(node.id).data {
        NodeData::Doctype(doctype) => Some(read(doctype)),
        _ => None,
    });
    text.map_or_else(|| Err(ctx.throw_type("Illegal invocation")), |text| ctx.string(&text))
}
