//! The lengths of single fields, where the library's pattern has others.
//!
//! The library knows three lengths of a whole date. CLDR gives the fields of the pattern that it has found the lengths that were asked
//! for (UTS #35, part 4, "Matching Skeletons"): names stay names, and numbers stay numbers.

use super::sections::{Moment, Section};
use crate::options::text;
use crate::parts::Piece;
use icu::calendar::{AnyCalendarKind, Gregorian};
use icu::datetime::DateTimeFormatterPreferences;
use icu::datetime::fieldsets::enums::DateFieldSet;
use icu::datetime::pattern::{DateTimePattern, FixedCalendarDateTimeNames, PatternLoadError};
use quickbeam_engine::{Result, Value};
use writeable::TryWriteable;

/// What the fields of a date are rewritten by.
pub(super) struct Widths {
    names: FixedCalendarDateTimeNames<Gregorian, DateFieldSet>,
    changes: Vec<Change>,
    zero: char,
}

struct Change {
    kind: &'static str,
    to: Width,
}

enum Width {
    Name(DateTimePattern),
    /// The last two digits, with zeros before them up to `least`.
    TwoDigits {
        least: usize,
    },
}

/// The lengths that options ask for: the letters that a pattern repeats, by the kind of the field.
pub(super) struct Asked(Vec<(&'static str, usize)>);

impl Asked {
    /// # Errors
    /// What reading the options throws.
    pub(super) fn new(options: &Value<'_>) -> Result<Asked> {
        let mut asked = Vec::new();
        for kind in ["weekday", "era", "year", "month", "day", "hour"] {
            let letters = match text(options, kind)?.as_deref() {
                Some("2-digit") => 2,
                Some("short") => 3,
                Some("long") => 4,
                Some("narrow") => 5,
                _ => continue,
            };
            asked.push((kind, letters));
        }
        Ok(Asked(asked))
    }

    /// Leaves a field as the pattern has it.
    pub(super) fn forget(&mut self, kind: &str) {
        self.0.retain(|(asked, _)| *asked != kind);
    }
}

impl Widths {
    /// Compares the lengths that are asked for with those of the sections' patterns, of which the times may be shown in part only; `None` if they are the
    /// same.
    ///
    /// # Errors
    /// The library's, if it lacks names.
    pub(super) fn new(
        preferences: DateTimeFormatterPreferences,
        asked: &Asked,
        sections: &[Section],
        shows_whole_time: bool,
        zero: char,
    ) -> std::result::Result<Option<Widths>, PatternLoadError> {
        if asked.0.is_empty() {
            return Ok(None);
        }
        let fields: Vec<(char, usize)> = sections.iter().flat_map(|section| fields_of(&section.pattern())).collect();
        let is_gregorian = sections
            .iter()
            .all(|section| matches!(section.calendar(), AnyCalendarKind::Gregorian | AnyCalendarKind::Iso));
        let has = |wanted| fields.iter().any(|(letter, _)| *letter == wanted);
        let is_beside_time = has('m') && !has('d') && shows_whole_time && sections.len() == 1;
        let mut changes = Vec::new();
        for (found, count) in fields {
            let Some(kind) = kind_of(found) else { continue };
            // A weekday beside a time with minutes does not stand alone.
            let letter = if is_beside_time && found == 'c' { 'E' } else { found };
            let Some((_, letters)) = asked.0.iter().find(|(asked, _)| *asked == kind) else { continue };
            let is_number = match kind {
                "month" => count < 3,
                kind => matches!(kind, "year" | "day" | "hour"),
            };
            let has_names = kind == "weekday" || is_gregorian;
            if is_number && *letters == 2 && count != 2 {
                // The first years of an era, as in Japan's calendar, have one.
                let least = if kind == "year" && !is_gregorian { 1 } else { 2 };
                changes.push(Change { kind, to: Width::TwoDigits { least } });
            } else if !is_number && *letters > 2 && (*letters != count.max(3) || letter != found) && has_names {
                let pattern = letter.to_string().repeat(*letters).parse();
                changes.extend(pattern.ok().map(|pattern| Change { kind, to: Width::Name(pattern) }));
            }
        }
        if changes.is_empty() {
            return Ok(None);
        }
        let mut names = FixedCalendarDateTimeNames::new_without_number_formatting(preferences);
        for change in &changes {
            if let Width::Name(pattern) = &change.to {
                names.include_for_pattern(pattern)?;
            }
        }
        Ok(Some(Widths { names, changes, zero }))
    }

    /// Gives the fields of a date the lengths that are asked for.
    pub(super) fn apply(&self, pieces: &mut [Piece], moment: &Moment) {
        let date = moment.date.to_calendar(Gregorian);
        for change in &self.changes {
            for piece in pieces.iter_mut().filter(|piece| piece.kind == change.kind) {
                match &change.to {
                    Width::Name(pattern) => {
                        let formatter = self.names.with_pattern_unchecked(pattern);
                        if let Ok(name) = formatter.format(&date).try_write_to_string() {
                            piece.text = name.into_owned();
                        }
                    }
                    Width::TwoDigits { least } => self.write_two_digits(piece, *least),
                }
            }
        }
    }

    fn write_two_digits(&self, piece: &mut Piece, least: usize) {
        let digits: Vec<char> = piece.text.chars().filter(|digit| digit.is_numeric()).collect();
        if digits.len() == piece.text.chars().count() {
            let last = digits.len().saturating_sub(2);
            let padding = std::iter::repeat_n(self.zero, least.saturating_sub(digits.len()));
            piece.text = padding.chain(digits[last..].iter().copied()).collect();
        }
    }
}

fn kind_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        'E' | 'c' => "weekday",
        'G' => "era",
        'y' => "year",
        'M' | 'L' => "month",
        'd' => "day",
        'h' | 'H' | 'k' | 'K' => "hour",
        _ => return None,
    })
}

/// The letters of a pattern that stand for fields, and how often each is repeated.
fn fields_of(pattern: &str) -> Vec<(char, usize)> {
    let mut fields: Vec<(char, usize)> = Vec::new();
    let mut is_quoted = false;
    let mut previous = None;
    for letter in pattern.chars() {
        if letter == '\'' {
            is_quoted = !is_quoted;
        } else if !is_quoted && letter.is_ascii_alphabetic() {
            match fields.last_mut() {
                Some((_, count)) if previous == Some(letter) => *count += 1,
                _ => fields.push((letter, 1)),
            }
        }
        previous = Some(letter);
    }
    fields
}
