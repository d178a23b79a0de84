//! One source to JavaScript, and JavaScript to less of it.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    ArrowFunctionExpression, AwaitExpression, Decorator, Directive, Expression, ForOfStatement, Function, Program,
    Statement,
};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{Visit, walk};
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::mangler::MangleOptions;
use oxc::minifier::{CompressOptions, CompressOptionsUnused, Compressor, Minifier, MinifierOptions};
use oxc::semantic::{ScopeFlags, SemanticBuilder};
use oxc::span::SPAN;
use oxc::transformer::{self as oxc_transformer, Transformer};

use crate::syntax::{self, JsxOptions, Language};
use crate::{Diagnostic, Diagnostics, Kind, Output, cover, guard};

/// Options of [`transform`].
#[derive(Clone, Debug, Default)]
pub struct TransformOptions {
    /// Names the source in errors and the source map, and its extension tells the language: `.ts .mts .cts .tsx .jsx
    /// .js .mjs .cjs`; TypeScript for any other and for none.
    pub filename: String,
    /// How JSX is transformed.
    pub jsx: JsxOptions,
    /// The oldest language version or engines to generate code for, such as `es2020` or `chrome90,node16`. By
    /// default syntax stays as it is. Lowering some features imports helpers from `@oxc-project/runtime`.
    pub target: Option<String>,
    /// Whether to make a source map.
    pub sourcemap: bool,
    /// Whether to minify.
    pub minify: bool,
    /// Whether to count which lines run, by calls of [`crate::COVER_FUNCTION`].
    pub cover: bool,
}

impl TransformOptions {
    /// The defaults, for a file of this name.
    pub fn for_file(filename: impl Into<String>) -> Self {
        TransformOptions { filename: filename.into(), ..Self::default() }
    }
}

/// Options of [`minify`].
#[derive(Clone, Debug)]
pub struct MinifyOptions {
    /// As in [`TransformOptions`].
    pub filename: String,
    /// Whether to shorten the names of local bindings. Those at the top level of a script stay, as they are global.
    pub mangle: bool,
    /// Whether to make a source map.
    pub sourcemap: bool,
}

impl MinifyOptions {
    /// The defaults, for a file of this name.
    pub fn for_file(filename: impl Into<String>) -> Self {
        MinifyOptions { filename: filename.into(), mangle: true, sourcemap: false }
    }
}

/// Transforms TypeScript and JSX to JavaScript. Types are removed, not checked.
///
/// A source without `import` and `export` of values comes out as a script: `export {}`, which TypeScript leaves in place of type
/// imports, is dropped. If it was a module as it stood, the script is strict, as modules are.
///
/// # Errors
/// Syntax errors, each with its position; decorators; an unknown target; a source that is too large or nested too deeply.
pub fn transform(source: &str, options: &TransformOptions) -> Result<Output, Diagnostics> {
    let language = Language::of(&options.filename);
    let target = match &options.target {
        Some(target) => env_options(target)?,
        None => oxc_transformer::EnvOptions::default(),
    };
    let covered = match options.cover {
        true => Some(cover::instrument(source, &options.filename, language)?),
        false => None,
    };
    let source = covered.as_ref().map_or(source, |(text, _)| text.as_str());
    let output = guard::with_source(&options.filename, source, language, || {
        let allocator = Allocator::default();
        let parsed = syntax::parse(&allocator, &options.filename, source, language)?;
        let mut program = parsed.program;

        let transform_options =
            oxc_transformer::TransformOptions { jsx: options.jsx.to_oxc(), env: target, ..Default::default() };
        let transformed = Transformer::new(&allocator, Path::new(&options.filename), &transform_options)
            .build_with_scoping(parsed.scoping, &mut program);
        syntax::diagnostics(&options.filename, source, transformed.diagnostics.iter())?;

        refuse_decorators(&options.filename, source, &program)?;
        drop_empty_export(&mut program);
        let has_import_meta = !parsed.module_record.import_metas.is_empty();
        if parsed.module_record.has_module_syntax && !has_import_meta && !is_module(&program) {
            make_strict(&allocator, &mut program);
        }
        let minify = options.minify.then_some(Mangle::Locals);
        Ok::<_, Diagnostics>(finish(&allocator, program, has_import_meta, minify, options.sourcemap, &options.filename))
    })??;
    Ok(Output { covered: covered.into_iter().map(|(_, covered)| covered).collect(), ..output })
}

/// Minifies JavaScript; TypeScript and JSX are refused.
///
/// # Errors
/// As for [`transform`].
pub fn minify(source: &str, options: &MinifyOptions) -> Result<Output, Diagnostics> {
    // Whatever the file is called, types and JSX would come out as they are.
    let language = Language { typescript: false, jsx: false, ..Language::of(&options.filename) };
    guard::with_source(&options.filename, source, language, || {
        let allocator = Allocator::default();
        let parsed = syntax::parse(&allocator, &options.filename, source, language)?;
        let has_import_meta = !parsed.module_record.import_metas.is_empty();
        let mangle = if options.mangle { Mangle::Locals } else { Mangle::Nothing };
        Ok(finish(&allocator, parsed.program, has_import_meta, Some(mangle), options.sourcemap, &options.filename))
    })?
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mangle {
    Locals,
    Nothing,
}

fn env_options(target: &str) -> Result<oxc_transformer::EnvOptions, Diagnostics> {
    oxc_transformer::EnvOptions::from_target(target)
        .map_err(|error| vec![Diagnostic::new(format!("unknown target {target:?}: {error}"))])
}

/// Drops `export {}` if nothing else makes the program a module.
fn drop_empty_export(program: &mut Program<'_>) {
    let is_empty_export = |statement: &Statement| matches!(statement, Statement::ExportNamedDeclaration(export) if export.specifiers.is_empty());
    if program.body.iter().filter(|statement| statement.is_module_declaration()).all(is_empty_export) {
        program.body.retain(|statement| !is_empty_export(statement));
    }
}

/// The transformer leaves decorators where they are, and the engine has none.
pub(crate) fn refuse_decorators(file: &str, source: &str, program: &Program<'_>) -> Result<(), Diagnostic> {
    let mut finder = FirstDecorator(None);
    finder.visit_program(program);
    let Some(offset) = finder.0 else { return Ok(()) };
    Err(Diagnostic::at_offset(file, source, offset as usize, "decorators are not transformed"))
}

struct FirstDecorator(Option<u32>);

impl<'a> Visit<'a> for FirstDecorator {
    fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
        self.0.get_or_insert(decorator.span.start);
    }
}

fn is_module(program: &Program<'_>) -> bool {
    program.body.iter().any(Statement::is_module_declaration)
}

/// Makes a script strict, and leaves it the value that it has.
fn make_strict<'a>(allocator: &'a Allocator, program: &mut Program<'a>) {
    if program.has_use_strict_directive() {
        return;
    }
    let builder = AstBuilder::new(allocator);
    let has_value = |statement: &Statement<'_>| matches!(statement, Statement::ExpressionStatement(_));
    if program.directives.is_empty() && !program.body.iter().any(has_value) {
        // Else it may be that of the directive.
        let nothing = Expression::new_void_0(SPAN, &builder);
        program.body.insert(0, Statement::new_expression_statement(SPAN, nothing, &builder));
    }
    program.directives.insert(0, Directive::new_use_strict(&builder));
}

fn finish<'a>(
    allocator: &'a Allocator,
    mut program: Program<'a>,
    has_import_meta: bool,
    minify: Option<Mangle>,
    sourcemap: bool,
    filename: &str,
) -> Output {
    let is_module = has_import_meta || is_module(&program);
    let top_level_await = !is_module && has_top_level_await(&program);

    let minified = minify.map(|mangle| {
        if !is_module {
            // It may have been parsed as a module, whose top level is nobody else's.
            program.source_type = program.source_type.with_script(true);
        }
        compress(allocator, &mut program, is_module);
        let mangle =
            (mangle == Mangle::Locals).then(|| MangleOptions { top_level: Some(is_module), ..Default::default() });
        Minifier::new(MinifierOptions { mangle, mangle_properties: None, compress: None })
            .minify(allocator, &mut program)
    });

    let options = CodegenOptions {
        minify: minify.is_some(),
        comments: if minify.is_some() { CommentOptions::disabled() } else { CommentOptions::default() },
        source_map_path: sourcemap.then(|| Path::new(filename).to_path_buf()),
        ..CodegenOptions::default()
    };
    let (scoping, private) = minified.map_or((None, None), |done| (done.scoping, done.class_private_mappings));
    let generated = Codegen::new()
        .with_options(options)
        .with_scoping(scoping)
        .with_private_member_mappings(private)
        .build(&program);
    Output {
        code: generated.code,
        map: generated.map.map(|map| map.to_json_string()),
        kind: if is_module { Kind::Module } else { Kind::Script },
        top_level_await,
        covered: Vec::new(),
    }
}

/// Makes a program do the same with less code. What the top level of a script declares stays as it is: other scripts read and write it.
fn compress<'a>(allocator: &'a Allocator, program: &mut Program<'a>, is_module: bool) {
    let mut scoping = SemanticBuilder::new().build(program).semantic.into_scoping();
    let mut options = CompressOptions::smallest();
    if !is_module {
        if scoping.root_scope_flags().contains_direct_eval() {
            // The mark below would go with the last `eval` that is never reached.
            return;
        }
        options.unused = CompressOptionsUnused::Keep;
        // Code that the compressor does not see may use a scope in which `eval` is called. The same is so of a script's scope, of which it
        // takes `let` and `const` for the script's own.
        let root = scoping.root_scope_id();
        scoping.scope_flags_mut(root).insert(ScopeFlags::DirectEval);
    }
    Compressor::new(allocator).build_with_scoping(program, scoping, options);
}

/// Whether an `await` stands outside of every function.
fn has_top_level_await(program: &Program<'_>) -> bool {
    let mut finder = TopLevelAwait(false);
    finder.visit_program(program);
    finder.0
}

struct TopLevelAwait(bool);

impl<'a> Visit<'a> for TopLevelAwait {
    fn visit_await_expression(&mut self, _: &AwaitExpression<'a>) {
        self.0 = true;
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.0 |= statement.r#await;
        walk::walk_for_of_statement(self, statement);
    }

    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}

    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
}
