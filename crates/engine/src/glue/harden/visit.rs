//! The walk over glue: which edits each piece of syntax gets.

use super::Rewriter;
use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};

/// Whether evaluating this may end early at a `?.`.
pub(super) fn is_in_chain(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::StaticMemberExpression(it) => it.optional || is_in_chain(&it.object),
        Expression::ComputedMemberExpression(it) => it.optional || is_in_chain(&it.object),
        Expression::PrivateFieldExpression(it) => it.optional || is_in_chain(&it.object),
        Expression::CallExpression(it) => it.optional || is_in_chain(&it.callee),
        _ => false,
    }
}

impl<'s> Visit<'s> for Rewriter<'_> {
    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'s>) {
        if let Some(text) = self.instead_of(&it.name) {
            self.replace(it.span.start, it.span.end, &text);
        }
    }

    fn visit_expression(&mut self, it: &Expression<'s>) {
        let Expression::StaticMemberExpression(member) = it else { return walk::walk_expression(self, it) };
        let name = member.property.name.as_str();
        if let Some(function) = self.function_of(&member.object, name) {
            self.need(&function);
            self.replace(member.span.start, member.span.end, &format!("$.{function}"));
        } else if self.table.is_getter(name) && !member.optional && !is_in_chain(&member.object) && !is_super(member) {
            let getter = format!("get_{name}");
            self.need(&getter);
            self.open(member.span.start, &format!("$.{getter}("));
            self.visit_expression(&member.object);
            self.replace(member.object.span().end, member.span.end, ")");
        } else {
            walk::walk_expression(self, it);
        }
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'s>) {
        if let Some(default) = &it.initializer {
            self.disinherit_default(default);
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_assignment_pattern(&mut self, it: &AssignmentPattern<'s>) {
        self.disinherit_default(&it.right);
        walk::walk_assignment_pattern(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'s>) {
        self.disinherit_arguments(&it.callee, &it.arguments);
        let Expression::StaticMemberExpression(member) = &it.callee else {
            return walk::walk_call_expression(self, it);
        };
        let name = member.property.name.as_str();
        if let Some(function) = self.function_of(&member.object, name) {
            self.call_function(it, member, &function);
        } else if self.table.is_method(name) && !it.optional && !is_super(member) {
            self.call_method(it, member);
        } else {
            // What is called stays a property, so that `this` is what it was.
            self.visit_expression(&member.object);
            self.visit_arguments(&it.arguments);
        }
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'s>) {
        self.disinherit_arguments(&it.callee, &it.arguments);
        match &it.callee {
            Expression::Identifier(class) if self.is_builtin(&class.name) => self.visit_new(it, class.name.as_str()),
            _ => walk::walk_new_expression(self, it),
        }
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'s>) {
        match &it.value {
            Expression::Identifier(value) if it.shorthand => {
                if let Some(text) = self.instead_of(&value.name) {
                    self.replace(it.span.start, it.span.end, &format!("{}: {text}", value.name));
                }
            }
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_object_expression(&mut self, it: &ObjectExpression<'s>) {
        for property in &it.properties {
            match property {
                ObjectPropertyKind::ObjectProperty(property) => self.visit_object_property(property),
                ObjectPropertyKind::SpreadProperty(spread) => self.visit_expression(&spread.argument),
            }
        }
    }

    fn visit_spread_element(&mut self, it: &SpreadElement<'s>) {
        self.wrap(it.argument.span(), "iter");
        self.visit_expression(&it.argument);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'s>) {
        if !it.r#await {
            self.wrap(it.right.span(), "iter");
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'s>) {
        match (&it.id, &it.init) {
            (BindingPattern::ObjectPattern(pattern), Some(init)) if self.take_from(pattern, init) => {}
            (BindingPattern::ArrayPattern(pattern), Some(init)) => {
                self.visit_elements(pattern);
                self.wrap(init.span(), "iter");
                self.visit_expression(init);
            }
            _ => walk::walk_variable_declarator(self, it),
        }
    }

    fn visit_array_pattern(&mut self, it: &ArrayPattern<'s>) {
        if it.rest.is_some() {
            self.refuse(it.span, "a rest element of a parameter");
        }
        self.replace(it.span.start, it.span.start + 1, "{");
        let mut at = it.span.start + 1;
        for (index, element) in it.elements.iter().enumerate() {
            match element {
                Some(element) => {
                    self.open(element.span().start, &format!("{index}: "));
                    self.visit_binding_pattern(element);
                    at = element.span().end;
                }
                None => self.open(self.behind(at, ',') - 1, &format!("{index}: $unused{}_{index}", it.span.start)),
            }
            at = self.behind(at, ',').min(it.span.end);
        }
        self.replace(it.span.end - 1, it.span.end, "}");
    }

    fn visit_array_assignment_target(&mut self, it: &ArrayAssignmentTarget<'s>) {
        self.refuse(it.span, "a list as a target within another");
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'s>) {
        match &it.left {
            AssignmentTarget::ArrayAssignmentTarget(targets) => {
                for target in targets.elements.iter().flatten() {
                    self.visit_assignment_target_maybe_default(target);
                }
                self.wrap(it.right.span(), "iter");
                self.visit_expression(&it.right);
            }
            AssignmentTarget::ComputedMemberExpression(member) if self.is_append(member, it.operator) => {
                self.need("push");
                self.open(it.span.start, "$.push(");
                self.visit_expression(&member.object);
                self.replace(member.object.span().end, it.right.span().start, ", ");
                self.visit_expression(&it.right);
                self.close(it.right.span().end, ")");
            }
            AssignmentTarget::StaticMemberExpression(member) if is_of_prototype(member, it.operator) => {
                self.need("put");
                self.open(it.span.start, "$.put(");
                self.visit_expression(&member.object);
                let key = format!(", {:?}, ", member.property.name.as_str());
                self.replace(member.object.span().end, it.right.span().start, &key);
                self.visit_expression(&it.right);
                self.close(it.right.span().end, ")");
            }
            AssignmentTarget::ComputedMemberExpression(member)
                if it.operator == AssignmentOperator::Assign && !self.is_place(&member.expression) =>
            {
                self.need("put");
                self.open(it.span.start, "$.put(");
                self.visit_expression(&member.object);
                self.replace(member.object.span().end, member.expression.span().start, ", ");
                self.visit_expression(&member.expression);
                self.replace(member.expression.span().end, it.right.span().start, ", ");
                self.visit_expression(&it.right);
                self.close(it.right.span().end, ")");
            }
            _ => walk::walk_assignment_expression(self, it),
        }
    }

    fn visit_await_expression(&mut self, it: &AwaitExpression<'s>) {
        self.wrap(it.argument.span(), "await");
        self.visit_expression(&it.argument);
    }

    fn visit_yield_expression(&mut self, it: &YieldExpression<'s>) {
        if it.delegate {
            self.refuse(it.span, "yield*");
        }
        walk::walk_yield_expression(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'s>) {
        self.wrap(it.span, "regexp");
    }

    /// The engine has `String.prototype.concat` put one together.
    fn visit_template_literal(&mut self, it: &TemplateLiteral<'s>) {
        if it.expressions.is_empty() {
            return;
        }
        self.need("concat");
        let mut at = it.span.start;
        for (index, quasi) in it.quasis.iter().enumerate() {
            let is_last = index + 1 == it.quasis.len();
            let text = quasi.value.raw.as_str();
            let part = match (index, text.is_empty()) {
                (0, _) => format!("$.concat(`{text}`, "),
                (_, true) if is_last => ")".to_owned(),
                (_, true) => ", ".to_owned(),
                (_, false) if is_last => format!(", `{text}`)"),
                (_, false) => format!(", `{text}`, "),
            };
            let end = it.expressions.get(index).map_or(it.span.end, |expression| expression.span().start);
            self.replace(at, end, &part);
            if let Some(expression) = it.expressions.get(index) {
                self.visit_expression(expression);
                at = expression.span().end;
            }
        }
    }

    fn visit_tagged_template_expression(&mut self, it: &TaggedTemplateExpression<'s>) {
        self.refuse(it.span, "a tagged template");
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'s>) {
        match &it.argument {
            Expression::StaticMemberExpression(member) if it.operator == UnaryOperator::Delete => {
                self.visit_expression(&member.object);
            }
            _ => walk::walk_unary_expression(self, it),
        }
    }

    fn visit_binary_expression(&mut self, it: &BinaryExpression<'s>) {
        if it.operator != BinaryOperator::Instanceof {
            return walk::walk_binary_expression(self, it);
        }
        self.wrap(it.span, "instanceOf");
        self.visit_expression(&it.left);
        self.replace(it.left.span().end, it.right.span().start, ", ");
        self.visit_expression(&it.right);
    }
}

impl Rewriter<'_> {
    /// `list[list.length] = …`.
    fn is_append(&self, target: &ComputedMemberExpression<'_>, operator: AssignmentOperator) -> bool {
        let text = |span: Span| &self.source[span.start as usize..span.end as usize];
        match &target.expression {
            Expression::StaticMemberExpression(length) => {
                operator == AssignmentOperator::Assign
                    && length.property.name == "length"
                    && text(length.object.span()) == text(target.object.span())
            }
            _ => false,
        }
    }

    /// A number that has a name.
    fn is_place(&self, expression: &Expression<'_>) -> bool {
        matches!(expression, Expression::Identifier(name) if self.numbers.contains_key(name.name.as_str()))
    }
}

/// `Class.prototype.member = …`.
fn is_of_prototype(target: &StaticMemberExpression<'_>, operator: AssignmentOperator) -> bool {
    match &target.object {
        Expression::StaticMemberExpression(it) => {
            operator == AssignmentOperator::Assign && it.property.name == "prototype"
        }
        _ => false,
    }
}

fn is_super(member: &StaticMemberExpression<'_>) -> bool {
    matches!(member.object, Expression::Super(_))
}
