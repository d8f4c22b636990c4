//! What `krepis init` writes for projects as they are.

use krepis_change::{MemoryTree, WorkspacePath};
use krepis_rules::{Config, check, propose_config};

const NEST: &str = r#"{ "dependencies": { "@nestjs/common": "^12.0.0", "@nestjs/core": "^12.0.0" } }"#;

/// Element of each path, by the proposal; the proposal must be valid and hold.
fn classified(files: &[(&str, &str)]) -> (Vec<String>, Config, Vec<String>) {
    let tree = MemoryTree::of(files);
    let text = propose_config(&tree).expect("a proposal");
    let config = Config::parse(&text, "krepis.json").unwrap_or_else(|failure| panic!("{failure}: {text}"));
    let report = check(&tree, &config).expect("every element has files or is optional");
    assert!(report.unclassified.is_empty(), "{:?}", report.unclassified);
    let elements = files
        .iter()
        .filter_map(|(path, _)| {
            let element = config.element_of(&WorkspacePath::parse(path).expect("a path"))?;
            Some(format!("{path} {}", config.elements[element].name))
        })
        .collect();
    let violations = report
        .violations
        .iter()
        .map(|one| format!("{} {} {}", one.path, one.rule, one.target))
        .collect();
    (elements, config, violations)
}

#[test]
fn a_project_of_nest_new_is_clean_and_guards_its_controllers() {
    let (elements, config, violations) = classified(&[
        ("package.json", NEST),
        (
            "src/main.ts",
            "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module.js';\n",
        ),
        (
            "src/app.module.ts",
            "import { AppController } from './app.controller.js';\nimport { AppService } from './app.service.js';\n",
        ),
        (
            "src/app.controller.ts",
            "import { AppService } from './app.service.js';\n",
        ),
        (
            "src/app.controller.spec.ts",
            "import { AppController } from './app.controller.js';\nimport { AppService } from './app.service.js';\n",
        ),
        (
            "src/app.service.ts",
            "import { Injectable } from '@nestjs/common';\n",
        ),
        ("test/app.e2e-spec.ts", "import '../src/app.module.js';\n"),
    ]);
    assert_eq!(
        elements,
        [
            "src/main.ts app",
            "src/app.module.ts app",
            "src/app.controller.ts http",
            "src/app.controller.spec.ts tests",
            "src/app.service.ts services",
        ]
    );
    assert_eq!(violations, [] as [&str; 0]);
    let ids: Vec<&str> = config.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "http-goes-through-services",
            "services-know-no-http",
            "infrastructure-knows-no-http"
        ]
    );
}

#[test]
fn a_grown_project_has_its_violations_for_the_baseline() {
    let (_, _, violations) = classified(&[
        ("package.json", NEST),
        (
            "src/users/users.controller.ts",
            "import { User } from './user.entity';\nimport { UsersRepository } from './users.repository';\n",
        ),
        ("src/users/user.entity.ts", "import 'typeorm';\n"),
        ("src/users/users.repository.ts", ""),
        (
            "src/users/users.service.ts",
            "import { UsersRepository } from './users.repository';\n",
        ),
    ]);
    assert_eq!(
        violations,
        [
            "src/users/users.controller.ts http-goes-through-services src/users/user.entity.ts",
            "src/users/users.controller.ts http-goes-through-services src/users/users.repository.ts",
        ]
    );
}

#[test]
fn hexagonal_folders_get_layers_and_a_pure_domain() {
    let (elements, config, violations) = classified(&[
        ("package.json", "{}"),
        ("src/orders/domain/order.ts", ""),
        (
            "src/orders/application/place.ts",
            "import '../domain/order.ts';\nimport '../infrastructure/memory.ts';\n",
        ),
        (
            "src/orders/infrastructure/memory.ts",
            "import '../domain/order.ts';\nimport 'node:fs';\n",
        ),
        ("src/orders/http/routes.ts", "import '../application/place.ts';\n"),
        (
            "src/orders/orders.module.ts",
            "import './http/routes.ts';\nimport './infrastructure/memory.ts';\n",
        ),
        (
            "src/orders/domain/order.test.ts",
            "import '../infrastructure/memory.ts';\n",
        ),
    ]);
    assert_eq!(
        elements,
        [
            "src/orders/domain/order.ts domain",
            "src/orders/application/place.ts application",
            "src/orders/infrastructure/memory.ts infrastructure",
            "src/orders/http/routes.ts http",
            "src/orders/orders.module.ts app",
            "src/orders/domain/order.test.ts tests",
        ]
    );
    assert_eq!(
        violations,
        ["src/orders/application/place.ts application-knows-ports-only src/orders/infrastructure/memory.ts"]
    );
    assert!(config.rules.iter().any(|rule| rule.id == "domain-is-pure"));
}

#[test]
fn a_domain_full_of_packages_is_not_called_free_of_them() {
    let (_, _, violations) = classified(&[
        ("src/domain/a.ts", "import 'zod';\n"),
        ("src/domain/b.ts", "import 'zod';\nimport 'node:crypto';\n"),
        ("src/domain/c.ts", ""),
        ("src/domain/d.ts", ""),
    ]);
    assert_eq!(violations, ["src/domain/b.ts domain-is-pure node:crypto"]);
}

#[test]
fn anything_else_is_one_element() {
    for files in [
        &[("package.json", "{}")][..],
        &[("src/a.ts", "")],
        &[("index.js", ""), ("lib/b.js", "require('../index')")],
        &[("src/readme.md", ""), ("app.ts", "")],
    ] {
        let (_, config, violations) = classified(files);
        assert_eq!(
            config
                .elements
                .iter()
                .map(|element| element.name.as_str())
                .collect::<Vec<_>>(),
            ["app"]
        );
        assert_eq!(violations, [] as [&str; 0]);
    }
}
