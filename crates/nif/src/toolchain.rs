//! The functions of `QuickBEAM.Native` about TypeScript, bundling and minifying. Each runs on a dirty scheduler,
//! and the work itself on threads with stacks of their own.

use crate::cover::Covered;
use std::path::Path;

use quickbeam_toolchain::{
    self as toolchain, BundleOptions, Diagnostic, Diagnostics, Format, Jsx, JsxOptions, Kind, MinifyOptions, Output,
    TransformOptions,
};
use rustler::{Binary, NifMap, NifUnitEnum};

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

/// Options as `QuickBEAM.JS` gives them, each key present.
#[derive(NifMap)]
struct Transforming {
    filename: String,
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
struct Minifying {
    filename: String,
    mangle: bool,
    sourcemap: bool,
}

#[derive(NifMap)]
struct Bundling {
    format: BundleFormat,
    entry: Option<String>,
    jsx: JsxRuntime,
    import_source: Option<String>,
    jsx_factory: Option<String>,
    jsx_fragment: Option<String>,
    target: Option<String>,
    sourcemap: bool,
    minify: bool,
    external: Vec<String>,
    define: Vec<(String, String)>,
    conditions: Vec<String>,
    cover: bool,
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
fn toolchain_transform(source: Binary<'_>, options: Transforming) -> Answer<Generated> {
    let options = TransformOptions {
        jsx: jsx(options.jsx, options.import_source, options.jsx_factory, options.jsx_fragment),
        filename: options.filename,
        target: options.target,
        sourcemap: options.sourcemap,
        minify: options.minify,
        cover: options.cover,
    };
    let output = text(&source, &options.filename).and_then(|source| toolchain::transform(source, &options));
    answer(output)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_minify(source: Binary<'_>, options: Minifying) -> Answer<Generated> {
    let options = MinifyOptions { filename: options.filename, mangle: options.mangle, sourcemap: options.sourcemap };
    let output = text(&source, &options.filename).and_then(|source| toolchain::minify(source, &options));
    answer(output)
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_bundle(files: Vec<(String, Binary<'_>)>, options: Bundling) -> Answer<Generated> {
    let files: Result<Vec<(&str, &str)>, Diagnostics> =
        files.iter().map(|(name, source)| Ok((name.as_str(), text(source, name)?))).collect();
    answer(files.and_then(|files| toolchain::bundle(&files, &bundle_options(options))))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_bundle_file(path: String, options: Bundling) -> Answer<Generated> {
    answer(toolchain::bundle_file(Path::new(&path), &bundle_options(options)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_script_file(path: String, options: Bundling) -> Answer<Generated> {
    answer(toolchain::script_file(Path::new(&path), &bundle_options(options)))
}

#[rustler::nif(schedule = "DirtyCpu")]
fn toolchain_imports(source: Binary<'_>, filename: String) -> Answer<Vec<String>> {
    let found = text(&source, &filename).and_then(|source| toolchain::imports(source, &filename));
    found.map(|imports| imports.into_iter().map(|import| import.specifier).collect()).map_err(failures)
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

fn jsx(
    runtime: JsxRuntime,
    import_source: Option<String>,
    factory: Option<String>,
    fragment: Option<String>,
) -> JsxOptions {
    let runtime = match runtime {
        JsxRuntime::Automatic => Jsx::Automatic,
        JsxRuntime::Classic => Jsx::Classic,
    };
    JsxOptions { runtime, import_source, factory, fragment }
}

fn bundle_options(options: Bundling) -> BundleOptions {
    BundleOptions {
        format: match options.format {
            BundleFormat::Auto => Format::Auto,
            BundleFormat::Iife => Format::Iife,
            BundleFormat::Esm => Format::Esm,
        },
        entry: options.entry,
        jsx: jsx(options.jsx, options.import_source, options.jsx_factory, options.jsx_fragment),
        target: options.target,
        minify: options.minify,
        sourcemap: options.sourcemap,
        external: options.external,
        define: options.define,
        conditions: options.conditions,
        cover: options.cover,
    }
}

fn answer(output: Result<Output, Diagnostics>) -> Answer<Generated> {
    let Output { code, map, kind, covered, .. } = output.map_err(failures)?;
    let kind = match kind {
        Kind::Script => OutputKind::Script,
        Kind::Module => OutputKind::Module,
    };
    let counted = |toolchain::Covered { id, name, lines }| Covered { id, name, lines };
    Ok(Generated { code, map, kind, covered: covered.into_iter().map(counted).collect() })
}

fn failures(errors: Diagnostics) -> Vec<Failure> {
    let failure =
        |Diagnostic { message, file, line, column, code_frame }| Failure { message, file, line, column, code_frame };
    errors.into_iter().map(failure).collect()
}
