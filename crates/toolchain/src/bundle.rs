//! Many sources to one: rolldown, fenced in.
//!
//! [`modules`] is the plugin that hands rolldown every source, from memory or from disk, after `guard` has
//! passed it; rolldown itself reads no source. [`report`] turns its errors into diagnostics, [`strictness`] keeps the
//! directives of CommonJS modules. One bundle runs on a small thread pool of its own, whose stacks hold the deepest
//! nesting that `guard` accepts, with a single-threaded tokio runtime in it.

mod modules;
mod report;
mod strictness;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rolldown::plugin::__inner::SharedPluginable;
use rolldown::{BundleOutput, Bundler, BundlerBuilder, BundlerOptions};
use rolldown_common::bundler_options::{
    AttachDebugInfo, BundlerTransformOptions, CodeSplittingMode, Either, ExperimentalOptions, IsExternal,
    JsxOptions as RolldownJsx, OutputFormat, Platform, RawMinifyOptions, ResolveOptions, SourceMapType, StrictMode,
    TsConfig,
};
use rolldown_common::{Output as RolldownOutput, OutputChunk};
use rolldown_error::{BatchedBuildDiagnostic, EventKind};

use self::modules::{Modules, Paths};
use crate::syntax::{Jsx, JsxOptions};
use crate::{Diagnostic, Diagnostics, ImportKind, Kind, Output, TransformOptions, guard};

/// What a bundle is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A classic script, or a module where only a module can do: top-level await, imports of external modules, `import.meta`.
    #[default]
    Auto,
    /// A classic script: one immediately invoked function, strict if every file is an ES module or strict by itself; else only CommonJS
    /// modules with `'use strict'` are. What the entry exports is dropped.
    Iife,
    /// An ES module with the entry's exports.
    Esm,
}

/// Options of [`bundle`] and [`bundle_file`].
#[derive(Clone, Debug, Default)]
pub struct BundleOptions {
    /// Script or module.
    pub format: Format,
    /// For [`bundle`]: the name of the file to start from. Without one every file runs, in the order given.
    pub entry: Option<String>,
    /// How JSX is transformed. [`bundle_file`] also heeds `tsconfig.json`, where this leaves the defaults.
    pub jsx: JsxOptions,
    /// As in [`TransformOptions`]; the helpers that lowering needs are bundled.
    pub target: Option<String>,
    /// Whether to minify. Code that nothing uses is left out in any case.
    pub minify: bool,
    /// Whether to make a source map.
    pub sourcemap: bool,
    /// Specifiers that are left as imports; one that ends in `*` stands for all that begin so, such as `node:*`. A dynamic
    /// import of a `node:` module always is.
    pub external: Vec<String>,
    /// Expressions, such as `process.env.NODE_ENV`, and the JavaScript to put in their place. `process.env.NODE_ENV`
    /// is `"production"` unless given.
    pub define: Vec<(String, String)>,
    /// Conditions of `exports` and `imports` in `package.json`, besides `import` or `require` and `default`;
    /// `browser` and `production` if empty.
    pub conditions: Vec<String>,
    /// Whether to count which lines run, as in [`TransformOptions`]; not those of files in `node_modules`.
    pub cover: bool,
}

/// Bundles sources held in memory, given as `(name, source)`.
///
/// A name is a path such as `src/app.ts`; sources import each other by relative path, with or without extension, or by a
/// name as it stands. Nothing is read from disk.
///
/// # Errors
/// Syntax errors, imports of what is not there, top-level await in a script, unknown options.
///
/// ```
/// use quickbeam_toolchain::{BundleOptions, bundle};
///
/// let files = [("main.ts", "import { n } from './n'; globalThis.n = n"), ("n.ts", "export const n: number = 1")];
/// let output = bundle(&files, &BundleOptions::default()).unwrap();
/// assert!(output.code.contains("globalThis.n ="));
/// ```
pub fn bundle<N: AsRef<str>, S: AsRef<str>>(files: &[(N, S)], options: &BundleOptions) -> Result<Output, Diagnostics> {
    let files = files.iter().map(|(name, source)| (name.as_ref(), source.as_ref()));
    let modules = Modules::in_memory(files, options.entry.as_deref())?;
    build(&modules, options)
}

/// Bundles a file with its imports, from disk and `node_modules`: TypeScript, JSX, ES modules, CommonJS and JSON, by the
/// rules of Node.js and `tsconfig.json`.
///
/// In errors and the source map, files are named relative to the current directory if `path` is relative, else
/// by absolute path.
///
/// # Errors
/// As for [`bundle`], and files that cannot be read.
pub fn bundle_file(path: &Path, options: &BundleOptions) -> Result<Output, Diagnostics> {
    build(&Modules::on_disk(path)?, options)
}

/// Makes of a file what a runtime runs at its start.
///
/// A file that neither imports nor exports is transformed alone, so that what it declares at its top level is
/// global; any other is bundled.
///
/// # Errors
/// As for [`bundle_file`].
pub fn script_file(path: &Path, options: &BundleOptions) -> Result<Output, Diagnostics> {
    let filename = path.to_string_lossy().into_owned();
    let source = modules::read_source(path).map_err(|message| vec![Diagnostic::in_file(&filename, message)])?;
    let bundles = |import: &crate::Import| import.kind != ImportKind::Dynamic || import.specifier.starts_with('.');
    if !crate::imports(&source, &filename)?.iter().any(bundles) {
        let transform_options = TransformOptions {
            filename,
            jsx: options.jsx.clone(),
            target: options.target.clone(),
            sourcemap: options.sourcemap,
            minify: options.minify,
            cover: options.cover,
        };
        let output = crate::transform(&source, &transform_options)?;
        if output.kind == Kind::Script {
            return Ok(output);
        }
    }
    bundle_file(path, options)
}

fn build(modules: &Arc<Modules>, options: &BundleOptions) -> Result<Output, Diagnostics> {
    match options.format {
        Format::Esm => Ok(build_as(modules, options, OutputFormat::Esm)?.output),
        Format::Iife => {
            let built = build_as(modules, options, OutputFormat::Iife)?;
            match built.imports.first() {
                None => Ok(built.output),
                Some(import) => Err(vec![Diagnostic::new(format!(
                    "a script cannot import {import:?}, which is not part of the bundle; choose a module as the format, or bundle it"
                ))]),
            }
        }
        Format::Auto => match build_as(modules, options, OutputFormat::Iife) {
            Ok(built) if built.uses_import_meta || !built.imports.is_empty() => {
                Ok(build_as(modules, options, OutputFormat::Esm)?.output)
            }
            Ok(built) => Ok(built.output),
            Err(errors) if errors.iter().any(report::is_top_level_await) => {
                Ok(build_as(modules, options, OutputFormat::Esm)?.output)
            }
            Err(errors) => Err(errors),
        },
    }
}

struct Built {
    output: Output,
    /// Specifiers of what it imports from outside.
    imports: Vec<String>,
    uses_import_meta: bool,
}

fn build_as(modules: &Arc<Modules>, options: &BundleOptions, format: OutputFormat) -> Result<Built, Diagnostics> {
    modules.start(&format, options.cover);
    let bundler_options = bundler_options(modules.paths(), options, format);
    let built = guard::with_stack(STACK, || on_pool(modules, bundler_options))?;
    let bundled = match built? {
        Ok(bundled) => bundled,
        Err(errors) => return Err(report::diagnostics(&errors, modules)),
    };
    if let Some(errors) = report::fatal_warnings(&bundled.warnings, modules) {
        return Err(errors);
    }
    let uses_import_meta = bundled.warnings.iter().any(|warning| matches!(warning.kind(), EventKind::EmptyImportMeta));
    let chunk = only_chunk(&bundled)?;
    let is_module = matches!(format, OutputFormat::Esm);
    Ok(Built {
        imports: chunk.imports.iter().map(ToString::to_string).collect(),
        uses_import_meta,
        output: Output {
            code: chunk.code.clone(),
            map: chunk.map.as_ref().filter(|_| options.sourcemap).map(|map| {
                let mut map = map.clone();
                let sources: Vec<String> = map.get_sources().map(|source| modules.paths().display(source)).collect();
                map.set_sources(sources);
                map.to_json_string()
            }),
            kind: if is_module { Kind::Module } else { Kind::Script },
            top_level_await: false,
            covered: modules.covered(),
        },
    })
}

/// Stack of the thread that only waits for the pool.
const STACK: usize = 1024 * 1024;
/// Threads of one bundle.
const MAX_THREADS: usize = 4;
/// How often a bundle is looked at, and how many times in a row it may have nothing under way. A task of
/// rolldown's that panics leaves its bundle waiting for an answer that never comes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const MAX_IDLE_LOOKS: u32 = 30;

type BuildResult = Result<BundleOutput, BatchedBuildDiagnostic>;

fn on_pool(modules: &Arc<Modules>, options: BundlerOptions) -> Result<BuildResult, Diagnostic> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(guard::MAX_STACK)
        .thread_name(|index| format!("quickbeam-bundle-{index}"))
        .build()
        .map_err(|error| Diagnostic::new(format!("cannot start threads to bundle: {error}")))?;
    let plugins: Vec<SharedPluginable> = vec![modules.clone()];
    pool.install(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .max_blocking_threads(threads)
            .build()
            .map_err(|error| Diagnostic::new(format!("cannot bundle: {error}")))?;
        guard::catch(|| runtime.block_on(generate(options, plugins)))?
    })
}

async fn generate(options: BundlerOptions, plugins: Vec<SharedPluginable>) -> Result<BuildResult, Diagnostic> {
    let mut bundler: Bundler = match BundlerBuilder::default().with_options(options).with_plugins(plugins).build() {
        Ok(bundler) => bundler,
        Err(errors) => return Ok(Err(errors)),
    };
    let tasks = tokio::runtime::Handle::current().metrics();
    let mut generating = Box::pin(bundler.generate());
    let mut idle = 0;
    loop {
        match tokio::time::timeout(LOOK_EVERY, &mut generating).await {
            Ok(result) => return Ok(result),
            Err(_) if tasks.num_alive_tasks() > 0 => idle = 0,
            Err(_) if idle < MAX_IDLE_LOOKS => idle += 1,
            Err(_) => return Err(Diagnostic::internal("the bundler stopped without a result")),
        }
    }
}

fn bundler_options(paths: &Paths, options: &BundleOptions, format: OutputFormat) -> BundlerOptions {
    const NODE_ENV: &str = "process.env.NODE_ENV";
    let given = options.define.iter().cloned();
    let production = (NODE_ENV.to_owned(), "\"production\"".to_owned());
    let define = std::iter::once(production).chain(given).collect();
    let (platform, resolve) = resolution(&options.conditions);
    BundlerOptions {
        input: Some(vec![paths.entry().to_owned().into()]),
        cwd: Some(paths.root().to_owned()),
        // Paths in the source map are relative to where the output would be.
        dir: Some(paths.root().to_string_lossy().into_owned()),
        external: Some(is_external(options.external.clone())),
        platform: Some(platform),
        format: Some(format),
        sourcemap: options.sourcemap.then_some(SourceMapType::Hidden),
        resolve: Some(resolve),
        minify: Some(if options.minify {
            RawMinifyOptions::Bool(true)
        } else {
            RawMinifyOptions::DeadCodeEliminationOnly
        }),
        define: Some(define),
        // The plugin knows better what is strict.
        strict: Some(StrictMode::Never),
        code_splitting: Some(CodeSplittingMode::Bool(false)),
        tsconfig: Some(TsConfig::Auto(paths.is_disk())),
        transform: Some(BundlerTransformOptions {
            jsx: jsx_options(&options.jsx),
            target: options.target.clone().map(Either::Left),
            ..BundlerTransformOptions::default()
        }),
        experimental: Some(ExperimentalOptions {
            // No comments that tell where on this machine a module was.
            attach_debug_info: Some(AttachDebugInfo::None),
            ..ExperimentalOptions::default()
        }),
        ..BundlerOptions::default()
    }
}

/// The conditions, and the platform whose rules for packages without `exports` go with them.
fn resolution(conditions: &[String]) -> (Platform, ResolveOptions) {
    let conditions = match conditions {
        [] => vec!["browser".to_owned(), "production".to_owned()],
        given => given.to_vec(),
    };
    let has = |condition: &str| conditions.iter().any(|given| given == condition);
    let (platform, main_fields) = if has("browser") {
        (Platform::Browser, None)
    } else if has("node") {
        (Platform::Node, None)
    } else {
        (Platform::Neutral, Some(vec!["module".to_owned(), "main".to_owned()]))
    };
    (platform, ResolveOptions { main_fields, condition_names: Some(conditions), ..ResolveOptions::default() })
}

fn is_external(external: Vec<String>) -> IsExternal {
    let external = Arc::new(external);
    IsExternal::Fn(Some(Arc::new(move |specifier, _, _| {
        let matches = external.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => specifier.starts_with(prefix),
            None => specifier == pattern,
        });
        Box::pin(async move { Ok(matches) })
    })))
}

/// `None` for the defaults, so that `tsconfig.json` can set them.
fn jsx_options(jsx: &JsxOptions) -> Option<Either<String, RolldownJsx>> {
    (*jsx != JsxOptions::default()).then(|| {
        let runtime = match jsx.runtime {
            Jsx::Automatic => "automatic",
            Jsx::Classic => "classic",
        };
        Either::Right(RolldownJsx {
            runtime: Some(runtime.to_owned()),
            import_source: jsx.import_source.clone(),
            pragma: jsx.factory.clone(),
            pragma_frag: jsx.fragment.clone(),
            ..RolldownJsx::default()
        })
    })
}

fn only_chunk(bundled: &BundleOutput) -> Result<&OutputChunk, Diagnostics> {
    let mut chunks = bundled.assets.iter().filter_map(|output| match output {
        RolldownOutput::Chunk(chunk) => Some(chunk.as_ref()),
        RolldownOutput::Asset(_) => None,
    });
    match (chunks.next(), chunks.next()) {
        (Some(chunk), None) => Ok(chunk),
        (None, _) => Err(vec![Diagnostic::internal("the bundler made no code")]),
        (Some(_), Some(_)) => Err(vec![Diagnostic::internal("the bundler made more than one script")]),
    }
}

/// `path` without `.` and `..`, which is what rolldown makes of the paths it resolves.
fn normalize(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
