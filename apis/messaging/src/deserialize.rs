//! `StructuredDeserialize` of the HTML Standard: from a message's bytes to a value of this realm.

use crate::format::{Malformed, Reader, Tag, Text};
use crate::{part, received};
use quickbeam_api_structured_clone::builtin;
use quickbeam_api_webidl::Parcel;
use quickbeam_engine::{Attributes, Ctx, PropertyKey, Result, Thrown, Value};
use std::sync::Arc;

/// Stack that one level may need.
const STACK_RESERVE: usize = 64 << 10;
/// Values between two interrupt polls.
const VALUES_PER_POLL: u32 = 10_000;

struct Deserializer<'a, 'b> {
    ctx: Ctx<'a>,
    reader: Reader<'b>,
    ports: &'b [Value<'a>],
    ends: &'b [Value<'a>],
    parcels: &'b [Arc<dyn Parcel>],
    /// Objects by number, as they begin in the message; `None` while one cannot exist before its parts.
    objects: Vec<Option<Value<'a>>>,
    until_poll: u32,
}

/// Reads a message; `ports`, the `ends` of other objects and `parcels` are those that came with it.
///
/// # Errors
/// Throws a `DataCloneError` if the bytes are no message, or if memory is short.
pub(crate) fn deserialize<'a>(
    ctx: Ctx<'a>,
    bytes: &[u8],
    ports: &[Value<'a>],
    ends: &[Value<'a>],
    parcels: &[Arc<dyn Parcel>],
) -> Result<Value<'a>> {
    let reader = Reader::new(bytes);
    let mut deserializer =
        Deserializer { ctx, reader, ports, ends, parcels, objects: Vec::new(), until_poll: VALUES_PER_POLL };
    let value = deserializer.value()?;
    if deserializer.reader.is_at_end() { Ok(value) } else { Err(deserializer.malformed()) }
}

impl<'a> Deserializer<'a, '_> {
    fn malformed(&self) -> Thrown {
        self.ctx.throw_dom_exception("DataCloneError", "the message cannot be read")
    }

    fn ok<T>(&self, read: std::result::Result<T, Malformed>) -> Result<T> {
        read.map_err(|Malformed| self.malformed())
    }

    fn length(&mut self) -> Result<usize> {
        let length = self.reader.length();
        self.ok(length)
    }

    fn flag(&mut self) -> Result<bool> {
        let flag = self.reader.flag();
        self.ok(flag)
    }

    fn text(&mut self) -> Result<Value<'a>> {
        let text = self.reader.text();
        match self.ok(text)? {
            Text::Utf8(text) => self.ctx.string(text),
            Text::Utf16(units) => self.ctx.string_utf16(&units),
        }
    }

    fn tag(&mut self) -> Result<Tag> {
        let tag = self.reader.tag();
        self.ok(tag)
    }

    fn value(&mut self) -> Result<Value<'a>> {
        let tag = self.tag()?;
        self.tagged(tag)
    }

    fn tagged(&mut self, tag: Tag) -> Result<Value<'a>> {
        self.until_poll -= 1;
        if self.until_poll == 0 || self.ctx.heap().over_limit() {
            let steps = VALUES_PER_POLL - self.until_poll;
            self.until_poll = VALUES_PER_POLL;
            self.ctx.poll(steps)?;
        }
        let ctx = self.ctx;
        Ok(match tag {
            Tag::Undefined => ctx.undefined(),
            Tag::Null => ctx.null(),
            Tag::True => ctx.boolean(true),
            Tag::False => ctx.boolean(false),
            Tag::Int => {
                let int = self.reader.int();
                ctx.int(self.ok(int)?)
            }
            Tag::Number => {
                let number = self.reader.number();
                ctx.number(self.ok(number)?)
            }
            Tag::String => self.text()?,
            Tag::BigInt => {
                let digits = self.reader.utf8();
                let digits = self.ok(digits)?;
                let (negative, digits) = match digits.strip_prefix('-') {
                    Some(digits) => (true, digits),
                    None => (false, digits),
                };
                if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return Err(self.malformed());
                }
                part(ctx, "makeBigInt", &[&ctx.boolean(negative), &ctx.string(&format!("0x{digits}"))?])?
            }
            Tag::Reference => {
                let number = self.length()?;
                match self.objects.get(number) {
                    Some(Some(object)) => object.clone(),
                    _ => return Err(self.malformed()),
                }
            }
            Tag::End => return Err(self.malformed()),
            _ => return self.object(tag),
        })
    }

    fn object(&mut self, tag: Tag) -> Result<Value<'a>> {
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(self.ctx.throw_error("RangeError", "the message is nested too deep for the stack"));
        }
        let ctx = self.ctx;
        let number = self.objects.len();
        self.objects.push(None);
        let made = match tag {
            Tag::Array => return self.array(number),
            Tag::Object => {
                let object = ctx.object()?;
                self.objects[number] = Some(object.clone());
                self.properties(&object)?;
                return Ok(object);
            }
            Tag::Map => return self.collection(number, "makeMap", "fillMap"),
            Tag::Set => return self.collection(number, "makeSet", "fillSet"),
            Tag::Error => return self.error(number),
            Tag::Date => {
                let time = self.reader.number();
                ctx.date(self.ok(time)?)?
            }
            Tag::RegExp => {
                let (source, flags) = (self.text()?, self.text()?);
                part(ctx, "makeRegExp", &[&source, &flags])?
            }
            Tag::Boxed => {
                let tag = self.tag()?;
                if !matches!(tag, Tag::True | Tag::False | Tag::Int | Tag::Number | Tag::String | Tag::BigInt) {
                    return Err(self.malformed());
                }
                part(ctx, "makeBoxed", &[&self.tagged(tag)?])?
            }
            Tag::DomException => {
                let (name, message) = (self.text()?, self.text()?);
                part(ctx, "makeDomException", &[&name, &message])?
            }
            Tag::ArrayBuffer => self.buffer()?,
            Tag::View => self.view()?,
            Tag::Port => {
                let index = self.length()?;
                self.ports.get(index).cloned().ok_or_else(|| self.malformed())?
            }
            Tag::Received => {
                let name = self.reader.utf8();
                let class = received::class(self.ok(name)?).ok_or_else(|| self.malformed())?;
                let first = self.length()?;
                let ends = first.checked_add(class.ends).and_then(|end| self.ends.get(first..end));
                (class.receive)(ctx, ends.ok_or_else(|| self.malformed())?)?
            }
            Tag::Parcel => {
                let index = self.length()?;
                self.parcels.get(index).ok_or_else(|| self.malformed())?.open(ctx)?
            }
            _ => return Err(self.malformed()),
        };
        self.objects[number] = Some(made.clone());
        Ok(made)
    }

    fn properties(&mut self, object: &Value<'a>) -> Result<()> {
        loop {
            match self.tag()? {
                Tag::End => return Ok(()),
                Tag::String => {
                    let key = self.reader.text();
                    match self.ok(key)? {
                        Text::Utf8(key) => object.define(key, self.value()?, Attributes::ALL)?,
                        Text::Utf16(units) => {
                            let key = PropertyKey::from_value(&self.ctx.string_utf16(&units)?)?;
                            object.define_key(&key, self.value()?, Attributes::ALL)?;
                        }
                    }
                }
                _ => return Err(self.malformed()),
            }
        }
    }

    fn array(&mut self, number: usize) -> Result<Value<'a>> {
        let length = self.length()?;
        if u32::try_from(length).is_err() {
            return Err(self.malformed());
        }
        let array = self.ctx.array(Vec::new())?;
        self.objects[number] = Some(array.clone());
        self.properties(&array)?;
        if array.length()? != length as u64 {
            array.set("length", self.ctx.number(length as f64))?;
        }
        Ok(array)
    }

    fn collection(&mut self, number: usize, make: &str, fill: &str) -> Result<Value<'a>> {
        let count = self.length()?;
        let made = builtin(self.ctx, make, &[])?;
        self.objects[number] = Some(made.clone());
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.value()?);
        }
        let items = self.ctx.array(items)?;
        builtin(self.ctx, fill, &[&made, &items])?;
        Ok(made)
    }

    fn error(&mut self, number: usize) -> Result<Value<'a>> {
        let mut parts = Vec::new();
        for _ in 0..3 {
            match self.tag()? {
                Tag::Undefined => parts.push(self.ctx.undefined()),
                Tag::String => parts.push(self.text()?),
                _ => return Err(self.malformed()),
            }
        }
        let [name, message, stack] = [0, 1, 2].map(|index| &parts[index]);
        let error = part(self.ctx, "makeError", &[name, message, stack])?;
        self.objects[number] = Some(error.clone());
        if self.flag()? {
            let cause = self.value()?;
            part(self.ctx, "setCause", &[&error, &cause])?;
        }
        Ok(error)
    }

    fn buffer(&mut self) -> Result<Value<'a>> {
        let max = if self.flag()? { Some(self.length()?) } else { None };
        let bytes = self.reader.bytes();
        let bytes = self.ok(bytes)?;
        let buffer = self.ctx.array_buffer(bytes)?;
        match max {
            None => Ok(buffer),
            Some(max) if max >= bytes.len() => part(self.ctx, "makeBuffer", &[&buffer, &self.ctx.number(max as f64)]),
            Some(_) => Err(self.malformed()),
        }
    }

    fn view(&mut self) -> Result<Value<'a>> {
        let kind = self.reader.utf8();
        let kind = self.ok(kind)?;
        const KINDS: [&str; 13] = [
            "DataView",
            "Int8Array",
            "Uint8Array",
            "Uint8ClampedArray",
            "Int16Array",
            "Uint16Array",
            "Int32Array",
            "Uint32Array",
            "Float16Array",
            "Float32Array",
            "Float64Array",
            "BigInt64Array",
            "BigUint64Array",
        ];
        if !KINDS.contains(&kind) {
            return Err(self.malformed());
        }
        let offset = self.length()?;
        let length = if self.flag()? { self.ctx.number(self.length()? as f64) } else { self.ctx.undefined() };
        let buffer = self.value()?;
        if !buffer.is_array_buffer() {
            return Err(self.malformed());
        }
        builtin(self.ctx, "makeView", &[&buffer, &self.ctx.string(kind)?, &self.ctx.number(offset as f64), &length])
    }
}
