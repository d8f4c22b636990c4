//! Every kind of file: apply, undo and redo give whole trees back byte for byte, modes included.

mod bench;

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

use bench::{Bench, file, link, meta, path, tree};
use krepis_change::{Change, FileState, WorkspacePath};
use krepis_history::{Intent, Outcome, UndoOptions, read_state};

/// Applies, takes back, does again, takes back: at each step the whole tree is compared.
fn walk(bench: &Bench, change: &Change) {
    let before = bench.tree();
    bench
        .history
        .apply(change, Intent::apply(meta("t")))
        .expect("applied");
    for one in &change.transitions {
        assert_eq!(
            read_state(bench.root(), &one.path).unwrap_or(FileState::Absent),
            one.after,
            "{}",
            one.path
        );
    }
    let after = bench.tree();
    assert_ne!(before, after);
    for _ in 0..2 {
        bench.undo();
        assert_eq!(bench.tree(), before);
        bench.redo();
        assert_eq!(bench.tree(), after);
    }
    bench.undo();
    assert_eq!(bench.tree(), before);
}

#[test]
fn contents_of_any_bytes_come_back_as_they_were() {
    let every_byte: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let contents: &[(&str, &[u8], &[u8])] = &[
        ("image.png", &every_byte, b"\x89PNG\r\n\x1a\n\0\0"),
        ("crlf.ts", b"a\r\nb\r\n", b"a\r\nb\r\nc\r\n"),
        ("mixed.ts", b"a\r\nb\nc\r", b"a\nb\r\nc\r"),
        ("bom.ts", b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfa\nb\n"),
        ("loses-bom.ts", b"\xef\xbb\xbfa\n", b"a\n"),
        ("latin1.txt", b"caf\xe9\n", b"caf\xe9s\n"),
        ("utf16.txt", b"\xff\xfea\0\n\0", b"\xff\xfeb\0\n\0"),
        ("no-newline", b"a", b"a\nb"),
        ("empty", b"", b"x"),
        ("becomes-empty", b"x", b""),
    ];
    let bench = Bench::new(&[]);
    for (name, before, _) in contents {
        bench.bytes(name, before);
    }
    let states: Vec<(&str, FileState)> = contents
        .iter()
        .map(|(name, _, after)| (*name, file(after, 0o644)))
        .collect();
    walk(&bench, &bench.states(&states));
}

#[test]
fn modes_links_and_changes_of_kind_come_back_as_they_were() {
    let bench = Bench::new(&[
        ("run.sh", "#!/bin/sh\n"),
        ("secret", "s\n"),
        ("file-to-link", "f\n"),
        ("file-to-folder", "f\n"),
        ("gone/deep/er", "g\n"),
        ("stays/beside", "b\n"),
    ]);
    bench.chmod("secret", 0o600);
    bench.chmod("gone/deep/er", 0o444);
    bench.chmod("stays", 0o750);
    for (target, name) in [
        ("run.sh", "link-to-file"),
        ("nowhere", "dangling"),
        ("run.sh", "turned"),
    ] {
        std::os::unix::fs::symlink(target, bench.root().join(name)).expect("link");
    }
    let change = bench.states(&[
        ("run.sh", file(b"#!/bin/sh\n", 0o755)),
        ("secret", file(b"changed\n", 0o600)),
        ("file-to-link", link(b"run.sh")),
        ("file-to-folder", FileState::Absent),
        ("link-to-file", file(b"a file\n", 0o640)),
        ("dangling", FileState::Absent),
        ("turned", link(b"\xff not utf-8")),
        ("gone/deep/er", FileState::Absent),
        ("stays/new", file(b"n\n", 0o755)),
        ("new/folders/here", link(b"../../secret")),
    ]);
    walk(&bench, &change);
}

#[test]
fn a_file_whose_place_becomes_a_folder_and_a_folder_that_becomes_a_file() {
    let bench = Bench::new(&[("a", "a\n")]);
    let change = Change {
        transitions: [
            bench.states(&[("a", FileState::Absent)]).transitions,
            vec![krepis_change::Transition {
                path: path("a/b"),
                before: FileState::Absent,
                after: FileState::text("b\n"),
                edits: Vec::new(),
                renamed_from: None,
            }],
        ]
        .concat(),
        ..Change::default()
    };
    walk(&bench, &change);
}

#[test]
fn a_rename_that_changes_only_the_case_is_taken_back() {
    let bench = Bench::new(&[("src/UserService.ts", "user\n"), ("src/Folder/x.ts", "x\n")]);
    let mut change = bench.states(&[
        ("src/UserService.ts", FileState::Absent),
        ("src/userService.ts", FileState::text("user\n")),
        ("src/Folder/x.ts", FileState::Absent),
        ("src/folder/x.ts", FileState::text("x\n")),
    ]);
    for one in &mut change.transitions {
        one.renamed_from = match one.path.as_str() {
            "src/userService.ts" => Some(path("src/UserService.ts")),
            "src/folder/x.ts" => Some(path("src/Folder/x.ts")),
            _ => None,
        };
    }
    bench
        .history
        .apply(&change, Intent::apply(meta("t")))
        .expect("applied");
    let names: Vec<String> = fs::read_dir(bench.root().join("src"))
        .expect("list")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.contains(&"userService.ts".to_owned()) && !names.contains(&"UserService.ts".to_owned()),
        "{names:?}"
    );
    // With an edit made at the new place.
    bench.write("src/userService.ts", "user\nmine\n");
    let (_, reversal) = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect("undone");
    assert_eq!(reversal.outcomes[&path("src/UserService.ts")], Outcome::Merged);
    assert_eq!(bench.text("src/UserService.ts").as_deref(), Some("user\nmine\n"));
    assert_eq!(
        (bench.text("src/userService.ts"), bench.text("src/folder/x.ts")),
        (None, None)
    );
    assert_eq!(bench.text("src/Folder/x.ts").as_deref(), Some("x\n"));
}

#[test]
fn other_hard_links_keep_what_they_held_through_apply_undo_and_redo() {
    let bench = Bench::new(&[("a", "old\n"), ("gone", "gone\n"), ("mode", "m\n")]);
    let store = tempfile::tempdir().expect("a folder");
    for name in ["a", "gone", "mode"] {
        fs::hard_link(bench.root().join(name), store.path().join(name)).expect("link");
    }
    let before = tree(store.path());
    let inode = |name: &str| fs::metadata(store.path().join(name)).expect("there").ino();
    let inodes = ["a", "gone", "mode"].map(inode);
    let change = bench.states(&[
        ("a", FileState::text("new\n")),
        ("gone", FileState::Absent),
        ("mode", file(b"m\n", 0o755)),
    ]);
    walk(&bench, &change);
    assert_eq!(tree(store.path()), before);
    assert_eq!(["a", "gone", "mode"].map(inode), inodes);
    // What a store writes in place later is not what the workspace has.
    fs::write(store.path().join("a"), "poisoned\n").expect("write");
    assert_eq!(bench.text("a").as_deref(), Some("old\n"));
}

#[test]
fn ignored_and_untracked_files_are_files_like_others_and_what_is_beside_them_stays() {
    let bench = Bench::new(&[
        (".gitignore", "dist/\n*.log\n"),
        ("dist/out.js", "built\n"),
        ("dist/other.js", "other\n"),
        ("debug.log", "log\n"),
        ("untracked.ts", "u\n"),
    ]);
    let change = bench.states(&[
        ("dist/out.js", FileState::text("rebuilt\n")),
        ("dist/new/more.js", FileState::text("more\n")),
        ("debug.log", FileState::Absent),
        ("untracked.ts", FileState::text("v\n")),
    ]);
    walk(&bench, &change);
}

#[test]
fn names_that_are_not_utf_8_are_no_paths_and_what_bears_them_is_left_alone() {
    let failure = WorkspacePath::parse("a\u{0}b").expect_err("no path");
    assert_eq!(failure.exit(), 2);
    // A file with such a name in a folder that an operation made: the folder stays, as for any file of the user.
    let bench = Bench::new(&[]);
    bench.apply(&[("made/a", Some("a\n"))]);
    let odd = bench
        .root()
        .join("made")
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::write(&odd, "mine\n").expect("write");
    bench.undo();
    assert_eq!(fs::read_to_string(&odd).expect("there"), "mine\n");
    bench.redo();
    assert_eq!(bench.text("made/a").as_deref(), Some("a\n"));
}

#[test]
fn a_workspace_whose_own_name_is_not_utf_8_has_a_history() {
    let outer = tempfile::tempdir().expect("a folder");
    let root = outer.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9 \n x"));
    fs::create_dir(&root).expect("made");
    let history = krepis_history::History::new(&root);
    let bench = Bench {
        folder: outer,
        history,
    };
    let change = Change {
        transitions: vec![krepis_change::Transition {
            path: path("a"),
            before: FileState::Absent,
            after: FileState::text("a\n"),
            edits: Vec::new(),
            renamed_from: None,
        }],
        ..Change::default()
    };
    bench
        .history
        .apply(&change, Intent::apply(meta("t")))
        .expect("applied");
    assert_eq!(fs::read_to_string(root.join("a")).expect("there"), "a\n");
    bench.undo();
    assert!(!root.join("a").exists());
}

#[test]
fn edits_of_the_user_in_other_kinds_of_files_are_named_and_not_touched() {
    let bench = Bench::new(&[
        ("image", "x"),
        ("mode", "m\n"),
        ("link", "l\n"),
        ("folder", "f\n"),
        ("gone", "g\n"),
    ]);
    bench.bytes("image", &[0, 1, 2]);
    bench.apply_states(&[
        ("image", file(&[0, 1, 2, 3], 0o644)),
        ("mode", file(b"m\n", 0o755)),
        ("link", FileState::text("l2\n")),
        ("folder", FileState::text("f2\n")),
        ("gone", FileState::text("g2\n")),
    ]);
    bench.bytes("image", &[0, 1, 2, 3, 4]);
    bench.chmod("mode", 0o700);
    for name in ["link", "folder", "gone"] {
        fs::remove_file(bench.root().join(name)).expect("removed");
    }
    std::os::unix::fs::symlink("mode", bench.root().join("link")).expect("link");
    fs::create_dir(bench.root().join("folder")).expect("made");
    let before = bench.tree();
    let failure = bench
        .history
        .undo(meta(""), &UndoOptions::default())
        .expect_err("conflicts");
    assert_eq!(bench.tree(), before);
    let mut said: Vec<String> = std::iter::once(&failure)
        .chain(&failure.others)
        .map(|one| one.message.clone())
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            "`folder` was edited since: it is a folder now",
            "`gone` was edited since: it was removed",
            "`image` was edited since: it is not text",
            "`link` was edited since: it is a symbolic link now",
            "`mode` was edited since: its mode was changed as well",
        ]
    );
    let skip = UndoOptions {
        skip: true,
        ..UndoOptions::default()
    };
    bench.history.undo(meta(""), &skip).expect("all left as they are");
    assert_eq!(bench.tree(), before);
}
