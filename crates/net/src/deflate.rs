//! `permessage-deflate` ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)), between a connection and the WebSocket library, which
//! knows no extensions.
//!
//! A [`Deflating`] connection reads the head of the handshake's answer as it passes. If the server takes up what [`OFFER`] offers,
//! frames are rewritten from then on: messages that come are inflated into fragments without the extension's mark, messages
//! that go are deflated.
//!
//! The library also hides a close whose code it takes for a wrong one behind one of its own, so the code of a close is noted here.
//!
//! What must never happen: inflated bytes that pile up here. One piece is inflated when the last one has been read, so the library's
//! limit of a message's size ends whatever a few bytes may stand for.

mod agreement;
mod incoming;
mod outgoing;

use agreement::Agreement;
use bytes::{Buf, BytesMut};
use incoming::Inflater;
use outgoing::Deflater;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// The extension as a request offers it.
pub(crate) const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// Bytes that are read at once.
const READ: usize = 16 << 10;
/// Bytes of the handshake's answer.
const MAX_HEAD: usize = 64 << 10;

/// "Bad gateway", which came into [the registry](https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number) after
/// RFC 6455, and which the library does not know.
const BAD_GATEWAY: u16 = 1014;
/// What the library reads, and answers, in its place.
const STAND_IN: CloseCode = CloseCode::Normal;

/// The code that the other side's close came with, if it has come with one.
pub(crate) type SentCode = Arc<OnceLock<u16>>;

/// Whether a close may have that code (RFC 6455, section 7.4).
pub(crate) fn is_close_code(code: u16) -> bool {
    code == BAD_GATEWAY || CloseCode::from(code).is_allowed()
}

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
    sent_code: SentCode,
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
        let sent_code = SentCode::default();
        Deflating { inner, raw: empty(), ready: empty(), out: empty(), stage: Stage::Head, sent_code }
    }

    pub(crate) fn sent_code(&self) -> SentCode {
        self.sent_code.clone()
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
                let passing = pass(remaining, &mut self.raw, &self.sent_code);
                self.ready.unsplit(self.raw.split_to(passing));
                Ok(!self.ready.is_empty())
            }
            Stage::Frames(frames) => frames.0.advance(&mut self.raw, &mut self.ready, &self.sent_code),
        }
    }
}

/// How many of these bytes pass, of which the first `remaining` are of a frame's contents.
fn pass(remaining: &mut u64, raw: &mut [u8], sent_code: &SentCode) -> usize {
    let mut passing = 0;
    loop {
        let count = usize::try_from(*remaining).unwrap_or(usize::MAX).min(raw.len() - passing);
        *remaining -= count as u64;
        passing += count;
        match Head::parse(&raw[passing..]) {
            Some(head) if *remaining == 0 && head.note_close(&mut raw[passing..], sent_code) => {
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

    /// Notes the code that a close has, in the bytes from its head on, and has another one stand in for what the library does not
    /// know; false if it has not come yet.
    fn note_close(&self, bytes: &mut [u8], sent_code: &SentCode) -> bool {
        if self.opcode != CLOSE || self.length < 2 {
            return true;
        }
        let Some(bytes) = bytes.get_mut(self.size..self.size + 2) else { return false };
        let code = u16::from_be_bytes([bytes[0], bytes[1]]);
        // Later ones say nothing to anybody.
        let _ = sent_code.set(code);
        if code == BAD_GATEWAY {
            bytes.copy_from_slice(&u16::from(STAND_IN).to_be_bytes());
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
