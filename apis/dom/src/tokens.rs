//! `DOMTokenList` and `DOMStringMap`.

use crate::collection::split_tokens;
use crate::dom::{Dom, this_element, throw};
use crate::element::value_of;
use crate::members::{Members, UNPOLLED, poll_scan, unsigned_long};
use indexmap::IndexSet;
use quickbeam_api_webidl::need;
use quickbeam_dom::{DomError, NodeId, local_name};
use quickbeam_engine::{Args, Attributes, Ctx, Exotic, PropertyKey, Result, Value};
use std::rc::Rc;

/// The attribute of an element that an object stands for.
struct Source {
    dom: Rc<Dom>,
    element: NodeId,
    attribute: String,
}

impl Source {
    fn get(&self) -> Option<String> {
        self.dom.read(|tree| value_of(tree, self.element, &self.attribute))
    }

    fn set(&self, ctx: Ctx<'_>, value: &str) -> Result<()> {
        self.dom.change(ctx, |tree| {
            tree.set_attribute(self.element, local_name(&self.attribute), value);
            Ok(())
        })
    }
}

// ── DOMTokenList ──

struct TokenList(Source);

/// Each token once, in order.
type Tokens = IndexSet<String>;

impl TokenList {
    fn tokens(&self, ctx: Ctx<'_>) -> Result<Tokens> {
        let mut tokens = Tokens::new();
        for (index, token) in split_tokens(&self.0.get().unwrap_or_default()).enumerate() {
            if index % UNPOLLED == UNPOLLED - 1 {
                ctx.poll(UNPOLLED as u32)?;
            }
            tokens.insert(token.to_owned());
        }
        Ok(tokens)
    }

    /// "Update steps".
    fn update(&self, ctx: Ctx<'_>, tokens: &Tokens) -> Result<()> {
        if tokens.is_empty() && self.0.get().is_none() {
            return Ok(());
        }
        let all: Vec<&str> = tokens.iter().map(String::as_str).collect();
        self.0.set(ctx, &all.join(" "))
    }
}

const INDEXED: Attributes = Attributes { writable: false, enumerable: true, configurable: true };

impl Exotic for TokenList {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        let Some(index) = key.as_index() else { return Ok(None) };
        let tokens = self.tokens(object.ctx())?;
        tokens.get_index(index as usize).map(|token| Ok((object.ctx().string(token)?, INDEXED))).transpose()
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        (0..self.tokens(object.ctx())?.len())
            .map(|index| PropertyKey::from_value(&object.ctx().number(index as f64)))
            .collect()
    }

    fn define<'a>(&self, _: &Value<'a>, key: &PropertyKey<'a>, _: Option<&Value<'a>>) -> Result<Option<bool>> {
        Ok(key.is_index().then_some(false))
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        let Some(index) = key.as_index() else { return Ok(true) };
        Ok(index as usize >= self.tokens(object.ctx())?.len())
    }
}

/// `(element, attribute)`: a new token list.
pub(crate) fn token_list<'a>(ctx: Ctx<'a>, _: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let source = source(ctx, args)?;
    let list = ctx.exotic_object(Rc::new(TokenList(source)), Some(&crate::prototype(ctx, "DOMTokenList")?))?;
    list.hold(args.get(0));
    Ok(list)
}

fn source<'a>(ctx: Ctx<'a>, args: Args<'a>) -> Result<Source> {
    let node = this_element(ctx, &args.get(0))?;
    Ok(Source { dom: node.dom.clone(), element: node.id, attribute: args.get(1).to_text()? })
}

fn this_list(ctx: Ctx<'_>, this: &Value<'_>) -> Result<Rc<TokenList>> {
    this.host::<TokenList>().ok_or_else(|| ctx.throw_type("Illegal invocation"))
}

/// Throws for what cannot be a token.
fn check_tokens(ctx: Ctx<'_>, tokens: &[String]) -> Result<()> {
    if tokens.iter().any(String::is_empty) {
        return Err(throw(ctx, &DomError::Syntax("a token must not be empty".to_owned())));
    }
    match tokens.iter().find(|token| token.contains(['\t', '\n', '\x0C', '\r', ' '])) {
        Some(token) => Err(throw(ctx, &DomError::InvalidCharacter(format!("the token {token:?} holds white space")))),
        None => Ok(()),
    }
}

fn all_tokens(ctx: Ctx<'_>, args: Args<'_>) -> Result<Vec<String>> {
    let tokens = (0..args.len()).map(|index| args.get(index).to_text()).collect::<Result<Vec<_>>>()?;
    check_tokens(ctx, &tokens)?;
    Ok(tokens)
}

/// The members of `DOMTokenList`.
pub(crate) fn dom_token_list(ctx: Ctx<'_>) -> Result<Value<'_>> {
    Members::new(ctx)?
        .get("length", |ctx, this, _| Ok(ctx.number(this_list(ctx, this)?.tokens(ctx)?.len() as f64)))?
        .method("item", 1, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            need(ctx, args, 1, "item")?;
            let index = unsigned_long(&args.get(0))?;
            crate::members::string_or_null(ctx, list.tokens(ctx)?.get_index(index).map(String::as_str))
        })?
        .method("contains", 1, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            need(ctx, args, 1, "contains")?;
            let value = list.0.get().unwrap_or_default();
            Ok(ctx.boolean(args.get(0).with_text(|token| split_tokens(&value).any(|known| known == token))?))
        })?
        .method("add", 0, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            let mut tokens = list.tokens(ctx)?;
            tokens.extend(all_tokens(ctx, args)?);
            list.update(ctx, &tokens)?;
            Ok(ctx.undefined())
        })?
        .method("remove", 0, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            let removed: Tokens = all_tokens(ctx, args)?.into_iter().collect();
            let mut tokens = list.tokens(ctx)?;
            tokens.retain(|token| !removed.contains(token));
            list.update(ctx, &tokens)?;
            Ok(ctx.undefined())
        })?
        .method("toggle", 1, toggle)?
        .method("replace", 2, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            need(ctx, args, 2, "replace")?;
            let (old, new) = (args.get(0).to_text()?, args.get(1).to_text()?);
            check_tokens(ctx, &[old.clone(), new.clone()])?;
            let tokens = list.tokens(ctx)?;
            if !tokens.contains(&old) {
                return Ok(ctx.boolean(false));
            }
            // Whichever of the two comes first has the place of the new one.
            let replaced = |token: String| if token == old { new.clone() } else { token };
            let tokens: Tokens = tokens.into_iter().map(replaced).collect();
            list.update(ctx, &tokens)?;
            Ok(ctx.boolean(true))
        })?
        .method("supports", 1, |ctx, this, args| {
            let list = this_list(ctx, this)?;
            need(ctx, args, 1, "supports")?;
            let attribute = &list.0.attribute;
            Err(ctx.throw_type(&format!("the attribute {attribute} has no list of supported tokens")))
        })?
        .get_set("value", list_text, |ctx, this, args| {
            let value = args.get(0).to_text()?;
            this_list(ctx, this)?.0.set(ctx, &value)?;
            Ok(ctx.undefined())
        })?
        .method("toString", 0, list_text)
        .map(Members::into_value)
}

fn list_text<'a>(ctx: Ctx<'a>, this: &Value<'a>, _: Args<'a>) -> Result<Value<'a>> {
    ctx.string(&this_list(ctx, this)?.0.get().unwrap_or_default())
}

fn toggle<'a>(ctx: Ctx<'a>, this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let list = this_list(ctx, this)?;
    need(ctx, args, 1, "toggle")?;
    let token = args.get(0).to_text()?;
    let force = args.get(1);
    let force = (!force.is_undefined()).then(|| force.truthy());
    check_tokens(ctx, std::slice::from_ref(&token))?;
    let mut tokens = list.tokens(ctx)?;
    let is_there = match (tokens.get_index_of(&token), force) {
        (Some(index), None | Some(false)) => {
            tokens.shift_remove_index(index);
            list.update(ctx, &tokens)?;
            false
        }
        (None, None | Some(true)) => {
            tokens.insert(token);
            list.update(ctx, &tokens)?;
            true
        }
        (found, _) => found.is_some(),
    };
    Ok(ctx.boolean(is_there))
}

// ── DOMStringMap ──

struct Dataset(Source);

/// `fooBar` as `data-foo-bar`; `None` if no attribute has that name.
fn attribute_of(name: &str) -> Option<String> {
    let mut attribute = "data-".to_owned();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '-' && chars.peek().is_some_and(char::is_ascii_lowercase) {
            return None;
        }
        if c.is_ascii_uppercase() {
            attribute.push('-');
        }
        attribute.push(c.to_ascii_lowercase());
    }
    Some(attribute)
}

/// `data-foo-bar` as `fooBar`; `None` if no property has that name.
fn property_of(attribute: &str) -> Option<String> {
    let rest = attribute.strip_prefix("data-")?;
    let mut name = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_uppercase() {
            return None;
        }
        match chars.peek() {
            Some(next) if c == '-' && next.is_ascii_lowercase() => {
                name.push(next.to_ascii_uppercase());
                chars.next();
            }
            _ => name.push(c),
        }
    }
    Some(name)
}

impl Dataset {
    /// The attribute that a key stands for; `Err` holds a name that is none.
    fn attribute(&self, key: &PropertyKey<'_>) -> Result<Option<std::result::Result<String, String>>> {
        let name = key.to_value()?;
        if name.is_symbol() {
            return Ok(None);
        }
        let name = name.to_text()?;
        Ok(Some(attribute_of(&name).ok_or(name)))
    }
}

impl Exotic for Dataset {
    fn get<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<Option<(Value<'a>, Attributes)>> {
        let Some(Ok(attribute)) = self.attribute(key)? else { return Ok(None) };
        let (count, value) =
            self.0.dom.read(|tree| (tree.attributes(self.0.element).len(), value_of(tree, self.0.element, &attribute)));
        poll_scan(object.ctx(), count)?;
        value.map(|value| Ok((object.ctx().string(&value)?, Attributes::ALL))).transpose()
    }

    fn names<'a>(&self, object: &Value<'a>) -> Result<Vec<PropertyKey<'a>>> {
        let names: Vec<String> = self.0.dom.read(|tree| {
            let attributes = tree.attributes(self.0.element).iter();
            attributes.filter(|a| a.name.ns.is_empty()).filter_map(|a| property_of(&a.name.local)).collect()
        });
        names.iter().map(|name| object.ctx().key(name)).collect()
    }

    fn define<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>, value: Option<&Value<'a>>) -> Result<Option<bool>> {
        let ctx = object.ctx();
        let (attribute, value) = match (self.attribute(key)?, value) {
            (None, _) => return Ok(None),
            (_, None) => return Ok(Some(false)),
            (Some(Err(name)), _) => {
                let error = DomError::Syntax(format!("{name:?}: a hyphen before a letter is no name in a dataset"));
                return Err(throw(ctx, &error));
            }
            (Some(Ok(attribute)), Some(value)) => (attribute, value.to_text()?),
        };
        if !quickbeam_dom::is_attribute_name(&attribute) {
            let error = DomError::InvalidCharacter(format!("{attribute:?} is not a valid attribute name"));
            return Err(throw(ctx, &error));
        }
        self.0.dom.change(ctx, |tree| {
            tree.set_attribute(self.0.element, local_name(&attribute), &value);
            Ok(())
        })?;
        Ok(Some(true))
    }

    fn delete<'a>(&self, object: &Value<'a>, key: &PropertyKey<'a>) -> Result<bool> {
        if let Some(Ok(attribute)) = self.attribute(key)? {
            self.0.dom.change(object.ctx(), |tree| {
                if let Some(index) = tree.find_attribute_ns(self.0.element, "", &attribute) {
                    tree.remove_attribute(self.0.element, index);
                }
                Ok(())
            })?;
        }
        Ok(true)
    }
}

/// `(element)`: a new dataset.
pub(crate) fn dataset<'a>(ctx: Ctx<'a>, _: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let node = this_element(ctx, &args.get(0))?;
    let source = Source { dom: node.dom.clone(), element: node.id, attribute: String::new() };
    let map = ctx.exotic_object(Rc::new(Dataset(source)), Some(&crate::prototype(ctx, "DOMStringMap")?))?;
    map.hold(args.get(0));
    Ok(map)
}
