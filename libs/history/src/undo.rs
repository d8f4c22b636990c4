//! Taking an operation back, and doing it again. What is to be written is planned here; writing it is an operation like any
//! other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use krepis_change::{Change, Failure, FileState, TakeOut, Transition, WorkspacePath, take_out};

use crate::disk::{read_state, read_states};
use crate::log::{Entry, Log};
use crate::operation::{DirectoryEntry, FileEntry, Kind, Meta, Operation};
use crate::write::is_in_the_way;
use crate::{History, Intent, OperationId, Stage, errors};

/// What to take back, and how to treat files that were edited since.
#[derive(Debug, Clone, Default)]
pub struct UndoOptions {
    /// The operation, as [`Log::resolve`] reads it; `None`: the latest that is in effect.
    pub operation: Option<String>,
    /// Only these files, or files below these folders; empty: all.
    pub paths: Vec<WorkspacePath>,
    /// Files that are in conflict lose the edits made since.
    pub force: bool,
    /// Files that are in conflict stay as they are.
    pub skip: bool,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is byte for byte what it was.
    Restored,
    /// What was edited since is kept, the operation is taken out of it.
    Merged,
    /// It was as wanted already.
    AlreadyThere,
    /// Edits made since are overwritten (`--force`).
    Forced,
    /// It stays as it is (`--skip`).
    Skipped,
}

/// A planned undo or redo.
#[derive(Debug, Clone)]
pub struct Reversal {
    /// Undo or redo.
    pub kind: Kind,
    /// Undo: the operation taken back; redo: the one done again.
    pub target: OperationId,
    /// What is to be written.
    pub change: Change,
    /// Every file of it and what becomes of it, by path.
    pub outcomes: BTreeMap<WorkspacePath, Outcome>,
    settled: Vec<(WorkspacePath, FileState)>,
    /// Directories of a foreign command, from what is there to what is to be.
    directories: Vec<DirectoryEntry>,
}

impl History {
    /// Plans to take an operation back. Reads only.
    ///
    /// # Errors
    /// `KRP4011` nothing to undo, `KRP4013` undone already, `KRP4014` conflicts with later edits (all of them, in
    /// `others`), `KRP4004`, `KRP4005`, `KRP4015` a wrong name, `KRP4002` damage.
    pub fn plan_undo(&self, options: &UndoOptions) -> Result<Reversal, Failure> {
        let log = self.log()?;
        let target = if let Some(text) = &options.operation {
            log.resolve(text)?
        } else {
            log.intact()?;
            log.next_undo().ok_or_else(|| log.at_the_root())?
        };
        let entry = log.done(target)?;
        // Taking an undo back puts in effect what it took out.
        let wanted =
            |path: &WorkspacePath, effective: bool| effective == entry.forward && options.names(path);
        self.plan(&log, entry, target, Kind::Undo, &wanted, options)
    }

    /// Plans to do again what the latest undo took back; with `operation`, what of that change is not in effect, or what that
    /// undo took back and is still not. Reads only.
    ///
    /// # Errors
    /// `KRP4012` nothing to redo, `KRP4018` it is in effect already; the others as for [`History::plan_undo`].
    pub fn plan_redo(&self, options: &UndoOptions) -> Result<Reversal, Failure> {
        let log = self.log()?;
        let named = if let Some(text) = &options.operation {
            log.resolve(text)?
        } else {
            log.intact()?;
            log.next_redo().ok_or_else(|| log.nothing_to_redo())?
        };
        let entry = log.done(named)?;
        let wanted = |path: &WorkspacePath, effective: bool| !effective && options.names(path);
        self.plan(&log, entry, entry.root, Kind::Redo, &wanted, options)
    }

    /// Takes an operation back; an operation of its own. An empty title becomes "undo TITLE". The caller holds the workspace lock and has called
    /// [`History::recover`].
    pub fn undo(&self, meta: Meta, options: &UndoOptions) -> Result<(Operation, Reversal), Failure> {
        let reversal = self.plan_undo(options)?;
        self.reverse(meta, reversal)
    }

    /// Does again what the latest undo took back; as [`History::undo`].
    pub fn redo(&self, meta: Meta, options: &UndoOptions) -> Result<(Operation, Reversal), Failure> {
        let reversal = self.plan_redo(options)?;
        self.reverse(meta, reversal)
    }

    /// Takes back what krepis itself wrote as the operation before, since its `verify` failed: an undo that counts as never
    /// done (see [`Meta::rollback`]). What was edited in between is kept where it can be told apart, and otherwise saved
    /// below `.krepis/history/rescue`; these copies come back too. The caller holds the workspace lock and has called
    /// [`History::recover`].
    ///
    /// # Errors
    /// As for [`History::apply`]; `KRP4013` if it is undone already.
    pub fn roll_back_unverified(
        &self,
        meta: Meta,
        id: OperationId,
    ) -> Result<(Operation, Reversal, Vec<PathBuf>), Failure> {
        let options = UndoOptions {
            operation: Some(id.to_string()),
            force: true,
            ..UndoOptions::default()
        };
        let reversal = self.plan_undo(&options)?;
        let mut saved = Vec::new();
        for one in &reversal.change.transitions {
            if reversal.outcomes.get(&one.path) == Some(&Outcome::Forced) && !one.before.is_absent() {
                saved.push(self.save(id, "unverified", &one.path, &one.before)?);
            }
        }
        let meta = Meta {
            rollback: true,
            ..meta
        };
        let (operation, reversal) = self.reverse(meta, reversal)?;
        Ok((operation, reversal, saved))
    }

    /// Writes a planned undo or redo; an operation of its own. As [`History::undo`], for a caller that looks at the plan
    /// first.
    ///
    /// # Errors
    /// As for [`History::apply`].
    pub fn reverse(&self, meta: Meta, reversal: Reversal) -> Result<(Operation, Reversal), Failure> {
        let title = if meta.title.is_empty() {
            reversal.change.title.clone()
        } else {
            meta.title
        };
        let intent = Intent {
            kind: reversal.kind,
            meta: Meta { title, ..meta },
            target: Some(reversal.target),
            settled: reversal.settled.clone(),
        };
        self.open_directories(&reversal.directories);
        let operation = self.apply(&reversal.change, intent)?;
        self.settle_directories(&reversal.directories);
        Ok((operation, reversal))
    }

    fn plan(
        &self,
        log: &Log,
        entry: &Entry,
        target: OperationId,
        kind: Kind,
        wanted: &dyn Fn(&WorkspacePath, bool) -> bool,
        options: &UndoOptions,
    ) -> Result<Reversal, Failure> {
        let root = log.done(entry.root)?;
        let mut sources: BTreeMap<OperationId, HashSet<WorkspacePath>> = BTreeMap::new();
        let mut named = false;
        // After a part was done again, that is what is to be taken back; what is to be done again was taken back by an undo,
        // whichever it was.
        let latest = log.sources(entry.root, kind == Kind::Undo && entry.forward);
        for file in &entry.operation.files {
            named |= options.names(&file.path);
            if wanted(&file.path, root.effective.contains(&file.path)) {
                let source = latest.get(&file.path).copied().unwrap_or(entry.operation.id);
                sources.entry(source).or_default().insert(file.path.clone());
            }
        }
        let title = &root.operation.meta.title;
        if sources.is_empty() {
            return Err(if named && kind == Kind::Redo {
                Failure::new(
                    &errors::IN_EFFECT,
                    format!("operation {target} ({title}) is in effect"),
                )
                .reason("nothing of it was undone that is not done again")
                .hint("`krepis undo` takes it back")
            } else if entry.operation.files.is_empty() {
                let text = format!("operation {target} ({title}) changed nothing that undo can restore");
                Failure::new(&errors::NOTHING_RESTORABLE, text).hint(format!(
                    "`krepis history show {target}` says what it changed and what mends that"
                ))
            } else if named {
                Failure::new(
                    &errors::ALREADY_UNDONE,
                    format!("operation {target} ({title}) is undone already"),
                )
                .hint(format!("`krepis redo {}` does it again", entry.root))
            } else {
                Failure::new(
                    &errors::PATH_NOT_IN_OPERATION,
                    format!("operation {target} ({title}) touched no such file"),
                )
                .hint(format!("`krepis history show {target}` lists its files"))
            });
        }
        let mut plan = Plan {
            history: self,
            options,
            steps: Vec::new(),
            conflicts: Vec::new(),
        };
        for (source, paths) in sources {
            let file = self.open(source, Stage::Done)?;
            plan.invert(&file.operation, &file.states()?, &paths);
        }
        if let Some(failure) = Failure::join(plan.conflicts) {
            return Err(failure);
        }
        let verb = if entry.forward { "undo" } else { "redo" };
        let mut reversal = Reversal::of(kind, target, format!("{verb} {title}"), plan.steps);
        let forward = kind == Kind::Redo || !entry.forward;
        reversal.directories = root
            .operation
            .directories
            .iter()
            .filter(|directory| options.names(&directory.path))
            .map(|directory| match (forward, directory.clone()) {
                (true, directory) => directory,
                (false, DirectoryEntry { path, before, after }) => DirectoryEntry {
                    path,
                    before: after,
                    after: before,
                },
            })
            .collect();
        Ok(reversal)
    }
}

impl Reversal {
    fn of(kind: Kind, target: OperationId, title: String, mut steps: Vec<Step>) -> Self {
        steps.sort_by(|one, other| one.path.cmp(&other.path));
        let mut change = Change {
            title,
            ..Change::default()
        };
        let mut settled = Vec::new();
        let mut outcomes = BTreeMap::new();
        for step in steps {
            outcomes.insert(step.path.clone(), step.outcome);
            if step.today == step.goal {
                settled.push((step.path, step.today));
            } else {
                change.transitions.push(Transition {
                    path: step.path,
                    before: step.today,
                    after: step.goal,
                    edits: Vec::new(),
                    renamed_from: step.renamed_from,
                });
            }
        }
        Self {
            kind,
            target,
            change,
            outcomes,
            settled,
            directories: Vec::new(),
        }
    }
}

impl UndoOptions {
    fn names(&self, path: &WorkspacePath) -> bool {
        let below = |folder: &WorkspacePath| {
            path.as_str()
                .strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.paths.is_empty() || self.paths.iter().any(below)
    }
}

impl Log {
    /// With a damaged operation the order of undo is not known any more.
    fn intact(&self) -> Result<(), Failure> {
        Failure::join(self.damaged.iter().map(|(_, failure)| failure.clone())).map_or(Ok(()), Err)
    }

    /// Why nothing can be undone.
    fn at_the_root(&self) -> Failure {
        let text = "there is nothing to undo";
        if let Some(horizon) = &self.horizon {
            return horizon.beyond(text.to_owned());
        }
        let failure = Failure::new(&errors::NOTHING_TO_UNDO, text);
        if self.entries.is_empty() {
            failure
                .reason("no operation was recorded in this workspace yet")
                .hint("`krepis generate`, `apply` and `run` record what they write")
        } else {
            failure
                .reason("no operation of this workspace is in effect: this is the state before the first one")
                .hint(
                    "`krepis redo` does again what was undone, `krepis history --graph` shows what there is",
                )
        }
    }

    fn nothing_to_redo(&self) -> Failure {
        let failure = Failure::new(&errors::NOTHING_TO_REDO, "there is nothing to redo");
        let branch = self.entries.iter().rev().find(|entry| entry.is_undone());
        match branch {
            Some(entry) => failure
                .reason("a new change came after what was undone")
                .hint(format!(
                    "what was undone is kept: `krepis redo {}` does \"{}\" again, `krepis history --graph` shows all",
                    entry.operation.id, entry.operation.meta.title
                )),
            None => failure
                .reason("nothing is undone")
                .hint("`krepis history` lists the operations"),
        }
    }

    fn done(&self, id: OperationId) -> Result<&Entry, Failure> {
        self.find(id).ok_or_else(|| {
            Failure::new(
                &errors::UNKNOWN_OPERATION,
                format!("operation {id} is not done yet"),
            )
            .hint("wait until the program that runs it has ended")
        })
    }
}

/// What is to become of one file.
struct Step {
    path: WorkspacePath,
    today: FileState,
    goal: FileState,
    renamed_from: Option<WorkspacePath>,
    outcome: Outcome,
}

struct Plan<'a> {
    history: &'a History,
    options: &'a UndoOptions,
    steps: Vec<Step>,
    conflicts: Vec<Failure>,
}

impl Plan<'_> {
    fn invert(
        &mut self,
        operation: &Operation,
        states: &[(FileState, Option<FileState>)],
        paths: &HashSet<WorkspacePath>,
    ) {
        let moved = self.invert_renames(operation, states, paths);
        // The other way round, what was renamed comes back from where it went.
        let renamed: HashMap<&WorkspacePath, &WorkspacePath> = operation
            .files
            .iter()
            .filter_map(|entry| Some((entry.renamed_from.as_ref()?, &entry.path)))
            .collect();
        let (left, states): (Vec<&FileEntry>, Vec<_>) = operation
            .files
            .iter()
            .zip(states)
            .filter(|(entry, _)| paths.contains(&entry.path) && !moved.contains(&entry.path))
            .unzip();
        let left: Vec<&WorkspacePath> = left.into_iter().map(|entry| &entry.path).collect();
        let root = self.history.root().to_path_buf();
        read_states(&root, &left, |index, today| {
            let (path, (before, after)) = (left[index], states[index]);
            let after = after.as_ref().unwrap_or(before);
            let renamed_from = renamed.get(path).copied().cloned();
            match self.understood(path, today) {
                Err(failure) => self.conflicts.push(failure),
                Ok(today) => self.one(path, before, after, today, renamed_from),
            }
        });
    }

    /// A renamed file that was edited at its new place goes back with the edits.
    fn invert_renames(
        &mut self,
        operation: &Operation,
        states: &[(FileState, Option<FileState>)],
        paths: &HashSet<WorkspacePath>,
    ) -> HashSet<WorkspacePath> {
        let positions: HashMap<&WorkspacePath, usize> = operation
            .files
            .iter()
            .enumerate()
            .map(|(index, entry)| (&entry.path, index))
            .collect();
        let state_of = |path: &WorkspacePath| positions.get(path).copied();
        let mut moved = HashSet::new();
        for (index, entry) in operation.files.iter().enumerate() {
            let Some(old) = entry
                .renamed_from
                .as_ref()
                .and_then(|old| Some((old, state_of(old)?)))
            else {
                continue;
            };
            let (old, old_index) = old;
            let (Some(after), before) = (&states[index].1, &states[old_index].0) else {
                continue;
            };
            if !paths.contains(old) || !paths.contains(&entry.path) {
                continue;
            }
            let (Ok(today), Ok(FileState::Absent)) = (self.today(&entry.path), self.today(old)) else {
                continue;
            };
            let edited = today != *after && today.bytes().is_some() && states[index].0.is_absent();
            let Some(goal) = edited.then(|| merged(before, after, &today).ok()).flatten() else {
                continue;
            };
            let (from, to) = (entry.path.clone(), old.clone());
            moved.extend([from.clone(), to.clone()]);
            let outcome = Outcome::Merged;
            self.steps.push(Step {
                path: from.clone(),
                today,
                goal: FileState::Absent,
                renamed_from: None,
                outcome,
            });
            self.steps.push(Step {
                path: to,
                today: FileState::Absent,
                goal,
                renamed_from: Some(from),
                outcome,
            });
        }
        moved
    }

    fn one(
        &mut self,
        path: &WorkspacePath,
        before: &FileState,
        after: &FileState,
        today: FileState,
        renamed_from: Option<WorkspacePath>,
    ) {
        let (goal, outcome) = if today == *before || before == after {
            (today.clone(), Outcome::AlreadyThere)
        } else if today == *after {
            (before.clone(), Outcome::Restored)
        } else {
            match merged(before, after, &today) {
                Ok(goal) => (goal, Outcome::Merged),
                Err(_) if self.options.force => (before.clone(), Outcome::Forced),
                Err(_) if self.options.skip => (today.clone(), Outcome::Skipped),
                Err(clash) => {
                    let why = self.obstacle(path).unwrap_or(clash.why);
                    return self.conflicts.push(Clash { why, ..clash }.failure(path));
                }
            }
        };
        self.steps.push(Step {
            path: path.clone(),
            today,
            goal,
            renamed_from,
            outcome,
        });
    }

    /// What is there instead of a file.
    fn obstacle(&self, path: &WorkspacePath) -> Option<&'static str> {
        match read_state(self.history.root(), path).err()?.kind() {
            io::ErrorKind::IsADirectory => Some("it is a folder now"),
            io::ErrorKind::NotADirectory => Some("the way to it leads through a file or a symbolic link now"),
            _ => None,
        }
    }

    fn today(&self, path: &WorkspacePath) -> Result<FileState, Failure> {
        self.understood(path, read_state(self.history.root(), path))
    }

    fn understood(&self, path: &WorkspacePath, read: io::Result<FileState>) -> Result<FileState, Failure> {
        match read {
            Ok(state) => Ok(state),
            Err(error) if is_in_the_way(&error) => Ok(FileState::Absent),
            Err(error) => {
                let full = path.on_disk(self.history.root());
                Err(Failure::io(&errors::HISTORY_IO, "reading", &full, &error).at_path(path))
            }
        }
    }
}

/// Why an operation cannot be taken out of a file.
pub(crate) struct Clash {
    why: &'static str,
    line: u32,
}

impl Clash {
    fn failure(self, path: &WorkspacePath) -> Failure {
        Failure::new(&errors::UNDO_CONFLICT, format!("`{path}` was edited since: {}", self.why))
            .at(path.as_str(), self.line, 0)
            .reason("taking the operation back would lose the edit")
            .hint("`--skip` leaves such files as they are, `--force` overwrites them, `--path` takes back the others only")
    }
}

/// Takes the step from `before` to `after` out of what is there today.
pub(crate) fn merged(before: &FileState, after: &FileState, today: &FileState) -> Result<FileState, Clash> {
    let clash = |why| Clash { why, line: 0 };
    let (FileState::File { mode: old, .. }, FileState::File { mode: new, .. }) = (before, after) else {
        return Err(clash(match (before, after) {
            _ if matches!(today, FileState::Symlink { .. }) => "it is a symbolic link now",
            (FileState::Absent, _) => "the operation made it",
            (_, FileState::Absent) => "the operation removed it, and it was made again",
            _ => "it was or is a symbolic link",
        }));
    };
    let FileState::File { mode: now, .. } = today else {
        return Err(clash(if today.is_absent() {
            "it was removed"
        } else {
            "it is a symbolic link now"
        }));
    };
    let mode = match (old, new, now) {
        (old, new, now) if new == now => *old,
        (old, new, now) if old == new => *now,
        _ => return Err(clash("its mode was changed as well")),
    };
    let contents = (before.bytes(), after.bytes(), today.bytes());
    let (Some(before_bytes), Some(after_bytes), Some(today_bytes)) = contents else {
        return Err(clash("it is not a file"));
    };
    if today_bytes == after_bytes {
        return Ok(FileState::File {
            bytes: before_bytes.clone(),
            mode,
        });
    }
    if before_bytes == after_bytes {
        return Ok(FileState::File {
            bytes: today_bytes.clone(),
            mode,
        });
    }
    // As for git, a NUL makes it binary though it may be UTF-8.
    let text = |state: &'_ FileState| state.bytes().is_some_and(|bytes| !bytes.contains(&0));
    let (Some(before), Some(after), Some(today), true) = (
        before.as_text(),
        after.as_text(),
        today.as_text(),
        [before, after, today].into_iter().all(text),
    ) else {
        return Err(clash("it is not text"));
    };
    match take_out(before, after, today) {
        TakeOut::Done { text, .. } => Ok(FileState::File {
            bytes: text.into_bytes().into(),
            mode,
        }),
        TakeOut::Conflict { lines } => Err(Clash {
            why: "the edit and the operation cannot be told apart",
            line: lines.first().map_or(0, |range| *range.start()),
        }),
    }
}
