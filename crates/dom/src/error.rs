//! Errors of the DOM.

use std::fmt;

/// Why an operation was refused, with a message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomError {
    /// `HierarchyRequestError`: the node must not be there.
    Hierarchy(&'static str),
    /// `NotFoundError`: the node is not where it was said to be.
    NotFound(&'static str),
    /// `IndexSizeError`: an offset beyond the end.
    IndexSize(String),
    /// `InvalidCharacterError`: no such name is possible.
    InvalidCharacter(String),
    /// `NamespaceError`: prefix and namespace do not go together.
    Namespace(String),
    /// `NotSupportedError`.
    NotSupported(&'static str),
    /// `InvalidStateError`: there is no such XML.
    InvalidState(&'static str),
    /// `InUseAttributeError`: the attribute belongs to another element.
    InUseAttribute,
    /// `SyntaxError`: a selector or a position that is none.
    Syntax(String),
    /// `NoModificationAllowedError`.
    NoModification(&'static str),
    /// More nodes than memory is left for.
    TooLarge {
        /// The most that the tree may hold, in bytes.
        limit: usize,
    },
    /// Markup whose elements stand too deep in one another.
    TooDeep {
        /// The most levels that there may be.
        limit: usize,
    },
    /// Whoever was asked whether to go on said no.
    Interrupted,
}

impl DomError {
    /// The name of the `DOMException`.
    pub fn name(&self) -> &'static str {
        match self {
            DomError::Hierarchy(_) => "HierarchyRequestError",
            DomError::NotFound(_) => "NotFoundError",
            DomError::IndexSize(_) => "IndexSizeError",
            DomError::InvalidCharacter(_) => "InvalidCharacterError",
            DomError::Namespace(_) => "NamespaceError",
            DomError::NotSupported(_) => "NotSupportedError",
            DomError::InvalidState(_) => "InvalidStateError",
            DomError::InUseAttribute => "InUseAttributeError",
            DomError::Syntax(_) => "SyntaxError",
            DomError::NoModification(_) => "NoModificationAllowedError",
            DomError::TooLarge { .. } | DomError::TooDeep { .. } => "QuotaExceededError",
            DomError::Interrupted => "AbortError",
        }
    }
}

impl fmt::Display for DomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DomError::Hierarchy(text)
            | DomError::NotFound(text)
            | DomError::NotSupported(text)
            | DomError::InvalidState(text)
            | DomError::NoModification(text) => f.write_str(text),
            DomError::IndexSize(text)
            | DomError::InvalidCharacter(text)
            | DomError::Namespace(text)
            | DomError::Syntax(text) => f.write_str(text),
            DomError::InUseAttribute => f.write_str("the attribute is in use by another element"),
            DomError::TooLarge { limit } => {
                write!(f, "the tree would hold more than the {limit} bytes that are left for it")
            }
            DomError::TooDeep { limit } => write!(f, "the markup is more than {limit} levels deep"),
            DomError::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for DomError {}

/// The result of an operation on a tree.
pub type Result<T> = std::result::Result<T, DomError>;
