//! Frames that come: deflated messages are inflated into fragments, all others pass as they are.

use super::agreement::Agreement;
use super::{BINARY, CONTINUATION, Head, SentCode, TEXT, invalid};
use bytes::{Buf, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use std::io;

/// Inflated bytes of one fragment.
const PIECE: usize = 16 << 10;
/// What the sender has left off from the end of a message.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Rewrites what comes.
pub(super) struct Inflater {
    stream: Option<Decompress>,
    starts_anew: bool,
    part: Part,
    /// Of the message under way, if it is a deflated one: what its next fragment is marked as.
    message: Option<u8>,
}

/// What the next bytes are.
enum Part {
    Head,
    /// Of a frame that passes.
    Passing(u64),
    /// Of a frame that is inflated.
    Inflating {
        remaining: u64,
        fin: bool,
    },
    /// The message is complete but for its tail.
    Ending {
        sent: usize,
    },
}

impl Inflater {
    pub(super) fn new(agreement: &Agreement) -> Inflater {
        Inflater { stream: None, starts_anew: agreement.server_no_context_takeover, part: Part::Head, message: None }
    }

    /// Makes one piece of `raw` ready; false if it takes more bytes.
    pub(super) fn advance(
        &mut self,
        raw: &mut BytesMut,
        ready: &mut BytesMut,
        sent_code: &SentCode,
    ) -> io::Result<bool> {
        while ready.is_empty() {
            match self.part {
                Part::Head => {
                    let Some(head) = Head::parse(raw).filter(|head| head.note_close(raw, sent_code)) else {
                        return Ok(false);
                    };
                    self.begin(head, raw, ready)?;
                }
                Part::Passing(0) => self.part = Part::Head,
                Part::Passing(remaining) => {
                    if raw.is_empty() {
                        return Ok(false);
                    }
                    let count = raw.len().min(usize::try_from(remaining).unwrap_or(usize::MAX));
                    ready.extend_from_slice(&raw[..count]);
                    raw.advance(count);
                    self.part = Part::Passing(remaining - count as u64);
                }
                Part::Inflating { remaining, fin } => {
                    if remaining > 0 && raw.is_empty() {
                        return Ok(false);
                    }
                    let count = raw.len().min(usize::try_from(remaining).unwrap_or(usize::MAX));
                    let (taken, piece) = self.inflate(&raw[..count])?;
                    raw.advance(taken);
                    let remaining = remaining - taken as u64;
                    let is_done = remaining == 0 && piece.len() < PIECE;
                    self.part = match (is_done, fin) {
                        (false, _) => Part::Inflating { remaining, fin },
                        (true, false) => Part::Head,
                        (true, true) => Part::Ending { sent: 0 },
                    };
                    if !piece.is_empty() {
                        self.emit(&piece, false, ready);
                    }
                }
                Part::Ending { sent } => {
                    let (taken, piece) = self.inflate(&TAIL[sent..])?;
                    let sent = sent + taken;
                    let is_done = sent == TAIL.len() && piece.len() < PIECE;
                    self.emit(&piece, is_done, ready);
                    self.part = Part::Ending { sent };
                    if is_done {
                        self.part = Part::Head;
                        self.message = None;
                        if self.starts_anew {
                            self.stream = None;
                        }
                    }
                }
            }
        }
        Ok(true)
    }

    fn begin(&mut self, head: Head, raw: &mut BytesMut, ready: &mut BytesMut) -> io::Result<()> {
        let is_first = head.rsv1 && matches!(head.opcode, TEXT | BINARY) && self.message.is_none();
        let is_next = !head.rsv1 && head.opcode == CONTINUATION && self.message.is_some();
        if is_first || is_next {
            if head.mask.is_some() {
                return Err(invalid("the server masks its frames"));
            }
            if is_first {
                self.message = Some(head.opcode);
            }
            raw.advance(head.size);
            self.part = Part::Inflating { remaining: head.length, fin: head.fin };
        } else {
            // What is wrong with it, the library says.
            ready.extend_from_slice(&raw[..head.size]);
            raw.advance(head.size);
            self.part = Part::Passing(head.length);
        }
        Ok(())
    }

    /// Inflates one piece: how many bytes were taken, and what came of them.
    fn inflate(&mut self, bytes: &[u8]) -> io::Result<(usize, Vec<u8>)> {
        let stream = self.stream.get_or_insert_with(|| Decompress::new_with_window_bits(false, 15));
        let (read, made) = (stream.total_in(), stream.total_out());
        let mut piece = vec![0; PIECE];
        let status = stream
            .decompress(bytes, &mut piece, FlushDecompress::Sync)
            .map_err(|error| invalid(format!("a message is not deflated: {error}")))?;
        let taken = (stream.total_in() - read) as usize;
        piece.truncate((stream.total_out() - made) as usize);
        if status == Status::StreamEnd {
            // A sender may end its stream with each message.
            self.stream = None;
        }
        if taken == 0 && piece.is_empty() && !bytes.is_empty() {
            return Err(invalid("a message is not deflated"));
        }
        Ok((taken, piece))
    }

    fn emit(&mut self, piece: &[u8], fin: bool, ready: &mut BytesMut) {
        let opcode = self.message.replace(CONTINUATION).unwrap_or(CONTINUATION);
        Head { fin, rsv1: false, opcode, mask: None, length: piece.len() as u64, size: 0 }.write(ready);
        ready.extend_from_slice(piece);
    }
}
