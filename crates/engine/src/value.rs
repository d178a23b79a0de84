//! Values: counted references into an isolate's heap.

use crate::ctx::Ctx;
use crate::error::{Result, Thrown};
use crate::text::{LentText, Utf16, is_long_utf16, latin1, latin1_to_utf8, narrow_len, utf16_to_utf8, wtf8_to_utf8};
use rquickjs::qjs;
use std::borrow::Cow;
use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::slice;

/// A counted reference to a JS value, tied to the [`Ctx`] it was made with.
pub struct Value<'a> {
    raw: qjs::JSValue,
    ctx: Ctx<'a>,
}

/// Element types of typed arrays, as the specification names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum TypedArrayKind {
    Uint8Clamped,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    BigInt64,
    BigUint64,
    Float16,
    Float32,
    Float64,
}

impl<'a> Value<'a> {
    /// SAFETY: `raw` is owned by the caller, belongs to `ctx`'s isolate and is not an exception marker.
    pub(crate) unsafe fn from_raw(ctx: Ctx<'a>, raw: qjs::JSValue) -> Value<'a> {
        Value { raw, ctx }
    }

    /// SAFETY: as `from_raw`, but `raw` stays the caller's.
    pub(crate) unsafe fn borrowed(ctx: Ctx<'a>, raw: qjs::JSValue) -> Value<'a> {
        // SAFETY: the value is live by contract.
        Value { raw: if is_counted(raw) { unsafe { qjs::JS_DupValue(ctx.raw(), raw) } } else { raw }, ctx }
    }

    /// The raw value, still owned by `self`.
    pub(crate) fn raw(&self) -> qjs::JSValue {
        self.raw
    }

    /// Gives the reference away.
    pub(crate) fn into_raw(self) -> qjs::JSValue {
        ManuallyDrop::new(self).raw
    }

    /// The realm this value was made with.
    pub fn ctx(&self) -> Ctx<'a> {
        self.ctx
    }

    fn tag(&self) -> i32 {
        // SAFETY: reads the tag of any value.
        unsafe { qjs::JS_VALUE_GET_TAG(self.raw) }
    }

    /// `undefined`?
    pub fn is_undefined(&self) -> bool {
        self.tag() == qjs::JS_TAG_UNDEFINED
    }

    /// `null`?
    pub fn is_null(&self) -> bool {
        self.tag() == qjs::JS_TAG_NULL
    }

    /// A string?
    pub fn is_string(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsString(self.raw) }
    }

    /// A symbol?
    pub fn is_symbol(&self) -> bool {
        self.tag() == qjs::JS_TAG_SYMBOL
    }

    /// A BigInt?
    pub fn is_bigint(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsBigInt(self.raw) }
    }

    /// An object (functions and arrays included)?
    pub fn is_object(&self) -> bool {
        self.tag() == qjs::JS_TAG_OBJECT
    }

    /// Callable?
    pub fn is_function(&self) -> bool {
        // SAFETY: `raw` is a live value of `ctx`.
        unsafe { qjs::JS_IsFunction(self.ctx.raw(), self.raw) }
    }

    /// An `Error` object (`[[ErrorData]]`)?
    pub fn is_error(&self) -> bool {
        // SAFETY: `raw` is live; likewise for the class tests below.
        unsafe { qjs::JS_IsError(self.raw) }
    }

    /// An Array exotic object (not a Proxy of one)?
    pub fn is_array(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsArray(self.raw) }
    }

    /// A `Map`?
    pub fn is_map(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsMap(self.raw) }
    }

    /// A `Set`?
    pub fn is_set(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsSet(self.raw) }
    }

    /// A `Date`?
    pub fn is_date(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsDate(self.raw) }
    }

    /// A `Promise` (or an instance of a subclass)?
    pub fn is_promise(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsPromise(self.raw) }
    }

    /// A `RegExp`?
    pub fn is_regexp(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsRegExp(self.raw) }
    }

    /// A Proxy?
    pub fn is_proxy(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsProxy(self.raw) }
    }

    /// An `ArrayBuffer` or `SharedArrayBuffer`?
    pub fn is_array_buffer(&self) -> bool {
        // SAFETY: see `is_error`.
        let plain = unsafe { qjs::JS_IsArrayBuffer(self.raw) };
        plain
            || self.is_object()
                && !self.is_ordinary()
                && self.class_name().is_ok_and(|name| name.as_deref() == Some("SharedArrayBuffer"))
    }

    /// A `DataView`?
    pub fn is_data_view(&self) -> bool {
        // SAFETY: see `is_error`.
        unsafe { qjs::JS_IsDataView(self.raw) }
    }

    /// The element type of a typed array.
    pub fn typed_array_kind(&self) -> Option<TypedArrayKind> {
        use TypedArrayKind::*;
        const KINDS: [TypedArrayKind; 12] =
            [Uint8Clamped, Int8, Uint8, Int16, Uint16, Int32, Uint32, BigInt64, BigUint64, Float16, Float32, Float64];
        // SAFETY: see `is_error`.
        let kind = unsafe { qjs::JS_GetTypedArrayType(self.raw) };
        usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind).copied())
    }

    /// A boolean's value.
    pub fn as_bool(&self) -> Option<bool> {
        // SAFETY: the payload of a boolean.
        (self.tag() == qjs::JS_TAG_BOOL).then(|| unsafe { qjs::JS_VALUE_GET_BOOL(self.raw) })
    }

    /// The value of a number that the engine holds as a 32-bit integer.
    pub fn as_int(&self) -> Option<i32> {
        // SAFETY: the payload of an integer.
        (self.tag() == qjs::JS_TAG_INT).then(|| unsafe { qjs::JS_VALUE_GET_INT(self.raw) })
    }

    /// A number's value.
    pub fn as_f64(&self) -> Option<f64> {
        if let Some(int) = self.as_int() {
            return Some(f64::from(int));
        }
        // SAFETY: the payload of a float.
        (self.tag() == qjs::JS_TAG_FLOAT64).then(|| unsafe { qjs::JS_VALUE_GET_FLOAT64(self.raw) })
    }

    /// A BigInt that the engine holds inline, in 64 bits or fewer.
    pub fn as_short_bigint(&self) -> Option<i64> {
        if self.tag() != qjs::JS_TAG_SHORT_BIG_INT {
            return None;
        }
        // SAFETY: the payload of a short BigInt is its value, sign-extended to the payload's width.
        Some(unsafe { self.raw.u.short_big_int as i64 })
    }

    /// `ToBoolean`.
    pub fn truthy(&self) -> bool {
        // SAFETY: live value; `ToBoolean` cannot throw.
        unsafe { qjs::JS_ToBool(self.ctx.raw(), self.raw) > 0 }
    }

    /// `ToNumber`.
    ///
    /// # Errors
    /// Throws for symbols, BigInts, and what user code throws.
    pub fn to_f64(&self) -> Result<f64> {
        let mut out = 0.0;
        // SAFETY: live value and a valid out pointer.
        if unsafe { qjs::JS_ToFloat64(self.ctx.raw(), &mut out, self.raw) } < 0 { Err(Thrown) } else { Ok(out) }
    }

    /// `ToString`, as UTF-8 with U+FFFD for unpaired surrogates.
    ///
    /// # Errors
    /// Throws for symbols and what user code throws.
    pub fn to_text(&self) -> Result<String> {
        self.with_text(|text| text.into_owned())
    }

    /// `JSON.stringify`; `None` for what has no JSON, as a function.
    ///
    /// # Errors
    /// What a `toJSON` or getter throws; a `TypeError` for cycles.
    pub fn to_json(&self) -> Result<Option<String>> {
        let undefined = self.ctx.undefined();
        // SAFETY: live values of one context; the result is owned.
        let json = self
            .ctx
            .check(unsafe { qjs::JS_JSONStringify(self.ctx.raw(), self.raw, undefined.raw(), undefined.raw()) })?;
        if json.is_undefined() { Ok(None) } else { json.to_text().map(Some) }
    }

    /// `ToString`, lent to `f` without a copy where the engine's own form allows.
    ///
    /// # Errors
    /// As [`Value::to_text`].
    pub fn with_text<R>(&self, f: impl FnOnce(Cow<'_, str>) -> R) -> Result<R> {
        let tag = self.tag();
        if tag == qjs::JS_TAG_STRING_ROPE {
            // SAFETY: a live value; the result is owned and flat.
            return self.ctx.check(unsafe { qjs::JS_ToString(self.ctx.raw(), self.raw) })?.with_text(f);
        }
        // SAFETY: a live flat string.
        if tag == qjs::JS_TAG_STRING && unsafe { is_long_utf16(self.raw) } {
            return self.with_utf16(|units| f(Cow::Owned(utf16_to_utf8(units))));
        }
        // SAFETY: a live flat string, which `self` keeps.
        if tag == qjs::JS_TAG_STRING
            && let Some(bytes) = unsafe { latin1(self.raw) }
        {
            return Ok(f(latin1_to_utf8(bytes)));
        }
        let mut len: qjs::size_t = 0;
        // SAFETY: live value; the pointer is checked, and freed below after its last use; ASCII is UTF-8.
        unsafe {
            let ptr = qjs::JS_ToCStringLen2(self.ctx.raw(), &mut len, self.raw, false);
            if ptr.is_null() {
                return Err(Thrown);
            }
            let freed = CString { ctx: self.ctx, ptr };
            let bytes = slice::from_raw_parts(ptr.cast(), len as usize);
            // A narrow string holds Latin-1: its UTF-8 is longer, unless it is ASCII.
            let is_ascii = tag == qjs::JS_TAG_STRING && narrow_len(self.raw) == Some(bytes.len());
            let result =
                f(if is_ascii { Cow::Borrowed(std::str::from_utf8_unchecked(bytes)) } else { wtf8_to_utf8(bytes) });
            drop(freed);
            Ok(result)
        }
    }

    /// `ToString`, lent to `f` in the form that needs fewer copies.
    pub(crate) fn with_lent_text<R>(&self, f: impl FnOnce(LentText<'_>) -> R) -> Result<R> {
        // SAFETY: a live flat string.
        if self.tag() != qjs::JS_TAG_STRING || unsafe { !is_long_utf16(self.raw) } {
            return self.with_text(|text| f(LentText::Utf8(text)));
        }
        self.with_utf16(|units| match Utf16::new(units) {
            Some(text) => f(LentText::Utf16(text)),
            None => f(LentText::Utf8(Cow::Owned(utf16_to_utf8(units)))),
        })
    }

    /// The UTF-16 code units of `ToString`, unpaired surrogates included, lent to `f`.
    ///
    /// # Errors
    /// As [`Value::to_text`].
    pub fn with_utf16<R>(&self, f: impl FnOnce(&[u16]) -> R) -> Result<R> {
        let mut len: qjs::size_t = 0;
        // SAFETY: live value; the pointer is checked, and freed after its last use.
        unsafe {
            let ptr = qjs::JS_ToCStringLenUTF16(self.ctx.raw(), &mut len, self.raw);
            if ptr.is_null() {
                return Err(Thrown);
            }
            let result = f(slice::from_raw_parts(ptr, len as usize));
            qjs::JS_FreeCStringUTF16(self.ctx.raw(), ptr);
            Ok(result)
        }
    }

    /// A symbol's description; empty if it has none.
    ///
    /// # Errors
    /// Throws if memory is short.
    pub fn symbol_description(&self) -> Result<String> {
        let natives = &self.ctx.inner().layout.natives;
        let description = natives.symbol_description.call(self.ctx, self, &[])?;
        if description.is_undefined() { Ok(String::new()) } else { description.to_text() }
    }

    /// A pointer that identifies an object while it lives.
    pub fn identity(&self) -> Option<usize> {
        // SAFETY: the payload of an object is its address.
        self.is_object().then(|| unsafe { qjs::JS_VALUE_GET_PTR(self.raw) as usize })
    }
}

/// Frees the engine's string when dropped, also when a closure that reads it panics.
struct CString<'a> {
    ctx: Ctx<'a>,
    ptr: *const c_char,
}

impl Drop for CString<'_> {
    fn drop(&mut self) {
        // SAFETY: made by `JS_ToCStringLen2` on this context and freed once.
        unsafe { qjs::JS_FreeCString(self.ctx.raw(), self.ptr) };
    }
}

impl Clone for Value<'_> {
    fn clone(&self) -> Self {
        // SAFETY: `raw` is live.
        unsafe { Value::borrowed(self.ctx, self.raw) }
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        if is_counted(self.raw) {
            // SAFETY: `raw` is owned and freed once.
            unsafe { qjs::JS_FreeValue(self.ctx.raw(), self.raw) };
        }
    }
}

/// Whether references to a value are counted, as the engine's own macro tells: asking it costs a call, and numbers are many.
#[inline]
fn is_counted(raw: qjs::JSValue) -> bool {
    // SAFETY: reads the tag of any value.
    let tag = unsafe { qjs::JS_VALUE_GET_TAG(raw) };
    tag as u32 >= qjs::JS_TAG_FIRST as u32
}
