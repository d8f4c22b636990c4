//! The workspace on disk.

use std::fs;
use std::io;
use std::path::PathBuf;

use krepis_change::{EntryKind, FileState, Tree, WorkspacePath};

/// Reads the files below a folder. Never writes, never follows a symbolic link.
#[derive(Debug, Clone)]
pub struct DiskTree {
    root: PathBuf,
}

impl DiskTree {
    /// The files below `root`, an absolute path.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
}

impl Tree for DiskTree {
    fn state(&self, path: &WorkspacePath) -> io::Result<FileState> {
        krepis_history::read_state(&self.root, path)
    }

    fn list(&self, directory: &WorkspacePath) -> io::Result<Vec<(String, EntryKind)>> {
        let entries = match fs::read_dir(directory.on_disk(&self.root)) {
            Ok(entries) => entries,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let kind = if kind.is_dir() {
                EntryKind::Directory
            } else if kind.is_symlink() {
                EntryKind::Symlink
            } else if kind.is_file() {
                EntryKind::File
            } else {
                continue;
            };
            // A name that is not UTF-8 is no workspace path: no change and no rule can speak of it.
            if let Ok(name) = entry.file_name().into_string() {
                found.push((name, kind));
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_not_followed_and_what_is_no_file_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir(root.join("real")).expect("made");
        fs::write(root.join("real/a"), "a").expect("written");
        std::os::unix::fs::symlink("real", root.join("linked")).expect("linked");
        let tree = DiskTree::new(root);
        let state = |path| tree.state(&WorkspacePath::parse(path).expect("valid"));
        assert_eq!(state("real/a").expect("readable").as_text(), Some("a"));
        assert_eq!(
            state("linked").expect("readable"),
            FileState::Symlink {
                target: b"real".as_slice().into()
            }
        );
        assert_eq!(state("none/at/all").expect("readable"), FileState::Absent);
        assert_eq!(
            state("real").expect_err("refused").kind(),
            io::ErrorKind::IsADirectory
        );
        assert_eq!(
            state("linked/a").expect_err("refused").kind(),
            io::ErrorKind::NotADirectory
        );
        assert_eq!(
            state("real/a/b").expect_err("refused").kind(),
            io::ErrorKind::NotADirectory
        );
        let listed = tree.list(&WorkspacePath::root()).expect("listed");
        assert_eq!(
            listed,
            [
                ("linked".to_owned(), EntryKind::Symlink),
                ("real".to_owned(), EntryKind::Directory)
            ]
        );
    }
}
