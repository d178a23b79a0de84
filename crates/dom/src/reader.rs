//! From markup to tokens.
//!
//! Most of a document is text and tags such as `<a href="/">`. These become tokens right here, as in the fast paths of browsers. What is
//! not so plain (character references, comments, upper case, carriage returns, the contents of `script` …) html5ever's tokenizer reads,
//! a character at a time, up to a tag or comment that ends.
//!
//! What must never happen: a token that the tokenizer would not have made of the same markup.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::State;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::{Attribute, LocalName, QualName, TokenizerResult, ns};
use std::cell::Cell;
use std::collections::HashSet;

/// Reads markup for a tree builder.
pub(crate) struct Reader<S> {
    tokenizer: Tokenizer<Watched<S>>,
    /// How much the tokenizer has read since markup was plain.
    odd: Cell<usize>,
}

/// What takes the tokens, behind a note of what it got last.
struct Watched<S> {
    sink: S,
    /// What the tokenizer is to read.
    queue: BufferQueue,
    /// Whether the tokenizer, once it has nothing left to read, is in its data state.
    is_plain: Cell<bool>,
}

impl<S: TokenSink> TokenSink for Watched<S> {
    type Handle = S::Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<S::Handle> {
        if !matches!(token, Token::ParseError(_)) {
            // These end with a character of their own: if it was the last one, the tokenizer goes on behind them.
            let ends = matches!(token, Token::TagToken(_) | Token::CommentToken(_) | Token::DoctypeToken(_));
            self.is_plain.set(ends && self.queue.is_empty());
        }
        let result = self.sink.process_token(token, line);
        if matches!(result, TokenSinkResult::Plaintext | TokenSinkResult::RawData(_)) {
            self.is_plain.set(false);
        }
        result
    }

    fn end(&self) {
        self.sink.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.sink.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

impl<S: TokenSink> Reader<S> {
    pub(crate) fn new(sink: S, options: TokenizerOpts) -> Reader<S> {
        let is_plain = Cell::new(options.initial_state.is_none_or(|state| state == State::Data));
        let watched = Watched { sink, queue: BufferQueue::default(), is_plain };
        Reader { tokenizer: Tokenizer::new(watched, options), odd: Cell::new(0) }
    }

    pub(crate) fn sink(&self) -> &S {
        &self.tokenizer.sink.sink
    }

    /// Reads about `length` bytes of a block of markup, from `at` on. Gives where it stopped.
    pub(crate) fn read(&self, block: &StrTendril, mut at: usize, length: usize) -> usize {
        let Watched { sink, queue, is_plain } = &self.tokenizer.sink;
        let end = block.len().min(at + length);
        while at < end {
            if is_plain.get() {
                self.odd.set(0);
                // No token that is read so makes the tokenizer leave its state.
                at = read_plain(block, at, end, |token| drop(sink.process_token(token, 1)));
                if at >= end {
                    break;
                }
            }
            // To where something may end; farther each time that nothing did.
            let from = at + self.odd.get().min((end - at) / 2);
            let close = block.as_bytes()[from..end].iter().position(|&byte| byte == b'>');
            let stop = close.map_or_else(|| boundary(block, end), |close| from + close + 1);
            is_plain.set(false);
            self.odd.set(self.odd.get() + (stop - at));
            queue.push_back(part(block, at, stop));
            while !matches!(self.tokenizer.feed(queue), TokenizerResult::Done) {}
            at = stop;
        }
        at
    }

    /// There is no more markup.
    pub(crate) fn end(&self) {
        self.tokenizer.end();
    }
}

/// The first place between characters that is at or behind an offset.
pub(crate) fn boundary(text: &str, offset: usize) -> usize {
    (offset..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

/// Makes tokens of what is plain from `at` on, as long as it begins before `end`. Gives where it ends: there is something else, or the
/// end of the markup. The tokenizer would be in its data state, there as here.
fn read_plain(markup: &StrTendril, mut at: usize, end: usize, mut emit: impl FnMut(Token)) -> usize {
    while at < end {
        if markup.as_bytes().get(at) == Some(&b'<') {
            let Some((tag, behind)) = read_tag(markup, at) else { break };
            emit(Token::TagToken(tag));
            at = behind;
            continue;
        }
        let length = text_len(&markup.as_bytes()[at..]);
        if length == 0 {
            break;
        }
        emit(Token::CharacterTokens(part(markup, at, at + length)));
        at += length;
    }
    at
}

fn part(markup: &StrTendril, from: usize, to: usize) -> StrTendril {
    markup.subtendril(from as u32, (to - from) as u32)
}

/// Attributes of a tag that are compared with each other one by one; the names of more are looked up. The tokenizer compares any number, so that
/// tens of thousands must not come to it.
const FEW_ATTRIBUTES: usize = 32;

/// Which bytes end what: these bits of [`ENDS`].
const TEXT: u8 = 1;
const NAME: u8 = 2;
const DOUBLE_QUOTED: u8 = 4;
const SINGLE_QUOTED: u8 = 8;
const UNQUOTED: u8 = 16;

static ENDS: [u8; 256] = {
    let mut ends = [NAME; 256];
    let names = b"abcdefghijklmnopqrstuvwxyz0123456789-_:";
    let mut at = 0;
    while at < names.len() {
        ends[names[at] as usize] = 0;
        at += 1;
    }
    let all = TEXT | NAME | DOUBLE_QUOTED | SINGLE_QUOTED | UNQUOTED;
    ends[b'&' as usize] = all;
    ends[b'\r' as usize] = all;
    ends[0] = all;
    ends[b'<' as usize] |= TEXT;
    ends[b'"' as usize] |= DOUBLE_QUOTED;
    ends[b'\'' as usize] |= SINGLE_QUOTED;
    let unquoted = b" \t\n\x0C>\"'<=`";
    let mut at = 0;
    while at < unquoted.len() {
        ends[unquoted[at] as usize] |= UNQUOTED;
        at += 1;
    }
    ends
};

/// How many bytes there are before one that ends this.
fn len_of(what: u8, bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| ENDS[usize::from(byte)] & what != 0).unwrap_or(bytes.len())
}

/// How much plain text there is.
fn text_len(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| !matches!(byte, b'<' | b'&' | b'\r' | 0);
    // As much at once as the processor compares at once.
    let whole = bytes.chunks_exact(16).take_while(|chunk| chunk.iter().fold(true, |all, byte| all & is_plain(byte)));
    let at = whole.count() * 16;
    at + len_of(TEXT, &bytes[at..])
}

/// How long the name is that begins here; 0 if there is none, or one that is not plain.
fn name_len(bytes: &[u8]) -> usize {
    if bytes.first().is_some_and(u8::is_ascii_lowercase) { len_of(NAME, bytes) } else { 0 }
}

/// Elements whose start tags make the tokenizer leave its data state, so that it must know of them.
fn has_raw_text(name: &str) -> bool {
    matches!(
        name,
        "iframe"
            | "noembed"
            | "noframes"
            | "noscript"
            | "plaintext"
            | "script"
            | "style"
            | "textarea"
            | "title"
            | "xmp"
    )
}

/// The tag at a `<`, and where it ends.
fn read_tag(markup: &StrTendril, open: usize) -> Option<(Tag, usize)> {
    let bytes = markup.as_bytes();
    let kind = if bytes.get(open + 1) == Some(&b'/') { TagKind::EndTag } else { TagKind::StartTag };
    let start = open + if kind == TagKind::EndTag { 2 } else { 1 };
    let mut at = start + name_len(bytes.get(start..)?);
    let name = markup.get(start..at)?;
    if name.is_empty() || kind == TagKind::StartTag && has_raw_text(name) {
        return None;
    }
    let mut tag = Tag {
        kind,
        name: LocalName::from(name),
        self_closing: false,
        attrs: Vec::new(),
        had_duplicate_attributes: false,
    };
    let mut is_behind_space = false;
    let mut names = HashSet::new();
    loop {
        match bytes.get(at)? {
            b'>' => return Some((tag, at + 1)),
            b' ' | b'\n' | b'\t' => {
                is_behind_space = true;
                at += 1;
            }
            _ if kind == TagKind::EndTag => return None,
            b'/' if bytes.get(at + 1) == Some(&b'>') => {
                tag.self_closing = true;
                at += 1;
            }
            _ if is_behind_space => {
                let (attribute, behind) = read_attribute(markup, at)?;
                let name = &attribute.name.local;
                if tag.attrs.len() == FEW_ATTRIBUTES {
                    names.extend(tag.attrs.iter().map(|other| other.name.local.clone()));
                }
                let is_known = match tag.attrs.len() {
                    ..FEW_ATTRIBUTES => tag.attrs.iter().any(|other| other.name.local == *name),
                    _ => !names.insert(name.clone()),
                };
                if is_known {
                    return None;
                }
                tag.attrs.push(attribute);
                is_behind_space = false;
                at = behind;
            }
            _ => return None,
        }
    }
}

/// The attribute that begins here, and where it ends.
fn read_attribute(markup: &StrTendril, start: usize) -> Option<(Attribute, usize)> {
    let bytes = markup.as_bytes();
    let end = start + name_len(&bytes[start..]);
    let name = markup.get(start..end).filter(|name| !name.is_empty())?;
    let name = QualName::new(None, ns!(), LocalName::from(name));
    if bytes.get(end) != Some(&b'=') {
        return Some((Attribute { name, value: StrTendril::new() }, end));
    }
    let quote = *bytes.get(end + 1)?;
    if !matches!(quote, b'"' | b'\'') {
        let close = end + 1 + len_of(UNQUOTED, &bytes[end + 1..]);
        let is_plain = close > end + 1 && matches!(bytes.get(close), Some(b' ' | b'\t' | b'\n' | b'>'));
        return is_plain.then(|| (Attribute { name, value: part(markup, end + 1, close) }, close));
    }
    let value = end + 2;
    let close = value + len_of(if quote == b'"' { DOUBLE_QUOTED } else { SINGLE_QUOTED }, &bytes[value..]);
    if bytes.get(close) != Some(&quote) {
        return None;
    }
    Some((Attribute { name, value: part(markup, value, close) }, close + 1))
}
