//! `StructuredSerializeWithTransfer` of the HTML Standard: from a value to bytes that any realm can read.

use crate::format::{Tag, Writer};
use crate::message::Message;
use crate::part;
use crate::port::{Holder, PortEnd};
use quickbeam_api_structured_clone::builtin;
use quickbeam_api_webidl::{Packing, Parcel, pack, transfer_steps};
use quickbeam_engine::{Ctx, Result, Thrown, Value};
use std::cell::{Ref, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Stack that one level may need, getters excluded: those check for themselves.
const STACK_RESERVE: usize = 64 << 10;
/// Bytes of one message.
const MAX_BYTES: usize = 256 << 20;
/// Values between two interrupt polls.
const VALUES_PER_POLL: u32 = 10_000;

/// What is transferred, by the identity of its object.
enum Transferred {
    /// A port by its place in the message.
    Port(usize),
    /// What crosses as ends: its class, and the place of the first among them.
    Received(String, usize),
    Buffer,
}

struct Serializer<'a> {
    ctx: Ctx<'a>,
    writer: Writer,
    /// Numbers of objects by their identity; the objects are kept so that identities stay unique.
    numbers: HashMap<usize, usize>,
    kept: Vec<Value<'a>>,
    transferred: HashMap<usize, Transferred>,
    /// Bytes that a message may have.
    limit: usize,
    parcels: Vec<Arc<dyn Parcel>>,
    /// Bytes of the parcels.
    packed: usize,
    until_poll: u32,
}

/// Serialises a value. The ports and buffers in `transfer` are detached from this realm, unless it fails. `end_of` gives the
/// end behind a `MessagePort`, `None` for other values and for ports that are gone; `admit` is asked before anything is detached.
///
/// # Errors
/// Throws a `DataCloneError` for what cannot be serialised or transferred, and what getters throw.
pub(crate) fn serialize<'a>(
    ctx: Ctx<'a>,
    value: &Value<'a>,
    transfer: &[Value<'a>],
    end_of: impl Fn(&Value<'a>) -> Result<Option<Rc<Holder>>>,
    admit: impl FnOnce(&[Ref<'_, PortEnd>]) -> Result<()>,
) -> Result<Message> {
    let mut serializer = Serializer {
        ctx,
        writer: Writer::default(),
        numbers: HashMap::new(),
        kept: Vec::new(),
        transferred: HashMap::new(),
        limit: MAX_BYTES,
        parcels: Vec::new(),
        packed: 0,
        until_poll: VALUES_PER_POLL,
    };
    let mut ports = Vec::new();
    let mut buffers = Vec::new();
    let (mut held, mut commits) = (Vec::new(), Vec::new());
    for object in transfer {
        let Some(identity) = object.identity() else { return Err(ctx.throw_type("transfer holds no object")) };
        if serializer.transferred.contains_key(&identity) {
            return Err(refuse(ctx, "an object is in the transfer list twice"));
        }
        let entry = if let Some(holder) = end_of(object)? {
            ports.push(holder);
            Transferred::Port(ports.len() - 1)
        } else if object.class_name()?.as_deref() == Some("ArrayBuffer") && !object.is_proxy() {
            if builtin(ctx, "isDetached", &[object])?.truthy() {
                return Err(refuse(ctx, "a buffer in the transfer list is detached"));
            }
            buffers.push(object);
            Transferred::Buffer
        } else {
            let Some(steps) = transfer_steps(ctx, object)? else {
                return Err(refuse(ctx, "a value in the transfer list cannot be transferred"));
            };
            let parts = ctx.call(&steps, &ctx.undefined(), std::slice::from_ref(object))?;
            if parts.is_undefined() {
                return Err(refuse(ctx, "an object in the transfer list is detached"));
            }
            let (class, first, departing) = (parts.get("type")?.to_text()?, held.len(), parts.get("ends")?);
            for index in 0..departing.length()? as u32 {
                held.extend(departing.get_index(index)?.host::<Holder>());
            }
            commits.push(parts.get("commit")?);
            Transferred::Received(class, first)
        };
        serializer.transferred.insert(identity, entry);
    }
    serializer.value(value)?;
    for buffer in &buffers {
        if builtin(ctx, "isDetached", &[buffer])?.truthy() {
            return Err(refuse(ctx, "a buffer in the transfer list was detached meanwhile"));
        }
    }
    let present = |holder| Ref::filter_map(RefCell::borrow(holder), Option::as_ref).ok();
    let ends = ports.iter().map(|holder| present(holder)).collect::<Option<Vec<_>>>();
    let Some(ends) = ends else { return Err(refuse(ctx, "a port in the transfer list is detached")) };
    admit(&ends)?;
    ends.iter().for_each(|end| end.leave());
    drop(ends);
    buffers.iter().for_each(|buffer| buffer.detach());
    let mut ends: Vec<PortEnd> = ports.iter().filter_map(|holder| holder.take()).collect();
    let shown = ends.len();
    for commit in &commits {
        ctx.call(commit, &ctx.undefined(), &[])?;
    }
    ends.extend(held.iter().filter_map(|holder| holder.take()));
    Ok(Message::new(serializer.writer.0, serializer.parcels, ends, shown))
}

fn refuse(ctx: Ctx<'_>, message: &str) -> Thrown {
    ctx.throw_dom_exception("DataCloneError", message)
}

impl<'a> Serializer<'a> {
    fn value(&mut self, value: &Value<'a>) -> Result<()> {
        if !value.is_object() {
            return self.primitive(value);
        }
        let identity = value.identity().unwrap_or_default();
        if let Some(number) = self.numbers.get(&identity) {
            self.writer.tag(Tag::Reference);
            self.writer.length(*number);
            return Ok(());
        }
        self.until_poll -= 1;
        if self.until_poll == 0 {
            self.until_poll = VALUES_PER_POLL;
            self.ctx.poll(VALUES_PER_POLL)?;
        }
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(self.ctx.throw_error("RangeError", "the message is nested too deep for the stack"));
        }
        self.numbers.insert(identity, self.numbers.len());
        self.kept.push(value.clone());
        match self.transferred.get(&identity) {
            Some(Transferred::Port(index)) => {
                self.writer.tag(Tag::Port);
                self.writer.length(*index);
                return Ok(());
            }
            Some(Transferred::Received(class, first)) => {
                self.writer.tag(Tag::Received);
                self.writer.text(class);
                self.writer.length(*first);
                return Ok(());
            }
            Some(Transferred::Buffer) | None => {}
        }
        if value.is_array() {
            self.writer.tag(Tag::Array);
            self.writer.length(value.length()? as usize);
            return self.properties(value);
        }
        if value.is_plain() {
            if self.platform_object(value)? {
                return Ok(());
            }
            self.writer.tag(Tag::Object);
            return self.properties(value);
        }
        self.special(value)
    }

    fn primitive(&mut self, value: &Value<'a>) -> Result<()> {
        if value.is_undefined() {
            self.writer.tag(Tag::Undefined);
        } else if value.is_null() {
            self.writer.tag(Tag::Null);
        } else if let Some(boolean) = value.as_bool() {
            self.writer.tag(if boolean { Tag::True } else { Tag::False });
        } else if let Some(int) = value.as_int() {
            self.writer.tag(Tag::Int);
            self.writer.int(int);
        } else if let Some(number) = value.as_f64() {
            self.writer.tag(Tag::Number);
            self.writer.number(number);
        } else if value.is_string() {
            self.writer.tag(Tag::String);
            self.text(value)?;
        } else if value.is_bigint() {
            self.writer.tag(Tag::BigInt);
            let digits = part(self.ctx, "hexDigits", &[value])?;
            self.text(&digits)?;
        } else {
            return Err(refuse(self.ctx, "a symbol cannot be sent"));
        }
        self.check_size()
    }

    fn text(&mut self, value: &Value<'a>) -> Result<()> {
        let written = value.with_text(|text| {
            // It may stand for what UTF-8 has no form of.
            let is_sure = !text.contains(char::REPLACEMENT_CHARACTER);
            if is_sure {
                self.writer.text(&text);
            }
            is_sure
        })?;
        if written { Ok(()) } else { value.with_utf16(|units| self.writer.units(units)) }
    }

    /// A text may stand in a message any number of times, so that the heap's limit is none for it.
    fn check_size(&self) -> Result<()> {
        if self.writer.0.len().saturating_add(self.packed) <= self.limit {
            return Ok(());
        }
        let message = format!("the message takes more than {} bytes", self.limit);
        Err(self.ctx.throw_error("RangeError", &message))
    }

    /// Instances of the Web APIs' classes are none of their properties; whether this is one.
    fn platform_object(&mut self, object: &Value<'a>) -> Result<bool> {
        let parcel = match pack(self.ctx, object)? {
            Packing::Plain => return Ok(false),
            Packing::Packed(parcel) => parcel,
            Packing::Refused => {
                let name = object.get("constructor")?.get("name")?.to_text()?;
                return Err(refuse(self.ctx, &format!("an object of the class {name} cannot be sent")));
            }
        };
        self.writer.tag(Tag::Parcel);
        self.writer.length(self.parcels.len());
        self.packed += parcel.size();
        self.parcels.push(parcel);
        self.check_size()?;
        Ok(true)
    }

    fn properties(&mut self, object: &Value<'a>) -> Result<()> {
        for key in object.keys()? {
            if let Some(value) = object.own_value(&key)? {
                self.writer.tag(Tag::String);
                self.text(&key.to_value()?)?;
                self.value(&value)?;
            }
        }
        self.writer.tag(Tag::End);
        self.check_size()
    }

    fn special(&mut self, value: &Value<'a>) -> Result<()> {
        if value.is_function() {
            return Err(refuse(self.ctx, "a function cannot be sent"));
        }
        if value.is_proxy() {
            return Err(refuse(self.ctx, "a proxy cannot be sent"));
        }
        if value.host_value().is_some() {
            return match self.platform_object(value)? {
                true => Ok(()),
                false => Err(refuse(self.ctx, "a host object cannot be sent")),
            };
        }
        let kind = value.class_name()?.unwrap_or_default();
        match kind.as_str() {
            "Map" => self.collection(Tag::Map, "entries", value),
            "Set" => self.collection(Tag::Set, "items", value),
            "Error" => self.error(value),
            "Date" => {
                self.writer.tag(Tag::Date);
                let time = part(self.ctx, "time", &[value])?.to_f64()?;
                self.writer.number(time);
                Ok(())
            }
            "RegExp" => {
                self.writer.tag(Tag::RegExp);
                let parts = part(self.ctx, "regexpParts", &[value])?;
                self.text(&parts.get_index(0)?)?;
                self.text(&parts.get_index(1)?)
            }
            "Number" | "String" | "Boolean" | "BigInt" => {
                self.writer.tag(Tag::Boxed);
                let inner = part(self.ctx, "unboxed", &[value, &self.ctx.string(&kind)?])?;
                self.primitive(&inner)
            }
            "DOMException" => {
                self.writer.tag(Tag::DomException);
                for field in ["name", "message"] {
                    self.text(&value.get(field)?)?;
                }
                Ok(())
            }
            "ArrayBuffer" => self.buffer(value),
            "Arguments" => {
                self.writer.tag(Tag::Object);
                self.properties(value)
            }
            _ if kind == "DataView" || value.typed_array_kind().is_some() => self.view(value),
            _ => Err(refuse(self.ctx, &format!("an object of the class {kind} cannot be sent"))),
        }
    }

    fn collection(&mut self, tag: Tag, list: &str, value: &Value<'a>) -> Result<()> {
        self.writer.tag(tag);
        let items = builtin(self.ctx, list, &[value])?;
        let count = u32::try_from(items.length()?).unwrap_or(u32::MAX);
        self.writer.length(count as usize);
        (0..count).try_for_each(|index| self.value(&items.get_index(index)?))
    }

    fn error(&mut self, error: &Value<'a>) -> Result<()> {
        self.writer.tag(Tag::Error);
        let parts = part(self.ctx, "errorParts", &[error])?;
        for index in 0..3 {
            let part = parts.get_index(index)?;
            self.primitive(&part)?;
        }
        let cause = parts.get_index(3)?;
        self.writer.0.push(u8::from(!cause.is_undefined()));
        if cause.is_undefined() { Ok(()) } else { self.value(&cause.get("value")?) }
    }

    fn buffer(&mut self, buffer: &Value<'a>) -> Result<()> {
        if builtin(self.ctx, "isDetached", &[buffer])?.truthy() {
            return Err(refuse(self.ctx, "a detached ArrayBuffer cannot be sent"));
        }
        self.writer.tag(Tag::ArrayBuffer);
        let max = part(self.ctx, "maxLength", &[buffer])?;
        self.writer.0.push(u8::from(!max.is_undefined()));
        if !max.is_undefined() {
            self.writer.length(max.to_f64()? as usize);
        }
        let size = part(self.ctx, "byteLength", &[buffer])?.to_f64()? as usize;
        if self.writer.0.len().saturating_add(size) > self.limit {
            self.writer.0.resize(self.limit + 1, 0);
            return self.check_size();
        }
        buffer.with_bytes(|bytes| self.writer.bytes(bytes));
        Ok(())
    }

    fn view(&mut self, view: &Value<'a>) -> Result<()> {
        let parts = builtin(self.ctx, "viewParts", &[view])?;
        if parts.is_undefined() {
            return Err(refuse(self.ctx, "a view of a detached or shrunk buffer cannot be sent"));
        }
        let (buffer, kind) = (parts.get_index(0)?, parts.get_index(1)?);
        if buffer.class_name()?.as_deref() == Some("SharedArrayBuffer") {
            return Err(refuse(self.ctx, "shared memory cannot be sent to another realm"));
        }
        self.writer.tag(Tag::View);
        self.text(&kind)?;
        self.writer.length(parts.get_index(2)?.to_f64()? as usize);
        let length = parts.get_index(3)?;
        self.writer.0.push(u8::from(!length.is_undefined()));
        if !length.is_undefined() {
            self.writer.length(length.to_f64()? as usize);
        }
        self.value(&buffer)
    }
}
