//! Rules on edges between projects, whatever language they are in.

use krepis_change::{Change, Failure, FileState, MemoryTree, Transition, WorkspacePath};
use krepis_rules::{
    Config, ProjectGraph, Report, Violation, baseline_change, check, check_graph, gate, load_config,
};

/// ui -> core -> native (an addon) -> crates/engine, with messages beside.
const POLICY: &str = r#"{ "schema": 1,
  "elements": [
    { "name": "ui", "projects": ["packages/ui"], "tags": ["scope:ui"] },
    { "name": "core", "projects": ["packages/core"] },
    { "name": "native", "projects": ["packages/native"], "tags": ["type:native"] },
    { "name": "crates", "projects": ["crates/*"], "tags": ["type:native"] },
    { "name": "messages", "projects": ["proto"], "optional": true }
  ],
  "rules": [{ "id": "ui-is-portable", "from": "tag:scope:ui", "deny": ["tag:type:native", "npm:pg", "messages"], "why": "it runs in a browser" }] }"#;

const FILES: [(&str, &str); 9] = [
    (
        "package.json",
        r#"{ "name": "root", "workspaces": ["packages/*"] }"#,
    ),
    (
        "packages/ui/package.json",
        "{\n  \"name\": \"@x/ui\",\n  \"dependencies\": {\n    \"@x/core\": \"workspace:*\"\n  }\n}\n",
    ),
    ("packages/ui/src/index.ts", "import '@x/core';\n"),
    (
        "packages/core/package.json",
        "{\n  \"name\": \"@x/core\",\n  \"dependencies\": { \"@x/native\": \"workspace:*\" }\n}\n",
    ),
    ("packages/core/src/index.ts", "import '@x/native';\n"),
    (
        "packages/native/package.json",
        "{\n  \"name\": \"@x/native\",\n  \"main\": \"index.js\",\n  \"napi\": { \"binaryName\": \"native\" },\n  \"scripts\": {\n    \"build\": \"napi build --manifest-path ../../crates/binding/Cargo.toml --platform\"\n  }\n}\n",
    ),
    (
        "crates/binding/Cargo.toml",
        "[package]\nname = \"binding\"\n\n[dependencies]\nengine = { path = \"../engine\" }\n",
    ),
    ("crates/engine/Cargo.toml", "[package]\nname = \"engine\"\n"),
    ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n"),
];

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

/// The workspace with other files, by the policy or by another.
fn tree_by(policy: &str, files: &[(&str, &str)]) -> MemoryTree {
    let mut tree = MemoryTree::of(&FILES);
    tree.0.insert(path("krepis.json"), FileState::text(policy));
    for (name, text) in files {
        tree.0.insert(path(name), FileState::text(text));
    }
    tree
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    tree_by(POLICY, files)
}

fn outcome(tree: &MemoryTree) -> Result<Report, Failure> {
    check(tree, &load_config(tree)?)
}

fn lines(report: &Report) -> Vec<String> {
    let line = |one: &Violation| {
        format!(
            "{}:{}:{} {} {}",
            one.path, one.line, one.column, one.rule, one.target
        )
    };
    report.violations.iter().map(line).collect()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    lines(&outcome(&tree(files)).expect("a report"))
}

fn failures(failure: &Failure) -> Vec<String> {
    std::iter::once(failure)
        .chain(&failure.others)
        .map(|one| {
            let at = one.at.as_ref().expect("a place");
            format!(
                "{} {}:{}:{} {}",
                one.code.id, at.path, at.line, at.column, one.message
            )
        })
        .collect()
}

#[test]
fn the_workspace_keeps_its_rules() {
    let report = outcome(&tree(&[])).expect("a report");
    assert_eq!(lines(&report), [] as [&str; 0]);
    assert!(report.unknown.is_empty(), "{:?}", report.unknown);
}

#[test]
fn a_dependency_of_a_package_json_is_an_edge_in_every_section_and_protocol() {
    for (section, version) in [
        ("dependencies", "workspace:*"),
        ("devDependencies", "workspace:^"),
        ("peerDependencies", "^1.0.0"),
        ("optionalDependencies", "file:../native"),
        ("dependencies", "link:../native"),
    ] {
        let text = format!(
            "{{\n  \"name\": \"@x/ui\",\n  \"{section}\": {{\n    \"@x/native\": \"{version}\"\n  }}\n}}\n"
        );
        assert_eq!(
            found(&[("packages/ui/package.json", &text)]),
            ["packages/ui/package.json:4:5 ui-is-portable packages/native"],
            "{section} {version}"
        );
    }
    let alias = "{ \"name\": \"@x/ui\", \"dependencies\": { \"anything\": \"workspace:@x/native@*\" } }";
    assert_eq!(
        found(&[("packages/ui/package.json", alias)]),
        ["packages/ui/package.json:1:38 ui-is-portable packages/native"]
    );
}

#[test]
fn external_packages_count_where_a_manifest_ships_them() {
    let text = "{ \"name\": \"@x/ui\",\n  \"dependencies\": { \"pg\": \"8\" },\n  \"devDependencies\": { \"pg\": \"8\" } }";
    assert_eq!(
        found(&[("packages/ui/package.json", text)]),
        ["packages/ui/package.json:2:21 ui-is-portable npm:pg"]
    );
}

#[test]
fn an_import_is_an_edge_by_name_by_path_and_before_the_addon_is_built() {
    assert_eq!(
        found(&[
            (
                "packages/ui/src/a.ts",
                "import '@x/native';\nimport '@x/native/binding.js';\nimport '../../native/index.node';\nimport './b.ts';\n"
            ),
            ("packages/ui/src/b.ts", ""),
        ]),
        [
            "packages/ui/src/a.ts:1:8 ui-is-portable packages/native",
            "packages/ui/src/a.ts:2:8 ui-is-portable packages/native",
            "packages/ui/src/a.ts:3:8 ui-is-portable packages/native",
        ]
    );
}

#[test]
fn a_script_that_builds_a_crate_is_an_edge_to_it() {
    let text = |script: &str| {
        format!("{{\n  \"name\": \"@x/ui\",\n  \"scripts\": {{ \"wasm\": \"{script}\" }}\n}}\n")
    };
    for script in [
        "wasm-pack build ../../crates/engine",
        "cargo build -p engine --target wasm32-unknown-unknown",
        "cargo build --manifest-path ../../crates/engine/Cargo.toml",
    ] {
        assert_eq!(
            found(&[("packages/ui/package.json", &text(script))]),
            ["packages/ui/package.json:3:24 ui-is-portable crates/engine"],
            "{script}"
        );
    }
    let napi = "{ \"name\": \"@x/ui\",\n  \"napi\": { \"binaryName\": \"engine\" } }";
    assert_eq!(
        found(&[("packages/ui/package.json", napi)]),
        ["packages/ui/package.json:2:3 ui-is-portable crates/engine"]
    );
    let report = outcome(&tree(&[(
        "packages/ui/package.json",
        &text("cargo build -p none"),
    )]))
    .expect("a report");
    assert_eq!(
        report.unknown[0].to_string(),
        "packages/ui/package.json:3:24: '-p none': it names no crate of this workspace"
    );
}

#[test]
fn crates_depend_by_path_by_inheritance_for_development_and_on_packages_they_run() {
    let policy = POLICY
        .replace("\"from\": \"tag:scope:ui\"", "\"from\": \"core\"")
        .replace(
            "\"projects\": [\"packages/core\"]",
            "\"projects\": [\"crates/leaf\", \"packages/core\"]",
        );
    let text = "[package]\nname = \"leaf\"\n\n[dependencies]\nnamed = { package = \"engine\", path = \"../engine\" }\nbinding.workspace = true\n\n[target.'cfg(unix)'.build-dependencies]\nengine = { path = \"../engine\" }\n\n[dev-dependencies]\nengine = { path = \"../engine\" }\n\n[package.metadata.nx]\nruns = [\"../../packages/native\", \"../../packages/ui\"]\n";
    let policy = policy.replace(
        "{ \"name\": \"ui\"",
        "{ \"name\": \"leaf\", \"projects\": [\"crates/leaf\"] }, { \"name\": \"ui\"",
    );
    let policy = policy.replace("\"crates/leaf\", \"packages/core\"", "\"packages/core\"");
    let policy = policy.replace("\"from\": \"core\"", "\"from\": \"leaf\"");
    let tree = tree_by(
        &policy,
        &[
            ("crates/leaf/Cargo.toml", text),
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\n[workspace.dependencies]\nbinding = { path = \"crates/binding\" }\n",
            ),
        ],
    );
    assert_eq!(
        lines(&outcome(&tree).expect("a report")),
        [
            "crates/leaf/Cargo.toml:5:1 ui-is-portable crates/engine",
            "crates/leaf/Cargo.toml:6:1 ui-is-portable crates/binding",
            "crates/leaf/Cargo.toml:9:1 ui-is-portable crates/engine",
            "crates/leaf/Cargo.toml:12:1 ui-is-portable crates/engine",
            "crates/leaf/Cargo.toml:15:9 ui-is-portable packages/native",
        ]
    );
    // Development dependencies can be left out.
    let lenient = policy.replace("\"why\"", "\"dev\": false, \"why\"");
    let tree = tree_by(
        &lenient,
        &[(
            "crates/leaf/Cargo.toml",
            &text[..text.find("[package.m").unwrap()],
        )],
    );
    let lines = lines(&outcome(&tree).expect("a report"));
    assert!(!lines.iter().any(|line| line.contains(":12:")), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn what_a_crate_runs_binds_its_project_and_not_its_manifest() {
    let policy = |key: &str, pattern: &str| {
        format!(
            r#"{{ "schema": 1, "elements": [{{ "name": "engine", "{key}": ["{pattern}"] }}, {{ "name": "rest", "projects": ["packages/*"] }}],
              "rules": [{{ "id": "alone", "from": "engine", "allow": [] }}] }}"#
        )
    };
    let text = "[package]\nname = \"engine\"\n[package.metadata.nx]\nruns = [\"../../packages/ui\"]\n";
    let files = [("crates/engine/Cargo.toml", text)];
    let by_path = tree_by(&policy("files", "crates/engine/Cargo.toml"), &files);
    assert_eq!(lines(&outcome(&by_path).expect("a report")), [] as [&str; 0]);
    let by_project = tree_by(&policy("projects", "crates/engine"), &files);
    assert_eq!(
        lines(&outcome(&by_project).expect("a report")),
        ["crates/engine/Cargo.toml:4:9 alone packages/ui"]
    );
}

#[test]
fn a_package_of_this_workspace_can_be_named_and_is_not_meant_by_any_package() {
    for (selector, count) in [
        ("npm:*", 0),
        ("npm:@x/*", 2),
        ("npm:@x/core", 2),
        ("npm:@x/native", 0),
    ] {
        let policy = POLICY.replace("\"tag:type:native\", \"npm:pg\"", &format!("\"{selector}\""));
        let report = outcome(&tree_by(&policy, &[])).expect("a report");
        assert_eq!(
            report.violations.len(),
            count,
            "{selector}: {:?}",
            report.violations
        );
    }
}

#[test]
fn generated_code_depends_on_its_messages() {
    let buf = [
        ("buf.yaml", "version: v2\nmodules:\n  - path: proto\n"),
        ("proto/a.proto", "syntax = \"proto3\";\n"),
        (
            "buf.gen.yaml",
            "version: v2\nplugins:\n  - local: es\n    out: packages/core/gen\n  - local: es\n    out: packages/ui/src/gen\n",
        ),
    ];
    assert_eq!(found(&buf), ["buf.gen.yaml:6:10 ui-is-portable proto"]);
    let mut inputs = buf;
    inputs[2].1 = "inputs:\n  - directory: other\nplugins:\n  - out: packages/ui/src/gen\n";
    assert_eq!(found(&inputs), [] as [&str; 0]);
}

#[test]
fn a_violation_shows_the_manifest_the_rule_and_the_allowed_way() {
    let text =
        "{\n  \"name\": \"@x/ui\",\n  \"dependencies\": {\n    \"@x/native\": \"workspace:*\"\n  }\n}\n";
    let report = outcome(&tree(&[("packages/ui/package.json", text)])).expect("a report");
    let failure = report.violations[0].to_failure();
    assert_eq!((failure.code.id, failure.exit()), ("KRP3101", 4));
    assert_eq!(
        failure.message,
        "`ui` must not depend on `native` (rule `ui-is-portable`)"
    );
    assert_eq!(
        failure.reason.as_deref(),
        Some(
            "packages/ui/package.json names '@x/native' under dependencies (packages/native); rule `ui-is-portable`: it runs in a browser\n3 |   \"dependencies\": {\n4 |     \"@x/native\": \"workspace:*\"\n  |     ^^^^^^^^^^^"
        )
    );
    assert_eq!(
        failure.hint.as_deref(),
        Some(
            "take the dependency out of the manifest, and what `ui` needs of it to where both may depend on it; `ui` may depend on `core`"
        )
    );
}

#[test]
fn the_files_of_a_project_keep_the_rules_of_their_own_elements_too() {
    let policy = r#"{ "schema": 1,
      "elements": [
        { "name": "domain", "files": ["packages/*/src/domain/**"] },
        { "name": "infra", "files": ["packages/*/src/infra/**"] },
        { "name": "ui", "projects": ["packages/ui"] }, { "name": "rest", "projects": ["packages/*", "crates/*"] }
      ],
      "rules": [
        { "id": "pure", "from": "domain", "deny": ["infra", "rest"] },
        { "id": "alone", "from": "ui", "allow": ["npm:zod"] }
      ] }"#;
    let tree = tree_by(
        policy,
        &[
            (
                "packages/ui/src/domain/a.ts",
                "import '../infra/b.ts';\nimport '@x/core';\nimport './c.ts';\n",
            ),
            ("packages/ui/src/domain/c.ts", "import 'zod';\nimport 'pg';\n"),
            (
                "packages/ui/src/infra/b.ts",
                "import '../domain/c.ts';\nimport '../index.ts';\n",
            ),
            ("packages/ui/src/index.ts", "import './infra/b.ts';\n"),
            ("packages/core/src/domain/d.ts", "import '../index.ts';\n"),
        ],
    );
    assert_eq!(
        lines(&outcome(&tree).expect("a report")),
        [
            "packages/ui/package.json:4:5 alone packages/core",
            "packages/ui/src/domain/a.ts:1:8 pure packages/ui/src/infra/b.ts",
            "packages/ui/src/domain/a.ts:2:8 pure packages/core/src/index.ts",
            "packages/ui/src/domain/a.ts:2:8 alone packages/core",
            "packages/ui/src/domain/c.ts:2:8 alone npm:pg",
        ]
    );
}

#[test]
fn the_deepest_project_owns_a_file() {
    let policy = POLICY.replace("\"packages/ui\"", "\"packages/ui\", \"!packages/ui/tool\"");
    let import = "import '@x/native';\n";
    let files = [
        ("packages/ui/tool/package.json", "{ \"name\": \"tool\" }"),
        ("packages/ui/tool/a.ts", import),
        ("packages/ui/src/package.json", "{ \"type\": \"module\" }"),
        ("packages/ui/src/b.ts", import),
    ];
    assert_eq!(
        lines(&outcome(&tree_by(&policy, &files)).expect("a report")),
        ["packages/ui/src/b.ts:1:8 ui-is-portable packages/native"]
    );
}

#[test]
fn tags_of_projects_for_nx_are_tags_of_rules() {
    let policy = r#"{ "schema": 1, "elements": [{ "name": "all", "projects": ["**"] }],
      "rules": [{ "id": "tags", "from": "tag:scope:ui", "deny": ["tag:type:native"] },
        { "id": "only", "from": "tag:only", "allow": ["tag:only", "npm:*"] }] }"#;
    let files = [
        (
            "packages/ui/package.json",
            "{ \"name\": \"@x/ui\", \"nx\": { \"tags\": [\"scope:ui\", \"only\"] },\n  \"dependencies\": { \"@x/native\": \"*\", \"react\": \"*\" } }",
        ),
        ("packages/native/project.json", "{ \"tags\": [\"type:native\"] }"),
        (
            "crates/engine/Cargo.toml",
            "[package]\nname = \"engine\"\n[package.metadata.nx]\ntags = [\"scope:ui\"]\n[dependencies]\nbinding = { path = \"../binding\" }\n",
        ),
        (
            "crates/binding/Cargo.toml",
            "[package]\nname = \"binding\"\n[package.metadata.nx]\ntags = [\"type:native\"]\n",
        ),
    ];
    let report = outcome(&tree_by(policy, &files)).expect("a report");
    assert_eq!(
        lines(&report),
        [
            "crates/engine/Cargo.toml:6:1 tags crates/binding",
            "packages/ui/package.json:2:21 tags packages/native",
            "packages/ui/package.json:2:21 only packages/native",
            "packages/ui/src/index.ts:1:8 only packages/core",
        ]
    );
    assert_eq!(
        report.violations[0].to_failure().message,
        "`crates/engine` must not depend on `all` (rule `tags`)".replace("all", "crates/binding")
    );
}

#[test]
fn a_tag_that_nobody_has_is_an_error_with_its_place() {
    let policy = POLICY.replace("\"tag:type:native\",", "\"tag:type:natve\",");
    let failure = outcome(&tree_by(&policy, &[])).expect_err("refused");
    assert_eq!(failure.hint.as_deref(), Some("did you mean `type:native`?"));
    assert_eq!(
        failures(&failure),
        ["KRP3006 krepis.json:9:72 there is no tag `type:natve`"]
    );
    // Without projects it is known at once, as ever.
    let policy = r#"{ "schema": 1, "elements": [{ "name": "a", "files": ["**"] }], "rules": [{ "id": "r", "from": "tag:x", "deny": ["a"] }] }"#;
    assert_eq!(
        Config::parse(policy, "krepis.json").expect_err("refused").code.id,
        "KRP3006"
    );
}

#[test]
fn an_element_whose_projects_are_not_there_is_an_error_unless_optional() {
    let elements = |text: &str| {
        format!("{{ \"schema\": 1, \"elements\": [{{ \"name\": \"e\", \"projects\": {text} }}] }}")
    };
    for (projects, expected) in [
        ("[\"libs/*\"]", "the element `e` has no projects"),
        (
            "[\"packages/*\", \"packages/uy\"]",
            "`packages/uy` of the element `e` is no project",
        ),
        (
            "[\"packages/ui/src\"]",
            "`packages/ui/src` of the element `e` is no project",
        ),
    ] {
        let failure = outcome(&tree_by(&elements(projects), &[])).expect_err("refused");
        assert!(
            failure.hint.as_ref().expect("a hint").contains("packages/core"),
            "{failure:?}"
        );
        assert_eq!(
            failures(&failure),
            [format!("KRP3008 krepis.json:1:29 {expected}")]
        );
    }
    for projects in [
        "[\"libs/*\"], \"optional\": true",
        "[\".\"]",
        "[\"packages/*/\"]",
        "[\"./packages/ui\"]",
    ] {
        assert!(outcome(&tree_by(&elements(projects), &[])).is_ok(), "{projects}");
    }
    assert_eq!(
        failures(
            &Config::parse(
                "{ \"schema\": 1, \"elements\": [{ \"name\": \"e\" }] }",
                "krepis.json"
            )
            .expect_err("neither")
        ),
        ["KRP3004 krepis.json:1:29 `elements[0]` lacks `files` or `projects`"]
    );
    assert_eq!(
        failures(&Config::parse("{ \"schema\": 1, \"rules\": [{ \"id\": \"r\", \"from\": \"*\", \"allow\": [], \"transitive\": true }] }", "krepis.json").expect_err("refused")),
        ["KRP3003 krepis.json:1:79 `transitive` goes with `deny` only"]
    );
}

#[test]
fn manifests_that_cannot_be_read_are_all_named_with_their_places() {
    let tree = tree(&[
        (
            "packages/ui/package.json",
            "{\n  \"name\": \"@x/ui\",\n  \"dependencies\": { \"@x/native\" \"*\" }\n}\n",
        ),
        ("crates/engine/Cargo.toml", "[package]\nname = \n"),
        ("pnpm-workspace.yaml", "packages:\n  - 'a\n"),
        ("buf.gen.yaml", "plugins: [\n"),
        // Nobody's: a fixture.
        ("fixtures/broken/Cargo.toml", "[package\n"),
    ]);
    let failure = outcome(&tree).expect_err("refused");
    assert_eq!(failure.exit(), 2);
    assert!(
        failure
            .others
            .iter()
            .chain([&failure])
            .all(|one| one.code.id == "KRP3012")
    );
    let places: Vec<String> = failures(&failure)
        .into_iter()
        .map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(places.len(), 4, "{places:?}");
    for expected in [
        "crates/engine/Cargo.toml:2:",
        "packages/ui/package.json:3:",
        "pnpm-workspace.yaml:",
        "buf.gen.yaml:",
    ] {
        assert!(
            places.iter().any(|place| place.starts_with(expected)),
            "{expected}: {places:?}"
        );
    }
}

#[test]
fn a_crate_that_elements_name_by_its_manifest_is_not_lost_when_that_is_broken() {
    let policy =
        r#"{ "schema": 1, "elements": [{ "name": "engine", "files": ["crates/engine/Cargo.toml"] }] }"#;
    let tree = tree_by(policy, &[("crates/engine/Cargo.toml", "[package]\nname = \n")]);
    assert_eq!(outcome(&tree).expect_err("refused").code.id, "KRP3012");
}

fn transitive() -> String {
    POLICY.replace("\"why\"", "\"transitive\": true, \"why\"")
}

#[test]
fn a_transitive_rule_shows_the_path_of_edges() {
    let report = outcome(&tree_by(&transitive(), &[])).expect("a report");
    assert_eq!(
        lines(&report),
        ["packages/ui/package.json:4:5 ui-is-portable packages/native"]
    );
    let failure = report.violations[0].to_failure();
    assert_eq!((failure.code.id, failure.exit()), ("KRP3104", 4));
    assert_eq!(
        failure.message,
        "`ui` must not reach `native`, and does so by 2 edges (rule `ui-is-portable`)"
    );
    let reason = failure.reason.expect("a reason");
    assert!(
        reason.contains("\n  packages/ui -> packages/core (packages/ui/package.json:4:5)\n  packages/core -> packages/native (packages/core/package.json:3:21)\n"),
        "{reason}"
    );
    assert_eq!(report.violations[0].steps.len(), 2);
}

#[test]
fn development_dependencies_lead_no_further_than_the_first_edge() {
    let core = "{\n  \"name\": \"@x/core\",\n  \"devDependencies\": { \"@x/native\": \"workspace:*\" }\n}\n";
    assert_eq!(
        lines(&outcome(&tree_by(&transitive(), &[("packages/core/package.json", core)])).expect("a report")),
        [] as [&str; 0]
    );
    let ui = "{ \"name\": \"@x/ui\", \"devDependencies\": { \"@x/core\": \"workspace:*\" } }";
    let files = [("packages/ui/package.json", ui)];
    assert_eq!(
        outcome(&tree_by(&transitive(), &files))
            .expect("a report")
            .violations
            .len(),
        1
    );
    let lenient = transitive().replace("\"why\"", "\"dev\": false, \"why\"");
    assert_eq!(
        outcome(&tree_by(&lenient, &files))
            .expect("a report")
            .violations
            .len(),
        0
    );
}

#[test]
fn a_transitive_rule_ends_at_what_it_denies_and_survives_a_circle() {
    let policy = transitive().replace("\"tag:type:native\", ", "\"cargo:openssl\", ");
    let policy = policy.replace(", \"tags\": [\"type:native\"] },", " },");
    let files = [
        (
            "crates/engine/Cargo.toml",
            "[package]\nname = \"engine\"\n[dependencies]\nopenssl = \"1\"\n[dev-dependencies]\nbinding = { path = \"../binding\" }\n",
        ),
        ("packages/native/src/a.ts", "import '@x/core';\n"),
    ];
    assert_eq!(
        lines(&outcome(&tree_by(&policy, &files)).expect("a report")),
        ["packages/ui/package.json:4:5 ui-is-portable cargo:openssl"]
    );
}

#[test]
fn a_baseline_excuses_edges_of_projects_whatever_was_built() {
    let files = [(
        "packages/ui/src/a.ts",
        "import '@x/native';\nimport '../../native/index.js';\n",
    )];
    let mut tree = tree_by(&transitive(), &files);
    let config = load_config(&tree).expect("a policy");
    let change = baseline_change(&tree, &config, &outcome(&tree).expect("a report")).expect("a change");
    tree.0.extend(change.after());
    tree.0
        .insert(path("packages/native/index.js"), FileState::text(""));
    let report = outcome(&tree).expect("a report");
    assert!(
        report.violations.is_empty() && report.stale.is_empty(),
        "{report:?}"
    );
    assert_eq!(report.baselined, 2);
}

fn write(tree: &MemoryTree, files: &[(&str, &str)]) -> Result<(), Vec<String>> {
    let transitions = files
        .iter()
        .map(|(name, text)| Transition {
            path: path(name),
            before: tree.0.get(&path(name)).cloned().unwrap_or(FileState::Absent),
            after: FileState::text(text),
            edits: Vec::new(),
            renamed_from: None,
        })
        .collect();
    let change = Change {
        transitions,
        ..Change::default()
    };
    gate(tree, &change)
        .map(drop)
        .map_err(|failure| failures(&failure))
}

#[test]
fn the_gate_refuses_a_manifest_that_adds_a_forbidden_edge() {
    let tree = tree(&[]);
    let ui = "{\n  \"name\": \"@x/ui\",\n  \"dependencies\": {\n    \"@x/core\": \"workspace:*\",\n    \"@x/native\": \"workspace:*\"\n  }\n}\n";
    let must_not = |to: &str| format!("`ui` must not depend on `{to}` (rule `ui-is-portable`)");
    assert_eq!(
        write(&tree, &[("packages/ui/package.json", ui)]),
        Err(vec![format!(
            "KRP3101 packages/ui/package.json:5:5 {}",
            must_not("native")
        )])
    );
    // TypeScript -> Rust, by a script.
    let wasm =
        "{\n  \"name\": \"@x/ui\",\n  \"scripts\": { \"b\": \"wasm-pack build ../../crates/engine\" }\n}\n";
    assert_eq!(
        write(&tree, &[("packages/ui/package.json", wasm)]),
        Err(vec![format!(
            "KRP3101 packages/ui/package.json:3:21 {}",
            must_not("crates")
        )])
    );
    // What makes it an edge may stand in another file.
    let external = "{ \"name\": \"@x/ui\", \"dependencies\": { \"later\": \"*\" } }";
    let earlier = tree_by(POLICY, &[("packages/ui/package.json", external)]);
    let policy_of_later = [("crates/later/Cargo.toml", "[package]\nname = \"later\"\n")];
    assert_eq!(write(&earlier, &policy_of_later), Ok(()));
    assert_eq!(
        write(
            &tree_by(
                &POLICY
                    .replace("\"packages/native\"", "\"packages/native\", \"packages/later\"")
                    .replace(
                        "\"tags\": [\"type:native\"] },\n    { \"name\": \"crates\"",
                        "\"tags\": [\"type:native\"], \"optional\": true },\n    { \"name\": \"crates\""
                    ),
                &[("packages/ui/package.json", external)]
            ),
            &[("packages/later/package.json", "{ \"name\": \"later\" }")]
        ),
        Err(vec![format!(
            "KRP3101 packages/ui/package.json:1:38 {}",
            must_not("native")
        )])
    );
    assert_eq!(
        write(&tree, &[("packages/ui/package.json", "{\n  \"name\": }\n")]).unwrap_err()[0][..38],
        *"KRP3201 packages/ui/package.json:2:11 "
    );
    assert_eq!(
        write(
            &tree,
            &[(
                "packages/ui/package.json",
                &FILES[1].1.replace("core\": \"workspace:*", "core\": \"*")
            )]
        ),
        Ok(())
    );
}

#[test]
fn the_gate_refuses_an_edge_that_closes_a_forbidden_way_anywhere() {
    let core = "{\n  \"name\": \"@x/core\"\n}\n";
    let tree = tree_by(
        &transitive(),
        &[
            ("packages/core/package.json", core),
            ("packages/core/src/index.ts", ""),
        ],
    );
    assert!(outcome(&tree).expect("a report").violations.is_empty());
    let reaches = "KRP3104 packages/ui/package.json:4:5 `ui` must not reach `native`, and does so by 2 edges (rule `ui-is-portable`)";
    assert_eq!(write(&tree, &[FILES[3]]), Err(vec![reaches.to_owned()]));
    assert_eq!(write(&tree, &[FILES[4]]), Err(vec![reaches.to_owned()]));
    assert_eq!(
        write(&tree, &[("packages/core/src/index.ts", "import 'zod';\n")]),
        Ok(())
    );
}

#[test]
fn a_package_json_is_nobodys_business_without_projects() {
    let policy = r#"{ "schema": 1, "elements": [{ "name": "ui", "files": ["packages/ui/**"] }], "rules": [{ "id": "r", "from": "ui", "deny": ["npm:pg"] }] }"#;
    let pg = "{ \"name\": \"@x/ui\", \"dependencies\": { \"pg\": \"*\" } }";
    let tree = tree_by(policy, &[("packages/ui/package.json", pg)]);
    assert_eq!(lines(&outcome(&tree).expect("a report")), [] as [&str; 0]);
    assert_eq!(write(&tree, &[("templates/package.json", "{{ name }}")]), Ok(()));
}

#[test]
fn edges_that_only_a_graph_knows_are_judged_where_they_are_said() {
    let graph = |text: &str| ProjectGraph::parse(text, "graph.json").expect("a graph");
    let tree = tree(&[(
        "packages/ui/project.json",
        "{\n  \"implicitDependencies\": [\"@x/native\"]\n}\n",
    )]);
    let config = load_config(&tree).expect("a policy");
    let edges = r#"{ "nodes": [
        { "name": "@x/ui", "root": "packages/ui", "tags": [] }, { "name": "@x/core", "root": "packages/core" },
        { "name": "@x/native", "root": "packages/native" }, { "name": "plain", "root": "tools/plain", "tags": ["scope:ui"] } ],
      "edges": [
        { "source": "@x/ui", "target": "@x/native", "type": "implicit" },
        { "source": "@x/ui", "target": "@x/core", "type": "static", "sourceFile": "packages/ui/package.json" },
        { "source": "plain", "target": "npm:pg@8.0.0", "type": "static" } ] }"#;
    let report = check_graph(&tree, &config, Some(&graph(edges))).expect("a report");
    assert_eq!(
        lines(&report),
        [
            "packages/ui/project.json:2:28 ui-is-portable packages/native",
            "tools/plain/project.json:0:0 ui-is-portable npm:pg",
        ]
    );
    let failure = report.violations[0].to_failure();
    let reason = failure.reason.expect("a reason");
    assert!(
        reason.starts_with("packages/ui/project.json names '@x/native' under the project graph (implicit) (packages/native); rule"),
        "{reason}"
    );
    // An edge of the graph that stands in a file too is one violation, there.
    let text = "{ \"name\": \"@x/ui\", \"dependencies\": { \"@x/native\": \"*\" } }";
    let tree = tree_by(POLICY, &[("packages/ui/package.json", text)]);
    assert_eq!(
        check_graph(&tree, &config, Some(&graph(edges)))
            .expect("a report")
            .violations[0]
            .path,
        path("packages/ui/package.json")
    );
    // Without elements that have projects, a graph would be read for nothing.
    let policy = r#"{ "schema": 1, "elements": [{ "name": "ui", "files": ["packages/ui/**"] }] }"#;
    let tree = tree_by(policy, &[]);
    let config = load_config(&tree).expect("a policy");
    assert_eq!(
        check_graph(&tree, &config, Some(&graph(edges)))
            .expect_err("refused")
            .code
            .id,
        "KRP3014"
    );
}
