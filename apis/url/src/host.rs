//! Domain names that come as ASCII.
//!
//! The parser takes them as they are. Their labels in Punycode are held to UTS #46 here as those that it makes itself are: otherwise
//! there would be hosts that no Unicode text stands for, and two spellings of one host.

use ada_url::{SchemeType, Url};
use idna::uts46::{AsciiDenyList, Hyphens, Uts46};

/// Parses a URL.
pub(crate) fn parse(text: &str, base: Option<&str>) -> Option<Url> {
    if base.is_some_and(|base| !may_be_base(base)) {
        return None;
    }
    Url::parse(text, base).ok().filter(|url| is_valid(url, text))
}

/// Whether a base, if it is a URL, is a valid one.
fn may_be_base(base: &str) -> bool {
    let has_punycode = base.as_bytes().windows(4).any(|part| part.eq_ignore_ascii_case(b"xn--"));
    !has_punycode || Url::parse(base, None).is_ok_and(|url| is_valid(&url, base))
}

/// Whether the host that `text` gave a URL is no malformed Punycode.
pub(crate) fn is_valid(url: &Url, text: &str) -> bool {
    let host = url.hostname();
    if !text.is_ascii() || !host.contains("xn--") || url.scheme_type() == SchemeType::NotSpecial {
        return true;
    }
    if !host.split('.').any(|label| label.starts_with("xn--")) {
        return true;
    }
    let (unicode, valid) = Uts46::new().to_unicode(host.as_bytes(), AsciiDenyList::URL, Hyphens::Allow);
    // What stands for Punycode again is no domain either.
    valid.is_ok() && !unicode.split('.').any(|label| label.starts_with("xn--"))
}
