//! What a user did to a file between an operation and its undo, and what comes of it: a table.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{History, Intent, Meta, Outcome, UndoOptions, read_state};
use tempfile::TempDir;

const BEFORE: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";
const AFTER: &str = "one\ntwo\nours\nthree\nfour\nfive\nsix\n";
const FILE: &str = "src/a.ts";

/// What has to come of it.
enum Comes {
    /// This text, and this is said of the file.
    Text(&'static str, Outcome),
    /// It stays as it is, this is said of it, and the rest is taken back.
    Stays(Outcome),
    /// A conflict whose message holds this; nothing is touched.
    Conflict(&'static str),
}

struct Row {
    what: &'static str,
    /// The operation: from what to what; `None`: there is no file.
    operation: (Option<&'static str>, Option<&'static str>),
    edit: fn(&Path),
    comes: Comes,
}

fn write(target: &Path, text: &str) {
    fs::write(target, text).expect("write");
}

fn replace_by_folder(target: &Path) {
    fs::remove_file(target).expect("removed");
    fs::create_dir(target).expect("folder");
    fs::write(target.join("mine"), "mine\n").expect("write");
}

fn replace_by_link(target: &Path) {
    let elsewhere = target.with_file_name("elsewhere");
    fs::write(&elsewhere, AFTER).expect("write");
    fs::remove_file(target).expect("removed");
    std::os::unix::fs::symlink("elsewhere", target).expect("link");
}

/// The folder that the file is in becomes a link to another that holds the same.
fn link_the_folder(target: &Path) {
    let folder = target.parent().expect("a folder");
    let moved = folder.with_file_name("moved");
    fs::rename(folder, &moved).expect("moved");
    std::os::unix::fs::symlink("moved", folder).expect("link");
}

const EDITED: (Option<&str>, Option<&str>) = (Some(BEFORE), Some(AFTER));
const MADE: (Option<&str>, Option<&str>) = (None, Some(AFTER));
const REMOVED: (Option<&str>, Option<&str>) = (Some(BEFORE), None);

const TABLE: &[Row] = &[
    Row {
        what: "nothing",
        operation: EDITED,
        edit: |_| {},
        comes: Comes::Text(BEFORE, Outcome::Restored),
    },
    Row {
        what: "another line",
        operation: EDITED,
        edit: |target| write(target, &AFTER.replace("six", "mine")),
        comes: Comes::Text("one\ntwo\nthree\nfour\nfive\nmine\n", Outcome::Merged),
    },
    Row {
        what: "lines above and below",
        operation: EDITED,
        edit: |target| write(target, &format!("// mine\n{AFTER}// mine too\n")),
        comes: Comes::Text(
            "// mine\none\ntwo\nthree\nfour\nfive\nsix\n// mine too\n",
            Outcome::Merged,
        ),
    },
    Row {
        what: "its mode",
        operation: EDITED,
        edit: |target| fs::set_permissions(target, fs::Permissions::from_mode(0o755)).expect("mode"),
        comes: Comes::Text(BEFORE, Outcome::Merged),
    },
    Row {
        what: "taken back by hand",
        operation: EDITED,
        edit: |target| write(target, BEFORE),
        comes: Comes::Text(BEFORE, Outcome::AlreadyThere),
    },
    Row {
        what: "the same line",
        operation: (Some(BEFORE), Some("one\ntwo\nours\nfour\nfive\nsix\n")),
        edit: |target| write(target, "one\ntwo\nmine\nfour\nfive\nsix\n"),
        comes: Comes::Conflict("edited since"),
    },
    Row {
        what: "everything",
        operation: MADE,
        edit: |target| write(target, "mine\n"),
        comes: Comes::Conflict("the operation made it"),
    },
    Row {
        what: "deleted",
        operation: EDITED,
        edit: |target| fs::remove_file(target).expect("removed"),
        comes: Comes::Conflict("it was removed"),
    },
    Row {
        what: "made again",
        operation: REMOVED,
        edit: |target| write(target, "mine\n"),
        comes: Comes::Conflict("it was made again"),
    },
    Row {
        what: "replaced by a folder",
        operation: EDITED,
        edit: replace_by_folder,
        comes: Comes::Conflict("it is a folder now"),
    },
    Row {
        what: "made by the operation, and replaced by a folder",
        operation: MADE,
        edit: replace_by_folder,
        comes: Comes::Stays(Outcome::AlreadyThere),
    },
    Row {
        what: "replaced by a link",
        operation: EDITED,
        edit: replace_by_link,
        comes: Comes::Conflict("it is a symbolic link now"),
    },
    Row {
        what: "made by the operation, and replaced by a link",
        operation: MADE,
        edit: replace_by_link,
        comes: Comes::Conflict("it is a symbolic link now"),
    },
    Row {
        what: "its folder replaced by a link",
        operation: EDITED,
        edit: link_the_folder,
        comes: Comes::Conflict("the way to it leads through a file or a symbolic link now"),
    },
];

/// Everything there is, with modes and link targets.
fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).expect("list").flatten() {
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).expect("lstat");
        let name = path.display();
        if entry.file_name() == ".krepis" {
        } else if metadata.is_symlink() {
            found.push(format!(
                "{name} -> {}",
                fs::read_link(&path).expect("link").display()
            ));
        } else if metadata.is_dir() {
            found.push(format!("{name}/"));
            found.extend(listing(&path));
        } else {
            let mode = metadata.permissions().mode();
            found.push(format!("{name} {mode:o} {:?}", fs::read(&path).expect("read")));
        }
    }
    found.sort();
    found
}

#[test]
fn what_a_user_did_since_is_kept_or_said() {
    for row in TABLE {
        let folder = TempDir::new().expect("a folder");
        let (root, target) = (folder.path(), folder.path().join(FILE));
        let history = History::new(root);
        fs::create_dir(root.join("src")).expect("folder");
        if let Some(text) = row.operation.0 {
            write(&target, text);
        }
        let path = WorkspacePath::parse(FILE).expect("a path");
        let other = WorkspacePath::parse("other").expect("a path");
        let one = |path: &WorkspacePath, after: FileState| Transition {
            path: path.clone(),
            before: read_state(root, path).expect("readable"),
            after,
            edits: Vec::new(),
            renamed_from: None,
        };
        let change = Change {
            title: "step".into(),
            transitions: vec![
                one(&other, FileState::text("other\n")),
                one(&path, row.operation.1.map_or(FileState::Absent, FileState::text)),
            ],
            reads: Vec::new(),
        };
        history
            .apply(&change, Intent::apply(Meta::default()))
            .expect(row.what);
        (row.edit)(&target);
        let (left, scan) = (listing(root), history.scan().expect("scan"));
        let outcome = history.undo(Meta::default(), &UndoOptions::default());
        match (&row.comes, outcome) {
            (Comes::Text(text, said), Ok((_, reversal))) => {
                assert_eq!(fs::read_to_string(&target).expect("read"), *text, "{}", row.what);
                assert_eq!(reversal.outcomes[&path], *said, "{}", row.what);
                assert!(!root.join("other").exists(), "{}", row.what);
            }
            (Comes::Stays(said), Ok((_, reversal))) => {
                assert_eq!(reversal.outcomes[&path], *said, "{}", row.what);
                assert_eq!(fs::read_to_string(target.join("mine")).expect("read"), "mine\n");
                assert!(!root.join("other").exists(), "{}", row.what);
            }
            (Comes::Conflict(text), Err(failure)) => {
                assert_eq!(
                    (failure.code.id, failure.exit()),
                    ("KRP4014", 3),
                    "{}: {failure:?}",
                    row.what
                );
                let told = format!("{} {:?}", failure.message, failure.reason);
                assert!(told.contains(FILE) && told.contains(text), "{}: {told}", row.what);
                assert_eq!(listing(root), left, "{}", row.what);
                assert_eq!(history.scan().expect("scan"), scan, "{}", row.what);
                // The way out that it names: the file stays, the rest is taken back.
                let skip = UndoOptions {
                    skip: true,
                    ..UndoOptions::default()
                };
                let (_, reversal) = history.undo(Meta::default(), &skip).expect(row.what);
                assert_eq!(reversal.outcomes[&path], Outcome::Skipped, "{}", row.what);
                let mut rest = left.clone();
                rest.retain(|line| !line.starts_with(&root.join("other").display().to_string()));
                assert_eq!(listing(root), rest, "{}", row.what);
            }
            (_, outcome) => panic!("{}: {outcome:?}", row.what),
        }
    }
}
