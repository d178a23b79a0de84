//! `Intl.Segmenter` on every short text over an alphabet of those characters that its rules tell apart: graphemes against the rules of
//! [UAX #29](https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules), all granularities against what segments promise.

use icu::segmenter::options::{SentenceBreakInvariantOptions, WordBreakInvariantOptions};
use icu::segmenter::{GraphemeClusterSegmenter, SentenceSegmenter, WordSegmenter};
use quickbeam_api_harness::Harness;
use quickbeam_api_intl::Intl;

const ALPHABET: &str = r#"
    globalThis.kinds = {
      "a": "Any", " ": "Any", ".": "Any", "3": "Any", ",": "Any", "'": "Any", "カ": "Any",
      "\r": "CR", "\n": "LF", "\u00ad": "Control",
      // Taken for U+FFFD.
      "\ud800": "Any",
      "\u0301": "Extend", "\u{1f3fb}": "Extend", "\u200d": "ZWJ", "\u0600": "Prepend", "\u0903": "SpacingMark",
      "\u1100": "L", "\u1161": "V", "\u11a8": "T", "\uac00": "LV", "\uac01": "LVT",
      "👩": "Pictographic", "🇩": "Regional",
    };
    globalThis.texts = function* (length) {
      if (length === 0) return yield [];
      for (const rest of texts(length - 1)) for (const character in kinds) yield [...rest, character];
    };
    'ready'
"#;

/// Whether there is a boundary before the character at `i`.
const RULES: &str = r#"
    globalThis.isBoundary = (text, i) => {
      const kind = (at) => kinds[text[at]];
      const [before, after] = [kind(i - 1), kind(i)];
      const ends = ["CR", "LF", "Control"];
      if (before === "CR" && after === "LF") return false;
      if (ends.includes(before) || ends.includes(after)) return true;
      if (before === "L" && ["L", "V", "LV", "LVT"].includes(after)) return false;
      if (["LV", "V"].includes(before) && ["V", "T"].includes(after)) return false;
      if (["LVT", "T"].includes(before) && after === "T") return false;
      if (["Extend", "ZWJ", "SpacingMark"].includes(after) || before === "Prepend") return false;
      if (before === "ZWJ" && after === "Pictographic") {
        let at = i - 2;
        while (kind(at) === "Extend") at--;
        return kind(at) !== "Pictographic";
      }
      let regional = 0;
      while (kind(i - 1 - regional) === "Regional") regional++;
      return !(after === "Regional" && regional % 2 === 1);
    };
    'ready'
"#;

const GRAPHEMES: &str = r#"
    (() => {
      const segmenter = new Intl.Segmenter("en");
      for (const length of [1, 2, 3, 4]) {
        // Four of them are some hundred thousand; every seventh will do.
        let count = 0;
        for (const text of texts(length)) {
          if (length === 4 && count++ % 7 !== 0) continue;
          // Two halves would be one character.
          const expected = text.map((character, i) => (i > 0 && isBoundary(text, i) ? "|" : "") + character).join("");
          const got = [...segmenter.segment(text.join(""))].map(({ segment }) => segment).join("|");
          if (got !== expected) return JSON.stringify([expected, got]);
        }
      }
      return "as the rules say";
    })()
"#;

const PROMISES: &str = r#"
    (() => {
      for (const granularity of ["grapheme", "word", "sentence"]) {
        const segmenter = new Intl.Segmenter("en", { granularity });
        for (const parts of texts(3)) {
          const text = parts.join("");
          const segments = segmenter.segment(text);
          let at = 0;
          for (const found of segments) {
            const { segment, index, input, isWordLike } = found;
            const isWhole = segment !== "" && index === at && input === text && text.startsWith(segment, at);
            const isSeen = [at, at + segment.length - 1].every((place) => segments.containing(place).segment === segment);
            if (!isWhole || !isSeen || (isWordLike !== undefined) !== (granularity === "word")) {
              return JSON.stringify([granularity, text, found]);
            }
            at += segment.length;
          }
          if (at !== text.length || segments.containing(at) !== undefined) return JSON.stringify([granularity, text, at]);
        }
      }
      return "kept";
    })()
"#;

#[test]
fn graphemes_follow_the_rules() {
    let harness = Harness::new(&[&Intl]);
    harness.check(ALPHABET, "ready");
    harness.check(RULES, "ready");
    harness.check(GRAPHEMES, "as the rules say");
}

#[test]
fn segments_keep_their_promises() {
    let harness = Harness::new(&[&Intl]);
    harness.check(ALPHABET, "ready");
    harness.check(PROMISES, "kept");
}

/// A generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// A text of some tens of thousands of units, out of few of these pieces at a time.
    fn text(&mut self, pieces: &[&str], between: &str) -> String {
        let mut text = String::new();
        while text.len() < 40_000 {
            let (first, count) = (self.below(pieces.len()), 1 + self.below(pieces.len()));
            for _ in 0..self.below(400) {
                text.push_str(pieces[(first + self.below(count)) % pieces.len()]);
            }
            text.push_str(between);
        }
        text
    }
}

/// What the rules tell apart, and letters of each script without blanks.
const MIXED: &[&str] = &[
    "a",
    "Z",
    " ",
    ".",
    "3",
    ",",
    ":",
    "'",
    "\"",
    "_",
    "!",
    "\r\n",
    "\n",
    "\u{ad}",
    "\u{301}",
    "\u{200d}",
    "\u{600}",
    "\u{903}",
    "\u{5d0}",
    "カ",
    "ー",
    "한",
    "👩",
    "\u{1f3fb}",
    "🇩",
    "中",
    "国",
    "人",
    "民",
    "本日",
    "は",
    "々",
    "\u{3001}",
    "\u{20000}",
    "ก",
    "ไทย",
    "ภาษา",
    "\u{e48}",
    "\u{e3f}",
    "\u{e51}",
    "ລາວ",
    "ខ្មែរ",
    "မြန်မာ",
    "\u{1a20}",
];
const JAPANESE: &[&str] = &[
    "本",
    "日",
    "は",
    "晴",
    "天",
    "なり",
    "中",
    "国",
    "人民",
    "共和",
    "国",
    "の",
    "カナ",
    "。",
    "\u{301}",
    "\u{20001}",
];
const THAI: &[&str] = &["ภาษา", "ไทย", "สวัสดี", "ครับ", "ก", "\u{e48}", "ประเทศ", "มี", "คน", "มาก", "ๆ"];
const BURMESE: &[&str] = &["မြန်မာ", "စာ", "ဗမာ", "နွယ်", "ဘာသာ", "စကား", "မျာ", "က", "\u{1039}"];
const KHMER: &[&str] = &["ភាសា", "ខ្មែរ", "ក", "\u{17d2}", "ប្រទេស", "កម្ពុជា"];

/// The lengths of the segments of the whole text, as the library has them.
fn whole(text: &str, granularity: &str) -> Vec<(usize, bool)> {
    let ends: Vec<(usize, bool)> = match granularity {
        "word" => {
            let segmenter = WordSegmenter::new_auto(WordBreakInvariantOptions::default());
            segmenter.segment_str(text).iter_with_word_type().map(|(end, kind)| (end, kind.is_word_like())).collect()
        }
        "sentence" => {
            let segmenter = SentenceSegmenter::new(SentenceBreakInvariantOptions::default());
            segmenter.segment_str(text).map(|end| (end, false)).collect()
        }
        _ => GraphemeClusterSegmenter::new().segment_str(text).map(|end| (end, false)).collect(),
    };
    let lengths = ends.windows(2).map(|ends| (text[ends[0].0..ends[1].0].encode_utf16().count(), ends[1].1));
    lengths.collect()
}

#[test]
fn long_texts_have_the_segments_of_the_whole() {
    let harness = Harness::new(&[&Intl]);
    let mut random = Random(1);
    for (pieces, between, granularity, count) in [
        (MIXED, "", "word", 8),
        (MIXED, "", "sentence", 4),
        (MIXED, "", "grapheme", 4),
        (JAPANESE, "", "word", 4),
        (THAI, " ", "word", 1),
        (BURMESE, " ", "word", 1),
        (KHMER, " ", "word", 1),
        // No blank in some ten thousand letters.
        (THAI, "", "word", 1),
    ] {
        for _ in 0..count {
            let text = random.text(pieces, between);
            let expected: Vec<String> = whole(&text, granularity)
                .into_iter()
                .map(|(length, is_word)| format!("{}{length}", if is_word { "w" } else { "" }))
                .collect();
            let source = format!(
                "[...new Intl.Segmenter('en', {{ granularity: '{granularity}' }}).segment({text:?})]
                   .map(({{ segment, isWordLike }}) => (isWordLike ? 'w' : '') + segment.length).join()"
            );
            let got = harness.eval(&source).unwrap();
            let got: Vec<&str> = got.split(',').collect();
            let differs = expected.iter().zip(&got).position(|(expected, got)| expected != got);
            assert_eq!(differs.map(|at| (at, &expected[at], got[at])), None, "{granularity} {pieces:?}");
            assert_eq!(expected.len(), got.len());
        }
    }
}

#[test]
fn segments_are_cut_where_they_are_asked_for() {
    let harness = Harness::configured(&[&Intl], |config| config.max_reductions = Some(1_000_000));
    for (source, expected) in [
        (
            "globalThis.thai = 'ภาษาไทย'.repeat(1e6); globalThis.words = new Intl.Segmenter('th', { granularity: 'word' }); 1",
            "1",
        ),
        ("globalThis.segments = words.segment(thai); segments.containing(5000).segment", "ภาษา"),
        ("segments[Symbol.iterator]().next().value.segment", "ภาษา"),
        // Five minutes of work.
        ("segments.containing(6e6)", "InterruptedError: the eval used up max_reductions: 1000000 steps"),
        // What was cut is not lost.
        ("segments.containing(20000).segment", "ภาษา"),
        ("words.segment('a'.repeat(1e7)).containing(0).segment.length", "8388608"),
    ] {
        harness.check(source, expected);
    }
}
