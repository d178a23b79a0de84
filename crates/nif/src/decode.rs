//! From terms to JS values, in one walk.

use crate::atoms;
use crate::calendar::{MS_PER_DAY, days_from_civil};
use crate::entries::Entries;
use crate::env_pool;
use crate::host_term::HostTerm;
use quickbeam_engine::{Attributes, Ctx, Mould, PropertyKey, Result, Thrown, Value};
use quickbeam_executor::Input;
use rustler::env::{OwnedEnv, SavedTerm};
use rustler::{Atom, Binary, ListIterator, Term, TermType};
use std::collections::HashMap;
use std::rc::Rc;

/// Stack that one level of the walk may need.
const STACK_RESERVE: usize = 32 * 1024;

/// Terms between two interrupt polls.
const TERMS_PER_POLL: u32 = 10_000;

/// Maps of a list after which more of the same keys are expected.
const ROWS: usize = 8;

/// A term on its way to an isolate's thread.
pub(crate) enum TermInput {
    /// Such as handlers mostly give and functions take: an environment of its own would cost more than the rest of the way, not least as
    /// freeing it wakes the scheduler that made it.
    Small(Small),
    Large(OwnedEnv, SavedTerm),
}

impl TermInput {
    pub(crate) fn new(term: Term<'_>) -> TermInput {
        match Small::of(term) {
            Some(small) => TermInput::Small(small),
            None => {
                let env = env_pool::take();
                let term = env.save(term);
                TermInput::Large(env, term)
            }
        }
    }
}

impl Input for TermInput {
    fn into_js<'a>(self: Box<Self>, ctx: Ctx<'a>) -> Result<Value<'a>> {
        match *self {
            TermInput::Small(small) => small.into_js(ctx),
            TermInput::Large(env, term) => {
                let value = env.run(|env| decode(ctx, term.load(env)));
                env_pool::give_back(env);
                value
            }
        }
    }
}

/// What a small term says.
pub(crate) enum Small {
    Nil,
    Boolean(bool),
    Integer(i32),
    Float(f64),
    Binary(Box<[u8]>),
    /// Of the others.
    List(Vec<Small>),
}

impl Small {
    const MOST_ITEMS: usize = 8;

    /// The VM itself copies binaries up to that size.
    const MOST_BYTES: usize = 64;

    fn of(term: Term<'_>) -> Option<Small> {
        if term.get_type() != TermType::List {
            return Small::scalar(term);
        }
        let few = term.list_length().is_ok_and(|length| length <= Small::MOST_ITEMS);
        let items = few.then(|| term.decode::<ListIterator<'_>>().ok()).flatten()?;
        items.map(Small::scalar).collect::<Option<_>>().map(Small::List)
    }

    fn scalar(term: Term<'_>) -> Option<Small> {
        match term.get_type() {
            TermType::Integer => term.decode().ok().map(Small::Integer),
            TermType::Float => term.decode().ok().map(Small::Float),
            TermType::Atom if atoms::nil() == term => Some(Small::Nil),
            TermType::Atom => term.decode().ok().map(Small::Boolean),
            TermType::Binary => {
                let binary = Binary::from_term(term).ok().filter(|binary| binary.len() <= Small::MOST_BYTES)?;
                Some(Small::Binary(binary.as_slice().into()))
            }
            _ => None,
        }
    }

    fn into_js(self, ctx: Ctx<'_>) -> Result<Value<'_>> {
        match self {
            Small::Nil => Ok(ctx.null()),
            Small::Boolean(boolean) => Ok(ctx.boolean(boolean)),
            Small::Integer(int) => Ok(ctx.int(int)),
            Small::Float(float) => Ok(ctx.number(float)),
            Small::Binary(bytes) => text_or_bytes(ctx, &bytes),
            Small::List(items) => ctx.array(items.into_iter().map(|item| item.into_js(ctx)).collect::<Result<_>>()?),
        }
    }
}

/// A binary's value: a string, if it is text.
fn text_or_bytes<'a>(ctx: Ctx<'a>, bytes: &[u8]) -> Result<Value<'a>> {
    match ctx.string_from_utf8(bytes)? {
        Some(text) => Ok(text),
        None => ctx.uint8_array(bytes),
    }
}

/// Converts a term.
pub(crate) fn decode<'a>(ctx: Ctx<'a>, term: Term<'_>) -> Result<Value<'a>> {
    let (keys, atoms) = (KeyCache::default(), HashMap::default());
    Walk { ctx, until_poll: TERMS_PER_POLL, keys, atoms, pending: Vec::new() }.term(term)
}

struct Walk<'a> {
    ctx: Ctx<'a>,
    until_poll: u32,
    keys: KeyCache<'a>,
    /// Property keys of atoms.
    atoms: HashMap<Atom, PropertyKey<'a>, std::hash::BuildHasherDefault<AtomHasher>>,
    /// Values of rows that are not complete.
    pending: Vec<Value<'a>>,
}

/// Atoms are small distinct integers already.
#[derive(Default)]
struct AtomHasher(u64);

impl std::hash::Hasher for AtomHasher {
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_usize(&mut self, word: usize) {
        self.0 ^= word as u64;
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
}

/// Property keys of binaries that came up before, by a hash of each: rows of data have the same few, and finding a name
/// among all of the engine's costs more.
#[derive(Default)]
struct KeyCache<'a> {
    slots: Vec<Option<(Vec<u8>, PropertyKey<'a>)>>,
    names: usize,
}

impl<'a> KeyCache<'a> {
    const SLOTS: usize = 64;
    /// Longer names are not worth a copy.
    const LONGEST: usize = 32;
    /// A value of so few names is over before the cache would be of use.
    const FEW: usize = 16;

    /// Hands the key of that name to `f`; `None` if it is not UTF-8.
    fn with_key<R>(
        &mut self,
        ctx: Ctx<'a>,
        name: &[u8],
        f: impl FnOnce(&PropertyKey<'a>) -> Result<R>,
    ) -> Result<Option<R>> {
        let slot = Self::slot(name);
        if let Some(Some((known, key))) = self.slots.get(slot)
            && known == name
        {
            return f(key).map(Some);
        }
        let Ok(text) = std::str::from_utf8(name) else { return Ok(None) };
        let key = ctx.key(text)?;
        let result = f(&key);
        self.names += 1;
        if self.names > Self::FEW && name.len() <= Self::LONGEST {
            self.slots.resize_with(Self::SLOTS, || None);
            self.slots[slot] = Some((name.to_vec(), key));
        }
        result.map(Some)
    }

    fn slot(name: &[u8]) -> usize {
        let ends = [name.first(), name.get(name.len() / 2), name.last()];
        let hash = ends.iter().fold(name.len(), |hash, byte| hash * 31 + usize::from(*byte.unwrap_or(&0)));
        hash % Self::SLOTS
    }
}

/// Maps with the same keys in the same order.
struct Rows<'a> {
    names: Vec<RowName>,
    mould: Mould<'a>,
}

/// A key of the first of them.
struct RowName {
    /// As it is in memory: where rows share it, it is the same for all.
    word: rustler::sys::ErlNifTerm,
    key: RowKey,
}

impl Rows<'_> {
    /// Wider maps are not worth it.
    const MOST_KEYS: usize = 32;
}

impl RowName {
    fn is(&self, key: Term<'_>) -> bool {
        // Terms do not change as long as their environment lives, which is all of the walk.
        self.word == key.as_c_arg()
            || match &self.key {
                RowKey::Atom(atom) => *atom == key,
                RowKey::Text(text) => Binary::from_term(key).is_ok_and(|key| key.as_slice() == text),
            }
    }
}

/// A key that has a property's name.
enum RowKey {
    Atom(Atom),
    Text(Vec<u8>),
}

impl<'a> Walk<'a> {
    fn term(&mut self, term: Term<'_>) -> Result<Value<'a>> {
        self.until_poll -= 1;
        // Past the heap's limit at once: an isolate that is abandoned in here would never drop this input.
        if self.until_poll == 0 || self.ctx.heap().over_limit() {
            let steps = TERMS_PER_POLL - self.until_poll;
            self.until_poll = TERMS_PER_POLL;
            self.ctx.poll(steps)?;
        }
        match term.get_type() {
            TermType::Binary => self.binary(term),
            TermType::Integer => self.integer(term),
            TermType::Atom => self.atom(term),
            TermType::Float => Ok(self.ctx.number(term.decode::<f64>().unwrap_or(f64::NAN))),
            TermType::List => self.list(term),
            TermType::Tuple => self.tuple(term),
            TermType::Map => self.map(term),
            TermType::Pid | TermType::Ref | TermType::Port | TermType::Fun => {
                self.ctx.host_object(Rc::new(HostTerm::new(term)), None)
            }
            TermType::Unknown => Err(self.ctx.throw_type("this term has no JavaScript counterpart")),
        }
    }

    fn nested(&self) -> Result<()> {
        if self.ctx.stack_left() < STACK_RESERVE {
            return Err(self.ctx.throw_error("RangeError", "the term is nested deeper than max_stack_size allows"));
        }
        Ok(())
    }

    fn binary(&self, term: Term<'_>) -> Result<Value<'a>> {
        let Ok(binary) = Binary::from_term(term) else {
            return Err(self.ctx.throw_type("a bitstring that is no binary has no JavaScript counterpart"));
        };
        text_or_bytes(self.ctx, binary.as_slice())
    }

    fn integer(&self, term: Term<'_>) -> Result<Value<'a>> {
        const MAX_SAFE: i64 = 1 << 53;
        match term.decode::<i64>() {
            Ok(small) if let Ok(int) = i32::try_from(small) => Ok(self.ctx.int(int)),
            Ok(small) if (-MAX_SAFE..=MAX_SAFE).contains(&small) => Ok(self.ctx.number(small as f64)),
            Ok(large) => self.ctx.bigint_i64(large),
            Err(_) => {
                let (negative, digits) =
                    big_integer(term).ok_or_else(|| self.ctx.throw_type("an unreadable integer"))?;
                self.ctx.bigint_hex(negative, &digits)
            }
        }
    }

    fn atom(&self, term: Term<'_>) -> Result<Value<'a>> {
        let Ok(atom) = Atom::from_term(term) else { return Ok(self.ctx.undefined()) };
        if atom == atoms::nil() {
            return Ok(self.ctx.null());
        }
        if let Ok(boolean) = term.decode::<bool>() {
            return Ok(self.ctx.boolean(boolean));
        }
        let number = [
            (atoms::positive_infinity(), f64::INFINITY),
            (atoms::negative_infinity(), f64::NEG_INFINITY),
            (atoms::nan(), f64::NAN),
        ];
        if let Some((_, number)) = number.iter().find(|(name, _)| *name == atom) {
            return Ok(self.ctx.number(*number));
        }
        self.ctx.symbol_for(&atom_text(term))
    }

    fn list(&mut self, term: Term<'_>) -> Result<Value<'a>> {
        let Ok(length) = term.list_length() else {
            return Err(self.ctx.throw_type("an improper list has no JavaScript counterpart"));
        };
        let Ok(items) = term.decode::<ListIterator<'_>>() else { return self.ctx.array(Vec::new()) };
        self.nested()?;
        let mut values = Vec::with_capacity(length);
        let mut rows = None;
        for item in items {
            // Rows of data have the same keys, as a rule.
            if values.len() == ROWS && item.is_map() {
                rows = self.rows(item)?;
            }
            let row = rows.as_ref().map_or(Ok(None), |rows| self.row(item, rows))?;
            values.push(match row {
                Some(row) => row,
                None => {
                    rows = None;
                    self.term(item)?
                }
            });
        }
        self.ctx.array(values)
    }

    /// What maps are made by that have the keys of this one; `None` for one that is converted otherwise.
    fn rows(&self, map: Term<'_>) -> Result<Option<Rows<'a>>> {
        let (mut names, mut keys) = (Vec::new(), Vec::new());
        for (name, _) in Entries::of(map).take(Rows::MOST_KEYS + 1) {
            let word = name.as_c_arg();
            let (key, text) = match (Atom::from_term(name), Binary::from_term(name)) {
                (Ok(atom), _) if atom != atoms::struct_key() => (RowKey::Atom(atom), atom_text(name)),
                (_, Ok(text)) if let Ok(key) = str::from_utf8(text.as_slice()) => {
                    (RowKey::Text(text.as_slice().to_vec()), key.to_owned())
                }
                _ => return Ok(None),
            };
            keys.push(self.ctx.key(&text)?);
            names.push(RowName { word, key });
        }
        if names.len() > Rows::MOST_KEYS {
            return Ok(None);
        }
        Ok(Mould::with_keys(self.ctx, keys)?.map(|mould| Rows { names, mould }))
    }

    /// The object of a map that has the keys of these rows, in their order; `None` for any other term.
    fn row(&mut self, term: Term<'_>, rows: &Rows<'a>) -> Result<Option<Value<'a>>> {
        if term.map_size().ok() != Some(rows.names.len()) {
            return Ok(None);
        }
        self.nested()?;
        let first = self.pending.len();
        for ((key, item), name) in Entries::of(term).zip(&rows.names) {
            if !name.is(key) {
                self.pending.truncate(first);
                return Ok(None);
            }
            let value = self.term(item)?;
            self.pending.push(value);
        }
        rows.mould.cast(self.pending.drain(first..)).map(Some)
    }

    fn tuple(&mut self, term: Term<'_>) -> Result<Value<'a>> {
        let items = rustler::types::tuple::get_tuple(term).unwrap_or_default();
        if let [tag, bytes] = items.as_slice()
            && atoms::bytes() == *tag
            && let Ok(binary) = Binary::from_term(*bytes)
        {
            return self.ctx.uint8_array(binary.as_slice());
        }
        self.nested()?;
        let values = items.into_iter().map(|item| self.term(item)).collect::<Result<Vec<_>>>()?;
        self.ctx.array(values)
    }

    fn map(&mut self, term: Term<'_>) -> Result<Value<'a>> {
        self.nested()?;
        if let Ok(name) = term.map_get(atoms::struct_key())
            && let Some(value) = self.known_struct(term, name)
        {
            return value;
        }
        let object = self.ctx.object()?;
        for (key, item) in Entries::of(term) {
            if atoms::struct_key() == key {
                continue;
            }
            let value = self.term(item)?;
            self.define(&object, key, value)?;
        }
        Ok(object)
    }

    fn define(&mut self, object: &Value<'a>, key: Term<'_>, value: Value<'a>) -> Result<()> {
        match key.get_type() {
            TermType::Atom => {
                let Ok(atom) = Atom::from_term(key) else { return Ok(()) };
                if !self.atoms.contains_key(&atom) {
                    let name = self.ctx.key(&atom_text(key))?;
                    self.atoms.insert(atom, name);
                }
                match self.atoms.get(&atom) {
                    Some(name) => object.define_key(name, value, Attributes::ALL),
                    None => Ok(()),
                }
            }
            TermType::Binary => {
                let Ok(name) = Binary::from_term(key) else { return Err(self.bad_key(key)) };
                let define = |name: &PropertyKey<'a>| object.define_key(name, value, Attributes::ALL);
                self.keys.with_key(self.ctx, name.as_slice(), define)?.ok_or_else(|| self.bad_key(key))
            }
            TermType::Integer | TermType::Float => {
                let name = self.term(key)?.to_text()?;
                object.define(&name, value, Attributes::ALL)
            }
            _ => Err(self.bad_key(key)),
        }
    }

    fn bad_key(&self, key: Term<'_>) -> Thrown {
        let shown: String = format!("{key:?}").chars().take(80).collect();
        self.ctx.throw_type(&format!("the map key {shown} is no string, atom or number, and so no property name"))
    }

    /// Structs of the standard library that have counterparts of their own.
    fn known_struct(&mut self, term: Term<'_>, name: Term<'_>) -> Option<Result<Value<'a>>> {
        if atoms::map_set() == name {
            return Some(self.set(term.map_get(atoms::map()).ok()?));
        }
        let has_time = atoms::date_time() == name || atoms::naive_date_time() == name;
        if !has_time && atoms::date() != name {
            return None;
        }
        Some(match epoch_ms(term, has_time) {
            Some(ms) => self.ctx.date(ms as f64),
            None => {
                let kind = atom_text(name);
                let kind = kind.trim_start_matches("Elixir.");
                Err(self.ctx.throw_type(&format!("a {kind} with fields that no date of Calendar.ISO has")))
            }
        })
    }

    fn set(&mut self, members: Term<'_>) -> Result<Value<'a>> {
        let values = Entries::of(members).map(|(member, _)| self.term(member)).collect::<Result<Vec<_>>>()?;
        let values = self.ctx.array(values)?;
        self.ctx.construct(&self.ctx.builtin("Set")?, &[values])
    }
}

/// The instant that a `Date`, `NaiveDateTime` or `DateTime` stands for. Any map may call itself one, so every field is
/// checked.
fn epoch_ms(term: Term<'_>, has_time: bool) -> Option<i64> {
    const DAY: i64 = 86_400;
    let number = |key: Atom, range: std::ops::RangeInclusive<i64>| {
        term.map_get(key).ok()?.decode::<i64>().ok().filter(|value| range.contains(value))
    };
    if atoms::calendar_iso() != term.map_get(atoms::calendar()).ok()? {
        return None;
    }
    // A JavaScript date that came from such a year goes back, though Elixir would not make it.
    let year = number(atoms::year(), -300_000..=300_000)?;
    let month = number(atoms::month(), 1..=12)?;
    let day = number(atoms::day(), 1..=31)?;
    if day > days_in_month(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if !has_time {
        return Some(days * MS_PER_DAY);
    }
    let clock = [(atoms::hour(), 0..=23, 3600), (atoms::minute(), 0..=59, 60), (atoms::second(), 0..=59, 1)];
    let mut seconds = 0;
    for (key, range, unit) in clock {
        seconds += number(key, range)? * unit;
    }
    for key in [atoms::utc_offset(), atoms::std_offset()] {
        // A NaiveDateTime has none.
        if term.map_get(key).is_ok() {
            seconds -= number(key, -2 * DAY..=2 * DAY)?;
        }
    }
    let (micros, _precision) = term.map_get(atoms::microsecond()).ok()?.decode::<(i64, i64)>().ok()?;
    let micros = Some(micros).filter(|micros| (0..1_000_000).contains(micros))?;
    Some(days * MS_PER_DAY + seconds * 1000 + micros / 1000)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next_year, next_month, 1) - days_from_civil(year, month, 1)
}

/// An atom's name. The NIF interface of OTP 25 reads Latin-1 names only; others are read from the external format.
fn atom_text(atom: Term<'_>) -> String {
    const ATOM_UTF8: u8 = 118;
    const SMALL_ATOM_UTF8: u8 = 119;
    if let Ok(text) = atom.atom_to_string() {
        return text;
    }
    let encoded = atom.to_binary();
    match encoded.as_slice() {
        [131, ATOM_UTF8, _, _, text @ ..] | [131, SMALL_ATOM_UTF8, _, text @ ..] => {
            String::from_utf8_lossy(text).into_owned()
        }
        _ => String::new(),
    }
}

/// Sign and hexadecimal digits of an integer beyond 64 bits, from its external term format.
fn big_integer(term: Term<'_>) -> Option<(bool, String)> {
    const SMALL_BIG: u8 = 110;
    const LARGE_BIG: u8 = 111;
    let encoded = term.to_binary();
    let (sign, magnitude) = match encoded.as_slice() {
        [131, SMALL_BIG, _, sign, magnitude @ ..] => (sign, magnitude),
        [131, LARGE_BIG, _, _, _, _, sign, magnitude @ ..] => (sign, magnitude),
        _ => return None,
    };
    let digits = magnitude.iter().rev().map(|byte| format!("{byte:02x}")).collect();
    Some((*sign == 1, digits))
}
