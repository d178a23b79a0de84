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
