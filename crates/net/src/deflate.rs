//! `permessage-deflate` ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)), between a connection and the WebSocket library, which
//! knows no extensions.
//!
//! A [`Deflating`] connection reads the head of the handshake's answer as it passes. If the server takes up what [`OFFER`] offers,
//! frames are rewritten from then on: messages that come are inflated into fragments without the extension's mark, messages
//! that go are deflated.
//!
//! The library also hides a close whose code none may have behind one of its own, so such a close is noted here.
//!
//! What must never happen: inflated bytes that pile up here. One piece is inflated when the last one has been read, so the library's
//! limit of a message's size ends whatever a few bytes may stand for.

mod agreement;
mod incoming;
mod outgoing;

use crate::connect::Flag;
use agreement::Agreement;
use bytes::{Buf, BytesMut};
use incoming::Inflater;
use outgoing::Deflater;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The extension as a request offers it.
pub(crate) const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// Bytes that are read at once.
const READ: usize = 16 << 10;
/// Bytes of the handshake's answer.
const MAX_HEAD: usize = 64 << 10;

/// A connection, from its handshake on.
pub(crate) struct Deflating<S> {
    inner: S,
    /// What was read and not looked at yet.
    raw: BytesMut,
    /// What the library is to read.
    ready: BytesMut,
    /// What is to be written.
    out: BytesMut,
    stage: Stage,
    has_wrong_close: Flag,
}

enum Stage {
    /// The handshake's answer is not complete.
    Head,
    /// Nothing is rewritten. So many bytes of a frame are still to pass.
    Plain(u64),
    Frames(Box<(Inflater, Deflater)>),
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

impl<S> Deflating<S> {
    pub(crate) fn new(inner: S) -> Deflating<S> {
        let empty = BytesMut::new;
        let has_wrong_close = Flag::default();
        Deflating { inner, raw: empty(), ready: empty(), out: empty(), stage: Stage::Head, has_wrong_close }
    }

    /// Whether a close came whose code none may have (RFC 6455, section 7.4).
    pub(crate) fn has_wrong_close(&self) -> Flag {
        self.has_wrong_close.clone()
    }

    /// Makes something of `raw` ready; false if it takes more bytes.
    fn advance(&mut self) -> io::Result<bool> {
        match &mut self.stage {
            Stage::Head => {
                let Some(end) = self.raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                    return if self.raw.len() > MAX_HEAD {
                        Err(invalid("the answer's head has no end"))
                    } else {
                        Ok(false)
                    };
                };
                let head = self.raw.split_to(end + 4);
                self.stage = match Agreement::read(&head).map_err(invalid)? {
                    None => Stage::Plain(0),
                    Some(agreement) => Stage::Frames(Box::new((Inflater::new(&agreement), Deflater::new(&agreement)))),
                };
                self.ready.unsplit(head);
                Ok(true)
            }
            Stage::Plain(remaining) => {
                let passing = pass(remaining, &self.raw, &self.has_wrong_close);
                self.ready.unsplit(self.raw.split_to(passing));
                Ok(!self.ready.is_empty())
            }
            Stage::Frames(frames) => frames.0.advance(&mut self.raw, &mut self.ready, &self.has_wrong_close),
        }
    }
}

/// How many of these bytes pass, of which the first `remaining` are of a frame's contents.
fn pass(remaining: &mut u64, raw: &[u8], has_wrong_close: &Flag) -> usize {
    let mut passing = 0;
    loop {
        let count = usize::try_from(*remaining).unwrap_or(usize::MAX).min(raw.len() - passing);
        *remaining -= count as u64;
        passing += count;
        match Head::parse(&raw[passing..]) {
            Some(head) if *remaining == 0 && head.note_close(&raw[passing..], has_wrong_close) => {
                *remaining = head.length;
                passing += head.size;
            }
            _ => return passing,
        }
    }
}

impl<S: AsyncWrite + Unpin> Deflating<S> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deflating<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.ready.is_empty() {
                let count = this.ready.len().min(buf.remaining());
                buf.put_slice(&this.ready[..count]);
                this.ready.advance(count);
                return Poll::Ready(Ok(()));
            }
            if this.advance()? {
                continue;
            }
            let mut bytes = [0; READ];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.raw.extend_from_slice(read.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deflating<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_drain(cx))?;
        match &mut this.stage {
            Stage::Frames(frames) => {
                frames.1.write(bytes, &mut this.out)?;
                Poll::Ready(Ok(bytes.len()))
            }
            _ => Pin::new(&mut this.inner).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The head of a frame ([RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    fin: bool,
    /// The extension's mark.
    rsv1: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    length: u64,
    /// Bytes of the head itself.
    size: usize,
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

impl Head {
    /// The head that `bytes` start with, if it is complete.
    fn parse(bytes: &[u8]) -> Option<Head> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (length, mut size) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            short => (u64::from(short), 2),
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            mask = Some(bytes.get(size..size + 4)?.try_into().ok()?);
            size += 4;
        }
        Some(Head { fin: first & 0x80 != 0, rsv1: first & 0x40 != 0, opcode: first & 0x0F, mask, length, size })
    }

    /// Looks at the code that a close has, in the bytes from its head on; false if it has not come yet.
    fn note_close(&self, bytes: &[u8], has_wrong_close: &Flag) -> bool {
        if self.opcode != CLOSE || self.length < 2 {
            return true;
        }
        let Some(&[high, low]) = bytes.get(self.size..self.size + 2) else { return false };
        if !CloseCode::from(u16::from_be_bytes([high, low])).is_allowed() {
            has_wrong_close.set(true);
        }
        true
    }

    fn write(&self, out: &mut BytesMut) {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        out.extend_from_slice(&[u8::from(self.fin) << 7 | u8::from(self.rsv1) << 6 | self.opcode]);
        match self.length {
            0..=125 => out.extend_from_slice(&[masked | self.length as u8]),
            126..=0xFFFF => {
                out.extend_from_slice(&[masked | 126]);
                out.extend_from_slice(&(self.length as u16).to_be_bytes());
            }
            _ => {
                out.extend_from_slice(&[masked | 127]);
                out.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        out.extend_from_slice(self.mask.as_ref().map_or(&[], |mask| mask.as_slice()));
    }

    fn is_message(&self) -> bool {
        matches!(self.opcode, TEXT | BINARY)
    }
}
