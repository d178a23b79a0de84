//! Why an operation failed: what its promise is rejected with.

use quickbeam_engine::{Ctx, Thrown};
use std::borrow::Cow;

/// A failure that no thread but the realm's turns into a JavaScript error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    name: &'static str,
    message: Cow<'static, str>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $function:ident = $name:literal;)*) => {
        $($(#[$doc])*
        pub(crate) fn $function(message: impl Into<Cow<'static, str>>) -> Failure {
            Failure { name: $name, message: message.into() }
        })*
    };
}

impl Failure {
    kinds! {
        /// The operation could not be carried out on this input.
        operation = "OperationError";
        /// Key data that says something impossible.
        data = "DataError";
        /// An algorithm, curve, format or size that is not there.
        not_supported = "NotSupportedError";
        /// Usages that the key cannot have.
        syntax = "SyntaxError";
        /// A key that may not be used like this.
        invalid_access = "InvalidAccessError";
        /// A value of the wrong type.
        type_error = "TypeError";
    }

    /// Throws it: a `TypeError`, or a `DOMException`.
    pub(crate) fn throw(&self, ctx: Ctx<'_>) -> Thrown {
        if self.name == "TypeError" {
            ctx.throw_type(&self.message)
        } else {
            ctx.throw_dom_exception(self.name, &self.message)
        }
    }
}
