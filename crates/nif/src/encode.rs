//! From JS values to terms: the engine's walk with terms as its result.

use crate::atoms;
use crate::calendar::{MS_PER_DAY, civil_from_days};
use crate::host_term::HostTerm;
use quickbeam_engine::{Ctx, EncodeError, EncodeLimits, ErrorReport, Sink, Utf16, Value, encode};
use quickbeam_executor::take_report;
use rustler::types::atom;
use rustler::{Encoder, Env, NewBinary, Term, sys};
use std::any::Any;
use std::cmp::Ordering;

/// Converts a value.
///
/// # Errors
/// What a getter threw, or the limit that the value passed.
pub(crate) fn to_term<'e>(
    env: Env<'e>,
    ctx: Ctx<'_>,
    value: &Value<'_>,
    limits: EncodeLimits,
) -> Result<Term<'e>, EncodeError> {
    to_sized_term(env, ctx, value, limits).map(|(term, _bytes)| term)
}

/// Converts a value; the term, with about the bytes that it takes.
///
/// # Errors
/// As [`to_term`].
pub(crate) fn to_sized_term<'e>(
    env: Env<'e>,
    ctx: Ctx<'_>,
    value: &Value<'_>,
    limits: EncodeLimits,
) -> Result<(Term<'e>, usize), EncodeError> {
    let mut sink = TermSink::new(env);
    let term = encode(ctx, value, limits, &mut sink)?;
    Ok((term, sink.bytes))
}

/// What a conversion failed with, taken from the realm.
pub(crate) fn report(ctx: Ctx<'_>, error: EncodeError) -> ErrorReport {
    match error {
        EncodeError::Thrown => take_report(ctx),
        EncodeError::Limit(message) => ErrorReport::new("RangeError", message),
    }
}

pub(crate) fn binary<'e>(env: Env<'e>, bytes: &[u8]) -> Term<'e> {
    NewBinary::from_slice(env, bytes).into()
}

/// Up to OTP 25 at least, `enif_make_map_from_arrays` crashes for more keys on a thread that is no scheduler.
const MAX_MAP_AT_ONCE: usize = 128;

/// A map whose keys and values are put together for the VM without asking for memory: rows of data are many.
fn map_of_few<'e>(env: Env<'e>, keys: &[Term<'e>], values: &[Term<'e>]) -> Option<Term<'e>> {
    const FEW: usize = 32;
    let count = Some(keys.len()).filter(|&count| count <= FEW && count == values.len())?;
    let none = sys::ErlNifTerm::default();
    let (mut raw_keys, mut raw_values, mut map) = ([none; FEW], [none; FEW], none);
    for (index, (key, value)) in keys.iter().zip(values).enumerate() {
        (raw_keys[index], raw_values[index]) = (key.as_c_arg(), value.as_c_arg());
    }
    // SAFETY: both arrays have so many terms of this environment; the VM writes the map if it says so.
    unsafe {
        let (keys, values) = (raw_keys.as_ptr(), raw_values.as_ptr());
        let is_made = sys::enif_make_map_from_arrays(env.as_c_arg(), keys, values, count, &mut map) != 0;
        is_made.then(|| Term::new(env, map))
    }
}

/// About the bytes that adding a key to a large map leaves behind: each node on the path to it is copied.
const MAP_PUT: usize = 600;

/// Bytes of a list cell, of an entry of a map, and of a float.
const CELL: usize = 16;

/// About the bytes of a binary beside those that it holds, and of a pid or reference.
const BOXED: usize = 48;

/// About the bytes of a `DateTime`.
const DATE_TIME: usize = 320;

/// Makes terms in an environment.
pub(crate) struct TermSink<'e> {
    env: Env<'e>,
    bytes: usize,
}

impl<'e> TermSink<'e> {
    pub(crate) fn new(env: Env<'e>) -> TermSink<'e> {
        TermSink { env, bytes: 0 }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

impl<'e> Sink for TermSink<'e> {
    type Term = Term<'e>;

    fn nil(&mut self) -> Term<'e> {
        atom::nil().to_term(self.env)
    }

    fn boolean(&mut self, value: bool) -> Term<'e> {
        value.encode(self.env)
    }

    fn integer(&mut self, value: i64) -> Term<'e> {
        value.encode(self.env)
    }

    fn float(&mut self, value: f64) -> Term<'e> {
        let named = if value.is_nan() {
            atoms::nan()
        } else if value == f64::INFINITY {
            atoms::positive_infinity()
        } else if value == f64::NEG_INFINITY {
            atoms::negative_infinity()
        } else {
            self.count(CELL);
            return value.encode(self.env);
        };
        named.to_term(self.env)
    }

    fn bigint(&mut self, negative: bool, digits: &str) -> Term<'e> {
        self.count(CELL + digits.len() / 2);
        let term = self.env.binary_to_term(&external_integer(negative, digits));
        term.map_or_else(|| self.nil(), |(term, _)| term)
    }

    fn string(&mut self, text: &str) -> Term<'e> {
        self.count(BOXED + text.len());
        binary(self.env, text.as_bytes())
    }

    fn utf16(&mut self, text: Utf16<'_>) -> Term<'e> {
        let len = text.utf8_len();
        self.count(BOXED + len);
        let mut binary = NewBinary::new(self.env, len);
        text.write_utf8(binary.as_mut_slice());
        binary.into()
    }

    fn bytes(&mut self, bytes: &[u8]) -> Term<'e> {
        self.count(BOXED + bytes.len());
        binary(self.env, bytes)
    }

    fn symbol(&mut self, description: &str) -> Term<'e> {
        existing_atom(self.env, description).unwrap_or_else(|| self.string(description))
    }

    fn date(&mut self, epoch_ms: f64) -> Term<'e> {
        self.count(DATE_TIME);
        date_time(self.env, epoch_ms as i64)
    }

    fn list(&mut self, items: &[Term<'e>]) -> Term<'e> {
        self.count(items.len() * CELL);
        items.encode(self.env)
    }

    fn order(&self, a: Term<'e>, b: Term<'e>) -> Ordering {
        a.cmp(&b)
    }

    fn map_overhead(&self, entries: usize) -> usize {
        if entries <= MAX_MAP_AT_ONCE { 0 } else { entries.saturating_mul(MAP_PUT) }
    }

    fn map(&mut self, keys: &[Term<'e>], values: &[Term<'e>]) -> Term<'e> {
        self.count(keys.len() * CELL);
        if let Some(map) = map_of_few(self.env, keys, values) {
            return map;
        }
        let whole = keys.len() <= MAX_MAP_AT_ONCE;
        if let Some(map) = whole.then(|| Term::map_from_term_arrays(self.env, keys, values).ok()).flatten() {
            return map;
        }
        let entries = keys.iter().zip(values);
        let empty = Term::map_new(self.env);
        entries.fold(empty, |map, (key, value)| map.map_put(*key, *value).unwrap_or(map))
    }

    fn host(&mut self, value: &dyn Any) -> Option<Term<'e>> {
        let term = value.downcast_ref::<HostTerm>()?;
        self.count(BOXED);
        Some(term.copy_to(self.env))
    }
}

/// The atom of that name, if there is one. The NIF interface of OTP 25 looks up Latin-1 names only; for others the
/// external format of an atom is made here and read in the mode that makes no atoms.
fn existing_atom<'e>(env: Env<'e>, name: &str) -> Option<Term<'e>> {
    const SMALL_ATOM_UTF8: u8 = 119;
    if let Ok(atom) = rustler::Atom::existing_from_str(env, name) {
        return Some(atom.to_term(env));
    }
    let len = u8::try_from(name.len()).ok()?;
    if name.is_ascii() {
        return None;
    }
    let mut external = vec![131, SMALL_ATOM_UTF8, len];
    external.extend_from_slice(name.as_bytes());
    Some(env.binary_to_term(&external)?.0)
}

/// An integer in external term format (SMALL_BIG_EXT or LARGE_BIG_EXT), made here from checked digits.
fn external_integer(negative: bool, digits: &str) -> Vec<u8> {
    let digits = digits.trim_start_matches('0').as_bytes();
    let mut magnitude: Vec<u8> =
        digits.rchunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(*digit))).collect();
    if magnitude.is_empty() {
        magnitude.push(0);
    }
    let mut external = vec![131];
    match u8::try_from(magnitude.len()) {
        Ok(len) => external.extend([110, len]),
        Err(_) => {
            external.push(111);
            external.extend((magnitude.len() as u32).to_be_bytes());
        }
    }
    external.push(u8::from(negative));
    external.append(&mut magnitude);
    external
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => 0,
    }
}

/// A `DateTime` in UTC with a precision of milliseconds.
fn date_time(env: Env<'_>, epoch_ms: i64) -> Term<'_> {
    let (days, ms) = (epoch_ms.div_euclid(MS_PER_DAY), epoch_ms.rem_euclid(MS_PER_DAY));
    let (year, month, day) = civil_from_days(days);
    let fields: [(rustler::Atom, Term<'_>); 13] = [
        (atoms::struct_key(), atoms::date_time().encode(env)),
        (atoms::calendar(), atoms::calendar_iso().encode(env)),
        (atoms::year(), year.encode(env)),
        (atoms::month(), month.encode(env)),
        (atoms::day(), day.encode(env)),
        (atoms::hour(), (ms / 3_600_000).encode(env)),
        (atoms::minute(), (ms / 60_000 % 60).encode(env)),
        (atoms::second(), (ms / 1000 % 60).encode(env)),
        (atoms::microsecond(), (ms % 1000 * 1000, 3).encode(env)),
        (atoms::time_zone(), binary(env, b"Etc/UTC")),
        (atoms::zone_abbr(), binary(env, b"UTC")),
        (atoms::utc_offset(), 0.encode(env)),
        (atoms::std_offset(), 0.encode(env)),
    ];
    let (keys, values): (Vec<_>, Vec<_>) = fields.into_iter().map(|(key, value)| (key.to_term(env), value)).unzip();
    Term::map_from_term_arrays(env, &keys, &values).unwrap_or_else(|_| Term::map_new(env))
}
