//! Rewrites glue so that nothing a script does to the builtins reaches it.
//!
//! Glue is written as plain JavaScript, and plain JavaScript asks objects that scripts can change at every turn: `list.push(x)` asks
//! `Array.prototype`, `for (… of list)` its iterator, `Map` the global object. So the text is rewritten, once per process, to ask the
//! realm's [primordials](crate::primordials) instead, which are its only parameter, `$`:
//!
//! | glue | becomes |
//! |---|---|
//! | `list.push(x)` | `$.push(list, x)`: the builtin, if that is what the receiver inherits |
//! | `map?.get(x)`, `bytes.byteLength` | `$["?get"](map, x)`, `$.get_byteLength(bytes)` |
//! | `new Map()`, `Object.keys(x)`, `String.prototype.trim` | `new $.Map()`, `$.Object_keys(x)`, `$.String_prototype_trim` |
//! | `const { min } = Math` | `const { min } = { min: $.Math_min }` |
//! | `for (const x of list)`, `f(...list)`, `const [a] = list` | the same of `$.iter(list)` |
//! | `([a, b]) =>` | `({0: a, 1: b}) =>` |
//! | `await promise`, `/x/`, `a instanceof B` | `await $.await(promise)`, `$.regexp(/x/)`, `$.instanceOf(a, B)` |
//! | `list[list.length] = x`, `a[b] = c` | `$.push(list, x)`, `$.put(a, b, c)`: a new property of a plain object is defined |
//! | `` `a${b}c` `` | `` $.concat(`a`, b, `c`) `` |
//! | `const SIZE = 3; a[SIZE] = b + SIZE` | `const SIZE = 3; a[3] = b + 3` |
//! | `f({ a })`, `(a = {}) =>` | `f({ __proto__: null, a })`, `(a = { __proto__: null }) =>` |
//!
//! A literal that is an argument inherits nothing, so that what it does not have is not looked for in `Object.prototype`; but those
//! that [some functions](HANDS_ON) hand on to scripts are as they are.
//!
//! Lines stay where they were. What must never happen: text that means something else unless a builtin was changed. What cannot
//! be rewritten (`yield*`, a rest element in a parameter) is refused.

mod visit;

use crate::primordials::Table;
use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};
use std::collections::{BTreeMap, BTreeSet};
use visit::is_in_chain;

/// What functions of glue are called that hand their arguments on to scripts.
const HANDS_ON: [&str; 11] =
    ["add", "call", "create", "enqueue", "freeze", "list", "namespace", "push", "resolve", "resolved", "resolvedWith"];

/// Glue that asks primordials.
pub(super) struct Hardened {
    /// A function of them.
    pub(super) source: String,
    /// The names of those that it asks for.
    pub(super) needs: Vec<String>,
}

/// Rewrites glue, which must be one expression, and may name the numbers that `constants` declares. The error says what cannot be
/// rewritten; `None` that it is not one expression of valid JavaScript.
pub(super) fn harden(source: &str, constants: &str, table: &Table) -> Option<Result<Hardened, String>> {
    let allocator = Allocator::default();
    let shared = Parser::new(&allocator, constants, SourceType::cjs()).parse().program;
    let parsed = Parser::new(&allocator, source, SourceType::cjs()).parse();
    let [Statement::ExpressionStatement(statement)] = parsed.program.body.as_slice() else { return None };
    if !parsed.diagnostics.is_empty() || !parsed.program.directives.is_empty() {
        return None;
    }
    let (shared, declared) = (Declared::by(&shared), Declared::by(&parsed.program));
    let mut numbers = shared.numbers(constants);
    numbers.retain(|name, _| !declared.times.contains_key(name));
    numbers.extend(declared.numbers(source));
    let mut rewriter = Rewriter {
        source,
        table,
        edits: Vec::new(),
        needs: BTreeSet::new(),
        refused: None,
        shadowed: declared.times.into_keys().collect(),
        numbers,
    };
    rewriter.visit_expression(&statement.expression);
    if let Some(refused) = rewriter.refused {
        return Some(Err(refused));
    }
    let end = statement.expression.span().end as usize;
    let source = format!("($) => ({}\n)", apply(&source[..end], rewriter.edits));
    Some(Ok(Hardened { source, needs: rewriter.needs.into_iter().collect() }))
}

/// The names that a program declares.
#[derive(Default)]
struct Declared {
    /// How often.
    times: BTreeMap<String, usize>,
    /// Constants that are declared as numbers, and where those are.
    numbers: Vec<(String, Span)>,
}

impl Declared {
    fn by(program: &Program<'_>) -> Declared {
        let mut declared = Declared::default();
        declared.visit_program(program);
        declared
    }

    /// The numbers of constants in capitals, as they are written.
    fn numbers(&self, source: &str) -> BTreeMap<String, String> {
        let is_constant = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let numbers = self.numbers.iter().filter(|(name, _)| is_constant(name) && self.times.get(name) == Some(&1));
        numbers.map(|(name, at)| (name.clone(), source[at.start as usize..at.end as usize].to_owned())).collect()
    }
}

impl<'s> Visit<'s> for Declared {
    fn visit_binding_identifier(&mut self, it: &BindingIdentifier<'s>) {
        *self.times.entry(it.name.to_string()).or_default() += 1;
    }

    fn visit_variable_declaration(&mut self, it: &VariableDeclaration<'s>) {
        for declarator in &it.declarations {
            if let (BindingPattern::BindingIdentifier(name), Some(Expression::NumericLiteral(number))) =
                (&declarator.id, &declarator.init)
                && it.kind == VariableDeclarationKind::Const
            {
                self.numbers.push((name.name.to_string(), number.span));
            }
        }
        walk::walk_variable_declaration(self, it);
    }
}

/// At one place, what ends comes first, then what begins, the outermost first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Close,
    Open,
    Replace,
}

struct Edit {
    start: usize,
    end: usize,
    order: Order,
    text: String,
}

fn apply(source: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.start, edit.order));
    let mut result = String::with_capacity(source.len() * 5 / 4);
    let mut at = 0;
    for edit in edits {
        result.push_str(&source[at..edit.start]);
        result.push_str(&edit.text);
        let lines = source[edit.start..edit.end].matches('\n').count() - edit.text.matches('\n').count();
        result.extend(std::iter::repeat_n('\n', lines));
        at = edit.end;
    }
    result.push_str(&source[at..]);
    result
}

struct Rewriter<'r> {
    source: &'r str,
    table: &'r Table,
    edits: Vec<Edit>,
    needs: BTreeSet<String>,
    refused: Option<String>,
    shadowed: BTreeSet<String>,
    numbers: BTreeMap<String, String>,
}

/// A builtin, or its prototype, as glue names it.
enum Named<'n> {
    Builtin(&'n str),
    Prototype(&'n str),
}

impl Named<'_> {
    /// What a function of it is called among the primordials.
    fn member(&self, name: &str) -> String {
        match self {
            Named::Builtin(class) => format!("{class}_{name}"),
            Named::Prototype(class) => format!("{class}_prototype_{name}"),
        }
    }

    /// Itself.
    fn text(&self) -> String {
        match self {
            Named::Builtin(class) => format!("$.{class}"),
            Named::Prototype(class) => format!("$.{class}.prototype"),
        }
    }
}

impl Rewriter<'_> {
    fn open(&mut self, at: u32, text: &str) {
        self.edit(at, at, Order::Open, text);
    }

    fn close(&mut self, at: u32, text: &str) {
        self.edit(at, at, Order::Close, text);
    }

    fn replace(&mut self, start: u32, end: u32, text: &str) {
        self.edit(start, end, Order::Replace, text);
    }

    fn edit(&mut self, start: u32, end: u32, order: Order, text: &str) {
        self.edits.push(Edit { start: start as usize, end: end as usize, order, text: text.to_owned() });
    }

    fn need(&mut self, name: &str) {
        self.needs.insert(name.to_owned());
    }

    fn refuse(&mut self, span: Span, what: &str) {
        let line = self.source[..span.start as usize].matches('\n').count() + 1;
        self.refused.get_or_insert_with(|| format!("{what} in line {line} of glue cannot be rewritten"));
    }

    /// Puts a call of a primordial around something.
    fn wrap(&mut self, span: Span, function: &str) {
        self.need(function);
        self.open(span.start, &format!("$.{function}("));
        self.close(span.end, ")");
    }

    /// The place behind the next occurrence of a character.
    fn behind(&self, from: u32, wanted: char) -> u32 {
        let found = self.source[from as usize..].find(wanted).unwrap_or(0);
        from + found as u32 + 1
    }

    /// What stands for a name where it is not the glue's own variable.
    fn instead_of(&mut self, name: &str) -> Option<String> {
        if let Some(number) = self.numbers.get(name) {
            return Some(number.clone());
        }
        self.is_builtin(name).then(|| {
            self.need(name);
            format!("$.{name}")
        })
    }

    fn is_builtin(&self, name: &str) -> bool {
        self.table.is_global(name) && !self.shadowed.contains(name)
    }

    fn named<'n>(&self, expression: &'n Expression<'_>) -> Option<Named<'n>> {
        match expression {
            Expression::Identifier(it) if self.is_builtin(&it.name) => Some(Named::Builtin(it.name.as_str())),
            Expression::StaticMemberExpression(member) if member.property.name == "prototype" => {
                match self.named(&member.object)? {
                    Named::Builtin(class) => Some(Named::Prototype(class)),
                    Named::Prototype(_) => None,
                }
            }
            _ => None,
        }
    }

    /// A function of a builtin or of its prototype.
    fn function_of(&self, object: &Expression<'_>, name: &str) -> Option<String> {
        let member = self.named(object)?.member(name);
        self.table.is_function(&member).then_some(member)
    }

    /// `a.b.m(…)`, where `m` is what some builtin calls a method.
    fn call_method(&mut self, it: &CallExpression<'_>, member: &StaticMemberExpression<'_>) {
        let is_optional = member.optional || is_in_chain(&member.object);
        let name = &member.property.name;
        let behind = self.behind(member.property.span.end, '(');
        let separator = if it.arguments.is_empty() { "" } else { ", " };
        if is_optional {
            self.need(&format!("?{name}"));
            self.open(it.span.start, &format!("$[\"?{name}\"]("));
        } else {
            self.need(name);
            self.open(it.span.start, &format!("$.{name}("));
        }
        self.visit_expression(&member.object);
        self.replace(member.object.span().end, behind, separator);
        self.visit_arguments(&it.arguments);
    }

    /// `Array.from(…)`, where `this` matters, or `Object.keys(…)`, where it does not.
    fn call_function(&mut self, it: &CallExpression<'_>, member: &StaticMemberExpression<'_>, function: &str) {
        self.need(function);
        match &member.object {
            Expression::Identifier(class) if self.table.takes_class(&class.name) => {
                self.need("call");
                self.need(&class.name);
                let separator = if it.arguments.is_empty() { "" } else { ", " };
                let text = format!("$.call($.{function}, $.{}{separator}", class.name);
                self.replace(it.span.start, self.behind(member.property.span.end, '('), &text);
            }
            _ => self.replace(member.span.start, member.span.end, &format!("$.{function}")),
        }
        if matches!(function, "Array_from" | "Object_fromEntries")
            && let Some(first) = it.arguments.first()
        {
            self.wrap(first.span(), "iter");
        }
        self.visit_arguments(&it.arguments);
    }

    /// A literal that is not to inherit anything.
    fn disinherit(&mut self, literal: &ObjectExpression<'_>) {
        let is_proto = |property: &ObjectPropertyKind<'_>| match property {
            ObjectPropertyKind::ObjectProperty(it) => {
                !it.computed && it.key.static_name().as_deref() == Some("__proto__")
            }
            ObjectPropertyKind::SpreadProperty(_) => false,
        };
        if !literal.properties.iter().any(is_proto) {
            let separator = if literal.properties.is_empty() { "" } else { ", " };
            self.open(literal.span.start + 1, &format!("__proto__: null{separator}"));
        }
    }

    fn disinherit_arguments(&mut self, callee: &Expression<'_>, arguments: &[Argument<'_>]) {
        let name = match callee {
            Expression::Identifier(it) => it.name.as_str(),
            Expression::StaticMemberExpression(it) => it.property.name.as_str(),
            _ => "",
        };
        for argument in arguments {
            match argument {
                Argument::ObjectExpression(literal) if !HANDS_ON.contains(&name) => self.disinherit(literal),
                _ => {}
            }
        }
    }

    fn disinherit_default(&mut self, default: &Expression<'_>) {
        if let Expression::ObjectExpression(literal) = default {
            self.disinherit(literal);
        }
    }

    fn visit_arguments(&mut self, arguments: &[Argument<'_>]) {
        for argument in arguments {
            self.visit_argument(argument);
        }
    }

    /// `{ a, b } = Math`.
    fn take_from(&mut self, pattern: &ObjectPattern<'_>, from: &Expression<'_>) -> bool {
        let Some(named) = self.named(from) else { return false };
        let mut taken = Vec::new();
        for property in &pattern.properties {
            let Some(name) = property.key.static_name() else { return false };
            let member = named.member(&name);
            if self.table.is_function(&member) {
                self.need(&member);
                taken.push(format!("{name}: $.{member}"));
            } else {
                let (Named::Builtin(class) | Named::Prototype(class)) = named;
                self.need(class);
                taken.push(format!("{name}: {}.{name}", named.text()));
            }
        }
        self.replace(from.span().start, from.span().end, &format!("{{ __proto__: null, {} }}", taken.join(", ")));
        true
    }

    /// The elements of a pattern whose list is asked for its iterator.
    fn visit_elements(&mut self, pattern: &ArrayPattern<'_>) {
        for element in pattern.elements.iter().flatten() {
            self.visit_binding_pattern(element);
        }
        if let Some(rest) = &pattern.rest {
            self.visit_binding_pattern(&rest.argument);
        }
    }

    fn visit_new(&mut self, it: &NewExpression<'_>, class: &str) {
        let callee = it.callee.span();
        self.need(class);
        match class {
            "Map" | "Set" | "WeakMap" | "WeakSet" if !it.arguments.is_empty() => {
                self.need("collection");
                self.open(it.span.start, "$.collection(");
                self.replace(callee.start, self.behind(callee.end, '('), &format!("$.{class}(), "));
                return self.visit_arguments(&it.arguments);
            }
            _ if self.table.is_typed_array(class) && it.arguments.len() == 1 => {
                self.wrap(it.arguments[0].span(), "list");
            }
            _ => {}
        }
        self.replace(callee.start, callee.end, &format!("$.{class}"));
        self.visit_arguments(&it.arguments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let table = Table::get().expect("a table of the builtins");
        let hardened = match harden(source, "const PLACE = 1;\nconst SIZE = 9;", table) {
            Some(Ok(hardened)) => hardened.source,
            Some(Err(refused)) => refused,
            None => "no expression".to_owned(),
        };
        let body = hardened.strip_prefix("($) => (").and_then(|rest| rest.strip_suffix("\n)"));
        assert_eq!(body.unwrap_or(&hardened), expected, "{source}");
    }

    #[test]
    fn builtins_are_primordials() {
        for (source, expected) in [
            ("a.push(b)", "$.push(a, b)"),
            ("a.pop()", "$.pop(a)"),
            ("a.b.slice(1).map((c) => c.trim())", "$.map($.slice(a.b, 1), (c) => $.trim(c))"),
            ("a.own(b).other", "a.own(b).other"),
            (
                "(class extends A { get(b) { return super.get(b) } })",
                "(class extends A { get(b) { return super.get(b) } })",
            ),
            ("a?.get(b)", "$[\"?get\"](a, b)"),
            ("a?.get(b)?.has(c).d", "$[\"?has\"]($[\"?get\"](a, b), c).d"),
            ("a?.b.c.get()", "$[\"?get\"](a?.b.c)"),
            ("a.size + b?.size", "$.get_size(a) + b?.size"),
            ("a.size = b.length", "a.size = b.length"),
            ("delete a.size", "delete a.size"),
            ("new Map()", "new $.Map()"),
            ("new Set(a)", "$.collection(new $.Set(), a)"),
            ("new Uint8Array([1])", "new $.Uint8Array($.list([1]))"),
            ("new Uint8Array(a, b, c)", "new $.Uint8Array(a, b, c)"),
            ("new RegExp(a)", "new $.RegExp(a)"),
            ("/a/u.test(b)", "$.test($.regexp(/a/u), b)"),
            ("Object.keys(a)", "$.Object_keys(a)"),
            ("Array.from(a)", "$.call($.Array_from, $.Array, $.iter(a))"),
            ("Promise.reject()", "$.call($.Promise_reject, $.Promise)"),
            ("parseInt(a) + Number(b)", "$.parseInt(a) + $.Number(b)"),
            ("[Map, TypedArray, globalThis]", "[$.Map, $.TypedArray, $.globalThis]"),
            ("({ Map, a: Set })", "({ Map: $.Map, a: $.Set })"),
            ("String.prototype.trim.call(a)", "$.call($.String_prototype_trim, a)"),
            ("Uint8Array.prototype.set", "$.Uint8Array_prototype_set"),
            ("Symbol.iterator", "$.Symbol.iterator"),
            ("((Map) => new Map())()", "((Map) => new Map())()"),
            ("a instanceof Error", "$.instanceOf(a, $.Error)"),
            ("f(...a)", "f(...$.iter(a))"),
            ("({ ...a })", "({ ...a })"),
            ("([a, , b = 1]) => a", "({0: a, 1: $unused1_1, 2: b = 1}) => a"),
            ("([a, ...b]) => a", "a rest element of a parameter in line 1 of glue cannot be rewritten"),
            ("() => { for (const [a, b] of c) d(a) }", "() => { for (const {0: a, 1: b} of $.iter(c)) d(a) }"),
            ("() => { const [a, ...b] = c }", "() => { const [a, ...b] = $.iter(c) }"),
            ("() => { [a, b] = [b, a] }", "() => { [a, b] = $.iter([b, a]) }"),
            ("() => { a[a.length] = b }", "() => { $.push(a, b) }"),
            (
                "() => { const { min, PI } = Math }",
                "() => { const { min, PI } = { __proto__: null, min: $.Math_min, PI: $.Math.PI } }",
            ),
            (
                "() => { const { call } = Function.prototype }",
                "() => { const { call } = { __proto__: null, call: $.Function_prototype_call } }",
            ),
            ("a[b.c] = d.pop()", "$.put(a, b.c, $.pop(d))"),
            ("a[b] += 1", "a[b] += 1"),
            ("a[PLACE] = [SIZE, { PLACE, SIZE: b.SIZE }]", "a[1] = [9, { PLACE: 1, SIZE: b.SIZE }]"),
            ("() => { const SIZE = 0x1_0; return SIZE + PLACE }", "() => { const SIZE = 0x1_0; return 0x1_0 + 1 }"),
            (
                "(SIZE) => { const A = 1; { const A = 2 }; a[A] = SIZE }",
                "(SIZE) => { const A = 1; { const A = 2 }; $.put(a, A, SIZE) }",
            ),
            ("() => { let A = 1; const b = 2; return A + b }", "() => { let A = 1; const b = 2; return A + b }"),
            ("A.prototype.b = c", "$.put(A.prototype, \"b\", c)"),
            (
                "f({ a }, new F({}), g.push({ b }))",
                "f({__proto__: null,  a }, new F({__proto__: null}), $.push(g, { b }))",
            ),
            (
                "(a = {}, { b = {} } = { __proto__: null }) => a",
                "(a = {__proto__: null}, { b = {__proto__: null} } = { __proto__: null }) => a",
            ),
            ("`a${b.pop()}c${d}`", "$.concat(`a`, $.pop(b), `c`, d)"),
            ("`a` + `${b}`", "`a` + $.concat(``, b)"),
            ("async (a) => await a", "async (a) => await $.await(a)"),
            ("a\n  .map(b)\n  .join()", "$.join($.map(a, \nb)\n)"),
            ("a; b", "no expression"),
        ] {
            check(source, expected);
        }
    }
}
