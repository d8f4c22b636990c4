use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::{Change, Digest, MemoryTree, Overlay, Transition, parse_input, render_patch, resolve};

fn after(patch: &str, tree: &MemoryTree) -> Result<Vec<(String, FileState)>, Failure> {
    let change = resolve(&parse_patch(patch, tree)?, tree)?;
    Ok(change
        .after()
        .map(|(path, state)| (path.to_string(), state))
        .collect())
}

#[track_caller]
fn one(patch: &str, file: &str, text: &str) -> String {
    let mut states =
        after(patch, &MemoryTree::of(&[(file, text)])).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(states.len(), 1);
    let (found, state) = states.remove(0);
    assert_eq!(found, file);
    state.as_text().unwrap_or("gone").to_owned()
}

#[track_caller]
fn refused(patch: &str, tree: &MemoryTree, code: &str) -> Failure {
    let failure = parse_patch(patch, tree).expect_err("must be refused");
    assert_eq!(failure.code.id, code, "{failure:?}");
    failure
}

#[test]
fn names_are_read_with_and_without_prefixes_time_stamps_and_git_headers() {
    let hunk = "@@ -1 +1 @@\n-1\n+2\n";
    for head in [
        "--- a/src/x.ts\n+++ b/src/x.ts\n",
        "--- src/x.ts\n+++ src/x.ts\n",
        "--- ./src/x.ts\n+++ ./src/x.ts\n",
        "--- src/x.ts.orig\t2024-01-01 10:00:00.000 +0100\n+++ src/x.ts\t2024-01-02 10:00:00 +0100\n",
        "diff --git a/src/x.ts b/src/x.ts\nindex 1..2 100644\n--- a/src/x.ts\n+++ b/src/x.ts\n",
        "diff --git src/x.ts src/x.ts\nindex 1..2 100644\n--- src/x.ts\n+++ src/x.ts\n",
        "diff --git i/src/x.ts w/src/x.ts\nindex 1..2 100644\n--- i/src/x.ts\n+++ w/src/x.ts\n",
        "From 123 Mon Sep 17\nSubject: [PATCH] x\n---\n src/x.ts | 2 +-\n\ndiff --git a/src/x.ts b/src/x.ts\n--- a/src/x.ts\n+++ b/src/x.ts\n",
        "diff --git \"a/src/x.ts\" \"b/src/x.ts\"\n--- \"a/src/x.ts\"\n+++ \"b/src/x.ts\"\n",
    ] {
        assert_eq!(one(&format!("{head}{hunk}"), "src/x.ts", "1\n"), "2\n", "{head}");
        assert_eq!(
            one(&format!("{head}{hunk}-- \n2.40.1\n"), "src/x.ts", "1\n"),
            "2\n",
            "{head}"
        );
    }
}

#[test]
fn a_folder_called_a_is_no_prefix() {
    let hunk = "@@ -1 +1 @@\n-1\n+2\n";
    for head in [
        "diff --git a/x a/x\n--- a/x\n+++ a/x\n",
        "diff --git a/a/x b/a/x\n--- a/a/x\n+++ b/a/x\n",
        "--- a/x\n+++ a/x\n",
    ] {
        assert_eq!(one(&format!("{head}{hunk}"), "a/x", "1\n"), "2\n", "{head}");
    }
}

#[test]
fn quoted_names_with_octal_bytes_are_read() {
    let patch = "diff --git \"a/gr\\303\\266\\303\\237e/\\\"q\\\".ts\" \"b/gr\\303\\266\\303\\237e/\\\"q\\\".ts\"\n\
                 index 1..2 100644\n--- \"a/gr\\303\\266\\303\\237e/\\\"q\\\".ts\"\n+++ \"b/gr\\303\\266\\303\\237e/\\\"q\\\".ts\"\n\
                 @@ -1 +1 @@\n-1\n+2\n";
    assert_eq!(one(patch, "größe/\"q\".ts", "1\n"), "2\n");
}

#[test]
fn line_ends_and_missing_newlines_are_kept() {
    assert_eq!(
        one(
            "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\r\n-b\r\n+B\r\n c\r\n",
            "x",
            "a\r\nb\r\nc\r\n"
        ),
        "a\r\nB\r\nc\r\n"
    );
    assert_eq!(
        one(
            "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
            "x",
            "a"
        ),
        "b"
    );
    assert_eq!(
        one(
            "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
            "x",
            "a"
        ),
        "a\n"
    );
    assert_eq!(one("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b", "x", "a\n"), "b\n");
    assert_eq!(
        one(
            "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+B\n",
            "x",
            "a\n\nb\n"
        ),
        "a\n\nB\n"
    );
}

#[test]
fn a_hunk_goes_to_the_only_place_where_it_fits_and_takes_the_next_along() {
    let patch = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n@@ -4 +4 @@\n-x\n+X\n";
    assert_eq!(
        one(patch, "x", "new\nnew\na\nb\nx\nx\n"),
        "new\nnew\na\nB\nx\nX\n"
    );
    assert_eq!(one(patch, "x", "a\nb\nc\nx\n"), "a\nB\nc\nX\n");
    assert_eq!(one(patch, "x", "0\na\nb\nc\nx\n"), "0\na\nB\nc\nX\n");
}

#[test]
fn a_hunk_that_fits_nowhere_or_at_several_places_is_named() {
    let patch = "--- a/x\n+++ b/x\n@@ -9 +9 @@\n-a\n+b\n@@ -12 +12 @@\n-c\n+d\n";
    let failure = refused(patch, &MemoryTree::of(&[("x", "a\na\nd\n")]), "KRP2304");
    assert_eq!(failure.message, "hunk 1 of 2 (line 3 of the diff) does not fit x");
    assert!(failure.reason.unwrap().contains("line 1, 2"));
    assert!(
        failure.others[0]
            .reason
            .as_ref()
            .unwrap()
            .contains("applied already")
    );
    let failure = refused(patch, &MemoryTree::of(&[("x", "a\r\nc\r\n")]), "KRP2304");
    assert!(failure.reason.unwrap().contains("line ends"));
    let no_context = "--- a/x\n+++ b/x\n@@ -1,0 +2 @@\n+b\n";
    refused(no_context, &MemoryTree::of(&[("x", "a\n")]), "KRP2304");
    refused(patch, &MemoryTree::default(), "KRP2304");
    assert_eq!(failure.code.exit, 3);
}

#[test]
fn new_deleted_renamed_copied_files_modes_and_links() {
    let tree = MemoryTree::of(&[("gone", "1\n"), ("old", "a\nb\n"), ("run", "x\n"), ("empty", "")]);
    let patch = "diff --git a/new.sh b/new.sh\nnew file mode 100755\nindex 0..1\n--- /dev/null\n+++ b/new.sh\n@@ -0,0 +1,2 @@\n+1\n+2\n\
        diff --git a/none b/none\nnew file mode 100644\nindex 0000000..e69de29\n\
        diff --git a/gone b/gone\ndeleted file mode 100644\nindex 1..0\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n\
        diff --git a/empty b/empty\ndeleted file mode 100644\nindex e69de29..0000000\n\
        diff --git a/old b/sub/new name\nsimilarity index 50%\nrename from old\nrename to sub/new name\n--- a/old\n+++ b/sub/new name\t\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n\
        diff --git a/run b/run\nold mode 100644\nnew mode 100755\n\
        diff --git a/run b/copy\nsimilarity index 100%\ncopy from run\ncopy to copy\n\
        diff --git a/link b/link\nnew file mode 120000\nindex 0..1\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+run\n\\ No newline at end of file\n";
    let executable = |text: &str| FileState::File {
        bytes: text.as_bytes().into(),
        mode: 0o755,
    };
    let expected = [
        ("copy", FileState::text("x\n")),
        ("empty", FileState::Absent),
        ("gone", FileState::Absent),
        (
            "link",
            FileState::Symlink {
                target: b"run"[..].into(),
            },
        ),
        ("new.sh", executable("1\n2\n")),
        ("none", FileState::text("")),
        ("old", FileState::Absent),
        ("run", executable("x\n")),
        ("sub/new name", FileState::text("a\nB\n")),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(path, state)| (path.to_owned(), state))
        .collect();
    assert_eq!(after(patch, &tree).unwrap(), expected);
    let set = parse_patch(patch, &tree).unwrap();
    let renamed = set.files.iter().find(|file| file.renamed_from.is_some()).unwrap();
    assert_eq!(renamed.before, Some(Digest::of(b"a\nb\n").to_string()));
    assert_eq!(set.reads.len(), 1, "the source of the copy");
}

#[test]
fn a_file_that_is_created_must_not_be_there_and_one_that_is_deleted_must_be_as_the_diff_says() {
    let tree = MemoryTree::of(&[("a", "1\n")]);
    let create = "--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+2\n";
    let failure = resolve(&parse_patch(create, &tree).unwrap(), &tree).unwrap_err();
    assert_eq!(failure.code, &errors::EXISTS);
    refused("--- a/a\n+++ /dev/null\n@@ -1 +0,0 @@\n-2\n", &tree, "KRP2304");
    refused("--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-2\n", &tree, "KRP2304");
    // `diff -N` gives no /dev/null.
    let states = after("--- old/b\n+++ b\n@@ -0,0 +1 @@\n+2\n", &tree).unwrap();
    assert_eq!(states, [("b".to_owned(), FileState::text("2\n"))]);
}

#[test]
fn what_is_not_a_diff_is_refused_with_its_line() {
    let tree = MemoryTree::of(&[("x", "a\n")]);
    for (patch, line) in [
        ("", 1),
        ("hello\n", 1),
        ("--- a/x\n+++ b/x\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1 @@\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n*b\n", 5),
        ("\n@@ -1 +1 @@\n-a\n+b\n", 2),
        ("diff --cc x\nindex 1,2..3\n", 1),
        ("diff --git a/x b/y\nold mode 100644\nnew mode 100755\n", 1),
        (
            "diff --git a/m b/m\nindex 1..2 160000\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n",
            1,
        ),
    ] {
        let failure = refused(patch, &tree, "KRP2201");
        assert_eq!(failure.at.unwrap().line, line, "{patch}");
    }
    for binary in [
        "Binary files a/x and b/x differ\n",
        "GIT binary patch\nliteral 3\nKcmZ\n",
    ] {
        let patch = format!("diff --git a/x b/x\nindex 1..2 100644\n{binary}");
        let failure = refused(&patch, &tree, "KRP2202");
        assert!(failure.hint.unwrap().contains("JSON"));
    }
    refused("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", &tree, "KRP2101");
}

#[test]
fn the_form_of_the_input_is_told_from_its_first_character() {
    let tree = MemoryTree::of(&[("x", "a\n")]);
    assert!(parse_input(b" \n{\"title\":\"t\"}", &tree).is_ok());
    assert_eq!(parse_input(b"{", &tree).unwrap_err().code.id, "KRP2001");
    assert_eq!(parse_input(b"\n\n", &tree).unwrap_err().code.id, "KRP2201");
    assert_eq!(parse_input(b"--- \xff", &tree).unwrap_err().code.id, "KRP2201");
}

#[test]
fn a_file_that_is_not_utf_8_is_patched_byte_by_byte() {
    let mut tree = MemoryTree::default();
    let path = WorkspacePath::parse("x").unwrap();
    tree.0.insert(
        path,
        FileState::File {
            bytes: b"\xff\na\n"[..].into(),
            mode: 0o644,
        },
    );
    let states = after("--- a/x\n+++ b/x\n@@ -2 +2 @@\n-a\n+b\n", &tree).unwrap();
    assert_eq!(states[0].1.bytes().unwrap().as_ref(), b"\xff\nb\n");
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@localhost",
            "-c",
            "core.autocrlf=false",
        ])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("a diff of text is text")
}

fn state() -> impl Strategy<Value = FileState> {
    prop_oneof![
        1 => Just(FileState::Absent),
        6 => ("([a-c]{0,2}\r?\n){0,20}[a-c]{0,2}", any::<bool>()).prop_map(|(text, run)| FileState::File {
            bytes: text.into_bytes().into(),
            mode: if run { 0o755 } else { 0o644 },
        }),
        1 => "[l-n]{1,3}".prop_map(|target| FileState::Symlink { target: target.into_bytes().into() }),
    ]
}

fn write(root: &Path, name: &str, state: &FileState) {
    use std::os::unix::fs::PermissionsExt as _;
    let place = root.join(name);
    drop(std::fs::remove_file(&place));
    match state {
        FileState::Absent => {}
        FileState::File { bytes, mode } => {
            std::fs::write(&place, bytes).unwrap();
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
        FileState::Symlink { target } => {
            std::os::unix::fs::symlink(std::str::from_utf8(target).unwrap(), &place).unwrap();
        }
    }
}

type States = std::collections::BTreeMap<String, (FileState, FileState)>;

fn states() -> impl Strategy<Value = States> {
    proptest::collection::btree_map("[d-kä]{1,2}( [d-k\"])?", (state(), state()), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn what_git_diff_prints_is_read_as_what_git_saw(
        states in states(),
        option in prop_oneof![
            Just("-M"), Just("-M10%"), Just("--no-renames"), Just("--no-prefix"), Just("-U1"), Just("--patience"),
            Just("--full-index"), Just("--src-prefix=i/"), Just("-C"),
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let mut tree = MemoryTree::default();
        git(root, &["init", "-q"]);
        for (name, (before, _)) in &states {
            write(root, name, before);
            if !before.is_absent() {
                tree.0.insert(WorkspacePath::parse(name).unwrap(), before.clone());
            }
        }
        git(root, &["add", "-A"]);
        git(root, &["commit", "-qm", "before", "--allow-empty"]);
        for (name, (_, after)) in &states {
            write(root, name, after);
        }
        git(root, &["add", "-A"]);
        let patch = git(root, &["diff", "--cached", option]);
        // The content is text of at most a few lines: git says "binary" of none of it.
        if patch.is_empty() {
            prop_assert!(states.values().all(|(before, after)| before == after));
        } else {
            let set = parse_patch(&patch, &tree).map_err(|failure| TestCaseError::fail(format!("{failure:?}\n{patch}")))?;
            let change = resolve(&set, &tree).map_err(|failure| TestCaseError::fail(format!("{failure:?}\n{patch}")))?;
            let overlay = Overlay::new(&tree, change.after());
            for (name, (_, after)) in &states {
                let state = overlay.state(&WorkspacePath::parse(name).unwrap()).unwrap();
                prop_assert_eq!(&state, after, "{} in\n{}", name, patch);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_back_as_the_same_change(states in states()) {
        let mut tree = MemoryTree::default();
        let mut transitions = Vec::new();
        for (name, (before, after)) in states {
            let path = WorkspacePath::parse(&name).unwrap();
            if before != after {
                transitions.push(Transition {
                    path: path.clone(),
                    before: before.clone(),
                    after,
                    edits: Vec::new(),
                    renamed_from: None,
                });
            }
            tree.0.insert(path, before);
        }
        if !transitions.is_empty() {
            let change = Change { transitions, ..Change::default() };
            let patch = render_patch(&change);
            let read = resolve(&parse_patch(&patch, &tree).unwrap(), &tree).unwrap();
            prop_assert_eq!(read.after().collect::<Vec<_>>(), change.after().collect::<Vec<_>>(), "{}", patch);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "(--- a/x\n|[+]{3} b/x\n|@@ -[0-3](,[0-3])? [+][0-3](,[0-3])? @@\n|[-+ ]a\n|\\\\ No\n|diff --git a/x b/x\n|new file mode 100644\n|rename from x\n|rename to y\n|\n){0,12}") {
        let _ = parse_patch(&text, &MemoryTree::of(&[("x", "a\na\n")]));
    }
}
