//! A change whose every before and after is known.

use crate::{Digest, FileState, WorkspacePath};

/// One replacement in the content before, by byte offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First byte replaced.
    pub start: usize,
    /// Byte after the last one replaced; equal to `start` for an insertion.
    pub end: usize,
    /// What goes in.
    pub text: String,
}

/// What becomes of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The path.
    pub path: WorkspacePath,
    /// What is there, as read when the change was resolved.
    pub before: FileState,
    /// What is to be there.
    pub after: FileState,
    /// The spans the change was made of, sorted, in offsets of `before`; empty where it came as whole content.
    pub edits: Vec<Span>,
    /// Set on the new path of a rename; the old path has a transition of its own to [`FileState::Absent`].
    pub renamed_from: Option<WorkspacePath>,
}

/// A `ChangeSet` resolved against a tree: the value that rules judge and history records.
///
/// Transitions are sorted by path, at most one a path, and none whose before and after are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// One sentence for the history.
    pub title: String,
    /// What happens.
    pub transitions: Vec<Transition>,
    /// What the plan looked at beside its targets; `None`: it did not exist.
    pub reads: Vec<(WorkspacePath, Option<Digest>)>,
}

impl Change {
    /// The states after, to be laid over a tree.
    pub fn after(&self) -> impl Iterator<Item = (WorkspacePath, FileState)> + '_ {
        self.transitions
            .iter()
            .map(|transition| (transition.path.clone(), transition.after.clone()))
    }
}
