//! Encodings: strings to bytes and back, as lenient as Node.js.

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use quickbeam_engine::{Ctx, Result, Value};

/// An encoding; the numbers are those of `buffer.js`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf16Le,
    Latin1,
    Ascii,
    Base64,
    Base64Url,
    Hex,
}

impl Encoding {
    pub(crate) fn of(number: i32) -> Encoding {
        match number {
            1 => Encoding::Utf16Le,
            2 => Encoding::Latin1,
            3 => Encoding::Ascii,
            4 => Encoding::Base64,
            5 => Encoding::Base64Url,
            6 => Encoding::Hex,
            _ => Encoding::Utf8,
        }
    }
}

/// The bytes that a string stands for; what is no base64 is skipped, hexadecimal digits end at the first pair that is none.
pub(crate) fn encode(string: &Value<'_>, encoding: Encoding) -> Result<Vec<u8>> {
    match encoding {
        Encoding::Utf8 => string.with_text(|text| text.into_owned().into_bytes()),
        Encoding::Utf16Le => string.with_utf16(|units| units.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
        Encoding::Latin1 | Encoding::Ascii => string.with_text(|text| {
            if text.is_ascii() {
                return Ok(text.into_owned().into_bytes());
            }
            string.with_utf16(|units| units.iter().map(|&unit| unit as u8).collect())
        })?,
        Encoding::Base64 | Encoding::Base64Url => string.with_text(|text| base64(text.as_bytes())),
        Encoding::Hex => string.with_text(|text| hex(text.as_bytes())),
    }
}

fn base64(text: &[u8]) -> Vec<u8> {
    let end = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let padding = text.len() - end;
    if padding <= 2 {
        for codec in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            if let Ok(bytes) = codec.decode_to_vec(&text[..end]) {
                return bytes;
            }
        }
    }
    lenient_base64(text)
}

fn lenient_base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

fn hex(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    hex_simd::decode_to_vec(&text[..digits & !1]).unwrap_or_default()
}

/// The bytes that a string needs; for base64 what its length lets expect.
pub(crate) fn byte_length(string: &Value<'_>, encoding: Encoding) -> Result<usize> {
    if encoding == Encoding::Utf8 {
        return string.with_text(|text| text.len());
    }
    let length = string.length()? as usize;
    Ok(match encoding {
        Encoding::Utf8 | Encoding::Latin1 | Encoding::Ascii => length,
        Encoding::Utf16Le => length * 2,
        Encoding::Hex => length / 2,
        Encoding::Base64 | Encoding::Base64Url => string.with_text(|text| {
            let padding = text.bytes().rev().take(2).take_while(|&byte| byte == b'=').count();
            (length - padding.min(length)) * 3 / 4
        })?,
    })
}

/// How many of the first `room` bytes are whole characters.
pub(crate) fn whole(bytes: &[u8], room: usize, encoding: Encoding) -> usize {
    let room = room.min(bytes.len());
    match encoding {
        Encoding::Utf16Le => room & !1,
        Encoding::Utf8 => {
            let mut end = room;
            while end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
                end -= 1;
            }
            end
        }
        _ => room,
    }
}

/// The string that bytes stand for; `None` for those that are to be UTF-8 and are not.
pub(crate) fn decode<'a>(ctx: Ctx<'a>, bytes: &[u8], encoding: Encoding) -> Result<Option<Value<'a>>> {
    let text = match encoding {
        Encoding::Utf8 => return ctx.string_from_utf8(bytes),
        Encoding::Utf16Le => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            ctx.string_utf16(&units)
        }
        Encoding::Latin1 => ctx.string_latin1(bytes),
        Encoding::Ascii => ctx.string_latin1(&bytes.iter().map(|byte| byte & 0x7F).collect::<Vec<u8>>()),
        Encoding::Base64 => ctx.string(&STANDARD.encode_to_string(bytes)),
        Encoding::Base64Url => ctx.string(&URL_SAFE_NO_PAD.encode_to_string(bytes)),
        Encoding::Hex => ctx.string(&hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)),
    };
    text.map(Some)
}

/// A place that no character of UTF-8 lies across, at most three bytes before the given one.
pub(crate) fn character_start(bytes: &[u8], at: usize) -> usize {
    let is_within = |at: &usize| bytes[*at] & 0xC0 == 0x80;
    if at >= bytes.len() {
        return bytes.len();
    }
    // After more bytes of the kind that goes on, none goes on.
    (at.saturating_sub(3)..=at).rev().find(|at| !is_within(at)).unwrap_or(at)
}
