//! `Intl.Segmenter` on every short text over an alphabet of those characters that its rules tell apart: graphemes against the rules of
//! [UAX #29](https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules), all granularities against what segments promise.

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
