//! The sources of one bundle: where they come from, and what they are called.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arcstr::ArcStr;
use oxc::allocator::Allocator;
use oxc::ast::ast::ObjectProperty;
use oxc::ast_visit::{VisitMut, walk_mut};
use rolldown::plugin::{
    HookAddonArgs, HookInjectionOutputReturn, HookLoadArgs, HookLoadOutput, HookLoadReturn, HookNoopReturn,
    HookRenderChunkArgs, HookRenderChunkOutput, HookRenderChunkReturn, HookResolveIdArgs, HookResolveIdOutput,
    HookResolveIdReturn, HookTransformAstArgs, HookTransformAstReturn, HookTransformOutputMap, HookUsage, Plugin,
    PluginContext, SharedLoadPluginContext,
};
use rolldown_common::bundler_options::OutputFormat;
use rolldown_common::{ImportKind, ModuleInfo, ModuleType, NormalModule, ResolvedExternal};

use super::{normalize, strictness};
use crate::syntax::{self, Language};
use crate::{Covered, Diagnostic, Diagnostics, cover, guard, transform};

/// Where files held in memory are said to be, so that rolldown has absolute paths to work with.
const MEMORY_ROOT: &str = "/quickbeam:memory";
/// The module that imports every file, if no entry is named.
const ALL: &str = "/quickbeam:memory/quickbeam:all.js";
/// The root where files are called by absolute path. rolldown names files relative to the root, and this one is so deep
/// that the way out of it is seen in a message and can be made an absolute path again.
const FAR_AWAY: &str = "/q/u/i/c/k/b/e/a/m/q/u/i/c/k/b/e/a/m";
/// Extensions that an import may leave out, in the order they are tried.
const EXTENSIONS: [&str; 9] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];
/// Extensions of TypeScript's that an import may name by what they compile to.
const COMPILED: [(&str, &[&str]); 4] =
    [("js", &["ts", "tsx"]), ("jsx", &["tsx"]), ("mjs", &["mts"]), ("cjs", &["cts"])];

/// What files of a bundle are called.
#[derive(Debug)]
pub(super) struct Paths {
    /// What rolldown takes for the current directory.
    root: PathBuf,
    entry: String,
    naming: Naming,
}

#[derive(Debug)]
enum Naming {
    /// By the names the caller gave.
    Memory(HashMap<PathBuf, String>),
    /// By path, relative to the current directory or absolute.
    Disk { relative: bool },
}

/// The sources of one bundle, as a plugin of rolldown's.
#[derive(Debug)]
pub(super) struct Modules {
    paths: Paths,
    memory: HashMap<PathBuf, ArcStr>,
    /// Every source handed out, for code frames.
    loaded: Mutex<HashMap<PathBuf, ArcStr>>,
    /// Why sources were refused. rolldown would give only their text.
    errors: Mutex<Diagnostics>,
    /// Whether the bundle becomes a strict script: one of ES modules alone, and of others that are strict by themselves.
    is_strict: AtomicBool,
    covers: AtomicBool,
    /// The sources handed out whose lines are counted.
    covered: Mutex<Vec<Covered>>,
}

impl Paths {
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn entry(&self) -> &str {
        &self.entry
    }

    pub(super) fn is_disk(&self) -> bool {
        matches!(self.naming, Naming::Disk { .. })
    }

    /// A message of rolldown's, with the names that [`Self::display`] gives.
    pub(super) fn clean(&self, message: &str) -> String {
        match self.naming {
            Naming::Disk { relative: false } => message.replace(&"../".repeat(FAR_AWAY.matches('/').count()), "/"),
            _ => message.to_owned(),
        }
    }

    /// The absolute path of a file that rolldown names, absolute or relative to the root.
    pub(super) fn absolute(&self, file: &str) -> PathBuf {
        normalize(&self.root.join(file))
    }

    /// What the caller calls a file that rolldown names.
    pub(super) fn display(&self, file: &str) -> String {
        let path = self.absolute(file);
        match &self.naming {
            Naming::Memory(names) => names.get(&path).cloned().unwrap_or_else(|| file.to_owned()),
            Naming::Disk { relative: true } => {
                path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().into_owned()
            }
            Naming::Disk { relative: false } => path.to_string_lossy().into_owned(),
        }
    }
}

impl Modules {
    /// Files given as `(name, source)`.
    pub(super) fn in_memory<'a>(
        files: impl Iterator<Item = (&'a str, &'a str)>,
        entry: Option<&str>,
    ) -> Result<Arc<Self>, Diagnostics> {
        let mut memory = HashMap::new();
        let mut names = HashMap::new();
        let mut all = String::new();
        for (name, source) in files {
            let path = memory_path(name).map_err(|error| vec![error])?;
            all.push_str(&format!("import {:?};\n", path.to_string_lossy()));
            if let Some(earlier) = names.insert(path.clone(), name.to_owned()) {
                return Err(vec![Diagnostic::in_file(name, format!("given twice, first as {earlier:?}"))]);
            }
            memory.insert(path, ArcStr::from(source));
        }
        if memory.is_empty() {
            return Err(vec![Diagnostic::new("no files to bundle")]);
        }
        let entry = match entry {
            None => {
                memory.insert(PathBuf::from(ALL), ArcStr::from(all));
                ALL.to_owned()
            }
            Some(name) => {
                let path = memory_path(name).map_err(|error| vec![error])?;
                if !memory.contains_key(&path) {
                    return Err(vec![Diagnostic::new(format!("the entry {name:?} is not among the files"))]);
                }
                path.to_string_lossy().into_owned()
            }
        };
        Ok(Self::new(Paths { root: PathBuf::from(MEMORY_ROOT), entry, naming: Naming::Memory(names) }, memory))
    }

    /// The file at `path` and what it imports.
    pub(super) fn on_disk(path: &Path) -> Result<Arc<Self>, Diagnostics> {
        let fail = |message: String| vec![Diagnostic::in_file(path.to_string_lossy(), message)];
        let current = std::env::current_dir().map_err(|error| fail(format!("no current directory: {error}")))?;
        let absolute = normalize(&current.join(path));
        check_file(&absolute).map_err(fail)?;
        let entry = absolute.to_str().ok_or_else(|| fail("the path is not valid UTF-8".to_owned()))?.to_owned();
        let naming = Naming::Disk { relative: path.is_relative() };
        let root = if path.is_relative() { current } else { PathBuf::from(FAR_AWAY) };
        Ok(Self::new(Paths { root, entry, naming }, HashMap::new()))
    }

    fn new(paths: Paths, memory: HashMap<PathBuf, ArcStr>) -> Arc<Self> {
        Arc::new(Modules {
            paths,
            memory,
            loaded: Mutex::default(),
            errors: Mutex::default(),
            is_strict: AtomicBool::new(false),
            covers: AtomicBool::new(false),
            covered: Mutex::default(),
        })
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The source of a file that rolldown names.
    pub(super) fn source(&self, file: &str) -> Option<ArcStr> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(&self.paths.absolute(file)).cloned()
    }

    pub(super) fn errors(&self) -> Diagnostics {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins a bundle of that format, whose lines are counted if it `covers`.
    pub(super) fn start(&self, format: &OutputFormat, covers: bool) {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.covered.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.is_strict.store(matches!(format, OutputFormat::Iife), Ordering::Relaxed);
        self.covers.store(covers, Ordering::Relaxed);
    }

    pub(super) fn covered(&self) -> Vec<Covered> {
        self.covered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The source with calls that count its lines, if they are to be counted.
    fn cover(&self, path: &Path, source: ArcStr) -> Result<ArcStr, Diagnostic> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_foreign = extension == "json" || path.components().any(|part| part.as_os_str() == "node_modules");
        if is_foreign || !self.covers.load(Ordering::Relaxed) {
            return Ok(source);
        }
        let name = self.paths.display(&path.to_string_lossy());
        let instrumented = guard::catch(|| cover::instrument_here(&source, &name, bundled_language(extension)))?;
        // Whatever else is wrong with it is rolldown's to tell.
        let Ok((text, covered)) = instrumented else { return Ok(source) };
        self.covered.lock().unwrap_or_else(PoisonError::into_inner).push(covered);
        Ok(ArcStr::from(text))
    }

    fn refuse(&self, error: Diagnostic) -> anyhow::Error {
        let text = error.to_string();
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
        anyhow::Error::msg(text)
    }

    fn not_found(&self, specifier: &str, importer: &str) -> Diagnostic {
        let message = format!("Could not resolve '{specifier}': not among the files");
        let name = self.paths.display(importer);
        let Some(source) = self.memory.get(Path::new(importer)) else { return Diagnostic::in_file(name, message) };
        let quoted = ['\'', '"', '`'].into_iter().find_map(|quote| source.find(&format!("{quote}{specifier}{quote}")));
        match quoted {
            Some(offset) => Diagnostic::at_offset(&name, source, offset, message),
            None => Diagnostic::in_file(name, message),
        }
    }

    /// The source at `path`, passed by `guard`.
    fn load_source(&self, path: &Path) -> Result<ArcStr, Diagnostic> {
        let name = self.paths.display(&path.to_string_lossy());
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let source = if self.paths.is_disk() {
            let source = read_source(path).map_err(|message| Diagnostic::in_file(&name, message))?;
            ArcStr::from(source)
        } else {
            let missing = || Diagnostic::new(format!("{name:?} is imported and is not among the files"));
            self.memory.get(path).cloned().ok_or_else(missing)?
        };
        match extension {
            "css" => return Err(Diagnostic::in_file(&name, "CSS cannot be bundled into a script")),
            // JSON goes to a parser with a limit of its own, which knows no mark of the byte order.
            "json" => return Ok(source.strip_prefix('\u{FEFF}').map_or_else(|| source.clone(), ArcStr::from)),
            _ => check_module(&name, &source, bundled_language(extension))?,
        }
        Ok(source)
    }

    fn resolve_in_memory(&self, specifier: &str, importer: &str) -> Option<PathBuf> {
        let base = if is_relative(specifier) { Path::new(importer).parent()? } else { Path::new(MEMORY_ROOT) };
        let target = normalize(&base.join(specifier.trim_start_matches('/')));
        let found = |path: &PathBuf| self.memory.contains_key(path);
        let with_extension = |extension: &&str| PathBuf::from(format!("{}.{extension}", target.display()));
        let extension = target.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let compiled = COMPILED.iter().filter(|(compiled, _)| *compiled == extension).flat_map(|(_, sources)| *sources);

        Some(target.clone())
            .filter(found)
            .or_else(|| compiled.map(|source| target.with_extension(source)).find(found))
            .or_else(|| EXTENSIONS.iter().map(with_extension).find(found))
            .or_else(|| EXTENSIONS.iter().map(|extension| target.join("index").with_extension(extension)).find(found))
    }
}

impl Plugin for Modules {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("quickbeam:modules")
    }

    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId
            | HookUsage::Load
            | HookUsage::TransformAst
            | HookUsage::ModuleParsed
            | HookUsage::Banner
            | HookUsage::RenderChunk
    }

    async fn resolve_id(&self, _: &PluginContext, args: &HookResolveIdArgs<'_>) -> HookResolveIdReturn {
        // Packages that run anywhere ask for Node.js's modules in this way, and do without them.
        if args.kind == ImportKind::DynamicImport && args.specifier.starts_with("node:") {
            let external = Some(ResolvedExternal::Bool(true));
            return Ok(Some(HookResolveIdOutput { external, ..HookResolveIdOutput::from_id(args.specifier) }));
        }
        if self.paths.is_disk() {
            return Ok(None);
        }
        let importer = args.importer.unwrap_or(MEMORY_ROOT);
        let found = if args.is_entry || importer == ALL {
            Some(PathBuf::from(args.specifier)).filter(|path| self.memory.contains_key(path))
        } else {
            self.resolve_in_memory(args.specifier, importer)
        };
        match found {
            Some(path) => Ok(Some(HookResolveIdOutput::from_id(path.to_string_lossy().as_ref()))),
            // rolldown would look for it on disk.
            None if is_relative(args.specifier)
                || args.specifier.starts_with(['/', '\\'])
                || args.specifier.starts_with("file:") =>
            {
                Err(self.refuse(self.not_found(args.specifier, importer)))
            }
            None => Ok(None),
        }
    }

    async fn load(&self, _: SharedLoadPluginContext, args: &HookLoadArgs<'_>) -> HookLoadReturn {
        // Ids that begin with a NUL are modules of rolldown's own.
        if args.id.starts_with('\0') {
            return Ok(None);
        }
        let path = PathBuf::from(args.id);
        let code = self.load_source(&path).and_then(|source| self.cover(&path, source));
        let code = code.map_err(|error| self.refuse(error))?;
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), code.clone());
        Ok(Some(HookLoadOutput { code, ..HookLoadOutput::default() }))
    }

    /// Sees what rolldown has parsed, before it transforms that.
    async fn transform_ast(&self, ctx: &PluginContext, mut args: HookTransformAstArgs<'_>) -> HookTransformAstReturn {
        if matches!(args.module_type, ModuleType::Json) {
            args.ast.program.with_mut(|fields| OwnPrototypes.visit_program(fields.program));
            return Ok(args.ast);
        }
        if matches!(ctx.options().format, OutputFormat::Iife) {
            args.ast.program.with_mut(|fields| strictness::mark(fields.program, fields.allocator));
        }
        if args.ast.source().contains('@') && !transforms_decorators(ctx, &args)? {
            let name = self.paths.display(args.id);
            transform::refuse_decorators(&name, args.ast.source(), args.ast.program())
                .map_err(|error| self.refuse(error))?;
        }
        Ok(args.ast)
    }

    async fn module_parsed(&self, _: &PluginContext, _: Arc<ModuleInfo>, module: &NormalModule) -> HookNoopReturn {
        let view = &module.ecma_view;
        let mut directives = view.directive_range.iter().map(|range| range.source_text(&view.source));
        let is_use_strict = |text: &str| text.starts_with("'use strict'") || text.starts_with("\"use strict\"");
        let is_strict = view.exports_kind.is_esm()
            || view.def_format.is_esm()
            || matches!(module.module_type, ModuleType::Json)
            || directives.any(is_use_strict);
        if !is_strict {
            self.is_strict.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn render_chunk(&self, _: &PluginContext, args: &HookRenderChunkArgs<'_>) -> HookRenderChunkReturn {
        let code = strictness::restore(&args.code, self.is_strict.load(Ordering::Relaxed))?;
        Ok(code.map(|code| HookRenderChunkOutput { code, map: HookTransformOutputMap::Null }))
    }

    async fn banner(&self, _: &PluginContext, _: &HookAddonArgs) -> HookInjectionOutputReturn {
        let is_strict = self.is_strict.load(Ordering::Relaxed);
        Ok(is_strict.then(|| "\"use strict\";".to_owned()))
    }
}

/// Whether `tsconfig.json` asks for TypeScript's older decorators, which are transformed. It is not asked about plain JavaScript.
fn transforms_decorators(ctx: &PluginContext, args: &HookTransformAstArgs<'_>) -> anyhow::Result<bool> {
    if matches!(args.module_type, ModuleType::Js) {
        return Ok(false);
    }
    let options = ctx.options().transform_options.options_for_file(Some(Path::new(args.id)), &mut Vec::new())?;
    Ok(options.decorator.legacy)
}

/// Makes the keys `__proto__` of JSON computed ones, as in a literal of JavaScript they would set the prototype.
struct OwnPrototypes;

impl<'a> VisitMut<'a> for OwnPrototypes {
    fn visit_object_property(&mut self, property: &mut ObjectProperty<'a>) {
        property.computed |= property.key.is_specific_static_name("__proto__");
        walk_mut::walk_object_property(self, property);
    }
}

/// Passes a source that rolldown will parse. Runs on the pool, whose stacks are large enough to parse it here too.
fn check_module(name: &str, source: &str, language: Language) -> Result<(), Diagnostic> {
    let levels = guard::check_source(name, source, language)?;
    if levels <= syntax::MAX_DEPTH {
        return Ok(());
    }
    // Any other error is rolldown's to tell.
    guard::catch(|| match syntax::parse(&Allocator::default(), name, source, language) {
        Err(errors) => errors.into_iter().find(syntax::is_depth_error).map_or(Ok(()), Err),
        Ok(_) => Ok(()),
    })?
}

fn is_relative(specifier: &str) -> bool {
    specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..")
}

/// The language rolldown takes a file to be in.
fn bundled_language(extension: &str) -> Language {
    match extension {
        "ts" | "mts" | "cts" | "tsx" | "jsx" => Language::of(&format!("x.{extension}")),
        _ => Language { typescript: false, jsx: false, ..Language::default() },
    }
}

fn memory_path(name: &str) -> Result<PathBuf, Diagnostic> {
    let path = normalize(&Path::new(MEMORY_ROOT).join(name.trim_start_matches('/')));
    let inside = path.strip_prefix(MEMORY_ROOT).is_ok_and(|inside| !inside.as_os_str().is_empty());
    if inside && !name.contains('\0') && !name.ends_with('/') {
        Ok(path)
    } else {
        Err(Diagnostic::new(format!("not a file name: {name:?}")))
    }
}

/// Reads a source from disk; the error says why not.
pub(super) fn read_source(path: &Path) -> Result<String, String> {
    check_file(path)?;
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| format!("not valid UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}

fn check_file(path: &Path) -> Result<(), String> {
    let metadata = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if metadata.is_dir() {
        return Err("is a directory".to_owned());
    }
    // Reading a pipe or a device may never end.
    if !metadata.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if metadata.len() > guard::MAX_SOURCE_BYTES as u64 {
        return Err(format!("the file has {} bytes, the limit is {}", metadata.len(), guard::MAX_SOURCE_BYTES));
    }
    Ok(())
}
