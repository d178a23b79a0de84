//! Frames that go: messages are deflated, unless they are short; all other frames pass as they are.

use super::agreement::Agreement;
use super::{Head, invalid};
use bytes::{Buf, BytesMut};
use flate2::{Compress, Compression, FlushCompress};
use std::io;

/// Messages shorter than this gain nothing.
const WORTH_IT: u64 = 64;

/// Rewrites what goes.
pub(super) struct Deflater {
    stream: Option<Compress>,
    starts_anew: bool,
    window_bits: u8,
    /// The part of a frame that was written so far.
    partial: BytesMut,
}

impl Deflater {
    pub(super) fn new(agreement: &Agreement) -> Deflater {
        Deflater {
            stream: None,
            starts_anew: agreement.client_no_context_takeover,
            window_bits: agreement.client_max_window_bits,
            partial: BytesMut::new(),
        }
    }

    /// Takes bytes of frames, and puts what is to be sent of those that are complete into `out`.
    pub(super) fn write(&mut self, bytes: &[u8], out: &mut BytesMut) -> io::Result<()> {
        self.partial.extend_from_slice(bytes);
        while let Some(head) = Head::parse(&self.partial) {
            let length = usize::try_from(head.length).map_err(|_| invalid("a frame is too long"))?;
            if self.partial.len() - head.size < length {
                return Ok(());
            }
            // The smallest window is none of zlib's; a sender need not deflate.
            let is_deflated = head.is_message()
                && head.fin
                && !head.rsv1
                && head.length >= WORTH_IT
                && (9..=15).contains(&self.window_bits);
            let frame = self.partial.split_to(head.size + length);
            if is_deflated {
                self.deflate(head, frame, out)?;
            } else {
                out.extend_from_slice(&frame);
            }
        }
        Ok(())
    }

    fn deflate(&mut self, head: Head, mut frame: BytesMut, out: &mut BytesMut) -> io::Result<()> {
        frame.advance(head.size);
        apply_mask(head.mask, &mut frame);
        let bits = self.window_bits;
        let stream =
            self.stream.get_or_insert_with(|| Compress::new_with_window_bits(Compression::default(), false, bits));
        let mut deflated = Vec::with_capacity(frame.len() / 2 + 64);
        let start = stream.total_in();
        loop {
            let taken = (stream.total_in() - start) as usize;
            stream
                .compress_vec(&frame[taken..], &mut deflated, FlushCompress::Sync)
                .map_err(|error| invalid(format!("a message cannot be deflated: {error}")))?;
            // Room that is left over says that nothing is held back.
            if deflated.len() < deflated.capacity() && (stream.total_in() - start) as usize == frame.len() {
                break;
            }
            deflated.reserve(deflated.len().max(64));
        }
        if !deflated.ends_with(&[0, 0, 0xFF, 0xFF]) {
            return Err(invalid("a message was not deflated to its end"));
        }
        deflated.truncate(deflated.len() - 4);
        if self.starts_anew {
            self.stream = None;
        }
        Head { rsv1: true, length: deflated.len() as u64, ..head }.write(out);
        apply_mask(head.mask, &mut deflated);
        out.extend_from_slice(&deflated);
        Ok(())
    }
}

fn apply_mask(mask: Option<[u8; 4]>, bytes: &mut [u8]) {
    if let Some(mask) = mask {
        bytes.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    }
}
