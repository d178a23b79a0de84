//! Making values, and reading and writing properties.

use crate::builtins::Late;
use crate::ctx::{Ctx, c_text};
use crate::error::{Result, Thrown};
use crate::text::{is_ascii, utf16_to_enter};
use crate::value::Value;
use rquickjs::qjs;
use std::ffi::c_int;
use std::ptr;
use std::slice;

/// Attributes of a defined property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub struct Attributes {
    pub writable: bool,
    pub enumerable: bool,
    pub configurable: bool,
}

impl Attributes {
    /// Writable, enumerable and configurable, as an assignment makes them.
    pub const ALL: Attributes = Attributes { writable: true, enumerable: true, configurable: true };
    /// Writable and configurable, as builtin methods and global classes are.
    pub const HIDDEN: Attributes = Attributes { enumerable: false, ..Attributes::ALL };
    /// None of them.
    pub const FIXED: Attributes = Attributes { writable: false, enumerable: false, configurable: false };

    pub(crate) fn flags(self) -> c_int {
        let bit = |set: bool, flag: u32| if set { flag } else { 0 };
        (bit(self.writable, qjs::JS_PROP_WRITABLE)
            | bit(self.enumerable, qjs::JS_PROP_ENUMERABLE)
            | bit(self.configurable, qjs::JS_PROP_CONFIGURABLE)) as c_int
    }
}

/// An interned property key, freed when dropped.
pub struct PropertyKey<'a> {
    atom: qjs::JSAtom,
    ctx: Ctx<'a>,
}

impl<'a> PropertyKey<'a> {
    /// SAFETY: `atom` is owned by the caller and belongs to `ctx`'s isolate.
    pub(crate) unsafe fn from_raw(ctx: Ctx<'a>, atom: qjs::JSAtom) -> Self {
        PropertyKey { atom, ctx }
    }

    /// `ToPropertyKey`.
    ///
    /// # Errors
    /// What user code throws.
    pub fn from_value(value: &Value<'a>) -> Result<PropertyKey<'a>> {
        let ctx = value.ctx();
        // SAFETY: a live value; the atom is owned.
        let atom = unsafe { qjs::JS_ValueToAtom(ctx.raw(), value.raw()) };
        if atom == 0 { Err(Thrown) } else { Ok(PropertyKey { atom, ctx }) }
    }

    pub(crate) fn atom(&self) -> qjs::JSAtom {
        self.atom
    }

    /// A number that is equal for equal keys while this key lives.
    pub fn id(&self) -> u32 {
        self.atom
    }

    /// Whether the key is an integer below 2^31: an index.
    pub fn is_index(&self) -> bool {
        const INTEGER_ATOM: qjs::JSAtom = 1 << 31;
        self.atom & INTEGER_ATOM != 0
    }

    /// The index, if the key is one below 2^31.
    pub fn as_index(&self) -> Option<u32> {
        self.is_index().then_some(self.atom & !(1 << 31))
    }

    /// Another reference to the key.
    pub fn duplicate(&self) -> PropertyKey<'a> {
        // SAFETY: a live atom.
        PropertyKey { atom: unsafe { qjs::JS_DupAtom(self.ctx.raw(), self.atom) }, ctx: self.ctx }
    }

    /// The key as a string or symbol value.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn to_value(&self) -> Result<Value<'a>> {
        // SAFETY: a live atom.
        self.ctx.check(unsafe { qjs::JS_AtomToValue(self.ctx.raw(), self.atom) })
    }
}

impl Drop for PropertyKey<'_> {
    fn drop(&mut self) {
        // SAFETY: owned and freed once.
        unsafe { qjs::JS_FreeAtom(self.ctx.raw(), self.atom) };
    }
}

impl<'a> Ctx<'a> {
    /// `undefined`.
    pub fn undefined(self) -> Value<'a> {
        // SAFETY: primitives carry no reference; likewise below.
        unsafe { Value::from_raw(self, qjs::JS_UNDEFINED) }
    }

    /// `null`.
    pub fn null(self) -> Value<'a> {
        // SAFETY: see `undefined`.
        unsafe { Value::from_raw(self, qjs::JS_NULL) }
    }

    /// A boolean.
    pub fn boolean(self, value: bool) -> Value<'a> {
        // SAFETY: see `undefined`.
        unsafe { Value::from_raw(self, if value { qjs::JS_TRUE } else { qjs::JS_FALSE }) }
    }

    /// A number.
    pub fn number(self, value: f64) -> Value<'a> {
        // SAFETY: see `undefined`.
        unsafe { Value::from_raw(self, qjs::JS_NewFloat64(value)) }
    }

    /// An integer as a number.
    pub fn int(self, value: i32) -> Value<'a> {
        // SAFETY: see `undefined`.
        unsafe { Value::from_raw(self, qjs::JS_MKVAL(qjs::JS_TAG_INT, value)) }
    }

    /// A string.
    ///
    /// # Errors
    /// Throws if memory is short or the string is too long.
    pub fn string(self, text: &str) -> Result<Value<'a>> {
        match utf16_to_enter(text) {
            Some(units) => self.string_utf16(&units),
            None => self.string_narrow(text.as_bytes()),
        }
    }

    /// A string from bytes, if they are UTF-8.
    ///
    /// # Errors
    /// As [`Ctx::string`].
    pub fn string_from_utf8(self, bytes: &[u8]) -> Result<Option<Value<'a>>> {
        if is_ascii(bytes) {
            return self.string_narrow(bytes).map(Some);
        }
        simdutf8::basic::from_utf8(bytes).ok().map(|text| self.string(text)).transpose()
    }

    /// In the engine's own way.
    fn string_narrow(self, utf8: &[u8]) -> Result<Value<'a>> {
        // SAFETY: pointer and length of valid UTF-8, as both callers know.
        self.check(unsafe { qjs::JS_NewStringLen(self.raw(), utf8.as_ptr().cast(), utf8.len() as _) })
    }

    /// A string from UTF-16 code units, unpaired surrogates included.
    ///
    /// # Errors
    /// As [`Ctx::string`].
    pub fn string_utf16(self, units: &[u16]) -> Result<Value<'a>> {
        // SAFETY: pointer and length of a slice.
        self.check(unsafe { qjs::JS_NewStringUTF16(self.raw(), units.as_ptr(), units.len() as _) })
    }

    /// A string from Latin-1 bytes.
    ///
    /// # Errors
    /// As [`Ctx::string`].
    pub fn string_latin1(self, bytes: &[u8]) -> Result<Value<'a>> {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        self.string(&text)
    }

    /// A BigInt.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn bigint_i64(self, value: i64) -> Result<Value<'a>> {
        // SAFETY: the context is live.
        self.check(unsafe { qjs::JS_NewBigInt64(self.raw(), value) })
    }

    /// A BigInt of any size, from hexadecimal digits.
    ///
    /// # Errors
    /// Throws if memory is short or the engine's limit of about a million bits is passed.
    pub fn bigint_hex(self, negative: bool, digits: &str) -> Result<Value<'a>> {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(self.throw_error("SyntaxError", "a BigInt needs hexadecimal digits"));
        }
        let literal = format!("{}0x{digits}n", if negative { "-" } else { "" });
        self.eval(&literal, &crate::EvalOptions::default())
    }

    /// A symbol with that description, shared through the global registry (`Symbol.for`) or unique.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn symbol_for(self, description: &str) -> Result<Value<'a>> {
        // SAFETY: a C string that outlives the call.
        self.check(unsafe { qjs::JS_NewSymbol(self.raw(), c_text(description).as_ptr(), true) })
    }

    /// A `Date`.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn date(self, epoch_ms: f64) -> Result<Value<'a>> {
        self.late(Late::Dates)?;
        // SAFETY: the context is live.
        self.check(unsafe { qjs::JS_NewDate(self.raw(), epoch_ms) })
    }

    /// An empty object.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn object(self) -> Result<Value<'a>> {
        // SAFETY: the context is live.
        self.check(unsafe { qjs::JS_NewObject(self.raw()) })
    }

    /// An empty object without a prototype.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn object_without_prototype(self) -> Result<Value<'a>> {
        // SAFETY: the context is live.
        self.check(unsafe { qjs::JS_NewObjectProto(self.raw(), qjs::JS_NULL) })
    }

    /// A plain object that inherits from another, or from nothing, if that is `null`.
    pub(crate) fn object_of(self, prototype: &Value<'a>) -> Result<Value<'a>> {
        // SAFETY: a live value; the result is owned.
        self.check(unsafe { qjs::JS_NewObjectProto(self.raw(), prototype.raw()) })
    }

    /// An array of these values.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn array(self, values: Vec<Value<'a>>) -> Result<Value<'a>> {
        let Ok(count) = c_int::try_from(values.len()) else {
            return Err(self.throw_error("RangeError", "an array has at most 2147483647 elements"));
        };
        let raw: Vec<qjs::JSValue> = values.into_iter().map(Value::into_raw).collect();
        // SAFETY: the engine takes all `count` references over, also when it fails.
        self.check(unsafe { qjs::JS_NewArrayFrom(self.raw(), count, raw.as_ptr()) })
    }

    /// An array of a few values.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn array_of<const COUNT: usize>(self, values: [Value<'a>; COUNT]) -> Result<Value<'a>> {
        let raw = values.map(Value::into_raw);
        // SAFETY: the engine takes all references over, also when it fails.
        self.check(unsafe { qjs::JS_NewArrayFrom(self.raw(), COUNT as c_int, raw.as_ptr()) })
    }

    /// A `Uint8Array` over a copy of these bytes.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn uint8_array(self, bytes: &[u8]) -> Result<Value<'a>> {
        self.late(Late::Buffers)?;
        // SAFETY: pointer and length of a slice; the engine copies.
        self.check(unsafe { qjs::JS_NewUint8ArrayCopy(self.raw(), bytes.as_ptr(), bytes.len() as _) })
    }

    /// An `ArrayBuffer` over a copy of these bytes.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn array_buffer(self, bytes: &[u8]) -> Result<Value<'a>> {
        self.late(Late::Buffers)?;
        // SAFETY: pointer and length of a slice; the engine copies.
        self.check(unsafe { qjs::JS_NewArrayBufferCopy(self.raw(), bytes.as_ptr(), bytes.len() as _) })
    }

    /// Interns a property key.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn key(self, name: &str) -> Result<PropertyKey<'a>> {
        // SAFETY: pointer and length of valid UTF-8.
        let atom = unsafe { qjs::JS_NewAtomLen(self.raw(), name.as_ptr().cast(), name.len() as _) };
        if atom == 0 { Err(Thrown) } else { Ok(PropertyKey { atom, ctx: self }) }
    }
}

impl<'a> Value<'a> {
    /// Reads a property; getters run.
    ///
    /// # Errors
    /// Throws for `null` and `undefined`, and what a getter throws.
    pub fn get(&self, name: &str) -> Result<Value<'a>> {
        self.get_key(&self.ctx().key(name)?)
    }

    /// [`Value::get`] with an interned key.
    ///
    /// # Errors
    /// As [`Value::get`].
    pub fn get_key(&self, key: &PropertyKey<'_>) -> Result<Value<'a>> {
        let ctx = self.ctx();
        // SAFETY: live value and atom.
        ctx.check(unsafe { qjs::JS_GetProperty(ctx.raw(), self.raw(), key.atom()) })
    }

    /// Reads an element.
    ///
    /// # Errors
    /// As [`Value::get`].
    pub fn get_index(&self, index: u32) -> Result<Value<'a>> {
        let ctx = self.ctx();
        // SAFETY: a live value.
        ctx.check(unsafe { qjs::JS_GetPropertyUint32(ctx.raw(), self.raw(), index) })
    }

    /// Defines an element as an own data property; no setter runs.
    ///
    /// # Errors
    /// Throws if the object cannot take it.
    pub fn set_index(&self, index: u32, value: Value<'a>) -> Result<()> {
        let ctx = self.ctx();
        let flags = Attributes::ALL.flags() | qjs::JS_PROP_THROW as c_int;
        // SAFETY: a live value; the engine takes the reference over.
        let status =
            unsafe { qjs::JS_DefinePropertyValueUint32(ctx.raw(), self.raw(), index, value.into_raw(), flags) };
        ctx.check_int(status).map(drop)
    }

    /// `length`, as `ToLength` gives it.
    ///
    /// # Errors
    /// What a getter throws.
    pub fn length(&self) -> Result<u64> {
        let mut len = 0;
        // SAFETY: live value and a valid out pointer.
        let status = unsafe { qjs::JS_GetLength(self.ctx().raw(), self.raw(), &mut len) };
        if status < 0 { Err(Thrown) } else { Ok(len.max(0) as u64) }
    }

    /// Whether the property exists here or on the prototype chain.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn has(&self, name: &str) -> Result<bool> {
        self.has_key(&self.ctx().key(name)?)
    }

    /// [`Value::has`] with an interned key.
    ///
    /// # Errors
    /// As [`Value::has`].
    pub fn has_key(&self, key: &PropertyKey<'_>) -> Result<bool> {
        let ctx = self.ctx();
        // SAFETY: live value and atom.
        ctx.check_int(unsafe { qjs::JS_HasProperty(ctx.raw(), self.raw(), key.atom()) })
    }

    /// Assigns a property; setters run.
    ///
    /// # Errors
    /// What a setter throws, or a `TypeError` for a read-only property.
    pub fn set(&self, name: &str, value: Value<'a>) -> Result<()> {
        self.set_key(&self.ctx().key(name)?, value)
    }

    /// [`Value::set`] with an interned key.
    ///
    /// # Errors
    /// As [`Value::set`].
    pub fn set_key(&self, key: &PropertyKey<'_>, value: Value<'a>) -> Result<()> {
        let ctx = self.ctx();
        // SAFETY: live value and atom; the engine takes the reference over.
        ctx.check_int(unsafe { qjs::JS_SetProperty(ctx.raw(), self.raw(), key.atom(), value.into_raw()) }).map(drop)
    }

    /// Defines an own data property; no setter runs.
    ///
    /// # Errors
    /// Throws if the object cannot take it.
    pub fn define(&self, name: &str, value: Value<'a>, attributes: Attributes) -> Result<()> {
        self.define_key(&self.ctx().key(name)?, value, attributes)
    }

    /// [`Value::define`] with an interned key.
    ///
    /// # Errors
    /// As [`Value::define`].
    pub fn define_key(&self, key: &PropertyKey<'_>, value: Value<'a>, attributes: Attributes) -> Result<()> {
        let ctx = self.ctx();
        let flags = attributes.flags() | qjs::JS_PROP_THROW as c_int;
        // SAFETY: live value and atom; the engine takes the reference over.
        let status = unsafe { qjs::JS_DefinePropertyValue(ctx.raw(), self.raw(), key.atom(), value.into_raw(), flags) };
        ctx.check_int(status).map(drop)
    }

    /// Defines an own accessor property.
    ///
    /// # Errors
    /// Throws if the object cannot take it.
    pub fn define_accessor(
        &self,
        name: &str,
        get: Value<'a>,
        set: Option<Value<'a>>,
        attributes: Attributes,
    ) -> Result<()> {
        self.define_accessor_key(&self.ctx().key(name)?, get, set, attributes)
    }

    /// Likewise with any key.
    ///
    /// # Errors
    /// As [`Value::define_accessor`].
    pub fn define_accessor_key(
        &self,
        key: &PropertyKey<'_>,
        get: Value<'a>,
        set: Option<Value<'a>>,
        attributes: Attributes,
    ) -> Result<()> {
        let ctx = self.ctx();
        let set = set.unwrap_or_else(|| ctx.undefined());
        let flags = attributes.flags() & !(qjs::JS_PROP_WRITABLE as c_int);
        // SAFETY: live values and atom; the engine takes both references over.
        let status = unsafe {
            qjs::JS_DefinePropertyGetSet(ctx.raw(), self.raw(), key.atom(), get.into_raw(), set.into_raw(), flags)
        };
        ctx.check_int(status).map(drop)
    }

    /// Deletes a property; false if it is not configurable.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn delete(&self, name: &str) -> Result<bool> {
        self.delete_key(&self.ctx().key(name)?)
    }

    /// [`Value::delete`] with an interned key.
    ///
    /// # Errors
    /// As [`Value::delete`].
    pub fn delete_key(&self, key: &PropertyKey<'_>) -> Result<bool> {
        let ctx = self.ctx();
        // SAFETY: live value and atom.
        ctx.check_int(unsafe { qjs::JS_DeleteProperty(ctx.raw(), self.raw(), key.atom(), 0) })
    }

    /// Own enumerable string keys, in property order.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn keys(&self) -> Result<Vec<PropertyKey<'a>>> {
        self.own_keys(qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY)
    }

    /// Own string keys, enumerable or not.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn all_keys(&self) -> Result<Vec<PropertyKey<'a>>> {
        self.own_keys(qjs::JS_GPN_STRING_MASK)
    }

    /// Own enumerable keys, strings and symbols.
    pub(crate) fn enumerable_keys(&self) -> Result<Vec<PropertyKey<'a>>> {
        self.own_keys(qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK | qjs::JS_GPN_ENUM_ONLY)
    }

    /// Own keys, strings and symbols, enumerable or not.
    pub(crate) fn keys_with_symbols(&self) -> Result<Vec<PropertyKey<'a>>> {
        self.own_keys(qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK)
    }

    /// The keys of private members.
    pub(crate) fn private_keys(&self) -> Result<Vec<PropertyKey<'a>>> {
        self.own_keys(qjs::JS_GPN_PRIVATE_MASK)
    }

    fn own_keys(&self, flags: u32) -> Result<Vec<PropertyKey<'a>>> {
        let ctx = self.ctx();
        let mut table = ptr::null_mut();
        let mut len = 0;
        // SAFETY: live value and valid out pointers; on success the table holds `len` owned atoms,
        // which move into the keys before the table itself is freed.
        unsafe {
            if qjs::JS_GetOwnPropertyNames(ctx.raw(), &mut table, &mut len, self.raw(), flags as c_int) < 0 {
                return Err(Thrown);
            }
            let entries: &[qjs::JSPropertyEnum] =
                if len == 0 { &[] } else { slice::from_raw_parts(table, len as usize) };
            let keys = entries.iter().map(|entry| PropertyKey::from_raw(ctx, entry.atom)).collect();
            qjs::js_free(ctx.raw(), table.cast());
            Ok(keys)
        }
    }

    /// The prototype, or `null`.
    ///
    /// # Errors
    /// What a proxy trap throws.
    pub fn prototype(&self) -> Result<Value<'a>> {
        // SAFETY: a live value.
        self.ctx().check(unsafe { qjs::JS_GetPrototype(self.ctx().raw(), self.raw()) })
    }

    /// Replaces the prototype.
    ///
    /// # Errors
    /// Throws if the object is not extensible or a cycle would close.
    pub fn set_prototype(&self, prototype: &Value<'a>) -> Result<()> {
        let ctx = self.ctx();
        // SAFETY: live values.
        ctx.check_int(unsafe { qjs::JS_SetPrototype(ctx.raw(), self.raw(), prototype.raw()) }).map(drop)
    }

    /// `===`.
    pub fn strict_equals(&self, other: &Value<'a>) -> bool {
        // SAFETY: live values of one isolate.
        unsafe { qjs::JS_IsStrictEqual(self.ctx().raw(), self.raw(), other.raw()) }
    }

    /// `instanceof`.
    ///
    /// # Errors
    /// Throws if `class` is not callable, and what user code throws.
    pub fn instance_of(&self, class: &Value<'a>) -> Result<bool> {
        let ctx = self.ctx();
        // SAFETY: live values.
        ctx.check_int(unsafe { qjs::JS_IsInstanceOf(ctx.raw(), self.raw(), class.raw()) })
    }
}
