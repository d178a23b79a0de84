//! Names that scripts give to elements and attributes
//! ([DOM, namespaces](https://dom.spec.whatwg.org/#namespaces)).

use crate::error::{DomError, Result};
use crate::node::qualified_name;
use html5ever::QualName;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0xC | b'\r' | b' ')
}

/// "Valid element local name".
pub fn is_element_name(name: &str) -> bool {
    let Some(first) = name.chars().next() else { return false };
    if first.is_ascii_alphabetic() {
        return !name.bytes().any(|byte| is_space(byte) || matches!(byte, 0 | b'/' | b'>'));
    }
    let is_start = |c: char| c == ':' || c == '_' || c >= '\u{80}';
    let is_part = |c: char| is_start(c) || c.is_ascii_alphanumeric() || c == '-' || c == '.';
    is_start(first) && name.chars().all(is_part)
}

/// "Valid attribute local name".
pub fn is_attribute_name(name: &str) -> bool {
    !name.is_empty() && !name.bytes().any(|byte| is_space(byte) || matches!(byte, 0 | b'/' | b'=' | b'>'))
}

/// "Valid namespace prefix".
fn is_prefix(prefix: &str) -> bool {
    !prefix.is_empty() && !prefix.bytes().any(|byte| is_space(byte) || matches!(byte, 0 | b'/' | b'>'))
}

/// "Valid doctype name".
pub fn is_doctype_name(name: &str) -> bool {
    !name.bytes().any(|byte| is_space(byte) || matches!(byte, 0 | b'>'))
}

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum NameKind {
    Element,
    Attribute,
}

/// "Validate and extract a namespace and qualified name".
///
/// # Errors
/// `InvalidCharacterError` for what is no name, `NamespaceError` for a prefix that does not go with the namespace.
pub fn validate_and_extract(namespace: &str, qualified: &str, kind: NameKind) -> Result<QualName> {
    let invalid = || DomError::InvalidCharacter(format!("{qualified:?} is not a valid name"));
    let (prefix, local) = match qualified.split_once(':') {
        Some((prefix, local)) => {
            if !is_prefix(prefix) {
                return Err(invalid());
            }
            (Some(prefix), local)
        }
        None => (None, qualified),
    };
    let is_valid = match kind {
        NameKind::Element => is_element_name(local),
        NameKind::Attribute => is_attribute_name(local),
    };
    if !is_valid {
        return Err(invalid());
    }
    let refuse = |why: &str| Err(DomError::Namespace(format!("{qualified:?}: {why}")));
    if prefix.is_some() && namespace.is_empty() {
        return refuse("a prefix needs a namespace");
    }
    if prefix == Some("xml") && namespace != XML {
        return refuse("the prefix xml needs the namespace of XML");
    }
    let is_xmlns = qualified == "xmlns" || prefix == Some("xmlns");
    if is_xmlns != (namespace == XMLNS) {
        return refuse("the prefix xmlns and its namespace go together");
    }
    Ok(qualified_name(namespace, prefix, local))
}
