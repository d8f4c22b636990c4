//! Operations that somebody else writes (Nx, a foreign command): before is recorded ahead, after is read from disk.

use std::collections::{BTreeMap, BTreeSet};

use krepis_change::{Change, Failure, FileState, Transition, WorkspacePath};

use crate::disk::{read_state, way};
use crate::failpoints::step;
use crate::operation::{Blobs, FileEntry, Kind, Meta, Operation};
use crate::recover::{Ending, Recovered};
use crate::write::is_in_the_way;
use crate::{History, OperationId, Owner, Stage, errors, format, sync};

impl History {
    /// Makes the state before of every path of `change` durable, as it is on disk now. The owner then writes whatever it
    /// likes and calls [`History::complete`]; if it dies, the next writer completes the operation from disk.
    pub fn observe(&self, change: &Change, meta: Meta, owner: Owner) -> Result<OperationId, Failure> {
        let (last, parent) = self.head()?;
        let mut blobs = Blobs::default();
        let mut files = Vec::new();
        let mut created: BTreeSet<WorkspacePath> = BTreeSet::new();
        let paths: BTreeMap<&WorkspacePath, &Transition> =
            change.transitions.iter().map(|one| (&one.path, one)).collect();
        for one in paths.into_values() {
            let before = self.now(&one.path)?;
            files.push(FileEntry {
                path: one.path.clone(),
                before: blobs.image(&before),
                after: None,
                edits: Vec::new(),
                renamed_from: one.renamed_from.clone(),
            });
            created.extend(way(self.root(), &one.path, &[]).1);
        }
        let operation = Operation {
            id: OperationId::after(last),
            parent,
            kind: Kind::Observed,
            meta,
            files,
            target: None,
            created_directories: created.into_iter().collect(),
            owner: Some(owner),
            barriers: Vec::new(),
            running: None,
            directories: Vec::new(),
            uncovered: Vec::new(),
        };
        self.put_operation(&operation, &blobs, Stage::Observed)?;
        step!("history::observe::recorded");
        Ok(operation.id)
    }

    /// Reads the state after of an observed operation from disk and marks it done. `None` if nothing had changed: then no
    /// operation is kept.
    ///
    /// # Errors
    /// `KRP4052` if it is not open.
    pub fn complete(&self, id: OperationId) -> Result<Option<Operation>, Failure> {
        if !self.file(id, Stage::Observed).exists() {
            let text = format!("{id} is not an open observed operation");
            return Err(Failure::new(&errors::NOT_OBSERVED, text)
                .reason("there is none of that id, or it is completed already")
                .hint("`krepis history` lists the operations"));
        }
        let file = self.open(id, Stage::Observed)?;
        let states = file.states()?;
        let mut operation = file.operation;
        let mut blobs = Blobs::default();
        let mut files = Vec::new();
        for (entry, (before, _)) in operation.files.into_iter().zip(states) {
            let after = self.now(&entry.path)?;
            if after != before {
                files.push(FileEntry {
                    before: blobs.image(&before),
                    after: Some(blobs.image(&after)),
                    ..entry
                });
            }
        }
        operation.files = files;
        operation.parent = self.head()?.1;
        operation
            .created_directories
            .retain(|folder| folder.on_disk(self.root()).is_dir());
        step!("history::observe::read");
        if operation.files.is_empty() {
            self.turn(id, Stage::Observed, Stage::Aborted)?;
            self.sync_ops()?;
            return Ok(None);
        }
        self.make_durable(&operation)?;
        self.put_operation(&operation, &blobs, Stage::Observed)?;
        self.turn(id, Stage::Observed, Stage::Done)?;
        self.sync_ops()?;
        step!("history::observe::completed");
        Ok(Some(operation))
    }

    /// Open observed operations whose owner runs and is not `own`: a writer has to wait for them.
    ///
    /// # Errors
    /// `KRP4051` names the owner.
    pub fn check_owners(&self, own: Option<&Owner>) -> Result<(), Failure> {
        for (id, stage) in self.scan()? {
            if stage != Stage::Observed {
                continue;
            }
            let operation = self.open(id, stage)?.operation;
            // A foreign command runs as long as it likes, and may run krepis itself.
            if operation.running.is_some() {
                continue;
            }
            let Some(owner) = operation
                .owner
                .filter(|owner| Some(owner) != own && owner.is_alive())
            else {
                continue;
            };
            let text = format!(
                "process {} is changing the workspace ({})",
                owner.pid, operation.meta.title
            );
            return Err(Failure::new(&errors::OWNER_BUSY, text)
                .reason(format!("observed operation {id} is not completed yet"))
                .hint("run the command again when that process has ended"));
        }
        Ok(())
    }

    /// Completes an observed operation whose process is gone; leaves that of a living one alone.
    pub(crate) fn complete_orphan(&self, id: OperationId) -> Result<Option<Recovered>, Failure> {
        let operation = self.open(id, Stage::Observed)?.operation;
        if operation.running.is_some() {
            return self.complete_orphaned_command(&operation);
        }
        if operation.owner.is_some_and(|owner| owner.is_alive()) {
            return Ok(None);
        }
        let completed = self.complete(id)?;
        let ending = if completed.is_some() {
            Ending::Completed
        } else {
            Ending::Dropped
        };
        Ok(Some(Recovered {
            id,
            title: operation.meta.title,
            ending,
            rescued: Vec::new(),
        }))
    }

    fn now(&self, path: &WorkspacePath) -> Result<FileState, Failure> {
        match read_state(self.root(), path) {
            Ok(state) => Ok(state),
            Err(error) if is_in_the_way(&error) => Ok(FileState::Absent),
            Err(error) => {
                Err(
                    Failure::io(&errors::HISTORY_IO, "reading", &path.on_disk(self.root()), &error)
                        .at_path(path),
                )
            }
        }
    }

    /// What the other program wrote may still be in memory only; the record must not outlive it.
    pub(crate) fn make_durable(&self, operation: &Operation) -> Result<(), Failure> {
        for entry in &operation.files {
            if matches!(entry.after, Some(crate::Image::File { .. })) {
                let path = entry.path.on_disk(self.root());
                // A file that may not be opened or is gone again was recorded as it was read.
                drop(std::fs::File::open(path).and_then(|file| file.sync_all()));
            }
        }
        let parents: BTreeSet<WorkspacePath> = operation
            .files
            .iter()
            .filter_map(|entry| entry.path.parent())
            .collect();
        parents
            .iter()
            .map(|parent| parent.on_disk(self.root()))
            .filter(|parent| parent.is_dir())
            .try_for_each(|parent| sync::directory(&parent))
    }

    pub(crate) fn put_operation(
        &self,
        operation: &Operation,
        blobs: &Blobs,
        stage: Stage,
    ) -> Result<(), Failure> {
        let bytes = format::encode(operation, &blobs.list).map_err(|error| {
            Failure::io(
                &errors::HISTORY_IO,
                "encoding an operation for",
                &self.ops(),
                &error,
            )
        })?;
        self.put(operation.id, stage, &bytes)
    }
}
