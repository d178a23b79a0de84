//! The directive `"use strict"` of CommonJS modules, in a bundle that is not strict as a whole.
//!
//! rolldown drops the directives of modules. So a statement that stands for one is put before a module's first statement. Where that ends up at
//! the front of the function that wraps a CommonJS module it becomes the directive, else it goes.

use std::collections::HashSet;

use oxc::allocator::Allocator;
use oxc::ast::ast::{CallExpression, Expression, ExpressionStatement, Program, Statement};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SPAN, SourceType};

/// A global that nothing knows, so that rolldown keeps the statement that reads it.
const MARK: &str = "$use$strict$";
/// What takes its place: of the same length, for the source map.
const DIRECTIVE: &str = "\"use strict\"";
const _: () = assert!(MARK.len() == DIRECTIVE.len());
/// What rolldown calls with the function that wraps a module.
const WRAPPER: &str = "__commonJSMin";

/// Marks what may become a strict CommonJS module.
pub(super) fn mark<'a>(program: &mut Program<'a>, allocator: &'a Allocator) {
    let is_module = program.body.iter().any(Statement::is_module_declaration);
    if program.has_use_strict_directive() && !is_module {
        let builder = AstBuilder::new(allocator);
        let mark = Expression::new_identifier(SPAN, MARK, &builder);
        program.body.insert(0, Statement::new_expression_statement(SPAN, mark, &builder));
    }
}

/// Makes directives of the marks in a bundle, or has them go if it is strict without. Call on a stack that `guard` made.
pub(super) fn restore(code: &str, is_strict: bool) -> anyhow::Result<Option<String>> {
    if !code.contains(MARK) {
        return Ok(None);
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::script()).parse();
    anyhow::ensure!(!parsed.panicked, "the bundle cannot be parsed");
    let mut marks = Marks::default();
    marks.visit_program(&parsed.program);
    let mut code = code.to_owned();
    for start in marks.all {
        let end = start + MARK.len();
        if !is_strict && marks.fronts.contains(&start) {
            code.replace_range(start..end, DIRECTIVE);
        } else {
            // An empty statement stays.
            code.replace_range(start..end, &" ".repeat(MARK.len()));
        }
    }
    Ok(Some(code))
}

/// Where marks are.
#[derive(Default)]
struct Marks {
    all: Vec<usize>,
    /// Where functions that wrap modules begin.
    fronts: HashSet<usize>,
}

impl<'a> Visit<'a> for Marks {
    fn visit_expression_statement(&mut self, statement: &ExpressionStatement<'a>) {
        if statement.expression.is_specific_id(MARK) {
            self.all.push(statement.span.start as usize);
        }
        walk::walk_expression_statement(self, statement);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if call.callee_name() == Some(WRAPPER)
            && let Some(argument) = call.arguments.first().and_then(|argument| argument.as_expression())
            && let Expression::ArrowFunctionExpression(function) = argument.without_parentheses()
            && let Some(first) = function.body.as_function_body().and_then(|body| body.statements.first())
        {
            self.fronts.insert(first.span().start as usize);
        }
        walk::walk_call_expression(self, call);
    }
}
