use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// Runs the real git in a folder and fails with its words.
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap())
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}\n{}",
        String::from_utf8_lossy(&output.stderr),
        std::fs::read_to_string(folder.join("../patch")).unwrap_or_default()
    );
}

fn write(root: &Path, path: &WorkspacePath, state: &FileState) {
    let place = path.on_disk(root);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    match state {
        FileState::Absent => {}
        FileState::File { bytes, mode } => {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::write(&place, bytes).unwrap();
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
        FileState::Symlink { target } => {
            std::os::unix::fs::symlink(std::str::from_utf8(target).unwrap(), &place).unwrap();
        }
    }
}

fn read(root: &Path, path: &WorkspacePath) -> FileState {
    use std::os::unix::fs::PermissionsExt as _;
    let place = path.on_disk(root);
    let Ok(metadata) = std::fs::symlink_metadata(&place) else {
        return FileState::Absent;
    };
    if metadata.is_symlink() {
        let target = std::fs::read_link(&place).unwrap();
        return FileState::Symlink {
            target: target.to_str().unwrap().as_bytes().into(),
        };
    }
    FileState::File {
        bytes: std::fs::read(&place).unwrap().into(),
        mode: if metadata.permissions().mode() & 0o100 == 0 {
            0o644
        } else {
            0o755
        },
    }
}

/// Applies the rendered diff with git and takes it back with `-R`.
fn there_and_back(change: &Change) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("work");
    std::fs::create_dir(&root).unwrap();
    for transition in &change.transitions {
        write(&root, &transition.path, &transition.before);
    }
    std::fs::write(folder.path().join("patch"), render_patch(change)).unwrap();
    git(&root, &["apply", "--whitespace=nowarn", "../patch"]);
    for transition in &change.transitions {
        assert_eq!(
            read(&root, &transition.path),
            transition.after,
            "after: {}",
            render_patch(change)
        );
    }
    git(&root, &["apply", "-R", "--whitespace=nowarn", "../patch"]);
    for transition in &change.transitions {
        assert_eq!(
            read(&root, &transition.path),
            transition.before,
            "before: {}",
            render_patch(change)
        );
    }
}

fn path(path: &str) -> WorkspacePath {
    WorkspacePath::parse(path).unwrap()
}

fn transition(name: &str, before: FileState, after: FileState) -> Transition {
    Transition {
        path: path(name),
        before,
        after,
        edits: Vec::new(),
        renamed_from: None,
    }
}

fn change(transitions: Vec<Transition>) -> Change {
    Change {
        transitions,
        ..Change::default()
    }
}

fn link(target: &str) -> FileState {
    FileState::Symlink {
        target: target.as_bytes().into(),
    }
}

fn executable(text: &str) -> FileState {
    FileState::File {
        bytes: Arc::from(text.as_bytes()),
        mode: 0o755,
    }
}

#[test]
fn git_applies_and_takes_back_every_kind_of_change() {
    let text = FileState::text;
    for transitions in [
        vec![transition("new.ts", FileState::Absent, text("a\nb\n"))],
        vec![transition("empty.ts", FileState::Absent, text(""))],
        vec![transition("gone.ts", text("a\n"), FileState::Absent)],
        vec![transition("emptied.ts", text("a\n"), text(""))],
        vec![transition("no-newline.ts", text("a\nb"), text("a\nc"))],
        vec![transition("newline-added.ts", text("a\nb"), text("a\nb\n"))],
        vec![transition(
            "crlf.ts",
            text("a\r\nb\r\nc\r\n"),
            text("a\r\nB\r\nc\r\n"),
        )],
        vec![transition("cr.ts", text("a\rb\nc\n"), text("a\rB\nc\n"))],
        vec![transition("with space.ts", text("a\n"), text("b\n"))],
        vec![transition("größe/ä\"q\".ts", text("a\n"), text("b\n"))],
        vec![transition("tab\tand\nline.ts", text("a\n"), text("b\n"))],
        vec![transition("run.sh", text("a\n"), executable("a\n"))],
        vec![transition("run.sh", executable("a\n"), text("b\n"))],
        vec![transition("run.sh", FileState::Absent, executable("a\n"))],
        vec![transition("link", FileState::Absent, link("a/b"))],
        vec![transition("link", link("a/b"), link("c"))],
        vec![transition("turned", text("a\n"), link("c"))],
        vec![transition("turned", link("c"), executable("a\n"))],
        vec![
            transition("old name.ts", text("a\nb\nc\n"), FileState::Absent),
            Transition {
                renamed_from: Some(path("old name.ts")),
                ..transition("sub/new.ts", FileState::Absent, text("a\nb\nc\n"))
            },
        ],
        vec![
            transition("old.ts", text("a\nb\nc\n"), FileState::Absent),
            Transition {
                renamed_from: Some(path("old.ts")),
                ..transition("new.ts", FileState::Absent, executable("a\nB\nc\n"))
            },
        ],
        vec![
            transition("a", text("1\n"), FileState::Absent),
            Transition {
                renamed_from: Some(path("a")),
                ..transition("b", text("2\n"), text("1\n"))
            },
            Transition {
                renamed_from: Some(path("b")),
                ..transition("c", FileState::Absent, text("2\n"))
            },
        ],
    ] {
        there_and_back(&change(transitions));
    }
}

#[test]
fn a_rename_with_a_change_reads_as_one() {
    let rendered = render_patch(&change(vec![
        Transition {
            renamed_from: Some(path("b.ts")),
            ..transition("a.ts", FileState::Absent, FileState::text("1\n2\n3\n4\nfive\n"))
        },
        transition("b.ts", FileState::text("1\n2\n3\n4\n5\n"), FileState::Absent),
    ]));
    assert_eq!(
        rendered,
        "diff --git a/b.ts b/a.ts\nsimilarity index 61%\nrename from b.ts\nrename to a.ts\n--- a/b.ts\n+++ b/a.ts\n\
         @@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+five\n"
    );
}

#[test]
fn what_is_not_text_is_named_and_not_shown() {
    let binary = |bytes: &[u8]| FileState::File {
        bytes: bytes.into(),
        mode: 0o644,
    };
    let rendered = render_patch(&change(vec![
        transition("a.png", FileState::Absent, binary(b"\xff\xfe")),
        transition("b", binary(b"a\0b"), binary(b"a\0c")),
    ]));
    assert_eq!(
        rendered,
        "diff --git a/a.png b/a.png\nnew file mode 100644\nBinary files /dev/null and b/a.png differ\n\
         diff --git a/b b/b\nBinary files a/b and b/b differ\n"
    );
}

fn state() -> impl Strategy<Value = FileState> {
    prop_oneof![
        1 => Just(FileState::Absent),
        6 => ("([a-c]{0,2}\r?\n){0,30}[a-c]{0,2}", any::<bool>()).prop_map(|(text, run)| {
            if run { executable(&text) } else { FileState::text(&text) }
        }),
        1 => "[a-c]{1,3}".prop_map(|target| link(&target)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn git_apply_and_its_reverse_are_identity(
        states in proptest::collection::btree_map("[a-z]{1,3}( [a-z])?", (state(), state()), 1..5),
    ) {
        let transitions: Vec<_> = states
            .into_iter()
            .filter(|(_, (before, after))| before != after)
            .map(|(name, (before, after))| transition(&name, before, after))
            .collect();
        if !transitions.is_empty() {
            there_and_back(&change(transitions));
        }
    }
}
