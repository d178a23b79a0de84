//! Defining the members of an interface, and reading arguments.

use crate::dom::handle_of;
use quickbeam_dom::NodeId;
use quickbeam_engine::{Args, Attributes, Ctx, NativeFn, Result, Value};

/// The members of one interface, on an object from which glue copies them to its prototype.
pub(crate) struct Members<'a> {
    target: Value<'a>,
}

impl<'a> Members<'a> {
    pub(crate) fn new(ctx: Ctx<'a>) -> Result<Members<'a>> {
        Ok(Members { target: ctx.object()? })
    }

    pub(crate) fn method<F: NativeFn>(self, name: &str, length: u32, native: F) -> Result<Members<'a>> {
        let function = self.target.ctx().function(name, length, native)?;
        self.target.define(name, function, Attributes::ALL)?;
        Ok(self)
    }

    pub(crate) fn get<F: NativeFn>(self, name: &str, get: F) -> Result<Members<'a>> {
        let getter = self.target.ctx().function(&format!("get {name}"), 0, get)?;
        self.target.define_accessor(name, getter, None, Attributes::ALL)?;
        Ok(self)
    }

    pub(crate) fn get_set<F: NativeFn, G: NativeFn>(self, name: &str, get: F, set: G) -> Result<Members<'a>> {
        let ctx = self.target.ctx();
        let getter = ctx.function(&format!("get {name}"), 0, get)?;
        let setter = ctx.function(&format!("set {name}"), 1, set)?;
        self.target.define_accessor(name, getter, Some(setter), Attributes::ALL)?;
        Ok(self)
    }

    pub(crate) fn into_value(self) -> Value<'a> {
        self.target
    }
}

/// An argument that must be a node.
pub(crate) fn node_arg(ctx: Ctx<'_>, args: Args<'_>, index: usize, function: &str) -> Result<NodeId> {
    match handle_of(&args.get(index)) {
        Some(handle) => Ok(handle.id),
        None => Err(ctx.throw_type(&format!("{function}: argument {} is not a Node", index + 1))),
    }
}

/// An argument that must be a node or `null`.
pub(crate) fn optional_node_arg(ctx: Ctx<'_>, args: Args<'_>, index: usize, function: &str) -> Result<Option<NodeId>> {
    let value = args.get(index);
    if value.is_null() || value.is_undefined() { Ok(None) } else { node_arg(ctx, args, index, function).map(Some) }
}

/// `DOMString?`
pub(crate) fn optional_text(value: &Value<'_>) -> Result<Option<String>> {
    if value.is_null() || value.is_undefined() { Ok(None) } else { value.to_text().map(Some) }
}

/// `[LegacyNullToEmptyString] DOMString`
pub(crate) fn text_or_empty(value: &Value<'_>) -> Result<String> {
    if value.is_null() { Ok(String::new()) } else { value.to_text() }
}

/// A string, or `null`.
pub(crate) fn string_or_null<'a>(ctx: Ctx<'a>, text: Option<&str>) -> Result<Value<'a>> {
    text.map_or_else(|| Ok(ctx.null()), |text| ctx.string(text))
}

/// Entries that are looked through without a poll.
pub(crate) const UNPOLLED: usize = 256;

/// Polls, once so many entries were looked through for one property: builtins that read all of them do not.
pub(crate) fn poll_scan(ctx: Ctx<'_>, entries: usize) -> Result<()> {
    if entries <= UNPOLLED { Ok(()) } else { ctx.poll(u32::try_from(entries).unwrap_or(u32::MAX)) }
}

/// `unsigned long`
pub(crate) fn unsigned_long(value: &Value<'_>) -> Result<usize> {
    Ok(quickbeam_api_webidl::to_long(value)?.cast_unsigned() as usize)
}
