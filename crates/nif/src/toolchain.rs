//! The functions of `QuickBEAM.Native` about TypeScript, bundling and minifying. Each runs on a dirty scheduler,
//! and the work itself on threads with stacks of their own.

use crate::cover::Covered;
use std::path::Path;

use quickbeam_toolchain::{
    self as toolchain, BundleOptions, Diagnostic, Diagnostics, Format, Jsx, JsxOptions, Kind, MinifyOptions, Output,
    TransformOptions,
};
use rustler::{Binary, Decoder, NifMap, NifResult, NifUnitEnum, Term};

#[derive(NifUnitEnum)]
enum JsxRuntime {
    Automatic,
    Classic,
}

#[derive(NifUnitEnum)]
enum BundleFormat {
    Auto,
    Iife,
    Esm,
}

#[derive(NifUnitEnum)]
enum OutputKind {
    Script,
    Module,
}

/// How code is made, in the options of all that make it. `QuickBEAM.JS` gives each key.
#[derive(NifMap)]
struct CodeOptions {
    jsx: JsxRuntime,
    import_source: Option<String>,
    jsx_factory: Option<String>,
    jsx_fragment: Option<String>,
    target: Option<String>,
    sourcemap: bool,
    minify: bool,
    cover: bool,
}

#[derive(NifMap)]
struct File {
    filename: String,
}

#[derive(NifMap)]
struct Minifying {
    filename: String,
    mangle: bool,
    sourcemap: bool,
}

#[derive(NifMap)]
struct Bundling {
    format: BundleFormat,
    entry: Option<String>,
    external: Vec<String>,
    define: Vec<(String, String)>,
    conditions: Vec<String>,
}

/// Options of their own beside those of code, in one map.
struct And<T> {
    own: T,
    code: CodeOptions,
}

impl<'a, T: Decoder<'a>> Decoder<'a> for And<T> {
    fn decode(options: Term<'a>) -> NifResult<Self> {
        Ok(And { own: options.decode()?, code: options.decode()? })
    }
}

#[derive(NifMap)]
struct Generated {
    code: String,
    map: Option<String>,
    kind: OutputKind,
    covered: Vec<Covered>,
}

#[derive(NifMap)]
struct Failure {
    message: String,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    code_frame: Option<String>,
}

/// `{:ok, value}` or `{:error, failures}`.
type Answer<T> = Result<T, Vec<Failure>>;

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_transform(source: Binary<'_>, options: And<File>) -> Answer<Generated> {
    let And { own: File { filename }, code } = options;
    let options = TransformOptions {
        filename,
        target: code.target.clone(),
        sourcemap: code.sourcemap,
        minify: code.minify,
        cover: code.cover,
        jsx: code.into_jsx(),
    };
    let output = text(&source, &options.filename).and_then(|source| toolchain::transform(source, &options));
    answer(output)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_count_lines(source: Binary<'_>, filename: &str) -> Answer<(String, Covered)> {
    let output = text(&source, filename).and_then(|source| toolchain::count_lines(source, filename));
    output.map(|(code, covered)| (code, counted(covered))).map_err(failures)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_minify(source: Binary<'_>, options: Minifying) -> Answer<Generated> {
    let options = MinifyOptions { filename: options.filename, mangle: options.mangle, sourcemap: options.sourcemap };
    let output = text(&source, &options.filename).and_then(|source| toolchain::minify(source, &options));
    answer(output)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_bundle(files: Vec<(String, Binary<'_>)>, options: And<Bundling>) -> Answer<Generated> {
    let files: Result<Vec<(&str, &str)>, Diagnostics> =
        files.iter().map(|(name, source)| Ok((name.as_str(), text(source, name)?))).collect();
    answer(files.and_then(|files| toolchain::bundle(&files, &bundle_options(options))))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_bundle_file(path: String, options: And<Bundling>) -> Answer<Generated> {
    answer(toolchain::bundle_file(Path::new(&path), &bundle_options(options)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_script_file(path: String, options: And<Bundling>) -> Answer<Generated> {
    answer(toolchain::script_file(Path::new(&path), &bundle_options(options)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_imports(source: Binary<'_>, filename: String) -> Answer<Vec<String>> {
    let found = text(&source, &filename).and_then(|source| toolchain::imports(source, &filename));
    found.map(|imports| imports.into_iter().map(|import| import.specifier).collect()).map_err(failures)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_import_place(
    source: Binary<'_>,
    filename: String,
    module: String,
    export: Option<String>,
) -> Option<(u32, u32)> {
    let source = text(&source, &filename).ok()?;
    toolchain::import_place(source, &filename, &module, export.as_deref())
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_valid(source: Binary<'_>, filename: String) -> bool {
    text(&source, &filename).and_then(|source| toolchain::check(source, &filename)).is_ok()
}

fn text<'s>(source: &'s [u8], filename: &str) -> Result<&'s str, Diagnostics> {
    std::str::from_utf8(source).map_err(|error| {
        vec![Diagnostic::in_file(filename, format!("not valid UTF-8 at byte {}", error.valid_up_to()))]
    })
}

impl CodeOptions {
    fn into_jsx(self) -> JsxOptions {
        let runtime = match self.jsx {
            JsxRuntime::Automatic => Jsx::Automatic,
            JsxRuntime::Classic => Jsx::Classic,
        };
        JsxOptions {
            runtime,
            import_source: self.import_source,
            factory: self.jsx_factory,
            fragment: self.jsx_fragment,
        }
    }
}

fn bundle_options(options: And<Bundling>) -> BundleOptions {
    let And { own, code } = options;
    BundleOptions {
        format: match own.format {
            BundleFormat::Auto => Format::Auto,
            BundleFormat::Iife => Format::Iife,
            BundleFormat::Esm => Format::Esm,
        },
        entry: own.entry,
        target: code.target.clone(),
        minify: code.minify,
        cover: code.cover,
        sourcemap: code.sourcemap,
        external: own.external,
        define: own.define,
        conditions: own.conditions,
        jsx: code.into_jsx(),
    }
}

fn answer(output: Result<Output, Diagnostics>) -> Answer<Generated> {
    let Output { code, map, kind, covered, .. } = output.map_err(failures)?;
    let kind = match kind {
        Kind::Script => OutputKind::Script,
        Kind::Module => OutputKind::Module,
    };
    Ok(Generated { code, map, kind, covered: covered.into_iter().map(counted).collect() })
}

fn counted(covered: toolchain::Covered) -> Covered {
    let toolchain::Covered { id, name, lines } = covered;
    Covered { id, name, lines }
}

fn failures(errors: Diagnostics) -> Vec<Failure> {
    let failure =
        |Diagnostic { message, file, line, column, code_frame }| Failure { message, file, line, column, code_frame };
    errors.into_iter().map(failure).collect()
}
