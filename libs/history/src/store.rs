//! The folder `.krepis/history`: which operation files there are, and how one is written and renamed durably.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use krepis_change::Failure;

use crate::failpoints::{inject, step};
use crate::heads::{Heads, Shelf};
use crate::write::write_failure;
use crate::{OperationFile, OperationId, errors, sync};

/// How far an operation has come; its file's extension says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Durable, and perhaps partly written: a crash left it, or it is being written now.
    Prepared,
    /// Done.
    Done,
    /// Not done, or taken back by recovery.
    Aborted,
    /// Observed and not completed yet.
    Observed,
}

impl Stage {
    pub(crate) const ALL: [Self; 4] = [Self::Prepared, Self::Done, Self::Aborted, Self::Observed];

    fn extension(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Done => "op",
            Self::Aborted => "aborted",
            Self::Observed => "observed",
        }
    }
}

/// The history of one workspace. Opening it does no I/O and creates nothing.
///
/// Whatever writes (`apply`, `undo`, `redo`, `recover`, `observe`, `complete`) needs the workspace lock to be held by the
/// caller; `krepis-workspace` does that.
#[derive(Debug, Clone)]
pub struct History {
    root: PathBuf,
    heads: Heads,
}

impl History {
    /// The history of the workspace whose root is `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            heads: Heads::default(),
        }
    }

    /// The same history, which takes what it read before from a shelf where that saves time. It says the same in every case.
    #[must_use]
    pub fn with_shelf(mut self, kept: Arc<dyn Shelf>) -> Self {
        self.heads = Heads::on(kept);
        self
    }

    /// Fills the shelf, when it is time to: a writer calls it at the end, without the lock. Once in some hundred operations
    /// that reads the log.
    pub fn keep_heads(&self) {
        if self.heads.is_due() {
            drop(self.log());
        }
        self.heads.keep();
    }

    /// Takes the shelf's heads, for a log of as many operations as were listed last.
    pub(crate) fn load_heads(&self) {
        self.heads.load(&self.ops());
    }

    /// The workspace root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `.krepis/history`.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.join(".krepis/history")
    }

    pub(crate) fn ops(&self) -> PathBuf {
        self.folder().join("ops")
    }

    pub(crate) fn file(&self, id: OperationId, stage: Stage) -> PathBuf {
        self.ops().join(format!("{id}.{}", stage.extension()))
    }

    /// Which operation files there are, by id. Reads names only; a history that does not exist is empty.
    pub fn scan(&self) -> Result<Vec<(OperationId, Stage)>, Failure> {
        let ops = self.ops();
        let unreadable = |error: io::Error| Failure::io(&errors::HISTORY_IO, "listing", &ops, &error);
        let entries = match fs::read_dir(&ops) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            let Some((stem, extension)) = name.to_str().and_then(|name| name.split_once('.')) else {
                continue;
            };
            let stage = Stage::ALL
                .into_iter()
                .find(|stage| stage.extension() == extension);
            if let (Some(id), Some(stage)) = (OperationId::parse(stem), stage) {
                found.push((id, stage));
            }
        }
        found.sort_by_key(|(id, _)| *id);
        self.heads.listed(found.len());
        Ok(found)
    }

    /// Opens one operation file.
    ///
    /// # Errors
    /// `KRP4001` to `KRP4003`.
    pub fn open(&self, id: OperationId, stage: Stage) -> Result<OperationFile, Failure> {
        let path = self.file(id, stage);
        if stage != Stage::Done {
            return OperationFile::open(&path, id, &mut |_| {});
        }
        if let Some((head, length)) = self.heads.get(id) {
            return OperationFile::parse(&path, id, head, length);
        }
        let before = self.heads.identity(id);
        OperationFile::open(&path, id, &mut |head| self.heads.learn(id, before, head))
    }

    /// Writes an operation file durably: temporary name, fsync, rename, fsync of the directory.
    pub(crate) fn put(&self, id: OperationId, stage: Stage, bytes: &[u8]) -> Result<(), Failure> {
        ensure_folder(&self.root)?;
        step!("history::prepare::start");
        let temporary = self.ops().join(format!(".{id}.tmp"));
        let target = self.file(id, stage);
        write_new(&temporary, bytes)
            .and_then(|()| rename(&temporary, &target))
            .map_err(|error| {
                drop(fs::remove_file(&temporary));
                write_failure("writing", &target, &error)
            })?;
        step!("history::prepare::renamed");
        sync::directory(&self.ops())?;
        step!("history::prepare::durable");
        Ok(())
    }

    /// Renames an operation file to its next stage, without waiting for the disk.
    pub(crate) fn turn(&self, id: OperationId, from: Stage, to: Stage) -> Result<(), Failure> {
        let path = self.file(id, from);
        rename(&path, &self.file(id, to)).map_err(|error| write_failure("renaming", &path, &error))
    }

    pub(crate) fn sync_ops(&self) -> Result<(), Failure> {
        sync::directory(&self.ops())
    }
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    inject!("history::store::rename");
    fs::rename(from, to)
}

pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A crash may have left one of that name; the ids of two writers never meet, since both hold the lock.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    step!("history::prepare::written");
    file.sync_all()?;
    step!("history::prepare::synced");
    Ok(())
}

/// Creates `.krepis` (0700, ignoring itself by a `.gitignore`) if it does not exist.
///
/// # Errors
/// Those of the file system; `NotADirectory` where `.krepis` is a symbolic link or a file.
pub fn ensure_private_folder(root: &Path) -> io::Result<()> {
    let folder = root.join(".krepis");
    make_private(&folder)?;
    let ignore = folder.join(".gitignore");
    if ignore.exists() {
        Ok(())
    } else {
        write_ignore(&ignore)
    }
}

/// Creates the folders of the history if they do not exist, durably. That there is a folder says nothing of that: who made
/// it may have died before it was synced. That there is an operation file does, since none is written before.
pub(crate) fn ensure_folder(root: &Path) -> Result<(), Failure> {
    let krepis = root.join(".krepis");
    let history = krepis.join("history");
    let ops = history.join("ops");
    if !krepis.is_symlink() && holds_operation(&ops) {
        return Ok(());
    }
    ensure_private_folder(root).map_err(|error| write_failure("creating", &krepis, &error))?;
    for folder in [&history, &ops] {
        make_private(folder).map_err(|error| write_failure("creating", folder, &error))?;
    }
    step!("history::prepare::folders-made");
    [history.as_path(), krepis.as_path(), root]
        .into_iter()
        .try_for_each(sync::directory)
}

fn holds_operation(ops: &Path) -> bool {
    fs::read_dir(ops).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().as_encoded_bytes().first() != Some(&b'.'))
    })
}

pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        outcome => return outcome,
    }
    // What is written there must not land elsewhere.
    if fs::symlink_metadata(path)?.is_dir() {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::NotADirectory,
        format!("{} is not a folder of its own", path.display()),
    ))
}

/// By rename, so that nobody ever sees `.krepis` with an empty `.gitignore`.
fn write_ignore(path: &Path) -> io::Result<()> {
    let temporary = path.with_file_name(format!(".gitignore.{}.tmp", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(b"*\n")?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
