use krepis_proto::v1::{Edit, FileChange, Read, file_change::Body};
use proptest::prelude::*;

use super::*;
use crate::{Digest, MemoryTree};

const MODULE: &str = "import { A } from './a';\n\nexport const m = {\n  providers: [A],\n  routes: [],\n};\n";

fn tree() -> MemoryTree {
    MemoryTree::of(&[("m.ts", MODULE), ("other.ts", "x\n")])
}

fn digest_of(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

fn set(files: Vec<FileChange>) -> ChangeSet {
    ChangeSet {
        files,
        ..ChangeSet::default()
    }
}

fn text(path: &str, text: &str) -> FileChange {
    FileChange {
        path: path.into(),
        body: Some(Body::Text(text.into())),
        ..FileChange::default()
    }
}

/// An edit of m.ts: `anchor|` means after the text, `|anchor` before it, a bare anchor is replaced.
fn edit(anchor: &str, insert: &str) -> Edit {
    let bare = anchor.trim_matches('|');
    let at = MODULE.find(bare).unwrap();
    let (start, end) = match (anchor.starts_with('|'), anchor.ends_with('|')) {
        (true, _) => (at, at),
        (_, true) => (at + bare.len(), at + bare.len()),
        _ => (at, at + bare.len()),
    };
    Edit {
        start: Some(u32::try_from(start).unwrap()),
        end: Some(u32::try_from(end).unwrap()),
        text: Some(insert.into()),
        ..Edit::default()
    }
}

fn edits(edits: Vec<Edit>) -> ChangeSet {
    set(vec![FileChange {
        path: "m.ts".into(),
        before: Some(digest_of(MODULE)),
        edits,
        ..FileChange::default()
    }])
}

fn merged(sets: &[ChangeSet]) -> String {
    let tree = tree();
    let set = merge(sets, &tree).unwrap();
    let change = resolve(&set, &tree).unwrap();
    let mut out = String::new();
    for transition in &change.transitions {
        let text = transition.after.as_text().unwrap_or("gone\n");
        let _ = write!(out, "== {}\n{text}", transition.path);
    }
    out
}

#[track_caller]
fn conflict(sets: &[ChangeSet]) -> MergeConflict {
    match merge(sets, &tree()) {
        Err(MergeError::Conflict(conflict)) => conflict,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

#[test]
fn edits_of_one_file_are_united_in_command_order() {
    let plan = |name: &str| {
        edits(vec![
            edit("'./a';\n|", &format!("import {{ {name} }} from './{name}';\n")),
            edit("[A|", &format!(", {name}")),
        ])
    };
    assert_eq!(
        merged(&[plan("C"), plan("B"), edits(vec![edit("routes", "paths")])]),
        "== m.ts\nimport { A } from './a';\nimport { C } from './C';\nimport { B } from './B';\n\n\
         export const m = {\n  providers: [A, C, B],\n  paths: [],\n};\n"
    );
}

#[test]
fn insertions_at_one_place_land_together_only_when_that_is_safe() {
    for (anchor, first, second) in [
        ("[A|", ", B", ", C"),
        ("[A|", " ,B", ", C "),
        ("providers: [|", "B, ", "C, "),
        ("|  providers", "  b: 1,\n", "  c: 2,\n"),
        ("|import", "// one\n", "// two\n"),
        ("'./a';|", "\nimport b", "\nimport c"),
    ] {
        merged(&[
            edits(vec![edit(anchor, first)]),
            edits(vec![edit(anchor, second)]),
        ]);
    }
    for (anchor, first, second) in [
        ("[A|", ", B", "C, "),
        ("routes: [|", "B", "C"),
        ("[A|", ", B", ", B"),
        ("[A|", ", B,", ", C,"),
        ("'./a';\n|", "import b\n", "import b\n"),
        ("import|", "x\n", "y\n"),
    ] {
        let found = conflict(&[
            edits(vec![edit(anchor, first)]),
            edits(vec![edit(anchor, second)]),
        ]);
        assert_eq!((found.first, found.second), (0, 1), "{anchor} {first} {second}");
        assert!(found.line > 0);
    }
}

#[test]
fn two_commas_never_meet_across_blanks() {
    let tree = MemoryTree::of(&[("l.ts", "[A ]")]);
    let at = |offset: u32, insert: &str| {
        set(vec![FileChange {
            path: "l.ts".into(),
            before: Some(digest_of("[A ]")),
            edits: vec![Edit {
                start: Some(offset),
                end: Some(offset),
                text: Some(insert.into()),
                ..Edit::default()
            }],
            ..FileChange::default()
        }])
    };
    assert!(merge(&[at(2, ", B,"), at(3, ", C")], &tree).is_err());
    assert!(merge(&[at(3, ", C"), at(2, ", B,")], &tree).is_err());
    merge(&[at(2, ", B"), at(3, ", C")], &tree).unwrap();
}

#[test]
fn what_both_say_alike_is_said_once() {
    let create = set(vec![text("n.ts", "n\n"), text("mine.ts", "")]);
    let again = set(vec![text("n.ts", "n\n")]);
    let replace = edits(vec![edit("routes", "paths")]);
    let delete = set(vec![FileChange {
        path: "other.ts".into(),
        before: Some(digest_of("x\n")),
        body: Some(Body::Delete(true)),
        ..FileChange::default()
    }]);
    let text = merged(&[create, again, replace.clone(), replace, delete.clone(), delete]);
    assert_eq!(text.matches("== ").count(), 4, "{text}");
    assert!(text.contains("paths: []"), "{text}");
}

#[test]
fn a_conflict_names_both_proposals_and_the_place() {
    let found = conflict(&[
        set(vec![text("n.ts", "")]),
        edits(vec![edit("providers", "services")]),
        edits(vec![edit("providers: [A]", "")]),
    ]);
    assert_eq!(
        (found.first, found.second, found.path.as_str(), found.line),
        (1, 2, "m.ts", 4)
    );
    let failure = found.failure(&["a", "service orders"]);
    assert_eq!(
        failure.message,
        "`service orders` and proposal 3 cannot both change m.ts:4"
    );
    assert_eq!(failure.exit(), 3);
}

#[test]
fn whole_content_against_anything_else_is_a_conflict() {
    let whole = set(vec![FileChange {
        before: Some(digest_of(MODULE)),
        ..text("m.ts", "other")
    }]);
    let rename = |to: &str| {
        set(vec![FileChange {
            path: to.into(),
            renamed_from: Some("m.ts".into()),
            before: Some(digest_of(MODULE)),
            ..FileChange::default()
        }])
    };
    let delete = set(vec![FileChange {
        before: Some(digest_of(MODULE)),
        body: Some(Body::Delete(true)),
        ..text("m.ts", "")
    }]);
    let edit = edits(vec![edit("[A|", ", B")]);
    let sets = [whole, rename("a.ts"), rename("b.ts"), delete, edit];
    for (first, one) in sets.iter().enumerate() {
        for other in &sets[first + 1..] {
            conflict(&[one.clone(), other.clone()]);
        }
    }
    conflict(&[set(vec![text("n", "1")]), set(vec![text("n", "2")])]);
}

#[test]
fn names_of_different_proposals_must_fit_together() {
    let file = |path: &str| set(vec![text(path, "")]);
    for (one, other) in [
        ("a", "a/b"),
        ("x/a/b", "x/a"),
        ("n/A.ts", "n/a.ts"),
        ("N/a", "n/b"),
    ] {
        let found = conflict(&[file("z"), file(one), file(other)]);
        assert_eq!((found.first, found.second), (1, 2));
    }
    merge(&[file("n/a"), file("n/b")], &tree()).unwrap();
}

#[test]
fn a_proposal_that_does_not_hold_by_itself_is_named() {
    match merge(&[set(vec![text("n", "")]), set(vec![text("m.ts", "")])], &tree()) {
        Err(MergeError::Proposal { index: 1, failure }) => assert_eq!(failure.code, &errors::EXISTS),
        other => panic!("{other:?}"),
    }
}

#[test]
fn titles_and_reads_are_united() {
    let one = ChangeSet {
        title: "one".into(),
        reads: vec![Read {
            path: "m.ts".into(),
            digest: digest_of(MODULE),
        }],
        ..set(vec![])
    };
    let two = ChangeSet {
        title: "two".into(),
        reads: vec![
            one.reads[0].clone(),
            Read {
                path: "gone".into(),
                digest: String::new(),
            },
        ],
        ..set(vec![])
    };
    let merged = merge(&[one.clone(), two, one], &tree()).unwrap();
    assert_eq!(merged.title, "one; two");
    assert_eq!(merged.reads.len(), 2);
    assert_eq!(merge(&[], &tree()).unwrap().files.len(), 0);
}

proptest! {
    /// Letters are replaced one by one; a merge that succeeds does exactly what each proposal wanted.
    #[test]
    fn a_merge_does_all_that_every_proposal_wanted_or_names_a_conflict(
        base in "[a-z]{1,12}",
        wishes in proptest::collection::vec(proptest::collection::btree_map(0_usize..12, "[A-Z]{0,2}", 0..4), 1..4),
    ) {
        let tree = MemoryTree::of(&[("f", &base)]);
        let plan = |wish: &BTreeMap<usize, String>| {
            set(vec![FileChange {
                path: "f".into(),
                before: Some(digest_of(&base)),
                edits: wish
                    .iter()
                    .filter(|(at, _)| **at < base.len())
                    .map(|(at, text)| Edit {
                        start: u32::try_from(*at).ok(),
                        end: u32::try_from(at + 1).ok(),
                        text: Some(text.clone()),
                        ..Edit::default()
                    })
                    .collect(),
                ..FileChange::default()
            }])
        };
        let sets: Vec<ChangeSet> = wishes.iter().map(plan).filter(|set| !set.files[0].edits.is_empty()).collect();
        let mut wanted: BTreeMap<usize, &String> = BTreeMap::new();
        let mut agree = true;
        for (at, text) in wishes.iter().flatten().filter(|(at, _)| **at < base.len()) {
            agree &= *wanted.entry(*at).or_insert(text) == text;
        }
        let expected: String = base
            .char_indices()
            .map(|(at, c)| wanted.get(&at).map_or_else(|| c.to_string(), ToString::to_string))
            .collect();
        match merge(&sets, &tree) {
            Ok(merged) => {
                prop_assert!(agree);
                let change = resolve(&merged, &tree).unwrap();
                let after = change.transitions.first().map_or(base.as_str(), |t| t.after.as_text().unwrap());
                prop_assert_eq!(after, expected.as_str());
            }
            Err(MergeError::Conflict(_)) => prop_assert!(!agree),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
