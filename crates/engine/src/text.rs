//! Strings between Rust and the engine.
//!
//! The engine hands strings out as WTF-8: UTF-8 in which an unpaired surrogate keeps its three-byte form. Everything that
//! leaves the engine here is UTF-8, with U+FFFD for each unpaired surrogate (Web IDL's `USVString`).
//!
//! The engine converts character by character. Long texts beyond ASCII therefore cross as UTF-16, its own
//! form of them, and are converted here by SIMD instructions.

use crate::heap::Heap;
use rquickjs::qjs;
use std::borrow::Cow;
use std::ptr;
use std::sync::OnceLock;

/// Texts shorter than this cross in the engine's way.
const LONG: usize = 256;

/// The UTF-16 form of a text, if that is the faster way into the engine.
pub(crate) fn utf16_to_enter(text: &str) -> Option<Vec<u16>> {
    if text.len() < LONG || text.is_ascii() {
        return None;
    }
    let len = simdutf::utf16_length_from_utf8(text.as_bytes());
    let mut units = Vec::with_capacity(len);
    // SAFETY: the text is valid UTF-8, and there is room for just the units that it makes.
    unsafe {
        let written = simdutf::convert_valid_utf8_to_utf16(text.as_ptr(), text.len(), units.as_mut_ptr());
        units.set_len(written);
    }
    Some(units)
}

/// Text in UTF-16 without unpaired surrogates, on its way out of the engine.
#[derive(Debug, Clone, Copy)]
pub struct Utf16<'t> {
    units: &'t [u16],
}

impl<'t> Utf16<'t> {
    /// `None` if a surrogate is unpaired.
    pub fn new(units: &'t [u16]) -> Option<Utf16<'t>> {
        simdutf::validate_utf16(units).then_some(Utf16 { units })
    }

    /// Bytes of the text as UTF-8.
    pub fn utf8_len(self) -> usize {
        simdutf::utf8_length_from_utf16(self.units)
    }

    /// Writes the text as UTF-8 into `out`, whose length is [`Utf16::utf8_len`].
    ///
    /// # Panics
    /// If the length is another.
    pub fn write_utf8(self, out: &mut [u8]) {
        assert_eq!(out.len(), self.utf8_len(), "room for just the text");
        let (units, len) = (self.units.as_ptr(), self.units.len());
        // SAFETY: the units are valid, and there is room for what they make.
        let _written = unsafe { simdutf::convert_valid_utf16_to_utf8(units, len, out.as_mut_ptr()) };
    }

    pub(crate) fn into_utf8(self) -> String {
        let mut bytes = Vec::with_capacity(self.utf8_len());
        // SAFETY: as in `write_utf8`; what was written is UTF-8.
        unsafe {
            let (units, len) = (self.units.as_ptr(), self.units.len());
            let written = simdutf::convert_valid_utf16_to_utf8(units, len, bytes.as_mut_ptr());
            bytes.set_len(written);
            String::from_utf8_unchecked(bytes)
        }
    }
}

/// A text in whichever form the engine gave.
pub(crate) enum LentText<'t> {
    Utf8(Cow<'t, str>),
    Utf16(Utf16<'t>),
}

/// UTF-16 as UTF-8, with U+FFFD for each unpaired surrogate.
pub(crate) fn utf16_to_utf8(units: &[u16]) -> String {
    Utf16::new(units).map_or_else(|| String::from_utf16_lossy(units), Utf16::into_utf8)
}

/// Whether a flat string is long and held as UTF-16.
///
/// SAFETY: `raw` is a live flat string.
pub(crate) unsafe fn is_long_utf16(raw: qjs::JSValue) -> bool {
    // SAFETY: a string is larger than one word.
    let word = unsafe { qjs::JS_VALUE_GET_PTR(raw).cast::<u32>().read() };
    word & WIDE != 0 && (word & !WIDE) as usize >= LONG && strings_start_with_length()
}

/// The characters of a flat string of Latin-1, which take a byte each, if they can be had as they are.
///
/// SAFETY: `raw` is a live flat string, and stays so for `'t`.
pub(crate) unsafe fn latin1<'t>(raw: qjs::JSValue) -> Option<&'t [u8]> {
    // SAFETY: a string is larger than two words.
    let [word, second] = unsafe { qjs::JS_VALUE_GET_PTR(raw).cast::<[u32; 2]>().read() };
    if word & WIDE != 0 || !strings_start_with_length() {
        return None;
    }
    let header = header_size()?;
    // SAFETY: what `header_size` has found out about this build.
    unsafe {
        let behind = qjs::JS_VALUE_GET_PTR(raw).cast::<u8>().add(header);
        let characters = match second >> KIND_SHIFT & KIND_MASK {
            KIND_NORMAL => behind,
            KIND_SLICE => {
                let (parent, start) = behind.cast::<(*const u8, u32)>().read();
                parent.add(header + start as usize)
            }
            _ => return None,
        };
        Some(std::slice::from_raw_parts(characters, word as usize))
    }
}

/// The UTF-8 form of Latin-1 characters.
pub(crate) fn latin1_to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    if is_ascii(bytes) {
        // SAFETY: ASCII is UTF-8.
        return Cow::Borrowed(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect())
}

/// Whether bytes are ASCII: without a call where they are few.
#[inline]
pub(crate) fn is_ascii(bytes: &[u8]) -> bool {
    if bytes.len() < LONG { bytes.is_ascii() } else { simdutf::validate_ascii(bytes) }
}

/// The length of a flat string of Latin-1 characters.
///
/// SAFETY: `raw` is a live flat string.
pub(crate) unsafe fn narrow_len(raw: qjs::JSValue) -> Option<usize> {
    // SAFETY: a string is larger than one word.
    let word = unsafe { qjs::JS_VALUE_GET_PTR(raw).cast::<u32>().read() };
    (word & WIDE == 0 && strings_start_with_length()).then_some(word as usize)
}

/// The engine's strings start with their length and, in the highest bit, whether a character takes 16 bits.
const WIDE: u32 = 1 << 31;

/// Whether that holds for this build of the engine, whose strings are no part of its public interface.
fn strings_start_with_length() -> bool {
    static HOLDS: OnceLock<bool> = OnceLock::new();
    *HOLDS.get_or_init(|| {
        let heap = Heap::new(usize::MAX);
        // SAFETY: a private runtime on this thread, freed with its heap; strings are larger than one word.
        unsafe {
            let rt = qjs::JS_NewRuntime2(&Heap::functions(), (&raw const *heap).cast_mut().cast());
            let ctx = qjs::JS_NewContextRaw(rt);
            if ctx.is_null() {
                return false;
            }
            let word = |raw: qjs::JSValue| qjs::JS_VALUE_GET_PTR(raw).cast::<u32>().read();
            let narrow = word(qjs::JS_NewStringLen(ctx, c"abc".as_ptr(), 3));
            let wide = word(qjs::JS_NewStringUTF16(ctx, [0x20AC, 0x20AD].as_ptr(), 2));
            let empty: *const u16 = ptr::null();
            let none = word(qjs::JS_NewStringUTF16(ctx, empty, 0));
            (narrow, wide, none) == (3, 2 | WIDE, 0)
        }
    })
}

/// The second word of a string ends with what its characters are: its own, behind the header, or a part of another string's, which
/// a pointer and an offset in bytes behind the header name.
const KIND_SHIFT: u32 = 28;
const KIND_MASK: u32 = 3;
const KIND_NORMAL: u32 = 0;
const KIND_SLICE: u32 = 1;

/// Bytes before a string's own characters, if all of that holds for this build of the engine.
fn header_size() -> Option<usize> {
    static SIZE: OnceLock<Option<usize>> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let heap = Heap::new(usize::MAX);
        let text: Vec<u8> = (0..4_000_u32).map(|index| (index % 89 + 33) as u8).collect();
        // SAFETY: a private runtime on this thread, freed with its heap; what is read lies in its blocks, a slice's parent
        // only once it is known to be the string that was sliced.
        unsafe {
            let rt = qjs::JS_NewRuntime2(&Heap::functions(), (&raw const *heap).cast_mut().cast());
            let ctx = qjs::JS_NewContextRaw(rt);
            if ctx.is_null() || qjs::JS_AddIntrinsicBaseObjects(ctx) != 0 {
                return None;
            }
            let whole = qjs::JS_NewStringLen(ctx, text.as_ptr().cast(), text.len() as _);
            let start = qjs::JS_VALUE_GET_PTR(whole).cast::<u8>();
            let characters = qjs::JS_ToCStringLen2(ctx, ptr::null_mut(), whole, false).cast::<u8>();
            let header = (characters as usize).checked_sub(start as usize).filter(|&size| size <= 64)?;
            let mut bounds = [qjs::JS_MKVAL(qjs::JS_TAG_INT, 1_000), qjs::JS_MKVAL(qjs::JS_TAG_INT, 3_000)];
            let slice = qjs::JS_GetPropertyStr(ctx, whole, c"slice".as_ptr());
            let slice = qjs::JS_Call(ctx, slice, whole, 2, bounds.as_mut_ptr());
            if qjs::JS_VALUE_GET_TAG(slice) != qjs::JS_TAG_STRING {
                return None;
            }
            let kind = |raw: qjs::JSValue| {
                let [_, second] = qjs::JS_VALUE_GET_PTR(raw).cast::<[u32; 2]>().read();
                second >> KIND_SHIFT & KIND_MASK
            };
            let names = qjs::JS_VALUE_GET_PTR(slice).cast::<u8>().add(header).cast::<(*const u8, u32)>().read();
            let holds = kind(whole) == KIND_NORMAL && kind(slice) == KIND_SLICE && names == (start.cast_const(), 1_000);
            holds.then_some(header)
        }
    })
}

/// Replaces unpaired surrogates by U+FFFD.
pub(crate) fn wtf8_to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(replace_surrogates(bytes)),
    }
}

fn replace_surrogates(mut bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.push_str(text);
                return out;
            }
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                out.push_str(&String::from_utf8_lossy(valid));
                out.push(char::REPLACEMENT_CHARACTER);
                let surrogate = matches!(rest, [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..]);
                bytes = &rest[if surrogate { 3 } else { 1 }..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_of_this_engine_are_recognised() {
        assert!(strings_start_with_length());
        assert_eq!(header_size(), Some(24));
    }

    #[test]
    fn utf16_is_converted_as_the_standard_library_does() {
        let mut random = 1_u32;
        for len in 0..2_000 {
            let units: Vec<u16> = (0..len % 100)
                .map(|_| {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let any = (random >> 16) as u16;
                    match random >> 8 & 7 {
                        0..4 => any & 0x7F,
                        4 => any & 0x7FF,
                        5 => 0xD800 | any & 0x7FF,
                        _ => any,
                    }
                })
                .collect();
            assert_eq!(utf16_to_utf8(&units), String::from_utf16_lossy(&units), "{units:?}");
        }
        for code in 0..=u32::from(char::MAX) {
            let mut buffer = [0; 2];
            let Some(char) = char::from_u32(code) else { continue };
            assert_eq!(utf16_to_utf8(char.encode_utf16(&mut buffer)), char.to_string());
        }
    }

    #[test]
    fn each_unpaired_surrogate_becomes_one_replacement_character() {
        let check = |bytes: &[u8], text: &str| assert_eq!(wtf8_to_utf8(bytes), text);
        check(b"plain", "plain");
        check("é€😀".as_bytes(), "é€😀");
        check(b"a\xED\xA0\x80b", "a\u{FFFD}b");
        check(b"\xED\xB0\x80\xED\xA0\x80", "\u{FFFD}\u{FFFD}");
        check(b"end\xED", "end\u{FFFD}");
    }
}
