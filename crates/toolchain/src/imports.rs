//! What a source imports, and whether it is valid.

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, Program, TSExternalModuleReference,
};
use oxc::ast_visit::{Visit, walk};

use crate::syntax::{self, Language};
use crate::{Diagnostics, guard};

/// One thing that a source imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The specifier, as written.
    pub specifier: String,
    /// How.
    pub kind: ImportKind,
}

/// How a source imports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// `import … from "x"`, `import "x"`.
    Static,
    /// `export … from "x"`.
    Export,
    /// `import("x")` with a literal.
    Dynamic,
    /// `require("x")` with a literal.
    Require,
}

/// Lists what a source imports, in its order, repetitions included. Imports of types alone are left out, as are
/// `import()` and `require()` of anything but a string literal.
///
/// `filename` is as in [`crate::TransformOptions`].
///
/// # Errors
/// As for [`crate::transform`].
///
/// ```
/// use quickbeam_toolchain::{ImportKind, imports};
///
/// let found = imports("import a, { type B } from './a'; import type C from './c'; import('d')", "x.ts").unwrap();
/// let found: Vec<_> = found.iter().map(|import| (import.specifier.as_str(), import.kind)).collect();
/// assert_eq!(found, [("./a", ImportKind::Static), ("d", ImportKind::Dynamic)]);
/// ```
pub fn imports(source: &str, filename: &str) -> Result<Vec<Import>, Diagnostics> {
    let language = Language::of(filename);
    guard::with_source(filename, source, language, || {
        let allocator = Allocator::default();
        let parsed = syntax::parse(&allocator, filename, source, language)?;
        Ok(imports_of(&parsed.program))
    })?
}

/// Checks that a source is valid.
///
/// # Errors
/// As for [`crate::transform`].
pub fn check(source: &str, filename: &str) -> Result<(), Diagnostics> {
    let language = Language::of(filename);
    guard::with_source(filename, source, language, || {
        let allocator = Allocator::default();
        syntax::parse(&allocator, filename, source, language).map(drop)
    })?
}

fn imports_of(program: &Program<'_>) -> Vec<Import> {
    let mut finder = Finder(Vec::new());
    finder.visit_program(program);
    finder.0
}

struct Finder(Vec<Import>);

impl Finder {
    fn add(&mut self, specifier: &str, kind: ImportKind) {
        self.0.push(Import { specifier: specifier.to_owned(), kind });
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        let only_types = import.specifiers.as_ref().is_some_and(|specifiers| {
            !specifiers.is_empty()
                && specifiers.iter().all(|specifier| {
                    matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(named) if named.import_kind.is_type())
                })
        });
        if !import.import_kind.is_type() && !only_types {
            self.add(&import.source.value, ImportKind::Static);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        if !export.export_kind.is_type() {
            self.add(&export.source.value, ImportKind::Export);
        }
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        if !export.export_kind.is_type() {
            self.add(&export.source.value, ImportKind::Export);
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(specifier) = &import.source {
            self.add(&specifier.value, ImportKind::Dynamic);
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_ts_external_module_reference(&mut self, reference: &TSExternalModuleReference<'a>) {
        self.add(&reference.expression.value, ImportKind::Require);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(specifier) = call.common_js_require() {
            self.add(&specifier.value, ImportKind::Require);
        }
        walk::walk_call_expression(self, call);
    }
}
