//! Positions in generated code back to the original's.

use std::sync::Arc;

use crate::Diagnostic;

/// A source map, version 3 (ECMA-426), ready for look-ups.
///
/// Lines and columns are 1-based, as engines and editors show them; columns count UTF-16 code units.
///
/// ```
/// use quickbeam_toolchain::{SourceMap, TransformOptions, transform};
///
/// let mut options = TransformOptions::for_file("boom.ts");
/// options.sourcemap = true;
/// let output = transform("interface A {}\n\nthrow new Error('boom')", &options).unwrap();
/// let map = SourceMap::parse(&output.map.unwrap()).unwrap();
/// let original = map.lookup(1, 1).unwrap();
/// assert_eq!((&*original.source, original.line, original.column), ("boom.ts", 3, 1));
/// ```
#[derive(Clone, Debug)]
pub struct SourceMap {
    segments: Vec<Segment>,
    sources: Vec<Arc<str>>,
    names: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    generated: (u32, u32),
    /// `None` for generated code that has no original.
    original: Option<(u32, u32, u32)>,
    name: Option<u32>,
}

/// A position in an original source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The source's path as the map has it.
    pub source: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 code units, from 1.
    pub column: u32,
    /// What the original calls the thing at this position, where the map says.
    pub name: Option<Arc<str>>,
}

impl SourceMap {
    /// Reads a source map.
    ///
    /// # Errors
    /// Not JSON, not a source map, or damaged mappings.
    pub fn parse(json: &str) -> Result<Self, Diagnostic> {
        let parsed = crate::guard::catch(|| oxc_sourcemap::SourceMap::from_json_string(json))?
            .map_err(|error| Diagnostic::new(format!("not a source map: {error}")))?;

        let mut segments: Vec<Segment> = parsed
            .get_tokens()
            .map(|token| Segment {
                generated: (token.get_dst_line(), token.get_dst_col()),
                original: token.get_source_id().map(|id| (id, token.get_src_line(), token.get_src_col())),
                name: token.get_name_id(),
            })
            .collect();
        segments.sort_by_key(|segment| segment.generated);

        Ok(SourceMap {
            segments,
            sources: parsed.get_sources().map(Arc::from).collect(),
            names: parsed.get_names().map(Arc::from).collect(),
        })
    }

    /// The original of a 1-based line and column of the generated code: that of the last mapping at or
    /// before the column in the same line, else of the line's first.
    ///
    /// `None` if the line has no mapping, or the code there was generated from nothing.
    pub fn lookup(&self, line: u32, column: u32) -> Option<Original> {
        let (line, column) = (line.checked_sub(1)?, column.saturating_sub(1));
        let after = self.segments.partition_point(|segment| segment.generated <= (line, column));
        let at_or_before = after.checked_sub(1).and_then(|index| self.segments.get(index));
        let segment = at_or_before
            .filter(|segment| segment.generated.0 == line)
            .or_else(|| self.segments.get(after).filter(|segment| segment.generated.0 == line))?;

        let (source, original_line, original_column) = segment.original?;
        Some(Original {
            source: self.sources.get(source as usize)?.clone(),
            line: original_line.saturating_add(1),
            column: original_column.saturating_add(1),
            name: segment.name.and_then(|id| self.names.get(id as usize)).cloned(),
        })
    }

    /// The paths of the original sources.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line 1: columns 1 and 5 come from a.ts 1:1 and 3:2; line 2 has no mapping; line 3 column 3 is b.ts 1:1.
    const MAP: &str = r#"{"version":3,"sources":["a.ts","b.ts"],"names":["f"],"mappings":"AAAA,IAEC;;ECFDA"}"#;

    #[test]
    fn positions_map_to_the_last_mapping_before_them() {
        let map = SourceMap::parse(MAP).unwrap();
        let check = |line, column, expected: Option<(&str, u32, u32)>| {
            let found = map.lookup(line, column);
            let found = found.as_ref().map(|original| (&*original.source, original.line, original.column));
            assert_eq!(found, expected, "{line}:{column}");
        };
        check(1, 1, Some(("a.ts", 1, 1)));
        check(1, 4, Some(("a.ts", 1, 1)));
        check(1, 5, Some(("a.ts", 3, 2)));
        check(1, 9_999, Some(("a.ts", 3, 2)));
        check(2, 1, None);
        check(3, 1, Some(("b.ts", 1, 1)));
        check(3, 3, Some(("b.ts", 1, 1)));
        check(4, 1, None);
        check(0, 0, None);
        assert_eq!(map.lookup(3, 3).unwrap().name.as_deref(), Some("f"));
    }

    #[test]
    fn damaged_maps_are_errors() {
        for json in ["", "[]", "{}", "null", r#"{"version":3,"sources":[],"names":[],"mappings":"!!"}"#] {
            assert!(SourceMap::parse(json).is_err(), "{json}");
        }
    }

    #[test]
    fn ids_outside_of_the_tables_are_ignored() {
        let json = r#"{"version":3,"sources":[],"names":[],"mappings":"AAAA"}"#;
        if let Ok(map) = SourceMap::parse(json) {
            assert_eq!(map.lookup(1, 1), None);
        }
    }
}
