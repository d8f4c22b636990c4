//! An operation as the history keeps it.

use std::collections::HashMap;
use std::sync::Arc;

use krepis_change::{Digest, FileState, Span, WorkspacePath};
use krepis_proto::v1;

use crate::exec::{Coverage, Install};
use crate::{OperationId, Owner};

/// What an operation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The master wrote a change.
    Apply,
    /// An operation was taken back.
    Undo,
    /// An undone operation was done again.
    Redo,
    /// Somebody else wrote (Nx, a foreign command).
    Observed,
}

/// Who, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// One sentence.
    pub title: String,
    /// The command line as given, from `krepis` on.
    pub command: Vec<String>,
    /// Account name.
    pub actor: String,
    /// Milliseconds since 1970-01-01 UTC.
    pub time_ms: i64,
    /// Commit of the enclosing git repository's HEAD.
    pub git_head: Option<String>,
    /// The command line that had to succeed after the operation (`--verify`).
    pub verify: Option<String>,
    /// An undo by which krepis itself took back the operation before it, since its `verify` failed: for the order of undo
    /// and redo neither was ever there.
    pub rollback: bool,
}

/// The state of a path as a record: everything but the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Image {
    /// Nothing there.
    Absent,
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Bytes.
        size: u64,
        /// sha256 of the content.
        digest: Digest,
        /// Index of the blob with the content; `None`: it follows from the edits.
        blob: Option<usize>,
    },
    /// A symbolic link.
    Symlink {
        /// Its target.
        target: Arc<[u8]>,
    },
}

impl Image {
    /// True if `state` is what this image was made of.
    pub fn matches(&self, state: &FileState) -> bool {
        match (self, state) {
            (Self::Absent, FileState::Absent) => true,
            (
                Self::File {
                    mode, size, digest, ..
                },
                FileState::File { bytes, mode: now },
            ) => mode == now && *size == bytes.len() as u64 && *digest == Digest::of(bytes),
            (Self::Symlink { target }, FileState::Symlink { target: now }) => target == now,
            _ => false,
        }
    }

    /// sha256 of the content or of the link's target; `None` if absent.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Absent => None,
            Self::File { digest, .. } => Some(*digest),
            Self::Symlink { target } => Some(Digest::of(target)),
        }
    }
}

/// What happened to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The path.
    pub path: WorkspacePath,
    /// What was there. Equal to `after` where an undo left the file as it was (`--skip`).
    pub before: Image,
    /// What is there since; `None` while an observed operation is open.
    pub after: Option<Image>,
    /// The spans of `before` the change was made of, if it was.
    pub edits: Vec<Span>,
    /// The path this file had.
    pub renamed_from: Option<WorkspacePath>,
}

/// One operation, without the contents. [`crate::OperationFile`] has these too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its name.
    pub id: OperationId,
    /// The operation before it; `None` for the first.
    pub parent: Option<OperationId>,
    /// What it did.
    pub kind: Kind,
    /// Who, when, why.
    pub meta: Meta,
    /// Sorted by path.
    pub files: Vec<FileEntry>,
    /// Undo: the operation taken back; redo: the one done again.
    pub target: Option<OperationId>,
    /// Directories it made, shallow ones first.
    pub created_directories: Vec<WorkspacePath>,
    /// Observed operations: who writes.
    pub owner: Option<Owner>,
    /// What undo does not reach.
    pub barriers: Vec<Barrier>,
    /// A foreign command that has not been completed: what it started from.
    pub running: Option<Running>,
    /// Foreign commands: directories made, removed or with another mode.
    pub directories: Vec<DirectoryEntry>,
    /// Foreign commands: what changed and is not kept.
    pub uncovered: Vec<Uncovered>,
}

/// Something that an operation changed and that undo does not reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barrier {
    /// A folder, or what the user said.
    pub what: String,
    /// The command line that changed it.
    pub command: Vec<String>,
    /// The command that brings it in step with the files again.
    pub mend: Option<String>,
    /// Folder to run `mend` in, relative to the workspace root; empty: the root.
    pub folder: String,
}

/// What a foreign command started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Name of the index below `.krepis/history/base`.
    pub index: String,
    /// What is covered.
    pub coverage: Coverage,
    /// What package managers had installed.
    pub installs: Vec<Install>,
    /// What the user said undo will not reach.
    pub notes: Vec<String>,
    /// The command's own process, once it runs.
    pub process: Option<Owner>,
    /// The file system's clock right before the command, in nanoseconds since 1970; 0: not noted yet.
    pub started: i64,
}

/// What happened to a directory, by its permission bits; `None`: not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The path.
    pub path: WorkspacePath,
    /// Before.
    pub before: Option<u32>,
    /// After.
    pub after: Option<u32>,
}

/// A file that changed and that undo leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// The path, relative to the workspace root.
    pub path: String,
    /// Why it is not kept.
    pub why: String,
}

/// Contents of an operation file, each once.
#[derive(Default)]
pub(crate) struct Blobs {
    pub(crate) list: Vec<Arc<[u8]>>,
    index: HashMap<Digest, usize>,
}

impl Blobs {
    /// The record of a state whose content is kept here.
    pub(crate) fn image(&mut self, state: &FileState) -> Image {
        self.keep(Self::bare(state), state)
    }

    /// The same of the record that [`Blobs::bare`] made of `state`.
    pub(crate) fn keep(&mut self, image: Image, state: &FileState) -> Image {
        match (image, state) {
            (
                Image::File {
                    mode, size, digest, ..
                },
                FileState::File { bytes, .. },
            ) => {
                let blob = *self.index.entry(digest).or_insert_with(|| {
                    self.list.push(Arc::clone(bytes));
                    self.list.len() - 1
                });
                Image::File {
                    mode,
                    size,
                    digest,
                    blob: Some(blob),
                }
            }
            (image, _) => image,
        }
    }

    /// The record of a state whose content is not kept.
    pub(crate) fn bare(state: &FileState) -> Image {
        match state {
            FileState::Absent => Image::Absent,
            FileState::File { bytes, mode } => Image::File {
                mode: *mode,
                size: bytes.len() as u64,
                digest: Digest::of(bytes),
                blob: None,
            },
            FileState::Symlink { target } => Image::Symlink {
                target: Arc::clone(target),
            },
        }
    }
}

/// `before` with the spans replaced; `None` if they do not fit it.
pub(crate) fn edited(before: &[u8], edits: &[Span]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(before.len());
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(before.get(at..edit.start)?);
        out.extend_from_slice(edit.text.as_bytes());
        at = edit.end;
        if edit.end < edit.start {
            return None;
        }
    }
    out.extend_from_slice(before.get(at..)?);
    Some(out)
}

impl Operation {
    /// As the message of `history.proto`.
    pub(crate) fn to_record(&self) -> v1::Operation {
        v1::Operation {
            schema: 1,
            id: self.id.to_string(),
            parent: self.parent.map(|id| id.to_string()),
            kind: match self.kind {
                Kind::Apply => v1::OperationKind::Apply,
                Kind::Undo => v1::OperationKind::Undo,
                Kind::Redo => v1::OperationKind::Redo,
                Kind::Observed => v1::OperationKind::Observed,
            }
            .into(),
            title: self.meta.title.clone(),
            command: self.meta.command.clone(),
            actor: self.meta.actor.clone(),
            time_ms: self.meta.time_ms,
            git_head: self.meta.git_head.clone(),
            files: self.files.iter().map(file_record).collect(),
            target: self.target.map(|id| id.to_string()),
            created_directories: self.created_directories.iter().map(ToString::to_string).collect(),
            owner: self.owner.as_ref().map(owner_record),
            barriers: self.barriers.iter().map(barrier_record).collect(),
            running: self.running.as_ref().map(running_record),
            directories: self
                .directories
                .iter()
                .map(|one| v1::DirectoryRecord {
                    path: one.path.to_string(),
                    before: one.before,
                    after: one.after,
                })
                .collect(),
            uncovered: self
                .uncovered
                .iter()
                .map(|one| v1::UncoveredRecord {
                    path: one.path.clone(),
                    why: one.why.clone(),
                })
                .collect(),
            verify: self.meta.verify.clone(),
            rollback: self.meta.rollback,
        }
    }

    /// From the message; the text says what does not fit.
    pub(crate) fn from_record(record: v1::Operation, blobs: usize) -> Result<Self, String> {
        let kind = match v1::OperationKind::try_from(record.kind) {
            Ok(v1::OperationKind::Apply) => Kind::Apply,
            Ok(v1::OperationKind::Undo) => Kind::Undo,
            Ok(v1::OperationKind::Redo) => Kind::Redo,
            Ok(v1::OperationKind::Observed) => Kind::Observed,
            Ok(v1::OperationKind::Unspecified) | Err(_) => return Err(format!("kind {}", record.kind)),
        };
        let id = |text: String| OperationId::parse(&text).ok_or_else(|| format!("id `{text}`"));
        Ok(Self {
            id: id(record.id)?,
            parent: record.parent.map(id).transpose()?,
            kind,
            meta: Meta {
                title: record.title,
                command: record.command,
                actor: record.actor,
                time_ms: record.time_ms,
                git_head: record.git_head,
                verify: record.verify,
                rollback: record.rollback,
            },
            files: record
                .files
                .into_iter()
                .map(|file| file_entry(file, blobs))
                .collect::<Result<_, _>>()?,
            target: record.target.map(id).transpose()?,
            created_directories: record
                .created_directories
                .iter()
                .map(|it| path(it))
                .collect::<Result<_, _>>()?,
            owner: record.owner.map(owner),
            barriers: record
                .barriers
                .into_iter()
                .map(|one| Barrier {
                    what: one.what,
                    command: one.command,
                    mend: one.mend,
                    folder: one.folder,
                })
                .collect(),
            running: record.running.map(running).transpose()?,
            directories: record
                .directories
                .into_iter()
                .map(|one| {
                    Ok(DirectoryEntry {
                        path: path(&one.path)?,
                        before: one.before,
                        after: one.after,
                    })
                })
                .collect::<Result<_, String>>()?,
            uncovered: record
                .uncovered
                .into_iter()
                .map(|one| Uncovered {
                    path: one.path,
                    why: one.why,
                })
                .collect(),
        })
    }
}

fn owner_record(owner: &Owner) -> v1::Owner {
    v1::Owner {
        pid: owner.pid,
        start_time: owner.start_time,
        boot_id: owner.boot_id.clone(),
    }
}

fn owner(record: v1::Owner) -> Owner {
    Owner {
        pid: record.pid,
        start_time: record.start_time,
        boot_id: record.boot_id,
    }
}

fn barrier_record(barrier: &Barrier) -> v1::Barrier {
    v1::Barrier {
        what: barrier.what.clone(),
        command: barrier.command.clone(),
        mend: barrier.mend.clone(),
        folder: barrier.folder.clone(),
    }
}

fn running_record(running: &Running) -> v1::Running {
    v1::Running {
        index: running.index.clone(),
        include: running.coverage.include.clone(),
        exclude: running.coverage.exclude.clone(),
        secrets: running.coverage.secrets.clone(),
        installs: running
            .installs
            .iter()
            .map(|install| v1::Install {
                folder: install.folder.clone(),
                marks: install.marks.0.to_vec(),
            })
            .collect(),
        notes: running.notes.clone(),
        process: running.process.as_ref().map(owner_record),
        started_ns: running.started,
    }
}

fn running(record: v1::Running) -> Result<Running, String> {
    let install = |install: v1::Install| {
        let marks = install.marks.try_into().map(Digest);
        Ok(Install {
            folder: install.folder,
            marks: marks.map_err(|_| "a digest of wrong length".to_owned())?,
        })
    };
    Ok(Running {
        index: record.index,
        coverage: Coverage {
            include: record.include,
            exclude: record.exclude,
            secrets: record.secrets,
        },
        installs: record
            .installs
            .into_iter()
            .map(install)
            .collect::<Result<_, String>>()?,
        notes: record.notes,
        process: record.process.map(owner),
        started: record.started_ns,
    })
}

fn path(text: &str) -> Result<WorkspacePath, String> {
    WorkspacePath::parse(text).map_err(|failure| failure.message)
}

fn file_record(file: &FileEntry) -> v1::FileRecord {
    v1::FileRecord {
        path: file.path.to_string(),
        before: Some(state_record(&file.before)),
        after: file.after.as_ref().map(state_record),
        edits: file
            .edits
            .iter()
            .map(|span| v1::EditRecord {
                start: span.start as u64,
                end: span.end as u64,
                text: span.text.clone(),
            })
            .collect(),
        renamed_from: file.renamed_from.as_ref().map(ToString::to_string),
    }
}

fn state_record(image: &Image) -> v1::FileStateRecord {
    match image {
        Image::Absent => v1::FileStateRecord {
            kind: v1::FileKind::Absent.into(),
            ..Default::default()
        },
        Image::File {
            mode,
            size,
            digest,
            blob,
        } => v1::FileStateRecord {
            kind: v1::FileKind::File.into(),
            mode: *mode,
            size: *size,
            digest: digest.0.to_vec(),
            blob: blob.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX)),
            symlink_target: Vec::new(),
        },
        Image::Symlink { target } => v1::FileStateRecord {
            kind: v1::FileKind::Symlink.into(),
            size: target.len() as u64,
            digest: Digest::of(target).0.to_vec(),
            symlink_target: target.to_vec(),
            ..Default::default()
        },
    }
}

fn file_entry(record: v1::FileRecord, blobs: usize) -> Result<FileEntry, String> {
    let before = record
        .before
        .ok_or_else(|| format!("no state before of `{}`", record.path))?;
    let span = |edit: v1::EditRecord| -> Option<Span> {
        Some(Span {
            start: edit.start.try_into().ok()?,
            end: edit.end.try_into().ok()?,
            text: edit.text,
        })
    };
    Ok(FileEntry {
        path: path(&record.path)?,
        before: image(before, blobs)?,
        after: record.after.map(|after| image(after, blobs)).transpose()?,
        edits: record
            .edits
            .into_iter()
            .map(span)
            .collect::<Option<_>>()
            .ok_or_else(|| format!("edits of `{}`", record.path))?,
        renamed_from: record.renamed_from.as_deref().map(path).transpose()?,
    })
}

fn image(record: v1::FileStateRecord, blobs: usize) -> Result<Image, String> {
    match v1::FileKind::try_from(record.kind) {
        Ok(v1::FileKind::Absent) => Ok(Image::Absent),
        Ok(v1::FileKind::Symlink) => Ok(Image::Symlink {
            target: record.symlink_target.into(),
        }),
        Ok(v1::FileKind::File) => {
            let digest = record
                .digest
                .try_into()
                .map(Digest)
                .map_err(|_| "a digest of wrong length".to_owned())?;
            let blob = (record.blob as usize).checked_sub(1);
            if blob.is_some_and(|index| index >= blobs) {
                return Err(format!("blob {} of {blobs}", record.blob));
            }
            Ok(Image::File {
                mode: record.mode,
                size: record.size,
                digest,
                blob,
            })
        }
        Ok(v1::FileKind::Unspecified) | Err(_) => Err(format!("file kind {}", record.kind)),
    }
}
