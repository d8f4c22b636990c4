//! Where an operation keeps its temporary files: `.krepis/history/tmp/<ULID>/` where a rename from there can work, else
//! hidden beside the target.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use krepis_change::{FileState, WorkspacePath};

use crate::disk::{Ways, ancestors, read_entry};
use crate::swap::same_mount;
use crate::{History, OperationId};

/// The temporary files of one operation.
pub(crate) struct Temporaries<'a> {
    history: &'a History,
    id: OperationId,
    /// Apart for what recovery writes, since the operation's own may hold displaced files.
    tag: &'static str,
    /// Ways to the targets, not through directories that are to go away: nothing may be put there.
    ways: Ways<'a>,
    /// For a folder of the workspace: does a rename from `.krepis` work there?
    near: HashMap<WorkspacePath, bool>,
    used: BTreeSet<PathBuf>,
}

impl<'a> Temporaries<'a> {
    pub(crate) fn new(
        history: &'a History,
        id: OperationId,
        tag: &'static str,
        leaving: &'a [WorkspacePath],
    ) -> Self {
        Self {
            history,
            id,
            tag,
            ways: Ways::new(history.root(), leaving),
            near: HashMap::new(),
            used: BTreeSet::new(),
        }
    }

    /// Where the temporary file number `index`, meant for `target`, belongs.
    pub(crate) fn path(&mut self, index: usize, target: &WorkspacePath) -> io::Result<PathBuf> {
        let root = self.history.root();
        let (parent, _) = self.ways.of(target);
        let folder = folder(self.history, self.id);
        let near = if let Some(near) = self.near.get(parent) {
            *near
        } else {
            let near = same_mount(&root.join(".krepis"), &parent.on_disk(root));
            self.near.insert(parent.clone(), near);
            near
        };
        if !near {
            let beside = parent.on_disk(root);
            let path = beside.join(format!("{}{index}{}.tmp", prefix(self.id), self.tag));
            self.used.insert(beside);
            return Ok(path);
        }
        if self.used.insert(folder.clone()) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
        }
        Ok(folder.join(format!("{index}{}", self.tag)))
    }

    /// The directories that hold temporary files of this run.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.used.iter().map(PathBuf::as_path)
    }

    /// Removes what this run made or displaced; of very many files the rest is left to [`sweep`].
    pub(crate) fn remove(&self) -> io::Result<()> {
        let folder = folder(self.history, self.id);
        for used in &self.used {
            if *used == folder {
                remove_folder(used, &mut { FEW }, None)?;
            } else {
                remove_prefixed(used, &prefix(self.id))?;
            }
        }
        Ok(())
    }
}

/// How many files one writer removes at most. Removing the old files of a large operation at once was measured to cost
/// several times the operation itself (ext4, 10,000 files); nobody sees them, so they may wait.
pub(crate) const FEW: usize = 128;

/// How much is removed at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    pub(crate) files: usize,
    pub(crate) time: Option<Duration>,
}

impl Budget {
    /// Everything, however long it takes.
    pub(crate) const ALL: Self = Self {
        files: usize::MAX,
        time: None,
    };
}

/// Removes some of what earlier operations left behind, and says how many files. The caller holds the lock and nothing is
/// interrupted. Never fails: it is tidying.
pub(crate) fn sweep(history: &History, budget: Budget) -> usize {
    let mut files = budget.files;
    let deadline = budget.time.map(|time| Instant::now() + time);
    let Ok(entries) = fs::read_dir(history.folder().join("tmp")) else {
        return 0;
    };
    for entry in entries.flatten() {
        drop(remove_folder(&entry.path(), &mut files, deadline));
    }
    budget.files - files
}

/// How many files earlier operations left behind.
pub(crate) fn count(history: &History) -> usize {
    let Ok(entries) = fs::read_dir(history.folder().join("tmp")) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_dir(entry.path()).ok())
        .map(Iterator::count)
        .sum()
}

fn folder(history: &History, id: OperationId) -> PathBuf {
    history.folder().join("tmp").join(id.to_string())
}

fn prefix(id: OperationId) -> String {
    format!(".krepis-{id}-")
}

/// The content under the operation's temporary name number `index`, if there is one.
pub(crate) fn left_behind(
    history: &History,
    id: OperationId,
    index: usize,
    target: &WorkspacePath,
) -> Option<FileState> {
    let inside = folder(history, id).join(index.to_string());
    let beside = ancestors(target).map(|ancestor| {
        ancestor
            .on_disk(history.root())
            .join(format!("{}{index}.tmp", prefix(id)))
    });
    std::iter::once(inside)
        .chain(beside)
        .filter_map(|path| read_entry(&path).ok())
        .find(|state| !state.is_absent())
}

/// Removes every temporary file of an operation whose targets are `targets`.
pub(crate) fn remove_all<'a>(
    history: &History,
    id: OperationId,
    targets: impl IntoIterator<Item = &'a WorkspacePath>,
) -> io::Result<()> {
    remove_folder(&folder(history, id), &mut { usize::MAX }, None)?;
    let directories: BTreeSet<WorkspacePath> = targets.into_iter().flat_map(ancestors).collect();
    for directory in directories {
        remove_prefixed(&directory.on_disk(history.root()), &prefix(id))?;
    }
    Ok(())
}

fn remove_folder(folder: &Path, budget: &mut usize, deadline: Option<Instant>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        if *budget == 0 || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(());
        }
        fs::remove_file(entry?.path())?;
        *budget -= 1;
    }
    fs::remove_dir(folder)
}

fn remove_prefixed(directory: &Path, prefix: &str) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with(prefix))
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
