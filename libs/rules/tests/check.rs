//! Violations of a whole workspace.

use krepis_change::MemoryTree;
use krepis_rules::{
    Baseline, Config, Report, baseline_change, baseline_of, check, find_classes, load_config,
};

const POLICY: &str = r#"{ "schema": 1, "root": "src",
  "elements": [
    { "name": "domain", "files": ["src/domain/**"], "layer": "inner" },
    { "name": "http", "files": ["src/http/**"], "tags": ["outer"], "optional": true },
    { "name": "store", "files": ["src/store/**"], "tags": ["outer"], "optional": true }
  ],
  "rules": [
    { "id": "pure", "from": "layer:inner", "deny": ["tag:outer", "npm:*", "node:fs"], "why": "it must last" },
    { "id": "narrow", "from": "http", "allow": ["domain", "npm:fastify"], "fix": "ask the domain" }
  ] }"#;

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    MemoryTree::of(&[&[("krepis.json", POLICY)], files].concat())
}

fn report(tree: &MemoryTree) -> Report {
    check(tree, &load_config(tree).expect("a policy")).expect("a report")
}

/// `path:line:column rule target` of each violation.
fn lines(report: &Report) -> Vec<String> {
    let line = |one: &krepis_rules::Violation| {
        format!(
            "{}:{}:{} {} {}",
            one.path, one.line, one.column, one.rule, one.target
        )
    };
    report.violations.iter().map(line).collect()
}

#[test]
fn denied_and_not_allowed_dependencies_are_found_in_every_form() {
    let tree = tree(&[
        (
            "src/domain/a.ts",
            "import { s } from '../store/s.js';\nimport type { H } from '../http/h';\nimport x from 'zod/v4';\nimport 'node:fs/promises';\nimport path from 'path';\nimport './b.ts';\nexport * from '../store/s.ts';\nconst late = () => import('../store/s.ts');\n",
        ),
        ("src/domain/b.ts", ""),
        (
            "src/http/h.ts",
            "import 'fastify';\nimport 'zod';\nimport '../domain/a.ts';\nimport '../store/s.ts';\nimport './i.ts';\nimport '../../lib.ts';\nimport 'node:http';\n",
        ),
        ("src/http/i.ts", ""),
        ("src/store/s.ts", "import '../http/h.ts';\nimport 'pg';\n"),
        ("lib.ts", ""),
    ]);
    assert_eq!(
        lines(&report(&tree)),
        [
            "src/domain/a.ts:1:19 pure src/store/s.ts",
            "src/domain/a.ts:2:24 pure src/http/h.ts",
            "src/domain/a.ts:3:15 pure npm:zod",
            "src/domain/a.ts:4:8 pure node:fs/promises",
            "src/domain/a.ts:7:15 pure src/store/s.ts",
            "src/domain/a.ts:8:27 pure src/store/s.ts",
            "src/http/h.ts:2:8 narrow npm:zod",
            "src/http/h.ts:4:8 narrow src/store/s.ts",
            "src/http/h.ts:6:8 narrow lib.ts",
            "src/http/h.ts:7:8 narrow node:http",
        ]
    );
}

#[test]
fn a_violation_says_where_why_and_what_to_do() {
    let tree = tree(&[
        (
            "src/domain/a.ts",
            "// above\nimport { s } from '../store/s.js';\n",
        ),
        ("src/store/s.ts", ""),
        ("src/http/h.ts", "import 'zod';\n"),
    ]);
    let report = report(&tree);
    let failures: Vec<_> = report
        .violations
        .iter()
        .map(krepis_rules::Violation::to_failure)
        .collect();
    let first = &failures[0];
    assert_eq!((first.code.id, first.exit()), ("KRP3101", 4));
    assert_eq!(first.message, "`domain` must not depend on `store` (rule `pure`)");
    let at = first.at.as_ref().expect("a place");
    assert_eq!((at.path.as_str(), at.line, at.column), ("src/domain/a.ts", 2, 19));
    assert_eq!(
        first.reason.as_deref(),
        Some(
            "src/domain/a.ts imports '../store/s.js' (src/store/s.ts); rule `pure`: it must last\n1 | // above\n2 | import { s } from '../store/s.js';\n  |                   ^^^^^^^^^^^^^^^"
        )
    );
    assert_eq!(
        first.hint.as_deref(),
        Some(
            "let `domain` own an interface (or token) for what it needs, and provide the implementation from outside; `domain` may depend on itself only"
        )
    );
    assert_eq!(
        failures[1].message,
        "`http` is not allowed to depend on `npm:zod` (rule `narrow`)"
    );
    assert_eq!(failures[1].hint.as_deref(), Some("ask the domain"));
}

#[test]
fn what_nobody_can_know_is_counted_and_named() {
    let tree = tree(&[
        (
            "src/domain/a.ts",
            "import './gone';\nimport(where);\nimport '#none';\n",
        ),
        ("src/domain/b.ts", "export class {{{\n"),
        ("src/loose.ts", ""),
    ]);
    let report = report(&tree);
    assert!(report.violations.is_empty());
    assert_eq!(report.unknown.len(), 4);
    assert_eq!(report.unclassified.len(), 1);
    let notes = report.notes();
    assert!(
        notes.contains(&"unknown: src/domain/a.ts:1:8: './gone': no such file".to_owned()),
        "{notes:#?}"
    );
    assert!(notes.contains(&"unclassified: src/loose.ts belongs to no element of krepis.json".to_owned()));
    assert_eq!((report.files, report.edges), (3, 2));
}

#[test]
fn an_unclassified_file_is_an_error_only_where_the_policy_says_so() {
    let strict = POLICY.replacen("\"root\"", "\"unclassified\": \"error\", \"root\"", 1);
    let tree = MemoryTree::of(&[
        ("krepis.json", strict.as_str()),
        ("src/domain/a.ts", ""),
        ("src/loose.ts", ""),
        ("outside.ts", ""),
    ]);
    let report = report(&tree);
    assert_eq!(lines(&report), ["src/loose.ts:1:1 unclassified "]);
    assert_eq!(report.violations[0].to_failure().code.id, "KRP3103");
}

#[test]
fn the_first_element_that_matches_takes_the_file() {
    let policy = r#"{ "schema": 1, "elements": [
      { "name": "tests", "files": ["src/**/*.test.ts"] },
      { "name": "all", "files": ["src/**"] }
    ], "rules": [{ "id": "r", "from": "all", "deny": ["npm:*"] }] }"#;
    let tree = MemoryTree::of(&[
        ("krepis.json", policy),
        ("src/a.ts", "import 'x';"),
        ("src/a.test.ts", "import 'x';"),
    ]);
    assert_eq!(lines(&report(&tree)), ["src/a.ts:1:8 r npm:x"]);
}

#[test]
fn an_element_without_files_is_an_error_with_its_line() {
    let tree = tree(&[("src/http/h.ts", "")]);
    let failure = check(&tree, &load_config(&tree).expect("a policy")).expect_err("an empty element");
    assert_eq!((failure.code.id, failure.exit()), ("KRP3008", 2));
    assert_eq!(failure.at.as_ref().map(|at| at.line), Some(3));
    let shadowed = r#"{ "schema": 1, "elements": [{ "name": "a", "files": ["**"] }, { "name": "b", "files": ["src/**"] }] }"#;
    let tree = MemoryTree::of(&[("krepis.json", shadowed), ("src/a.ts", "")]);
    assert!(check(&tree, &load_config(&tree).expect("a policy")).is_err());
    let other = r#"{ "schema": 1, "elements": [{ "name": "texts", "files": ["docs/**"] }] }"#;
    let tree = MemoryTree::of(&[("krepis.json", other), ("docs/a.md", "")]);
    assert!(check(&tree, &load_config(&tree).expect("a policy")).is_ok());
}

#[test]
fn what_is_ignored_or_not_the_workspaces_own_is_not_analysed() {
    let policy = POLICY.replacen("\"root\"", "\"ignore\": [\"src/domain/gen/**\"], \"root\"", 1);
    let bad = "import 'x';";
    let tree = MemoryTree::of(&[
        ("krepis.json", policy.as_str()),
        ("src/domain/a.ts", ""),
        ("src/domain/gen/b.ts", bad),
        ("src/domain/dist/c.ts", bad),
        ("src/domain/.hidden/d.ts", bad),
        ("src/domain/readme.md", bad),
    ]);
    assert_eq!(report(&tree).files, 1);
}

#[test]
fn a_baseline_excuses_by_rule_file_and_target_and_names_what_is_mended() {
    let bad = "import '../store/s.ts';\nimport 'zod';\n";
    let mut files = vec![("src/domain/a.ts", bad), ("src/store/s.ts", "")];
    let before = tree(&files);
    let config = load_config(&before).expect("a policy");
    let found = check(&before, &config).expect("a report");
    let text = baseline_of(&found).print();
    assert_eq!(
        text,
        "{\n  \"schema\": 1,\n  \"violations\": [\n    { \"rule\": \"pure\", \"file\": \"src/domain/a.ts\", \"target\": \"npm:zod\" },\n    { \"rule\": \"pure\", \"file\": \"src/domain/a.ts\", \"target\": \"src/store/s.ts\" }\n  ]\n}\n"
    );
    let change = baseline_change(&before, &config, &found).expect("a change");
    assert_eq!(change.transitions[0].after.as_text(), Some(text.as_str()));

    files.push(("krepis.baseline.json", &text));
    files[0].1 = "// moved down\nimport '../store/s.ts';\nimport 'other';\n";
    let after = tree(&files);
    let found = check(&after, &config).expect("a report");
    assert_eq!(lines(&found), ["src/domain/a.ts:3:8 pure npm:other"]);
    assert_eq!(found.baselined, 1);
    assert_eq!(
        found
            .stale
            .iter()
            .map(|entry| entry.target.as_str())
            .collect::<Vec<_>>(),
        ["npm:zod"]
    );
    // Written again, the baseline keeps what is still there, takes in what is new, drops what is mended.
    let again = baseline_of(&found);
    let targets: Vec<_> = again.0.iter().map(|entry| entry.target.as_str()).collect();
    assert_eq!(targets, ["npm:other", "src/store/s.ts"]);
    // And it is taken away when nothing is left to excuse.
    files[0].1 = "";
    let mended = tree(&files);
    let change =
        baseline_change(&mended, &config, &check(&mended, &config).expect("a report")).expect("a change");
    assert!(change.transitions[0].after.is_absent());
}

#[test]
fn a_malformed_baseline_is_an_error_with_its_line() {
    for text in [
        "{",
        "{\n\"schema\": 1, \"violations\": [{}] }",
        "{ \"schema\": 2, \"violations\": [] }",
        "{ \"schema\": 1, \"violations\": [], \"x\": 1 }",
    ] {
        let failure = Baseline::parse(text, "krepis.baseline.json").expect_err(text);
        assert_eq!((failure.code.id, failure.exit()), ("KRP3010", 2));
    }
    let tree = tree(&[("src/domain/a.ts", ""), ("krepis.baseline.json", "[]")]);
    assert!(check(&tree, &load_config(&tree).expect("a policy")).is_err());
}

#[test]
fn classes_are_found_by_name_wherever_they_are() {
    let tree = tree(&[
        ("src/domain/a.ts", "export class Order {}\n"),
        ("src/domain/a.test.ts", "// class Order\nclass Order {}\n"),
        (
            "src/domain/b.ts",
            "const text = 'class Order {}';\nexport class OrderLine {}\n",
        ),
        ("src/domain/c.d.ts", "export declare class Order {}\n"),
        ("other/d.ts", "class Order {}\n"),
    ]);
    let config = load_config(&tree).expect("a policy");
    let found = |config: &Config| -> Vec<String> {
        let sites = find_classes(&tree, config, "Order").expect("sites");
        sites
            .iter()
            .map(|site| format!("{}:{}:{} {}", site.path, site.line, site.column, site.exported))
            .collect()
    };
    assert_eq!(
        found(&config),
        ["src/domain/a.test.ts:2:7 false", "src/domain/a.ts:1:14 true"]
    );
    assert_eq!(
        found(&Config::default()),
        [
            "other/d.ts:1:7 false",
            "src/domain/a.test.ts:2:7 false",
            "src/domain/a.ts:1:14 true"
        ]
    );
}
