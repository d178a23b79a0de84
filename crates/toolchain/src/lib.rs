//! TypeScript and JSX, bundling, minifying, module resolution and source maps, over oxc and rolldown.
//!
//! | entry point | does |
//! |---|---|
//! | [`transform`] | one TypeScript or JSX source to JavaScript |
//! | [`minify`] | one JavaScript source to a smaller one |
//! | [`bundle`] | sources held in memory to one script; never reads a file |
//! | [`bundle_file`] | a file with its imports and `node_modules` to one script |
//! | [`script_file`] | a file to what a runtime runs: transformed alone, or bundled if it imports |
//! | [`imports`], [`import_place`], [`check`] | what a source imports, and where; whether it is valid |
//! | [`SourceMap`] | a position in generated code to the one in the original |
//!
//! Every source is hostile here. The parsers below recurse on the nesting of their input and a stack
//! overflow cannot be caught, so no source reaches them before `guard` has bounded how deep it can
//! nest and has put the work on a thread whose stack holds that much. A panic in them becomes a
//! [`Diagnostic`]. This crate knows neither the BEAM nor a JavaScript engine.
//!
//! ```
//! use quickbeam_toolchain::{TransformOptions, transform};
//!
//! let output = transform("const n: number = 1", &TransformOptions::for_file("n.ts")).unwrap();
//! assert_eq!(output.code, "const n = 1;\n");
//!
//! let errors = transform("const n: = 1", &TransformOptions::for_file("n.ts")).unwrap_err();
//! assert_eq!((errors[0].line, errors[0].column), (Some(1), Some(10)));
//! ```

mod bundle;
mod cover;
mod diagnostic;
mod guard;
mod imports;
mod nesting;
mod source_map;
mod syntax;
mod transform;

pub use bundle::{BundleOptions, Format, bundle, bundle_file, script_file};
pub use cover::{Covered, FUNCTION as COVER_FUNCTION, count_lines};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use guard::MAX_SOURCE_BYTES;
pub use imports::{Import, ImportKind, check, import_place, imports};
pub use source_map::{Original, SourceMap};
pub use syntax::{Jsx, JsxOptions};
pub use transform::{MinifyOptions, TransformOptions, minify, transform};

/// What running the code takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No `import` or `export` is left: run it as a classic script.
    Script,
    /// It has `import`, `export` or `import.meta`: run it as an ES module.
    Module,
}

/// Generated code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// JavaScript.
    pub code: String,
    /// The source map, version 3, as JSON; `None` unless it was asked for.
    pub map: Option<String>,
    /// Script or module.
    pub kind: Kind,
    /// Whether a script has an `await` outside of any function, so that it must be run by an evaluator that
    /// allows it; `false` for modules, which always allow it.
    pub top_level_await: bool,
    /// The sources in it whose lines are counted.
    pub covered: Vec<Covered>,
}
