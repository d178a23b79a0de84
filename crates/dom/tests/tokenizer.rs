//! The tokenizer tests of html5lib, from a checkout beside the workspace, against what reads markup for the parser. Each case runs whole and in pieces of one character.
//!
//! What is read without html5ever's tokenizer must give the tokens that it would: markup made at random asks both. Cases of lone surrogates are no input for it: its text is UTF-8. The tests of
//! `xmlViolation.test` are about an option of html5lib that makes other characters of some.

#[path = "../src/reader.rs"]
mod reader;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{CdataSection, Data, Plaintext, RawData, RawKind, State};
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use reader::Reader;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;

/// Writes tokens down as the tests have them.
#[derive(Default)]
struct Tokens {
    tokens: RefCell<Vec<Value>>,
    /// Whether some elements have contents of their own kind, as tree builders want it.
    has_raw_text: bool,
}

impl Tokens {
    fn text(&self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut tokens = self.tokens.borrow_mut();
        match tokens.last_mut() {
            Some(last) if last[0] == "Character" => {
                last[1] = json!(format!("{}{text}", last[1].as_str().unwrap()));
            }
            _ => tokens.push(json!(["Character", text])),
        }
    }
}

impl TokenSink for Tokens {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut result = TokenSinkResult::Continue;
        let value = match token {
            Token::DoctypeToken(doctype) => {
                let text = |part: Option<StrTendril>| part.map_or(Value::Null, |text| json!(&*text));
                let is_correct = !doctype.force_quirks;
                json!(["DOCTYPE", text(doctype.name), text(doctype.public_id), text(doctype.system_id), is_correct])
            }
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => json!(["EndTag", &*tag.name]),
            Token::TagToken(tag) => {
                if self.has_raw_text {
                    result = match &*tag.name {
                        "plaintext" => TokenSinkResult::Plaintext,
                        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                        "style" => TokenSinkResult::RawData(RawKind::Rawtext),
                        "title" => TokenSinkResult::RawData(RawKind::Rcdata),
                        _ => result,
                    };
                }
                let attributes: serde_json::Map<String, Value> = tag
                    .attrs
                    .iter()
                    .map(|attribute| (attribute.name.local.to_string(), json!(&*attribute.value)))
                    .collect();
                let mut value = json!(["StartTag", &*tag.name, attributes]);
                if tag.self_closing {
                    value.as_array_mut().unwrap().push(json!(true));
                }
                value
            }
            Token::CommentToken(text) => json!(["Comment", &*text]),
            Token::CharacterTokens(text) => {
                self.text(&text);
                return TokenSinkResult::Continue;
            }
            Token::NullCharacterToken => {
                self.text("\0");
                return TokenSinkResult::Continue;
            }
            Token::EOFToken | Token::ParseError(_) => return TokenSinkResult::Continue,
        };
        self.tokens.borrow_mut().push(value);
        result
    }
}

fn state(name: &str) -> State {
    match name {
        "Data state" => Data,
        "PLAINTEXT state" => Plaintext,
        "RCDATA state" => RawData(RawKind::Rcdata),
        "RAWTEXT state" => RawData(RawKind::Rawtext),
        "Script data state" => RawData(RawKind::ScriptData),
        "CDATA section state" => CdataSection,
        other => panic!("there is no {other}"),
    }
}

fn options(initial: &str, last_start_tag: Option<&str>) -> TokenizerOpts {
    TokenizerOpts {
        discard_bom: false,
        initial_state: Some(state(initial)),
        last_start_tag_name: last_start_tag.map(str::to_owned),
        ..TokenizerOpts::default()
    }
}

/// What the parser's reader makes of markup that it gets in such pieces.
fn tokens<'i>(
    sink: Tokens,
    pieces: impl Iterator<Item = &'i str>,
    initial: &str,
    last_start_tag: Option<&str>,
) -> Value {
    let reader = Reader::new(sink, options(initial, last_start_tag));
    for piece in pieces {
        let (piece, mut at) = (StrTendril::from_slice(piece), 0);
        while at < piece.len() {
            at = reader.read(&piece, at, 100);
        }
    }
    reader.end();
    Value::Array(reader.sink().tokens.take())
}

/// What html5ever's tokenizer makes of markup.
fn tokens_of_tokenizer(sink: Tokens, markup: &str) -> Value {
    let tokenizer = Tokenizer::new(sink, options("Data state", None));
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(markup));
    while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
    tokenizer.end();
    Value::Array(tokenizer.sink.tokens.take())
}

/// Undoes the second escaping of strings; `None` if there is a lone surrogate.
fn unescaped(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => {
            let quoted = format!("\"{}\"", text.replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t"));
            Value::String(serde_json::from_str(&quoted).ok()?)
        }
        Value::Array(items) => Value::Array(items.iter().map(unescaped).collect::<Option<_>>()?),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                Some((unescaped(&json!(name))?.as_str()?.to_owned(), unescaped(value)?))
            };
            Value::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

/// Characters that come one behind the other are one token.
fn joined(expected: &Value) -> Value {
    let tokens = Tokens::default();
    for token in expected.as_array().unwrap() {
        match token[0].as_str() {
            Some("Character") => tokens.text(token[1].as_str().unwrap()),
            _ => tokens.tokens.borrow_mut().push(token.clone()),
        }
    }
    Value::Array(tokens.tokens.take())
}

#[test]
fn markup_becomes_the_tokens_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/html/tokenizer");
    let Ok(files) = std::fs::read_dir(folder) else {
        eprintln!("skipped: ../shared/conformance is not there");
        return;
    };
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files.map(|entry| entry.unwrap().path()) {
        let suite: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for case in suite["tests"].as_array().into_iter().flatten() {
            let is_escaped = case["doubleEscaped"] == true;
            let read = |value: &Value| if is_escaped { unescaped(value) } else { Some(value.clone()) };
            let (Some(input), Some(expected)) = (read(&case["input"]), read(&case["output"])) else { continue };
            let input = input.as_str().unwrap();
            let expected = joined(&expected);
            let states = case["initialStates"].as_array().cloned().unwrap_or_else(|| vec![json!("Data state")]);
            for initial in states.iter().filter_map(Value::as_str) {
                count += 1;
                let last = case["lastStartTag"].as_str();
                let characters = input.char_indices().map(|(at, character)| &input[at..at + character.len_utf8()]);
                let got = [
                    tokens(Tokens::default(), std::iter::once(input), initial, last),
                    tokens(Tokens::default(), characters, initial, last),
                ];
                if got.iter().any(|got| *got != expected) {
                    wrong.push(format!("{initial}: {case}\n{got:?}"));
                }
            }
        }
    }
    assert!(count > 6_000, "only {count} cases");
    assert!(wrong.is_empty(), "{} of {count} cases differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn plain_markup_becomes_the_tokens_of_any_other() {
    const PARTS: [&str; 79] = [
        "<",
        ">",
        "/",
        "</",
        "/>",
        "=",
        "\"",
        "'",
        " ",
        "\n",
        "\t",
        "\r",
        "\x0C",
        "\0",
        "&",
        ";",
        "!",
        "-",
        "--",
        "?",
        "]",
        "a",
        "b",
        "A",
        "é",
        "💚",
        "1",
        "_",
        ":",
        "a long text that is longer than a register",
        "&amp;",
        "&lt",
        "&#60;",
        "&#x3e",
        "&notit;",
        "<!",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE html>",
        "<!doctype a \"",
        "<?",
        "</ ",
        "</>",
        "<a",
        "<b>",
        "</b>",
        "<br/>",
        "<br />",
        "<input disabled>",
        "<p class=\"x\">",
        "<p class='x y' id=\"&\">",
        "<p a=1 b>",
        "<p a=/b/>",
        "<p a=1 a=2>",
        "<p a=\"1\" b=é c=`>",
        "<p a=\"1\" a=\"2\">",
        "<p a=\"1\"b>",
        "<p a = \"1\">",
        "<p title=\">\">",
        "<p title=\"a\nb\rc\">",
        "<my-tag x-y=\"\">",
        "<svg:a xml:b=\"c\">",
        "<P>",
        "<p A=\"1\">",
        "</p a>",
        "</p >",
        "</p/>",
        "<title>",
        "</title>",
        "<script>",
        "</script>",
        "<style a=\"b\">",
        "</style >",
        "<plaintext",
        "<title",
    ];
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 33) as usize % below
    };
    for _ in 0..40_000 {
        let markup: String = (0..1 + random(24)).map(|_| PARTS[random(PARTS.len())]).collect();
        let (whole, cut) = (std::iter::once(&*markup), random(markup.len()));
        let cut = (cut..markup.len()).find(|&at| markup.is_char_boundary(at)).unwrap_or(markup.len());
        let halves = [&markup[..cut], &markup[cut..]].into_iter();
        let sink = || Tokens { has_raw_text: true, ..Tokens::default() };
        let expected = tokens_of_tokenizer(sink(), &markup);
        assert_eq!(tokens(sink(), whole, "Data state", None), expected, "{markup:?}");
        assert_eq!(tokens(sink(), halves, "Data state", None), expected, "{markup:?} cut at {cut}");
    }
}
