//! A workspace in a temporary folder, for the tests of this crate.

#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use krepis_change::{Change, FileState, Transition, WorkspacePath};
use krepis_history::{History, Intent, Meta, Operation, OperationId, UndoOptions, read_state};
use tempfile::TempDir;

pub struct Bench {
    pub folder: TempDir,
    pub history: History,
}

pub fn path(text: &str) -> WorkspacePath {
    WorkspacePath::parse(text).expect("a path")
}

pub fn meta(title: &str) -> Meta {
    Meta {
        title: title.into(),
        actor: "someone".into(),
        time_ms: 1_790_000_000_000,
        ..Meta::default()
    }
}

pub fn named(id: OperationId) -> UndoOptions {
    UndoOptions {
        operation: Some(id.to_string()),
        ..UndoOptions::default()
    }
}

impl Bench {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let history = History::new(folder.path());
        let bench = Self { folder, history };
        for (name, text) in files {
            bench.write(name, text);
        }
        bench
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let target = self.root().join(name);
        fs::create_dir_all(target.parent().expect("a parent")).expect("folders");
        fs::write(target, text).expect("write");
    }

    pub fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.root().join(name)).ok()
    }

    pub fn change(&self, files: &[(&str, Option<&str>)]) -> Change {
        let one = |(name, text): &(&str, Option<&str>)| Transition {
            path: path(name),
            before: read_state(self.root(), &path(name)).expect("readable"),
            after: text.map_or(FileState::Absent, FileState::text),
            edits: Vec::new(),
            renamed_from: None,
        };
        let mut transitions: Vec<Transition> = files.iter().map(one).collect();
        transitions.sort_by(|one, other| one.path.cmp(&other.path));
        Change {
            title: "t".into(),
            transitions,
            reads: Vec::new(),
        }
    }

    pub fn apply(&self, files: &[(&str, Option<&str>)]) -> OperationId {
        self.history
            .apply(&self.change(files), Intent::apply(meta("t")))
            .expect("applied")
            .id
    }

    pub fn undo(&self) -> Operation {
        self.history
            .undo(meta(""), &UndoOptions::default())
            .expect("undone")
            .0
    }

    pub fn redo(&self) -> Operation {
        self.history
            .redo(meta(""), &UndoOptions::default())
            .expect("redone")
            .0
    }

    /// The code with which undo refuses, having touched nothing.
    pub fn refuse(&self, options: &UndoOptions) -> &'static str {
        let before = self.history.scan().expect("scan");
        let failure = self.history.undo(meta(""), options).expect_err("refused");
        assert_eq!(self.history.scan().expect("scan"), before);
        failure.code.id
    }

    /// Everything below the workspace but `.krepis`, with kinds, modes and contents.
    pub fn tree(&self) -> Tree {
        tree(self.root())
    }

    pub fn log(&self) -> krepis_history::Log {
        self.history.log().expect("log")
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.root().join(name), fs::Permissions::from_mode(mode)).expect("mode");
    }

    pub fn bytes(&self, name: &str, bytes: &[u8]) {
        self.write(name, "");
        fs::write(self.root().join(name), bytes).expect("write");
    }

    /// A change of whole states; `None` for a path stands for nothing there.
    pub fn states(&self, files: &[(&str, FileState)]) -> Change {
        let one = |(name, after): &(&str, FileState)| Transition {
            path: path(name),
            before: read_state(self.root(), &path(name)).expect("readable"),
            after: after.clone(),
            edits: Vec::new(),
            renamed_from: None,
        };
        let mut transitions: Vec<Transition> = files.iter().map(one).collect();
        transitions.sort_by(|one, other| one.path.cmp(&other.path));
        Change {
            title: "t".into(),
            transitions,
            reads: Vec::new(),
        }
    }

    pub fn apply_states(&self, files: &[(&str, FileState)]) -> OperationId {
        self.history
            .apply(&self.states(files), Intent::apply(meta("t")))
            .expect("applied")
            .id
    }

    /// The operation file.
    pub fn file(&self, id: OperationId) -> std::path::PathBuf {
        self.root().join(format!(".krepis/history/ops/{id}.op"))
    }
}

pub fn part(names: &[&str]) -> UndoOptions {
    UndoOptions {
        paths: names.iter().map(|name| path(name)).collect(),
        ..UndoOptions::default()
    }
}

pub fn file(bytes: &[u8], mode: u32) -> FileState {
    FileState::File {
        bytes: bytes.into(),
        mode,
    }
}

pub fn link(target: &[u8]) -> FileState {
    FileState::Symlink {
        target: target.into(),
    }
}

/// Path as bytes -> kind and mode, content or target.
pub type Tree = BTreeMap<Vec<u8>, (String, Vec<u8>)>;

pub fn tree(root: &Path) -> Tree {
    fn walk(root: &Path, folder: &Path, found: &mut Tree) {
        for entry in fs::read_dir(folder).expect("list").flatten() {
            let full = entry.path();
            let name = full
                .strip_prefix(root)
                .expect("below")
                .as_os_str()
                .to_owned()
                .into_vec();
            if name == b".krepis" {
                continue;
            }
            let metadata = fs::symlink_metadata(&full).expect("lstat");
            let mode = metadata.mode() & 0o7777;
            let (kind, content) = if metadata.is_dir() {
                walk(root, &full, found);
                (format!("folder {mode:o}"), Vec::new())
            } else if metadata.is_symlink() {
                let target = fs::read_link(&full).expect("link").into_os_string().into_vec();
                ("link".to_owned(), target)
            } else {
                (format!("file {mode:o}"), fs::read(&full).expect("read"))
            };
            found.insert(name, (kind, content));
        }
    }
    let mut found = Tree::new();
    walk(root, root, &mut found);
    found
}
