//! The order of the operations and what of them is in effect: nothing here is stored, all follows from the files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use krepis_change::{Failure, WorkspacePath};

use crate::disk::ancestors;
use crate::operation::{Image, Kind, Operation};
use crate::{History, Horizon, OperationFile, OperationId, Stage, errors};

/// Every operation that is done, in order, with what is pending and what cannot be read.
#[derive(Debug, Default)]
pub struct Log {
    /// Done operations, oldest first, by parent.
    pub entries: Vec<Entry>,
    /// Prepared and observed operations that are not settled yet, by id. A reader sees them; a writer settles them.
    pub pending: Vec<(Operation, Stage)>,
    /// Files that cannot be read or are missing, with the reason; the others stay usable.
    pub damaged: Vec<(OperationId, Failure)>,
    /// Where the log begins; `None`: with the first operation of all.
    pub horizon: Option<Horizon>,
    stacks: Stacks,
    positions: HashMap<OperationId, usize>,
}

/// What undo and redo take next, the last first.
#[derive(Debug, Clone, Default)]
struct Stacks {
    /// Changes.
    undo: Vec<OperationId>,
    /// Undos.
    redo: Vec<OperationId>,
}

/// One line of the log.
#[derive(Debug)]
pub struct Entry {
    /// The record.
    pub operation: Operation,
    /// The change this operation is about in the end: itself, or for an undo or a redo the operation it leads back to.
    pub root: OperationId,
    /// True if it puts its root in effect, false if it takes it back.
    pub forward: bool,
    /// Apply and observed operations: the paths that are in effect. Empty: undone.
    pub effective: BTreeSet<WorkspacePath>,
    /// Apply and observed operations: the latest change that was in effect then, on which this one was built. Two changes
    /// of one base are branches: the older was undone before the younger was made.
    pub base: Option<OperationId>,
    /// True for a change that krepis took back itself, since its `--verify` failed.
    pub rolled_back: bool,
}

impl Entry {
    /// True for a change none of whose files is in effect any more. Always false for an undo or a redo.
    pub fn is_undone(&self) -> bool {
        self.root == self.operation.id && self.effective.is_empty() && !self.operation.files.is_empty()
    }
}

/// How far back the newest operation is looked for; operations of one owner may be completed out of the order of their ids.
const WINDOW: usize = 64;

impl History {
    /// Reads the log. Never writes and never waits, so it works on a read-only disk and beside a writer.
    pub fn log(&self) -> Result<Log, Failure> {
        let mut log = Log::default();
        let mut operations = BTreeMap::new();
        let listed = self.scan()?;
        self.load_heads();
        for (id, stage) in listed {
            if stage == Stage::Aborted {
                continue;
            }
            match self.open_where_it_is(id, stage) {
                Ok((file, Stage::Done)) => drop(operations.insert(id, file.operation)),
                Ok((file, stage)) => log.pending.push((file.operation, stage)),
                // Retention writes the horizon first, and may remove a file between the listing and the opening.
                Err(_) if self.is_gone(id) && self.horizon().explains(id) => {}
                Err(failure) => log.damaged.push((id, failure)),
            }
        }
        // Read last, for the same reason.
        let horizon = self.horizon();
        log.name_missing(&operations, &horizon);
        log.horizon = horizon.last.is_some().then_some(horizon);
        let mut operations = in_order(operations).into_iter().peekable();
        while let Some(operation) = operations.next() {
            let answer = operations.peek().filter(|next| next.meta.rollback);
            let is_rolled_back = answer.is_some_and(|next| next.target == Some(operation.id));
            // Neither of the two counts: whatever could be undone and redone before them can be again.
            let before = is_rolled_back.then(|| log.stacks.clone());
            log.push(operation);
            if let (Some(before), Some(rollback)) = (before, operations.next_if(|_| is_rolled_back)) {
                log.push(rollback);
                log.stacks = before;
            }
        }
        Ok(log)
    }

    fn is_gone(&self, id: OperationId) -> bool {
        Stage::ALL.into_iter().all(|stage| !self.file(id, stage).exists())
    }

    /// A writer may turn an operation to its next stage between the listing and the opening.
    fn open_where_it_is(&self, id: OperationId, stage: Stage) -> Result<(OperationFile, Stage), Failure> {
        match self.open(id, stage) {
            Err(failure) if stage != Stage::Done && !self.file(id, stage).exists() => self
                .open(id, Stage::Done)
                .map(|file| (file, Stage::Done))
                .map_err(|_| failure),
            outcome => outcome.map(|file| (file, stage)),
        }
    }

    /// The greatest id there is, and the newest operation that is done.
    pub(crate) fn head(&self) -> Result<(Option<OperationId>, Option<OperationId>), Failure> {
        let all = self.scan()?;
        let last = all.last().map(|(id, _)| *id);
        let recent: Vec<OperationId> = all
            .iter()
            .rev()
            .filter(|(_, stage)| *stage == Stage::Done)
            .take(WINDOW)
            .map(|(id, _)| *id)
            .collect();
        // A damaged operation is still a place in the order.
        let parents: BTreeSet<OperationId> = recent
            .iter()
            .filter_map(|id| self.open(*id, Stage::Done).ok()?.operation.parent)
            .collect();
        Ok((last, recent.into_iter().find(|id| !parents.contains(id))))
    }
}

/// Parents before children; what hangs on a missing parent follows by id.
fn in_order(mut operations: BTreeMap<OperationId, Operation>) -> Vec<Operation> {
    let mut children: BTreeMap<Option<OperationId>, Vec<OperationId>> = BTreeMap::new();
    for (id, operation) in &operations {
        let parent = operation.parent.filter(|parent| operations.contains_key(parent));
        children.entry(parent).or_default().push(*id);
    }
    let mut order = Vec::with_capacity(operations.len());
    let mut stack: Vec<OperationId> = children.remove(&None).unwrap_or_default();
    stack.reverse();
    while let Some(id) = stack.pop() {
        order.extend(operations.remove(&id));
        stack.extend(children.remove(&Some(id)).into_iter().flatten().rev());
    }
    // A ring of parents cannot be written by this program; its members are shown all the same.
    order.extend(operations.into_values());
    order
}

impl Log {
    /// What an operation names as the one before it must be there, or its absence be explained.
    fn name_missing(&mut self, operations: &BTreeMap<OperationId, Operation>, horizon: &Horizon) {
        let named: BTreeSet<(OperationId, OperationId)> = operations
            .values()
            .filter_map(|operation| Some((operation.parent?, operation.id)))
            .collect();
        for (parent, child) in named {
            let known = operations.contains_key(&parent)
                || horizon.explains(parent)
                || self.damaged.iter().any(|(id, _)| *id == parent);
            if !known {
                let text = format!("the file of operation {parent} is missing");
                let failure = Failure::new(&errors::MISSING, text)
                    .reason(format!("operation {child} was made right after it"))
                    .hint(errors::GIVE_UP);
                self.damaged.push((parent, failure));
            }
        }
    }

    fn push(&mut self, operation: Operation) {
        let id = operation.id;
        let (root, forward) = self.direction(&operation);
        let paths: BTreeSet<WorkspacePath> = operation.files.iter().map(|file| file.path.clone()).collect();
        let mut effective = BTreeSet::new();
        let mut base = None;
        match (operation.kind, self.positions.get(&root).copied()) {
            // Only what undo does not reach (an install): there is nothing to take back, and no redo is cut off.
            (Kind::Observed, _) if paths.is_empty() => {}
            (Kind::Apply | Kind::Observed, _) => {
                effective = paths;
                base = self.stacks.undo.last().copied();
                self.stacks.undo.push(id);
                self.stacks.redo.clear();
            }
            (_, Some(position)) => self.turn(&operation, position, forward, &paths),
            (_, None) => {}
        }
        let rolled_back = operation.target.filter(|_| operation.meta.rollback);
        if let Some(position) = rolled_back.and_then(|target| self.positions.get(&target)) {
            self.entries[*position].rolled_back = true;
        }
        self.positions.insert(id, self.entries.len());
        self.entries.push(Entry {
            operation,
            root,
            forward,
            effective,
            base,
            rolled_back: false,
        });
    }

    /// An undo or a redo of the change at `position`.
    fn turn(
        &mut self,
        operation: &Operation,
        position: usize,
        forward: bool,
        paths: &BTreeSet<WorkspacePath>,
    ) {
        let change = &mut self.entries[position];
        let root = change.root;
        if forward {
            change.effective.extend(paths.iter().cloned());
        } else {
            change.effective.retain(|path| !paths.contains(path));
        }
        let effective = change.effective.clone();
        self.stacks.undo.retain(|it| *it != root);
        if forward {
            // An undo is answered when everything it took back is in effect again.
            let mut undos = std::mem::take(&mut self.stacks.redo);
            undos.retain(|undo| {
                let undo = &self.entries[self.positions[undo]];
                let files = &undo.operation.files;
                undo.root != root || files.iter().any(|file| !effective.contains(&file.path))
            });
            self.stacks.redo = undos;
        } else {
            self.stacks.redo.push(operation.id);
        }
        if effective.is_empty() {
            return;
        }
        self.stacks.undo.push(root);
        // A part of an older change taken back leaves its place in the order.
        if !forward {
            let mut stack = std::mem::take(&mut self.stacks.undo);
            stack.sort_by_key(|it| self.latest_forward(*it));
            self.stacks.undo = stack;
        }
    }

    /// The change that an operation is about in the end, and whether it puts that in effect.
    fn direction(&self, operation: &Operation) -> (OperationId, bool) {
        let target = operation.target.and_then(|target| self.find(target));
        match (operation.kind, target) {
            (Kind::Undo, Some(target)) => (target.root, !target.forward),
            (Kind::Redo, Some(target)) => (target.root, true),
            // The operation it speaks of is damaged: it stands for itself and changes nothing else.
            (Kind::Undo | Kind::Redo, None) => (operation.id, false),
            (Kind::Apply | Kind::Observed, _) => (operation.id, true),
        }
    }

    fn latest_forward(&self, root: OperationId) -> Option<usize> {
        self.entries
            .iter()
            .rposition(|entry| entry.root == root && entry.forward)
    }

    /// The entry of an operation that is done.
    pub fn find(&self, id: OperationId) -> Option<&Entry> {
        self.positions.get(&id).map(|at| &self.entries[*at])
    }

    /// The operation that a plain `undo` takes back.
    pub fn next_undo(&self) -> Option<OperationId> {
        self.stacks.undo.last().copied()
    }

    /// The undo that a plain `redo` answers.
    pub fn next_redo(&self) -> Option<OperationId> {
        self.stacks.redo.last().copied()
    }

    /// For every path of the change `root`, the latest operation that put it in effect (or, with `forward` false, took it
    /// back).
    pub(crate) fn sources(&self, root: OperationId, forward: bool) -> HashMap<&WorkspacePath, OperationId> {
        self.entries
            .iter()
            .filter(|entry| entry.root == root && entry.forward == forward)
            .flat_map(|entry| {
                let id = entry.operation.id;
                entry.operation.files.iter().map(move |file| (&file.path, id))
            })
            .collect()
    }

    /// Reads an id as a user gives it: whole, or a unique beginning or end of at least four characters, in any case.
    ///
    /// # Errors
    /// `KRP4004` none, `KRP4005` several, `KRP4002` if it is damaged, `KRP4016` if it is missing, `KRP4017` if retention
    /// removed it.
    pub fn resolve(&self, text: &str) -> Result<OperationId, Failure> {
        let wanted = text.to_ascii_uppercase();
        let fits = |id: &OperationId| {
            let id = id.to_string();
            id == wanted || (wanted.len() >= 4 && (id.starts_with(&wanted) || id.ends_with(&wanted)))
        };
        if let Some((_, failure)) = self.damaged.iter().find(|(id, _)| fits(id)) {
            return Err(failure.clone());
        }
        let all = self.entries.iter().map(|entry| &entry.operation);
        let found: Vec<OperationId> = all
            .chain(self.pending.iter().map(|(operation, _)| operation))
            .map(|it| it.id)
            .filter(fits)
            .collect();
        let beyond = self
            .horizon
            .as_ref()
            .filter(|horizon| OperationId::parse(&wanted).is_some_and(|id| horizon.explains(id)));
        match (found.as_slice(), beyond) {
            ([id], _) => Ok(*id),
            ([], Some(horizon)) => Err(horizon.beyond(format!("operation {wanted} is not kept any more"))),
            ([], None) => Err(Failure::new(
                &errors::UNKNOWN_OPERATION,
                format!("no operation has the id `{text}`"),
            )
            .hint("`krepis history` lists the operations")),
            (several, _) => {
                let names: Vec<String> = several.iter().map(ToString::to_string).collect();
                let text = format!("{} operations fit the id `{text}`", several.len());
                Err(Failure::new(&errors::AMBIGUOUS_OPERATION, text)
                    .reason(names.join(", "))
                    .hint("give more characters of the id"))
            }
        }
    }

    /// Directories that `operation`, an undo or a redo, empties and that exist only because of what is not in effect after
    /// it: the latest operation that made them is taken back. Deep ones first.
    pub(crate) fn removable_directories(&self, operation: &Operation) -> Vec<WorkspacePath> {
        if matches!(operation.kind, Kind::Apply | Kind::Observed) {
            return Vec::new();
        }
        let (root, forward) = self.direction(operation);
        let in_effect = |entry: &Entry| {
            let change = if entry.root == root { Some(forward) } else { None };
            let change = change.or_else(|| Some(!self.find(entry.root)?.is_undone()));
            change == Some(entry.forward)
        };
        let (mut left, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for file in &operation.files {
            let gone = file.after == Some(Image::Absent);
            if gone { &mut left } else { &mut kept }.extend(ancestors(&file.path));
        }
        let made_for_nothing = |directory: &WorkspacePath| {
            let mut makers = self
                .entries
                .iter()
                .rev()
                .filter(|entry| entry.operation.id != operation.id);
            let maker = makers.find(|entry| entry.operation.created_directories.contains(directory));
            maker.is_some_and(|maker| !in_effect(maker))
        };
        left.into_iter()
            .rev()
            .filter(|directory| !kept.contains(directory) && made_for_nothing(directory))
            .collect()
    }
}
