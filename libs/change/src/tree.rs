//! Reading a workspace, whatever it is made of: the disk, a map in a test, or a change laid over one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::{FileState, WorkspacePath};

/// What kind of thing a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link (not followed).
    Symlink,
}

/// A workspace that can be read. Implementations: `DiskTree` (krepis-workspace), [`MemoryTree`], [`Overlay`].
pub trait Tree: Send + Sync {
    /// What is at `path`. A directory, a device or a path below a file counts as an error of kind `IsADirectory`,
    /// `Unsupported` or `NotADirectory`; a missing file is [`FileState::Absent`].
    fn state(&self, path: &WorkspacePath) -> io::Result<FileState>;

    /// Names and kinds in a directory (`""` through [`WorkspacePath::root`] is the workspace itself), sorted by name;
    /// empty if it does not exist.
    fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>>;
}

/// A workspace in memory, for tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree(pub BTreeMap<WorkspacePath, FileState>);

impl MemoryTree {
    /// From `(path, text)` pairs.
    ///
    /// # Panics
    /// If a path is not a valid workspace path: this is for tests.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let parse = |path: &str| WorkspacePath::parse(path).unwrap_or_else(|error| panic!("{error}"));
        Self(
            files
                .iter()
                .map(|(path, text)| (parse(path), FileState::text(text)))
                .collect(),
        )
    }
}

impl Tree for MemoryTree {
    fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
        Ok(self.0.get(path).cloned().unwrap_or(FileState::Absent))
    }

    fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
        Ok(entries(&self.0, directory, BTreeMap::new()))
    }
}

/// A tree with changes laid over it: the workspace as it would be.
pub struct Overlay<'a> {
    base: &'a dyn Tree,
    changes: BTreeMap<WorkspacePath, FileState>,
}

impl<'a> Overlay<'a> {
    /// Lays `changes` over `base`; [`FileState::Absent`] hides a file of the base.
    pub fn new(base: &'a dyn Tree, changes: impl IntoIterator<Item = (WorkspacePath, FileState)>) -> Self {
        Self {
            base,
            changes: changes.into_iter().collect(),
        }
    }

    /// The changes laid over the base.
    pub fn changes(&self) -> &BTreeMap<WorkspacePath, FileState> {
        &self.changes
    }
}

impl Tree for Overlay<'_> {
    fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
        match self.changes.get(path) {
            Some(state) => Ok(state.clone()),
            None => self.base.state(path),
        }
    }

    fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
        let below = self.base.list(directory)?.into_iter().collect();
        Ok(entries(&self.changes, directory, below))
    }
}

fn entries(
    files: &BTreeMap<WorkspacePath, FileState>,
    directory: &WorkspacePath,
    mut found: BTreeMap<String, EntryKind>,
) -> Vec<(String, EntryKind)> {
    let prefix = directory.before_children();
    let mut directories = BTreeSet::new();
    for (path, state) in files.range(&prefix..) {
        let Some(rest) = path.as_str().strip_prefix(prefix.as_str()) else {
            break;
        };
        match (rest.split_once('/'), state) {
            (Some(_), FileState::Absent) => {}
            (Some((name, _)), _) => drop(directories.insert(name.to_owned())),
            (None, FileState::Absent) => drop(found.remove(rest)),
            (None, FileState::File { .. }) => drop(found.insert(rest.to_owned(), EntryKind::File)),
            (None, FileState::Symlink { .. }) => drop(found.insert(rest.to_owned(), EntryKind::Symlink)),
        }
    }
    found.extend(directories.into_iter().map(|name| (name, EntryKind::Directory)));
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> WorkspacePath {
        WorkspacePath::parse(path).unwrap()
    }

    fn names(tree: &dyn Tree, directory: &WorkspacePath) -> Vec<String> {
        tree.list(directory)
            .unwrap()
            .into_iter()
            .map(|(name, kind)| format!("{name} {kind:?}"))
            .collect()
    }

    #[test]
    fn a_folder_lists_what_is_in_it_and_not_what_is_named_like_it() {
        let tree = MemoryTree::of(&[("a-b", ""), ("a/x", ""), ("a/y/z", ""), ("a.ts", ""), ("b/c", "")]);
        assert_eq!(names(&tree, &path("a")), ["x File", "y Directory"]);
        assert_eq!(
            names(&tree, &WorkspacePath::root()),
            ["a Directory", "a-b File", "a.ts File", "b Directory"]
        );
    }

    #[test]
    fn an_overlay_hides_adds_and_keeps() {
        let tree = MemoryTree::of(&[("a/x", ""), ("a/y", "")]);
        let after = Overlay::new(
            &tree,
            [
                (path("a/x"), FileState::Absent),
                (path("a/n/m"), FileState::text("")),
            ],
        );
        assert_eq!(names(&after, &path("a")), ["n Directory", "y File"]);
        assert_eq!(after.state(&path("a/x")).unwrap(), FileState::Absent);
        assert_eq!(after.state(&path("a/y")).unwrap(), FileState::text(""));
    }
}
