//! One writer's turn: lock, recover, plan on what is there then, judge, apply.

use std::time::{Duration, Instant};

use krepis_change::{Change, Failure, Tree};
use krepis_history::{History, Intent, Meta, Operation, OperationId, Owner, Recovered, Reversal};

use crate::{Lock, Workspace, secret};

/// How to take part.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long to wait for another writer.
    pub lock_timeout: Duration,
}

/// What a transaction did.
#[derive(Debug)]
pub struct Applied {
    /// The operation; `None` if there was nothing to change.
    pub operation: Option<Operation>,
    /// The change as it was applied.
    pub change: Change,
    /// Interrupted operations that were brought to their end first.
    pub recovered: Vec<Recovered>,
}

/// Plans against the workspace as it is under the lock.
pub type Plan<'a> = dyn FnMut(&dyn Tree) -> Result<Change, Failure> + 'a;

/// Decides whether a change of that workspace may be.
pub type Judge<'a> = dyn Fn(&dyn Tree, &Change) -> Result<(), Failure> + 'a;

/// The right to write, with everything interrupted settled.
#[derive(Debug)]
pub struct Turn {
    /// The history to write to.
    pub history: History,
    /// Interrupted operations that were brought to their end first.
    pub recovered: Vec<Recovered>,
    workspace: Workspace,
    _lock: Lock,
}

impl Turn {
    /// Writes what [`History::plan_undo`] or [`History::plan_redo`] planned in this turn, unless that touches a file that is
    /// secret by now.
    ///
    /// # Errors
    /// `KRP4504`, and those of [`History::apply`]: nothing is written then.
    pub fn reverse(&self, meta: Meta, reversal: Reversal) -> Result<(Operation, Reversal), Failure> {
        secret::refuse_reversal(&self.workspace.tree(), &reversal)?;
        self.history.reverse(meta, reversal)
    }

    /// Removes what the history need not keep any more; to be called after a write.
    pub fn tidy(&self) {
        self.workspace.tidy(&self.history);
    }

    /// Gives the lock back, then does what is due to the caches and nobody shall wait for under the lock.
    pub fn close(self) -> Vec<Recovered> {
        let Self {
            history,
            recovered,
            workspace: _,
            _lock: lock,
        } = self;
        drop(lock);
        history.keep_heads();
        recovered
    }
}

impl Workspace {
    /// Removes what the history need not keep any more, as krepis.json says. It is tidying: a krepis.json that cannot be read,
    /// or a disk that refuses, is no reason to complain about an operation that is done. The caller holds the lock.
    pub(crate) fn tidy(&self, history: &History) {
        if let Ok(retention) = self.retention() {
            drop(history.collect_after_write(retention));
        }
    }

    /// Waits for the lock and for processes whose observed operation is under way, then settles what was interrupted.
    ///
    /// # Errors
    /// `KRP4502` or `KRP4051` (exit 75) after the timeout; `KRP4041` if something needs the user's decision.
    pub fn turn(&self, options: Options) -> Result<Turn, Failure> {
        self.turn_beside(None, options)
    }

    fn turn_beside(&self, own: Option<&Owner>, options: Options) -> Result<Turn, Failure> {
        let (history, lock) = self.wait(own, options)?;
        let recovered = history.recover()?;
        Ok(Turn {
            history,
            recovered,
            workspace: self.clone(),
            _lock: lock,
        })
    }

    /// The same without settling: for the decision on what could not be settled.
    pub fn undecided_turn(&self, options: Options) -> Result<Turn, Failure> {
        let (history, lock) = self.wait(None, options)?;
        Ok(Turn {
            history,
            recovered: Vec::new(),
            workspace: self.clone(),
            _lock: lock,
        })
    }

    fn wait(&self, own: Option<&Owner>, options: Options) -> Result<(History, Lock), Failure> {
        let started = Instant::now();
        let history = self.history();
        loop {
            let lock = self.lock(options.lock_timeout.saturating_sub(started.elapsed()))?;
            match history.check_owners(own) {
                Ok(()) => return Ok((history, lock)),
                Err(failure) if started.elapsed() >= options.lock_timeout => return Err(failure),
                // The owner needs the lock to complete its operation.
                Err(_) => drop(lock),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Plans, judges and applies in one turn. An empty change makes no operation.
    ///
    /// # Errors
    /// What `plan` and `judge` say, and those of [`Workspace::turn`] and [`History::apply`]: nothing is written then.
    pub fn apply(
        &self,
        plan: &mut Plan,
        judge: &Judge,
        meta: Meta,
        options: Options,
    ) -> Result<Applied, Failure> {
        let turn = self.turn(options)?;
        let tree = self.tree();
        let change = plan(&tree)?;
        secret::refuse(&tree, &change)?;
        judge(&tree, &change)?;
        let operation = if change.transitions.is_empty() {
            None
        } else {
            let operation = turn.history.apply(&change, Intent::apply(meta))?;
            turn.tidy();
            Some(operation)
        };
        Ok(Applied {
            operation,
            change,
            recovered: turn.close(),
        })
    }

    /// Records the state before of what another process is about to write. Secret files are left out: that process writes
    /// them whatever is said here, and their content must not be kept. The same owner may have several open: composed
    /// generators of one Nx run.
    pub fn observe(
        &self,
        change: &Change,
        meta: Meta,
        owner: Owner,
        options: Options,
    ) -> Result<OperationId, Failure> {
        let turn = self.turn_beside(Some(&owner), options)?;
        turn.history
            .observe(&secret::without(&self.tree(), change), meta, owner)
    }

    /// Reads the state after from disk and closes an observed operation; `None` if nothing had changed.
    pub fn complete(&self, id: OperationId, options: Options) -> Result<Option<Operation>, Failure> {
        // Not a turn: the operation is this owner's own, and whoever else is under way does not concern it.
        let _lock = self.lock(options.lock_timeout)?;
        self.history().complete(id)
    }
}
