//! A foreign command's turn: the files are held before it runs, and compared after.

use krepis_change::Failure;
use krepis_history::{Begun, Coverage, Ended, Meta, Owner};

use crate::{Options, Turn, Workspace, secret};

/// What `krepis exec` was told.
#[derive(Debug, Clone, Default)]
pub struct CommandOptions {
    /// Ignored files that are covered all the same, as patterns of a `.gitignore`.
    pub include: Vec<String>,
    /// Files and folders that are left out, as patterns of a `.gitignore`.
    pub exclude: Vec<String>,
    /// What undo will not reach, in the user's words.
    pub barriers: Vec<String>,
}

impl Workspace {
    /// Holds every covered file for a command that this process is about to start. The turn is still held: start the
    /// command, call [`krepis_history::History::command_started`], then drop it, so that the command may run krepis itself.
    ///
    /// # Errors
    /// Those of [`Workspace::turn`]; `KRP4062` if the files could not be held: the command must not be run then.
    pub fn begin_command(
        &self,
        command: CommandOptions,
        meta: Meta,
        options: Options,
    ) -> Result<(Turn, Begun), Failure> {
        let turn = self.turn(options)?;
        let coverage = Coverage {
            include: command.include,
            exclude: command.exclude,
            secrets: secret::listed(&self.tree())?,
        };
        let owner = Owner::this_process();
        let begun = turn
            .history
            .begin_command(&coverage, command.barriers, meta, owner)?;
        Ok((turn, begun))
    }

    /// Compares after the command has ended, and records what it changed.
    ///
    /// # Errors
    /// `KRP4502` if another writer holds the lock, and those of [`krepis_history::History::end_command`]: the operation
    /// stays open then, and the next writer completes it.
    pub fn end_command(&self, begun: &Begun, options: Options) -> Result<Ended, Failure> {
        let _lock = self.lock(options.lock_timeout)?;
        let history = self.history();
        let ended = history.end_command(begun)?;
        self.tidy(&history);
        Ok(ended)
    }
}
