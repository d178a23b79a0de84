//! `zstd`, with the window of 8 MB that RFC 9659 allows contents on the web.

use super::{Engine, Step};
use zstd::stream::raw::{self, CParameter, DParameter, InBuffer, Operation, OutBuffer};

const MAX_WINDOW_LOG: u32 = 23;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(super) struct Compressor(raw::Encoder<'static>);

impl Compressor {
    pub(super) fn new(level: i32) -> Result<Compressor, String> {
        let mut encoder = raw::Encoder::new(level).map_err(text)?;
        encoder.set_parameter(CParameter::ChecksumFlag(true)).map_err(text)?;
        Ok(Compressor(encoder))
    }
}

impl Engine for Compressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> Result<Step, String> {
        if is_last && input.is_empty() {
            let mut out = OutBuffer::around(output);
            let left = self.0.finish(&mut out, true).map_err(text)?;
            return Ok(Step { read: 0, written: out.pos(), is_done: left == 0 });
        }
        let mut input = InBuffer::around(input);
        let mut out = OutBuffer::around(output);
        self.0.run(&mut input, &mut out).map_err(text)?;
        Ok(Step { read: input.pos(), written: out.pos(), is_done: false })
    }
}

pub(super) struct Decompressor(raw::Decoder<'static>);

impl Decompressor {
    pub(super) fn new() -> Result<Decompressor, String> {
        let mut decoder = raw::Decoder::new().map_err(text)?;
        decoder.set_parameter(DParameter::WindowLogMax(MAX_WINDOW_LOG)).map_err(text)?;
        Ok(Decompressor(decoder))
    }
}

impl Engine for Decompressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], _is_last: bool) -> Result<Step, String> {
        let mut input = InBuffer::around(input);
        let mut out = OutBuffer::around(output);
        let hint =
            self.0.run(&mut input, &mut out).map_err(|error| format!("the compressed data are not valid: {error}"))?;
        Ok(Step { read: input.pos(), written: out.pos(), is_done: hint == 0 })
    }
}
