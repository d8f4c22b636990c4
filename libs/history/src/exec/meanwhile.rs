//! Operations of krepis itself that landed while a foreign command ran: what they did is theirs.

use std::collections::{BTreeMap, BTreeSet};

use krepis_change::{FileState, WorkspacePath};

use super::compare::Change;
use super::index::{Content, Index};
use crate::disk::read_state;
use crate::operation::Operation;
use crate::undo::merged;
use crate::{History, OperationId, Stage};

/// One of them, with the states of its files.
pub(super) struct Landed {
    pub(super) operation: Operation,
    states: Vec<(FileState, Option<FileState>)>,
}

impl History {
    /// What was recorded after `parent` up to `newest`, oldest first.
    pub(super) fn landed(&self, parent: Option<OperationId>, newest: Option<OperationId>) -> Vec<Landed> {
        let mut landed = Vec::new();
        let mut at = newest;
        while let Some(id) = at.filter(|id| Some(*id) != parent) {
            // The rest was removed by retention, or is damaged: it was there before, or cannot be told apart.
            let Ok(file) = self.open(id, Stage::Done) else {
                break;
            };
            at = file.operation.parent;
            // What a damaged one did cannot be told apart either; it must not stop the record of the command.
            let Ok(states) = file.states() else { continue };
            landed.push(Landed {
                operation: file.operation,
                states,
            });
        }
        landed.reverse();
        landed
    }

    /// Takes out of `changes` what `landed` did. The paths come back where both wrote and cannot be told apart: these stay
    /// with the command.
    pub(super) fn without_landed(
        &self,
        index: &Index,
        changes: &mut BTreeMap<WorkspacePath, Change>,
        landed: &[Landed],
    ) -> BTreeSet<WorkspacePath> {
        let mut joined = BTreeSet::new();
        // What each file would be had the command not run.
        let mut without: BTreeMap<WorkspacePath, FileState> = BTreeMap::new();
        for one in landed {
            for (entry, (before, after)) in one.operation.files.iter().zip(&one.states) {
                let after = after.as_ref().unwrap_or(before);
                let path = &entry.path;
                let start = without
                    .get(path)
                    .cloned()
                    .or_else(|| self.start(index, changes, path));
                let Some(start) = start.filter(|_| before != after) else {
                    continue;
                };
                let next = if start == *before || after.is_absent() {
                    after.clone()
                } else if let Ok(next) = merged(&start, before, after) {
                    next
                } else {
                    joined.insert(path.clone());
                    start
                };
                without.insert(path.clone(), next);
            }
        }
        for (path, before) in without {
            let after = match changes.get(&path) {
                Some(change) => change.after.clone(),
                None => read_state(self.root(), &path).unwrap_or(FileState::Absent),
            };
            if before == after {
                changes.remove(&path);
                joined.remove(&path);
            } else {
                changes.insert(path, Change { before, after });
            }
        }
        joined
    }

    /// A file's state when the command started; `None` if it is not covered.
    fn start(
        &self,
        index: &Index,
        changes: &BTreeMap<WorkspacePath, Change>,
        path: &WorkspacePath,
    ) -> Option<FileState> {
        if let Some(change) = changes.get(path) {
            return Some(change.before.clone());
        }
        let at = index
            .entries
            .binary_search_by(|entry| (*entry.path).cmp(path.as_str()));
        let now = read_state(self.root(), path).ok()?;
        match at.map(|at| &index.entries[at].content) {
            // In the end nothing happened to it.
            Ok(Content::File { .. } | Content::Symlink { .. }) => Some(now),
            Ok(Content::Uncovered(_)) => None,
            // Neither then nor now.
            Ok(Content::Directory) | Err(_) => now.is_absent().then_some(now),
        }
    }
}
