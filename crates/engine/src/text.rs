//! Strings between Rust and the engine.
//!
//! The engine hands strings out as WTF-8: UTF-8 in which an unpaired surrogate keeps its three-byte form. Everything that
//! leaves the engine here is UTF-8, with U+FFFD for each unpaired surrogate (Web IDL's `USVString`).
//!
//! The engine converts character by character. Long texts beyond ASCII therefore cross as UTF-16, its own
//! form of them, and are converted here, several characters at a time.

use crate::heap::Heap;
use encoding_rs::mem;
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
    let mut units = vec![0; text.len()];
    let len = mem::convert_str_to_utf16(text, &mut units);
    units.truncate(len);
    Some(units)
}

/// UTF-16 as UTF-8, with U+FFFD for each unpaired surrogate.
pub(crate) fn utf16_to_utf8(units: &[u16]) -> String {
    let mut out = Utf8Writer::new(units.len());
    let mut rest = units;
    while let [first, tail @ ..] = rest {
        if *first < 0x80
            && let Some((chunk, behind)) = rest.split_first_chunk::<ASCII_RUN>()
            && chunk.iter().fold(0, |all, unit| all | unit) < 0x80
        {
            out.ascii(chunk);
            rest = behind;
            continue;
        }
        rest = tail;
        match (*first, tail.first()) {
            (high @ 0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) => {
                out.four(0x1_0000 + ((u32::from(high) & 0x3FF) << 10) + (u32::from(*low) & 0x3FF));
                rest = &tail[1..];
            }
            (0xD800..0xE000, _) => out.up_to_three(0xFFFD),
            (unit, _) => out.up_to_three(u32::from(unit)),
        }
    }
    out.finish()
}

/// UTF-16 units that are looked at together.
const ASCII_RUN: usize = 16;

/// Writes UTF-8 into room reserved for the longest that UTF-16 may need.
struct Utf8Writer {
    bytes: Vec<u8>,
    end: *mut u8,
}

impl Utf8Writer {
    fn new(units: usize) -> Utf8Writer {
        // A unit makes at most three bytes; each write stores four.
        let mut bytes = Vec::with_capacity(units.saturating_mul(3).saturating_add(4));
        let end = bytes.as_mut_ptr();
        Utf8Writer { bytes, end }
    }

    fn ascii(&mut self, units: &[u16; ASCII_RUN]) {
        // SAFETY: a byte for each unit, of the three that are reserved for it.
        unsafe {
            self.end.cast::<[u8; ASCII_RUN]>().write(units.map(|unit| unit as u8));
            self.end = self.end.add(ASCII_RUN);
        }
    }

    /// A code point below U+10000 that is no surrogate, for one unit.
    fn up_to_three(&mut self, code: u32) {
        let (bytes, len) = match code {
            0..0x80 => (code, 1),
            0x80..0x800 => (0x80C0 | code >> 6 | (code & 0x3F) << 8, 2),
            _ => (0x80_80E0 | code >> 12 | (code >> 6 & 0x3F) << 8 | (code & 0x3F) << 16, 3),
        };
        self.store(bytes, len);
    }

    /// A code point from U+10000 on, for two units.
    fn four(&mut self, code: u32) {
        let tail = (code >> 12 & 0x3F) << 8 | (code >> 6 & 0x3F) << 16 | (code & 0x3F) << 24;
        self.store(0x8080_80F0 | code >> 18 | tail, 4);
    }

    fn store(&mut self, bytes: u32, len: usize) {
        // SAFETY: every unit written so far has used at most its three bytes, so four are left.
        unsafe {
            self.end.cast::<[u8; 4]>().write(bytes.to_le_bytes());
            self.end = self.end.add(len);
        }
    }

    fn finish(mut self) -> String {
        // SAFETY: everything up to `end` was written, as UTF-8.
        unsafe {
            let len = self.end.offset_from_unsigned(self.bytes.as_ptr());
            self.bytes.set_len(len);
            String::from_utf8_unchecked(self.bytes)
        }
    }
}

/// Whether a flat string is long and held as UTF-16.
///
/// SAFETY: `raw` is a live flat string.
pub(crate) unsafe fn is_long_utf16(raw: qjs::JSValue) -> bool {
    // SAFETY: a string is larger than one word.
    let word = unsafe { qjs::JS_VALUE_GET_PTR(raw).cast::<u32>().read() };
    word & WIDE != 0 && (word & !WIDE) as usize >= LONG && strings_start_with_length()
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
