//! What goes wrong.

use std::error::Error;
use std::fmt;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetErrorKind {
    /// The other side or the network failed.
    Network,
    /// The access does not permit the host or its address.
    NotAllowed,
    /// A time limit passed.
    Timeout,
    /// The response is larger than the limit.
    TooLarge,
    /// The request cannot be sent.
    InvalidRequest,
}

/// A failure, with all its causes in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetError {
    /// What kind of failure it is.
    pub kind: NetErrorKind,
    /// What went wrong.
    pub message: String,
}

impl NetError {
    pub(crate) fn new(kind: NetErrorKind, message: impl Into<String>) -> NetError {
        NetError { kind, message: message.into() }
    }

    pub(crate) fn network(message: impl Into<String>) -> NetError {
        NetError::new(NetErrorKind::Network, message)
    }

    pub(crate) fn invalid(message: impl Into<String>) -> NetError {
        NetError::new(NetErrorKind::InvalidRequest, message)
    }

    pub(crate) fn not_allowed(host: &str, port: u16) -> NetError {
        NetError::new(
            NetErrorKind::NotAllowed,
            format!("a connection to {host}:{port} needs the grant {{:net, [\"{host}:{port}\"]}}"),
        )
    }

    /// What a library's error says, with its causes; an error of this crate among them is taken as it is.
    pub(crate) fn of(what: &str, error: &(dyn Error + 'static)) -> NetError {
        let mut message = String::from(what);
        let mut next = Some(error);
        while let Some(cause) = next {
            if let Some(own) = cause.downcast_ref::<NetError>() {
                return own.clone();
            }
            if let Some(io) = cause.downcast_ref::<std::io::Error>()
                && let Some(own) = io.get_ref().and_then(|inner| inner.downcast_ref::<NetError>())
            {
                return own.clone();
            }
            let text = cause.to_string();
            if !message.ends_with(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            next = cause.source();
        }
        NetError::network(message)
    }
}

impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for NetError {}
