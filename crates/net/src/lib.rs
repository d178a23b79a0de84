//! HTTP and WebSocket clients, on one runtime of threads that all of them share.
//!
//! # Map
//!
//! | type | is | owned by |
//! |---|---|---|
//! | [`Client`] | pools of connections under one [`Access`] and one set of options | whoever made it |
//! | [`Request`], [`Response`] | one exchange, redirects included | the future that [`Client::fetch`] gives |
//! | [`ResponseBody`] | the decoded bytes that are still to come | the reader; dropping it ends the transfer |
//! | [`WebSocket`] | the two halves of an open connection | their readers and writers |
//!
//! Everything is a future: dropping it, or aborting the task that [`run`] gives, ends what is under way at any stage.
//!
//! What must never happen: a connection to an address that [`Access`] does not permit, by whichever redirect or DNS answer; a
//! connection of one access that serves another; a buffer that grows with what a server sends.
//!
//! This crate knows no JavaScript and no BEAM.

mod access;
mod body;
mod client;
mod connect;
mod deflate;
mod error;
mod plain;
mod ports;
mod redirect;
mod runtime;
mod tls;
mod websocket;

pub use access::Access;
pub use body::{BodySender, RequestBody, ResponseBody, SentChunks, SharedBody, body_channel};
pub use bytes::Bytes;
pub use client::{Client, ClientOptions, Proxy, Redirect, Request, Response};
pub use error::{NetError, NetErrorKind};
pub use runtime::{Task, begin, block_on, run};
pub use websocket::{Message, WebSocket, WebSocketReader, WebSocketWriter};
