//! Giving up operations that cannot be read any more.

use std::fs;
use std::path::PathBuf;

use krepis_change::Failure;

use crate::write::write_failure;
use crate::{History, OperationId, Stage, errors, sync};

/// An operation that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The operation.
    pub id: OperationId,
    /// Where its damaged file was moved to; `None`: the file was missing.
    pub file: Option<PathBuf>,
    /// Where the old files went that it had exchanged when it was interrupted, if it was.
    pub old_files: Option<PathBuf>,
}

impl History {
    /// Moves damaged operation files to `.krepis/history/damaged` and notes them, and the missing ones, as given up: the
    /// others can be undone in their order again. Touches no file of the user. The caller holds the workspace lock.
    ///
    /// # Errors
    /// `KRP4043` if nothing is damaged or missing, `KRP4003` if an operation was written by a newer krepis (nothing is given
    /// up then: that one knows more), and those of writing.
    pub fn forget_damaged(&self) -> Result<Vec<Forgotten>, Failure> {
        let log = self.log()?;
        let code = |failure: &Failure| failure.code.id;
        if let Some((_, newer)) = log
            .damaged
            .iter()
            .find(|(_, failure)| code(failure) == errors::NEWER_FORMAT.id)
        {
            return Err(newer.clone());
        }
        let lost: Vec<OperationId> = log
            .damaged
            .iter()
            .filter(|(_, failure)| [errors::DAMAGED.id, errors::MISSING.id].contains(&code(failure)))
            .map(|(id, _)| *id)
            .collect();
        if lost.is_empty() {
            let text = "no operation file is damaged or missing";
            return Err(Failure::new(&errors::NOTHING_DAMAGED, text));
        }
        let mut horizon = self.horizon();
        horizon.forgotten.extend(&lost);
        self.put_horizon(&horizon)?;
        let forgotten = lost.into_iter().map(|id| self.set_aside(id)).collect();
        self.sync_ops()?;
        forgotten
    }

    fn set_aside(&self, id: OperationId) -> Result<Forgotten, Failure> {
        let folder = self.folder().join("damaged");
        let mut forgotten = Forgotten {
            id,
            file: None,
            old_files: None,
        };
        let stages = Stage::ALL.map(|stage| self.file(id, stage));
        let files = stages.iter().filter(|file| file.exists());
        let exchanged = self.folder().join("tmp").join(id.to_string());
        let moves = files.map(|file| (file.clone(), false));
        let moves = moves.chain(exchanged.is_dir().then_some((exchanged, true)));
        for (from, is_old_files) in moves {
            let target = folder.join(from.file_name().unwrap_or_default());
            fs::create_dir_all(&folder)
                .and_then(|()| fs::rename(&from, &target))
                .map_err(|error| write_failure("moving away", &from, &error))?;
            let place = if is_old_files {
                &mut forgotten.old_files
            } else {
                &mut forgotten.file
            };
            *place = Some(target);
        }
        if folder.is_dir() {
            sync::directory(&folder)?;
        }
        Ok(forgotten)
    }
}
