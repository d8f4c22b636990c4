//! What to do with an operation that a crash interrupted.

use std::fs;
use std::path::PathBuf;

use krepis_change::{Failure, FileState, WorkspacePath};

use crate::disk::{ancestors, read_state};
use crate::failpoints::step;
use crate::operation::Operation;
use crate::temporary::Budget;
use crate::write::{Move, Progress, Work, is_in_the_way, sync_directories, write_failure};
use crate::{History, OperationId, Stage, errors, temporary};

/// How an interrupted operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Nothing of it was written, or what was written is taken back.
    Aborted,
    /// All of it was written.
    Done,
    /// An observed operation whose process is gone: completed from what is on disk.
    Completed,
    /// An observed operation whose process is gone and which changed nothing.
    Dropped,
    /// A foreign command whose process is gone, and what its files are compared with is damaged: nothing is recorded.
    Lost,
}

/// What recovery did with one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The operation.
    pub id: OperationId,
    /// Its title.
    pub title: String,
    /// How it ended.
    pub ending: Ending,
    /// Copies of contents that were neither before nor after, below `.krepis/history/rescue`.
    pub rescued: Vec<PathBuf>,
}

/// A user's decision on an operation that recovery could not settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Leave every file as it is and forget the operation.
    Keep,
    /// Put every file back to the state before.
    Before,
    /// Write every file as the operation would have.
    After,
}

/// Which of its two states a file is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Before,
    After,
    /// Before and after are the same.
    Either,
    Other,
}

struct Interrupted {
    operation: Operation,
    states: Vec<(FileState, FileState)>,
    now: Vec<Option<FileState>>,
    positions: Vec<Position>,
}

impl History {
    /// Brings every interrupted operation to its end: all before or all after. Does nothing where nothing was
    /// interrupted. The caller holds the workspace lock. May be interrupted itself, at any point, any number of times.
    ///
    /// # Errors
    /// `KRP4041` if a file is neither before nor after; copies of it are saved, no file was touched. `KRP4002` if the
    /// interrupted operation's file is damaged.
    pub fn recover(&self) -> Result<Vec<Recovered>, Failure> {
        let mut recovered = Vec::new();
        for (id, stage) in self.scan()? {
            match stage {
                // A backup that was copied over the history; what is done is done.
                Stage::Prepared if self.file(id, Stage::Done).exists() => {
                    let stale = self.file(id, Stage::Prepared);
                    fs::remove_file(&stale).map_err(|error| write_failure("removing", &stale, &error))?;
                }
                Stage::Prepared => {
                    step!("history::recover::start");
                    recovered.push(self.settle(id)?);
                }
                Stage::Observed => recovered.extend(self.complete_orphan(id)?),
                Stage::Done | Stage::Aborted => {}
            }
        }
        self.sweep();
        Ok(recovered)
    }

    /// Settles an interrupted operation as the user says. `None` if nothing was interrupted; copies of what is overwritten
    /// are saved first.
    pub fn decide(&self, decision: Decision) -> Result<Vec<Recovered>, Failure> {
        let mut recovered = Vec::new();
        for (id, stage) in self.scan()? {
            if stage == Stage::Prepared {
                recovered.push(self.decide_one(id, decision)?);
            }
        }
        if recovered.is_empty() {
            return Err(Failure::new(
                &errors::NOTHING_TO_RECOVER,
                "no operation was interrupted",
            ));
        }
        Ok(recovered)
    }

    fn settle(&self, id: OperationId) -> Result<Recovered, Failure> {
        let interrupted = self.interrupted(id)?;
        step!("history::recover::classified");
        let others: Vec<usize> = interrupted.at(Position::Other).collect();
        if !others.is_empty() {
            let rescued = self.rescue(&interrupted, &others)?;
            return Err(undecided(&interrupted, &others, &rescued));
        }
        let rescued = self.rescue_displaced(&interrupted)?;
        let afters: Vec<usize> = interrupted.at(Position::After).collect();
        let befores = interrupted.at(Position::Before).count();
        let ending = if befores == 0 {
            self.finish(&interrupted)?;
            Ending::Done
        } else {
            let moves = interrupted.moves_back(&afters);
            self.roll_back(&interrupted.operation, &moves.iter().collect::<Vec<_>>())?;
            Ending::Aborted
        };
        step!("history::recover::rolled-back");
        self.close(&interrupted.operation, ending)?;
        Ok(interrupted.recovered(ending, rescued))
    }

    fn decide_one(&self, id: OperationId, decision: Decision) -> Result<Recovered, Failure> {
        let interrupted = self.interrupted(id)?;
        let others: Vec<usize> = interrupted.at(Position::Other).collect();
        let mut rescued = self.rescue(&interrupted, &others)?;
        rescued.extend(self.rescue_displaced(&interrupted)?);
        let to_after = decision == Decision::After;
        let moves: Vec<Move> = interrupted
            .operation
            .files
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let (before, after) = &interrupted.states[index];
                let from = interrupted.now[index].clone()?;
                let to = if to_after { after } else { before }.clone();
                (from != to).then(|| Move {
                    index,
                    path: entry.path.clone(),
                    from,
                    to,
                })
            })
            .collect();
        let ending = if to_after { Ending::Done } else { Ending::Aborted };
        if decision != Decision::Keep {
            let removable = if to_after {
                self.log()?.removable_directories(&interrupted.operation)
            } else {
                deep_first(&interrupted.operation.created_directories)
            };
            let work = Work {
                history: self,
                id,
                tag: ".decided",
                moves: &moves,
                removable: &removable,
            };
            work.run(&mut Progress::default())?;
        }
        self.close(&interrupted.operation, ending)?;
        Ok(interrupted.recovered(ending, rescued))
    }

    /// Everything is written; what may be missing is that emptied directories are gone.
    fn finish(&self, interrupted: &Interrupted) -> Result<(), Failure> {
        for directory in self.log()?.removable_directories(&interrupted.operation) {
            drop(fs::remove_dir(directory.on_disk(self.root())));
        }
        Ok(())
    }

    /// Takes the given moves of an operation back, and the empty directories it made.
    pub(crate) fn roll_back(&self, operation: &Operation, moves: &[&Move]) -> Result<(), Failure> {
        let backward: Vec<Move> = moves
            .iter()
            .map(|one| Move {
                index: one.index,
                path: one.path.clone(),
                from: one.to.clone(),
                to: one.from.clone(),
            })
            .collect();
        let removable = deep_first(&operation.created_directories);
        let work = Work {
            history: self,
            id: operation.id,
            tag: ".back",
            moves: &backward,
            removable: &removable,
        };
        work.run(&mut Progress::default()).map(drop).map_err(|failure| {
            let text = format!("operation {} could not be taken back", operation.id);
            let mut outer = Failure::new(&errors::NEEDS_DECISION, text).hint(DECIDE);
            outer.reason = Some(failure.message.clone());
            outer.others.push(failure);
            outer
        })
    }

    fn close(&self, operation: &Operation, ending: Ending) -> Result<(), Failure> {
        let stage = if ending == Ending::Done {
            Stage::Done
        } else {
            Stage::Aborted
        };
        // Whoever made or moved a name may have died before it was durable, an earlier recovery too.
        let names = operation
            .files
            .iter()
            .flat_map(|entry| ancestors(&entry.path))
            .collect();
        sync_directories(self.root(), &names)?;
        self.turn(operation.id, Stage::Prepared, stage)?;
        step!("history::recover::marked");
        self.sync_ops()?;
        temporary::remove_all(
            self,
            operation.id,
            operation.files.iter().map(|entry| &entry.path),
        )
        .map_err(|error| write_failure("removing temporary files in", self.root(), &error))?;
        step!("history::recover::cleaned");
        Ok(())
    }

    fn interrupted(&self, id: OperationId) -> Result<Interrupted, Failure> {
        let file = self.open(id, Stage::Prepared)?;
        let states: Vec<(FileState, FileState)> = file
            .states()?
            .into_iter()
            .map(|(before, after)| {
                let after = after.unwrap_or_else(|| before.clone());
                (before, after)
            })
            .collect();
        let operation = file.operation;
        let now: Vec<Option<FileState>> = operation
            .files
            .iter()
            .map(|entry| match read_state(self.root(), &entry.path) {
                Ok(state) => Some(state),
                // A directory there, or a file above: nothing is *at* the path.
                Err(error) if is_in_the_way(&error) => Some(FileState::Absent),
                Err(_) => None,
            })
            .collect();
        let positions = states
            .iter()
            .zip(&now)
            .map(|((before, after), now)| match now {
                Some(now) if before == after && now == before => Position::Either,
                Some(now) if now == before => Position::Before,
                Some(now) if now == after => Position::After,
                // A file the operation left alone may be anything.
                _ if before == after => Position::Either,
                _ => Position::Other,
            })
            .collect();
        Ok(Interrupted {
            operation,
            states,
            now,
            positions,
        })
    }

    /// A swap can bring out what another program wrote in that very moment; if the crash came before that was seen, the
    /// only copy lies under the temporary name.
    fn rescue_displaced(&self, interrupted: &Interrupted) -> Result<Vec<PathBuf>, Failure> {
        let mut rescued = Vec::new();
        for (index, entry) in interrupted.operation.files.iter().enumerate() {
            let Some(found) = temporary::left_behind(self, interrupted.operation.id, index, &entry.path)
            else {
                continue;
            };
            let (before, after) = &interrupted.states[index];
            if found != *before && found != *after {
                rescued.push(self.save(interrupted.operation.id, "displaced", &entry.path, &found)?);
            }
        }
        Ok(rescued)
    }

    fn rescue(&self, interrupted: &Interrupted, indices: &[usize]) -> Result<Vec<PathBuf>, Failure> {
        let id = interrupted.operation.id;
        let mut rescued = Vec::new();
        for &index in indices {
            let path = &interrupted.operation.files[index].path;
            let (before, after) = &interrupted.states[index];
            self.save(id, "before", path, before)?;
            self.save(id, "after", path, after)?;
            if let Some(now) = &interrupted.now[index] {
                rescued.push(self.save(id, "found", path, now)?);
            }
        }
        Ok(rescued)
    }

    pub(crate) fn save(
        &self,
        id: OperationId,
        kind: &str,
        path: &WorkspacePath,
        state: &FileState,
    ) -> Result<PathBuf, Failure> {
        use std::os::unix::ffi::OsStrExt as _;
        let target = self
            .folder()
            .join("rescue")
            .join(id.to_string())
            .join(kind)
            .join(path.as_str());
        let failed = |error: std::io::Error| write_failure("saving", &target, &error);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        if target.is_symlink() || target.exists() {
            fs::remove_file(&target).map_err(failed)?;
        }
        match state {
            FileState::Absent => {}
            FileState::File { bytes, .. } => fs::write(&target, bytes).map_err(failed)?,
            FileState::Symlink { target: link } => {
                std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(link), &target).map_err(failed)?;
            }
        }
        Ok(target)
    }

    /// Removes what a crash left after the operation itself was settled. Never fails: it is tidying.
    fn sweep(&self) {
        let few = Budget {
            files: temporary::FEW,
            time: None,
        };
        temporary::sweep(self, few);
        if let Ok(entries) = fs::read_dir(self.ops()) {
            for entry in entries.flatten() {
                let name = entry.file_name();
                if name.to_str().is_some_and(|name| name.starts_with('.')) {
                    drop(fs::remove_file(entry.path()));
                }
            }
        }
    }
}

const DECIDE: &str = "`krepis recover --keep` leaves the files as they are, `--before` puts the state before back, `--after` \
                      completes the operation";

fn undecided(interrupted: &Interrupted, others: &[usize], rescued: &[PathBuf]) -> Failure {
    let operation = &interrupted.operation;
    let names: Vec<String> = others
        .iter()
        .map(|&index| format!("`{}`", operation.files[index].path))
        .collect();
    let text = format!(
        "operation {} ({}) was interrupted, and since then {} changed",
        operation.id,
        operation.meta.title,
        names.join(", ")
    );
    let copies: Vec<String> = rescued.iter().map(|path| path.display().to_string()).collect();
    let mut failure = Failure::new(&errors::NEEDS_DECISION, text)
        .at_path(&operation.files[others[0]].path)
        .hint(format!("run `krepis recover`: {DECIDE}"));
    failure.reason = Some(match copies.as_slice() {
        [] => "its content is neither that before nor that after the operation".to_owned(),
        copies => format!(
            "its content is neither that before nor that after the operation; copies: {}",
            copies.join(", ")
        ),
    });
    failure
}

fn deep_first(directories: &[WorkspacePath]) -> Vec<WorkspacePath> {
    let mut directories = directories.to_vec();
    // A folder sorts before what is in it.
    directories.sort_by(|one, other| other.cmp(one));
    directories
}

impl Interrupted {
    fn at(&self, wanted: Position) -> impl Iterator<Item = usize> + '_ {
        self.positions
            .iter()
            .enumerate()
            .filter(move |(_, it)| **it == wanted)
            .map(|(index, _)| index)
    }

    fn moves_back(&self, indices: &[usize]) -> Vec<Move> {
        indices
            .iter()
            .map(|&index| {
                let (before, after) = self.states[index].clone();
                Move {
                    index,
                    path: self.operation.files[index].path.clone(),
                    from: before,
                    to: after,
                }
            })
            .collect()
    }

    fn recovered(&self, ending: Ending, rescued: Vec<PathBuf>) -> Recovered {
        Recovered {
            id: self.operation.id,
            title: self.operation.meta.title.clone(),
            ending,
            rescued,
        }
    }
}
