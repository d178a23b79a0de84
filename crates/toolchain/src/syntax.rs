//! Which language a source is in, and parsing it.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::Program;
use oxc::ast_visit::Visit;
use oxc::diagnostics::{OxcDiagnostic, Severity};
use oxc::parser::{ParseOptions, Parser};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::{GetSpan, SourceType};
use oxc::transformer as oxc_transformer;

use crate::{Diagnostic, Diagnostics};

/// What JSX becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jsx {
    /// Calls of `jsx` imported from the import source's `jsx-runtime`.
    #[default]
    Automatic,
    /// Calls of the factory, which must be in scope.
    Classic,
}

/// How JSX is transformed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsxOptions {
    /// Automatic by default.
    pub runtime: Jsx,
    /// The package that the automatic runtime imports from; `react` by default.
    pub import_source: Option<String>,
    /// The factory of the classic runtime; `React.createElement` by default.
    pub factory: Option<String>,
    /// The fragment of the classic runtime; `React.Fragment` by default.
    pub fragment: Option<String>,
}

impl JsxOptions {
    pub(crate) fn to_oxc(&self) -> oxc_transformer::JsxOptions {
        oxc_transformer::JsxOptions {
            runtime: match self.runtime {
                Jsx::Automatic => oxc_transformer::JsxRuntime::Automatic,
                Jsx::Classic => oxc_transformer::JsxRuntime::Classic,
            },
            import_source: self.import_source.clone(),
            pragma: self.factory.clone(),
            pragma_frag: self.fragment.clone(),
            ..Default::default()
        }
    }
}

/// The language of a source, as its file name tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Language {
    pub typescript: bool,
    pub jsx: bool,
    pub goal: Goal,
}

/// Whether a source is a module or a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A module if it parses as one, else a script.
    #[default]
    Either,
    Module,
    CommonJs,
}

impl Language {
    /// By extension: `.ts .mts .cts .tsx .jsx .js .mjs .cjs`; TypeScript for any other.
    pub(crate) fn of(file: &str) -> Self {
        let extension = Path::new(file).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let (typescript, jsx, goal) = match extension {
            "js" => (false, false, Goal::Either),
            "mjs" => (false, false, Goal::Module),
            "cjs" => (false, false, Goal::CommonJs),
            "jsx" => (false, true, Goal::Either),
            "tsx" => (true, true, Goal::Either),
            "mts" => (true, false, Goal::Module),
            "cts" => (true, false, Goal::CommonJs),
            _ => (true, false, Goal::Either),
        };
        Language { typescript, jsx, goal }
    }

    fn source_types(self) -> impl Iterator<Item = SourceType> {
        let base = match self.goal {
            Goal::CommonJs => SourceType::cjs(),
            Goal::Module | Goal::Either => SourceType::mjs(),
        };
        let script = (self.goal == Goal::Either).then(SourceType::script);
        std::iter::once(base)
            .chain(script)
            .map(move |source_type| source_type.with_typescript(self.typescript).with_jsx(self.jsx))
    }
}

/// A source that is valid.
pub(crate) struct Parsed<'a> {
    pub program: Program<'a>,
    pub module_record: oxc::syntax::module_record::ModuleRecord<'a>,
    pub scoping: Scoping,
}

/// Parses a source and checks its early errors. Call on a stack that `guard` made.
///
/// # Errors
/// What is wrong with the source; as a module, if it is wrong both ways.
pub(crate) fn parse<'a>(
    allocator: &'a Allocator,
    file: &str,
    source: &'a str,
    language: Language,
) -> Result<Parsed<'a>, Diagnostics> {
    let mut first_errors = None;
    for source_type in language.source_types() {
        match parse_as(allocator, file, source, source_type) {
            Ok(parsed) => return Ok(parsed),
            Err(errors) => first_errors.get_or_insert(errors),
        };
    }
    Err(first_errors.unwrap_or_default())
}

fn parse_as<'a>(
    allocator: &'a Allocator,
    file: &str,
    source: &'a str,
    source_type: SourceType,
) -> Result<Parsed<'a>, Diagnostics> {
    let options = ParseOptions { parse_regular_expression: true, ..ParseOptions::default() };
    let parsed = Parser::new(allocator, source, source_type).with_options(options).parse();
    diagnostics(file, source, parsed.diagnostics.iter())?;
    if parsed.panicked {
        return Err(vec![Diagnostic::in_file(file, "cannot be parsed")]);
    }
    check_depth(file, source, &parsed.program)?;
    let semantic = SemanticBuilder::new().with_check_syntax_error(true).with_enum_eval(true).build(&parsed.program);
    diagnostics(file, source, semantic.diagnostics.iter())?;
    let scoping = semantic.semantic.into_scoping();
    Ok(Parsed { program: parsed.program, module_record: parsed.module_record, scoping })
}

/// Levels of the syntax tree that are accepted. The minifier takes time that grows with the square of this.
pub(crate) const MAX_DEPTH: usize = 5_000;

/// Whether the error is that the syntax tree is too deep.
pub(crate) fn is_depth_error(error: &Diagnostic) -> bool {
    error.message.starts_with(DEPTH_ERROR)
}

const DEPTH_ERROR: &str = "nested too deeply: the syntax tree";

fn check_depth(file: &str, source: &str, program: &Program<'_>) -> Result<(), Diagnostic> {
    let mut depth = Depth { now: 0, exceeded: None };
    depth.visit_program(program);
    match depth.exceeded {
        None => Ok(()),
        Some(offset) => {
            let message = format!("{DEPTH_ERROR} has more than {MAX_DEPTH} levels");
            Err(Diagnostic::at_offset(file, source, offset as usize, message))
        }
    }
}

struct Depth {
    now: usize,
    /// Where the first node is that is too deep.
    exceeded: Option<u32>,
}

impl<'a> Visit<'a> for Depth {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.now += 1;
        if self.now > MAX_DEPTH && self.exceeded.is_none() {
            self.exceeded = Some(kind.span().start);
        }
    }

    fn leave_node(&mut self, _: AstKind<'a>) {
        self.now -= 1;
    }
}

/// The errors among `found`, unless there are none.
pub(crate) fn diagnostics<'d>(
    file: &str,
    source: &str,
    found: impl Iterator<Item = &'d OxcDiagnostic>,
) -> Result<(), Diagnostics> {
    // Each code frame costs a walk of the source, and nobody reads the thousandth error.
    const MOST: usize = 20;
    let errors: Diagnostics = found
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .take(MOST)
        .map(|diagnostic| Diagnostic::from_oxc(file, source, diagnostic))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
