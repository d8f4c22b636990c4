//! The index of the history, kept in a cache: it saves opening every operation file, and is never waited for.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use krepis_cache::{Access, Batch, Budget, Caches, Kind};
use krepis_change::Failure;
use krepis_history::Shelf;

/// The heads of operation files, see [`krepis_history::Shelf`].
pub(crate) const HISTORY_INDEX: Kind = Kind {
    name: "history-index",
    version: 1,
    most: 256 << 20,
};

/// From so many operations on, opening the cache takes less time than opening the files.
pub(crate) const WORTH_FROM: usize = 2048;

/// To read: nobody waits for another process, and whoever is late is not waited for either, since the files are there.
const READING: Budget = Budget {
    open: Duration::ZERO,
    work: Duration::from_millis(150),
};

const HEADS: &[u8] = b"heads/";

/// The shelf of a workspace's history.
#[derive(Debug)]
pub(crate) struct Index {
    caches: Caches,
    worth_from: usize,
    warnings: Mutex<Vec<Failure>>,
}

impl Index {
    /// In the folder of the caches, for logs of at least so many operations.
    pub(crate) fn in_folder(caches: &Path, worth_from: usize) -> Self {
        Self {
            caches: Caches::at(caches),
            worth_from,
            warnings: Mutex::default(),
        }
    }

    /// What was wrong with the cache since the last call.
    pub(crate) fn take_warnings(&self) -> Vec<Failure> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn warn(&self, notes: Vec<Failure>) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.extend(notes);
    }
}

impl Shelf for Index {
    fn worth_from(&self) -> usize {
        self.worth_from
    }

    fn load(&self) -> Vec<Vec<u8>> {
        let visit = self.caches.visit(HISTORY_INDEX, Access::Read, READING, |store| {
            let mut parts = Vec::new();
            store.scan(HEADS, &mut |_, part| parts.push(part.to_vec()))?;
            Ok(parts)
        });
        self.warn(visit.notes);
        visit.value
    }

    fn save(&self, parts: Vec<Vec<u8>>, instead: bool) {
        let visit = self
            .caches
            .visit(HISTORY_INDEX, Access::Write, Budget::default(), move |store| {
                let mut batch = Batch::default();
                if instead {
                    let mut old = Vec::new();
                    store.scan(HEADS, &mut |key, _| old.push(key.to_vec()))?;
                    batch = old.iter().fold(batch, |batch, key| batch.delete(key));
                }
                for part in &parts {
                    // A part begins with the id of its first operation.
                    let key = [HEADS, &part[..part.len().min(16)]].concat();
                    batch = batch.put(&key, part);
                }
                store.batch(batch)
            });
        self.warn(visit.notes);
    }
}
