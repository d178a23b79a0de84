//! Strings between Rust and the engine.
//!
//! The engine hands strings out as WTF-8: UTF-8 in which an unpaired surrogate keeps its three-byte form. Everything that
//! leaves the engine here is UTF-8, with U+FFFD for each unpaired surrogate (Web IDL's `USVString`).

use std::borrow::Cow;

/// Replaces unpaired surrogates by U+FFFD.
pub(crate) fn wtf8_to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
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
    fn each_unpaired_surrogate_becomes_one_replacement_character() {
        let check = |bytes: &[u8], text: &str| assert_eq!(wtf8_to_utf8(bytes), text);
        check(b"plain", "plain");
        check("é€😀".as_bytes(), "é€😀");
        check(b"a\xED\xA0\x80b", "a\u{FFFD}b");
        check(b"\xED\xB0\x80\xED\xA0\x80", "\u{FFFD}\u{FFFD}");
        check(b"end\xED", "end\u{FFFD}");
    }
}
