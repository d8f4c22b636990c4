use krepis_proto::v1::{Edit, Read};
use proptest::prelude::*;

use super::*;
use crate::{MemoryTree, parse_json};

fn digest_of(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

fn file(path: &str) -> FileChange {
    FileChange {
        path: path.into(),
        ..FileChange::default()
    }
}

fn text(path: &str, text: &str) -> FileChange {
    FileChange {
        body: Some(Body::Text(text.into())),
        ..file(path)
    }
}

fn delete(path: &str, before: &str) -> FileChange {
    FileChange {
        body: Some(Body::Delete(true)),
        before: Some(digest_of(before)),
        ..file(path)
    }
}

fn symlink(path: &str, target: &str) -> FileChange {
    FileChange {
        body: Some(Body::Symlink(target.into())),
        ..file(path)
    }
}

fn rename(from: &str, to: &str, before: &str) -> FileChange {
    FileChange {
        renamed_from: Some(from.into()),
        before: Some(digest_of(before)),
        ..file(to)
    }
}

fn made_from(before: &str, file: FileChange) -> FileChange {
    FileChange {
        before: Some(digest_of(before)),
        ..file
    }
}

fn find(path: &str, find: &str, replace: &str) -> FileChange {
    FileChange {
        edits: vec![Edit {
            find: Some(find.into()),
            replace: Some(replace.into()),
            ..Edit::default()
        }],
        ..file(path)
    }
}

fn set(files: Vec<FileChange>) -> ChangeSet {
    ChangeSet {
        files,
        ..ChangeSet::default()
    }
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    MemoryTree::of(files)
}

fn with(mut tree: MemoryTree, path: &str, state: FileState) -> MemoryTree {
    tree.0.insert(WorkspacePath::parse(path).unwrap(), state);
    tree
}

fn link_state(target: &str) -> FileState {
    FileState::Symlink {
        target: target.as_bytes().into(),
    }
}

/// `path: before -> after` for each transition.
fn outline(change: &Change) -> Vec<String> {
    let state = |state: &FileState| match state {
        FileState::Absent => "absent".to_owned(),
        FileState::File { mode, .. } => format!("{:?} {mode:o}", state.as_text().unwrap()),
        FileState::Symlink { target } => format!("-> {}", String::from_utf8_lossy(target)),
    };
    change
        .transitions
        .iter()
        .map(|t| format!("{}: {} => {}", t.path, state(&t.before), state(&t.after)))
        .collect()
}

#[track_caller]
fn refused(files: Vec<FileChange>, tree: &MemoryTree, code: &str) -> Failure {
    let failure = resolve(&set(files), tree).expect_err("must be refused");
    assert_eq!(failure.code.id, code, "{failure} {:?}", failure.reason);
    failure
}

#[test]
fn creates_replaces_edits_renames_links_and_deletes() {
    let tree = tree(&[("a", "1"), ("b", "2\n"), ("c", "3"), ("d", "4")]);
    let change = resolve(
        &set(vec![
            text("new/n.ts", "n"),
            made_from("1", text("a", "one")),
            find("b", "2", "two"),
            rename("c", "moved", "3"),
            delete("d", "4"),
            symlink("link", "new/n.ts"),
        ]),
        &tree,
    )
    .unwrap();
    assert_eq!(
        outline(&change),
        [
            "a: \"1\" 644 => \"one\" 644",
            "b: \"2\\n\" 644 => \"two\\n\" 644",
            "c: \"3\" 644 => absent",
            "d: \"4\" 644 => absent",
            "link: absent => -> new/n.ts",
            "moved: absent => \"3\" 644",
            "new/n.ts: absent => \"n\" 644",
        ]
    );
    assert_eq!(resolve(&crate::change_set(&change), &tree).unwrap(), change);
    assert_eq!(change.transitions[1].edits.len(), 1);
    assert_eq!(change.transitions[5].renamed_from.as_ref().unwrap().as_str(), "c");
}

#[test]
fn a_mode_is_taken_kept_or_644() {
    let mode = |file: FileChange| FileChange {
        mode: Some("755".into()),
        ..file
    };
    let run = FileState::File {
        bytes: b"r"[..].into(),
        mode: 0o755,
    };
    let tree = with(tree(&[]), "run", run);
    let change = resolve(
        &set(vec![
            mode(text("x", "")),
            text("y", ""),
            made_from("r", text("run", "R")),
        ]),
        &tree,
    )
    .unwrap();
    assert_eq!(
        outline(&change),
        [
            "run: \"r\" 755 => \"R\" 755",
            "x: absent => \"\" 755",
            "y: absent => \"\" 644"
        ]
    );
    let wrong = FileChange {
        mode: Some("777".into()),
        ..text("z", "")
    };
    refused(vec![wrong], &tree, "KRP2005");
    refused(vec![mode(delete("run", "r"))], &tree, "KRP2005");
    refused(vec![mode(symlink("l", "run"))], &tree, "KRP2005");
}

#[test]
fn what_changes_nothing_is_dropped() {
    let tree = tree(&[("a", "1")]);
    let change = resolve(&set(vec![made_from("1", text("a", "1")), text("b", "")]), &tree).unwrap();
    assert_eq!(outline(&change), ["b: absent => \"\" 644"]);
}

#[test]
fn every_entry_says_exactly_one_thing() {
    let tree = tree(&[("a", "1")]);
    refused(vec![file("a")], &tree, "KRP2004");
    refused(
        vec![FileChange {
            body: Some(Body::Delete(false)),
            ..file("a")
        }],
        &tree,
        "KRP2004",
    );
    let both = FileChange {
        body: Some(Body::Text(String::new())),
        ..find("a", "1", "2")
    };
    refused(vec![both], &tree, "KRP2004");
    refused(vec![text("n", ""), text("n", "")], &tree, "KRP2006");
    refused(
        vec![FileChange {
            before: Some("ABC".into()),
            ..text("a", "")
        }],
        &tree,
        "KRP2007",
    );
    refused(vec![rename("a", "a", "1")], &tree, "KRP2013");
    refused(
        vec![rename("a", "b", "1"), rename("a", "c", "1")],
        &tree,
        "KRP2013",
    );
    let wrong_schema = ChangeSet {
        schema: Some(2),
        ..set(vec![])
    };
    assert_eq!(resolve(&wrong_schema, &tree).unwrap_err().code, &errors::SCHEMA);
}

#[test]
fn all_failures_of_a_step_are_reported() {
    let failure = refused(
        vec![
            text("../x", ""),
            text(".git/config", ""),
            file("a"),
            text("ok", ""),
        ],
        &tree(&[]),
        "KRP2101",
    );
    let codes: Vec<_> = failure.others.iter().map(|other| other.code.id).collect();
    assert_eq!(codes, ["KRP2102", "KRP2004"]);
    let tree = tree(&[("a", "1"), ("b", "2"), ("c", "3")]);
    let failure = refused(
        vec![
            made_from("x", text("a", "")),
            text("b", ""),
            delete("gone", "x"),
            text("n", ""),
        ],
        &tree,
        "KRP2301",
    );
    let all: Vec<_> = std::iter::once(&failure)
        .chain(&failure.others)
        .map(|one| format!("{} {}", one.code.id, one.at.as_ref().unwrap().path))
        .collect();
    assert_eq!(all, ["KRP2301 a", "KRP2302 b", "KRP2301 gone"]);
    assert_eq!(failure.exit(), 3);
}

#[test]
fn stale_reads_are_reported_with_stale_targets() {
    let tree = tree(&[("a", "1"), ("r", "now")]);
    let read = |path: &str, digest: String| Read {
        path: path.into(),
        digest,
    };
    let stale = ChangeSet {
        reads: vec![
            read("r", digest_of("then")),
            read("a", String::new()),
            read("x", digest_of("x")),
        ],
        ..set(vec![text("a", "")])
    };
    let failure = resolve(&stale, &tree).unwrap_err();
    assert_eq!(failure.code, &errors::EXISTS);
    assert_eq!(failure.others.len(), 3);
    assert!(
        failure
            .others
            .iter()
            .all(|other| other.code == &errors::STALE_READ)
    );
    let fresh = ChangeSet {
        reads: vec![
            read("r", digest_of("now")),
            read("x", String::new()),
            read("x", String::new()),
        ],
        ..set(vec![])
    };
    assert_eq!(resolve(&fresh, &tree).unwrap().reads.len(), 2);
}

#[test]
fn a_find_needs_no_digest_and_a_span_does() {
    let tree = tree(&[("a", "one two")]);
    resolve(&set(vec![find("a", "one", "1")]), &tree).unwrap();
    let span = FileChange {
        edits: vec![Edit {
            start: Some(0),
            end: Some(3),
            text: Some("1".into()),
            ..Edit::default()
        }],
        ..file("a")
    };
    refused(vec![span.clone()], &tree, "KRP2302");
    resolve(&set(vec![made_from("one two", span.clone())]), &tree).unwrap();
    refused(vec![find("none", "x", "y")], &tree, "KRP2301");
    refused(vec![find("a", "three", "3")], &tree, "KRP2011");
    refused(
        vec![made_from(
            "one two",
            FileChange {
                edits: vec![Edit {
                    end: Some(99),
                    ..span.edits[0].clone()
                }],
                ..span
            },
        )],
        &tree,
        "KRP2009",
    );
}

#[test]
fn only_text_can_be_edited() {
    let binary = FileState::File {
        bytes: b"\xff\xfe"[..].into(),
        mode: 0o644,
    };
    let tree = with(with(tree(&[]), "a.png", binary), "link", link_state("a.png"));
    refused(vec![find("a.png", "x", "y")], &tree, "KRP2012");
    refused(vec![find("link", "x", "y")], &tree, "KRP2012");
}

#[test]
fn names_move_along_a_chain_and_may_be_swapped() {
    let tree = tree(&[("a", "1"), ("b", "2")]);
    let chain = resolve(&set(vec![rename("a", "b", "1"), rename("b", "c", "2")]), &tree).unwrap();
    assert_eq!(
        outline(&chain),
        [
            "a: \"1\" 644 => absent",
            "b: \"2\" 644 => \"1\" 644",
            "c: absent => \"2\" 644"
        ]
    );
    assert_eq!(resolve(&crate::change_set(&chain), &tree).unwrap(), chain);
    let swap = resolve(&set(vec![rename("a", "b", "1"), rename("b", "a", "2")]), &tree).unwrap();
    assert_eq!(
        outline(&swap),
        ["a: \"1\" 644 => \"2\" 644", "b: \"2\" 644 => \"1\" 644"]
    );
    refused(vec![rename("a", "b", "1")], &tree, "KRP2302");
    refused(vec![rename("none", "c", "1")], &tree, "KRP2301");
    let edited = resolve(
        &set(vec![FileChange {
            edits: find("", "1", "one").edits,
            ..rename("a", "c", "1")
        }]),
        &tree,
    );
    assert_eq!(
        outline(&edited.unwrap()),
        ["a: \"1\" 644 => absent", "c: absent => \"one\" 644"]
    );
}

#[test]
fn nothing_goes_through_a_symbolic_link() {
    let tree = with(tree(&[("real/a", "1")]), "alias", link_state("real"));
    let failure = refused(vec![text("alias/b", "")], &tree, "KRP2105");
    assert!(failure.message.contains("alias"), "{failure}");
    refused(vec![made_from("1", text("alias/deep/b", ""))], &tree, "KRP2105");
    resolve(&set(vec![text("real/b", "")]), &tree).unwrap();
}

#[test]
fn a_symbolic_link_points_into_the_workspace() {
    let tree = with(
        with(tree(&[("src/a.ts", "")]), "out", link_state("../elsewhere")),
        "dir",
        link_state("src"),
    );
    for (place, target) in [
        ("l", "src/a.ts"),
        ("deep/er/l", "../../src/a.ts"),
        ("l", "./src"),
        ("l", "not/yet/there"),
        ("l", "dir"),
    ] {
        resolve(&set(vec![symlink(place, target)]), &tree)
            .unwrap_or_else(|failure| panic!("{target}: {failure}"));
    }
    for (place, target) in [
        ("l", ""),
        ("l", "/etc/passwd"),
        ("l", "../x"),
        ("a/l", "../../x"),
        ("l", "src/../../x"),
        ("l", ".git/config"),
        ("l", "out"),
        ("l", "dir/../x"),
        ("l", "l"),
        ("l", "C:\\x"),
        ("l", "a\0b"),
    ] {
        let failure = refused(vec![symlink(place, target)], &tree, "KRP2104");
        assert!(failure.reason.is_some());
    }
}

#[test]
fn twins_by_case_are_refused_among_the_new_and_against_the_old() {
    let tree = tree(&[("src/orders.ts", "1")]);
    refused(vec![text("x/A.ts", ""), text("x/a.ts", "")], &tree, "KRP2106");
    refused(vec![text("src/Orders.ts", "")], &tree, "KRP2106");
    refused(vec![text("Src/b.ts", "")], &tree, "KRP2106");
    refused(vec![text("Ä", ""), text("ä", "")], &tree, "KRP2106");
    refused(vec![text("d/Ab/x", ""), text("d/aB/y", "")], &tree, "KRP2106");
    resolve(&set(vec![rename("src/orders.ts", "src/Orders.ts", "1")]), &tree).unwrap();
    resolve(&set(vec![rename("src/orders.ts", "Src/orders.ts", "1")]), &tree).unwrap();
}

#[test]
fn a_path_is_a_file_or_a_folder() {
    let tree = tree(&[("file", "1"), ("folder/a", "2")]);
    refused(vec![text("n", ""), text("n/b", "")], &tree, "KRP2107");
    refused(vec![text("file/b", "")], &tree, "KRP2107");
    refused(vec![delete("file", "1"), text("file/b", "")], &tree, "KRP2107");
    refused(vec![text("folder", "")], &tree, "KRP2108");
    refused(
        vec![delete("folder/a", "2"), text("folder", "")],
        &tree,
        "KRP2108",
    );
    refused(vec![delete("folder", "x")], &tree, "KRP2108");
}

#[test]
fn a_title_is_one_printable_line() {
    let change = resolve(
        &ChangeSet {
            title: " two\nlines \u{1b}[31mred".into(),
            ..set(vec![])
        },
        &tree(&[]),
    );
    assert_eq!(change.unwrap().title, "two lines [31mred");
}

#[test]
fn the_form_of_the_design_is_read() {
    let tree = tree(&[("b.ts", "b"), ("old/c.ts", "c"), ("e.ts", "0123456789")]);
    let json = format!(
        r#"{{ "schema": 1, "title": "t", "files": [
            {{ "path": "logo.png", "content": "iVBORw==" }},
            {{ "path": "b.ts", "before": "{}", "delete": true }},
            {{ "path": "c.ts", "before": "{}", "renamedFrom": "old/c.ts" }},
            {{ "path": "d", "symlink": "c.ts" }},
            {{ "path": "e.ts", "before": "{}", "edits": [{{ "start": 5, "end": 5, "text": "-" }}] }} ],
            "reads": [{{ "path": "old/c.ts", "digest": "{}" }}] }}"#,
        digest_of("b"),
        digest_of("c"),
        digest_of("0123456789"),
        digest_of("c"),
    );
    let change = resolve(&parse_json(json.as_bytes()).unwrap(), &tree).unwrap();
    assert_eq!(change.transitions.len(), 6);
    assert_eq!(change.transitions[3].after, FileState::text("01234-56789"));
}

proptest! {
    #[test]
    fn transitions_are_sorted_unique_and_each_changes_something(
        before in proptest::collection::btree_map("[a-c]{1,2}(/[d-e])?", "[x-z]{0,2}", 0..4),
        after in proptest::collection::vec(("[a-c]{1,2}(/[d-e])?", "[x-z]{0,2}", 0..4_u8), 0..5),
    ) {
        let mut tree = MemoryTree::default();
        for (path, text) in &before {
            tree.0.insert(WorkspacePath::parse(path).unwrap(), FileState::text(text));
        }
        let files = after
            .iter()
            .map(|(path, content, kind)| {
                let old = before.get(path).map(String::as_str);
                let file = match kind {
                    0 => delete(path, old.unwrap_or_default()),
                    _ => text(path, content),
                };
                FileChange { before: old.map(digest_of), ..file }
            })
            .collect();
        if let Ok(change) = resolve(&set(files), &tree) {
            prop_assert!(change.transitions.iter().all(|t| t.before != t.after));
            prop_assert!(change.transitions.windows(2).all(|pair| pair[0].path < pair[1].path));
            for t in &change.transitions {
                prop_assert_eq!(&tree.state(&t.path).unwrap(), &t.before);
            }
            prop_assert_eq!(resolve(&crate::change_set(&change), &tree).unwrap(), change);
        }
    }
}
