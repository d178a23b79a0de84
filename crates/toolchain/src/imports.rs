//! What a source imports, and whether it is valid.

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, Program, StringLiteral, TSExternalModuleReference,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::GetSpan;

use crate::syntax::{self, Language};
use crate::{Diagnostics, diagnostic, guard};

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
        let finder = Finder::of(&parsed.program);
        let imports = finder.imports.into_iter();
        Ok(imports.map(|found| Import { specifier: found.specifier.to_owned(), kind: found.kind }).collect())
    })?
}

/// Where a module imports what linking it did not find: the line and UTF-16 column, from 1, of the specifier of a missing module, or of
/// the name of a missing export. `None` if it does not say so itself.
///
/// ```
/// use quickbeam_toolchain::import_place;
///
/// let source = "import { a } from './b.js';\nexport * from 'c';";
/// assert_eq!(import_place(source, "m.js", "c", None), Some((2, 15)));
/// assert_eq!(import_place(source, "m.js", "lib/b.js", Some("a")), Some((1, 10)));
/// assert_eq!(import_place(source, "m.js", "lib/b.js", Some("b")), None);
/// ```
pub fn import_place(source: &str, filename: &str, module: &str, export: Option<&str>) -> Option<(u32, u32)> {
    let language = Language::of(filename);
    guard::with_source(filename, source, language, || {
        let allocator = Allocator::default();
        let parsed = syntax::parse(&allocator, filename, source, language).ok()?;
        let finder = Finder::of(&parsed.program);
        let offset = match export {
            None => finder.imports.iter().find(|found| found.specifier == module)?.offset,
            // The engine tells the full name of the module, not the specifier.
            Some(export) => {
                let last = |path: &str| path.rsplit('/').next() == module.rsplit('/').next();
                finder.names.iter().find(|found| found.name == export && last(found.specifier))?.offset
            }
        };
        Some(diagnostic::position(source, offset as usize))
    })
    .ok()?
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

struct FoundImport<'a> {
    specifier: &'a str,
    kind: ImportKind,
    offset: u32,
}

/// A name that a declaration wants of a module.
struct FoundName<'a> {
    name: &'a str,
    specifier: &'a str,
    offset: u32,
}

#[derive(Default)]
struct Finder<'a> {
    imports: Vec<FoundImport<'a>>,
    names: Vec<FoundName<'a>>,
}

impl<'a> Finder<'a> {
    fn of(program: &Program<'a>) -> Self {
        let mut finder = Finder::default();
        finder.visit_program(program);
        finder
    }

    fn add(&mut self, specifier: &StringLiteral<'a>, kind: ImportKind) {
        self.imports.push(FoundImport { specifier: specifier.value.as_str(), kind, offset: specifier.span.start });
    }

    fn add_name(&mut self, name: &'a str, specifier: &StringLiteral<'a>, offset: u32) {
        self.names.push(FoundName { name, specifier: specifier.value.as_str(), offset });
    }
}

impl<'a> Visit<'a> for Finder<'a> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => {
                    self.add_name(named.imported.name().as_str(), &import.source, named.imported.span().start);
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(default) => {
                    self.add_name("default", &import.source, default.span.start);
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {}
            }
        }
        let only_types = import.specifiers.as_ref().is_some_and(|specifiers| {
            !specifiers.is_empty()
                && specifiers.iter().all(|specifier| {
                    matches!(specifier, ImportDeclarationSpecifier::ImportSpecifier(named) if named.import_kind.is_type())
                })
        });
        if !import.import_kind.is_type() && !only_types {
            self.add(&import.source, ImportKind::Static);
        }
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        for specifier in &export.specifiers {
            self.add_name(specifier.local.name().as_str(), &export.source, specifier.local.span().start);
        }
        if !export.export_kind.is_type() {
            self.add(&export.source, ImportKind::Export);
        }
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        if !export.export_kind.is_type() {
            self.add(&export.source, ImportKind::Export);
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if let Expression::StringLiteral(specifier) = &import.source {
            self.add(specifier, ImportKind::Dynamic);
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_ts_external_module_reference(&mut self, reference: &TSExternalModuleReference<'a>) {
        self.add(&reference.expression, ImportKind::Require);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if call.common_js_require().is_some()
            && let Some(Argument::StringLiteral(specifier)) = call.arguments.first()
        {
            self.add(specifier, ImportKind::Require);
        }
        walk::walk_call_expression(self, call);
    }
}
