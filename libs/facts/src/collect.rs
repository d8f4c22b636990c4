//! From the syntax tree to facts.

use oxc_ast::ast::{
    Argument, BindingPattern, CallExpression, Class, ClassElement, Declaration, Decorator,
    ExportAllDeclaration, ExportDeclaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    ExportFromDeclaration, ExportNamedDeclaration, Expression, FormalParameter, ImportDeclaration,
    ImportDeclarationSpecifier, ImportExpression, MethodDefinitionKind, Program, Statement,
    TSExportAssignment, TSImportEqualsDeclaration, TSImportType, TSModuleReference, TSType, TSTypeName,
    VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};

use crate::facts::{
    Class as ClassFact, Dependency, DependencyKind, Export, Facts, Import, ImportKind, ImportedName,
};
use crate::{Lines, Place};

pub fn collect(program: &Program<'_>, offset: u32, lines: &Lines<'_>) -> Facts {
    let mut collector = Collector {
        offset,
        lines,
        facts: Facts::default(),
        bound: None,
    };
    for statement in &program.body {
        if let Statement::TSExportAssignment(assignment) = statement {
            collector.export_assignment(assignment);
        }
    }
    collector.visit_program(program);
    let mut facts = collector.facts;
    for class in &mut facts.classes {
        class.exported |= facts.exports.iter().any(|export| {
            export
                .local
                .as_deref()
                .is_some_and(|local| local == class.name && !local.is_empty())
        });
    }
    facts
}

struct Collector<'l, 't> {
    offset: u32,
    lines: &'l Lines<'t>,
    facts: Facts,
    /// The variable whose initialiser comes next: the name of an anonymous class there.
    bound: Option<(String, Span)>,
}

impl Collector<'_, '_> {
    fn place(&self, span: Span) -> Place {
        self.lines.place(span.start + self.offset, span.end + self.offset)
    }

    fn import(
        &mut self,
        kind: ImportKind,
        source: (&str, Span),
        statement: Span,
        type_only: bool,
        names: Vec<ImportedName>,
    ) {
        let at = self.place(source.1);
        self.facts.imports.push(Import {
            kind,
            specifier: source.0.to_owned(),
            type_only,
            names,
            at,
            start: statement.start + self.offset,
            end: statement.end + self.offset,
        });
    }

    fn export(&mut self, name: &str, local: Option<&str>, type_only: bool, span: Span) {
        let at = self.place(span);
        self.facts.exports.push(Export {
            name: name.to_owned(),
            local: local.map(str::to_owned),
            type_only,
            at,
        });
    }

    fn export_assignment(&mut self, assignment: &TSExportAssignment<'_>) {
        let local = dotted(&assignment.expression);
        self.export("=", local.as_deref(), false, assignment.span);
    }

    /// A module named by an expression: a literal, or nobody knows what.
    fn loaded(&mut self, kind: ImportKind, argument: &Expression<'_>, whole: Span) {
        if let Some(source) = literal(argument) {
            self.import(kind, (&source, argument.span()), whole, false, Vec::new());
        } else {
            let place = self.place(argument.span());
            self.facts.opaque_imports.push(place);
        }
    }

    fn exported_declaration(&mut self, declaration: &Declaration<'_>, type_only: bool) {
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for declarator in &variables.declarations {
                    let mut names = Vec::new();
                    bound_names(&declarator.id, &mut names);
                    for (name, span) in names {
                        self.export(&name, Some(&name), type_only, span);
                    }
                }
            }
            other => {
                if let Some(id) = other.id() {
                    self.export(&id.name, Some(&id.name), type_only, id.span);
                }
            }
        }
    }

    fn class(&self, class: &Class<'_>, bound: Option<(String, Span)>) -> ClassFact {
        let (name, span) = class
            .id
            .as_ref()
            .map(|id| (id.name.to_string(), id.span))
            .or(bound)
            .unwrap_or_else(|| (String::new(), class.span));
        let mut fact = ClassFact {
            name,
            at: self.place(span),
            exported: false,
            is_abstract: class.r#abstract,
            extends: class
                .heritage
                .as_ref()
                .and_then(|heritage| dotted(&heritage.expression)),
            decorators: class.decorators.iter().filter_map(decorator_name).collect(),
            methods: Vec::new(),
            dependencies: Vec::new(),
        };
        for element in &class.body.body {
            match element {
                ClassElement::MethodDefinition(method)
                    if method.kind == MethodDefinitionKind::Constructor =>
                {
                    // Of overloads only the implementation has a body; a declaration file has none at all.
                    if method.value.body.is_some() || fact.dependencies.is_empty() {
                        fact.dependencies
                            .retain(|dependency| dependency.kind != DependencyKind::Constructor);
                        let given: Vec<Dependency> = method
                            .value
                            .params
                            .items
                            .iter()
                            .map(|parameter| self.parameter(parameter))
                            .collect();
                        fact.dependencies.extend(given);
                    }
                }
                ClassElement::MethodDefinition(method) => {
                    if let Some(name) = method.key.name() {
                        let name = name.into_owned();
                        if !fact.methods.contains(&name) {
                            fact.methods.push(name);
                        }
                    }
                }
                ClassElement::PropertyDefinition(property) => {
                    let name = property.key.name().unwrap_or_default();
                    fact.dependencies
                        .extend(self.injected(&name, property.value.as_ref()));
                }
                ClassElement::AccessorProperty(property) => {
                    let name = property.key.name().unwrap_or_default();
                    fact.dependencies
                        .extend(self.injected(&name, property.value.as_ref()));
                }
                ClassElement::StaticBlock(_) | ClassElement::TSIndexSignature(_) => {}
            }
        }
        fact
    }

    fn parameter(&self, parameter: &FormalParameter<'_>) -> Dependency {
        let name = match &parameter.pattern {
            BindingPattern::BindingIdentifier(id) => id.name.to_string(),
            _ => String::new(),
        };
        let decorated = parameter
            .decorators
            .iter()
            .find_map(|decorator| match &decorator.expression {
                Expression::CallExpression(call)
                    if dotted(&call.callee).is_some_and(|name| last(&name) == "Inject") =>
                {
                    call.arguments.first().and_then(argument_name)
                }
                _ => None,
            });
        let token = decorated.or_else(|| {
            parameter
                .type_annotation
                .as_ref()
                .and_then(|annotation| type_name(&annotation.type_annotation))
        });
        Dependency {
            kind: DependencyKind::Constructor,
            name,
            token,
            at: self.place(parameter.span),
        }
    }

    /// `x = inject(X)`, also as `inject(X, { optional: true })` and `inject(X)!`.
    fn injected(&self, name: &str, value: Option<&Expression<'_>>) -> Option<Dependency> {
        let Expression::CallExpression(call) = value?.get_inner_expression() else {
            return None;
        };
        if last(&dotted(&call.callee)?) != "inject" {
            return None;
        }
        Some(Dependency {
            kind: DependencyKind::Inject,
            name: name.to_owned(),
            token: call.arguments.first().and_then(argument_name),
            at: self.place(call.span),
        })
    }
}

impl<'a> Visit<'a> for Collector<'_, '_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let whole_is_type = it.import_kind.is_type();
        let mut names = Vec::new();
        for specifier in it.specifiers.iter().flatten() {
            let (imported, type_only) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (one.imported.name().to_string(), one.import_kind.is_type())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => ("default".to_owned(), false),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => ("*".to_owned(), false),
            };
            names.push(ImportedName {
                imported,
                local: specifier.name().to_string(),
                type_only: whole_is_type || type_only,
            });
        }
        let type_only = whole_is_type || !names.is_empty() && names.iter().all(|name| name.type_only);
        self.import(
            ImportKind::Static,
            (&it.source.value, it.source.span),
            it.span,
            type_only,
            names,
        );
    }

    fn visit_export_from_declaration(&mut self, it: &ExportFromDeclaration<'a>) {
        let whole_is_type = it.export_kind.is_type();
        let mut names = Vec::new();
        for specifier in &it.specifiers {
            let type_only = whole_is_type || specifier.export_kind.is_type();
            let exported = specifier.exported.name().to_string();
            self.export(&exported, None, type_only, specifier.span);
            names.push(ImportedName {
                imported: specifier.local.name().to_string(),
                local: exported,
                type_only,
            });
        }
        let type_only = whole_is_type || !names.is_empty() && names.iter().all(|name| name.type_only);
        self.import(
            ImportKind::ReExport,
            (&it.source.value, it.source.span),
            it.span,
            type_only,
            names,
        );
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        let type_only = it.export_kind.is_type();
        let name = it.exported.as_ref().map(|name| name.name().to_string());
        self.export(name.as_deref().unwrap_or("*"), None, type_only, it.span);
        self.import(
            ImportKind::ReExport,
            (&it.source.value, it.source.span),
            it.span,
            type_only,
            Vec::new(),
        );
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        for specifier in &it.specifiers {
            let type_only = it.export_kind.is_type() || specifier.export_kind.is_type();
            let (local, exported) = (specifier.local.name(), specifier.exported.name());
            self.export(&exported, Some(&local), type_only, specifier.span);
        }
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        self.exported_declaration(&it.declaration, it.export_kind().is_type());
        walk::walk_export_declaration(self, it);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        let local = match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                function.id.as_ref().map(|id| id.name.to_string())
            }
            ExportDefaultDeclarationKind::ClassDeclaration(class) => {
                class.id.as_ref().map(|id| id.name.to_string())
            }
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => {
                Some(interface.id.name.to_string())
            }
            other => other.as_expression().and_then(dotted),
        };
        let type_only = matches!(
            it.declaration,
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_)
        );
        self.export("default", local.as_deref(), type_only, it.span);
        let before = self.facts.classes.len();
        walk::walk_export_default_declaration(self, it);
        if matches!(it.declaration, ExportDefaultDeclarationKind::ClassDeclaration(_))
            && let Some(class) = self.facts.classes.get_mut(before)
        {
            class.exported = true;
        }
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        if let TSModuleReference::ExternalModuleReference(reference) = &it.module_reference {
            let type_only = it.import_kind.is_type();
            let names = vec![ImportedName {
                imported: "=".to_owned(),
                local: it.id.name.to_string(),
                type_only,
            }];
            let source = (reference.expression.value.as_str(), reference.expression.span);
            self.import(ImportKind::ImportEquals, source, it.span, type_only, names);
        }
    }

    fn visit_ts_import_type(&mut self, it: &TSImportType<'a>) {
        self.import(
            ImportKind::TypeQuery,
            (&it.source.value, it.source.span),
            it.span,
            true,
            Vec::new(),
        );
        walk::walk_ts_import_type(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        self.loaded(ImportKind::Dynamic, &it.source, it.span);
        walk::walk_import_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        let requires = match it.callee.get_inner_expression() {
            Expression::Identifier(callee) => callee.name == "require",
            callee @ Expression::StaticMemberExpression(_) => {
                dotted(callee).as_deref() == Some("require.resolve")
            }
            _ => false,
        };
        if requires && let Some(argument) = it.arguments.first().and_then(Argument::as_expression) {
            self.loaded(ImportKind::Require, argument, it.span);
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(id), Some(Expression::ClassExpression(_))) =
            (&it.id, &it.init)
        {
            self.bound = Some((id.name.to_string(), id.span));
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        let bound = self.bound.take();
        let fact = self.class(it, bound);
        self.facts.classes.push(fact);
        walk::walk_class(self, it);
    }
}

fn literal(expression: &Expression<'_>) -> Option<String> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(literal) => Some(literal.value.to_string()),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => template
            .quasis
            .first()
            .and_then(|quasi| quasi.value.cooked.as_ref())
            .map(ToString::to_string),
        _ => None,
    }
}

fn bound_names(pattern: &BindingPattern<'_>, names: &mut Vec<(String, Span)>) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => names.push((id.name.to_string(), id.span)),
        BindingPattern::ObjectPattern(object) => {
            for property in &object.properties {
                bound_names(&property.value, names);
            }
            if let Some(rest) = &object.rest {
                bound_names(&rest.argument, names);
            }
        }
        BindingPattern::ArrayPattern(array) => {
            for element in array.elements.iter().flatten() {
                bound_names(element, names);
            }
            if let Some(rest) = &array.rest {
                bound_names(&rest.argument, names);
            }
        }
        BindingPattern::AssignmentPattern(assignment) => bound_names(&assignment.left, names),
    }
}

fn decorator_name(decorator: &Decorator<'_>) -> Option<String> {
    match decorator.expression.get_inner_expression() {
        Expression::CallExpression(call) => dotted(&call.callee),
        other => dotted(other),
    }
}

/// `a`, `a.b.c`; nothing else has a name.
fn dotted(expression: &Expression<'_>) -> Option<String> {
    match expression.get_inner_expression() {
        Expression::Identifier(id) => Some(id.name.to_string()),
        Expression::StaticMemberExpression(member) => {
            Some(format!("{}.{}", dotted(&member.object)?, member.property.name))
        }
        _ => None,
    }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The token named by an argument: an identifier, `forwardRef(() => X)`, or a string.
fn argument_name(argument: &Argument<'_>) -> Option<String> {
    let expression = argument.as_expression()?.get_inner_expression();
    match expression {
        Expression::CallExpression(call)
            if dotted(&call.callee).is_some_and(|name| last(&name) == "forwardRef") =>
        {
            match call.arguments.first()?.as_expression()? {
                Expression::ArrowFunctionExpression(arrow) => arrow.get_expression().and_then(dotted),
                _ => None,
            }
        }
        Expression::StringLiteral(literal) => Some(literal.value.to_string()),
        other => dotted(other),
    }
}

fn type_name(annotation: &TSType<'_>) -> Option<String> {
    fn name_of(name: &TSTypeName<'_>) -> Option<String> {
        match name {
            TSTypeName::IdentifierReference(id) => Some(id.name.to_string()),
            TSTypeName::QualifiedName(qualified) => {
                Some(format!("{}.{}", name_of(&qualified.left)?, qualified.right.name))
            }
            TSTypeName::ThisExpression(_) => None,
        }
    }
    match annotation {
        TSType::TSTypeReference(reference) => name_of(&reference.type_name),
        _ => None,
    }
}
