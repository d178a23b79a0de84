//! What tests of the client share.

use quickbeam_net::{ClientOptions, Proxy, Redirect, Request, RequestBody};
use std::io::Read;
use std::net::TcpStream;

/// What comes up to `end`; `None` if the connection ends before.
pub fn read_until(stream: &mut TcpStream, end: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(end) {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    Some(bytes)
}

/// Of a client that no proxy of this machine is in the way of.
pub fn options() -> ClientOptions {
    ClientOptions { proxy: Proxy::Direct, ..ClientOptions::default() }
}

/// A request for that.
pub fn get(url: impl Into<String>) -> Request {
    Request {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body: RequestBody::Empty,
        redirect: Redirect::Follow,
    }
}
