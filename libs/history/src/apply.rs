//! Applying a change: check, make the pre-images durable, write, mark done.

use std::collections::{BTreeSet, HashSet};
use std::io;

use krepis_change::{Change, Failure, FileState, WorkspacePath};

use crate::disk::{Ways, ancestors, read_state, read_states};
use crate::failpoints::step;
use crate::operation::{Blobs, FileEntry, Image, Kind, Meta, Operation, edited};
use crate::write::{Move, Progress, Work, is_in_the_way, write_failure};
use crate::{History, OperationId, Stage, errors, format, many, temporary};

/// What an operation is to be called and what it relates to.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Apply, undo or redo.
    pub kind: Kind,
    /// Who, when, why.
    pub meta: Meta,
    /// Undo: the operation taken back; redo: the one done again.
    pub target: Option<OperationId>,
    /// Undo and redo: files that count as handled though they stay as they are.
    pub settled: Vec<(WorkspacePath, FileState)>,
}

impl Intent {
    /// An ordinary change.
    pub fn apply(meta: Meta) -> Self {
        Self {
            kind: Kind::Apply,
            meta,
            target: None,
            settled: Vec::new(),
        }
    }
}

impl History {
    /// Applies a change: all of it, or nothing. The caller holds the workspace lock and has called
    /// [`History::recover`].
    ///
    /// # Errors
    /// `KRP4021`/`KRP4022` stale, `KRP4031` to `KRP4036` the disk forbids it, `KRP4037` another program wrote meanwhile:
    /// in each case every file is as it was. `KRP4041` if another program made that impossible.
    pub fn apply(&self, change: &Change, intent: Intent) -> Result<Operation, Failure> {
        let (mut operation, blobs) = self.draft(change, intent)?;
        let removable = match operation.kind {
            Kind::Undo | Kind::Redo => self.log()?.removable_directories(&operation),
            Kind::Apply | Kind::Observed => Vec::new(),
        };
        operation.created_directories = self.check(change, &removable)?;
        let bytes = format::encode(&operation, &blobs.list).map_err(|error| {
            Failure::io(
                &errors::HISTORY_IO,
                "encoding an operation for",
                &self.ops(),
                &error,
            )
        })?;
        let id = operation.id;
        let moves: Vec<Move> = change
            .transitions
            .iter()
            .enumerate()
            .map(|(index, one)| Move {
                index,
                path: one.path.clone(),
                from: one.before.clone(),
                to: one.after.clone(),
            })
            .collect();
        self.put(id, Stage::Prepared, &bytes)?;
        let work = Work {
            history: self,
            id,
            tag: "",
            moves: &moves,
            removable: &removable,
        };
        let mut progress = Progress::default();
        let temporaries = match work.run(&mut progress) {
            Ok(temporaries) => temporaries,
            Err(failure) => return Err(self.take_back(&operation, &moves, &progress, failure)),
        };
        if let Err(failure) = self.turn(id, Stage::Prepared, Stage::Done) {
            // Left as it is, the next writer would complete what is said to have failed here.
            return Err(self.take_back(&operation, &moves, &progress, failure));
        }
        // Nobody waits for this rename: if the power fails first, recovery finds everything written and renames again.
        step!("history::apply::marked");
        // The operation is done: a temporary file that stays is swept by the next writer.
        drop(temporaries.remove());
        step!("history::apply::cleaned");
        Ok(operation)
    }

    /// Checks a change against the disk and returns the directories it will make, shallow ones first.
    fn check(&self, change: &Change, removable: &[WorkspacePath]) -> Result<Vec<WorkspacePath>, Failure> {
        let mut failures = Vec::new();
        let leaving: HashSet<&WorkspacePath> = change
            .transitions
            .iter()
            .filter(|one| one.after.is_absent())
            .map(|one| &one.path)
            .collect();
        let paths: Vec<&WorkspacePath> = change.transitions.iter().map(|one| &one.path).collect();
        read_states(self.root(), &paths, |index, now| {
            let one = &change.transitions[index];
            match now {
                Ok(now) if now == one.before => {}
                Ok(_) => failures.push(stale(&one.path)),
                Err(error) if is_in_the_way(&error) && one.before.is_absent() => {
                    let cleared =
                        removable.contains(&one.path) || ancestors(&one.path).any(|it| leaving.contains(&it));
                    if !cleared {
                        failures.push(self.obstacle(&one.path, &error));
                    }
                }
                Err(error) => failures.push(self.obstacle(&one.path, &error)),
            }
        });
        for (path, digest) in &change.reads {
            if read_state(self.root(), path).is_ok_and(|now| now.digest() == *digest) {
                continue;
            }
            let text = format!("`{path}`, which the change was planned from, has changed");
            failures.push(
                Failure::new(&errors::STALE_READ, text)
                    .at_path(path)
                    .hint("plan the change again"),
            );
        }
        if let Some(failure) = Failure::join(failures) {
            return Err(failure);
        }
        self.check_writable(change)?;
        let mut created = BTreeSet::new();
        let mut ways = Ways::new(self.root(), removable);
        for one in change.transitions.iter().filter(|one| !one.after.is_absent()) {
            created.extend(ways.of(&one.path).1.iter().cloned());
        }
        Ok(created.into_iter().collect())
    }

    /// The permissions are looked at first, so that an ordinary refusal leaves no trace at all.
    fn check_writable(&self, change: &Change) -> Result<(), Failure> {
        let mut seen = HashSet::new();
        let mut ways = Ways::new(self.root(), &[]);
        for one in &change.transitions {
            let (parent, _) = ways.of(&one.path);
            if seen.contains(parent) {
                continue;
            }
            seen.insert(parent.clone());
            let full = parent.on_disk(self.root());
            let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
            let flags = rustix::fs::AtFlags::EACCESS;
            if let Err(error) = rustix::fs::accessat(rustix::fs::CWD, &full, access, flags) {
                let error: io::Error = error.into();
                // A system without AT_EACCESS cannot say it beforehand: the write itself will.
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) {
                    return Err(write_failure("writing in", &full, &error));
                }
            }
        }
        Ok(())
    }

    fn obstacle(&self, path: &WorkspacePath, error: &io::Error) -> Failure {
        let hint = "choose another path, or move away what is there";
        let failure = match error.kind() {
            io::ErrorKind::IsADirectory | io::ErrorKind::Unsupported => {
                Failure::new(&errors::NOT_A_FILE, format!("`{path}` is not a file")).hint(hint)
            }
            io::ErrorKind::NotADirectory => {
                let linked = ancestors(path).any(|parent| parent.on_disk(self.root()).is_symlink());
                let code = if linked {
                    &errors::SYMLINKED_PARENT
                } else {
                    &errors::PARENT_IS_FILE
                };
                let what = if linked { "a symbolic link" } else { "a file" };
                Failure::new(code, format!("the way to `{path}` leads through {what}")).hint(hint)
            }
            io::ErrorKind::PermissionDenied => {
                Failure::new(&errors::NOT_WRITABLE, format!("`{path}` cannot be read"))
                    .hint("give this account the right to read and write there")
            }
            _ => Failure::new(&errors::WRITE_FAILED, format!("`{path}` cannot be read")),
        };
        failure.at_path(path).reason(error.to_string())
    }

    fn draft(&self, change: &Change, intent: Intent) -> Result<(Operation, Blobs), Failure> {
        let (last, parent) = self.head()?;
        let mut blobs = Blobs::default();
        let images = many::map(&change.transitions, |one| {
            (Blobs::bare(&one.before), Blobs::bare(&one.after))
        });
        let mut files: Vec<FileEntry> = change
            .transitions
            .iter()
            .zip(images)
            .map(|(one, (before, after))| {
                let before = blobs.keep(before, &one.before);
                let follows = match (&one.before, &one.after) {
                    (FileState::File { bytes, .. }, FileState::File { bytes: after, .. }) => {
                        !one.edits.is_empty() && edited(bytes, &one.edits).as_deref() == Some(&after[..])
                    }
                    _ => false,
                };
                let after = if follows {
                    after
                } else {
                    blobs.keep(after, &one.after)
                };
                FileEntry {
                    path: one.path.clone(),
                    before,
                    after: Some(after),
                    edits: if follows { one.edits.clone() } else { Vec::new() },
                    renamed_from: one.renamed_from.clone(),
                }
            })
            .collect();
        // After the transitions, so that a move's number is its place in the record.
        files.extend(intent.settled.iter().map(|(path, state)| {
            let image: Image = blobs.image(state);
            FileEntry {
                path: path.clone(),
                before: image.clone(),
                after: Some(image),
                edits: Vec::new(),
                renamed_from: None,
            }
        }));
        let operation = Operation {
            id: OperationId::after(last),
            parent,
            kind: intent.kind,
            meta: intent.meta,
            files,
            target: intent.target,
            created_directories: Vec::new(),
            owner: None,
            barriers: Vec::new(),
            running: None,
            directories: Vec::new(),
            uncovered: Vec::new(),
        };
        Ok((operation, blobs))
    }

    /// After a failed run: puts back what was swapped and marks the operation aborted.
    fn take_back(
        &self,
        operation: &Operation,
        moves: &[Move],
        progress: &Progress,
        failure: Failure,
    ) -> Failure {
        if progress.stuck {
            // The only copy of what somebody wrote meanwhile lies under a temporary name: the recovery saves it.
            return failure;
        }
        let reached: HashSet<usize> = progress.swapped.iter().copied().collect();
        let swapped: Vec<&Move> = moves.iter().filter(|one| reached.contains(&one.index)).collect();
        let gone = !self.file(operation.id, Stage::Prepared).exists();
        let undone = self.roll_back(operation, &swapped).and_then(|()| {
            if gone {
                return Ok(());
            }
            self.turn(operation.id, Stage::Prepared, Stage::Aborted)?;
            self.sync_ops()
        });
        let mut failure = if gone {
            Failure::new(
                &errors::HISTORY_GONE,
                "`.krepis` was removed while the operation was being written: every file is as before",
            )
            .reason(failure.to_string())
            .hint("let nothing remove `.krepis` while krepis runs, and run the command again")
        } else {
            failure
        };
        match undone {
            Ok(()) => drop(temporary::remove_all(
                self,
                operation.id,
                moves.iter().map(|one| &one.path),
            )),
            // What was displaced is needed by the recovery.
            Err(second) => failure.others.push(second),
        }
        failure
    }
}

fn stale(path: &WorkspacePath) -> Failure {
    Failure::new(
        &errors::STALE,
        format!("`{path}` is not what the change was made from"),
    )
    .at_path(path)
    .hint("plan the change again from the file as it is now")
}
