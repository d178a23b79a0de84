//! The walk through a value.

use crate::builtin;
use quickbeam_api_webidl::transfer_steps;
use quickbeam_engine::{Attributes, Ctx, Dense, Elements, Look, Mould, PropertyKey, Recurring, Result, Thrown, Value};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// Stack that one level may need, getters excluded: those check for themselves.
const STACK_RESERVE: usize = 64 << 10;
/// Values between two interrupt polls.
const VALUES_PER_POLL: u32 = 10_000;

/// One cloning.
pub(crate) struct Cloner<'a> {
    ctx: Ctx<'a>,
    /// Clones by the identity of their originals, which are kept alive so that identities stay unique.
    made: HashMap<usize, (Value<'a>, Value<'a>), BuildHasherDefault<AddressHasher>>,
    /// Identity of the prototype of plain objects.
    plain: usize,
    until_poll: u32,
    /// Reads and makes arrays, once there was one.
    dense: Option<Rc<Dense<'a>>>,
    /// Shapes of plain objects.
    rows: Recurring<'a, ()>,
}

/// Spreads addresses, whose low bits are equal.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_usize(usize::from(byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        let mixed = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'a> Cloner<'a> {
    pub(crate) fn new(ctx: Ctx<'a>) -> Result<Cloner<'a>> {
        let plain = identity(&ctx.object()?.prototype()?);
        let (made, rows) = (HashMap::default(), Recurring::new());
        Ok(Cloner { ctx, made, plain, until_poll: VALUES_PER_POLL, dense: None, rows })
    }

    /// Clones and moves the buffers of `list`, an array of objects, to the clone.
    ///
    /// Where getters might run, buffers are copied and detached at the end, so that a clone that fails
    /// detaches nothing.
    pub(crate) fn transfer(mut self, value: &Value<'a>, list: &Value<'a>) -> Result<Value<'a>> {
        let count = u32::try_from(list.length()?).unwrap_or(u32::MAX);
        let mut moved: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        let mut commits = Vec::new();
        for index in 0..count {
            let buffer = list.get_index(index)?;
            if self.made.contains_key(&identity(&buffer)) {
                return Err(self.refuse("an object is in the transfer list twice"));
            }
            if buffer.class_name()?.as_deref() != Some("ArrayBuffer") || buffer.is_proxy() {
                commits.push(self.platform_transfer(&buffer)?);
                continue;
            }
            if self.builtin("isDetached", &[&buffer])?.truthy() {
                return Err(self.refuse("a buffer in the transfer list is detached"));
            }
            if count == 1 && identity(&buffer) == identity(value) {
                return self.builtin("transfer", &[&buffer]);
            }
            let replacement = self.builtin("bufferLike", &[&buffer])?;
            self.remember(&buffer, &replacement);
            moved.push((buffer, replacement));
        }
        let clone = self.clone(value)?;
        for (buffer, replacement) in moved {
            if self.builtin("isDetached", &[&buffer])?.truthy() {
                return Err(self.refuse("a buffer in the transfer list was detached meanwhile"));
            }
            self.builtin("copyBytes", &[&buffer, &replacement])?;
            buffer.detach();
        }
        for commit in commits {
            self.ctx.call(&commit, &self.ctx.undefined(), &[])?;
        }
        Ok(clone)
    }

    /// Makes what stands for a platform object once it is transferred; gives the function that detaches the object.
    fn platform_transfer(&mut self, object: &Value<'a>) -> Result<Value<'a>> {
        let undefined = self.ctx.undefined();
        let Some(steps) = transfer_steps(self.ctx, object)? else {
            return Err(self.refuse("a value in the transfer list cannot be transferred"));
        };
        let parts = self.ctx.call(&steps, &undefined, std::slice::from_ref(object))?;
        if parts.is_undefined() {
            return Err(self.refuse("an object in the transfer list is detached"));
        }
        let replacement = self.ctx.call(&parts.get("receive")?, &undefined, &[])?;
        self.remember(object, &replacement);
        parts.get("commit")
    }

    /// Clones one value.
    pub(crate) fn clone(&mut self, value: &Value<'a>) -> Result<Value<'a>> {
        self.until_poll -= 1;
        if self.until_poll == 0 {
            self.until_poll = VALUES_PER_POLL;
            self.ctx.poll(VALUES_PER_POLL)?;
        }
        if !value.is_object() {
            return if value.is_symbol() { Err(self.refuse("a symbol cannot be cloned")) } else { Ok(value.clone()) };
        }
        if let Some((_, clone)) = self.made.get(&identity(value)) {
            return Ok(clone.clone());
        }
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(self
                .ctx
                .throw_error("RangeError", "structuredClone: the value is nested too deep for the stack"));
        }
        if value.is_array() {
            return self.array(value);
        }
        if value.is_plain() {
            return self.ordinary(value);
        }
        self.special(value)
    }

    fn array(&mut self, array: &Value<'a>) -> Result<Value<'a>> {
        let dense = match &self.dense {
            Some(dense) => dense.clone(),
            None => self.dense.insert(Rc::new(Dense::new(self.ctx)?)).clone(),
        };
        if let Some(elements) = dense.elements(array) {
            return self.list(array, &dense, &elements);
        }
        let length = array.length()?;
        let clone = self.ctx.array(Vec::new())?;
        self.remember(array, &clone);
        self.properties(array, &clone)?;
        if clone.length()? != length {
            clone.set("length", self.ctx.number(length as f64))?;
        }
        Ok(clone)
    }

    /// An array that has all of its elements and no other property, as long as no getter changes that.
    fn list(&mut self, array: &Value<'a>, dense: &Dense<'a>, elements: &Elements<'_, 'a>) -> Result<Value<'a>> {
        let count = elements.count();
        let clone = dense.blank(count)?;
        self.remember(array, &clone);
        for index in 0..count {
            let key = || PropertyKey::from_value(&self.ctx.number(f64::from(index)));
            let value = match elements.get(index) {
                Some(value) => Some(value),
                None => array.own_value(&key()?)?,
            };
            match value {
                Some(value) => {
                    let value = self.clone(&value)?;
                    dense.set(&clone, index, value)?;
                }
                None => drop(clone.delete_key(&key()?)?),
            }
        }
        if clone.length()? != u64::from(count) {
            clone.set("length", self.ctx.number(f64::from(count)))?;
        }
        Ok(clone)
    }

    fn ordinary(&mut self, object: &Value<'a>) -> Result<Value<'a>> {
        if object.is_ordinary() {
            match self.rows.look(object)? {
                Look::Known(row) => return self.row(object, &row.mould),
                Look::Often(mould) => {
                    let row = self.rows.remember(mould, ());
                    return self.row(object, &row.mould);
                }
                Look::Seldom => {}
            }
        }
        if let Some(clone) = self.platform_object(object)? {
            return Ok(clone);
        }
        let clone = self.ctx.object()?;
        self.remember(object, &clone);
        self.properties(object, &clone)?;
        Ok(clone)
    }

    /// A plain object with the properties of a mould, as long as no getter changes that.
    fn row(&mut self, object: &Value<'a>, mould: &Mould<'a>) -> Result<Value<'a>> {
        let clone = mould.cast([])?;
        self.remember(object, &clone);
        for (index, key) in mould.keys().iter().enumerate() {
            let value = match mould.read(object, index) {
                Some(value) => Some(value),
                None => object.own_value(key)?,
            };
            match value {
                Some(value) => {
                    let value = self.clone(&value)?;
                    mould.write(&clone, index, value)?;
                }
                None => drop(clone.delete_key(key)?),
            }
        }
        Ok(clone)
    }

    /// Instances of the Web APIs' classes have steps of their own, or cannot be cloned.
    fn platform_object(&mut self, object: &Value<'a>) -> Result<Option<Value<'a>>> {
        self.ctx.make_instance(object)?;
        let prototype = object.prototype()?;
        if prototype.is_null() || identity(&prototype) == self.plain {
            return Ok(None);
        }
        // Without the helpers there are no such classes yet.
        let Some(idl) = self.ctx.kept("webidl") else { return Ok(None) };
        let steps = self.ctx.call(&idl.get("cloneSteps")?, &self.ctx.undefined(), std::slice::from_ref(object))?;
        if steps.is_undefined() {
            return Ok(None);
        }
        if steps.is_null() {
            let name = object.get("constructor")?.get("name")?.to_text()?;
            return Err(self.refuse(&format!("an object of the class {name} cannot be cloned")));
        }
        let clone = self.ctx.call(&steps, &self.ctx.undefined(), std::slice::from_ref(object))?;
        self.remember(object, &clone);
        Ok(Some(clone))
    }

    /// Own enumerable string-keyed properties, as they are when their turn comes.
    fn properties(&mut self, from: &Value<'a>, to: &Value<'a>) -> Result<()> {
        for key in from.keys()? {
            if let Some(value) = from.own_value(&key)? {
                let clone = self.clone(&value)?;
                to.define_key(&key, clone, Attributes::ALL)?;
            }
        }
        Ok(())
    }

    fn special(&mut self, value: &Value<'a>) -> Result<Value<'a>> {
        if value.is_function() {
            return Err(self.refuse("a function cannot be cloned"));
        }
        if value.is_proxy() {
            return Err(self.refuse("a proxy cannot be cloned"));
        }
        let kind = value.class_name()?.unwrap_or_default();
        if value.host_value().is_some() {
            return self.platform_object(value)?.ok_or_else(|| self.refuse("a host object cannot be cloned"));
        }
        let clone = match kind.as_str() {
            "Map" => return self.map(value),
            "Set" => return self.set(value),
            "Error" => return self.error(value),
            "Date" => self.builtin("date", &[value])?,
            "RegExp" => self.builtin("regexp", &[value])?,
            "Number" | "String" | "Boolean" | "BigInt" => self.builtin("boxed", &[value, &self.ctx.string(&kind)?])?,
            "DOMException" => match self.platform_object(value)? {
                Some(clone) => return Ok(clone),
                None => self.builtin("domException", &[value])?,
            },
            "ArrayBuffer" => {
                if self.builtin("isDetached", &[value])?.truthy() {
                    return Err(self.refuse("a detached ArrayBuffer cannot be cloned"));
                }
                self.builtin("copyBuffer", &[value])?
            }
            "SharedArrayBuffer" => value.clone(),
            "Arguments" => return self.ordinary(value),
            _ if kind == "DataView" || value.typed_array_kind().is_some() => self.view(value)?,
            _ => return Err(self.refuse(&format!("an object of the class {kind} cannot be cloned"))),
        };
        self.remember(value, &clone);
        Ok(clone)
    }

    fn map(&mut self, map: &Value<'a>) -> Result<Value<'a>> {
        let clone = self.builtin("makeMap", &[])?;
        self.remember(map, &clone);
        let entries = self.builtin("entries", &[map])?;
        let entries = self.elements(&entries)?;
        self.builtin("fillMap", &[&clone, &entries])?;
        Ok(clone)
    }

    fn set(&mut self, set: &Value<'a>) -> Result<Value<'a>> {
        let clone = self.builtin("makeSet", &[])?;
        self.remember(set, &clone);
        let items = self.builtin("items", &[set])?;
        let items = self.elements(&items)?;
        self.builtin("fillSet", &[&clone, &items])?;
        Ok(clone)
    }

    /// Clones the elements of a list of ours.
    fn elements(&mut self, list: &Value<'a>) -> Result<Value<'a>> {
        let count = u32::try_from(list.length()?).unwrap_or(u32::MAX);
        let mut clones = Vec::new();
        for index in 0..count {
            clones.push(self.clone(&list.get_index(index)?)?);
        }
        self.ctx.array(clones)
    }

    fn error(&mut self, error: &Value<'a>) -> Result<Value<'a>> {
        let parts = self.builtin("error", &[error])?;
        let (clone, cause) = (parts.get_index(0)?, parts.get_index(1)?);
        self.remember(error, &clone);
        if !cause.is_undefined() {
            let cause = self.clone(&cause.get("value")?)?;
            self.builtin("setCause", &[&clone, &cause])?;
        }
        Ok(clone)
    }

    fn view(&mut self, view: &Value<'a>) -> Result<Value<'a>> {
        let parts = self.builtin("viewParts", &[view])?;
        if parts.is_undefined() {
            return Err(self.refuse("a view of a detached or shrunk buffer cannot be cloned"));
        }
        let buffer = self.clone(&parts.get_index(0)?)?;
        let (kind, offset, length) = (parts.get_index(1)?, parts.get_index(2)?, parts.get_index(3)?);
        self.builtin("makeView", &[&buffer, &kind, &offset, &length])
    }

    fn remember(&mut self, original: &Value<'a>, clone: &Value<'a>) {
        self.made.insert(identity(original), (original.clone(), clone.clone()));
    }

    fn builtin(&self, name: &str, args: &[&Value<'a>]) -> Result<Value<'a>> {
        builtin(self.ctx, name, args)
    }

    fn refuse(&self, message: &str) -> Thrown {
        self.ctx.throw_dom_exception("DataCloneError", &format!("structuredClone: {message}"))
    }
}

fn identity(value: &Value<'_>) -> usize {
    value.identity().unwrap_or_default()
}
