//! `%QuickBEAM.JSError{}` terms.

use crate::atoms;
use crate::encode::binary;
use quickbeam_engine::{ErrorReport, Frame};
use quickbeam_toolchain::SourceMap;
use rustler::{Atom, Encoder, Env, Term};
use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Source maps of a realm's scripts, by the name they run under. A map is read when the first error asks for it: that is
/// on an isolate's thread, and reading a large one takes longer than a NIF may.
#[derive(Default)]
pub(crate) struct SourceMaps {
    maps: RwLock<HashMap<String, LazyMap>>,
}

struct LazyMap {
    json: String,
    map: OnceLock<Option<SourceMap>>,
}

impl SourceMaps {
    /// Later errors in `filename` are shown where the map says they come from; one that cannot be read says nothing.
    pub(crate) fn insert(&self, filename: String, json: String) {
        let map = LazyMap { json, map: OnceLock::new() };
        self.maps.write().unwrap_or_else(PoisonError::into_inner).insert(filename, map);
    }

    fn original(&self, frame: &Frame) -> Option<Frame> {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let lazy = maps.get(&frame.filename)?;
        let map = lazy.map.get_or_init(|| SourceMap::parse(&lazy.json).ok()).as_ref()?;
        let original = map.lookup(frame.line, frame.column)?;
        Some(Frame {
            function: frame.function.clone(),
            filename: original.source.to_string(),
            line: original.line,
            column: original.column,
        })
    }

    /// The report with frames, and the stack text, at their original places.
    fn apply(&self, mut report: ErrorReport) -> ErrorReport {
        if self.maps.read().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return report;
        }
        let mut mapped = false;
        for frame in &mut report.frames {
            if let Some(original) = self.original(frame) {
                *frame = original;
                mapped = true;
            }
        }
        if mapped {
            report.stack = report.frames.iter().map(frame_line).collect();
        }
        report.cause = report.cause.map(|cause| Box::new(self.apply(*cause)));
        report
    }
}

fn frame_line(frame: &Frame) -> String {
    let Frame { function, filename, line, column } = frame;
    let function = if function.is_empty() { "<anonymous>" } else { function };
    match line {
        0 => format!("    at {function} ({filename})\n"),
        _ => format!("    at {function} ({filename}:{line}:{column})\n"),
    }
}

/// The struct, at original positions where there are source maps.
pub(crate) fn js_error<'e>(env: Env<'e>, report: ErrorReport, maps: &SourceMaps) -> Term<'e> {
    build(env, &maps.apply(report))
}

fn build<'e>(env: Env<'e>, report: &ErrorReport) -> Term<'e> {
    let location = report.location();
    let fields: [(Atom, Term<'e>); 10] = [
        (atoms::struct_key(), atoms::js_error().encode(env)),
        (atoms::exception_key(), true.encode(env)),
        (atoms::name(), text(env, &report.name)),
        (atoms::message(), text(env, &report.message)),
        (atoms::stack(), text(env, &report.stack)),
        (atoms::filename(), location.map_or_else(|| nil(env), |frame| text(env, &frame.filename))),
        (atoms::line(), number(env, location.map_or(0, |frame| frame.line))),
        (atoms::column(), number(env, location.map_or(0, |frame| frame.column))),
        (atoms::frames(), report.frames.iter().map(|frame| frame_term(env, frame)).collect::<Vec<_>>().encode(env)),
        (atoms::cause(), report.cause.as_ref().map_or_else(|| nil(env), |cause| build(env, cause))),
    ];
    map(env, &fields)
}

fn frame_term<'e>(env: Env<'e>, frame: &Frame) -> Term<'e> {
    let function = if frame.function.is_empty() { nil(env) } else { text(env, &frame.function) };
    let fields = [
        (atoms::function(), function),
        (atoms::filename(), text(env, &frame.filename)),
        (atoms::line(), number(env, frame.line)),
        (atoms::column(), number(env, frame.column)),
    ];
    map(env, &fields)
}

fn text<'e>(env: Env<'e>, text: &str) -> Term<'e> {
    binary(env, text.as_bytes())
}

fn nil(env: Env<'_>) -> Term<'_> {
    atoms::nil().to_term(env)
}

fn number(env: Env<'_>, number: u32) -> Term<'_> {
    if number == 0 { nil(env) } else { number.encode(env) }
}

pub(crate) fn map_of<'e>(env: Env<'e>, entries: impl Iterator<Item = (Term<'e>, Term<'e>)>) -> Term<'e> {
    let (keys, values): (Vec<_>, Vec<_>) = entries.unzip();
    Term::map_from_term_arrays(env, &keys, &values).unwrap_or_else(|_| Term::map_new(env))
}

pub(crate) fn map<'e>(env: Env<'e>, fields: &[(Atom, Term<'e>)]) -> Term<'e> {
    map_of(env, fields.iter().map(|(key, value)| (key.to_term(env), *value)))
}
