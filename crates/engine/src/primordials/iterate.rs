//! What is iterated, without a word of a script where it is a builtin list.
//!
//! `for (const x of $.iter(list))` asks what `iter` returns for its iterator, and that for `next`: it is an iterator of the engine's, so
//! that the engine does not make result objects, with a prototype that only glue has.

use super::table::Owner;
use super::{class_prototype, is_same, missing};
use crate::ctx::{Ctx, c_text};
use crate::error::Result;
use crate::function::Args;
use crate::native::Native;
use crate::object::{Attributes, PropertyKey};
use crate::value::Value;

/// The engine's iterators.
#[derive(Clone, Copy)]
enum Kind {
    Array,
    Map,
    Set,
    String,
}

impl Kind {
    fn owner(self) -> &'static str {
        match self {
            Kind::Array => "ArrayIterator",
            Kind::Map => "MapIterator",
            Kind::Set => "SetIterator",
            Kind::String => "StringIterator",
        }
    }
}

/// Something that iterates like its argument.
pub(super) fn iter<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let list = args.get(0);
    let table = ctx.primordial_table()?;
    let Some(owner) = table.owner_of(&list) else { return Ok(list) };
    if list.is_object() && !is_same(&list.prototype()?, &class_prototype(&list)) {
        return Ok(list);
    }
    let (kind, of) = match owner {
        Owner::ARRAY => (Kind::Array, "Array"),
        Owner::TYPED_ARRAY => (Kind::Array, "TypedArray"),
        Owner::MAP => (Kind::Map, "Map"),
        Owner::SET => (Kind::Set, "Set"),
        Owner::STRING => (Kind::String, "String"),
        Owner::ARRAY_ITERATOR | Owner::MAP_ITERATOR | Owner::SET_ITERATOR | Owner::STRING_ITERATOR => {
            return iterator(ctx, Kind::Array, "Array", &drained(ctx, owner, &list)?);
        }
        _ => return Ok(list),
    };
    iterator(ctx, kind, of, &list)
}

/// What iterates like an array, and anything else as it is.
pub(super) fn list<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let list = args.get(0);
    if list.is_array() { iter(ctx, args) } else { Ok(list) }
}

/// Fills a new `Map`, `Set`, `WeakMap` or `WeakSet` from a builtin list.
pub(super) fn collection<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let (made, list) = (args.get(0), args.get(1));
    let table = ctx.primordial_table()?;
    let add = match table.owner_of(&made) {
        Some(Owner::MAP) => table.function("Map_prototype_set"),
        Some(Owner::SET) => table.function("Set_prototype_add"),
        Some(Owner::WEAK_MAP) => table.function("WeakMap_prototype_set"),
        Some(Owner::WEAK_SET) => table.function("WeakSet_prototype_add"),
        _ => None,
    };
    let add = add.ok_or_else(|| missing(ctx))?;
    let is_map = matches!(table.owner_of(&made), Some(Owner::MAP | Owner::WEAK_MAP));
    let add = |item: Value<'a>| {
        let args = if is_map { vec![item.get_index(0)?, item.get_index(1)?] } else { vec![item] };
        add.call(ctx, &made, &args)
    };
    if list.is_array() {
        for index in 0..list.length()? {
            add(list.get_index(index as u32)?)?;
        }
    } else if !list.is_undefined() && !list.is_null() {
        let of = if list.is_map() { "Map_prototype_entries" } else { "Set_prototype_values" };
        let iterator = table.function(of).ok_or_else(|| missing(ctx))?.call(ctx, &list, &[])?;
        let owner = table.owner_of(&iterator).ok_or_else(|| missing(ctx))?;
        each(ctx, owner, &iterator, |item| add(item).map(drop))?;
    }
    Ok(made)
}

/// The iterator of a builtin list.
fn iterator<'a>(ctx: Ctx<'a>, kind: Kind, of: &str, list: &Value<'a>) -> Result<Value<'a>> {
    let native = ctx.primordial_table()?.function(&format!("{of}_prototype_@@iterator")).ok_or_else(|| missing(ctx))?;
    let iterator = native.call(ctx, list, &[])?;
    iterator.set_prototype(&prototype(ctx, kind)?)?;
    Ok(iterator)
}

/// What the iterators that glue gets inherit from.
fn prototype<'a>(ctx: Ctx<'a>, kind: Kind) -> Result<Value<'a>> {
    let place = &ctx.made()?.iterators[kind as usize];
    if let Some(known) = place.get() {
        return Ok(ctx.get_kept(known));
    }
    let prototype = ctx.object_without_prototype()?;
    prototype.define("next", next_of(ctx, kind.owner())?.to_function(ctx, c"next")?, Attributes::FIXED)?;
    let table = ctx.primordial_table()?;
    let itself = table.function("Iterator_prototype_@@iterator").ok_or_else(|| missing(ctx))?;
    let itself = itself.to_function(ctx, &c_text("[Symbol.iterator]"))?;
    let symbol = PropertyKey::from_value(&ctx.primordial("Symbol")?.get("iterator")?)?;
    prototype.define_key(&symbol, itself, Attributes::FIXED)?;
    let kept = prototype.clone().persist();
    let _ = place.set(kept);
    Ok(prototype)
}

fn next_of(ctx: Ctx<'_>, owner: &str) -> Result<&'static Native> {
    ctx.primordial_table()?.function(&format!("{owner}_prototype_next")).ok_or_else(|| missing(ctx))
}

/// What is left of an iterator, as an array.
fn drained<'a>(ctx: Ctx<'a>, owner: Owner, iterator: &Value<'a>) -> Result<Value<'a>> {
    let mut items = Vec::new();
    each(ctx, owner, iterator, |item| {
        items.push(item);
        Ok(())
    })?;
    ctx.array(items)
}

fn each<'a>(
    ctx: Ctx<'a>,
    owner: Owner,
    iterator: &Value<'a>,
    mut f: impl FnMut(Value<'a>) -> Result<()>,
) -> Result<()> {
    let next = match owner {
        Owner::ARRAY_ITERATOR => next_of(ctx, "ArrayIterator")?,
        Owner::MAP_ITERATOR => next_of(ctx, "MapIterator")?,
        Owner::SET_ITERATOR => next_of(ctx, "SetIterator")?,
        _ => next_of(ctx, "StringIterator")?,
    };
    let mut steps = 0;
    while let Some(item) = next.step(ctx, iterator)? {
        f(item)?;
        steps += 1;
        if steps % 1000 == 0 {
            ctx.poll(1000)?;
        }
    }
    Ok(())
}
