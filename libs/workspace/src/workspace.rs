//! Opening a workspace.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use krepis_cache::{Caches, Kind};
use krepis_change::Failure;
use krepis_history::History;

use crate::index::{HISTORY_INDEX, Index, WORTH_FROM};
use crate::{DiskTree, Lock, errors, not_writable};

/// The name of the file that makes a folder a workspace.
const CONFIG: &str = "krepis.json";

/// What a workspace keeps in caches: all of it can be rebuilt.
pub const CACHES: &[Kind] = &[HISTORY_INDEX];

/// A Krepis workspace: a folder with a krepis.json, and its history beside it.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
    history: History,
    index: Arc<Index>,
}

impl Workspace {
    /// The nearest folder at or above `start` (absolute) with a krepis.json, or with a history: after `krepis undo` took
    /// back a `krepis init` there is no krepis.json, but still a redo.
    pub fn find(start: &Path) -> Result<Self, Failure> {
        start
            .ancestors()
            .find(|folder| folder.join(CONFIG).is_file() || folder.join(".krepis/history/ops").is_dir())
            .map(Self::at)
            .ok_or_else(|| {
                Failure::new(
                    &errors::NO_WORKSPACE,
                    format!("no krepis.json in {} or above it", start.display()),
                )
                .hint("run `krepis init` in your project, or `krepis new DIR` for a new one")
            })
    }

    /// The workspace at `root`, whatever is there.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self::with_index_from(root, WORTH_FROM)
    }

    /// The same with an index of its history from another number of operations on than is worth it: for tests, which have
    /// fewer.
    pub fn with_index_from(root: impl Into<PathBuf>, operations: usize) -> Self {
        let root = root.into();
        let index = Arc::new(Index::in_folder(&cache_folder(&root), operations));
        Self {
            history: History::new(&root).with_shelf(Arc::clone(&index) as _),
            index,
            root,
        }
    }

    /// Its folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its files.
    pub fn tree(&self) -> DiskTree {
        DiskTree::new(&self.root)
    }

    /// Where krepis keeps its own: `.krepis`.
    pub fn private_folder(&self) -> PathBuf {
        self.root.join(".krepis")
    }

    /// The history, for reading.
    pub fn history(&self) -> History {
        self.history.clone()
    }

    /// Its caches.
    pub fn caches(&self) -> Caches {
        Caches::at(cache_folder(&self.root))
    }

    /// What was wrong with a cache since the last call. Never an error: everything was done without it.
    pub fn take_warnings(&self) -> Vec<Failure> {
        self.index.take_warnings()
    }

    /// Takes the writer's lock; makes `.krepis` (0700, ignoring itself) if it is not there.
    pub fn lock(&self, timeout: Duration) -> Result<Lock, Failure> {
        krepis_history::ensure_private_folder(&self.root)
            .map_err(|error| not_writable(&format!("making {}", self.private_folder().display()), &error))?;
        Lock::take(&self.private_folder().join("lock"), timeout)
    }
}

fn cache_folder(root: &Path) -> PathBuf {
    root.join(".krepis/cache")
}

/// Whether this process may write into `root`, by asking the operating system; writes nothing.
pub fn check_writable(root: &Path) -> io::Result<()> {
    rustix::fs::access(root, rustix::fs::Access::WRITE_OK).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_folder_upwards_with_a_configuration_or_a_history_is_the_workspace() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("apps/a/src")).expect("made");
        let missing = Workspace::find(&root.join("apps/a/src")).expect_err("there is none");
        assert_eq!((missing.code.id, missing.exit()), ("KRP4501", 2));
        fs::create_dir_all(root.join(".krepis/history/ops")).expect("made");
        assert_eq!(
            Workspace::find(&root.join("apps/a/src")).expect("found").root(),
            root
        );
        fs::write(root.join("apps/a/krepis.json"), "{}").expect("written");
        assert_eq!(
            Workspace::find(&root.join("apps/a/src")).expect("found").root(),
            root.join("apps/a")
        );
    }
}
