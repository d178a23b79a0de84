//! Segments of text ([UAX #29](https://unicode.org/reports/tr29/)), cut piece by piece: what a piece costs is bounded, whatever the text.
//!
//! The library takes a text whole and cannot be interrupted. But it starts anew at each boundary that it finds, and so a piece of text
//! that begins at one has the boundaries that it has within the text, except near its end, where they may depend on what follows:
//! on the next segment and one character more, or on as many characters as a word of the dictionary may have.
//!
//! Words of the scripts of Southeast Asia are found by a network that reads each run of such letters from both ends, at 10 µs a letter.
//! Runs that are longer than any text has them are read in pieces that overlap: what is further away the network mostly forgets.

use icu::segmenter::options::{SentenceBreakInvariantOptions, WordBreakInvariantOptions};
use icu::segmenter::{GraphemeClusterSegmenter, SentenceSegmenter, WordSegmenter};
use quickbeam_engine::{Args, Ctx, Result, Value};

/// How many units a piece has, unless there is no boundary in it.
const PIECE: usize = 4096;

/// A piece of that many bytes is cut wherever there is a boundary in it, or at its end: so long is the longest segment.
const LONGEST_PIECE: usize = 1 << 23;

/// As [`LONGEST_PIECE`], for letters of Southeast Asia.
const MOST_LETTERS: usize = 4 * PIECE;

/// More bytes than the longest word of a dictionary has.
const LOOKAHEAD: usize = 512;

/// So many letters of Southeast Asia in a row are a run that is read in pieces.
const LONG_RUN: usize = 4096;

/// How many letters of a long run are read once more, and read ahead.
const OVERLAP: usize = 512;

/// The sizes of pieces: `[usual, longest]`.
pub(crate) fn sizes<'a>(ctx: Ctx<'a>, _this: &Value<'a>, _args: Args<'a>) -> Result<Value<'a>> {
    ctx.array([PIECE, LONGEST_PIECE].map(|size| ctx.number(size as f64)).to_vec())
}

/// Cuts a piece of a text: `(piece, granularity, where it begins, how much of it is cut already, whether the text ends with it)`.
/// Gives `[how far before the last end the next piece must begin, end, end, …]` in UTF-16 units of the text, each end
/// negated if the segment is not like a word. There are no ends if the piece is too short.
pub(crate) fn segments<'a>(ctx: Ctx<'a>, _this: &Value<'a>, args: Args<'a>) -> Result<Value<'a>> {
    let granularity = args.get(1).to_text()?;
    let (start, done) = (args.get(2).to_f64()?, args.get(3).to_f64()?);
    let is_last = args.get(4).truthy();
    let (back, ends) = args.get(0).with_text(|piece| {
        let letters = if granularity == "word" { piece.chars().filter(|c| is_southeast_asian(*c)).count() } else { 0 };
        // In steps of a microsecond or so.
        ctx.poll(u32::try_from(piece.len() / 64 + letters * 10).unwrap_or(u32::MAX).max(1))?;
        let mut ends = boundaries(&piece, &granularity);
        let mut back = 0;
        if !is_last {
            let (mut count, overlap) = known(&piece, &ends, granularity == "word");
            let is_enough = piece.len() >= LONGEST_PIECE || letters >= MOST_LETTERS;
            if count == 0 && is_enough {
                count = before(&ends, piece.len().saturating_sub(LOOKAHEAD)).max(1);
            }
            ends.truncate(count);
            back = overlap;
        }
        let (mut bytes, mut units) = (0, 0.0);
        for (end, _) in &mut ends {
            units += piece[bytes..*end].chars().map(char::len_utf16).sum::<usize>() as f64;
            bytes = std::mem::replace(end, units as usize);
        }
        ends.retain(|(end, _)| *end as f64 > done);
        Ok((back, ends))
    })??;
    let ends = ends.into_iter().map(|(end, is_word)| {
        let end = start + end as f64;
        ctx.number(if is_word { end } else { -end })
    });
    ctx.array(std::iter::once(ctx.number(back as f64)).chain(ends).collect())
}

/// The ends of segments in bytes, and whether each is like a word.
fn boundaries(text: &str, granularity: &str) -> Vec<(usize, bool)> {
    let mut ends: Vec<(usize, bool)> = match granularity {
        "word" => WordSegmenter::new_auto(WordBreakInvariantOptions::default())
            .segment_str(text)
            .iter_with_word_type()
            .map(|(end, kind)| (end, kind.is_word_like()))
            .collect(),
        "sentence" => SentenceSegmenter::new(SentenceBreakInvariantOptions::default())
            .segment_str(text)
            .map(|end| (end, true))
            .collect(),
        _ => GraphemeClusterSegmenter::new().segment_str(text).map(|end| (end, true)).collect(),
    };
    ends.retain(|(end, _)| *end > 0);
    ends
}

fn before(ends: &[(usize, bool)], limit: usize) -> usize {
    ends.partition_point(|(end, _)| *end <= limit)
}

/// How many of the ends are so whatever follows the piece, and how many units before the last of them the next piece must begin.
fn known(piece: &str, ends: &[(usize, bool)], are_words: bool) -> (usize, usize) {
    // Not the end of the piece, nor the one whose segment might go on.
    let mut most = ends.len().saturating_sub(2).min(before(ends, piece.len().saturating_sub(LOOKAHEAD)));
    if !are_words {
        return (most, 0);
    }
    let run = piece.char_indices().rev().take_while(|(_, letter)| is_southeast_asian(*letter));
    let (letters, first) = run.fold((0, piece.len()), |(count, _), (at, _)| (count + 1, at));
    let is_long = letters >= LONG_RUN;
    let settled = piece.char_indices().rev().nth(OVERLAP).map_or(0, |(at, _)| at);
    most = most.min(before(ends, if is_long { settled } else { first }));
    while let Some((end, _)) = most.checked_sub(1).map(|last| ends[last]) {
        if is_long && end > first {
            return (most, OVERLAP.min(piece[first..end].chars().count()));
        }
        if may_begin(piece, end) && has_first(&piece[end..], ends[most].0 - end, ends[most].1) {
            break;
        }
        most -= 1;
    }
    (most, 0)
}

/// Whether a text that begins there has the ends that it has in the whole one. Runs of letters without blanks are not looked at one by one,
/// so within one there must be two more, and they must be found in a dictionary.
fn may_begin(text: &str, at: usize) -> bool {
    let is_dictionary =
        |letter| matches!(letter, '\u{3041}'..='\u{3096}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}');
    let mut following = text[at..].chars();
    let (Some(previous), Some(next)) = (text[..at].chars().next_back(), following.next()) else { return false };
    let is_within = is_without_blanks(previous) && is_without_blanks(next);
    !is_within || (is_dictionary(next) && following.next().is_some_and(is_dictionary))
}

/// Whether this is the first segment of a text. The library may take the kind of the one before for its kind.
fn has_first(text: &str, end: usize, is_word: bool) -> bool {
    let segmenter = WordSegmenter::new_auto(WordBreakInvariantOptions::default());
    let found = segmenter.segment_str(text).iter_with_word_type().find(|(end, _)| *end > 0);
    found.is_some_and(|(found, kind)| found == end && kind.is_word_like() == is_word)
}

/// Letters of Burmese, Khmer, Lao and Thai, and what is beside them; each is one unit.
fn is_southeast_asian(letter: char) -> bool {
    matches!(
        letter,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}'
    )
}

/// Letters of scripts that are written without blanks, and what is beside them.
fn is_without_blanks(letter: char) -> bool {
    is_southeast_asian(letter)
        || matches!(
            letter,
            '\u{1950}'..='\u{19df}' | '\u{1a20}'..='\u{1aaf}' | '\u{2e80}'..='\u{2fd5}' | '\u{3005}'..='\u{3007}'
                | '\u{3021}'..='\u{3029}' | '\u{3038}'..='\u{303b}' | '\u{3041}'..='\u{309f}' | '\u{3400}'..='\u{4dbf}'
                | '\u{4e00}'..='\u{9fff}' | '\u{aa80}'..='\u{aadf}' | '\u{f900}'..='\u{faff}' | '\u{11700}'..='\u{1174f}'
                | '\u{16fe0}'..='\u{1b2ff}' | '\u{1f200}' | '\u{20000}'..='\u{3ffff}'
        )
}
