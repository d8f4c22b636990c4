//! Opening a store, doing one batch of work with it, closing it: within a budget, whatever state it is in.

use std::io;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use krepis_change::Failure;

use crate::compact::compact;
use crate::folder::{self, KindFolder};
use crate::holder::{self, Holder};
use crate::sled_store::SledStore;
use crate::{Fault, Kind, Null, Stats, Store, errors};

/// All caches of a workspace, a folder for each kind of data. Making this does no I/O.
#[derive(Debug, Clone)]
pub struct Caches {
    folder: PathBuf,
    today: Option<u32>,
}

/// What a visit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading: nothing is made where there is no store, and nobody waits for the disk.
    Read,
    /// Reading and writing. Ends with a flush, and with a smaller store if it has grown over the limit.
    Write,
}

/// How long a visit may hold its caller up.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// To open the store: another process may have it for a moment.
    pub open: Duration,
    /// For the work. What is late goes on in the background and ends with the process at the latest.
    pub work: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            open: Duration::from_millis(150),
            work: Duration::from_secs(2),
        }
    }
}

/// What came of a visit.
#[derive(Debug)]
pub struct Visit<T> {
    /// What the work returned; the default if it failed or was late.
    pub value: T,
    /// What it worked on.
    pub condition: Condition,
    /// Warnings for the user.
    pub notes: Vec<Failure>,
}

/// What a visit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The store.
    Open,
    /// No store, and none was made, since it was only to be read. The work got a [`Null`].
    Missing,
    /// Another process had it all the time; the last one known. The work got a [`Null`].
    Busy(Option<u32>),
    /// The disk did not let it be opened. The work got a [`Null`].
    Unusable,
    /// It was damaged and moved aside.
    Damaged,
    /// It took longer than the budget.
    Late,
}

/// How much one kind of data takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindStats {
    /// Its name.
    pub name: String,
    /// Bytes on disk, with what was moved aside.
    pub bytes: u64,
    /// What is in the store; `None` if it could not be read.
    pub stats: Option<Stats>,
    /// What a look into the store found.
    pub condition: Condition,
    /// True if a damaged store is kept beside it.
    pub damaged_copy: bool,
}

impl Caches {
    /// The caches in `folder`, which need not exist; the folder around it must, or nothing is kept.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            today: None,
        }
    }

    /// The same on a given day (days since 1970-01-01) instead of the clock's: what was used on which day decides what
    /// goes when a store is full.
    #[must_use]
    pub fn on_day(mut self, day: u32) -> Self {
        self.today = Some(day);
        self
    }

    /// Opens the store of a kind, does `work` with it, closes it. Never fails: see [`Visit`].
    ///
    /// # Panics
    /// If `work` itself panics.
    pub fn visit<T, W>(&self, kind: Kind, access: Access, budget: Budget, work: W) -> Visit<T>
    where
        T: Default + Send + 'static,
        W: FnOnce(&dyn Store) -> Result<T, Fault> + Send + 'static,
    {
        let started = Instant::now();
        let room = Room {
            folder: KindFolder::new(&self.folder, kind.name),
            kind,
            access,
            today: self.today.unwrap_or_else(today),
            open_until: started + budget.open,
            // Making the store smaller must end within the budget, or it would never be done.
            copy_until: started + budget.open + budget.work / 2,
        };
        let (sender, receiver) = channel();
        let thread = thread::Builder::new()
            .name("krepis-cache".into())
            .spawn(move || drop(sender.send(room.visit(work))));
        let late = |condition| Visit {
            value: T::default(),
            condition,
            notes: Vec::new(),
        };
        let Ok(thread) = thread else {
            return late(Condition::Unusable);
        };
        match receiver.recv_timeout(budget.open + budget.work) {
            Ok(visit) => visit,
            Err(RecvTimeoutError::Timeout) => late(Condition::Late),
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => late(Condition::Unusable),
            },
        }
    }

    /// Names of the kinds there are, sorted.
    pub fn kinds(&self) -> Vec<String> {
        folder::kinds(&self.folder)
    }

    /// How much a kind takes. Reads all of it.
    pub fn stats(&self, kind: Kind, budget: Budget) -> KindStats {
        let visit = self.visit(kind, Access::Read, budget, |store| store.stats().map(Some));
        let readable = matches!(visit.condition, Condition::Open | Condition::Missing);
        KindStats {
            stats: visit.value.filter(|_| readable),
            condition: visit.condition,
            ..self.size(kind.name)
        }
    }

    /// How much a kind takes on disk; its store is not opened.
    pub fn size(&self, name: &str) -> KindStats {
        let folder = KindFolder::new(&self.folder, name);
        KindStats {
            name: name.to_owned(),
            bytes: folder.bytes(),
            stats: None,
            condition: Condition::Missing,
            damaged_copy: folder.damaged().exists(),
        }
    }

    /// Removes all of a kind; the bytes that are free again. It need not exist.
    ///
    /// # Errors
    /// `KRP4083` another process has it, `KRP4084` the disk refuses.
    pub fn clear(&self, name: &str, patience: Duration) -> Result<u64, Failure> {
        if !self.kinds().iter().any(|known| known == name) {
            return Ok(0);
        }
        let folder = KindFolder::new(&self.folder, name);
        let bytes = folder.bytes();
        let cleared = Holder::take(&folder.holder(), Instant::now() + patience)
            .and_then(|_holder| folder.clear().map_err(Fault::from));
        match cleared {
            Ok(()) => Ok(bytes.saturating_sub(folder.bytes())),
            Err(Fault::Busy) => {
                let who = holder::pid(&folder.holder())
                    .map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                Err(
                    Failure::new(&errors::BUSY, format!("{who} uses the cache `{name}`"))
                        .reason(format!("it still had it after {:.1} s", patience.as_secs_f64()))
                        .hint("wait for it to end, or give --lock-timeout more seconds"),
                )
            }
            Err(fault) => Err(Failure::new(
                &errors::NOT_CLEARED,
                format!("the cache {} cannot be removed", folder.path().display()),
            )
            .reason(fault.to_string())
            .hint("look at the disk and its permissions; the folder may be deleted while no krepis runs")),
        }
    }
}

/// Days since 1970-01-01 UTC.
fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs() / (24 * 60 * 60)).unwrap_or(u32::MAX)
}

/// One visit, on its own thread.
struct Room {
    folder: KindFolder,
    kind: Kind,
    access: Access,
    today: u32,
    open_until: Instant,
    copy_until: Instant,
}

impl Room {
    fn visit<T: Default>(self, work: impl FnOnce(&dyn Store) -> Result<T, Fault>) -> Visit<T> {
        let mut notes = Vec::new();
        let (holder, store) = match self.open(&mut notes) {
            Ok(opened) => opened,
            Err(condition) => {
                let value = work(&Null).unwrap_or_default();
                return Visit {
                    value,
                    condition,
                    notes,
                };
            }
        };
        let outcome = work(&store);
        let damage = store.damage();
        let (value, mut condition) = match outcome {
            Ok(value) => (value, Condition::Open),
            Err(_) => (T::default(), Condition::Open),
        };
        let ended = match damage {
            Some(why) => {
                drop(store);
                Err(Fault::Damaged(why))
            }
            None => self.end(store),
        };
        match ended {
            Ok(()) => {}
            Err(Fault::Damaged(why)) => {
                condition = Condition::Damaged;
                notes.extend(self.quarantine(&why));
            }
            Err(fault) => notes.extend(self.unusable(&fault)),
        }
        drop(holder);
        Visit {
            value,
            condition,
            notes,
        }
    }

    fn open(&self, notes: &mut Vec<Failure>) -> Result<(Holder, SledStore), Condition> {
        let unusable = |fault: Fault, notes: &mut Vec<Failure>| match fault {
            Fault::Busy => Condition::Busy(holder::pid(&self.folder.holder())),
            fault => {
                notes.extend(self.unusable(&fault));
                Condition::Unusable
            }
        };
        let path = self.folder.store(self.kind.version);
        match self.access {
            Access::Read if !path.exists() => return Err(Condition::Missing),
            Access::Read => {}
            Access::Write => self
                .folder
                .create()
                .map_err(|error| unusable(error.into(), notes))?,
        }
        let holder =
            Holder::take(&self.folder.holder(), self.open_until).map_err(|fault| unusable(fault, notes))?;
        if self.access == Access::Write {
            self.folder
                .sweep()
                .map_err(|error| unusable(error.into(), notes))?;
        }
        match SledStore::open(&path, self.access, self.today) {
            Ok(store) => Ok((holder, store)),
            Err(Fault::Damaged(why)) => {
                notes.extend(self.quarantine(&why));
                match self.access {
                    Access::Read => Err(Condition::Damaged),
                    Access::Write => SledStore::open(&path, self.access, self.today)
                        .map(|store| (holder, store))
                        .map_err(|fault| unusable(fault, notes)),
                }
            }
            Err(fault) => Err(unusable(fault, notes)),
        }
    }

    fn end(&self, store: SledStore) -> Result<(), Fault> {
        if self.access == Access::Read {
            return store.close();
        }
        store.finish()?;
        if store.bytes() <= self.kind.most {
            return store.close();
        }
        compact(&self.folder, self.kind, store, self.today, self.copy_until)
    }

    /// Moves the store aside and says so.
    fn quarantine(&self, why: &str) -> Option<Failure> {
        let name = self.kind.name;
        match self.folder.quarantine(self.kind.version) {
            Ok(()) => Some(
                Failure::new(&errors::DAMAGED, format!("the cache `{name}` was damaged"))
                    .reason(why)
                    .hint(format!(
                        "it is rebuilt by itself; the damaged one is kept in {}",
                        self.folder.damaged().display()
                    )),
            ),
            Err(error) => self.unusable(&Fault::Io(error)),
        }
    }

    /// Says that the disk failed. A disk that is read-only, or belongs to somebody else, is no news.
    fn unusable(&self, fault: &Fault) -> Option<Failure> {
        let expected = matches!(fault, Fault::Io(error) if matches!(
            error.kind(),
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound
        ));
        let path = self.folder.path();
        (!expected).then(|| {
            Failure::new(
                &errors::UNUSABLE,
                format!("the cache {} cannot be used", path.display()),
            )
            .reason(fault.to_string())
            .hint("look at the disk; `krepis cache clear` removes the cache")
        })
    }
}
