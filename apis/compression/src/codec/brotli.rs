//! `brotli`.

use super::{Engine, Step};
use brotli::enc::StandardAlloc;
use brotli::enc::encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

/// The largest window that the format has without extensions: 16 MB less 16 bytes is 24, browsers' default is 22.
const WINDOW_LOG: u32 = 22;

pub(super) struct Compressor(BrotliEncoderStateStruct<StandardAlloc>);

impl Compressor {
    pub(super) fn new(level: i32) -> Compressor {
        let mut encoder = BrotliEncoderStateStruct::new(StandardAlloc::default());
        encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_QUALITY, level.unsigned_abs());
        encoder.set_parameter(BrotliEncoderParameter::BROTLI_PARAM_LGWIN, WINDOW_LOG);
        Compressor(encoder)
    }
}

impl Engine for Compressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> Result<Step, String> {
        let operation = if is_last {
            BrotliEncoderOperation::BROTLI_OPERATION_FINISH
        } else {
            BrotliEncoderOperation::BROTLI_OPERATION_PROCESS
        };
        let (mut left, mut read) = (input.len(), 0);
        let (mut room, mut written) = (output.len(), 0);
        let went = self.0.compress_stream(
            operation,
            &mut left,
            input,
            &mut read,
            &mut room,
            output,
            &mut written,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !went {
            return Err("brotli refused the data".to_owned());
        }
        Ok(Step { read, written, is_done: self.0.is_finished() })
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        brotli::enc::encode::BrotliEncoderDestroyInstance(&mut self.0);
    }
}

pub(super) struct Decompressor(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>);

impl Decompressor {
    pub(super) fn new() -> Decompressor {
        let alloc = StandardAlloc::default;
        Decompressor(Box::new(BrotliState::new(alloc(), alloc(), alloc())))
    }
}

impl Engine for Decompressor {
    fn step(&mut self, input: &[u8], output: &mut [u8], _is_last: bool) -> Result<Step, String> {
        let (mut left, mut read) = (input.len(), 0);
        let (mut room, mut written, mut total) = (output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            input,
            &mut room,
            &mut written,
            output,
            &mut total,
            &mut self.0,
        );
        match result {
            BrotliResult::ResultFailure => Err("the compressed data are not valid brotli".to_owned()),
            result => Ok(Step { read, written, is_done: matches!(result, BrotliResult::ResultSuccess) }),
        }
    }
}
