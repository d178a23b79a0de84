//! Formatted text with its parts, as `formatToParts` gives them.

use quickbeam_engine::{Ctx, Result, Value};
use std::cmp::Reverse;
use std::fmt::{self, Write};
use writeable::{Part, PartsWrite, Writeable};

/// A piece of formatted text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Piece {
    pub(crate) fn new(kind: &'static str, text: impl Into<String>) -> Piece {
        Piece { kind, text: text.into() }
    }
}

/// Takes something apart by the library's parts of one category; what belongs to none is a `literal`.
pub(crate) fn pieces(source: &impl Writeable, category: &str) -> Vec<Piece> {
    let mut collector = Collector { category, text: String::new(), spans: Vec::new() };
    // Writing to a string does not fail.
    let _ = source.write_to_parts(&mut collector);
    let Collector { text, spans, .. } = collector;
    let mut ends: Vec<usize> = spans.iter().flat_map(|(start, end, _)| [*start, *end]).chain([text.len()]).collect();
    ends.sort_unstable();
    ends.dedup();
    // Outer parts before inner ones.
    let mut parts: Vec<_> = spans.into_iter().rev().collect();
    parts.sort_by_key(|(first, last, _)| (*first, Reverse(*last)));
    let mut parts = parts.into_iter().peekable();
    let mut open: Vec<(usize, &'static str)> = Vec::new();
    let mut pieces = Vec::new();
    let mut at = 0;
    for end in ends.into_iter().filter(|end| *end > 0) {
        while open.pop_if(|(last, _)| *last <= at).is_some() {}
        while let Some((_, last, kind)) = parts.next_if(|(first, ..)| *first <= at) {
            open.push((last, kind));
        }
        // Of parts within parts, the innermost.
        let kind = open.last().map_or("literal", |(_, kind)| kind);
        pieces.push(Piece::new(kind, &text[at..end]));
        at = end;
    }
    pieces
}

struct Collector<'c> {
    category: &'c str,
    text: String,
    spans: Vec<(usize, usize, &'static str)>,
}

impl Write for Collector<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        Ok(())
    }
}

impl PartsWrite for Collector<'_> {
    type SubPartsWrite = Self;

    fn with_part(&mut self, part: Part, mut write: impl FnMut(&mut Self) -> fmt::Result) -> fmt::Result {
        let start = self.text.len();
        write(self)?;
        if part.category == self.category && self.text.len() > start {
            self.spans.push((start, self.text.len(), part.value));
        }
        Ok(())
    }
}

/// `[kind, text, kind, text, …]`.
///
/// # Errors
/// Throws if memory is short.
pub(crate) fn to_js<'a>(ctx: Ctx<'a>, pieces: &[Piece]) -> Result<Value<'a>> {
    let mut list = Vec::with_capacity(pieces.len() * 2);
    for piece in pieces {
        list.push(ctx.string(piece.kind)?);
        list.push(ctx.string(&piece.text)?);
    }
    ctx.array(list)
}
