//! From JS values to a host's terms, in one walk and without an intermediate tree.
//!
//! The walk calls a [`Sink`] bottom-up. It is bounded in depth, in nodes and in the size of what it makes,
//! checks the native stack, and polls for interrupts, so that hostile values (cycles, sparse arrays
//! of 2^32 elements, getters that make ever new objects, graphs that share their way to 2^60 nodes) end in an error.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::function::Args;
use crate::object::PropertyKey;
use crate::shape::{Known, Look, Mould, Recurring};
use crate::text::{LentText, Utf16};
use crate::value::Value;
use std::any::Any;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::rc::Rc;

/// Makes the host's terms.
pub trait Sink {
    /// A term; cheap to copy.
    type Term: Copy;

    /// `null`, `undefined`, and what has no counterpart.
    fn nil(&mut self) -> Self::Term;
    /// A boolean.
    fn boolean(&mut self, value: bool) -> Self::Term;
    /// An integral number, or a BigInt, of at most 64 bits.
    fn integer(&mut self, value: i64) -> Self::Term;
    /// Any other number, the infinities and NaN included.
    fn float(&mut self, value: f64) -> Self::Term;
    /// A larger integral number or BigInt, as hexadecimal digits.
    fn bigint(&mut self, negative: bool, digits: &str) -> Self::Term;
    /// A string or a property name.
    fn string(&mut self, text: &str) -> Self::Term;
    /// A long string beyond ASCII; for sinks that can take it with one copy less.
    fn utf16(&mut self, text: Utf16<'_>) -> Self::Term {
        self.string(&text.into_utf8())
    }
    /// Bytes of a buffer or view.
    fn bytes(&mut self, bytes: &[u8]) -> Self::Term;
    /// A symbol.
    fn symbol(&mut self, description: &str) -> Self::Term;
    /// A valid `Date`, in milliseconds since 1970.
    fn date(&mut self, epoch_ms: f64) -> Self::Term;
    /// An Array or a Set.
    fn list(&mut self, items: &[Self::Term]) -> Self::Term;
    /// An object or a Map; of equal keys the last one counts.
    fn map(&mut self, keys: &[Self::Term], values: &[Self::Term]) -> Self::Term;
    /// How the sink orders the keys of its maps, if it makes one faster from keys in that order.
    fn order(&self, _a: Self::Term, _b: Self::Term) -> Ordering {
        Ordering::Equal
    }
    /// Bytes that making a map of so many entries takes, its keys and values aside.
    fn map_overhead(&self, _entries: usize) -> usize {
        0
    }
    /// A host object; `None` if it is not one of the sink's.
    fn host(&mut self, value: &dyn Any) -> Option<Self::Term>;
}

/// Bounds of one conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeLimits {
    /// Nesting levels.
    pub max_depth: u32,
    /// Values in all.
    pub max_nodes: u64,
    /// Approximate bytes of the result.
    pub max_bytes: u64,
    /// Values beyond `max_depth` or `max_nodes` become nil (`true`) or end the conversion with an error.
    pub cut: bool,
}

impl Default for EncodeLimits {
    /// 1,000 levels, any number of nodes, 1 GB.
    fn default() -> Self {
        EncodeLimits { max_depth: 1000, max_nodes: u64::MAX, max_bytes: 1 << 30, cut: false }
    }
}

/// Why a value was not converted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncodeError {
    /// JavaScript threw (a getter, a proxy trap, an interrupt); the exception is pending.
    Thrown,
    /// A limit was passed; the text names it.
    Limit(String),
}

impl From<Thrown> for EncodeError {
    fn from(_: Thrown) -> Self {
        EncodeError::Thrown
    }
}

/// Stack that one level of the walk may need, getters excluded: those check for themselves.
const STACK_RESERVE: usize = 32 * 1024;
/// Nodes between two interrupt polls.
const NODES_PER_POLL: u32 = 10_000;
/// Depth from which cycles are found by hashing instead of by looking along the path.
const HASHED_DEPTH: usize = 64;

/// The hexadecimal digits of a number of at least 2^53 in size, which is integral for that.
fn large_integral_hex(number: f64) -> String {
    const FRACTION_BITS: u64 = 52;
    let bits = number.to_bits();
    let mantissa = (bits & ((1 << FRACTION_BITS) - 1)) | 1 << FRACTION_BITS;
    let exponent = (bits >> FRACTION_BITS & 0x7ff).saturating_sub(1023 + FRACTION_BITS);
    let zeros = "0".repeat((exponent / 4) as usize);
    format!("{:x}{zeros}", mantissa << (exponent % 4))
}

/// Converts a value. See the module documentation.
///
/// # Errors
/// See [`EncodeError`].
pub fn encode<S: Sink>(
    ctx: Ctx<'_>,
    value: &Value<'_>,
    limits: EncodeLimits,
    sink: &mut S,
) -> std::result::Result<S::Term, EncodeError> {
    let mut walk = Walk {
        ctx,
        sink,
        limits,
        nodes: 0,
        bytes: 0,
        until_poll: NODES_PER_POLL,
        path: Vec::new(),
        hashed: HashSet::new(),
        pending: Vec::new(),
        key_cache: [const { None }; KEY_CACHE],
        rows: Recurring::new(),
    };
    walk.value(value)
}

/// Bytes that a key of a map takes, its text aside.
const KEY_SIZE: usize = 16;

const KEY_CACHE: usize = 32;

/// What objects with the same properties become.
struct Row<T> {
    /// The terms of their keys, in the sink's order, and where each is among the properties.
    names: Vec<T>,
    places: Vec<usize>,
}

/// Objects with the same properties.
type Alike<'a, T> = Rc<Known<'a, Row<T>>>;

/// Each level of the walk costs stack: what few levels need is kept out of line.
struct Walk<'w, 'a, S: Sink> {
    ctx: Ctx<'a>,
    sink: &'w mut S,
    limits: EncodeLimits,
    nodes: u64,
    bytes: u64,
    until_poll: u32,
    /// Objects that are being walked, outermost first.
    path: Vec<usize>,
    hashed: HashSet<usize>,
    /// Terms of containers that are not complete.
    pending: Vec<S::Term>,
    /// Terms of property names, by key; the same few names recur in rows of data.
    key_cache: [Option<(PropertyKey<'a>, S::Term)>; KEY_CACHE],
    /// By the shapes of ordinary objects.
    rows: Recurring<'a, Row<S::Term>>,
}

type Encoded<T> = std::result::Result<T, EncodeError>;

impl<'a, S: Sink> Walk<'_, 'a, S> {
    fn value(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            let limit = self.limits.max_nodes;
            return self.cut(|| format!("the value has more than max_convert_nodes: {limit} values"));
        }
        self.charge(16)?;
        self.until_poll -= 1;
        if self.until_poll == 0 {
            self.until_poll = NODES_PER_POLL;
            self.ctx.poll(NODES_PER_POLL)?;
        }
        if let Some(int) = value.as_int() {
            return Ok(self.sink.integer(i64::from(int)));
        }
        if value.is_string() {
            return self.text(value);
        }
        if value.is_object() {
            return self.object(value);
        }
        self.primitive(value)
    }

    fn cut(&mut self, message: impl FnOnce() -> String) -> Encoded<S::Term> {
        if self.limits.cut { Ok(self.sink.nil()) } else { Err(EncodeError::Limit(message())) }
    }

    fn charge(&mut self, bytes: usize) -> Encoded<()> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > self.limits.max_bytes {
            let limit = self.limits.max_bytes;
            return Err(EncodeError::Limit(format!("the converted value would be larger than {limit} bytes")));
        }
        Ok(())
    }

    #[inline(never)]
    fn text(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let sink = &mut *self.sink;
        let (term, len) = value.with_lent_text(|text| match text {
            LentText::Utf8(text) => (sink.string(&text), text.len()),
            LentText::Utf16(text) => (sink.utf16(text), text.utf8_len()),
        })?;
        self.charge(len)?;
        Ok(term)
    }

    #[inline(never)]
    fn primitive(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        if let Some(number) = value.as_f64() {
            const I64_END: f64 = 9_223_372_036_854_775_808.0;
            return Ok(if number.trunc() != number || number.is_infinite() {
                self.sink.float(number)
            } else if number.abs() < I64_END {
                self.sink.integer(number as i64)
            } else {
                self.sink.bigint(number < 0.0, &large_integral_hex(number))
            });
        }
        if let Some(boolean) = value.as_bool() {
            return Ok(self.sink.boolean(boolean));
        }
        if let Some(short) = value.as_short_bigint() {
            return Ok(self.sink.integer(short));
        }
        if value.is_bigint() {
            return self.bigint(value);
        }
        if value.is_symbol() {
            return Ok(self.sink.symbol(&value.symbol_description()?));
        }
        Ok(self.sink.nil())
    }

    fn bigint(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let to_string = &self.ctx.inner().layout.natives.bigint_to_string;
        let text = to_string.call(self.ctx, value, &[self.ctx.int(16)])?.to_text()?;
        self.charge(text.len() / 2)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.as_str()),
        };
        Ok(match i64::from_str_radix(&text, 16) {
            Ok(small) => self.sink.integer(small),
            Err(_) => self.sink.bigint(negative, digits),
        })
    }

    fn object(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let is_ordinary = value.is_ordinary();
        if !is_ordinary
            && let Some(host) = value.host_value()
            && let Some(term) = self.sink.host(&*host)
        {
            return Ok(term);
        }
        let identity = value.identity().unwrap_or_default();
        if self.is_on_path(identity) {
            return Ok(self.sink.nil());
        }
        if self.path.len() >= self.limits.max_depth as usize {
            let limit = self.limits.max_depth;
            return self.cut(|| format!("the value is nested deeper than max_convert_depth: {limit} levels"));
        }
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(EncodeError::Limit(format!(
                "the value is nested deeper than max_stack_size allows: it overflowed at {} levels",
                self.path.len()
            )));
        }
        self.enter(identity);
        let first = self.pending.len();
        let term = if is_ordinary { self.ordinary(value, first) } else { self.container(value, first) };
        self.pending.truncate(first);
        self.leave(identity);
        term
    }

    fn is_on_path(&self, identity: usize) -> bool {
        if self.path.len() <= HASHED_DEPTH { self.path.contains(&identity) } else { self.hashed.contains(&identity) }
    }

    fn enter(&mut self, identity: usize) {
        self.path.push(identity);
        if self.path.len() == HASHED_DEPTH + 1 {
            self.hashed.extend(&self.path);
        } else if self.path.len() > HASHED_DEPTH {
            self.hashed.insert(identity);
        }
    }

    fn leave(&mut self, identity: usize) {
        self.path.pop();
        if self.path.len() > HASHED_DEPTH {
            self.hashed.remove(&identity);
        } else if self.path.len() == HASHED_DEPTH {
            self.hashed.clear();
        }
    }

    /// Converts an ordinary object whose children go to `pending[first..]`.
    fn ordinary(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        match self.row(value)? {
            Some(row) => self.like(&row, value, first),
            None => self.plain(value, first),
        }
    }

    /// Converts another object, likewise.
    fn container(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        if value.is_array_or_proxy_of_one()? {
            return self.array(value, first);
        }
        if value.is_error() {
            return self.error(value, first);
        }
        if value.is_function() || value.is_promise() {
            return Ok(self.sink.nil());
        }
        if value.is_date() {
            return self.date(value);
        }
        if value.is_set() {
            let items = self.collect(value, Collection::Set)?;
            return self.items(items, first);
        }
        if value.is_map() {
            return self.js_map(value, first);
        }
        let sink = &mut *self.sink;
        if let Some((term, len)) = value.with_bytes(|bytes| (sink.bytes(bytes), bytes.len())) {
            self.charge(len)?;
            return Ok(term);
        }
        if value.is_data_view() {
            return self.data_view(value);
        }
        match value.class_name()?.as_deref() {
            Some("Number" | "String" | "Boolean" | "BigInt" | "Symbol") => self.boxed(value),
            Some("DOMException") => self.error(value, first),
            _ => self.plain(value, first),
        }
    }

    #[inline(never)]
    fn data_view(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let buffer = value.get("buffer")?;
        let size = buffer.with_bytes(|bytes| bytes.len()).unwrap_or_default();
        let (start, len) = match size {
            // Detached, perhaps: then these getters would throw.
            0 => (0, 0),
            _ => (value.get("byteOffset")?.to_f64()? as usize, value.get("byteLength")?.to_f64()? as usize),
        };
        let sink = &mut *self.sink;
        let term = buffer.with_bytes(|bytes| {
            let start = start.min(bytes.len());
            sink.bytes(&bytes[start..start.saturating_add(len).min(bytes.len())])
        });
        self.charge(len)?;
        Ok(term.unwrap_or_else(|| self.sink.nil()))
    }

    /// The primitive within a `Number`, `String` … object.
    #[inline(never)]
    fn boxed(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let primitive = self.ctx.call(&value.get("valueOf")?, value, &[])?;
        if primitive.is_object() { Ok(self.sink.nil()) } else { self.value(&primitive) }
    }

    fn array(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        let len = value.length()?;
        self.charge_elements(len)?;
        for index in 0..len {
            let term = match u32::try_from(index) {
                Ok(index) => self.value(&value.get_index(index)?)?,
                Err(_) => self.value(&value.get(&index.to_string())?)?,
            };
            self.pending.push(term);
        }
        Ok(self.sink.list(&self.pending[first..]))
    }

    /// Refuses a sparse array of absurd length before its elements are visited.
    fn charge_elements(&mut self, len: u64) -> Encoded<()> {
        let before = self.bytes;
        self.charge(usize::try_from(len.saturating_mul(16)).unwrap_or(usize::MAX))?;
        self.bytes = before;
        Ok(())
    }

    #[inline(never)]
    fn items(&mut self, items: Vec<Value<'a>>, first: usize) -> Encoded<S::Term> {
        for item in &items {
            let term = self.value(item)?;
            self.pending.push(term);
        }
        Ok(self.sink.list(&self.pending[first..]))
    }

    #[inline(never)]
    fn error(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        const FIELDS: [&str; 3] = ["name", "message", "stack"];
        for field in FIELDS {
            let key = self.sink.string(field);
            self.pending.push(key);
        }
        for field in FIELDS {
            let term = self.value(&value.get(field)?)?;
            self.pending.push(term);
        }
        let (keys, values) = self.pending[first..].split_at(FIELDS.len());
        Ok(self.sink.map(keys, values))
    }

    #[inline(never)]
    fn date(&mut self, value: &Value<'a>) -> Encoded<S::Term> {
        let get_time = &self.ctx.inner().layout.natives.date_get_time;
        let ms = get_time.call(self.ctx, value, &[])?.to_f64()?;
        Ok(if ms.is_nan() { self.sink.nil() } else { self.sink.date(ms) })
    }

    #[inline(never)]
    fn js_map(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        let entries = self.collect(value, Collection::Map)?;
        let count = entries.len() / 2;
        self.charge(self.sink.map_overhead(count))?;
        for key in entries.iter().step_by(2) {
            let term = self.value(key)?;
            self.pending.push(term);
        }
        for item in entries.iter().skip(1).step_by(2) {
            let term = self.value(item)?;
            self.pending.push(term);
        }
        let (keys, values) = self.pending[first..].split_at(count);
        Ok(self.sink.map(keys, values))
    }

    #[inline(never)]
    fn plain(&mut self, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        let keys = value.keys()?;
        self.charge(self.sink.map_overhead(keys.len()))?;
        for key in &keys {
            let term = self.key(key)?;
            self.pending.push(term);
        }
        for key in &keys {
            let term = self.value(&value.get_key(key)?)?;
            self.pending.push(term);
        }
        let (keys, values) = self.pending[first..].split_at(keys.len());
        Ok(self.sink.map(keys, values))
    }

    /// What is known of objects like that one, after some of them.
    #[inline(never)]
    fn row(&mut self, value: &Value<'a>) -> Encoded<Option<Alike<'a, S::Term>>> {
        Ok(match self.rows.look(value)? {
            Look::Seldom => None,
            Look::Known(row) => Some(row),
            Look::Often(mould) => {
                let row = self.new_row(&mould)?;
                Some(self.rows.remember(mould, row))
            }
        })
    }

    fn new_row(&mut self, mould: &Mould<'a>) -> Encoded<Row<S::Term>> {
        let mut sorted = Vec::new();
        for (index, key) in mould.keys().iter().enumerate() {
            sorted.push((self.key(key)?, index));
        }
        sorted.sort_by(|(a, _), (b, _)| self.sink.order(*a, *b));
        let (names, places) = sorted.into_iter().unzip();
        Ok(Row { names, places })
    }

    /// As [`Walk::plain`], without asking for keys.
    #[inline(never)]
    fn like(&mut self, row: &Known<'a, Row<S::Term>>, value: &Value<'a>, first: usize) -> Encoded<S::Term> {
        for index in 0..row.what.names.len() {
            let term = self.value(&row.mould.get(value, index)?)?;
            self.pending.push(term);
        }
        self.sorted(&row.what, first)
    }

    /// The map of a row whose values are `pending[first..]`, in the order of its properties.
    #[inline(never)]
    fn sorted(&mut self, row: &Row<S::Term>, first: usize) -> Encoded<S::Term> {
        let count = row.names.len();
        self.charge(self.sink.map_overhead(count) + KEY_SIZE * count)?;
        for &place in &row.places {
            self.pending.push(self.pending[first + place]);
        }
        Ok(self.sink.map(&row.names, &self.pending[first + count..]))
    }

    fn key(&mut self, key: &PropertyKey<'a>) -> Encoded<S::Term> {
        self.charge(KEY_SIZE)?;
        let slot = key.id() as usize % KEY_CACHE;
        if let Some((cached, term)) = &self.key_cache[slot]
            && cached.id() == key.id()
        {
            return Ok(*term);
        }
        let term = self.text(&key.to_value()?)?;
        self.key_cache[slot] = Some((key.duplicate(), term));
        Ok(term)
    }

    /// The entries of a Map (key, value, key, …) or Set, through the engine's own `forEach`.
    fn collect(&mut self, value: &Value<'a>, collection: Collection) -> Result<Vec<Value<'a>>> {
        let natives = &self.ctx.inner().layout.natives;
        let for_each = match collection {
            Collection::Map => &natives.map_for_each,
            Collection::Set => &natives.set_for_each,
        };
        let target = self.ctx.array(Vec::new())?;
        let push = match collection {
            Collection::Map => self.ctx.bound_function(&target, |ctx, target, args: Args<'_>| {
                let at = target.length()? as u32;
                target.set_index(at, args.get(1))?;
                target.set_index(at + 1, args.get(0))?;
                Ok(ctx.undefined())
            }),
            Collection::Set => self.ctx.bound_function(&target, |ctx, target, args: Args<'_>| {
                let at = target.length()? as u32;
                target.set_index(at, args.get(0))?;
                Ok(ctx.undefined())
            }),
        }?;
        for_each.call(self.ctx, value, &[push])?;
        (0..target.length()? as u32).map(|index| target.get_index(index)).collect()
    }
}

#[derive(Clone, Copy)]
enum Collection {
    Map,
    Set,
}
