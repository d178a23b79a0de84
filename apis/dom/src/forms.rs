//! The indexed and named properties of `HTMLFormElement`, and the indexed ones of `HTMLSelectElement`
//! ([HTML](https://html.spec.whatwg.org/multipage/forms.html#dom-form-nameditem)).
//!
//! Controls hide what forms inherit: `form.action` may be a button. Glue does not see them, so no control comes between it and a form.

use crate::collection::{ELEMENT, Filter, NAMED, OPTION, all_names, keys, named_control, same};
use crate::dom::{Dom, HTML, Handle, Which, this_node};
use crate::listed::Listed;
use quickbeam_api_webidl::Natives;
use quickbeam_dom::{NodeId, Tree, qualified_name};
use quickbeam_engine::{Args, Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::rc::Rc;

/// Options that a select is filled up to.
const MOST_OPTIONS: usize = 100_000;

/// Whether the object of a node answers for properties of its own.
pub(crate) fn has_own_names(tree: &Tree, id: NodeId) -> bool {
    tree.is_form(id) || tree.is_select(id)
}

fn options(tree: &Tree, select: NodeId) -> Vec<NodeId> {
    tree.descendants(select).filter(|&id| tree.is_option(id)).collect()
}

impl Handle {
    fn is_form(&self) -> bool {
        self.dom.read(|tree| tree.is_form(self.id))
    }

    /// The controls of a form, or the options of a select.
    fn indexed(&self) -> Rc<Listed> {
        let is_form = self.is_form();
        self.items(|tree| if is_form { tree.form_controls(self.id) } else { options(tree, self.id) })
    }

    /// What a form calls by that name: controls, else an image.
    fn named<'a>(&self, ctx: Ctx<'a>, key: &PropertyKey<'a>) -> Result<Option<Value<'a>>> {
        let name = key.to_value()?;
        if !name.is_string() || !self.is_form() {
            return Ok(None);
        }
        let name = name.with_text(|name| self.dom.read(|tree| tree.may_be_named(&name)).then(|| name.into_owned()))?;
        let Some(name) = name.filter(|_| !ctx.is_asked_by_glue()) else { return Ok(None) };
        let controls = self.indexed();
        controls.poll(ctx)?;
        if let Some(found) = named_control(ctx, &self.dom, self.id, &controls, &name)? {
            return Ok(Some(found));
        }
        let images = self.images();
        images.poll(ctx)?;
        let [image, _] = self.dom.read(|tree| images.named(tree, &name));
        image.map(|id| self.dom.wrap(ctx, id)).transpose()
    }
}

impl Exotic for Handle {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        let ctx = object.ctx();
        match key.as_index() {
            Some(index) => {
                let found = self.indexed().get(index as usize).copied();
                let attributes = if self.is_form() { ELEMENT } else { OPTION };
                found.map(|id| Ok((self.dom.wrap(ctx, id)?, attributes))).transpose()
            }
            None => Ok(self.named(ctx, key)?.map(|value| (value, NAMED))),
        }
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        let items = self.indexed();
        let mut named = Vec::new();
        if self.is_form() {
            named.extend_from_slice(&items);
            named.extend_from_slice(&self.images());
        }
        keys(object.ctx(), items.len(), &all_names(&self.dom, &named))
    }

    fn define<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>, value: Option<&Value<'a>>) -> Result<Option<bool>> {
        let ctx = object.ctx();
        match (key.as_index(), value) {
            (None, _) => Ok(self.named(ctx, key)?.map(|_| false)),
            (Some(index), Some(value)) if !self.is_form() => {
                set_option(ctx, &self.dom, self.id, &self.indexed(), index as usize, value)?;
                Ok(Some(true))
            }
            (Some(_), _) => Ok(Some(false)),
        }
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        match key.as_index() {
            Some(index) => Ok(self.indexed().get(index as usize).is_none()),
            None => Ok(self.named(object.ctx(), key)?.is_none()),
        }
    }
}

/// "Set the value of a new or existing indexed property" of `HTMLOptionsCollection`.
pub(crate) fn set_option(
    ctx: Ctx<'_>,
    dom: &Rc<Dom>,
    select: NodeId,
    options: &[NodeId],
    index: usize,
    value: &Value<'_>,
) -> Result<()> {
    let old = options.get(index).copied();
    if value.is_null() || value.is_undefined() {
        return dom.change(ctx, |tree| {
            old.into_iter().for_each(|old| tree.remove(old));
            Ok(())
        });
    }
    let option = crate::dom::handle_of(value).map(|handle| handle.id);
    let Some(option) = option.filter(|&id| dom.read(|tree| tree.is_option(id))) else {
        return Err(ctx.throw_type("an option of a select is not an HTMLOptionElement"));
    };
    if index > options.len() {
        set_length(ctx, dom, select, options, index)?;
    }
    dom.change(ctx, |tree| match old {
        Some(old) if old == option => Ok(()),
        Some(old) => tree.parent(old).map_or(Ok(()), |parent| tree.replace(parent, option, old)),
        None => tree.insert(select, option, None),
    })
}

/// "Set the length" of `HTMLOptionsCollection`; more than there can be is ignored.
fn set_length(ctx: Ctx<'_>, dom: &Rc<Dom>, select: NodeId, options: &[NodeId], length: usize) -> Result<()> {
    if length > MOST_OPTIONS {
        return Ok(());
    }
    let missing = length.saturating_sub(options.len());
    ctx.poll(u32::try_from(missing).unwrap_or(u32::MAX))?;
    dom.limit_growth(ctx);
    dom.change(ctx, |tree| {
        options.iter().skip(length).for_each(|&option| tree.remove(option));
        let Some(document) = tree.document(select) else { return Ok(()) };
        for _ in 0..missing {
            let option = tree.create_element(document, qualified_name(HTML, None, "option"));
            tree.insert(select, option, None)?;
        }
        Ok(())
    })
}

/// Functions for the glue.
pub(crate) fn natives(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Ok(Natives::new(ctx)?
        // `(element)`: its form owner, or `null`
        .function("ownerOf", |ctx, _, args| crate::node::relative(ctx, &args.get(0), |tree, id| tree.form_owner(id)))?
        // `(form)`: its `elements`
        .function("controlsOf", |ctx, _, args| items(ctx, args, Filter::Controls))?
        // `(select)`: its `options`
        .function("optionsOf", |ctx, _, args| items(ctx, args, Filter::Options))?
        // `(select, length)`
        .function("setLength", |ctx, _, args| {
            let select = this_node(ctx, &args.get(0))?;
            let length = crate::members::unsigned_long(&args.get(1))?;
            set_length(ctx, &select.dom, select.id, &select.indexed(), length)?;
            Ok(ctx.undefined())
        })?
        // `(options)`: the select of an `HTMLOptionsCollection`
        .function("selectOf", |ctx, _, args| crate::collection::root_of(ctx, &args.get(0)))?
        .into_value())
}

fn items<'a>(ctx: Ctx<'a>, args: Args<'a>, filter: Filter) -> Result<Value<'a>> {
    let node = args.get(0);
    same(ctx, &*this_node(ctx, &node)?, &node, Which::Items, filter)
}
