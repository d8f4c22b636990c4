//! Changes judged before they are written.

use krepis_change::{Change, Failure, FileState, MemoryTree, Transition, WorkspacePath};
use krepis_rules::{Verdict, gate};

const POLICY: &str = r#"{ "schema": 1, "root": "src",
  "elements": [
    { "name": "domain", "files": ["src/domain/**"] },
    { "name": "infra", "files": ["src/infra/**"], "optional": true }
  ],
  "rules": [{ "id": "pure", "from": "domain", "deny": ["infra", "npm:*"] }] }"#;
const LOOSE: &str =
    r#"{ "schema": 1, "root": "src", "elements": [{ "name": "domain", "files": ["src/domain/**"] }] }"#;

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let policy = [("krepis.json", POLICY), ("src/domain/keep.ts", "")];
    MemoryTree::of(&[&policy, files].concat())
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

/// A change that writes, or with `None` deletes; `("new", "old")` in `moved` renames without editing.
fn change(tree: &MemoryTree, writes: &[(&str, Option<&str>)], moved: &[(&str, &str)]) -> Change {
    let now = |text: &str| tree.0.get(&path(text)).cloned().unwrap_or(FileState::Absent);
    let one = |text: &str, after: FileState, renamed_from: Option<&str>| Transition {
        path: path(text),
        before: now(text),
        after,
        edits: Vec::new(),
        renamed_from: renamed_from.map(path),
    };
    let mut transitions: Vec<Transition> = Vec::new();
    for (new, old) in moved {
        transitions.push(one(new, now(old), Some(old)));
        transitions.push(one(old, FileState::Absent, None));
    }
    for (text, content) in writes {
        let after = content.map_or(FileState::Absent, FileState::text);
        transitions.push(one(text, after, None));
    }
    transitions.sort_by(|left, right| left.path.cmp(&right.path));
    Change {
        title: String::new(),
        transitions,
        reads: Vec::new(),
    }
}

fn writes(tree: &MemoryTree, files: &[(&str, &str)]) -> Result<Verdict, Failure> {
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
    gate(tree, &change(tree, &files, &[]))
}

fn refused(outcome: Result<Verdict, Failure>) -> Vec<String> {
    let failure = outcome.expect_err("a refusal");
    assert_eq!(failure.exit(), 4, "{failure:?}");
    std::iter::once(&failure)
        .chain(&failure.others)
        .map(|one| {
            let at = one.at.as_ref().expect("a place");
            format!("{}:{} {}", at.path, at.line, one.message)
        })
        .collect()
}

const MUST_NOT: &str = "`domain` must not depend on `infra` (rule `pure`)";

#[test]
fn an_added_violation_is_refused_with_all_the_others() {
    let tree = tree(&[("src/infra/db.ts", "")]);
    assert_eq!(
        refused(writes(
            &tree,
            &[
                ("src/domain/a.ts", "import 'zod';\nimport '../infra/db.ts';\n"),
                ("src/domain/b.ts", "import '../infra/new.ts';\n"),
                ("src/infra/new.ts", ""),
            ]
        )),
        [
            "src/domain/a.ts:1 `domain` must not depend on `npm:zod` (rule `pure`)".to_owned(),
            format!("src/domain/a.ts:2 {MUST_NOT}"),
            format!("src/domain/b.ts:1 {MUST_NOT}"),
        ]
    );
    assert!(
        writes(
            &tree,
            &[("src/infra/c.ts", "import 'zod';\nimport '../domain/keep.ts';\n")]
        )
        .is_ok()
    );
}

#[test]
fn a_violation_that_was_there_does_not_count_with_or_without_a_baseline() {
    let old = "import '../infra/db.ts';\n";
    let tree = tree(&[
        ("src/infra/db.ts", ""),
        ("src/infra/two.ts", ""),
        ("src/domain/a.ts", old),
    ]);
    assert!(
        writes(
            &tree,
            &[(
                "src/domain/a.ts",
                "// moved\n\nimport { x } from '../infra/db';\n"
            )]
        )
        .is_ok()
    );
    assert!(
        writes(
            &tree,
            &[(
                "src/domain/a.ts",
                "import '../infra/db.ts';\nimport '../infra/two.ts';\n"
            )]
        )
        .is_err()
    );
    let moved = change(&tree, &[], &[("src/domain/renamed.ts", "src/domain/a.ts")]);
    assert!(gate(&tree, &moved).is_ok());
    let target = change(
        &tree,
        &[("src/domain/a.ts", Some("import '../infra/base.ts';\n"))],
        &[("src/infra/base.ts", "src/infra/db.ts")],
    );
    assert!(gate(&tree, &target).is_ok());
}

#[test]
fn a_baseline_written_by_the_change_excuses_nothing_new() {
    let tree = tree(&[("src/infra/db.ts", "")]);
    let excuse = "{ \"schema\": 1, \"violations\": [{ \"rule\": \"pure\", \"file\": \"src/domain/a.ts\", \"target\": \"src/infra/db.ts\" }] }";
    let files = [
        ("src/domain/a.ts", "import '../infra/db.ts';\n"),
        ("krepis.baseline.json", excuse),
    ];
    assert_eq!(
        refused(writes(&tree, &files)),
        [format!("src/domain/a.ts:1 {MUST_NOT}")]
    );
    let broken = writes(&tree, &[("krepis.baseline.json", "{")]).expect_err("a malformed baseline");
    assert_eq!((broken.code.id, broken.exit()), ("KRP3010", 2));
}

#[test]
fn a_change_cannot_drop_the_rule_it_breaks() {
    let tree = tree(&[("src/infra/db.ts", "")]);
    let bad = ("src/domain/a.ts", "import '../infra/db.ts';\n");
    assert!(!refused(writes(&tree, &[bad, ("krepis.json", LOOSE)])).is_empty());
    let gone = change(&tree, &[(bad.0, Some(bad.1)), ("krepis.json", None)], &[]);
    assert!(!refused(gate(&tree, &gone)).is_empty());
    // By another element's name or by ignoring the file it is no better.
    let hidden = POLICY.replacen("\"root\"", "\"ignore\": [\"src/domain/a.ts\"], \"root\"", 1);
    assert!(!refused(writes(&tree, &[bad, ("krepis.json", &hidden)])).is_empty());
    // Dropping the rule alone is the user's to do, and then the rest may follow.
    assert!(writes(&tree, &[("krepis.json", LOOSE)]).is_ok());
}

#[test]
fn a_change_is_judged_by_the_rule_it_brings_too() {
    let tree = MemoryTree::of(&[
        ("krepis.json", LOOSE),
        ("src/domain/old.ts", "import '../infra/db.ts';\n"),
        ("src/infra/db.ts", ""),
    ]);
    let bad = ("src/domain/a.ts", "import '../infra/db.ts';\n");
    assert!(writes(&tree, &[bad]).is_ok());
    assert_eq!(
        refused(writes(&tree, &[bad, ("krepis.json", POLICY)])),
        [format!("src/domain/a.ts:1 {MUST_NOT}")]
    );
    // What is broken already when a rule comes is for the baseline.
    assert!(writes(&tree, &[("krepis.json", POLICY)]).is_ok());
    let none = MemoryTree::of(&[
        ("src/domain/old.ts", "import '../infra/db.ts';\n"),
        ("src/infra/db.ts", ""),
    ]);
    assert!(writes(&none, &[("krepis.json", POLICY)]).is_ok());
}

#[test]
fn a_broken_krepis_json_is_refused_and_one_that_is_broken_can_only_be_mended() {
    let good = tree(&[]);
    let failure = writes(&good, &[("krepis.json", "{ \"schema\": 1, \"rulez\": [] }")]).expect_err("broken");
    assert_eq!((failure.code.id, failure.exit()), ("KRP3002", 2));
    let empty = LOOSE.replace("src/domain/**", "src/nothing/**");
    assert_eq!(
        writes(&good, &[("krepis.json", &empty)])
            .expect_err("empty")
            .code
            .id,
        "KRP3008"
    );
    let broken = MemoryTree::of(&[("krepis.json", "{"), ("src/domain/a.ts", "")]);
    assert_eq!(
        writes(&broken, &[("src/domain/b.ts", "")])
            .expect_err("broken")
            .code
            .id,
        "KRP3001"
    );
    assert!(writes(&broken, &[("krepis.json", POLICY)]).is_ok());
}

#[test]
fn moving_a_file_counts_for_its_importers_and_its_own_imports() {
    let tree = tree(&[
        ("src/domain/a.ts", "import './helper';\n"),
        ("src/domain/helper.ts", ""),
        ("src/infra/uses.ts", "import './db.ts';\n"),
        ("src/infra/db.ts", ""),
    ]);
    let out = change(
        &tree,
        &[("src/domain/a.ts", Some("import '../infra/helper';\n"))],
        &[("src/infra/helper.ts", "src/domain/helper.ts")],
    );
    assert_eq!(
        refused(gate(&tree, &out)),
        [format!("src/domain/a.ts:1 {MUST_NOT}")]
    );
    let inward = change(
        &tree,
        &[
            ("src/domain/uses.ts", Some("import '../infra/db.ts';\n")),
            ("src/infra/uses.ts", None),
        ],
        &[],
    );
    assert_eq!(
        refused(gate(&tree, &inward)),
        [format!("src/domain/uses.ts:1 {MUST_NOT}")]
    );
}

#[test]
fn importers_that_are_not_changed_count_where_their_import_means_something_else() {
    let files = [
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "paths": { "@x/*": ["src/domain/x/*", "src/infra/x/*"], "@db": ["src/infra/database.ts"] } } }"#,
        ),
        ("src/domain/dangling.ts", "import '../infra/later';\n"),
        ("src/domain/folder.ts", "import '../infra/pack';\n"),
        ("src/domain/alias.ts", "import '@db';\n"),
        ("src/domain/falls.ts", "import '@x/thing';\n"),
        ("src/domain/x/thing.ts", ""),
        ("src/infra/x/thing.ts", ""),
    ];
    // `@db` is a package until the file exists, which is a violation of its own; without npm in the rule it is not.
    let policy = POLICY.replace(", \"npm:*\"", "");
    let mut tree = tree(&files);
    tree.0.insert(path("krepis.json"), FileState::text(&policy));
    for (created, importer) in [
        ("src/infra/later.ts", "src/domain/dangling.ts"),
        ("src/infra/pack/index.ts", "src/domain/folder.ts"),
        ("src/infra/database.ts", "src/domain/alias.ts"),
    ] {
        assert_eq!(
            refused(writes(&tree, &[(created, "")])),
            [format!("{importer}:1 {MUST_NOT}")],
            "{created}"
        );
    }
    let deleted = change(&tree, &[("src/domain/x/thing.ts", None)], &[]);
    assert_eq!(
        refused(gate(&tree, &deleted)),
        [format!("src/domain/falls.ts:1 {MUST_NOT}")]
    );
    let paths = r#"{ "compilerOptions": { "paths": { "@x/*": ["src/infra/x/*"] } } }"#;
    assert_eq!(
        refused(writes(&tree, &[("tsconfig.json", paths)])),
        [format!("src/domain/falls.ts:1 {MUST_NOT}")]
    );
    // A change of the same file that leaves resolution alone reads nothing else.
    let verdict = writes(
        &tree,
        &[(
            "tsconfig.json",
            &files[0].1.replace("{ \"paths\"", "{ \"strict\": true, \"paths\""),
        )],
    );
    assert_eq!(verdict.expect("allowed").files, 0);
}

#[test]
fn a_syntax_error_counts_if_it_is_new() {
    let tree = tree(&[
        ("src/domain/bad.ts", "const = 1;\n"),
        ("src/domain/good.ts", "const a = 1;\n"),
        ("tools/x.mjs", ""),
    ]);
    let failure =
        writes(&tree, &[("src/domain/good.ts", "// fine\nconst a = ;\n")]).expect_err("a syntax error");
    assert_eq!((failure.code.id, failure.exit()), ("KRP3201", 2));
    assert_eq!(
        failure.at.as_ref().map(|at| (at.path.as_str(), at.line)),
        Some(("src/domain/good.ts", 2))
    );
    assert!(
        failure
            .reason
            .as_ref()
            .is_some_and(|frame| frame.contains("const a = ;"))
    );
    assert!(
        writes(&tree, &[("tools/x.mjs", "function (")]).is_err(),
        "outside of the root too"
    );
    assert!(writes(&tree, &[("src/domain/bad.ts", "// still bad\nconst = 1;\n")]).is_ok());
    assert!(
        gate(
            &tree,
            &change(&tree, &[], &[("src/domain/worse.ts", "src/domain/bad.ts")])
        )
        .is_ok()
    );
    assert!(writes(&tree, &[("src/domain/text.md", "const = 1;")]).is_ok());
    let both = writes(
        &tree,
        &[
            ("src/domain/good.ts", "const a = ;\n"),
            ("src/domain/c.ts", "import 'zod';\n"),
        ],
    );
    assert_eq!(both.expect_err("both").exit(), 4);
}

#[test]
fn what_becomes_unknown_is_told_and_not_refused() {
    let tree = tree(&[
        ("src/domain/a.ts", "import './b';\nimport './never';\n"),
        ("src/domain/b.ts", ""),
    ]);
    let verdict = gate(&tree, &change(&tree, &[("src/domain/b.ts", None)], &[])).expect("allowed");
    assert_eq!(
        verdict
            .unknown
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["src/domain/a.ts:1:8: './b': no such file"]
    );
    let verdict = writes(
        &tree,
        &[(
            "src/domain/a.ts",
            "import './b';\nimport './never';\nimport './nor';\n",
        )],
    )
    .expect("allowed");
    assert_eq!(verdict.unknown.len(), 1);
}

#[test]
fn only_what_can_differ_is_looked_at() {
    let tree = tree(&[
        ("src/domain/a.ts", "import './service';\n"),
        ("src/domain/service.ts", ""),
        ("src/infra/other.ts", "import '../domain/service';\n"),
    ]);
    assert_eq!(
        writes(&tree, &[("src/domain/service.ts", "// edited\n")])
            .expect("allowed")
            .files,
        1
    );
    assert_eq!(
        writes(&tree, &[("src/domain/new.ts", "")])
            .expect("allowed")
            .files,
        1
    );
    assert_eq!(
        writes(&tree, &[("src/infra/new.ts", "")]).expect("allowed").files,
        1
    );
    assert_eq!(
        gate(&tree, &change(&tree, &[("src/domain/service.ts", None)], &[]))
            .expect("allowed")
            .files,
        3
    );
    assert_eq!(
        gate(&tree, &Change::default()).expect("allowed"),
        Verdict::default()
    );
}

#[test]
fn the_arrows_between_crates_are_guarded_too() {
    let policy = r#"{ "schema": 1, "elements": [
      { "name": "values", "files": ["libs/values/**"] }, { "name": "disk", "files": ["libs/disk/**"] } ],
      "rules": [{ "id": "pure", "from": "values", "deny": ["disk", "cargo:libc"] }] }"#;
    let tree = MemoryTree::of(&[
        ("krepis.json", policy),
        (
            "Cargo.toml",
            "[workspace.dependencies]\ndisk = { path = \"libs/disk\" }\nlibc = \"1\"\nold = \"1\"\n",
        ),
        ("libs/values/Cargo.toml", "[dependencies]\nold.workspace = true\n"),
        ("libs/disk/Cargo.toml", "[dependencies]\nlibc.workspace = true\n"),
    ]);
    let manifest =
        "[package]\nname = \"values\"\n\n[dependencies]\ndisk.workspace = true\nlibc.workspace = true\n";
    assert_eq!(
        refused(writes(&tree, &[("libs/values/Cargo.toml", manifest)])),
        [
            "libs/values/Cargo.toml:5 `values` must not depend on `disk` (rule `pure`)",
            "libs/values/Cargo.toml:6 `values` must not depend on `cargo:libc` (rule `pure`)",
        ]
    );
    // What a name means is said elsewhere.
    let root = "[workspace.dependencies]\nold = { path = \"libs/disk\" }\nlibc = \"1\"\n";
    assert_eq!(
        refused(writes(&tree, &[("Cargo.toml", root)])),
        ["libs/values/Cargo.toml:2 `values` must not depend on `disk` (rule `pure`)"]
    );
    assert_eq!(
        writes(&tree, &[("libs/values/Cargo.toml", "[dependencies\n")])
            .expect_err("not TOML")
            .code
            .id,
        "KRP3201"
    );
    assert!(
        writes(
            &tree,
            &[(
                "libs/values/Cargo.toml",
                "[dev-dependencies]\ndisk.workspace = true\n"
            )]
        )
        .is_ok()
    );
}
