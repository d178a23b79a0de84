//! Counting which lines of a source run: calls that count are put into its text, before it is transformed or bundled.
//!
//! Each point where control can come by gets a call of [`FUNCTION`], with the number of the file and that of the point: before every
//! statement, and in the bodies of arrow functions and of branches without braces. Nothing is put on a line of its
//! own, so lines stay what they are, and source maps lead to them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use oxc::allocator::{Allocator, Vec as ArenaVec};
use oxc::ast::ast::{
    ArrowFunctionBody, Class, Declaration, DoWhileStatement, ExportDefaultDeclarationKind, ForInStatement,
    ForOfStatement, ForStatement, IfStatement, Program, Statement, TSGlobalDeclaration, TSModuleBlock, WhileStatement,
    WithStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::GetSpan;

use crate::syntax::{self, Language};
use crate::{Diagnostics, guard};

/// The global function that counts.
pub const FUNCTION: &str = "__quickbeam_cover__";

/// A source whose lines are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Its number, which no other one in this operating system process has.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// The line of each point, from 1.
    pub lines: Vec<u32>,
}

/// Puts calls that count into a source; its new text.
///
/// # Errors
/// As for [`crate::transform`].
pub(crate) fn instrument(source: &str, name: &str, language: Language) -> Result<(String, Covered), Diagnostics> {
    guard::with_source(name, source, language, || instrument_here(source, name, language))?
}

/// As [`instrument`], on a stack that `guard` made.
pub(crate) fn instrument_here(source: &str, name: &str, language: Language) -> Result<(String, Covered), Diagnostics> {
    let allocator = Allocator::default();
    let parsed = syntax::parse(&allocator, name, source, language)?;
    Ok(Points::of(&parsed.program).into_covered(source, name, next_id()))
}

fn next_id() -> u32 {
    static LAST_ID: AtomicU32 = AtomicU32::new(0);
    LAST_ID.fetch_add(1, Ordering::Relaxed) + 1
}

/// Puts calls that count into JavaScript that runs as it is otherwise, and whose value stays what it is. The same source by the same name has
/// the same counters.
///
/// # Errors
/// As for [`crate::transform`].
pub fn count_lines(source: &str, name: &str) -> Result<(String, Covered), Diagnostics> {
    let language = Language::default();
    guard::with_source(name, source, language, || {
        let allocator = Allocator::default();
        let parsed = syntax::parse(&allocator, name, source, language)?;
        let mut points = Points::of(&parsed.program);
        points.spare_the_value(&parsed.program.body);
        Ok(points.into_covered(source, name, id_of(source, name)))
    })?
}

/// The number of a source that may have come before.
fn id_of(source: &str, name: &str) -> u32 {
    /// Beyond that many, those that were seen before are new ones.
    const MOST: usize = 10_000;
    static SEEN: Mutex<BTreeMap<u64, u32>> = Mutex::new(BTreeMap::new());
    let mut hasher = DefaultHasher::new();
    (source, name).hash(&mut hasher);
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.len() >= MOST {
        seen.clear();
    }
    *seen.entry(hasher.finish()).or_insert_with(next_id)
}

/// The lines of offsets, which are in any order.
fn lines_of(source: &str, offsets: &[u32]) -> Vec<u32> {
    let breaks: Vec<usize> = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let line = |offset: &u32| 1 + breaks.partition_point(|at| *at < *offset as usize) as u32;
    offsets.iter().map(line).collect()
}

/// What is put around a point.
#[derive(Clone, Copy)]
enum Insertion {
    /// Before a statement of a list.
    Statement(usize),
    /// Before a statement that is the whole of a body.
    OpenBlock(usize),
    CloseBlock,
    /// Before an expression that is the whole of a body.
    OpenParens(usize),
    CloseParens,
}

struct Points {
    /// By offset. Of those at one offset, what is around another is pushed first if it opens and last if it closes.
    insertions: Vec<(u32, Insertion)>,
    /// Where each point's code starts.
    starts: Vec<u32>,
}

impl Points {
    fn of(program: &Program<'_>) -> Points {
        let mut points = Points { insertions: Vec::new(), starts: Vec::new() };
        points.visit_program(program);
        points
    }

    fn into_covered(self, source: &str, name: &str, id: u32) -> (String, Covered) {
        let lines = lines_of(source, &self.starts);
        (self.into_text(source, id), Covered { id, name: name.to_owned(), lines })
    }

    /// A script's value is that of its last statement that has one. Declarations behind that have none, and the calls in front of them
    /// would; so these count before it.
    fn spare_the_value(&mut self, body: &[Statement<'_>]) {
        let has_value = |statement: &Statement<'_>| {
            !statement.is_declaration() && !matches!(statement, Statement::EmptyStatement(_))
        };
        let Some(last) = body.iter().rposition(has_value) else { return };
        let start = body[last].span().start;
        let behind: Vec<u32> = body[last + 1..].iter().filter_map(start_of).collect();
        for (at, insertion) in &mut self.insertions {
            if matches!(insertion, Insertion::Statement(_)) && behind.contains(at) {
                *at = start;
            }
        }
    }

    fn point(&mut self, at: u32) -> usize {
        self.starts.push(at);
        self.starts.len() - 1
    }

    fn into_text(mut self, source: &str, id: u32) -> String {
        self.insertions.sort_by_key(|(at, _)| *at);
        let mut text = String::with_capacity(source.len() + self.insertions.len() * 32);
        let mut copied = 0;
        for (at, insertion) in self.insertions {
            let at = at as usize;
            text.push_str(&source[copied..at]);
            copied = at;
            match insertion {
                Insertion::Statement(point) => text.push_str(&format!("{FUNCTION}({id},{point});")),
                Insertion::OpenBlock(point) => text.push_str(&format!("{{{FUNCTION}({id},{point});")),
                Insertion::OpenParens(point) => text.push_str(&format!("({FUNCTION}({id},{point}),")),
                Insertion::CloseBlock => text.push('}'),
                Insertion::CloseParens => text.push(')'),
            }
        }
        text.push_str(&source[copied..]);
        text
    }

    /// A statement that stands alone where a block might.
    fn body(&mut self, statement: &Statement<'_>) {
        if is_wrappable(statement) {
            let span = statement.span();
            let point = self.point(span.start);
            self.insertions.push((span.start, Insertion::OpenBlock(point)));
            self.visit_statement(statement);
            self.insertions.push((span.end, Insertion::CloseBlock));
        } else {
            self.visit_statement(statement);
        }
    }
}

fn is_wrappable(statement: &Statement<'_>) -> bool {
    !matches!(
        statement,
        Statement::BlockStatement(_)
            | Statement::EmptyStatement(_)
            | Statement::LabeledStatement(_)
            | Statement::FunctionDeclaration(_)
    )
}

/// Where a statement starts that does something when control comes by.
fn start_of(statement: &Statement<'_>) -> Option<u32> {
    let start = statement.span().start;
    match statement {
        Statement::BlockStatement(_)
        | Statement::EmptyStatement(_)
        | Statement::ImportDeclaration(_)
        | Statement::ExportAllDeclaration(_)
        | Statement::ExportNamedDeclaration(_)
        | Statement::ExportFromDeclaration(_)
        | Statement::TSExportAssignment(_)
        | Statement::TSNamespaceExportDeclaration(_) => None,
        Statement::ExportDeclaration(export) => declaration_start(&export.declaration, start),
        Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(_)
            | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => None,
            ExportDefaultDeclarationKind::ClassDeclaration(class) => Some(class_start(class, start)),
            _ => Some(start),
        },
        other => match other.as_declaration() {
            Some(declaration) => declaration_start(declaration, start),
            None => Some(start),
        },
    }
}

fn declaration_start(declaration: &Declaration<'_>, start: u32) -> Option<u32> {
    match declaration {
        Declaration::VariableDeclaration(variables) => (!variables.declare).then_some(start),
        Declaration::ClassDeclaration(class) => (!class.declare).then(|| class_start(class, start)),
        Declaration::TSEnumDeclaration(it) => (!it.declare).then_some(start),
        // Functions are there before control comes by; the others are types, or become code of their own.
        _ => None,
    }
}

/// Decorators may stand before `export`.
fn class_start(class: &Class<'_>, start: u32) -> u32 {
    class.decorators.first().map_or(start, |decorator| decorator.span.start.min(start))
}

impl<'a> Visit<'a> for Points {
    fn visit_statements(&mut self, statements: &ArenaVec<'a, Statement<'a>>) {
        for statement in statements {
            if let Some(start) = start_of(statement) {
                let point = self.point(statement.span().start.max(start));
                self.insertions.push((start, Insertion::Statement(point)));
            }
            self.visit_statement(statement);
        }
    }

    fn visit_arrow_function_body(&mut self, body: &ArrowFunctionBody<'a>) {
        let Some(expression) = body.as_expression() else { return walk::walk_arrow_function_body(self, body) };
        let span = expression.span();
        let point = self.point(span.start);
        self.insertions.push((span.start, Insertion::OpenParens(point)));
        self.visit_expression(expression);
        self.insertions.push((span.end, Insertion::CloseParens));
    }

    fn visit_if_statement(&mut self, it: &IfStatement<'a>) {
        self.visit_expression(&it.test);
        self.body(&it.consequent);
        if let Some(alternate) = &it.alternate {
            self.body(alternate);
        }
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        self.body(&it.body);
        self.visit_expression(&it.test);
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        self.visit_expression(&it.test);
        self.body(&it.body);
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        if let Some(init) = &it.init {
            self.visit_for_statement_init(init);
        }
        it.test.iter().chain(&it.update).for_each(|expression| self.visit_expression(expression));
        self.body(&it.body);
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.visit_for_statement_left(&it.left);
        self.visit_expression(&it.right);
        self.body(&it.body);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.visit_for_statement_left(&it.left);
        self.visit_expression(&it.right);
        self.body(&it.body);
    }

    fn visit_with_statement(&mut self, it: &WithStatement<'a>) {
        self.visit_expression(&it.object);
        self.body(&it.body);
    }

    // What is in namespaces may be types alone, and then becomes nothing.
    fn visit_ts_module_block(&mut self, _: &TSModuleBlock<'a>) {}

    fn visit_ts_global_declaration(&mut self, _: &TSGlobalDeclaration<'a>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source, and the same with `#` and the line of the point where a call is put.
    #[track_caller]
    fn check(name: &str, source: &str, expected: &str) {
        let (text, covered) = instrument(source, name, Language::of(name)).expect("a valid source");
        let mut shown = text;
        for (point, line) in covered.lines.iter().enumerate() {
            shown = shown.replace(&format!("{FUNCTION}({},{point})", covered.id), &format!("#{line}"));
        }
        assert_eq!(shown, expected);
        crate::check(&shown.replace('#', "f$"), name).expect("valid code");
        assert_eq!(shown.lines().count(), source.lines().count());
    }

    #[test]
    fn every_statement_is_a_point() {
        check("a.js", "let a = 1\n++a; b()\n;(c)", "#1;let a = 1\n#2;++a; #2;b()\n;#3;(c)");
        check("a.js", "function f() {\n  return 1\n}", "function f() {\n  #2;return 1\n}");
        check("a.js", "'use strict'\nx()", "'use strict'\n#2;x()");
        check(
            "a.js",
            "switch (a) { case 1: b(); break; default: c() }",
            "#1;switch (a) { case 1: #1;b(); #1;break; default: #1;c() }",
        );
        check(
            "a.js",
            "try {\n a() } catch { b() } finally { c() }",
            "#1;try {\n #2;a() } catch { #2;b() } finally { #2;c() }",
        );
        check("a.js", "x: for (;;) { break x }", "#1;x: for (;;) { #1;break x }");
        check(
            "a.js",
            "class A { static { a() } b() { c() } d = 1 }",
            "#1;class A { static { #1;a() } b() { #1;c() } d = 1 }",
        );
    }

    #[test]
    fn the_value_of_a_script_stays() {
        for (source, expected) in [
            ("1; const a = b;", "#;#;1; const a = b;"),
            ("const a = 1; a + 1\nlet b; class C {}", "#;const a = 1; #;#;#;a + 1\nlet b; class C {}"),
            ("let a; let b", "#;let a; #;let b"),
            ("await a; b", "#;await a; #;b"),
        ] {
            let (code, Covered { id, .. }) = count_lines(source, "a.js").expect("a valid source");
            let shown = (0..9).fold(code, |text, point| text.replace(&format!("{FUNCTION}({id},{point})"), "#"));
            assert_eq!(shown, expected);
            assert_eq!(count_lines(source, "a.js").expect("a valid source").1.id, id);
            assert_ne!(count_lines(source, "b.js").expect("a valid source").1.id, id);
        }
    }

    #[test]
    fn bodies_without_braces_are_points() {
        check("a.js", "if (a) b\nelse c", "#1;if (a) {#1;b}\nelse {#2;c}");
        check("a.js", "if (a) b; else if (c)\n d; else e", "#1;if (a) {#1;b;} else {#1;if (c)\n {#2;d;} else {#2;e}}");
        check("a.js", "while (a)\n b()", "#1;while (a)\n {#2;b()}");
        check("a.js", "do a(); while (b) c()", "#1;do {#1;a();} while (b) #1;c()");
        check("a.js", "for (const a of b) for (;;) c", "#1;for (const a of b) {#1;for (;;) {#1;c}}");
        check("a.js", "for (;;);", "#1;for (;;);");
        check("a.js", "const f = a =>\n a + 1", "#1;const f = a =>\n (#2,a + 1)");
        check("a.js", "f = () => ({})", "#1;f = () => (#1,({}))");
        check("a.js", "f = () => () => a", "#1;f = () => (#1,() => (#1,a))");
        check("a.js", "if (a) f = () => b", "#1;if (a) {#1;f = () => (#1,b)}");
    }

    #[test]
    fn types_and_imports_are_none() {
        check(
            "a.ts",
            "import a from 'a'\nexport * from 'b'\ntype T = 1\ninterface I {}\ndeclare const d: 1\na()",
            "import a from 'a'\nexport * from 'b'\ntype T = 1\ninterface I {}\ndeclare const d: 1\n#6;a()",
        );
        check(
            "a.ts",
            "export const a: number = 1\nexport function f(): void;\nexport function f() {}\nexport { a }",
            "#1;export const a: number = 1\nexport function f(): void;\nexport function f() {}\nexport { a }",
        );
        check(
            "a.ts",
            "namespace N { export type T = 1 }\nenum E { A }",
            "namespace N { export type T = 1 }\n#2;enum E { A }",
        );
        check(
            "a.ts",
            "export default class {}\nabstract class A { abstract a(): void }",
            "#1;export default class {}\n#2;abstract class A { abstract a(): void }",
        );
        check("a.ts", "@d export class A {}", "#1;@d export class A {}");
        check(
            "a.tsx",
            "const a = () => <b>{c.map((d) => <e>{d}</e>)}</b>",
            "#1;const a = () => (#1,<b>{c.map((d) => (#1,<e>{d}</e>))}</b>)",
        );
    }
}
