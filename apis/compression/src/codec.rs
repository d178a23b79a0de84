//! Codecs: the libraries behind one interface.
//!
//! A codec takes input as a whole and gives output piece by piece. Once it has failed or ended, its library's state is gone.

mod brotli;
mod deflate;
mod zstd;

/// A compressed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Gzip,
    /// With zlib's header.
    Deflate,
    DeflateRaw,
    Brotli,
    Zstd,
}

impl Format {
    pub(crate) fn named(name: &str) -> Option<Format> {
        Some(match name {
            "gzip" => Format::Gzip,
            "deflate" => Format::Deflate,
            "deflate-raw" => Format::DeflateRaw,
            "brotli" => Format::Brotli,
            "zstd" => Format::Zstd,
            _ => return None,
        })
    }

    /// The levels that its compressor has.
    fn levels(self) -> std::ops::RangeInclusive<i32> {
        match self {
            Format::Gzip | Format::Deflate | Format::DeflateRaw => 0..=9,
            Format::Brotli => 0..=11,
            Format::Zstd => 1..=19,
        }
    }

    fn default_level(self) -> i32 {
        match self {
            Format::Gzip | Format::Deflate | Format::DeflateRaw => 6,
            Format::Brotli => 5,
            Format::Zstd => 3,
        }
    }
}

/// What one step of a library did.
#[derive(Debug, Clone, Copy)]
struct Step {
    read: usize,
    written: usize,
    /// The compressed data are complete.
    is_done: bool,
}

/// What a pull did to a piece of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// There is more to pull into it.
    Part,
    /// It is full, or more input is needed, or there is no output left.
    Whole,
}

/// One library's state.
trait Engine {
    /// Reads from `input` and writes to `output`; `is_last` says that no input will follow.
    fn step(&mut self, input: &[u8], output: &mut [u8], is_last: bool) -> Result<Step, String>;
}

/// One compression or decompression.
pub(crate) struct Codec {
    /// Gone once it has ended or failed.
    engine: Option<Box<dyn Engine>>,
    compresses: bool,
    weight: usize,
    input: Vec<u8>,
    read: usize,
    is_ended: bool,
}

impl Codec {
    /// # Errors
    /// Names a level that the format does not have.
    pub(crate) fn compressor(format: Format, level: Option<f64>) -> Result<Codec, String> {
        let levels = format.levels();
        let level = match level {
            None => format.default_level(),
            Some(level) if level.fract() == 0.0 && levels.contains(&(level as i32)) => level as i32,
            Some(level) => {
                return Err(format!("the level {level} is not one of {} to {}", levels.start(), levels.end()));
            }
        };
        let (engine, weight): (Box<dyn Engine>, usize) = match format {
            Format::Brotli => (Box::new(brotli::Compressor::new(level)), 8 << 20),
            Format::Zstd => (Box::new(zstd::Compressor::new(level)?), if level > 9 { 48 << 20 } else { 8 << 20 }),
            _ => (Box::new(deflate::Compressor::new(format, level)), 300 << 10),
        };
        Ok(Codec::new(engine, true, weight))
    }

    pub(crate) fn decompressor(format: Format) -> Result<Codec, String> {
        let (engine, weight): (Box<dyn Engine>, usize) = match format {
            Format::Brotli => (Box::new(brotli::Decompressor::new()), 4 << 20),
            Format::Zstd => (Box::new(zstd::Decompressor::new()?), 9 << 20),
            _ => (Box::new(deflate::Decompressor::new(format)), 50 << 10),
        };
        Ok(Codec::new(engine, false, weight))
    }

    fn new(engine: Box<dyn Engine>, compresses: bool, weight: usize) -> Codec {
        Codec { engine: Some(engine), compresses, weight, input: Vec::new(), read: 0, is_ended: false }
    }

    /// Bytes that the library's state may take.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Takes more input. What was pushed before must have been pulled.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.input.drain(..self.read);
        self.read = 0;
        self.input.extend_from_slice(bytes);
    }

    /// Says that no input follows.
    pub(crate) fn end(&mut self) {
        self.is_ended = true;
    }

    /// Adds output to `piece`, of which there are `most` bytes at the end, for as many bytes of input at most.
    ///
    /// # Errors
    /// Says what is wrong with compressed data.
    pub(crate) fn pull(&mut self, piece: &mut Vec<u8>, most: usize) -> Result<Pulled, String> {
        let pulled = self.try_pull(piece, most);
        if pulled.is_err() {
            self.engine = None;
        }
        pulled
    }

    fn try_pull(&mut self, piece: &mut Vec<u8>, most: usize) -> Result<Pulled, String> {
        let end = self.input.len().min(self.read + most);
        while piece.len() < most {
            let Some(engine) = &mut self.engine else {
                // Output that came before is still good.
                if piece.is_empty() && self.read < self.input.len() {
                    return Err("there is more data behind the end of the compressed data".to_owned());
                }
                return Ok(Pulled::Whole);
            };
            let start = piece.len();
            piece.resize(most, 0);
            let step = engine.step(&self.input[self.read..end], &mut piece[start..], self.is_ended)?;
            piece.truncate(start + step.written);
            self.read += step.read;
            if step.is_done {
                self.engine = None;
            } else if self.read == end && end < self.input.len() {
                return Ok(Pulled::Part);
            } else if step.read == 0 && step.written == 0 {
                // Nothing moves without more input.
                if self.is_ended && !self.compresses && piece.is_empty() {
                    return Err("the compressed data end too early".to_owned());
                }
                return Ok(Pulled::Whole);
            }
        }
        Ok(Pulled::Whole)
    }
}
