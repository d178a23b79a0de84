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

/// Whether this is a `Name` of XML, colons included.
pub fn is_xml_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_part)
}

/// The production `Char` of XML.
pub(crate) fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// The production `PubidChar` of XML.
pub(crate) fn is_public_id_character(c: char) -> bool {
    matches!(c, ' ' | '\r' | '\n') || c.is_ascii_alphanumeric() || "-'()+,./:=?;!*#@$_%".contains(c)
}

fn is_name_start(c: char) -> bool {
    matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

pub(crate) fn is_name_part(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
