//! rolldown's errors as diagnostics.

use rolldown_error::{BatchedBuildDiagnostic, BuildDiagnostic, DiagnosticOptions, EventKind};

use super::modules::Modules;
use crate::{Diagnostic, Diagnostics};

/// What went wrong: why sources were refused, if that was it, else what rolldown says.
pub(super) fn diagnostics(errors: &BatchedBuildDiagnostic, modules: &Modules) -> Diagnostics {
    let refused = modules.errors();
    if !refused.is_empty() {
        return refused;
    }
    let converted: Diagnostics = errors.iter().map(|error| convert(error, modules)).collect();
    if converted.is_empty() { vec![Diagnostic::internal("the bundler failed without an error")] } else { converted }
}

/// Warnings after which the code would not run.
pub(super) fn fatal_warnings(warnings: &[BuildDiagnostic], modules: &Modules) -> Option<Diagnostics> {
    let fatal =
        |warning: &&BuildDiagnostic| matches!(warning.kind(), EventKind::UnresolvedImport | EventKind::UnresolvedEntry);
    let errors: Diagnostics = warnings.iter().filter(fatal).map(|warning| convert(warning, modules)).collect();
    (!errors.is_empty()).then_some(errors)
}

/// Whether the error is that a script cannot have top-level await.
pub(super) fn is_top_level_await(error: &Diagnostic) -> bool {
    error.message.starts_with("Top-level await is currently not supported")
}

fn convert(error: &BuildDiagnostic, modules: &Modules) -> Diagnostic {
    let naming = DiagnosticOptions { cwd: modules.paths().root().to_owned() };
    let message = modules.paths().clean(&error.to_message_with(&naming));
    if let Some((file, line, column, _)) = error.to_diagnostic_with(&naming).get_primary_location() {
        let file = modules.paths().clean(&file);
        let (line, column) = (clamp(line), clamp(column.saturating_add(1)));
        let name = modules.paths().display(&file);
        return match modules.source(&file) {
            Some(source) => Diagnostic::at(&name, &source, line, column, message),
            None => Diagnostic { line: Some(line), column: Some(column), ..Diagnostic::in_file(name, message) },
        };
    }
    match error.id() {
        Some(id) => Diagnostic::in_file(modules.paths().display(&id), message),
        None => Diagnostic::new(message),
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
