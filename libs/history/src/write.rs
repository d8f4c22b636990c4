//! The writing itself: temporaries, then swaps, then verification. Apply, undo, redo and recovery all go through it.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use krepis_change::{Failure, FileState, WorkspacePath};

use crate::disk::{ancestors, lstat, read_entry, read_states};
use crate::failpoints::{inject, step};
use crate::swap::{self, Swapped};
use crate::temporary::Temporaries;
use crate::{History, OperationId, errors, sync};

/// Up to this many files or directories are synced each by itself; beyond, one `syncfs` is cheaper.
const FEW: usize = 64;

/// One file's way from what is there to what is to be there.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    /// Its number in the operation.
    pub(crate) index: usize,
    pub(crate) path: WorkspacePath,
    pub(crate) from: FileState,
    pub(crate) to: FileState,
}

/// Several moves that belong to one operation.
pub(crate) struct Work<'a> {
    pub(crate) history: &'a History,
    pub(crate) id: OperationId,
    /// Apart for each kind of run, see [`Temporaries`].
    pub(crate) tag: &'static str,
    pub(crate) moves: &'a [Move],
    /// Directories that go away if they are empty then, deep ones first.
    pub(crate) removable: &'a [WorkspacePath],
}

/// How far a run came: the moves whose target was changed.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) swapped: Vec<usize>,
    /// What another program wrote in the moment of a swap was displaced and could not be put back.
    pub(crate) stuck: bool,
}

impl Progress {
    fn stuck(&mut self, target: &Path, error: &io::Error) -> Failure {
        self.stuck = true;
        write_failure("putting back", target, error)
            .hint("the next command that writes recovers; what was displaced is saved below `.krepis/history/rescue`")
    }
}

impl<'a> Work<'a> {
    /// Writes everything. On failure `progress` says which moves were made; nothing is taken back here.
    pub(crate) fn run(&self, progress: &mut Progress) -> Result<Temporaries<'a>, Failure> {
        let mut temporaries = Temporaries::new(self.history, self.id, self.tag, self.removable);
        let names = match self.write_temporaries(&mut temporaries) {
            Ok(names) => names,
            Err(failure) => {
                // The failure of the write is what the user needs to hear.
                drop(temporaries.remove());
                return Err(failure);
            }
        };
        step!("history::apply::temporaries-synced");
        for (one, name) in self.moves.iter().zip(&names) {
            if one.to.is_absent() && !one.from.is_absent() {
                step!("history::apply::remove");
                self.remove(one, name, progress)?;
                progress.swapped.push(one.index);
                step!("history::apply::removed");
            }
        }
        let mut touched: BTreeSet<WorkspacePath> = self.remove_directories()?;
        let mut seen = HashSet::new();
        for (one, name) in self.moves.iter().zip(&names) {
            if one.to.is_absent() {
                continue;
            }
            self.make_parents(&one.path, &mut seen, &mut touched)?;
            step!("history::apply::swap");
            self.swap(one, name, progress)?;
            progress.swapped.push(one.index);
            step!("history::apply::swapped");
        }
        step!("history::apply::all-swapped");
        touched.extend(self.moves.iter().filter_map(|one| one.path.parent()));
        sync_directories(self.history.root(), &touched)?;
        step!("history::apply::directories-synced");
        self.verify()?;
        step!("history::apply::verified");
        Ok(temporaries)
    }

    fn target(&self, one: &Move) -> PathBuf {
        one.path.on_disk(self.history.root())
    }

    fn write_temporaries(&self, temporaries: &mut Temporaries<'a>) -> Result<Vec<PathBuf>, Failure> {
        let few = self.moves.len() <= FEW;
        let mut files = Vec::new();
        let mut names = Vec::with_capacity(self.moves.len());
        for one in self.moves {
            step!("history::apply::temporary");
            let target = self.target(one);
            let replaced = (!one.from.is_absent()).then_some(target.as_path());
            let failed = |error: io::Error| write_failure("writing", &target, &error);
            let name = temporaries.path(one.index, &one.path).map_err(failed)?;
            if let Some((name, file)) = self.displaced(&name, one).map_err(failed)? {
                files.extend(file.filter(|_| few).map(|file| (file, target.clone())));
                names.push(name);
                continue;
            }
            let file = swap::write_temporary(&name, &one.to, replaced).map_err(failed)?;
            files.extend(file.filter(|_| few).map(|file| (file, target.clone())));
            names.push(name);
        }
        step!("history::apply::temporaries-written");
        sync::all(&files, |(file, target)| {
            file.sync_all()
                .map_err(|error| write_failure("syncing", target, &error))
        })?;
        if !few {
            for directory in temporaries.directories() {
                sync_contents(directory)?;
            }
        }
        Ok(names)
    }

    /// The very file that the operation displaced, where it is still what is to be put back: that needs no room on the disk
    /// and keeps what a copy would lose, such as its other names. It may never have been synced.
    fn displaced(&self, name: &Path, one: &Move) -> io::Result<Option<(PathBuf, Option<fs::File>)>> {
        let own = name
            .to_str()
            .filter(|_| !self.tag.is_empty() && !one.to.is_absent());
        let Some(own) = own.and_then(|name| {
            let (stem, end) = name.rsplit_once(self.tag)?;
            Some(PathBuf::from(format!("{stem}{end}")))
        }) else {
            return Ok(None);
        };
        if !is(&own, &one.to) {
            return Ok(None);
        }
        let file = one.to.bytes().map(|_| fs::File::open(&own)).transpose()?;
        Ok(Some((own, file)))
    }

    /// Takes a file away by moving it aside, so that it can be looked at and put back.
    fn remove(&self, one: &Move, aside: &Path, progress: &mut Progress) -> Result<(), Failure> {
        let target = self.target(one);
        swap::place(&target, aside).map_err(|error| self.swap_failure(one, &error))?;
        if is(aside, &one.from) {
            return Ok(());
        }
        swap::place(aside, &target).map_err(|error| progress.stuck(&target, &error))?;
        Err(disturbed(&one.path))
    }

    fn swap(&self, one: &Move, name: &Path, progress: &mut Progress) -> Result<(), Failure> {
        let target = self.target(one);
        if one.from.is_absent() {
            return swap::place(name, &target).map_err(|error| self.swap_failure(one, &error));
        }
        let expected = || is(&target, &one.from);
        match swap::exchange(name, &target, expected).map_err(|error| self.swap_failure(one, &error))? {
            Swapped::Refused => Err(disturbed(&one.path)),
            Swapped::Replaced => Ok(()),
            Swapped::Exchanged if is(name, &one.from) => Ok(()),
            Swapped::Exchanged => {
                // What came out is not what was planned with: somebody wrote in this very moment. Give it back.
                swap::exchange(name, &target, || true).map_err(|error| progress.stuck(&target, &error))?;
                Err(disturbed(&one.path))
            }
        }
    }

    fn swap_failure(&self, one: &Move, error: &io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => disturbed(&one.path),
            _ => write_failure("writing", &self.target(one), error),
        }
    }

    fn remove_directories(&self) -> Result<BTreeSet<WorkspacePath>, Failure> {
        use io::ErrorKind::{
            AlreadyExists, DirectoryNotEmpty, NotADirectory, NotFound, PermissionDenied, ResourceBusy,
        };
        let mut touched = BTreeSet::new();
        for directory in self.removable {
            let full = directory.on_disk(self.history.root());
            match remove_directory(&full) {
                Ok(()) => {
                    step!("history::apply::directory-removed");
                    touched.extend(directory.parent());
                }
                // One that is not empty, held by somebody, or gone already, stays as it is: that is the rule and no failure.
                Err(error)
                    if matches!(
                        error.kind(),
                        AlreadyExists
                            | DirectoryNotEmpty
                            | NotADirectory
                            | NotFound
                            | PermissionDenied
                            | ResourceBusy
                    ) => {}
                Err(error) => return Err(write_failure("removing", &full, &error)),
            }
        }
        Ok(touched)
    }

    fn make_parents(
        &self,
        path: &WorkspacePath,
        seen: &mut HashSet<WorkspacePath>,
        touched: &mut BTreeSet<WorkspacePath>,
    ) -> Result<(), Failure> {
        let mut missing = Vec::new();
        for parent in ancestors(path) {
            if seen.contains(&parent) {
                break;
            }
            missing.push(parent);
        }
        for parent in missing.into_iter().rev() {
            let full = parent.on_disk(self.history.root());
            match make_directory(&full) {
                Ok(()) => touched.extend(parent.parent()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    require_directory(&full, &parent)?;
                }
                Err(error) => return Err(write_failure("creating", &full, &error)),
            }
            step!("history::apply::directory-made");
            seen.insert(parent);
        }
        Ok(())
    }

    fn verify(&self) -> Result<(), Failure> {
        let paths: Vec<&WorkspacePath> = self.moves.iter().map(|one| &one.path).collect();
        let mut wrong = None;
        read_states(self.history.root(), &paths, |index, now| {
            let one = &self.moves[index];
            let right = match &now {
                Ok(state) => *state == one.to,
                Err(error) => one.to.is_absent() && is_in_the_way(error),
            };
            if !right && wrong.is_none() {
                wrong = Some(disturbed(&one.path));
            }
        });
        wrong.map_or(Ok(()), Err)
    }
}

fn remove_directory(path: &Path) -> io::Result<()> {
    inject!("history::apply::remove-directory");
    fs::remove_dir(path)
}

fn make_directory(path: &Path) -> io::Result<()> {
    inject!("history::apply::make-directory");
    fs::create_dir(path)
}

/// Makes the entries of directories durable; those that are gone count as done.
pub(crate) fn sync_directories(root: &Path, touched: &BTreeSet<WorkspacePath>) -> Result<(), Failure> {
    let mut directories: Vec<PathBuf> = touched.iter().map(|directory| directory.on_disk(root)).collect();
    directories.retain(|directory| directory.is_dir());
    if directories.len() > FEW && swap::sync_file_system(root).is_ok() {
        // Folders of other mounts are not covered by it.
        directories.retain(|directory| !swap::same_mount(root, directory));
    }
    sync::all(&directories, |directory| sync::directory(directory))
}

/// A directory at the path, or a file above it: nothing is *at* the path then.
pub(crate) fn is_in_the_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory
    )
}

fn is(path: &Path, state: &FileState) -> bool {
    read_entry(path).is_ok_and(|now| now == *state)
}

fn require_directory(full: &Path, path: &WorkspacePath) -> Result<(), Failure> {
    match lstat(full) {
        Ok(Some(metadata)) if metadata.is_dir() => Ok(()),
        _ if path.as_str().is_empty() => Ok(()),
        _ => Err(disturbed(path)),
    }
}

/// Makes the contents of all files in `directory` durable.
fn sync_contents(directory: &Path) -> Result<(), Failure> {
    if swap::sync_file_system(directory).is_ok() {
        return Ok(());
    }
    let failed = |error: io::Error| write_failure("syncing", directory, &error);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            fs::File::open(entry.path())
                .and_then(|file| file.sync_all())
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn disturbed(path: &WorkspacePath) -> Failure {
    Failure::new(
        &errors::DISTURBED,
        format!("`{path}` was changed by another program during the operation"),
    )
    .at_path(path)
    .hint("run the command again")
}

/// A failed write, with the code that fits the reason.
pub(crate) fn write_failure(doing: &str, path: &Path, error: &io::Error) -> Failure {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let (code, hint) = match error.kind() {
        PermissionDenied => (
            &errors::NOT_WRITABLE,
            "give this account the right to write there",
        ),
        ReadOnlyFilesystem => (
            &errors::NOT_WRITABLE,
            "mount the disk writable, or work in a copy",
        ),
        StorageFull | QuotaExceeded => (
            &errors::NO_SPACE,
            "make room on the disk and run the command again",
        ),
        _ => (
            &errors::WRITE_FAILED,
            "see the reason; nothing of the operation was kept",
        ),
    };
    Failure::io(code, doing, path, error).hint(hint)
}
