//! What holds of every workspace and every change.

use std::collections::{BTreeMap, BTreeSet};

use krepis_change::{Change, FileState, MemoryTree, Overlay, Transition, Tree, WorkspacePath};
use krepis_rules::{Violation, check, gate, load_config};
use proptest::prelude::*;

const PATHS: [&str; 16] = [
    "src/a/x.ts",
    "src/a/y.ts",
    "src/a/index.ts",
    "src/b/x.ts",
    "src/b/y/index.ts",
    "src/b/y.ts",
    "src/b/index.ts",
    "src/c/x.ts",
    "src/c/x.d.ts",
    "src/c/index.tsx",
    "src/c/deep/x.ts",
    "src/index.ts",
    "src/c/data.json",
    "libs/p/src/index.ts",
    "libs/p/main.ts",
    "libs/q/src/index.ts",
];

const SPECIFIERS: [&str; 30] = [
    "./x",
    "./x.ts",
    "./x.js",
    "./y",
    "./y/",
    "./index",
    ".",
    "..",
    "../..",
    "../a",
    "../a/x",
    "../b",
    "../b/x.js",
    "../b/y",
    "../c",
    "../c/x",
    "../c/data.json",
    "../c/deep/x",
    "../index",
    "@/a/x",
    "@/b",
    "@/c/index",
    "@all",
    "a/x",
    "#b",
    "#deep/x",
    "p",
    "p/main",
    "q",
    "zod",
];

const TSCONFIGS: [&str; 4] = [
    "",
    r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"], "@all": ["./src/index.ts"] } } }"#,
    r#"{ "compilerOptions": { "baseUrl": "src", "paths": { "@/*": ["c/*", "b/*"], "@all": ["b"] } } }"#,
    r#"{ "compilerOptions": { "strict": true, "paths": { "@/*": ["./src/*"], "@all": ["./src/index.ts"] } } }"#,
];

const PACKAGES: [&str; 3] = [
    "",
    r##"{ "workspaces": ["libs/*"], "imports": { "#b": "./src/b/index.ts", "#deep/*": "./src/c/deep/*.ts" } }"##,
    r##"{ "workspaces": ["libs/q"], "imports": { "#b": "./src/c/x.ts" } }"##,
];

const POLICIES: [&str; 6] = [
    r#"{ "schema": 1, "elements": [
      { "name": "a", "files": ["src/a/**"], "optional": true }, { "name": "b", "files": ["src/b/**"], "optional": true },
      { "name": "c", "files": ["src/c/**"], "optional": true }, { "name": "p", "files": ["libs/p/**"], "optional": true } ],
      "rules": [ { "id": "a-b", "from": "a", "deny": ["b", "p"] }, { "id": "c-any", "from": "c", "allow": ["a"] } ] }"#,
    r#"{ "schema": 1, "root": "src", "unclassified": "error", "elements": [
      { "name": "b", "files": ["src/b/**"], "optional": true }, { "name": "rest", "files": ["src/*/x.ts"], "optional": true } ],
      "rules": [ { "id": "b-rest", "from": "*", "deny": ["rest", "npm:*"] } ] }"#,
    r#"{ "schema": 1, "elements": [
      { "name": "a", "files": ["src/a/**", "libs/q/**"], "optional": true },
      { "name": "p", "projects": ["libs/p"], "optional": true }, { "name": "q", "projects": ["libs/q"], "optional": true },
      { "name": "root", "projects": ["."], "optional": true } ],
      "rules": [ { "id": "root-p", "from": ["root", "a"], "deny": ["p", "cargo:*"] }, { "id": "p-q", "from": "p", "allow": ["root"] },
        { "id": "tagged", "from": "q", "deny": ["p"], "dev": false } ] }"#,
    r#"{ "schema": 1, "elements": [
      { "name": "p", "projects": ["libs/p"], "optional": true }, { "name": "q", "projects": ["libs/q"], "optional": true },
      { "name": "root", "projects": ["."], "optional": true } ],
      "rules": [ { "id": "far", "from": ["root", "p"], "deny": ["npm:zod", "q", "cargo:far"], "transitive": true } ] }"#,
    r#"{ "schema": 1, "ignore": ["src/a/y.ts"], "elements": [ { "name": "all", "files": ["**"], "optional": true } ] }"#,
    "",
];

#[derive(Debug, Clone)]
struct World {
    files: BTreeMap<&'static str, Vec<&'static str>>,
    tsconfig: usize,
    package: usize,
    policy: usize,
    members: bool,
    manifests: usize,
}

/// package.json of p and q, and a crate that scripts of p may build.
const MANIFESTS: [[&str; 3]; 5] = [
    [
        r#"{ "name": "p", "exports": { ".": "./dist/index.js", "./main": "./main.ts" } }"#,
        r#"{ "name": "q", "main": "src/index.ts" }"#,
        "",
    ],
    [
        r#"{ "name": "p", "dependencies": { "q": "workspace:*" }, "scripts": { "b": "cargo build -p far" } }"#,
        r#"{ "name": "q", "dependencies": { "zod": "1" }, "devDependencies": { "p": "*" } }"#,
        "[package]\nname = \"far\"\n",
    ],
    [
        r#"{ "name": "p", "devDependencies": { "q": "file:../q" }, "scripts": { "b": "cargo build -p far" } }"#,
        r#"{ "name": "other", "dependencies": { "p": "*" } }"#,
        "[package]\nname = \"near\"\n",
    ],
    [
        r#"{ "main": "./main.ts", "dependencies": { "q": "*" } }"#,
        r#"{ "name": "q", "nx": { "tags": ["x"] }, "scripts": { "b": "cargo build --manifest-path ../c/Cargo.toml" } }"#,
        "[package]\nname = \"far\"\n[dependencies]\nfar = \"1\"\n",
    ],
    [
        r#"{ "name": "p", "dependencies": { "q": "workspace:*" } }"#,
        "",
        "[dependencies]\nfar = \"1\"\n",
    ],
];

fn state(imports: &[&str]) -> FileState {
    let lines: Vec<String> = imports
        .iter()
        .map(|specifier| format!("import '{specifier}';\n"))
        .collect();
    FileState::text(&lines.concat())
}

fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

fn tree(world: &World) -> MemoryTree {
    let mut tree = MemoryTree::default();
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            tree.0.insert(path(name), FileState::text(text));
        }
    };
    add("tsconfig.json", TSCONFIGS[world.tsconfig]);
    add("package.json", PACKAGES[world.package]);
    add("krepis.json", POLICIES[world.policy]);
    if world.members {
        let [p, q, crate_] = MANIFESTS[world.manifests];
        add("libs/p/package.json", p);
        add("libs/q/package.json", q);
        add("libs/c/Cargo.toml", crate_);
    }
    for (name, imports) in &world.files {
        tree.0.insert(path(name), state(imports));
    }
    tree
}

fn imports() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(proptest::sample::select(&SPECIFIERS[..]), 0..5)
}

fn world() -> impl Strategy<Value = World> {
    let files = proptest::collection::btree_map(proptest::sample::select(&PATHS[..]), imports(), 0..12);
    (
        files,
        0..TSCONFIGS.len(),
        0..PACKAGES.len(),
        0..POLICIES.len(),
        any::<bool>(),
        0..MANIFESTS.len(),
    )
        .prop_map(|(files, tsconfig, package, policy, members, manifests)| World {
            files,
            tsconfig,
            package,
            policy,
            members,
            manifests,
        })
}

/// The change from one world to the other, with some of the pairs of a file gone and a file come told as renames.
fn change(before: &MemoryTree, after: &MemoryTree, renames: usize) -> Change {
    let all: BTreeSet<&WorkspacePath> = before.0.keys().chain(after.0.keys()).collect();
    let at = |tree: &MemoryTree, path: &WorkspacePath| tree.state(path).expect("memory");
    let mut transitions: Vec<Transition> = all
        .into_iter()
        .filter(|path| before.0.get(*path) != after.0.get(*path))
        .map(|path| Transition {
            path: path.clone(),
            before: at(before, path),
            after: at(after, path),
            edits: Vec::new(),
            renamed_from: None,
        })
        .collect();
    let is_source = |transition: &&Transition| transition.path.extension() == "ts";
    let gone: Vec<WorkspacePath> = transitions
        .iter()
        .filter(is_source)
        .filter(|one| one.after.is_absent())
        .map(|one| one.path.clone())
        .collect();
    let come = transitions
        .iter_mut()
        .filter(|one| one.path.extension() == "ts" && one.before.is_absent());
    for (new, old) in come.zip(gone).take(renames) {
        new.renamed_from = Some(old);
    }
    Change {
        title: String::new(),
        transitions,
        reads: Vec::new(),
    }
}

fn violations(tree: &dyn Tree, policy: &dyn Tree) -> Vec<Violation> {
    let mut config = load_config(policy).expect("a policy");
    // Where the baseline of a tree would stand there is nothing.
    config.baseline = Some(path("none.json"));
    check(tree, &config).expect("a report").all().cloned().collect()
}

/// `path:line message` of what check finds after and not before, by the policy of one of the trees.
fn added(before: &MemoryTree, after: &dyn Tree, policy: &dyn Tree, change: &Change) -> BTreeSet<String> {
    let moved: BTreeMap<&str, &str> = change
        .transitions
        .iter()
        .filter_map(|one| Some((one.renamed_from.as_ref()?.as_str(), one.path.as_str())))
        .collect();
    let new_name = |old: &str| {
        moved
            .get(old)
            .map_or_else(|| old.to_owned(), |new| (*new).to_owned())
    };
    let mut known = BTreeSet::new();
    for one in violations(before, policy) {
        let (rule, file, target) = (one.rule, one.path.to_string(), one.target);
        known.insert((rule.clone(), new_name(&file), new_name(&target)));
        known.insert((rule, file, target));
    }
    violations(after, policy)
        .into_iter()
        .filter(|one| !known.contains(&(one.rule.clone(), one.path.to_string(), one.target.clone())))
        .map(|one| format!("{}:{} {}", one.path, one.line, one.to_failure().message))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_gate_never_refuses_what_changes_nothing(world in world()) {
        let tree = tree(&world);
        prop_assert!(gate(&tree, &Change::default()).is_ok());
        let same = Change {
            transitions: tree
                .0
                .iter()
                .map(|(path, state)| Transition {
                    path: path.clone(),
                    before: state.clone(),
                    after: state.clone(),
                    edits: Vec::new(),
                    renamed_from: None,
                })
                .collect(),
            ..Change::default()
        };
        prop_assert!(gate(&tree, &same).is_ok());
    }

    #[test]
    fn the_gate_agrees_with_check_after_minus_check_before(
        before in world(),
        after in world(),
        keep_configuration in any::<bool>(),
        other_manifests in any::<bool>(),
        kept in proptest::collection::vec(any::<bool>(), PATHS.len()),
        renames in 0..4_usize,
    ) {
        let mut after = after;
        if keep_configuration {
            (after.tsconfig, after.package, after.members) = (before.tsconfig, before.package, before.members);
            (after.policy, after.manifests) = (before.policy, if other_manifests { after.manifests } else { before.manifests });
        }
        // Most changes leave most files alone.
        for (name, kept) in PATHS.iter().zip(&kept) {
            if *kept {
                match before.files.get(name) {
                    Some(imports) => drop(after.files.insert(name, imports.clone())),
                    None => drop(after.files.remove(name)),
                }
            }
        }
        let (old, new) = (tree(&before), tree(&after));
        let change = change(&old, &new, renames);
        let overlay = Overlay::new(&old, change.after());
        let mut expected = added(&old, &overlay, &old, &change);
        if before.policy != after.policy {
            expected.extend(added(&old, &overlay, &overlay, &change));
        }
        let found: BTreeSet<String> = match gate(&old, &change) {
            Ok(_) => BTreeSet::new(),
            Err(failure) => std::iter::once(&failure)
                .chain(&failure.others)
                .map(|one| {
                    assert_eq!(one.code.exit, 4, "{one:?}");
                    let at = one.at.as_ref().expect("a place");
                    format!("{}:{} {}", at.path, at.line, one.message)
                })
                .collect(),
        };
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_baseline_of_everything_leaves_nothing_and_nothing_stale(world in world()) {
        let mut tree = tree(&world);
        let config = load_config(&tree).expect("a policy");
        let report = check(&tree, &config).expect("a report");
        let change = krepis_rules::baseline_change(&tree, &config, &report).expect("a change");
        tree.0.extend(change.after());
        tree.0.retain(|_, state| !state.is_absent());
        let again = check(&tree, &config).expect("a report");
        prop_assert!(again.violations.is_empty() && again.stale.is_empty());
        prop_assert!(krepis_rules::baseline_change(&tree, &config, &again).expect("a change").transitions.is_empty());
    }
}
