//! Undo for any foreign command (`krepis exec`): the covered files are held before it runs, looked at again when it has
//! ended, and the difference becomes one observed operation.
//!
//! Held means: every content lies in a pack file of `.krepis/history/base`, and an index says what was where. Both are
//! durable before the command starts, so neither a crash of krepis nor `kill -9` loses anything: the next writer completes
//! the operation from them. A recorded operation needs neither any more, its file holds what it changed.
//!
//! The index is also the stat cache of the next run, which reads only files that `stat` does not prove unchanged.

mod base;
mod compare;
mod coverage;
mod directory;
mod index;
mod install;
mod meanwhile;
mod pack;
mod parallel;
mod rename;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use krepis_change::{Failure, WorkspacePath};

pub use base::Filled;
pub use coverage::{Coverage, is_environment_file};
pub use install::Install;

use base::{Base, Clock};
use compare::{Comparing, Since, Span};
use index::Index;
use pack::PackId;

use crate::failpoints::step;
use crate::operation::{Barrier, Blobs, FileEntry, Kind, Meta, Operation, Running, Uncovered};
use crate::recover::{Ending, Recovered};
use crate::write::write_failure;
use crate::{History, OperationId, Owner, Stage, errors, swap};

/// Up to this many files are synced each by itself; beyond, one `syncfs` is cheaper.
const FEW: usize = 64;
/// How long a tick of the file system's clock is waited for.
const TICK: Duration = Duration::from_millis(50);
/// The clock of the file system may be off from ours by this much, in nanoseconds, before it counts as set.
const CLOCK_SLACK: i64 = 1_000_000_000;

/// A command that may run now: all that its undo needs is durable.
#[derive(Debug)]
pub struct Begun {
    /// The operation it will be.
    pub id: OperationId,
    /// What was held for it.
    pub filled: Filled,
    /// Files left out since no change can name them.
    pub unnameable: Vec<String>,
    operation: Operation,
    index: Index,
    looked: Clock,
    started: Clock,
    started_at: Instant,
}

/// What a command did.
#[derive(Debug, Default)]
pub struct Ended {
    /// The operation; `None` if nothing that is covered changed.
    pub operation: Option<Operation>,
    /// Files that changed and are not kept, with the reason.
    pub uncovered: Vec<Uncovered>,
    /// Files that changed after they were looked at and before the command started: not its doing.
    pub earlier: Vec<WorkspacePath>,
    /// Operations of krepis that landed meanwhile, by id and title; what they did is not part of this one.
    pub landed: Vec<(OperationId, String)>,
    /// Files that such an operation and the command both changed, where the two cannot be told apart.
    pub joined: BTreeSet<WorkspacePath>,
    /// Other commands under `krepis exec` that run at the same time and did not start this one, by title.
    pub beside: Vec<String>,
    /// Directories that were made or removed or have another mode, beside what the files need.
    pub directories: usize,
}

impl History {
    /// Holds every covered file and writes down that a command is about to run. The caller holds the workspace lock and has
    /// called [`History::recover`]; it may let the lock go once [`History::command_started`] was called.
    ///
    /// # Errors
    /// `KRP4062` if the files could not be held, `KRP4064` a pattern, and those of the disk: nothing may be run then.
    pub fn begin_command(
        &self,
        coverage: &Coverage,
        notes: Vec<String>,
        meta: Meta,
        owner: Owner,
    ) -> Result<Begun, Failure> {
        let compiled = coverage.compile()?;
        let base = Base::new(self);
        base.create()?;
        let clock = || {
            base.clock()
                .map_err(|error| write_failure("writing in", &self.folder().join("base"), &error))
        };
        let looked = clock()?;
        let walked = walk::walk(self.root(), &compiled);
        if let Some((_, why)) = walked.blind.iter().find(|(folder, _)| folder.is_empty()) {
            return Err(Failure::new(
                &errors::BASE_NOT_FILLED,
                "the workspace cannot be listed, so the command was not run",
            )
            .reason(why.clone())
            .hint("give this account the right to read there"));
        }
        let (last, parent) = self.head()?;
        let id = OperationId::after(last);
        step!("history::exec::start");
        let (index_id, index, filled) = base.fill(id, &walked, &compiled, looked.now)?;
        let mut operation = Operation {
            id,
            parent,
            kind: Kind::Observed,
            meta,
            files: Vec::new(),
            target: None,
            created_directories: Vec::new(),
            owner: Some(owner),
            barriers: Vec::new(),
            running: Some(Running {
                index: index_id.to_string(),
                coverage: coverage.clone(),
                installs: install::installs(self.root(), &walked),
                notes,
                process: None,
                started: 0,
            }),
            directories: Vec::new(),
            uncovered: Vec::new(),
        };
        self.put_operation(&operation, &Blobs::default(), Stage::Observed)?;
        step!("history::exec::recorded");
        base.sweep(Some((index_id, &index)))?;
        let started = later(looked, clock)?;
        if let Some(running) = &mut operation.running {
            running.started = started.now;
        }
        Ok(Begun {
            id,
            filled,
            unnameable: walked.unnameable,
            operation,
            index,
            looked,
            started,
            started_at: Instant::now(),
        })
    }

    /// Writes down which process the command is: while it lives, nobody completes the operation, even if krepis is gone.
    pub fn command_started(&self, begun: &mut Begun, pid: u32) -> Result<(), Failure> {
        if let Some(running) = &mut begun.operation.running {
            running.process = Owner::of(pid);
        }
        self.put_operation(&begun.operation, &Blobs::default(), Stage::Observed)
    }

    /// Forgets a command that could not be started.
    pub fn abandon_command(&self, begun: &Begun) -> Result<(), Failure> {
        self.forget(begun.id)
    }

    /// Looks at the files again and records what changed. The caller holds the workspace lock.
    ///
    /// # Errors
    /// `KRP4063` if what was held is damaged, and those of the disk. The operation stays open then.
    pub fn end_command(&self, begun: &Begun) -> Result<Ended, Failure> {
        let base = Base::new(self);
        let elapsed = i64::try_from(begun.started_at.elapsed().as_nanos()).unwrap_or(i64::MAX);
        // With a clock that was set meanwhile, times prove nothing.
        let steady = base
            .clock()
            .is_ok_and(|clock| (clock.now - begun.started.now - elapsed).abs() < CLOCK_SLACK);
        let span = steady.then_some(Span {
            looked: begun.looked,
            started: begun.started,
        });
        self.close_command(begun.id, Some(&begun.index), span)
    }

    /// Completes a command whose process and whose krepis are gone; leaves a living one alone.
    pub(crate) fn complete_orphaned_command(
        &self,
        operation: &Operation,
    ) -> Result<Option<Recovered>, Failure> {
        let process = operation.running.as_ref().and_then(|it| it.process.as_ref());
        if operation.owner.iter().chain(process).any(Owner::is_alive) {
            return Ok(None);
        }
        let ending = match self.close_command(operation.id, None, None) {
            Ok(ended) if ended.operation.is_some() => Ending::Completed,
            Ok(_) => Ending::Dropped,
            Err(failure) if *failure.code == errors::BASE_DAMAGED => {
                // There is nothing to compare with, and every writer would end here.
                self.turn(operation.id, Stage::Observed, Stage::Aborted)?;
                self.sync_ops()?;
                Ending::Lost
            }
            Err(failure) => return Err(failure),
        };
        Ok(Some(Recovered {
            id: operation.id,
            title: operation.meta.title.clone(),
            ending,
            rescued: Vec::new(),
        }))
    }

    fn close_command(
        &self,
        id: OperationId,
        index: Option<&Index>,
        span: Option<Span>,
    ) -> Result<Ended, Failure> {
        let mut operation = self.open(id, Stage::Observed)?.operation;
        let not_open = || Failure::new(&errors::NOT_OBSERVED, format!("{id} is not an open command"));
        let running = operation.running.take().ok_or_else(not_open)?;
        let compiled = running.coverage.compile()?;
        let base = Base::new(self);
        let read;
        let index = if let Some(index) = index {
            index
        } else {
            read = base.index(PackId::parse(&running.index).ok_or_else(not_open)?)?;
            &read
        };
        let walked = walk::walk(self.root(), &compiled);
        let since = Since {
            started: running.started,
            span,
        };
        let comparing = Comparing::new(self.root(), &base, index, &walked, &compiled, since);
        let mut comparison = comparing.run();
        let newest = self.head()?.1;
        let landed = self.landed(operation.parent, newest);
        let joined = self.without_landed(index, &mut comparison.changes, &landed);
        step!("history::exec::compared");

        let command = &operation.meta.command;
        let mut barriers: Vec<Barrier> = running
            .notes
            .into_iter()
            .map(|what| Barrier {
                what,
                command: command.clone(),
                mend: None,
                folder: String::new(),
            })
            .collect();
        let installs = install::installs(self.root(), &walked);
        barriers.extend(install::barriers(
            self.root(),
            &running.installs,
            &installs,
            command,
        ));
        let renames = rename::renames(&comparison.changes);
        let mut blobs = Blobs::default();
        operation.files = comparison
            .changes
            .iter()
            .map(|(path, change)| FileEntry {
                path: path.clone(),
                before: blobs.image(&change.before),
                after: Some(blobs.image(&change.after)),
                edits: Vec::new(),
                renamed_from: renames.get(path).cloned(),
            })
            .collect();
        operation.created_directories = compare::created_directories(index, &walked, &comparison.changes);
        operation.barriers = barriers;
        operation.directories.clone_from(&comparison.directories);
        operation.uncovered.clone_from(&comparison.uncovered);
        operation.parent = newest;
        let mut ended = Ended {
            operation: None,
            uncovered: comparison.uncovered,
            earlier: comparison.earlier,
            landed: landed
                .into_iter()
                .map(|one| (one.operation.id, one.operation.meta.title))
                .collect(),
            joined,
            beside: self.beside(id)?,
            directories: comparison.directories.len(),
        };
        if operation.files.is_empty() && operation.barriers.is_empty() {
            self.forget(id)?;
            return Ok(ended);
        }
        if operation.files.len() <= FEW || swap::sync_file_system(self.root()).is_err() {
            self.make_durable(&operation)?;
        }
        self.put_operation(&operation, &blobs, Stage::Observed)?;
        step!("history::exec::rewritten");
        self.turn(id, Stage::Observed, Stage::Done)?;
        self.sync_ops()?;
        step!("history::exec::completed");
        ended.operation = Some(operation);
        Ok(ended)
    }

    /// Titles of commands that run at the same time, but for those that this one runs under.
    fn beside(&self, own: OperationId) -> Result<Vec<String>, Failure> {
        let mut titles = Vec::new();
        for (id, stage) in self.scan()? {
            if stage != Stage::Observed || id == own {
                continue;
            }
            let operation = self.open(id, stage)?.operation;
            let Some(owner) = operation.owner.filter(|_| operation.running.is_some()) else {
                continue;
            };
            if owner.is_alive() && !owner.is_above(std::process::id()) {
                titles.push(operation.meta.title);
            }
        }
        Ok(titles)
    }

    fn forget(&self, id: OperationId) -> Result<(), Failure> {
        let file = self.file(id, Stage::Observed);
        fs::remove_file(&file).map_err(|error| write_failure("removing", &file, &error))?;
        self.sync_ops()
    }

    /// Names of the files below `.krepis/history/base` that an operation needs: only a command that is not completed needs
    /// any.
    pub fn base_files(&self, operation: &Operation) -> Result<Vec<String>, Failure> {
        let Some(id) = operation.running.as_ref().and_then(|it| PackId::parse(&it.index)) else {
            return Ok(Vec::new());
        };
        let index = Base::new(self).index(id)?;
        let packs = index.packs.iter().map(|(pack, _)| format!("{pack}.pack"));
        Ok(std::iter::once(format!("{id}.index")).chain(packs).collect())
    }

    /// Removes packs and indexes that neither an open command nor the next one needs; the bytes that are free again. The
    /// caller holds the workspace lock. Every `krepis exec` does it as well.
    pub fn sweep_base(&self) -> Result<u64, Failure> {
        Base::new(self).sweep(None)
    }

    /// How many files the base has and how many bytes they take.
    pub fn base_usage(&self) -> (usize, u64) {
        Base::new(self).usage()
    }
}

/// A moment after `looked` by the file system's own clock, so that what was there and what comes can be told apart.
fn later(looked: Clock, clock: impl Fn() -> Result<Clock, Failure>) -> Result<Clock, Failure> {
    let started = Instant::now();
    loop {
        let now = clock()?;
        // Where the clock ticks by the second, nobody waits that long: such files count as the command's.
        if now.now > looked.now || started.elapsed() > TICK {
            return Ok(now);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
