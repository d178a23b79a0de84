//! `gzip`, `deflate` and `deflate-raw`, by zlib-rs.

use super::{Engine, Format, Step};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

const WINDOW_BITS: u8 = 15;

pub(super) struct Compressor(Compress);

impl Compressor {
    pub(super) fn new(format: Format, level: i32) -> Compressor {
        let level = Compression::new(level.unsigned_abs());
        Compressor(match format {
            Format::Gzip => Compress::new_gzip(level, WINDOW_BITS),
            format => Compress::new(level, format == Format::Deflate),
        })
    }
}

impl Engine for Compressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> Result<Step, String> {
        let before = (self.0.total_in(), self.0.total_out());
        let flush = if is_last { FlushCompress::Finish } else { FlushCompress::None };
        let status = self.0.compress(input, output, flush).map_err(|error| error.to_string())?;
        Ok(step(before, (self.0.total_in(), self.0.total_out()), status))
    }
}

pub(super) struct Decompressor(Decompress);

impl Decompressor {
    pub(super) fn new(format: Format) -> Decompressor {
        Decompressor(match format {
            Format::Gzip => Decompress::new_gzip(WINDOW_BITS),
            format => Decompress::new(format == Format::Deflate),
        })
    }
}

impl Engine for Decompressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], _is_last: bool) -> Result<Step, String> {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output, FlushDecompress::None);
        let status = status
            .map_err(|error| format!("the compressed data are not valid: {}", error.message().unwrap_or("corrupt")))?;
        Ok(step(before, (self.0.total_in(), self.0.total_out()), status))
    }
}

fn step(before: (u64, u64), after: (u64, u64), status: Status) -> Step {
    let (read, written) = ((after.0 - before.0) as usize, (after.1 - before.1) as usize);
    Step { read, written, is_done: status == Status::StreamEnd }
}
