//! What the crate `selectors` asks of the language: names, and the pseudo-classes and pseudo-elements that are known.

use html5ever::{LocalName, Namespace};
use precomputed_hash::PrecomputedHash;
use selectors::SelectorImpl;
use selectors::parser::SelectorParseErrorKind;
use std::borrow::Borrow;
use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Impl;

/// A name or a class in a selector.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ident(pub(super) LocalName);

/// A value in an attribute selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text(pub(super) String);

impl From<&str> for Ident {
    fn from(text: &str) -> Self {
        Ident(LocalName::from(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.to_owned())
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PrecomputedHash for Ident {
    fn precomputed_hash(&self) -> u32 {
        self.0.precomputed_hash()
    }
}

impl Borrow<LocalName> for Ident {
    fn borrow(&self) -> &LocalName {
        &self.0
    }
}

impl cssparser::ToCss for Ident {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        cssparser::serialize_identifier(&self.0, dest)
    }
}

impl cssparser::ToCss for Text {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        cssparser::serialize_string(&self.0, dest)
    }
}

/// Pseudo-classes that depend on more than the structure of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PseudoClass {
    AnyLink,
    Checked,
    Defined,
    Disabled,
    Enabled,
    Lang(Vec<String>),
    /// Known, and true of nothing here.
    Never(&'static str),
    Optional,
    PlaceholderShown,
    ReadOnly,
    ReadWrite,
    Required,
}

const NEVER: [&str; 16] = [
    "active",
    "autofill",
    "focus",
    "focus-visible",
    "focus-within",
    "fullscreen",
    "hover",
    "in-range",
    "indeterminate",
    "invalid",
    "modal",
    "out-of-range",
    "target",
    "user-invalid",
    "user-valid",
    "visited",
];

const PSEUDO_ELEMENTS: [&str; 8] =
    ["after", "backdrop", "before", "first-letter", "first-line", "marker", "placeholder", "selection"];

impl cssparser::ToCss for PseudoClass {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        match self {
            PseudoClass::Lang(ranges) => write!(dest, ":lang({})", ranges.join(", ")),
            PseudoClass::Never(name) => write!(dest, ":{name}"),
            other => write!(dest, ":{other:?}"),
        }
    }
}

impl selectors::parser::NonTSPseudoClass for PseudoClass {
    fn is_active_or_hover(&self) -> bool {
        matches!(self, PseudoClass::Never("active" | "hover"))
    }

    fn is_user_action_state(&self) -> bool {
        self.is_active_or_hover() || matches!(self, PseudoClass::Never("focus"))
    }
}

/// A pseudo-element; no element is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PseudoElement(&'static str);

impl cssparser::ToCss for PseudoElement {
    fn to_css<W: fmt::Write>(&self, dest: &mut W) -> fmt::Result {
        write!(dest, "::{}", self.0)
    }
}

impl selectors::parser::PseudoElement for PseudoElement {}

impl SelectorImpl for Impl {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Ident;
    type LocalName = Ident;
    type NamespaceUrl = Namespace;
    type NamespacePrefix = Ident;
    type BorrowedNamespaceUrl = Namespace;
    type BorrowedLocalName = LocalName;
    type NonTSPseudoClass = PseudoClass;
    type PseudoElement = PseudoElement;
}

pub(super) struct Parser;

type ParseError = cssparser::ParseError<SelectorParseErrorKind>;

fn unsupported<T>() -> std::result::Result<T, ParseError> {
    Err(ParseError::custom(SelectorParseErrorKind::UnsupportedPseudoClassOrElement))
}

impl<'i> selectors::Parser<'i> for Parser {
    type Impl = Impl;
    type Error = SelectorParseErrorKind;

    fn parse_nth_child_of(&self) -> bool {
        true
    }

    fn parse_is_and_where(&self) -> bool {
        true
    }

    fn parse_has(&self) -> bool {
        true
    }

    // A valid selector, which matches nothing without shadow trees.
    fn parse_slotted(&self) -> bool {
        true
    }

    fn is_is_alias(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case("-webkit-any") || name.eq_ignore_ascii_case("matches")
    }

    fn parse_non_ts_pseudo_class(&self, name: &str) -> std::result::Result<PseudoClass, ParseError> {
        let name = name.to_ascii_lowercase();
        Ok(match name.as_str() {
            "any-link" | "link" => PseudoClass::AnyLink,
            "checked" => PseudoClass::Checked,
            "defined" => PseudoClass::Defined,
            "disabled" => PseudoClass::Disabled,
            "enabled" => PseudoClass::Enabled,
            "optional" => PseudoClass::Optional,
            "placeholder-shown" => PseudoClass::PlaceholderShown,
            "read-only" => PseudoClass::ReadOnly,
            "read-write" => PseudoClass::ReadWrite,
            "required" => PseudoClass::Required,
            name => match NEVER.iter().find(|known| **known == name) {
                Some(known) => PseudoClass::Never(known),
                None => return unsupported(),
            },
        })
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: &str,
        parser: &mut cssparser::Parser<'i>,
        _after_part: bool,
    ) -> std::result::Result<PseudoClass, ParseError> {
        if !name.eq_ignore_ascii_case("lang") {
            return unsupported();
        }
        let ranges = parser.parse_comma_separated(|parser| {
            Ok::<_, ParseError>(parser.expect_ident_or_string()?.as_ref().to_owned())
        })?;
        Ok(PseudoClass::Lang(ranges))
    }

    fn parse_pseudo_element(&self, name: &str) -> std::result::Result<PseudoElement, ParseError> {
        match PSEUDO_ELEMENTS.iter().find(|known| name.eq_ignore_ascii_case(known)) {
            Some(known) => Ok(PseudoElement(known)),
            None => unsupported(),
        }
    }
}
